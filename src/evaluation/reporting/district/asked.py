"""What the plan asks of the district, and what the evidence says of each item: measured, partly, no evidence."""

from __future__ import annotations

from evaluation.contracts import INCONSISTENT, SHOWN, WITHHELD
from evaluation.indicators import indicators
from evaluation.language import say
from evaluation.plan import STRANDS, Provision, framework, provisions_of_district
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Cell, Column, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture

MOST_NAMED = 5
COMPUTED = ("ward_reporting_share", "report_on_time")


def asked(subject: Subject) -> Section:
    """Return the section on the plan's items."""
    speak = subject.language
    heads = (("asked.id", 8), ("asked.what", 40), ("asked.evidence", 16), ("asked.indicators", 36))
    wanted = provisions_of_district(subject.code)
    rows = [_row(subject, p, "{what}") for p in wanted.lead]
    rows += [_row(subject, p, say("asked.partner", speak, what="{what}")) for p in wanted.partner]
    rows += [_row(subject, p, say("asked.named", speak, what="{what}")) for p in wanted.named]
    table = Table(
        "asked-table",
        say("asked.caption", speak, period=subject.period),
        tuple(Column(say(key, speak), row_header=key == "asked.id", width=width) for key, width in heads),
        tuple(rows),
    )
    return Section("asked", say("section.asked", speak), (Paragraph(say("asked.intro", speak)), table, _chain(subject)))


def _chain(subject: Subject) -> Figure:
    """Draw the results framework: how the plan is meant to work, and which of its steps the district's figures can show."""
    from evaluation.figures.framework import framework as figure

    speak, known = subject.language, framework()
    links = known.links_frame()
    links["measured"] = [any(_seen(subject, i) for i in link.indicators) for link in known.links]
    title = say("asked.framework.title", speak, place=subject.place, period=subject.period)
    drawn = figure(known.nodes_frame(), links, language=speak, title=title, strands=STRANDS)
    return picture(drawn, "framework-figure", say("asked.framework", speak))


def _seen(subject: Subject, indicator: str) -> bool:
    """Return whether an indicator was measured; a withheld value was: protection must not look like inaction."""
    if indicator in COMPUTED:
        return True
    return indicators()[indicator].reported and subject.now(indicator)["state"] in (SHOWN, WITHHELD, INCONSISTENT)


def _row(subject: Subject, provision: Provision, wording: str) -> tuple[Cell, ...]:
    speak = subject.language
    what = wording.format(what=provision.asked[speak])
    if provision.target:
        what = say("asked.target", speak, what=what, target=provision.target.words[speak])
    labels = [indicators()[i].label[speak] for i in provision.indicators]
    answers = "; ".join(labels[:MOST_NAMED])
    if more := len(labels) - MOST_NAMED if len(labels) > MOST_NAMED else 0:
        answers = say("asked.more", speak, first=answers, n=more)
    if provision.no_indicator:
        answers = provision.no_indicator[speak]
    return (Cell(f"`{provision.id}`"), Cell(what), Cell(verdict(subject, provision)), Cell(answers))


def verdict(subject: Subject, provision: Provision) -> str:
    """Return how far the provision's indicators were measured in the period."""
    speak = subject.language
    wanted = [indicators()[i] for i in provision.indicators]
    if not wanted:
        return say("asked.no_evidence", speak)
    seen = sum(_seen(subject, i.id) for i in wanted)
    if wanted and all(i.kind == "context" for i in wanted) and seen:
        key = "asked.context"
    else:
        key = "asked.measured" if seen == len(wanted) else "asked.partly" if seen else "asked.no_evidence"
    return say("asked.count", speak, verdict=say(key, speak), n=seen, total=len(wanted)) if seen else say(key, speak)
