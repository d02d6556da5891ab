"""One study for many settings: what is not known yet is run, each row with a kernel of its own, and all of it is collected."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation import kernels
from evaluation.batch import account
from evaluation.batch.environment import of_all
from evaluation.batch.events import JOB_ENDED, PLANNED, RUN_BEGUN, Event, Watch, ended, unwatched
from evaluation.batch.inputs import FORCED, NEW
from evaluation.batch.interrupts import Interrupts
from evaluation.batch.jobs import Limits
from evaluation.batch.journal import RUNS, Journal, mark, unfinished
from evaluation.batch.publish import publish
from evaluation.batch.records import CURRENT, FAILED, Reason, Record
from evaluation.batch.run import Cancelled
from evaluation.batch.stages import Clock
from evaluation.batch.studies.asked import STUDY, StudyJob
from evaluation.batch.studies.frame import as_csv, frame
from evaluation.batch.studies.kept import Kept, key
from evaluation.batch.studies.place import refused
from evaluation.batch.turn import Busy, turn
from evaluation.recorded import Value
from evaluation.settings import folders, private

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.batch.studies.order import Product

RECORDED = "recorded"


@dataclass(frozen=True)
class Sweep:
    """A study for many settings, as it is asked for.

    Attributes
    ----------
    jobs : tuple of StudyJob
    results : Path or None
        Where the collected table goes.
    work : Path
        The private folder of all runs.
    force : frozenset of str
        Names of rows that are run though what they record is known.
    keep : bool
        Whether the notebooks of all rows are kept, not of those alone that failed.
    """

    jobs: tuple[StudyJob, ...]
    results: Path | None = None
    work: Path = field(default_factory=lambda: folders().work.resolve())
    force: frozenset[str] = frozenset()
    keep: bool = False

    def unknown(self) -> tuple[StudyJob, ...]:
        """Return the rows that have to be run: all but those that were run before, from the same, and not forced."""
        known = {notebook: Kept(self.work, notebook) for notebook in {job.notebook for job in self.jobs}}
        return tuple(job for job in self.jobs if job.name in self.force or known[job.notebook].get(key(job)) is None)


@dataclass(frozen=True)
class Swept:
    """How a sweep ended.

    Attributes
    ----------
    jobs : tuple of StudyJob
    records : mapping of Record
        How each row ended, by name.
    values : mapping
        What each recorded.
    folder : Path
        The run's private folder: notebooks of rows that failed.
    results : Path or None
        The collected table.
    written : bool
        Whether it could be written; what was recorded is known to the next run.
    """

    jobs: tuple[StudyJob, ...]
    records: Mapping[str, Record]
    values: Mapping[str, Mapping[str, Value]]
    folder: Path
    results: Path | None = None
    written: bool = True

    @property
    def failed(self) -> tuple[Record, ...]:
        """The rows that failed."""
        return tuple(r for job in self.jobs if not (r := self.records[job.name]).there)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows as one tidy frame (`studies.frame.frame`)."""
        return frame(self.jobs, self.records, self.values)


def run_sweep(
    asked: Sweep,
    *,
    workers: int | None = None,
    limits: Limits | None = None,
    tell: Callable[[Record], None] | None = None,
    watch: Watch = unwatched,
) -> Swept:
    """Run the rows whose values are not known, and collect all.

    Parameters
    ----------
    asked : Sweep
    workers : int, optional
        Rows at once; as many as the machine has processors where left out.
    limits : Limits, optional
        Of each row.
    tell : callable, optional
        Told of each row as it ends.
    watch : callable, optional
        Told of all that happens, as `batch.events` names it; from several threads.

    Returns
    -------
    Swept
        A row that failed takes no other with it.

    Raises
    ------
    Refused
        If another sweep of the same notebook goes on.
    Cancelled
        On an interrupt or a request to end, after all kernels were ended and what is there was collected.
    """
    notebooks = sorted({job.notebook for job in asked.jobs})
    with ExitStack() as held:
        known = {}
        for notebook in notebooks:
            kept = Kept(asked.work, notebook)
            held.enter_context(_alone(kept.folder, notebook))
            known[notebook] = Kept(asked.work, notebook)  # as it is now that it is ours
        return _Sweep(asked, known, limits or Limits(), workers, tell or (lambda _: None), watch).whole()


@contextmanager
def _alone(folder: Path, notebook: Path) -> Iterator[None]:
    try:
        with turn(folder):
            yield
    except Busy:
        raise refused("sweeping", name=notebook.name) from None


class _Sweep:
    """One sweep while it goes on."""

    def __init__(
        self,
        asked: Sweep,
        known: Mapping[Path, Kept],
        limits: Limits,
        workers: int | None,
        tell: Callable[[Record], None],
        watch: Watch,
    ) -> None:
        self.asked, self.known, self.limits, self.workers, self.tell, self.watch = asked, known, limits, workers, tell, watch
        self.mark = mark(asked.work, dt.datetime.now(dt.UTC))
        self.folder = asked.work / RUNS / self.mark
        self.clock = Clock()
        self.killed = unfinished(asked.work, _out(asked))
        self.keys = {job.name: key(job) for job in asked.jobs}
        self.records: dict[str, Record] = {}
        self.values: dict[str, Mapping[str, Value]] = {}
        self.interrupts = Interrupts()
        self.written = True

    def whole(self) -> Swept:
        """Run what is not known, collect all."""
        self.watch(Event(RUN_BEGUN, told={"run": self.mark, "kind": STUDY, "period": "", "jobs": len(self.asked.jobs)}))
        try:
            with self.interrupts.heard():
                self._do()
        except KeyboardInterrupt:
            raise Cancelled from None
        finally:
            outcomes = [record.outcome for record in self.records.values()]
            self.watch(ended(outcomes, len(self.asked.jobs), self.written, self.clock))
        return self._swept()

    def _do(self) -> None:
        making = self._planned()
        if making:
            with kernels.start(of_all(self.asked.work)) or nullcontext():  # it starts while papermill is loaded here
                self._run(making)
        else:
            self._collect()

    def _planned(self) -> list[StudyJob]:
        """Return the rows to be run; the others are there already."""
        known = {}
        with self.clock.stage("plan"):
            for job in self.asked.jobs:
                before = None if job.name in self.asked.force else self.known[job.notebook].get(self.keys[job.name])
                if before is not None:
                    known[job.name] = before
        making = [job for job in self.asked.jobs if job.name not in known]
        whys = {job.name: {"why": FORCED if job.name in self.asked.force else NEW, "seconds": None} for job in making}
        self.watch(Event(PLANNED, told={"current": len(known), "making": whys}))
        for name, (values, seconds) in known.items():
            self._ended(Record(name, "", CURRENT, status=RECORDED, seconds=seconds, kind=STUDY), values)
        return making

    def _swept(self) -> Swept:
        return Swept(self.asked.jobs, self.records, self.values, self.folder, self.asked.results, self.written)

    def _ended(self, record: Record, values: Mapping[str, Value]) -> None:
        self.records[record.name], self.values[record.name] = record, values
        self.watch(Event(JOB_ENDED, record.name, record.event))
        self.tell(record)

    def _run(self, making: Sequence[StudyJob]) -> None:
        journal = Journal(private(private(self.asked.work / RUNS) / self.mark))
        journal.begin(self._told(making))
        by_name = {job.name: job for job in making}
        try:
            with closing(self._products(making)) as products:
                for product in products:
                    with self.interrupts.held():
                        self._ended(self._kept(product, by_name[product.record.name], journal), product.values)
        except KeyboardInterrupt:
            for job in making:
                if job.name not in self.records:
                    self.records[job.name] = Record.failed(job, Reason.INTERRUPTED)
            raise
        finally:
            with self.interrupts.held():
                self._finish(journal)

    def _products(self, making: Sequence[StudyJob]) -> Generator[Product, None, None]:
        from evaluation.batch.pool import processors, worked_through
        from evaluation.batch.studies.order import Order, fulfil

        orders = [Order(job, self.folder / job.name, self.asked.work, self.limits, self.asked.keep, self.watch) for job in making]
        yield from worked_through(orders, fulfil, min(self.workers or processors(), len(orders)), self.folder)

    def _kept(self, product: Product, job: StudyJob, journal: Journal) -> Record:
        """Write down what a row recorded; only then is it done."""
        record = product.record
        if record.done:
            try:
                self.known[job.notebook].add(self.keys[job.name], product.values, record.seconds)
            except OSError as error:
                record = Record.failed(job, Reason.DISK, None, {"error": type(error).__name__})
        journal.job(record, {"row": self.keys[job.name]})
        folder = self.folder / job.name
        shutil.rmtree(folder / "ipython" if self.asked.keep or not record.done else folder, ignore_errors=True)
        return record

    def _told(self, making: Sequence[StudyJob]) -> dict[str, Any]:
        """Return what is asked for, so that the sweep can be taken up again."""
        return {
            "run": self.mark,
            "kind": STUDY,
            "out": str(_out(self.asked)),
            "results": str(self.asked.results or ""),
            "keep": self.asked.keep,
            "force": sorted(self.asked.force),
            "jobs": [
                {"subject": job.subject, "language": "", "notebook": str(job.notebook), "given": dict(job.given)} for job in self.asked.jobs
            ],
            "making": len(making),
        }

    def _finish(self, journal: Journal) -> None:
        """Collect what is there, write the run's own account, and keep working files of what failed alone."""
        self._collect()
        try:
            account.write(self.folder, self.clock, self.records)
            for kept in self.known.values():
                kept.tidy()
            journal.end()
        except OSError:
            self.written = False
        if not self.asked.keep and not any(r.outcome == FAILED for r in self.records.values()):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _collect(self) -> None:
        try:
            if self.asked.results is not None:
                with self.clock.stage("collecting"):
                    self.asked.results.parent.mkdir(parents=True, exist_ok=True)
                    publish({self.asked.results: as_csv(self._swept().frame)}, self.mark)
            for told in self.killed:
                Journal(told.folder).end()
                account.write_killed(told)
        except OSError:
            self.written = False


def _out(asked: Sweep) -> Path:
    """Return what tells sweeps apart that were killed: their table, else their first notebook."""
    return asked.results or asked.jobs[0].notebook
