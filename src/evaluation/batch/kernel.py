"""One notebook, run by papermill in its own kernel; how it failed, if it did, told from the exception and never from metadata."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import zmq
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill import PapermillExecutionError, execute_notebook

from evaluation.batch.engine import ENGINE, Surroundings
from evaluation.batch.environment import JOB
from evaluation.batch.events import CELL_BEGUN, Event, Watch, unwatched
from evaluation.batch.jobs import Limits
from evaluation.batch.records import JobFailure, Reason
from evaluation.batch.stages import Clock
from evaluation.batch.watchdog import Watchdog, end_strays
from evaluation.kernels import kernel_name

NOTEBOOK, KERNEL_LOG = "notebook.ipynb", "kernel.log"
ATTEMPTS = 2


@dataclass(frozen=True)
class Task:
    """A notebook to run.

    Attributes
    ----------
    template : Path
    parameters : mapping
        Plain text and numbers, by name.
    folder : Path
        Private: the kernel's working directory, unless `place` is another; the working notebook stays there.
    meeting : Path
        Private: where client and kernel meet; its own path is short.
    environment : mapping of str
        The kernel's, all of it.
    limits : Limits
    watch : callable
        Told of the kernel once it has started, and of each cell as it begins and ends.
    place : Path or None
        The kernel's working directory where it is not `folder`.
    """

    template: Path
    parameters: Mapping[str, Any]
    folder: Path
    meeting: Path
    environment: Mapping[str, str]
    limits: Limits
    watch: Watch = unwatched
    place: Path | None = None


def execute(task: Task, clock: Clock) -> dict[str, Any]:
    """Run a notebook.

    Parameters
    ----------
    task : Task
    clock : Clock
        Takes the time of the kernel's start and of each cell.

    Returns
    -------
    dict
        The executed notebook.

    Raises
    ------
    JobFailure
        A kernel that does not start is tried once more; nothing else is.
    """
    watchdog = Watchdog(task.folder)
    with watchdog.within(task.limits.job):
        for attempt in range(1, ATTEMPTS + 1):
            began: list[int] = []
            working: list[Any] = []
            if watchdog.reason:
                raise JobFailure(watchdog.reason)
            try:
                return _once(task, clock, watchdog, began, working.append)
            except (RuntimeError, NoSuchKernel, zmq.ZMQError, CellTimeoutError, PapermillExecutionError, CellExecutionError) as error:
                reason, details = _told(error, began, watchdog)
                if reason is not Reason.KERNEL_START or attempt == ATTEMPTS:
                    for notebook in working:
                        keep(notebook, task.folder)
                        notebook["cells"] = []  # what is left of the client holds on to it for a while
                    raise JobFailure(reason, **details) from error
            finally:
                watchdog.let_go()
                if clock.kernel == "ordinary" and (job := task.environment.get(JOB)):
                    end_strays(JOB, job)
    raise AssertionError("unreachable")


def _once(task: Task, clock: Clock, watchdog: Watchdog, began: list[int], keep: Callable[[Any], None]) -> dict[str, Any]:
    def watch(event: Event) -> None:
        if event.name == CELL_BEGUN:
            began.append(event.told["cell"])
        task.watch(event)

    notebook: dict[str, Any] = execute_notebook(
        _unformatted(task.template),
        None,  # written only where it failed: what succeeded is written as it is published
        parameters=dict(task.parameters),
        engine_name=ENGINE,
        kernel_name=kernel_name().name,
        progress_bar=False,
        log_output=False,
        start_timeout=task.limits.start,
        execution_timeout=task.limits.cell,
        around=Surroundings(
            task.place or task.folder,
            task.meeting,
            task.environment,
            task.limits,
            watchdog,
            clock,
            watch,
            keep,
            monotonic(),
            task.folder / KERNEL_LOG,
        ),
    )
    for place, made in enumerate(notebook["cells"]):
        # Papermill lets an exit pass, and an error that a cell's tag allows.
        if error := next((o for o in made.get("outputs", []) if o["output_type"] == "error"), None):
            raise PapermillExecutionError(place, made["execution_count"], "", error["ename"], error["evalue"], [])
    return notebook


def keep(notebook: Any, folder: Path) -> None:
    """Leave a notebook in a job's folder as far as it came, for whoever looks into it."""
    with contextlib.suppress(OSError), (folder / NOTEBOOK).open("w", encoding="utf-8") as file:
        json.dump(notebook, file, ensure_ascii=False, indent=1)  # piece by piece: it may hold all that a cell may print


def _unformatted(path: Path) -> str:
    """Return a path that papermill, which takes it for a format, leaves as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _told(error: Exception, began: list[int], watchdog: Watchdog) -> tuple[Reason, dict[str, str]]:
    """Return why a notebook failed, and at which cell: its place among all cells, from 1."""
    where = {"cell": str(began[-1])} if began else {}
    if watchdog.reason is not None:
        return watchdog.reason, where
    if isinstance(error, PapermillExecutionError):
        reason = Reason.MEMORY if error.ename == "MemoryError" else Reason.CELL_ERROR
        return reason, {"cell": str(error.cell_index + 1), "error": str(error.ename)}
    if isinstance(error, CellTimeoutError) or "Timeout waiting" in str(error):
        return Reason.TIMEOUT, where  # the second: output that did not come in time
    if not began:
        return Reason.KERNEL_START, where
    return (Reason.KERNEL_DIED if isinstance(error, DeadKernelError | zmq.ZMQError) else Reason.CELL_ERROR), where
