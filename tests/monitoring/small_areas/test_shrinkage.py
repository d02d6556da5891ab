"""Shrinkage against published estimates, statsmodels, quadrature, and by the coverage that naive intervals lack."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from evaluation.monitoring.rates.intervals import garwood
from evaluation.monitoring.rates.midp import poisson_midp
from evaluation.monitoring.small_areas.mixtures import log_rising
from evaluation.monitoring.small_areas.shrinkage import shrink

# Sudden infant deaths and births 1974-1978, 100 counties of North Carolina (Cressie 1991), in the order of PySAL's "sids2".
BIRTHS = """1091 487 3188 508 1421 1452 286 420 968 1612 1035 4449 1671 1556 2180 3608 1638 3146 1323 484 751 781 1269 1399
11858 16184 4672 1324 3164 7970 4021 671 3657 3609 770 1549 14484 765 4139 1207 1333 5509 3573 990 248 1946 4456 1646 3702
4606 5094 5754 7515 3999 2110 521 2692 675 870 2252 2992 6638 3776 4866 2216 1143 2648 21588 4099 1258 2356 2574 415 3589
1173 9014 533 797 3025 542 1027 20366 578 3915 1570 1494 338 2483 2756 284 5868 2255 11158 7889 2414 1782 1228 3350 5526
2181"""
DEATHS = """1 0 5 1 9 7 0 0 4 1 2 16 4 4 4 18 3 4 1 1 1 0 1 2 10 23 13 6 4 16 8 0 10 6 0 2 16 2 4 1 0 8 5 5 0 5 7 2 11 3 14 5 9 6
2 0 7 3 4 5 12 18 6 10 8 2 5 44 3 3 5 5 0 10 3 11 1 0 4 1 2 38 1 4 15 7 0 4 4 0 13 8 29 31 5 8 4 15 12 5"""
# Lip cancer in 56 districts of Scotland, observed and expected (Clayton and Kaldor 1987).
OBSERVED = """9 39 11 9 15 8 26 7 6 20 13 5 3 8 17 9 2 7 9 7 16 31 11 7 19 15 7 10 16 11 5 3 7 8 11 9 11 8 6 4 10 8 2 6 19 3 2 3 28 6
1 1 1 1 0 0"""
EXPECTED = """1.4 8.7 3.0 2.5 4.3 2.4 8.1 2.3 2.0 6.6 4.4 1.8 1.1 3.3 7.8 4.6 1.1 4.2 5.5 4.4 10.5 22.7 8.8 5.6 15.5 12.5 6.0 9.0 14.4
10.2 4.8 2.9 7.0 8.5 12.3 10.1 12.7 9.4 7.2 5.3 18.8 15.8 4.3 14.6 50.7 8.2 5.6 9.3 88.7 19.6 3.4 3.6 5.7 7.0 4.2 1.8"""


def read(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(text.split(), dtype=float)


def test_marshalls_estimates_for_north_carolina_as_pysal_prints_them() -> None:
    # PySAL, tests of esda.smoothing.Empirical_Bayes: first five counties (Marshall 1991, global).
    found = shrink(read(DEATHS), read(BIRTHS), method="moments", plug_in=True)
    assert found.estimate[:5] == pytest.approx([0.0016973, 0.0017054, 0.0017731, 0.0020129, 0.0035349], abs=5e-8)


def test_scottish_lip_cancer_has_the_negative_binomial_likelihood_of_statsmodels() -> None:
    observed, expected = read(OBSERVED), read(EXPECTED)
    found = shrink(observed, expected, plug_in=True)
    theirs = sm.NegativeBinomial(observed, np.ones(56), exposure=expected).fit(disp=0)
    assert found.mean == pytest.approx(np.exp(theirs.params[0]), rel=1e-3)
    shape = found.mean**2 / found.variance
    assert shape == pytest.approx(1 / theirs.params[1], rel=1e-3)
    # The posterior mean by its formula, and its interval by the gamma distribution.
    own, size = observed + shape, expected + shape / found.mean
    assert found.estimate == pytest.approx(own / size)
    assert found.low == pytest.approx(stats.gamma.ppf(0.025, own, scale=1 / size))
    assert found.reliability == pytest.approx(expected / size)


def test_a_beta_binomial_has_the_likelihood_that_scipy_gives() -> None:
    rng = np.random.default_rng(8)
    n = rng.integers(5, 60, 40)
    k = rng.binomial(n, rng.beta(3, 6, 40))
    found = shrink(k, n, "share", plug_in=True)
    within = found.mean * (1 - found.mean) - found.variance
    a, b = found.mean * within / found.variance, (1 - found.mean) * within / found.variance

    def height(a: float, b: float) -> float:
        return float(np.sum(stats.betabinom.logpmf(k, n, a, b)))

    for scale in (0.97, 1.03):
        assert height(a * scale, b * scale) < height(a, b)
        assert height(a * scale, b) < height(a, b)
    assert found.estimate == pytest.approx((k + a) / (n + a + b))


@pytest.mark.slow
def test_integrated_moments_are_those_of_brute_force_quadrature() -> None:
    """Over spread and common rate at once, on a fine grid, for one unit: no Laplace approximation, no nodes."""
    k, e = np.array([2.0, 9, 4, 0, 7, 12]), np.array([1.0, 2, 1.5, 1, 1, 2.5])
    mean, spread = np.meshgrid(np.linspace(0.05, 25, 900), np.linspace(0.002, 6, 700))
    log = -np.log(mean) / 2  # Jeffreys' half on the rate, uniform in the spread (up to the number of units)
    for count, size in zip(k, e, strict=True):
        log = log + stats.nbinom.logpmf(count, 1 / spread, 1 / (1 + spread * size * mean))
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    found = shrink(k, e)
    for i in (0, 3, 5):
        shape, rate = k[i] + 1 / spread, e[i] + 1 / (spread * mean)
        centre = (weight * shape / rate).sum()
        variance = (weight * (shape / rate**2 + (shape / rate) ** 2)).sum() - centre**2
        assert found.estimate[i] == pytest.approx(centre, rel=0.03)
        low, high = (stats.gamma.ppf(p, centre**2 / variance, scale=variance / centre) for p in (0.025, 0.975))
        assert (found.low[i], found.high[i]) == pytest.approx((low, high), rel=0.08, abs=0.02)
        # The mixture itself has about as much probability between the bounds.
        held = (
            weight * (stats.gamma.cdf(found.high[i], shape, scale=1 / rate) - stats.gamma.cdf(found.low[i], shape, scale=1 / rate))
        ).sum()
        assert held == pytest.approx(0.95, abs=0.012)


def test_signal_is_the_share_of_variance_between_units() -> None:
    rng = np.random.default_rng(4)
    e = np.full(4000, 3.0)
    found = shrink(rng.poisson(e * rng.gamma(4, 5 / 4, 4000)), e)
    assert found.signal == pytest.approx((25 / 4) / (25 / 4 + 5 / 3), abs=0.02)
    assert found.variance == pytest.approx(25 / 4, rel=0.08)
    assert found.reliability == pytest.approx(found.signal, abs=0.01)  # equal exposures: one reliability for all


RATES = [(24, 3, 0.05), (24, 20, 0.1), (24, 20, 1.0), (10, 5, 0.3), (6, 10, 0.2), (24, 1, 0.5), (322, 3, 2.0), (322, 5, 0.3)]


@pytest.mark.slow
@pytest.mark.parametrize(("units", "mean", "spread"), RATES)
def test_rate_intervals_hold_their_level_where_naive_ones_do_not(units: int, mean: float, spread: float) -> None:
    """Draws of whole maps: units of a map share its hyper-parameters, so the error is taken between maps."""
    rng = np.random.default_rng(units)
    maps = 1500 if units < 100 else 150
    exposure = rng.lognormal(0, 0.8, units)
    truth = rng.gamma(1 / spread, mean * spread, (maps, units))
    counts = rng.poisson(exposure * truth)
    covered = {}
    for name, plug_in in (("ours", False), ("naive", True)):
        found = shrink(counts, exposure, plug_in=plug_in)
        covered[name] = ((found.low <= truth) & (truth <= found.high)).mean(axis=1)
    error = 3.3 * covered["ours"].std() / np.sqrt(maps)
    assert covered["ours"].mean() > 0.94 - error
    assert covered["ours"].mean() < 0.99 + error
    assert covered["naive"].mean() < covered["ours"].mean() + 0.002
    if (units, spread) in {(24, 0.05), (10, 0.3), (6, 0.2), (24, 0.5)}:
        assert covered["naive"].mean() < 0.85


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "size", "spread", "mean"),
    [(24, 20, 0.1, 0.3), (24, 100, 0.02, 0.5), (10, 30, 0.05, 0.1), (6, 50, 0.2, 0.4), (322, 10, 0.1, 0.6)],
)
def test_share_intervals_hold_their_level_where_naive_ones_do_not(units: int, size: int, spread: float, mean: float) -> None:
    rng = np.random.default_rng(size)
    maps = 1500 if units < 100 else 150
    n = np.maximum(1, rng.poisson(size * rng.lognormal(0, 0.6, units)))
    truth = rng.beta(mean / spread, (1 - mean) / spread, (maps, units))
    counts = rng.binomial(n, truth)
    covered = {}
    for name, plug_in in (("ours", False), ("naive", True)):
        found = shrink(counts, n, "share", plug_in=plug_in)
        covered[name] = ((found.low <= truth) & (truth <= found.high)).mean(axis=1)
    error = 3.3 * covered["ours"].std() / np.sqrt(maps)
    assert covered["ours"].mean() == pytest.approx(0.95, abs=0.01 + error)
    assert covered["naive"].mean() < covered["ours"].mean() + 0.002


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "mean", "spread", "size"), [("rate", 0.3, 6.0, 1), ("rate", 0.1, 2.0, 1), ("share", 0.02, 2.0, 20), ("share", 0.97, 0.3, 5)]
)
def test_rare_events_are_covered_too(family: str, mean: float, spread: float, size: int) -> None:
    """Most units have no event (or miss none): two moments would not give the tails."""
    rng = np.random.default_rng(3)
    n = np.maximum(1, rng.poisson(size * rng.lognormal(0, 0.6, 322))).astype(float)
    if family == "rate":
        truth = rng.gamma(1 / spread, mean * spread, (100, 322))
        counts = rng.poisson(n * truth)
    else:
        truth = rng.beta(mean / spread, (1 - mean) / spread, (100, 322))
        counts = rng.binomial(n.astype(int), truth)
    found = shrink(counts, n, family)
    inside = ((found.low <= truth) & (truth <= found.high)).mean(axis=1)
    error = 3.3 * inside.std() / 10
    # A lower bound of zero is never missed from below: up to 97.5 % where most units have no event.
    assert 0.945 - error <= inside.mean() <= 0.98 + error
    assert (truth > found.high).mean() == pytest.approx(0.025 if mean < 0.5 else 0.005, abs=0.01)


@pytest.mark.slow
def test_one_unit_that_differs_for_a_reason_of_its_own_is_missed() -> None:
    """The broken assumption: 23 units alike and one at four times their rate, whose few events are mostly taken for noise."""
    rng = np.random.default_rng(1)
    truth = np.r_[np.full(23, 3.0), 12.0]
    found = shrink(rng.poisson(truth, (2000, 24)))
    inside = (found.low <= truth) & (truth <= found.high)
    assert inside[:, :23].mean() > 0.95
    assert inside[:, 23].mean() < 0.9
    assert found.estimate[:, 23].mean() < 9


@settings(max_examples=10)
@given(st.lists(st.integers(0, 40), min_size=5, max_size=12), st.booleans())
def test_estimates_lie_between_own_and_common_and_inside_their_intervals(counts: list[int], moments: bool) -> None:
    found = shrink(counts, 2.0, method="moments" if moments else "likelihood")
    assert np.isfinite(found.estimate).all()
    assert (found.low <= found.estimate).all()
    assert (found.estimate <= found.high).all()
    assert (found.low >= 0).all()
    assert ((found.reliability >= 0) & (found.reliability <= 1)).all()
    order = np.argsort(counts, kind="stable")
    assert (np.diff(found.estimate[order]) >= -1e-12).all()


def test_many_series_at_once_are_each_as_alone_and_missing_units_drop_out() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(5, 40, (3, 4, 30)).astype(float)
    k = rng.binomial(n.astype(int), 0.4).astype(float)
    k[1, 2, ::5] = np.nan
    together = shrink(k, n, "share")
    there = ~np.isnan(k[1, 2])
    alone = shrink(k[1, 2][there], n[1, 2][there], "share")
    assert together.estimate[1, 2][there] == pytest.approx(alone.estimate)
    assert np.isnan(together.estimate[1, 2][~there]).all()
    assert together.signal[1, 2] == pytest.approx(alone.signal)
    assert together.n.tolist() == [[30, 30, 30, 30], [30, 30, 24, 30], [30, 30, 30, 30]]


def test_where_nothing_is_known_of_differences_each_unit_keeps_its_own() -> None:
    for counts, family, size in (([0.0] * 6, "rate", 2.0), ([5.0] * 6, "share", 5.0), ([3.0, 4, 1], "rate", 1.0)):
        found = shrink(counts, size, family)
        assert found.estimate.tolist() == found.value.tolist()
        assert np.isnan(found.signal)
        assert found.mean == pytest.approx(np.mean(counts) / size)
        assert found.mean_low <= found.mean <= found.mean_high
    assert (found.low[0], found.high[0]) == pytest.approx(poisson_midp(3))
    assert np.isnan(shrink([np.nan] * 6).mean)
    assert np.isnan(shrink([np.nan] * 6).estimate).all()


def test_huge_counts_stay_as_they_are_and_equal_counts_meet() -> None:
    huge = shrink(np.array([1.0, 1.1, 0.9, 1.05]) * 1e7)
    assert huge.estimate == pytest.approx(huge.value, rel=1e-4)
    assert np.stack([huge.low, huge.high]) == pytest.approx(np.stack(garwood(huge.value)), rel=1e-4)
    assert huge.signal > 0.999
    equal = shrink([50.0] * 10)
    assert equal.estimate == pytest.approx([50.0] * 10, abs=0.2)
    assert equal.reliability.max() < 0.5
    assert shrink([4, 4, 4, 9], [5, 5, 5, 9], "share").high.max() <= 1


def test_log_rising_is_exact_where_gammas_cancel() -> None:
    assert log_rising(np.array(2.5), np.array(3.0)) == pytest.approx(np.log(2.5 * 3.5 * 4.5))
    start, steps = np.array([1e5, 1e11]), np.array([3.0, 4.0])
    by_hand = [np.log(1e5) + np.log1p(1e5) + np.log(1e5 + 2), 4 * np.log(1e11)]
    assert log_rising(start, steps) == pytest.approx(by_hand, rel=1e-10)
    area = quad(lambda x: stats.gamma.pdf(x, 3) * x**2, 0, 60)[0]  # E x^2 = Gamma(5) / Gamma(3)
    assert log_rising(np.array(3.0), np.array(2.0)) == pytest.approx(np.log(area), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: shrink([1, 2], family="count"), "no family"),
        (lambda: shrink([1, 2], method="bayes"), "no method"),
        (lambda: shrink([-1, 2, 3, 4]), "not negative"),
        (lambda: shrink([3, 2, 3, 4], 2, "share"), "k exceeds n"),
        (lambda: shrink([1, 2, 3, 4], level=2), "between 0 and 1"),
    ],
)
def test_refusals_name_the_parameter(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        call()  # type: ignore[operator]
    assert " / " in str(caught.value)
