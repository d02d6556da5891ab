"""Who was reached: people by whole year in the ward, as far as the gate lets them out, and who cannot be seen in them."""

from __future__ import annotations

from evaluation.contracts import WITHHELD
from evaluation.disclosure.ward import NEVER_BY_WARD
from evaluation.indicators import elements, indicators
from evaluation.language import number, say
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.estimates import REACHED
from evaluation.reporting.pilot.subject import Subject

ALWAYS = (REACHED, "outreach_repeat", "sti_tested", "hiv_tested", "referrals_made", "referrals_completed")


def reached(subject: Subject) -> Section:
    """Return the section on who was reached."""
    speak, title = subject.language, say("model.section.reached", subject.language)
    if not subject.placed:
        return Section("reached", title, (Paragraph(say("model.reached.no_place", speak)),))
    unseen = tuple(say(f"model.reached.unseen.{k}", speak) for k in ("people", "groups", "children", "results"))
    return Section("reached", title, (_table(subject), Paragraph(say("model.reached.unseen", speak)), Bullets(unseen)))


def people(subject: Subject) -> tuple[str, ...]:
    """Return the sensitive counts that are tabled: who was met, and who the model's expected results are about."""
    wanted = [*ALWAYS, *(e for i in subject.model.outcome_indicators for e in indicators()[i].elements)]
    return tuple(e for e in dict.fromkeys(wanted) if e in elements() and elements()[e].sensitive and e not in NEVER_BY_WARD)


def _table(subject: Subject) -> Table:
    evidence, speak = subject.evidence, subject.language
    rows, hidden = [], 0
    for element in people(subject):
        cells = []
        for year in evidence.years:
            value, state = evidence.count(element, year)
            hidden += state == WITHHELD
            cells.append(absent(state, speak) if value is None else Cell(number(value, speak)))
        known = elements()[element]
        name = known.label[speak]
        rows.append((Cell(say("model.reached.stock", speak, name=name) if known.accumulates == "stock" else name), *cells))
    columns = (
        Column(say("model.col.people", speak), row_header=True, width=52),
        *(Column(year, numeric=True, width=48 // len(evidence.years)) for year in evidence.years),
    )
    note = say("model.reached.note", speak, k=evidence.city.protection.smallest_shown, n=number(hidden, speak))
    return Table("reached-table", say("model.reached.caption", speak, ward=subject.ward), columns, tuple(rows), note)
