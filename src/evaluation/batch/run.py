"""A whole run: look before, do what has to be done and no more, publish each report as it is there, write index and manifest."""

from __future__ import annotations

import datetime as dt
import errno
import shutil
import tempfile
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation import kernels
from evaluation.batch import account, manifest
from evaluation.batch.environment import of_all
from evaluation.batch.events import JOB_ENDED, PLANNED, RUN_BEGUN, SHARED_ENDED, Event, Watch, ended, unwatched
from evaluation.batch.interrupts import Interrupts
from evaluation.batch.jobs import DISTRICT, Job, Limits, default_template
from evaluation.batch.journal import RUNS, Journal, mark, unfinished
from evaluation.batch.parameters import check, check_names
from evaluation.batch.place import Place, place
from evaluation.batch.planned import Planned, ends, plan
from evaluation.batch.publish import publish, sweep
from evaluation.batch.records import CURRENT, FAILED, Reason, Record
from evaluation.batch.sources import Sources
from evaluation.batch.stages import Clock
from evaluation.batch.turn import Busy, turn
from evaluation.language import words
from evaluation.settings import folders, private
from evaluation.store import StoreError, open_store

if TYPE_CHECKING:
    from evaluation.batch.worker import Order, Product

INDEX_LANGUAGE = "vi"


class Refused(ValueError):
    """A run that would put reports where they must not lie; the message is bilingual."""


class Cancelled(KeyboardInterrupt):
    """A run that was ended from outside; its kernels are ended, what was published stays."""


@dataclass(frozen=True)
class Batch:
    """How a run ended.

    Attributes
    ----------
    records : tuple of Record
        One a job, in the order of the jobs.
    folder : Path
        Where the reports of the period lie.
    work : Path
        The run's private folder: notebooks and logs of what failed.
    written : bool
        Whether index and manifest could be written; the next run brings them up to date.
    """

    records: tuple[Record, ...]
    folder: Path
    work: Path
    written: bool = True

    @property
    def failed(self) -> tuple[Record, ...]:
        """The jobs that failed."""
        return tuple(r for r in self.records if not r.there)

    @property
    def index(self) -> Path:
        """The page to begin with."""
        return self.folder / manifest.INDEX


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for; `wanted` makes it, everything about it checked.

    Attributes
    ----------
    jobs : tuple of Job
    template, folder, work : Path
        The notebook, where the reports go, the private folder of all runs.
    synthetic : bool
        Whether the data are made up.
    force : frozenset of str
        Names of jobs whose reports are made again though they are there.
    """

    jobs: tuple[Job, ...]
    template: Path
    folder: Path
    work: Path
    synthetic: bool
    force: frozenset[str]

    def planned(
        self, watch: Watch = unwatched, *, making: bool = False, known: Mapping[str, Mapping[str, Any]] | None = None
    ) -> tuple[Planned, ...]:
        """Return what has to be done, and why; with `making`, all that it needs is worked out too; `known` are the folder's `ends`."""
        before = ends(self.folder, self.work) if known is None else known
        return plan(self.jobs, self.template, self.folder, self.work, before, self.force, watch=watch, making=making)


def wanted(
    jobs: Sequence[Job],
    out: Path | None = None,
    *,
    template: Path | None = None,
    work: Path | None = None,
    force: bool | Collection[str] = False,
) -> Wanted:
    """Return what a run is asked for, checked.

    Parameters
    ----------
    jobs : sequence of Job
        Of one kind, period, store and date; `parameters.prepared` makes them.
    out : Path, optional
        The reports go into a folder of it named after the period; ``outputs`` where left out.
    template : Path, optional
        The notebook; the one of the jobs' kind where left out.
    work : Path, optional
        Private folder for working files; the project's own where left out.
    force : bool or collection of str
        Make all reports again, or those of the jobs named, even where they are there, made from the same.

    Raises
    ------
    WrongParameter
        If a job cannot be done.
    Refused
        If `out` is a folder that must hold no reports.
    """
    notebook = (template or default_template(jobs[0].kind if jobs else DISTRICT)).resolve()
    synthetic = check(jobs, notebook)
    folder = destination(out or folders().outputs, jobs[0])
    again = {job.name for job in jobs} if force is True else force or ()
    return Wanted(tuple(jobs), notebook, folder, (work or folders().work).resolve(), synthetic, frozenset(again))


def run(
    jobs: Sequence[Job],
    out: Path | None = None,
    *,
    template: Path | None = None,
    work: Path | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    force: bool | Collection[str] = False,
    scheduler: Any = None,
    cluster: str | None = None,
    ship: bool = False,
    tell: Callable[[Record], None] | None = None,
    watch: Watch = unwatched,
) -> Batch:
    """Make reports, those that are not there yet or were made from something else.

    Parameters
    ----------
    jobs, out, template, work, force
        As `wanted` takes them.
    workers : int, optional
        Jobs at once; as many as the machine has processors, or the cluster threads, where left out.
    limits : Limits, optional
    scheduler : str or object, optional
        Address of a Dask scheduler, "tcp://host:port", or a cluster object of Dask's, whose workers make the reports.
    cluster : {"local"}, optional
        Make them in Dask workers of this machine, started for the run.
    ship : bool
        Send the store to the workers where reports read it; else it must lie at the same path there.
    tell : callable, optional
        Told of each job as it ends.
    watch : callable, optional
        Told of all that happens, as `events` names it; from several threads.

    Returns
    -------
    Batch

    Raises
    ------
    WrongParameter
        Before anything is started.
    Refused
        If `out` must hold no reports, or another run publishes there now.
    NoCluster
        If the cluster asked for cannot do the work.
    Cancelled
        On an interrupt or a request to end, after all kernels were ended.
    """
    asked = wanted(jobs, out, template=template, work=work, force=force)
    where = place(scheduler, cluster, ship)
    with _alone(asked.folder):
        return _Run(asked, limits or Limits(), workers, tell or (lambda _: None), watch, where).whole()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with turn(folder):
            yield
    except Busy as busy:
        raise _refused("busy", name=str(busy)) from None
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> OSError | Refused:
    return _refused("unwritable", name=folder.name) if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else error


class _Run:
    """One run while it goes on."""

    def __init__(
        self,
        asked: Wanted,
        limits: Limits,
        workers: int | None,
        tell: Callable[[Record], None],
        watch: Watch,
        where: Place | None = None,
    ) -> None:
        self.where = where
        self.asked, self.limits, self.workers, self.tell, self.seen = asked, limits, workers, tell, watch
        self.shared: Mapping[str, Any] = {}
        self.began = dt.datetime.now(dt.UTC)
        self.mark = mark(asked.work, self.began)
        self.folder = asked.work / RUNS / self.mark
        self.clock = Clock()
        self.ends = ends(asked.folder, asked.work)
        self.killed = unfinished(asked.work, asked.folder)
        self.records: dict[str, Record] = {}
        self.interrupts = Interrupts()
        self.written = True
        self.content: Future[str] | None = None
        self.sources = Sources(asked.template)

    def whole(self) -> Batch:
        """Do what has to be done."""
        first = self.asked.jobs[0]
        self.watch(Event(RUN_BEGUN, told={"run": self.mark, "kind": first.kind, "period": first.period, "jobs": len(self.asked.jobs)}))
        try:
            with self.interrupts.heard():
                self._do()
        except KeyboardInterrupt:
            raise Cancelled from None
        finally:
            outcomes = [record.outcome for record in self.records.values()]
            self.watch(ended(outcomes, len(self.asked.jobs), self.written, self.clock))
        return Batch(tuple(self.records[job.name] for job in self.asked.jobs), self.asked.folder, self.folder, self.written)

    def _do(self) -> None:
        with self.clock.stage("plan"):
            todo = self.asked.planned(self.watch, making=True, known=self.ends)
        making = sorted((p for p in todo if p.reason), key=lambda p: -p.seconds)
        self.watch(Event(PLANNED, told={"current": len(todo) - len(making), "making": {p.job.name: p.told for p in making}}))
        for p in todo:
            if not p.reason:
                self._ended(_current(p.job, self.ends[p.job.name]))
        if making:
            self._make(making)
        elif self.killed:
            with self.interrupts.held():
                self._settle()

    def watch(self, event: Event) -> None:
        """Tell of what happened, and keep what the account needs of it."""
        if event.name == SHARED_ENDED:
            self.shared = event.told
        self.seen(event)

    def _ended(self, record: Record) -> None:
        self.records[record.name] = record
        self.watch(Event(JOB_ENDED, record.name, record.event))
        self.tell(record)

    def _make(self, making: Sequence[Planned]) -> None:
        try:
            with tempfile.TemporaryFile(dir=self.asked.folder, prefix="."):
                pass
        except OSError as error:
            raise _unwritable(self.asked.folder, error) from error
        with ThreadPoolExecutor(1) as beside, self._hands(making) as hands:
            self.content = beside.submit(self._content)  # while the server starts, papermill is loaded and reports are made
            self._make_with(making, hands)

    @contextmanager
    def _hands(self, making: Sequence[Planned]) -> Iterator[Callable[[], Generator[Product, None, None]]]:
        """Make ready where the jobs are done, and give what does them: threads of this process, or workers of a cluster."""
        if self.where is None:
            with self.clock.stage("server"):
                server = kernels.start(of_all(self.asked.work)) or nullcontext()
            with server:
                yield lambda: self._here(making)
            return
        from evaluation.batch.cluster import Shared, reached

        orders, shared = self._orders(making), Shared(self.mark, self.asked.work, making[0].inputs["state"])
        with reached(self.where, orders, shared, self.workers) as workers:
            yield lambda: workers.worked_through(orders, self.workers if self.where and self.where.scheduler else None)

    def _content(self) -> str:
        first = self.asked.jobs[0]
        try:
            return open_store(first.store, first.as_of).content_hash()
        except StoreError:
            return ""  # gone since the run was planned; each report says so, and the manifest says how each ended

    def _make_with(self, making: Sequence[Planned], hands: Callable[[], Generator[Product, None, None]]) -> None:
        with self.clock.stage("load"):
            check_names(making[0].job.parameters, self.asked.template)
        journal = Journal(private(private(self.asked.work / RUNS) / self.mark))
        journal.begin(self._told(making))
        inputs = {p.job.name: p.inputs for p in making}
        try:
            with self.clock.stage("reports"), closing(hands()) as products:
                for product in products:
                    with self.interrupts.held():
                        self._ended(self._published(product, journal, inputs))
        except KeyboardInterrupt:
            for p in making:
                if p.job.name not in self.records:
                    lost = Record.failed(p.job, Reason.INTERRUPTED)
                    self.records[lost.name] = lost
                    self.ends[lost.name] = manifest.entry(lost, {})
            raise
        finally:
            with self.interrupts.held():
                try:
                    self._finish(journal)
                except OSError:
                    self.written = False

    def _here(self, making: Sequence[Planned]) -> Generator[Product, None, None]:
        with self.clock.stage("load"):
            from evaluation.batch.pool import processors, worked_through
            from evaluation.batch.worker import fulfil

        yield from worked_through(self._orders(making), fulfil, min(self.workers or processors(), len(making)), self.folder)

    def _orders(self, making: Sequence[Planned]) -> list[Order]:
        from evaluation.batch.worker import Order

        return [
            Order(
                p.job,
                self.asked.template,
                self.folder / p.job.name,
                self.asked.work,
                self.limits,
                self.asked.synthetic,
                p.slice,
                self.watch,
            )
            for p in making
        ]

    def _published(self, product: Product, journal: Journal, inputs: Mapping[str, Mapping[str, str]]) -> Record:
        """Publish what came of a job, and write it down; only then is it done."""
        record, made_from = product.record, inputs[product.record.name]
        if record.done:
            clock = Clock()
            try:
                with clock.stage("publishing"):
                    publish({self.asked.folder / name: content for name, content in product.contents.items()}, self.mark)
                record = replace(record, stages={**record.stages, **clock.rounded()})
            except OSError as error:
                job = next(j for j in self.asked.jobs if j.name == record.name)
                record = Record.failed(job, Reason.DISK, None, {"error": type(error).__name__})
        if self.sources.changed():
            record, made_from = self._from_changed(record), {}  # whatever it was made from is not what the run began with
        with suppress(OSError):  # the manifest will say it, or the report is made again
            journal.job(record, made_from)
        self.ends[record.name] = manifest.entry(record, made_from)
        if record.done:
            shutil.rmtree(self.folder / record.name, ignore_errors=True)  # it holds more than what was published
        return record

    def _from_changed(self, record: Record) -> Record:
        """Say of a report that refused its slice why: the slice is of the library as it was."""
        if record.details.get("error") != "SliceError":
            return record
        return replace(record, reason=Reason.CHANGED)

    def _told(self, making: Sequence[Planned]) -> dict[str, Any]:
        first = self.asked.jobs[0]
        return {
            "run": self.mark,
            "out": str(self.asked.folder),
            "template": str(self.asked.template),
            "kind": first.kind,
            "period": first.period,
            "store": str(first.store),
            "as_of": first.as_of.isoformat(),
            "seed": first.seed,
            "jobs": [{"subject": p.job.subject, "language": p.job.language, "why": p.reason} for p in making],
        }

    def _finish(self, journal: Journal) -> None:
        """Bring the folder up to date, write the run's own account, and keep working files of what failed alone."""
        with self.clock.stage("index"):
            self._settle()
        account.write(self.folder, self.clock, self.records, self.shared)
        journal.end()
        if not any(r.outcome == FAILED for r in self.records.values()):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _settle(self) -> None:
        """Write index and manifest, with what earlier runs left in the folder."""
        from evaluation.batch import overview  # here, with the templates: a run that finds nothing changed needs neither
        from evaluation.batch.check import page_faults

        folder, first, synthetic = self.asked.folder, self.asked.jobs[0], self.asked.synthetic
        sweep(folder)
        page = overview.page(folder, first.period, self.ends, synthetic, INDEX_LANGUAGE)
        if faults := page_faults(page, INDEX_LANGUAGE, synthetic):
            raise AssertionError(f"the index is at fault: {', '.join(faults)}")
        index = page.encode()
        content = self.content.result() if self.content else self._content()
        run = manifest.Run(self.asked.jobs, self.asked.template, content, self.began)
        written = manifest.written(folder, run, self.ends, index)
        publish({folder / manifest.INDEX: index, folder / manifest.MANIFEST: written}, self.mark)
        for told in self.killed:
            Journal(told.folder).end()
            account.write_killed(told)


def _current(job: Job, end: Any) -> Record:
    """Return the record of a report that is there, as its last run made it."""
    return Record(job.subject, job.language, CURRENT, status=end["status"], files=dict(end["files"]), kind=job.kind)


def destination(out: Path, job: Job) -> Path:
    """Return the folder that a job's reports go into.

    Raises
    ------
    Refused
        If it lies among the project's own files outside ``outputs``, if a
        link leads out of `out`, or if the evidence store lies in it.
    """
    root, outputs = folders().root, folders().outputs.resolve()
    asked = out.resolve()
    folder = (asked / job.period).resolve()
    inside = asked == root or root in asked.parents
    if not folder.is_relative_to(asked) or (folder.exists() and not folder.is_dir()):
        raise _refused("link", name=job.period)
    if inside and not asked.is_relative_to(outputs):
        raise _refused("project", name=asked.relative_to(root).as_posix())
    if job.store.resolve().is_relative_to(folder):
        raise _refused("store", name=job.store.name)
    return folder


def _refused(key: str, **slots: object) -> Refused:
    said = words(f"batch.refused.{key}", **slots)
    return Refused(f"{said.vi} / {said.en}")
