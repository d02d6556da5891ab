"""A district whose data allow no slice takes none from the others, and its own report says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.periods import Period
from evaluation.reporting.slices import city, shared

OWN: Any = {"760": 1, "769": 0, "770": 2}


def _one(code: str, rows: Any) -> Any:
    return 12 // rows


def test_a_district_of_which_nothing_can_be_made_takes_nothing_from_the_others():
    assert city.each(_one, OWN) == {"760": 12, "770": 6}


def test_what_stands_in_the_way_of_all_is_said():
    with pytest.raises(ZeroDivisionError):
        city.each(_one, {"769": OWN["769"]})


@pytest.mark.parametrize("listed", [{"760": (Path("x"), "0")}, None])
def test_the_report_of_a_district_without_a_slice_says_why(monkeypatch: pytest.MonkeyPatch, listed: Any):
    asked: list[str] = []

    def slices(store: Any, period: Period, alone: str) -> Any:
        asked.append(alone)
        raise ValueError("a ward's figure leads to nothing")

    monkeypatch.setattr(city, "slices", slices)
    monkeypatch.setattr(shared, "_key", lambda *_: "key")
    monkeypatch.setattr(shared, "_listed", lambda _: listed)
    monkeypatch.setattr(shared, "_make", lambda *_: {"760": None})
    monkeypatch.setattr(shared, "open_store", lambda *_: None)
    with pytest.raises(ValueError, match="leads to nothing"):
        shared.slice_for("769", Period.parse("2018-Q4"), Path("store"), "2018-12-19")
    assert asked == ["769"]
