"""Where the tables of a received file are: their headings, the column of each count, the columns of places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from evaluation.indicators import elements
from evaluation.intake.book import Book, Sheet, address, folded, plain
from evaluation.intake.form import COVER, GUIDE, MAP_MARK, NARRATIVE
from evaluation.intake.headings import column_numbers, meaning, near, role
from evaluation.intake.refusal import refuse
from evaluation.places import districts, wards

PAGES_WITHOUT_TABLES = frozenset({folded(COVER), folded(GUIDE), folded(NARRATIVE), "cover", "guide", "narrative"})
MOST_HEADING_ROWS = 4
MOST_TABLE_ROWS = 1_000  # the whole city has 322 wards
MOST_TEXTS = 40_000  # cells of text in a file: each may be a heading, and to look at one takes time
_SHORT_KIND = re.compile(r"^(?:p|x|tt|f|ward|phuong|xa)\s*")
_CODE = re.compile(r"[0-9]{5}|[0-9]{3}")


@dataclass(frozen=True)
class Column:
    """A column of a table whose heading needs a word.

    Attributes
    ----------
    column, row : int
        Where its lowest heading stands, from 0.
    heading : str
        As it was written.
    elements : tuple of str
        What it was taken for, or may be; empty where it is nothing known.
    """

    column: int
    row: int
    heading: str
    elements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of counts on a sheet.

    Attributes
    ----------
    sheet : Sheet
    top, first, end : int
        First row of the headings, first row below them, row after the last.
    columns : mapping of str to int
        The column of each element.
    code, name : int or None
        The columns of the places' codes and names.
    named : bool
        Whether the name column's heading says that places stand in it.
    heads : mapping of int to int
        The row of each column's lowest heading.
    taken : tuple of Column
        Headings that were miswritten and taken for an element.
    unclear : tuple of Column
        Headings that may be several elements.
    doubled : tuple of Column
        Columns of an element that has one already.
    crossed : tuple of Column
        Columns whose heading and hidden code are of two elements.
    extra : tuple of Column
        Columns that the form does not have.
    places : tuple of int
        All columns headed as places: where two tables stand side by side,
        there are two of codes or of names.
    """

    sheet: Sheet
    top: int
    first: int
    end: int
    columns: Mapping[str, int]
    code: int | None
    name: int | None
    named: bool
    heads: Mapping[int, int]
    taken: tuple[Column, ...] = ()
    unclear: tuple[Column, ...] = ()
    doubled: tuple[Column, ...] = ()
    crossed: tuple[Column, ...] = ()
    extra: tuple[Column, ...] = ()
    places: tuple[int, ...] = ()

    @property
    def codes(self) -> list[str]:
        """The known ward and district codes in its code column."""
        if self.code is None:
            return []
        found = (place_code(self.sheet.at(r, self.code)) for r in range(self.first, self.end))
        return [c for c in found if c in _codes()]


def tables(book: Book) -> tuple[Table, ...]:
    """Return the tables of counts in a file, in its order.

    Parameters
    ----------
    book : Book

    Returns
    -------
    tuple of Table
        Found by the form's hidden map or by headings in Vietnamese, English
        or ids, in one row or several, wherever the columns and the table are.

    Raises
    ------
    Refused
        If there is more text, or more rows of counts, than any report has.
    """
    if sum(isinstance(cell, str) for sheet in book.sheets for row in sheet.rows for cell in row) > MOST_TEXTS:
        refuse("IN-014", f"hơn {MOST_TEXTS} ô chữ", f"more than {MOST_TEXTS} cells of text")
    found: list[Table] = []
    for sheet in book.sheets:
        if folded(sheet.title) not in PAGES_WITHOUT_TABLES:
            found.extend(_on_sheet(sheet))
    if sum(any(c is not None for c in t.sheet.rows[r]) for t in found for r in range(t.first, t.end)) > MOST_TABLE_ROWS:
        refuse("IN-014", f"hơn {MOST_TABLE_ROWS} dòng số liệu", f"more than {MOST_TABLE_ROWS} rows of counts")
    return tuple(found)


def counts(found: tuple[Table, ...]) -> frozenset[tuple[str, str]]:
    """Return the sheet and cell of every place in which a count is expected: there, a long number is no identity number."""
    return frozenset(
        (table.sheet.title, address(row, column))
        for table in found
        for row in range(table.first, table.end)
        for column in table.columns.values()
    )


def place_code(content: object) -> str:
    """Return a cell that looks like a place's code, number or text; empty where it does not."""
    if content is None or isinstance(content, bool) or not isinstance(content, int | float | str):
        return ""
    text = plain(content)
    return text if len(text) <= 5 and _CODE.fullmatch(text) else ""


def width(sheet: Sheet) -> int:
    """Return how many columns a sheet has."""
    return max(map(len, sheet.rows), default=0)


@dataclass
class _Heads:
    """The headings of a sheet: the texts of rows and what they mean."""

    sheet: Sheet
    rows: dict[int, list[str]] = field(default_factory=dict)

    def texts(self, row: int) -> list[str]:
        """The texts of a row, those of merged cells in each cell that they cover; numbers as text."""
        if row not in self.rows:
            self.rows[row] = [_text(self.sheet, row, c) for c in range(width(self.sheet))] if row >= 0 else [""] * width(self.sheet)
        return self.rows[row]

    def parents(self, row: int) -> list[str]:
        """The texts of a row, blank cells filled from the left: how a heading over several columns is exported."""
        filled, last = [], ""
        for text in self.texts(row):
            last = text or last
            filled.append(last)
        return filled

    def meant(self, row: int) -> dict[int, str]:
        """The columns of a row whose heading, alone or under the one above it, is an element."""
        above = self.parents(row - 1)
        found: dict[int, str] = {}
        for column, text in enumerate(self.texts(row)):
            # Without words of its own ("-", "5", "(1)", "người") a cell below a heading is no heading.
            if any(c.isalpha() for c in text) and role(text) not in ("unit", "total"):
                found[column] = meaning(text) or meaning(f"{above[column]} {text}")
        return {c: e for c, e in found.items() if e}

    def anchors(self, row: int) -> bool:
        """Whether a table's headings stand in this row."""
        if not any(isinstance(c, str) for c in self.sheet.rows[row]) or self.of_place(row):
            return False
        meant = self.meant(row)
        distinct = len(set(meant.values()))
        if distinct >= 2:
            return True
        near_by = [t for r in (row - 1, row) for t in self.texts(r) if t]
        return distinct == 1 and any(role(t) in ("code", "name") for t in near_by)

    def of_place(self, row: int) -> bool:
        """Whether a row holds a place's code or name: whatever else stands in it, it is no heading."""
        known = (place_code(c) for c in self.sheet.rows[row])
        return any(c in _codes() for c in known) or any(map(place_like, self.sheet.rows[row]))

    def goes_on(self, row: int) -> bool:
        """Whether a row below headings belongs to them: further headings, units or numbers of columns."""
        if row >= len(self.sheet.rows):
            return False
        texts = self.texts(row)
        if not any(texts) or self.of_place(row):
            return False
        if MAP_MARK in texts or self.meant(row):
            return True
        # A bare number is a unit of nothing: rows of counts that lost their place must not pass for headings.
        words = [t for t in texts if t]
        return all(any(c.isalpha() for c in t) and role(t) in ("unit", "order", "code", "name") for t in words) or self.numbers(row)

    def numbers(self, row: int) -> bool:
        """Whether a row only numbers the columns."""
        given = [t for t in self.texts(row) if t]
        marks = [t for t in given if not t.strip("()[] ").isalpha()]
        return len(given) - len(marks) <= 2 and all(len(t.strip("()[] ")) == 1 for t in given if t not in marks) and column_numbers(marks)

    def chain(self, column: int, first: int, last: int) -> list[tuple[int, str, bool]]:
        """Return a column's headings from top to bottom: row, text, and whether it spans other columns too."""
        found: list[tuple[int, str, bool]] = []
        below = False
        for row in range(last, first - 1, -1):
            own = self.texts(row)[column] if column < len(self.texts(row)) else ""
            start = self.sheet.merged.get((row, column))
            spans = start is not None and any(self.sheet.merged.get((row, c)) == start for c in (column - 1, column + 1) if c >= 0)
            text = own or (self.parents(row)[column] if below else "")
            if text and not (found and found[-1][1] == text):
                found.append((row, text, spans or not own))
            below = below or bool(own)
        chain = found[::-1]
        while len(chain) > 1 and role(chain[-1][1]) in ("unit", "total"):
            chain.pop()
        return chain


def _text(sheet: Sheet, row: int, column: int) -> str:
    content = sheet.at(*sheet.merged.get((row, column), (row, column)))
    return "" if isinstance(content, bool) or not isinstance(content, int | float | str) else plain(content)


def _on_sheet(sheet: Sheet) -> list[Table]:
    heads = _Heads(sheet)
    blocks: list[tuple[int, int]] = []  # first and last row of the headings
    row = 0
    while row < len(sheet.rows):
        if not heads.anchors(row):
            row += 1
            continue
        last = row
        while last < row + MOST_HEADING_ROWS and heads.goes_on(last + 1):
            last += 1
        blocks.append((row, last))
        row = last + 1
    starts = [first for first, _ in blocks] + [len(sheet.rows)]
    bounds = zip(blocks, starts[1:], [-1, *(last for _, last in blocks)], strict=False)
    return [_table(heads, first, last, end, before) for (first, last), end, before in bounds]


@dataclass
class _Found:
    """What is collected while the columns of a table are looked through."""

    columns: dict[str, int] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    taken: list[Column] = field(default_factory=list)
    unclear: list[Column] = field(default_factory=list)
    doubled: list[Column] = field(default_factory=list)
    crossed: list[Column] = field(default_factory=list)
    others: dict[int, Column] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=lambda: {"code": [], "name": []})


def _table(heads: _Heads, first: int, last: int, end: int, before: int) -> Table:
    """Return the table below headings; one or two rows above them may hold headings over several columns."""
    sheet, found = heads.sheet, _Found()
    top = first
    # A title has one text and a line of the cover two; headings over several columns have more.
    while top > max(before + 1, first - 2) and len({*heads.texts(top - 1), ""}) > 3 and not any(map(place_code, sheet.rows[top - 1])):
        top -= 1
    mapped = next((r for r in range(first, last + 1) if MAP_MARK in heads.texts(r)), None)
    for column in range(width(sheet)):
        chain = heads.chain(column, top, last)
        if chain:
            _column(found, column, chain, mapped)
    for column, odd in list(found.others.items()):
        likely = near(odd.heading)
        if len(likely) == 1 and likely[0] not in found.columns and mapped is None:
            found.columns[likely[0]] = column
            found.taken.append(Column(column, odd.row, odd.heading, likely))
            del found.others[column]
        elif len(likely) > 1:
            found.unclear.append(Column(column, odd.row, odd.heading, likely))
            del found.others[column]
    return _placed(Table(sheet, top, last + 1, end, found.columns, None, None, False, found.heads), found)


def _column(found: _Found, column: int, chain: list[tuple[int, str, bool]], mapped: int | None) -> None:
    """Say what one column is, by the headings over it."""
    row, lowest = chain[-1][:2]
    found.heads[column] = row
    texts = [t for _, t, _ in chain]
    meant = next((e for n in range(1, len(texts) + 1) if (e := meaning(" ".join(texts[-n:])))), "")
    if mapped is not None and row == mapped and (lowest == MAP_MARK or lowest == "name"):
        found.places["code" if lowest == MAP_MARK else "name"].append(column)
        return
    if not meant:
        what = next((r for t in reversed(texts) if (r := role(t))), "")
        if what in ("code", "name"):
            found.places[what].append(column)
        elif what != "order":
            found.others[column] = Column(column, row, lowest if len(texts) < 2 or near(lowest) else " ".join(texts[-2:]))
        return
    others = {e for _, t, spans in chain[:-1] if not spans and (e := meaning(t)) and e != meant}
    if others and mapped is not None and row == mapped:
        found.crossed.append(Column(column, row, lowest, (meant, min(others))))
    elif others:
        found.unclear.append(Column(column, row, lowest, tuple(sorted({meant, *others}))))
    elif meant in found.columns:
        found.doubled.append(Column(column, row, lowest, (meant,)))
    else:
        found.columns[meant] = column


def _placed(table: Table, found: _Found) -> Table:
    """Find the columns of codes and names: by what stands in them, else by their headings."""
    sheet, counted = table.sheet, set(found.columns.values())
    hits, filled = Counter[int](), Counter[int]()
    for row in range(table.first, table.end):
        for column, content in enumerate(sheet.rows[row]):
            if content is not None and column not in counted:
                filled[column] += 1
                hits[column] += place_code(content) in _codes()
    best = max(sorted(hits), key=lambda c: hits[c], default=None)
    good = best is not None and hits[best] > 0 and 2 * hits[best] >= filled[best]
    code = best if good else (found.places["code"][0] if found.places["code"] else None)
    names = [c for c in found.places["name"] if c != code]
    loose = [c for c in sorted(filled) if c not in names and c != code and c not in table.heads]
    unknown = [c for c in found.others if c != code]
    name = next(iter(names), None)
    if name is None:
        name = next((c for c in (*unknown, *loose) if any(place_like(sheet.at(r, c)) for r in range(table.first, table.end))), None)
    extra = tuple(odd for c, odd in found.others.items() if c not in (code, name) and _holds(sheet, c, table.first, table.end))
    return Table(
        sheet,
        table.top,
        table.first,
        table.end,
        dict(sorted(found.columns.items(), key=lambda pair: pair[1])),
        code,
        name,
        bool(names),
        found.heads,
        tuple(found.taken),
        tuple(found.unclear),
        tuple(found.doubled),
        tuple(found.crossed),
        extra,
        tuple(sorted({*found.places["code"], *found.places["name"]})),
    )


def _holds(sheet: Sheet, column: int, first: int, end: int) -> bool:
    return any(sheet.at(r, column) is not None for r in range(first, end))


@lru_cache(maxsize=1024)
def _ward_letters() -> frozenset[str]:
    return frozenset(folded(w.name.vi) for w in wards().values()) | frozenset(
        folded(w.name.vi).removeprefix("phuong ").removeprefix("xa ").removeprefix("thi tran ") for w in wards().values()
    )


@cache
def _codes() -> frozenset[str]:
    """Return the codes of all wards and districts."""
    return frozenset(wards()) | frozenset(districts())


def place_like(content: object) -> bool:
    """Whether a cell holds the name of a ward in its plainest writings; bare numbers are not."""
    if not isinstance(content, str):
        return False
    bare = folded(content)
    if bare.isdigit():
        return False
    return bare in _ward_letters() or _SHORT_KIND.sub("phuong ", bare) in _ward_letters()


def element_label(name: str) -> dict[str, str]:
    """Return an element's label as slots of a message."""
    label = elements()[name].label
    return {"label_vi": label.vi, "label_en": label.en}
