"""How the sheets of forms and replies look: plain type, widths by characters, A4."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, cast

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FACE = "Times New Roman"
A4 = 9
LINE_POINTS = 15.5  # height of a line of text of 11 points
MOST_POINTS = 409  # what a row can be high
ACROSS = {"landscape": 160, "portrait": 100}  # characters that fit an A4 page at full size
_FIT, _BOLD_FIT = 1.15, 1.05  # letters of this type to a column's character, which is a digit
HEAD = PatternFill("solid", fgColor="DCE4EC")
LOCKED = PatternFill("solid", fgColor="F3F5F7")
INPUT = PatternFill("solid", fgColor="FFFDEB")
_LINE = Side(style="thin", color="808B96")
THIN = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


def type_(size: float = 11, bold: bool = False, italic: bool = False, color: str = "000000") -> Font:
    """Return the sheets' type; size in points."""
    return Font(name=FACE, size=size, bold=bold, italic=italic, color=color)


def written(page: Worksheet, row: int, column: int, content: object, font: Font | None = None, wrap: bool = False) -> Cell:
    """Write a cell in the sheets' type and return it. Text is as given: what begins with "=" becomes a formula."""
    cell = cast("Cell", page.cell(row, column))
    cell.value = content  # type: ignore[assignment]
    cell.font = font or type_()
    cell.alignment = Alignment(wrap_text=wrap, vertical="center")
    return cell


def heading(cell: Cell, bold: bool = True, italic: bool = False) -> None:
    """Make a cell a heading: shaded, framed, wrapped, centred."""
    cell.font = type_(bold=bold, italic=italic)
    cell.fill, cell.border = HEAD, THIN
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")


def lines(text: object, width: float) -> int:
    """Return how many lines a text takes in a column `width` characters wide, words kept whole."""
    count = 0
    for paragraph in str(text or "").split("\n"):
        used = 0.0
        count += 1
        for word in paragraph.split(" "):
            need = len(word) + (used > 0)
            if used and used + need > width:
                count, used, need = count + 1, 0.0, len(word)
            count += max(0, math.ceil(need / width) - 1)
            used += need
    return count


def widths(page: Worksheet, by_column: Mapping[int, float]) -> None:
    """Set column widths, in characters, by column number from 1."""
    for column, width in by_column.items():
        page.column_dimensions[get_column_letter(column)].width = width


def fit_height(page: Worksheet, row: int, least: int = 1) -> None:
    """Make a row as high as its longest wrapped text needs."""
    need = least
    for cell in page[row]:
        if cell.value is not None and cell.alignment.wrap_text:
            size = (cell.font.size or 11) / 11
            room = page.column_dimensions[cell.column_letter].width * (_BOLD_FIT if cell.font.bold else _FIT) / size - 1
            need = max(need, math.ceil(lines(cell.value, room) * size))
    page.row_dimensions[row].height = min(MOST_POINTS, need * LINE_POINTS + 5)


def on_a4(page: Worksheet, orientation: Literal["portrait", "landscape"], head: str, foot: str, pages_across: int = 1) -> None:
    """Set a sheet up for A4: as many pages across as said, a head and a foot with page numbers.

    Parameters
    ----------
    page : Worksheet
    orientation : {"portrait", "landscape"}
    head, foot : str
        Plain text at the top right and the bottom left.
    pages_across : int
    """
    page.page_setup.orientation, page.page_setup.paperSize = orientation, A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = pages_across, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_options.horizontalCentered = pages_across == 1
    margins = page.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.75, 0.7, 0.35, 0.35
    above, below = page.oddHeader, page.oddFooter
    assert above is not None
    assert below is not None
    for part, text in ((above.right, head.replace("&", "&&")), (below.left, foot.replace("&", "&&")), (below.right, "Trang &P/&N")):
        part.text, part.font, part.size = text, f"{FACE},Regular", 10
