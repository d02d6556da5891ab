"""Ending a kernel from outside: its time is over, it printed too much, or the run was cancelled."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakSet

from evaluation.batch.records import Reason

_watching: WeakSet[Watchdog] = WeakSet()
_ended: set[Path] = set()
_all = threading.RLock()  # a signal may come while it is held


class Watchdog:
    """Watches one job's kernel; the first reason to end it is the one that counts.

    Parameters
    ----------
    folder : Path, optional
        The job's.

    Attributes
    ----------
    reason : Reason or None
        Why the kernel was ended; None where it was not.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.reason: Reason | None = None
        self._process = 0
        self._lock = threading.RLock()  # a signal may come while it is held
        with _all:
            _watching.add(self)
            if folder and any(folder.is_relative_to(over) for over in _ended):
                self.reason = Reason.INTERRUPTED

    def watch(self, process: int) -> None:
        """Take over a kernel that leads a process group of its own; one that came too late is ended at once."""
        with self._lock:
            self._process = process
            if self.reason:
                _kill(process)

    def let_go(self) -> None:
        """Watch no longer: the kernel was ended by its manager."""
        with self._lock:
            self._process = 0

    def end(self, reason: Reason) -> None:
        """End the kernel and what it started in its group."""
        with self._lock:
            self.reason = self.reason or reason
            if self._process:
                _kill(self._process)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the kernel where what is done here takes longer."""
        timer = threading.Timer(seconds, self.end, (Reason.TIMEOUT,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def end_all(under: Path | None = None) -> None:
    """End every kernel of this process, or those of jobs below a folder, also of jobs yet to begin: their run was cancelled."""
    with _all:
        if under is not None:
            _ended.add(under)
        found = [w for w in _watching if under is None or (w.folder and w.folder.is_relative_to(under))]
    for watchdog in found:
        watchdog.end(Reason.INTERRUPTED)


def end_strays(name: str, value: str) -> None:
    """End processes of this user that carry a variable with this value: they left the group of the kernel that started them.

    A forked kernel needs it not: its keeper becomes the parent of whatever is left, and ends it.

    Parameters
    ----------
    name, value : str
    """
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(name) == value:
                process.kill()


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
