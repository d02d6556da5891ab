"""The blank form: every ward and count is there, only inputs can be typed into, and office programs open it as it is."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook

from evaluation.indicators import elements
from evaluation.intake.form import (
    COVER,
    COVER_FIELDS,
    EN_ROW,
    FIRST_ROW,
    GUIDE,
    MAP_MARK,
    MAP_ROW,
    NARRATIVE,
    SHEETS,
    TOTAL,
    VI_ROW,
    Cover,
    columns,
    file_name,
)
from evaluation.intake.paper import lines
from evaluation.intake.template import accepts, template, workbook, write_template
from evaluation.intake.workbook import examine
from evaluation.periods import Period
from evaluation.places import districts, wards

PERIOD = Period(2018, 4)
SUBJECTS = [title.vi for title in SHEETS.values()]


@pytest.fixture(scope="module")
def body() -> bytes:
    return template("760", PERIOD)


@pytest.fixture(scope="module")
def book(body: bytes) -> Workbook:
    return load_workbook(io.BytesIO(body))


def opened(body: bytes, folder: Path, kind: str) -> Path:
    """Let LibreOffice open a file and save it as another kind."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    path = folder / "mau.xlsx"
    path.write_bytes(body)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, "--headless", profile, "--convert-to", kind, "--outdir", str(folder / "out"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "out" / f"mau.{kind}"


@pytest.mark.parametrize("district", ["760", *(pytest.param(d, marks=pytest.mark.slow) for d in districts() if d != "760")])
def test_every_ward_and_every_count_of_every_district_has_its_cell(district: str) -> None:
    book = load_workbook(io.BytesIO(template(district, PERIOD)), read_only=True)
    found: set[tuple[str, str]] = set()
    for title in SUBJECTS:
        rows = list(book[title].iter_rows(values_only=True))
        names = rows[MAP_ROW - 1][2:]
        for row in rows[FIRST_ROW - 1 :]:
            if row[0] is not None:
                assert all(c is None for c in row[2:])
                found |= {(str(row[0]), str(n)) for n in names}
    expected = {(w, e.id) for e in elements().values() if e.level == "ward" for w in wards(district)}
    expected |= {(district, e.id) for e in elements().values() if e.level == "district"}
    assert found == expected


def test_the_same_form_has_the_same_bytes(body: bytes, tmp_path: Path) -> None:
    write_template(tmp_path / "new" / file_name("760", PERIOD), "760", PERIOD)
    assert (tmp_path / "new" / "Quan-1_760_2018-Q4.xlsx").read_bytes() == body
    assert template("760", Period(2019, 1)) != body


def test_the_cover_says_who_where_when_and_how_to_fill_in(book: Workbook) -> None:
    page = book[COVER]
    cover = {page.cell(r, 1).value: page.cell(r, 2).value for r in range(1, page.max_row + 1)}
    assert set(COVER_FIELDS.values()) <= set(cover)
    assert cover[COVER_FIELDS["district_code"]] == "760"
    assert cover[COVER_FIELDS["period"]] == "Quý IV/2018"
    assert cover[COVER_FIELDS["form_version"]] == 2
    # Events from 15 September to 14 December; "before the 15th" makes the 14th the last day.
    assert cover[COVER_FIELDS["window"]] == "15/09/2018 - 14/12/2018"
    assert str(cover[COVER_FIELDS["due"]]).startswith("14/12/2018")
    text = " ".join(str(c.value) for row in page.iter_rows() for c in row if c.value)
    for said in (
        "không phát sinh",
        "không áp dụng",
        "không công bố",
        "để trống",
        "Không ghi họ tên",
        "Sở Lao động - Thương binh và Xã hội",
    ):
        assert said in text


def test_only_inputs_can_be_typed_into(book: Workbook) -> None:
    assert [p.sheet_state for p in book.worksheets] == ["visible"] * len(book.worksheets)
    for page in book.worksheets:
        assert page.protection.sheet
        assert page.protection.password is None
        assert not page.protection.formatColumns  # false in the file means that it is allowed
        open_cells = {c.coordinate for row in page.iter_rows() for c in row if not c.protection.locked}
        if page.title in SUBJECTS:
            last_ward = max(r for r in range(FIRST_ROW, page.max_row + 1) if page.cell(r, 1).value)
            inputs = {c.coordinate for row in page.iter_rows(min_row=FIRST_ROW, max_row=last_ward, min_col=3) for c in row}
            assert open_cells == inputs
            assert {c.coordinate for c in page[MAP_ROW]} & open_cells == set()
        elif page.title == COVER:
            fields = list(COVER_FIELDS)
            assert open_cells == {f"B{3 + fields.index(name)}" for name in ("role", "note")}
        elif page.title == NARRATIVE:
            assert open_cells == {"A2", "B2"}
        else:
            assert open_cells == set()


def test_every_input_is_checked_and_explained_within_what_excel_takes(book: Workbook) -> None:
    for page in book.worksheets:
        checked: set[str] = set()
        for rule in page.data_validations.dataValidation:
            assert len(rule.promptTitle) <= 32
            assert len(rule.prompt) <= 255
            assert len(rule.formula1) <= 255
            assert rule.showInputMessage
            if page.title in SUBJECTS:
                assert rule.allow_blank
                assert rule.errorStyle in (None, "stop")
                assert rule.showErrorMessage
                assert len(rule.error) <= 225
                assert "Để trống: chưa có số liệu" in rule.prompt
            for area in rule.sqref.ranges:
                left, top, right, bottom = range_boundaries(area.coord)
                checked |= {page.cell(r, c).coordinate for r in range(top, bottom + 1) for c in range(left, right + 1)}
        assert checked == {c.coordinate for row in page.iter_rows() for c in row if not c.protection.locked}


def test_headings_are_vietnamese_with_english_below_and_a_hidden_map(book: Workbook) -> None:
    for sheet, title in SHEETS.items():
        page = book[title.vi]
        assert page.row_dimensions[MAP_ROW].hidden
        assert page.cell(MAP_ROW, 1).value == MAP_MARK
        for column, e in enumerate(columns(sheet, 2), 3):
            assert [page.cell(r, column).value for r in (VI_ROW, EN_ROW, MAP_ROW)] == [e.label.vi, e.label.en, e.id]
    guide = list(book[GUIDE].iter_rows(min_row=2, values_only=True))
    assert [(r[1], r[4]) for r in guide] == [(e.label.vi, e.definition.vi) for s in SHEETS for e in columns(s, 2)]


def test_all_text_is_composed_in_one_type_and_names_nobody(body: bytes, book: Workbook) -> None:
    for page in book.worksheets:
        for row in page.iter_rows():
            for c in row:
                if isinstance(c.value, str):
                    assert unicodedata.is_normalized("NFC", c.value), c.coordinate
                    assert c.font.name == "Times New Roman"
    assert book.properties.creator == "evaluation"
    assert book.properties.lastModifiedBy is None
    with zipfile.ZipFile(io.BytesIO(body)) as members:
        assert not [n for n in members.namelist() if re.search(r"comment|drawing|custom|embed|vba|external", n, re.I)]


def test_sheets_are_set_up_for_a4_with_page_numbers_and_repeated_headings(book: Workbook) -> None:
    for page in book.worksheets:
        assert int(page.page_setup.paperSize) == 9
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert page.page_setup.fitToHeight == 0
        assert "Quận 1 - Quý IV/2018" in page.oddHeader.right.text
        assert "&P" in page.oddFooter.right.text
        if page.title in SUBJECTS:
            assert page.page_setup.orientation == "landscape"
            assert page.print_title_rows == f"${VI_ROW}:${EN_ROW}"
            assert page.freeze_panes == f"C{FIRST_ROW}"


def test_ward_names_and_headings_fit(book: Workbook) -> None:
    for title in SUBJECTS:
        page = book[title]
        widest = max(len(str(page.cell(r, 2).value)) for r in range(FIRST_ROW, page.max_row + 1))
        assert page.column_dimensions["B"].width >= widest
        for row in (VI_ROW, EN_ROW):
            # Twelve points a line are the least that this type of 11 points needs.
            need = max(lines(c.value, page.column_dimensions[c.column_letter].width * 1.15) for c in page[row])
            assert page.row_dimensions[row].height >= 12 * need
            for c in page[row]:
                longest = max(len(word) for word in str(c.value).split())
                assert longest <= page.column_dimensions[c.column_letter].width * 1.25, c.value


def test_lines_are_counted_by_whole_words() -> None:
    assert lines("một hai ba", 10) == 1
    assert lines("một hai ba", 7) == 2
    assert lines("một\nhai", 20) == 2
    assert lines("x" * 25, 10) == 3
    assert lines(None, 10) == 1


def test_totals_are_sums_with_their_result_stored() -> None:
    given = {(w, "comm_sessions"): n for n, w in enumerate(wards("760"), 1)}
    given[next(iter(wards("760"))), "comm_sessions"] = "không phát sinh"  # type: ignore[assignment]
    body = workbook(Cover("760", PERIOD, 2), given)
    row = FIRST_ROW + 10
    assert load_workbook(io.BytesIO(body))["Truyền thông"].cell(row, 3).value == f"=SUM(C{FIRST_ROW}:C{row - 1})"
    page = load_workbook(io.BytesIO(body), data_only=True)["Truyền thông"]
    assert (page.cell(row, 2).value, page.cell(row, 3).value) == (TOTAL, sum(range(2, 11)))  # District 1 has ten wards


def test_wards_that_were_not_sent_have_no_row() -> None:
    first, second = list(wards("760"))[:2]
    book = load_workbook(io.BytesIO(workbook(Cover("760", PERIOD, 2), {(first, "sti_tested"): 3, (second, "sti_tested"): None})))
    assert [book["Y tế"].cell(r, 1).value for r in range(FIRST_ROW, FIRST_ROW + 3)] == [first, second, None]
    assert book["Xã hội"].cell(FIRST_ROW, 1).value is None


ACCEPTED = [0, 1, 1234, 1e9, "không phát sinh", "Không áp dụng", " không công bố ", "khong phat sinh", "KHÔNG PHÁT SINH"]
STOPPED = [-1, 1.5, 1e9 + 1, "12", "chưa có", "không", "-", "=", "1.234"]


@pytest.mark.slow
def test_the_check_takes_counts_and_the_accepted_words_and_nothing_else(tmp_path: Path) -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    yes_no = next(e for e in elements().values() if e.unit == "yes_no")
    for row, content in enumerate([*ACCEPTED, *STOPPED], 1):
        page.cell(row, 1).value = content
        if isinstance(content, str):
            page.cell(row, 1).data_type = "s"
        page.cell(row, 2).value = f"={accepts(elements()['sti_tested'], f'A{row}')}"
        page.cell(row, 3).value = f"={accepts(yes_no, f'A{row}')}"
    raw = io.BytesIO()
    book.save(raw)
    result = load_workbook(opened(raw.getvalue(), tmp_path, "xlsx"), data_only=True).worksheets[0]
    told = [(result.cell(r, 1).value, result.cell(r, 2).value, result.cell(r, 3).value) for r in range(1, len(ACCEPTED + STOPPED) + 1)]
    assert [bool(t[1]) for t in told] == [True] * len(ACCEPTED) + [False] * len(STOPPED), told
    assert {t[1] for t in told} == {True, False}, told
    for content, _, taken in told:
        good = content in (0, 1) or (isinstance(content, str) and content.strip().lower() in ("không áp dụng", "không công bố"))
        assert bool(taken) == good, content


@pytest.mark.slow
def test_libreoffice_opens_it_and_gives_it_back_whole(body: bytes, book: Workbook, tmp_path: Path) -> None:
    back = load_workbook(opened(body, tmp_path, "xlsx"))
    assert back.sheetnames == book.sheetnames
    for page in book.worksheets:
        there = {c.coordinate: c.value for row in back[page.title].iter_rows() for c in row if c.value is not None}
        assert there == {c.coordinate: c.value for row in page.iter_rows() for c in row if c.value is not None}
        assert back[page.title].protection.sheet
        assert len(back[page.title].data_validations.dataValidation) >= (page.title in SUBJECTS)


@pytest.mark.slow
def test_what_an_office_saves_is_read_without_a_finding(tmp_path: Path) -> None:
    given = {(w, e.id): None for s in SHEETS if s != "district" for w in wards("760") for e in columns(s, 2)}
    path = opened(workbook(Cover("760", PERIOD, 2), given), tmp_path, "xlsx")
    reading = examine(path.read_bytes(), file_name("760", PERIOD))
    assert [f.line("en") for f in reading.findings if f.severity == "error" or f.refuses] == []
    assert reading.cover == Cover("760", PERIOD, 2)
    assert reading.narrative == ""


@pytest.mark.slow
def test_no_blank_form_is_taken_for_one_with_identifiers() -> None:
    for district in list(districts())[::4]:
        reading = examine(template(district, PERIOD), file_name(district, PERIOD))
        assert reading.findings == (), district
        assert {row[3] for row in reading.rows} == {"not_reported"}
        assert len(reading.rows) == sum(len(columns(s, 2)) * (1 if s == "district" else len(wards(district))) for s in SHEETS)


@pytest.mark.slow
def test_a_form_prints_on_few_pages(body: bytes, tmp_path: Path) -> None:
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo is not installed")
    told = subprocess.run(["pdfinfo", str(opened(body, tmp_path, "pdf"))], check=True, capture_output=True, text=True).stdout
    pages = re.search(r"Pages:\s+(\d+)", told)
    assert pages is not None
    # Cover, six subjects with one of them on two pages, narrative, and the definitions on at most four.
    assert int(pages[1]) <= 13
    assert "595" in told
    assert "A4" in told
