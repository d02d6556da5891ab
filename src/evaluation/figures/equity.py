"""The concentration curve: how much of a service the first so many residents have, places in an order."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import style, units
from evaluation.language import Words, number, number_span, percent
from evaluation.monitoring.reach.concentration import ConcentrationIndex

PEOPLE = Words(
    "tỷ lệ dân cộng dồn, các nơi xếp theo {order}, từ thấp đến cao", "cumulative share of people, places by {order}, low to high"
)
OUTCOME = Words("tỷ lệ cộng dồn của chỉ tiêu", "cumulative share of the outcome")
EQUAL = Words("đường chia đều: mọi nơi như nhau", "line of equality: all places alike")
CURVE = Words("đường tập trung", "concentration curve")
BETWEEN = Words("phần chênh với đường chia đều", "gap from the line of equality")
INDEX = Words("Chỉ số tập trung {index} ({ends})", "Concentration index {index} ({ends})")
HALF = Words(
    "một nửa số dân ở các nơi xếp trước có {share} của chỉ tiêu",
    "the half of the people in the places that come first has {share} of the outcome",
)


def concentration_curve(
    result: ConcentrationIndex,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    title: str = "",
    note: str = "",
    source: str = "",
) -> Axes:
    """Draw a concentration curve against the line of equality.

    Parameters
    ----------
    result : ConcentrationIndex
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; the result's own sentence where left out.
    note : str
        Written in the picture instead of the index.
    source : str

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the result has no estimate.
    """
    if result.estimate is None or result.low is None or result.high is None:
        raise ValueError("Kết quả không có ước lượng để vẽ. / The result has no estimate to draw.")
    curve = result.curve
    people, outcome = curve["people"].to_numpy(float), curve["outcome"].to_numpy(float)
    ends = number_span(result.low, result.high, language, 3)
    said = note or INDEX[language].format(index=number(result.estimate, language, 3), ends=ends)
    with style.house():
        ax = style.canvas(ax, 4.6)
        ax.fill_between(people, people, outcome, color=style.BAND, zorder=1)
        ax.plot([0, 1], [0, 1], color=style.GREY, linestyle=(0, (4, 2)), linewidth=1.2, zorder=2)
        ax.plot(people, outcome, color=style.MAIN, linewidth=2.0, zorder=3)
        above = float(np.interp(0.5, people, outcome)) > 0.5
        ax.text(
            0.97 if above else 0.03,
            0.05 if above else 0.95,
            style.wrap(said, 220),
            transform=ax.transAxes,
            ha="right" if above else "left",
            va="bottom" if above else "top",
            fontsize=style.TEXT,
        )
        for axis in (ax.xaxis, ax.yaxis):
            units.number_axis(axis, "percent", language)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.grid()
        style.plain_ticks(ax)
        ax.set_xlabel(PEOPLE[language].format(order=result.order[language]))
        ax.set_ylabel(OUTCOME[language])
        style.finish(
            ax,
            title=title or result.summary(language).rstrip("."),
            handles=[
                Line2D([], [], color=style.MAIN, linewidth=2.0, label=CURVE[language]),
                Line2D([], [], color=style.GREY, linestyle=(0, (4, 2)), linewidth=1.2, label=EQUAL[language]),
                Patch(facecolor=style.BAND, edgecolor="none", label=BETWEEN[language]),
            ],
            notes=[source],
            synthetic=result.synthetic,
            below=36,
        )
    half = HALF[language].format(share=percent(float(np.interp(0.5, people, outcome)), language))
    style.describe(ax, CURVE[language], title, result.summary(language), note, half, synthetic=result.synthetic)
    return ax
