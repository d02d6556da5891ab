"""How a job ended: our own record, written last. Nothing else says that a report succeeded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from evaluation.batch.jobs import DISTRICT, Job
from evaluation.language import say

DONE, FAILED = "done", "failed"
RECORD = "end.json"


class Reason(StrEnum):
    """Why a job failed: the closed list that an index may show."""

    KERNEL_START = "kernel_start"
    KERNEL_DIED = "kernel_died"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CELL_ERROR = "cell_error"
    NO_TREE = "no_tree"
    WRONG_TREE = "wrong_tree"
    PAGE_REFUSED = "page_refused"
    DISK = "disk"
    WORKER_DIED = "worker_died"
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
        District code or id of a pilot model.
    outcome : {"done", "failed"}
    status : str
        Of a report that was made: "reported" or "not_reported".
    reason : Reason or None
        Of a job that failed.
    details : mapping of str
        For the sentence on the reason.
    files : mapping of str
        SHA-256 of what was published, by file name.
    seconds : float
        How long it took.
    kind : {"district", "pilot"}
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

    @property
    def name(self) -> str:
        """The job's name: "760-vi"."""
        return f"{self.subject}-{self.language}"

    @property
    def done(self) -> bool:
        """Whether the report was made and published."""
        return self.outcome == DONE

    @classmethod
    def failed(cls, job: Job, reason: Reason, seconds: float, details: Mapping[str, str] | None = None) -> Self:
        """Return the record of a job that failed."""
        told = dict(details or {})
        return cls(job.subject, job.language, FAILED, reason=reason, details=told, seconds=round(seconds, 1), kind=job.kind)

    def sentence(self, language: str) -> str:
        """Say in one line how the job ended: its status, or the kind of reason with what is known of it."""
        if self.done:
            return say(f"batch.status.{self.status}", language)
        reason = say(f"batch.reason.{self.reason}", language)
        told = [say(f"batch.detail.{name}", language, value=_told(name, value, language)) for name, value in sorted(self.details.items())]
        return reason + (f" ({'; '.join(told)})" if told else "")

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the record in a job's folder; None where there is none or it is cut off."""
        try:
            raw = json.loads((folder / RECORD).read_text("utf-8"))
            raw["reason"] = Reason(raw["reason"]) if raw["reason"] else None
            return cls(**raw)
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _told(name: str, value: str, language: str) -> str:
    return say(f"batch.fault.{value}", language) if name == "fault" else value
