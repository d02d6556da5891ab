"""A text table of the user's own, read for the columns that were named: found out how it is written, searched for identifiers first."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.batch.run import Refused
from evaluation.cli.codes import WrongUse, wrong
from evaluation.intake import delimited
from evaluation.intake.book import Text, address, folded
from evaluation.intake.identifiers import holds_identifier, look, safe_name
from evaluation.intake.refusal import Refused as NotATable
from evaluation.language import words
from evaluation.monitoring.own_periods import said_rows

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS, MOST_BYTES = 200_000, 64 * 2**20
PART = "part"  # of a year: the months or quarters of times in two columns
NUMBERS = ("count", "denominator")
_HEADINGS_WITHIN = 20  # a title or two may stand above the headings
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MOST_NAMED = 12
_FLOAT = re.compile(r"-?[0-9]\.[0-9]{1,17}[eE][+-]?[0-9]{1,3}")  # as other programs write them: nobody writes a telephone so


@dataclass(frozen=True)
class OwnTable:
    """The named columns of a table.

    Attributes
    ----------
    frame : DataFrame
        A column for each role that was named, under the heading that it has in
        the file: text of unit and time, numbers of the others.
    columns : mapping of str to str
        Role ("unit", "time", "part", "count", "denominator" and further ones) to heading.
    rows : tuple of int
        Row of each row of the frame, as a spreadsheet counts it.
    file : str
        The file's name as it may be shown.
    """

    frame: pd.DataFrame
    columns: Mapping[str, str]
    rows: tuple[int, ...]
    file: str


def read(
    path: Path,
    asked: Mapping[str, str],
    measured: bool | None = False,
    *,
    values: Collection[str] = (),
    options: Mapping[str, str] | None = None,
) -> OwnTable:
    """Read the named columns of a text table.

    Parameters
    ----------
    path : Path
        UTF-8, UTF-16 or a Windows encoding; comma, semicolon or tab.
    asked : mapping of str to str
        Role to heading, as typed: case, spaces and, where only one heading
        fits, marks do not matter. "year,month" for times are two headings
        where no heading reads so.
    measured : bool or None
        Whether "count" is a column of measured values; None: perhaps.
    values : collection of str
        Further roles whose columns hold measured values.
    options : mapping of str to str, optional
        How the option of a role is spelled, for messages; "--role" where left out.

    Raises
    ------
    WrongUse
        For a file that is not there or no text table, headings that are not
        there, and what `own_numbers.numbers` refuses.
    Refused
        If a named column seems to hold names, numbers or addresses of people
        or establishments; what was written is never repeated.
    """
    import pandas as pd

    from evaluation.cli.own_numbers import numbers

    rows, file = _rows(path)
    at, places = _headings(rows, _parted(rows, asked), file, options or {})
    titles = {role: str(rows[at][column]).strip() for role, column in places.items()}
    kept = [n for n in range(at + 1, len(rows)) if any(_cell(rows[n], c) is not None for c in places.values())]
    figures = {*NUMBERS, *values}
    _search(rows, [at, *kept], places, figures, file)
    if not kept:
        raise wrong("own_empty", file=file)
    cells = {(titles[role], n + 1): _cell(rows[n], c) for role, c in places.items() if role in figures for n in kept}
    real = {titles[role] for role in values} | (set() if measured is False else {titles["count"]})
    read_numbers = numbers(cells, file, real, sure=measured is not None)
    frame = pd.DataFrame(
        {
            titles[role]: [read_numbers[titles[role], n + 1] for n in kept] if role in figures else [_cell(rows[n], c) for n in kept]
            for role, c in places.items()
        }
    )
    return OwnTable(frame, titles, tuple(n + 1 for n in kept), file)


def _rows(path: Path) -> tuple[Sequence[tuple[object, ...]], str]:
    """Return the cells of the table and the file's name as it may be shown."""
    file = safe_name(path.name) or "CSV"
    if not path.is_file():
        raise wrong("own_no_file", file=file)
    if path.stat().st_size > MOST_BYTES:
        raise wrong("own_too_large", file=file, rows=MOST_ROWS)
    body = path.read_bytes()
    if body.startswith(_WORKBOOK):
        raise wrong("own_workbook", file=file)
    try:
        return delimited.table(body, MOST_ROWS)[0], file
    except NotATable as error:
        if error.code in ("IN-014", "IN-018", "IN-021"):
            raise wrong("own_too_large", file=file, rows=MOST_ROWS) from None
        why = [error.slots.get(f"why_{speak}", "") for speak in ("vi", "en")]
        said = words("cli.wrong.own_unreadable", file=file)
        raise WrongUse(f"{said.vi}: {why[0]}. / {said.en}: {why[1]}.") from None


def _cell(row: tuple[object, ...], column: int) -> object:
    return row[column] if column < len(row) else None


def _plain(text: object) -> str:
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().split())


def _parted(rows: Sequence[tuple[object, ...]], asked: Mapping[str, str]) -> Mapping[str, str]:
    """Return the roles with times in two columns as two roles."""
    year, comma, part = asked["time"].partition(",")
    if not comma or any(_column(row, asked["time"]) for row in rows[:_HEADINGS_WITHIN]):
        return asked
    return {**asked, "time": year, PART: part}


def _headings(
    rows: Sequence[tuple[object, ...]], asked: Mapping[str, str], file: str, options: Mapping[str, str]
) -> tuple[int, dict[str, int]]:
    """Return the row of the headings, from 0, and the column of each role."""
    written = [n for n, row in enumerate(rows) if row][:_HEADINGS_WITHIN]
    for at in written:
        found = {role: _column(rows[at], name) for role, name in asked.items()}
        if all(len(columns) == 1 for columns in found.values()):
            places = {role: columns[0] for role, columns in found.items()}
            if len(set(places.values())) < len(places):
                raise wrong("own_same_column")
            return at, places
    best = max(written, key=lambda n: sum(bool(_column(rows[n], name)) for name in asked.values()))
    for role, name in asked.items():
        columns = _column(rows[best], name)
        if len(columns) > 1:
            raise wrong("own_column_twice", file=file, name=name)
        if not columns:
            raise wrong(
                "own_column",
                file=file,
                option=options.get(role, "--time" if role == PART else f"--{role}"),
                name=name,
                hint=_nearest(rows[best], name),
            )
    raise AssertionError("one of the headings is not there")


def _column(row: tuple[object, ...], name: str) -> list[int]:
    """Return the columns with a heading: written so but for case and spaces; else, if it is one, also without its marks."""
    exact = [c for c, cell in enumerate(row) if cell is not None and _plain(cell) == _plain(name)]
    if exact:
        return exact
    bare = [c for c, cell in enumerate(row) if cell is not None and folded(name) and folded(cell) == folded(name)]
    return bare if len(bare) == 1 else []


def _nearest(row: tuple[object, ...], name: str) -> object:
    """Return the headings that were perhaps meant, without any that may be a person's data."""
    safe = [str(cell).strip() for cell in row if cell is not None and not holds_identifier(str(cell))]
    near = difflib.get_close_matches(name, safe, 3, 0.6) or safe[:_MOST_NAMED]
    return words("cli.wrong.own_headings", names=", ".join(near)) if near else ""


def _search(
    rows: Sequence[tuple[object, ...]], kept: Sequence[int], places: Mapping[str, int], figures: Collection[str], file: str
) -> None:
    """Refuse the file if a named column seems to hold identifiers."""
    texts = [
        Text("cell", "", address(n, c), str(cell))
        for role, c in places.items()
        for n in kept
        if (cell := _cell(rows[n], c)) is not None and not (role in figures and _FLOAT.fullmatch(str(cell).strip()))
    ]
    counts = {("", address(n, c)) for role, c in places.items() if role in figures for n in kept}
    if hits := look(texts, counts):
        cells = list(dict.fromkeys(hit.cell for hit in hits))
        said = words("cli.wrong.own_identifiers", file=file, cells=said_rows(cells))
        raise Refused(f"{said.vi} / {said.en}")
