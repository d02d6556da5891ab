"""The ledger notices what the database cannot notice itself: rows that were committed and are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, findings, workbook

from evaluation.store import BrokenLedger, RowsLost, StoreError, check, decide, ledger, load, open_store

pytestmark = pytest.mark.slow  # left to `make test`: many files, or many stores

ONE = workbook(b"one", {WARDS[0]: 5}, findings({}))
TWO = workbook(b"two", {WARDS[0]: 6, WARDS[1]: 7}, received=REVISED)
THREE = workbook(b"three", {WARDS[0]: 8}, received=REVISED)


@pytest.fixture
def loaded(path: Path) -> Path:
    load(path, [ONE], False, FIRST)
    load(path, [TWO], False, REVISED)
    return path


def lines(path: Path) -> list[str]:
    return ledger.place(path).read_text(encoding="utf-8").splitlines(keepends=True)


def test_a_line_a_load_each_sealed_with_the_one_before(loaded: Path) -> None:
    start, one, two = (json.loads(line) for line in lines(loaded))
    assert (start["schema"], start["synthetic"]) == (2, False)
    assert [s["id"] for s in one["submissions"]] == [ONE.submission.id]
    assert two["rows"] == {"submissions": 1, "value_rows": 2, "finding_rows": 0}
    assert two["totals"] == {"loads": 2, "submissions": 2, "values": 3, "findings": 1, "decisions": 0}
    assert ledger.sealed(two, one["seal"]) == two
    assert ledger.sealed(two, start["seal"]) != two


def test_an_older_database_beside_a_newer_ledger(path: Path) -> None:
    load(path, [ONE], False, FIRST)
    shutil.copy(path, path.with_name("old"))
    load(path, [TWO], False, REVISED)
    shutil.copy(path.with_name("old"), path)
    for act in (lambda: open_store(path), lambda: load(path, [THREE], False, REVISED)):
        with pytest.raises(RowsLost) as error:
            act()
        both_languages(error, "evaluation store rebuild", "evaluation store rebuild", path.parent)
    assert not check(path).ok


@pytest.mark.parametrize("table", ["values", "submissions", "findings", "loads"])
def test_a_row_that_is_gone(loaded: Path, table: str) -> None:
    with duckdb.connect(str(loaded)) as connection:
        connection.execute(f'delete from "{table}" where rowid = 0')
    with pytest.raises(RowsLost):
        open_store(loaded)


def test_a_row_that_was_changed_is_found_by_check(loaded: Path) -> None:
    with duckdb.connect(str(loaded)) as connection:
        connection.execute('update "values" set value = value + 1 where rowid = 0')
    (problem,) = check(loaded).problems
    assert "số 1" in problem.vi
    assert "Load 1" in problem.en


def test_a_database_one_load_ahead_is_a_kill_before_the_line_was_written(loaded: Path) -> None:
    whole = lines(loaded)
    ledger.place(loaded).write_text("".join(whole[:-1]), encoding="utf-8")
    assert len(open_store(loaded).submissions()) == 2
    assert lines(loaded) == whole[:-1]  # a reader writes nothing
    assert check(loaded).ok
    load(loaded, [THREE], False, REVISED)
    assert lines(loaded)[:3] == whole
    assert len(lines(loaded)) == 4


@pytest.mark.parametrize("cut", [1, 2, 40, -1])
def test_an_unfinished_line_is_completed(loaded: Path, cut: int) -> None:
    whole = lines(loaded)
    ledger.place(loaded).write_text("".join(whole[:-1]) + whole[-1][:cut], encoding="utf-8")
    assert len(open_store(loaded).submissions()) == 2
    assert load(loaded, [TWO], False, REVISED).new == ()
    assert lines(loaded) == whole


@pytest.mark.parametrize("cut", [1, 60, -1])
def test_an_unfinished_first_entry_is_completed(path: Path, cut: int) -> None:
    load(path, [ONE], False, FIRST)
    whole = "".join(lines(path))
    ledger.place(path).write_text(whole[:cut], encoding="utf-8")
    assert len(open_store(path).submissions()) == 1
    load(path, [ONE], False, FIRST)
    assert "".join(lines(path)) == whole


def test_an_unfinished_line_that_the_database_knows_nothing_of(loaded: Path) -> None:
    with ledger.place(loaded).open("a", encoding="utf-8") as f:
        f.write('{"begun')
    with pytest.raises(RowsLost):
        open_store(loaded)


def test_a_decision_before_its_line_was_written(loaded: Path) -> None:
    (warning,) = open_store(loaded).findings()["id"]
    decide(loaded, warning, False, "Sai số", "Chuyên viên", REVISED)
    whole = lines(loaded)
    ledger.place(loaded).write_text("".join(whole[:-1]), encoding="utf-8")
    assert len(open_store(loaded).decisions()) == 1
    load(loaded, [THREE], False, REVISED)
    assert lines(loaded)[:4] == whole
    with duckdb.connect(str(loaded)) as connection:
        connection.execute("delete from decisions")
    with pytest.raises(RowsLost):
        open_store(loaded)


def test_a_ledger_that_is_damaged_cut_or_of_another_store(loaded: Path) -> None:
    whole = lines(loaded)
    other = loaded.with_name("other.duckdb")
    load(other, [ONE], False, FIRST)
    load(other, [THREE], False, REVISED)
    made_up = loaded.with_name("made-up.duckdb")
    load(made_up, [ONE], True, FIRST)
    spoilt = [
        [*whole[:-1], whole[-1].replace('"value_rows":2', '"value_rows":3')],
        [*whole[:-1], "no json\n"],
        [whole[0].replace("false", "true"), *whole[1:]],
        whole[:1],
        [whole[0], whole[2]],
        lines(other),
        lines(made_up),
    ]
    for content in spoilt:
        ledger.place(loaded).write_text("".join(content), encoding="utf-8")
        with pytest.raises(StoreError) as error:
            open_store(loaded)
        assert isinstance(error.value, BrokenLedger | RowsLost), content
        assert not check(loaded).ok
    ledger.place(loaded).write_text("".join(whole), encoding="utf-8")
    assert check(loaded).ok


def test_damage_in_the_middle_of_the_ledger_is_found_by_check(loaded: Path) -> None:
    load(loaded, [THREE], False, REVISED)
    whole = lines(loaded)
    for n in (1, 2):
        changed = [line.replace("Phòng", "Phong") if m == n else line for m, line in enumerate(whole)]
        ledger.place(loaded).write_text("".join(changed), encoding="utf-8")
        assert not check(loaded).ok
    ledger.place(loaded).unlink()
    with pytest.raises(BrokenLedger):
        open_store(loaded)


def test_a_database_that_is_gone_is_not_silently_begun_anew(loaded: Path) -> None:
    loaded.unlink()
    for act in (lambda: open_store(loaded), lambda: load(loaded, [THREE], False, REVISED)):
        with pytest.raises(RowsLost) as error:
            act()
        both_languages(error, "evaluation store rebuild", "evaluation store rebuild", loaded.parent)
    assert not loaded.exists()
    duckdb.connect(str(loaded)).close()  # an empty database in its place
    for act in (lambda: open_store(loaded), lambda: load(loaded, [THREE], False, REVISED)):
        with pytest.raises(RowsLost):
            act()
