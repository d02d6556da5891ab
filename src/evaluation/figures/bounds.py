"""What missing reports leave open, by period: the figure as reported, after imputation, and its bounds.

For the office alone: where one unit is missing, the bounds tell what it reported at most. No report prints this figure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, units
from evaluation.figures.time_axis import PERIOD, period_axis
from evaluation.language import Words, number, percent, sentence
from evaluation.monitoring.missing.completion import ANY, OWN
from evaluation.monitoring.missing.missing_reports import MissingReports
from evaluation.monitoring.series import PROPORTION
from evaluation.periods import said_period

REPORTED = Words("theo các báo cáo đã nhận", "from the reports received")
IMPUTED = Words("sau khi điền phần thiếu, khoảng {level}", "with the missing ones imputed, {level} interval")
EVERYBODY = Words("từ không ai đến tất cả ở các đơn vị thiếu", "nobody to everybody in the missing units")
BOUNDS = {
    OWN: Words("đơn vị thiếu có từ 0 đến mức cao nhất của mình", "missing units from nothing to their own highest"),
    ANY: Words("đơn vị thiếu có từ 0 đến mức cao nhất của mọi đơn vị", "missing units from nothing to the highest of any unit"),
}
UNITS = Words("đơn vị có báo cáo trong số phải báo cáo, ghi trên trục", "units that reported of those due are written above the axis")
PRIVATE = Words(
    "Chỉ dùng trong cơ quan: giới hạn cho biết số của đơn vị thiếu, chưa được bảo vệ. Nguồn: báo cáo của các quận, huyện.",
    "For the office alone: bounds tell what a missing unit had, which is not protected. Source: reports of the districts.",
)
_BAND: dict[str, Any] = {"facecolor": "#e4e7eb", "edgecolor": "#8d949e", "linewidth": 0.7}


def bounds(
    result: MissingReports,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    periods: int = 12,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw the figure of the latest periods with what the missing reports leave open.

    Parameters
    ----------
    result : MissingReports
        Its period is the last that is drawn.
    ax : Axes, optional
    language : {"vi", "en"}
    periods : int
        How many at most.
    title : str
        The finding; the result's own sentence where left out.
    source : str, optional
        Source line; None for the districts' reports and that the figure stays in the office, "" for none.

    Returns
    -------
    Axes
    """
    at = list(result.frame["period"]).index(result.period)
    data = result.frame.iloc[max(0, at + 1 - periods) : at + 1].reset_index(drop=True)
    unit = units.OF_MEASURE[result.measure]
    x = np.arange(len(data), dtype=float)
    column = {c: data[c].to_numpy(float) for c in ("as_reported", "bound_low", "bound_high", "imputed", "low", "high")}
    shown = np.isfinite(column["as_reported"])
    open_ = shown & (data["reported"] < data["expected"]).to_numpy(bool)
    why = [states.SHOWN if s else ("missing" if e else "not_collected") for s, e in zip(shown, data["expected"], strict=True)]
    with style.house():
        ax = style.canvas(ax, 3.7)
        states.bands(ax, why, height=0.18)  # units that reported are written under it
        spread = (column["bound_high"] - column["bound_low"])[open_]
        ax.bar(x[open_], spread, 0.62, bottom=column["bound_low"][open_], zorder=1.5, **_BAND)
        ax.plot(x, column["as_reported"], color=style.MAIN, marker="o", markersize=5, linewidth=1.2, zorder=3, clip_on=False)
        _imputed(ax, x[open_] + 0.14, *(column[c][open_] for c in ("imputed", "low", "high")))
        tops = np.r_[column["bound_high"], column["high"], column["as_reported"]]
        top = float(np.nanmax(tops, initial=0.0))
        ax.set_ylim(0, min(1.12, 1.2 * top) if unit == "percent" and top <= 1 else max(1.2 * top, 1.0))
        units.value_axis(ax, unit, language)
        _coverage(ax, x, data, language)
        period_axis(ax, list(data["period"]), language)
        style.finish(
            ax,
            title=title or result.summary(language).rstrip("."),
            handles=[*_handles(result, language, some=bool(open_.any())), *states.handles(why, language)],
            notes=[f"{sentence(UNITS[language])}.", PRIVATE[language] if source is None else source],
            synthetic=result.synthetic,
            below=46,
        )
    style.describe(ax, *_told(result, data, open_, why, language), synthetic=result.synthetic)
    return ax


def _imputed(
    ax: Axes, x: np.ndarray[Any, Any], middle: np.ndarray[Any, Any], low: np.ndarray[Any, Any], high: np.ndarray[Any, Any]
) -> None:
    ax.vlines(x, low, high, color=style.ACCENT, linewidth=2.2, zorder=4)
    ax.plot(x, middle, color=style.ACCENT, marker="D", markersize=5, markerfacecolor=style.PAPER, linestyle="none", zorder=5)


def _coverage(ax: Axes, x: np.ndarray[Any, Any], data: pd.DataFrame, language: str) -> None:
    """Write units that reported of those due at the foot of each period; bold where one is missing."""
    for place, reported, expected in zip(x, data["reported"], data["expected"], strict=True):
        if expected:
            text = f"{number(reported, language)}/{number(expected, language)}"
            ax.annotate(
                text,
                (place, 0),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                fontweight="bold" if reported < expected else "normal",
                color=style.INK if reported < expected else style.GREY,
                zorder=6,
                bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.9},
            )


def _handles(result: MissingReports, language: str, *, some: bool) -> list[Artist]:
    found: list[Artist] = [Line2D([], [], color=style.MAIN, marker="o", markersize=5, linewidth=1.2, label=REPORTED[language])]
    if some:
        label = IMPUTED[language].format(level=percent(result.level, language, 0))
        diamond = {"marker": "D", "markersize": 5, "markerfacecolor": style.PAPER, "linewidth": 2.2}
        found.append(Line2D([], [], color=style.ACCENT, label=label, **diamond))  # type: ignore[arg-type]
        open_words = EVERYBODY if result.measure == PROPORTION else BOUNDS[result.ceiling]
        found.append(Patch(label=open_words[language], **_BAND))
    return found


def _told(result: MissingReports, data: pd.DataFrame, open_: np.ndarray[Any, Any], why: list[str], language: str) -> list[str]:
    """Say the last period's figure, every period in which a report is missing, and those without any."""
    said = [result.summary(language)]
    rows = [
        f"{said_period(str(r['period']), language)}: {number(r['reported'], language)}/{number(r['expected'], language)}, "
        f"{result.written(r['bound_low'], language)}\N{EN DASH}{result.written(r['bound_high'], language)}"
        for _, r in data[open_].iterrows()
    ]
    if rows:
        head = Words("Các kỳ thiếu báo cáo, với giới hạn", "Periods with missing reports, with their bounds")[language]
        said.append(f"{head}: {'; '.join(rows)}")
    return [*said, states.counted(why, PERIOD, language)]
