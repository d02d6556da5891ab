"""Teacher expectancy, 19 studies: Raudenbush 2009, table 16.3, and metafor's tests of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluation import published
from evaluation.monitoring.pooling import Pooled, pool

pytestmark = pytest.mark.published


@pytest.fixture
def fitted(require: Callable[[str], None]) -> Callable[..., Pooled]:
    require("raudenbush1985")
    data = published.load("raudenbush1985")
    return lambda **options: pool(data["yi"], data["vi"], **options)


@pytest.mark.parametrize(
    ("options", "tau2", "mean", "error", "low", "high"),
    [
        ({}, 0.0188, 0.0837, 0.0516, -0.0175, 0.1849),
        ({"knapp_hartung": True}, 0.0188, 0.0837, 0.0616, -0.0457, 0.2131),
        ({"method": "DL"}, 0.0259, 0.0893, 0.0558, None, None),
        ({"method": "DL", "knapp_hartung": True}, 0.0259, 0.0893, 0.0636, None, None),
    ],
)
def test_table(
    fitted: Callable[..., Pooled], options: dict[str, object], tau2: float, mean: float, error: float, low: float | None, high: float | None
) -> None:
    found = fitted(**options)
    assert (round(found.tau2, 4), round(found.estimate, 4), round(found.standard_error, 4)) == (tau2, mean, error)
    if low is not None and high is not None:
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_prediction_interval(fitted: Callable[..., Pooled]) -> None:
    found = fitted()
    # Published -0.2036 to 0.3711, from a between-study variance found to fewer digits.
    assert (found.prediction_low, found.prediction_high) == pytest.approx((-0.2036, 0.3711), abs=2e-4)
