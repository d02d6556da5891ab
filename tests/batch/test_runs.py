"""Accounts of runs: complete, bounded, found again by a short name, compared."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaluation.batch import Job, Reason, Record, account, runs
from evaluation.batch.journal import Journal, read
from evaluation.batch.stages import Cell, Clock

FIRST, SECOND, THIRD = "20181219T080000-11", "20181219T090000-12", "20181220T080000-13"


def _done(job: Job, code: str, seconds: float, cell: float = 1.0) -> Record:
    stages = {"notebook": seconds - 0.5, "start": 0.25, "export": 0.5}
    return Record(code, job.language, "done", status="reported", seconds=seconds, stages=stages, cells=(Cell(4, cell, "report.front"),))


def _kept(work: Path, job: Job, name: str, records: list[Record], shared: dict[str, Any] | None = None) -> Path:
    """Keep the account of a run as the batch does."""
    folder = work / "runs" / name
    journal = Journal(folder)
    asked = [{"subject": record.subject, "language": record.language, "why": "new"} for record in records]
    journal.begin({"run": name, "kind": job.kind, "period": job.period, "out": str(work / "out"), "jobs": asked})
    for record in records:
        journal.job(record, {})
    account.write(folder, Clock(), {record.name: record for record in records}, shared)
    journal.end()
    return account.path(folder)


@pytest.fixture
def work(tmp_path: Path, job: Job) -> Path:
    _kept(tmp_path, job, FIRST, [_done(job, "760", 2.0), _done(job, "761", 4.0), _done(job, "762", 9.0)])
    failed = replace(Record.failed(replace(job, subject="762"), Reason.TIMEOUT), seconds=60.0)
    _kept(tmp_path, job, SECOND, [_done(job, "760", 3.0, 1.5), _done(job, "761", 4.5, 1.75), failed], {"seconds": 7.0})
    return tmp_path


def test_an_account_says_what_a_slow_run_is_looked_for_in(work: Path):
    told = json.loads((work / "runs" / f"{SECOND}.json").read_text("utf-8"))
    assert told["asked"]["jobs"][0] == {"subject": "760", "language": "vi", "why": "new"}
    assert told["jobs"]["760-vi"]["cells"] == [{"place": 4, "seconds": 1.5, "line": "report.front"}]
    assert told["jobs"]["760-vi"]["stages"]["start"] == 0.25
    assert told["shared"]["seconds"] == 7.0
    assert told["kernel"]["kind"] in ("warm", "ordinary")
    assert bool(told["kernel"]["why"]) == (told["kernel"]["kind"] == "ordinary")
    assert told["packages"]["papermill"]
    assert told["code"].count("+") == 1
    assert told["memory"]["run"] > 10_000_000
    assert (told["killed"], bool(told["ended"])) == (False, True)


def test_a_cells_line_is_its_first_with_anything_in_it_and_short():
    assert Cell.of(3, 1.23456, "\n\n  report.front  \nmore") == Cell(3, 1.235, "report.front")
    assert len(Cell.of(3, 1.0, "x" * 500).line) == 80
    assert Cell.of(3, 1.0, "").line == ""


def test_only_the_newest_accounts_are_kept_and_no_run_that_is_not_ended_goes(work: Path, job: Job, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(account, "KEPT", 2)
    dead = work / "runs" / "20181218T080000-9"
    Journal(dead).begin({"run": dead.name, "kind": job.kind, "out": str(work / "out"), "jobs": []})
    _kept(work, job, THIRD, [_done(job, "760", 1.0)])
    assert sorted(p.name for p in (work / "runs").glob("*.json")) == [f"{SECOND}.json", f"{THIRD}.json"]
    assert not (work / "runs" / FIRST).exists()  # what a run left goes with its account
    assert dead.exists()


def test_past_runs_come_newest_first_with_what_became_of_them(work: Path):
    second, first = runs.past(work)
    assert (second.id, first.id) == (SECOND, FIRST)
    assert first.counts == {"done": 3, "current": 0, "failed": 0}
    assert second.counts == {"done": 2, "current": 0, "failed": 1}
    assert (first.median, second.median) == (4.0, 3.75)
    assert list(first.made) == ["762-vi", "761-vi", "760-vi"]
    assert first.began.isoformat() == "2018-12-19T08:00:00+00:00"
    assert {one.state for one in (first, second)} == {runs.ENDED}


def test_a_run_that_somebody_ended_is_told_from_one_that_failed(work: Path, job: Job):
    _kept(work, job, THIRD, [_done(job, "760", 1.0), Record.failed(job, Reason.INTERRUPTED)])
    assert [one.state for one in runs.past(work)] == [runs.INTERRUPTED, runs.ENDED, runs.ENDED]


@pytest.mark.parametrize("broken", ["{", "[]", "null", ""])
def test_a_file_that_is_no_account_hides_no_run(work: Path, broken: str):
    (work / "runs" / "notes.json").write_text(broken, "utf-8")
    (work / "runs" / f"{SECOND}.json").write_text(broken, "utf-8")
    assert [one.id for one in runs.past(work)] == [SECOND, FIRST]  # the journal tells it still
    assert runs.past(work)[0].counts["done"] == 2


def _begun(work: Path, job: Job, name: str) -> Path:
    folder = work / "runs" / name
    journal = Journal(folder)
    jobs = [{"subject": code, "language": "vi", "why": "new"} for code in ("760", "761", "762")]
    journal.begin({"run": name, "kind": job.kind, "period": job.period, "out": str(work / "out"), "jobs": jobs})
    journal.job(_done(job, "760", 1.0), {})
    return folder


def test_a_run_that_was_killed_is_unfinished_until_another_has_made_good(work: Path, job: Job):
    folder = _begun(work, job, f"20181221T080000-{os.getpid()}")  # its number has gone to a younger process since
    found = runs.past(work)[0]
    assert (found.state, found.left, found.counts["done"]) == (runs.UNFINISHED, 2, 1)
    told = read(folder)
    assert told is not None
    Journal(folder).end()
    account.write_killed(told)
    found = runs.past(work)[0]
    assert (found.state, found.counts["done"], found.seconds) == (runs.TAKEN_UP, 1, None)


def test_a_run_whose_process_is_there_is_under_way(work: Path, job: Job):
    import datetime as dt

    began = dt.datetime.fromtimestamp(psutil.Process().create_time() + 60, dt.UTC)
    _begun(work, job, f"{began:%Y%m%dT%H%M%S}-{os.getpid()}")
    assert runs.past(work)[0].state == runs.UNDER_WAY


def test_a_run_is_found_by_a_beginning_that_only_one_has(work: Path):
    known = runs.past(work)
    assert runs.find("last", known).id == SECOND
    assert runs.find("20181219T08", known).id == FIRST
    assert runs.find(SECOND, known).id == SECOND


@pytest.mark.parametrize(
    ("asked", "vietnamese", "english"),
    [("2018", "chỉ nhiều lượt chạy", "means several runs"), ("x", "Không có lượt chạy 'x'", "no run 'x'"), ("", "Không có", "no run")],
)
def test_a_name_that_means_none_or_several_is_told_with_what_there_is(work: Path, asked: str, vietnamese: str, english: str):
    with pytest.raises(runs.UnknownRun) as caught:
        runs.find(asked, runs.past(work))
    assert vietnamese in str(caught.value)
    assert english in str(caught.value)
    assert FIRST in str(caught.value)


def test_where_there_are_no_runs_it_says_how_there_will_be(tmp_path: Path):
    assert runs.past(tmp_path) == []
    with pytest.raises(runs.UnknownRun, match="evaluation report --all"):
        runs.find("last", [])


def test_two_runs_are_compared_by_what_both_made(work: Path):
    second, first = runs.past(work)
    assert runs.job_changes(first, second) == [runs.Change("760-vi", 2.0, 3.0), runs.Change("761-vi", 4.0, 4.5)]
    assert runs.cell_changes(first, second) == [(4, runs.Change("report.front", 1.0, 1.625))]
    changes = {change.name: change for change in runs.stage_changes(first, second)}
    assert (changes["notebook"].before, changes["notebook"].after) == (3.5, 3.25)  # medians of 1.5, 3.5, 8.5 and of 2.5, 4.0
    assert list(changes) == ["notebook", "start", "export"]
    assert runs.stages_of(second)["shared"] == 7.0
    assert "shared" not in runs.stages_of(first)
