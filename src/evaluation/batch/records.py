"""How a job ended: our own record, written last. Nothing else says that a report succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self

from evaluation.batch.jobs import DISTRICT
from evaluation.batch.stages import Cell, Clock
from evaluation.language import say

DONE, FAILED, CURRENT = "done", "failed", "current"


class Asked(Protocol):
    """What a record is about: a report's job, or one row of a study that is run for many settings."""

    @property
    def subject(self) -> str:
        """What it is asked for: a code, an id."""

    @property
    def language(self) -> str:
        """Of the report; empty where there is none."""

    @property
    def kind(self) -> str:
        """Of report, or "study"."""


class Reason(StrEnum):
    """Why a job failed: the closed list that an index may show."""

    KERNEL_START = "kernel_start"
    KERNEL_DIED = "kernel_died"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    CELL_ERROR = "cell_error"
    NO_TREE = "no_tree"
    WRONG_TREE = "wrong_tree"
    PAGE_REFUSED = "page_refused"
    DISK = "disk"
    WORKER_DIED = "worker_died"
    OTHER_WORKER = "other_worker"
    CLUSTER_LOST = "cluster_lost"
    CHANGED = "changed"
    INTERRUPTED = "interrupted"


class JobFailure(Exception):
    """A job cannot go on.

    Attributes
    ----------
    reason : Reason
    details : dict of str
        What fills the reason's sentence: the cell's number, an exception's name, a fault of the page.
    """

    def __init__(self, reason: Reason, **details: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.details = details


@dataclass(frozen=True)
class Record:
    """How one job ended.

    Attributes
    ----------
    subject, language : str
        District code or id of a pilot model; of a study's row its name, and no language.
    outcome : {"done", "failed", "current"}
        Current is a report that was made before from the same.
    status : str
        Of a report that is there: "reported" or "not_reported"; of a study's row "recorded".
    reason : Reason or None
        Of a job that failed.
    details : mapping of str
        For the sentence on the reason.
    files : mapping of str
        SHA-256 of what was published, by file name.
    seconds : float
        How long it took.
    kind : {"district", "pilot", "study"}
    stages : mapping of float
        Seconds by stage: notebook and, within it, parameters (reading it and putting them in), start (of the kernel) and
        cells; export, protection, publishing.
    cells : tuple of Cell
        Each code cell that ended.
    peak : int
        Bytes of memory that the kernel held at most; 0 where not known.
    kernel : {"", "warm", "ordinary"}
    ordinary : str
        Why the kernel was an ordinary one, in both languages.
    """

    subject: str
    language: str
    outcome: str
    status: str = ""
    reason: Reason | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    kind: str = DISTRICT
    stages: Mapping[str, float] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    peak: int = 0
    kernel: str = ""
    ordinary: str = ""

    @property
    def name(self) -> str:
        """The job's name: "760-vi"."""
        return f"{self.subject}-{self.language}" if self.language else self.subject

    @property
    def done(self) -> bool:
        """Whether the report was made and looked at."""
        return self.outcome == DONE

    @property
    def there(self) -> bool:
        """Whether the report is there as asked for, made now or before."""
        return self.outcome != FAILED

    @property
    def event(self) -> dict[str, Any]:
        """What is told of it while the run goes on: nothing of what the report says."""
        told: dict[str, Any] = {"outcome": self.outcome, "seconds": self.seconds}
        if self.outcome == CURRENT:
            return told
        told |= {"stages": dict(self.stages), "peak": self.peak, "kernel": self.kernel}
        return told | ({"reason": str(self.reason), "cell": self.details.get("cell", "")} if self.reason else {})

    @classmethod
    def made(cls, job: Asked, status: str, clock: Clock, files: Mapping[str, str] | None = None) -> Self:
        """Return the record of a job that did what it was to do."""
        return cls._of(job, DONE, clock, status=status, files=dict(files or {}))

    @classmethod
    def failed(cls, job: Asked, reason: Reason, clock: Clock | None = None, details: Mapping[str, str] | None = None) -> Self:
        """Return the record of a job that failed."""
        return cls._of(job, FAILED, clock or Clock(), reason=reason, details=dict(details or {}))

    @classmethod
    def _of(cls, job: Asked, outcome: str, clock: Clock, **told: Any) -> Self:
        return cls(
            job.subject,
            job.language,
            outcome,
            seconds=round(clock.seconds, 3),
            kind=job.kind,
            stages=clock.rounded(),
            cells=tuple(clock.cells),
            peak=clock.peak,
            kernel=clock.kernel,
            ordinary=clock.ordinary,
            **told,
        )

    def sentence(self, language: str) -> str:
        """Say in one line how the job ended: its status, or the kind of reason with what is known of it."""
        if self.there:
            return say(f"batch.status.{self.status}", language)
        reason = say(f"batch.reason.{self.reason}", language)
        told = [say(f"batch.detail.{name}", language, value=_told(name, value, language)) for name, value in sorted(self.details.items())]
        return reason + (f" ({'; '.join(told)})" if told else "")

    def raw(self) -> dict[str, Any]:
        """Return the record as plain values."""
        return asdict(self)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Return a record from its plain values.

        Raises
        ------
        ValueError, TypeError, KeyError
            If they are not a record's.
        """
        reason = Reason(raw["reason"]) if raw["reason"] else None
        return cls(**{**raw, "reason": reason, "cells": tuple(Cell(**cell) for cell in raw["cells"])})


def _told(name: str, value: str, language: str) -> str:
    return say(f"batch.fault.{value}", language) if name == "fault" else value
