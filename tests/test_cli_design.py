"""The command that plans the next pilot: what it says, where its list of places goes, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.cli import main
from evaluation.settings import folders

COLUMNS = ("--unit", "ward", "--time", "quarter", "--outcome", "tested", "--language", "en")
QUICK = ("--quarters", "4", "--draws", "20")


@pytest.fixture
def panel(tmp_path: Path) -> str:
    """A table of 30 wards and 12 quarters."""
    rng = np.random.default_rng(1)
    lines = ["ward,quarter,tested"]
    for ward in range(30):
        level = rng.gamma(5, 6)
        lines += [f"P{ward:02d},{2016 + t // 4}-Q{t % 4 + 1},{rng.poisson(level)}" for t in range(12)]
    file = tmp_path / "panel.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return what the command answers: code, output, complaints."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["design", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.mark.slow
def test_a_plan_of_anybodys_panel(said: Callable, panel: str, tmp_path: Path) -> None:
    place = tmp_path / "plan"
    code, out, _ = said("--csv", panel, *COLUMNS, "--wards", "4", "--waves", "2", *QUICK, "--out", str(place), "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["units"], found["quarters"], found["waves"], found["candidates"]) == (4, 4, 2, 30)
    assert [row["start"] for row in found["chosen"]] == ["2019-Q1", "2019-Q1", "2019-Q3", "2019-Q3"]
    assert json.loads((place / "design.json").read_text(encoding="utf-8")) == found
    kept = pd.read_csv(place / "assignments.csv")
    assert kept.shape == (1000, 30)
    assert set(kept.columns[kept.iloc[0] == 1]) == {row["unit"] for row in found["chosen"]}
    assert found["assignments"]["kept"] == 1000
    assert "stigmatised" in (place / "README.txt").read_text(encoding="utf-8")
    assert (place / "power.png").read_bytes().startswith(b"\x89PNG")
    assert {"effect", "power", "k", "quarters", "affordable"} <= set(found["power"][0])


@pytest.mark.slow
def test_the_screen_names_no_place(said: Callable, panel: str, tmp_path: Path) -> None:
    for language, words in (("en", "Not to be published"), ("vi", "Không công bố")):
        code, out, _ = said("--csv", panel, *COLUMNS[:-1], language, "--wards", "3", *QUICK, "--out", str(tmp_path / language))
        assert code == 0
        assert words in out
        assert not any(f"P{n:02d}" in out for n in range(30))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("sti_tested",), 2, "--budget with --unit-cost"),
        (("sti_tested", "--wards", "2", "--budget", "5"), 2, "--budget with --unit-cost"),
        (("--wards", "2"), 2, "at least one outcome"),
        (("inspections", "--wards", "2"), 2, "never the outcome"),
        (("nonsuch", "--wards", "2"), 2, "no indicator"),
        (("sti_tested", "--wards", "0"), 2, "above 0"),
        (("sti_tested", "--wards", "2", "--quarters", "many"), 2, "whole numbers"),
        (("sti_tested", "--wards", "2", "--waves", "0"), 2, "above 0"),
        (("sti_tested", "--budget", "inf", "--unit-cost", "1"), 2, "finite"),
        (("sti_tested", "--wards", "2", "--seed", "-1"), 2, "0 or more"),
    ],
)
def test_wrong_use_is_told(said: Callable, arguments: tuple[str, ...], code: int, words: str) -> None:
    found, _, complaint = said(*arguments)
    assert found == code
    assert words in complaint


def test_the_list_of_places_never_goes_to_outputs(said: Callable, panel: str) -> None:
    code, _, complaint = said("--csv", panel, *COLUMNS, "--wards", "3", "--out", str(folders().outputs / "plan"))
    assert code == 3
    assert "inside the office" in complaint


@pytest.mark.slow
def test_what_the_data_cannot_answer(said: Callable, panel: str, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "plan"))
    code, _, complaint = said("--csv", panel, *COLUMNS, "--wards", "20", *QUICK, *out)
    assert code == 1
    assert "at most 15 of 30" in complaint
    code, _, complaint = said("--csv", panel, *COLUMNS, "--budget", "10", "--unit-cost", "5", *QUICK, *out)
    assert code == 1
    assert "not enough for one unit" in complaint
    code, _, complaint = said("sti_tested", "--csv", panel, *COLUMNS, "--wards", "3", *out)
    assert code == 2
    assert "not both" in complaint


@pytest.mark.parametrize(
    ("options", "words"), [(("--exclude", "P99"), "'P99' (P"), (("--effect", "nan"), "effect=nan"), (("--effect", "-1"), "a ratio above 0")]
)
def test_unknown_units_and_effects_that_are_none_are_told(
    said: Callable, panel: str, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    code, _, complaint = said("--csv", panel, *COLUMNS, "--wards", "3", *QUICK, *options, "--out", str(tmp_path / "plan"))
    assert code == 2
    assert words in complaint
    assert " / " in complaint
