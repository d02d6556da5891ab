"""Where the seconds of a job or a run go: named stages, and each cell of a notebook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST_LINE = 80


@dataclass(frozen=True)
class Cell:
    """How long a code cell of a notebook took.

    Attributes
    ----------
    place : int
        Among all cells of the notebook, from 1.
    seconds : float
    line : str
        Its first line with anything in it, cut at 80 letters: it is found by it.
    """

    place: int
    seconds: float
    line: str = ""

    @classmethod
    def of(cls, place: int, seconds: float, source: str) -> Cell:
        """Return the time of a cell with this source."""
        line = next((line.strip() for line in source.splitlines() if line.strip()), "")
        return cls(place, round(seconds, 3), line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…")


class Clock:
    """Takes the time of stages, by a clock that nobody can set.

    Attributes
    ----------
    stages : dict of float
        Seconds by name, in the order in which they began.
    cells : list of Cell
        Each code cell that ended, in order.
    peak : int
        Bytes of memory that the kernel held at most; 0 where not known.
    kernel : {"", "warm", "ordinary"}
        What its kernel was, once it started.
    ordinary : str
        Why it was an ordinary one, in both languages.
    """

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.cells: list[Cell] = []
        self.peak = 0
        self.kernel = self.ordinary = ""
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
            self.add(name, time.monotonic() - began)

    def add(self, name: str, seconds: float) -> None:
        """Add seconds to a stage."""
        self.stages[name] = self.stages.get(name, 0.0) + seconds

    def rounded(self) -> dict[str, float]:
        """Return the stages to the millisecond."""
        return {name: round(seconds, 3) for name, seconds in self.stages.items()}
