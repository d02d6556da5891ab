"""What a slice says of indicators: the district's values and changes, and what the evidence says of each, by rule."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evaluation.contracts import MISSING
from evaluation.indicators import headline, indicators
from evaluation.language import Words
from evaluation.monitoring.charts import chart
from evaluation.monitoring.charts.places import RULES, baseline_of
from evaluation.monitoring.charts.result import ControlChart
from evaluation.monitoring.funnel import Funnel, funnel
from evaluation.monitoring.reading import TOO_FEW, Reading, way, way_elsewhere
from evaluation.monitoring.series import CountSeries, series_of
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own

if TYPE_CHECKING:
    import pandas as pd

_Row = Mapping[Hashable, Any]


@dataclass(frozen=True, eq=False)
class OfAll:
    """What is worked out once for all districts.

    Attributes
    ----------
    headline : CountSeries
        The headline outcome of all districts over the quarters.
    funnel : Funnel
        Of it in the report's period.
    looks : Words or None
    level : float
    """

    headline: CountSeries
    funnel: Funnel
    looks: Words | None
    level: float


def of_all(evidence: Evidence) -> OfAll:
    """Return what all slices of a period share of indicators."""
    main, period, looks = headline().id, str(evidence.period), evidence.looks
    among = funnel(series_of(evidence.values, main, [period], evidence.synthetic), period)
    return OfAll(
        series_of(evidence.values, main, evidence.periods, evidence.synthetic),
        replace(among, names={unit: among.name(unit) for unit in among.frame["unit"]}),
        None if looks is None else Words(looks.summary("vi"), looks.summary("en")),
        0.0 if looks is None else looks.alpha,
    )


def readings(own: Own) -> tuple[Reading, ...]:
    """Return what the evidence says of each reported indicator of a district, in the codebook's order."""
    period, before = str(own.evidence.period), str(own.evidence.period.year_before)
    values, counted = (_by(f[f["period"].isin([period, before])], "indicator", "period") for f in (own.values, own.counted))
    changes, charts, elsewhere = (_by(f, "indicator") for f in (own.changes, own.charts, own.elsewhere))
    found = []
    for known in indicators().values():
        if not known.reported:
            continue
        now, earlier = counted.get((known.id, period), {}), counted.get((known.id, before), {})
        found.append(
            Reading(
                known.id,
                str(values.get((known.id, period), {"state": MISSING})["state"]),
                way(changes[known.id,]),
                str(charts.get((known.id,), {"chart": TOO_FEW})["chart"]),
                way_elsewhere(elsewhere[known.id,]),
                int(now.get("counted", 0)),
                int(now.get("expected", 0)),
                int(earlier.get("counted", 0)),
            )
        )
    return tuple(found)


def _by(frame: pd.DataFrame, *names: str) -> dict[tuple[str, ...], _Row]:
    return {tuple(str(row[n]) for n in names): row for row in frame.to_dict("records")}


def control_chart(own: Own, series: CountSeries) -> ControlChart | None:
    """Return the control chart of the headline outcome, from values that may be shown; None where there are too few quarters."""
    if own.code not in series.units or len(own.evidence.periods) < 2:
        return None
    made = chart(series, own.code, rules=RULES, baseline_end=baseline_of(own.evidence.periods))
    return replace(made, design=replace(made.design, rules=()))  # the rules are functions: found again by the name of their set
