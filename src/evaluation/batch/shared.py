"""What all reports of a run share: the state of the evidence, and what was worked out from it once for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.batch.jobs import Job
from evaluation.store import open_store


@dataclass(frozen=True)
class Evidence:
    """What a report is made from.

    Attributes
    ----------
    sha256 : str
        Changes where anything changes that the report reads.
    path : Path or None
        The slice, where there is one.
    """

    sha256: str
    path: Path | None = None


def state(job: Job) -> str:
    """Return a short text that changes where anything in the evidence changes that reports of the job's period may read."""
    return open_store(job.store, job.as_of).content_hash()


def evidence(jobs: Sequence[Job], known: str, work: Path) -> dict[str, Evidence]:
    """Return what each job's report is made from, by name, worked out where it was not yet."""
    return {job.name: Evidence(known) for job in jobs}
