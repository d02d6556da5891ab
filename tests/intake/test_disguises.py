"""The same district sent in many forms gives the same values; what cannot be read is named by code and cell."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Mapping

import pytest
from openpyxl import Workbook, load_workbook

from evaluation.indicators import Element
from evaluation.intake.form import MAP_ROW, SHEETS, Cover, columns
from evaluation.intake.reading import Reading
from evaluation.intake.template import workbook
from evaluation.intake.workbook import examine
from evaluation.periods import Period
from evaluation.places import wards
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

HEALTH = SHEETS["health"].vi
Disguise = tuple[bytes, str, set[str]]


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))


def template(change: Callable[[Workbook], object] | None = None) -> bytes:
    body = workbook(Cover(DISTRICT, Period(2018, 4), 2), figures())
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
    assert codes(reading) == notes, [f.line("en") for f in reading.findings if f.code not in RULES][:5]
    assert reading.accepted
    assert reading.cover is not None
    assert (reading.cover.district_code, str(reading.cover.period), reading.cover.form_version) == (DISTRICT, "2018-Q4", 2)
    assert content(reading) == {k: float(v) for k, v in figures().items()}


def test_every_value_knows_its_cell() -> None:
    book = load_workbook(io.BytesIO(template(reversed_columns)))
    reading = examine(template(reversed_columns), FILE)
    assert all(float(str(book[sheet][cell].value)) == value for _, _, value, _, sheet, cell in reading.rows)
