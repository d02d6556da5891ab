"""CUSUM and EWMA: published average run lengths, the chart against a recursion by hand, and designs that give what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.charts.cumulative import cusum, cusum_arl, cusum_limits, design_cusum, design_ewma, ewma, ewma_arl
from evaluation.monitoring.charts.distribution import draw, standardised

NAN = np.nan


def _shifted(by: float) -> object:
    return lambda x: stats.norm.cdf(x - by)


@pytest.mark.parametrize(
    ("shift", "published"), [(0, 168), (0.25, 74.2), (0.5, 26.6), (0.75, 13.3), (1, 8.38), (1.5, 4.75), (2, 3.34), (3, 2.19)]
)
def test_two_sided_cusum_lucas_crosier_1982_table_1(shift: float, published: float) -> None:
    # k = 0.5, h = 4; printed to three figures.
    assert cusum_arl(0.5, 4, _shifted(shift)) == pytest.approx(published, rel=0.005)


def test_two_sided_cusum_of_five_sigma_montgomery() -> None:
    assert cusum_arl(0.5, 5) == pytest.approx(465, abs=0.5)


@pytest.mark.parametrize(("shift", "published"), [(0, 117.59), (1.5, 3.75)])
def test_one_sided_cusum_brook_evans_1972(shift: float, published: float) -> None:
    assert cusum_arl(0.5, 3, _shifted(shift), sides=1) == pytest.approx(published, abs=0.006)


@pytest.mark.parametrize(
    ("weight", "limit", "shift", "published"),
    [
        (0.5, 3.071, 0, 500),
        (0.5, 3.071, 0.25, 255),
        (0.5, 3.071, 0.5, 88.8),
        (0.5, 3.071, 1, 17.5),
        (0.5, 3.071, 2, 3.63),
        (0.5, 3.071, 3, 1.93),
        (0.03, 2.437, 0, 500),
        (0.03, 2.437, 0.25, 76.7),
        (0.03, 2.437, 0.5, 29.3),
        (0.03, 2.437, 1, 12.6),
        (0.03, 2.437, 2, 5.99),
        (0.03, 2.437, 3, 4.03),
    ],
)
def test_ewma_lucas_saccucci_1990_table_3(weight: float, limit: float, shift: float, published: float) -> None:
    # Their in-control 500 is what the limits were chosen for; the chain of 101 states is within one in a hundred of it.
    assert ewma_arl(weight, limit, _shifted(shift)) == pytest.approx(published, rel=0.01 if shift == 0 else 0.005)


def test_designs_are_the_published_pairs() -> None:
    assert design_ewma(500, 0.5) == pytest.approx(3.071, abs=0.002)
    assert design_cusum(465) == pytest.approx(5, abs=0.005)


def test_cusum_by_hand_with_a_gap() -> None:
    up, down = cusum(np.array([1.0, NAN, 2.0, -3.0, 0.4]))
    np.testing.assert_allclose(up, [0.5, NAN, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(down, [0.0, NAN, 0.0, 2.5, 1.6])
    chart = cusum_limits(np.array([1.0, 2.0, 3.0, -9.0]), 4.0)
    np.testing.assert_allclose(chart.value, [0.5, 2.0, 4.5, -8.5])
    assert (np.abs(chart.score) > 3).tolist() == [False, False, True, True]


def test_ewma_by_hand_with_a_gap() -> None:
    level, error = ewma(np.array([1.0, NAN, -2.0]), 0.2)
    np.testing.assert_allclose(level, [0.2, NAN, 0.8 * 0.2 - 0.4])
    np.testing.assert_allclose(error, [0.2, NAN, np.sqrt(0.2 / 1.8 * (1 - 0.8**4))])


@pytest.mark.parametrize("bad", [lambda: cusum_arl(0.5, 0), lambda: ewma_arl(1.2, 3), lambda: ewma_arl(0.2, 0), lambda: design_cusum(1)])
def test_senseless_designs_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="/"):
        bad()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("level", "exposure", "dispersion", "shares"), [(4.0, 1.0, 1.0, False), (6.0, 2.0, 2.5, False), (0.3, 50.0, 1.8, True)]
)
def test_the_distribution_of_points_is_that_of_the_draws(level: float, exposure: float, dispersion: float, shares: bool) -> None:
    rng = np.random.default_rng(5)
    counts = draw(rng, np.full(40_000, level), np.full(40_000, exposure), dispersion, (), shares=shares)
    mean, variance = level * exposure, dispersion * level * exposure * (1 - level if shares else 1)
    # 4 standard errors; the variance of a variance is at most ten times its square here.
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 40_000))
    assert counts.var() == pytest.approx(variance, rel=4 * np.sqrt(10 / 40_000))
    score = (counts - mean) / np.sqrt(variance)
    for x in (-1.0, 0.0, 1.3):
        expected = float(standardised(level, exposure, dispersion, shares=shares)(np.array(x)))
        assert np.mean(score <= x + 1e-9) == pytest.approx(expected, abs=4 * 0.5 / 200)


@pytest.mark.slow
@pytest.mark.parametrize(("dispersion", "shares"), [(1.0, False), (2.0, False), (1.5, True)])
def test_designs_for_counts_give_the_run_length_in_simulated_charts(dispersion: float, shares: bool) -> None:
    level, exposure, target, draws = (0.3, 60.0, 100.0, 3000) if shares else (8.0, 1.0, 100.0, 3000)
    h = design_cusum(target, distribution=standardised(level, exposure, dispersion, shares=shares))
    rng = np.random.default_rng(17)
    counts = draw(rng, np.full(1200, level), np.full(1200, exposure), dispersion, (draws,), shares=shares)
    sigma = np.sqrt(dispersion * level * exposure * (1 - level if shares else 1))
    met = np.abs(cusum_limits((counts - level * exposure) / sigma, h).score) > 3
    first = np.where(met.any(axis=1), met.argmax(axis=1) + 1, 1200)
    # Discrete points allow the target within a step; 3.3 standard errors of a mean of nearly geometric lengths on top.
    assert first.mean() == pytest.approx(target, rel=0.08 + 3.3 / np.sqrt(draws))
