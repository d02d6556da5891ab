"""Outcome and process indicators: values, changes, their course, the place among the districts, and the map of reporting."""

from __future__ import annotations

from dataclasses import replace

from evaluation.indicators import headline, indicators
from evaluation.language import number, percent, say, sentence
from evaluation.monitoring.aims.status import STATUS
from evaluation.monitoring.series import FORM_PERIODS
from evaluation.reporting.district.aims import aims
from evaluation.reporting.district.money import money
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import indicator_table
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
    legend = Paragraph(say("state.legend", speak, k=subject.slice.smallest_shown), "note")
    note = say("ind.process.note", speak)
    how = Paragraph(say("ind.how", speak), "note")
    outcomes = (table_of(subject, "outcome", "ind.caption.outcome", True), legend, how, Paragraph(looks(subject)))
    process = (table_of(subject, "process", "ind.caption.process", True, note),)
    parts = [
        Section("outcomes", say("ind.outcomes", speak), outcomes),
        Section("process", say("ind.process", speak), process),
        aims(subject),
        Section("trends", say("ind.trends", speak), (_trends(subject),)),
        Section("chart", say("ind.control", speak), (_control_chart(subject),)),
        Section("funnel", say("ind.funnel", speak), (_funnel(subject),)),
        Section("map", say("ind.map", speak), (_map(subject),)),
        money(subject),
    ]
    return Section("indicators", say("section.indicators", speak), (), tuple(parts))


def looks(subject: Subject) -> str:
    """Return how many signals were seen in the city, how many chance alone gives, and what remains; once and over a year."""
    speak, found, level = subject.language, subject.slice.looks, subject.slice.level
    if found is None:
        return say("looks.none", speak)
    each_year = 1 - (1 - level) ** LOOKS_A_YEAR
    again = say("looks.year", speak, alpha=percent(level, speak, 0), chance=percent(each_year, speak, 0))
    return f"{sentence(found[speak])}. {again}"


def table_of(subject: Subject, kind: str, caption: str, read: bool, note: str = "") -> Table:
    """Return the table of the district's indicators of a kind, with where those that have a target stand."""
    standing = {a.indicator: STATUS[a.status][subject.language] for a in subject.slice.aims.own if a.indicator} if read else {}
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
    drawn = trend.small_multiples(panels, speak, subject.slice.synthetic)
    changed = any(start in subject.slice.periods[1:] for start in FORM_PERIODS.values())
    key = "ind.trends.caption" if changed else "ind.trends.caption.plain"
    return picture(drawn, "trends-figure", say(key, speak, place=subject.place, n=len(subject.slice.periods)))


def _control_chart(subject: Subject) -> Block:
    """Return the control chart of the headline outcome, from values that may be shown."""
    from evaluation.figures.control_chart import control_chart

    speak, found = subject.language, subject.slice.chart
    if found is None:
        return Paragraph(say("ind.control.absent", speak))
    return picture(control_chart(found, language=speak), "chart-figure", say("ind.control.caption", speak, place=subject.place))


def _funnel(subject: Subject) -> Block:
    from evaluation.figures import funnel as figure

    speak, main = subject.language, headline()
    result = subject.slice.funnel
    if result.limits.empty:
        return Paragraph(say("ind.funnel.absent", speak, period=subject.period))
    drawn = figure.funnel(result, highlight=subject.code, language=speak, synthetic=subject.slice.synthetic)
    caption = say(
        "ind.funnel.caption", speak, label=main.label[speak], period=subject.period, dispersion=number(result.dispersion, speak, 1)
    )
    return picture(drawn, "funnel-figure", caption)


def _map(subject: Subject) -> Figure:
    from evaluation.figures import cartogram

    speak = subject.language
    drawn = cartogram.cartogram(
        subject.slice.services,
        language=speak,
        synthetic=subject.slice.synthetic,
        title=say("ind.map.title", speak, place=subject.place, period=subject.period),
    )
    return picture(drawn, "map-figure", say("ind.map.caption", speak, place=subject.place))
