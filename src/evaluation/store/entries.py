"""The database's own account of a load, a decision or a plan, made from its rows: the ledger's line, and what the line is held against."""

from __future__ import annotations

import datetime as dt
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.store import ledger
from evaluation.store.ledger import DECISION, LOAD, PLAN, Entry, Page
from evaluation.store.schema import LATER, LINES, counts, synthetic
from evaluation.store.trouble import broken_ledger, lost

if TYPE_CHECKING:
    import duckdb

Clock = tuple[str, str]

# A narrative is in the kept workbook; only that of values without a workbook is in the ledger.
# A unit separator stands between fields: no field can run into the next. Numbers are written so that no version of the
# database writes them otherwise.
_CONTENT = """
with wanted as (select * from submissions where load = $load),
numbers as (
    select submission, sha256(string_agg(line, '' order by line)) as digest from (
        select submission, sha256(concat_ws(chr(31), district_code, unit_code, period, element, state,
            coalesce(format('{:.17g}', value), ''), sheet, cell)) as line
        from "values" where submission in (select id from wanted)
    ) group by submission
),
remarks as (
    select submission, sha256(string_agg(line, '' order by line)) as digest from (
        select submission, sha256(concat_ws(chr(31), id, code, severity, file, sheet, cell, element, unit, message_vi, message_en)) as line
        from findings where submission in (select id from wanted)
    ) group by submission
)
select s.* exclude (load) replace (case when s.kept = 'table' then s.narrative else '' end as narrative),
    sha256(concat_ws(chr(31), s.sequence, s.id, s.district_code, s.period, s.form_version, s.received,
    s.file, s.sha256, s.role, s.narrative, s.kept, s.source, s.accepted, s.note,
    coalesce(n.digest, ''), coalesce(r.digest, ''))) as content
from wanted s left join numbers n on n.submission = s.id left join remarks r on r.submission = s.id order by s.sequence
"""
_LOAD_FIELDS = ("sequence", "id", "moment", "received", "submissions", "value_rows", "finding_rows", "content", "findings", "program")
_DECISION_FIELDS = ("sequence", "finding", "accepted", "reason", "role", "decided")
_PLAN_FIELDS = (
    "sequence",
    "pilot",
    "version",
    "registered",
    "moment",
    "file",
    "source",
    "last_period",
    "last_received",
    "program",
)


def clock() -> Clock:
    """Return the time in UTC and the program's version, for a load's row."""
    try:
        program = version("evaluation")
    except PackageNotFoundError:
        program = ""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), program


def rows(connection: duckdb.DuckDBPyConnection, query: str, slots: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return a query's rows as plain fields, dates as text."""
    found = connection.execute(query, slots or {})
    names = [column[0] for column in found.description or ()]
    return [{k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in zip(names, r, strict=True)} for r in found.fetchall()]


def submissions_of(connection: duckdb.DuckDBPyConnection, load: str) -> list[dict[str, Any]]:
    """Return what the ledger says of a load's submissions, each with the hash of its rows."""
    return rows(connection, _CONTENT, {"load": load})


def content_of(submissions: list[dict[str, Any]]) -> str:
    """Return the hash of a load's content from those of its submissions."""
    return hashlib.sha256("".join(str(s["content"]) for s in submissions).encode()).hexdigest()


def head(connection: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """Return number and seal of the last load, decision or plan that the database knows; 0 and no seal for none."""
    row = connection.execute(
        "select sequence, seal from (select sequence, seal from loads union all select sequence, seal from decisions "
        "union all select sequence, seal from plans) order by sequence desc limit 1"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def load_entry(fields: dict[str, Any], submissions: list[dict[str, Any]], totals: dict[str, int], before: str) -> Entry:
    """Return the ledger's line for a load.

    Parameters
    ----------
    fields : dict
        Its row of `loads`, without the seal.
    submissions : list of dict
        As `submissions_of`.
    totals : dict
        Rows of each table after it.
    before : str
        Seal of the line before.
    """
    own = {k: fields[k] for k in _LOAD_FIELDS}
    own["rows"] = {k: own.pop(k) for k in ("submissions", "value_rows", "finding_rows")}
    return ledger.sealed({"kind": LOAD, **own, "submissions": submissions, "totals": totals}, before)


def load_id(before: str, submissions: list[str]) -> str:
    """Return a load's id, from the seal of the line before and the ids of its submissions."""
    return hashlib.sha256("\n".join((before, *submissions)).encode()).hexdigest()[:16]


def record_load(connection: duckdb.DuckDBPyConnection, load: str, page: Page, received: dt.date, findings: str, clock: Clock) -> Entry:
    """Write a load's own row, inside its transaction and after its other rows.

    Parameters
    ----------
    connection : DuckDBPyConnection
    load : str
        Its id.
    page : Page
        The ledger before it.
    received : date
    findings : str
        Hash of the kept list of its findings; empty for none.
    clock : tuple of str
        When, in UTC, and by which version of the program.

    Returns
    -------
    dict
        The line that the ledger gets once the rows are safe.
    """
    own = submissions_of(connection, load)
    totals = counts(connection)
    totals["loads"] += 1
    query = (
        'select (select count(*) from "values" where submission in (select id from submissions where load = $load)) as value_rows, '
        "(select count(*) from findings where submission in (select id from submissions where load = $load)) as finding_rows"
    )
    fields: dict[str, Any] = {
        "sequence": page.sequence + 1,
        "id": load,
        "moment": clock[0],
        "received": received.isoformat(),
        "submissions": len(own),
        **rows(connection, query, {"load": load})[0],
        "content": content_of(own),
        "findings": findings,
        "program": clock[1],
    }
    entry = load_entry(fields, own, totals, page.seal or str(start_of(connection)["seal"]))
    connection.execute("insert into loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [*(fields[k] for k in _LOAD_FIELDS), entry["seal"]])
    return entry


def record_decision(connection: duckdb.DuckDBPyConnection, page: Page, fields: dict[str, Any]) -> Entry:
    """Write a decision's row, inside its transaction.

    Parameters
    ----------
    connection : DuckDBPyConnection
    page : Page
        The ledger before it.
    fields : dict
        finding, accepted, reason, role, decided (as text).

    Returns
    -------
    dict
        The line that the ledger gets once the row is safe.
    """
    totals = counts(connection)
    totals["decisions"] += 1
    own = {"sequence": page.sequence + 1, **fields}
    entry = decision_entry(own, totals, page.seal)
    connection.execute("insert into decisions values (?, ?, ?, ?, ?, ?, ?)", [*(own[k] for k in _DECISION_FIELDS), entry["seal"]])
    return entry


def decision_entry(fields: dict[str, Any], totals: dict[str, int], before: str) -> Entry:
    """Return the ledger's line for a decision; `fields` are its row of `decisions`, without the seal."""
    return ledger.sealed({"kind": DECISION, **{k: fields[k] for k in _DECISION_FIELDS}, "totals": totals}, before)


def record_plan(connection: duckdb.DuckDBPyConnection, page: Page, fields: dict[str, Any]) -> Entry:
    """Write an analysis plan's row, inside its transaction.

    Parameters
    ----------
    connection : DuckDBPyConnection
    page : Page
        The ledger before it.
    fields : dict
        pilot, version, registered and last_received (as text), moment, file,
        source, last_period, program.

    Returns
    -------
    dict
        The line that the ledger gets once the row is safe.
    """
    totals = counts(connection)
    totals[LATER] = totals.get(LATER, 0) + 1
    own = {"sequence": page.sequence + 1, **fields}
    entry = plan_entry(own, totals, page.seal or str(start_of(connection)["seal"]))
    slots = ", ".join("?" for _ in (*_PLAN_FIELDS, "seal"))
    connection.execute(f"insert into plans values ({slots})", [*(own[k] for k in _PLAN_FIELDS), entry["seal"]])
    return entry


def plan_entry(fields: dict[str, Any], totals: dict[str, int], before: str) -> Entry:
    """Return the ledger's line for an analysis plan; `fields` are its row of `plans`, without the seal."""
    return ledger.sealed({"kind": PLAN, **{k: fields[k] for k in _PLAN_FIELDS}, "totals": totals}, before)


def last_entry(connection: duckdb.DuckDBPyConnection, before: str) -> Entry:
    """Return the line that the ledger should have for the last load, decision or plan of the database, from its rows as they are now."""
    number, _ = head(connection)
    totals = counts(connection)
    loads = rows(connection, "select * from loads where sequence = $n", {"n": number})
    if loads:
        own = submissions_of(connection, str(loads[0]["id"]))
        return load_entry({**loads[0], "content": content_of(own)}, own, totals, before)
    if decided := rows(connection, "select * from decisions where sequence = $n", {"n": number}):
        return decision_entry(decided[0], totals, before)
    return plan_entry(rows(connection, "select * from plans where sequence = $n", {"n": number})[0], totals, before)


def start_of(connection: duckdb.DuckDBPyConnection) -> Entry:
    """Return the first line of the ledger that belongs to a database without one."""
    return ledger.first(LINES, synthetic(connection))


def settle(connection: duckdb.DuckDBPyConnection, path: Path, write: bool) -> Page:
    """Compare the database with its ledger, at every start.

    A database that is one line ahead, whose rows are what its own
    seal says, was killed between its commit and the ledger's line: a writer
    writes that line now, a reader goes on.

    Parameters
    ----------
    connection : DuckDBPyConnection
    path : Path
        The store.
    write : bool
        Whether this is the writer, under its lock.

    Returns
    -------
    Page
        The ledger, completed where `write`.

    Raises
    ------
    RowsLost
        If the database lacks committed rows.
    BrokenLedger
        If the ledger is damaged, behind by more than one, or of another store.
    """
    page = ledger.read(path)
    number, seal = head(connection)
    start = start_of(connection)
    if page.start is not None and page.start["synthetic"] != start["synthetic"]:
        raise broken_ledger(path)
    if number < page.sequence or (number == page.sequence and page.torn):
        raise lost(path)
    if number == page.sequence:
        if number and seal != page.seal:
            raise broken_ledger(path)
        totals = page.entries[-1]["totals"] if page.entries else dict.fromkeys(counts(connection), 0)
        if counts(connection) != totals:
            raise lost(path)
        return page
    if number > page.sequence + 1:
        raise broken_ledger(path)
    entry = last_entry(connection, page.seal or str(start["seal"]))
    if entry["seal"] != seal:
        raise lost(path)
    if not write:
        return page
    # The rows may still be in the write-ahead log only.
    connection.execute("checkpoint")
    ledger.append(path, page, entry, start)
    return ledger.read(path)
