"""An interrupted series: what was observed, what the model expects, and the course without the intervention with its band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from evaluation.figures import style, units
from evaluation.figures.time_axis import START, before, period_axis, start_handle
from evaluation.language import Words, sentence
from evaluation.monitoring.over_time.controlled import ControlledSeries
from evaluation.monitoring.over_time.interrupted import InterruptedSeries
from evaluation.periods import said_period

OBSERVED = Words("quan sát được", "observed")
EXPECTED = Words("mô hình, có can thiệp", "model, with the intervention")
WITHOUT = Words("mô hình, nếu không có can thiệp", "model, without the intervention")
BAND = Words("khoảng tin cậy nếu không có can thiệp", "confidence band without the intervention")
PHASE_IN = Words("giai đoạn chuyển tiếp", "phase-in")
TREATED = Words("nơi can thiệp, quan sát được", "treated, observed")
COMPARISON = Words("nơi so sánh, quan sát được", "comparison, observed")
COMPARED = Words("nơi so sánh, mô hình", "comparison, model")
LIKE_COMPARISON = Words("nơi can thiệp, nếu thay đổi như nơi so sánh", "treated, had it moved like the comparison")
TOLD = Words(
    "Kỳ cuối {period}: quan sát được {observed}; nếu không có can thiệp {without} (từ {low} đến {high})",
    "Last period {period}: observed {observed}; without the intervention {without} ({low} to {high})",
)
NOT_SEEN = Words("không có số liệu", "no figure")

_Floats = NDArray[np.float64]
_DASH, _DOT = (0, (5, 2)), (0, (1, 1.5))
_PHASE_IN: dict[str, Any] = {"facecolor": "none", "edgecolor": style.RULE, "hatch": "\\\\\\", "linewidth": 0}


@dataclass(frozen=True, eq=False)
class _Course:
    """What is drawn, in the unit of the axis, and what is said of it."""

    said: str
    method: str
    names: tuple[Words, Words, Words]
    start: str
    unit: str
    periods: list[str]
    observed: _Floats
    expected: _Floats
    without: _Floats
    low: _Floats
    high: _Floats
    after: NDArray[np.bool_]
    phase_in: NDArray[np.bool_]
    compared: tuple[_Floats, _Floats] | None = None


def interrupted(
    result: InterruptedSeries,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    comparison: pd.DataFrame | None = None,
    per: float = 10_000,
    axis: str = "",
    title: str = "",
    source: str = "",
    synthetic: bool = False,
) -> Axes:
    """Draw an interrupted series with the course that it would have taken without the intervention.

    Parameters
    ----------
    result : InterruptedSeries
    ax : Axes, optional
    language : {"vi", "en"}
    comparison : DataFrame, optional
        Columns period and value of a series beside it, in the unit of the axis.
    per : float
        Rates are drawn per so many of the exposure; counts (no exposure) and shares are drawn as they are.
    axis : str
        Name of the value axis; the unit where left out.
    title : str
        The finding; the result's sentence where left out.
    source : str
    synthetic : bool

    Returns
    -------
    Axes
    """
    table = result.series
    size = table["exposure"].to_numpy(float)
    unit = "percent" if result.share else "count" if (size == 1).all() else "per_10000"
    factor = per / size if unit == "per_10000" else 1 / size

    def value(column: str) -> _Floats:
        return np.asarray(table[column].to_numpy(float) * factor)

    periods = [str(p) for p in table["period"]]
    beside = None
    if comparison is not None:
        held = comparison.assign(period=[str(p) for p in comparison["period"]]).set_index("period")["value"].reindex(periods)
        beside = (held.to_numpy(float), np.full(len(periods), np.nan))
    course = _Course(
        result.summary(language),
        result.method[language],
        (OBSERVED, EXPECTED, WITHOUT),
        result.start,
        unit,
        periods,
        value("observed"),
        value("expected"),
        value("counterfactual"),
        value("counterfactual_low"),
        value("counterfactual_high"),
        after=table["after"].to_numpy(bool),
        phase_in=table["phase_in"].to_numpy(bool),
        compared=beside,
    )
    return _drawn(course, ax, language, axis=axis, title=title, source=source, synthetic=synthetic)


def controlled(
    result: ControlledSeries,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    per: float = 1.0,
    axis: str = "",
    title: str = "",
    source: str = "",
    synthetic: bool = False,
) -> Axes:
    """Draw a controlled interrupted series: both groups, and the treated one had it moved as the comparison did.

    Parameters
    ----------
    result : ControlledSeries
    ax, language, axis, title, source, synthetic
        As in `interrupted`.
    per : float
        Values are drawn per so many of the exposure.

    Returns
    -------
    Axes
    """
    table = result.series
    unit = "percent" if result.family == "binomial" else "per_10000"
    scaled = {c: table[c].to_numpy(float) * per for c in table.columns if c not in ("period", "after")}
    course = _Course(
        result.summary(language),
        result.method[language],
        (TREATED, EXPECTED, LIKE_COMPARISON),
        result.start,
        unit,
        [str(p) for p in table["period"]],
        scaled["treated"],
        scaled["expected_treated"],
        scaled["counterfactual"],
        scaled["counterfactual_low"],
        scaled["counterfactual_high"],
        after=table["after"].to_numpy(bool),
        phase_in=np.zeros(len(table), dtype=bool),
        compared=(scaled["comparison"], scaled["expected_comparison"]),
    )
    name = axis or ("" if unit == "percent" else result.label[language])
    return _drawn(course, ax, language, axis=name, title=title, source=source, synthetic=synthetic)


def _drawn(course: _Course, ax: Axes | None, language: str, *, axis: str, title: str, source: str, synthetic: bool) -> Axes:
    x, first = np.arange(len(course.periods)), int(np.flatnonzero(course.after)[0])
    later = x >= first
    with style.house():
        ax = style.canvas(ax, 3.9)
        if course.phase_in.any():
            ax.axvspan(first - 0.5, float(x[course.phase_in].max()) + 0.5, zorder=1.2, **_PHASE_IN)
        before(ax, first, START)
        ax.fill_between(x[later], course.low[later], course.high[later], color=style.ACCENT, alpha=0.15, linewidth=0, zorder=1)
        ax.plot(x[later], course.without[later], color=style.ACCENT, linestyle=_DASH, linewidth=1.6, zorder=3)
        for part in (~later, later & ~course.phase_in):
            ax.plot(x[part], course.expected[part], color=style.INK, linewidth=1.5, zorder=3)
        ax.plot(x, course.observed, color=style.MAIN, marker="o", markersize=4.5, linestyle="none", zorder=4, clip_on=False)
        if course.compared is not None:
            ax.plot(x, course.compared[0], zorder=2.5, clip_on=False, **_SQUARE)
            for part in (~later, later):
                ax.plot(x[part], course.compared[1][part], color=style.GREY, linestyle=_DOT, linewidth=1.5, zorder=2.4)
        _limits(ax, course)
        units.value_axis(ax, course.unit, language, name=axis)
        period_axis(ax, course.periods, language)
        style.finish(
            ax,
            title=title or sentence(course.said),
            handles=_handles(course, language),
            notes=[" ".join(n for n in (course.method, source) if n)],
            synthetic=synthetic,
            below=46,
        )
    head = Words("Biểu đồ chuỗi thời gian gián đoạn", "Interrupted time series chart")[language]
    style.describe(ax, head, title, course.said, _ends(course, language), synthetic=synthetic)
    return ax


_SQUARE: dict[str, Any] = {
    "marker": "s",
    "markersize": 4,
    "linestyle": "none",
    "markerfacecolor": style.PAPER,
    "markeredgecolor": style.GREY,
    "markeredgewidth": 1.0,
}


def _limits(ax: Axes, course: _Course) -> None:
    """Let the axis start at zero and end above what was observed and expected; a band that goes further is cut."""
    shown = [course.observed, course.expected, course.without, *(course.compared or ())]
    top = max(float(np.nanmax(s, initial=0.0)) for s in shown)
    low = min(float(np.nanmin(s, initial=0.0)) for s in shown)
    ax.set_ylim(min(0.0, low * 1.05), 1.15 * top if top > 0 else 1.0)


def _handles(course: _Course, language: str) -> list[Artist]:
    observed, expected, without = (n[language] for n in course.names)
    found: list[Artist] = [
        Line2D([], [], color=style.MAIN, marker="o", markersize=4.5, linestyle="none", label=observed),
        Line2D([], [], color=style.INK, linewidth=1.5, label=expected),
        Line2D([], [], color=style.ACCENT, linestyle=_DASH, linewidth=1.6, label=without),
        Patch(facecolor=style.ACCENT, alpha=0.15, label=BAND[language]),
        start_handle(course.start, language),
    ]
    if course.phase_in.any():
        found.append(Patch(label=PHASE_IN[language], **_PHASE_IN))
    if course.compared is not None:
        found.append(Line2D([], [], label=COMPARISON[language], **_SQUARE))
        if np.isfinite(course.compared[1]).any():
            found.append(Line2D([], [], color=style.GREY, linestyle=_DOT, linewidth=1.5, label=COMPARED[language]))
    return found


def _ends(course: _Course, language: str) -> str:
    """Say where the series ended with and without the intervention."""

    def write(value: float) -> str:
        text = units.written(value, course.unit, language)
        return text.removesuffix(f" {units.AXIS['per_10000'][language]}")

    last = course.observed[-1]
    return TOLD[language].format(
        period=said_period(course.periods[-1], language),
        observed=write(last) if np.isfinite(last) else NOT_SEEN[language],
        without=write(course.without[-1]),
        low=write(course.low[-1]),
        high=write(course.high[-1]),
    )
