"""Could it be chance? The pilot's estimate among those of units where nothing was done."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.effects.effect import Effect
from evaluation.figures import style, units
from evaluation.figures.intervals import ratio_axis
from evaluation.language import Words, number

Floats = npt.NDArray[np.float64]


DOTS = Words("đơn vị so sánh, không có mô hình (giả định có)", "comparison units without the pilot (placebo)")
ESTIMATE = Words("ước lượng và khoảng tin cậy 95%", "estimate with 95% confidence interval")
ESTIMATE_ONLY = Words("ước lượng", "estimate")
NO_CHANGE = {"ratio": Words("1: không khác biệt", "1: no difference"), "difference": Words("0: không khác biệt", "0: no difference")}
AXIS = {
    "ratio": Words("tỷ số thực tế so với kỳ vọng (thang lô-ga-rít)", "ratio of observed to expected (logarithmic scale)"),
    "points": Words("thực tế trừ kỳ vọng (điểm phần trăm)", "observed minus expected (percentage points)"),
    "value": Words("thực tế trừ kỳ vọng", "observed minus expected"),
}
COMPARED = Words("đơn vị so sánh", "comparison unit")
UNKNOWN = Words("chưa ước lượng được", "no estimate could be made")
CHANCE = Words(
    "Giá trị p hoán vị: {p}; nhỏ nhất có thể có với {n}: {least}.",
    "Permutation p value: {p}; the smallest possible with {n}: {least}.",
)
OFF_AXIS = Words(
    "Không vẽ được {n} (tỷ số bằng 0 hoặc không tính được).",
    "Not drawn: {n} (ratio 0 or unknown).",
)
_DOT: dict[str, Any] = {
    "marker": "o",
    "linestyle": "none",
    "markerfacecolor": "#c9ced6",
    "markeredgecolor": "#8a919c",
    "markeredgewidth": 0.7,
}


def stacked(values: Floats, bins: int = 48) -> tuple[Floats, Floats]:
    """Return heights of a dot strip: each value keeps its own place, neighbours are piled up.

    Parameters
    ----------
    values : ndarray of shape (n,)
    bins : int
        Columns over the range.

    Returns
    -------
    values, heights : ndarray of shape (n,)
        Values ascending; heights 1, 2, 3, ... within a column.
    """
    ordered = np.sort(values)
    if not len(ordered):
        return ordered, ordered
    width = float(np.ptp(ordered)) / bins or 1.0
    column = np.floor((ordered - ordered[0]) / width)
    heights = np.array([1 + int((column[:i] == c).sum()) for i, c in enumerate(column)], dtype=float)
    return ordered, heights


def placebo(
    result: Effect,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw the pilot's estimate with its interval among the placebo estimates; no comparison unit is named.

    Parameters
    ----------
    result : PlaceboTest
        `scale`, `estimate`, `low`, `high` (or None), `placebo` (DataFrame with
        a column named as the scale), `p_value`, `outcome_label`, `unit_label`.
    ax : Axes, optional
    language : {"vi", "en"}
    title, source : str

    Returns
    -------
    Axes
    """
    scale = result.scale
    every = result.placebo["effect"].to_numpy(float)
    drawable = every[np.isfinite(every) & ((every > 0) | (scale != "ratio"))]
    estimate, low, high = _ends(result)
    notes = _notes(result, len(every), len(every) - len(drawable), language)
    with style.house():
        ax = style.canvas(ax, 3.3)
        piled, heights = stacked(np.log(drawable) if scale == "ratio" else drawable)
        places = np.exp(piled) if scale == "ratio" else piled
        top = float(heights.max(initial=3.0))
        ax.plot(places, heights, markersize=min(6.0, 110 / top), zorder=3, **_DOT)
        ax.axvline(1 if scale == "ratio" else 0, color=style.GREY, linestyle=":", linewidth=1.1, zorder=1)
        if estimate is not None:
            _pilot(ax, estimate, low, high, top, result.unit_label[language])
        else:
            ax.text(0.5, 0.85, UNKNOWN[language], transform=ax.transAxes, ha="center", fontsize=style.TEXT)
        unit = _unit(result)
        _scale_axis(ax, unit, [float(v) for v in (estimate, low, high, *places) if v is not None], language)
        ax.set_ylim(0, top * 1.45)
        style.ticks(ax.yaxis, [])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(AXIS[unit][language])
        style.plain_ticks(ax)
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=_handles(scale, estimate is not None, low is not None, language),
            notes=[*notes, source],
            synthetic=result.synthetic,
            below=36,
        )
    _tell(ax, result, drawable, (title, notes), language)
    return ax


def _ends(result: Effect) -> tuple[float | None, float | None, float | None]:
    """Return estimate and interval where they can be drawn: finite, and above 0 on the scale of ratios."""

    def fit(x: float | None) -> bool:
        return x is not None and bool(np.isfinite(x)) and (x > 0 or result.scale != "ratio")

    if not fit(result.estimate):
        return None, None, None
    both = fit(result.low) and fit(result.high)
    return result.estimate, result.low if both else None, result.high if both else None


def _unit(result: Effect) -> str:
    """Return in what the estimate is written: a ratio, percentage points, or the values' own unit."""
    return "ratio" if result.scale == "ratio" else "points" if result.measure == "share" else "value"


def _scale_axis(ax: Axes, unit: str, values: list[float], language: str) -> None:
    """Give the value axis its reach and the reader's numbers."""
    if unit == "ratio":
        ratio_axis(ax, values or [0.5, 2.0], language)
        return
    reach = 1.1 * max((abs(v) for v in values), default=0.1) or 0.1
    ax.set_xlim(-reach, reach)
    units.number_axis(ax.xaxis, unit, language, 9)


def _pilot(ax: Axes, estimate: float, low: float | None, high: float | None, top: float, name: str) -> None:
    """Draw the pilot as a marked line with its interval above the dots, and name it."""
    ax.plot([estimate, estimate], [0, top * 1.2], color=style.ACCENT, linewidth=1.4, zorder=4)
    if low is not None and high is not None:
        ax.plot([low, high], [top * 1.2] * 2, color=style.ACCENT, linewidth=2.2, solid_capstyle="butt", marker="|", markersize=8, zorder=4)
    ax.plot([estimate], [top * 1.2], marker="D", markersize=8, color=style.ACCENT, markeredgecolor=style.INK, linestyle="none", zorder=5)
    ax.annotate(name, (estimate, top * 1.2), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=style.TEXT, fontweight="bold")


def _handles(scale: str, known: bool, interval: bool, language: str) -> list[Artist]:
    """Return the legend: dots, estimate, and the line of no difference."""
    found: list[Artist] = [Line2D([], [], markersize=6, label=DOTS[language], **_DOT)]
    if known:
        words = ESTIMATE if interval else ESTIMATE_ONLY
        found.append(
            Line2D(
                [], [], color=style.ACCENT, linewidth=2.2 if interval else 1.4, marker="D", markeredgecolor=style.INK, label=words[language]
            )
        )
    found.append(Line2D([], [], color=style.GREY, linestyle=":", linewidth=1.1, label=NO_CHANGE[scale][language]))
    return found


def _notes(result: Effect, units_count: int, undrawn: int, language: str) -> list[str]:
    """Say the p value beside the smallest one that so few units allow, and what cannot be drawn."""
    notes = []
    if result.p_value is not None and result.smallest_p is not None and units_count:
        least = number(result.smallest_p, language, 3)
        notes.append(
            CHANCE[language].format(p=number(result.p_value, language, 3), n=units.many(units_count, COMPARED, language), least=least)
        )
    if undrawn:
        notes.append(OFF_AXIS[language].format(n=units.many(undrawn, COMPARED, language)))
    return notes


def _tell(ax: Axes, result: Effect, drawn: Floats, words: tuple[str, list[str]], language: str) -> None:
    """Attach the text alternative: the estimate, its interval, and where most placebo estimates lie."""
    (title, notes), (estimate, low, high), unit = words, _ends(result), _unit(result)
    head = Words("Biểu đồ chấm các ước lượng giả định", "Dot strip of placebo estimates")[language]
    name = f"{result.unit_label[language]}, {result.outcome_label[language]}"
    value = UNKNOWN[language]
    if estimate is not None:
        value = units.with_interval(estimate, low if low is not None else np.nan, high if high is not None else np.nan, unit, language)
    parts = [head, title, f"{name}: {value}"]
    if len(drawn):
        m, a, b = (float(np.quantile(drawn, q)) for q in (0.5, 0.05, 0.95))
        middle = Words("{n}: trung vị và khoảng chứa 90%: {m}", "{n}: median and span of 90%: {m}")[language]
        parts.append(middle.format(n=units.many(len(drawn), COMPARED, language), m=units.with_interval(m, a, b, unit, language)))
    style.describe(ax, *parts, *notes, synthetic=result.synthetic)
