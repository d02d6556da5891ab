"""The district form: one workbook per district and quarter, its sheets made from the codebook."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from evaluation.indicators import Element, elements
from evaluation.language import Words
from evaluation.periods import Period
from evaluation.places import districts, wards

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

FORM_VERSIONS = (1, 2)
COVER = "Bìa"
GUIDE = "Hướng dẫn"
NARRATIVE = "Thuyết minh"
SHEETS = {
    "health": Words("Y tế", "Health"),
    "social": Words("Xã hội", "Social support"),
    "rights": Words("Quyền lao động", "Workers' rights"),
    "communication": Words("Truyền thông", "Communication"),
    "context": Words("Bối cảnh", "Context"),
    "district": Words("Cấp quận", "Whole district"),
}
TITLE_ROW, UNIT_ROW, VI_ROW, EN_ROW, MAP_ROW, FIRST_ROW = 1, 2, 3, 4, 5, 6
MAP_MARK = "ward_code"
TOTAL = "Tổng cộng"
ZERO_WORDS = "không phát sinh"
NOT_APPLICABLE_WORDS = "không áp dụng"
COVER_FIELDS = {
    "district_code": "Mã quận, huyện",
    "district": "Quận, huyện",
    "period": "Kỳ báo cáo",
    "form_version": "Phiên bản biểu mẫu",
    "role": "Đơn vị, chức danh báo cáo (không ghi tên)",
    "window": "Số liệu tính từ ngày đến ngày",
    "due": "Hạn gửi",
    "note": "Ghi chú",
}


@dataclass(frozen=True)
class Cover:
    """The form's cover: who reports (by role), for where and when.

    Attributes
    ----------
    district_code : str
    period : Period
    form_version : int
    role : str
        Office and position, never a name.
    note : str
    """

    district_code: str
    period: Period
    form_version: int
    role: str = "Phòng Lao động - Thương binh và Xã hội"
    note: str = ""


def columns(sheet: str, version: int) -> list[Element]:
    """Return the elements of a subject sheet ("health" ... "district") in a form version, in order."""
    wanted = [e for e in elements().values() if e.form_since <= version]
    if sheet == "district":
        return [e for e in wanted if e.level == "district"]
    return [e for e in wanted if e.level == "ward" and e.sheet == sheet]


def units(sheet: str, district_code: str) -> dict[str, str]:
    """Return the rows of a subject sheet, code to Vietnamese name: the district's wards, or the district itself."""
    if sheet == "district":
        return {district_code: districts()[district_code].name.vi}
    return {code: w.name.vi for code, w in wards(district_code).items()}


CellValue = int | float | str | None
_HEAD = PatternFill("solid", fgColor="E8EDF2")
_LINE = Side(style="thin", color="9AA5B1")
_THIN = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_UNLOCKED = Protection(locked=False)


def write_workbook(path: Path, cover: Cover, cells: Mapping[tuple[str, str], CellValue], narrative: str = "") -> None:
    """Write a district form.

    Parameters
    ----------
    path : Path
        The .xlsx file to write; the same input gives the same bytes.
    cover : Cover
    cells : mapping of (unit code, element id) to cell content
        A number, a text as an office would type it, or None for blank. Units
        without any entry get no row (a ward that is missing altogether); pass
        an explicit None to write a blank cell.
    narrative : str
        Difficulties and proposals, kept as text.
    """
    book = Workbook()
    _cover_sheet(book, cover)
    for sheet, title in SHEETS.items():
        if shown := columns(sheet, cover.form_version):
            _subject_sheet(book.create_sheet(title.vi), sheet, cover, shown, cells)
    page = book.create_sheet(NARRATIVE)
    page["A1"] = "Khó khăn, vướng mắc và đề xuất (không ghi tên người, địa chỉ, tên cơ sở)"
    page["A1"].font = Font(bold=True)
    page["A2"] = narrative or None
    page["A2"].alignment = Alignment(wrap_text=True, vertical="top")
    page.column_dimensions["A"].width = 100
    _guide_sheet(book.create_sheet(GUIDE), cover.form_version)
    book.properties.creator = "evaluation"
    stamp = dt.datetime(2015, 1, 1)
    book.properties.created = book.properties.modified = stamp
    raw = io.BytesIO()
    book.save(raw)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_fixed_dates(raw.getvalue(), stamp))


def _cover_sheet(book: Workbook, cover: Cover) -> None:
    page = book.active
    assert page is not None
    page.title = COVER
    page["A1"] = "BÁO CÁO SỐ LIỆU QUÝ - KẾ HOẠCH SỐ 2234/KH-UBND"
    page["A1"].font = Font(bold=True, size=14)
    first, last = cover.period.window
    content: dict[str, CellValue] = {
        "district_code": cover.district_code,
        "district": districts()[cover.district_code].name.vi,
        "period": cover.period.label("vi"),
        "form_version": cover.form_version,
        "role": cover.role,
        "window": f"{first:%d/%m/%Y} - {last:%d/%m/%Y}",
        "due": f"{cover.period.district_due:%d/%m/%Y} (trước ngày 15 của tháng cuối quý)",
        "note": cover.note or None,
    }
    for row, (field, label) in enumerate(COVER_FIELDS.items(), 3):
        page.cell(row, 1, label).font = Font(bold=True)
        page.cell(row, 2, content[field])
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 44, 56


def _subject_sheet(page: Worksheet, sheet: str, cover: Cover, shown: list[Element], cells: Mapping[tuple[str, str], CellValue]) -> None:
    page.cell(TITLE_ROW, 1, f"{SHEETS[sheet].vi} / {SHEETS[sheet].en}").font = Font(bold=True, size=13)
    page.cell(
        UNIT_ROW, 1, f"Đơn vị tính: số lượng. Để trống: chưa có số liệu. '{ZERO_WORDS}' = 0. '{NOT_APPLICABLE_WORDS}' nếu không áp dụng."
    )
    heads = [("Mã", "Code", MAP_MARK), ("Phường, xã, thị trấn" if sheet != "district" else "Quận, huyện", "Place", "name")]
    heads += [(e.label.vi, e.label.en, e.id) for e in shown]
    for column, texts in enumerate(heads, 1):
        for row, text in zip((VI_ROW, EN_ROW, MAP_ROW), texts, strict=True):
            cell = page.cell(row, column, text)
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
            cell.fill, cell.border, cell.font = _HEAD, _THIN, Font(bold=row == VI_ROW, italic=row == EN_ROW)
        page.column_dimensions[get_column_letter(column)].width = 10 if column == 1 else 26 if column == 2 else 18
    page.row_dimensions[MAP_ROW].hidden = True
    row = FIRST_ROW
    for code, name in units(sheet, cover.district_code).items():
        if not any((code, e.id) in cells for e in shown):
            continue
        page.cell(row, 1, code).border = page.cell(row, 2, name).border = _THIN
        for column, element in enumerate(shown, 3):
            cell = page.cell(row, column, cells.get((code, element.id)))
            cell.border, cell.protection = _THIN, _UNLOCKED
        row += 1
    if sheet != "district":
        _totals(page, row, shown)
    page.freeze_panes = f"C{FIRST_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = f"{VI_ROW}:{EN_ROW}"


def _totals(page: Worksheet, row: int, shown: list[Element]) -> None:
    page.cell(row, 2, TOTAL).font = Font(bold=True)
    for column in range(3, 3 + len(shown)):
        above = [page.cell(r, column).value for r in range(FIRST_ROW, row)]
        page.cell(row, column, sum(v for v in above if isinstance(v, int | float))).font = Font(bold=True)


def _guide_sheet(page: Worksheet, version: int) -> None:
    for column, head in enumerate(("Chỉ tiêu", "Indicator", "Định nghĩa", "Definition"), 1):
        page.cell(1, column, head).font = Font(bold=True)
        page.column_dimensions[get_column_letter(column)].width = 40
    for row, e in enumerate((e for e in elements().values() if e.form_since <= version), 2):
        for column, text in enumerate((e.label.vi, e.label.en, e.definition.vi, e.definition.en), 1):
            page.cell(row, column, text).alignment = Alignment(wrap_text=True, vertical="top")


def _fixed_dates(raw: bytes, stamp: dt.datetime) -> bytes:
    """Pack the workbook again with fixed member dates, so that the same form gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            body = source.read(member)
            if member == "docProps/core.xml":
                body = _fixed_modified(body, stamp)
            info = zipfile.ZipInfo(member, stamp.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, body)
    return out.getvalue()


def _fixed_modified(body: bytes, stamp: dt.datetime) -> bytes:
    import re

    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), body)
