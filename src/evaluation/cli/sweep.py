"""Many settings from one table: reports of several periods and languages, or a study whose recorded values are collected."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.batch import Job, Record, run, wanted
from evaluation.batch.events import RUN_BEGUN, Event, Watch, both
from evaluation.batch.journal import RUNS
from evaluation.batch.records import CURRENT
from evaluation.batch.studies.asked import Asked, asked
from evaluation.batch.studies.place import results_place, usual_place
from evaluation.batch.studies.reports import groups
from evaluation.batch.studies.resume import last_unfinished
from evaluation.batch.studies.sweep import Sweep, Swept, run_sweep
from evaluation.batch.studies.table import from_file
from evaluation.cli.codes import DONE, FAILED, wrong
from evaluation.cli.live import live
from evaluation.cli.reports import How, make_jobs, summary
from evaluation.cli.screen import near
from evaluation.language import number, say
from evaluation.settings import folders


@dataclass(frozen=True)
class Bulk:
    """A table of settings, as it was asked for at the command line.

    Attributes
    ----------
    jobs : Path
        The table.
    notebook, results, out : Path or None
        The notebook of rows that name none; where the collected table goes; where reports go.
    keep : bool
        Whether the notebooks of all rows are kept.
    """

    jobs: Path
    notebook: Path | None
    results: Path | None
    out: Path | None
    keep: bool

    def read(self) -> tuple[Asked, Sweep | None]:
        """Return what the table asks for, all of it checked, and the sweep of its rows that are no reports.

        Raises
        ------
        WrongJobs
        Refused
        """
        found = asked(from_file(self.jobs), self.notebook, self.jobs.parent)
        if not found.studies:
            if self.results is not None or self.keep:
                raise wrong("jobs_reports")
            return found, None
        work = folders().work.resolve()
        place = results_place(self.results, found.studies, self.jobs) if self.results else usual_place(self.jobs, work)
        return found, Sweep(found.studies, place, work, keep=self.keep)


def bulk(jobs: Path | None, notebook: Path | None, results: Path | None, out: Path | None, keep: bool, others: bool) -> Bulk:
    """Return the table of settings that was asked for.

    Parameters
    ----------
    jobs, notebook, results, out, keep
        As of `Bulk`.
    others : bool
        Whether reports were named in another way too.

    Raises
    ------
    WrongUse
    """
    if jobs is None:
        raise wrong("jobs_needed")
    if others:
        raise wrong("jobs_alone")
    return Bulk(jobs, notebook, results, out, keep)


def work_through(table: Bulk, how: How, language: str) -> int:
    """Make the reports and run the studies that a table asks for.

    Parameters
    ----------
    table : Bulk
    how : How
    language : {"vi", "en"}
        Of what is told.

    Returns
    -------
    int
        0, or 1 if a row failed.

    Raises
    ------
    WrongUse, WrongJobs, Refused
        Before anything is started.
    Cancelled
    """
    how.limits()
    found, sweep = table.read()
    sweep = _forced(sweep, how) if sweep is not None else None
    if how.as_json:
        return _as_json(list(groups(found.reports).values()), sweep, table.out, how)
    codes = [make_jobs(jobs, table.out, how, language) for jobs in groups(found.reports).values()]
    if sweep is not None:
        codes.append(_swept(sweep, how, language))
    return max(codes)


def tell_what_would_be_run(table: Bulk, how: How, language: str) -> int:
    """Tell which rows would be run, and run none.

    Parameters
    ----------
    table : Bulk
    how : How
    language : {"vi", "en"}

    Returns
    -------
    int
        0.
    """
    how.limits()
    found, sweep = table.read()
    plans = [wanted(jobs, table.out, force=how.force).planned() for jobs in groups(found.reports).values()]
    making = [f"{p.job.name} {p.job.period}" for plan in plans for p in plan if p.reason]
    if sweep is not None:
        making += [job.name for job in _forced(sweep, how).unknown()]
    total = len(found.reports) + len(found.studies)
    if how.as_json:
        print(json.dumps({"rows": total, "making": making}, ensure_ascii=False, indent=1))
        return DONE
    for name in making:
        print(say("cli.sweep.would", language, name=name))
    print(say("cli.sweep.would_end", language, making=len(making), all=total))
    return DONE


def take_up(named: bool, how: How, language: str) -> int | None:
    """Go on with the last run that was killed, if it was a sweep.

    Parameters
    ----------
    named : bool
        Whether something was asked for too; a run that is taken up knows its own.
    how : How
    language : {"vi", "en"}

    Returns
    -------
    int or None
        0, or 1 if a row failed; None where the last run that was killed is no sweep.

    Raises
    ------
    WrongUse, WrongJobs, Refused
    """
    if named or how.force:
        raise wrong("resume")
    left = last_unfinished()
    return None if left is None else _swept(left, how, language)


def _forced(sweep: Sweep, how: How) -> Sweep:
    """Return the sweep as it is to be run: all of it again where that is asked for."""
    if how.scheduler or how.cluster or how.ship:
        raise wrong("sweep_here")
    return replace(sweep, force=frozenset(job.name for job in sweep.jobs)) if how.force else sweep


def _swept(sweep: Sweep, how: How, language: str) -> int:
    def go(tell: Callable[[Record], None] | None, watch: Watch) -> Swept:
        return run_sweep(sweep, workers=how.workers, limits=how.limits(), tell=tell, watch=watch)

    with how.log() as log:
        if how.as_json:
            swept = go(None, log)
            print(json.dumps(_sweep_summary(swept), ensure_ascii=False, indent=1))
            return _code(swept)
        heading = say("cli.sweep.begin", language, count=len(sweep.jobs))
        began: list[Path] = []

        def hear(event: Event) -> None:
            if event.name == RUN_BEGUN:
                began.append(sweep.work / RUNS / str(event.told["run"]))
            log(event)

        with live(heading, {job.name: job.name for job in sweep.jobs}, language, sys.stdout) as (tell, see):

            def ended(record: Record) -> None:
                tell("" if record.outcome == CURRENT else _line(record, began[-1], language), record.there)

            swept = go(ended, both(hear, see))
    made = sum(1 for r in swept.records.values() if r.done)
    counts = {"made": made, "current": len(swept.records) - made - len(swept.failed), "failed": len(swept.failed)}
    print(say("cli.sweep.end", language, **counts, where=near(swept.results) if swept.results else ""))
    if not swept.written:
        print(say("cli.sweep.unwritten", language))
    return _code(swept)


def _code(swept: Swept) -> int:
    return FAILED if swept.failed or not swept.written else DONE


def _line(record: Record, folder: Path, language: str) -> str:
    if record.there:
        return say(
            "cli.sweep.line",
            language,
            name=record.name,
            sentence=record.sentence(language),
            seconds=number(record.seconds, language, 1),
        )
    where = folder / record.name
    return say("cli.sweep.failed", language, name=record.name, sentence=record.sentence(language), where=near(where))


def _sweep_summary(swept: Swept) -> dict[str, object]:
    return {
        "results": near(swept.results) if swept.results else "",
        "failed": len(swept.failed),
        "written": swept.written,
        "jobs": [
            {"job": r.subject, "outcome": r.outcome, "reason": str(r.reason) if r.reason else ""}
            for r in (swept.records[job.name] for job in swept.jobs)
        ],
    }


def _as_json(reports: list[list[Job]], sweep: Sweep | None, out: Path | None, how: How) -> int:
    batches = [run(jobs, out, limits=how.limits(), force=how.force, **how.where()) for jobs in reports]
    told: dict[str, object] = {"reports": [summary(batch) for batch in batches]}
    code = FAILED if any(batch.failed or not batch.written for batch in batches) else DONE
    if sweep is not None:
        swept = run_sweep(sweep, workers=how.workers, limits=how.limits())
        told["study"] = _sweep_summary(swept)
        code = max(code, _code(swept))
    print(json.dumps(told, ensure_ascii=False, indent=1))
    return code
