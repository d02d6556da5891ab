"""The command line: exit codes, both languages, help that costs little, and nothing of Python's in a message."""

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

import pytest

from evaluation.batch import Batch, Cancelled, Job, Reason, Record, Refused
from evaluation.cli import main, reports
from evaluation.indicators import indicators
from evaluation.language import LANGUAGES, catalogue
from evaluation.plan import provisions
from evaluation.settings import folders

COMMANDS = (
    "template",
    "check",
    "import",
    "status",
    "decide",
    "store check",
    "store backup",
    "store rebuild",
    "store export",
    "report",
    "runs",
    "example",
    "trend",
    "funnel",
    "chart",
    "effect",
    "design",
    "plan-analysis",
    "plan-analysis register",
    "plan-analysis show",
    "plan",
    "indicators",
)


@pytest.fixture(autouse=True)
def _vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Replaces the runs: the first job succeeds, the second did not report, later ones fail."""
    seen: list[Any] = []

    def prepared(asked: Any, period: str, language: str, *rest: Any, kind: str = "district") -> tuple[Job, ...]:
        seen.append((asked, period, language, *rest))
        first = Job("760", "2018-Q4", language, tmp_path / "store", dt.date(2018, 12, 19), 2234)
        known = {"district": ("760", "769", "770"), "pilot": ("pham-ngu-lao", "peer-groups")}[kind]
        return tuple(replace(first, subject=code, kind=kind) for code in (asked if asked is not None else known))

    def run(jobs: tuple[Job, ...], out: Path | None, *, tell: Any = None, **_: Any) -> Batch:
        ends = [{"outcome": "done", "status": "reported"}, {"outcome": "done", "status": "not_reported"}]
        ends += [{"outcome": "failed", "reason": Reason.CELL_ERROR, "details": {"cell": "4", "error": "ValueError"}}]
        records = tuple(Record(j.subject, j.language, seconds=3.2, kind=j.kind, **end) for j, end in zip(jobs, ends, strict=False))  # type: ignore[arg-type]
        for record in records if tell else ():
            tell(record)
        return Batch(records, (out or tmp_path) / "2018-Q4", tmp_path / "run")

    monkeypatch.setattr(reports, "prepared", prepared)
    monkeypatch.setattr(reports, "run", run)
    return seen


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_of_each_command_has_an_example_in_the_readers_language(
    said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, command: str, language: str
):
    monkeypatch.setenv("LC_ALL", {"vi": "vi_VN.UTF-8", "en": "en_GB.UTF-8"}[language])
    code, out, err = said(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"  evaluation {command}" in out
    assert catalogue(language)["cli.example_heading"] in out
    other = {"vi": ("Usage", "Options", "Show this", "[default"), "en": ("Cách dùng", "Tùy chọn", "Ví dụ")}[language]
    assert [word for word in other if word in out] == []


def test_help_and_wrong_use_load_nothing_heavy():
    program = "import sys; from evaluation.cli import main; main(['report', '--help']); print([m for m in sys.modules if '.' not in m])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = set(re.findall(r"'(\w+)'", out.splitlines()[-1]))
    assert "typer" in loaded
    assert not loaded & {"pandas", "numpy", "papermill", "matplotlib", "duckdb", "nbformat", "pandera"}


@pytest.mark.parametrize(
    ("arguments", "vietnamese", "english"),
    [
        (["report", "--langauge", "vi", "--all"], "Có phải là --language không?", "Did you mean --language?"),
        (["repotr"], "Có phải là report không?", "Did you mean report?"),
        (["report"], "Hãy chọn quận, huyện", "Choose districts"),
        (["report", "--all-pilots", "--all"], "chỉ một trong bốn", "one of the four"),
        (["report", "--pilot", "pham-ngu-la"], "gần nhất: pham-ngu-lao", "nearest: pham-ngu-lao"),
        (["report", "--all", "--district", "760"], "không phải cả hai", "not both"),
        (["report", "--district", "999"], "Không có quận, huyện '999'", "no district '999'"),
        (["report", "--district", "../../etc/passwd"], "Không có quận, huyện", "no district"),
        (["report", "--all", "--period", "2018-Q9"], "Không đọc được kỳ", "Cannot read the period"),
        (["report", "--all", "--period", "2018"], "theo quý", "by quarter"),
        (["report", "--all", "--language", "fr"], "chọn một trong vi, en", "choose one of vi, en"),
        (["report", "--all", "--seed", "x"], "số nguyên", "whole number"),
        (["report", "--all", "--seed", "-1"], "từ 0 đến", "from 0 to"),
        (["report", "--all", "--workers", "0"], "từ 1 trở lên", "1 or more"),
        (["report", "--all", "--as-of", "14/12/2018"], "Không đọc được ngày", "Cannot read the date"),
        (["report", "--district"], "cần một giá trị", "needs a value"),
        (["report", "--all", "--store", "none.duckdb"], "Không có kho số liệu none.duckdb", "There is no store none.duckdb"),
        (["plan", "III.99"], "không có mục 'III.99'", "no provision 'III.99'"),
        (["plan", "a", "b"], "Thừa: b", "Too much was given: b"),
        (["indicators", "sti_test"], "Không có chỉ tiêu 'sti_test'", "nearest: sti_test"),
    ],
)
def test_wrong_use_is_explained_in_both_languages_with_code_2(
    said: Callable[..., tuple[int, str, str]], arguments: list[str], vietnamese: str, english: str
):
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert vietnamese in err
    assert english in err
    assert "Traceback" not in err


def test_a_period_without_data_is_wrong_use(said: Callable[..., tuple[int, str, str]], evidence: Path):
    code, _, err = said("report", "--all", "--period", "2031-Q1", "--store", str(evidence))
    assert code == 2
    assert "The store has data from 2018-Q4 to 2018-Q4" in err


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pandas as pd

    from evaluation.indicators import elements
    from evaluation.store import Submission, load_many

    row = ("760", "26734", "2018-Q4", next(e.id for e in elements().values() if e.level == "ward"), 12.0, "reported", "A", "C7")
    columns = ["district_code", "unit_code", "period", "element", "value", "state", "sheet", "cell"]
    path = tmp_path_factory.mktemp("evidence") / "store.duckdb"
    submission = Submission("s1", "760", "2018-Q4", 2, dt.date(2018, 12, 14), "760.xlsx", "0" * 64, "district")
    load_many(path, [(submission, pd.DataFrame([row], columns=columns))], synthetic=False)
    return path


def test_a_folder_of_the_project_is_refused_for_safety(said: Callable[..., tuple[int, str, str]], evidence: Path):
    code, _, err = said("report", "--district", "760", "--store", str(evidence), "--out", str(folders().data / "example"))
    assert code == 3
    assert "Không ghi báo cáo vào data/example" in err
    assert "No reports are written into data/example" in err


def test_each_report_has_a_line_and_a_failure_says_how_to_run_it_again(said: Callable[..., tuple[int, str, str]], pretended: list[Any]):
    code, out, _ = said("report", "--all", "--period", "2018-Q4")
    lines = out.splitlines()
    assert code == 1
    assert pretended[0][:3] == (None, "2018-Q4", "vi")
    assert lines[0] == "Lập 3 báo cáo, Quý IV/2018 …"
    assert lines[1] == "Quận 1: Đã báo cáo · 3,2 giây"
    assert lines[2] == "Quận 2: Không có báo cáo trong kỳ · 3,2 giây"
    assert lines[3] == "Quận 3: KHÔNG LẬP ĐƯỢC, lỗi trong sổ tính toán (ô thứ 4; loại lỗi ValueError)"
    assert lines[4].startswith("Quận 3: không lập được, lỗi trong sổ tính toán (ô thứ 4; loại lỗi ValueError). Chạy lại: ")
    assert lines[4].endswith("evaluation report --district 770 --period 2018-Q4")
    assert lines[5].startswith("Đã lập 2 báo cáo, 0 báo cáo đã có và không đổi, 1 không lập được. Mở: ")
    assert lines[5].endswith("2018-Q4/index.html")


def test_all_made_is_code_0(said: Callable[..., tuple[int, str, str]], pretended: list[Any]):
    assert said("report", "--district", "760", "--district", "769")[0] == 0


def test_pilot_models_are_told_by_name(said: Callable[..., tuple[int, str, str]], pretended: list[Any]):
    code, out, _ = said("report", "--all-pilots", "--language", "en")
    lines = out.splitlines()
    assert (code, pretended[0][0]) == (0, None)
    assert lines[1].startswith("Support and harm reduction for women working in conditional service establishments: Reported")
    assert lines[2].startswith("Better access and organisation for peer groups")


def test_english_is_spoken_where_it_is_asked_for(said: Callable[..., tuple[int, str, str]], pretended: list[Any]):
    code, out, _ = said("report", "--all", "--language=en")
    assert code == 1
    assert pretended[0][2] == "en"
    assert "District 2: Did not report for the period · 3.2 s" in out
    assert "--language en" in out


def test_a_program_reads_json_and_nothing_else(said: Callable[..., tuple[int, str, str]], pretended: list[Any]):
    code, out, err = said("report", "--all", "--json")
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert [r["outcome"] for r in told["reports"]] == ["done", "done", "failed"]
    assert told["reports"][2]["reason"] == "cell_error"


@pytest.mark.parametrize(
    ("error", "code"), [(Cancelled(), 130), (KeyboardInterrupt(), 130), (Refused("không / no"), 3), (OSError(28, "full"), 1)]
)
def test_how_a_run_ends_is_its_code(
    said: Callable[..., tuple[int, str, str]],
    pretended: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
):
    def run(*_: object, **__: object) -> Batch:
        raise error

    monkeypatch.setattr(reports, "run", run)
    ended, _, err = said("report", "--all")
    assert ended == code
    assert len(err.splitlines()) == 1


def test_the_plan_is_listed_whole(said: Callable[..., tuple[int, str, str]]):
    code, out, _ = said("plan")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(provisions())


def test_a_provision_shows_what_answers_it(said: Callable[..., tuple[int, str, str]]):
    out = said("plan", "II.5", "--language", "en")[1]
    assert "Indicators that answer it:" in out
    assert "sti_tested" in out
    told = json.loads(said("plan", "II.5", "--json")[1])
    assert told["indicators"] == list(provisions()["II.5"].indicators)
    assert "anchor" not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.slow
def test_every_provision_and_indicator_can_be_shown(said: Callable[..., tuple[int, str, str]], language: str):
    for command, known in (("plan", provisions()), ("indicators", indicators())):
        for name in known:
            code, out, _ = said(command, name, "--language", language)
            assert code == 0
            assert name in out


def test_indicators_are_listed_for_people_and_programs(said: Callable[..., tuple[int, str, str]]):
    out = said("indicators")[1]
    assert [line.split()[0] for line in out.splitlines()] == list(indicators())
    assert [i["id"] for i in json.loads(said("indicators", "--json")[1])] == list(indicators())


def test_a_store_that_is_there_is_left_alone(said: Callable[..., tuple[int, str, str]], evidence: Path):
    before = evidence.read_bytes()
    code, out, _ = said("example", "--if-missing", "--store", str(evidence))
    assert (code, evidence.read_bytes()) == (0, before)
    assert "đã có" in out


def test_synthetic_data_are_not_mixed_into_real_ones(said: Callable[..., tuple[int, str, str]], evidence: Path):
    before = evidence.read_bytes()
    code, _, err = said("example", "--store", str(evidence))
    assert (code, evidence.read_bytes()) == (3, before)
    assert "real data" in err


def test_an_example_that_breaks_off_leaves_no_store(
    said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    import evaluation.example

    def build(path: Path, tell: object) -> int:
        path.write_bytes(b"half")
        raise evaluation.example.ExampleError("thiếu tệp / a file is missing")

    monkeypatch.setattr(evaluation.example, "build", build)
    code, _, err = said("example", "--store", str(tmp_path / "new" / "store.duckdb"))
    assert code == 1
    assert "a file is missing" in err
    assert list((tmp_path / "new").iterdir()) == []


def test_an_example_is_built_in_place(said: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    import evaluation.example

    monkeypatch.setattr(evaluation.example, "build", lambda path, tell: path.write_bytes(b"whole"))
    assert said("example", "--store", str(tmp_path / "new" / "store.duckdb"))[0] == 0
    assert (tmp_path / "new" / "store.duckdb").read_bytes() == b"whole"


def test_the_messages_of_commands_and_runs_have_the_same_slots_in_both_languages():
    vi, en = (catalogue(language) for language in LANGUAGES)
    for key in {k for k in (*vi, *en) if k.split(".")[0] in ("cli", "batch", "index")}:
        assert set(re.findall(r"\{(\w+)\}", vi[key])) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_kind_of_failure_has_its_words():
    for language in LANGUAGES:
        for reason in Reason:
            assert f"batch.reason.{reason}" in catalogue(language)
