"""The one place that opens the database, and the lock that lets writers in one at a time."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.store.disk import beside
from evaluation.store.trouble import busy, damaged, holder, locked, of_database, of_system, waiting

if TYPE_CHECKING:
    import duckdb

Tell = Callable[[Words], object]

READER_WAITS = 20.0  # seconds: longer than a load of 24 workbooks holds the file
WRITER_WAITS = 120.0
_PAUSE = 0.05
# One thread: sums come out in the same order. No extension is ever fetched.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_writing: dict[str, int] = {}  # store -> thread of this process that writes to it


@contextmanager
def connected(path: Path, read_only: bool, wait: float = READER_WAITS) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the store's database.

    Parameters
    ----------
    path : Path
    read_only : bool
    wait : float
        Seconds to go on trying while another process has the file.

    Raises
    ------
    StoreError
        If it stays taken (with the number of the process that has it), or
        cannot be read.
    """
    import duckdb

    connection = _connection(path, read_only, wait)
    try:
        yield connection
    except duckdb.Error as error:
        raise of_database(path, error) from None
    except UnicodeDecodeError:  # text of a damaged file
        raise damaged(path) from None
    finally:
        connection.close()


def _connection(path: Path, read_only: bool, wait: float) -> duckdb.DuckDBPyConnection:
    import duckdb

    until = time.monotonic() + wait
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
        except duckdb.Error as error:
            same = isinstance(error, duckdb.ConnectionException)
            # Whoever waits for itself waits for ever.
            own = same and _writing.get(os.path.realpath(path)) == threading.get_ident()
            if not locked(error) or own or time.monotonic() >= until:
                raise busy(path, os.getpid() if same else holder(error), same) if locked(error) else of_database(path, error) from None
        except UnicodeDecodeError:
            raise damaged(path) from None
        time.sleep(_PAUSE)


@contextmanager
def writer(path: Path, wait: float = WRITER_WAITS, tell: Tell | None = None) -> Iterator[None]:
    """Be the only writer of a store; the lock lies in a file beside it and ends with the process, however that ends.

    Parameters
    ----------
    path : Path
    wait : float
        Seconds to wait for another writer.
    tell : callable, optional
        Called once, with words that name the other process, before waiting.

    Raises
    ------
    StoreError
        If the other writer is still there after that, or is this thread.
    """
    place = os.path.realpath(path)
    if _writing.get(place) == threading.get_ident():
        raise busy(path, os.getpid(), own=True)
    try:
        number = os.open(beside(path, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise of_system(path, error) from None
    try:
        _take(number, path, wait, tell)
        with suppress(OSError):  # a full disk: the lock holds without its holder's number
            os.ftruncate(number, 0)
            os.pwrite(number, str(os.getpid()).encode(), 0)
        _writing[place] = threading.get_ident()
        before = os.umask(0o077)  # the database makes its log and its store itself
        try:
            yield
        finally:
            os.umask(before)
            del _writing[place]
            os.ftruncate(number, 0)
    finally:
        os.close(number)


def _take(number: int, path: Path, wait: float, tell: Tell | None) -> None:
    until, told = time.monotonic() + wait, False
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            said = os.pread(number, 20, 0).decode("ascii", "replace")
            other = int(said) if said.isdigit() else None
            if time.monotonic() >= until:
                raise busy(path, other) from None
            if tell and not told:
                tell(waiting(path, other))
                told = True
        time.sleep(_PAUSE)
