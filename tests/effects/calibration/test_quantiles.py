"""Quantiles of counts against scipy's, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from evaluation.effects.calibration.quantiles import poisson_quantile


@pytest.mark.parametrize("size", [0.01, 0.5, 5, 50, 5_000])
def test_they_are_those_of_scipy(size: float) -> None:
    rng = np.random.default_rng(5)
    mean, p = rng.gamma(1.0, size, (40, 16)), rng.random((40, 16))
    p[0, :4] = [1e-9, 1 - 1e-9, 1e-4, 1 - 1e-4]
    np.testing.assert_array_equal(poisson_quantile(p, mean), poisson.ppf(p, mean))


def test_where_nothing_is_expected_there_is_nothing() -> None:
    assert poisson_quantile(np.array([0.01, 0.999]), np.zeros(2)).tolist() == [0, 0]
