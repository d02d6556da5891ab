"""What all reports of a run share: the state of the evidence, and what was worked out from it once for all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

from evaluation import kernels
from evaluation.batch.environment import of_all
from evaluation.batch.events import SHARED_BEGUN, SHARED_ENDED, Event, Watch, unwatched
from evaluation.batch.jobs import DISTRICT, Job, Limits
from evaluation.batch.journal import RUNS
from evaluation.batch.records import JobFailure
from evaluation.batch.stages import Clock
from evaluation.reporting.slices import shared as slices
from evaluation.settings import folders, private

SHARED = "shared"


FAILED = "shared-failed"


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
    """Return a short text that changes where anything changes that reports of the job's period may be made from."""
    return slices.state(job.store, job.as_of, job.period)


def evidence(jobs: Sequence[Job], known: str, work: Path, watch: Watch = unwatched) -> dict[str, Evidence]:
    """Return what each job's report is made from, worked out where it was not yet.

    Parameters
    ----------
    jobs : sequence of Job
        Of one kind, period, store and date.
    known : str
        Their `state`.
    work : Path
        The private folder of all runs.
    watch : callable, optional
        Told where something is worked out, of its kernel and cells, and when it is there.

    Returns
    -------
    dict of Evidence
        By the name of the job. Where nothing could be worked out for a
        district, its report reads the store, and says itself what is wrong.
    """
    if jobs[0].kind != DISTRICT:
        return {job.name: Evidence(known) for job in jobs}
    found = slices.ready(known)
    if found is None:
        _work_out(jobs[0], work, watch)
        found = slices.ready(known) or {}
    return {job.name: Evidence(found[job.subject][1], found[job.subject][0]) if job.subject in found else Evidence(known) for job in jobs}


def _work_out(job: Job, work: Path, watch: Watch) -> None:
    """Work out the slices of all districts in a kernel, as a notebook of its own."""
    clock = Clock()
    watch(Event(SHARED_BEGUN, SHARED))
    made = _executed(job, work, clock, lambda event: watch(replace(event, job=SHARED)))
    told = {"made": made, "seconds": round(clock.seconds, 3), "stages": clock.rounded(), "cells": [asdict(c) for c in clock.cells]}
    watch(Event(SHARED_ENDED, SHARED, {**told, "peak": clock.peak, "kernel": clock.kernel}))


def _executed(job: Job, work: Path, clock: Clock, watch: Watch) -> bool:
    environment = of_all(work)
    with kernels.start(environment) or nullcontext():
        from evaluation.batch.kernel import Task, execute
        from evaluation.batch.pool import worked_through

        folder = private(private(work / RUNS) / f"shared-{uuid4().hex[:12]}")
        template = folders().notebooks / "reports" / "shared_results.ipynb"
        parameters = {"period": job.period, "store": str(job.store), "as_of": job.as_of.isoformat()}
        environment["IPYTHONDIR"] = str(private(folder / "ipython"))
        task = Task(template, parameters, folder, work / "jupyter", environment, Limits(), watch)

        def made(task: Task) -> bool:
            try:
                with clock.stage("notebook"):
                    execute(task, clock)
            except JobFailure:
                return False
            return True

        done = all(worked_through([task], made, 1, folder))
        kept = work / RUNS / FAILED
        shutil.rmtree(kept, ignore_errors=True)
        if done:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            with suppress(OSError):
                folder.rename(kept)  # the notebook of the last one that failed stays, as far as it came
        return done
