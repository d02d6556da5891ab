"""One job in this process, its kernel replaced: what counts as success, and what each failure leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nbformat
import pytest

from evaluation.batch import Reason, Record, attempt, worker
from evaluation.batch import kernel as kernels
from evaluation.batch.events import CELL_BEGUN, Event
from evaluation.batch.jobs import Limits
from evaluation.batch.notebook import cleaned, notebook_faults
from evaluation.batch.records import JobFailure
from evaluation.batch.stages import Clock
from evaluation.batch.worker import TREE, Order, Product, fulfil
from evaluation.reporting import model

NAMES = {"district-760.html", "district-760.json", "district-760.ipynb"}


def _executed() -> Any:
    code = nbformat.v4.new_code_cell
    html = nbformat.v4.new_output("execute_result", {"text/html": "<p>Bến Nghé</p>", "text/plain": "<Section at 0x7f0123456789>"})
    cells = [
        code("district = '760'", metadata={"tags": ["parameters"]}),
        code('store = "/home/somebody/work/store.duckdb"', metadata={"tags": ["injected-parameters"], "papermill": {"duration": 1.5}}),
        code("report.front", outputs=[html, nbformat.v4.new_output("stream", name="stderr", text="/home/somebody: warning")]),
    ]
    cells[2]["metadata"]["execution"] = {"iopub.execute_input": "2026-11-23T10:00:00Z"}
    metadata = {"papermill": {"output_path": "/home/somebody/x.ipynb"}, "language_info": {"name": "python", "version": "3.11.7"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def run(order: Order, tree: model.Report, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Product]:
    """Runs a job whose kernel writes the tree given (none where None) and gives the notebook back."""

    def go(made: model.Report | None = tree, failure: Exception | None = None, notebook: Any = None) -> Product:
        def execute(*_: object) -> Any:
            if made is not None:
                (order.folder / TREE).write_text(model.to_json(made), "utf-8")
            if failure is not None:
                raise failure
            return notebook or _executed()

        monkeypatch.setattr(worker, "execute", execute)
        return fulfil(order)

    return go


def test_a_good_report_comes_with_its_record(run: Callable[..., Product]):
    product = run()
    assert product.record.done
    assert product.record.status == "reported"
    assert set(product.contents) == NAMES
    assert product.record.files == {name: hashlib.sha256(content).hexdigest() for name, content in product.contents.items()}
    assert set(product.record.stages) == {"notebook", "export", "protection"}
    assert Record.read(json.loads(json.dumps(product.record.raw()))) == product.record


def test_the_key_figures_are_typed_and_marked(run: Callable[..., Product]):
    figures = json.loads(run().contents["district-760.json"])
    assert (figures["schema"], figures["kind"], figures["district"], figures["period"]) == (1, "district", "760", "2018-Q4")
    assert figures["mark"] == "SỐ LIỆU GIẢ LẬP / SYNTHETIC DATA"
    assert figures["key_figures"][0]["numerator"] == 3


def test_a_district_without_a_report_is_a_success_that_says_so(run: Callable[..., Product], tree: model.Report):
    product = run(replace(tree, status="not_reported"))
    assert (product.record.done, product.record.status) == (True, "not_reported")
    assert json.loads(product.contents["district-760.json"])["status"] == "not_reported"


def test_the_published_notebook_holds_nothing_of_the_machine(order: Order, run: Callable[..., Product]):
    text = run().contents["district-760.ipynb"].decode()
    for trace in ("/home/", "store", "papermill", "0x7f", "stderr", "3.11.7", "iopub", str(order.folder)):
        assert trace not in text, trace
    published = nbformat.reads(text, as_version=4)
    nbformat.validate(published)
    assert published.cells[1].source.splitlines() == [
        "# Parameters",
        'district = "760"',
        'period = "2018-Q4"',
        'language = "vi"',
        'as_of = "2018-12-19"',
        "seed = 2234",
    ]
    assert all(c.metadata.jupyter.source_hidden for c in published.cells)


def test_the_same_results_give_the_same_notebook(order: Order):
    first, second = _executed(), _executed()
    second.cells[2].metadata.execution["iopub.execute_input"] = "2027-01-01T00:00:00Z"
    assert [c.id for c in first.cells] != [c.id for c in second.cells]
    assert cleaned(first, order.job, "T") == cleaned(second, order.job, "T")


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ({"text/html": "<script>x</script>"}, "script"),
        ({"application/javascript": "alert(1)"}, "active"),
        ({"image/svg+xml": "<svg/>"}, "active"),
        ({"text/plain": "'/home/somebody/x'"}, "path"),
    ],
)
def test_an_output_that_may_not_go_out_is_named(order: Order, run: Callable[..., Product], output: dict[str, str], fault: str):
    notebook = _executed()
    notebook.cells[2].outputs.append(nbformat.v4.new_output("display_data", output))
    assert notebook_faults(cleaned(notebook, order.job, "T")) == (fault,)
    product = run(notebook=notebook)
    assert (product.record.reason, dict(product.record.details)) == (Reason.PAGE_REFUSED, {"fault": fault})
    assert product.contents == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "761"}, "subject"),
        ({"period": "2018-Q3"}, "period"),
        ({"language": "en"}, "language"),
        ({"synthetic": False}, "synthetic"),
        ({"kind": "pilot"}, "kind"),
        ({"status": "fine"}, "status"),
    ],
)
def test_a_report_that_was_not_asked_for_is_refused(run: Callable[..., Product], tree: model.Report, change: dict[str, Any], field: str):
    product = run(replace(tree, **change))
    assert (product.record.reason, dict(product.record.details)) == (Reason.WRONG_TREE, {"field": field})
    assert product.contents == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_tree_that_cannot_be_read_is_refused(order: Order, monkeypatch: pytest.MonkeyPatch, text: str):
    def execute(*_: object) -> Any:
        (order.folder / TREE).write_text(text, "utf-8")
        return _executed()

    monkeypatch.setattr(worker, "execute", execute)
    assert fulfil(order).record.reason is Reason.WRONG_TREE


def test_a_missing_number_among_the_key_figures_is_refused(run: Callable[..., Product], tree: model.Report):
    record = run(replace(tree, key_figures=({"id": "x", "value": float("nan")},))).record
    assert (record.reason, dict(record.details)) == (Reason.PAGE_REFUSED, {"fault": "leaked"})


def test_a_path_among_the_key_figures_is_refused(run: Callable[..., Product], tree: model.Report):
    assert run(replace(tree, manifest={"store": "/home/somebody/store.duckdb"})).record.reason is Reason.PAGE_REFUSED


def test_no_tree_is_a_failure_even_if_the_notebook_ran(run: Callable[..., Product]):
    assert run(None).record.reason is Reason.NO_TREE


@pytest.mark.parametrize("reason", list(Reason))
def test_every_failure_publishes_nothing_and_is_a_sentence_in_both_languages(run: Callable[..., Product], reason: Reason):
    product = run(failure=JobFailure(reason, cell="4", error="ValueError"))
    record = product.record
    assert record.reason is reason
    assert product.contents == {}
    assert Record.read(json.loads(json.dumps(record.raw()))) == record
    assert record.sentence("vi") != record.sentence("en")
    assert "4" in record.sentence("vi")
    assert "\n" not in record.sentence("vi")


def test_a_fault_of_ours_is_that_jobs_alone_and_written_down(order: Order, run: Callable[..., Product]):
    product = run(failure=ZeroDivisionError("a fault of ours"))
    assert product.record.reason is Reason.WORKER_DIED
    assert "a fault of ours" in (order.folder / attempt.LOG).read_text("utf-8")
    assert "fault of ours" not in str(product.record.raw())


def test_a_tree_beyond_all_measure_is_not_read(order: Order, run: Callable[..., Product], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "LARGEST_TREE", 100)
    assert run().record.details == {"field": "size"}


def _papermill(monkeypatch: pytest.MonkeyPatch, failures: list[Exception], begins: bool) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def execute_notebook(*_: object, **named: Any) -> Any:
        calls.append(named)
        if begins:
            named["around"].watch(Event(CELL_BEGUN, told={"cell": 3, "cells": 4}))
        if failures:
            raise failures.pop(0)
        return {"cells": []}

    monkeypatch.setattr(kernels, "execute_notebook", execute_notebook)
    return calls


@pytest.fixture
def task(order: Order) -> kernels.Task:
    return kernels.Task(
        order.template, order.job.parameters, order.folder, order.work, {"HOME": "/"}, Limits(start=7, cell=9), lambda *_: None
    )


def test_a_kernel_that_does_not_start_is_tried_once_more(task: kernels.Task, monkeypatch: pytest.MonkeyPatch):
    calls = _papermill(monkeypatch, [RuntimeError("Kernel didn't respond in 60 seconds")], begins=False)
    assert kernels.execute(task, Clock()) == {"cells": []}
    assert len(calls) == 2


def test_a_kernel_that_never_starts_is_a_failure_of_its_own_kind(task: kernels.Task, monkeypatch: pytest.MonkeyPatch):
    calls = _papermill(monkeypatch, [RuntimeError("Kernel didn't respond")] * 3, begins=False)
    with pytest.raises(JobFailure) as failed:
        kernels.execute(task, Clock())
    assert failed.value.reason is Reason.KERNEL_START
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (kernels.DeadKernelError("Kernel died"), Reason.KERNEL_DIED),
        (RuntimeError("Timeout waiting for IOPub output"), Reason.TIMEOUT),
        (kernels.CellTimeoutError("slow"), Reason.TIMEOUT),
        (kernels.PapermillExecutionError(2, 1, "x", "MemoryError", "", []), Reason.MEMORY),
        (kernels.PapermillExecutionError(2, 1, "x", "SystemExit", "3", []), Reason.CELL_ERROR),
    ],
)
def test_nothing_else_is_tried_again(task: kernels.Task, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: Reason):
    calls = _papermill(monkeypatch, [error], begins=True)
    with pytest.raises(JobFailure) as failed:
        kernels.execute(task, Clock())
    assert (failed.value.reason, failed.value.details["cell"]) == (reason, "3")
    assert len(calls) == 1


@pytest.mark.parametrize("name", ["SystemExit", "ValueError"])
def test_an_error_that_papermill_lets_pass_is_a_failure(task: kernels.Task, monkeypatch: pytest.MonkeyPatch, name: str):
    error = nbformat.v4.new_output("error", ename=name, evalue="0", traceback=[])
    passed = {"cells": [nbformat.v4.new_code_cell("", outputs=[error], execution_count=1)]}
    monkeypatch.setattr(kernels, "execute_notebook", lambda *_, **__: passed)
    with pytest.raises(JobFailure) as failed:
        kernels.execute(task, Clock())
    assert (failed.value.reason, failed.value.details["error"]) == (Reason.CELL_ERROR, name)


def test_every_run_has_its_limits_and_no_working_directory_of_papermills(task: kernels.Task, monkeypatch: pytest.MonkeyPatch):
    call = _papermill(monkeypatch, [], begins=True)
    kernels.execute(task, Clock())
    assert (call[0]["start_timeout"], call[0]["execution_timeout"]) == (7, 9)
    assert call[0]["parameters"] == task.parameters
    assert call[0]["around"].folder == task.folder
    assert call[0]["around"].environment == {"HOME": "/"}
    assert "cwd" not in call[0]
