"""Event study: against regressions with dummies, its references, its covariance, and figures with holes."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.designs.event_study import EVENT, event_study
from evaluation.effects.matrix import Matrix, NotEnough

T, START = 12, 6


def panel(
    measure: str, holes: float = 0.0, treated: int = 1, units: int = 20, seed: int = 1, anticipation: int = 0, phase_in: int = 0
) -> Matrix:
    rng = np.random.default_rng(seed)
    bottom = rng.integers(50, 90, (units, T)).astype(float)
    top = rng.poisson(bottom * 0.4).astype(float)
    absent = rng.random(top.shape) < holes
    absent[:treated] = False
    top[absent] = bottom[absent] = np.nan
    if measure in ("count", "value"):
        bottom = np.where(np.isnan(top), np.nan, 1.0)
    first = np.where(np.arange(units) < treated, START, T)
    return Matrix(tuple(map(str, range(units))), tuple(range(T)), top / bottom, top, bottom, first, anticipation, phase_in, measure)


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("measure", ["count", "rate", "share", "value"])
def test_coefficients_are_those_of_a_regression_with_dummies(measure: str, holes: float) -> None:
    import statsmodels.api as sm

    one = panel(measure, holes)
    unit, period = np.nonzero(np.isfinite(one.y))
    on = np.stack([(unit == 0) & (period == t) for t in range(T) if t != START - 1], 1)
    columns = np.column_stack([on, np.eye(20)[unit], np.eye(T)[period][:, 1:]]).astype(float)
    if measure in ("count", "rate"):
        events = one.top[unit, period] + 0.5 * (unit == 0)  # half an event in each cell of the treated
        model = sm.GLM(events, columns, family=sm.families.Poisson(), offset=np.log(one.bottom[unit, period]))
        expected = model.fit(tol=1e-14, maxiter=200).params
    else:
        expected = np.linalg.lstsq(columns, one.y[unit, period], rcond=None)[0]
    found = EVENT.fit(one)
    assert np.delete(found.details["coefficients"], START - 1) == pytest.approx(expected[: T - 1], abs=1e-9)
    assert found.details["coefficients"][START - 1] == 0
    assert found.details["reference"] == START - 1
    assert found.estimate == pytest.approx(expected[START - 1 : T - 1].mean(), abs=1e-9)


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("measure", ["count", "rate", "share", "value"])
def test_all_placebos_at_once_are_the_same_as_one_by_one(measure: str, holes: float) -> None:
    several = panel(measure, holes, treated=2, anticipation=1, phase_in=1)
    chosen = [(3,), (4, 7), (9,)]
    for one, together in zip([EVENT.fit(several.as_if(c)) for c in chosen], EVENT.fits(several, chosen), strict=True):
        assert together.estimate == pytest.approx(one.estimate)
        np.testing.assert_allclose(together.gap, one.gap, atol=1e-12)
        np.testing.assert_allclose(together.counterfactual, one.counterfactual, rtol=1e-10)
        assert together.details["reference"] == one.details["reference"] <= START - 2


def test_the_mean_of_the_periods_before_is_another_reference_of_the_same_course() -> None:
    one = panel("count")
    last, mean = EVENT.fit(one), event_study("mean").fit(one)
    assert mean.details["reference"] == "mean"
    assert mean.gap[:START].mean() == pytest.approx(0, abs=1e-12)
    assert mean.gap == pytest.approx(last.gap - last.gap[:START].mean())
    # One period as reference scatters more than the mean of six.
    assert mean.standard_error < last.standard_error
    for found in (last, mean):
        share = np.where(np.arange(T) >= START, 1 / (T - START), 0)
        assert found.standard_error == pytest.approx(np.sqrt(share @ found.details["covariance"] @ share))
    with pytest.raises(ValueError, match="reference='first'"):
        event_study("first")


def test_a_period_without_event_and_one_not_reported() -> None:
    one = panel("count")
    one.top[0, 8] = 0.0
    one.top[0, START - 1] = np.nan
    found = EVENT.fit(one)
    assert found.details["reference"] == START - 2  # the last one that was reported
    assert np.isnan(found.gap).tolist() == [t == START - 1 for t in range(T)]
    assert found.gap[8] < -3
    assert np.isnan(found.details["covariance"][START - 1]).all()
    assert np.isfinite(found.standard_error)


def test_nothing_before_or_no_donor_in_common_gives_no_estimate() -> None:
    one = panel("value")
    one.y[0, :START] = np.nan
    with pytest.raises(NotEnough, match="no figure before the start"):
        EVENT.fit(one)
    apart = panel("value", units=7)
    apart.y[1:4, START:] = np.nan
    apart.y[4:, :START] = np.nan
    with pytest.raises(NotEnough, match="not enough periods"):  # only one side can be told
        EVENT.fit(apart)


def test_two_donors_give_no_covariance() -> None:
    found = EVENT.fit(panel("count", units=3))
    assert np.isfinite(found.estimate)
    assert found.standard_error is None
    assert "covariance" not in found.details


def _autoregressive(rng: np.random.Generator, draws: int, units: int) -> np.ndarray:
    noise = rng.normal(size=(draws, units, T))
    for t in range(1, T):
        noise[:, :, t] = 0.6 * noise[:, :, t - 1] + 0.8 * noise[:, :, t]
    return noise


@pytest.mark.slow
@pytest.mark.parametrize("treated", [1, 3, 15])
def test_covariance_is_that_of_the_coefficients_in_repeated_panels(treated: int) -> None:
    draws = 300
    y = _autoregressive(np.random.default_rng(4), draws, 40)
    first = np.where(np.arange(40) < treated, START, T)
    ones = np.ones((40, T))
    fits = [EVENT.fit(Matrix(tuple(map(str, range(40))), tuple(range(T)), x, x, ones, first, measure="value")) for x in y]
    seen = np.cov(np.array([f.gap for f in fits]).T)
    told = np.mean([f.details["covariance"] for f in fits], axis=0)
    assert fits[0].details["covariance_from"] == ("units" if treated >= 10 else "donors")
    # A variance from 300 draws has a standard error of 8 %.
    rest = np.arange(T) != START - 1
    assert np.diag(told)[rest] == pytest.approx(np.diag(seen)[rest], rel=0.27)
    assert np.mean(np.diag(told)[rest] / np.diag(seen)[rest]) == pytest.approx(1, abs=0.1)
