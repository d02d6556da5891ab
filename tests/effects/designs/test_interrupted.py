"""The controlled interrupted series as a design: the same numbers as the monitoring work gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.designs.interrupted import CONTROLLED_SERIES, controlled_interruption
from evaluation.effects.matrix import Matrix, NotEnough
from evaluation.monitoring.over_time.controlled import controlled_series

N, FIRST = 20, 11


def two(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(N)
    common = np.cumsum(rng.normal(0, 0.4, N))
    own = 30 + 0.5 * at + common + rng.normal(0, 0.3, N) + 6.0 * (at >= FIRST)
    return np.vstack([own, 25 + 0.2 * at + common + rng.normal(0, 0.3, N)])


def panel(y: np.ndarray, measure: str = "value") -> Matrix:
    first = np.full(len(y), N)
    first[0] = FIRST
    return Matrix(tuple(f"u{i}" for i in range(len(y))), tuple(range(N)), y, y, np.where(np.isnan(y), np.nan, 1.0), first, measure=measure)


@pytest.mark.parametrize("slope_change", [False, True])
def test_change_of_level_as_the_series_itself_gives_it(slope_change: bool) -> None:
    y = two()
    frame = pd.DataFrame({"u": ["a"] * N + ["b"] * N, "t": [*range(N)] * 2, "y": y.ravel()})
    direct = controlled_series(
        frame, outcome="y", unit="u", period="t", treated="a", start=FIRST, family="level", slope_change=slope_change
    )
    fit = controlled_interruption(slope_change).fit(panel(y))
    assert fit.details["level_change"] == pytest.approx(direct.estimate, rel=1e-9)
    assert fit.details["level_change_p"] == pytest.approx(direct.p, rel=1e-9)
    table = direct.series
    after = np.arange(N) >= FIRST
    assert fit.estimate == pytest.approx((table["treated"] - table["counterfactual"])[after].mean(), rel=1e-9)


def test_the_planted_step_and_ratio() -> None:
    assert CONTROLLED_SERIES.fit(panel(two())).estimate == pytest.approx(6.0, abs=0.8)
    rng = np.random.default_rng(1)
    mean = np.linspace(200, 300, 8)[:, None] * np.exp(0.01 * np.arange(N) + np.cumsum(rng.normal(0, 0.03, N)))
    mean[0, FIRST:] *= 1.4
    assert np.exp(CONTROLLED_SERIES.fit(panel(rng.poisson(mean).astype(float), "count")).estimate) == pytest.approx(1.4, abs=0.12)


def test_fewer_than_four_periods_on_a_side() -> None:
    y = two()
    y[0, 3:FIRST] = np.nan
    with pytest.raises(NotEnough, match="before the start; it has 3"):
        CONTROLLED_SERIES.fit(panel(y))
