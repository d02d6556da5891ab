"""Each check on panels where the answer is known: single donors, windows, forms, missing reports, controls; and the table of all."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.checks import DOUBTFUL, FAILS, HOLDS, UNTRIED, VERDICTS, checks
from evaluation.effects.checks.anticipation import anticipation
from evaluation.effects.checks.basis import basis, rank_p, said
from evaluation.effects.checks.influence import influence, pre_fit
from evaluation.effects.checks.missing_reports import missing_reports
from evaluation.effects.checks.negative_controls import negative_controls
from evaluation.effects.checks.regime_changes import form_changes, regime_changes
from evaluation.effects.checks.verdicts import NAMES
from evaluation.effects.designs import design
from evaluation.effects.matrix import NotEnough, matrix
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words
from evaluation.monitoring.series import DocumentedChange

QUARTERS = [f"{year}-Q{q}" for year in (2015, 2016, 2017, 2018) for q in (1, 2, 3, 4)]
START = 8


def panel(top: np.ndarray, bottom: float = 200.0) -> pd.DataFrame:
    rows = [
        (f"u{i:02d}", p, top[i, t], bottom) for i, (t, p) in product(range(len(top)), enumerate(QUARTERS[: top.shape[1]])) if top[i, t] >= 0
    ]
    return pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])


def counts(seed: int = 1, units: int = 40, ratio: float = 1.0, mean: float = 40.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    top = rng.poisson(mean, (units, 16)).astype(float)
    top[0, START:] = rng.poisson(ratio * mean, 16 - START)
    return top


def study(top: np.ndarray, measure: str = "count", name: str = "y") -> Study:
    return study_panel(panel(top), outcome_name=name, treated=["u00"], start=QUARTERS[START], measure=measure, level_factor=None)


def test_a_basis_needs_placebos_and_one_start() -> None:
    with pytest.raises(NotEnough, match="donors have an estimate"):
        basis(study(counts(units=4)))
    both = study_panel(panel(counts()), outcome_name="y", treated={"u00": "2017-Q1", "u01": "2017-Q2"})
    with pytest.raises(NotEnough, match="different times"):
        basis(both)
    of = basis(study(counts()))
    assert of.p_value == rank_p(of.fit.estimate, of.sizes)
    assert (said(np.log(1.5), True, "count", "vi"), said(0.1, False, "share", "en")) == ("1,50", "10.0 percentage points")


def test_without_each_donor_the_estimate_is_that_of_a_study_without_it() -> None:
    one = study(counts(ratio=1.5))
    found = influence(basis(one))
    assert len(found.frame) == 39
    assert found.check().verdict == HOLDS
    row = found.frame.iloc[0]
    again = design("did").fit(matrix(replace(one, donors=tuple(d for d in one.donors if d != row["unit"]))))
    assert row["estimate"] == pytest.approx(again.estimate, rel=1e-12)
    assert (found.low, found.high) == (found.frame["estimate"].min(), found.frame["estimate"].max())
    assert np.abs(found.frame["change"]).is_monotonic_decreasing


def test_one_giant_donor_is_seen_to_carry_the_estimate() -> None:
    top = counts(units=12)
    top[1] = np.r_[np.full(START, 4000.0), np.full(16 - START, 12000.0)]
    found = influence(basis(study(top)))
    assert found.frame["unit"].iloc[0] == "u01"
    assert found.check().verdict in (DOUBTFUL, FAILS)


def test_a_wild_past_is_a_poor_fit_and_a_usual_one_is_not() -> None:
    assert pre_fit(basis(study(counts()))).check().verdict == HOLDS
    top = counts()
    top[0, :START] = [5, 120, 3, 110, 8, 130, 2, 100]
    wild = pre_fit(basis(study(top)))
    assert wild.rank == wild.of == 40
    assert wild.check().verdict == FAILS


@pytest.mark.parametrize(("jump", "verdict"), [(1.0, HOLDS), (3.0, FAILS)])
def test_what_moves_just_before_the_start_is_seen(jump: float, verdict: str) -> None:
    top = counts(seed=3, ratio=2.0)
    top[0, START - 1] *= jump
    found = anticipation(basis(study(top)), windows=(0, 1, 2))
    assert found.check().verdict == verdict
    assert list(found.frame["window"]) == [0, 1, 2]
    assert found.frame["estimate"].iloc[0] == pytest.approx(found.estimate or 0.0)
    with pytest.raises(NotEnough, match="too few periods"):
        anticipation(basis(study(top)), windows=(0, 12))


def test_changes_of_reporting_are_judged_by_their_distance_and_their_step() -> None:
    of = basis(study(counts(seed=5)))
    assert [c.period for c in form_changes(QUARTERS)] == ["2016-Q1"]
    assert regime_changes(of).check().verdict == HOLDS
    assert "quý I/2016 (" in regime_changes(of).summary("vi")
    reason = Words("người phụ trách mới", "another focal person")
    assert regime_changes(of, [DocumentedChange("2017-Q1", reason)]).check().verdict == FAILS
    near = regime_changes(of, [DocumentedChange("2016-Q3", reason)])
    assert near.check().verdict == DOUBTFUL
    assert "2 periods before the start" in near.summary()
    none = regime_changes(of, [])
    assert (none.check().verdict, none.check().value, none.estimate) == (HOLDS, None, None)
    top = counts(seed=5)
    top[0, 4:] *= 4
    own = regime_changes(basis(study(top)))
    assert own.steps == 1
    assert own.check().verdict == DOUBTFUL


@pytest.mark.parametrize("measure", ["count", "share", "rate", "value"])
def test_missing_reports_are_left_out_imputed_and_put_at_their_ends(measure: str) -> None:
    rng = np.random.default_rng(6)
    top = counts(seed=6, ratio=1.6)
    top[rng.random(top.shape) < 0.08] = -1
    top[1] = np.abs(top[1])
    found = missing_reports(basis(study(top, measure)))
    by = found.frame.set_index("reading")["estimate"]
    assert by["lowest"] < by["reported"] < by["highest"]
    assert by["lowest"] <= by["imputed"] <= by["highest"]
    assert found.check().verdict == HOLDS
    assert missing_reports(basis(study(top, measure))).frame.equals(found.frame)
    assert found.missing == pytest.approx((top < 0).mean(), abs=0.01)


def test_without_missing_reports_there_is_nothing_to_vary() -> None:
    found = missing_reports(basis(study(counts())))
    assert (found.missing, found.moved, found.check().verdict) == (0.0, 0.0, HOLDS)
    assert found.summary() == "No report is missing"


def test_missing_reports_that_could_hide_the_effect_are_doubtful() -> None:
    top = counts(seed=7, ratio=1.25)
    top[0, [9, 10, 12, 14]] = -1
    top[0, [1, 3]] = -1
    top[0, 15], top[0, 0], top[0, 8] = 20, 80, 20
    found = missing_reports(basis(study(top)))
    assert found.own_missing == 6
    told = replace(found, told=True)
    assert told.low is not None
    assert told.high is not None
    assert told.check().verdict == (DOUBTFUL if told.low <= 0 <= told.high else HOLDS)
    assert told.low < found.frame["estimate"].iloc[0] < told.high


def test_controls_that_did_not_move_hold_and_those_that_did_fail() -> None:
    still = [study(counts(seed=s), name=f"y{s}") for s in range(20, 26)]
    found = negative_controls(still)
    assert found.check().verdict in (HOLDS, DOUBTFUL)
    assert found.n == 6
    assert (found.frame["corrected"] >= found.frame["p_value"]).all()
    moved = negative_controls([study(counts(seed=s, ratio=1.6), name=f"y{s}") for s in range(20, 26)])
    assert moved.check().verdict == FAILS
    assert moved.p_joint == pytest.approx(1 / 40)
    with pytest.raises(ValueError, match="same treated units"):
        negative_controls([still[0], replace(still[1], starts={"u00": "2017-Q2"})])
    with pytest.raises(NotEnough, match="could be studied"):
        negative_controls([study(counts(units=4))])


@pytest.mark.slow
def test_the_joint_test_of_controls_keeps_its_level() -> None:
    """120 sets of four controls where nothing happened: 2/40 within 3.3 binomial standard errors."""
    p = [negative_controls([study(counts(seed=1000 * s + k, units=40), name=str(k)) for k in range(4)]).p_joint for s in range(120)]
    assert abs(np.mean(np.array(p) <= 0.05) - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / 120)


@pytest.mark.slow
def test_all_checks_stand_in_one_table_with_a_sentence_each() -> None:
    found = checks(study(counts(ratio=2.0)), controls=[study(counts(seed=9), name="other")])
    frame = found.to_frame()
    assert list(frame.columns) == ["check", "name", "verdict", "value", "sentence"]
    assert list(frame["check"]) == list(NAMES)
    assert set(frame["verdict"]) <= set(VERDICTS)
    assert (frame["sentence"].str.len() > 10).all()
    assert found.of("spill_over").verdict == UNTRIED
    assert set(found.results) == {c.id for c in found.found if c.id != "spill_over"}
    assert found.n == 9
    for language in ("vi", "en"):
        assert found.summary(language)
        assert not found.to_frame(language)["sentence"].str.contains(" / ").any()
    with pytest.raises(KeyError, match="not among"):
        found.of("nothing")


def test_a_study_that_no_check_can_take_says_so_ten_times() -> None:
    found = checks(study(counts(units=3)))
    assert [c.verdict for c in found.found] == [UNTRIED] * len(NAMES)
    assert found.estimate is None
    assert all(c.said.en and c.said.vi for c in found.found)
    zeros = checks(study(np.zeros((30, 16))))
    assert {c.verdict for c in zeros.found} == {UNTRIED}


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["share", "rate", "value"])
def test_every_measure_passes_through_all_checks(measure: str) -> None:
    found = checks(study(counts(ratio=1.5), measure))
    assert {c.id for c in found.by_verdict(UNTRIED)} <= {"negative_controls", "spill_over", "violations"}
