"""The reply's note: one page in the form of an official letter, in Vietnamese, signed by office and not by name."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.intake.answers import HELD, LOADED, REFUSED, WAITING, Answer
from evaluation.intake.packing import sealed
from evaluation.intake.reply.points import DEPARTMENT, NO_IDENTIFIERS, WHOLE_FILE, counted, in_words, ordered, withheld
from evaluation.intake.reply.workbook import clean
from evaluation.language import SYNTHETIC, day
from evaluation.places import districts, within_sentence

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

    from evaluation.intake.findings import Finding

FACE = "Times New Roman"
MOST_POINTS, MOST_LINES, LINE = 8, 18, 80  # what the page has room for: points, their lines, letters to a line
_LEFT, _RIGHT = 58, 102  # mm: columns of the head
_KEPT_OUT = frozenset({"thumbnail", "customXml", "printerSettings", "stylesWithEffects"})


@dataclass(frozen=True)
class _Point:
    """Findings of one kind on one sheet, said once."""

    where: str
    message: str
    more: int

    @property
    def text(self) -> str:
        rest = f" (và {in_words(self.more)} ô khác cùng loại)" if self.more else ""
        said = f"{self.where}: {self.message.rstrip('.')}{rest}"
        return said if said.endswith("…") else f"{said}."


def note(answer: Answer, attached: str) -> bytes:
    """Return the note.

    Parameters
    ----------
    answer : Answer
    attached : str
        Name of the workbook that goes with it.

    Returns
    -------
    bytes
        A .docx file of one A4 page, without a person's name in it or in its
        properties; dated with the day of receipt.
    """
    import docx

    document = docx.Document()
    _plain(document, answer)
    _head(document, answer)
    _body(document, answer, attached)
    _foot(document, answer)
    stamp = dt.datetime.combine(answer.received, dt.time())
    own = document.core_properties
    own.author, own.title, own.last_modified_by, own.comments, own.keywords = DEPARTMENT, _subject(answer), DEPARTMENT, "", ""
    own.created = own.modified = stamp
    own.language, own.revision = "vi-VN", 1
    raw = io.BytesIO()
    document.save(raw)
    return sealed(raw.getvalue(), max(stamp, dt.datetime(1980, 1, 1)))


def _plain(document: Document, answer: Answer) -> None:
    """Set paper, type and language, and leave out what the library's own model document carries along."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    for part in (document.part.package, document.part):
        for key, rel in list(part.rels.items()):
            if rel.reltype.rsplit("/", 1)[-1] in _KEPT_OUT:
                del part.rels[key]
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(20), Mm(20), Mm(30), Mm(20)
    page.header_distance = page.footer_distance = Mm(10)
    for style in (document.styles.element.find(qn("w:docDefaults")), document.styles["Normal"].element):
        for run in style.iter(qn("w:rPr")) if style.tag == qn("w:docDefaults") else [style.get_or_add_rPr()]:
            for old in (*run.findall(qn("w:rFonts")), *run.findall(qn("w:lang"))):
                run.remove(old)
            run.insert(0, _element("w:rFonts", ascii=FACE, hAnsi=FACE, cs=FACE, eastAsia=FACE))
            if style.tag == qn("w:docDefaults"):
                run.append(_element("w:lang", val="vi-VN", eastAsia="vi-VN", bidi="vi-VN"))
    normal = document.styles["Normal"]
    normal.font.size = Pt(13)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    if answer.reading.synthetic:
        head = page.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(head, SYNTHETIC, 10, bold=True)


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, content in attributes.items():
        made.set(qn(f"w:{name}"), content)
    return made


def _run(paragraph: Paragraph, text: str, size: float = 13, bold: bool = False, italic: bool = False) -> None:
    from docx.shared import Pt

    run = paragraph.add_run(clean(text))
    run.font.size, run.bold, run.italic = Pt(size), bold, italic


def _centred(cell: _Cell, text: str, size: float, first: bool = False, bold: bool = False, italic: bool = False) -> Paragraph:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph: Paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, text, size, bold, italic)
    return paragraph


def _rule(cell: _Cell, width: float, of: float) -> None:
    """Draw the line under a name: the lower border of a low empty paragraph, `width` of the column's `of` millimetres."""
    from docx.shared import Mm, Pt

    paragraph = cell.add_paragraph()
    shape = paragraph.paragraph_format
    shape.left_indent = shape.right_indent = Mm((of - width) / 2)
    shape.line_spacing, shape.space_before = Pt(3), Pt(2)
    borders = _element("w:pBdr")
    borders.append(_element("w:top", val="single", sz="6", space="1", color="000000"))
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _two_columns(document: Document, left: float, right: float) -> tuple[_Cell, _Cell]:
    from docx.shared import Mm

    table = document.add_table(1, 2)
    table.autofit = False
    margins = _element("w:tblCellMar")
    margins.append(_element("w:left", w="0", type="dxa"))
    margins.append(_element("w:right", w="0", type="dxa"))
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")
    cells = table.rows[0].cells
    for column, cell, width in zip(table.columns, cells, (left, right), strict=True):
        column.width = cell.width = Mm(width)
    return cells[0], cells[1]


def _head(document: Document, answer: Answer) -> None:
    from docx.shared import Pt

    left, right = _two_columns(document, _LEFT, _RIGHT)
    _centred(left, "ỦY BAN NHÂN DÂN", 12, first=True)
    _centred(left, "THÀNH PHỐ HỒ CHÍ MINH", 12)
    _centred(left, "SỞ LAO ĐỘNG -", 12, bold=True)
    _centred(left, "THƯƠNG BINH VÀ XÃ HỘI", 12, bold=True)
    _rule(left, 24, _LEFT)
    _centred(left, "Số:            /SLĐTBXH", 13).paragraph_format.space_before = Pt(4)
    _centred(left, f"V/v {_subject(answer)}", 12)
    _centred(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, first=True, bold=True)
    _centred(right, "Độc lập - Tự do - Hạnh phúc", 13, bold=True)
    _rule(right, 56, _RIGHT)
    when = _centred(right, f"Thành phố Hồ Chí Minh, {_written(answer.received)}", 13, italic=True)
    when.paragraph_format.space_before = Pt(20)


def _written(date: dt.date) -> str:
    """Return a date as official letters write it: days below 10 and January and February with a leading nought."""
    month = f"{date.month:02d}" if date.month < 3 else str(date.month)
    return f"ngày {date.day:02d} tháng {month} năm {date.year}"


def _place(answer: Answer) -> str:
    cover = answer.reading.cover
    return within_sentence(districts()[cover.district_code].name).vi if cover else ""


def _subject(answer: Answer) -> str:
    what = {
        LOADED: "tiếp nhận số liệu báo cáo",
        WAITING: "kiểm tra, xác nhận số liệu báo cáo",
        HELD: "hoàn chỉnh số liệu báo cáo",
        REFUSED: "gửi lại tệp số liệu báo cáo",
    }[answer.outcome]
    cover = answer.reading.cover
    return f"{what} {cover.period.label('vi')} của {_place(answer)}" if cover else what


def _paragraph(document: Document, indent: float = 10) -> Paragraph:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent, paragraph.paragraph_format.space_before = Mm(indent), Pt(4)
    return paragraph


def _said(document: Document, text: str, bold: str = "") -> None:
    paragraph = _paragraph(document)
    if bold:
        _run(paragraph, bold, bold=True)
    _run(paragraph, text)


def _body(document: Document, answer: Answer, attached: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    to = document.add_paragraph()
    to.alignment = WD_ALIGN_PARAGRAPH.CENTER
    to.paragraph_format.space_before = to.paragraph_format.space_after = Pt(10)
    _run(to, f"Kính gửi: {f'Ủy ban nhân dân {_place(answer)}' if _place(answer) else 'Đơn vị gửi báo cáo'}", 14)
    cover = answer.reading.cover
    about = f" báo cáo {cover.period.label('vi')}" if cover else ""
    _said(
        document,
        f"{_written(answer.received).capitalize()}, {DEPARTMENT} nhận được tệp số liệu{about} theo Kế hoạch số 2234/KH-UBND "
        f"(tên tệp: {_short(clean(answer.file), 60)}). Qua kiểm tra, Sở có ý kiến như sau:",
    )
    findings = [f for f in ordered(answer) if f.severity != "note"]
    _said(document, _result(answer, findings), "1. Kết quả: ")
    if findings:
        _said(document, "", "2. Nội dung cần sửa:" if answer.outcome in (HELD, REFUSED) else "2. Nội dung cần kiểm tra:")
        points, rest = _fitting(_points(findings))
        for point in points:
            _said(document, f"- {point.text}")
        details = "các ô được đánh dấu và cách sửa" if not withheld(answer) else "danh sách đầy đủ"
        more = f"Còn {in_words(rest)} nội dung khác; " if rest else ""
        _said(document, f"- {more}{'xem' if more else 'Xem'} {details} trong tệp {attached} kèm theo.")
        _said(document, _asked(answer), "3. Đề nghị: ")
    _said(document, f"{NO_IDENTIFIERS.rstrip('.')}./.", "Lưu ý: ")


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _result(answer: Answer, findings: list[Finding]) -> str:
    errors, warnings = counted(findings, "error"), counted(findings, "warning")
    if answer.outcome == REFUSED:
        return "tệp bị từ chối vì lý do an toàn; nội dung tệp không được tiếp nhận, không được lưu."
    if answer.outcome == HELD:
        also = f"; ngoài ra có {in_words(warnings)} điểm cần kiểm tra" if warnings else ""
        return f"số liệu chưa được tiếp nhận vì còn {in_words(errors)} lỗi phải sửa{also}."
    if answer.outcome == WAITING:
        return f"số liệu đã được tiếp nhận; có {in_words(warnings)} điểm cần kiểm tra, xác nhận."
    return "số liệu đã được tiếp nhận, không phát hiện lỗi."


def _asked(answer: Answer) -> str:
    until = answer.deadline
    when = f"trước hết ngày {day(until, 'vi')}" if until else "trong 02 ngày làm việc kể từ ngày nhận công văn này"
    if answer.outcome == WAITING:
        return (
            "kiểm tra các nội dung trên; nếu số liệu đúng thì trả lời xác nhận kèm lý do, "
            f"nếu sai thì sửa tệp gốc và gửi lại cả tệp, {when}."
        )
    return f"sửa trên tệp gốc của đơn vị (không sửa trên tệp kèm theo), lưu dạng .xlsx và gửi lại cả tệp về Sở {when}."


def _points(findings: list[Finding]) -> list[_Point]:
    """Return the findings said once a kind and sheet, in their order."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for found in findings:
        groups.setdefault((found.code, found.sheet), []).append(found)
    points = []
    for (_, sheet), own in groups.items():
        first = own[0]
        place = f"Trang {sheet}" if sheet else WHOLE_FILE.vi.strip("()").capitalize()
        points.append(
            _Point(_short(f"{place}{f', ô {first.cell}' if first.cell else ''}", 60), _short(first.message.vi, 330), len(own) - 1)
        )
    return points


def _fitting(points: list[_Point]) -> tuple[list[_Point], int]:
    """Return the points that the page has room for, and how many findings are left to the workbook."""
    shown: list[_Point] = []
    used = 0
    for point in points[:MOST_POINTS]:
        used += -(-(len(point.text) + 8) // LINE)
        if shown and used > MOST_LINES:
            break
        shown.append(point)
    return shown, sum(1 + p.more for p in points[len(shown) :])


def _foot(document: Document, answer: Answer) -> None:
    from docx.shared import Pt

    gap = document.add_paragraph()
    gap.paragraph_format.line_spacing = Pt(8)
    left, right = _two_columns(document, 80, 80)
    _run(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
    to = ["- Như trên;", f"- Phòng Lao động - Thương binh và Xã hội {_place(answer)};".replace(" ;", ";"), "- Lưu: VT."]
    for line in to:
        _run(left.add_paragraph(), line, 11)
    _centred(right, "GIÁM ĐỐC", 13, first=True, bold=True)
    _centred(right, "(Ký, đóng dấu)", 12, italic=True)
