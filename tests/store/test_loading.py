"""A load comes in whole, is written down once, and keeps the files that it was made from."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, findings, submission, values, workbook

from evaluation.contracts import BrokenContract
from evaluation.intake.findings import COLUMNS
from evaluation.store import Batch, check, kept, load, load_many, open_store
from evaluation.store.schema import FINDING_COLUMNS


def test_findings_are_what_the_intake_gives() -> None:
    assert FINDING_COLUMNS == COLUMNS


def test_a_load_says_what_was_new_and_a_second_one_changes_nothing(path: Path) -> None:
    first, second = workbook(b"first", {WARDS[0]: 5}, findings({})), workbook(b"second", {WARDS[0]: 6})
    done = load(path, [first, first], False, FIRST)
    assert (done.new, done.known) == ((first.submission.id,), ())
    state = {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}
    again = load(path, [first], False, REVISED)
    assert (again.new, again.known, again.load) == ((), (first.submission.id,), "")
    assert {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()} == state
    more = load(path, [first, second], False, REVISED)
    assert (more.new, more.known) == ((second.submission.id,), (first.submission.id,))
    loads = open_store(path).loads()
    assert loads["id"].tolist() == [done.load, more.load]
    assert loads[["submissions", "value_rows", "finding_rows"]].to_numpy().tolist() == [[1, 1, 1], [1, 1, 0]]
    assert loads["received"].tolist() == [FIRST, REVISED]
    assert loads["moment"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00").all()
    assert len(open_store(path, FIRST).loads()) == 1


def test_the_accepted_file_is_kept_byte_for_byte_for_its_owner_only(path: Path) -> None:
    batch = workbook(b"what the district sent", {WARDS[0]: 5})
    load(path, [batch], False, FIRST)
    place = kept.folder(path) / hashlib.sha256(b"what the district sent").hexdigest()
    assert place.read_bytes() == b"what the district sent"
    assert place.stat().st_mode & 0o777 == 0o600
    assert kept.folder(path).stat().st_mode & 0o777 == 0o700
    for ending in ("", ".ledger", ".lock"):
        assert path.with_name(path.name + ending).stat().st_mode & 0o777 == 0o600
    row = open_store(path).submissions().iloc[0]
    assert (row["kept"], row["source"], row["accepted"]) == ("xlsx", place.name, True)
    assert open_store(path).narratives()["narrative"].tolist() == ["Thiếu người."]


def test_of_a_held_file_only_its_findings_are_kept(path: Path) -> None:
    body = b"a file with errors"
    batch = dataclasses.replace(workbook(body, {WARDS[0]: 5}, findings({"severity": "error"})), values=None)
    done = load(path, [batch], False, FIRST)
    assert done.new == (batch.submission.id,)
    store = open_store(path)
    assert store.submissions().empty
    (row,) = store.submissions(held=True).to_dict("records")
    assert (row["accepted"], row["stands"], row["kept"], row["source"]) == (False, False, "", "")
    assert store.findings()["severity"].tolist() == ["error"]
    assert store.values().empty
    assert store.periods() == []
    assert store.narratives().empty
    everything = b"".join(p.read_bytes() for p in path.parent.rglob("*") if p.is_file())
    assert body not in everything
    assert "Thiếu người.".encode() not in everything
    assert load(path, [batch], False, REVISED).known == (batch.submission.id,)
    assert len(store.submissions(held=True)) == 1
    assert check(path).ok


def test_a_held_file_does_not_stand_in_the_way_of_the_one_before(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    load(path, [Batch(submission("b", REVISED), None, findings({"severity": "error"}))], False, REVISED)
    sent = open_store(path).submissions(held=True)
    assert sent["stands"].tolist() == [True, False]
    assert open_store(path).values()["value"].tolist() == [5]


def test_what_is_no_proper_batch_is_refused_whole(path: Path) -> None:
    good = workbook(b"good", {WARDS[0]: 5})
    cases = {
        "has errors": dataclasses.replace(good, findings=findings({"severity": "error"})),
        "does not fit": dataclasses.replace(good, source=b"other bytes"),
        "or kind": dataclasses.replace(good, kept="doc"),
    }
    for words, bad in cases.items():
        with pytest.raises(BrokenContract, match=words):
            load(path, [workbook(b"other", {WARDS[0]: 1}), bad], False, FIRST)
    assert not path.exists()


def test_values_without_a_workbook_are_kept_as_a_table_that_gives_them_back(path: Path) -> None:
    sent = values({WARDS[0]: 5, WARDS[1]: float("nan"), WARDS[2]: 0.1 + 0.2, WARDS[3]: 123456789012.0})
    sent.loc[0, "sheet"] = 'Y tế, "tháng"\n2'
    load_many(path, [(submission("a"), sent)])
    row = open_store(path).submissions().iloc[0]
    body = kept.kept(path, row["source"])
    assert row["kept"] == "table"
    assert body is not None
    back = kept.table_read(body).sort_values("unit_code", ignore_index=True)
    pd.testing.assert_frame_equal(back, sent[list(kept.VALUE_COLUMNS)].sort_values("unit_code", ignore_index=True), check_dtype=False)
    assert kept.table(back.iloc[::-1]) == body


def test_a_damaged_kept_file_is_written_again_when_its_bytes_come_again(path: Path) -> None:
    first = workbook(b"first", {WARDS[0]: 5})
    load(path, [first], False, FIRST)
    place = kept.folder(path) / first.submission.sha256
    place.write_bytes(b"changed")
    assert kept.kept(path, place.name) is None
    kept.keep(path, {place.name: b"first"})
    assert kept.kept(path, place.name) == b"first"
