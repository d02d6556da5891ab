"""Which figure draws which result: registered here, so that a result can draw itself."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from evaluation.effects.placebo import PilotEffect
from evaluation.figures.funnel import funnel
from evaluation.figures.placebo import placebo
from evaluation.figures.trend import trend
from evaluation.monitoring.asked import IndicatorValue
from evaluation.monitoring.funnel import Funnel
from evaluation.places import districts
from evaluation.results import draws

UNITS = {"percent": "percent", "per 10,000 residents": "per_10000"}


@draws(IndicatorValue)
def indicator_value(result: IndicatorValue, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the course of an indicator over all periods."""
    frame = result.series[["period", "value", "low", "high", "state"]]
    unit = UNITS.get(result.unit, "count")
    return trend(frame, ax, label=result.estimand[language], unit=unit, language=language, **options)


@draws(Funnel)
def funnel_result(result: Funnel, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw a funnel of all districts."""
    names = {code: d.name[language] for code, d in districts().items()}
    frame = result.frame.rename(columns={"place": "unit_code"})
    frame = frame.assign(name=frame["unit_code"].map(names))
    return funnel(
        frame[["unit_code", "name", "n", "value", "state"]],
        ax,
        centre=result.estimate or 0.0,
        limits=result.limits,
        label=result.estimand[language],
        language=language,
        **options,
    )


@draws(PilotEffect)
def pilot_effect(result: PilotEffect, ax: Axes | None = None, language: str = "en", **options: Any) -> Axes:
    """Draw the pilot's estimate among the placebo estimates."""
    return placebo(result, ax, language=language, **options)
