"""The commands that make something: reports, and the store of example data."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from evaluation.batch import DISTRICT, PILOT, Batch, Job, Limits, Record, Refused, last_unfinished, prepared, run
from evaluation.batch import wanted as batch_wanted
from evaluation.batch.events import SHARED_BEGUN, Event, Watch, both, unwatched
from evaluation.batch.records import CURRENT
from evaluation.cli.codes import DONE, FAILED, wrong
from evaluation.cli.live import live
from evaluation.cli.outcome import end, left, line, place, would
from evaluation.cli.screen import near
from evaluation.language import say, words
from evaluation.periods import Period
from evaluation.settings import DEFAULT_SEED, folders, private

if TYPE_CHECKING:
    from evaluation.intake.findings import Finding

Tell = Callable[[Record], None]
LONGEST = 86_400  # seconds


@dataclass(frozen=True)
class Wanted:
    """What was asked for at the command line.

    Attributes
    ----------
    kind : {"district", "pilot"}
    subjects : tuple of str or None
        As typed; None for all of the kind.
    period, language : str
    out, store : Path or None
    as_of : str or None
    seed : int
    """

    kind: str
    subjects: tuple[str, ...] | None
    period: str
    language: str
    out: Path | None
    store: Path | None
    as_of: str | None
    seed: int

    @classmethod
    def of(cls, first: Job, out: Path | None) -> Self:
        """Return what a run of jobs like this one was asked for."""
        return cls(first.kind, None, first.period, first.language, out, first.store, first.as_of.isoformat(), first.seed)

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, checked."""
        return prepared(self.subjects, self.period, self.language, self.store, self.as_of, self.seed, kind=self.kind)

    def again(self, job: Job) -> str:
        """Return the command that makes one report of it again."""
        words = ["evaluation", "report", f"--{job.kind}", job.subject, "--period", job.period]
        words += ["--language", job.language] if job.language != "vi" else []
        words += ["--out", str(self.out)] if self.out else []
        words += ["--store", str(self.store)] if self.store else []
        words += ["--as-of", self.as_of] if self.as_of else []
        words += ["--seed", str(self.seed)] if self.seed != DEFAULT_SEED else []
        return shlex.join(words)


def chosen(
    district: Sequence[str] | None, all_districts: bool, pilot: Sequence[str] | None, all_pilots: bool
) -> tuple[str, tuple[str, ...] | None]:
    """Return which kind of report was asked for, and of what: None for all of the kind.

    Raises
    ------
    WrongUse
        Unless exactly one of the four was given: a run makes reports of one kind.
    """
    given = (bool(district), all_districts, bool(pilot), all_pilots)
    if sum(given) != 1:
        raise wrong("choose")
    named = tuple(district or pilot or ()) or None
    return (DISTRICT if district or all_districts else PILOT), named


@dataclass(frozen=True)
class How:
    """How a run is to be done and told of.

    Attributes
    ----------
    workers : int or None
    memory : float
        GiB that a kernel may take beyond what it starts with.
    force : bool
    as_json : bool
        One JSON object at the end instead of lines.
    scheduler, cluster : str or None
        Whose workers make the reports; this process where neither is given.
    ship : bool
        Whether the store is sent to them.
    json_log : str or None
        File of a log for programs, "-" for standard error.
    cell_timeout, report_timeout : int
        Seconds that a cell, and a whole report, may take.
    """

    workers: int | None
    memory: float
    force: bool
    as_json: bool
    scheduler: str | None = None
    cluster: str | None = None
    ship: bool = False
    json_log: str | None = None
    cell_timeout: int = Limits.cell
    report_timeout: int = int(Limits.job)

    def where(self) -> dict[str, Any]:
        """Return where the jobs are done, as `batch.run` takes it."""
        return {"workers": self.workers, "scheduler": self.scheduler, "cluster": self.cluster, "ship": self.ship}

    def limits(self) -> Limits:
        """Return the limits of a job.

        Raises
        ------
        WrongUse
            For workers, memory or seconds that are none.
        """
        if self.workers is not None and self.workers < 1:
            raise wrong("workers")
        if not 0.1 <= self.memory <= 1024:
            raise wrong("memory")
        for name, seconds in (("--cell-timeout", self.cell_timeout), ("--report-timeout", self.report_timeout)):
            if not 1 <= seconds <= LONGEST:
                raise wrong("timeout", name=name)
        return Limits(cell=self.cell_timeout, job=float(self.report_timeout), memory=int(self.memory * 2**30))

    @contextmanager
    def log(self) -> Iterator[Watch]:
        """Open the log that was asked for, if any.

        Raises
        ------
        WrongUse
            If it cannot be written.
        """
        if self.json_log is None:
            yield unwatched
            return
        from evaluation.batch.log import logged

        with ExitStack() as opened:
            try:
                log = opened.enter_context(logged(self.json_log))
            except OSError as error:
                raise wrong("json_log", name=self.json_log, message=error.strerror or type(error).__name__) from None
            yield log
            if not log.whole:
                said = words("cli.report.log_broken", name=self.json_log)
                sys.stderr.write(f"{said.vi} / {said.en}\n")


def make(wanted: Wanted, how: How, language: str) -> int:
    """Make the reports that are not there yet or were made from something else, and tell how each ended.

    Parameters
    ----------
    wanted : Wanted
    how : How
    language : {"vi", "en"}
        Of what is told.

    Returns
    -------
    int
        0, or 1 if a report failed.

    Raises
    ------
    WrongUse, WrongParameter, Refused
        Before anything is started.
    Cancelled
    """
    how.limits()
    return _run(wanted.jobs(), wanted, how, language, force=how.force)


def make_jobs(jobs: Sequence[Job], out: Path | None, how: How, language: str) -> int:
    """Make reports of one kind, period, store, date and seed, as a table of settings asks for them.

    Parameters
    ----------
    jobs : sequence of Job
        Checked.
    out : Path or None
    how : How
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if a report failed.

    Raises
    ------
    Refused, Cancelled
    """
    return _run(jobs, Wanted.of(jobs[0], out), how, language, force=how.force)


def take_up(named: bool, how: How, language: str) -> int:
    """Go on with the last run that was killed: only what it had not done is made.

    Parameters
    ----------
    named : bool
        Whether reports were named too; a run that is taken up knows its own.
    how : How
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if a report failed.

    Raises
    ------
    WrongUse, WrongParameter, Refused
    """
    if named or how.force:
        raise wrong("resume")
    how.limits()
    found = last_unfinished()
    if found is None:
        print(say("cli.report.nothing_unfinished", language))
        return DONE
    return _run(found.jobs, Wanted.of(found.jobs[0], found.out), how, language, force=found.left, template=found.template)


def tell_what_would_be_made(wanted: Wanted, how: How, language: str) -> int:
    """Tell which reports would be made, and why, and make none.

    Parameters
    ----------
    wanted : Wanted
    how : How
    language : {"vi", "en"}

    Returns
    -------
    int
        0.
    """
    how.limits()

    def hear(event: Event) -> None:
        if event.name == SHARED_BEGUN and not how.as_json:
            print(say("cli.live.shared_begun", language), flush=True)

    plan = batch_wanted(wanted.jobs(), wanted.out, force=how.force).planned(hear)
    if how.as_json:
        print(json.dumps([{p.job.kind: p.job.subject, "language": p.job.language, "why": p.reason} for p in plan], indent=1))
        return DONE
    would(plan, language)
    return DONE


def _run(jobs: Sequence[Job], wanted: Wanted, how: How, language: str, **named: Any) -> int:
    """Run, and tell how it goes and ends; the log for programs is told first."""

    def go(tell: Tell, watch: Watch) -> Batch:
        return run(jobs, wanted.out, limits=how.limits(), tell=tell, watch=watch, **how.where(), **named)

    with how.log() as log:
        if how.as_json:
            batch = go(lambda _: None, log)
            print(json.dumps(summary(batch), ensure_ascii=False, indent=1))
            return FAILED if batch.failed or not batch.written else DONE
        heading = say("cli.report.begin", language, count=len(jobs), period=Period.parse(jobs[0].period).label(language))
        places = {job.name: place(job.kind, job.subject, language) for job in jobs}
        with live(heading, places, language, sys.stdout) as (tell, see):

            def ended(record: Record) -> None:
                tell("" if record.outcome == CURRENT else line(record, language), record.there)

            batch = go(ended, both(log, see))
    print(end(batch, jobs, wanted.again, language))
    return FAILED if batch.failed or not batch.written else DONE


def summary(batch: Batch) -> dict[str, object]:
    """Return how a run ended, as plain data for another program."""
    reports = [
        {
            r.kind: r.subject,
            "language": r.language,
            "outcome": r.outcome,
            "status": r.status,
            "reason": str(r.reason) if r.reason else "",
            "notebook": left(batch, r),
            "files": sorted(r.files),
        }
        for r in batch.records
    ]
    return {
        "folder": near(batch.folder),
        "index": near(batch.index),
        "failed": len(batch.failed),
        "written": batch.written,
        "reports": reports,
    }


def build_example(store: Path | None, if_missing: bool, language: str) -> int:
    """Build the store of example data.

    Parameters
    ----------
    store : Path or None
        The project's own where None.
    if_missing : bool
        Whether one that is there already is left alone.
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if a file was kept out; the store then holds the others.

    Raises
    ------
    Refused
        If a store of real data is there: the two are never mixed.
    """
    from evaluation.store import open_store

    place = (store or folders().example_store).resolve()
    there = place.exists()
    if there and if_missing:
        print(say("cli.example.there", language, where=near(place)))
        return DONE
    try:
        if there and not open_store(place).synthetic:
            said = words("cli.example.real", name=place.name)
            raise Refused(f"{said.vi} / {said.en}")
        kept_out = _build(place, there, language)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stderr.writelines(f"{found.line(language)}\n" for found in kept_out)
    print(say("cli.example.done", language, where=near(place)))
    return FAILED if kept_out else DONE


def _build(place: Path, there: bool, language: str) -> list[Finding]:
    """Build beside the place and move at the end: a store that is there is a whole one; return what was kept out."""
    from evaluation.example import build
    from evaluation.store.disk import beside

    print(say("cli.example.building", language), flush=True)
    kept_out: list[Finding] = []
    if there or any(beside(place, e).exists() for e in (".ledger", ".files")):  # a ledger without its store is refused there
        build(place, tell=kept_out.append)
        return kept_out
    if not place.parent.exists():
        private(place.parent)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=place.parent) as folder:
        made = Path(folder) / place.name
        build(made, tell=kept_out.append)
        for ending in (".files", ".ledger", ""):  # the database last: with it the store is there
            if beside(made, ending).exists():
                beside(made, ending).replace(beside(place, ending))
    return kept_out
