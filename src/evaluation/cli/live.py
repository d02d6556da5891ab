"""A run of reports as a terminal shows it while it goes on: what is under way, how far, how long still, and at what memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from evaluation.batch import events
from evaluation.batch.events import Event, Watch
from evaluation.cli.pace import Pace, about
from evaluation.language import number, say

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Tell = Callable[[str, bool], None]
# Below these widths a column, or the bar, is left out.
MEMORY_FROM, BAR_FROM, SECONDS_FROM = 56, 56, 38
PLACE_LEAST = 12
SAMPLED = 1.0  # seconds between two looks at memory
AROUND = 5  # lines that stand around those of reports


@dataclass
class _Job:
    """A report under way."""

    place: str
    began: float
    cell: int = 0
    cells: int = 0
    process: int = 0


class Picture:
    """What is known of a run, drawn anew whenever the terminal asks.

    Parameters
    ----------
    heading : str
    places : mapping of str
        What each job is called.
    language : {"vi", "en"}
    """

    def __init__(self, heading: str, places: Mapping[str, str], language: str) -> None:
        self.heading, self.language = heading, language
        self._places = {**places, events_shared(): say("cli.live.shared", language)}
        self._lock = threading.RLock()
        self._jobs: dict[str, _Job] = {}
        self._ends = {"done": 0, "current": 0, "failed": 0}
        self._pace: Pace | None = None
        self._memory = Memory()

    def see(self, event: Event) -> None:
        """Take note of what happened; from any thread."""
        now = monotonic()
        with self._lock:
            if event.name == events.PLANNED:
                self._pace = Pace({job: told["seconds"] for job, told in event.told["making"].items()})
            elif event.name in (events.JOB_BEGUN, events.SHARED_BEGUN):
                self._jobs[event.job] = _Job(self._places.get(event.job, event.job), now)
                if self._pace:
                    self._pace.begun(event.job, now)
            elif event.name in (events.JOB_ENDED, events.SHARED_ENDED):
                self._end(event, now)
            elif job := self._jobs.get(event.job):
                job.process = event.told.get("process", job.process)
                job.cell, job.cells = event.told.get("cell", job.cell), event.told.get("cells", job.cells)

    def _end(self, event: Event, now: float) -> None:
        self._jobs.pop(event.job, None)
        if event.name == events.JOB_ENDED:
            self._ends[event.told["outcome"]] += 1
            if self._pace and event.told["outcome"] != "current":
                self._pace.ended(event.job, now)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now, width = monotonic(), options.max_width
        with self._lock:
            jobs, ends, total = list(self._jobs.values()), dict(self._ends), len(self._places) - 1
            left = self._pace.left(now) if self._pace else None
        held = self._memory.of([job.process for job in jobs])
        yield Text(self.heading, no_wrap=True, overflow="ellipsis")
        room = max(1, (options.height or console.height) - AROUND)
        for job in jobs[:room]:
            yield self._row(job, now, width, held)
        if len(jobs) > room:
            yield Text("  " + say("cli.live.more", self.language, n=len(jobs) - room), no_wrap=True, overflow="ellipsis")
        counts = Text(say("cli.live.counts", self.language, ended=sum(ends.values()), all=total, **ends), no_wrap=True, overflow="ellipsis")
        if width < BAR_FROM:
            yield counts
        else:
            line = Table.grid(padding=(0, 1), expand=False)
            line.add_column(width=min(24, width // 4))
            line.add_column(no_wrap=True, overflow="ellipsis")
            line.add_row(ProgressBar(total=total, completed=sum(ends.values())), counts)
            yield line
        yield Text(self._last(left, held), no_wrap=True, overflow="ellipsis")

    def _row(self, job: _Job, now: float, width: int, held: Mapping[int, int]) -> Any:
        from rich.table import Table
        from rich.text import Text

        cells = [(f"{job.cell}/{job.cells}" if job.cells else "…", 7)]
        if width >= SECONDS_FROM:
            cells.append((say("cli.live.took", self.language, n=number(now - job.began, self.language)), 8))
        if width >= MEMORY_FROM:
            cells.append((self._size(held[job.process]) if held.get(job.process) else "", 10))
        row = Table.grid(padding=(0, 1))
        row.add_column(width=max(PLACE_LEAST, min(44, width - 2 - sum(size + 1 for _, size in cells))), no_wrap=True, overflow="ellipsis")
        for _, size in cells:
            row.add_column(width=size, justify="right", no_wrap=True, overflow="ellipsis")
        row.add_row(Text("  " + job.place), *(Text(text) for text, _ in cells))
        return row

    def _size(self, held: int) -> str:
        return f"{number(held / 1e6, self.language)} MB"

    def _last(self, left: float | None, held: Mapping[int, int]) -> str:
        told = (
            say("cli.live.estimating", self.language)
            if left is None
            else say("cli.live.left", self.language, time=about(left, self.language))
        )
        if total := sum(held.values()):
            told += " · " + say("cli.live.memory", self.language, kind=self._memory.kind, size=self._size(total))
        return told


def events_shared() -> str:
    """Return the name under which the work that all reports share is told of."""
    from evaluation.batch.shared import SHARED

    return SHARED


class Memory:
    """Looks at the memory of kernels with what they started: their own share (PSS) where the system tells it, else all (RSS).

    Attributes
    ----------
    kind : {"PSS", "RSS"}
    """

    def __init__(self) -> None:
        self.kind = "PSS"
        self._seen: dict[int, int] = {}
        self._at = float("-inf")

    def of(self, processes: list[int]) -> dict[int, int]:
        """Return the bytes of each process that is there, this one included under 0; looked at once a second at most."""
        now = monotonic()
        if now - self._at >= SAMPLED:
            self._at = now
            self._seen = {process: self._held(process) for process in {0, *processes}}
        return {process: held for process, held in self._seen.items() if process in (0, *processes)}

    def _held(self, process: int) -> int:
        import psutil

        total = 0
        try:
            one = psutil.Process(process or None)
            family = [one, *one.children(recursive=True)] if process else [one]
        except psutil.Error:
            return 0
        for member in family:
            try:
                held = member.memory_full_info()
            except psutil.Error:
                continue
            if not hasattr(held, "pss"):
                self.kind = "RSS"
            total += getattr(held, "pss", held.rss)
        return total


@contextmanager
def live(heading: str, places: Mapping[str, str], language: str, stream: TextIO) -> Iterator[tuple[Tell, Watch]]:
    """Show a run while it goes on: a picture on a terminal, plain lines elsewhere.

    Parameters
    ----------
    heading : str
    places : mapping of str
        What each job is called.
    language : {"vi", "en"}
    stream : file

    Yields
    ------
    (callable, callable)
        Prints a line, in red where it is not good, nothing where it is empty; takes the run's events.
    """
    drawn = _terminal(stream)
    if drawn is None:
        print(heading, file=stream, flush=True)

        def plain(line: str, _: bool) -> None:
            if line:
                print(line, file=stream, flush=True)

        def hear(event: Event) -> None:
            if event.name == events.SHARED_BEGUN:
                plain(say("cli.live.shared_begun", language), True)

        yield plain, hear
        return
    from rich.live import Live

    picture = Picture(heading, places, language)

    def tell(line: str, good: bool) -> None:
        if line:
            drawn.print(line, style=None if good else "bold red", soft_wrap=True)

    with Live(picture, console=drawn, refresh_per_second=4, transient=True, vertical_overflow="crop"):
        drawn.show_cursor(True)  # a run that is killed leaves the terminal as it is
        yield tell, picture.see


def _terminal(stream: TextIO) -> Console | None:
    """Return a terminal that can be drawn on; None where there is none."""
    if not stream.isatty():
        return None
    from rich.console import Console

    console = Console(file=stream, highlight=False, markup=False)
    return None if console.is_dumb_terminal else console
