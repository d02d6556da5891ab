"""What may be said and recommended follows from rules alone."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from evaluation.reporting.pilot.rules import (
    BLOCKED,
    CHANGE,
    CONTINUE,
    EXTEND,
    MET,
    NOT_MET,
    STOP,
    UNDECIDABLE,
    Known,
    option,
    recommendations,
    standing,
)


def effect(placebos: int, verdict: str = "clear") -> Any:
    return SimpleNamespace(placebo=pd.DataFrame({"effect": [1.0] * placebos}), verdict=verdict)


GOOD = Known(
    placed=True,
    start_known=True,
    primary="clear",
    told=True,
    good_way=True,
    certainty="moderate",
    delivered=1.0,
    reported=1.0,
    spent=0.95,
    money_known=True,
)


@pytest.mark.parametrize(
    ("treated", "placebos", "said"), [(1, 0, BLOCKED), (2, 0, BLOCKED), (3, 0, "clear"), (1, 40, "clear"), (2, 19, "clear")]
)
def test_an_effect_of_two_clusters_or_fewer_is_not_said_without_placebos(treated: int, placebos: int, said: str):
    assert standing(effect(placebos), treated) == said


def test_placebos_without_an_estimate_are_none():
    empty = SimpleNamespace(placebo=pd.DataFrame({"effect": [float("nan")] * 30}), verdict="clear")
    assert standing(empty, 1) == BLOCKED  # type: ignore[arg-type]
    assert standing(None, 1) == "untested"


def test_extending_needs_a_told_effect_the_good_way_certainty_and_no_sign_of_harm():
    assert option(GOOD, EXTEND) == MET
    assert recommendations(GOOD) == ("extend",)
    for change in ({"told": False, "primary": "unclear"}, {"certainty": "low"}, {"signals": ("fear",)}, {"ambiguous": ("reports",)}):
        assert option(replace(GOOD, **change), EXTEND) == NOT_MET, change
        assert "extend" not in recommendations(replace(GOOD, **change)), change
    assert option(replace(GOOD, told=False, primary=BLOCKED), EXTEND) == UNDECIDABLE


@pytest.mark.parametrize("verdict", ["unclear", "out_of_reach", "unreliable", "uncalibrated", "warned"])
def test_what_cannot_be_told_from_chance_is_not_extended(verdict: str):
    assert recommendations(replace(GOOD, told=False, primary=verdict))[0] == "not_extend"


def test_low_certainty_asks_for_confirmation_and_no_estimate_for_measuring():
    assert recommendations(replace(GOOD, certainty="low")) == ("confirm",)
    assert recommendations(replace(GOOD, good_way=False)) == ("worse",)
    assert recommendations(replace(GOOD, told=False, primary=BLOCKED)) == ("measure",)
    assert recommendations(replace(GOOD, told=False, start_known=False))[0] == "start"
    assert recommendations(replace(GOOD, placed=False, told=False))[0] == "place"


def test_harm_goes_before_everything():
    assert recommendations(replace(GOOD, signals=("fear",)))[0] == "harm"
    assert recommendations(replace(GOOD, ambiguous=("reports",)))[0] == "look"
    assert option(replace(GOOD, signals=("fear",)), STOP) == MET
    assert option(replace(GOOD, signals=("fear",)), CONTINUE) == NOT_MET


def test_no_harm_is_never_said_while_nobody_looked():
    assert option(GOOD, STOP) == NOT_MET
    assert option(replace(GOOD, not_looked_for=("complaints",)), STOP) == UNDECIDABLE
    assert "complaints" in recommendations(replace(GOOD, not_looked_for=("complaints",)))


@pytest.mark.parametrize(
    ("delivered", "spent", "change", "go_on"),
    [
        (1.0, 0.9, NOT_MET, MET),
        (0.5, 0.9, MET, NOT_MET),
        (1.0, 0.5, MET, MET),
        (1.0, None, NOT_MET, MET),
        (None, 0.5, UNDECIDABLE, UNDECIDABLE),
    ],
)
def test_changing_and_going_on_follow_what_was_delivered(delivered: float | None, spent: float | None, change: str, go_on: str):
    known = replace(GOOD, delivered=delivered, spent=spent)
    assert (option(known, CHANGE), option(known, CONTINUE)) == (change, go_on)


def test_there_are_five_recommendations_at_most():
    worst = Known(placed=True, start_known=False, signals=("fear",), not_looked_for=("complaints",), reported=0.5, not_recorded=7)
    assert len(recommendations(worst)) == 5
