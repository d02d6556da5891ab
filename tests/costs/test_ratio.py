"""Intervals of a ratio: Fieller against a second derivation and by simulation, and the wedge of draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from evaluation.costs import RatioSet, fieller
from evaluation.costs.ratio import wedge


def kept(ratio: float, top: float, bottom: float, a: float, b: float, rho: float) -> float:
    """Return the test statistic of top - ratio x bottom = 0."""
    return float((top - ratio * bottom) ** 2 / (a**2 + ratio**2 * b**2 - 2 * ratio * rho * a * b))


@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.5])
def test_ends_are_where_the_test_just_rejects(rho: float) -> None:
    found = fieller(1000, 0.05, 300, 0.01, rho)
    assert found.kind == "interval"
    limit = stats.chi2.ppf(0.95, 1)
    middle = 1000 / 0.05
    for end, bracket in ((found.low, (-1e5, middle)), (found.high, (middle, 1e6))):
        by_search = optimize.brentq(lambda r: kept(r, 1000, 0.05, 300, 0.01, rho) - limit, *bracket)
        assert end == pytest.approx(by_search, rel=1e-8)


def test_a_known_bottom_gives_the_usual_interval_and_t_is_wider() -> None:
    found = fieller(10, 2, 1, 0)
    assert (found.low, found.high) == pytest.approx(((10 - 1.959964) / 2, (10 + 1.959964) / 2), rel=1e-6)
    wider = fieller(10, 2, 1, 0, degrees=5)
    assert wider.low is not None
    assert found.low is not None
    assert wider.low < found.low


def test_a_bottom_near_zero_gives_no_interval() -> None:
    outside, nothing = fieller(10, 1, 1, 1), fieller(0.5, 0.5, 1, 1)
    assert outside.kind == "outside"
    assert not outside.holds(0)
    assert outside.holds(10) and outside.holds(-100)  # noqa: PT018
    assert nothing == RatioSet("everything")
    assert nothing.holds(1e9)
    assert fieller(0, 0, 0, 0).kind == "everything"


@pytest.mark.parametrize("given", [(np.nan, 1, 1, 1), (1, 1, -1, 1), (1, 1, 1, np.inf), (1, 1, 1, 1, 1.5), (1, 1, 1, 1, 0, 1.0)])
def test_what_fieller_refuses(given: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=" / "):
        fieller(*given)


def test_the_wedge_does_not_care_for_units_and_is_fiellers_on_many_draws() -> None:
    rng = np.random.default_rng(7)
    top, bottom = rng.normal(1000, 200, 40_000), rng.normal(0.5, 0.05, 40_000)
    found, scaled = wedge(top, bottom, (1000, 0.5)), wedge(top / 1e6, bottom * 1e4, (0.001, 5000))
    assert found.low is not None and scaled.low is not None  # noqa: PT018
    assert scaled.low * 1e10 == pytest.approx(found.low)
    by_formula = fieller(1000, 0.5, 200, 0.05)
    # The 2.5 % quantile of 40,000 draws has a standard error of 0.3 % of the range here; 2 % allows for more than three.
    assert (found.low, found.high) == pytest.approx((by_formula.low, by_formula.high), rel=0.02)


def test_the_wedge_of_the_other_half_plane_and_where_it_crosses() -> None:
    rng = np.random.default_rng(8)
    top, bottom = rng.normal(-1000, 100, 5_000), rng.normal(-5, 0.3, 5_000)
    mirrored, plain = wedge(top, bottom, (-1000, -5)), wedge(-top, -bottom, (1000, 5))
    assert (mirrored.low, mirrored.high) == pytest.approx((plain.low, plain.high))
    assert wedge(-top, bottom, (1000, -5)).high == pytest.approx(-(plain.low or 0))
    assert wedge(rng.normal(10, 1, 1000), rng.normal(0.1, 1, 1000), (10, 0.1)).kind == "everything"
    assert wedge([1, 1], [0, 0], (1, 0)).kind == "everything"
    for draws in (([], []), ([np.nan], [1.0])):
        with pytest.raises(ValueError, match=" / "):
            wedge(*draws, (1, 1))
    with pytest.raises(ValueError, match="origin"):
        wedge([1, 2], [1, 2], (0.0, 0.0))


def rates(effect: float, runs: int = 2_000, draws: int = 400) -> dict[str, float]:
    """Return how often each set holds the true ratio, cost 10 (SE 2), effect with SE 1, and how often Fieller is no interval."""
    rng = np.random.default_rng(9)
    top, bottom = rng.normal(10, 2, runs), rng.normal(effect, 1, runs)
    truth, made = 10 / effect, {"fieller": 0, "quantiles": 0, "unbounded": 0}
    for a, b in zip(top, bottom, strict=True):
        found = fieller(a, b, 2, 1)
        made["fieller"] += found.holds(truth)
        made["unbounded"] += found.kind != "interval"
        low, high = np.quantile(rng.normal(a, 2, draws) / rng.normal(b, 1, draws), [0.025, 0.975])
        made["quantiles"] += bool(low <= truth <= high)
    return {k: n / runs for k, n in made.items()}


@pytest.mark.slow
def test_coverage_near_and_far_from_no_effect() -> None:
    """2,000 draws: 3.3 binomial standard errors of 95 % are 1.6 points. Fieller's set is exact here, whatever the effect."""
    far, near = rates(6.0), rates(0.2)
    assert far["fieller"] == pytest.approx(0.95, abs=0.016)
    assert near["fieller"] == pytest.approx(0.95, abs=0.016)
    assert far["unbounded"] < 0.01
    # Where the effect is a fifth of its standard error nothing is known of the ratio, and Fieller mostly says so;
    # quantiles of the ratios always give an interval, and it misses the truth far more often than it says.
    assert near["unbounded"] > 0.9
    assert near["quantiles"] < 0.90
