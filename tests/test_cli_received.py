"""The commands for received files: what an officer types, reads and gets back."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from evaluation.cli import main
from evaluation.indicators import elements
from evaluation.intake.form import FIRST_ROW, MAP_ROW, SHEETS, file_name
from evaluation.intake.template import template
from evaluation.language import SYNTHETIC
from evaluation.periods import Period
from evaluation.places import districts, wards

PERIOD = Period(2018, 4)
DISTRICT = "787"  # seven wards
SAID = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _speech(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> SAID:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(a) for a in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def filled(path: Path, change: Callable[[Any], object] | None = None) -> Path:
    """Write a filled form: every ward its own figures, every part within its whole."""
    book = load_workbook(io.BytesIO(template(DISTRICT, PERIOD)))
    for sheet in SHEETS.values():
        page = book[sheet.vi]
        marks = {c.column: elements()[str(c.value)] for c in page[MAP_ROW] if c.value in elements()}
        for n, row in enumerate(r for r in range(FIRST_ROW, page.max_row + 1) if page.cell(r, 1).value):
            for column, element in marks.items():
                page.cell(row, column, 1 if element.unit == "yes_no" else 40 + 3 * n)
        if sheet.vi == SHEETS["health"].vi:
            contacts = next(c for c, e in marks.items() if e.id == "outreach_contacts")
            for n in range(len(wards(DISTRICT))):
                page.cell(FIRST_ROW + n, contacts, 200 + 7 * n)
    if change:
        change(book)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("good") / file_name(DISTRICT, PERIOD))


def test_a_template_for_one_district(said: SAID, tmp_path: Path) -> None:
    code, out, err = said("template", "--district", "Cần Giờ", "--period", "Quý IV/2018", "--out", tmp_path / "mau.xlsx")
    assert (code, err) == (0, "")
    assert "mau.xlsx" in out
    assert (tmp_path / "mau.xlsx").read_bytes() == template(DISTRICT, PERIOD)


@pytest.mark.slow
def test_templates_for_all_and_a_filled_form_is_never_overwritten(said: SAID, tmp_path: Path) -> None:
    assert said("template", "--all", "--out", tmp_path)[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(file_name(code, PERIOD) for code in districts())
    assert said("template", "--all", "--out", tmp_path)[0] == 0
    form = filled(tmp_path / file_name(DISTRICT, PERIOD))
    before = form.read_bytes()
    code, _, err = said("template", "--all", "--out", tmp_path)
    assert code == 2
    assert "không ghi đè" in err
    assert "not overwritten" in err
    assert form.read_bytes() == before


@pytest.mark.slow
def test_a_clean_file_passes_and_nothing_is_kept(said: SAID, good: Path, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    code, out, _ = said("check", good, "--store", store, "--received", "14/12/2018")
    assert code == 0
    assert "1 trên 1 tệp đạt" in out
    assert "LỖI" not in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_is_wrong_is_said_with_its_cell_and_answered(said: SAID, tmp_path: Path) -> None:
    bad = filled(tmp_path / "in" / file_name(DISTRICT, PERIOD), lambda b: setattr(b[SHEETS["health"].vi]["C7"], "value", "khoảng năm"))
    code, out, _ = said("check", bad, "--store", tmp_path / "none.duckdb", "--received", "2018-12-14", "--reply-dir", tmp_path / "out")
    assert code == 1
    assert "IN-101" in out
    assert "Y tế!C7" in out
    assert "khoảng năm" not in out
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".xlsx", ".docx"}


@pytest.mark.slow
def test_the_same_as_data_for_another_program(said: SAID, good: Path, tmp_path: Path) -> None:
    bad = filled(tmp_path / "in" / "a.xlsx", lambda b: setattr(b[SHEETS["health"].vi]["C7"], "value", "khoảng năm"))
    code, out, _ = said("check", good, bad, "--store", tmp_path / "none.duckdb", "--received", "2018-12-16", "--json")
    told = json.loads(out)
    assert code == 1
    by_file = {f["file"]: f for f in told["files"]}
    first, second = by_file[good.name], by_file["a.xlsx"]
    assert (first["outcome"], first["district"], first["period"], first["late_days"], first["errors"]) == (
        "loaded",
        DISTRICT,
        "2018-Q4",
        2,
        0,
    )
    assert first["values"] == 7 * sum(e.level == "ward" for e in elements().values()) + sum(
        e.level == "district" for e in elements().values()
    )
    assert (second["outcome"], second["values"], second["errors"]) == ("held", 0, 1)
    (error,) = (f for f in second["findings"] if f["severity"] == "error")
    assert (error["code"], error["sheet"], error["cell"], error["indicator"]) == ("IN-101", "Y tế", "C7", "outreach_reached")
    assert error["ward"] == list(wards(DISTRICT))[1]
    assert told["totals"] == {"loaded": 1, "held": 1}


@pytest.mark.slow
def test_identifiers_end_with_3_and_are_not_repeated(said: SAID, tmp_path: Path) -> None:
    phone = " ".join(("0903", "000", "111"))
    bad = filled(tmp_path / "in" / "a.xlsx", lambda b: b.create_sheet("Ghi thêm").append(["liên hệ", phone]))
    store = tmp_path / "store.duckdb"
    code, out, err = said("import", bad, "--store", store, "--received", "2018-12-14", "--reply-dir", tmp_path / "out")
    assert code == 3
    assert "IN-032" in out
    assert "B1" in out
    assert phone not in out + err
    assert not store.exists()
    for path in (tmp_path / "out").iterdir():
        assert phone.encode() not in path.read_bytes()


@pytest.mark.slow
def test_from_import_to_decision(said: SAID, tmp_path: Path) -> None:
    def high(book: Any) -> None:
        page = book[SHEETS["health"].vi]
        column = next(c.column for c in page[MAP_ROW] if c.value == "sti_tested")
        page.cell(FIRST_ROW, column, 150)

    store = tmp_path / "store.duckdb"
    form = filled(tmp_path / "in" / file_name(DISTRICT, PERIOD), high)
    code, out, _ = said("import", form.parent, "--store", store, "--received", "2018-12-14")
    assert code == 0
    assert "Đã nạp 1 trên 1 tệp" in out
    code, out, _ = said("status", "--store", store, "--on", "2018-12-15", "--json")
    told = json.loads(out)
    assert code == 0
    states = {d["district_code"]: d["state"] for d in told["districts"]}
    assert states[DISTRICT] == "reported"
    assert set(states.values()) == {"reported", "overdue"}
    finding = next(w["finding"] for w in told["waiting"] if w["code"] == "IN-201")
    code, out, _ = said("status", "--store", store, "--on", "2018-12-15")
    assert "1 trên 24 quận, huyện đã báo cáo; 23 quá hạn" in out
    assert finding in out
    arguments = ("decide", finding, "--role", "Chuyên viên theo dõi", "--reason", "Quận đã xác nhận", "--store", store)
    assert said(*arguments)[0] == 2
    assert said(*arguments, "--accept", "--reject")[0] == 2
    code, out, _ = said(*arguments, "--accept")
    assert code == 0
    assert finding in out
    waiting = json.loads(said("status", "--store", store, "--json")[1])["waiting"]
    assert finding not in {w["finding"] for w in waiting}
    code, _, err = said("decide", "0000", "--accept", "--role", "Chuyên viên", "--reason", "x", "--store", store)
    assert code == 1
    assert "/" in err


@pytest.mark.slow
def test_made_up_data_are_said_to_be_made_up(said: SAID, good: Path, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    made_up = filled(tmp_path / "in" / file_name(DISTRICT, PERIOD), lambda b: setattr(b["Thuyết minh"]["A3"], "value", SYNTHETIC))
    code, out, _ = said("import", made_up, "--store", store, "--received", "2018-12-14")
    assert code == 0
    assert SYNTHETIC in out
    assert SYNTHETIC in said("status", "--store", store)[1]
    assert json.loads(said("status", "--store", store, "--json")[1])["synthetic"] is True
    assert SYNTHETIC not in said("check", good, "--store", store, "--received", "2018-12-14")[1]


@pytest.mark.slow
def test_the_store_is_checked_copied_rebuilt_and_handed_out(said: SAID, good: Path, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    assert said("import", good, "--store", store, "--received", "2018-12-14")[0] == 0
    assert said("store", "check", "--store", store)[0] == 0
    assert said("store", "backup", tmp_path / "copy.zip", "--store", store)[0] == 0
    assert said("store", "export", tmp_path / "parquet", "--store", store)[0] == 0
    assert (tmp_path / "parquet" / "2018-Q4.parquet").stat().st_size > 0
    store.write_bytes(store.read_bytes()[:4096])
    code, _, err = said("status", "--store", store)
    assert code == 1
    assert "Traceback" not in err
    code, out, _ = said("store", "rebuild", "--store", store)
    assert code == 0, out
    assert said("store", "check", "--store", store)[0] == 0
    assert json.loads(said("status", "--store", store, "--on", "2018-12-15", "--json")[1])["districts"]


@pytest.mark.parametrize(
    ("arguments", "vietnamese", "english"),
    [
        (("check", "khong-co.xlsx"), "Không có tệp hoặc thư mục khong-co.xlsx", "no file or folder khong-co.xlsx"),
        (("check", ".", "--received", "14-12"), "Không đọc được ngày", "Cannot read the date"),
        (("template",), "Hãy chọn quận, huyện", "Choose districts"),
        (("template", "--district", "999"), "Không có quận, huyện", "no district"),
        (("template", "--all", "--period", "2018"), "Hãy nêu một quý", "Name a quarter"),
        (("status", "--period", "2018-Q9"), "Không đọc được kỳ", "Cannot read the period"),
        (("decide", "x"), "--accept hoặc --reject", "--accept or --reject"),
    ],
)
def test_wrong_use_ends_with_2_in_both_languages(said: SAID, arguments: tuple[str, ...], vietnamese: str, english: str) -> None:
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert vietnamese in err
    assert english in err


def test_the_library_has_the_same_names() -> None:
    import evaluation as ev

    assert ev.template(DISTRICT, PERIOD) == template(DISTRICT, PERIOD)
    for name in ("check", "import_", "status", "decide"):
        assert callable(getattr(ev, name))
    assert dt.date(2018, 12, 14) == PERIOD.district_due
