"""Which place each row of a table stands for: a ward, the district, a total, or nothing that can be loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from evaluation.contracts import REPORTED
from evaluation.indicators import elements
from evaluation.intake.book import address, folded, plain
from evaluation.intake.findings import Finding, finding
from evaluation.intake.headings import TOTALS
from evaluation.intake.layout import Table, place_code
from evaluation.intake.numbers import NotACount, read_count
from evaluation.places import AmbiguousPlace, UnknownPlace, districts, find_district, find_ward, wards

_TOTAL_OF = ("tong cong", "tong so", "cong cac", "toan quan", "toan huyen")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Row:
    """A row of counts.

    Attributes
    ----------
    number : int
        From 0.
    unit : str
        Code of its ward or district.
    total : bool
        Whether its counts of wards are sums over the district.
    """

    number: int
    unit: str
    total: bool = False


@dataclass
class _Rows:
    """What is collected while a table's rows are looked through."""

    table: Table
    district: str
    file: str
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def say(self, code: str, row: int, column: int | None, unit: str = "") -> None:
        name = districts()[self.district].name
        cell = address(row, self.table.code or 0 if column is None else column)
        self.findings.append(finding(code, self.file, self.table.sheet.title, cell, unit=unit, district_vi=name.vi, district_en=name.en))


def placed(table: Table, district: str, file: str) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Return the rows of a table by place, and what is wrong with them.

    Parameters
    ----------
    table : Table
    district : str
        Code of the reporting district.
    file : str
        Name of the file, for the findings.

    Returns
    -------
    tuple of Row
        In the table's order; of two rows for one place the first.
    tuple of Finding
    """
    found = _Rows(table, district, file)
    seen: set[str] = set()
    loose: list[int] = []
    for row in range(table.first, table.end):
        if not any(c is not None for c in table.sheet.rows[row]):
            continue
        if is_total(table, row, district):
            found.rows.append(Row(row, district, total=True))
            continue
        unit, column, wrong = _unit(table, row, district)
        if wrong:
            found.say(wrong, row, column, unit)
        elif (other := _other_place(table, row, unit, district)) is not None:
            found.say("IN-147", row, other, unit)
        elif unit in seen:
            found.say("IN-105", row, column, unit)
        elif unit:
            seen.add(unit)
            found.rows.append(Row(row, unit, total=unit == district and _of_wards(table)))
        else:
            loose.append(row)
    _loose(found, loose)
    found.rows.sort(key=lambda r: r.number)
    return tuple(found.rows), tuple(found.findings)


def is_total(table: Table, row: int, district: str) -> bool:
    """Whether a row says that it is a total: where its place should stand, or anywhere if it has no ward."""
    said = [c for c, content in enumerate(table.sheet.rows[row]) if _says_total(content)]
    if any(c in (table.code, table.name) for c in said):
        return True
    return bool(said) and len(_unit(table, row, district)[0]) != 5


def _says_total(content: object) -> bool:
    if not isinstance(content, str) or len(content) > LONGEST_NAME:
        return False
    bare = folded(content)
    return bare in TOTALS or bare.startswith(_TOTAL_OF)


def _of_wards(table: Table) -> bool:
    return any(elements()[e].level == "ward" for e in table.columns)


def _unit(table: Table, row: int, district: str) -> tuple[str, int | None, str]:
    """Return a row's place, the column that says it, and the code of a finding where it cannot stand so."""
    by_name, name_column = "", table.name
    if table.name is not None:
        by_name = named(table.sheet.at(row, table.name), district, table.named)
    content = table.sheet.at(row, table.code) if table.code is not None else None
    text = plain(content)
    if not text:
        return by_name, name_column, ""
    code = place_code(content)
    ward = wards().get(code)
    if code == district or (ward is not None and ward.district_code == district):
        return code, table.code, "IN-136" if by_name and by_name != code else ""
    if not code and isinstance(content, str) and not any(c.isdigit() for c in text):
        in_code_column = named(content, district)
        if in_code_column or not _holds_counts(table, row):
            return in_code_column or by_name, table.code, ""
    if not code and (in_code_column := named(content, district)):
        return in_code_column, table.code, ""
    return "", table.code, "IN-104"


def _other_place(table: Table, row: int, unit: str, district: str) -> int | None:
    """Return a column of places that names another ward than the row's own: two tables side by side, in two orders."""
    for column in table.places if len(unit) == 5 else ():
        content = table.sheet.at(row, column)
        said = place_code(content) or named(content, district, table.named)
        if len(said) == 5 and said != unit:
            return column
    return None


def named(content: object, district: str, by_number: bool = False) -> str:
    """Return the code of the ward in this district, or of the district itself, that a cell names; empty where none.

    Parameters
    ----------
    content : object
    district : str
    by_number : bool
        Whether a bare number is a ward's name ("Phường" as the heading, 1
        below it); elsewhere it may count the rows.
    """
    text = plain(content) if isinstance(content, str | int | float) and not isinstance(content, bool) else ""
    if not text or len(text) > LONGEST_NAME:
        return ""
    if text.isdigit():
        return _named(f"Phường {int(text)}", district) if by_number and len(text) <= 2 else ""
    return _named(text, district)


@lru_cache(maxsize=32)
def _ward_letters(district: str) -> tuple[str, ...]:
    return tuple(_letters(re.sub(r"^(?:Phường|Xã|Thị trấn) ", "", w.name.vi)) for w in wards(district).values())


def _letters(text: str) -> str:
    return folded(text).replace(" ", "").replace("y", "i")


@lru_cache(maxsize=2048)
def _named(text: str, district: str) -> str:
    # The search for the nearest names takes time; it is not asked for texts that hold no ward's name at all.
    letters = _letters(text)
    if any(own in letters for own in _ward_letters(district)):
        try:
            return find_ward(text, district).code
        except (UnknownPlace, AmbiguousPlace):
            pass
    bare = folded(text)
    if not bare.startswith(("quan", "huyen", "q ", "h ", "district")) and not bare.endswith("district"):
        return ""
    try:
        return district if find_district(text).code == district else ""
    except (UnknownPlace, AmbiguousPlace):
        return ""


def _counts(table: Table, row: int) -> dict[str, float]:
    """Return the numbers in a row's count columns; what is no number is left out."""
    found: dict[str, float] = {}
    for name, column in table.columns.items():
        try:
            count = read_count(table.sheet.at(row, column))
        except NotACount:
            continue
        if count.state == REPORTED:
            found[name] = count.value
    return found


def _holds_counts(table: Table, row: int) -> bool:
    """Return whether a row outside the wards holds a number or a formula: signatures and notes below the table do not."""
    return bool(_counts(table, row)) or any((row, c) in table.sheet.formulas for c in table.columns.values())


def _loose(found: _Rows, loose: list[int]) -> None:
    """Judge the rows without a place: a total without a name, a row whose place is lost, or a line of text."""
    table = found.table
    wards_rows = [r.number for r in found.rows if not r.total]
    last = max(wards_rows, default=-1)
    sums: dict[str, float] = {}
    for row in wards_rows:
        for name, value in _counts(table, row).items():
            sums[name] = sums.get(name, 0.0) + value
    for row in loose:
        own = _counts(table, row)
        if row > last and len(wards_rows) > 1 and any(own.values()) and all(sums.get(n) == v for n, v in own.items()):
            found.rows.append(Row(row, found.district, total=True))
            continue
        name = plain(table.sheet.at(row, table.name)) if table.name is not None else ""
        filled = any(plain(table.sheet.at(row, c)) for c in table.columns.values())
        if _holds_counts(table, row) or (name and filled and row < last):
            found.say("IN-135" if name else "IN-107", row, table.name if name else table.code)
