"""Taking up a run that was killed: what it was asked for, less what it had done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from evaluation.batch.jobs import KINDS, Job
from evaluation.batch.journal import Told, unfinished
from evaluation.settings import folders


@dataclass(frozen=True)
class Unfinished:
    """What is left of a run.

    Attributes
    ----------
    jobs : tuple of Job
        All that were to be done.
    left : frozenset of str
        Names of those whose reports were not published.
    out, template : Path
        As `run` takes them.
    """

    jobs: tuple[Job, ...]
    left: frozenset[str]
    out: Path
    template: Path


def last_unfinished(work: Path | None = None) -> Unfinished | None:
    """Return what is left of the last run of reports that never came to its end; None where all did.

    Parameters
    ----------
    work : Path, optional
        The private folder of all runs; the project's own where left out.
    """
    found = [told for told in unfinished((work or folders().work).resolve()) if told.begun.get("kind") in KINDS]
    return _left(found[-1]) if found else None


def _left(told: Told) -> Unfinished:
    begun = told.begun
    jobs = tuple(
        Job(
            asked["subject"],
            begun["period"],
            asked["language"],
            Path(begun["store"]),
            dt.date.fromisoformat(begun["as_of"]),
            begun["seed"],
            begun["kind"],
        )
        for asked in begun["jobs"]
    )
    done = {record.name for record, _ in told.ends if record.done}
    return Unfinished(jobs, frozenset(job.name for job in jobs) - done, Path(begun["out"]).parent, Path(begun["template"]))
