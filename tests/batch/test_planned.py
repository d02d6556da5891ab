"""Which reports a run makes, and why: decided from what they were made from, before anything is started."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.batch import Batch, Job, Record, last_unfinished, planned, run, wanted
from evaluation.batch import inputs as made_from
from evaluation.batch.journal import Journal
from evaluation.batch.publish import digest
from evaluation.batch.worker import Product

running = sys.modules["evaluation.batch.run"]  # the package gives the function of this name
CODES = ("760", "761", "762")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A notebook that declares nothing: no kernel runs it here."""
    path = tmp_path / "template.ipynb"
    path.write_text('{"cells": []}', "utf-8")
    return path


@pytest.fixture
def jobs(job: Job) -> list[Job]:
    return [replace(job, subject=code) for code in CODES]


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: Path, jobs: list[Job]) -> Callable[..., tuple[Batch, list[str]]]:
    """Runs with jobs that are done at once; returns the batch and the names of those that were."""
    did: list[str] = []

    def products(self: Any, making: Any) -> Any:
        for p in making:
            did.append(p.job.name)
            contents = {name: f"{name} of {p.inputs['data']}".encode() for name in p.job.files.values() if name.endswith("html")}
            files = {name: digest(content) for name, content in contents.items()}
            yield Product(Record(p.job.subject, p.job.language, "done", status="reported", files=files, seconds=1.0), contents)

    monkeypatch.setattr(running, "check_names", lambda *_: None)
    monkeypatch.setattr(running._Run, "_here", products)
    monkeypatch.setattr(running.kernels, "start", lambda *_: None)
    monkeypatch.setattr(running.manifest, "commit", lambda: "none")

    def once(**named: Any) -> tuple[Batch, list[str]]:
        did.clear()
        batch = run(named.pop("jobs", jobs), tmp_path / "out", template=template, work=tmp_path / "work", **named)
        return batch, list(did)

    return once


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What reports are made from, as the test says."""
    now = {"code": "c1", "packages": "p1", "state": "s1", "data": "d1"}
    monkeypatch.setattr(made_from, "code_version", lambda: now["code"])
    monkeypatch.setattr(made_from, "_packages", lambda: now["packages"])
    monkeypatch.setattr(planned.shared, "state", lambda _: now["state"])

    def evidence(jobs: list[Job], *_: Any) -> dict[str, Any]:
        return {j.name: planned.shared.Evidence(now.get(f"data {j.subject}", now["data"])) for j in jobs}

    monkeypatch.setattr(planned.shared, "evidence", evidence)
    return now


Go = Callable[..., tuple[Batch, list[str]]]


def _outcomes(batch: Batch) -> dict[str, str]:
    return {r.subject: r.outcome for r in batch.records}


def test_what_is_there_and_made_from_the_same_is_not_made_again(go: Go, parts: dict[str, str]):
    first, did = go()
    assert did == ["760-vi", "761-vi", "762-vi"]
    before = {p.name: p.stat().st_mtime_ns for p in first.folder.iterdir()}
    second, did = go()
    assert did == []
    assert set(_outcomes(second).values()) == {"current"}
    assert not second.failed
    assert {p.name: p.stat().st_mtime_ns for p in second.folder.iterdir()} == before


@pytest.mark.parametrize("part", ["code", "packages"])
def test_other_code_or_packages_make_all_again(go: Go, parts: dict[str, str], part: str):
    go()
    parts[part] = "other"
    assert len(go()[1]) == 3


def test_another_notebook_makes_all_again(go: Go, parts: dict[str, str], template: Path):
    go()
    template.write_text('{"cells": [ ]}', "utf-8")
    assert len(go()[1]) == 3


def test_other_parameters_make_that_report_again(go: Go, parts: dict[str, str], jobs: list[Job]):
    go()
    jobs[1] = replace(jobs[1], seed=1)
    assert go(jobs=jobs)[1] == ["761-vi"]


def test_a_revised_district_is_made_again_alone(go: Go, parts: dict[str, str]):
    go()
    parts |= {"state": "s2", "data 762": "d2"}
    batch, did = go()
    assert did == ["762-vi"]
    assert _outcomes(batch) == {"760": "current", "761": "current", "762": "done"}


def test_evidence_that_changed_for_none_of_them_makes_none(go: Go, parts: dict[str, str]):
    go()
    parts["state"] = "s2"
    assert go()[1] == []


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_file_that_is_missing_or_was_changed_is_made_again(go: Go, parts: dict[str, str], harm: str):
    batch, _ = go()
    page = batch.folder / "district-761.html"
    page.unlink() if harm == "missing" else page.write_text("changed by hand", "utf-8")
    assert go()[1] == ["761-vi"]
    assert page.read_text("utf-8") == "district-761.html of d1"


def test_all_are_made_where_it_is_asked_for(go: Go, parts: dict[str, str]):
    go()
    assert len(go(force=True)[1]) == 3
    assert go(force={"762-vi"})[1] == ["762-vi"]


def test_the_longest_come_first(go: Go, parts: dict[str, str]):
    batch, _ = go()
    path = batch.folder / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    for entry, seconds in zip(told["jobs"], (1.0, 9.0, 5.0), strict=True):
        entry["seconds"] = seconds
    path.write_text(json.dumps(told), "utf-8")
    assert go(force=True)[1] == ["761-vi", "762-vi", "760-vi"]


def test_a_dry_run_says_why_and_starts_nothing(go: Go, parts: dict[str, str], jobs: list[Job], template: Path, tmp_path: Path):
    go(jobs=jobs[:2])
    parts |= {"state": "s2", "data 761": "d2"}
    asked = wanted(jobs, tmp_path / "out", template=template, work=tmp_path / "work")
    assert [p.reason for p in asked.planned()] == ["", "data", "new"]


def _killed(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **named: Any) -> Batch:
    """Run, as if the process had ended after its second report: nothing is written after that report's line."""
    real, lines = Journal._line, []

    def line(self: Journal, content: Any) -> None:
        if len(lines) < 3:
            lines.append(content)
            real(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_line", line)
        patch.setattr(running._Run, "_finish", lambda *_: None)
        batch, _ = go(**named)
    (batch.folder / "district-762.html").unlink(missing_ok=True)
    return batch


def test_a_run_that_was_killed_is_taken_up_with_what_it_lacks(
    go: Go, parts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _killed(go, tmp_path, monkeypatch)
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert left.left == {"762-vi"}
    assert [j.name for j in left.jobs] == ["760-vi", "761-vi", "762-vi"]
    batch, did = go(jobs=left.jobs, force=left.left)
    assert did == ["762-vi"]
    assert last_unfinished(tmp_path / "work") is None
    assert {e["outcome"] for e in json.loads((batch.folder / "manifest.json").read_text("utf-8"))["jobs"]} == {"done"}


def test_a_forced_run_that_was_killed_is_taken_up_with_all_it_lacks(
    go: Go, parts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    go()
    _killed(go, tmp_path, monkeypatch, force=True)
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert go(jobs=left.jobs, force=left.left)[1] == ["762-vi"]


def test_a_run_killed_after_its_last_report_gets_its_index_by_the_next(
    go: Go, parts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(running._Run, "_finish", lambda *_: None)
        batch, _ = go()
    assert not batch.index.exists()
    assert go()[1] == []
    assert batch.index.exists()
    assert last_unfinished(tmp_path / "work") is None


def test_a_torn_last_line_of_a_journal_is_not_read(go: Go, parts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    batch = _killed(go, tmp_path, monkeypatch)
    with (batch.work / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "job", "record": {"subject": "762"')
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert left.left == {"762-vi"}
