"""The commands that answer one question: of anybody's table at once, of the store, in both languages, and never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.cli import main
from evaluation.cli.own_numbers import NOTHING
from evaluation.cli.wording import EXAMPLES
from evaluation.language import LANGUAGES, SYNTHETIC, catalogue
from evaluation.settings import folders

Said = Callable[..., tuple[int, str, str]]
QUARTERS = [f"{year}-Q{quarter}" for year in (2015, 2016, 2017, 2018) for quarter in (1, 2, 3, 4)]
COLUMNS = ("--time", "quarter", "--count", "tested")
SITES = (*COLUMNS, "--unit", "site")


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


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, name: str = "own.csv", encoding: str = "utf-8") -> str:
        place = tmp_path / name
        place.write_bytes(text.encode(encoding))
        return str(place)

    return write


def _sites(*, without: str = "") -> str:
    rows = [
        f"{site},{q},{10 + 3 * i % 7 + i // 4},{60 + i}"
        for site in ("A1", "A2")
        for i, q in enumerate(QUARTERS)
        if f"{site} {q}" != without
    ]
    return "site,quarter,tested,reached\n" + "\n".join(rows) + "\n"


def test_the_answer_comes_first_then_the_numbers_then_the_warning(said: Said, written: Callable[..., str]):
    code, out, err = said("trend", "--csv", written(_sites()), *SITES, "--place", "A1")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].startswith("tested, A1: ")
    assert "ngẫu nhiên" in lines[0]
    assert sum(line.lstrip().startswith("Quý ") for line in lines) == len(QUARTERS)
    assert lines[-1].startswith("Dùng trong nội bộ")
    assert SYNTHETIC not in out


def test_a_program_gets_json_alone_and_null_for_what_is_not_known(said: Said, written: Callable[..., str]):
    code, out, _ = said("trend", "--csv", written(_sites(without="A1 2016-Q3")), *SITES, "--place", "A1", "--json")
    told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert code == 0
    assert (told["command"], told["indicator"], told["units"], told["place"]["code"]) == ("trend", None, "own", "A1")
    assert (told["synthetic"], told["protected"], told["picture"]) == (False, False, None)
    assert set(told["summary"]) == set(LANGUAGES)
    assert told["low"] <= told["estimate"] <= told["high"]
    assert len(told["rows"]) == len(QUARTERS)
    assert told["rows"][6]["count"] is None
    assert told["rows"][6]["state"] == "missing"


def test_a_chart_and_a_funnel_take_the_same_table(said: Said, written: Callable[..., str]):
    table = written(_sites())
    code, out, _ = said("chart", "--csv", table, *SITES, "--place", "A1", "--baseline-end", "Quý IV/2017", "--json")
    told = json.loads(out)
    assert (code, told["command"], told["rules"]) == (0, "chart", "nhs")
    assert [row["baseline"] for row in told["rows"]] == [True] * 12 + [False] * 4
    assert told["verdict"] not in ("improving", "worsening")  # nobody said which way is good
    code, out, _ = said("funnel", "--csv", table, *SITES, "--denominator", "reached", "--place", "A2", "--language", "en")
    assert code == 0
    assert out.splitlines()[0].startswith("tested, Q4 2018: common value ")
    assert out.splitlines()[1].startswith("A2: ")


@pytest.mark.parametrize(("good", "verdict"), [((), "changed"), (("--good", "up"), "improving"), (("--good", "down"), "worsening")])
def test_only_who_asks_says_which_way_is_good(said: Said, written: Callable[..., str], good: tuple[str, ...], verdict: str):
    rows = "\n".join(f"{q},{20 + i % 3 if i < 12 else 90}" for i, q in enumerate(QUARTERS))
    table = written(f"quarter,tested\n{rows}\n")
    out = said("chart", "--csv", table, *COLUMNS, "--baseline-end", "2017-Q4", *good, "--json")[1]
    assert json.loads(out)["verdict"] == verdict


@pytest.mark.slow
def test_a_table_of_a_whole_country_is_not_too_long(written: Callable[..., str]):
    from evaluation.cli.own_table import read

    rows = "\n".join(f"{10000 + i % 3000},{2000 + i // 3000},{i % 7}" for i in range(30_000))
    table = read(Path(written(f"unit,year,k\n{rows}\n")), {"unit": "unit", "time": "year", "count": "k"})
    assert (len(table.frame), table.rows[-1]) == (30_000, 30_001)


def test_all_units_are_added_up_only_when_asked_and_gaps_are_said(said: Said, written: Callable[..., str]):
    table = written(_sites(without="A2 2016-Q3"))
    code, _, err = said("trend", "--csv", table, *SITES)
    assert code == 2
    assert "The table has 2 units: A1, A2" in err
    code, out, _ = said("trend", "--csv", table, *SITES, "--place", "all")
    assert code == 0
    assert "Không cộng ở kỳ có đơn vị chưa có số liệu: Quý III/2016" in out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_is_read_as_programs_write_it(said: Said, written: Callable[..., str], encoding: str, sign: str):
    table = written(_sites().replace(",", sign), encoding=encoding)
    assert said("trend", "--csv", table, *SITES, "--place", "A1", "--json")[0] == 0


def test_an_office_table_with_a_title_and_vietnamese_headings_is_read(said: Said, written: Callable[..., str]):
    rows = "\r\n".join(f"Phường 1;Quý {q[-1]}/{q[:4]};1.{200 + i};2.{300 + i}" for i, q in enumerate(QUARTERS))
    table = written(f"sep=;\r\nBÁO CÁO SỐ LIỆU;;;\r\nĐơn vị;Quý;Số người xét nghiệm;Tiếp cận\r\n{rows}\r\n")
    names = ("--unit", "don vi", "--time", "quý", "--count", "so nguoi xet nghiem", "--denominator", "TIẾP CẬN")
    code, out, _ = said("trend", "--csv", table, *names, "--json")
    assert code == 0
    assert json.loads(out)["rows"][0]["count"] == 1200


def test_numbers_that_another_program_wrote_with_gaps_are_whole(said: Said, written: Callable[..., str]):
    rows = "\n".join(f"{q},{i}.0" if i % 5 else f"{q},NaN" for i, q in enumerate(QUARTERS))
    code, out, _ = said("trend", "--csv", written(f"quarter,tested\n{rows}\n"), *COLUMNS, "--json")
    assert code == 0
    assert [row["count"] for row in json.loads(out)["rows"]][:3] == [None, 1, 2]
    assert "nan" in NOTHING


TWO = "quarter,tested,reached\n2018-Q1,{},{}\n2018-Q2,5,12.5\n"


@pytest.mark.parametrize(
    ("text", "more", "vietnamese", "english"),
    [
        ("quarter,tested\n2018-Q1,abc\n", (), "cột 'tested', dòng 2: không phải là số", "column 'tested', row 2: not a number"),
        ("quarter,tested\n2018-Q1,-\n", (), "ghi 0 nếu không phát sinh", "0 where there was none"),
        ("quarter,tested\n2018-Q1,34%\n", (), "là phần trăm", "a percentage"),
        ("quarter,tested\n2018-Q1,-3\n", (), "số âm", "negative"),
        ("quarter,tested\n2018-Q1,1.5\n", (), "không phải số nguyên", "--measure value"),
        ("quarter,tested\n2018-Q1,10000000000000000\n", (), "lớn hơn 1.000", "beyond 1,000"),
        ("quarter,tested\n2018-Q1,inf\n", (), "không phải là số", "not a number"),
        ("quarter,tested\n2018-Q1,1.234\n2018-Q2,5\n", ("--measure", "value"), "không rõ dấu '.'", "nothing in the file tells"),
        ("quarter,tested,reached\n2018-Q1,3,4.5\n", ("--denominator", "reached", "--measure", "share"), "chọn suất", "choose a rate"),
        ("quarter,tested,reached\n2018-Q1,3,4\n", ("--denominator", "reached", "--measure", "value"), "không có mẫu số", "no denominator"),
        (
            TWO.format(3, "1.234"),
            ("--denominator", "reached", "--per", "10"),
            "phân cách hàng nghìn ở dòng 2",
            "stands before decimals in row 3",
        ),
        ('quarter,tested\n2018-Q1,1.234\n2018-Q2,"1,234"\n', (), "hai kiểu khác nhau", "written in two ways"),
        ("quarter,tested,reached\n2018-Q1,30,12\n", ("--denominator", "reached"), "không phải một phần", "no part of it"),
        ("quarter,tested\n2018-Q1,3\nQ1 2018,4\n", (), "Dòng 2 và 3 cùng là một kỳ", "Rows 2 and 3 are one period"),
        ("quarter,tested\n2018-Q1,3\nTổng,4\n", (), "bỏ dòng tổng", "leave rows of totals out"),
        ("quarter,testd\n2018-Q1,3\n", (), "không có cột 'tested' (--count). Các cột: testd", "no column 'tested' (--count)"),
        ("quarter,tested,tested\n2018-Q1,3,4\n", (), "nhiều cột tên 'tested'", "several columns named 'tested'"),
        ("quarter,tested\n", (), "không có số liệu", "nothing under the headings"),
        ("", (), "tệp trống", "it is empty"),
        ("PK\x03\x04", (), "là sổ tính", "is a workbook"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_the_way_out(
    said: Said, written: Callable[..., str], text: str, more: tuple[str, ...], vietnamese: str, english: str
):
    code, out, err = said("trend", "--csv", written(text), *COLUMNS, *more)
    assert (code, out) == (2, "")
    assert vietnamese in err
    assert english in err
    assert "Traceback" not in err


def test_a_table_that_seems_to_name_people_is_refused_without_repeating_them(said: Said, written: Callable[..., str]):
    table = written("site,quarter,tested\nNguyễn Văn An,2018-Q1,3\nTrần Thị Bình,2018-Q2,4\n")
    code, out, err = said("trend", "--csv", table, *SITES)
    assert (code, out) == (3, "")
    assert "A2, A3" in err
    assert "Nguyễn" not in err
    headless = written("Nguyễn Văn An,2018-Q1,3\nTrần Thị Bình,2018-Q2,4\n")
    code, _, err = said("trend", "--csv", headless, *SITES)
    assert code == 2
    assert "Nguyễn" not in err


@pytest.mark.parametrize(
    ("arguments", "english"),
    [
        (("trend",), "Name an indicator"),
        (("trend", "sti_testd"), "nearest: sti_tested"),
        (("trend", "sti_tested", "--place", "x"), "only together with --csv"),
        (("trend", "sti_tested", "--csv", "x.csv", *COLUMNS), "belongs to the store"),
        (("trend", "--csv", "x.csv"), "also give --time, --count"),
        (("trend", "--csv", "none.csv", *COLUMNS), "There is no file none.csv"),
        (("trend", "--csv", "x.csv", *COLUMNS, "--measure", "mean"), "choose one of share, rate, count, value"),
        (("trend", "--csv", "x.csv", *COLUMNS, "--good", "left"), "choose one of up, down"),
        (("trend", "sti_tested", "--out", "x.pdf"), "ends in .png"),
        (("trend", "ward_reporting_share"), "evaluation indicators ward_reporting_share"),
        (("trend", "report_on_time"), "does not carry"),
        (("trend", "child_referral_route"), "no counts to follow"),
        (("trend", "sti_tested", "--district", "999"), "no district '999'"),
        (("trend", "sti_tested", "--ward", "Phường 1"), "names 11 places"),
        (("funnel", "sti_tested"), "Use: sti_tested_share"),
        (("funnel", "sti_tested_share", "--target", "half"), "must be a number above 0"),
        (("chart", "sti_tested", "--kind", "pie"), "Choose one of auto, p, u, c"),
        (("chart", "sti_tested", "--rules", "none"), "western_electric"),
        (("trend", "sti_tested", "--as-of", "soon"), "Cannot read the date"),
    ],
)
def test_wrong_use_is_answered_before_anything_is_read(said: Said, arguments: tuple[str, ...], english: str):
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert english in err.partition(" / ")[2]


def test_no_picture_lies_where_only_protected_things_lie(said: Said):
    code, _, err = said("trend", "sti_tested", "--out", str(folders().outputs / "x" / "trend.png"))
    assert code == 3
    assert "has not passed the disclosure gate" in err
    assert not (folders().outputs / "x").exists()


@pytest.mark.parametrize(("typed", "per"), [("10000", 10000), ("10.000", 10000), ("10,000", 10000), ("0,5", 0.5)])
def test_numbers_of_options_are_read_as_people_type_them(typed: str, per: float):
    from evaluation.cli.asked_series import typed_number

    assert typed_number(typed, "--per") == per
    assert typed_number("50%", "--target") == 0.5


@pytest.mark.parametrize("command", ["trend", "funnel", "chart"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_help_has_examples_of_the_store_and_of_a_table(said: Said, monkeypatch: pytest.MonkeyPatch, command: str, language: str):
    monkeypatch.setenv("LC_ALL", {"vi": "vi_VN.UTF-8", "en": "en_GB.UTF-8"}[language])
    code, out, _ = said(command, "--help")
    assert code == 0
    assert catalogue(language)[f"cli.{command}"].split(",")[0] in " ".join(out.split())
    assert len(EXAMPLES[command]) == 2
    assert "--csv" in EXAMPLES[command][1]


def test_help_names_every_kind_of_chart_and_set_of_rules():
    from evaluation.monitoring.charts import KINDS, RULES

    for language in LANGUAGES:
        assert all(kind in catalogue(language)["cli.option.chart_kind"] for kind in KINDS)
        assert all(name in catalogue(language)["cli.option.chart_rules"] for name in RULES)


def test_help_loads_nothing_heavy():
    program = "import sys; from evaluation.cli import main; main(['chart', '--help']); print(*{m.split('.')[0] for m in sys.modules})"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "numpy", "matplotlib", "duckdb", "scipy"} & set(out.splitlines()[-1].split())


MEASURED = "quarter,tested\n" + "\n".join(f"{q},{(-1) ** i * (i % 5) / 8}" for i, q in enumerate(QUARTERS)) + "\n"


def test_measured_values_are_taken_where_they_are_named_or_plainly_are(said: Said, written: Callable[..., str]):
    table = written(MEASURED)
    for more in (("--measure", "value"), ("--kind", "xmr")):
        told = json.loads(said("chart", "--csv", table, *COLUMNS, *more, "--json")[1])
        assert (told["kind"], told["measure"], bool(told["notes"])) == ("xmr", "value", more[0] == "--kind")
    assert "measured values" in told["notes"][0]["en"]
    counts = written("quarter,tested\n" + "\n".join(f"{q},{i % 7}" for i, q in enumerate(QUARTERS)) + "\n")
    assert json.loads(said("chart", "--csv", counts, *COLUMNS, "--kind", "xmr", "--json")[1])["measure"] == "count"
    code, _, err = said("chart", "--csv", table, *COLUMNS, "--measure", "value", "--kind", "p")
    assert (code, "choose one of xmr, run, ewma, cusum" in err) == (2, True)
    code, out, _ = said("trend", "--csv", table, *COLUMNS, "--measure", "value", "--language", "en")
    assert (code, "Value | On the trend" in out, "95% interval" in out) == (0, True, False)


def test_measured_values_have_no_funnel_and_no_sum(said: Said, written: Callable[..., str]):
    table = written("site,quarter,tested\n" + "\n".join(f"{s},{q},0.5" for s in ("A1", "A2") for q in QUARTERS) + "\n")
    code, _, err = said("funnel", "--csv", table, *SITES, "--measure", "value")
    assert (code, "do not tell how large a unit is" in err) == (2, True)
    for more in ((), ("--place", "all")):
        code, _, err = said("chart", "--csv", table, *SITES, "--measure", "value", *more)
        assert (code, "measured values are not added up" in err) == (2, True)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1.234", "12.5"), (1.234, 12.5)),
        (("1.234", "12,5"), (1234, 12.5)),
        (("1,234", "12.5"), (1234, 12.5)),
        (("-1,234", "0,071"), (-1.234, 0.071)),
        (("1.234", "1.234.567"), (1234, 1234567)),
        (("1e-05", "-2.5E3"), (1e-05, -2500)),
        (("2e12", "\N{MINUS SIGN}7"), (2e12, -7)),
    ],
)
def test_what_a_sign_means_among_measured_values_is_told_by_the_rest(cells: tuple[str, ...], values: tuple[float, ...]):
    from evaluation.cli.own_numbers import numbers

    assert tuple(numbers({("v", n): cell for n, cell in enumerate(cells)}, "x.csv", ["v"]).values()) == values


def test_years_and_months_may_stand_in_two_columns_and_small_rates_are_not_none(said: Said, written: Callable[..., str]):
    rows = "\n".join(f"{2014 + i // 12},{i % 12 + 1},{700 + 5 * (i % 12)},{380_000 + i}.5" for i in range(48))
    table = written(f"year,month,cases,people\n{rows}\n")
    names = ("--csv", table, "--time", "year,month", "--count", "cases", "--denominator", "people")
    code, out, _ = said("trend", *names, "--language", "en")
    assert code == 0
    assert "0.00199 (" in out.splitlines()[0]
    assert "in December 2017" in out.splitlines()[0]
    assert "taken for a rate, per 1 of the denominator" in out
    told = json.loads(said("trend", *names, "--json")[1])
    assert (told["measure"], told["diagnostics"]["season"], told["time"]["en"]) == ("rate", True, "a year")
    code, _, err = said("trend", "--csv", table, "--time", "year,week", "--count", "cases")
    assert (code, "no column 'week' (--time)" in err) == (2, True)
    comma = written('"year,month",cases\n2018-01,3\n', "comma.csv")
    assert said("trend", "--csv", comma, "--time", "year,month", "--count", "cases")[0] == 0


AWKWARD = {
    "header only": "quarter,tested\n",
    "one row": "quarter,tested\n2018-Q1,5\n",
    "all missing": "quarter,tested\n" + "\n".join(f"{q}," for q in QUARTERS) + "\n",
    "all zero": "quarter,tested\n" + "\n".join(f"{q},0" for q in QUARTERS) + "\n",
    "constant": "quarter,tested\n" + "\n".join(f"{q},7" for q in QUARTERS) + "\n",
    "huge": "quarter,tested\n" + "\n".join(f"{q},{10**12 + i % 5 * 10**6}" for i, q in enumerate(QUARTERS)) + "\n",
    "decimal comma": "quarter;tested\n" + "\n".join(f"{q};{i},25" for i, q in enumerate(QUARTERS)) + "\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["count", "value"])
@pytest.mark.parametrize("command", ["trend", "chart"])
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_tables_have_an_answer_or_an_error_in_both_languages(
    said: Said, written: Callable[..., str], command: str, measure: str, name: str
):
    table = written(AWKWARD[name], "Số liệu quý.csv")
    code, out, err = said(command, "--csv", table, *COLUMNS, "--measure", measure, "--json")
    wrong = name == "header only" or (name, measure) == ("decimal comma", "count")
    assert code == (2 if wrong else 0)
    if wrong:
        assert " / " in err
        return
    told = json.loads(out, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert not {"nan", "inf", "none"} & set(told["summary"]["en"].lower().replace(",", " ").split())


KEYS = {
    "all": "command indicator units place period protected synthetic notes picture summary estimand method assumptions diagnostics "
    "estimate low high level n unit measure source rows",
    "trend": "label name said_unit direction scale p why value value_low value_high value_period from_previous from_year_before "
    "dispersion autocorrelation correlation changes time",
    "chart": "centre limits signals verdict kind rules fired phases direction said_unit season",
    "funnel": "per noun target adjust dispersion between limits",
}
ROW_KEYS = {
    "trend": "period count denominator value low high state expected expected_low expected_high",
    "chart": "period count exposure value centre low high sigma state phase baseline signal rules",
    "funnel": "unit name_vi name_en state count n value position side p low95 high95 low998 high998",
}


@pytest.mark.parametrize("command", ROW_KEYS)
def test_the_keys_of_json_are_those_that_the_documentation_names(said: Said, written: Callable[..., str], command: str):
    names = (*SITES, "--denominator", "reached", *(() if command == "funnel" else ("--place", "A1")))
    told = json.loads(said(command, "--csv", written(_sites()), *names, "--json")[1])
    keys = [*KEYS["all"].split(), *KEYS[command].split()]
    assert set(told) == set(keys)
    assert set(told["rows"][0]) == set(ROW_KEYS[command].split())
    documented = (folders().root / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert not [key for key in (*keys, *ROW_KEYS[command].split()) if f"`{key}`" not in documented]


def test_the_lines_and_signals_of_a_chart_stand_at_the_top_of_its_json(said: Said, written: Callable[..., str]):
    rows = "\n".join(f"{q},{20 + i % 3 if i < 12 else 90}" for i, q in enumerate(QUARTERS))
    told = json.loads(said("chart", "--csv", written(f"quarter,tested\n{rows}\n"), *COLUMNS, "--baseline-end", "2017-Q4", "--json")[1])
    last = told["rows"][-1]
    assert (told["centre"], told["limits"]) == (last["centre"], {"low": last["low"], "high": last["high"]})
    assert [s["period"] for s in told["signals"]] == ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]
    assert told["signals"][0] == {"period": "2018-Q1", "value": 90, "signal": 1, "rules": told["rows"][12]["rules"].split(",")}


needs_store = pytest.mark.skipif(not Path(os.environ.get("EVALUATION_STORE", "")).is_file(), reason="no example store is built")


@pytest.mark.slow
@needs_store
@pytest.mark.parametrize(
    ("language", "arguments"),
    [
        ("vi", ("trend", "sti_tested", "--district", "760")),
        ("en", ("trend", "sti_tested_share", "--ward", "26749")),
        ("vi", ("funnel", "sti_tested_share", "--period", "2018-Q4", "--district", "760")),
        ("en", ("funnel", "outreach_rate", "--wards", "--target", "5")),
        ("vi", ("chart", "violence_reported", "--ward", "26749")),
    ],
)
def test_the_store_answers_with_sentence_numbers_and_picture(said: Said, tmp_path: Path, language: str, arguments: tuple[str, ...]):
    picture = tmp_path / "new" / "figure.png"
    code, out, err = said(*arguments, "--language", language, "--out", str(picture))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == SYNTHETIC
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = json.loads(said(*arguments, "--json")[1])
    assert out.splitlines()[1] == told["summary"][language]
    assert told["synthetic"]
    assert catalogue(language)["cli.analysis.inside"] in out


@pytest.mark.slow
@needs_store
def test_enforcement_is_never_judged_and_the_city_says_what_it_leaves_out(said: Said):
    told = json.loads(said("chart", "inspections", "--district", "760", "--json")[1])
    assert told["direction"] == "context"
    assert told["verdict"] not in ("improving", "worsening")
    told = json.loads(said("trend", "sti_tested", "--json")[1])
    assert told["place"]["code"] == "79"
    assert told["notes"][0]["en"].startswith("Not added up where a unit has no figure")


@pytest.mark.slow
@needs_store
def test_what_the_store_cannot_answer_is_said(said: Said):
    assert "no period 2030-Q1" in said("trend", "sti_tested", "--period", "2030-Q1")[2]
    assert "holds no report" in said("trend", "sti_tested", "--as-of", "2010-01-01")[2]
    assert "at least 8 are needed" in said("trend", "sti_tested", "--period", "2016-Q1", "--language", "en")[1]
    assert said("trend", "sti_tested", "--store", "none.duckdb")[0] == 1
