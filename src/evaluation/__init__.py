"""Evaluation suite for plan 2234/KH-UBND of Ho Chi Minh City.

The few verbs that a researcher needs::

    import evaluation as ev
    store = ev.open_store()
    ev.indicator(store, "sti_tested", period="2018-Q4")
    ev.trend(ev.district_series(store, "sti_tested"), "760").plot()
    study = ev.study(store, pilot="pham-ngu-lao", outcome="sti_tested")
    study.estimate().plot()

Everything is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.batch.studies import sweep
    from evaluation.effects.next_pilot.planned import next_pilot
    from evaluation.effects.pilots import study
    from evaluation.indicators import indicators as codebook
    from evaluation.intake.inbox import check, import_
    from evaluation.intake.standing import decide, status
    from evaluation.intake.template import template
    from evaluation.monitoring.aims.status import target_status
    from evaluation.monitoring.around.displacement import displacement
    from evaluation.monitoring.around.rings import rings
    from evaluation.monitoring.asked import indicator
    from evaluation.monitoring.charts import chart
    from evaluation.monitoring.funnel import funnel
    from evaluation.monitoring.looks.many_looks import many_looks
    from evaluation.monitoring.missing.missing_reports import missing_reports
    from evaluation.monitoring.over_time.interrupted import interrupted_series
    from evaluation.monitoring.over_time.trend import trend
    from evaluation.monitoring.own_series import own_series
    from evaluation.monitoring.reach.equity import concentration
    from evaluation.monitoring.series import district_series, ward_series
    from evaluation.monitoring.small_areas.shrunken import shrink_series
    from evaluation.periods import Period
    from evaluation.places import districts, find_district, find_ward, wards
    from evaluation.plan import framework, pilots, provision, provisions
    from evaluation.recorded import record
    from evaluation.reporting.district import district_report
    from evaluation.reporting.pilot import pilot_report
    from evaluation.store import open_store

_VERBS = {
    "open_store": "evaluation.store",
    "indicator": "evaluation.monitoring.asked",
    "ward_series": "evaluation.monitoring.series",
    "district_series": "evaluation.monitoring.series",
    "own_series": "evaluation.monitoring.own_series",
    "trend": "evaluation.monitoring.over_time.trend",
    "chart": "evaluation.monitoring.charts",
    "funnel": "evaluation.monitoring.funnel",
    "many_looks": "evaluation.monitoring.looks.many_looks",
    "shrink_series": "evaluation.monitoring.small_areas.shrunken",
    "interrupted_series": "evaluation.monitoring.over_time.interrupted",
    "missing_reports": "evaluation.monitoring.missing.missing_reports",
    "target_status": "evaluation.monitoring.aims.status",
    "rings": "evaluation.monitoring.around.rings",
    "displacement": "evaluation.monitoring.around.displacement",
    "concentration": "evaluation.monitoring.reach.equity",
    "codebook": "evaluation.indicators:indicators",
    "study": "evaluation.effects.pilots",
    "next_pilot": "evaluation.effects.next_pilot.planned",
    "template": "evaluation.intake.template",
    "check": "evaluation.intake.inbox",
    "import_": "evaluation.intake.inbox",
    "status": "evaluation.intake.standing",
    "decide": "evaluation.intake.standing",
    "district_report": "evaluation.reporting.district",
    "pilot_report": "evaluation.reporting.pilot",
    "record": "evaluation.recorded",
    "sweep": "evaluation.batch.studies",
    "Period": "evaluation.periods",
    "districts": "evaluation.places",
    "wards": "evaluation.places",
    "find_district": "evaluation.places",
    "find_ward": "evaluation.places",
    "provision": "evaluation.plan",
    "provisions": "evaluation.plan",
    "pilots": "evaluation.plan",
    "framework": "evaluation.plan",
}

__all__ = [
    "Period",
    "chart",
    "check",
    "codebook",
    "concentration",
    "decide",
    "displacement",
    "district_report",
    "district_series",
    "districts",
    "find_district",
    "find_ward",
    "framework",
    "funnel",
    "import_",
    "indicator",
    "interrupted_series",
    "many_looks",
    "missing_reports",
    "next_pilot",
    "open_store",
    "own_series",
    "pilot_report",
    "pilots",
    "provision",
    "provisions",
    "record",
    "rings",
    "shrink_series",
    "status",
    "study",
    "sweep",
    "target_status",
    "template",
    "trend",
    "ward_series",
    "wards",
]


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module 'evaluation' has no attribute {name!r}")
    import_module("evaluation.results").drawers_from("evaluation.figures.drawers")
    room, _, inside = _VERBS[name].partition(":")
    found = getattr(import_module(room), inside or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
