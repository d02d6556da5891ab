"""Pooling: against statsmodels, against the definition, and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from evaluation.monitoring.pooling import log_ratio, pool, pool_ratios

STUDIES = st.integers(2, 12).flatmap(
    lambda k: st.tuples(st.lists(st.floats(-2, 2), min_size=k, max_size=k), st.lists(st.floats(0.01, 1), min_size=k, max_size=k))
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # statsmodels' own, where its tau2 is negative
@given(STUDIES)
def test_dersimonian_laird_and_fixed_agree_with_statsmodels(studies: tuple[list[float], list[float]]) -> None:
    y, v = map(np.asarray, studies)
    theirs = combine_effects(y, v, method_re="dl")
    table = theirs.summary_frame()
    ours = pool(y, v, method="DL")
    assert ours.tau2 == pytest.approx(max(theirs.tau2, 0), abs=1e-9)
    # Below zero statsmodels keeps a negative variance between studies where the method's authors set zero.
    if theirs.tau2 >= 0:
        assert (ours.estimate, ours.standard_error) == pytest.approx(tuple(table.loc["random effect", ["eff", "sd_eff"]]), abs=1e-8)
    fixed = pool(y, v, method="fixed")
    assert (fixed.estimate, fixed.standard_error) == pytest.approx(tuple(table.loc["fixed effect", ["eff", "sd_eff"]]), abs=1e-8)
    assert ours.q == pytest.approx(theirs.q, abs=1e-8)


@given(STUDIES)
def test_reml_solves_its_own_equation(studies: tuple[list[float], list[float]]) -> None:
    y, v = map(np.asarray, studies)
    tau2 = pool(y, v).tau2
    w = 1 / (v + tau2)
    mean = np.average(y, weights=w)
    # Score of the restricted likelihood: zero inside, not above zero at the edge.
    score = np.sum(w**2 * (y - mean) ** 2) - w.sum() + np.sum(w**2) / w.sum()
    if tau2 > 0:
        assert abs(score) < 1e-3 * w.sum()
    else:
        assert score < 1e-6 * w.sum()


def test_equal_variances_have_a_closed_form() -> None:
    y, v = np.array([0.1, 0.5, 0.9, 1.3]), np.full(4, 0.05)
    found = pool(y, v, knapp_hartung=True)
    assert found.tau2 == pytest.approx(np.var(y, ddof=1) - 0.05, abs=1e-7)
    assert found.standard_error == pytest.approx(np.std(y, ddof=1) / 2)
    assert found.high - found.low == pytest.approx(2 * 3.182446 * np.std(y, ddof=1) / 2, rel=1e-6)


def test_agreement_gives_no_spread_and_a_prediction_like_the_interval() -> None:
    found = pool([0.4, 0.4, 0.4], [0.1, 0.2, 0.3])
    assert found.tau2 == 0
    assert found.i2 == 0
    assert found.q == pytest.approx(0)
    assert (found.prediction_low, found.prediction_high) == pytest.approx((found.low, found.high))
    assert found.to_frame()["weight"].sum() == pytest.approx(1)


def test_ratios_are_read_off_their_intervals() -> None:
    # 0.68 (0.52 to 0.89): log -0.3857, standard error (log 0.89 - log 0.52) / 3.92 = 0.1371.
    log, variance = log_ratio(0.68, 0.52, 0.89)
    assert log == pytest.approx(-0.3857, abs=5e-5)
    assert np.sqrt(variance) == pytest.approx(0.1371, abs=5e-5)


def test_pooled_ratios_are_the_exponent_of_pooled_logs() -> None:
    rows = [2.0, 3.0, 0.9], [1.5, 1.4, 0.5], [2.0**2 / 1.5, 9 / 1.4, 0.81 / 0.5]
    y, v = log_ratio(*rows)
    assert pool_ratios(*rows).estimate == pytest.approx(np.exp(pool(y, v).estimate))
    assert pool_ratios(*rows).unit == "ratio"
    assert pool_ratios(*rows).to_frame()["estimate"].tolist() == rows[0]


@pytest.mark.parametrize(("y", "v"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, np.nan], [1.0, 1.0]), ([1.0, 2.0], [1.0])])
def test_what_cannot_be_pooled_is_refused(y: list[float], v: list[float]) -> None:
    with pytest.raises(ValueError, match=" / "):
        pool(y, v)
