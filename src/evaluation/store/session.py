"""A start of the store, for reading or for writing: found, brought to the present version, and compared with its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.settings import private
from evaluation.store import ledger, schema
from evaluation.store.connection import READER_WAITS, WRITER_WAITS, Tell, connected, writer
from evaluation.store.disk import beside, refuse_full, refuse_network
from evaluation.store.entries import settle
from evaluation.store.ledger import Page
from evaluation.store.migrations import migrate
from evaluation.store.trouble import damaged, gone, lost, mixed, newer, no_store

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Session:
    """A store open for writing.

    Attributes
    ----------
    path : Path
    connection : DuckDBPyConnection
    page : ledger.Page
        Its ledger, complete.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection
    page: Page


@contextmanager
def reading(path: Path, wait: float = READER_WAITS) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store for reading and compare it with its ledger; one of an older version is brought to the present one first.

    Raises
    ------
    StoreError
        If there is none, it is newer than the program, damaged, taken, or on
        a network file system.
    RowsLost, BrokenLedger
        If it is not what its ledger says.
    """
    _present(path)
    with connected(path, True, wait) as connection:
        found = _version(path, connection)
        if found == schema.VERSION:
            settle(connection, path, write=False)
            yield connection
            return
    if found == 0:
        raise lost(path) if ledger.read(path).sequence else damaged(path)
    with writing(path, None, wait=wait):
        pass
    with connected(path, True, wait) as connection:
        settle(connection, path, write=False)
        yield connection


@contextmanager
def writing(
    path: Path, synthetic: bool | None, sources: int = 0, wait: float = WRITER_WAITS, tell: Tell | None = None
) -> Iterator[Session]:
    """Open a store as its only writer: made where there is none, and its ledger completed.

    Parameters
    ----------
    path : Path
        A new store is for its owner's eyes only, in a private folder where
        that is made too.
    synthetic : bool or None
        Kind of data that are to be written; None for a store that has to be
        there already, of either kind.
    sources : int
        Bytes of the files that are about to be kept.
    wait, tell
        As `connection.writer`.

    Raises
    ------
    StoreError
        As `reading`; if it holds data of the other kind; if the disk is too
        full.
    """
    refuse_network(path)
    if synthetic is None:
        _present(path)
    if not path.parent.exists():
        private(path.parent)
    with writer(path, wait, tell), within(path, synthetic, sources, wait) as session:
        yield session


@contextmanager
def within(path: Path, synthetic: bool | None, sources: int = 0, wait: float = WRITER_WAITS) -> Iterator[Session]:
    """Open a store for writing where the writer's lock is held already; the rest is as in `writing`."""
    if not path.exists() and ledger.read(path).start is not None:
        raise gone(path)
    refuse_full(path, sources)
    with connected(path, False, wait) as connection:
        found = _version(path, connection)
        if found == 0:
            if ledger.read(path).sequence:
                raise lost(path)
            if synthetic is None:
                raise damaged(path)
            path.chmod(0o600)
            schema.create(connection, synthetic)
        elif found < schema.VERSION:
            migrate(connection, path, found)
        page = settle(connection, path, write=True)
        if synthetic is not None and schema.synthetic(connection) != synthetic:
            raise mixed(path)
        yield Session(path, connection, page)


def _present(path: Path) -> None:
    refuse_network(path)
    if not path.exists():
        raise gone(path) if beside(path, ".ledger").exists() else no_store(path)


def _version(path: Path, connection: duckdb.DuckDBPyConnection) -> int:
    found = schema.version(connection)
    if found is None:
        raise damaged(path)
    if found > schema.VERSION:
        raise newer(path, found, schema.VERSION)
    return found
