"""Estimates of all specifications in order above, and below what was chosen in each."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from evaluation.effects.checks.choices import DIMENSIONS, option_words
from evaluation.effects.checks.specifications import Specifications
from evaluation.figures import style
from evaluation.figures.effect_scale import effect_axis, shown
from evaluation.figures.sources import source_line
from evaluation.language import Words, number

TOLD = Words("phân biệt được với ngẫu nhiên (giả dược, riêng lẻ)", "told from chance (placebos, singly)")
NOT_TOLD = Words("chưa phân biệt được", "not told from chance")
OWN = Words("cách phân tích của nghiên cứu", "the study's own specification")
MEDIAN = Words("trung vị", "median")
JOINT = Words(
    "Kiểm định chung so với {m} giả dược: trung vị p = {a}, số có ý nghĩa p = {b}, điểm trung bình p = {c}.",
    "Joint tests against {m} placebos: median p = {a}, number significant p = {b}, mean score p = {c}.",
)
ROW = 0.145  # inches of one option
LIGHT = "#b3bac4"


def specification_curve(
    result: Specifications, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None
) -> Axes:
    """Draw the curve of all estimates above and the choices behind each below; readable in grey.

    Parameters
    ----------
    result : Specifications
    ax : Axes, optional
        Both parts stand inside it.
    language : {"vi", "en"}
    title : str
        The finding; outcome and place where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes
        Those that hold both parts.
    """
    frame = result.frame
    told = frame["p_value"].to_numpy(float) <= round(1 - result.level, 9)
    rows = _rows(result)
    height = ROW * (len(rows) + 0.6 * len({d for d, _ in rows}))
    with style.house():
        ax = style.canvas(ax, 3.6 + height)
        ax.set_axis_off()
        share = 1.9 / (2.0 + height)
        above = ax.inset_axes((0, 1 - share, 1, share))
        below = ax.inset_axes((0, 0, 1, 1 - share - 0.02))
        _curve(above, result, told, language)
        _choices(below, result, told, rows, language)
        handles: list[Artist] = [
            Line2D([], [], marker="o", markersize=4, color=style.MAIN, linestyle="none", label=TOLD[language]),
            Line2D([], [], marker="o", markersize=4, color=LIGHT, linestyle="none", label=NOT_TOLD[language]),
            Line2D([], [], marker="D", markersize=6, color=style.ACCENT, markeredgecolor=style.INK, linestyle="none", label=OWN[language]),
            Line2D([], [], color=style.INK, linestyle=(0, (5, 2)), linewidth=1, label=MEDIAN[language]),
        ]
        joint = [number(p, language, 3) for p in (result.p_median, result.p_share, result.p_stouffer)]
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=handles,
            notes=[
                JOINT[language].format(m=number(result.placebos, language), a=joint[0], b=joint[1], c=joint[2]),
                result.method[language],
                source_line(source, result.source, language),
            ],
            synthetic=result.synthetic,
            below=12,
        )
    head = Words("Đường cong các cách phân tích", "Specification curve")[language]
    style.describe(ax, head, title, result.estimand[language], result.summary(language), synthetic=result.synthetic)
    return ax


def _curve(ax: Axes, result: Specifications, told: np.ndarray, language: str) -> None:
    estimate = result.frame["estimate"].to_numpy(float)
    x, own = np.arange(len(estimate)), int(result.frame["own"].to_numpy(bool).argmax())
    size = _mark(len(x))
    for which, color in ((~told, LIGHT), (told, style.MAIN)):
        ax.plot(
            x[which],
            shown(estimate[which], result.logs),
            marker="o",
            markersize=size,
            color=color,
            markeredgewidth=0,
            linestyle="none",
            zorder=3,
        )
    ax.axhline(float(shown(result.estimate or 0.0, result.logs)), color=style.INK, linestyle=(0, (5, 2)), linewidth=1, zorder=2)
    ax.plot(
        x[own],
        shown(estimate[own], result.logs),
        marker="D",
        markersize=6,
        color=style.ACCENT,
        markeredgecolor=style.INK,
        linestyle="none",
        zorder=5,
    )
    effect_axis(ax, estimate, language, logs=result.logs, measure=result.measure, ticks=5)
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(FixedLocator([t for t in ax.yaxis.get_major_locator()() if low <= t <= high]))
    ax.set_xlim(-1, len(x))
    style.ticks(ax.xaxis, [])
    style.plain_ticks(ax)


def _choices(ax: Axes, result: Specifications, told: np.ndarray, rows: list[tuple[str, Any]], language: str) -> None:
    """Draw one line of dots an option, under its dimension's name."""
    x = np.arange(len(told))
    own = int(result.frame["own"].to_numpy(bool).argmax())
    names, heights, at, last = [], [], 0.0, ""
    for dimension, option in rows:
        at += 0.6 if dimension != last and last else 0.0
        values = result.frame[dimension]
        chosen = (values.isna() if option is None else values == option).to_numpy(bool)
        for which, color in ((chosen & ~told, LIGHT), (chosen & told, style.MAIN)):
            ax.vlines(x[which], at - 0.36, at + 0.36, color=color, linewidth=max(0.35, min(3.0, 330 / len(x))), zorder=3)
        if chosen[own]:
            ax.plot([own], [at], marker="D", markersize=4.5, color=style.ACCENT, markeredgecolor=style.INK, linestyle="none", zorder=5)
        heights.append(at)
        names.append(f"{DIMENSIONS[dimension][language]}: {option_words(dimension, option, result.labels)[language]}")
        at, last = at + 1, dimension
    style.ticks(ax.yaxis, heights, names)
    ax.set_ylim(at - 0.4, -0.6)
    ax.set_xlim(-1, len(x))
    style.ticks(ax.xaxis, [])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    style.plain_ticks(ax)
    ax.tick_params(axis="y", length=0, labelsize=style.NOTE)


def _rows(result: Specifications) -> list[tuple[str, Any]]:
    """Return the options that differ between specifications, by dimension; None for a missing one."""
    found: list[tuple[str, Any]] = []
    for dimension in DIMENSIONS:
        values = result.frame[dimension]
        options = [*sorted(values.dropna().unique().tolist(), key=str), *([None] if values.isna().any() else [])]
        if len(options) > 1:
            found += [(dimension, o) for o in options]
    return found


def _mark(n: int) -> float:
    return float(np.clip(1200 / n, 2.2, 5.0))
