"""An event study beside the trend that its test before the start would have missed."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evaluation.effects.checks.pre_trends import PreTrends
from evaluation.figures import style
from evaluation.figures.effect_scale import effect_axis, shown
from evaluation.figures.sources import source_line
from evaluation.language import Words, number, percent

COEFFICIENT = Words("chênh lệch so với kỳ mốc và khoảng {level}%", "gap to the reference period, with {level}% interval")
REFERENCE = Words("kỳ mốc", "reference period")
UNSEEN = Words("xu thế đều mà kiểm định bỏ sót trong {missed} số lần", "steady trend that the test misses in {missed} of cases")
TIME = Words("kỳ tính từ khi bắt đầu", "periods from the start")
START = Words("bắt đầu", "start")
_REFERENCE: dict[str, Any] = {
    "marker": "D",
    "markersize": 5.5,
    "color": style.PAPER,
    "markeredgecolor": style.MAIN,
    "linestyle": "none",
}
TEST = Words("Kiểm định chung trước khi bắt đầu: p = {p}.", "Joint test before the start: p = {p}.")


def pre_trends(result: PreTrends, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None) -> Axes:
    """Draw the gap by time from the start, and the steady trend that could have stayed unseen before it.

    Parameters
    ----------
    result : PreTrends
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; outcome and place where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes
    """
    frame = result.frame
    time = frame["time"].to_numpy(float)
    estimate, low, high = (frame[c].to_numpy(float) for c in ("estimate", "low", "high"))
    known = np.isfinite(low)
    slope = float(result.power["slope"].iloc[-1]) * (np.sign(result.effect) or 1.0)
    trend = slope * (time - result.reference)
    missed = percent(1 - float(result.power["power"].iloc[-1]), language, 0)
    with style.house():
        ax = style.canvas(ax, 3.8)
        ax.axvline(-0.5, color=style.ACCENT, linestyle=(0, (7, 2, 1, 2)), linewidth=1.2, zorder=1.5)
        ax.plot(time, shown(trend, result.logs), color=style.INK, linestyle=(0, (5, 2)), linewidth=1.2, zorder=2)
        ax.vlines(
            time[known],
            shown(low[known], result.logs),
            shown(high[known], result.logs),
            color=style.MAIN,
            alpha=0.5,
            linewidth=2.2,
            zorder=3,
        )
        ax.plot(time[known], shown(estimate[known], result.logs), color=style.MAIN, marker="o", markersize=5, linestyle="none", zorder=4)
        ax.plot(time[~known], shown(estimate[~known], result.logs), zorder=4, **_REFERENCE)
        effect_axis(ax, np.concatenate([low[known], high[known]]), language, logs=result.logs, measure=result.measure)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=16))
        ax.xaxis.set_major_formatter(lambda x, _: number(x, language))
        ax.set_xlim(time.min() - 0.6, time.max() + 0.6)
        ax.set_xlabel(TIME[language])
        style.plain_ticks(ax)
        level = number(100 * result.level, language)
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                color=style.MAIN,
                marker="o",
                markersize=5,
                linewidth=2.2,
                alpha=0.8,
                label=COEFFICIENT[language].format(level=level),
            ),
            Line2D(
                [],
                [],
                marker="D",
                markersize=5.5,
                color=style.PAPER,
                markeredgecolor=style.MAIN,
                linestyle="none",
                label=REFERENCE[language],
            ),
            Line2D([], [], color=style.INK, linestyle=(0, (5, 2)), linewidth=1.2, label=UNSEEN[language].format(missed=missed)),
            Line2D([], [], color=style.ACCENT, linestyle=(0, (7, 2, 1, 2)), linewidth=1.2, label=START[language]),
        ]
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=handles,
            notes=[
                TEST[language].format(p=number(result.p_value, language, 3)),
                result.method[language],
                source_line(source, result.source, language),
            ],
            synthetic=result.synthetic,
            below=36,
        )
    head = Words("Biểu đồ chênh lệch theo kỳ tính từ khi bắt đầu", "Gaps by period from the start")[language]
    style.describe(ax, head, title, result.estimand[language], result.summary(language), synthetic=result.synthetic)
    return ax
