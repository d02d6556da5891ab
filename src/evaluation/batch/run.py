"""Running many reports: checked, done side by side, and told in an index and a manifest."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluation.batch import manifest, overview
from evaluation.batch.check import page_faults
from evaluation.batch.jobs import DISTRICT, Job, Limits, default_template
from evaluation.batch.parameters import check
from evaluation.batch.pool import processors, work_through
from evaluation.batch.publish import publish, sweep
from evaluation.batch.records import Reason, Record
from evaluation.batch.worker import Order
from evaluation.language import words
from evaluation.settings import folders, private
from evaluation.store import open_store

INDEX_LANGUAGE = "vi"


class Refused(ValueError):
    """A run that would put reports where they must not lie; the message is bilingual."""


class Cancelled(KeyboardInterrupt):
    """A run that was ended from outside; its processes are ended, what was published stays."""


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
    """

    records: tuple[Record, ...]
    folder: Path
    work: Path

    @property
    def failed(self) -> tuple[Record, ...]:
        """The jobs that failed."""
        return tuple(r for r in self.records if not r.done)

    @property
    def index(self) -> Path:
        """The page to begin with."""
        return self.folder / manifest.INDEX


def run(
    jobs: Sequence[Job],
    out: Path | None = None,
    *,
    template: Path | None = None,
    work: Path | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    tell: Callable[[Record], None] | None = None,
) -> Batch:
    """Make reports.

    Parameters
    ----------
    jobs : sequence of Job
        Of one kind, period, store and date; `parameters.prepared` makes them.
    out : Path, optional
        The reports go into a folder of it named after the period;
        ``outputs`` where left out.
    template : Path, optional
        The notebook; the one of the jobs' kind where left out.
    work : Path, optional
        Private folder for working files; the project's own where left out.
    workers : int, optional
        Jobs at once; as many as the machine has processors where left out.
    limits : Limits, optional
    tell : callable, optional
        Told of each job as it ends.

    Returns
    -------
    Batch

    Raises
    ------
    WrongParameter
        Before anything is started.
    Refused
        If `out` is a folder that must hold no reports.
    Cancelled
        On an interrupt or a request to end, after all processes were ended.
    """
    notebook = (template or default_template(jobs[0].kind if jobs else DISTRICT)).resolve()
    synthetic = check(jobs, notebook)
    folder = destination(out or folders().outputs, jobs[0])
    content = open_store(jobs[0].store, jobs[0].as_of).content_hash()
    began = dt.datetime.now(dt.UTC)
    mark = f"{began:%Y%m%dT%H%M%S}-{os.getpid()}"
    private_folder = private((work or folders().work).resolve())
    runs = private(private(private_folder / "runs") / mark)
    environment = {k: v for k, v in os.environ.items() if k.startswith("EVALUATION_")}
    orders = [
        Order(job, notebook, private(runs / job.name), folder, private_folder, limits or Limits(), synthetic, mark, environment)
        for job in jobs
    ]
    records: dict[str, Record] = {}

    def ended(record: Record) -> None:
        records[record.name] = record
        if tell:
            tell(record)

    try:
        with _ended_by_signal():
            work_through(orders, min(workers or processors(), len(orders)), ended)
    except KeyboardInterrupt:
        for job in jobs:
            records.setdefault(job.name, Record.failed(job, Reason.INTERRUPTED, 0.0))
        raise Cancelled from None
    finally:
        if records:
            sweep(folder, mark)
            _finish(manifest.Run(tuple(jobs), records, notebook, content, began), folder, synthetic, mark)
    if all(r.done for r in records.values()):
        shutil.rmtree(runs, ignore_errors=True)
    return Batch(tuple(records[job.name] for job in jobs), folder, runs)


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


def _finish(run: manifest.Run, folder: Path, synthetic: bool, mark: str) -> None:
    """Write index and manifest, with what earlier runs left in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = manifest.last_ends(folder) | manifest.entries(run.records)
    page = overview.page(folder, run.jobs[0].period, ends, synthetic, INDEX_LANGUAGE)
    if faults := page_faults(page, INDEX_LANGUAGE, synthetic):
        raise AssertionError(f"the index is at fault: {', '.join(faults)}")
    index = page.encode()
    publish({folder / manifest.INDEX: index, folder / manifest.MANIFEST: manifest.written(folder, run, ends, index)}, mark)


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Treat a request to end (SIGTERM) as an interrupt at the keyboard, where signals can be heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
