"""What was found, by kind and place, and the words for it; never what was written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.intake.findings import Finding, finding
from evaluation.language import Words

MOST = 40  # findings for one file; the rest are counted
MORE, FILE_NAME = "IN-041", "IN-040"

_PARTS = {
    "cell": Words("ô {cell}{of}", "cell {cell}{of}"),
    "comment": Words("chú thích ở ô {cell}{of}", "the comment at cell {cell}{of}"),
    "header": Words("đầu trang hoặc chân trang{of}", "the header or footer{of}"),
    "sheet_name": Words("tên của trang{of}", "the name of the sheet{of}"),
    "property": Words("thuộc tính của tệp (tác giả, tiêu đề, …)", "the properties of the file (author, title, …)"),
    "validation": Words("danh sách chọn (kiểm tra dữ liệu){of}", "a data-validation list{of}"),
    "drawing": Words("hộp chữ hoặc hình vẽ{of}", "a text box or drawing{of}"),
    "name": Words("vùng đặt tên của tệp{of}", "a defined name of the file{of}"),
    "link": Words("liên kết{of}", "a link{of}"),
    "formula": Words("công thức ở ô {cell}{of}", "the formula in cell {cell}{of}"),
    "style": Words("định dạng của tệp{of}", "the formats of the file{of}"),
    "other": Words("phần ẩn của tệp{of}", "a hidden part of the file{of}"),
}


@dataclass(frozen=True)
class Hit:
    """One kind of identifier in one place.

    Attributes
    ----------
    code : str
        Code of the finding, "IN-030" to "IN-040".
    part : str
        What it is part of (`book.Text`), or "file_name".
    sheet : str
        The sheet's title; empty where the title is itself an identifier.
    cell : str
        In A1 form; empty where the part has no such place.
    number : int
        The sheet's place in the file, from 1; 0 where its title may be shown.
    """

    code: str
    part: str
    sheet: str = ""
    cell: str = ""
    number: int = 0


def findings(hits: Iterable[Hit], file: str) -> tuple[Finding, ...]:
    """Return one finding for each kind and place, in the words of an office; past `MOST` of them the rest are counted.

    Parameters
    ----------
    hits : iterable of Hit
    file : str
        The file's name as it may be shown (`safe_name`).

    Returns
    -------
    tuple of Finding
        All of them refuse the file.
    """
    found: Sequence[Hit] = tuple(dict.fromkeys(hits))
    shown = [_finding(hit, file) for hit in found[:MOST]]
    if len(found) > MOST:
        shown.append(finding(MORE, file, n=str(len(found) - MOST)))
    return tuple(shown)


def _finding(hit: Hit, file: str) -> Finding:
    if hit.code == FILE_NAME:
        return finding(FILE_NAME, file)
    where = _where(hit)
    return finding(hit.code, file, hit.sheet, hit.cell, where_vi=where.vi, where_en=where.en)


def _where(hit: Hit) -> Words:
    known = _PARTS.get(hit.part, _PARTS["other"])
    if hit.number:
        of = (
            Words(f" số {hit.number}", f" number {hit.number}")
            if hit.part == "sheet_name"
            else Words(f" của trang số {hit.number}", f" of sheet number {hit.number}")
        )
    else:
        of = Words(f" của trang '{hit.sheet}'", f" of sheet '{hit.sheet}'") if hit.sheet else Words("", "")
    vi, en = known.vi, known.en
    if not hit.cell:
        vi, en = (
            vi.replace(" ở ô {cell}", "").replace("ô {cell}", "một ô"),
            en.replace(" at cell {cell}", "").replace(" in cell {cell}", "").replace("cell {cell}", "a cell"),
        )
    return Words(vi.replace("{cell}", hit.cell).replace("{of}", of.vi), en.replace("{cell}", hit.cell).replace("{of}", of.en))
