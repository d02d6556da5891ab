"""Past runs, as their accounts and journals tell of them: found by a short name, looked through, compared."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from evaluation.batch import journal
from evaluation.batch.journal import RUNS
from evaluation.batch.records import CURRENT, DONE, FAILED, Reason
from evaluation.language import words
from evaluation.settings import folders

ENDED, INTERRUPTED, UNDER_WAY, UNFINISHED, TAKEN_UP = "ended", "interrupted", "under_way", "unfinished", "taken_up"
LAST = "last"
# As stages follow each other in a run, and in a job; what stands within another stands after it.
ORDER = (
    *("plan", "shared", "server", "load", "reports", "collecting", "index"),
    *("notebook", "parameters", "start", "cells", "export", "protection", "publishing"),
)
SHOWN = 5  # of runs that a short name may mean
Cells = dict[tuple[int, str], list[float]]


class UnknownRun(ValueError):
    """A run that is not there, or a short name that means several; the message is bilingual."""


@dataclass(frozen=True)
class Past:
    """One run of the past.

    Attributes
    ----------
    id : str
        "20261125T144620-25102": when it began (UTC) and its process.
    state : {"ended", "interrupted", "under_way", "unfinished", "taken_up"}
        Interrupted is a run that somebody ended; unfinished, one that was killed; taken up, one whose folder a later run
        brought up to date.
    told : mapping
        Its account; where there is none, what its journal tells.
    """

    id: str
    state: str
    told: Mapping[str, Any]

    @property
    def began(self) -> dt.datetime:
        """When it began, with its time zone."""
        return dt.datetime.strptime(self.id.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)

    @property
    def asked(self) -> Mapping[str, Any]:
        """What it was asked for."""
        found: Mapping[str, Any] = self.told.get("asked", {})
        return found

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """How its jobs ended, by "760-vi", as plain values of records."""
        found: Mapping[str, Mapping[str, Any]] = self.told.get("jobs", {})
        return found

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it never ended."""
        found = self.told.get("seconds")
        return None if found is None else float(found)

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs were done, were current, failed."""
        found = Counter(job["outcome"] for job in self.jobs.values())
        return {outcome: found[outcome] for outcome in (DONE, CURRENT, FAILED)}

    @property
    def left(self) -> int:
        """How many jobs it was to do and never ended."""
        return max(0, len(self.asked.get("jobs", [])) - self.counts[DONE] - self.counts[FAILED])

    @cached_property
    def made(self) -> dict[str, float]:
        """Seconds of each job that was done, the longest first."""
        found = {name: float(job["seconds"]) for name, job in self.jobs.items() if job["outcome"] == DONE}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def median(self) -> float | None:
        """Median seconds of a job that was done; None where none was."""
        return median(self.made.values()) if self.made else None

    @cached_property
    def stages(self) -> dict[str, dict[str, float]]:
        """Seconds of each job that was done, by stage and job, stages in the order in which they begin."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for name in self.made:
            for stage, seconds in self.jobs[name].get("stages", {}).items():
                found[stage][name] = float(seconds)
        return _in_order(found)

    @cached_property
    def cells(self) -> Cells:
        """Seconds in each job that was done, by the cell's place and first line."""
        found: Cells = defaultdict(list)
        for name in self.made:
            for cell in self.jobs[name].get("cells", ()):
                if isinstance(cell, Mapping):
                    found[int(cell["place"]), str(cell["line"])].append(float(cell["seconds"]))
        return dict(found)


def past(work: Path | None = None) -> list[Past]:
    """Return past runs, the newest first.

    Parameters
    ----------
    work : Path, optional
        The private folder of all runs; the project's own where left out.
    """
    runs = (work or folders().work) / RUNS
    names = {path.stem for path in runs.glob("*.json")} | {path.name for path in runs.glob("*/") if (path / journal.JOURNAL).exists()}
    found = [one for name in names if (one := _read(runs / name)) is not None]
    return sorted(found, key=lambda one: one.id, reverse=True)


def _read(folder: Path) -> Past | None:
    try:
        account = json.loads(folder.with_name(f"{folder.name}.json").read_text("utf-8"))
        found = Past(folder.name, TAKEN_UP if account.get("killed") else ENDED, account)
        if any(job.get("reason") == Reason.INTERRUPTED for job in found.jobs.values()):
            found = replace(found, state=INTERRUPTED)
    except (OSError, ValueError, AttributeError):
        told = journal.read(folder)
        if told is None:
            return None
        jobs = {record.name: record.raw() for record, _ in told.ends}
        found = Past(folder.name, ENDED if told.ended else _alive(folder.name), {"asked": dict(told.begun), "jobs": jobs})
    try:
        _ = found.began
    except ValueError:
        return None  # a file that is none of ours
    return found


def _alive(name: str) -> str:
    """Return whether a run that never ended is still at work: its process is there, and no younger than the run."""
    import psutil

    stamp, _, process = name.partition("-")
    try:
        began = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC).timestamp()
        return UNDER_WAY if psutil.Process(int(process)).create_time() <= began + 1 else UNFINISHED
    except (psutil.Error, ValueError):
        return UNFINISHED


def find(asked: str, known: Sequence[Past]) -> Past:
    """Return the run that a name means.

    Parameters
    ----------
    asked : str
        An id or a beginning that only one has, or "last".
    known : sequence of Past
        The newest first.

    Raises
    ------
    UnknownRun
    """
    if asked == LAST and known:
        return known[0]
    found = [one for one in known if one.id.startswith(asked)] if asked else []
    if exact := [one for one in found if one.id == asked]:
        return exact[0]
    if len(found) == 1:
        return found[0]
    key = "several" if found else "unknown" if known else "none"
    near = found or known
    said = words(f"runs.wrong.{key}", name=asked, known=", ".join(one.id for one in near[:SHOWN]) + (", …" if len(near) > SHOWN else ""))
    raise UnknownRun(f"{said.vi} / {said.en}")


@dataclass(frozen=True)
class Change:
    """The same thing in two runs.

    Attributes
    ----------
    name : str
    before, after : float
        Seconds.
    """

    name: str
    before: float
    after: float

    @property
    def more(self) -> float:
        """How many seconds more it took."""
        return self.after - self.before


def stages_of(one: Past) -> dict[str, float]:
    """Return the seconds of a run's own stages, the work that all reports share among them."""
    found = {name: float(seconds) for name, seconds in one.told.get("stages", {}).items()}
    shared = one.told.get("shared") or {}
    return _in_order(found | ({"shared": float(shared["seconds"])} if shared else {}))


def _in_order(found: Mapping[str, Any]) -> dict[str, Any]:
    return {stage: found[stage] for stage in sorted(found, key=lambda stage: (ORDER.index(stage) if stage in ORDER else len(ORDER), stage))}


def own_changes(before: Past, after: Past) -> list[Change]:
    """Return the stages of two runs themselves, those that both have."""
    first, second = stages_of(before), stages_of(after)
    return [Change(name, first[name], second[name]) for name in first if name in second]


def stage_changes(before: Past, after: Past) -> list[Change]:
    """Return the median seconds of a job by stage, in two runs."""
    return [
        Change(name, median(before.stages[name].values()), median(after.stages[name].values()))
        for name in before.stages
        if name in after.stages
    ]


def job_changes(before: Past, after: Past) -> list[Change]:
    """Return the seconds of jobs done in both runs, what got slower most first."""
    found = [Change(name, before.made[name], after.made[name]) for name in before.made if name in after.made]
    return sorted(found, key=lambda change: -change.more)


def cell_changes(before: Past, after: Past) -> list[tuple[int, Change]]:
    """Return the median seconds of cells that both runs have, with their places, what got slower most first."""
    found = [(key[0], Change(key[1], median(before.cells[key]), median(after.cells[key]))) for key in before.cells if key in after.cells]
    return sorted(found, key=lambda pair: -pair[1].more)
