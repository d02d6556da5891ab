"""Planned or exploratory, and every way in which what was done can depart from what was planned."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.effects.analysis_plan.plan_texts import plan

from evaluation.effects.analysis_plan.departures import departures, marked, planned
from evaluation.effects.analysis_plan.plan import AnalysisPlan, DonorsRule, Method, Windows
from evaluation.effects.analysis_plan.registered import RegisteredPlan, standing_plan
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.inference import LABELS, NAMES
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words

QUARTERS = [f"{y}-Q{q}" for y in (2016, 2017, 2018) for q in (1, 2, 3, 4)]
LABEL = Words("Số người được xét nghiệm", "People tested")


def study(**options: Any) -> Study:
    rng = np.random.default_rng(1)
    rows = [(f"W{i:02d}", q, float(rng.poisson(30))) for i in range(22) for q in QUARTERS]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    given: dict[str, Any] = {"outcome_name": "sti_tested", "treated": "W00", "start": "2017-Q1", "pilot": "pham-ngu-lao", "label": LABEL}
    return study_panel(frame, **{**given, **options})


def small(**options: Any) -> AnalysisPlan:
    given: dict[str, Any] = {
        "methods": (Method("did", "placebo"), Method("event", "placebo")),
        "secondary": ("hiv_tested",),
        "negative_controls": (),
    }
    return dataclasses.replace(plan(), **{**given, **options})


def registered(own: AnalysisPlan, version: int = 1, day: dt.date = dt.date(2016, 12, 20), last: str = "2016-Q4") -> RegisteredPlan:
    return RegisteredPlan(own, version, day, f"{version}" * 64, "plan.yaml", last)


def kinds(own: AnalysisPlan, found: Study, design: str = "did", judged_by: str = "placebo", level: float = 0.95) -> set[str]:
    effect = dataclasses.replace(estimate_effect(found, "did", "placebo", level=level), design=design, judged_by=judged_by)
    return {d.kind for d in departures(registered(own), [effect], [found]).departures} - {"unreported"}


def test_what_follows_the_plan_is_planned() -> None:
    assert planned(registered(small()), study(), "did", "placebo") == "planned"
    assert planned(small(), study(), "event", "placebo") == "planned"
    assert kinds(small(), study()) == set()


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"outcome_name": "jobs_taken"}, "outcome"),
        ({"start": "2017-Q2"}, "start"),
        ({"anticipation": 1}, "windows"),
        ({"phase_in": 1}, "windows"),
        ({"exclude": ["W05"]}, "donors"),
        ({"only": [f"W{i:02d}" for i in range(1, 12)]}, "donors"),
        ({"pilot": "binh-tri-dong-b"}, "pilot"),
    ],
)
def test_each_departure_of_a_study_makes_it_exploratory(options: dict[str, Any], kind: str) -> None:
    if "exclude" in options:
        options = {"exclude": dict.fromkeys(options["exclude"], "excluded")}
    found = study(**options)
    assert planned(registered(small()), found, "did", "placebo") == "exploratory"
    assert kinds(small(), found) == {kind}


def test_another_method_level_or_last_period() -> None:
    assert kinds(small(), study(), design="sc") == {"method"}
    assert kinds(small(), study(), judged_by="conformal") == {"method"}
    assert kinds(small(), study(), level=0.9) == {"level"}
    assert kinds(small(windows=Windows("2017-Q1", until="2018-Q3")), study()) == {"until"}
    assert planned(registered(small()), study(), "did", "placebo", level=0.9) == "exploratory"


def test_a_further_design_of_a_secondary_outcome_was_not_planned() -> None:
    second = study(outcome_name="hiv_tested")
    assert kinds(small(), study(), design="event") == set()
    assert kinds(small(), second, design="event") == {"method"}
    assert planned(registered(small()), second, "event", "placebo") == "exploratory"
    (said,) = [
        d.said.en for d in departures(small(), [estimate_effect(second, "event", "placebo")], [second]).departures if d.kind == "method"
    ]
    assert said.endswith("planned: difference-in-differences (placebo permutation).")


def test_the_donors_rule_is_held_against_the_units_compared_with() -> None:
    factor = small(donors=DonorsRule(level_factor=1.05))
    found = departures(registered(factor), [estimate_effect(study(), "did", "placebo")], [study()])
    (said,) = [d.said.en for d in found.departures if d.kind == "donors"]
    wanted = factor.donors_of(study())
    assert f"{21 - len(wanted)} more and 0 fewer" in said
    left_out = small(donors=DonorsRule(exclude=("W05",)))
    assert planned(left_out, study(exclude={"W05": "excluded"}), "did", "placebo") == "planned"
    assert kinds(left_out, study()) == {"donors"}
    assert kinds(small(donors=DonorsRule(level_factor=None)), study()) == set()


def test_planned_analyses_without_a_result_are_told() -> None:
    found = departures(registered(small()), [estimate_effect(study(), "did", "placebo")], [study()])
    missing = [(d.outcome, d.design) for d in found.departures if d.kind == "unreported"]
    # The main method for every outcome, the others for primary outcomes alone.
    assert missing == [("sti_tested", "event"), ("hiv_tested", "did")]
    assert found.unreported == 2
    assert found.estimate == 2
    assert "2 departures" in found.summary("en")
    assert "2 điểm khác" in found.summary("vi")
    assert found.to_frame()["kind"].tolist() == ["unreported", "unreported"]


def test_a_plan_registered_after_the_data_makes_nothing_planned() -> None:
    late = registered(small(), last="2017-Q1")
    assert late.after_data
    assert planned(late, study(), "did", "placebo") == "exploratory"
    found = departures(late, [])
    assert found.departures[0].kind == "after_data"
    assert "after the data: figures to Q1 2017" in found.departures[0].said.en
    assert "sau khi đã có số liệu đến quý I/2017" in late.summary("vi")
    assert not registered(small(), last="").after_data


def test_results_are_held_against_the_last_version_from_before_the_data_and_changes_are_shown() -> None:
    one, two = registered(small()), registered(small(alpha=0.1), 2, last="2016-Q4")
    three = registered(small(alpha=0.1, primary=("jobs_taken",)), 3, dt.date(2018, 1, 1), "2017-Q4")
    standing = standing_plan([one, two, three])
    assert standing is two
    assert standing_plan([three]) is three
    assert standing_plan([]) is None
    found = departures([one, two, three], [])
    changes = [d.said.en for d in found.departures if d.kind == "changed"]
    assert len(changes) == 2
    assert "(level)" in changes[0]
    assert "(primary outcomes)" in changes[1]
    assert "after the data" in changes[1]
    assert [p.version for p in found.plans] == [1, 2, 3]
    again = departures([one, registered(small(), 2)], [])
    assert "remarks of the file alone" in next(d.said.en for d in again.departures if d.kind == "changed")


def test_without_a_plan_everything_is_exploratory() -> None:
    effect = estimate_effect(study(), "did", "placebo")
    assert planned(None, study(), "did", "placebo") == "exploratory"
    assert marked(None, study(), effect).planned == "exploratory"
    assert marked(registered(small()), study(), effect).planned == "planned"
    found = departures(None, [effect])
    assert [d.kind for d in found.departures] == ["no_plan"]
    assert "all results are exploratory" in found.summary("en")
    assert departures(small(), []).departures[0].kind == "no_plan"


def test_an_effect_alone_is_held_against_what_it_tells() -> None:
    effect = estimate_effect(study(start="2017-Q2"), "did", "placebo")
    found = departures(registered(small()), [effect])
    assert {d.kind for d in found.departures} == {"start", "unreported"}


def test_every_inference_has_a_name_for_readers() -> None:
    assert tuple(LABELS) == NAMES
