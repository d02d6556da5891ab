"""What happens in a run, told as it happens: to a display, to a log, to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
