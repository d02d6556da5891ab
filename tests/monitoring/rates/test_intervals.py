"""Intervals against published examples, statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from evaluation.monitoring.rates.intervals import (
    clopper_pearson,
    difference_newcombe,
    garwood,
    rate_ratio_exact,
    ratio_katz,
    wilson,
)


@pytest.mark.parametrize(
    ("counts", "difference", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10, to four places.
        ((56, 70, 48, 80), 0.2, 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.6, 0.1705, 0.8090),
        ((10, 10, 0, 20), 1.0, 0.6791, 1.0),
        ((10, 10, 0, 10), 1.0, 0.6075, 1.0),
    ],
)
def test_newcombes_own_table(counts: tuple[int, int, int, int], difference: float, low: float, high: float) -> None:
    found = difference_newcombe(*counts)
    assert counts[0] / counts[1] - counts[2] / counts[3] == pytest.approx(difference)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95, 0.99]))
def test_proportions_agree_with_statsmodels_and_scipy(kn: tuple[int, int], level: float) -> None:
    k, n = kn
    assert wilson(k, n, level) == pytest.approx(proportion_confint(k, n, 1 - level, method="wilson"), abs=1e-10)
    exact = binomtest(k, n).proportion_ci(level, method="exact")
    assert clopper_pearson(k, n, level) == pytest.approx((exact.low, exact.high), abs=1e-10)


@given(st.integers(0, 300), st.floats(0.5, 1e5))
def test_garwood_inverts_the_poisson_distribution(k: int, exposure: float) -> None:
    low, high = garwood(k, exposure)
    # Its bounds are the means at which a count as extreme as this has probability 2.5 %.
    assert stats.poisson.cdf(k, high * exposure) == pytest.approx(0.025, rel=1e-6)
    if k:
        assert stats.poisson.sf(k - 1, low * exposure) == pytest.approx(0.025, rel=1e-6)
    else:
        assert low == 0


def test_garwoods_table() -> None:
    # Tables of the exact Poisson interval: 0 gives 0-3.69, 1 gives 0.0253-5.57, 10 gives 4.80-18.39.
    low, high = garwood([0, 1, 10])
    assert low == pytest.approx([0, 0.0253, 4.7954], abs=5e-5)
    assert high == pytest.approx([3.6889, 5.5716, 18.3904], abs=5e-5)


def test_garwood_is_exact_coverage_at_least_nominal() -> None:
    counts = np.arange(0, 60)
    low, high = garwood(counts)
    for mean in (0.3, 1.7, 6.2, 21.0):
        inside = (low <= mean) & (mean <= high)
        assert stats.poisson.pmf(counts[inside], mean).sum() >= 0.95


def test_katz_by_its_formula() -> None:
    # 15 of 80 against 30 of 90: the usual hand computation of the log ratio's standard error.
    error = np.sqrt(1 / 15 - 1 / 80 + 1 / 30 - 1 / 90)
    ratio = (15 / 80) / (30 / 90)
    expected = (ratio * np.exp(-1.959964 * error), ratio * np.exp(1.959964 * error))
    assert ratio_katz(15, 80, 30, 90) == pytest.approx(expected, rel=1e-6)
    assert np.isnan(ratio_katz(0, 10, 3, 10)).all()


def test_rate_ratio_exact_holds_the_conditional_tests_answer() -> None:
    low, high = rate_ratio_exact(12, 400.0, 30, 500.0)
    for bound, tail in ((low, "greater"), (high, "less")):
        share = bound * 400 / (bound * 400 + 500)
        assert binomtest(12, 42, share, alternative=tail).pvalue == pytest.approx(0.025, rel=1e-6)
    assert rate_ratio_exact(3, 1, 0, 1)[1] == np.inf
    assert np.isnan(rate_ratio_exact(0, 1, 0, 1)).all()


@given(st.integers(2, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(1.01, 5))
def test_a_design_effect_widens_and_keeps_the_estimate(kn: tuple[int, int], effect: float) -> None:
    k, n = kn
    for method in (wilson, clopper_pearson):
        low, high = method(k, n)
        wider_low, wider_high = method(k, n, 0.95, effect)
        assert wider_low <= low + 1e-12
        assert high <= wider_high + 1e-12
        assert wider_high - wider_low > high - low
        assert wider_low - 1e-12 <= k / n <= wider_high + 1e-12


def test_design_effect_is_a_smaller_sample() -> None:
    assert wilson(60, 300, 0.95, 2.0) == pytest.approx(proportion_confint(30, 150, 0.05, method="wilson"))
    assert difference_newcombe(60, 300, 90, 300, 0.95, 2.0) == pytest.approx(difference_newcombe(30, 150, 45, 150))


def test_missing_stays_missing_and_zero_is_a_count() -> None:
    low, high = wilson(pd.Series([0.0, np.nan, 3.0]), pd.Series([20.0, 20.0, 0.0 + 5]))
    assert low[0] == 0
    assert high[0] == pytest.approx(0.1611, abs=5e-5)
    assert np.isnan([low[1], high[1]]).all()
    for method in (wilson, clopper_pearson):
        assert np.isnan(method(0, 0)).all()
    assert np.isnan(garwood(2, 0)).all()
    assert np.isnan(garwood(np.nan, 1)).all()


def test_scalars_give_numbers_and_arrays_broadcast() -> None:
    assert isinstance(wilson(3, 10)[0], float)
    low, high = difference_newcombe([1, 2, 3], 10, 4, [10, 20, 30])
    assert low.shape == high.shape == (3,)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wilson(11, 10), "k exceeds n"),
        (lambda: wilson(-1, 10), "not negative"),
        (lambda: wilson(1, 10, 95), "between 0 and 1"),
        (lambda: wilson(1, 10, 0.95, 0), "design_effect"),
        (lambda: garwood(1, -2), "exposure"),
        (lambda: garwood(np.inf), "finite"),
    ],
)
def test_refusals_name_the_parameter(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        call()  # type: ignore[operator]
    assert " / " in str(caught.value)
