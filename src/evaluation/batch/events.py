"""What happens in a run, told as it happens: to a display, to a log, to whoever watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.batch.records import CURRENT, DONE, FAILED
from evaluation.batch.stages import Clock

RUN_BEGUN, PLANNED, RUN_ENDED = "run_begun", "planned", "run_ended"
SHARED_BEGUN, SHARED_ENDED = "shared_begun", "shared_ended"
JOB_BEGUN, JOB_ENDED = "job_begun", "job_ended"
KERNEL, CELL_BEGUN, CELL_ENDED = "kernel", "cell_begun", "cell_ended"


@dataclass(frozen=True)
class Event:
    """One thing that happened. Nothing in it comes from inside a report, and no path of the machine is in it.

    Attributes
    ----------
    name : str
        One of this module's names.
    job : str
        "760-vi"; empty where it is the run's own.
    told : mapping
        What is known of it, by name: plain values.
    """

    name: str
    job: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


Watch = Callable[[Event], None]


def unwatched(event: Event) -> None:
    """Take no notice."""


def both(first: Watch, second: Watch) -> Watch:
    """Return what tells two who watch."""

    def watch(event: Event) -> None:
        first(event)
        second(event)

    return watch


def ended(outcomes: Iterable[str], of: int, written: bool, clock: Clock) -> Event:
    """Return the last event of a run.

    Parameters
    ----------
    outcomes : iterable of str
        Of its jobs, as records have them.
    of : int
        How many jobs were asked for.
    written : bool
        Whether what tells of the whole could be written.
    clock : Clock
        The run's.
    """
    found = Counter(outcomes)
    told = {name: found[name] for name in (DONE, CURRENT, FAILED)} | {"of": of, "written": written}
    return Event(RUN_ENDED, told=told | {"seconds": round(clock.seconds, 3), "stages": clock.rounded()})
