"""The axis of an effect that was estimated in logs of ratios, in differences of shares, or in differences of values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from evaluation.figures import style, units
from evaluation.figures.intervals import RatioLabels, ratio_ticks
from evaluation.language import Words

_Floats = npt.NDArray[np.float64]

NAMES = {
    "ratio": Words("tỷ số (thang lô-ga-rít)", "ratio (logarithmic scale)"),
    "points": Words("chênh lệch (điểm phần trăm)", "difference (percentage points)"),
    "value": Words("chênh lệch", "difference"),
}


def shown(x: npt.ArrayLike, logs: bool) -> _Floats:
    """Return estimates as a reader knows them: ratios where they are logs."""
    return np.exp(np.asarray(x, dtype=float)) if logs else np.asarray(x, dtype=float)


def effect_axis(ax: Axes, values: npt.ArrayLike, language: str, *, logs: bool, measure: str, name: str = "", ticks: int = 6) -> None:
    """Give the upright axis of an effect its ends, numbers and line of no effect.

    Parameters
    ----------
    ax : Axes
    values : array_like
        What is drawn, on the design's scale; no effect is always inside.
    language : {"vi", "en"}
    logs : bool
    measure : {"count", "share", "rate", "value"}
    name : str
        What the axis is called; its unit where left out.
    ticks : int
        About how many.
    """
    low, high = units.around(np.append(np.asarray(values, dtype=float), 0.0))
    if logs:
        # At least a quarter either way, so that a flat course looks flat.
        low, high = float(np.exp(min(low, -np.log(1.25)))), float(np.exp(max(high, np.log(1.25))))
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        ax.yaxis.set_major_locator(FixedLocator(_with_one(ratio_ticks(low, high), ticks)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(RatioLabels(language))
        unit = "ratio"
    else:
        ax.set_ylim(low, high)
        unit = "points" if measure == "share" else "value"
        units.number_axis(ax.yaxis, unit, language, ticks)
    ax.grid(axis="y")
    ax.set_ylabel(name or NAMES[unit][language])
    ax.axhline(1.0 if logs else 0.0, color=style.GREY, linestyle=":", linewidth=1.1, zorder=1)


def _with_one(places: list[float], ticks: int) -> list[float]:
    """Return no more ticks than asked, 1 among them."""
    step = max(1, -(-len(places) // (ticks + 1)))
    at = places.index(1.0) if 1.0 in places else 0
    return [p for i, p in enumerate(places) if (i - at) % step == 0]
