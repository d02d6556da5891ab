"""What a run has to do: which reports are to be made again, and why."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.batch import journal, manifest, shared
from evaluation.batch.events import Watch, unwatched
from evaluation.batch.inputs import FILES, FORCED, inputs, why
from evaluation.batch.jobs import Job


@dataclass(frozen=True)
class Planned:
    """One job of a run.

    Attributes
    ----------
    job : Job
    reason : str
        Why its report has to be made, as `inputs.why` says; empty where it need not.
    inputs : mapping of str
        What it is made from.
    slice : Path or None
        The file that it is made from, where it is known.
    seconds : float
        How long it took the last time; infinite where it was never made.
    """

    job: Job
    reason: str
    inputs: Mapping[str, str]
    slice: Path | None
    seconds: float

    @property
    def told(self) -> dict[str, Any]:
        """Why it is made, and the seconds of the last time; None where it never came to an end."""
        return {"why": self.reason, "seconds": self.seconds if 0 < self.seconds < math.inf else None}


def ends(folder: Path, work: Path) -> dict[str, dict[str, Any]]:
    """Return how each report's last run ended, by "760-vi": from the manifest, and from journals of runs that were killed.

    Parameters
    ----------
    folder : Path
        Of reports.
    work : Path
        The private folder of all runs.
    """
    known = manifest.last_ends(folder)
    for told in journal.unfinished(work, folder):
        known |= {record.name: manifest.entry(record, made_from) for record, made_from in told.ends}
    return known


def plan(
    jobs: Sequence[Job],
    template: Path,
    folder: Path,
    work: Path,
    known: Mapping[str, Mapping[str, Any]],
    force: Collection[str] = (),
    *,
    watch: Watch = unwatched,
    making: bool = True,
) -> tuple[Planned, ...]:
    """Return what has to be done, in the order of the jobs.

    Parameters
    ----------
    jobs : sequence of Job
        Of one kind, period, store and date.
    template : Path
    folder, work : Path
        Of reports, and of all runs.
    known : mapping
        `ends` of the folder.
    force : collection of str
        Names of jobs to be done whatever their reports are made from.
    watch : callable, optional
        Told where what all reports share has to be worked out.
    making : bool
        Whether what is to be made is made next; where it is not, nothing is worked out that decides nothing.
    """
    state = shared.state(jobs[0])
    before = {job.name: known.get(job.name, {}).get("inputs", {}) for job in jobs}

    def reason(job: Job) -> str:
        return FORCED if job.name in force else why(known.get(job.name), now[job.name], folder)

    now = {job.name: inputs(job, template, before[job.name].get("data", "")) for job in jobs}
    reasons = {job.name: reason(job) for job in jobs}
    # Where the evidence as a whole is as it was, so is each part of it, and nothing has to be worked out to decide.
    asked = any(reasons[name] in ("", FILES) and before[name].get("state") != state for name in reasons)
    read = shared.evidence(jobs, state, work, watch) if asked or (making and any(reasons.values())) else None
    if read is not None:
        now = {job.name: inputs(job, template, read[job.name].sha256) for job in jobs}
        reasons = {job.name: reason(job) for job in jobs}
    return tuple(
        Planned(
            job,
            reasons[job.name],
            {**now[job.name], "state": state},
            read[job.name].path if read else None,
            float(known.get(job.name, {}).get("seconds", "inf")),
        )
        for job in jobs
    )
