"""The store's tables and their versions: numbered steps, each in a transaction of its own, never inside a load's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

VERSION = 3
# The ledger's lines have had their form since this version; a plan adds a kind of line and changes none.
LINES = 2

# Rows are added and never changed or removed; only a step between versions may do that.
TABLES = """
create table meta (version integer not null, synthetic boolean not null);
create table loads (
    sequence integer not null, id varchar not null, moment varchar not null, received date not null, submissions integer not null,
    value_rows integer not null, finding_rows integer not null, content varchar not null, findings varchar not null,
    program varchar not null, seal varchar not null
);
create table submissions (
    sequence integer not null, id varchar primary key, load varchar not null, district_code varchar not null,
    period varchar not null, form_version integer not null, received date not null, file varchar not null,
    sha256 varchar not null, role varchar not null, narrative varchar not null, kept varchar not null,
    source varchar not null, accepted boolean not null, note varchar not null
);
create table "values" (
    submission varchar not null, district_code varchar not null, unit_code varchar not null, period varchar not null,
    element varchar not null, value double, state varchar not null, sheet varchar not null, cell varchar not null
);
create table findings (
    id varchar not null, submission varchar not null, code varchar not null, severity varchar not null, file varchar not null,
    sheet varchar not null, cell varchar not null, element varchar not null, unit varchar not null,
    message_vi varchar not null, message_en varchar not null
);
create table decisions (
    sequence integer not null, finding varchar not null, accepted boolean not null, reason varchar not null, role varchar not null,
    decided date not null, seal varchar not null
);
"""
PLANS = """
create table plans (
    sequence integer not null, pilot varchar not null, version integer not null, registered date not null, moment varchar not null,
    file varchar not null, source varchar not null, last_period varchar not null, last_received varchar not null,
    program varchar not null, seal varchar not null
);
"""
NAMES = {
    0: frozenset[str](),
    1: frozenset({"submissions", "marks", "cells"}),
    2: frozenset({"meta", "loads", "submissions", "values", "findings", "decisions"}),
    VERSION: frozenset({"meta", "loads", "submissions", "values", "findings", "decisions", "plans"}),
}
COUNTED = ("loads", "submissions", "values", "findings", "decisions")
LATER = "plans"  # counted in the ledger from the first one on: lines of stores without any stay what they were
FINDING_COLUMNS = ("code", "severity", "file", "sheet", "cell", "element", "unit", "message_vi", "message_en")


def version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Return the version of a database's tables.

    Returns
    -------
    int or None
        0 for a database without tables, None for one that is no store.
    """
    found = {str(row[0]) for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if "meta" in found:
        row = connection.execute("select version from meta").fetchall()
        known = int(row[0][0]) if len(row) == 1 else None
        # A later version may have more tables; how it names them is its own affair.
        return known if known is None or known > VERSION or found == NAMES.get(known, frozenset()) else None
    return next((v for v in (0, 1) if NAMES[v] == found), None)


def create(connection: duckdb.DuckDBPyConnection, synthetic: bool) -> None:
    """Make the tables of the present version, with the mark of what kind of data they will hold, in one go.

    A store without its mark could later be taken for one of the other kind.
    """
    connection.execute("begin")
    connection.execute(TABLES)
    connection.execute(PLANS)
    connection.execute("insert into meta values (?, ?)", [VERSION, synthetic])
    connection.execute("commit")
    connection.execute("checkpoint")


def synthetic(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the store holds made-up data."""
    row = connection.execute("select synthetic from meta").fetchone()
    return bool(row and row[0])


def counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many rows each table holds; of plans only where there are any."""
    there = {str(row[0]) for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    names = [name for name in (*COUNTED, LATER) if name in there]  # an old store on its way here has no plans yet
    query = ", ".join(f'(select count(*) from "{name}")' for name in names)
    row = connection.execute(f"select {query}").fetchone()
    return {name: n for name, n in zip(names, map(int, row or ()), strict=True) if n or name != LATER}
