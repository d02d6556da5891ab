"""How far the district's figures can be relied on: completeness, timeliness, revisions, oddities."""

from __future__ import annotations

from evaluation.indicators import elements
from evaluation.language import day, number, say, say_count
from evaluation.monitoring.completeness import ABSENT, completeness, reporting_matrix
from evaluation.periods import Period
from evaluation.places import wards
from evaluation.quality import ODD_FACTOR
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Bullets, Cell, Column, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture

LAST_QUARTERS = 8


def reliability(subject: Subject) -> Section:
    """Return the section on data quality."""
    speak = subject.language
    odd = odd_figures(subject)
    nothing = Paragraph(say("quality.odd.none", speak, factor=number(ODD_FACTOR, speak)))
    hidden = subject.evidence.protection.withheld(subject.code, str(subject.evidence.period))
    parts = (
        Section("timeliness", say("quality.time", speak), (_times(subject),)),
        Section("matrix", say("quality.matrix", speak), (_matrix(subject),)),
        Section(
            "oddities",
            say("quality.odd", speak),
            (Bullets(odd) if odd else nothing, Paragraph(say_count("quality.figures.withheld", speak, hidden), "note")),
        ),
    )
    return Section("quality", say("section.quality", speak), (), parts)


def odd_figures(subject: Subject) -> tuple[str, ...]:
    """Return one sentence per figure that lies far off the district's own history."""
    speak = subject.language
    said = []
    for row in subject.odd_figures.to_dict("records"):
        high = row["ratio"] > 1
        said.append(
            say(
                "quality.odd.item" if high else "quality.odd.low",
                speak,
                label=elements()[row["element"]].label[speak],
                period=Period.parse(row["period"]).label(speak),
                value=number(row["value"], speak),
                median=number(row["median"], speak),
                n=row["n_before"],
                **({"ratio": number(row["ratio"], speak, 1)} if high else {}),
            )
        )
    return tuple(said)


def _matrix(subject: Subject) -> Figure:
    from evaluation.figures import completeness as figure

    labels = {code: ward.name[subject.language] for code, ward in wards(subject.code).items()}
    evidence = subject.evidence
    frame = reporting_matrix(subject.code, evidence.periods, evidence.reports, evidence.submissions, labels)
    drawn = figure.completeness(frame, language=subject.language, synthetic=evidence.synthetic)
    return picture(drawn, "matrix-figure", say("quality.matrix.caption", subject.language))


def _times(subject: Subject) -> Table:
    speak = subject.language
    keys = ("period", "received", "due", "timing", "wards", "revisions")
    rows = []
    for text in reversed(subject.evidence.periods[-LAST_QUARTERS:]):
        period = Period.parse(text)
        done = completeness(subject.code, text, subject.evidence.reports, subject.evidence.submissions)
        due = period.district_due
        came = done.timing != ABSENT
        first = done.first_received
        rows.append(
            (
                Cell(period.label(speak)),
                Cell(day(first, speak)) if came else absent("missing", speak),  # type: ignore[arg-type]
                Cell(day(due.replace(day=due.day + 1), speak)),
                Cell(say(f"timing.{done.timing}", speak)),
                Cell(f"{int(done.frame['reported'].sum())}/{done.n}"),
                Cell(number(done.revisions, speak)),
            )
        )
    columns = tuple(Column(say(f"quality.col.{k}", speak), k in ("wards", "revisions"), k == "period") for k in keys)
    return Table("times-table", say("quality.time.caption", speak, place=subject.place, n=len(rows)), columns, tuple(rows))
