"""From a real file of version 1 to the present: the same evidence, and never a file of a later version misread."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tests.store.forms import FIRST, REVISED, WARDS, both_languages, submission, values

from evaluation.store import StoreError, check, fingerprint, kept, load_many, migrations, open_store, rebuild, schema

# As the first version of the program made it.
VERSION_1 = """
create table submissions (
    sequence integer not null, id varchar primary key, district_code varchar not null, period varchar not null,
    form_version integer not null, received date not null, file varchar not null, sha256 varchar not null, role varchar not null
);
create table marks (synthetic boolean not null);
create table cells (
    submission varchar not null, district_code varchar not null, unit_code varchar not null, period varchar not null,
    element varchar not null, value double, state varchar not null, sheet varchar not null, cell varchar not null
);
"""
ROWS = [
    ("a", WARDS[0], 5.0, "reported", "C6"),
    ("a", WARDS[1], None, "not_reported", "C7"),
    ("b", WARDS[0], 6.0, "reported", "C6"),
    ("b", WARDS[1], None, "not_applicable", "C7"),
]


def of_version_1(path: Path, rows: bool = True) -> None:
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        connection.execute(VERSION_1)
        connection.execute("insert into marks values (true)")
        for n, (name, day) in enumerate((("a", FIRST), ("b", REVISED))[: 2 * rows]):
            row = [n + 1, name, "760", "2018-Q4", 2, day, f"{name}.xlsx", name * 8, "Phòng Lao động"]
            connection.execute("insert into submissions values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for name, ward, value, state, cell in ROWS[: len(ROWS) * rows]:
            row = [name, "760", ward, "2018-Q4", "sti_tested", value, state, "Y tế", cell]
            connection.execute("insert into cells values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    path.chmod(0o600)


@pytest.mark.slow
def test_version_1_becomes_the_present_one_with_the_same_evidence(path: Path) -> None:
    of_version_1(path)
    store = open_store(path)
    assert store.synthetic
    sent = store.submissions()
    assert sent[["id", "received", "role", "stands", "kept"]].to_numpy().tolist() == [
        ["a", FIRST, "Phòng Lao động", False, "table"],
        ["b", REVISED, "Phòng Lao động", True, "table"],
    ]
    for day, wanted in ((FIRST, ROWS[:2]), (REVISED, ROWS[2:])):
        got = open_store(path, day).values()
        found = [
            (s, u, None if v != v else v, state, c)
            for s, u, v, state, c in got[["submission", "unit_code", "value", "state", "cell"]].to_numpy()
        ]
        assert sorted(found) == sorted(wanted)
    assert store.loads()["received"].tolist() == [REVISED]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert {r[0] for r in connection.execute("select table_name from duckdb_tables()").fetchall()} == schema.NAMES[schema.VERSION]
    assert check(path).ok


@pytest.mark.slow
def test_an_old_store_goes_on_as_if_it_had_always_been_new(path: Path) -> None:
    of_version_1(path)
    third = (submission("c", REVISED + dt.timedelta(days=1)), values({WARDS[0]: 9}))
    assert load_many(path, [(submission("a"), values({WARDS[0]: 5})), third], synthetic=True) == 1
    assert open_store(path).values()["value"].tolist() == [9]
    assert open_store(path).loads()["submissions"].tolist() == [2, 1]
    made = rebuild(path, path.with_name("new.duckdb"), lambda *_: pytest.fail("tables need no reader"))
    assert made.differences == ()
    assert fingerprint(made.path) == fingerprint(path)


def test_an_old_store_without_submissions(path: Path) -> None:
    of_version_1(path, rows=False)
    assert open_store(path).submissions().empty
    assert check(path).ok
    assert load_many(path, [(submission("a"), values({WARDS[0]: 5}))], synthetic=True) == 1


def test_a_step_that_fails_leaves_the_old_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_version_1(path)
    monkeypatch.setattr(migrations, "record_load", lambda *_: os.open(path.parent / "no" / "room", os.O_RDONLY))
    with pytest.raises(StoreError):
        open_store(path)
    monkeypatch.undo()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert schema.version(connection) == 1
        assert connection.execute("select count(*) from cells").fetchone() == (4,)
    assert len(open_store(path).submissions()) == 2


def test_of_a_version_that_is_not_known_yet_nothing_is_touched(path: Path) -> None:
    load_many(path, [(submission("a"), values({WARDS[0]: 5}))])
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"update meta set version = {schema.VERSION + 1}")
        connection.execute("create table later (a integer)")
    before = path.read_bytes()
    for act in (lambda: open_store(path), lambda: load_many(path, [(submission("b", REVISED), values({WARDS[0]: 6}))])):
        with pytest.raises(StoreError) as error:
            act()
        both_languages(error, f"phiên bản {schema.VERSION + 1}", f"structure version {schema.VERSION + 1}", path.parent)
    assert path.read_bytes() == before


def test_nothing_but_a_step_changes_or_removes_rows() -> None:
    for file in Path(schema.__file__).parent.glob("*.py"):
        words = file.read_text(encoding="utf-8").lower()
        for order in ("update ", "delete from", "truncate table", "insert or replace", "drop table", "alter table"):
            found = any(f'"{order}' in line or f"'{order}" in line for line in words.splitlines())
            assert not found or file.name == "migrations.py", (file.name, order)


def test_a_table_read_from_the_old_cells_is_the_table_of_the_frame(path: Path) -> None:
    of_version_1(path)
    source = open_store(path).submissions().set_index("id").loc["a", "source"]
    frame = pd.DataFrame(
        [{"unit_code": u, "value": v if v is not None else float("nan"), "state": s, "cell": c} for name, u, v, s, c in ROWS if name == "a"]
    ).assign(district_code="760", period="2018-Q4", element="sti_tested", sheet="Y tế")
    assert kept.digest(kept.table(frame)) == source
