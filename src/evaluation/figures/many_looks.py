"""Many comparisons at once: sorted p-values against what chance alone gives and against the line that controls them; no names."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from evaluation.figures import style
from evaluation.language import Words, number, sentence
from evaluation.monitoring.looks.alpha_spending import Spending
from evaluation.monitoring.looks.many_looks import BH, BY, PROCEDURES, ManyLooks

RANK, LOOK, P = Words("thứ tự theo giá trị p", "order by p-value"), Words("lần xem", "look"), Words("giá trị p", "p-value")
REMAINS, OTHERS = Words("còn lại sau kiểm soát: {n}", "remain after control: {n}"), Words("không còn: {n}", "do not remain: {n}")
CHANCE = Words("chỉ có ngẫu nhiên", "chance alone")
LEVEL = Words("{alpha}% mỗi so sánh", "{alpha}% for each comparison")
LINE = Words("ngưỡng kiểm soát {control}", "line that controls {control}")
NOTE = Words("Không nêu tên đơn vị nào và không xếp hạng đơn vị.", "No unit is named, and no unit is ranked.")
FLOOR = 1e-6

_OTHERS: dict[str, Any] = {
    "marker": "o",
    "linestyle": "none",
    "markersize": 4.5,
    "markerfacecolor": "#c9ced6",
    "markeredgecolor": "#8a919c",
}
_SINGLE: dict[str, Any] = {"color": style.GREY, "linestyle": (0, (8, 2, 1, 2)), "linewidth": 1}
_LIMIT: dict[str, Any] = {"color": style.INK, "linestyle": (0, (4, 2)), "linewidth": 1.3}
_REMAINS: dict[str, Any] = {"marker": "D", "linestyle": "none", "markersize": 5.5, "color": style.INK}


def many_looks(
    result: ManyLooks, ax: Axes | None = None, *, language: str = "vi", synthetic: bool = False, title: str = "", source: str = ""
) -> Axes:
    """Draw p-values with the line that controls them, both axes by powers of ten.

    Parameters
    ----------
    result : ManyLooks
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str
        The result's own sentence where no title is given.

    Returns
    -------
    Axes
    """
    with style.house():
        ax = style.canvas(ax, 4.3)
        limits = result.thresholds
        handles = _sorted(ax, result, language) if limits is None else _looks(ax, result, limits, language)
        ax.set_yscale("log")
        ax.set_ylim(max(FLOOR, _lowest(result)) / 2, 1.3)
        ax.yaxis.set_major_locator(LogLocator(numticks=8))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _plain(y, language)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set_ylabel(P[language])
        ax.grid(axis="y")
        style.plain_ticks(ax)
        heading = title or sentence(result.summary(language))
        style.finish(ax, title=heading, handles=handles, notes=[NOTE[language], source], synthetic=synthetic, below=36)
    style.describe(ax, heading, result.method[language], synthetic=synthetic)
    return ax


def _sorted(ax: Axes, result: ManyLooks, language: str) -> list[Artist]:
    """Draw p-values by rank with the lines of chance, of a single comparison and of the control."""
    known = np.isfinite(result.p)
    order = np.argsort(result.p[known], kind="stable")
    p, remains = np.maximum(result.p[known][order], FLOOR), result.remains[known][order]
    n = len(p)
    rank = np.arange(1, n + 1)
    line = _line(result, n, rank)
    ax.set_xscale("log")
    ax.plot(rank, rank / (n + 1), color=style.GREY, linestyle=":", linewidth=1.2, zorder=2)
    ax.axhline(result.alpha, zorder=2, **_SINGLE)
    ax.plot(rank, line, zorder=2, **_LIMIT)
    for part, look in ((~remains, _OTHERS), (remains, _REMAINS)):
        if part.any():
            ax.plot(rank[part], p[part], zorder=3, **look)
    ax.set_xlim(0.8, n * 1.25)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x, language)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(RANK[language])
    dotted = Line2D([], [], color=style.GREY, linestyle=":", linewidth=1.2, label=CHANCE[language])
    single = Line2D([], [], label=_level(result, language), **_SINGLE)
    return [*_points(result, int(remains.sum()), int((~remains).sum()), language), dotted, single, _control(result, language)]


def _looks(ax: Axes, result: ManyLooks, limits: Spending, language: str) -> list[Artist]:
    """Draw the p-values of each look with the boundary of all planned looks."""
    table = np.atleast_2d(result.p)
    remains = table <= limits.nominal[: table.shape[1]]
    look = np.broadcast_to(np.arange(1, table.shape[1] + 1), table.shape)
    for part, how in ((~remains & np.isfinite(table), _OTHERS), (remains & np.isfinite(table), _REMAINS)):
        if part.any():
            ax.plot(look[part], np.maximum(table[part], FLOOR), zorder=3, **how)
    planned = np.arange(1, len(limits.nominal) + 1)
    ax.plot(planned, np.maximum(limits.nominal, FLOOR), zorder=2, **_LIMIT)
    ax.axhline(result.alpha, zorder=2, **_SINGLE)
    ax.set_xlim(0.7, len(planned) + 0.3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x, language)))
    ax.set_xlabel(LOOK[language])
    last = int(result.estimate or 0)
    single = Line2D([], [], label=_level(result, language), **_SINGLE)
    return [*_points(result, last, result.n - last, language), single, _control(result, language)]


def _line(result: ManyLooks, n: int, rank: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return the level that the control holds each rank against."""
    if result.procedure in (BH, BY):
        scale = 1.0 if result.procedure == BH else float(np.sum(1 / rank))
        return np.asarray(result.alpha * rank / n / scale)
    return np.asarray(result.alpha / (n - rank + 1))


def _lowest(result: ManyLooks) -> float:
    """Return the smallest p-value or level of the control."""
    n = int(np.isfinite(result.p).sum())
    own = float(np.nanmin(result.p))
    return min(own, float(result.thresholds.nominal[0]) if result.thresholds is not None else _line(result, n, np.arange(1, n + 1))[0])


def _points(result: ManyLooks, left: int, others: int, language: str) -> list[Artist]:
    found: list[Artist] = []
    if left:
        found.append(Line2D([], [], **_REMAINS, label=REMAINS[language].format(n=number(left, language))))
    if others:
        found.append(Line2D([], [], **_OTHERS, label=OTHERS[language].format(n=number(others, language))))
    return found


def _level(result: ManyLooks, language: str) -> str:
    return LEVEL[language].format(alpha=number(100 * result.alpha, language, 0 if round(100 * result.alpha, 6).is_integer() else 1))


def _control(result: ManyLooks, language: str) -> Artist:
    label = LINE[language].format(control=PROCEDURES[result.procedure][language])
    return Line2D([], [], label=label, **_LIMIT)


def _plain(y: float, language: str) -> str:
    """Write a power of ten in full: 0,0001."""
    return number(y, language, max(0, round(-np.log10(y))))
