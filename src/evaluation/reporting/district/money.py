"""What it cost: money spent against planned, and per person reached or tested, beside the district's own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.costs.budget import DISTRICT
from evaluation.costs.counts import yearly_counts
from evaluation.costs.lines import CostLine, cost_lines
from evaluation.costs.unit_costs import UnitCosts, decimals, unit_costs
from evaluation.indicators import elements
from evaluation.language import halves, number, number_span, percent, say
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import Row, absent
from evaluation.reporting.model import Block, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture

if TYPE_CHECKING:
    import pandas as pd

DRAWN = "outreach"
HEADS = {"line": 16, "planned": 10, "spent": 10, "rate": 9, "step": 24, "count": 9, "each": 22}  # widths in percent
NUMERIC = ("planned", "spent", "rate", "count", "each")


def money(subject: Subject) -> Section:
    """Return the part on money: a table by budget line and, where it can be had, the unit cost over the years."""
    speak, title = subject.language, say("money.title", subject.language)
    budget, year = subject.evidence.budget, _year(subject)
    if budget.problem:
        return Section("money", title, (Paragraph(say("money.problem", speak, problem=halves(budget.problem)[speak]), "warning"),))
    frame = budget.frame
    own = None if frame is None else frame[(frame["scope"] == DISTRICT) & (frame["code"] == subject.code) & (frame["year"] == year)]
    if frame is None or own is None or own.empty:
        return Section("money", title, (Paragraph(say("money.none", speak, year=year, place=subject.place)),))
    each = {line.id: _unit_costs(subject, frame, line) for line in cost_lines().values() if line.step}
    blocks: list[Block] = [_table(subject, own, each, year)]
    drawn = each[DRAWN]
    if drawn is not None and _row(drawn, subject.code, year) is not None:
        from evaluation.figures.unit_costs import unit_costs as figure

        axes = figure(drawn, code=subject.code, language=speak, synthetic=subject.evidence.synthetic)
        blocks.append(picture(axes, "money-figure", say("money.figure", speak, place=subject.place)))
    blocks.append(Paragraph(say("money.note", speak), "note"))
    return Section("money", title, tuple(blocks))


def _year(subject: Subject) -> int:
    """Return the last year whose four quarters are over."""
    period = subject.evidence.period
    return period.year if period.quarter in (4, None) else period.year - 1


def _unit_costs(subject: Subject, budget: pd.DataFrame, line: CostLine) -> UnitCosts | None:
    """Return the unit costs of a line in all districts, from counts that may be shown; None where no place and year has one."""
    if line.id not in set(budget["line"]):
        return None
    counts = yearly_counts(subject.evidence.shown_totals, line.step)
    if not (counts["state"] == SHOWN).any():
        return None
    return unit_costs(budget, counts, what=line.unit, lines=[line.id])


def _row(costs: UnitCosts, code: str, year: int) -> dict[str, float] | None:
    own = costs.frame[(costs.frame["code"] == code) & (costs.frame["year"] == year) & (costs.frame["state"] == SHOWN)]
    return own.to_dict("records")[0] if len(own) and own["value"].notna().all() else None  # type: ignore[return-value]


def _table(subject: Subject, spent: pd.DataFrame, each: dict[str, UnitCosts | None], year: int) -> Table:
    speak = subject.language
    rows = tuple(_line(subject, r, each.get(str(r["line"])), year) for r in spent.to_dict("records"))
    columns = tuple(Column(say(f"money.col.{h}", speak), h in NUMERIC, h == "line", w) for h, w in HEADS.items())
    return Table("money-table", say("money.caption", speak, place=subject.place, year=year), columns, rows)


def _line(subject: Subject, row: Row, costs: UnitCosts | None, year: int) -> tuple[Cell, ...]:
    """Return the cells of a budget line. Money divided by a usual price tells the number of people: it is withheld with it."""
    speak, name = subject.language, str(row["line"])
    known = cost_lines().get(name)
    head, step = Cell(known.label[speak] if known else name), known.step if known else ""
    counted = Cell(elements()[step].label[speak] if step else say("money.no_step", speak))
    state = _state(subject, step, year) if step else SHOWN
    if state == WITHHELD:
        hidden = absent(WITHHELD, speak)
        return (head, hidden, hidden, hidden, counted, hidden, hidden)
    planned, used = float(row["planned_million_vnd"]), float(row["spent_million_vnd"])
    amounts = tuple(Cell(number(x, speak, 1) if x == x else say("money.unknown", speak)) for x in (planned, used))
    rate = Cell(percent(used / planned, speak, 0) if planned > 0 and used == used else "")
    return (head, *amounts, rate, counted, *_per_unit(subject, costs, state if step else "", year))


def _per_unit(subject: Subject, costs: UnitCosts | None, state: str, year: int) -> tuple[Cell, Cell]:
    """Return how many were counted in the year, and what one cost with its interval, in thousand dong."""
    speak = subject.language
    row = None if costs is None else _row(costs, subject.code, year)
    if row is None:
        return (absent(MISSING, speak) if state else Cell("")), Cell("")
    value, low, high = (1000 * row[c] for c in ("value", "low", "high"))
    digits = decimals(value)
    ends = number_span(low, high, speak, digits)
    return Cell(number(row["count"], speak)), Cell(f"{number(value, speak, digits)} ({ends})")


def _state(subject: Subject, element: str, year: int) -> str:
    """Return whether the year's count may be shown: every quarter of it may."""
    counts = subject.evidence.protection.counts
    own = counts[(counts["place"] == subject.code) & (counts["element"] == element) & (counts["period"].str[:4] == str(year))]
    if (own["state"] == WITHHELD).any():
        return WITHHELD
    return SHOWN if (own["state"] == SHOWN).all() else MISSING
