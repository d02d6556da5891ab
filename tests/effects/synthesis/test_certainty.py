"""Every rule of the grade and of the seven domains, one by one."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.effects.synthesis.made_effects import calibrated, effect

from evaluation.effects.checks.verdicts import Check, Checks
from evaluation.effects.effect import Effect
from evaluation.effects.study import study_panel
from evaluation.effects.synthesis.bias import DOMAINS, NOT_ASSESSED, domains
from evaluation.effects.synthesis.certainty import GRADES, VERY_LOW, certainty, overall
from evaluation.effects.synthesis.grounds import Grounds, failed_controls, grounds
from evaluation.language import Words
from evaluation.results import Result

WELL = {
    "pre_trend": False,
    "peaks_matched": True,
    "start_recorded": True,
    "spill_over": False,
    "other_change": False,
    "missing": 0.02,
    "reporting_changed": False,
    "registered_before": True,
}


def good(**options: Any) -> Effect:
    """An effect that is clear, planned, and large."""
    return effect(**{"estimate": 2.4, "low": 1.6, "high": 3.6, "planned": "planned", **options})


def judged(found: Effect, name: str, **known: Any) -> str:
    return {d.id: d.judgement for d in domains(found, Grounds(**known))}[name]


def test_without_anything_known_it_is_low_and_nothing_is_called_assessed() -> None:
    found = certainty(effect(calibration=None))
    assert found.level == "low"
    assert [s.id for s in found.steps] == ["start"]
    assert [d.id for d in found.domains] == list(DOMAINS)
    assert {d.judgement for d in found.domains} == {NOT_ASSESSED}
    assert "starts low" in found.summary("en")
    assert "Bắt đầu ở mức thấp" in found.summary("vi")


@pytest.mark.parametrize(
    "name, known, expected",
    [
        ("confounding", {"pre_trend": True}, "serious"),
        ("confounding", {"pre_trend": False}, "moderate"),
        ("confounding", {"pre_trend": False, "breakdown": 0.4}, "serious"),
        ("confounding", {"pre_trend": False, "breakdown": 1.5}, "moderate"),
        ("confounding", {"randomised": True}, "low"),
        ("confounding", {"negative_controls": (effect(p=0.2), effect(p=0.001))}, "serious"),
        ("confounding", {"negative_controls": (effect(p=0.2), effect(p=0.04))}, "moderate"),  # Holm over both
        ("confounding", {"negative_controls": (effect(p=None),)}, NOT_ASSESSED),
        ("selection", {"peaks_matched": False}, "serious"),
        ("selection", {"peaks_matched": True}, "moderate"),
        ("classification", {"start_recorded": True}, "low"),
        ("classification", {"start_recorded": False}, "serious"),
        ("deviations", {"spill_over": True, "other_change": False}, "serious"),
        ("deviations", {"spill_over": False, "other_change": False}, "low"),
        ("deviations", {"other_change": True}, "serious"),
        ("missing", {"missing": 0.0}, "low"),
        ("missing", {"missing": 0.0, "missing_decides": True}, "low"),
        ("missing", {"missing": 0.05}, "low"),
        ("missing", {"missing": 0.1}, "moderate"),
        ("missing", {"missing": 0.3}, "serious"),
        ("missing", {"missing": 0.3, "missing_decides": False}, "moderate"),
        ("missing", {"missing": 0.02, "missing_decides": True}, "serious"),
        ("measurement", {"reporting_changed": True}, "serious"),
        ("measurement", {"reporting_changed": False}, "low"),
        ("measurement", {"reporting_changed": False, "measured_apart": False}, "moderate"),
    ],
)
def test_domains(name: str, known: dict[str, Any], expected: str) -> None:
    assert judged(effect(calibration=None), name, **known) == expected


@pytest.mark.parametrize(
    "planned, before, expected",
    [
        ("exploratory", None, "serious"),
        ("", None, NOT_ASSESSED),
        ("planned", None, "moderate"),
        ("planned", True, "low"),
        ("planned", False, "serious"),
    ],
)
def test_what_was_not_planned_counts_as_selected(planned: str, before: bool | None, expected: str) -> None:
    assert judged(effect(planned=planned), "reporting", registered_before=before) == expected


def test_the_fit_before_the_start_is_held_against_the_placebos() -> None:
    donors = [(f"D{i}", 1.0) for i in range(10)]
    assert judged(effect(placebos=donors, pre_rmspe=2.5, calibration=None), "confounding") == "serious"
    assert judged(effect(placebos=donors, pre_rmspe=1.9, calibration=None), "confounding") == "moderate"


def test_a_procedure_that_cries_wolf_is_a_serious_bias_of_selection() -> None:
    assert judged(effect(calibration=calibrated(8, 40)), "selection") == "serious"
    assert judged(effect(calibration=calibrated(1, 40)), "selection") == "moderate"
    assert judged(effect(calibration=calibrated(0, 0)), "selection") == NOT_ASSESSED
    found = certainty(effect(calibration=calibrated(8, 40)))
    assert found.level == VERY_LOW
    assert "8 of 40" in {d.id: d.reason.en for d in found.domains}["selection"]


def step(found: Effect, name: str, **known: Any) -> int:
    return {s.id: s.change for s in certainty(found, Grounds(**known)).steps}.get(name, 0)


@pytest.mark.parametrize(
    "low, high, expected",
    [(1.1, 1.9, 0), (0.9, 1.6, -1), (0.9, 1.2, 0), (0.7, 1.6, -2), (None, None, -1), (0.7, 1.1, -1), (0.76, 1.24, 0)],
)
def test_imprecision(low: float | None, high: float | None, expected: int) -> None:
    middle = 1.05 if low is None or high is None else (low + high) / 2
    assert step(effect(middle, low, high), "imprecision") == expected


def test_an_interval_of_values_without_a_ratio_is_imprecise_where_it_holds_none() -> None:
    values = {"scale": "difference", "measure": "value"}
    assert step(effect(2.0, -1.0, 5.0, **values), "imprecision") == -1
    assert step(effect(2.0, 1.0, 3.0, **values), "imprecision") == 0


def test_inconsistency() -> None:
    apart = effect(0.7, 0.6, 0.8, design="sc")
    other_way = effect(0.95, 0.6, 1.5, design="sc")
    same = effect(1.4, 1.0, 1.9, design="sdid")
    assert step(effect(), "inconsistency", others=(apart,)) == -1
    assert step(effect(), "inconsistency", others=(other_way, same)) == -1
    assert step(effect(), "inconsistency", others=(same, same, same, other_way)) == 0
    assert step(effect(), "inconsistency") == 0
    assert step(effect(1.1, 0.9, 1.4), "inconsistency", others=(other_way,)) == 0  # which way is chance


def test_indirectness_and_unreported_results() -> None:
    assert step(effect(), "indirectness", indirect=Words("Chỉ đo lượt.", "Contacts were counted, not people.")) == -1
    assert step(effect(), "publication", unreported=2) == -1
    assert step(effect(), "publication", unreported=0) == 0


def test_only_what_was_judged_in_all_seven_domains_and_took_no_step_down_goes_up() -> None:
    assert certainty(good(), Grounds(**WELL)).level == "moderate"
    assert certainty(good(estimate=6.0, low=4.0, high=9.0), Grounds(**WELL)).level == "high"
    assert certainty(good(estimate=1.9), Grounds(**WELL)).level == "low"
    assert certainty(good(estimate=1.9), Grounds(**WELL, dose_response=True)).level == "moderate"
    hides = Words("Giám sát lỏng hơn.", "Checks were fewer.")
    assert certainty(good(), Grounds(**WELL, dose_response=True, opposing=hides)).level == "high"
    assert certainty(good(), Grounds(**(WELL | {"start_recorded": None}))).level == "low"
    assert certainty(good(calibration=None), Grounds(**WELL)).level == "low"
    assert certainty(good(), Grounds(**(WELL | {"pre_trend": True}))).level == VERY_LOW


def test_a_randomised_start_is_high_and_no_grade_is_below_very_low() -> None:
    assert certainty(good(), Grounds(randomised=True)).level == "high"
    worst = certainty(effect(1.0, 0.5, 2.0), Grounds(pre_trend=True, unreported=3))
    assert worst.level == VERY_LOW
    assert sum(s.change for s in worst.steps) < -2


def test_the_overall_grade_is_the_lowest_of_the_critical_outcomes() -> None:
    one, two = certainty(good(), Grounds(**WELL)), certainty(effect(outcome="hiv_tested"))
    assert overall([one, two]) == "low"
    assert overall([one, two], ["sti_tested"]) == "moderate"
    assert overall([one], ["sti_tested", "violence_reported"]) == VERY_LOW
    with pytest.raises(ValueError, match="no outcome"):
        overall([])
    assert all(c.level in GRADES for c in (one, two))


def test_grounds_come_from_the_study() -> None:
    rows = [(f"Phường {i}", q, 30.0 + i) for i in range(6) for q in ("2016-Q3", "2016-Q4", "2017-Q1", "2017-Q2")]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    frame.loc[5, "numerator"] = np.nan
    found = grounds(study_panel(frame[frame["unit"] != "Phường 5"], outcome_name="x", treated="Phường 0", start="2017-Q1"), spill_over=True)
    assert found.missing == pytest.approx(0.0)  # the unit with the hole is no donor
    assert found.peaks_matched is True
    assert found.spill_over is True
    with pytest.raises(ValueError, match="missing"):
        Grounds(missing=1.5)
    with pytest.raises(ValueError, match="appreciable"):
        Grounds(appreciable=0.0)


def test_controls_without_a_test_count_for_nothing() -> None:
    assert failed_controls([effect(p=None), effect(p=0.001)], 0.95) == (1, 1)
    assert failed_controls([], 0.95) == (0, 0)


def test_the_frame_has_seven_domains_and_every_step() -> None:
    frame = certainty(effect(), Grounds(unreported=1)).to_frame()
    assert (frame["part"] == "domain").sum() == 7
    assert frame.loc[frame["part"] == "step", "judgement"].tolist() == ["+0", "-1"]
    assert frame["reason_vi"].ne("").all()


def test_checks_that_fail_or_hold_become_grounds_and_doubtful_ones_leave_them_open() -> None:
    none = Words("", "")
    rows = [(f"W{i}", q, 30.0) for i in range(4) for q in ("2016-Q4", "2017-Q1")]
    study = study_panel(pd.DataFrame(rows, columns=["unit", "period", "numerator"]), outcome_name="x", treated="W0", start="2017-Q1")
    verdicts = {"pre_trends": "holds", "missing_reports": "doubtful", "spill_over": "fails", "regime_changes": "untried"}
    verdicts |= {"negative_controls": "fails", "violations": "doubtful", "anticipation": "holds"}
    found = tuple(Check(name, verdict, 0.3, none) for name, verdict in verdicts.items())
    made = Checks(
        estimand=none,
        method=none,
        estimate=0.5,
        found=found,
        outcome_label=none,
        unit_label=none,
        design="did",
        judged_by="placebo",
        results={"negative_controls": Result(estimand=none, method=none, estimate=0, n=3)},
    )
    told = grounds(study, made)
    assert (told.pre_trend, told.missing_decides, told.spill_over, told.reporting_changed) == (False, None, True, None)
    assert (told.breakdown, told.controls_moved) == (0.3, (1, 3))
    assert judged(effect(calibration=None), "confounding", controls_moved=(1, 3)) == "serious"
    assert judged(effect(calibration=None), "confounding", controls_moved=(0, 3)) == "moderate"
    assert grounds(study, made, spill_over=False).spill_over is False
    early = dataclasses.replace(made, found=(Check("anticipation", "fails", None, none),), results={})
    assert grounds(study, early).pre_trend is True
