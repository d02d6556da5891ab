"""Mid-P intervals, MOVER, and dispersion: published numbers, statsmodels, coverage, and edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson, confint_poisson_2indep

from evaluation.monitoring.rates.intervals import clopper_pearson, garwood, rate_ratio_exact
from evaluation.monitoring.rates.midp import dispersion, poisson_midp, proportion_midp, quasi_poisson, rate_difference, rate_ratio_mover

# Fay and Feuer 1997, table II: Down's syndrome in Michigan 1950-1964, mothers' fifth and later births, by mothers' age.
CASES = np.array([0, 8, 63, 112, 262, 295])
BIRTHS = np.array([327, 30666, 123419, 149919, 104088, 34392])
ALL_BIRTHS = np.array([319933, 931318, 786511, 488235, 237863, 61313])


def binomial_errors(share: float, n: int, errors: float = 3.3) -> float:
    """3.3 standard errors: a right procedure leaves them once in a thousand runs."""
    return float(errors * np.sqrt(share * (1 - share) / n))


def test_midp_of_740_counts_gives_the_published_dobson_interval_of_the_r_package_dsrtest() -> None:
    # dsrTest 1.0.0, vignette "dsrTest - examples": method "dobson" with midp, 67.70418 to 83.79030 per 100,000.
    weight = ALL_BIRTHS / ALL_BIRTHS.sum() / (BIRTHS / 1e5)
    rate, error = (weight * CASES).sum(), np.sqrt((weight**2 * CASES).sum() / 740)
    found = [rate + error * (bound - 740) for bound in poisson_midp(740)]
    assert found == pytest.approx([67.70418, 83.79030], abs=5e-6)
    exact = [rate + error * (bound - 740) for bound in garwood(740)]
    assert exact == pytest.approx([67.63284, 83.86703], abs=5e-6)  # the same source, "dobson" without midp


@settings(max_examples=12)
@given(st.integers(0, 500), st.floats(0.5, 1e5), st.sampled_from([0.8, 0.95, 0.998]))
def test_poisson_midp_inverts_its_definition(k: int, exposure: float, level: float) -> None:
    low, high = poisson_midp(k, exposure, level)
    tail = (1 - level) / 2
    assert stats.poisson.cdf(k - 1, high * exposure) + stats.poisson.pmf(k, high * exposure) / 2 == pytest.approx(tail, rel=1e-8)
    if k:
        assert stats.poisson.sf(k, low * exposure) + stats.poisson.pmf(k, low * exposure) / 2 == pytest.approx(tail, rel=1e-8)
    else:
        assert low == 0
        assert high * exposure == pytest.approx(-np.log(1 - level), rel=1e-9)


@pytest.mark.parametrize("k", [1, 5, 40, 10_000_000])
def test_poisson_midp_agrees_with_statsmodels(k: int) -> None:
    assert poisson_midp(k) == pytest.approx(confint_poisson(k, 1, method="midp-c"), rel=1e-7)


@settings(max_examples=12)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_proportion_midp_inverts_its_definition_and_lies_within_the_exact_interval(kn: tuple[int, int]) -> None:
    k, n = kn
    low, high = proportion_midp(k, n)
    wide = clopper_pearson(k, n)
    assert wide[0] <= low <= k / n <= high <= wide[1]
    if k:
        assert stats.binom.sf(k, n, low) + stats.binom.pmf(k, n, low) / 2 == pytest.approx(0.025, rel=1e-7)
    if k < n:
        assert stats.binom.cdf(k - 1, n, high) + stats.binom.pmf(k, n, high) / 2 == pytest.approx(0.025, rel=1e-7)
    assert (low == 0) == (k == 0)
    assert (high == 1) == (k == n)


def test_midp_holds_its_level_on_average_and_garwood_always() -> None:
    """Exact sums over counts: no simulation, no tolerance but the method's own."""
    k, means = np.arange(0, 200), np.linspace(0.5, 80, 400)[:, None]
    mass = stats.poisson.pmf(k, means)
    covered = {}
    for name, interval in (("midp", poisson_midp), ("garwood", garwood)):
        low, high = interval(k)
        covered[name] = (mass * ((low <= means) & (means <= high))).sum(axis=1)
    assert covered["garwood"].min() >= 0.95
    assert covered["midp"].mean() == pytest.approx(0.953, abs=0.004)
    assert covered["midp"].min() > 0.92


def test_difference_and_ratio_are_put_together_as_mover_says() -> None:
    counts = 60, 51477.5, 30, 54308.7
    for method, theirs in (("exact", "exact-c"), ("midp", "midp-c")):
        (low1, high1), (low0, high0) = (confint_poisson(k, e, method=theirs) for k, e in (counts[:2], counts[2:]))
        r1, r0 = counts[0] / counts[1], counts[2] / counts[3]
        low, high = rate_difference(*counts, method=method)
        assert low == pytest.approx(r1 - r0 - np.hypot(r1 - low1, high0 - r0), rel=2e-5)
        assert high == pytest.approx(r1 - r0 + np.hypot(high1 - r1, r0 - low0), rel=2e-5)
        # Donner and Zou as printed; ours is written without the difference of near equals.
        root = np.sqrt((r1 * r0) ** 2 - low1 * high0 * (2 * r1 - low1) * (2 * r0 - high0))
        assert rate_ratio_mover(*counts, method=method)[0] == pytest.approx((r1 * r0 - root) / (high0 * (2 * r0 - high0)), rel=2e-5)
    # statsmodels puts score limits together; with counts of this size they differ from mid-P in the third figure.
    score = confint_poisson_2indep(*counts, compare="ratio", method="mover")
    assert rate_ratio_mover(*counts) == pytest.approx(score, rel=0.02)


def test_ratio_of_zeros_is_said_or_not_known() -> None:
    low, high = rate_ratio_mover([0, 3, 0], 1, [3, 0, 0], 1)
    assert (low[0], high[1]) == (0, np.inf)
    assert 0 < high[0] < np.inf
    assert 0 < low[1] < np.inf
    assert np.isnan([low[2], high[2]]).all()
    low, high = rate_difference(0, 10, 0, 20)
    assert low < 0 < high


@pytest.mark.slow
def test_differences_and_ratios_hold_their_level_where_the_exact_ratio_holds_more() -> None:
    rng, n = np.random.default_rng(11), 40_000
    for mean1, mean0 in ((4, 6), (15, 10), (60, 60)):
        k1, k0 = rng.poisson(mean1, n), rng.poisson(mean0, n)
        inside = {}
        for name, (low, high), truth in (
            ("difference", rate_difference(k1, 1, k0, 1), mean1 - mean0),
            ("ratio", rate_ratio_mover(k1, 1, k0, 1), mean1 / mean0),
            ("exact ratio", rate_ratio_exact(k1, 1, k0, 1), mean1 / mean0),
        ):
            inside[name] = np.mean(~(low > truth) & ~(high < truth))
        # Counts are whole: an approximate interval may miss its level by a point and a half at a given mean.
        assert inside["difference"] == pytest.approx(0.95, abs=0.015 + binomial_errors(0.95, n))
        assert inside["ratio"] == pytest.approx(0.95, abs=0.015 + binomial_errors(0.95, n))
        assert inside["exact ratio"] > 0.95 - binomial_errors(0.95, n)
        assert inside["exact ratio"] > inside["ratio"]


def test_dispersion_is_pearsons_chi_squared_over_its_degrees_of_freedom() -> None:
    k, e = np.array([[3.0, 9, 4, np.nan], [2, 2, 2, 2]]), np.array([1.0, 2, 1, 5])
    found = dispersion(k, e)
    mean = 16 / 4 * e[:3]
    assert found.chi_squared[0] == pytest.approx(((k[0, :3] - mean) ** 2 / mean).sum())
    assert found.df.tolist() == [2, 3]
    table = np.array([[12, 30, 25], [38, 20, 25]])
    shares = dispersion(table[0], table.sum(axis=0), family="share")
    theirs = stats.chi2_contingency(table, correction=False)
    assert (shares.chi_squared, shares.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    given = dispersion([3, 5], expected=[4.0, 4.0])
    assert (given.chi_squared, given.df) == (0.5, 2)


def test_dispersion_has_the_exact_moments_for_small_counts() -> None:
    """All tables of six events in three unequal places: the mean is n - 1, the variance Haldane's."""
    share = np.array([0.2, 0.3, 0.5])
    tables = np.array([(i, j, 6 - i - j) for i in range(7) for j in range(7 - i)])
    mass = stats.multinomial.pmf(tables, 6, share)
    chi2 = dispersion(tables, share).chi_squared
    assert mass @ chi2 == pytest.approx(2)
    variance = mass @ chi2**2 - 4
    assert variance == pytest.approx(4 + ((1 / share).sum() - 9 - 6 + 2) / 6)
    # The p value is that of the scaled chi-squared with these moments.
    scale = variance / 4
    assert dispersion(tables[3], share).p == pytest.approx(stats.chi2.sf(chi2[3] / scale, 2 / scale))


def test_what_cannot_scatter_is_not_known_and_says_so() -> None:
    assert np.isnan(dispersion([4.0, np.nan]).factor)
    assert np.isnan(dispersion([np.nan, np.nan]).p)
    assert dispersion([0, 0, 0]).factor == 0
    assert dispersion([5, 5], [5, 5], family="share").factor == 0
    assert np.isnan(quasi_poisson(4, 1, np.nan)).all()
    assert dispersion([1, 2], expected=[0.0, 2.0]).factor == np.inf


def test_quasi_poisson_is_fewer_events_in_less_exposure() -> None:
    assert quasi_poisson(20, 4, 2.5) == pytest.approx(poisson_midp(8, 1.6))
    assert quasi_poisson(20, 4, 0.4) == pytest.approx(poisson_midp(20, 4))
    assert quasi_poisson(0, 4, 2.0, interval=garwood)[1] == pytest.approx(2 * garwood(0, 4)[1])
    narrow, wide = (quasi_poisson(20, 4, 2.5, df=df) for df in (np.inf, 5))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.slow
def test_overdispersed_counts_are_found_and_covered() -> None:
    """Fifteen quarters tell the dispersion of the sixteenth; the Poisson interval, its assumption broken, misses."""
    rng, n, mean, factor = np.random.default_rng(5), 30_000, 12.0, 3.0
    k = rng.negative_binomial(mean / (factor - 1), 1 / factor, (n, 16))
    found = dispersion(k[:, :15])
    assert np.mean(found.factor) == pytest.approx(factor, abs=0.05)
    low, high = quasi_poisson(k[:, 15], 1, found.factor, df=found.df)
    assert np.mean((low <= mean) & (mean <= high)) == pytest.approx(0.95, abs=0.02)
    low, high = poisson_midp(k[:, 15])
    assert np.mean((low <= mean) & (mean <= high)) < 0.8
    calm = rng.poisson(1.5, (n, 16))
    assert np.mean(dispersion(calm).p < 0.05) == pytest.approx(0.05, abs=0.006 + binomial_errors(0.05, n))


def test_missing_stays_missing_and_shapes_broadcast() -> None:
    low, high = poisson_midp(np.array([[1, np.nan], [0, 4]]), [2.0, 3.0])
    assert low.shape == (2, 2)
    assert np.isnan([low[0, 1], high[0, 1]]).all()
    assert np.isnan(poisson_midp(2, 0)).all()
    assert isinstance(poisson_midp(3)[0], float)
    assert np.isnan(proportion_midp(np.nan, 5)).all()
    assert proportion_midp(3, 10)[0] > proportion_confint(3, 10, method="beta")[0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: poisson_midp(-1), "not negative"),
        (lambda: poisson_midp(1, 1, 95), "between 0 and 1"),
        (lambda: proportion_midp(11, 10), "k exceeds n"),
        (lambda: rate_difference(1, 1, 1, 1, method="wald"), "no method"),
        (lambda: dispersion([1, 2], family="normal"), "no family"),
        (lambda: dispersion([3, 2], [2, 2], family="share"), "k exceeds n"),
    ],
)
def test_refusals_name_the_parameter(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        call()  # type: ignore[operator]
    assert " / " in str(caught.value)
