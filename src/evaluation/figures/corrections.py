"""Each figure that a correction changed: what was reported first, and what stands now.

For the office alone: ward figures are not protected. No report prints this figure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.figures import style, units
from evaluation.figures.history import PRIVATE
from evaluation.language import Words, number, percent

CELL = Words("một con số đã sửa", "one figure that was changed")
SAME = Words("không đổi", "no change")
TENFOLD = Words("gấp mười lần hoặc một phần mười", "ten times, or a tenth")
FIRST = Words("báo cáo lần đầu (thang lô-ga-rít, cộng 1)", "first reported (logarithmic scale, plus 1)")
NOW = Words("đang có hiệu lực", "in force")


def corrections(
    cells: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw the figures that corrections changed.

    Parameters
    ----------
    cells : DataFrame
        first, revised: as `quality.revisions` gives them; cells that were
        blank once are said in the alternative, not drawn.
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes
    """
    both = cells.dropna(subset=["first", "revised"])
    x, y = both["first"].to_numpy(float) + 1, both["revised"].to_numpy(float) + 1
    top = max(float(np.max(np.concatenate([x, y]), initial=10.0)) * 1.6, 100.0)
    line = np.array([1.0, top])
    with style.house():
        ax = style.canvas(ax, 4.2)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.plot(line, line, color=style.GREY, linewidth=1, zorder=1)
        for factor in (0.1, 10.0):
            ax.plot(line, line * factor, color=style.RULE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.plot(x, y, linestyle="none", marker="o", markersize=3.5, color=style.MAIN, alpha=0.45, zorder=3)
        ax.set_xlim(0.9, top)
        ax.set_ylim(0.9, top)
        ticks = [10.0**k for k in range(int(np.log10(top)) + 1)]
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks(ticks, [number(t, language) for t in ticks])
            axis.set_ticks([], minor=True)
        style.plain_ticks(ax)
        ax.grid()
        ax.set_xlabel(FIRST[language])
        ax.set_ylabel(NOW[language])
        style.finish(
            ax,
            title=title,
            handles=[
                Line2D([], [], linestyle="none", marker="o", markersize=4, color=style.MAIN, alpha=0.6, label=CELL[language]),
                Line2D([], [], color=style.GREY, linewidth=1, label=SAME[language]),
                Line2D([], [], color=style.RULE, linewidth=1, linestyle=(0, (4, 3)), label=TENFOLD[language]),
            ],
            notes=[PRIVATE[language] if source is None else source],
            synthetic=synthetic,
        )
    style.describe(ax, _told(cells, both, title, language), synthetic=synthetic)
    return ax


def _told(cells: pd.DataFrame, both: pd.DataFrame, title: str, language: str) -> str:
    """Say how many figures rose, fell, came or went, and the middle size of a change."""
    up, down = int((both["revised"] > both["first"]).sum()), int((both["revised"] < both["first"]).sum())
    figure = Words("con số", "figure")
    said = Words(
        "{all} đã sửa: {up} tăng, {down} giảm, {other} trước hoặc sau để trống",
        "{all} changed: {up} up, {down} down, {other} blank before or after",
    )
    parts = [
        title,
        said[language].format(
            all=units.many(len(cells), figure, language),
            up=number(up, language),
            down=number(down, language),
            other=number(len(cells) - len(both), language),
        ),
    ]
    moved = (both["ratio"] - 1).abs().dropna()
    if len(moved):
        parts.append(
            Words("Mức thay đổi trung vị: {x}", "Middle size of a change: {x}")[language].format(x=percent(float(moved.median()), language))
        )
    return ". ".join(p for p in parts if p) + "."
