"""The commands on analysis plans: a file to be edited, its registration, its versions, and every refusal in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.effects.analysis_plan.plan_texts import changed
from tests.store.forms import FIRST, WARDS, submission, values

from evaluation.cli import main
from evaluation.effects.analysis_plan.plan_file import read_plan
from evaluation.settings import folders
from evaluation.store import load_many, open_store

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Said:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    monkeypatch.setenv("EVALUATION_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["plan-analysis", *arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_a_plan_is_written_to_be_edited(said: Said, tmp_path: Path) -> None:
    code, out, _ = said("--pilot", "pham-ngu-lao", "--start", "2017-Q1", "--out", "plan.yaml")
    assert code == 0
    assert "plan-analysis register plan.yaml" in out
    made = read_plan((tmp_path / "plan.yaml").read_bytes())
    assert (made.pilot, made.windows.start) == ("pham-ngu-lao", "2017-Q1")
    code, out, _ = said("--pilot", "pham-ngu-lao", "--start", "2017-Q1")
    assert read_plan(out.encode()) == made
    code, out, _ = said("--pilot", "pham-ngu-lao", "--start", "2017-Q1", "--json")
    assert json.loads(out)["plan"]["primary"] == list(made.primary)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, code, told",
    [
        ((), 2, "pham-ngu-lao"),
        (("--pilot", "pham-ngu"), 2, "pham-ngu-lao?"),
        (("--pilot", "peer-groups"), 2, "Name --pilot"),
        (("--pilot", "pham-ngu-lao"), 2, "Give --start"),
        (("--pilot", "pham-ngu-lao", "--start", "2017"), 2, "must be a quarter"),
        (("--pilot", "pham-ngu-lao", "--start", "x"), 2, "Cannot read"),
        (("--pilot", "pham-ngu-lao", "--start", "2017-Q1", "--out", "plan.txt"), 2, "ends in .yaml"),
        (("register", "none.yaml"), 2, "no file"),
        (("show",), 2, "Name --pilot"),
        (("show", "--pilot", "pham-ngu-lao"), 1, "no store"),
        (("regster", "plan.yaml"), 2, "register"),
    ],
)
def test_wrong_use(said: Said, arguments: tuple[str, ...], code: int, told: str) -> None:
    got, _, err = said(*arguments)
    assert got == code
    assert told in err
    assert " / " in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_nothing_is_overwritten_and_nothing_goes_into_outputs(said: Said, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("x")
    assert said("--pilot", "pham-ngu-lao", "--start", "2017-Q1", "--out", "plan.yaml")[0] == 2
    assert (tmp_path / "plan.yaml").read_text() == "x"
    assert said("--pilot", "pham-ngu-lao", "--start", "2017-Q1", "--out", str(folders().outputs / "p.yaml"))[0] == 3


@pytest.mark.slow
def test_a_real_plan_is_registered_before_any_data_and_again_after(said: Said, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(changed())
    code, out, _ = said("register", "plan.yaml", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["version"], told["new"], told["after_data"], told["last_period"], told["synthetic"]) == (1, True, False, None, False)
    assert len(told["sha256"]) == 64
    code, out, _ = said("register", "plan.yaml", "--language", "en")
    assert code == 0
    assert "registered already, nothing was added" in out
    store = tmp_path / "store.duckdb"
    load_many(store, [(submission("a", FIRST), values({WARDS[0]: 5}))])
    (tmp_path / "plan.yaml").write_bytes(changed(("alpha: 0.05", "alpha: 0.1")))
    code, out, _ = said("register", "plan.yaml", "--language", "en")
    assert code == 0
    assert "version 2" in out
    assert "all results by it are exploratory" in out
    code, out, _ = said("show", "--pilot", "pham-ngu-lao", "--language", "en")
    assert code == 0
    # What was loaded after the first version had come in before it: neither is from before the data.
    assert all("after the data" in line for line in out.splitlines() if line.startswith("version"))
    assert "was changed (level)" in out
    told = json.loads(said("show", "--pilot", "pham-ngu-lao", "--json")[1])
    assert (told["standing"], [v["version"] for v in told["versions"]]) == (1, [1, 2])
    assert len(open_store(store).analysis_plans()) == 2


def test_a_plan_with_problems_is_not_registered(said: Said, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(changed(("alpha: 0.05", "alpha: 5"), ("primary: [sti_tested]", "primary: [inspections]")))
    code, _, err = said("register", "plan.yaml")
    assert code == 1
    assert "plan.yaml, dòng" in err
    assert "không dùng làm kết quả đánh giá" in err
    code, out, _ = said("register", "plan.yaml", "--json")
    assert code == 1
    assert [p["key"] for p in json.loads(out)["problems"]] == ["outcomes.primary", "alpha"]
    assert not (tmp_path / "store.duckdb").exists()


@pytest.mark.slow
def test_what_may_tell_of_a_person_is_refused_and_not_said_again(said: Said, tmp_path: Path) -> None:
    for old, new in (('notes: ""', 'notes: "Gọi 0903 123 456 để hỏi"'), ("# Mức ý nghĩa.", "# Gọi 0903 123 456 để hỏi.")):
        (tmp_path / "plan.yaml").write_bytes(changed((old, new)))
        code, out, err = said("register", "plan.yaml")
        assert code == 3
        assert "0903" not in out + err
        assert "Take names, numbers and addresses out" in err
    (tmp_path / "Nguyễn Thị Hoa 0903123456.yaml").write_bytes(changed())
    code, out, err = said("register", "Nguyễn Thị Hoa 0903123456.yaml")
    assert (code, out) == (3, "")
    assert "Hoa" not in err


@pytest.mark.slow
@pytest.mark.parametrize("command", [(), ("register",), ("show",)])
def test_help_has_an_example_in_both_languages(said: Said, command: tuple[str, ...]) -> None:
    for language, head in (("vi", "Ví dụ"), ("en", "Example")):
        code, out, _ = said(*command, "--help") if language == "vi" else said(*command, "--help", "--language", "en")
        assert code == 0
        assert head in out
        assert "evaluation plan-analysis" in out
