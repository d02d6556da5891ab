"""Watching runs at the command line: what would be made, what was made and what failed, past runs, and a quick look."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluation.batch import Batch, Job, Reason, Record, account, prepared, runs, shared
from evaluation.batch.events import JOB_ENDED, RUN_BEGUN, SHARED_BEGUN, Event
from evaluation.batch.inputs import inputs
from evaluation.batch.jobs import default_template
from evaluation.batch.journal import Journal
from evaluation.batch.manifest import entry
from evaluation.batch.planned import Planned
from evaluation.batch.publish import digest
from evaluation.batch.stages import Cell, Clock
from evaluation.cli import main, outcome, reports
from evaluation.indicators import elements
from evaluation.settings import folders
from evaluation.store import Submission, load_many

Said = Callable[..., tuple[int, str, str]]
JOB = Job("760", "2018-Q4", "vi", Path("store"), dt.date(2018, 12, 19), 2234)
FIRST, SECOND = "20181219T080000-11", "20181219T090000-12"


@pytest.fixture(autouse=True)
def _vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def _record(code: str, seconds: float) -> Record:
    stages = {"notebook": seconds - 0.5, "export": 0.5}
    cells = (Cell(4, seconds / 2, "report.front"), Cell(6, 0.1, "report.asked"))
    return Record(code, "vi", "done", status="reported", seconds=seconds, stages=stages, cells=cells, kernel="warm")


def _kept(work: Path, name: str, records: list[Record]) -> None:
    folder = work / "runs" / name
    journal = Journal(folder)
    asked = [{"subject": record.subject, "language": "vi", "why": "code"} for record in records]
    journal.begin({"run": name, "kind": "district", "period": "2018-Q4", "out": str(work), "jobs": asked})
    account.write(folder, Clock(), {record.name: record for record in records})
    journal.end()


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, the second slower at District 1."""

    class Elsewhere:
        work = tmp_path

    monkeypatch.setattr(runs, "folders", Elsewhere)
    _kept(tmp_path, FIRST, [_record("760", 2.0), _record("769", 4.0)])
    _kept(tmp_path, SECOND, [_record("760", 6.0), _record("769", 4.0)])
    return tmp_path


def test_past_runs_are_listed_newest_first(said: Said, past: Path):
    code, out, err = said("runs")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines[2:]] == [SECOND, FIRST]
    assert "Quận, huyện" in lines[2]
    assert "Quý IV/2018" in lines[2]
    assert "5,00" in lines[2]  # median of 6 and 4
    told = json.loads(said("runs", "--json")[1])
    assert [(one["run"], one["done"], one["median"]) for one in told] == [(SECOND, 2, 5.0), (FIRST, 2, 3.0)]


def test_one_run_is_shown_by_stage_with_its_slowest(said: Said, past: Path):
    out = said("runs", "last", "--language", "en")[1]
    assert out.startswith(f"Run {SECOND}: Districts Q4 2018")
    assert "2 made, 0 there already and unchanged, 0 failed" in out
    assert "Why 2 were made: the library's code has changed" in out
    assert re.search(r"running the notebook \| +4\.50 \| +5\.50 \| District 1", out)
    assert re.search(r"District 1 \(vi\) +\| +6\.00", out)
    assert re.search(r"4 \| report\.front +\| +2\.50 \| +3\.00", out)
    told = json.loads(said("runs", SECOND, "--json")[1])
    assert told["job_stages"]["notebook"] == {"median": 4.5, "longest": 5.5}
    assert told["slowest_cells"][0] == {"cell": 4, "line": "report.front", "median": 2.5, "longest": 3.0}


def test_two_runs_are_compared_and_what_got_slower_is_named(said: Said, past: Path):
    code, out, _ = said("runs", "20181219T08", "last")
    assert code == 0
    assert "2 báo cáo lập trong cả hai lượt, trung vị một báo cáo: 3,00 giây trước, 5,00 giây sau" in out
    assert re.search(r"Quận 1 +\| +2,00 \| +6,00 \| \+4,00 \| +300%", out)
    slower = out.split("Báo cáo chậm đi nhiều nhất")[1].split("Ô chậm đi")[0]
    assert "Quận 2" not in slower  # it took as long
    assert re.search(r"4: report\.front +\| +1,50 \| +2,50", out)
    told = json.loads(said("runs", FIRST, SECOND, "--json")[1])
    assert told["jobs"]["760-vi"] == {"before": 2.0, "after": 6.0}


def test_a_run_left_unfinished_is_named_with_the_way_out(said: Said, past: Path):
    folder = past / "runs" / "20181220T080000-1"
    jobs = [{"subject": code, "language": "vi", "why": "new"} for code in ("760", "761")]
    Journal(folder).begin({"run": folder.name, "kind": "district", "period": "2018-Q4", "out": str(past), "jobs": jobs})
    out = said("runs")[1]
    assert f"Lượt {folder.name} bị dừng giữa chừng, còn 2 báo cáo chưa lập. Chạy tiếp: evaluation report --resume" in out
    assert "evaluation report --resume" in said("runs", "last", "--language", "en")[1]


def test_a_run_that_is_not_there_is_wrong_use_in_both_languages(said: Said, past: Path):
    code, out, err = said("runs", "2031")
    assert (code, out) == (2, "")
    assert "Không có lượt chạy '2031'" in err
    assert "There is no run '2031'" in err


def test_no_runs_yet_is_said(said: Said, past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Nowhere:
        work = tmp_path / "none"

    monkeypatch.setattr(runs, "folders", Nowhere)
    assert said("runs") == (0, "Chưa có lượt chạy nào.\n", "")
    assert said("runs", "--json") == (0, "[]\n", "")


def _plan(reasons: dict[str, str]) -> list[Planned]:
    return [Planned(replace(JOB, subject=code), reason, {}, None, 1.0) for code, reason in reasons.items()]


def test_a_dry_run_groups_what_shares_a_reason(capsys: pytest.CaptureFixture[str]):
    outcome.would(_plan({"760": "code", "769": "data", "770": "code", "773": ""}), "vi")
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" +2 \| mã của thư viện đã đổi +\| Quận 1, Quận 3 *", lines[2])
    assert re.fullmatch(r" +1 \| số liệu mà báo cáo dùng đã đổi +\| Quận 2 *", lines[3])
    assert lines[4] == "Sẽ lập 3 trên 4 báo cáo; chưa lập báo cáo nào."


def test_a_dry_run_of_all_for_one_reason_is_one_row(capsys: pytest.CaptureFixture[str]):
    outcome.would(_plan(dict.fromkeys(("760", "769", "770"), "code")), "en")
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r" +3 \| the library's code has changed +\| all of them *", lines[2])
    assert len(lines) == 4


def test_a_dry_run_of_nothing_is_a_line(capsys: pytest.CaptureFixture[str]):
    outcome.would(_plan({"760": ""}), "en")
    assert capsys.readouterr().out == "0 of 1 reports would be made; none was made.\n"


def test_the_end_names_each_failure_with_the_notebook_that_is_there(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jobs = tuple(replace(JOB, subject=code) for code in ("760", "769", "770"))
    ends = [
        Record("760", "vi", "current", status="reported"),
        Record.failed(jobs[1], Reason.TIMEOUT, details={"cell": "4"}),
        Record.failed(jobs[2], Reason.DISK),
    ]
    left = tmp_path / "run" / "769-vi" / "notebook.ipynb"
    left.parent.mkdir(parents=True)
    left.write_text("{}", "utf-8")
    monkeypatch.setattr(reports, "prepared", lambda *_, **__: jobs)
    monkeypatch.setattr(reports, "run", lambda *_, **__: Batch(tuple(ends), tmp_path / "2018-Q4", tmp_path / "run"))
    code, out, _ = said("report", "--all", "--language", "en")
    lines = out.splitlines()
    assert code == 1
    assert lines[1].startswith("District 2: failed, ")
    assert f"See {left}." in lines[1]
    assert "District 3: failed, " in lines[2]
    assert "See " not in lines[2]  # it left nothing
    assert lines[3].startswith("0 reports made, 1 there already and unchanged, 2 failed.")
    told = json.loads(said("report", "--all", "--json")[1])
    assert [one["notebook"] for one in told["reports"]] == ["", str(left), ""]


@pytest.mark.parametrize("option", ["--cell-timeout", "--report-timeout"])
def test_limits_that_are_none_are_wrong_use(said: Said, option: str):
    code, _, err = said("report", "--all", option, "0")
    assert code == 2
    assert f"{option}: hãy cho số giây" in err
    assert f"{option}: give seconds" in err


def test_limits_reach_the_run(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[Any] = []

    def run(*_: Any, **named: Any) -> Batch:
        seen.append(named["limits"])
        return Batch((), tmp_path, tmp_path)

    monkeypatch.setattr(reports, "prepared", lambda *_, **__: (JOB,))
    monkeypatch.setattr(reports, "run", run)
    assert said("report", "--all", "--cell-timeout", "7", "--report-timeout", "70")[0] == 0
    assert (seen[0].cell, seen[0].job) == (7, 70.0)


def _telling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(*_: Any, tell: Any, watch: Any, **__: Any) -> Batch:
        record = Record("760", "vi", "done", status="reported", seconds=3.2)
        watch(Event(RUN_BEGUN, told={"run": "r1", "jobs": 1}))
        watch(Event(SHARED_BEGUN, "shared"))
        watch(Event(JOB_ENDED, record.name, record.event))
        tell(record)
        return Batch((record,), tmp_path, tmp_path)

    monkeypatch.setattr(reports, "prepared", lambda *_, **__: (JOB,))
    monkeypatch.setattr(reports, "run", run)


def test_a_run_is_logged_for_programs_beside_what_is_said(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _telling(monkeypatch, tmp_path)
    log = tmp_path / "log.jsonl"
    code, out, err = said("report", "--all", "--json-log", str(log))
    assert (code, err) == (0, "")
    assert [json.loads(line)["event"] for line in log.read_text("utf-8").splitlines()] == ["run_begun", "shared_begun", "job_ended"]
    assert out.splitlines()[1:3] == ["Tính phần dùng chung của các báo cáo trước …", "Quận 1: Đã báo cáo · 3,2 giây"]


def test_a_log_on_standard_error_leaves_json_alone(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _telling(monkeypatch, tmp_path)
    code, out, err = said("report", "--all", "--json", "--json-log", "-")
    assert (code, json.loads(out)["failed"]) == (0, 0)
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["run_begun", "shared_begun", "job_ended"]


def test_a_log_that_cannot_be_written_is_wrong_use(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _telling(monkeypatch, tmp_path)
    code, out, err = said("report", "--all", "--json-log", str(tmp_path / "none" / "log.jsonl"))
    assert (code, out) == (2, "")
    assert "--json-log: không ghi được" in err
    assert "cannot be written (No such file or directory)" in err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store, and a folder of 24 reports that were made from it as all is now."""
    base = tmp_path_factory.mktemp("made")
    element = next(e.id for e in elements().values() if e.level == "ward")
    row = ("760", "26734", "2018-Q4", element, 12.0, "reported", "A", "C7")
    columns = ["district_code", "unit_code", "period", "element", "value", "state", "sheet", "cell"]
    submission = Submission("s1", "760", "2018-Q4", 2, dt.date(2018, 12, 14), "760.xlsx", "0" * 64, "district")
    load_many(base / "store.duckdb", [(submission, pd.DataFrame([row], columns=columns))], synthetic=True)
    folder = base / "out" / "2018-Q4"
    folder.mkdir(parents=True)
    ends = []
    jobs = prepared(store=base / "store.duckdb")
    state = shared.state(jobs[0])
    for job in jobs:
        for name in job.files.values():
            (folder / name).write_bytes(name.encode())
        files = {name: digest(name.encode()) for name in job.files.values()}
        record = Record(job.subject, job.language, "done", status="reported", files=files, seconds=1.0)
        ends.append(entry(record, {**inputs(job, default_template(), "d" * 64), "state": state}))
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "jobs": ends}), "utf-8")
    return base / "store.duckdb", base / "out"


@pytest.mark.slow
@pytest.mark.parametrize(("more", "end"), [(("--dry-run",), "0 of 24 reports would be made"), ((), "0 reports made, 24 there already")])
def test_where_nothing_changed_neither_pandas_nor_jupyter_is_loaded(made: tuple[Path, Path], more: tuple[str, ...], end: str):
    store, out = made
    given = ["report", "--all", "--store", str(store), "--out", str(out), *more]
    program = (
        f"import sys; from evaluation.cli import main; code = main({given!r}); print(code, *sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "en_GB.UTF-8", "EVALUATION_ROOT": str(folders().root)},
    )
    *lines, last = done.stdout.splitlines()
    assert lines[-1].startswith(end), done.stdout
    code, *loaded = last.split()
    assert code == "0"
    assert "duckdb" in loaded
    heavy = {
        "pandas",
        "numpy",
        "jupyter_client",
        "papermill",
        "nbclient",
        "nbformat",
        "matplotlib",
        "zmq",
        "IPython",
        "joblib",
        "jinja2",
        "rich",
        "psutil",
    }
    assert not heavy & set(loaded)
