"""From an older version of the tables to the present one: numbered steps, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.store import kept, ledger, schema
from evaluation.store.disk import told
from evaluation.store.entries import clock, load_id, record_load

if TYPE_CHECKING:
    import duckdb


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, found: int) -> None:
    """Take the steps that a store lacks, each in a transaction of its own.

    Parameters
    ----------
    connection : DuckDBPyConnection
    path : Path
        The store; open for writing under the writer's lock.
    found : int
        Its version.

    Raises
    ------
    StoreError
        If the disk refuses; the store is then as it was before the step.
    """
    import duckdb

    for number in range(found, schema.VERSION):
        connection.execute("begin")
        try:
            _STEPS[number](connection, path)
            connection.execute("commit")
        except BaseException as error:
            with suppress(duckdb.Error):  # a commit that failed has rolled back already
                connection.execute("rollback")
            if isinstance(error, OSError):
                raise told(path, error) from None
            raise
        # Changes of tables are what a write-ahead log is known to choke on after an unclean stop.
        connection.execute("checkpoint")


def _one_to_two(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Version 1 had submissions, marks and cells, and kept no files: each submission's values are kept as a table of their own."""
    ids = [str(r[0]) for r in connection.execute("select id from submissions order by sequence").fetchall()]
    query = "select * exclude (submission) from cells where submission = ?"
    bodies = {name: kept.table(connection.execute(query, [name]).df()) for name in ids}
    sources = {name: kept.digest(body) for name, body in bodies.items()}
    kept.keep(path, {sources[name]: body for name, body in bodies.items()})
    connection.execute("alter table submissions rename to earlier")
    connection.execute(schema.TABLES)
    connection.execute("insert into meta select 2, synthetic from marks")
    connection.execute('insert into "values" select * from cells')
    if ids:
        start = ledger.first(2, schema.synthetic(connection))
        load = load_id(str(start["seal"]), ids)
        connection.execute(
            "insert into submissions select sequence, id, ?, district_code, period, form_version, received, file, sha256, role, "
            "'', ?, s.source, true, '' from earlier join (select unnest(?) as name, unnest(?) as source) s on s.name = id "
            "order by sequence",
            [load, kept.TABLE, list(sources), list(sources.values())],
        )
        day = connection.execute("select max(received) from earlier").fetchall()[0][0]
        record_load(connection, load, ledger.Page(None, (), False, 0), day, "", clock())
    for table in ("cells", "marks", "earlier"):
        connection.execute(f"drop table {table}")


def _two_to_three(connection: duckdb.DuckDBPyConnection, _: Path) -> None:
    """Version 2 had no analysis plans."""
    connection.execute(schema.PLANS)
    connection.execute("update meta set version = 3")


_STEPS: dict[int, Callable[[duckdb.DuckDBPyConnection, Path], None]] = {1: _one_to_two, 2: _two_to_three}
