"""Where the seconds of a job or a run go: named stages, and each cell of a notebook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Takes the time of stages, by a clock that nobody can set.

    Attributes
    ----------
    stages : dict of float
        Seconds by name, in the order in which they began.
    cells : list of float
        Seconds of each code cell that ended, in order.
    peak : int
        Bytes of memory that the kernel held at most; 0 where not known.
    """

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.cells: list[float] = []
        self.peak = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self._began

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a stage; one that comes again adds up."""
        began = time.monotonic()
        self.stages.setdefault(name, 0.0)
        try:
            yield
        finally:
            self.stages[name] += time.monotonic() - began

    def rounded(self) -> dict[str, float]:
        """Return the stages to the millisecond."""
        return {name: round(seconds, 3) for name, seconds in self.stages.items()}
