"""Totals rows: compared with the sum of the wards, never loaded."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils.cell import coordinate_to_tuple

from evaluation.contracts import REPORTED
from evaluation.indicators import elements
from evaluation.intake.book import address, plain
from evaluation.intake.cells import Value
from evaluation.intake.findings import Finding, finding
from evaluation.intake.layout import Table, element_label
from evaluation.intake.numbers import NotACount, read_count
from evaluation.intake.rows import Row
from evaluation.places import wards


def compared(placed: Sequence[tuple[Table, tuple[Row, ...]]], values: Sequence[Value], district: str, file: str) -> tuple[Finding, ...]:
    """Return what a comparison of totals with the sums of the wards shows.

    Parameters
    ----------
    placed : sequence of (Table, tuple of Row)
    values : sequence of Value
        As read from the same tables.
    district : str
        Code of the reporting district.
    file : str
        Name of the file, for the findings.

    Notes
    -----
    A total can be compared only where every ward gave a number: where one is
    missing, a difference says nothing, and a note counts such cells. Numbers
    typed as text are not in the sums that office programs compute, so a total
    that leaves just those out is no contradiction.
    """
    given = {(v[0], v[1]): v for v in values}
    found: list[Finding] = []
    for table, rows in placed:
        for row in (r for r in rows if r.total):
            found.extend(_row(table, row, given, district, file))
    return tuple(found)


def _row(table: Table, row: Row, given: dict[tuple[str, str], Value], district: str, file: str) -> list[Finding]:
    found, unsure, title, own = [], [], table.sheet.title, wards(district)
    for name, column in table.columns.items():
        content = table.sheet.at(row.number, column)
        if elements()[name].level != "ward" or not plain(content):
            continue
        cell = address(row.number, column)
        numbers = [v for w in own if (v := given.get((w, name))) and v[3] == REPORTED]
        summed = sum(float(v[2] or 0) for v in numbers)
        try:
            count = read_count(content)
        except NotACount:
            unsure.append(cell)
            continue
        if count.state == REPORTED and count.value == summed:
            continue
        if count.state != REPORTED or len(numbers) < len(own) or count.value == _typed_as_numbers(table, numbers):
            unsure.append(cell)
            continue
        slots = {"total": f"{count.value:.0f}", "sum": f"{summed:.0f}"}
        found.append(finding("IN-132", file, title, cell, element=name, unit=district, **element_label(name), **slots))
    if unsure:
        found.append(finding("IN-133", file, title, unsure[0], unit=district, count=str(len(unsure))))
    return found


def _typed_as_numbers(table: Table, numbers: list[Value]) -> float:
    """Return the sum of the cells that hold numbers and not text."""
    summed = 0.0
    for value in numbers:
        row, column = coordinate_to_tuple(value[5])
        if value[4] == table.sheet.title and not isinstance(table.sheet.at(row - 1, column - 1), str):
            summed += float(value[2] or 0)
    return summed
