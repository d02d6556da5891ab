"""The rules of the sentence on an indicator: complete, free of contradiction, judging only where a direction has a meaning."""

from __future__ import annotations

from itertools import product

import pytest

from evaluation.contracts import MISSING, SHOWN
from evaluation.monitoring import reading
from evaluation.monitoring.reading import Reading, way, way_elsewhere

CHANGES = (reading.UP, reading.DOWN, reading.UNCLEAR, reading.NOT_COMPARABLE)
CHARTS = (reading.ABOVE, reading.BELOW, reading.INSIDE, reading.TOO_FEW, reading.STOCK)
ELSEWHERE = (reading.UP, reading.DOWN, reading.STILL, reading.UNKNOWN)
ALL = list(product(CHANGES, CHARTS, ELSEWHERE))


def _read(indicator: str, change: str, chart: str, elsewhere: str) -> Reading:
    return Reading(indicator, SHOWN, change, chart, elsewhere)


@pytest.mark.parametrize("change, chart, elsewhere", ALL)
def test_every_combination_is_answered(change: str, chart: str, elsewhere: str) -> None:
    assert _read("sti_tested_share", change, chart, elsewhere).clauses


def test_nothing_is_judged_of_context_of_process_or_without_agreement() -> None:
    for change, chart, elsewhere in ALL:
        for name in ("inspections", "violence_reported", "outreach_reached"):
            assert _read(name, change, chart, elsewhere).judged == ""
        judged = _read("sti_tested_share", change, chart, elsewhere).judged
        assert bool(judged) == ((change, chart) in {(reading.UP, reading.ABOVE), (reading.DOWN, reading.BELOW)})


def test_more_is_better_where_up_is_good() -> None:
    assert _read("sti_tested_share", reading.UP, reading.ABOVE, reading.STILL).judged == "better"
    assert _read("sti_tested_share", reading.DOWN, reading.BELOW, reading.STILL).judged == "worse"


@pytest.mark.parametrize(
    "change, elsewhere, clause",
    [
        (reading.UP, reading.UP, "others.also_up"),
        (reading.UP, reading.STILL, "others.still"),
        (reading.DOWN, reading.UP, "others.opposite_up"),
        (reading.UNCLEAR, reading.DOWN, "others.down"),
    ],
)
def test_the_others_are_named_beside_the_own_way(change: str, elsewhere: str, clause: str) -> None:
    assert clause in _read("sti_tested_share", change, reading.INSIDE, elsewhere).clauses


def test_unknown_others_and_unmoved_others_beside_an_unmoved_place_need_no_words() -> None:
    for elsewhere in (reading.UNKNOWN, reading.STILL):
        assert _read("sti_tested_share", reading.UNCLEAR, reading.INSIDE, elsewhere).clauses == ("nothing",)


def test_missing_wards_are_said_and_absence_is_all_there_is_to_say() -> None:
    assert Reading("sti_tested_share", SHOWN, reading.UP, reading.ABOVE, counted=7, expected=10).clauses[-1] == "partial"
    assert "partial" not in Reading("sti_tested_share", SHOWN, reading.UP, reading.ABOVE, counted=8, expected=10).clauses
    assert Reading("sti_tested_share", MISSING, reading.UP, reading.ABOVE, counted=0, expected=10).clauses == ("absent",)


def test_ways_are_read_on_their_own_scale() -> None:
    assert way({"state": SHOWN, "scale": "difference", "change": 0.1, "clear": True}) == reading.UP
    assert way({"state": SHOWN, "scale": "ratio", "change": 0.9, "clear": True}) == reading.DOWN
    assert way({"state": SHOWN, "scale": "ratio", "change": 0.9, "clear": False}) == reading.UNCLEAR
    assert way({"state": MISSING, "scale": "ratio", "change": float("nan"), "clear": False}) == reading.NOT_COMPARABLE
    assert way_elsewhere({"scale": "ratio", "change": 1.2, "clear": True}) == reading.UP
    assert way_elsewhere({"scale": "difference", "change": -0.1, "clear": False}) == reading.STILL
    assert way_elsewhere({"scale": "difference", "change": float("nan"), "clear": False}) == reading.UNKNOWN


def test_a_change_of_other_wards_says_so_and_is_not_judged() -> None:
    other = Reading("sti_tested_share", SHOWN, reading.UP, reading.ABOVE, counted=8, expected=10, counted_before=10)
    assert "other_wards" in other.clauses
    assert other.judged == ""
    assert "other_wards" not in Reading("sti_tested_share", SHOWN, reading.UNCLEAR, reading.INSIDE, counted=8, expected=10).clauses
