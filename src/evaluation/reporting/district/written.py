"""How a district report writes values, changes and absences: one way, from results, in both languages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.indicators import Indicator, elements, indicators
from evaluation.language import number, percent, points, say, span
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
        return span(number(low, language, digits), number(high, language, digits), language)
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


def direction(row: Row) -> str:
    """Return "up", "down" or "unclear" of a shown change."""
    if not row["clear"]:
        return "unclear"
    none = 0.0 if row["scale"] == "difference" else 1.0
    return "up" if row["change"] > none else "down"


def change_interval(row: Row, language: str) -> str:
    """Write the interval of a change on its own scale."""
    if row["scale"] == "difference":
        return points_interval(row["low"], row["high"], language)
    return span(signed(row["low"], language), signed(row["high"], language), language)


def points_interval(low: float, high: float, language: str) -> str:
    """Write an interval of a difference of shares; its unit stands with the estimate before it."""
    return span(number(100 * low, language, 1), number(100 * high, language, 1), language)


def change_sentence(row: Row, language: str) -> str:
    """Return the clause on a change: direction only where the interval leaves out no change."""
    if row["state"] != SHOWN:
        return say("change.none", language, why=say(f"why.{row['state']}", language))
    way, scale = direction(row), str(row["scale"])
    size = row["change"] if way == "unclear" else abs(row["change"]) if scale == "difference" else row["change"]
    slots = {"interval": change_interval(row, language)}
    if scale == "difference":
        slots["points"] = points(size, language)
    else:
        slots["relative"] = (signed if way == "unclear" else relative)(size, language)
    return say(f"change.{way}.{scale}", language, **slots)


def change_cells(row: Row, language: str) -> tuple[Cell, Cell]:
    """Return the table cells of a change: size with interval, and how to read it."""
    if row["state"] != SHOWN:
        return absent(str(row["state"]), language), Cell("")
    write = points if row["scale"] == "difference" else signed
    text = f"{write(row['change'], language)} ({change_interval(row, language)})"
    return Cell(text), Cell(say(f"change.word.{direction(row)}", language))


def indicator_table(
    name: str, caption: str, rows: list[tuple[Row, Row, Row]], language: str, note: str = "", read_changes: bool = True
) -> Table:
    """Return the table of indicators of a place.

    Parameters
    ----------
    name, caption : str
    rows : list of (now, before, change)
        Rows of the indicator and change frames, in the order to show.
    language : {"vi", "en"}
    note : str
        Put before the count of withheld and missing cells.
    read_changes : bool
        Whether changes are read as up or down; never for context.
    """
    heads = [("ind.name", 28), ("ind.value", 10), ("ind.base", 10), ("ind.interval", 15), ("ind.before", 10), ("ind.change", 16)]
    if read_changes:
        heads.append(("ind.reading", 11))
    made = [_indicator_row(now, before, change, language, read_changes) for now, before, change in rows]
    states = [cell.state for row in made for cell in row]
    counted = say("state.counted", language, withheld=states.count(WITHHELD), missing=states.count(MISSING))
    columns = tuple(Column(say(k, language), k not in ("ind.name", "ind.reading"), k == "ind.name", width) for k, width in heads)
    return Table(name, caption, columns, tuple(made), " ".join(n for n in (note, counted) if n))


def _indicator_row(now: Row, before: Row, change: Row, language: str, read_changes: bool) -> tuple[Cell, ...]:
    known = indicators()[str(now["indicator"])]
    cells = [Cell(known.label[language]), _value_cell(known, now, language)]
    if now["state"] == SHOWN:
        share = known.measure == "proportion"
        cells.append(Cell(f"{number(now['numerator'], language)}/{number(now['denominator'], language)}" if share else ""))
        # What stands at the end of a quarter is a count of all there is: chance has no part in it.
        standing = known.measure == "count" and elements()[known.numerator].accumulates == "stock"
        cells.append(Cell("" if standing else interval(known, now["low"], now["high"], language)))
    else:
        cells += [Cell(""), Cell("")]
    cells.append(_value_cell(known, before, language))
    size, reading = (Cell(""), Cell("")) if known.measure == "yes_no" else change_cells(change, language)
    return (*cells, size, reading) if read_changes else (*cells, size)


def _value_cell(known: Indicator, row: Row, language: str) -> Cell:
    return Cell(value(known, row["value"], language)) if row["state"] == SHOWN else absent(str(row["state"]), language)


def key_figure(row: Row, kind: str = "indicator") -> dict[str, Any]:
    """Return a row as a typed key figure: numbers or null, and the state that says why."""

    def plain(x: Any) -> Any:
        return None if isinstance(x, float) and x != x else x

    return {"kind": kind, "id": str(row["indicator"]), **{str(k): plain(v) for k, v in row.items() if k != "indicator"}}
