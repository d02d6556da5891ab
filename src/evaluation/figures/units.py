"""Units on axes and in text alternatives, written as the reader writes numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, MaxNLocator

from evaluation.language import Words, number, percent, significant
from evaluation.monitoring.series import unit_words

AXIS = {
    "percent": Words("tỷ lệ (%)", "share (%)"),
    "count": Words("số lượng", "number"),
    "value": Words("giá trị", "value"),
    "per_10000": Words("trên 10.000 dân", "per 10,000 residents"),
    "ratio": Words("tỷ số (thang lô-ga-rít)", "ratio (logarithmic scale)"),
    "points": Words("chênh lệch (điểm phần trăm)", "difference (percentage points)"),
}
OF_MEASURE = {"proportion": "percent", "count": "count", "rate": "per_10000", "value": "value"}
OF_RESULT = {"percent": "percent", "per 10,000 residents": "per_10000"}  # any other unit of a result is a count
PER_ONE = Words("trên một đơn vị của mẫu số", "per unit of the denominator")
SPAN = Words("từ {low} đến {high}", "{low} to {high}")
_MOST_DIGITS = 12
POINTS = Words("điểm phần trăm", "percentage points")


def known(unit: str) -> str:
    """Return the unit if figures know it.

    Raises
    ------
    ValueError
        If they do not, with those they know.
    """
    if unit not in AXIS:
        raise ValueError(f"Không có đơn vị {unit!r}; chọn: {', '.join(AXIS)}. / There is no unit {unit!r}; choose: {', '.join(AXIS)}.")
    return unit


def written(value: float, unit: str, language: str) -> str:
    """Write one value for the text alternative or a label.

    Parameters
    ----------
    value : float
        A share (0 to 1) for "percent", a difference of shares for "points", else the number itself.
    unit : {"percent", "count", "value", "per_10000", "ratio", "points"}
    language : {"vi", "en"}
    """
    match known(unit):
        case "percent":
            return percent(value, language)
        case "points":
            return f"{number(100 * value, language, 1)} {POINTS[language]}"
        case "ratio":
            return number(value, language, 2)
        case "per_10000":
            return f"{significant(value, language)} {AXIS[unit][language]}"
        case "value":
            return significant(value, language)
    return number(value, language, 0 if float(value).is_integer() else 1)


def rate_axis(said_unit: str) -> Words:
    """Return what stands at the axis of a rate: per so many; of a rate without such a number, per one of its denominator."""
    return unit_words(said_unit) if said_unit else PER_ONE


def with_interval(value: float, low: float, high: float, unit: str, language: str, *, bare: bool = False) -> str:
    """Write a value and, where it has one, its interval: "45,0% (từ 40,1% đến 49,9%)".

    Parameters
    ----------
    value, low, high : float
        `low` and `high` may be NaN.
    unit, language : str
        As in `written`.
    bare : bool
        Leave out the words of the unit where something beside names it once.
    """

    def one(x: float, stripped: bool) -> str:
        text = written(x, unit, language)
        return text.removesuffix(f" {AXIS[unit][language]}").removesuffix(f" {POINTS[language]}") if stripped else text

    if math.isnan(low) or math.isnan(high):
        return one(value, bare)
    ends = SPAN[language].format(low=one(low, True), high=one(high, True))
    return f"{one(value, bare)} ({ends})"


def many(n: int, noun: Words, language: str) -> str:
    """Write a count of things; `noun` is singular and takes an s in English."""
    return f"{number(n, language)} {noun[language]}{'s' if language == 'en' and n != 1 else ''}"


def around(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return ends of the axis of what need not begin at zero: a little beyond the shown values."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


class Numbers(Formatter):
    """Tick labels in the reader's writing, with as many decimals as the steps between ticks need.

    Parameters
    ----------
    unit : str
        As in `written`; "percent" and "points" multiply by 100.
    language : {"vi", "en"}
    """

    def __init__(self, unit: str, language: str) -> None:
        self.unit, self.language, self.digits = known(unit), language, 0
        self.scale = 100.0 if unit in {"percent", "points"} else 1.0

    def set_locs(self, locs: list[float]) -> None:
        """Take the places of all ticks and choose the decimals."""
        super().set_locs(locs)
        steps = sorted(self.scale * x for x in locs)
        smallest = min((b - a for a, b in pairwise(steps) if b > a), default=1.0)
        wholes = (d for d in range(_MOST_DIGITS) if abs(smallest * 10**d - round(smallest * 10**d)) < 1e-6 * smallest * 10**d)
        self.digits = next(wholes, _MOST_DIGITS)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write one tick."""
        return number(self.scale * x, self.language, self.digits) + ("%" if self.unit == "percent" else "")


def number_axis(axis: Axis, unit: str, language: str, ticks: int = 6) -> None:
    """Give an axis round ticks and the reader's numbers; counts have whole ticks only."""
    axis.set_major_locator(MaxNLocator(nbins=ticks, integer=unit == "count", steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(Numbers(unit, language))


def value_axis(ax: Axes, unit: str, language: str, *, name: str = "", ticks: int = 6) -> None:
    """Give the upright axis its numbers, lines across and its name: the unit's where left out."""
    number_axis(ax.yaxis, unit, language, ticks)
    ax.grid(axis="y")
    ax.set_ylabel(name or AXIS[unit][language])


def ceiling(values: npt.NDArray[np.float64], unit: str) -> float:
    """Return the top of the value axis, from shown values alone (absent ones are NaN)."""
    top = float(np.nanmax(values, initial=0.0))
    if top <= 0:
        return 0.1 if unit == "percent" else 5.0 if unit == "count" else 1.0
    return min(1.04, top * 1.12) if unit == "percent" and top <= 1 else top * 1.12
