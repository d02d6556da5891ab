"""The command on anybody's panel: what it says, what it saves, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluation.cli import main

NAMES = ["Alpha", "Beta, bên sông", "Gamma"] + [f"D{i}" for i in range(9)]
PANEL = ("--unit", "place", "--time", "year", "--outcome", "packs", "--start", "2008", "--language", "en")


@pytest.fixture
def panel(tmp_path: Path) -> Callable[..., str]:
    """Return a writer of a panel of twelve units and ten years, in which Alpha fell by 20 from 2008 on."""

    def write(drop: str = "", change: tuple[str, str] = ("", ""), whole: bool = False) -> str:
        rng = np.random.default_rng(3)
        lines = ["place;year;packs;people"]
        for name in NAMES:
            level = rng.normal(100, 10)
            for year in range(2001, 2011):
                y = level + rng.normal(0, 0.3) - (20 if name == "Alpha" and year >= 2008 else 0)
                lines.append(f"{name};{year};{round(y) if whole else f'{y:.2f}'};{1000}")
        text = "\n".join(line for line in lines if not drop or not line.startswith(drop))
        file = tmp_path / "panel.csv"
        file.write_text(text.replace(*change) + "\n", encoding="utf-8")
        return str(file)

    return write


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return what a command answers: code, output, complaints."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["effect", *arguments])
        return code, *capsys.readouterr()

    return run


def test_the_effect_is_found_and_the_keys_are_those_of_the_documentation(said: Callable, panel: Callable) -> None:
    code, out, _ = said(panel(), *PANEL, "--treated", "Alpha", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["estimate"] == pytest.approx(-20, abs=0.7)  # three standard errors
    assert found["interval"] is None  # with eleven donors there is none at 95 %
    assert found["smallest_p"] == pytest.approx(1 / 12)
    assert (found["claim"], found["verdict"]["key"]) == (False, "out_of_reach")
    assert (found["n_donors"], found["n_before"], found["n_after"], found["start"]) == (11, 7, 3, 2008)
    assert list(found["effects"]) == ["2008", "2009", "2010"]
    assert np.mean(list(found["effects"].values())) == pytest.approx(found["estimate"])
    assert set(found["weights"]) == set(NAMES) - {"Alpha"}
    documented = (Path(__file__).parents[1] / "docs" / "effects.md").read_text(encoding="utf-8")
    assert not [key for key in found if f"`{key}`" not in documented]


def test_the_sentence_says_what_may_be_claimed_and_that_nothing_is_protected(said: Callable, panel: Callable) -> None:
    code, out, _ = said(panel(), *PANEL, "--treated", "Alpha")
    assert code == 0
    assert out.startswith("Effect in Alpha on packs, compared with the comparison units: −")
    assert "Nothing can be claimed: the smallest p-value" in out
    assert "do not publish" in out


@pytest.mark.slow
def test_names_with_commas_are_names(said: Callable, panel: Callable) -> None:
    code, out, _ = said(panel(), *PANEL, "--treated", "Beta, bên sông,Gamma", "--json")
    assert code == 2  # not a name as a whole: two of its three parts are no units
    code, out, _ = said(panel(), *PANEL, "--treated", "Beta, bên sông", "--treated", "Gamma", "--json")
    assert (code, list(json.loads(out)["treated"])) == (0, ["Beta, bên sông", "Gamma"])


@pytest.mark.slow
def test_donors_are_those_named_or_all_but_those_left_out(said: Callable, panel: Callable) -> None:
    some = json.loads(said(panel(), *PANEL, "--treated", "Alpha", "--donors", "D1,D2,D3", "--json")[1])
    assert set(some["weights"]) == {"D1", "D2", "D3"}
    rest = json.loads(said(panel(), *PANEL, "--treated", "Alpha", "--exclude", "D1", "--exclude", "D2,D3", "--json")[1])
    assert rest["n_donors"] == 8
    assert {r["reason"] for r in rest["dropped"]} == {"treated", "excluded"}


@pytest.mark.slow
def test_whole_numbers_are_told_to_be_read_as_values_and_counts_give_a_ratio(said: Callable, panel: Callable) -> None:
    file = panel(whole=True)
    assert "--measure count gives a ratio" in said(file, *PANEL, "--treated", "Alpha")[1]
    found = json.loads(said(file, *PANEL, "--treated", "Alpha", "--measure", "count", "--json")[1])
    assert (found["scale"], round(found["estimate"], 1)) == ("ratio", 0.8)


@pytest.mark.parametrize(
    "change, options, message",
    [
        (("", ""), ("--treated", "Alfa"), "'Alfa' (Alpha"),
        (("", ""), ("--treated", "Alpha", "--donors", "D1,Gama"), "'Gama' (Gamma"),
        (("", ""), ("--treated", "Alpha", "--start", "2001"), "no period before 2001; choose another start"),
        (("", ""), ("--treated", "Alpha", "--start", "spring"), "The start spring is no period"),
        (("", ""), ("--treated", "Alpha", "--method", "scm"), "scm"),
        (("", ""), ("--treated", "Alpha", "--measure", "share"), "--denominator"),
        (("", ""), ("--treated", "Alpha", "--level", "95"), "--level"),
        (("", ""), ("--treated", "Alpha", "--donors", "D1", "--exclude", "D2"), "--donors or --exclude"),
        (("D1;2003", "D1;2002"), ("--treated", "Alpha"), "D1, 2002"),
        (("", ""), (), "--treated"),
        (("", ""), ("--treated", "ALPHA"), "'ALPHA' (Alpha?)"),
        (("", ""), ("--treated", "Alpha", "--exclude", "Gama"), "'Gama' (Gamma"),
        (("", ""), ("--treated", "Alpha", "--exclude", "Alpha"), "named in --exclude too"),
        (("", ""), ("--treated", "Alpha", "--seed", "-1"), "--seed must be a whole number, 0 or more"),
        (("", ""), ("--treated", "Alpha", "--anticipation", "-1"), "anticipation=-1"),
        (("D1;2003", ";2003"), ("--treated", "Alpha"), "no unit is named"),
        (("D1;2003", "d1;2003"), ("--treated", "Alpha"), "one unit spelled in two ways"),
    ],
    ids=[
        *("unit", "donor", "no before", "start", "method", "denominator", "level", "both", "twice", "untreated"),
        *("case", "excluded", "excluded and treated", "seed", "windows", "no unit", "two spellings"),
    ],
)
def test_what_cannot_be_done_is_said_in_both_languages_and_with_the_way_out(
    said: Callable, panel: Callable, change: tuple[str, str], options: tuple[str, ...], message: str
) -> None:
    code, out, err = said(panel(change=change), *PANEL[:6], *(() if "--start" in options else PANEL[6:8]), *options)
    assert (code, out) == (2, "")
    assert message in err
    assert " / " in err


@pytest.mark.slow
def test_pictures_and_numbers_are_saved_but_never_where_things_are_published(said: Callable, panel: Callable, tmp_path: Path) -> None:
    out = tmp_path / "answer"
    code, _, _ = said(panel(), *PANEL, "--treated", "Alpha", "--out", str(out))
    assert code == 0
    assert {f.name for f in out.iterdir()} == {"effect.json", "gap.png", "course.png"}
    assert json.loads((out / "effect.json").read_text(encoding="utf-8"))["method"] == "did"
    from evaluation.settings import folders

    assert said(panel(), *PANEL, "--treated", "Alpha", "--out", str(folders().outputs / "x"))[0] == 3


def test_each_units_own_start_may_stand_in_a_column(said: Callable, panel: Callable) -> None:
    file = Path(panel())
    rows = file.read_text(encoding="utf-8").splitlines()
    first = {"Alpha": "2008", "Gamma": "2006"}
    file.write_text("\n".join([rows[0] + ";first", *(f"{r};{first.get(r.split(';')[0], 0)}" for r in rows[1:])]), encoding="utf-8")
    code, out, err = said(str(file), *PANEL[:6], "--first-treated", "first", "--json", "--language", "en")
    assert code == 1, out
    assert "different times; use cs" in err


def test_how_covariates_count_may_be_asked_for(said: Callable, panel: Callable) -> None:
    asked = (panel(), *PANEL, "--treated", "Alpha", "--method", "sc")
    code, out, _ = said(*asked, "--covariates", "packs@2001,packs@2007", "--v", "regression", "--json")
    assert code == 0
    assert "regression" in json.loads(out)["method_said"]["en"]
    assert said(*asked, "--v", "regression")[::2] == (
        2,
        "--v chỉ dùng với --method sc (hoặc all) và --covariates. / --v goes with --method sc (or all) and --covariates.\n",
    )
    assert said(*asked, "--covariates", "packs@2001", "--v", "best")[0] == 2


def test_weeks_by_their_first_day_are_periods(said: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weeks = [str(np.datetime64("2018-01-01") + 7 * k) for k in range(12)]
    rows = [f"{u},{w},{rng.normal(50, 1) - (9 if u == 'A' and k >= 8 else 0):.2f}" for u in "ABCDEF" for k, w in enumerate(weeks)]
    file = tmp_path / "weeks.csv"
    asked = (
        "--unit",
        "place",
        "--time",
        "week",
        "--outcome",
        "y",
        "--treated",
        "A",
        "--start",
        weeks[8],
        "--json",
        "--out",
        str(tmp_path / "out"),
    )
    file.write_text("\n".join(["place,week,y", *rows]), encoding="utf-8")
    code, out, _ = said(str(file), *asked)
    assert code == 0
    assert list(json.loads(out)["effects"]) == weeks[8:]
    assert json.loads(out)["estimate"] == pytest.approx(-9, abs=2)
    file.write_text("\n".join(["place,week,y", *rows, "A,2018-02-07,50"]), encoding="utf-8")
    assert said(str(file), *asked)[0] == 2
