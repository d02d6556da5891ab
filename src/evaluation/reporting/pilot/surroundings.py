"""What else happened at the same time: co-measures of the plan, and checks by the city's teams; context, never an outcome of the pilot."""

from __future__ import annotations

from evaluation.contracts import SHOWN
from evaluation.indicators import indicators
from evaluation.language import number, percent, say
from evaluation.periods import Period
from evaluation.plan import pilots, provisions
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.subject import Subject

EVERYWHERE = "III.13."
EFFORT = ("inspections", "violation_share")


def surroundings(subject: Subject) -> Section:
    """Return the section on context."""
    speak = subject.language
    everywhere = [p for p in provisions() if p.startswith(EVERYWHERE)]
    asked = tuple(f"`{p}` {provisions()[p].asked[speak]}" for p in everywhere)
    roaming = [p.name[speak] for p in pilots().values() if p.ward_code is None and p.id != subject.model.id]
    measures: tuple[Block, ...] = (
        Paragraph(say("model.co.intro", speak)),
        Bullets(asked),
        Paragraph(say("model.co.pilots", speak, list="; ".join(f"“{name}”" for name in roaming))),
        Paragraph(say("model.co.unknown", speak)),
    )
    parts = (
        Section("co-measures", say("model.co", speak), measures),
        Section("police", say("model.police", speak), (Paragraph(say("model.police.intro", speak)), *_log(subject))),
    )
    return Section("surroundings", say("model.section.surroundings", speak), (), parts)


def _log(subject: Subject) -> tuple[Block, ...]:
    """Return checks by quarter: by the city's teams, and by all reports of the district in which the pilot lies."""
    evidence, speak = subject.evidence, subject.language
    log = evidence.inspections
    of_city = {} if log is None else log.set_index("period")[["checks", "violations"]].to_dict("index")
    values = evidence.city.values
    code = evidence.ward.district_code if evidence.ward else ""
    own = values[(values["place"] == code) & values["indicator"].isin(EFFORT)].set_index(["indicator", "period"]).to_dict("index")
    if not of_city and not own:
        return (Paragraph(say("model.police.none", speak)),)
    rows = []
    for period in evidence.city.periods:
        found = of_city.get(period)
        cells = [Cell(number(found[k], speak)) if found else absent("missing", speak) for k in ("checks", "violations")]
        for name in EFFORT if code else ():
            row = own.get((name, period), {"state": "missing"})
            write = percent if indicators()[name].measure == "proportion" else number
            cells.append(Cell(write(row["value"], speak)) if row["state"] == SHOWN else absent(str(row["state"]), speak))
        rows.append((Cell(Period.parse(period).label(speak)), *cells))
    heads = [say("model.col.quarter", speak), say("model.police.checks", speak), say("model.police.violations", speak)]
    if code:
        heads += [say(f"model.police.{k}", speak, district=subject.district) for k in ("district_checks", "district_violations")]
    columns = tuple(Column(h, i > 0, i == 0, 20 if i == 0 else 80 // (len(heads) - 1)) for i, h in enumerate(heads))
    return (Table("police-table", say("model.police.caption", speak), columns, tuple(rows), say("model.police.note", speak)),)
