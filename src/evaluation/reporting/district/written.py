"""How a district report writes values, changes and absences: one way, from results, in both languages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.indicators import Indicator, elements, indicators
from evaluation.language import number, number_span, percent, points, say, span
from evaluation.monitoring.reading import UNCLEAR, Reading, way
from evaluation.reporting.model import Cell, Column, Table

Row = Mapping[Hashable, Any]


def value(indicator: Indicator, x: float, language: str) -> str:
    """Write a value of an indicator in its unit."""
    if indicator.measure == "proportion":
        return percent(x, language)
    if indicator.measure == "rate":
        return number(x, language, 2)
    if indicator.measure == "yes_no":
        return say("state.yes" if x > 0 else "state.no", language)
    return number(x, language)


def interval(indicator: Indicator, low: float, high: float, language: str) -> str:
    """Write an interval in the indicator's unit; empty for yes or no."""
    if indicator.measure == "yes_no":
        return ""
    digits = 1 if indicator.measure == "count" else 0
    if digits:
        return number_span(low, high, language, digits)
    return span(value(indicator, low, language), value(indicator, high, language), language)


def absent(state: str, language: str) -> Cell:
    """Return the cell of a value that cannot be shown."""
    return Cell(say(f"state.{state}", language), state)


def relative(ratio: float, language: str) -> str:
    """Write a ratio as a relative change: 1.25 is "25,0%"; the sign is the sentence's."""
    return percent(abs(ratio - 1), language)


def signed(ratio: float, language: str) -> str:
    """Write a ratio as a signed relative change: 0.8 is "−20,0%"."""
    return percent(ratio - 1, language)


def change_interval(row: Row, language: str) -> str:
    """Write the interval of a change on its own scale."""
    if row["scale"] == "difference":
        return points_interval(row["low"], row["high"], language)
    return span(signed(row["low"], language), signed(row["high"], language), language)


def points_interval(low: float, high: float, language: str) -> str:
    """Write an interval of a difference of shares; its unit stands with the estimate before it."""
    return number_span(100 * low, 100 * high, language, 1)


def change_sentence(row: Row, language: str) -> str:
    """Return the clause on a change: direction only where the interval leaves out no change."""
    if row["state"] != SHOWN:
        return say("change.none", language, why=say(f"why.{row['state']}", language))
    moved, scale = way(row), str(row["scale"])
    size = row["change"] if moved == UNCLEAR else abs(row["change"]) if scale == "difference" else row["change"]
    slots = {"interval": change_interval(row, language)}
    if scale == "difference":
        slots["points"] = points(size, language)
    else:
        slots["relative"] = (signed if moved == UNCLEAR else relative)(size, language)
    return say(f"change.{moved}.{scale}", language, **slots)


@dataclass(frozen=True)
class IndicatorRow:
    """All that a report says of one indicator: its rows of values and changes, its course, its reading, its target."""

    now: Row
    before: Row
    change: Row
    course: tuple[float | None, ...]
    reading: Reading
    target: str = ""


def indicator_table(name: str, caption: str, rows: Sequence[IndicatorRow], language: str, note: str = "", read: bool = True) -> Table:
    """Return the table of indicators of a place: a row each, and under it one sentence made by rules.

    Parameters
    ----------
    name, caption : str
    rows : sequence of IndicatorRow
        In the order to show.
    language : {"vi", "en"}
    note : str
        Put before the count of withheld and missing cells.
    read : bool
        Whether changes are read, held against their chart and a target;
        never for context.
    """
    aims = any(row.target for row in rows)
    heads = [("ind.name", 23), ("ind.course", 12), ("ind.value", 20), ("ind.change", 20)]
    if read:
        heads += [("ind.chart", 13), *([("ind.target", 9)] if aims else []), ("ind.counted", 8)]
    made = [_indicator_row(row, language, read, aims) for row in rows]
    said = tuple(said_of(row, language) for row in rows) if read else ()
    states = [cell.state for row in made for cell in row]
    counted = say("state.counted", language, withheld=states.count(WITHHELD), missing=states.count(MISSING))
    numeric = ("ind.value", "ind.change", "ind.counted")
    columns = tuple(Column(say(k, language), k in numeric, k == "ind.name", width) for k, width in heads)
    none = say("ind.target.none", language) if read and not aims else ""
    return Table(name, caption, columns, tuple(made), " ".join(n for n in (note, none, counted) if n), said)


def said_of(row: IndicatorRow, language: str) -> str:
    """Return the one sentence on an indicator: of what moved, beyond what, whether the others did, and who is missing."""
    reading = row.reading
    if reading.state != SHOWN:
        return say(f"said.absent.{reading.state}", language)
    if indicators()[reading.indicator].measure == "yes_no":
        known = row.before["state"] == SHOWN
        same = known and (row.now["value"] > 0) == (row.before["value"] > 0)
        return say(f"said.route.{'same' if same else 'changed' if known else 'unknown'}", language)
    slots = {"counted": reading.counted, "expected": reading.expected, "before": reading.counted_before}
    return " ".join(say(f"said.{clause}", language, **slots) for clause in reading.clauses)


def _indicator_row(row: IndicatorRow, language: str, read: bool, aims: bool) -> tuple[Cell, ...]:
    known = indicators()[str(row.now["indicator"])]
    cells = [Cell(known.label[language]), _course_cell(known, row.course, language), _value_cell(known, row.now, language)]
    plain = known.measure == "yes_no"
    cells.append(Cell("") if plain else _change_cell(known, row.before, row.change, language))
    if not read:
        return tuple(cells)
    chart = Cell("") if plain or row.now["state"] != SHOWN else Cell(say(f"reading.{row.reading.chart}", language))
    wards = Cell(f"{row.reading.counted}/{row.reading.expected}" if row.reading.expected else "")
    return (*cells, chart, *([Cell(row.target)] if aims else []), wards)


def _course_cell(known: Indicator, course: tuple[float | None, ...], language: str) -> Cell:
    """Return the small line over the quarters with its words: first and last value, and how many have none."""
    shown = [v for v in course if v is not None]
    if known.measure == "yes_no" or len(shown) < 2:
        return Cell("")
    slots = {"first": value(known, shown[0], language), "last": value(known, shown[-1], language), "n": len(shown), "total": len(course)}
    return Cell(say("ind.course.text", language, **slots), course=course)


def _change_cell(known: Indicator, before: Row, change: Row, language: str) -> Cell:
    """Return the change with its interval and the value that it is a change from."""
    if change["state"] != SHOWN:
        return absent(str(change["state"]), language)
    write = points if change["scale"] == "difference" else signed
    was = say("ind.change.before", language, value=value(known, before["value"], language))
    return Cell(f"{write(change['change'], language)} ({change_interval(change, language)}; {was})")


def _value_cell(known: Indicator, row: Row, language: str) -> Cell:
    """Return value, interval, and what a share is out of."""
    if row["state"] != SHOWN:
        return absent(str(row["state"]), language)
    share = known.measure == "proportion"
    # What stands at the end of a quarter is a count of all there is: chance has no part in it.
    standing = known.measure == "count" and elements()[known.numerator].accumulates == "stock"
    inner = "" if standing else interval(known, row["low"], row["high"], language)
    base = f"{number(row['numerator'], language)}/{number(row['denominator'], language)}" if share else ""
    behind = "; ".join(part for part in (inner, base) if part)
    return Cell(value(known, row["value"], language) + (f" ({behind})" if behind else ""))


def key_figure(row: Row, kind: str = "indicator") -> dict[str, Any]:
    """Return a row as a typed key figure: numbers or null, and the state that says why."""

    def plain(x: Any) -> Any:
        return None if isinstance(x, float) and x != x else x

    return {"kind": kind, "id": str(row["indicator"]), **{str(k): plain(v) for k, v in row.items() if k != "indicator"}}
