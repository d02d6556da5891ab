"""One job from its notebook to its published files, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from evaluation.batch.check import machine_paths, page_faults
from evaluation.batch.ending import end_kernel
from evaluation.batch.jobs import Job, Limits
from evaluation.batch.notebook import cleaned, notebook_faults
from evaluation.batch.publish import digest, publish
from evaluation.batch.records import DONE, RECORD, JobFailure, Reason, Record
from evaluation.language import SYNTHETIC
from evaluation.reporting.html import page
from evaluation.reporting.model import Report, from_json
from evaluation.settings import private

TREE = "report.json"
LOG = "log.txt"
DISK_FULL = 74
STATUSES = ("reported", "not_reported")
# One thread a process: reports run side by side, and sums come out in the same order.
STEADY = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
}


@dataclass(frozen=True)
class Order:
    """A job with all that its process needs to know.

    Attributes
    ----------
    job : Job
    template, folder, out : Path
        The notebook, the job's private folder, the folder to publish in; absolute.
    work : Path
        The private folder of all runs.
    limits : Limits
    synthetic : bool
        Whether the store says that its data are made up.
    mark : str
        Of temporary files.
    environment : mapping of str
        The project's own variables.
    """

    job: Job
    template: Path
    folder: Path
    out: Path
    work: Path
    limits: Limits
    synthetic: bool
    mark: str
    environment: Mapping[str, str]


def work(order: Order) -> None:
    """Do a job as the main function of its process.

    Leads a session of its own, so that an interrupt at the keyboard reaches
    the batch alone; ends itself and its kernel when the batch is gone.
    """
    os.setsid()
    threading.Thread(target=_end_with_batch, args=(order.folder,), daemon=True).start()
    log = os.open(order.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order.folder)
    os.environ.update({**order.environment, **STEADY, **_folders(order)})
    _limit_memory(order.limits.memory)
    try:
        record = fulfil(order)
    finally:
        end_kernel(order.folder)
    sys.exit(DISK_FULL if record.reason is Reason.DISK else 0)


def fulfil(order: Order) -> Record:
    """Run the notebook, look at what it made, publish it, write the record.

    Parameters
    ----------
    order : Order

    Returns
    -------
    Record
        The one that lies in the job's folder (unless the disk refused it).
    """
    started = time.monotonic()
    try:
        made = _made(order)
        record = _publish(order, made, started)
    except JobFailure as failure:
        record = Record.failed(order.job, failure.reason, time.monotonic() - started, failure.details)
    except MemoryError:
        record = Record.failed(order.job, Reason.MEMORY, time.monotonic() - started)
    except OSError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        record = Record.failed(order.job, Reason.DISK, time.monotonic() - started)
    if record.done:
        _tidy(order.folder)
    else:
        with contextlib.suppress(OSError):
            publish({order.folder / RECORD: record.to_json().encode()}, order.mark)
    return record


@dataclass(frozen=True)
class Made:
    """What a job made, looked at and ready to go out."""

    tree: Report
    html: str
    figures: str
    notebook: str


def _made(order: Order) -> Made:
    from evaluation.batch.kernel import execute
    from evaluation.disclosure.exits import revealing

    os.environ["EVALUATION_JOB"] = str(order.folder)
    executed = execute(order.template, order.job, order.folder, order.limits)
    tree = _tree(order)
    made = Made(tree, page(tree), key_figures(tree), cleaned(executed, order.job, tree.title))
    faults = {*page_faults(made.html, tree.language, tree.synthetic), *notebook_faults(made.notebook)}
    faults |= {"path"} if machine_paths().search(made.figures) else set()
    faults |= {"small"} if revealing(tree.key_figures) else set()
    if faults:
        raise JobFailure(Reason.PAGE_REFUSED, fault=sorted(faults)[0])
    return made


def _tree(order: Order) -> Report:
    try:
        tree = from_json((order.folder / TREE).read_text("utf-8"))
    except FileNotFoundError:
        raise JobFailure(Reason.NO_TREE) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobFailure(Reason.WRONG_TREE, field="schema") from error
    job = order.job
    asked = {
        "kind": job.kind,
        "subject": job.subject,
        "period": job.period,
        "language": job.language,
        "synthetic": order.synthetic,
    }
    for field, value in asked.items():
        if getattr(tree, field) != value:
            raise JobFailure(Reason.WRONG_TREE, field=field)
    if tree.status not in STATUSES:
        raise JobFailure(Reason.WRONG_TREE, field="status")
    return tree


def key_figures(tree: Report) -> str:
    """Return what another program reads of a report: its figures, typed, and what they were made from.

    Parameters
    ----------
    tree : Report

    Returns
    -------
    str
        JSON: schema, kind, district or pilot, period, language, title, status, synthetic (and mark), key_figures, manifest.

    Raises
    ------
    JobFailure
        If a figure is neither a number nor said to be absent.
    """
    content: dict[str, Any] = {
        "schema": 1,
        "kind": tree.kind,
        tree.kind: tree.subject,
        "period": tree.period,
        "language": tree.language,
        "title": tree.title,
        "status": tree.status,
        "synthetic": tree.synthetic,
        "key_figures": list(tree.key_figures),
        "manifest": tree.manifest,
    }
    if tree.synthetic:
        content["mark"] = SYNTHETIC
    try:
        return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise JobFailure(Reason.PAGE_REFUSED, fault="leaked") from error


def _publish(order: Order, made: Made, started: float) -> Record:
    names = order.job.files
    contents = {names["html"]: made.html.encode(), names["json"]: made.figures.encode(), names["ipynb"]: made.notebook.encode()}
    record = Record(
        order.job.subject,
        order.job.language,
        DONE,
        status=made.tree.status,
        files={name: digest(content) for name, content in contents.items()},
        seconds=round(time.monotonic() - started, 1),
        kind=order.job.kind,
    )
    order.out.mkdir(parents=True, exist_ok=True)
    with _uninterrupted():
        publish({order.out / n: c for n, c in contents.items()} | {order.folder / RECORD: record.to_json().encode()}, order.mark)
    return record


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a request to end wait until files are either all there or all as before."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tidy(folder: Path) -> None:
    """Leave of a job that succeeded its record alone: the working notebook holds more than what was published."""
    for path in folder.iterdir():
        if path.name == RECORD:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _folders(order: Order) -> dict[str, str]:
    """Return where the notebook's tools may write: a user's own settings change no figure, and nothing lands elsewhere."""
    return {
        "EVALUATION_JOB": str(order.folder),
        "IPYTHONDIR": str(private(order.folder / "ipython")),
        "JUPYTER_RUNTIME_DIR": str(private(order.folder / "jupyter")),
        "MPLCONFIGDIR": str(private(order.work / "matplotlib")),
    }


def _limit_memory(size: int) -> None:
    if not size or sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


def _end_with_batch(folder: Path) -> None:
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    end_kernel(folder)
    os._exit(1)
