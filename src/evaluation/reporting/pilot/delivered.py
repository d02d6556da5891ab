"""What was delivered: the ward's services quarter by quarter, how much before and since the start, and the money behind them."""

from __future__ import annotations

import numpy as np

from evaluation.contracts import SHOWN
from evaluation.costs.lines import cost_lines
from evaluation.costs.unit_costs import cost_interval, decimals
from evaluation.indicators import elements
from evaluation.language import number, number_span, percent, say, uncapitalised
from evaluation.periods import Period
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Block, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.estimates import REACHED
from evaluation.reporting.pilot.evidence import PilotEvidence
from evaluation.reporting.pilot.subject import Subject

# Counts of what is offered, which point at nobody; the first four are what shows that something was done in a quarter.
SERVICES = ("outreach_contacts", "condoms_distributed", "comm_sessions", "comm_participants", "condom_venues_enrolled", "venue_workers")
DONE = SERVICES[:3]


def delivered(subject: Subject) -> Section:
    """Return the section on process and dose."""
    speak, title = subject.language, say("model.section.delivered", subject.language)
    if not subject.placed:
        return Section("delivered", title, (Paragraph(say("model.delivered.no_place", speak)),))
    parts = (
        Section("dose", say("model.dose", speak), _dose(subject)),
        Section("quarters", say("model.quarters", speak), (_quarters(subject),)),
        Section("pilot-money", say("model.money", speak), _money(subject)),
    )
    return Section("delivered", title, (), parts)


def delivered_part(evidence: PilotEvidence) -> tuple[int, int] | None:
    """Return in how many quarters since the start services were reported, of how many; None without ward or start."""
    if evidence.ward is None or not evidence.since:
        return None
    done = sum(any((evidence.count(e, p)[0] or 0) > 0 for e in DONE) for p in evidence.since)
    return done, len(evidence.since)


def means(evidence: PilotEvidence, element: str) -> tuple[float | None, float | None]:
    """Return a service's mean per reported quarter before and since the start; None where no quarter is reported."""
    known = {p: evidence.count(element, p)[0] for p in evidence.city.periods}
    sides = ([v for p, v in known.items() if (p in evidence.since) is side and v is not None] for side in (False, True))
    before, since = (float(np.mean(values)) if values else None for values in sides)
    return before, since


def services_since(subject: Subject) -> tuple[str, ...]:
    """Return what the ward did in a quarter since the start, on average, one phrase a service."""
    evidence, speak = subject.evidence, subject.language
    if evidence.ward is None or not evidence.since:
        return ()
    found = [(e, means(evidence, e)[1]) for e in SERVICES]
    return tuple(f"{uncapitalised(elements()[e].label[speak])}: {number(m, speak, _digits(m))}" for e, m in found if m is not None)


def _digits(mean: float) -> int:
    return 0 if mean >= 20 else 1


def _dose(subject: Subject) -> tuple[Block, ...]:
    evidence, speak = subject.evidence, subject.language
    if not evidence.since:
        return (Paragraph(say("model.dose.no_start", speak)),)
    part = delivered_part(evidence)
    assert part is not None
    came = sum(evidence.reported[p] for p in evidence.since)
    text = say("model.dose.part", speak, n=number(part[0], speak), total=number(part[1], speak), came=number(came, speak))
    rows = []
    for element in SERVICES:
        cells = [absent("missing", speak) if m is None else Cell(number(m, speak, _digits(m))) for m in means(evidence, element)]
        rows.append((Cell(elements()[element].label[speak]), *cells))
    heads = (say("model.col.service", speak), say("model.col.before", speak), say("model.col.since", speak, start=subject.since))
    columns = tuple(Column(h, numeric=i > 0, row_header=i == 0, width=w) for i, (h, w) in enumerate(zip(heads, (50, 25, 25), strict=True)))
    table = Table("dose-table", say("model.dose.caption", speak, ward=subject.ward), columns, tuple(rows), say("model.dose.note", speak))
    return Paragraph(text), table


def _quarters(subject: Subject) -> Table:
    evidence, speak = subject.evidence, subject.language
    rows = []
    for period in evidence.city.periods:
        name = Period.parse(period).label(speak)
        if period == evidence.start:
            name = say("model.quarters.start", speak, period=name)
        cells = []
        for element in SERVICES:
            value, state = evidence.count(element, period)
            cells.append(absent(state, speak) if value is None else Cell(number(value, speak)))
        rows.append((Cell(name), *cells))
    columns = (
        Column(say("model.col.quarter", speak), row_header=True, width=16),
        *(Column(elements()[e].label[speak], numeric=True, width=14) for e in SERVICES),
    )
    caption = say("model.quarters.caption", speak, ward=subject.ward)
    return Table(
        "quarters-table", caption, columns, tuple(rows), say("model.quarters.note", speak, k=evidence.city.protection.smallest_shown)
    )


def _money(subject: Subject) -> tuple[Block, ...]:
    evidence, speak = subject.evidence, subject.language
    if evidence.city.budget.problem:
        return (Paragraph(say("model.money.problem", speak), "warning"),)
    if evidence.money is None:
        return (Paragraph(say("model.money.none", speak)),)
    frame = evidence.money
    years = sorted(frame["year"].unique())
    rows = []
    for line, part in frame.groupby("line", sort=False):
        known = cost_lines().get(str(line))
        rows.append(
            (Cell(known.label[speak] if known else str(line)), *(c for y in years for c in _amounts(part[part["year"] == y], speak)))
        )
    rows.append((Cell(say("model.money.total", speak)), *(c for y in years for c in _amounts(frame[frame["year"] == y], speak))))
    heads = [say("model.money.col.line", speak)]
    heads += [say(f"model.money.col.{k}", speak, year=y) for y in years for k in ("planned", "spent")]
    columns = tuple(Column(h, numeric=i > 0, row_header=i == 0) for i, h in enumerate(heads))
    table = Table("pilot-money-table", say("model.money.caption", speak), columns, tuple(rows), say("model.money.note", speak))
    said = [s for y in years if (s := per_person(subject, int(y)))]
    return (table, *(Paragraph(s) for s in said))


def _amounts(part: object, language: str) -> tuple[Cell, Cell]:
    made = []
    for column in ("planned_million_vnd", "spent_million_vnd"):
        total = part[column].sum(min_count=1)  # type: ignore[index]
        made.append(Cell(number(total, language, 1)) if total == total else Cell(say("money.unknown", language), "missing"))
    return made[0], made[1]


def per_person(subject: Subject, year: int) -> str:
    """Return the pilot's own money per person reached in its ward in a year, with its interval; empty where it cannot be had."""
    evidence, speak = subject.evidence, subject.language
    cost = unit_cost(evidence, year)
    if cost is None:
        return ""
    value, low, high = (1000 * x for x in cost)
    digits = decimals(value)
    count, _ = evidence.count(REACHED, str(year))
    assert count is not None
    return say(
        "model.money.each",
        speak,
        year=year,
        value=number(value, speak, digits),
        interval=number_span(low, high, speak, digits),
        n=number(count, speak),
    )


def unit_cost(evidence: PilotEvidence, year: int) -> tuple[float, float, float] | None:
    """Return million VND spent on the pilot per person reached in its ward, with its interval; None where either is not shown."""
    if evidence.money is None or evidence.ward is None:
        return None
    spent = evidence.money.loc[evidence.money["year"] == year, "spent_million_vnd"].sum(min_count=1)
    count, state = evidence.count(REACHED, str(year))
    if state != SHOWN or not count or spent != spent:
        return None
    value, low, high = cost_interval(spent, count)
    return float(value), float(low), float(high)


def spent_part(evidence: PilotEvidence) -> float | None:
    """Return spent over planned over all years of the pilot's budget; None where it is not known."""
    if evidence.money is None:
        return None
    planned, spent = (evidence.money[c].sum(min_count=1) for c in ("planned_million_vnd", "spent_million_vnd"))
    return float(spent / planned) if planned == planned and spent == spent and planned > 0 else None


def spent_words(subject: Subject) -> str:
    """Return how much of the planned money was spent; empty where it is not known."""
    part = spent_part(subject.evidence)
    return "" if part is None else percent(part, subject.language, 0)
