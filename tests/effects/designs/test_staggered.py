"""Callaway-Sant'Anna: against four means, against diff_diff, its tables, its placebos, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.designs.group_time import WAYS
from evaluation.effects.designs.staggered import CALLAWAY_SANTANNA, callaway_santanna
from evaluation.effects.matrix import Matrix, NotEnough

T = 10


def panel(groups: dict[int, int], never: int = 25, anticipation: int = 0, phase_in: int = 0, seed: int = 2) -> Matrix:
    """Units that start at the keys of `groups`, as many as its values; an effect that grows by 0.5 a period."""
    rng = np.random.default_rng(seed)
    first = np.concatenate([np.full(k, g) for g, k in groups.items()] + [np.full(never, T)])
    at = np.arange(T)
    x = rng.normal(size=len(first))
    trend = np.cumsum(rng.normal(size=T))
    y = rng.normal(0, 3, (len(first), 1)) + trend + np.outer(x, at) * 0.1 + rng.normal(size=(len(first), T))
    y += np.where(at >= first[:, None], 0.5 * (at - first[:, None] + 1), 0)
    covariates = np.repeat(x[None, :, None], T, axis=2)
    units = tuple(f"u{i}" for i in range(len(first)))
    return Matrix(units, tuple(range(T)), y, y, np.ones(y.shape), first, anticipation, phase_in, "value", covariates, ("x",))


def _frame(one: Matrix) -> pd.DataFrame:
    unit, period = np.indices(one.y.shape)
    first = np.where(one.first < T, one.first + 1, 0)[unit]
    assert one.covariates is not None
    columns = {"unit": unit, "period": period + 1, "y": one.y, "first": first, "x": one.covariates[0]}
    return pd.DataFrame({k: v.ravel() for k, v in columns.items()})


@pytest.mark.parametrize("comparison", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_group_time_effects_and_errors_are_those_of_diff_diff(comparison: str, base: str, anticipation: int) -> None:
    from diff_diff import CallawaySantAnna

    one = panel({4: 6, 6: 5, 8: 7}, anticipation=anticipation)
    found = callaway_santanna(comparison, base=base).fit(one)
    library = CallawaySantAnna(control_group=comparison, anticipation=anticipation, base_period=base)
    theirs = library.fit(_frame(one), outcome="y", unit="unit", time="period", first_treat="first")
    if not anticipation:  # the library's overall effect takes in the periods of anticipation, which are not treated here
        assert found.estimate == pytest.approx(theirs.overall_att, abs=1e-10)
        assert found.standard_error == pytest.approx(theirs.overall_se, abs=1e-10)
    cells = found.details["group_time"].set_index(["group", "period"])
    for row in theirs.to_dataframe().itertuples():
        if (row.group - 1, row.time - 1) in cells.index:  # the reference cell, zero by definition, is not listed
            cell = cells.loc[(row.group - 1, row.time - 1)]
            assert (cell["estimate"], cell["standard_error"]) == pytest.approx((row.effect, row.se), abs=1e-10)
    events = theirs.aggregate("event_study").to_dataframe().set_index("event_time")
    for row in found.details["by_event_time"].itertuples():
        assert (row.estimate, row.standard_error) == pytest.approx((events.loc[row.event_time, "att"], events.loc[row.event_time, "se"]))


def test_the_event_covariance_has_the_event_errors() -> None:
    found = CALLAWAY_SANTANNA.fit(panel({4: 6, 6: 5})).details
    assert np.sqrt(np.diag(found["event_covariance"])) == pytest.approx(found["by_event_time"]["standard_error"].to_numpy())


@pytest.mark.parametrize("method, close", [("reg", 1e-10), ("ipw", 1e-10), ("dr", 1e-5)])
def test_adjusted_for_covariates_it_agrees_with_diff_diff(method: str, close: float) -> None:
    from diff_diff import CallawaySantAnna

    # Doubly robust, the library divides the odds of comparison units by the number of the treated, not by their own sum as
    # in equation 2.5 of Sant'Anna and Zhao, in R and in Stata; ours is as those print it (tests/published/test_minimum_wage.py).
    one = panel({4: 16, 6: 15}, never=60)
    found = callaway_santanna(covariates="x", method=method).fit(one)
    library = CallawaySantAnna(estimation_method=method)
    theirs = library.fit(_frame(one), outcome="y", unit="unit", time="period", first_treat="first", covariates=["x"])
    assert (found.estimate, found.standard_error) == pytest.approx((theirs.overall_att, theirs.overall_se), abs=close)
    events = theirs.aggregate("event_study").to_dataframe()
    assert found.details["by_event_time"]["estimate"].to_numpy() == pytest.approx(events["att"].to_numpy(), abs=close)
    assert found.details["by_event_time"]["standard_error"].to_numpy() == pytest.approx(events["se"].to_numpy(), abs=close)
    assert callaway_santanna(covariates="x").each is None


def test_doubly_robust_is_a_logit_and_least_squares_of_statsmodels() -> None:
    import statsmodels.api as sm

    one = panel({4: 16}, never=60)
    x, d = sm.add_constant(one.covariates[0, :, 0]), (one.first == 4).astype(float)
    change = one.y[:, 7] - one.y[:, 3]
    chance = sm.GLM(d, x, family=sm.families.Binomial()).fit(tol=1e-14).predict(x)
    left = change - sm.OLS(change[d == 0], x[d == 0]).fit().predict(x)
    expected = np.average(left, weights=d) - np.average(left, weights=(1 - d) * chance / (1 - chance))
    cells = callaway_santanna(covariates="x").fit(one).details["group_time"].set_index(["group", "period"])
    assert cells.loc[(4, 7), "estimate"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
def test_covariates_that_tell_who_starts_are_adjusted_for(method: str) -> None:
    one = panel({5: 40}, never=160, seed=8)
    moved = one.y + np.outer(np.where(one.first < T, 1.0, 0.0), np.arange(T)) * 0.2  # as if their x were two higher
    shifted = one.covariates + np.where(one.first < T, 2.0, 0.0)[None, :, None]
    tied = Matrix(one.units, one.periods, moved, moved, one.bottom, one.first, measure="value", covariates=shifted, covariate_names=("x",))
    truth = np.mean([0.5 * (e + 1) for e in range(T - 5)])
    plain, adjusted = CALLAWAY_SANTANNA.fit(tied), callaway_santanna(covariates="x", method=method).fit(tied)
    assert abs(adjusted.estimate - truth) < 3.3 * adjusted.standard_error
    assert plain.estimate - truth > 2 * plain.standard_error  # the broken assumption shows


def test_treated_units_that_nobody_is_like_have_no_doubly_robust_effect() -> None:
    one = panel({5: 5}, never=20)
    apart = one.covariates + np.where(one.first < T, 50.0, 0.0)[None, :, None]
    far = Matrix(one.units, one.periods, one.y, one.top, one.bottom, one.first, measure="value", covariates=apart, covariate_names=("x",))
    with pytest.raises(NotEnough, match="No comparison unit has covariates like those"):
        callaway_santanna(covariates="x").fit(far)


def test_the_four_ways_to_put_effects_together_by_hand() -> None:
    one = panel({4: 6, 7: 3})
    cells = CALLAWAY_SANTANNA.fit(one).details["group_time"].query("period >= group")
    size = {4: 6, 7: 3}
    weight = cells["group"].map(size)
    since = cells["period"] - cells["group"]

    def mean(part: pd.DataFrame) -> float:
        return float(np.average(part["estimate"], weights=part["group"].map(size)))

    expected = {
        "simple": np.average(cells["estimate"], weights=weight),
        "group": (6 * cells.query("group == 4")["estimate"].mean() + 3 * cells.query("group == 7")["estimate"].mean()) / 9,
        "dynamic": cells.groupby(since).apply(mean).mean(),
        "calendar": cells.groupby("period").apply(mean).mean(),
    }
    for way in WAYS:
        assert callaway_santanna(overall=way).fit(one).estimate == pytest.approx(expected[way])


def test_a_planted_effect_comes_back_where_starts_differ_and_effects_grow() -> None:
    found = CALLAWAY_SANTANNA.fit(panel({3: 40, 6: 40}, never=80))
    truth = np.average([0.5 * (e + 1) for g in (3, 6) for e in range(T - g)])
    assert abs(found.estimate - truth) < 3.3 * found.standard_error
    assert found.gap[3:].min() > 0


def test_one_start_is_the_difference_in_differences_from_the_last_period() -> None:
    one = panel({5: 4})
    found = CALLAWAY_SANTANNA.fit(one)
    move = one.y - one.y[:, 4:5]
    expected = move[:4].mean(0) - move[4:].mean(0)
    assert found.gap == pytest.approx(expected)
    assert found.estimate == pytest.approx(expected[5:].mean())
    assert found.counterfactual == pytest.approx(one.y[:4].mean(0) - expected)


def test_windows_move_the_reference_and_leave_periods_out() -> None:
    one = panel({5: 4}, anticipation=2, phase_in=1)
    move = one.y - one.y[:, 2:3]
    expected = move[:4].mean(0) - move[4:].mean(0)
    assert CALLAWAY_SANTANNA.fit(one).estimate == pytest.approx(expected[6:].mean())


@pytest.mark.parametrize("measure", ["count", "rate", "share", "value"])
@pytest.mark.parametrize("holes", [0.0, 0.1])
def test_all_placebos_at_once_are_the_same_as_one_by_one(measure: str, holes: float) -> None:
    rng = np.random.default_rng(3)
    bottom = rng.integers(50, 90, (20, T)).astype(float)
    top = rng.poisson(bottom * 0.4).astype(float)
    top[rng.random(top.shape) < holes] = np.nan
    if measure in ("count", "value"):
        bottom = np.where(np.isnan(top), np.nan, 1.0)
    first = np.where(np.arange(20) < 2, [4, 6] * 10, T)
    one = Matrix(tuple(map(str, range(20))), tuple(range(T)), top / bottom, top, bottom, first, 1, 1, measure)
    chosen = [(3,), (4, 7), (9,)]
    for alone, together in zip([CALLAWAY_SANTANNA.fit(one.as_if(c)) for c in chosen], CALLAWAY_SANTANNA.fits(one, chosen), strict=True):
        assert together.estimate == pytest.approx(alone.estimate, nan_ok=True)
        np.testing.assert_allclose(together.gap, alone.gap, atol=1e-12)
        np.testing.assert_allclose(together.counterfactual, alone.counterfactual, rtol=1e-10)
        np.testing.assert_allclose(together.weights, alone.weights)


def test_by_period_it_is_the_effect_on_units_that_have_started() -> None:
    one = panel({4: 6, 7: 3})
    found = CALLAWAY_SANTANNA.fit(one)
    assert found.gap[4:] == pytest.approx(found.details["by_period"]["estimate"].to_numpy())
    share = np.where(np.arange(T) < 7, 6 / 9, 1.0)[4:]
    assert (found.observed - found.counterfactual)[4:] == pytest.approx(found.gap[4:] * share)


def test_counts_are_compared_in_ratios() -> None:
    top = np.full((12, T), 40.0)
    top[:, 5:] = 60.5 - 0.5 + 0.25  # (60.25 + 0.5) / 40.5 is half as much again
    top[0] = [100.0] * 5 + [301.0] * 5  # (301 + 0.5) / 100.5 is three times as much
    one = Matrix(tuple(map(str, range(12))), tuple(range(T)), top, top, np.ones(top.shape), np.array([5] + [T] * 11), measure="count")
    found = CALLAWAY_SANTANNA.fit(one)
    assert np.exp(found.estimate) == pytest.approx(2.0)
    assert found.counterfactual[5:] == pytest.approx([301.5 / 2.0] * 5)


def test_a_group_of_one_unit_has_no_standard_error() -> None:
    found = CALLAWAY_SANTANNA.fit(panel({4: 1, 6: 5}))
    assert found.standard_error is None
    assert found.details["group_time"].query("group == 4")["standard_error"].isna().all()
    assert found.details["group_time"].query("group == 6")["standard_error"].notna().all()


def test_what_it_cannot_take() -> None:
    with pytest.raises(NotEnough, match="No unit has a period before"):
        CALLAWAY_SANTANNA.fit(panel({1: 3}, anticipation=1))
    with pytest.raises(NotEnough, match="no covariate z; it has: x"):
        callaway_santanna(covariates=["z"]).fit(panel({4: 3}))
    with pytest.raises(ValueError, match="comparison='all'"):
        callaway_santanna("all")
    empty = panel({4: 3})
    empty.y[:3, 3] = np.nan  # the reference was never reported
    with pytest.raises(NotEnough, match="not enough periods"):
        CALLAWAY_SANTANNA.fit(empty)


def _covered(draws: int, drift: float) -> float:
    """How often the interval holds the mean effect, where groups drift by so much a period."""
    truth = np.average([0.5 * (e + 1) for g in (4, 7) for e in range(T - g)])
    hits = []
    for seed in range(draws):
        one = panel({4: 30, 7: 30}, never=60, seed=seed)
        y = one.y + np.outer(np.where(one.first < T, drift, 0.0), np.arange(T))
        found = CALLAWAY_SANTANNA.fit(Matrix(one.units, one.periods, y, y, one.bottom, one.first))
        hits.append(abs(found.estimate - truth) < 1.98 * found.standard_error)
    return float(np.mean(hits))


@pytest.mark.slow
def test_the_interval_holds_the_effect_unless_groups_drift_apart() -> None:
    draws = 300
    assert abs(_covered(draws, 0.0) - 0.95) < 3.3 * np.sqrt(0.95 * 0.05 / draws)
    assert _covered(draws, 0.15) < 0.8  # trends that are not parallel
