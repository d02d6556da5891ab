"""A received text table (.csv) becomes one sheet of cells: its encoding and separator are found out, and said."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from itertools import islice

from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Book, Sheet, address, trimmed
from evaluation.intake.refusal import Refused, damaged, refuse
from evaluation.intake.texts import Texts, answered, too_long
from evaluation.language import Words

NOT_TEXT = Words(
    "không phải bảng dạng văn bản (CSV), hoặc bảng mã không đọc được; hãy lưu kiểu 'CSV UTF-8'",
    "it is no text table (CSV), or its encoding cannot be read; save it as 'CSV UTF-8'",
)
EMPTY = Words("tệp trống", "it is empty")
UNCLOSED = Words("có dấu ngoặc kép mở mà không đóng", "a quotation mark is opened and never closed")
SEPARATORS = (",", ";", "\t")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SEP = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
_LOOKED_AT = 500  # rows from which the separator is found out
_MOST_LETTERS, _MOST_LINE = 8_000_000, 1_000_000


def book(body: bytes) -> Book:
    """Read a text table.

    Parameters
    ----------
    body : bytes

    Returns
    -------
    Book
        One sheet without a title; every cell is text, or None for blank. It
        says which encoding and separator were used.

    Raises
    ------
    Refused
        If it is no text table or goes past the limits. Nothing else is
        raised, whatever the bytes are.
    """
    with answered(NOT_TEXT):
        rows, encoding, separator = table(body)
        texts = Texts()
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, str):
                    texts.add("cell", cell, "", address(r, c))
        return Book((Sheet("", rows),), texts.found(), "csv", encoding, separator)


def table(body: bytes, most_rows: int = MOST_ROWS) -> tuple[list[tuple[object, ...]], str, str]:
    """Read the cells of a text table, with the encoding and the separator that it is written in.

    Parameters
    ----------
    body : bytes
    most_rows : int

    Returns
    -------
    rows : list of tuple
        Cells as text, None for blank.
    encoding, separator : str

    Raises
    ------
    Refused
        As in `book`.

    Notes
    -----
    The separator is what a first line ``sep=;`` says, as Excel writes it. Else
    it is the one of comma, semicolon and tab that cuts the most rows into the
    same number of cells: for each, the share of rows that have the most usual
    number of cells, squared, times the number of separators in such a row. A
    comma inside some numbers or names loses against the semicolon that stands
    in every row.
    """
    with answered(NOT_TEXT):
        text, encoding = _decoded(body)
        # csv takes a whole line apart before anything can be counted.
        if len(text) > _MOST_LETTERS or any(len(line) > _MOST_LINE for line in io.StringIO(text, newline="")):
            refuse("IN-014", "quá nhiều chữ và số", "too much text and too many numbers")
        said = _SEP.match(text)
        if said:
            text = text[said.end() :]
        separator = said[1] if said else _separator(text)
        rows = _rows(text, separator, most_rows)
        if not rows:
            damaged(EMPTY)
        return rows, encoding, separator


def _decoded(body: bytes) -> tuple[str, str]:
    """Return the text, composed (NFC), and the encoding that it was written in."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _clean(body[len(bom) :].decode(encoding.removesuffix("-sig"))), encoding
    if encoding := _utf_16(body):
        return _clean(body.decode(encoding)), encoding
    try:
        return _clean(body.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        return _eight_bits(body)


def _clean(text: str) -> str:
    """Return a text composed and without the zero characters that damaged exports hold; they would hide what stands around them."""
    return unicodedata.normalize("NFC", text.replace("\x00", "").removeprefix("\ufeff"))


def _utf_16(body: bytes) -> str:
    """Return which UTF-16 a text without a mark is in: separators and line ends have a zero byte on one side; else nothing."""
    if len(body) % 2:
        return ""
    zeros = (body[::2].count(0), body[1::2].count(0))
    if max(zeros) < len(body) / 10 or min(zeros) * 10 > max(zeros):
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _eight_bits(body: bytes) -> tuple[str, str]:
    """Read one of the two Windows encodings: Vietnamese if every tone mark finds its letter, else the Western one."""
    if _CONTROL.search(body.replace(b"\x00", b"").decode("ascii", errors="ignore")):
        damaged(NOT_TEXT)
    try:
        text = _clean(body.decode("cp1258"))
        if not any(unicodedata.combining(c) for c in text):
            return text, "windows-1258"
    except UnicodeDecodeError:
        pass
    text = _clean(body.decode("cp1252"))
    if _CONTROL.search(text):
        damaged(NOT_TEXT)
    return text, "windows-1252"


def _separator(text: str) -> str:
    def score(separator: str) -> float:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths: list[int] = []
        try:
            for row in islice(reader, 10 * _LOOKED_AT):
                if any(row):
                    widths.append(len(row))
                if len(widths) == _LOOKED_AT:
                    break
        except csv.Error:
            pass  # what came before the over-long field speaks for itself
        usual = Counter(w for w in widths if w > 1).most_common(1)
        return (usual[0][1] / len(widths)) ** 2 * (usual[0][0] - 1) if usual else 0.0

    return max(SEPARATORS, key=score)


def _rows(text: str, separator: str, most_rows: int) -> list[tuple[object, ...]]:
    # csv's own limit of 131,072 characters a field keeps an open quotation mark from swallowing a large file.
    rows: list[tuple[object, ...]] = []
    closed = _closed(text, separator)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            row = trimmed([cell if cell.strip() else None for cell in cells])
            if not row:
                continue
            if number >= most_rows or len(row) > MOST_COLUMNS:
                raise Refused("IN-021", most_rows=str(most_rows), most_columns=str(MOST_COLUMNS))
            if any(isinstance(cell, str) and len(cell) > MOST_TEXT for cell in row):
                too_long() if closed else damaged(UNCLOSED)
            rows += [()] * (number - len(rows))
            rows.append(row)
    except csv.Error:
        too_long() if closed else damaged(UNCLOSED)
    if not closed:
        damaged(UNCLOSED)
    return rows


def _closed(text: str, separator: str) -> bool:
    """Return whether the last quotation mark is closed: an open one would swallow all rows that follow, in silence."""
    marker = "\x00end"
    last: list[str] = []
    try:
        for cells in csv.reader(io.StringIO(text + "\r\n" + marker, newline=""), delimiter=separator):
            last = cells
    except csv.Error:
        return text.count('"') % 2 == 0  # a field past csv's own limit: an open quotation mark, or really that long
    return last == [marker]
