"""A whole run with real kernels, watched: what is told, in which order, and what its log and account say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.batch import Batch, Job, Reason, account, events, run
from evaluation.batch.events import Event, both
from evaluation.batch.log import logged

SECRET = "spoken 12345"


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, notebook: Callable[[str], Path], store: Path
) -> tuple[Batch, list[Event], list[dict[str, Any]], Path]:
    """Two reports, the second of which fails at its last cell."""
    import datetime as dt

    base = tmp_path_factory.mktemp("watched")
    first = Job("760", "2018-Q4", "vi", store, dt.date(2018, 12, 19), 2234)
    template = notebook(f'if district == "769":\n    raise ValueError("{SECRET}")\nprint("{SECRET}")\nsave()')
    seen: list[Event] = []
    with logged(str(base / "log.jsonl")) as log:
        watch = both(log, seen.append)
        batch = run([first, replace(first, subject="769")], base / "out", template=template, work=base / "work", workers=2, watch=watch)
    lines = [json.loads(line) for line in (base / "log.jsonl").read_text("utf-8").splitlines()]
    return batch, seen, lines, base


@pytest.mark.slow
def test_all_that_happens_is_told_in_its_order(watched: tuple[Batch, list[Event], list[dict[str, Any]], Path]):
    _, seen, _, _ = watched
    own = [event.name for event in seen if event.job in ("", "shared") and not event.name.startswith("cell")]
    assert own[0] == events.RUN_BEGUN
    assert own[-2:] == [events.PLANNED, events.RUN_ENDED]
    for job, cells in (("760-vi", [2, 3, 4, 5]), ("769-vi", [2, 3, 4, 5])):  # the first is text
        told = [event for event in seen if event.job == job]
        assert [told[0].name, told[1].name, told[-1].name] == [events.JOB_BEGUN, events.KERNEL, events.JOB_ENDED]
        assert [event.told["cell"] for event in told if event.name == events.CELL_BEGUN] == cells
        assert [event.told["cell"] for event in told if event.name == events.CELL_ENDED] == cells
        assert {event.told["cells"] for event in told if event.name == events.CELL_BEGUN} == {5}
    ended = seen[-1].told
    assert (ended["done"], ended["current"], ended["failed"], ended["of"], ended["written"]) == (1, 0, 1, 2, True)


@pytest.mark.slow
def test_the_log_says_the_same_and_nothing_of_the_machine_or_of_reports(watched: tuple[Batch, list[Event], list[dict[str, Any]], Path]):
    batch, seen, lines, base = watched
    assert [(line["event"], line.get("job", "")) for line in lines] == [(event.name, event.job) for event in seen]
    assert {line["run"] for line in lines} == {batch.work.name}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    text = json.dumps(lines)
    assert SECRET not in text
    assert str(base) not in text
    assert "/" not in text
    failed = next(line for line in lines if line["event"] == "job_ended" and line["job"] == "769-vi")
    assert (failed["outcome"], failed["reason"], failed["cell"]) == ("failed", "cell_error", "5")


@pytest.mark.slow
def test_the_account_says_where_the_seconds_went(watched: tuple[Batch, list[Event], list[dict[str, Any]], Path]):
    batch, _, _, _ = watched
    told = json.loads(account.path(batch.work).read_text("utf-8"))
    job = told["jobs"]["760-vi"]
    assert {"notebook", "parameters", "start", "cells", "export", "protection", "publishing"} == set(job["stages"])
    assert job["stages"]["parameters"] + job["stages"]["start"] + job["stages"]["cells"] <= job["stages"]["notebook"] + 0.01
    assert [cell["place"] for cell in job["cells"]] == [2, 3, 4, 5]
    assert [cell["line"] for cell in job["cells"]][1:3] == ["# Parameters", "import os"]
    assert sum(cell["seconds"] for cell in job["cells"]) == pytest.approx(job["stages"]["cells"], abs=0.01)
    assert job["kernel"] == told["kernel"]["kind"]
    assert job["peak"] > 10_000_000
    assert {"plan", "server", "load", "reports", "index"} <= set(told["stages"])
    assert [asked["why"] for asked in told["asked"]["jobs"]] == ["new", "new"]


@pytest.mark.slow
def test_what_failed_left_its_notebook_as_far_as_it_came(watched: tuple[Batch, list[Event], list[dict[str, Any]], Path]):
    from evaluation.cli import outcome

    batch, _, _, _ = watched
    (failed,) = batch.failed
    assert failed.reason is Reason.CELL_ERROR
    where = Path(outcome.left(batch, failed))
    assert where == batch.work / "769-vi" / "notebook.ipynb"
    assert SECRET in where.read_text("utf-8")
