"""P-values agree with the intervals that they invert, and with exact tests written by others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.rates.intervals import difference_newcombe, rate_ratio_exact
from evaluation.monitoring.rates.p_values import difference_p, ratio_p

PAIRS = [(56, 70, 48, 80), (0, 10, 5, 12), (10, 10, 3, 9), (500, 1000, 470, 1000), (1, 400, 9, 410)]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_interval_of_one_minus_p_just_reaches_no_difference(pair: tuple[int, int, int, int]) -> None:
    p = difference_p(*pair)
    ends = difference_newcombe(*pair, level=1 - p)
    assert min(abs(e) for e in ends) < 1e-6


def test_a_design_effect_is_fewer_persons() -> None:
    assert difference_p(100, 200, 80, 200, 2.0) == pytest.approx(difference_p(50, 100, 40, 100))


def test_equal_shares_have_p_one_and_missing_ones_none() -> None:
    np.testing.assert_array_equal(difference_p([5, np.nan, 0], [10, 10, 0], [50, 5, 3], [100, 10, 9]), [1.0, np.nan, np.nan])


@pytest.mark.parametrize("k1, e1, k0, e0", [(12, 1.0, 5, 1.0), (3, 2.0, 9, 1.5), (0, 1.0, 7, 1.0), (40, 1.0, 22, 1.0)])
def test_ratio_is_twice_the_smaller_tail_of_the_binomial(k1: int, e1: float, k0: int, e0: float) -> None:
    law = stats.binom(k1 + k0, e1 / (e1 + e0))
    assert ratio_p(k1, e1, k0, e0) == pytest.approx(min(1.0, 2 * min(law.sf(k1 - 1), law.cdf(k1))))


@pytest.mark.parametrize("k1, k0", [(12, 5), (3, 11), (40, 22)])
def test_the_exact_interval_of_one_minus_p_just_reaches_one(k1: int, k0: int) -> None:
    low, high = rate_ratio_exact(k1, 1.0, k0, 1.0, 1 - ratio_p(k1, 1.0, k0, 1.0))
    assert min(abs(low - 1), abs(high - 1)) < 1e-6


def test_nothing_is_known_of_two_zeros() -> None:
    np.testing.assert_array_equal(ratio_p([0, np.nan, 4], [1, 1, np.nan], [0, 3, 4], [1, 1, 1]), [np.nan] * 3)


@pytest.mark.slow
def test_p_values_are_small_no_more_often_than_they_say() -> None:
    rng = np.random.default_rng(2234)
    draws = 20_000
    k1, k0 = rng.binomial(60, 0.35, draws), rng.binomial(90, 0.35, draws)
    # Newcombe's interval covers close to its level: within 3.3 standard errors of 20,000 draws, and half a point for the grid of counts.
    assert np.mean(difference_p(k1, 60, k0, 90) < 0.05) == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / draws) + 0.005)
    c1, c0 = rng.poisson(8, draws), rng.poisson(8, draws)
    assert np.nanmean(ratio_p(c1, 1, c0, 1) < 0.05) <= 0.05
