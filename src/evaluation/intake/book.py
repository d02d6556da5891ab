"""A received file as sheets of cells, whatever it was sent as: what lies between the bytes and the district form."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from openpyxl.utils import get_column_letter

MOST_ROWS, MOST_COLUMNS = 5_000, 200
MOST_SHEETS = 50
MOST_SLOTS = 2_000_000  # cells of all sheets together, blank ones between others counted too
MOST_COVERED = 100_000  # cells of a sheet inside merged ranges
MOST_TEXT = 32_767  # what a cell of Excel can hold
_LONGEST_KEPT = 120  # headings and names come again and again, long texts do not
_SIGNS = re.compile(r"[\W_]+")

Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class Sheet:
    """A sheet's cells.

    Attributes
    ----------
    title : str
        NFC, without spaces at the ends; the file's own words for a table
        without sheets.
    rows : list of tuple
        Stored values: numbers, truth values, text, dates, None for blank. At
        most `MOST_ROWS` by `MOST_COLUMNS`.
    formulas : mapping of place to bool
        Cells that hold a formula, and whether its stored result is there.
    percents : frozenset of place
        Numbers that are shown as percentages.
    merged : mapping of place to place
        For each cell inside a merged range, the range's first cell.
    """

    title: str
    rows: list[tuple[object, ...]]
    formulas: Mapping[Place, bool] = field(default_factory=dict)
    percents: frozenset[Place] = frozenset()
    merged: Mapping[Place, Place] = field(default_factory=dict)

    def at(self, row: int, column: int) -> object:
        """Return what a cell holds; None outside what was read."""
        return self.rows[row][column] if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]) else None


@dataclass(frozen=True)
class Text:
    """A piece of text that somebody who opens the file could find, however well it is hidden.

    Attributes
    ----------
    part : str
        What it is part of: "cell", "comment", "header", "sheet_name",
        "property", "validation", "drawing", "name", "link", "formula",
        "style", "other".
    sheet, cell : str
        Where, in A1 form; empty where the part has no such place.
    text : str
        NFC. Numbers are written out: whole ones without a decimal point.
    number : bool
        Whether the cell holds a number and not text.
    """

    part: str
    sheet: str
    cell: str
    text: str
    number: bool = False


@dataclass(frozen=True)
class Book:
    """A received file, read.

    Attributes
    ----------
    sheets : tuple of Sheet
        In the file's order, hidden ones too.
    texts : tuple of Text
        Everything that the identifier check has to see.
    written_as : str
        "xlsx", "ods" or "csv".
    encoding, separator : str
        How the text of a "csv" was read, e.g. "utf-8" and ";"; else empty.
    """

    sheets: tuple[Sheet, ...]
    texts: tuple[Text, ...]
    written_as: str
    encoding: str = ""
    separator: str = ""


def opened(kind: str, body: bytes) -> Book:
    """Read a received file that was admitted.

    Parameters
    ----------
    kind : {"xlsx", "ods", "csv"}
        What `archive.kind` took it for.
    body : bytes

    Raises
    ------
    Refused
        If it cannot or should not be read; nothing else, whatever the bytes are.
    """
    # A reader's libraries are loaded only for the files that need them.
    if kind == "xlsx":
        from evaluation.intake.xlsx import book
    elif kind == "ods":
        from evaluation.intake.ods import book
    elif kind == "csv":
        from evaluation.intake.delimited import book
    else:
        raise ValueError(f"no reader for files of kind {kind!r}")
    return book(body)


def address(row: int, column: int) -> str:
    """Return a place in A1 form."""
    return f"{get_column_letter(column + 1)}{row + 1}"


def trimmed(row: Sequence[object]) -> tuple[object, ...]:
    """Return a row without the blank cells at its end."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return tuple(row[:end])


def covered(ranges: Iterable[tuple[int, int, int, int]], height: int, width: int) -> dict[Place, Place]:
    """Return the first cell of the range that each cell lies in, for the cells of a table of that size.

    Parameters
    ----------
    ranges : iterable of (row, column, row, column)
        First and last cell of each, from 0.
    height, width : int
        Cells outside are left out.

    Raises
    ------
    Refused
        If the ranges cover more cells than the limits allow: they overlap.
    """
    from evaluation.intake.refusal import refuse

    found: dict[Place, Place] = {}
    left = MOST_COVERED
    for top, first, bottom, last in ranges:
        bottom, last = min(bottom, height - 1), min(last, width - 1)
        left -= max(0, bottom - top + 1) * max(0, last - first + 1)
        if left < 0:
            refuse("IN-014", "quá nhiều ô gộp", "too many merged cells")
        for row in range(top, bottom + 1):
            for column in range(first, last + 1):
                found.setdefault((row, column), (top, first))
    return found


def plain(content: object) -> str:
    """Return a code, label or title as text; a whole number without its decimal point."""
    if isinstance(content, float) and content.is_integer():
        content = int(content)
    return "" if content is None else unicodedata.normalize("NFC", str(content)).strip()


def folded(content: object) -> str:
    """Return text to compare headings by: lower case, no diacritics, letters and digits only, single spaces."""
    text = plain(content)
    return _folded(text) if len(text) <= _LONGEST_KEPT else _folded.__wrapped__(text)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    letters = text.lower()
    if not letters.isascii():
        letters = unicodedata.normalize("NFKD", letters.replace("đ", "d"))
        letters = "".join(c for c in letters if not unicodedata.combining(c))
    return _SIGNS.sub(" ", letters).strip(" ")


def written(content: object) -> str:
    """Return what a cell holds as text: whole numbers without a decimal point, dates in the Vietnamese order."""
    return f"{content:%d/%m/%Y}" if isinstance(content, dt.date) else plain(content)
