"""A run's log for programs: one JSON object a line, written as things happen.

Every line has ``at`` (UTC, ISO 8601 with milliseconds) and ``event``; lines
of a run have ``run``, lines of a report ``job`` ("760-vi"; "shared" for what
all reports share). The rest by event:

============  =========================================================================================
run_begun     kind, period, jobs (how many were asked for)
shared_begun  nothing more
shared_ended  made, seconds, stages, cells, peak, kernel
planned       current (how many need not be made), making: job to why and the seconds of its last time
job_begun     nothing more
kernel        process (on this machine alone), kernel: "warm" or "ordinary"
cell_begun    cell (its place among all cells, from 1), cells (how many)
cell_ended    cell, cells, seconds
job_ended     outcome: "done", "current" or "failed", seconds, stages, peak (bytes), kernel; reason, cell of a failure
run_ended     done, current, failed, of (how many jobs), written, seconds, stages
============  =========================================================================================
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from evaluation.batch.events import RUN_BEGUN, Event

STANDARD_ERROR = "-"


class Log:
    """Takes events and writes each at once; a log that can no longer be written ends, the run goes on.

    Parameters
    ----------
    file : text file, optional
        Standard error where left out.

    Attributes
    ----------
    whole : bool
        Whether all that was told could be written.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.whole = True
        self._file = file
        self._run = ""
        self._lock = threading.RLock()  # a signal may come while it is held

    def __call__(self, event: Event) -> None:
        """Write a line."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        with self._lock:
            if event.name == RUN_BEGUN:
                self._run = str(event.told["run"])
            line = {"at": at, "event": event.name, "run": self._run} | ({"job": event.job} if event.job else {}) | dict(event.told)
            self._write(json.dumps(line, ensure_ascii=False) + "\n")

    def _write(self, line: str) -> None:
        if not self.whole:
            return
        file = self._file or sys.stderr
        try:
            file.write(line)
            file.flush()
        except (OSError, ValueError):
            self.whole = False


@contextmanager
def logged(where: str) -> Iterator[Log]:
    """Open a log for a run.

    Parameters
    ----------
    where : str
        A file, to which the lines are added; "-" for standard error.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if where == STANDARD_ERROR:
        yield Log()
        return
    with open(where, "a", encoding="utf-8") as file:  # noqa: PTH123 - a name as it was typed
        yield Log(file)
