"""The workbook that a district gets: the form with every ward's row, to be filled in, kept and sent back."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from evaluation.indicators import Element
from evaluation.intake.form import (
    COVER,
    COVER_FIELDS,
    EN_ROW,
    FIRST_ROW,
    FORM_VERSIONS,
    GUIDE,
    MAP_MARK,
    MAP_ROW,
    NARRATIVE,
    NOT_APPLICABLE_WORDS,
    SHEETS,
    TITLE_ROW,
    TOTAL,
    UNIT_ROW,
    VI_ROW,
    WITHHELD_WORDS,
    ZERO_WORDS,
    CellValue,
    Cover,
    columns,
    units,
)
from evaluation.intake.packing import sealed
from evaluation.intake.paper import ACROSS, HEAD, INPUT, LOCKED, THIN, fit_height, heading, on_a4, type_, widths, written
from evaluation.language import Words, say
from evaluation.periods import Period
from evaluation.places import districts

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

STAMP = dt.datetime(2015, 1, 1)
MOST_COUNT = "10^9"  # written out, its ten digits would look like an identity number
MOST_PROMPT = 255  # what Excel takes in an input prompt, an error message and a formula of a validation
_OPEN = Protection(locked=False)
_PLAIN_WORDS = {"không phát sinh": "khong phat sinh", "không áp dụng": "khong ap dung", "không công bố": "khong cong bo"}

COVER_ENGLISH = {
    "district_code": "District code",
    "district": "District",
    "period": "Reporting period",
    "form_version": "Form version",
    "role": "Reporting office and position (no names)",
    "window": "Counts from day to day",
    "due": "To be sent by",
    "note": "Remarks",
}
HOW_TO_FILL = (
    ("Số nguyên, ví dụ 1234", Words("Số đếm trong kỳ. Không ghi dấu chấm, dấu phẩy, đơn vị hay công thức.", "The count.")),
    (f"0 hoặc {ZERO_WORDS}", Words("Có theo dõi và trong kỳ không có trường hợp nào.", "Looked for, and there was none.")),
    ("(để trống)", Words("Chưa có số liệu, chưa báo cáo. Không bao giờ được hiểu là 0.", "Not reported; never read as zero.")),
    (NOT_APPLICABLE_WORDS, Words("Địa bàn không có hoạt động hoặc dịch vụ này.", "Not applicable in this place.")),
    (WITHHELD_WORDS, Words("Đơn vị có số liệu nhưng không công bố.", "The office has the figure and does not release it.")),
    ("1 hoặc 0", Words("Chỉ ở các chỉ tiêu có / không: 1 là có, 0 là không.", "Yes-or-no items only: 1 yes, 0 no.")),
)
WARNING = Words(
    "CHỈ GHI SỐ ĐẾM. Không ghi họ tên, giấy tờ tùy thân, điện thoại, nơi ở hoặc tên cơ sở ở bất kỳ trang nào, kể cả chú thích. "
    "Tệp có những nội dung này bị trả lại và không được lưu.",
    "Counts only. No names, identity papers, phones, homes or establishments on any sheet, comments included: such a file is not kept.",
)
CONTACT = Words(
    "Sở Lao động - Thương binh và Xã hội, công chức theo dõi Kế hoạch số 2234/KH-UBND",
    "Department of Labour, Invalids and Social Affairs, officer in charge of Plan 2234/KH-UBND",
)
SENDING = Words(
    "Lưu tệp dạng .xlsx, giữ nguyên các trang, cột mã và tên tệp; gửi về Sở Lao động - Thương binh và Xã hội.",
    "Save as .xlsx, keep the sheets, the code column and the file name, and send it to the Department.",
)
CELL_NOTE = Words(
    f"Ghi số nguyên. 0 hoặc '{ZERO_WORDS}': không có trường hợp nào. Để trống: chưa có số liệu. Xem trang {COVER} và {GUIDE}.",
    "Whole numbers. 0: none occurred. Blank: not reported.",
)
REFUSED_ENTRY = (
    f"Ô này chỉ nhận số nguyên không âm (không dấu chấm, phẩy), '{ZERO_WORDS}', '{NOT_APPLICABLE_WORDS}' hoặc '{WITHHELD_WORDS}'. "
    "Chưa có số liệu thì để trống."
)
REFUSED_YES_NO = f"Ô này chỉ nhận 1 (có), 0 (không), '{NOT_APPLICABLE_WORDS}' hoặc '{WITHHELD_WORDS}'. Chưa có số liệu thì để trống."
NARRATIVE_HEADS = (
    Words("KHÓ KHĂN, VƯỚNG MẮC", "Difficulties"),
    Words("ĐỀ XUẤT, KIẾN NGHỊ", "Proposals"),
)
NARRATIVE_NOTE = "Không ghi tên người, nơi ở hoặc tên cơ sở."


@dataclass
class _Form:
    """A workbook while it is written, and the stored results of its formulas: page number to cell to number."""

    cover: Cover
    book: Workbook = field(default_factory=Workbook)
    results: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return f"{districts()[self.cover.district_code].name.vi} - {self.cover.period.label('vi')}"

    @property
    def foot(self) -> str:
        return f"Kế hoạch số 2234/KH-UBND - Biểu mẫu phiên bản {self.cover.form_version}"


def template(district_code: str, period: Period, version: int = FORM_VERSIONS[-1]) -> bytes:
    """Return a blank form: every ward's row, every cell empty.

    Parameters
    ----------
    district_code : str
        Code of the statistics office, e.g. "760".
    period : Period
        A quarter.
    version : int
        Of the form.

    Returns
    -------
    bytes
        An .xlsx file; the same district and period give the same bytes.
    """
    cells = {(unit, e.id): None for sheet in SHEETS for unit in units(sheet, district_code) for e in columns(sheet, version)}
    return workbook(Cover(district_code, period, version), cells)


def write_template(path: Path, district_code: str, period: Period) -> None:
    """Write a blank form: see `template`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(template(district_code, period))


def write_workbook(path: Path, cover: Cover, cells: Mapping[tuple[str, str], CellValue], narrative: str = "") -> None:
    """Write a form that is filled in: see `workbook`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(workbook(cover, cells, narrative))


def workbook(cover: Cover, cells: Mapping[tuple[str, str], CellValue], narrative: str = "") -> bytes:
    """Return a district form.

    Parameters
    ----------
    cover : Cover
    cells : mapping of (unit code, element id) to cell content
        A number, a text as an office would type it, or None for blank. Units
        without any entry get no row (a ward that is missing altogether); pass
        an explicit None to write a blank cell.
    narrative : str
        Difficulties and proposals, kept as text.

    Returns
    -------
    bytes
        An .xlsx file; the same input gives the same bytes. Totals are
        formulas with their results stored, as Excel leaves them.
    """
    form = _Form(cover)
    _cover_sheet(form)
    for sheet, title in SHEETS.items():
        if shown := columns(sheet, cover.form_version):
            _subject_sheet(form, form.book.create_sheet(title.vi), sheet, shown, cells)
    _narrative_sheet(form, narrative)
    _guide_sheet(form)
    for page in form.book.worksheets:
        _lock(page)
    properties = form.book.properties
    properties.creator, properties.title = "evaluation", f"Biểu mẫu báo cáo số liệu, {form.head}"
    properties.created = properties.modified = STAMP
    raw = io.BytesIO()
    form.book.save(raw)
    return sealed(raw.getvalue(), STAMP, lambda member, body: _with_results(form, member, body))


def _lock(page: Worksheet) -> None:
    """Protect what is not to be typed over: no password, widths, heights and looks stay free."""
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = page.protection.formatCells = False


def _cover_sheet(form: _Form) -> None:
    page = form.book.active
    assert page is not None
    page.title, cover = COVER, form.cover
    widths(page, {1: 40, 2: 46, 3: 34})
    written(page, 1, 1, "BÁO CÁO SỐ LIỆU QUÝ - KẾ HOẠCH SỐ 2234/KH-UBND", type_(14, bold=True))
    written(page, 2, 1, "Quarterly report of counts - Plan No. 2234/KH-UBND", type_(italic=True))
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
    page.row_dimensions[1].height, page.row_dimensions[2].height = 24, 22
    row = 3
    for row, (name, label) in enumerate(COVER_FIELDS.items(), 3):
        written(page, row, 1, label, type_(bold=True), wrap=True).fill = LOCKED
        value = written(page, row, 2, content[name], wrap=True)
        value.alignment = Alignment(wrap_text=True, vertical="center", horizontal="left")
        written(page, row, 3, COVER_ENGLISH[name], type_(italic=True), wrap=True).fill = LOCKED
        if name in ("role", "note"):
            value.fill, value.protection = INPUT, _OPEN
            page.add_data_validation(_reminder(value.coordinate))
        for column in (1, 2, 3):
            page.cell(row, column).border = THIN
        fit_height(page, row)
    row = _how_to_fill(page, row + 2)
    for label, words in (
        ("LƯU Ý / WARNING", WARNING),
        ("Hỏi ai / Whom to ask", CONTACT),
        ("Gửi lại / Sending", SENDING),
    ):
        written(page, row, 1, label, type_(bold=True), wrap=True).fill = LOCKED
        written(page, row, 2, words.vi, type_(bold=words is WARNING), wrap=True)
        written(page, row, 3, words.en, type_(italic=True), wrap=True)
        for column in (1, 2, 3):
            page.cell(row, column).border = THIN
        fit_height(page, row)
        row += 1
    on_a4(page, "portrait", form.head, form.foot)


def _how_to_fill(page: Worksheet, row: int) -> int:
    """Write what may stand in a cell; return the row after it."""
    for column, text in enumerate(("Cách ghi ô số liệu", "Nghĩa là", "Meaning"), 1):
        heading(written(page, row, column, text))
    for at, (typed, words) in enumerate(HOW_TO_FILL, row + 1):
        for column, text in enumerate((typed, words.vi, words.en), 1):
            cell = written(page, at, column, text, type_(bold=column == 1, italic=column == 3), wrap=True)
            cell.border = THIN
        fit_height(page, at)
    return row + len(HOW_TO_FILL) + 2


def _reminder(cell: str) -> DataValidation:
    """Return a prompt that takes any text and says what is not to be written."""
    rule = DataValidation(type="custom", formula1="TRUE", allow_blank=True, showInputMessage=True, showErrorMessage=False)
    rule.promptTitle = "Không ghi tên người"
    rule.prompt = "Chỉ ghi đơn vị, chức danh. Không ghi tên người, điện thoại, nơi ở hoặc tên cơ sở."
    rule.add(cell)
    return rule


def _subject_sheet(form: _Form, page: Worksheet, sheet: str, shown: list[Element], cells: Mapping[tuple[str, str], CellValue]) -> None:
    rows = {c: name for c, name in units(sheet, form.cover.district_code).items() if any((c, e.id) in cells for e in shown)}
    place = ("Phường, xã, thị trấn", "Ward") if sheet != "district" else ("Quận, huyện", "District")
    heads = [("Mã", "Code", MAP_MARK), (*place, "name")] + [(e.label.vi, e.label.en, e.id) for e in shown]
    own = {1: 9.0, 2: max(24.0, max((len(n) for n in rows.values()), default=0) + 2.0)}
    each = 11.5 if len(shown) > 12 else 14.0 if len(shown) > 6 else 26.0
    widths(page, own | dict.fromkeys(range(3, len(heads) + 1), each))
    written(page, TITLE_ROW, 1, f"{SHEETS[sheet].vi} / {SHEETS[sheet].en} - {form.head}", type_(13, bold=True))
    written(page, UNIT_ROW, 1, f"{CELL_NOTE.vi} / {CELL_NOTE.en}", type_(10, italic=True))
    for column, texts in enumerate(heads, 1):
        for row, text in zip((VI_ROW, EN_ROW, MAP_ROW), texts, strict=True):
            heading(written(page, row, column, text), bold=row == VI_ROW, italic=row == EN_ROW)
    fit_height(page, VI_ROW)
    fit_height(page, EN_ROW)
    page.row_dimensions[MAP_ROW].hidden = True
    for row, (code, name) in enumerate(rows.items(), FIRST_ROW):
        for column, text in enumerate((code, name), 1):
            cell = written(page, row, column, text)
            cell.border, cell.fill = THIN, LOCKED
        for column, element in enumerate(shown, 3):
            cell = written(page, row, column, cells.get((code, element.id)))
            cell.alignment = Alignment(horizontal="right", vertical="center")
            cell.border, cell.fill, cell.protection, cell.number_format = THIN, INPUT, _OPEN, "#,##0"
        page.row_dimensions[row].height = 18
    last = FIRST_ROW + len(rows) - 1
    for column, element in enumerate(shown, 3):
        if rows:
            page.add_data_validation(_rule(element, column, last))
    if sheet != "district" and rows:
        form.results[len(form.book.worksheets)] = _totals(page, last, len(shown))
    page.freeze_panes = f"C{FIRST_ROW}"
    total = sum(own.values()) + each * len(shown)
    on_a4(page, "landscape", form.head, form.foot, math.ceil(total / (1.3 * ACROSS["landscape"])))
    page.print_title_rows, page.print_title_cols = f"{VI_ROW}:{EN_ROW}", "A:B"


def accepts(element: Element, cell: str) -> str:
    """Return the formula that says whether a cell may hold what it holds.

    Numbers and words are told apart with IF, which looks at one side only:
    AND would meet the words too, and an error in it refuses the words.

    Parameters
    ----------
    element : Element
        The count; yes-or-no items take 1 and 0.
    cell : str
        In A1 form, relative.
    """
    yes_no = element.unit == "yes_no"
    number = f"OR({cell}=0,{cell}=1)" if yes_no else f"AND({cell}>=0,{cell}<={MOST_COUNT},{cell}=INT({cell}))"
    taken = (NOT_APPLICABLE_WORDS, WITHHELD_WORDS) if yes_no else (ZERO_WORDS, NOT_APPLICABLE_WORDS, WITHHELD_WORDS)
    words = ",".join(f'TRIM({cell})="{w}"' for word in taken for w in (word, _PLAIN_WORDS[word]))
    return f"IF(ISNUMBER({cell}),{number},OR({words}))"


def _rule(element: Element, column: int, last: int) -> DataValidation:
    """Return the validation of one column.

    It stops other entries rather than warning: what it stops would come back
    as an error with the reply, and the words are taken without diacritics
    too, so that no keyboard is locked out.
    """
    letter = get_column_letter(column)
    yes_no = element.unit == "yes_no"
    rule = DataValidation(type="custom", formula1=accepts(element, f"{letter}{FIRST_ROW}"), allow_blank=True, errorStyle="stop")
    rule.showInputMessage = rule.showErrorMessage = True
    rule.errorTitle, rule.error = "Chưa đúng cách ghi", REFUSED_YES_NO if yes_no else REFUSED_ENTRY
    reminder = "1: có. 0: không. Để trống: chưa có số liệu." if yes_no else "0: không phát sinh. Để trống: chưa có số liệu."
    prompt = f"{element.definition.vi}\n{reminder}"
    rule.promptTitle = "Cách ghi"
    rule.prompt = prompt if len(prompt) <= MOST_PROMPT else f"Định nghĩa: xem trang {GUIDE}.\n{reminder}"
    rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
    return rule


def _totals(page: Worksheet, last: int, count: int) -> dict[str, float]:
    """Write the row of sums and return each formula's result: Excel's SUM takes numbers and leaves text out."""
    row, results = last + 1, {}
    for column in (1, 2):
        cell = written(page, row, column, TOTAL if column == 2 else None, type_(bold=True))
        cell.border, cell.fill = THIN, HEAD
    for column in range(3, 3 + count):
        above = [page.cell(r, column).value for r in range(FIRST_ROW, row)]
        letter = get_column_letter(column)
        cell = written(page, row, column, f"=SUM({letter}{FIRST_ROW}:{letter}{last})", type_(bold=True))
        cell.border, cell.fill, cell.number_format = THIN, HEAD, "#,##0"
        results[cell.coordinate] = sum(v for v in above if isinstance(v, int | float) and not isinstance(v, bool))
    page.row_dimensions[row].height = 18
    return results


def _with_results(form: _Form, member: str, body: bytes) -> bytes:
    """Store the results of the sums: openpyxl writes formulas without, and a reader of stored values would find nothing."""
    found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", member)
    for cell, result in form.results.get(int(found[1]) if found else 0, {}).items():
        empty = re.compile(rb'(<c r="' + cell.encode() + rb'"[^>]*><f>[^<]*</f>)<v\s*(?:/>|></v>)')
        body, times = empty.subn(rb"\g<1><v>%d</v>" % result, body)
        assert times == 1, cell
    return body


def _narrative_sheet(form: _Form, narrative: str) -> None:
    page = form.book.create_sheet(NARRATIVE)
    widths(page, {1: 56, 2: 56})
    for column, words in enumerate(NARRATIVE_HEADS, 1):
        heading(written(page, 1, column, f"{words.vi} / {words.en}\n{NARRATIVE_NOTE}"))
        cell = written(page, 2, column, (narrative or None) if column == 1 else None, wrap=True)
        cell.border, cell.fill, cell.protection = THIN, INPUT, _OPEN
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        page.add_data_validation(_reminder(cell.coordinate))
    fit_height(page, 1)
    page.row_dimensions[2].height = 400
    on_a4(page, "landscape", form.head, form.foot)


def _guide_sheet(form: _Form) -> None:
    page = form.book.create_sheet(GUIDE)
    heads = ("Trang / Sheet", "Chỉ tiêu", "Indicator", "Đếm gì / What is counted", "Định nghĩa", "Definition")
    widths(page, {1: 15, 2: 27, 3: 27, 4: 15, 5: 46, 6: 46})
    for column, head in enumerate(heads, 1):
        heading(written(page, 1, column, head))
    fit_height(page, 1)
    shown = [e for sheet in SHEETS for e in columns(sheet, form.cover.form_version)]
    for row, e in enumerate(shown, 2):
        title = SHEETS[e.sheet if e.level == "ward" else "district"]
        # "Number of": the bare word for establishments is what heads a list of them.
        counted = f"số {say(f'cli.unit.{e.unit}', 'vi')} / {say(f'cli.unit.{e.unit}', 'en')}"
        unit = "1 = có / yes, 0 = không / no" if e.unit == "yes_no" else counted
        texts = (f"{title.vi} / {title.en}", e.label.vi, e.label.en, unit, e.definition.vi, e.definition.en)
        for column, text in enumerate(texts, 1):
            written(page, row, column, text, type_(bold=column == 2, italic=column in (3, 6)), wrap=True).border = THIN
        fit_height(page, row)
    page.freeze_panes, page.print_title_rows = "A2", "1:1"
    on_a4(page, "landscape", form.head, form.foot)
