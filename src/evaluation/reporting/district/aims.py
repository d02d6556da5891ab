"""What the plan or the office set as a number or a date: where this district stands, and the city's context beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import SHOWN
from evaluation.indicators import indicators
from evaluation.language import Words, say, sentence
from evaluation.language.likelihood import legend
from evaluation.monitoring.aims.status import TargetStatus, deadline_status, target_status
from evaluation.monitoring.around.displacement import displacement
from evaluation.monitoring.around.rings import rings
from evaluation.monitoring.asked import CITY, CITY_NAME, city_values
from evaluation.monitoring.reports.completeness import timeliness
from evaluation.monitoring.series import CountSeries, series_of
from evaluation.periods import Period, quarters
from evaluation.plan import IndicatorTarget, targets, targets_for
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Block, Bullets, Paragraph, Section

HOTSPOTS, TRANSFORMED = "hotspots", "hotspots_transformed"


def aims(subject: Subject, found: Sequence[TargetStatus]) -> Section:
    """Return the part on targets: deadlines, the office's own (`statuses`), and the hotspots of the city as context."""
    speak = subject.language
    judged = [*deadlines(subject), *found]
    own = tuple(_said(s, speak) for s in judged) or (say("aims.none", speak),)
    context = tuple(_said(s, speak) for s in city_context(subject))
    elsewhere = _displaced(subject)
    beside = say("aims.displacement.none", speak) if elsewhere is None else _said(elsewhere, speak)
    blocks: list[Block] = [Bullets(own)]
    if any(s.probability is not None for s in judged):
        blocks.append(Paragraph(legend()[speak], "note"))
    blocks += [Paragraph(say("aims.context", speak)), Bullets((*context, beside))]
    return Section("aims", say("aims.title", speak), tuple(blocks))


def deadlines(subject: Subject) -> list[TargetStatus]:
    """Return whether the district's reports of the year came by the plan's dates."""
    period = subject.evidence.period
    due = [str(p) for p in quarters(Period(period.year, 1), period)]
    wanted = [t for t in targets().values() if t.kind == "by_day" and t.covers(subject.code, period.year)]
    timing = timeliness(due, subject.evidence.reports, subject.evidence.submissions, [subject.code])
    return [deadline_status(timing, t, subject.code, str(period), subject.district.name) for t in wanted]


def statuses(subject: Subject) -> list[TargetStatus]:
    """Return where the district stands against the targets of its indicators, from counts that may be shown."""
    found = []
    for known in indicators().values():
        for target in targets_for(known.id, subject.code, subject.evidence.period.year):
            if target.kind != "by_day" and known.reported and known.measure != "yes_no":
                found.append(status(subject, target))
    return found


def status(subject: Subject, target: IndicatorTarget) -> TargetStatus:
    """Return where the district stands against one target."""
    evidence = subject.evidence
    series = series_of(evidence.values, target.indicator, evidence.periods, evidence.synthetic)
    counted = evidence.counted
    own = counted[(counted["place"] == subject.code) & (counted["indicator"] == target.indicator)].set_index("period")
    share = (own["counted"] / own["expected"]).reindex(list(evidence.periods)).fillna(0.0).to_numpy(float)
    return target_status(series, subject.code, target, str(evidence.period), coverage=share if len(own) else None)


def city_context(subject: Subject) -> list[TargetStatus]:
    """Return the city's targets for context indicators, never judged."""
    evidence = subject.evidence
    found = []
    for target in targets_for(TRANSFORMED, CITY, evidence.period.year):
        series, share = _of_city(subject, target.indicator)
        found.append(target_status(series, CITY, target, str(evidence.period), coverage=share))
    return found


def _of_city(subject: Subject, name: str) -> tuple[CountSeries, NDArray[np.float64]]:
    """Return the city's series of a district-level count, and the share of districts that are in it."""
    import pandas as pd

    evidence = subject.evidence
    parts = evidence.values[evidence.values["indicator"] == name]
    nobody = pd.DataFrame({"place": [], "period": [], "residents": []})
    whole = series_of(city_values(name, evidence.protection.counts, nobody, parts), name, evidence.periods, evidence.synthetic)
    shown = (parts["state"] == SHOWN).astype(float).groupby(parts["period"]).mean()
    share = np.asarray(shown.reindex(list(evidence.periods)).fillna(0.0), dtype=float)
    return dataclasses.replace(whole, names={CITY: CITY_NAME}), share


def _displaced(subject: Subject) -> Words | None:
    """Return what was seen around the district over the plan's year, or nothing where the quarters do not allow it."""
    evidence = subject.evidence
    start = str(Period(evidence.period.year, 1))
    series = series_of(evidence.values, HOTSPOTS, evidence.periods, evidence.synthetic)
    try:
        found = displacement(series, rings(subject.code, among=series.units), start)
    except ValueError:  # too few quarters on a side, or none reported: said in words instead
        return None
    return Words(found.summary("vi"), found.summary("en"))


def _said(what: TargetStatus | Words, language: str) -> str:
    return sentence(what[language] if isinstance(what, Words) else what.summary(language))
