"""A place, its two rings and the control: after over before, one row each, beside what the control did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import style, units
from evaluation.figures.intervals import beside, name_rows, ratio_axis
from evaluation.language import Words, number, sentence
from evaluation.monitoring.around.displacement import ELSEWHERE, PLAIN_READINGS, READINGS, Displacement
from evaluation.monitoring.around.rings import AREA_NAMES, CONTROL, RING1, RING2, UNIT
from evaluation.periods import said_period

AXIS = Words("số đếm sau so với trước (lần, thang lô-ga-rít)", "counts after over before (times, logarithmic scale)")
RATIO = Words("tỷ số sau/trước và khoảng tin cậy {level}%", "ratio after/before with {level}% confidence interval")
CONTROL_BAND = Words("tỷ số của vùng đối chứng và khoảng của nó", "the control's ratio and its interval")
NOTHING = Words("không có số liệu ở cả hai giai đoạn", "no data on both sides")
WINDOWS = Words("Trước: {a} đến {b}. Sau: {c} đến {d}.", "Before: {a} to {b}. After: {c} to {d}.")
SEEN = Words("{before} trước, {after} sau", "{before} before, {after} after")
TOTAL = Words(
    "Cả nơi đó và vùng xung quanh: {total} so với mức vùng đối chứng dẫn tới ({low} đến {high})",
    "Place and surroundings together: {total} against what the control led to expect ({low} to {high})",
)
MARKS = {UNIT: "D", RING1: "o", RING2: "s", CONTROL: "^"}


def displacement(result: Displacement, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str = "") -> Axes:
    """Draw the four areas' change, with the control's as the measure of the others: a schema, no map.

    Parameters
    ----------
    result : Displacement
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; the reading of the result where left out.
    source : str

    Returns
    -------
    Axes
    """
    rows = result.frame.set_index("area")[["ratio", "low", "high", "before", "after"]].astype(float).to_dict("index")
    with style.house():
        ax = style.canvas(ax, 3.2)
        ends = [row[c] for row in rows.values() for c in ("low", "high", "ratio") if np.isfinite(row[c]) and row[c] > 0]
        _control(ax, rows[CONTROL])
        for height, area in enumerate(MARKS):
            _row(ax, height, area, rows[area], language)
        ratio_axis(ax, ends, language)
        name_rows(ax, range(len(MARKS)), [_name(result, area, language) for area in MARKS])
        ax.set_xlabel(AXIS[language])
        style.finish(
            ax,
            title=title or _finding(result, language),
            handles=_handles(result, language),
            notes=[_windows(result, language), ELSEWHERE[language], source],
            synthetic=result.synthetic,
            below=36,
        )
    style.describe(ax, *_told(result, title, language), synthetic=result.synthetic)
    return ax


def _finding(result: Displacement, language: str) -> str:
    plain = PLAIN_READINGS if result.direction == "context" else {}
    return f"{result.label[language]}: {(plain.get(result.reading) or READINGS[result.reading])[language]}"


def _name(result: Displacement, area: str, language: str) -> str:
    return sentence(result.place[language] if area == UNIT else AREA_NAMES[area][language])


def _windows(result: Displacement, language: str) -> str:
    a, b, c, d = (said_period(p, language, inside=True) for p in (*result.before, *result.after))
    return WINDOWS[language].format(a=a, b=b, c=c, d=d)


def _control(ax: Axes, row: Mapping[Any, float]) -> None:
    ax.axvspan(row["low"], row["high"], color=style.BAND, zorder=0.5)
    ax.axvline(row["ratio"], color=style.GREY, linestyle=(0, (4, 2)), linewidth=1.1, zorder=1)


def _row(ax: Axes, height: int, area: str, row: Mapping[Any, float], language: str) -> None:
    """Draw one area: mark and interval, its counts at the right; said in words where there are none."""
    ratio, low, high, before, after = (row[c] for c in ("ratio", "low", "high", "before", "after"))
    color = style.ACCENT if area == UNIT else style.MAIN
    if not np.isfinite(before):
        text = NOTHING[language]
    else:
        text = SEEN[language].format(before=number(before, language), after=number(after, language))
    if np.isfinite(ratio) and ratio > 0:
        ax.plot([max(low, 1e-9), high], [height, height], color=color, linewidth=1.8, solid_capstyle="butt", zorder=2)
        ax.plot([ratio], [height], marker=MARKS[area], markersize=7, color=color, markeredgecolor=style.PAPER, linestyle="none", zorder=3)
    beside(ax, height, text)


def _handles(result: Displacement, language: str) -> list[Artist]:
    level = number(100 * result.level, language)
    return [
        Line2D([], [], color=style.MAIN, marker="o", markersize=6, linewidth=1.8, label=RATIO[language].format(level=level)),
        Patch(facecolor=style.BAND, edgecolor=style.GREY, linestyle=(0, (4, 2)), label=CONTROL_BAND[language]),
    ]


def _told(result: Displacement, title: str, language: str) -> list[str]:
    """Say the finding, each area's ratio and the total in words."""
    head = Words("Biểu đồ tỷ số sau/trước của nơi được xem xét, hai vành và vùng đối chứng", "After over before: the place, rings, control")
    parts = [head[language], title, result.summary(language)]
    values = result.frame[["ratio", "low", "high"]].to_numpy(float)
    for area, (ratio, low, high) in zip(result.frame["area"], values, strict=True):
        said = units.with_interval(ratio, low, high, "ratio", language) if np.isfinite(ratio) else NOTHING[language]
        parts.append(f"{_name(result, str(area), language)}: {said}")
    signed = [f"+{number(x, language)}" if x > 0 else number(x, language) for x in (result.total, result.total_low, result.total_high)]
    return [*parts, TOTAL[language].format(total=signed[0], low=signed[1], high=signed[2])]
