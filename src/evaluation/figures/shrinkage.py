"""What of the differences between units is noise: reported and shrunken values against the denominator, without a rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from evaluation.figures import states, style, units
from evaluation.figures.sources import source_line
from evaluation.language import Words, number
from evaluation.monitoring.small_areas.shrunken import Shrunken

REPORTED = Words("giá trị báo cáo", "reported value")
SHRUNKEN = Words("sau khi trừ phần ngẫu nhiên", "once noise is allowed for")
COMMON = Words("mức chung: {value}", "common value: {value}")
INTERVAL = Words("khoảng {level} của {name}", "{level} interval of {name}")
UNIT = Words("đơn vị", "unit")
AXIS = {
    "percent": Words("mẫu số của tỷ lệ (thang lô-ga-rít)", "denominator of the share (logarithmic scale)"),
    "per_10000": Words("dân số (thang lô-ga-rít)", "residents (logarithmic scale)"),
}
NOTE = Words(
    "Không xếp hạng. Đơn vị có mẫu số nhỏ dao động nhiều vì ngẫu nhiên nên bị kéo về mức chung nhiều hơn.",
    "No ranking. Units with small denominators swing by chance, and are therefore drawn more towards the common value.",
)
HEAD = Words(
    "Biểu đồ điểm: giá trị báo cáo và giá trị sau khi trừ phần ngẫu nhiên theo mẫu số, không xếp hạng",
    "Scatter plot of reported values and of values once noise is allowed for, by denominator, no ranking",
)
_RAW: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 4.2, "markerfacecolor": "none", "markeredgecolor": "#8a919c"}
_FOUND: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 3.4, "color": style.MAIN}
_OWN: dict[str, Any] = {"marker": "D", "linestyle": "none", "markersize": 7.5, "color": style.ACCENT, "markeredgecolor": style.INK}


def shrinkage(
    result: Shrunken,
    ax: Axes | None = None,
    *,
    highlight: str | None = None,
    language: str = "vi",
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw what units reported and what is left of it once noise is allowed for, by denominator.

    For use inside the office: units are not named, but small denominators stand there.

    Parameters
    ----------
    result : Shrunken
    ax : Axes, optional
    highlight : str, optional
        The one unit that is named, with its interval.
    language : {"vi", "en"}
    title : str
        The finding; how much of the differences is noise where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no row has the code `highlight`, or a row that is not shown carries a value.
    """
    data = states.checked(result.frame, "unit", ("value", "estimate", "low", "high"))
    own = data[data["unit"] == highlight]
    if highlight is not None and own.empty:
        raise ValueError(f"Bảng không có đơn vị {highlight}. / The table has no unit {highlight}.")
    shown = data[(data["state"] == states.SHOWN) & data["value"].notna()]
    others, own_shown = shown[shown["unit"] != highlight], shown[shown["unit"] == highlight]
    unit = units.OF_RESULT.get(result.unit, "per_10000")
    with style.house():
        ax = style.canvas(ax, 4.4)
        ax.set_xscale("log")
        ax.vlines(others["denominator"], others["value"], others["estimate"], color=style.RULE, linewidth=0.6, zorder=2)
        ax.plot(others["denominator"], others["value"], zorder=3, clip_on=False, **_RAW)
        ax.plot(others["denominator"], others["estimate"], zorder=4, clip_on=False, **_FOUND)
        ax.axhline(float(result.estimate or 0), color=style.INK, linestyle=":", linewidth=1.1, zorder=2)
        name = result.names.get(highlight or "", Words(highlight or "", highlight or ""))[language]
        _axes(ax, shown, own_shown, result.unit, unit, language)
        if len(own_shown):
            _highlight(ax, own_shown, name)
        elif highlight is not None:
            style.notice(ax, states.NO_POINT[language].format(name=name, why=states.ABSENT[str(own["state"].iloc[0])][language]))
        style.finish(
            ax,
            title=title or result.summary(language),
            handles=_handles(result, list(data["state"]), name if len(own_shown) else "", language),
            notes=[
                NOTE[language],
                result.denominators[language] if result.denominators else "",
                source_line(source, result.source, language),
            ],
            synthetic=result.synthetic,
            below=46,
        )
    told = [HEAD[language], title, result.summary(language), result.of_unit(highlight, language) if highlight else ""]
    style.describe(ax, *told, states.counted(list(data["state"]), UNIT, language), synthetic=result.synthetic)
    return ax


def _highlight(ax: Axes, own: pd.DataFrame, name: str) -> None:
    """Draw the one named unit: reported, shrunken, interval, and its name on the side that has room."""
    row = own.iloc[0]
    x, reported, found = (float(row[c]) for c in ("denominator", "value", "estimate"))
    ax.vlines([x], [row["low"]], [row["high"]], color=style.ACCENT, linewidth=2, zorder=5)
    ax.plot([x], [reported], zorder=6, clip_on=False, **{**_RAW, "markersize": 7.5, "markeredgecolor": style.INK, "markeredgewidth": 1.2})
    ax.plot([x], [found], zorder=6, clip_on=False, **_OWN)
    right = ax.transAxes.inverted().transform(ax.transData.transform((x, found)))[0] < 0.7
    ax.annotate(
        name,
        (x, found),
        xytext=(10 if right else -10, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=style.TEXT,
        fontweight="bold",
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        zorder=7,
    )


def _axes(ax: Axes, shown: pd.DataFrame, own: pd.DataFrame, said_unit: str, unit: str, language: str) -> None:
    """Set limits from what is drawn, round ticks on the logarithmic axis, and the reader's numbers."""
    sizes, heights = shown["denominator"].to_numpy(float), [*shown["value"], *shown["estimate"], *own["high"]]
    first, last = (float(sizes.min()), float(sizes.max())) if len(sizes) else (1.0, 10.0)
    ax.set_xlim(first / 1.15, last * 1.15)
    ticks = [m * 10.0**p for p in range(int(np.floor(np.log10(first))), int(np.ceil(np.log10(last))) + 1) for m in (1, 2, 5)]
    inside = [t for t in ticks if first / 1.15 <= t <= last * 1.15]
    if len(inside) < 2:
        inside = sorted({first, last})
    ax.xaxis.set_major_locator(FixedLocator(inside))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(inside, [number(t, language) for t in inside])
    top = max(heights, default=1.0)
    low = min(heights, default=0.0)
    pad = 0.06 * (top - low) or 0.05
    ax.set_ylim(max(0.0, low - pad), min(1.0, top + pad) if unit == "percent" else top + pad)
    units.value_axis(ax, unit, language, name="" if said_unit in units.OF_RESULT else said_unit)
    ax.set_xlabel(AXIS[unit][language])
    style.plain_ticks(ax)


def _handles(result: Shrunken, found: list[str], name: str, language: str) -> list[Artist]:
    """Return the legend: both kinds of points, the common value, the named unit's interval, and what has no point."""
    common = result.written(float(result.estimate or 0), language)
    handles: list[Artist] = [
        Line2D([], [], **_RAW, label=REPORTED[language]),
        Line2D([], [], **_FOUND, label=SHRUNKEN[language]),
        Line2D([], [], color=style.INK, linestyle=":", linewidth=1.1, label=COMMON[language].format(value=common)),
    ]
    if name:
        level = f"{number(100 * result.level, language)}%"
        handles.append(
            Line2D(
                [],
                [],
                color=style.ACCENT,
                linewidth=2,
                marker="D",
                markeredgecolor=style.INK,
                label=INTERVAL[language].format(level=level, name=name),
            )
        )
    return [*handles, *states.counted_handles(found, UNIT, language)]
