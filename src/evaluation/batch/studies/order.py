"""One row of a table of settings from its notebook to the values that it recorded; it publishes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.batch.attempt import attempted
from evaluation.batch.environment import of_job
from evaluation.batch.events import JOB_BEGUN, Event, Watch, unwatched
from evaluation.batch.jobs import Limits
from evaluation.batch.kernel import Task, execute, keep
from evaluation.batch.records import JobFailure, Reason, Record
from evaluation.batch.stages import Clock
from evaluation.batch.studies.asked import StudyJob
from evaluation.recorded import Value, recorded

RECORDED = "recorded"


@dataclass(frozen=True)
class Order:
    """A row with all that is needed to run it.

    Attributes
    ----------
    job : StudyJob
    folder, work : Path
        The row's private folder and that of all runs.
    limits : Limits
    keep : bool
        Whether the executed notebook is kept where all went well too.
    watch : callable
        Told of the row as it begins, of its kernel and of each of its cells; from the thread that does it.
    """

    job: StudyJob
    folder: Path
    work: Path
    limits: Limits
    keep: bool = False
    watch: Watch = unwatched


@dataclass(frozen=True)
class Product:
    """What came of a row.

    Attributes
    ----------
    record : Record
    values : mapping
        What it recorded, by name; nothing of a row that failed.
    """

    record: Record
    values: Mapping[str, Value]


def fulfil(order: Order) -> Product:
    """Run the notebook and read what it recorded.

    It runs in the notebook's own folder, as it does in JupyterLab: files
    beside it and modules beside it are found. What it writes for itself
    belongs into ``$EVALUATION_JOB``.

    Parameters
    ----------
    order : Order

    Returns
    -------
    Product
        Whatever happened: a row that fails takes no other with it.
    """
    clock = Clock()
    try:
        return attempted(order.folder, lambda: _done(order, clock))
    except JobFailure as failure:
        return Product(Record.failed(order.job, failure.reason, clock, failure.details), {})


def _done(order: Order, clock: Clock) -> Product:
    def watch(event: Event) -> None:
        order.watch(replace(event, job=order.job.name))

    watch(Event(JOB_BEGUN))
    task = Task(
        order.job.notebook,
        order.job.given,
        order.folder,
        order.work / "jupyter",
        of_job(order.work, order.folder, order.limits, None),
        order.limits,
        watch,
        order.job.notebook.parent,
    )
    with clock.stage("notebook"):
        executed = execute(task, clock)
    if order.keep:
        keep(executed, order.folder)
    try:
        values = recorded(executed)
    except ValueError as error:
        keep(executed, order.folder)
        raise JobFailure(Reason.CELL_ERROR, error="NotRecordable") from error
    return Product(Record.made(order.job, RECORDED, clock), values)
