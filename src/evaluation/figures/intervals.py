"""Estimates with their intervals, one under the other, each written out beside its mark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from evaluation.figures import style, units
from evaluation.language import Words, sentence

ESTIMATE = Words("ước lượng và khoảng tin cậy 95%", "estimate with 95% confidence interval")
POINT_ONLY = Words("chỉ có giá trị, không có khoảng tin cậy", "value only, no interval")
REFERENCE = {
    "ratio": (1.0, Words("1: không khác biệt", "1: no difference")),
    "points": (0.0, Words("0: không khác biệt", "0: no difference")),
}
RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
FINE_RATIOS = (0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)


def ratio_ticks(low: float, high: float) -> list[float]:
    """Return readable ticks of a logarithmic axis between two ratios, 1 among them where it is inside."""
    fine = [t for t in FINE_RATIOS if low <= t <= high]
    coarse = [t for t in RATIOS if low <= t <= high]
    return fine if len(coarse) < 4 and fine else coarse


def ratio_axis(ax: Axes, values: Sequence[float], language: str) -> None:
    """Make the x axis logarithmic around the values and 1, with the reader's numbers."""
    low, high = min(*values, 1.0) / 1.15, max(*values, 1.0) * 1.15
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(FixedLocator(ratio_ticks(low, high)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(RatioLabels(language))


class RatioLabels(units.Numbers):
    """Tick labels of ratios, each with no more decimals than it needs."""

    def __init__(self, language: str) -> None:
        super().__init__("ratio", language)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write one tick: 0,5; 1; 1,25."""
        self.digits = next(d for d in (0, 1, 2) if abs(x * 10**d - round(x * 10**d)) < 1e-6 or d == 2)
        return super().__call__(x, pos)


def _checked(frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the frame as floats.

    Raises
    ------
    ValueError
        If there is no row, an estimate is missing, only one end of an interval
        is there, an interval does not hold its estimate, or a ratio is not above 0.
    """
    out = frame.reset_index(drop=True)
    for column in ("estimate", "low", "high"):
        out[column] = out[column].astype(float) if column in out else np.nan
    if out.empty or not np.isfinite(out["estimate"]).all():
        raise ValueError("Mỗi hàng cần một ước lượng. / Every row needs an estimate.")
    one_end = out["low"].isna() != out["high"].isna()
    outside = (out["low"] > out["estimate"]) | (out["high"] < out["estimate"])
    if (one_end | outside).any():
        name = out.loc[one_end | outside, "label"].iloc[0]
        raise ValueError(f"Khoảng tin cậy của {name} không chứa ước lượng. / The interval of {name} does not hold its estimate.")
    if unit == "ratio" and (out[["estimate", "low"]].min().min() <= 0):
        raise ValueError("Tỷ số trên thang lô-ga-rít phải lớn hơn 0. / Ratios on a logarithmic scale must be above 0.")
    return out


def _rows(data: pd.DataFrame) -> tuple[list[float], list[tuple[float, str]]]:
    """Return the height of each row and of each group's heading, from the top down."""
    heights: list[float] = []
    heads: list[tuple[float, str]] = []
    at, last = 0.0, None
    for group in data["group"] if "group" in data else [None] * len(data):
        if group is not None and group != last:
            heads.append((at, str(group)))
            at += 1
            last = group
        heights.append(at)
        at += 1
    return heights, heads


def forest(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    unit: str,
    title: str = "",
    source: str = "",
    synthetic: bool = False,
) -> Axes:
    """Draw estimates with their intervals, one row each, in the frame's order.

    Parameters
    ----------
    frame : DataFrame
        `label`, `estimate`, `low`, `high` (both NaN where there is no
        interval: drawn hollow), optionally `group` (rows of one group together).
    ax : Axes, optional
    language : {"vi", "en"}
    unit : {"percent", "count", "per_10000", "ratio", "points"}
        "percent" and "points" take shares; "ratio" has a logarithmic axis.
    title, source : str
    synthetic : bool

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If an estimate is missing or outside its interval.
    """
    data = _checked(frame, units.known(unit))
    heights, heads = _rows(data)
    with style.house():
        ax = style.canvas(ax, 0.27 * (len(heights) + len(heads)) + 1.35)
        for y, row in zip(heights, data.itertuples(), strict=True):
            _row(ax, y, row, unit, language)
        for y, name in heads:
            ax.text(0, y, name, transform=ax.get_yaxis_transform(), fontsize=style.TEXT, fontweight="bold", va="center")
        _axes(ax, data, heights, unit, language)
        handles = _handles(data, language)
        if unit in REFERENCE:
            at, words = REFERENCE[unit]
            ax.axvline(at, color=style.GREY, linestyle=":", linewidth=1.1, zorder=1)
            handles.append(Line2D([], [], color=style.GREY, linestyle=":", linewidth=1.1, label=words[language]))
        style.finish(ax, title=title, handles=handles, notes=[source], synthetic=synthetic, below=36)
    written = [
        f"{name}: {units.with_interval(estimate, low, high, unit, language)}"
        for name, estimate, low, high in zip(data["label"], data["estimate"], data["low"], data["high"], strict=True)
    ]
    head = Words("Biểu đồ ước lượng và khoảng tin cậy 95%", "Estimates with 95% confidence intervals")[language]
    style.describe(ax, head, title, "; ".join(written), synthetic=synthetic)
    return ax


def _row(ax: Axes, y: float, row: object, unit: str, language: str) -> None:
    """Draw one estimate: filled with its interval, hollow without; and write it at the right."""
    estimate, low, high = (float(getattr(row, c)) for c in ("estimate", "low", "high"))
    bare = np.isnan(low)
    if not bare:
        ax.plot([low, high], [y, y], color=style.MAIN, linewidth=1.6, solid_capstyle="butt", zorder=2)
    ax.plot(
        [estimate],
        [y],
        marker="o" if bare else "s",
        markersize=6,
        markerfacecolor=style.PAPER if bare else style.MAIN,
        markeredgecolor=style.MAIN,
        linestyle="none",
        zorder=3,
    )
    text = units.with_interval(estimate, low, high, unit, language, bare=True)
    beside(ax, y, text)


def beside(ax: Axes, height: float, text: str) -> None:
    """Write a row's numbers at the right of the axes."""
    ax.annotate(
        text, (1, height), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points", va="center", fontsize=style.SMALL
    )


def name_rows(ax: Axes, heights: Sequence[float], names: Sequence[str]) -> None:
    """Name rows at the left of the axes, from the top down, without a line or ticks there."""
    ax.set_yticks(list(heights), [style.wrap(name, 190, style.SMALL) for name in names])
    ax.set_ylim(max(heights) + 0.6, -0.6)
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    style.plain_ticks(ax)
    ax.tick_params(axis="y", length=0)


def _axes(ax: Axes, data: pd.DataFrame, heights: Sequence[float], unit: str, language: str) -> None:
    """Name the rows and give the value axis its numbers."""
    values = [v for v in data[["estimate", "low", "high"]].to_numpy(float).ravel() if np.isfinite(v)]
    if unit == "ratio":
        ratio_axis(ax, values, language)
    else:
        zero = [0.0] if unit in {"points", "percent", "count", "per_10000"} else []
        low, high = min(values + zero), max(values + zero)
        pad = 0.05 * (high - low) or 0.5
        ax.set_xlim(low - (pad if low < 0 else 0), high + pad)
        units.number_axis(ax.xaxis, unit, language)
    name_rows(ax, heights, [sentence(str(label)) for label in data["label"]])
    ax.set_xlabel(units.AXIS[unit][language])


def _handles(data: pd.DataFrame, language: str) -> list[Artist]:
    """Return the legend: with interval, and without where that occurs."""
    found: list[Artist] = []
    if data["low"].notna().any():
        found.append(Line2D([], [], color=style.MAIN, marker="s", markersize=6, label=ESTIMATE[language]))
    if data["low"].isna().any():
        found.append(
            Line2D(
                [],
                [],
                color=style.MAIN,
                marker="o",
                markersize=6,
                markerfacecolor=style.PAPER,
                linestyle="none",
                label=POINT_ONLY[language],
            )
        )
    return found
