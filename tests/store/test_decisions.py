"""A rejected warning takes its value out from that day on; what was stored and what was answered before stays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from tests.store.forms import DAY, FIRST, REVISED, WARDS, both_languages, findings, submission, values, workbook

from evaluation.store import Batch, StoreError, check, decide, load, open_store

LATER = FIRST + 3 * DAY
CELL = {"sheet": "Y tế", "cell": "C6", "element": "sti_tested", "unit": WARDS[0]}


def loaded(path: Path, *rows: dict[str, str]) -> list[str]:
    """Load an earlier form with 1 and 2, then one with 5 and 7 and these findings; return the findings' ids."""
    first = workbook(b"first", {WARDS[0]: 1, WARDS[1]: 2}, received=FIRST - DAY)
    load(path, [first, workbook(b"second", {WARDS[0]: 5, WARDS[1]: 7}, findings(*rows))], False, FIRST)
    return list(open_store(path).findings()["id"])


def said(path: Path, finding: str, accepted: bool, on: dt.date) -> None:
    decide(path, finding, accepted, "Đã hỏi quận", "Chuyên viên", on)


def figures(path: Path, day: dt.date) -> list[float]:
    frame = open_store(path, day).values().set_index("unit_code")["value"]
    return [float(frame[w]) for w in WARDS[:2]]


@pytest.mark.slow
def test_a_rejected_cell_is_out_from_its_day_on(path: Path) -> None:
    (warning,) = loaded(path, CELL)
    said(path, warning, False, LATER)
    assert figures(path, LATER - DAY) == [5, 7]
    after = open_store(path, LATER)
    row = after.values().set_index("unit_code").loc[WARDS[0]]
    assert pd.isna(row["value"])
    assert row["state"] == "not_reported"
    assert float(after.district_totals()["value"].iloc[0]) == 7
    assert not after.ward_reports().set_index("ward_code").loc[WARDS[0], "reported"]
    assert after.content_hash() != open_store(path, FIRST).content_hash()
    # The rows themselves are as they were loaded.
    assert check(path).ok


@pytest.mark.slow
def test_the_latest_decision_counts_by_day_and_then_by_order(path: Path) -> None:
    (warning,) = loaded(path, CELL)
    said(path, warning, False, LATER)
    said(path, warning, True, LATER + DAY)
    said(path, warning, False, LATER - DAY)
    assert pd.isna(figures(path, LATER - DAY)[0])
    assert figures(path, LATER + DAY) == [5, 7]
    said(path, warning, False, LATER + DAY)
    assert pd.isna(figures(path, LATER + DAY)[0])
    listed = open_store(path).decisions()
    assert listed["accepted"].tolist() == [False, True, False, False]
    assert listed["decided"].tolist() == [LATER, LATER + DAY, LATER - DAY, LATER + DAY]
    assert set(listed["role"]) == {"Chuyên viên"}
    assert len(open_store(path, LATER).decisions()) == 2


def test_a_rejected_file_lets_the_one_before_it_stand_again(path: Path) -> None:
    (warning,) = loaded(path, {})
    said(path, warning, False, LATER)
    assert figures(path, LATER - DAY) == [5, 7]
    assert figures(path, LATER) == [1, 2]
    sent = open_store(path).submissions()
    assert sent["stands"].tolist() == [True, False]
    assert sent["held_back"].tolist() == [False, True]


def test_a_warning_on_a_heading_takes_out_its_column_and_one_on_nothing_holds_the_form_back(path: Path) -> None:
    heading, nowhere = loaded(path, {"sheet": "Y tế", "cell": "C3", "element": "sti_tested"}, {"sheet": "Y tế", "cell": "Z9"})
    said(path, heading, False, LATER)
    assert open_store(path, LATER).values()["state"].tolist() == ["not_reported", "not_reported"]
    said(path, nowhere, False, LATER + DAY)
    assert figures(path, LATER + DAY) == [1, 2]


@pytest.mark.slow
def test_open_findings_are_errors_and_warnings_without_a_decision(path: Path) -> None:
    kept_open, decided, _ = loaded(path, CELL, {"cell": "C7", "sheet": "Y tế"}, {"severity": "note", "code": "IN-301"})
    load(path, [Batch(submission("held", REVISED), None, findings({"severity": "error", "code": "IN-101"}))], False, REVISED)
    assert len(open_store(path).findings(open_only=True)) == 3
    said(path, decided, True, LATER)
    assert open_store(path, LATER).findings(open_only=True)["id"].tolist() == [kept_open]
    assert open_store(path).findings(open_only=True)["severity"].tolist() == ["warning", "error"]
    shown = open_store(path, LATER).findings().set_index("id")["decision"]
    assert (shown[kept_open], shown[decided]) == ("", "accepted")


@pytest.mark.parametrize(("severity", "vietnamese", "english"), [("error", "là lỗi", "is an error"), ("note", "là ghi chú", "is a note")])
def test_only_warnings_are_decided_on(path: Path, severity: str, vietnamese: str, english: str) -> None:
    load(path, [Batch(submission("held"), None, findings({"severity": severity}))], False, FIRST)
    (name,) = open_store(path).findings()["id"]
    with pytest.raises(StoreError) as error:
        said(path, name, True, LATER)
    both_languages(error, vietnamese, english, path.parent)
    assert open_store(path).decisions().empty


def test_what_a_decision_needs(path: Path) -> None:
    (warning,) = loaded(path, CELL)
    for reason, role in (("", "Chuyên viên"), ("Đã hỏi", " ")):
        with pytest.raises(StoreError, match="reason"):
            decide(path, warning, True, reason, role, LATER)
    with pytest.raises(StoreError, match="no warning with the id"):
        said(path, "0" * 16, True, LATER)
    with pytest.raises(StoreError, match=r"\(\?\)|id \?"):
        said(path, "a name that must not come back", True, LATER)
    with pytest.raises(StoreError, match="cannot be older"):
        said(path, warning, True, FIRST - DAY)
    with pytest.raises(StoreError, match="There is no store"):
        said(path.with_name("none.duckdb"), warning, True, LATER)
    assert not path.with_name("none.duckdb").exists()


def test_the_same_finding_twice_in_a_file_has_two_ids_and_the_same_file_the_same_ids(path: Path) -> None:
    names = loaded(path, CELL, CELL, {**CELL, "code": "IN-301"})
    assert len(set(names)) == 3
    assert loaded(path.with_name("other.duckdb"), CELL, CELL, {**CELL, "code": "IN-301"}) == names


def test_values_of_a_held_file_never_flow(path: Path) -> None:
    load(path, [Batch(submission("a"), values({WARDS[0]: 5}))], False, FIRST)
    held = Batch(submission("b", REVISED), None, findings({"severity": "error"}, CELL))
    load(path, [held], False, REVISED)
    warning = open_store(path).findings().set_index("severity").loc["warning", "id"]
    said(path, str(warning), True, REVISED)
    assert open_store(path).values()["value"].tolist() == [5]
