"""A series with the trend that was fitted to it: values, their intervals, the expected line with its band, documented changes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, units
from evaluation.figures.sources import source_line
from evaluation.figures.time_axis import CHANGE, before, period_axis
from evaluation.figures.trend import INTERVAL, POINT
from evaluation.language import Words
from evaluation.monitoring.over_time.trend import Trend
from evaluation.periods import said_period

VALUE = Words("giá trị của kỳ", "value of the period")
EXPECTED = Words("mức theo mô hình (xu thế và mùa vụ)", "expected by the model (trend and season)")
BAND = Words("khoảng tin cậy của mức theo mô hình", "confidence band of the expected level")
CHANGED = Words("từ {period}: {reason}", "from {period}: {reason}")
_LINE = (0, (5, 2))
_BAND: dict[str, Any] = {"facecolor": style.MAIN, "alpha": 0.1, "linewidth": 0}


def trend_line(
    result: Trend,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw a unit's values with the fitted trend.

    Parameters
    ----------
    result : Trend
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; what is counted, where, and the yearly change where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row that is not shown carries a value.
    """
    frame = result.frame
    data = states.checked(frame[["period", "value", "low", "high", "state"]], "period", ("value", "low", "high"))
    unit = units.OF_MEASURE[result.measure]
    periods, x = [str(p) for p in frame["period"]], np.arange(len(frame))
    with style.house():
        ax = style.canvas(ax, 3.8)
        states.bands(ax, list(data["state"]))
        _expected(ax, x, frame, [periods.index(c.period) for c in result.changes])
        ax.vlines(x, data["low"], data["high"], color=style.MAIN, alpha=0.4, linewidth=2.4, zorder=2)
        ax.plot(x, data["value"], color=style.MAIN, marker="o", markersize=5, linewidth=1, zorder=4, clip_on=False)
        for change in result.changes:
            before(ax, periods.index(change.period), CHANGE)
        if unit == "value":
            ax.set_ylim(*units.around(frame[["value", "expected_low", "expected_high"]].to_numpy(float)))
        else:
            ax.set_ylim(0, units.ceiling(frame[["value", "high", "expected"]].to_numpy(float), unit))
        units.value_axis(ax, unit, language, name=units.rate_axis(result.said_unit)[language] if unit == "per_10000" else "")
        quarterly = period_axis(ax, periods, language)
        style.finish(
            ax,
            title=title or f"{result.label[language]}, {result.name[language]}: {result.said_change(language)}",
            handles=_handles(result, list(data["state"]), data, quarterly, language),
            notes=[f"{result.method[language]} {source_line(source, result.source, language)}".rstrip()],
            synthetic=result.synthetic,
            below=46,
        )
    head = Words("Biểu đồ đường có xu thế", "Line chart with a trend")[language]
    style.describe(ax, head, title, result.summary(language), synthetic=result.synthetic)
    return ax


def _expected(ax: Axes, x: np.ndarray[tuple[int], np.dtype[np.int64]], frame: pd.DataFrame, steps: list[int]) -> None:
    """Draw the expected line and its band, behind the values and broken at every change of counting."""
    low, high, line = (frame[c].to_numpy(float) for c in ("expected_low", "expected_high", "expected"))
    if not np.isfinite(line).any():
        return
    for a, b in pairwise([0, *steps, len(x)]):
        ax.fill_between(x[a:b], low[a:b], high[a:b], zorder=1, **_BAND)
        ax.plot(x[a:b], line[a:b], color=style.INK, linestyle=_LINE, linewidth=1.5, zorder=3)


def _handles(result: Trend, found: list[str], data: pd.DataFrame, quarterly: bool, language: str) -> list[Artist]:
    """Return the legend: only what occurs."""
    label = (POINT if quarterly else VALUE)[language]
    handles: list[Artist] = [Line2D([], [], color=style.MAIN, marker="o", markersize=5, linewidth=1, label=label)]
    if np.isfinite(data["low"].to_numpy(float)).any():
        handles.append(Line2D([], [], color=style.MAIN, alpha=0.4, linewidth=2.4, label=INTERVAL[language]))
    if np.isfinite(result.frame["expected"].to_numpy(float)).any():
        handles.append(Line2D([], [], color=style.INK, linestyle=_LINE, linewidth=1.5, label=EXPECTED[language]))
        handles.append(Patch(label=BAND[language], **_BAND))
    handles += states.handles(found, language, zero=bool((data["value"] == 0).any()))
    for change in result.changes:
        said = CHANGED[language].format(period=said_period(change.period, language), reason=change.reason[language])
        handles.append(Line2D([], [], label=said, **CHANGE))
    return handles
