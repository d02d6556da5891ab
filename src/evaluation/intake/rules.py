"""The codebook's rules, applied to one file: within itself, against the plan's dates, against the district's own past.

`within` runs in the process that reads files and needs no pandas; `against`
runs where the store is. All findings are kept; a reply groups them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.contracts import NOT_APPLICABLE, NOT_REPORTED, REPORTED
from evaluation.indicators import elements
from evaluation.intake.findings import Finding, finding
from evaluation.intake.form import Cover
from evaluation.intake.reading import Reading
from evaluation.intake.rulebook import WARN, Rule, of_check, rules
from evaluation.language import Words, day, listed, number
from evaluation.places import districts, ward_residents, wards
from evaluation.quality.copies import equal_across, equal_rows

if TYPE_CHECKING:
    import pandas as pd


WHOLE_MISSING = "IN-205"


@dataclass(frozen=True)
class Cell:
    """One value of a file with its place."""

    unit: str
    element: str
    value: float | None
    state: str
    sheet: str
    cell: str


Cells = Mapping[tuple[str, str], Cell]


def spoken(**slots: Words | float | int | str) -> dict[str, str]:
    """Return slots of a message: words and numbers in both languages, text as it is."""
    written: dict[str, str] = {}
    for name, content in slots.items():
        if isinstance(content, Words):
            written |= {f"{name}_vi": content.vi, f"{name}_en": content.en}
        elif isinstance(content, str):
            written[name] = content
        else:
            written |= {f"{name}_vi": number(content, "vi"), f"{name}_en": number(content, "en")}
    return written


def label(names: tuple[str, ...]) -> Words:
    """Return the labels of elements as words of a sentence."""
    known = [elements()[n].label for n in names]
    return Words(listed([w.vi for w in known], "vi"), listed([w.en for w in known], "en"))


def unit_name(code: str) -> Words:
    """Return the name of a ward or district."""
    ward = wards().get(code)
    return ward.name if ward else districts()[code].name


def within(reading: Reading) -> tuple[Finding, ...]:
    """Check a file by itself: parts and wholes, ranges, equal figures.

    Parameters
    ----------
    reading : Reading

    Returns
    -------
    tuple of Finding
        Each with its cell, element and ward; none where the file has no cover.
    """
    if reading.cover is None:
        return ()
    cells = {(str(r[0]), str(r[1])): Cell(*r) for r in reading.rows}
    found: list[Finding] = []
    for unit in dict.fromkeys(u for u, _ in cells):
        found.extend(_linear(reading, unit, cells, reading.cover))
    for rule in of_check("range"):
        found.extend(_ranges(reading, rule, cells, reading.cover))
    for rule in of_check("equal"):
        found.extend(_equal_columns(reading, rule, cells))
    for rule in of_check("equal_rows"):
        found.extend(_equal_rows(reading, rule, cells))
    return tuple(found)


def _total(cells: Cells, unit: str, names: tuple[str, ...]) -> float | None:
    """Return the sum of a unit's counts, None unless all are reported."""
    values = [cells[unit, n].value if (unit, n) in cells else None for n in names]
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(names) else None


def _linear(reading: Reading, unit: str, cells: Cells, cover: Cover) -> Iterator[Finding]:
    failed: list[Rule] = []
    alone: dict[str, list[str]] = {}
    for rule in of_check("linear"):
        if cover.form_version < rule.form_since or any(f.right == rule.right and set(f.left) < set(rule.left) for f in failed):
            continue  # not sure of that form, or said already of fewer cells
        left, right = _total(cells, unit, rule.left), _total(cells, unit, rule.right)
        if left is None:
            continue
        if right is None:
            if rule.one_missing == WARN and left > rule.least:
                for name in (n for n in rule.right if (unit, n) in cells and cells[unit, n].state in (NOT_REPORTED, NOT_APPLICABLE)):
                    alone.setdefault(name, []).extend(rule.left)
        elif left >= rule.least and (left > rule.factor * right if rule.operator == "<=" else left != rule.factor * right):
            failed.append(rule)
            at = cells[unit, rule.left[0]]
            slots = spoken(label=rule.label, left=label(rule.left), right=label(rule.right))
            slots |= spoken(left_value=left, right_value=rule.factor * right)
            yield finding(rule.code, reading.file, at.sheet, at.cell, rule.left[0], unit, **slots)
    for name, parts in alone.items():
        at = cells[unit, name]
        slots = spoken(left=label(tuple(dict.fromkeys(parts))), right=label((name,)))
        yield finding(WHOLE_MISSING, reading.file, at.sheet, at.cell, name, unit, **slots)


def _ranges(reading: Reading, rule: Rule, cells: Cells, cover: Cover) -> Iterator[Finding]:
    for at in cells.values():
        if at.element not in rule.reads or at.value is None:
            continue
        if rule.operator == "in":
            if str(float(at.value)) in rule.right:
                continue
            slots = {"allowed": ", ".join(f"{float(v):.0f}" for v in rule.right)}
        else:
            if len(at.unit) == 3 or at.value < rule.least:
                continue
            try:
                people = ward_residents(at.unit, cover.period)
            except ValueError:  # no population so far from both censuses
                continue
            if at.value <= rule.factor * people:
                continue
            slots = spoken(most=rule.factor * people, residents=people)
        slots |= spoken(left=label((at.element,)), value=at.value)
        yield finding(rule.code, reading.file, at.sheet, at.cell, at.element, at.unit, **slots)


def _equal_columns(reading: Reading, rule: Rule, cells: Cells) -> Iterator[Finding]:
    for name in (n for n in elements() if n in rule.reads):
        column = {at.unit: at for at in cells.values() if at.element == name and at.value is not None}
        figures = {unit: float(at.value) for unit, at in column.items() if at.value is not None}
        found = equal_across(figures, rule.least, rule.factor, rule.limit)
        if found is None:
            continue
        value, k, n, chance = found
        first = next(at for at in column.values() if at.value == value)
        slots = spoken(left=label((name,)), n=k, of=n, value=value, chance=written_chance(chance))
        yield finding(rule.code, reading.file, first.sheet, first.cell, name, "", **slots)


def _equal_rows(reading: Reading, rule: Rule, cells: Cells) -> Iterator[Finding]:
    sheets = dict.fromkeys(at.sheet for at in cells.values() if at.cell)  # a text table has one sheet without a name
    for sheet in sheets:
        rows: dict[str, dict[str, float]] = {}
        first: dict[str, str] = {}
        for at in cells.values():
            if at.sheet == sheet and at.element in rule.reads and at.state == REPORTED and at.value is not None:
                rows.setdefault(at.unit, {})[at.element] = at.value
                first.setdefault(at.unit, at.cell)
        for one, other, n, _ in equal_rows(rows, rule.least, rule.limit):
            slots = spoken(ward=unit_name(other), other=unit_name(one), n=n)
            yield finding(rule.code, reading.file, sheet, first[other], "", other, **slots)


def written_chance(chance: float) -> Words:
    """Return a bound on a probability as "0,001": the next power of ten, never below one in a million."""
    places = 1
    while places < 6 and chance <= 10.0 ** -(places + 1):
        places += 1
    return Words(number(10.0**-places, "vi", places), number(10.0**-places, "en", places))


def timing(reading: Reading, received: dt.date) -> tuple[Finding, ...]:
    """Check the day on which a file came against the plan's dates.

    Parameters
    ----------
    reading : Reading
    received : date

    Returns
    -------
    tuple of Finding
        Late after the districts' date or the Department's, early while the
        data window is open, impossible before it opens, or a quarter long past.
    """
    if reading.cover is None:
        return ()
    period = reading.cover.period
    opens, closes = period.window
    slots = {"period": Words(period.label("vi"), period.label("en"))}
    dates = {"received": received, "opens": opens, "closes": closes, "due": period.district_due}
    late = (received - period.district_due).days
    limit = {r.id: r.limit for r in rules().values() if r.check == "timing"}
    if received < opens:
        code, days = "IN-504", (opens - received).days
    elif late > limit["long_past"]:
        code, days = "IN-505", late
    elif received > period.department_due:
        code, days, dates["due"] = "IN-502", late, period.department_due
    elif late > 0:
        code, days = "IN-501", late
    elif (closes - received).days > limit["early"]:
        code, days = "IN-503", (closes - received).days
    else:
        return ()
    written = slots | {name: Words(day(date, "vi"), day(date, "en")) for name, date in dates.items()}
    return (finding(code, reading.file, **spoken(days=days, **written)),)


def against(reading: Reading, history: pd.DataFrame, received: dt.date) -> tuple[Finding, ...]:
    """Check a file against the district's own earlier quarters.

    Parameters
    ----------
    reading : Reading
    history : DataFrame
        unit_code, period, element, value, state of the district, in force
        when the file came; quarters from the file's own on are not looked at.
        With a column form_version, figures that an older form counted
        otherwise are left out.
    received : date
        The day on which the file came.

    Returns
    -------
    tuple of Finding
        Ten-fold sheets and rows, rows of zeros, digits typed twice, jumps,
        copies of an earlier quarter, groups of people who do not agree with
        those reported earlier, and running totals that fall.
    """
    from evaluation.intake import past

    return past.against(reading, history, received)
