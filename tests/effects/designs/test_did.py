"""Difference-in-differences: by hand, by brute force, against dummies, and on figures that give no estimate."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.designs.did import DID
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import Study, study_panel

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]
START = "2017-Q1"
AFTER = [q >= START for q in QUARTERS]


def long(top: np.ndarray, bottom: np.ndarray | None = None) -> pd.DataFrame:
    """A panel of units u00, u01, ... from (units, periods) arrays; a NaN was not reported."""
    rows = [
        (f"u{i:02d}", QUARTERS[t], top[i, t], 1.0 if bottom is None else bottom[i, t])
        for i, t in product(range(len(top)), range(top.shape[1]))
    ]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])


def studied(top: np.ndarray, bottom: np.ndarray | None = None, treated: int | list[int] = 0, measure: str = "", **options: object) -> Study:
    units = [f"u{i:02d}" for i in np.atleast_1d(treated)]
    kind = measure or ("count" if bottom is None else "share")
    options = {"start": START, "level_factor": None} | options
    return study_panel(long(top, bottom), outcome_name="tests", treated=units, measure=kind, **options)  # type: ignore[arg-type]


def steady(before: float, after: float, units: int = 25) -> np.ndarray:
    top = np.full((units, 16), before, dtype=float)
    top[:, 8:] = after
    return top


def test_a_ratio_by_hand() -> None:
    top = steady(20, 24)  # everywhere a fifth more
    top[0] = [10] * 8 + [18] * 8
    found = estimate_effect(studied(top))
    # 80 before would have become 96; half an event is added to what was seen on either side.
    assert found.estimate == pytest.approx(144.5 / (80.5 * 24 / 20))
    assert (found.scale, found.none, found.n_donors, found.n_before, found.n_after) == ("ratio", 1.0, 24, 8, 8)
    assert found.p_value == pytest.approx(1 / 25)  # no donor moved against the others
    assert found.low <= found.estimate <= found.high


def test_a_difference_of_shares_by_hand() -> None:
    bottom, top = steady(100, 200), steady(30, 80)  # 30 % to 40 %
    top[0] = [40] * 8 + [130] * 8  # 40 % to 65 %
    found = estimate_effect(studied(top, bottom))
    assert found.estimate == pytest.approx(0.25 - 0.10)
    assert (found.scale, found.none, found.unit) == ("difference", 0.0, "share")
    assert found.effects["effect"].tolist() == pytest.approx([0.0] * 8 + [0.15] * 8)


def test_a_ratio_of_rates_by_hand() -> None:
    bottom, top = steady(1000, 2000), steady(20, 60)  # 2 % to 3 %: half as much again
    top[0], bottom[0] = [30] * 8 + [120] * 8, [500] * 8 + [800] * 8  # 6 % to 15 %
    found = estimate_effect(studied(top, bottom, measure="rate"))
    assert found.estimate == pytest.approx(960.5 / (240.5 / 500 * 800 * 1.5))
    assert found.scale == "ratio"
    assert found.counterfactual["observed"].tolist() == pytest.approx([0.06] * 8 + [0.15] * 8)
    assert found.counterfactual["counterfactual"].to_numpy() == pytest.approx(np.repeat([240.5 / 4000, 240.5 / 4000 * 1.5], 8))


def test_a_difference_of_values_by_hand() -> None:
    y = steady(-3, -2)
    y[0] = [5] * 8 + [10] * 8
    found = estimate_effect(studied(y, measure="value"))
    assert found.estimate == pytest.approx(4.0)
    assert found.counterfactual["counterfactual"].tolist() == pytest.approx([5.0] * 8 + [6.0] * 8)
    assert found.effects["effect"].tolist() == pytest.approx([0.0] * 8 + [4.0] * 8)


def _brute_ratio(top: np.ndarray, bottom: np.ndarray, one: int, others: list[int]) -> float:
    """Quarter by quarter, with loops: the course of the others over what they reported."""
    seen = [t for t in range(top.shape[1]) if not np.isnan(top[one, t])]
    level = {j: np.nansum(top[j]) / np.nansum(bottom[j]) for j in others}
    course = {}
    for t in seen:
        told = [j for j in others if not np.isnan(top[j, t])]
        course[t] = bottom[one, t] * sum(top[j, t] for j in told) / sum(level[j] * bottom[j, t] for j in told)
    pre, post = [t for t in seen if not AFTER[t]], [t for t in seen if AFTER[t]]
    carried = (sum(top[one, t] for t in pre) + 0.5) * sum(course[t] for t in post) / sum(course[t] for t in pre)
    return float(np.log((sum(top[one, t] for t in post) + 0.5) / carried))


def _brute_difference(top: np.ndarray, bottom: np.ndarray, one: int, others: list[int]) -> float:
    seen = [t for t in range(top.shape[1]) if not np.isnan(top[one, t])]
    sides = [[t for t in seen if AFTER[t] == late] for late in (False, True)]
    own = [sum(top[one, t] for t in s) / sum(bottom[one, t] for t in s) for s in sides]
    rest = [np.nansum(top[np.ix_(others, s)]) / np.nansum(bottom[np.ix_(others, s)]) for s in sides]
    return float((own[1] - own[0]) - (rest[1] - rest[0]))


def _dummies(y: np.ndarray, one: int, others: list[int]) -> float:
    """Least squares with a dummy for each unit and period."""
    rows = [one, *others]
    unit, period = np.nonzero(np.isfinite(y[rows]))
    on = (unit == 0) & np.array(AFTER)[period]
    columns = np.column_stack([on, np.eye(len(rows))[unit], np.eye(y.shape[1])[period]])
    return float(np.linalg.lstsq(columns, y[rows][unit, period], rcond=None)[0][0])


@pytest.mark.parametrize("measure", ["count", "share", "rate", "value"])
def test_estimate_and_placebos_by_brute_force_with_missing_quarters(measure: str) -> None:
    rng = np.random.default_rng(12)
    bottom = rng.integers(20, 60, (24, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    holes = rng.random(top.shape) < 0.08
    top[holes] = bottom[holes] = np.nan
    panel = matrix(studied(top, bottom, measure=measure))
    donors = [int(u[1:]) for u in panel.units[1:]]
    ones = np.where(holes, np.nan, 1.0)

    def brute(one: int) -> float:
        others = [j for j in donors if j != one]
        if measure == "value":
            return _dummies(top, one, others)
        if measure == "share":
            return _brute_difference(top, bottom, one, others)
        return _brute_ratio(top, ones if measure == "count" else bottom, one, others)

    assert len(donors) > 15
    assert DID.fit(panel).estimate == pytest.approx(brute(0))
    placebos = DID.fits(panel, [(i,) for i in range(1, len(panel.units))])
    assert [f.estimate for f in placebos] == pytest.approx([brute(j) for j in donors])


@pytest.mark.parametrize("measure", ["count", "share", "rate", "value"])
@pytest.mark.parametrize("holes", [0.0, 0.1])
def test_all_placebos_at_once_are_the_same_as_one_by_one(measure: str, holes: float) -> None:
    rng = np.random.default_rng(2)
    bottom = rng.integers(20, 60, (15, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.4).astype(float)
    top[rng.random(top.shape) < holes] = np.nan
    panel = matrix(studied(top, bottom, treated=[0, 3], measure=measure, anticipation=1, phase_in=2))
    chosen = [(2,), (3, 5), (4, 6, 7), (8,)]
    for one, together in zip([DID.fit(panel.as_if(c)) for c in chosen], DID.fits(panel, chosen), strict=True):
        assert together.estimate == pytest.approx(one.estimate, rel=1e-10)
        for a, b in [(one.gap, together.gap), (one.counterfactual, together.counterfactual), (one.weights, together.weights)]:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_windows_around_the_start_count_on_neither_side() -> None:
    top = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    wild = top.copy()
    wild[0, 6:10] = 900
    one, two = (estimate_effect(studied(t, anticipation=2, phase_in=2)) for t in (top, wild))
    assert one.estimate == pytest.approx(two.estimate)
    assert (one.n_before, one.n_after) == (6, 6)


@pytest.mark.parametrize("measure", ["count", "rate"])
def test_several_treated_units_are_one_area(measure: str) -> None:
    top = np.random.default_rng(9).poisson(30, (30, 16)).astype(float)
    joined = top[1:].copy()
    joined[0] = top[0] + top[1]
    bottom = None if measure == "count" else np.full((30, 16), 50.0)
    area = None if bottom is None else np.vstack([np.full((1, 16), 100.0), bottom[2:]])
    two = estimate_effect(studied(top, bottom, treated=[0, 1], measure=measure))
    assert two.estimate == pytest.approx(estimate_effect(studied(joined, area, measure=measure)).estimate)


def test_units_with_different_starts_are_refused() -> None:
    panel = long(steady(20, 24))
    study = study_panel(panel, outcome_name="tests", treated={"u00": "2016-Q1", "u01": "2017-Q1"})
    with pytest.raises(NotEnough, match="different times"):
        estimate_effect(study)


@pytest.mark.parametrize("side", [slice(0, 8), slice(8, 16), slice(0, 16)], ids=["before", "after", "ever"])
@pytest.mark.parametrize("measure", ["count", "share", "rate", "value"])
def test_a_pilot_never_reported_on_a_side_has_no_estimate(side: slice, measure: str) -> None:
    top = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    top[0, side] = np.nan
    with pytest.raises(NotEnough, match=f"u00: .* no figure {'after' if side.start else 'before'} the start"):
        estimate_effect(studied(top, np.where(np.isnan(top), np.nan, 90.0), measure=measure))


@pytest.mark.parametrize("measure", ["count", "share", "rate"])
def test_donors_of_nothing_but_zeros_give_no_ratio(measure: str) -> None:
    top = np.zeros((25, 16))
    top[0] = 12
    bottom = np.where(top > 0, 20.0, 0.0)
    with pytest.raises(NotEnough, match="counted nothing" if measure == "count" else "No comparison unit has a figure"):
        estimate_effect(studied(top, bottom, measure=measure))


def test_donors_without_any_event_have_no_placebo() -> None:
    top = np.random.default_rng(3).poisson(30, (30, 16)).astype(float)
    top[25:] = 0
    panel = matrix(studied(top))
    placebos = DID.fits(panel, [(i,) for i in range(1, 30)])
    assert np.isnan([f.estimate for f in placebos]).tolist() == [False] * 24 + [True] * 5


def test_shares_of_nobody_have_no_estimate() -> None:
    rng = np.random.default_rng(4)
    bottom = np.full((30, 16), 20.0)
    bottom[0, :8] = 0  # the pilot: nobody before
    bottom[1] = 0  # a donor: nobody ever
    top = np.minimum(rng.binomial(20, 0.5, (30, 16)), bottom)
    with pytest.raises(NotEnough, match=r"u00: .* / There is no figure before the start"):
        matrix(studied(top, bottom))
    bottom[0, :8] = 20
    panel = matrix(studied(top, bottom))
    assert np.isnan([f.estimate for f in DID.fits(panel, [(i,) for i in range(1, 30)])]).tolist() == [True] + [False] * 28


def test_one_donor_gives_an_estimate_and_no_placebo() -> None:
    top = np.random.default_rng(3).poisson(30, (2, 16)).astype(float)
    for measure in ("count", "share", "rate", "value"):
        panel = matrix(studied(top, np.full((2, 16), 90.0), measure=measure))
        assert np.isfinite(DID.fit(panel).estimate)
        assert np.isnan(DID.fits(panel, [(1,)])[0].estimate)


def test_units_without_a_period_in_common_give_no_value() -> None:
    y = np.random.default_rng(5).normal(size=(7, 16))
    y[0, 8:10] = np.nan
    y[1:4, 8:] = np.nan  # some donors stop where the pilot starts,
    y[4:, :8] = np.nan  # the others begin there: no donor was seen on both sides
    first = np.array([8] + [16] * 6)
    panel = Matrix(tuple("abcdefg"), tuple(range(16)), y, y, np.where(np.isnan(y), np.nan, 1.0), first, measure="value")
    with pytest.raises(NotEnough, match="not enough periods"):
        DID.fit(panel)


def test_huge_and_tiny_counts_are_told_apart() -> None:
    top = np.full((25, 16), 1e12)
    top[0] = [1.0] * 8 + [3.0] * 8
    found = estimate_effect(studied(top))
    assert found.estimate == pytest.approx(24.5 / 8.5)
    top[:] = 2.0
    top[0] = [1e12] * 8 + [3e12] * 8
    assert estimate_effect(studied(top)).estimate == pytest.approx(3.0)


def test_the_order_of_rows_does_not_matter() -> None:
    panel = long(np.random.default_rng(10).poisson(30, (30, 16)).astype(float))
    mixed = panel.sample(frac=1, random_state=1)
    one, two = (
        estimate_effect(study_panel(p, outcome_name="tests", treated=["u00"], start=START, level_factor=None)) for p in (panel, mixed)
    )
    assert (one.estimate, one.low, one.high, one.p_value) == (two.estimate, two.low, two.high, two.p_value)


def test_poisson_is_the_ratio_of_sums_where_all_reported_and_a_regression_with_dummies_where_not() -> None:
    import statsmodels.api as sm

    from evaluation.effects.designs.did import poisson_did

    rng = np.random.default_rng(6)
    top = rng.poisson(rng.uniform(10, 60, (20, 1)) * rng.uniform(0.8, 1.2, 16)).astype(float)
    whole = poisson_did().fit(matrix(studied(top)))
    sides = [top[:, 8:].sum(1) / top[:, :8].sum(1), top[1:, 8:].sum() / top[1:, :8].sum()]
    assert np.exp(whole.estimate) == pytest.approx(sides[0][0] / sides[1])  # no half event; the levels of the donors do not matter
    top[rng.random(top.shape) < 0.1] = np.nan
    panel = matrix(studied(top))
    unit, period = np.nonzero(np.isfinite(panel.y))
    columns = np.column_stack([(unit == 0) & (period >= 8), np.eye(len(panel.units))[unit], np.eye(16)[period][:, 1:]]).astype(float)
    fit = sm.GLM(panel.y[unit, period], columns, family=sm.families.Poisson()).fit(tol=1e-13)
    assert poisson_did().fit(panel).estimate == pytest.approx(fit.params[0], abs=1e-9)
    assert poisson_did().fit(panel).estimate == pytest.approx(DID.fit(panel).estimate, abs=0.02)
    with pytest.raises(NotEnough, match="needs counts or rates"):
        poisson_did().fit(matrix(studied(np.where(np.isnan(top), 3.0, top), measure="value")))
