"""The axis of time: quarters or other periods under it, and the lines of what starts or is counted anew on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from evaluation.figures import style
from evaluation.language import Words
from evaluation.periods import ROMAN, Period, PeriodError, said_period

QUARTER, PERIOD = Words("quý", "quarter"), Words("kỳ", "period")
STARTS = Words("bắt đầu từ {period}", "starts in {period}")
MOST_QUARTERS = 32
MOST_LABELS = 8
# Unlike each other and unlike the dashes of a course that is drawn, so that they differ without colour.
START: dict[str, Any] = {"color": style.ACCENT, "linestyle": (0, (7, 2, 1, 2)), "linewidth": 1.2}
CHANGE: dict[str, Any] = {"color": style.ACCENT, "linestyle": (0, (1, 1.5)), "linewidth": 1.4}


def quarter_axis(ax: Axes, periods: Sequence[Period], language: str, *, years_only: bool = False) -> None:
    """Write quarters under the axis, the year under its first quarter; only years where panels are small."""
    ax.set_xlim(-0.6, len(periods) - 0.4)
    if years_only:
        firsts = [i for i, p in enumerate(periods) if p.quarter in (1, None)]
        style.ticks(ax.xaxis, firsts, [str(periods[i].year) for i in firsts])
        ax.xaxis.set_minor_locator(FixedLocator(range(len(periods))))
        ax.tick_params(which="minor", length=1.5, color=style.RULE)
    else:
        labels = []
        for i, p in enumerate(periods):
            quarter = "" if p.quarter is None else ROMAN[p.quarter - 1] if language == "vi" else f"Q{p.quarter}"
            labels.append(f"{quarter}\n{p.year}" if p.quarter == 1 or i == 0 or not quarter else quarter)
        style.ticks(ax.xaxis, range(len(periods)), labels)
        ax.set_xlabel(QUARTER[language])
    style.plain_ticks(ax)
    ax.tick_params(axis="x", length=0 if not years_only else 3)


def period_axis(ax: Axes, periods: Sequence[str], language: str, *, name: Words | None = None) -> bool:
    """Write periods under the axis: quarters as all figures do, others as they are called and no more than fit.

    Parameters
    ----------
    ax : Axes
    periods : sequence of str
        In order; a name that is no period is written as it is.
    language : {"vi", "en"}
    name : Words, optional
        What stands under the axis instead of periods, such as events; none of them is then taken for a quarter.

    Returns
    -------
    bool
        Whether they are quarters.
    """
    try:
        known = [] if name else [Period.parse(p) for p in periods]
    except PeriodError:
        known = []
    if known and len(known) <= MOST_QUARTERS and all(p.quarter for p in known):
        quarter_axis(ax, known, language)
        return True
    places = range(0, len(periods), max(1, -(-len(periods) // MOST_LABELS)))
    ax.set_xlim(-0.6, max(len(periods), 1) - 0.4)
    style.ticks(ax.xaxis, places, [said_period(periods[i], language, short=True) for i in places])
    ax.set_xlabel((name or PERIOD)[language])
    style.plain_ticks(ax)
    return False


def before(ax: Axes, at: int, look: dict[str, Any]) -> None:
    """Draw the line before the period that stands at `at`: `START` or `CHANGE`."""
    ax.axvline(at - 0.5, zorder=1.5, **look)


def start_handle(start: str, language: str) -> Line2D:
    """Return the legend entry of the line before the period `start`."""
    return Line2D([], [], label=STARTS[language].format(period=said_period(start, language)), **START)
