"""Clustered errors and the wild bootstrap: second implementations, every sign vector by brute force, and their sizes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from evaluation.effects.design import Design
from evaluation.effects.designs.did import DID, poisson_did
from evaluation.effects.designs.event_study import event_study
from evaluation.effects.designs.regressions import did_regression
from evaluation.effects.designs.staggered import CALLAWAY_SANTANNA
from evaluation.effects.inference.clustered import (
    FEW_TREATED,
    FEW_TREATED_WILD,
    cluster_robust,
    clustered_error,
    wild,
    wild_bootstrap,
    wild_p,
    wild_weights,
)
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix, NotEnough

T, START = 12, 6


def panel(measure: str, holes: float = 0.0, treated: int = 4, units: int = 20, seed: int = 1) -> Matrix:
    rng = np.random.default_rng(seed)
    bottom = rng.integers(50, 90, (units, T)).astype(float)
    top = rng.poisson(bottom * 0.4).astype(float)
    absent = rng.random(top.shape) < holes
    top[absent] = bottom[absent] = np.nan
    if measure in ("count", "value"):
        bottom = np.where(np.isnan(top), np.nan, 1.0)
    first = np.where(np.arange(units) < treated, START, T)
    return Matrix(tuple(map(str, range(units))), tuple(range(T)), top / bottom, top, bottom, first, measure=measure)


def judged(design: Design, one: Matrix, level: float = 0.95, how: object = cluster_robust, seed: int = 0) -> Judgement:
    return how(design, one, design.fit(one), level, np.random.default_rng(seed))  # type: ignore[operator]


def _dummies(one: Matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    unit, period = np.nonzero(np.isfinite(one.y))
    on = (one.treated[unit] & (period >= START)).astype(float)
    return np.column_stack([on, np.eye(len(one.units))[unit], np.eye(T)[period][:, 1:]]), unit, period


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("measure", ["value", "count", "rate"])
def test_the_error_is_that_of_statsmodels_with_dummies(measure: str, holes: float) -> None:
    import statsmodels.api as sm

    one = panel(measure, holes)
    x, unit, period = _dummies(one)
    if measure == "value":
        fit = sm.OLS(one.y[unit, period], x).fit()
        scores = x * fit.resid[:, None]
        bread = np.linalg.inv(x.T @ x)
        clustered = fit.get_robustcov_results("cluster", groups=unit, use_correction=False)
    else:
        model = sm.GLM(one.top[unit, period], x, family=sm.families.Poisson(), offset=np.log(one.bottom[unit, period]))
        fit = model.fit(tol=1e-13, maxiter=200)
        scores = x * (one.top[unit, period] - fit.mu)[:, None]
        bread = np.linalg.inv((x * fit.mu[:, None]).T @ x)
        clustered = model.fit(tol=1e-13, maxiter=200, cov_type="cluster", cov_kwds={"groups": unit, "use_correction": False})
    sums = np.array([scores[unit == g].sum(0) for g in range(20)])
    raw = float(np.sqrt((bread @ sums.T @ sums @ bread)[0, 0]))
    assert raw == pytest.approx(float(clustered.bse[0]), rel=1e-6)
    n = len(unit)
    expected = raw * np.sqrt(20 / 19 * (n - 1) / (n - T - 1))  # unit effects lie within the clusters and are not counted
    regression = did_regression(one)
    assert regression.at().coefficients[0] == pytest.approx(fit.params[0], abs=1e-9)
    assert clustered_error(regression) == pytest.approx(expected, rel=1e-7)


def test_the_error_of_pooled_shares_is_that_of_weighted_least_squares() -> None:
    import statsmodels.api as sm

    one = panel("share")
    unit, period = np.indices(one.y.shape).reshape(2, -1)
    area, side = one.treated[unit].astype(float), (period >= START).astype(float)
    x = np.column_stack([area * side, np.ones(len(unit)), area, side])
    fit = sm.WLS(one.y.ravel(), x, weights=one.bottom.ravel()).fit(cov_type="cluster", cov_kwds={"groups": unit})
    found = judged(DID, one)
    assert DID.fit(one).estimate == pytest.approx(fit.params[0])
    assert found.details["cluster_standard_error"] == pytest.approx(fit.bse[0])


def test_p_value_and_interval_agree_and_the_event_study_has_them_by_period() -> None:
    from scipy import stats

    one = panel("value", treated=12, units=40)
    found = judged(DID, one)
    error = found.details["cluster_standard_error"]
    estimate = DID.fit(one).estimate
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / error, 39))
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 39) * error)
    assert found.warning is None
    for reference in ("last", "mean"):
        event = judged(event_study(reference), one)
        assert event.low < event_study(reference).fit(one).estimate < event.high
        assert event.by_period.shape == (T, 2)
    # Against the mean of the periods before, the mean effect is the difference-in-differences.
    assert judged(event_study("mean"), one).details["cluster_standard_error"] == pytest.approx(error, rel=0.02)


@pytest.mark.parametrize("treated, warned", [(1, True), (5, True), (9, True), (10, False)])
def test_few_treated_units_are_warned_of(treated: int, warned: bool) -> None:
    one = panel("count", treated=treated, units=40)
    assert (judged(DID, one).warning is FEW_TREATED) == warned
    assert (judged(DID, one, how=wild(draws=99)).warning is FEW_TREATED_WILD) == (treated < 5)
    assert "77%" in FEW_TREATED.vi
    assert "13%" in FEW_TREATED.en


def test_what_has_no_clustered_error() -> None:
    one = panel("count")
    strange = Design("sc", DID.name, DID.method, DID.fit, ())
    with pytest.raises(NotEnough, match="no cluster-robust errors of this design"):
        judged(strange, one)
    with pytest.raises(NotEnough, match="A group has one treated unit"):
        judged(CALLAWAY_SANTANNA, panel("value", treated=1))
    with pytest.raises(NotEnough, match="no wild bootstrap of this design; use cluster"):
        judged(CALLAWAY_SANTANNA, panel("value"), how=wild_bootstrap)
    silent = panel("count")
    silent.top[:4, START:] = silent.y[:4, START:] = 0
    with pytest.raises(NotEnough, match="counted nothing before or after"):
        judged(DID, silent)
    with pytest.raises(NotEnough, match="counted nothing before or after"):
        poisson_did().fit(silent)
    still = panel("value")
    still.y[:] = 3.0
    with pytest.raises(NotEnough, match="do not vary"):
        judged(DID, still)
    with pytest.raises(ValueError, match="weights='mammen'"):
        wild("mammen")


def test_callaway_santanna_is_judged_by_its_influence_functions() -> None:
    from scipy import stats

    one = panel("value", treated=10)
    fit = CALLAWAY_SANTANNA.fit(one)
    found = judged(CALLAWAY_SANTANNA, one)
    assert found.high - fit.estimate == pytest.approx(stats.t.ppf(0.975, 19) * fit.standard_error)


def _t(y: np.ndarray, x: np.ndarray, unit: np.ndarray, effect: float) -> float:
    """The clustered t statistic of a full regression with dummies, whose small-sample factor is the same in every draw."""
    bread = np.linalg.pinv(x.T @ x)
    b = bread @ x.T @ y
    left = x * (y - x @ b)[:, None]
    sums = np.array([left[unit == g].sum(0) for g in np.unique(unit)])
    return float((b[0] - effect) / np.sqrt((bread @ sums.T @ sums @ bread)[0, 0]))


@pytest.mark.parametrize("effect", [0.0, 1.5])
@pytest.mark.parametrize("holes", [0.0, 0.15])
def test_every_sign_vector_by_full_regressions(effect: float, holes: float) -> None:
    one = panel("value", holes, treated=3, units=7, seed=5)
    x, unit, period = _dummies(one)
    y = one.y[unit, period]
    rest = np.linalg.lstsq(x[:, 1:], y - effect * x[:, 0], rcond=None)[0]
    fitted = effect * x[:, 0] + x[:, 1:] @ rest
    seen = abs(_t(y, x, unit, effect))
    drawn = [abs(_t(fitted + np.array(v)[unit] * (y - fitted), x, unit, effect)) for v in product([1, -1], repeat=7)]
    expected = np.mean([t >= seen * (1 - 1e-9) for t in drawn])
    signs, whole = wild_weights(7, "rademacher", 999, np.random.default_rng(0))
    assert (len(signs), whole) == (128, True)
    assert wild_p(did_regression(one), effect, signs, whole) == pytest.approx(expected)


@pytest.mark.slow
def test_the_interval_holds_what_the_test_does_not_reject() -> None:
    one = panel("value", treated=12, units=30)
    regression = did_regression(one)
    found = judged(DID, one, how=wild("rademacher", 399))
    signs, whole = wild_weights(30, "rademacher", 399, np.random.default_rng(0))
    width = found.high - found.low
    for effect in np.linspace(found.low - width, found.high + width, 40):
        assert (wild_p(regression, effect, signs, whole) > 0.05) == (found.low < effect < found.high)
    assert found.details["draws"] == 399
    assert found.smallest_p == pytest.approx(1 / 400)


@pytest.mark.slow
def test_counts_and_shares_and_events_are_bootstrapped_by_their_scores() -> None:
    for measure in ("count", "rate", "share"):
        one = panel(measure, 0.1, treated=12, units=40)
        found, plain = judged(DID, one, how=wild(draws=199)), judged(DID, one)
        assert (found.high - found.low) / (plain.high - plain.low) == pytest.approx(1, abs=0.3)
    event = judged(event_study("mean"), panel("count", treated=12, units=40), how=wild(draws=199))
    assert event.low < event.high
    assert wild_weights(8, "", 99, np.random.default_rng(0))[0].shape == (99, 8)
    assert len(np.unique(np.abs(wild_weights(8, "", 99, np.random.default_rng(0))[0]))) == 3


def test_the_same_draws_give_the_same_judgement() -> None:
    one = panel("count", treated=3)
    first, second = (judged(DID, one, how=wild(draws=49), seed=4) for _ in range(2))
    assert (first.p_value, first.low, first.high) == (second.p_value, second.low, second.high)


def test_one_treated_unit_has_an_interval_without_end_in_the_restricted_bootstrap() -> None:
    found = judged(DID, panel("count", treated=1), how=wild(draws=199))
    assert found.p_value > 0.3
    assert (found.high - found.low if found.low is not None and found.high is not None else np.inf) > 1.5


# Sizes. Panels as in the measurements that the warning cites: 60 wards, 16 quarters, levels three times apart, deviations
# that last from one quarter to the next, negative binomial counts, nothing happening.
def _null_panel(rng: np.random.Generator, treated: int) -> Matrix:
    deviation = rng.normal(0, 0.3, (60, 16))
    for t in range(1, 16):
        deviation[:, t] = 0.6 * deviation[:, t - 1] + 0.8 * deviation[:, t]
    season = np.resize([-0.2, 0.03, 0.05, 0.1], 16)
    mean = np.exp(rng.normal(np.log(20), 0.3, (60, 1)) + season + deviation)
    top = rng.negative_binomial(8, 8 / (8 + mean)).astype(float)
    first = np.where(np.arange(60) < treated, 8, 16)
    return Matrix(tuple(map(str, range(60))), tuple(range(16)), top, top, np.ones(top.shape), first, measure="count")


def _size(treated: int, draws: int, how: object, seed: int = 41, ratio: float = 1.0) -> float:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        one = _null_panel(rng, treated)
        top = one.top.copy()
        top[:treated, 8:] = np.round(top[:treated, 8:] * ratio)
        found.append(judged(DID, replace(one, y=top, top=top), how=how).p_value <= 0.05)
    return float(np.mean(found))


@pytest.mark.slow
@pytest.mark.parametrize("treated, measured", [(1, 0.77), (2, 0.34), (5, 0.13)])
def test_clustered_errors_reject_a_true_null_as_often_as_the_warning_says(treated: int, measured: float) -> None:
    draws = 1000
    rate = _size(treated, draws, cluster_robust)
    error = np.sqrt(measured * (1 - measured) * (1 / draws + 1 / 4000))  # the warning's rates come from 4,000 draws
    assert abs(rate - measured) < 3.3 * error


@pytest.mark.slow
def test_clustered_errors_and_the_bootstrap_keep_their_size_with_many_treated_units() -> None:
    draws = 400
    error = np.sqrt(0.05 * 0.95 / draws)
    assert abs(_size(30, draws, cluster_robust) - 0.05) < 3.3 * error
    assert abs(_size(30, draws, _bare_wild) - 0.05) < 3.3 * error


@pytest.mark.slow
def test_the_restricted_bootstrap_hardly_ever_rejects_with_few_treated_units() -> None:
    draws = 200
    assert _size(1, draws, _bare_wild) < 0.02
    assert _size(1, draws, _bare_wild, ratio=2.0) < 0.05  # a doubling is not found
    assert abs(_size(2, draws, _bare_wild, ratio=2.0) - 0.08) < 3.3 * np.sqrt(0.08 * 0.92 * 2 / draws)
    assert abs(_size(5, draws, _bare_wild) - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / draws)


def _bare_wild(design: Design, one: Matrix, fit: object, level: float, rng: np.random.Generator) -> Judgement:
    """The test alone, without the search for the ends of its interval."""
    signs, whole = wild_weights(60, "rademacher", 199, np.random.default_rng(7))
    return Judgement(wild_p(did_regression(one), 0.0, signs, whole), None, None, None, DID.name)
