"""Evaluation suite for plan 2234/KH-UBND of Ho Chi Minh City.

The few verbs that a researcher needs::

    import evaluation as ev
    store = ev.open_store()
    ev.indicator(store, "sti_tested", period="2018-Q4")
    study = ev.study(store, pilot="pham-ngu-lao", outcome="sti_tested")
    study.estimate().plot()

Everything is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.effects.pilots import study
    from evaluation.indicators import indicators as codebook
    from evaluation.intake.inbox import check, import_
    from evaluation.intake.standing import decide, status
    from evaluation.intake.template import template
    from evaluation.monitoring.asked import indicator
    from evaluation.periods import Period
    from evaluation.places import districts, find_district, find_ward, wards
    from evaluation.plan import framework, pilots, provision, provisions
    from evaluation.reporting.district import district_report
    from evaluation.store import open_store

_VERBS = {
    "open_store": "evaluation.store",
    "indicator": "evaluation.monitoring.asked",
    "codebook": "evaluation.indicators:indicators",
    "study": "evaluation.effects.pilots",
    "template": "evaluation.intake.template",
    "check": "evaluation.intake.inbox",
    "import_": "evaluation.intake.inbox",
    "status": "evaluation.intake.standing",
    "decide": "evaluation.intake.standing",
    "district_report": "evaluation.reporting.district",
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
    "check",
    "codebook",
    "decide",
    "district_report",
    "districts",
    "find_district",
    "find_ward",
    "framework",
    "import_",
    "indicator",
    "open_store",
    "pilots",
    "provision",
    "provisions",
    "status",
    "study",
    "template",
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
