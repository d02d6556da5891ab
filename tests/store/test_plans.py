"""Analysis plans in the store: hash, date, what was known then; never replaced, kept by a rebuild, seen as of a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from tests.store.forms import DAY, FIRST, REVISED, WARDS, both_languages, submission, values

from evaluation.store import StoreError, backup, check, fingerprint, kept, ledger, load_many, open_store, plans, rebuild, register

ONE, TWO = b"question: one\n", b"question: two\n"
PILOT = "pham-ngu-lao"


def made(path: Path, synthetic: bool = True) -> Path:
    early = (submission("a", FIRST, "2018-Q3"), values({WARDS[0]: 5}, period="2018-Q3"))
    late = (submission("b", REVISED), values({WARDS[0]: 6}))
    load_many(path, [early, late], synthetic=synthetic)
    return path


@pytest.mark.slow
def test_a_plan_is_kept_with_its_hash_its_day_and_what_was_known(path: Path) -> None:
    made(path)
    first = register(path, PILOT, ONE, "plan.yaml", on=FIRST)
    assert (first.version, first.new, first.sha256, first.registered) == (1, True, kept.digest(ONE), FIRST)
    assert first.last_period == "2018-Q3"
    again = register(path, PILOT, ONE, "renamed.yaml", on=REVISED)
    assert (again.version, again.new, again.registered) == (1, False, FIRST)
    changed = register(path, PILOT, TWO, "plan.yaml", on=REVISED)
    assert (changed.version, changed.last_period) == (2, "2018-Q4")
    assert register(path, PILOT, ONE, "plan.yaml", on=REVISED + DAY).version == 3  # back to the first is a change too
    register(path, "binh-tri-dong-b", ONE, "other.yaml", on=REVISED + DAY)
    found = open_store(path).analysis_plans(PILOT)
    assert [(p.version, p.body, p.registered) for p in found] == [(1, ONE, FIRST), (2, TWO, REVISED), (3, ONE, REVISED + DAY)]
    assert [p.last_received for p in found] == [FIRST.isoformat(), REVISED.isoformat(), REVISED.isoformat()]
    assert len(open_store(path).analysis_plans()) == 4
    assert [p.version for p in open_store(path, FIRST).analysis_plans(PILOT)] == [1]
    assert open_store(path, FIRST - DAY).analysis_plans(PILOT) == ()
    assert open_store(path).known_by(FIRST) == "2018-Q3"
    assert open_store(path).known_by(FIRST - DAY) == ""
    assert check(path).ok


@pytest.mark.slow
def test_a_real_plan_bears_the_day_of_its_entry(path: Path) -> None:
    first = register(path, PILOT, ONE, "plan.yaml", False)  # before any data: the store is made
    assert (first.last_period, first.registered) == ("", dt.datetime.now(dt.UTC).astimezone().date())
    made(path, synthetic=False)
    with pytest.raises(StoreError) as error:
        register(path, PILOT, TWO, "plan.yaml", on=FIRST)
    both_languages(error, "ngày ghi vào kho", "the day of its entry", path.parent)
    assert register(path, PILOT, TWO, "plan.yaml").last_period == "2018-Q4"
    assert check(path).ok


@pytest.mark.slow
def test_what_is_refused(path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        register(path, PILOT, ONE, "plan.yaml")
    made(path)
    for body in (b"", b"x" * (plans.LARGEST + 1)):
        with pytest.raises(StoreError, match="bytes"):
            register(path, PILOT, body, "plan.yaml", on=FIRST)
    with pytest.raises(StoreError, match="never mixed"):
        register(path, PILOT, ONE, "plan.yaml", False)
    register(path, PILOT, ONE, "plan.yaml", on=REVISED)
    with pytest.raises(StoreError, match="earlier day"):
        register(path, PILOT, TWO, "plan.yaml", on=FIRST)


@pytest.mark.slow
def test_a_store_made_anew_and_a_backup_keep_the_plans(path: Path) -> None:
    register(path, PILOT, ONE, "plan.yaml", True, on=FIRST - DAY)
    made(path)
    register(path, PILOT, TWO, "plan.yaml", on=REVISED)
    new = rebuild(path, path.with_name("new.duckdb"), lambda *_: pytest.fail("tables need no reader"))
    assert new.differences == ()
    assert fingerprint(new.path) == fingerprint(path)
    assert ledger.place(new.path).read_bytes() == ledger.place(path).read_bytes()
    assert [p.body for p in open_store(new.path).analysis_plans(PILOT)] == [ONE, TWO]
    backup(path, path.with_name("copy.zip"))
    (kept.folder(path) / kept.digest(TWO)).unlink()
    with pytest.raises(StoreError, match=r"plan\.yaml is missing"):
        open_store(path).analysis_plans(PILOT)
    assert any("plan.yaml" in p.en for p in check(path).problems)
    poorer = rebuild(path, path.with_name("poorer.duckdb"), lambda *_: pytest.fail("tables need no reader"))
    assert "only its hash and date are left" in poorer.differences[0].en


@pytest.mark.slow
def test_a_plan_whose_line_was_not_written_is_written_at_the_next_start(path: Path) -> None:
    made(path)
    before = ledger.place(path).read_bytes()
    register(path, PILOT, ONE, "plan.yaml", on=FIRST)
    whole = ledger.place(path).read_bytes()
    ledger.place(path).write_bytes(before)  # as after a kill between the commit and the line
    assert [p.version for p in open_store(path).analysis_plans()] == [1]
    load_many(path, [(submission("c", REVISED + DAY), values({WARDS[0]: 9}))], synthetic=True)
    assert ledger.place(path).read_bytes().startswith(whole)
    assert check(path).ok


@pytest.mark.slow
def test_a_changed_row_is_seen(path: Path) -> None:
    made(path)
    register(path, PILOT, ONE, "plan.yaml", on=FIRST)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update plans set registered = date '2016-01-01'")
    assert any("Analysis plan 2" in p.en for p in check(path).problems)


@pytest.mark.slow
def test_a_store_of_version_2_goes_on_with_the_lines_that_it_has(path: Path) -> None:
    made(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table plans")
        connection.execute("update meta set version = 2")
    lines = ledger.place(path).read_bytes()
    assert open_store(path).analysis_plans() == ()
    assert ledger.place(path).read_bytes() == lines
    assert check(path).ok
    assert register(path, PILOT, ONE, "plan.yaml", on=FIRST).version == 1
    assert check(path).ok
