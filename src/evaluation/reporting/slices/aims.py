"""Where a district stands against what the plan or the office set as a number or a date, and the city's context beside it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import SHOWN
from evaluation.indicators import indicators
from evaluation.language import Words
from evaluation.monitoring.aims.status import TargetStatus, deadline_status, target_status
from evaluation.monitoring.around.displacement import displacement
from evaluation.monitoring.around.rings import rings
from evaluation.monitoring.asked import CITY, CITY_NAME, city_values
from evaluation.monitoring.reports.completeness import timeliness
from evaluation.monitoring.series import CountSeries, series_of
from evaluation.periods import Period, quarters
from evaluation.places import districts
from evaluation.plan import IndicatorTarget, targets, targets_for
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own
from evaluation.reporting.slices.slice import Aim, Aims

HOTSPOTS, TRANSFORMED = "hotspots", "hotspots_transformed"


@dataclass(frozen=True, eq=False)
class Around:
    """What is worked out once for all districts: the city's context, and the hotspots of all districts."""

    context: tuple[Words, ...]
    hotspots: CountSeries


def around(evidence: Evidence) -> Around:
    """Return what all slices of a period share of targets."""
    context = tuple(_said(s) for s in city_context(evidence))
    return Around(context, series_of(evidence.values, HOTSPOTS, evidence.periods, evidence.synthetic))


def aims(own: Own, shared: Around) -> Aims:
    """Return what is said of a district's deadlines and targets."""
    judged = [*deadlines(own), *statuses(own)]
    said = tuple(Aim(s.target.indicator if s.target else "", s.status, s.probability is not None, _said(s)) for s in judged)
    return Aims(said, shared.context, _displaced(own, shared.hotspots))


def deadlines(own: Own) -> list[TargetStatus]:
    """Return whether the district's reports of the year came by the plan's dates."""
    code, period = own.code, own.evidence.period
    due = [str(p) for p in quarters(Period(period.year, 1), period)]
    wanted = [t for t in targets().values() if t.kind == "by_day" and t.covers(code, period.year)]
    timing = timeliness(due, own.reports, own.submissions, [code])
    return [deadline_status(timing, t, code, str(period), districts()[code].name) for t in wanted]


def statuses(own: Own) -> list[TargetStatus]:
    """Return where the district stands against the targets of its indicators, from counts that may be shown."""
    found = []
    for known in indicators().values():
        for target in targets_for(known.id, own.code, own.evidence.period.year):
            if target.kind != "by_day" and known.reported and known.measure != "yes_no":
                found.append(_status(own, target))
    return found


def _status(own: Own, target: IndicatorTarget) -> TargetStatus:
    evidence = own.evidence
    series = series_of(evidence.values, target.indicator, evidence.periods, evidence.synthetic)
    counted = own.counted[own.counted["indicator"] == target.indicator].set_index("period")
    share = (counted["counted"] / counted["expected"]).reindex(list(evidence.periods)).fillna(0.0).to_numpy(float)
    return target_status(series, own.code, target, str(evidence.period), coverage=share if len(counted) else None)


def city_context(evidence: Evidence) -> list[TargetStatus]:
    """Return the city's targets for context indicators, never judged."""
    found = []
    for target in targets_for(TRANSFORMED, CITY, evidence.period.year):
        series, share = _of_city(evidence, target.indicator)
        found.append(target_status(series, CITY, target, str(evidence.period), coverage=share))
    return found


def _of_city(evidence: Evidence, name: str) -> tuple[CountSeries, NDArray[np.float64]]:
    """Return the city's series of a district-level count, and the share of districts that are in it."""
    import pandas as pd

    parts = evidence.values[evidence.values["indicator"] == name]
    nobody = pd.DataFrame({"place": [], "period": [], "residents": []}).astype({"place": "str", "period": "str"})
    whole = series_of(city_values(name, evidence.protection.counts, nobody, parts), name, evidence.periods, evidence.synthetic)
    shown = (parts["state"] == SHOWN).astype(float).groupby(parts["period"]).mean()
    share = np.asarray(shown.reindex(list(evidence.periods)).fillna(0.0), dtype=float)
    return dataclasses.replace(whole, names={CITY: CITY_NAME}), share


def _displaced(own: Own, series: CountSeries) -> Words | None:
    """Return what was seen around the district over the plan's year, or nothing where the quarters do not allow it."""
    try:
        found = displacement(series, rings(own.code, among=series.units), str(Period(own.evidence.period.year, 1)))
    except ValueError:  # too few quarters on a side, or none reported: said in words instead
        return None
    return Words(found.summary("vi"), found.summary("en"))


def _said(found: TargetStatus) -> Words:
    return Words(found.summary("vi"), found.summary("en"))
