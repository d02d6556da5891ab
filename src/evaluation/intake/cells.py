"""The count cells of a file's tables: what each holds, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.contracts import REPORTED
from evaluation.indicators import elements
from evaluation.intake.book import Place, address, plain
from evaluation.intake.findings import Finding, finding
from evaluation.intake.layout import Table, element_label
from evaluation.intake.numbers import COMMA, POINT, SPACE, Count, NotACount, Separators, read_count
from evaluation.intake.rows import Row
from evaluation.language import Words

SIGNS = {POINT: Words("dấu chấm", "a point"), COMMA: Words("dấu phẩy", "a comma"), SPACE: Words("khoảng trắng", "a space")}

Value = tuple[str, str, float | None, str, str, str]


@dataclass(frozen=True)
class _Cell:
    """One count cell of a place's row, with its count or the code of what is wrong."""

    sheet: str
    row: int
    column: int
    unit: str
    element: str
    count: Count | None
    wrong: str = ""
    formula: bool = False

    @property
    def address(self) -> str:
        return address(self.row, self.column)


def read(placed: Sequence[tuple[Table, tuple[Row, ...]]], file: str) -> tuple[tuple[Value, ...], tuple[Finding, ...]]:
    """Return the values of all tables, and what is wrong with their cells.

    Parameters
    ----------
    placed : sequence of (Table, tuple of Row)
    file : str
        Name of the file, for the findings.

    Returns
    -------
    tuple of Value
        In the order of `reading.VALUE_COLUMNS`.
    tuple of Finding
    """
    cells = [cell for table, rows in placed for cell in _cells(table, rows)]
    kept, findings = _once(cells, file)
    separators = Separators.of(c.count.sign for c in kept if c.count)
    values: list[Value] = []
    for cell in kept:
        label = element_label(cell.element)
        place = {"element": cell.element, "unit": cell.unit}
        if cell.count is None:
            if cell.wrong:
                findings.append(finding(cell.wrong, file, cell.sheet, cell.address, **place, **label))
        elif separators.against(cell.count.sign):
            own, other = SIGNS[cell.count.sign], SIGNS[separators.other(cell.count.sign)]
            signs = {"own_vi": own.vi, "own_en": own.en, "other_vi": other.vi, "other_en": other.en}
            findings.append(finding("IN-124", file, cell.sheet, cell.address, **place, **label, **signs))
        else:
            count = cell.count
            value = count.value if count.state == REPORTED else None
            values.append((cell.unit, cell.element, value, count.state, cell.sheet, cell.address))
    findings += _said_once(kept, separators, file)
    return tuple(values), tuple(findings)


def _cells(table: Table, rows: tuple[Row, ...]) -> Iterator[_Cell]:
    own = {r.unit for r in rows if r.unit and not r.total}
    shared = _shared(table)
    district_rows = [r for r in rows if len(r.unit) == 3 and not r.total] or [r for r in rows if r.total][:1]
    for row in rows:
        for name, column in table.columns.items():
            of_ward = elements()[name].level == "ward"
            if (of_ward and not row.total and len(row.unit) == 5) or (not of_ward and row in district_rows):
                yield _cell(table, row, name, column, shared)
            elif not of_ward and len(row.unit) == 5 and row.unit in own and plain(table.sheet.at(row.number, column)):
                yield _Cell(table.sheet.title, row.number, column, row.unit, name, None, "IN-146")


def _cell(table: Table, row: Row, name: str, column: int, shared: frozenset[Place]) -> _Cell:
    sheet, place = table.sheet, (row.number, column)
    content, stored = sheet.at(*place), sheet.formulas.get(place)
    count, wrong = None, ""
    start = sheet.merged.get(place)
    if start is not None and start in shared and plain(sheet.at(*start)):
        wrong = "IN-126" if place == start or start[1] not in table.columns.values() else "merged"
    elif stored is False or (stored and content is None):
        wrong = "IN-103"
    else:
        try:
            count = read_count(content, place in sheet.percents)
        except NotACount as error:
            wrong = error.code
    return _Cell(sheet.title, *place, row.unit, name, count, wrong, formula=bool(stored))


def _shared(table: Table) -> frozenset[Place]:
    """Return the first cells of merged ranges that cover more than one cell in which a count or a place may stand."""
    known = {*table.columns.values(), *(c for c in (table.code, table.name) if c is not None)}
    covered = Counter(start for place, start in table.sheet.merged.items() if place[1] in known and place[0] >= table.first)
    return frozenset(start for start, count in covered.items() if count > 1)


def _once(cells: list[_Cell], file: str) -> tuple[list[_Cell], list[Finding]]:
    """Keep one cell for each place and element; tables that repeat others are named once each."""
    first: dict[tuple[str, str], _Cell] = {}
    again: dict[tuple[str, str], list[_Cell]] = {}
    kept: list[_Cell] = []
    for cell in cells:
        earlier = first.setdefault((cell.unit, cell.element), cell)
        if cell.wrong == "merged":
            continue
        if earlier is not cell and cell.wrong != "IN-146":
            again.setdefault((cell.sheet, earlier.sheet), []).append(cell)
        else:
            kept.append(cell)
    return kept, [
        finding("IN-138", file, sheet, repeated[0].address, other=other, count=str(len(repeated)))
        for (sheet, other), repeated in again.items()
    ]


def _said_once(cells: list[_Cell], separators: Separators, file: str) -> list[Finding]:
    """Say once per file how numbers with separators and formulas were read."""
    found = []
    typed = [c for c in cells if c.count and c.count.sign and not separators.against(c.count.sign)]
    if typed:
        sign = typed[0].count.sign if typed[0].count else ""
        slots = {"count": str(len(typed)), "example": typed[0].address, "mark": sign}
        said = {"sign_vi": SIGNS[sign].vi, "sign_en": SIGNS[sign].en}
        found.append(finding("IN-301", file, typed[0].sheet, typed[0].address, **slots, **said))
    formulas = [c for c in cells if c.formula and c.count]
    if formulas:
        slots = {"count": str(len(formulas)), "example": formulas[0].address}
        found.append(finding("IN-302", file, formulas[0].sheet, formulas[0].address, **slots))
    return found
