"""What a run has to do: which reports are to be made again, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.batch import journal, manifest, shared
from evaluation.batch.inputs import FORCED, inputs, why
from evaluation.batch.jobs import Job
from evaluation.reporting.provenance import code_version


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
    jobs: Sequence[Job], template: Path, folder: Path, work: Path, known: Mapping[str, Mapping[str, Any]], force: Collection[str] = ()
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
    """
    state = shared.state(jobs[0])
    code = code_version()
    before = {job.name: known.get(job.name, {}).get("inputs", {}) for job in jobs}
    # Where the evidence as a whole is as it was, so is each part of it, and nothing has to be worked out.
    forced = any(job.name in force for job in jobs)
    as_it_was = not forced and all(b.get("state") == state and b.get("code") == code for b in before.values())
    read = None if as_it_was else shared.evidence(jobs, state, work)
    now = {job.name: inputs(job, template, read[job.name].sha256 if read else before[job.name]["data"]) for job in jobs}
    reasons = {job.name: FORCED if job.name in force else why(known.get(job.name), now[job.name], folder) for job in jobs}
    if read is None and any(reasons.values()):
        read = shared.evidence(jobs, state, work)
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
