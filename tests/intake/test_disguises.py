"""The same district sent in many forms gives the same values; what cannot be read is named by code and cell."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache

import pytest
from openpyxl import Workbook, load_workbook
from tests.intake.offices import (
    COVER,
    DISTRICT,
    DISTRICT_ELEMENTS,
    DISTRICT_NAME,
    FILE,
    NAMES,
    RULES,
    WARD_ELEMENTS,
    WARDS,
    by_sheets,
    delimited,
    district_table,
    figures,
    ods,
    table,
    wide,
    with_cover,
    xlsx,
)

from evaluation.indicators import Element
from evaluation.intake.form import MAP_ROW, SHEETS, Cover, columns
from evaluation.intake.numbers import written
from evaluation.intake.reading import Reading
from evaluation.intake.template import workbook
from evaluation.intake.workbook import examine
from evaluation.periods import Period
from evaluation.places import wards

pytestmark = pytest.mark.slow  # left to `make test`: many files, or many stores

HEALTH = SHEETS["health"].vi
Disguise = tuple[bytes, str, set[str]]


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))


@cache
def form() -> bytes:
    return workbook(Cover(DISTRICT, Period(2018, 4), 2), figures())


def template(change: Callable[[Workbook], object] | None = None) -> bytes:
    body = form()
    if change is None:
        return body
    book = load_workbook(io.BytesIO(body))
    for page in book.worksheets:  # sums are formulas; saved by openpyxl they have no results, as saved by Excel they have
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.value = sum(int(str(page.cell(r, cell.column).value)) for r in range(MAP_ROW + 1, cell.row))
    change(book)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def reversed_columns(book: Workbook) -> None:
    for title in SHEETS.values():
        page = book[title.vi]
        for number, row in enumerate([[c.value for c in row] for row in page.iter_rows()], 1):
            for column, value in enumerate(reversed(row), 1):
                page.cell(number, column).value = value


def extra_columns(book: Workbook) -> None:
    page = book[HEALTH]
    page.insert_cols(4, 2)
    page["D3"], page["E3"] = "Ghi chú của phường", "Kinh phí (triệu đồng)"
    page["D6"], page["E6"] = "đã đối chiếu", 12


def without_map(book: Workbook) -> None:
    for title in SHEETS.values():
        book[title.vi].delete_rows(MAP_ROW)


def only_map(book: Workbook) -> None:
    for title in SHEETS.values():
        book[title.vi].delete_rows(1, MAP_ROW - 1)


def two_rows(parents: Callable[[str], str]) -> bytes:
    """Subjects over their counts, merged; places merged downwards."""
    rows: list[list[object]] = [["Mã", "Phường, xã, thị trấn"], [None, None]]
    spans = ["A1:A2", "B1:B2"]
    shown: list[Element] = []
    page = Workbook().active
    assert page is not None
    for subject, title in SHEETS.items():
        own = columns(subject, 2)
        first = 3 + len(shown)
        rows[0] += [parents(title.vi)] + [None] * (len(own) - 1)
        rows[1] += [e.label.vi for e in own]
        spans.append(f"{page.cell(1, first).coordinate}:{page.cell(1, first + len(own) - 1).coordinate}")
        shown += own
    body = wide()
    order = [body[0].index(e.label.vi) for e in shown]
    rows += [[*row[:2], *(row[c] for c in order)] for row in body[1:]]
    return xlsx({"Tổng hợp": rows, "Bìa": [list(r) for r in COVER]}, {"Tổng hợp": spans})


def split_headings() -> bytes:
    """ "Số người" over "được tiếp cận", and so on: only both rows together say what is counted."""
    sheets, merged = by_sheets(), {}
    for subject in ("health", "social"):
        title, own = SHEETS[subject].vi, columns(subject, 2)
        first, rest = [e.label.vi.split(" ", 2) for e in own], []
        top: list[object] = ["Mã", "Phường, xã, thị trấn"]
        for words in first:
            top.append(" ".join(words[:2]))
            rest.append(words[2])
        sheets[title] = [top, [None, None, *rest], *sheets[title][1:]]
        merged[title] = ["A1:A2", "B1:B2"]
    return xlsx(sheets, merged)


def stacked() -> bytes:
    rows: list[list[object]] = with_cover([])
    for subject, title in SHEETS.items():
        rows += [[title.vi.upper()], *(district_table() if subject == "district" else table(columns(subject, 2))), []]
    return xlsx({"Trang tính1": rows})


def misspelt(e: Element) -> str:
    wrong = {"sti_treated": "Số người dương tinhh được điều trị", "pledges_signed": "Số cơ sở ký cam kếtt"}
    return wrong.get(e.id, e.label.vi)


def earlier(e: Element) -> str:
    wrong = {
        "outreach_reached": "Số người tiếp cận được",
        "condoms_distributed": "Số BCS cấp phát",
        "legal_counselling": "Số người được tư vấn pháp luật",
        "comm_sessions": "Số buổi tuyên truyền",
        "inspections": "Số lượt kiểm tra",
    }
    return wrong.get(e.id, e.label.vi)


def numbered(columns_before: int, shown: int) -> list[list[object]]:
    return [[*"AB"[:columns_before], *(f"({n})" for n in range(1, shown + 1))]]


def titled() -> bytes:
    sheets = by_sheets()
    del sheets["Bìa"]
    titles = [["ỦY BAN NHÂN DÂN QUẬN 3"], ["BÁO CÁO KẾT QUẢ THỰC HIỆN"], ["Quận 3 - Quý IV/2018"], []]
    return xlsx({t: [*map(list, titles), *rows] for t, rows in sheets.items()})


def no_cover() -> bytes:
    sheets = by_sheets()
    del sheets["Bìa"]
    return xlsx(sheets)


def district_row() -> bytes:
    rows = wide()
    rows[-1][1] = DISTRICT_NAME
    return xlsx({"Sheet1": with_cover(rows)})


STT = ("STT", lambda i, w: i + 1)
NAME = ("Phường, xã, thị trấn", lambda i, w: NAMES[w])
DISGUISES: Mapping[str, Callable[[], Disguise]] = {
    "template": lambda: (template(), FILE, set()),
    "columns reversed": lambda: (template(reversed_columns), FILE, set()),
    "extra columns": lambda: (template(extra_columns), FILE, {"IN-131"}),
    "map row deleted": lambda: (template(without_map), FILE, set()),
    "visible headings deleted": lambda: (template(only_map), FILE, set()),
    "no diacritics": lambda: (xlsx(by_sheets(heading=lambda e: bare(e.label.vi))), FILE, set()),
    "capitals and line breaks": lambda: (xlsx(by_sheets(heading=lambda e: e.label.vi.upper().replace(" ", "\n", 2))), FILE, set()),
    "odd spaces and points": lambda: (xlsx(by_sheets(heading=lambda e: f"  {e.label.vi.replace(' ', '  ')} :")), FILE, set()),
    "numbers before": lambda: (xlsx(by_sheets(heading=lambda e: f"1. {e.label.vi}")), FILE, set()),
    "brackets and units": lambda: (xlsx(by_sheets(heading=lambda e: f"(2) {e.label.vi} (số lượng)")), FILE, set()),
    "numbers behind": lambda: (xlsx(by_sheets(heading=lambda e: f"{e.label.vi} (7)")), FILE, set()),
    "English": lambda: (xlsx(by_sheets(heading=lambda e: e.label.en)), FILE, set()),
    "ids": lambda: (xlsx(by_sheets(heading=lambda e: e.id)), FILE, set()),
    "two languages in a cell": lambda: (xlsx(by_sheets(heading=lambda e: f"{e.label.vi}\n{e.label.en}")), FILE, set()),
    "earlier wordings": lambda: (xlsx(by_sheets(heading=earlier)), FILE, set()),
    "misspelt": lambda: (xlsx(by_sheets(heading=misspelt)), FILE, {"IN-130"}),
    "merged headings over two rows": lambda: (two_rows(str), FILE, set()),
    "headings split over two rows": lambda: (split_headings(), FILE, set()),
    "one wide sheet": lambda: (xlsx({"Sheet1": with_cover(wide())}), FILE, set()),
    "district in its own row": lambda: (district_row(), FILE, set()),
    "tables under each other": lambda: (stacked(), FILE, set()),
    "column numbers": lambda: (xlsx({"S": with_cover(wide(between=numbered(2, 45)))}), FILE, set()),
    "ward names only": lambda: (xlsx(by_sheets(place=(STT, NAME))), FILE, set()),
    "names without marks": lambda: (xlsx(by_sheets(place=(STT, ("Đơn vị", lambda i, w: bare(NAMES[w]))))), FILE, set()),
    "P.1": lambda: (xlsx(by_sheets(place=(("Địa bàn", lambda i, w: NAMES[w].replace("Phường ", "P.")),))), FILE, set()),
    "bare numbers under Phường": lambda: (xlsx(by_sheets(place=(STT, ("Phường", lambda i, w: NAMES[w].split()[1])))), FILE, set()),
    "codes as numbers": lambda: (xlsx(by_sheets(place=(STT, ("Mã số", lambda i, w: float(w))))), FILE, set()),
    "codes without a heading": lambda: (xlsx(by_sheets(place=(("", lambda i, w: int(w)), NAME))), FILE, set()),
    "total: Cộng": lambda: (xlsx(by_sheets(total="CỘNG")), FILE, set()),
    "total: Toàn quận": lambda: (xlsx(by_sheets(total="Toàn quận")), FILE, set()),
    "total without a name": lambda: (xlsx(by_sheets(total="")), FILE, set()),
    "no total": lambda: (xlsx(by_sheets(total=None)), FILE, set()),
    "points": lambda: (xlsx(by_sheets(number=lambda n: f"{n:,}".replace(",", "."))), FILE, {"IN-301"}),
    "commas": lambda: (xlsx(by_sheets(number=lambda n: f"{n:,}")), FILE, {"IN-301"}),
    "spaces": lambda: (xlsx(by_sheets(number=lambda n: f"{n:,}".replace(",", "\u00a0"))), FILE, {"IN-301"}),
    "text": lambda: (xlsx(by_sheets(number=str)), FILE, set()),
    "wide digits": lambda: (xlsx(by_sheets(number=lambda n: "".join(chr(0xFF10 + int(d)) for d in str(n)))), FILE, set()),
    "csv": lambda: (delimited(with_cover(wide())), "a.csv", set()),
    "csv, mark, semicolon": lambda: (delimited(with_cover(wide()), ";", "utf-8-sig"), "a.csv", set()),
    "csv, UTF-16, tab": lambda: (delimited(with_cover(wide()), "\t", "utf-16"), "a.csv", set()),
    "csv, Windows-1258": lambda: (delimited(with_cover(wide()), ";", "cp1258"), "a.csv", set()),
    "ods": lambda: (ods(by_sheets()), "a.ods", set()),
    "ods, wide": lambda: (ods({"Trang 1": with_cover(wide())}), "a.ods", set()),
    "title lines": lambda: (titled(), FILE, {"IN-144"}),
    "codes and file name": lambda: (no_cover(), "Quan-3_770_2018-Q4.xlsx", {"IN-140", "IN-144"}),
}


def codes(reading: Reading) -> set[str]:
    return {f.code for f in reading.findings} - RULES


def content(reading: Reading) -> dict[tuple[str, str], object]:
    return {(r[0], r[1]): r[2] if r[3] == "reported" else r[3] for r in reading.rows}


@pytest.mark.parametrize("name", list(DISGUISES))
def test_the_same_district_in_any_form(name: str) -> None:
    body, file, notes = DISGUISES[name]()
    reading = examine(body, file)
    # How a text table was read is always said.
    said = notes | ({"IN-303"} if reading.written_as == "csv" else set())
    assert codes(reading) == said, [f.line("en") for f in reading.findings if f.code not in RULES][:5]
    assert reading.accepted
    assert reading.cover is not None
    assert (reading.cover.district_code, str(reading.cover.period), reading.cover.form_version) == (DISTRICT, "2018-Q4", 2)
    assert content(reading) == {k: float(v) for k, v in figures().items()}


def test_every_value_knows_its_cell() -> None:
    book = load_workbook(io.BytesIO(template(reversed_columns)))
    reading = examine(template(reversed_columns), FILE)
    assert all(float(str(book[sheet][cell].value)) == value for _, _, value, _, sheet, cell in reading.rows)


# -- what cannot be read, by code and cell --


def damaged(change: Callable[[Workbook], object], file: str = FILE) -> Reading:
    return examine(template(change), file)


def places(reading: Reading, code: str) -> list[tuple[str, str]]:
    return [(f.sheet, f.cell) for f in reading.findings if f.code == code]


def sent(row: int, column: int, content: object, across: int = 1) -> dict[str, list[list[object]]]:
    """The plain form with other contents on the health sheet; row and column from 1, as Excel counts."""
    sheets = by_sheets()
    for c in range(column - 1, column - 1 + across):
        sheets[HEALTH][row - 1][c] = content
    return sheets


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("khoảng 5", "IN-101"),
        ("<5", "IN-101"),
        ("-", "IN-101"),
        ("x", "IN-101"),
        ("?", "IN-101"),
        ("١٢", "IN-101"),
        (True, "IN-101"),
        ("-3", "IN-102"),
        ("1,5", "IN-102"),
        ("45%", "IN-120"),
        ("145%", "IN-121"),
        ("1/2", "IN-122"),
        (1.234, "IN-123"),
    ],
)
def test_a_refused_cell_is_named_with_its_count_and_ward(content: object, code: str) -> None:
    reading = examine(xlsx(sent(2, 3, content)), FILE)
    assert not reading.accepted
    (found,) = (f for f in reading.findings if f.code == code)
    assert (found.sheet, found.cell, found.element, found.unit) == (HEALTH, "C2", "outreach_reached", WARDS[0])
    assert (WARDS[0], "outreach_reached") not in content_of(reading)


@pytest.mark.parametrize("text", ["-", "?", "x", "(1)", "người", "Tổng", "sti_tested", "Số lượt tiếp cận"])
@pytest.mark.parametrize(("row", "coded"), [(2, True), (2, False), (5, True)])
def test_a_whole_row_of_odd_texts_is_never_dropped(text: str, row: int, coded: bool) -> None:
    sheets = sent(row, 3, text, across=10)
    sheets[HEALTH][row - 1][0] = WARDS[row - 2] if coded else None
    assert places(examine(xlsx(sheets), FILE), "IN-101") == [(HEALTH, f"{c}{row}") for c in "CDEFGHIJKL"]


def content_of(reading: Reading) -> set[tuple[str, str]]:
    return {(r[0], r[1]) for r in reading.rows}


def test_a_number_shown_as_a_percentage() -> None:
    def change(book: Workbook) -> None:
        book[HEALTH]["D7"], book[HEALTH]["D8"] = 0.45, 1.2
        book[HEALTH]["D7"].number_format = book[HEALTH]["D8"].number_format = "0%"

    reading = damaged(change)
    assert (places(reading, "IN-120"), places(reading, "IN-121")) == ([(HEALTH, "D7")], [(HEALTH, "D8")])


def test_two_signs_of_thousands_in_one_file() -> None:
    def change(book: Workbook) -> None:
        for cell, text in (("C6", "1.234"), ("C7", "2.345"), ("D6", "3,456")):
            book[HEALTH][cell] = text

    reading = damaged(change)
    assert not reading.accepted
    assert places(reading, "IN-124") == [(HEALTH, "D6")]
    (found,) = (f for f in reading.findings if f.code == "IN-124")
    assert "dấu phẩy" in found.message.vi
    assert "dấu chấm" in found.message.vi
    assert places(reading, "IN-301") == [(HEALTH, "C6")]


def test_two_signs_equally_often_are_both_refused() -> None:
    reading = damaged(lambda book: [book[HEALTH].__setitem__("C6", "1.234"), book[HEALTH].__setitem__("D6", "3,456")])
    assert places(reading, "IN-124") == [(HEALTH, "C6"), (HEALTH, "D6")]
    assert places(reading, "IN-301") == []


def test_merged_counts_belong_to_nobody() -> None:
    reading = damaged(lambda book: book[HEALTH].merge_cells("E6:E7"))
    assert not reading.accepted
    assert places(reading, "IN-126") == [(HEALTH, "E6")]
    assert not {(WARDS[0], "outreach_repeat"), (WARDS[1], "outreach_repeat")} & content_of(reading)


def test_a_total_that_contradicts_the_wards() -> None:
    rows = by_sheets()
    rows[HEALTH][-1][2] = 7
    reading = examine(xlsx(rows), FILE)
    assert reading.accepted
    assert codes(reading) == {"IN-132"}
    (found,) = (f for f in reading.findings if f.code == "IN-132")
    assert (found.severity, found.sheet, found.cell, found.element) == ("warning", HEALTH, f"C{len(WARDS) + 2}", "outreach_reached")
    summed = sum(figures()[w, "outreach_reached"] for w in WARDS)
    assert "7" in found.message.vi
    assert str(summed) in found.message.vi


def test_a_total_without_all_wards_cannot_be_compared() -> None:
    rows = by_sheets()
    del rows[HEALTH][3]
    reading = examine(xlsx(rows), FILE)
    assert codes(reading) == {"IN-133", "IN-202"}
    assert {r[0] for r in reading.rows if r[4] == HEALTH} == {*WARDS} - {WARDS[2]}


def test_a_foreign_ward_an_unknown_name_and_counts_without_a_place() -> None:
    rows = by_sheets()
    rows[HEALTH][1][0] = next(iter(wards("760")))
    rows[SHEETS["social"].vi][1][0] = None
    rows[SHEETS["social"].vi][1][1] = "Phường Không Có"
    rows[SHEETS["rights"].vi][1][:2] = [None, None]
    reading = examine(xlsx(rows), FILE)
    assert places(reading, "IN-104") == [(HEALTH, "A2")]
    assert places(reading, "IN-135") == [(SHEETS["social"].vi, "B2")]
    assert places(reading, "IN-107") == [(SHEETS["rights"].vi, "A2")]
    assert not reading.accepted


def test_a_column_whose_heading_and_hidden_code_differ() -> None:
    def swapped(book: Workbook) -> None:
        page = book[HEALTH]
        page["C3"], page["D3"] = page["D3"].value, page["C3"].value

    reading = damaged(swapped)
    assert not reading.accepted
    assert places(reading, "IN-139") == [(HEALTH, f"C{MAP_ROW}"), (HEALTH, f"D{MAP_ROW}")]


def test_a_doubled_heading() -> None:
    rows = by_sheets()
    rows[HEALTH][0][3] = rows[HEALTH][0][2]
    reading = examine(xlsx(rows), FILE)
    assert places(reading, "IN-106") == [(HEALTH, "D1")]


def test_a_part_of_the_report_is_not_the_report() -> None:
    rows = with_cover(table(columns("health", 2)))
    reading = examine(delimited(rows), "y-te.csv")
    assert not reading.accepted
    (found,) = (f for f in reading.findings if f.code == "IN-134")
    assert all(t.vi in found.message.vi for s, t in SHEETS.items() if s != "health")
    assert SHEETS["health"].vi not in found.message.vi


def test_a_district_count_in_a_wards_row() -> None:
    rows = wide()
    column = len(rows[0]) - len(DISTRICT_ELEMENTS)
    rows[1][column] = 3
    reading = examine(xlsx({"S": with_cover(rows)}), FILE)
    assert not reading.accepted
    (found,) = (f for f in reading.findings if f.code == "IN-146")
    assert (found.element, found.unit) == (DISTRICT_ELEMENTS[0].id, WARDS[0])


def test_a_table_without_any_place_or_heading() -> None:
    assert codes(examine(delimited([["a", "b"], [1, 2]]), "a_770_2018-Q4.csv")) >= {"IN-004"}


# -- cover, content and file name --


def test_the_cover_against_the_wards() -> None:
    sheets = by_sheets()
    sheets["Bìa"][0][1] = "760"
    reading = examine(xlsx(sheets), FILE)
    assert not reading.accepted
    (found,) = reading.findings
    assert (found.code, found.sheet, found.cell) == ("IN-141", "Bìa", "B1")
    assert "Quận 1" in found.message.vi
    assert DISTRICT_NAME in found.message.vi


def test_the_cover_against_a_title_line() -> None:
    sheets = by_sheets()
    sheets[HEALTH] = [["BÁO CÁO QUÝ III/2018"], *sheets[HEALTH]]
    reading = examine(xlsx(sheets), FILE)
    assert [(f.code, f.sheet, f.cell) for f in reading.findings] == [("IN-145", HEALTH, "A1")]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("Quan-3_770_2018-Q4.xlsx", set()),
        ("quan3 quy 4 nam 2018.xlsx", set()),
        ("BC Q.3 quý IV-2018.xlsx", set()),
        ("Quan-3_770_2018-Q3.xlsx", {"IN-142"}),
        ("bao cao quy III 2018.xlsx", {"IN-142"}),
        ("Quan-1_760_2018-Q4.xlsx", {"IN-143"}),
        ("Binh Tan 2018-Q1.xlsx", {"IN-142", "IN-143"}),
        ("số liệu 12.2018.xlsx", set()),
    ],
)
def test_the_name_of_the_file_against_what_is_inside(file: str, said: set[str]) -> None:
    reading = examine(template(), file)
    assert codes(reading) == said
    assert reading.accepted
    assert reading.cover is not None
    assert (reading.cover.district_code, str(reading.cover.period)) == (DISTRICT, "2018-Q4")


@pytest.mark.parametrize(
    "lines",
    [
        [["Quận", "Quận 3"], ["Quý", "IV"], ["Năm", "2018"]],
        [["Đơn vị: UBND Quận 3"], ["Kỳ báo cáo: Quý 4/2018"]],
        [["QUẬN 3 - QUÝ IV NĂM 2018"]],
        [["District", "District 3"], ["Reporting period", "Q4 2018"], ["Form version", "2"]],
    ],
)
def test_the_cover_as_lines_above_a_table(lines: list[list[object]]) -> None:
    reading = examine(xlsx({"Sheet1": [*lines, [], *wide()]}), FILE)
    assert reading.accepted, [f.line("en") for f in reading.findings][:3]
    assert reading.cover is not None
    assert (reading.cover.district_code, str(reading.cover.period)) == (DISTRICT, "2018-Q4")


@pytest.mark.parametrize(
    ("text", "synthetic"), [("DỮ LIỆU GIẢ LẬP", True), ("Synthetic data", True), ("Chương trình quốc gia lập ra", False)]
)
def test_made_up_data_say_so(text: str, synthetic: bool) -> None:
    sheets = by_sheets()
    sheets["Bìa"].append(["Ghi chú", text])
    assert examine(xlsx(sheets), FILE).synthetic is synthetic
    del sheets["Bìa"][-1]
    sheets["Thuyết minh"] = [["Khó khăn"], [text]]
    assert examine(xlsx(sheets), FILE).synthetic is synthetic


# -- the five states --


@pytest.mark.parametrize("how", ["xlsx", "ods", "csv"])
def test_all_states_come_back_as_they_were_written(how: str) -> None:
    states = {"reported": 1234.0, "not_reported": None, "not_applicable": None, "withheld": None}
    given = {
        (w, e.id): (s, states[s])
        for i, w in enumerate(WARDS)
        for j, e in enumerate(WARD_ELEMENTS)
        for s in [list(states)[(i + j) % len(states)]]
    }
    cells = {place: written(value or 0.0, state) for place, (state, value) in given.items()}
    rows = with_cover(table((*WARD_ELEMENTS, *DISTRICT_ELEMENTS), total=None, cells=cells | dict.fromkeys(district_cells())))
    rows.append([DISTRICT, DISTRICT_NAME, *(None for _ in WARD_ELEMENTS), *(1 for _ in DISTRICT_ELEMENTS)])
    body = {"xlsx": lambda: xlsx({"S": rows}), "ods": lambda: ods({"S": rows}), "csv": lambda: delimited(rows)}[how]()
    reading = examine(body, f"a.{how}")
    assert codes(reading) == ({"IN-303"} if how == "csv" else set())
    assert {(r[0], r[1]): (r[3], r[2]) for r in reading.rows if r[0] != DISTRICT} == given


def district_cells() -> list[tuple[str, str]]:
    return [(w, e.id) for w in WARDS for e in DISTRICT_ELEMENTS]


def test_what_an_old_form_never_asked_is_not_collected() -> None:
    sheets = by_sheets()
    sheets["Bìa"][2][1] = 1
    later = {e.id for e in WARD_ELEMENTS if e.form_since > 1}
    title = SHEETS["social"].vi
    keep = [n for n, h in enumerate(sheets[title][0]) if h not in {e.label.vi for e in WARD_ELEMENTS if e.id in later}]
    sheets[title] = [[row[n] for n in keep] for row in sheets[title]]
    reading = examine(xlsx(sheets), FILE)
    assert codes(reading) == set()
    assert {(r[0], r[1], r[2], r[3]) for r in reading.rows if r[1] in later} == {
        (w, e, None, "not_collected") for w in WARDS for e in later
    }


@pytest.mark.parametrize(
    "rows",
    [
        [[f"chữ {r} {c}" for c in range(100)] for r in range(401)],
        [["Mã", "Phường", *(e.label.vi for e in WARD_ELEMENTS)], *([None, f"Phường {r}", 5] for r in range(1001))],
    ],
)
def test_more_than_any_report_has(rows: list[list[object]]) -> None:
    reading = examine(delimited(rows), "a.csv")
    assert [f.code for f in reading.findings] == ["IN-014"]
    assert reading.sheets == ()


def test_two_tables_side_by_side_never_mix_their_wards() -> None:
    half = len(WARD_ELEMENTS) // 2
    left = table(WARD_ELEMENTS[:half], total=None)
    right = table(WARD_ELEMENTS[half:], total=None)
    same = [[*a, None, *b] for a, b in zip(left, right, strict=True)]
    other = [[*a, None, *b] for a, b in zip(left, [right[0], *right[:0:-1]], strict=True)]
    sheets = {"Bìa": [list(r) for r in COVER], "Cấp quận": district_table()}
    assert content(examine(xlsx({**sheets, "Số liệu": same}), FILE)) == content(examine(form(), FILE))
    mixed = examine(xlsx({**sheets, "Số liệu": other}), FILE)
    assert not mixed.accepted
    middle = len(WARDS) // 2 if len(WARDS) % 2 else None  # the ward that stands in the middle of both orders
    assert len(places(mixed, "IN-147")) == len(WARDS) - (middle is not None)
