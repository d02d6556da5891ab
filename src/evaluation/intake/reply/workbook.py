"""The reply's workbook: a list of what to do, and the sheets that it is about with their cells marked."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.worksheet.hyperlink import Hyperlink

from evaluation.indicators import elements
from evaluation.intake.answers import HELD, LOADED, REFUSED, WAITING, Answer
from evaluation.intake.book import Sheet
from evaluation.intake.findings import ERROR, Finding
from evaluation.intake.form import MAP_MARK
from evaluation.intake.packing import sealed
from evaluation.intake.paper import THIN, fit_height, heading, lines, on_a4, type_, widths
from evaluation.intake.reply.points import DEPARTMENT, LEVELS, WHOLE_FILE, ordered, places, withheld
from evaluation.language import SYNTHETIC, Words, day
from evaluation.places import districts, wards

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

TO_DO = "Việc cần làm"
HEADS = ("STT", "Mức độ\nLevel", "Trang\nSheet", "Ô\nCell", "Nơi, chỉ tiêu\nPlace, count", "Việc cần làm", "What to do", "Mã\nCode")
HEAD_ROW = 9
MOST_LISTED = 2_000
MOST_ROWS, MOST_COLUMNS = 500, 100  # of a sheet shown again; rows with marked cells are shown wherever they are
RESULTS = {
    LOADED: Words("Số liệu đã được tiếp nhận.", "The figures are accepted."),
    WAITING: Words(
        "Số liệu đã được tiếp nhận; có điểm cần kiểm tra và xác nhận.",
        "The figures are accepted; some points are to be checked and confirmed.",
    ),
    HELD: Words("Số liệu CHƯA được tiếp nhận vì còn lỗi phải sửa.", "The figures are NOT accepted yet: there are errors to mend."),
    REFUSED: Words(
        "Tệp bị từ chối vì lý do an toàn; nội dung không được lưu.", "The file is refused for safety; nothing of its content is kept."
    ),
}
STEPS = {
    LOADED: Words("Không phải làm gì thêm.", "Nothing more to do."),
    WAITING: Words(
        "1) Bấm vào ô ở cột D để đến ô được đánh dấu. 2) Số đúng: trả lời là đúng, kèm lý do, theo số thứ tự. "
        "3) Số sai: sửa trong tệp gốc của đơn vị, lưu dạng .xlsx, gửi lại cả tệp.",
        "1) Click the cell in column D. 2) If the figure is right, answer so with the reason, by number. "
        "3) If it is wrong, mend your own file, save it as .xlsx and send it whole.",
    ),
    HELD: Words(
        "1) Bấm vào ô ở cột D để đến ô được đánh dấu. 2) Sửa mọi dòng 'Phải sửa' trong tệp gốc của đơn vị, "
        "không sửa trong tệp trả lời này; xem lại các dòng 'Cần kiểm tra'. 3) Lưu dạng .xlsx, gửi lại cả tệp.",
        "1) Click the cell in column D. 2) Mend each line 'Must be mended' in your own file, not in this reply; look at the lines "
        "'To be checked'. 3) Save it as .xlsx and send it whole.",
    ),
    REFUSED: Words(
        "1) Mở tệp gốc của đơn vị và xử lý từng dòng dưới đây. 2) Xem cả trang ẩn, dòng ẩn, chú thích và đầu trang, chân trang. "
        "3) Nếu chưa chắc, chép riêng các số đếm sang biểu mẫu trống rồi gửi biểu mẫu đó.",
        "1) Open your own file and settle each line below. 2) Look at hidden sheets, hidden rows, comments, headers and footers too. "
        "3) If in doubt, copy only the counts into a blank form and send that.",
    ),
}
TWO_DAYS = Words("02 ngày làm việc kể từ khi nhận trả lời này", "2 working days from this reply")
_THICK, _DASHED = Side(style="thick", color="9C2A10"), Side(style="mediumDashed", color="7A5B00")
# Colour for the screen, frame and hatching for grey print.
_MARKS = {
    "error": (PatternFill("solid", fgColor="F8C9B8"), Border(left=_THICK, right=_THICK, top=_THICK, bottom=_THICK)),
    "warning": (
        PatternFill("lightUp", fgColor="D9B84A", bgColor="FFF3C4"),
        Border(left=_DASHED, right=_DASHED, top=_DASHED, bottom=_DASHED),
    ),
    "note": (PatternFill("solid", fgColor="E4ECF5"), THIN),
}
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def reply_workbook(answer: Answer) -> bytes:
    """Return the reply's workbook.

    Parameters
    ----------
    answer : Answer

    Returns
    -------
    bytes
        An .xlsx file without formulas: first what to do, then each sheet
        with a marked cell, values as they were sent and at the same
        addresses. Of a file refused for safety, the list alone.
    """
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = TO_DO
    findings = ordered(answer)
    marked: dict[str, list[Finding]] = {}
    if not withheld(answer):
        known = {sheet.title for sheet in answer.reading.sheets}
        for found in findings:
            if found.sheet in known and places(found.cell):
                marked.setdefault(found.sheet, []).append(found)
    titles = _titles([s.title for s in answer.reading.sheets if s.title in marked])
    _to_do(page, answer, findings, titles)
    for sheet in answer.reading.sheets:
        if sheet.title in marked:
            _copy(book.create_sheet(titles[sheet.title]), sheet, marked.pop(sheet.title), answer)
    stamp = dt.datetime.combine(answer.received, dt.time())
    properties = book.properties
    properties.creator, properties.title = DEPARTMENT, f"Trả lời: {_name(answer)}"
    properties.created = properties.modified = stamp
    raw = io.BytesIO()
    book.save(raw)
    return sealed(raw.getvalue(), max(stamp, dt.datetime(1980, 1, 1)))


def _name(answer: Answer) -> str:
    cover = answer.reading.cover
    return f"{districts()[cover.district_code].name.vi} - {cover.period.label('vi')}" if cover else clean(answer.file)


def clean(text: str) -> str:
    """Return a text without what a sheet cannot hold or what hides: control characters, half characters, marks of direction."""
    kept = ILLEGAL_CHARACTERS_RE.sub("", text)
    return "".join(c for c in kept if c in "\t\r\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def put(page: Worksheet, row: int, column: int, content: object) -> Cell:
    """Write a content as it is and return its cell: numbers stay numbers, and text stays text whatever it begins with."""
    cell = cast("Cell", page.cell(row, column))
    if isinstance(content, bool | int | dt.date | dt.time) or (isinstance(content, float) and math.isfinite(content)):
        cell.value = content
    elif content is not None:
        text = clean(str(content))
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(_BEGINS_A_FORMULA)
    return cell


def _titles(received: Iterable[str]) -> dict[str, str]:
    """Return titles that a sheet may have, all different, by the titles received."""
    found: dict[str, str] = {}
    taken = {TO_DO.casefold()}
    for title in received:
        plain = re.sub(r"[\[\]:*?/\\\r\n\t]", " ", clean(title)).strip().strip("'")[:31] or "Trang"
        own, number = plain, 1
        while own.casefold() in taken:
            number += 1
            own = f"{plain[:26]} ({number})"
        taken.add(own.casefold())
        found[title] = own
    return found


def _to_do(page: Worksheet, answer: Answer, findings: Sequence[Finding], titles: dict[str, str]) -> None:
    widths(page, {1: 6, 2: 14, 3: 15, 4: 8, 5: 25, 6: 54, 7: 48, 8: 9})
    until = answer.deadline
    mend = answer.outcome != LOADED
    facts = (
        ("Tệp đã nhận / File", Words(clean(answer.file), "")),
        ("Ngày nhận / Received", Words(day(answer.received, "vi"), "")),
        ("Kết quả / Result", RESULTS[answer.outcome]),
        ("Gửi lại / Send back", (Words(f"chậm nhất ngày {day(until, 'vi')}", f"by {day(until, 'en')}") if until else TWO_DAYS)),
        ("Cách làm / How", STEPS[answer.outcome]),
    )
    _write(page, 1, 1, f"VIỆC CẦN LÀM - {_name(answer)}", 14)
    _write(page, 2, 1, SYNTHETIC if answer.reading.synthetic else "Các điểm cần sửa hoặc kiểm tra / Points to mend or to check", 11)
    for row, (label, words) in enumerate(facts, 3):
        if label.startswith("Gửi lại") and not mend:
            continue
        _write(page, row, 1, label, 11)
        for column, text in ((5, words.vi), (7, words.en)):
            cell = put(page, row, column, text)
            cell.font = type_(bold=column == 5 and label.startswith(("Kết quả", "Gửi lại")), italic=column == 7)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        page.merge_cells(start_row=row, end_row=row, start_column=5, end_column=6)
        page.merge_cells(start_row=row, end_row=row, start_column=7, end_column=8)
        page.row_dimensions[row].height = 15.5 * max(lines(words.vi, 86), lines(words.en, 60)) + 5
    for column, text in enumerate(HEADS, 1):
        cell = put(page, HEAD_ROW, column, text)
        heading(cell)
    page.row_dimensions[HEAD_ROW].height = 36
    for number, found in enumerate(findings[:MOST_LISTED], 1):
        _point(page, HEAD_ROW + number, number, found, titles)
    if len(findings) > MOST_LISTED:
        more = len(findings) - MOST_LISTED
        _write(page, HEAD_ROW + MOST_LISTED + 1, 2, f"Còn {more} điểm khác không liệt kê / {more} further points are not listed", 11)
    page.freeze_panes = f"A{HEAD_ROW + 1}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    on_a4(page, "landscape", _name(answer), f"{DEPARTMENT}, ngày {day(answer.received, 'vi')}")


def _write(page: Worksheet, row: int, column: int, text: str, size: float) -> None:
    cell = put(page, row, column, text)
    cell.font = type_(size, bold=True)
    cell.alignment = Alignment(vertical="center" if size > 11 else "top")


def _about(found: Finding) -> str:
    names = [w.name.vi for d in districts() for c, w in wards(d).items() if c == found.unit] if found.unit else []
    names += [districts()[found.unit].name.vi] if found.unit in districts() else []
    known = elements().get(found.element)
    return ": ".join([*names[:1], *([known.label.vi] if known else [])])


def _point(page: Worksheet, row: int, number: int, found: Finding, titles: dict[str, str]) -> None:
    level = LEVELS[found.severity]
    texts = (
        number,
        f"{level.vi}\n{level.en}",
        found.sheet or f"{WHOLE_FILE.vi}\n{WHOLE_FILE.en}",
        found.cell,
        _about(found),
        _sentence(found.message.vi),
        _sentence(found.message.en),
        found.code,
    )
    for column, content in enumerate(texts, 1):
        cell = put(page, row, column, content or None)
        cell.font = type_(bold=column == 2 and found.severity == ERROR, italic=column == 7)
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="center" if column in (1, 4, 8) else None)
        cell.border = THIN
    fill, border = _MARKS[found.severity]
    page.cell(row, 2).fill, page.cell(row, 2).border = fill, border
    at = places(found.cell)
    if at and found.sheet in titles:
        quoted = titles[found.sheet].replace("'", "''")
        target = page.cell(*at[0]).coordinate
        cell = cast("Cell", page.cell(row, 4))
        go = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!{target}", tooltip="Bấm để đến ô / Click to go there")
        cell.hyperlink = go
        cell.font = type_(color="0B5394", bold=True)
    fit_height(page, row)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _copy(page: Worksheet, sheet: Sheet, findings: Sequence[Finding], answer: Answer) -> None:
    """Write a sheet as it was sent, at the same addresses, and mark the cells that findings name."""
    marks: dict[tuple[int, int], list[Finding]] = {}
    for found in findings:
        for place in places(found.cell):
            marks.setdefault(place, []).append(found)
    far = {row for row, _ in marks if row > MOST_ROWS}
    first_numbers = next((n for n, row in enumerate(sheet.rows, 1) if any(_is_number(c) for c in row)), 0)
    across = max((len(row) for row in sheet.rows), default=1)
    most = 60.0 if across <= 3 else 17.0
    own = dict.fromkeys(range(1, min(across, MOST_COLUMNS) + 1), 9.0)
    for number, row in enumerate(sheet.rows, 1):
        if number > MOST_ROWS and number not in far:
            continue
        alone = sum(c is not None for c in row) == 1 and across > 3
        map_row = bool(row) and row[0] == MAP_MARK
        for column, content in enumerate(row[:MOST_COLUMNS], 1):
            if content is None:
                continue
            cell = put(page, number, column, content)
            cell.font = type_(6 if map_row else 11, bold=number < first_numbers, color="808080" if map_row else "000000")
            cell.alignment = Alignment(wrap_text=isinstance(content, str) and not alone and not map_row, vertical="center")
            if (number - 1, column - 1) in sheet.percents:
                cell.number_format = "0%"
            if not alone and not map_row:
                cell.border = THIN
                own[column] = max(own[column], min(most, len(str(content)) + 2.0))
    widths(page, own)
    for number in range(1, min(len(sheet.rows), MOST_ROWS) + 1):
        fit_height(page, number)
    for (at_row, at_column), own_findings in marks.items():
        _mark(cast("Cell", page.cell(at_row, at_column)), own_findings)
    synthetic = f" - {SYNTHETIC}" if answer.reading.synthetic else ""
    on_a4(page, "landscape", f"{_name(answer)}{synthetic}", f"{DEPARTMENT}: các ô đã đánh dấu trong tệp {clean(answer.file)}")


def _is_number(content: object) -> bool:
    if isinstance(content, str):
        return content.strip().isdigit()
    return isinstance(content, int | float) and not isinstance(content, bool)


def _mark(cell: Cell, findings: Sequence[Finding]) -> None:
    """Fill, frame and comment a cell; the gravest finding decides the look."""
    cell.fill, cell.border = _MARKS[findings[0].severity]
    said = "\n\n".join(f"{f.code} - {LEVELS[f.severity].vi}: {f.message.vi}\n{f.message.en}" for f in findings)
    comment = Comment(clean(said), DEPARTMENT)
    comment.width, comment.height = 340, min(600, 18 * lines(said, 52) + 20)
    cell.comment = comment
