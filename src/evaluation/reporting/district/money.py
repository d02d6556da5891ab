"""What it cost: money spent against planned, and per person reached or tested, beside the district's own past."""

from __future__ import annotations

from evaluation.contracts import MISSING, WITHHELD
from evaluation.costs.lines import cost_lines
from evaluation.indicators import elements
from evaluation.language import halves, number, number_span, percent, say
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Block, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.reporting.slices.slice import MoneyLine

HEADS = {"line": 16, "planned": 10, "spent": 10, "rate": 9, "step": 24, "count": 9, "each": 22}  # widths in percent
NUMERIC = ("planned", "spent", "rate", "count", "each")


def money(subject: Subject) -> Section:
    """Return the part on money: a table by budget line and, where it can be had, the unit cost over the years."""
    speak, found, title = subject.language, subject.slice.money, say("money.title", subject.language)
    if found.problem:
        return Section("money", title, (Paragraph(say("money.problem", speak, problem=halves(found.problem)[speak]), "warning"),))
    if not found.lines:
        return Section("money", title, (Paragraph(say("money.none", speak, year=found.year, place=subject.place)),))
    blocks: list[Block] = [_table(subject)]
    if found.drawn is not None:
        from evaluation.figures.unit_costs import unit_costs as figure

        axes = figure(found.drawn, code=subject.code, language=speak, synthetic=subject.slice.synthetic)
        blocks.append(picture(axes, "money-figure", say("money.figure", speak, place=subject.place)))
    blocks.append(Paragraph(say("money.note", speak), "note"))
    return Section("money", title, tuple(blocks))


def _table(subject: Subject) -> Table:
    speak, found = subject.language, subject.slice.money
    rows = tuple(_line(line, speak) for line in found.lines)
    columns = tuple(Column(say(f"money.col.{h}", speak), h in NUMERIC, h == "line", w) for h, w in HEADS.items())
    return Table("money-table", say("money.caption", speak, place=subject.place, year=found.year), columns, rows)


def _line(line: MoneyLine, language: str) -> tuple[Cell, ...]:
    """Return the cells of a budget line; all amounts are withheld where its count is."""
    known = cost_lines().get(line.line)
    head = Cell(known.label[language] if known else line.line)
    counted = Cell(elements()[line.step].label[language] if line.step else say("money.no_step", language))
    if line.state == WITHHELD:
        hidden = absent(WITHHELD, language)
        return (head, hidden, hidden, hidden, counted, hidden, hidden)
    planned, used = line.planned, line.spent
    amounts = tuple(Cell(number(x, language, 1) if x == x else say("money.unknown", language)) for x in (planned, used))
    rate = Cell(percent(used / planned, language, 0) if planned > 0 and used == used else "")
    return (head, *amounts, rate, counted, *_per_unit(line, language))


def _per_unit(line: MoneyLine, language: str) -> tuple[Cell, Cell]:
    """Return how many were counted in the year, and what one cost with its interval, in thousand dong."""
    if line.unit is None:
        return (absent(MISSING, language) if line.step else Cell("")), Cell("")
    unit = line.unit
    ends = number_span(unit.low, unit.high, language, unit.digits)
    return Cell(number(unit.count, language)), Cell(f"{number(unit.value, language, unit.digits)} ({ends})")
