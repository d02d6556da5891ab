"""The log for programs: a line as each thing happens, and nothing of what reports say."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import pytest

from evaluation.batch import Job, Reason, Record
from evaluation.batch.events import JOB_ENDED, RUN_BEGUN, Event
from evaluation.batch.log import Log, logged


def test_each_thing_is_a_line_on_the_disk_at_once(tmp_path: Path):
    path = tmp_path / "log.jsonl"
    with logged(str(path)) as log:
        log(Event(RUN_BEGUN, told={"run": "r1", "jobs": 24}))
        assert len(path.read_text("utf-8").splitlines()) == 1
        log(Event(JOB_ENDED, "760-vi", {"outcome": "done"}))
        first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert (first["event"], first["jobs"]) == ("run_begun", 24)
    assert (second["event"], second["run"], second["job"], second["outcome"]) == ("job_ended", "r1", "760-vi", "done")
    for line in (first, second):
        at = dt.datetime.fromisoformat(line["at"])
        assert at.utcoffset() == dt.timedelta(0)
        assert abs(dt.datetime.now(dt.UTC) - at) < dt.timedelta(minutes=5)


def test_lines_are_added_to_a_log_that_is_there(tmp_path: Path):
    path = tmp_path / "log.jsonl"
    for run in ("r1", "r2"):
        with logged(str(path)) as log:
            log(Event(RUN_BEGUN, told={"run": run}))
    assert [json.loads(line)["run"] for line in path.read_text("utf-8").splitlines()] == ["r1", "r2"]


def test_a_dash_is_standard_error(capsys: pytest.CaptureFixture[str]):
    with logged("-") as log:
        log(Event(RUN_BEGUN, told={"run": "r1"}))
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["run"]) == ("", "r1")


def test_a_log_that_cannot_be_opened_is_refused_before_the_run(tmp_path: Path):
    with pytest.raises(OSError), logged(str(tmp_path / "none" / "log.jsonl")):
        pass


def test_a_log_that_breaks_takes_no_run_with_it():
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "full")

    log = Log(Full())
    log(Event(RUN_BEGUN, told={"run": "r1"}))
    log(Event(JOB_ENDED, "760-vi"))
    assert not log.whole


def test_nothing_of_a_report_is_told(job: Job):
    made = Record(job.subject, job.language, "done", status="not_reported", files={"district-760.html": "0" * 64}, seconds=1.0)
    failed = Record.failed(job, Reason.CELL_ERROR, details={"cell": "4", "error": "SecretError"})
    told = json.dumps([made.event, failed.event])
    assert "not_reported" not in told
    assert "0000" not in told
    assert "SecretError" not in told
    assert failed.event["reason"] == "cell_error"
    assert failed.event["cell"] == "4"
