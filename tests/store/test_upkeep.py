"""Looking after the store: what check sees, what a backup holds, what other tools get, and a store made anew."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, findings, submission, values, workbook

from evaluation.settings import folders
from evaluation.store import (
    Batch,
    BrokenLedger,
    StoreError,
    backup,
    check,
    decide,
    disk,
    export,
    fingerprint,
    kept,
    ledger,
    load,
    open_store,
    rebuild,
)
from evaluation.store.parquet import COLUMNS

pytestmark = pytest.mark.slow  # left to `make test`: many files, or many stores

CELL = {"sheet": "Y tế", "cell": "C6", "element": "sti_tested", "unit": WARDS[0]}


def body(numbers: dict[str, float]) -> bytes:
    return json.dumps(numbers).encode()


def read(content: bytes, file: str, kind: str, received: dt.date) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """What stands in for the intake: a workbook of these tests is its numbers."""
    assert (file, kind) == ("a.xlsx", "xlsx")
    assert received in (FIRST, REVISED)
    return values(json.loads(content)), findings(CELL), "Thiếu người."


@pytest.fixture
def loaded(path: Path) -> Path:
    """Two workbooks, a held file, a table with a remark, and a decision between the loads."""
    one, two = {WARDS[0]: 5.0, WARDS[1]: 0.0}, {WARDS[0]: 6.0}
    held = Batch(submission("held"), None, findings({"severity": "error", "code": "IN-101"}))
    load(path, [workbook(body(one), one, findings(CELL, {"severity": "note", "code": "IN-301"})), held], False, FIRST)
    warning = open_store(path).findings().set_index("severity").loc["warning", "id"]
    decide(path, str(warning), False, "Sai số", "Chuyên viên", FIRST)
    table = dataclasses.replace(submission("t", FIRST, "2018-Q3"), narrative="Chép từ hồ sơ.", note="sổ cũ")
    load(path, [Batch(table, values({WARDS[1]: 3}, period="2018-Q3"))], False, FIRST)
    load(path, [workbook(body(two), two, received=REVISED)], False, REVISED)
    assert check(path).ok
    return path


def test_a_store_made_anew_is_the_same_store(loaded: Path) -> None:
    made = rebuild(loaded, loaded.with_name("new.duckdb"), read)
    assert (made.differences, made.aside) == ((), None)
    assert check(made.path).ok
    assert fingerprint(made.path) == fingerprint(loaded)
    assert ledger.place(made.path).read_bytes() == ledger.place(loaded).read_bytes()
    assert {p.name: p.read_bytes() for p in kept.folder(made.path).iterdir()} == {
        p.name: p.read_bytes() for p in kept.folder(loaded).iterdir()
    }
    pd.testing.assert_frame_equal(open_store(made.path, FIRST).values(), open_store(loaded, FIRST).values())
    assert open_store(made.path).narratives()["narrative"].tolist() == ["Chép từ hồ sơ.", "Thiếu người."]


@pytest.mark.parametrize("damage", ["gone", "cut", "other", "log"])
def test_a_damaged_store_is_made_anew_in_its_place_and_the_old_one_stays_beside(loaded: Path, damage: str) -> None:
    whole, known = fingerprint(loaded), loaded.read_bytes()
    if damage == "gone":
        loaded.unlink()
    elif damage == "log":
        disk.beside(loaded, ".wal").write_bytes(b"\xff" * 5_000)
    else:
        loaded.write_bytes(known[: len(known) // 2] if damage == "cut" else b"other")
    if damage == "log":  # the rows are in the file already, and a log that is none is passed over
        assert fingerprint(loaded) == whole
    else:
        with pytest.raises(StoreError, match="evaluation store rebuild"):
            open_store(loaded).values()
    made = rebuild(loaded, None, read)
    assert (made.path, made.differences) == (loaded, ())
    assert fingerprint(loaded) == whole
    assert check(loaded).ok
    assert (made.aside is None) == (damage == "gone")
    assert not [p for p in loaded.parent.iterdir() if ".new-" in p.name]
    if made.aside is not None:
        assert made.aside.exists()
    assert load(loaded, [workbook(b"later", {WARDS[0]: 7}, received=REVISED)], False, REVISED).new


def test_what_cannot_be_made_again_as_it_was_is_said(loaded: Path) -> None:
    def other(content: bytes, file: str, kind: str, received: dt.date) -> tuple[pd.DataFrame, pd.DataFrame, str]:
        found, listed, narrative = read(content, file, kind, received)
        return found.assign(value=found["value"] + 1), listed, narrative

    made = rebuild(loaded, loaded.with_name("other.duckdb"), other)
    assert len(made.differences) == 2
    assert all("a.xlsx" in d.vi and "a.xlsx" in d.en for d in made.differences)
    (kept.folder(loaded) / workbook(body({WARDS[0]: 6.0}), {WARDS[0]: 6.0}).submission.sha256).write_bytes(b"changed")
    made = rebuild(loaded, loaded.with_name("less.duckdb"), read)
    (said,) = made.differences
    assert "cannot be read again" in said.en
    assert len(open_store(made.path).submissions()) == 2
    assert open_store(made.path).submissions(held=True)["sequence"].tolist() == [1, 2, 3]
    (problem,) = check(loaded).problems
    assert "a.xlsx" in problem.en


def test_a_rebuild_overwrites_nothing_and_needs_a_ledger(loaded: Path) -> None:
    before = {p: p.read_bytes() for p in loaded.parent.rglob("*") if p.is_file()}
    with pytest.raises(StoreError, match="nothing is overwritten"):
        rebuild(loaded, loaded, read)
    with pytest.raises(BrokenLedger):
        rebuild(loaded.with_name("none.duckdb"), loaded.with_name("new.duckdb"), read)
    assert {p: p.read_bytes() for p in loaded.parent.rglob("*") if p.is_file()} == before


def test_a_backup_is_the_whole_store_and_overwrites_nothing(loaded: Path, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "kho.zip"
    backup(loaded, target)
    assert target.stat().st_mode & 0o777 == 0o600
    held = target.read_bytes()
    with pytest.raises(StoreError, match="overwrites nothing"):
        backup(loaded, target)
    assert target.read_bytes() == held
    assert [p.name for p in target.parent.iterdir()] == ["kho.zip"]
    known = fingerprint(loaded)
    load(loaded, [workbook(b"later", {WARDS[0]: 7}, received=REVISED)], False, REVISED)
    with zipfile.ZipFile(target) as packed:
        packed.extractall(tmp_path / "back")
    restored = tmp_path / "back" / loaded.name
    assert check(restored).ok
    assert fingerprint(restored) == known
    assert fingerprint(loaded) != known
    with pytest.raises(StoreError, match="outputs"):
        backup(loaded, folders().outputs / "kho.zip")


def test_check_names_what_is_wrong(loaded: Path) -> None:
    changes = {
        "belong to no submission": "update \"values\" set submission = 'x' where rowid = 0",
        "although they have errors": "update findings set severity = 'error' where code = 'IN-201'",
        "are about no warning": "update decisions set finding = 'x'",
        "belong to no load": "update submissions set load = 'x' where id = 't'",
        "are there twice": 'insert into "values" select * from "values" where rowid = 0; delete from "values" where rowid = 1',
        "Load 4": "update submissions set role = 'x' where sequence = 4",
        "Decision 2": "update decisions set reason = 'x'",
    }
    whole = loaded.read_bytes()
    for words, change in changes.items():
        loaded.write_bytes(whole)
        with duckdb.connect(str(loaded)) as connection:
            connection.execute(change)
        found = check(loaded)
        assert any(words in p.en for p in found.problems), (words, found)
        assert all(p.vi and p.vi != p.en for p in found.problems)
    loaded.write_bytes(whole[:5_000])
    assert not check(loaded).ok
    assert not check(loaded.with_name("none.duckdb")).ok


def test_parquet_holds_the_values_in_force_and_a_page_on_its_columns(loaded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's out"
    written = export(loaded, folder)
    assert [p.name for p in written] == ["2018-Q3.parquet", "2018-Q4.parquet", "SCHEMA.md"]
    for place in written:
        assert place.stat().st_mode & 0o777 == 0o600
    frame = duckdb.execute("select * from read_parquet(?)", [str(written[1])]).df()
    expected = open_store(loaded).values(periods=["2018-Q4"])
    assert frame[["unit_code", "state"]].to_numpy().tolist() == expected[["unit_code", "state"]].to_numpy().tolist()
    assert frame["value"].tolist() == expected["value"].tolist() == [6]
    described = duckdb.execute("describe select * from read_parquet(?)", [str(written[1])]).fetchall()
    assert [(r[0], r[1]) for r in described] == [(name, kind) for name, (kind, _) in COLUMNS.items()]
    page = written[-1].read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in COLUMNS)
    assert "SYNTHETIC" not in page
    export(loaded, folder, FIRST)
    early = duckdb.execute("select unit_code, state, value from read_parquet(?) order by cell", [str(written[1])]).fetchall()
    assert early == [(WARDS[0], "not_reported", None), (WARDS[1], "reported", 0.0)]  # the rejected cell is out
    assert "2018" in written[-1].read_text(encoding="utf-8")
    with pytest.raises(StoreError, match="outputs"):
        export(loaded, folders().outputs / "x")
    assert not (folders().outputs / "x").exists()
