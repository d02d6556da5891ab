"""Outcome and process indicators: values, changes, their course, the place among the districts, and the map of reporting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluation.indicators import headline, indicators
from evaluation.language import number, percent, say, sentence
from evaluation.monitoring.aims.status import STATUS, TargetStatus
from evaluation.monitoring.charts import chart
from evaluation.monitoring.charts.places import RULES, baseline_of
from evaluation.monitoring.series import FORM_PERIODS, series_of
from evaluation.reporting.district.aims import aims, statuses
from evaluation.reporting.district.money import money
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import indicator_table
from evaluation.reporting.evidence import services_by_ward
from evaluation.reporting.model import Block, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture

TRENDS = (
    "sti_tested_share",
    "hiv_tested_share",
    "condom_availability",
    "referral_completion",
    "violence_supported_share",
    "contract_share",
    "insurance_share",
    "knowledge_share",
    "training_completion",
    "outreach_reached",
    "outreach_repeat_share",
    "comm_sessions",
)
LOOKS_A_YEAR = 4
UNITS = {"proportion": "percent", "rate": "per_10000", "count": "count"}


def measured(subject: Subject) -> Section:
    """Return the section on outcome and process indicators."""
    speak = subject.language
    legend = Paragraph(say("state.legend", speak, k=subject.evidence.protection.smallest_shown), "note")
    note = say("ind.process.note", speak)
    how = Paragraph(say("ind.how", speak), "note")
    found = statuses(subject)
    outcomes = (table_of(subject, "outcome", "ind.caption.outcome", True, aimed=found), legend, how, Paragraph(looks(subject)))
    process = (table_of(subject, "process", "ind.caption.process", True, note, found),)
    parts = [
        Section("outcomes", say("ind.outcomes", speak), outcomes),
        Section("process", say("ind.process", speak), process),
        aims(subject, found),
        Section("trends", say("ind.trends", speak), (_trends(subject),)),
        Section("chart", say("ind.control", speak), (_control_chart(subject),)),
        Section("funnel", say("ind.funnel", speak), (_funnel(subject),)),
        Section("map", say("ind.map", speak), (_map(subject),)),
        money(subject),
    ]
    return Section("indicators", say("section.indicators", speak), (), tuple(parts))


def looks(subject: Subject) -> str:
    """Return how many signals were seen in the city, how many chance alone gives, and what remains; once and over a year."""
    speak, found = subject.language, subject.evidence.looks
    if found is None:
        return say("looks.none", speak)
    each_year = 1 - (1 - found.alpha) ** LOOKS_A_YEAR
    again = say("looks.year", speak, alpha=percent(found.alpha, speak, 0), chance=percent(each_year, speak, 0))
    return f"{sentence(found.summary(speak))}. {again}"


def table_of(subject: Subject, kind: str, caption: str, read: bool, note: str = "", aimed: Sequence[TargetStatus] = ()) -> Table:
    """Return the table of the district's indicators of a kind, with where those that have a target stand."""
    standing = {s.target.indicator: STATUS[s.status][subject.language] for s in aimed if s.target}
    rows = [replace(subject.indicator_row(i), target=standing.get(i, "")) for i in subject.of_kind(kind)]
    text = say(caption, subject.language, place=subject.place, period=subject.period)
    return indicator_table(f"{kind}-table", text, rows, subject.language, note, read)


def _trends(subject: Subject) -> Figure:
    from evaluation.figures import trend

    speak = subject.language
    panels = []
    for name in TRENDS:
        known, frame = indicators()[name], subject.series(name)
        panels.append((known.label[speak], UNITS[known.measure], frame))
    drawn = trend.small_multiples(panels, speak, subject.evidence.synthetic)
    changed = any(start in subject.evidence.periods[1:] for start in FORM_PERIODS.values())
    key = "ind.trends.caption" if changed else "ind.trends.caption.plain"
    return picture(drawn, "trends-figure", say(key, speak, place=subject.place, n=len(subject.evidence.periods)))


def _control_chart(subject: Subject) -> Block:
    """Return the control chart of the headline outcome, from values that may be shown."""
    from evaluation.figures.control_chart import control_chart

    speak, main, evidence = subject.language, headline(), subject.evidence
    series = series_of(evidence.values, main.id, evidence.periods, evidence.synthetic)
    if subject.code not in series.units or len(evidence.periods) < 2:
        return Paragraph(say("ind.control.absent", speak))
    found = chart(series, subject.code, rules=RULES, baseline_end=baseline_of(evidence.periods))
    return picture(control_chart(found, language=speak), "chart-figure", say("ind.control.caption", speak, place=subject.place))


def _funnel(subject: Subject) -> Block:
    from evaluation.figures import funnel as figure

    speak, main = subject.language, headline()
    result = subject.funnel(main.id)
    if result.limits.empty:
        return Paragraph(say("ind.funnel.absent", speak, period=subject.period))
    drawn = figure.funnel(result, highlight=subject.code, language=speak, synthetic=subject.evidence.synthetic)
    caption = say(
        "ind.funnel.caption", speak, label=main.label[speak], period=subject.period, dispersion=number(result.dispersion, speak, 1)
    )
    return picture(drawn, "funnel-figure", caption)


def _map(subject: Subject) -> Figure:
    from evaluation.figures import cartogram

    speak = subject.language
    drawn = cartogram.cartogram(
        services_by_ward(subject.evidence, subject.code),
        language=speak,
        synthetic=subject.evidence.synthetic,
        title=say("ind.map.title", speak, place=subject.place, period=subject.period),
    )
    return picture(drawn, "map-figure", say("ind.map.caption", speak, place=subject.place))
