"""One job from its notebook to the files that may be published; it publishes nothing itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.batch.attempt import attempted
from evaluation.batch.check import machine_paths, page_faults
from evaluation.batch.environment import of_job
from evaluation.batch.events import JOB_BEGUN, Event, Watch, unwatched
from evaluation.batch.jobs import Job, Limits
from evaluation.batch.kernel import Task, execute, keep
from evaluation.batch.notebook import cleaned, notebook_faults
from evaluation.batch.publish import digest
from evaluation.batch.records import JobFailure, Reason, Record
from evaluation.batch.stages import Clock
from evaluation.disclosure.exits import revealing
from evaluation.language import SYNTHETIC
from evaluation.reporting.html import page
from evaluation.reporting.model import Report, from_json

TREE = "report.json"
LARGEST_TREE = 10_000_000  # more makes no page that may go out
STATUSES = ("reported", "not_reported")


@dataclass(frozen=True)
class Order:
    """A job with all that is needed to do it.

    Attributes
    ----------
    job : Job
    template, folder : Path
        The notebook and the job's private folder; absolute.
    work : Path
        The private folder of all runs.
    limits : Limits
    synthetic : bool
        Whether the store says that its data are made up.
    slice : Path or None
        What the report is made from, where it was worked out for all before.
    watch : callable
        Told of the job as it begins, of its kernel and of each of its cells; from the thread that does it.
    """

    job: Job
    template: Path
    folder: Path
    work: Path
    limits: Limits
    synthetic: bool
    slice: Path | None = None
    watch: Watch = unwatched


@dataclass(frozen=True)
class Product:
    """What came of a job.

    Attributes
    ----------
    record : Record
    contents : mapping of str to bytes
        Files to be published, by name; none of a job that failed.
    """

    record: Record
    contents: Mapping[str, bytes]


def fulfil(order: Order) -> Product:
    """Run the notebook and look at what it made.

    Parameters
    ----------
    order : Order

    Returns
    -------
    Product
        Whatever happened: a job that fails takes no other with it.
    """
    clock = Clock()

    def done() -> Product:
        made = _made(order, clock)
        contents = _contents(order.job, made)
        files = {name: digest(content) for name, content in contents.items()}
        return Product(Record.made(order.job, made.tree.status, clock, files), contents)

    try:
        return attempted(order.folder, done)
    except JobFailure as failure:
        return Product(Record.failed(order.job, failure.reason, clock, failure.details), {})


@dataclass(frozen=True)
class Made:
    """What a job made, looked at and ready to go out."""

    tree: Report
    html: str
    figures: str
    notebook: str


def _made(order: Order, clock: Clock) -> Made:
    def watch(event: Event) -> None:
        order.watch(replace(event, job=order.job.name))

    watch(Event(JOB_BEGUN))
    meeting = order.work / "jupyter"
    task = Task(
        order.template,
        order.job.parameters,
        order.folder,
        meeting,
        of_job(order.work, order.folder, order.limits, order.slice),
        order.limits,
        watch,
    )
    with clock.stage("notebook"):
        executed = execute(task, clock)
    try:
        return _looked_at(order, executed, clock)
    except Exception:
        keep(executed, order.folder)
        raise


def _looked_at(order: Order, executed: dict[str, Any], clock: Clock) -> Made:
    with clock.stage("export"):
        tree = _tree(order)
        made = Made(tree, page(tree), key_figures(tree), cleaned(executed, order.job, tree.title))
    with clock.stage("protection"):
        faults = {*page_faults(made.html, tree.language, tree.synthetic), *notebook_faults(made.notebook)}
        faults |= {"path"} if machine_paths().search(made.figures) else set()
        faults |= {"small"} if revealing(tree.key_figures) else set()
    if faults:
        raise JobFailure(Reason.PAGE_REFUSED, fault=sorted(faults)[0])
    return made


def _contents(job: Job, made: Made) -> dict[str, bytes]:
    names = job.files
    return {names["html"]: made.html.encode(), names["json"]: made.figures.encode(), names["ipynb"]: made.notebook.encode()}


def _tree(order: Order) -> Report:
    path = order.folder / TREE
    try:
        if path.exists() and not path.is_file():
            raise JobFailure(Reason.WRONG_TREE, field="schema")  # a pipe or a device has no end
        with path.open("rb") as file:
            content = file.read(LARGEST_TREE + 1)
        if len(content) > LARGEST_TREE:
            raise JobFailure(Reason.WRONG_TREE, field="size")
        tree = from_json(content.decode())
    except FileNotFoundError:
        raise JobFailure(Reason.NO_TREE) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
