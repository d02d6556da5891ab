"""The table of settings: one row a job, as a file says it or as a program hands it over, with everything that is wrong in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.batch.parameters import WrongParameter
from evaluation.intake import delimited
from evaluation.intake.refusal import Refused as NotATable
from evaluation.language import Words, words

MOST_ROWS, MOST_BYTES, MOST_SHOWN = 100_000, 32 * 2**20, 100
DECIMAL_COMMA = ";"  # what separates cells where a comma separates decimals
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong in a table of settings.

    Attributes
    ----------
    row : int
        As a spreadsheet counts it: the headings stand in row 1; 0 for the table as a whole.
    column : str
        Heading; empty for the row as a whole.
    said : Words
        What is wrong, and what would be right.
    """

    row: int
    column: str
    said: Words

    def __str__(self) -> str:
        key = ("column" if self.column else "row") if self.row else "whole"
        where = words(f"batch.jobs.at_{key}", row=self.row, column=self.column)
        return f"{where.vi}: {self.said.vi} / {where.en}: {self.said.en}"


class WrongJobs(WrongParameter):
    """A table of settings that cannot be worked through; the message has a bilingual line for each thing that is wrong.

    Attributes
    ----------
    findings : tuple of Wrong
        All of them, by row.
    """

    def __init__(self, findings: Iterable[Wrong], file: str) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: f.row))
        more = len(self.findings) - MOST_SHOWN
        head = words("batch.jobs.wrong", file=file, count=len(self.findings))
        lines = [f"{head.vi} / {head.en}", *map(str, self.findings[:MOST_SHOWN])]
        if more > 0:
            said = words("batch.jobs.more", count=more)
            lines.append(f"{said.vi} / {said.en}")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Row:
    """A row of settings.

    Attributes
    ----------
    number : int
        As a spreadsheet counts it.
    cells : mapping of str to object
        By heading; blank cells are left out. Text as a file has it, or what a program handed over.
    """

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of settings.

    Attributes
    ----------
    name : str
        As messages call it.
    columns : tuple of str
    rows : tuple of Row
    comma : bool
        Whether decimals are separated by a comma, as where a semicolon separates cells.
    found : tuple of Wrong
        What is wrong with the table by itself: `asked.asked` tells it with all the rest.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    comma: bool = False
    found: tuple[Wrong, ...] = ()


def from_file(path: Path) -> Table:
    """Read a table of settings from a text table (CSV).

    Parameters
    ----------
    path : Path
        UTF-8 (with or without a mark), UTF-16 or a Windows encoding; comma,
        semicolon or tab, whichever cuts the rows best.

    Raises
    ------
    WrongJobs
        If it cannot be read.
    """
    name = path.name if path.name.isprintable() else "CSV"
    try:
        size = path.stat().st_size
        body = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError:
        raise _whole(name, "no_file") from None
    if size > MOST_BYTES:
        raise _whole(name, "too_large", most=MOST_ROWS)
    if body.startswith(_WORKBOOK):
        raise _whole(name, "workbook")
    try:
        lines, _, separator = delimited.table(body, MOST_ROWS)
    except NotATable as error:
        if error.code != "IN-001":
            raise _whole(name, "too_large", most=MOST_ROWS) from None
        why = Words(error.slots.get("why_vi", ""), error.slots.get("why_en", ""))
        raise _whole(name, "unreadable", why=why) from None
    at = next(n for n, line in enumerate(lines) if line)
    columns = tuple("" if cell is None else str(cell).strip() for cell in lines[at])
    found = list(_wrong_headings(columns, at + 1))
    rows = []
    for n, line in enumerate(lines[at + 1 :], at + 2):
        if len(line) > len(columns):
            found.append(Wrong(n, "", words("batch.jobs.too_many_cells", cells=len(line), columns=len(columns))))
        cells = {column: str(cell).strip() for column, cell in zip(columns, line, strict=False) if cell is not None}
        found += _wrong_cells(n, cells)
        if line:
            rows.append(Row(n, cells))
    if not rows:
        found.append(Wrong(0, "", words("batch.jobs.empty")))
    return Table(name, columns, tuple(rows), separator == DECIMAL_COMMA, tuple(found))


def from_rows(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Take a table of settings that a program made.

    Parameters
    ----------
    rows : iterable of mapping
        Parameter name to value; None and missing values are blank.
    """
    taken = [Row(n, {str(k): _plain(v) for k, v in row.items() if not _blank(v)}) for n, row in enumerate(rows, 2)]
    found = [f for row in taken for f in _wrong_cells(row.number, row.cells)]
    if not taken:
        found.append(Wrong(0, "", words("batch.jobs.empty")))
    columns = tuple(dict.fromkeys(column for row in taken for column in row.cells))
    return Table("jobs", columns, tuple(taken), found=tuple(found))


def _whole(name: str, key: str, **slots: object) -> WrongJobs:
    return WrongJobs([Wrong(0, "", words(f"batch.jobs.{key}", **slots))], name)


def _plain(value: Any) -> Any:
    """Return NumPy's single values as Python's."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def _blank(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)


def _wrong_headings(columns: Sequence[str], row: int) -> Iterator[Wrong]:
    for column, times in Counter(unicodedata.normalize("NFC", c) for c in columns).items():
        if not column:
            yield Wrong(row, "", words("batch.jobs.no_heading"))
        elif times > 1:
            yield Wrong(row, column, words("batch.jobs.heading_twice"))


def _wrong_cells(row: int, cells: Mapping[str, Any]) -> Iterator[Wrong]:
    for column, cell in cells.items():
        if not isinstance(cell, str):
            continue
        if _CONTROL.search(cell):
            yield Wrong(row, column, words("batch.jobs.control"))
        elif cell[:1] in ("=", "@", "+", "-") and not _NUMBER.fullmatch(cell):
            yield Wrong(row, column, words("batch.jobs.formula", sign=cell[:1]))
