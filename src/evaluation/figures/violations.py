"""The interval of an effect by how far trends may depart from parallel, and the departure that breaks it."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.effects.checks.violations import RELATIVE, SMOOTH, WORKS_BY, Violations
from evaluation.figures import style
from evaluation.figures.effect_scale import effect_axis, shown
from evaluation.figures.sources import source_line
from evaluation.language import Words, number, sentence, significant

SIZE = {
    RELATIVE: Words(
        "vi phạm sau khi bắt đầu, so với vi phạm lớn nhất trước đó (lần)", "violation after the start, times the largest before it"
    ),
    SMOOTH: Words("thay đổi độ dốc cho phép mỗi kỳ", "change of slope allowed a period"),
}
INTERVAL = Words("khoảng {level}% của tác động trung bình", "{level}% interval of the mean effect")
HOLDS_NONE = Words("khoảng chứa giá trị không tác động", "interval includes the value of no effect")
BREAKS = Words("ngưỡng phá vỡ: {m}", "breakdown value: {m}")


def violations(
    result: Violations,
    ax: Axes | None = None,
    *,
    restriction: str = RELATIVE,
    language: str = "vi",
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw the interval of the mean effect for each size of violation.

    Parameters
    ----------
    result : Violations
    ax : Axes, optional
    restriction : {"relative", "smooth"}
    language : {"vi", "en"}
    title : str
        The finding; outcome and place where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such restriction, or none was tried.
    """
    rows = result.frame[result.frame["restriction"] == restriction]
    if rows.empty:
        raise ValueError(f"restriction={restriction!r}: {', '.join(result.frame['restriction'].unique())}.")
    low, high = rows["low"].to_numpy(float), rows["high"].to_numpy(float)
    broken = (low <= 0) & (high >= 0)
    x = np.arange(len(rows))
    at = result.breakdown if restriction == RELATIVE else result.breakdown_smooth
    with style.house():
        ax = style.canvas(ax, 3.4)
        for where, color, width in ((~broken, style.MAIN, 5.0), (broken, style.GREY, 2.2)):
            ax.vlines(x[where], shown(low[where], result.logs), shown(high[where], result.logs), color=color, linewidth=width, zorder=3)
        ax.plot(
            x,
            np.full(len(x), shown(result.estimate or 0.0, result.logs)),
            color=style.INK,
            marker="_",
            markersize=9,
            linestyle="none",
            zorder=4,
        )
        # One wide interval must not flatten those that still tell something.
        told = np.concatenate([low[~broken], high[~broken], low[:2], high[:2]])
        effect_axis(ax, _reach(told, low, high), language, logs=result.logs, measure=result.measure)
        ax.set_xticks(x, [significant(m, language) for m in rows["m"].to_numpy(float)])
        ax.set_xlim(-0.6, len(x) - 0.4)
        ax.set_xlabel(SIZE[restriction][language])
        style.plain_ticks(ax)
        level = number(100 * result.level, language)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, linewidth=5.0, label=INTERVAL[language].format(level=level)),
            Line2D([], [], color=style.GREY, linewidth=2.2, label=HOLDS_NONE[language]),
        ]
        if at:
            places = np.interp(at, rows["m"].to_numpy(float), x)
            ax.axvline(float(places), color=style.ACCENT, linestyle=(0, (1, 1.5)), linewidth=1.4, zorder=2)
            label = BREAKS[language].format(m=significant(at, language))
            handles.append(Line2D([], [], color=style.ACCENT, linestyle=(0, (1, 1.5)), linewidth=1.4, label=label))
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=handles,
            notes=[
                sentence(WORKS_BY[restriction][language]) + ".",
                result.method[language],
                source_line(source, result.source, language),
            ],
            synthetic=result.synthetic,
            below=36,
        )
    head = Words("Biểu đồ khoảng của tác động theo mức vi phạm xu thế song song", "Intervals of the effect by violation of parallel trends")
    style.describe(ax, head[language], title, result.estimand[language], result.summary(language), synthetic=result.synthetic)
    return ax


def _reach(told: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the ends of the axis: half as far again as what is told reaches, and no further than there is something."""
    most = 1.5 * float(np.abs(told).max())
    return np.array([max(float(low.min()), -most), min(float(high.max()), most)])
