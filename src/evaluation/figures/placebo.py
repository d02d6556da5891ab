"""Could it be chance? The pilot's estimate among those of units where nothing was done."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, time_axis, trend, units
from evaluation.figures.intervals import ratio_axis
from evaluation.language import Words, number
from evaluation.periods import Period

Floats = npt.NDArray[np.float64]


class PlaceboTest(Protocol):
    """What a result must have to be drawn here."""

    @property
    def estimate(self) -> float | None:
        """What happened against what was expected, on the scale."""

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""

    @property
    def scale(self) -> str:
        """Either "ratio" (no change is 1) or "difference" (of shares, no change is 0)."""

    @property
    def placebo(self) -> pd.DataFrame:
        """One row a comparison unit; the estimate in the column named as the scale."""

    @property
    def p_value(self) -> float | None:
        """Permutation p value."""

    @property
    def outcome_label(self) -> Words:
        """The outcome."""

    @property
    def unit_label(self) -> Words:
        """The pilot's place."""


DOTS = Words("đơn vị so sánh, không có mô hình (giả định có)", "comparison units without the pilot (placebo)")
ESTIMATE = Words("ước lượng và khoảng tin cậy 95%", "estimate with 95% confidence interval")
ESTIMATE_ONLY = Words("ước lượng", "estimate")
NO_CHANGE = {"ratio": Words("1: không khác biệt", "1: no difference"), "difference": Words("0: không khác biệt", "0: no difference")}
AXIS = {
    "ratio": Words("tỷ số thực tế so với kỳ vọng (thang lô-ga-rít)", "ratio of observed to expected (logarithmic scale)"),
    "difference": Words("thực tế trừ kỳ vọng (điểm phần trăm)", "observed minus expected (percentage points)"),
}
UNITS = {"ratio": "ratio", "difference": "points"}
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
OBSERVED, EXPECTED = Words("thực tế", "observed"), Words("kỳ vọng nếu không có mô hình", "expected without the pilot")
EXPECTED_BAND = Words("khoảng 95% của kỳ vọng", "95% interval of the expected")
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
    result: PlaceboTest,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
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
    synthetic : bool
    title, source : str

    Returns
    -------
    Axes
    """
    scale = result.scale
    every = result.placebo[scale].to_numpy(float)
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
        _scale_axis(ax, scale, [float(v) for v in (estimate, low, high, *places) if v is not None], language)
        ax.set_ylim(0, top * 1.45)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(AXIS[scale][language])
        style.plain_ticks(ax)
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=_handles(scale, estimate is not None, low is not None, language),
            notes=[*notes, source],
            synthetic=synthetic,
            below=36,
        )
    _tell(ax, result, drawable, (title, notes), language, synthetic=synthetic)
    return ax


def _ends(result: PlaceboTest) -> tuple[float | None, float | None, float | None]:
    """Return estimate and interval where they can be drawn: finite, and above 0 on the scale of ratios."""

    def fit(x: float | None) -> bool:
        return x is not None and bool(np.isfinite(x)) and (x > 0 or result.scale != "ratio")

    if not fit(result.estimate):
        return None, None, None
    both = fit(result.low) and fit(result.high)
    return result.estimate, result.low if both else None, result.high if both else None


def _scale_axis(ax: Axes, scale: str, values: list[float], language: str) -> None:
    """Give the value axis its reach and the reader's numbers."""
    if scale == "ratio":
        ratio_axis(ax, values or [0.5, 2.0], language)
        return
    reach = 1.1 * max((abs(v) for v in values), default=0.1) or 0.1
    ax.set_xlim(-reach, reach)
    units.number_axis(ax.xaxis, "points", language, 9)


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


def _notes(result: PlaceboTest, units_count: int, undrawn: int, language: str) -> list[str]:
    """Say the p value beside the smallest one that so few units allow, and what cannot be drawn."""
    notes = []
    if result.p_value is not None and units_count:
        least = number(1 / (units_count + 1), language, 3)
        notes.append(
            CHANCE[language].format(p=number(result.p_value, language, 3), n=units.many(units_count, COMPARED, language), least=least)
        )
    if undrawn:
        notes.append(OFF_AXIS[language].format(n=units.many(undrawn, COMPARED, language)))
    return notes


def _tell(ax: Axes, result: PlaceboTest, drawn: Floats, words: tuple[str, list[str]], language: str, *, synthetic: bool) -> None:
    """Attach the text alternative: the estimate, its interval, and where most placebo estimates lie."""
    (title, notes), (estimate, low, high), unit = words, _ends(result), UNITS[result.scale]
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
    style.describe(ax, *parts, *notes, synthetic=synthetic)


def paths(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    start: str,
    label: str,
    unit: str,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw what happened beside what was expected without the pilot.

    Parameters
    ----------
    frame : DataFrame
        One row a period, in order: `period`, `treated`, `expected`, optionally
        `low`, `high` (interval of the expected), `state`.
    ax : Axes, optional
    start : str
        First period with the pilot; a line before it.
    label : str
    unit : {"percent", "count", "per_10000"}
    language : {"vi", "en"}
    synthetic : bool
    title, source : str

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row that is not shown carries a value, or the frame lacks the period `start`.
    """
    columns = ("treated", "expected", "low", "high")
    data = states.checked(frame, "period", columns, required="treated")
    data["period"] = pd.Series([Period.parse(str(p)) for p in data["period"]], dtype=object)
    at = trend.place(data, start)
    with style.house():
        ax = style.canvas(ax, 3.8)
        x = np.arange(len(data))
        states.bands(ax, list(data["state"]))
        ax.fill_between(x, data["low"], data["high"], color=style.GREY, alpha=0.2, linewidth=0, zorder=1.8)
        ax.plot(x, data["expected"], color=style.GREY, linestyle=(0, (4, 2)), marker="s", markersize=3.5, zorder=3)
        ax.plot(x, data["treated"], color=style.MAIN, marker="o", markersize=5, zorder=4, clip_on=False)
        time_axis.before(ax, at or 0, time_axis.START)
        ax.set_ylim(0, units.ceiling(data[list(columns)].to_numpy(float), unit))
        units.value_axis(ax, unit, language)
        time_axis.quarter_axis(ax, list(data["period"]), language)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, marker="o", markersize=5, label=OBSERVED[language]),
            Line2D([], [], color=style.GREY, linestyle=(0, (4, 2)), marker="s", markersize=3.5, label=EXPECTED[language]),
        ]
        if data["low"].notna().any():
            handles.append(Patch(facecolor=style.GREY, alpha=0.2, label=EXPECTED_BAND[language]))
        handles += states.handles(list(data["state"]), language, zero=bool((data["treated"] == 0).any()))
        handles.append(time_axis.start_handle(start, language))
        style.finish(ax, title=title or label, handles=handles, notes=[source], synthetic=synthetic, below=46)
    style.describe(ax, *_paths_told(data, at or 0, (label, title), unit, language), synthetic=synthetic)
    return ax


def _paths_told(data: pd.DataFrame, at: int, words: tuple[str, str], unit: str, language: str) -> list[str]:
    """Say the means of observed and expected before and from the start, over shown periods."""
    label, title = words
    when = data["period"].iloc[at].label(language)
    sides = [(Words("trước {p}", "before {p}"), data.iloc[:at]), (Words("từ {p}", "from {p}"), data.iloc[at:])]
    parts = [Words("Biểu đồ đường: thực tế và kỳ vọng", "Line chart: observed and expected")[language], title, label]
    mean = Words("trung bình {side}: thực tế {a}, kỳ vọng {b}", "mean {side}: observed {a}, expected {b}")[language]
    for side, rows in sides:
        both = rows.dropna(subset=["treated", "expected"])
        if len(both):
            a, b = (_mean(float(both[c].mean()), unit, language) for c in ("treated", "expected"))
            parts.append(mean.format(side=side[language].format(p=when), a=a, b=b))
    return [*parts, states.counted(list(data["state"]), time_axis.QUARTER, language)]


def _mean(value: float, unit: str, language: str) -> str:
    """Write a mean: of counts with one decimal, so that it is not read as a count."""
    return number(value, language, 1) if unit == "count" else units.written(value, unit, language)
