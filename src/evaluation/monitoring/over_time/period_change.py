"""The change of a unit's last reported period on an earlier one, with the dispersion of its own series in the interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.language import Words
from evaluation.monitoring.rates.intervals import difference_newcombe, rate_ratio_exact
from evaluation.monitoring.series import PROPORTION, VALUE, CountSeries

RATIO, DIFFERENCE = "ratio", "difference"

_ABSENT = Words("kỳ đó hoặc kỳ so sánh không có số liệu", "that period or the one compared with has no figure")
_OTHERWISE = Words("giữa hai kỳ cách đếm đã thay đổi", "counting changed between the two periods")
_OVER_ZERO = Words("kỳ so sánh bằng 0 và kỳ này cũng bằng 0", "both periods are zero")
_BEFORE_FIRST = Words("chuỗi không có kỳ so sánh", "the series does not hold the period compared with")


@dataclass(frozen=True)
class Change:
    """The change of the last reported period on an earlier one.

    Attributes
    ----------
    period, against : str
    scale : {"ratio", "difference"}
        Of counts and rates a ratio, of shares and measured values a difference.
    estimate, low, high : float or None
        The interval is widened by the series' own dispersion; `high` is
        infinite over a zero. One measured value against another has none.
    why : Words or None
        Why there is none.
    """

    period: str
    against: str
    scale: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    why: Words | None = None

    @property
    def clear(self) -> bool | None:
        """Whether the change can be told from chance; None where there is none."""
        if self.low is None or self.high is None:
            return None
        none = 1.0 if self.scale == RATIO else 0.0
        return self.low > none or self.high < none


def change_on(own: CountSeries, last: int, back: int, dispersion: float, level: float) -> Change:
    """Return the change of a series' one unit on an earlier period.

    Parameters
    ----------
    own : CountSeries
        Of one unit.
    last, back : int
        The period, from 0, and how many periods before it the other stands.
    dispersion : float
        Variance of the series over that of chance alone, at least 1: counts
        enter the interval as if they were fewer by it.
    level : float

    Returns
    -------
    Change
        Without numbers where a figure is absent, counting changed in between,
        or both are zero.

    References
    ----------
    As in `monitoring.rates.intervals`: exact conditional for ratios, Newcombe for differences.
    """
    scale = DIFFERENCE if own.measure in (PROPORTION, VALUE) else RATIO
    if last < back:
        return Change(own.periods[last], "", scale, why=_BEFORE_FIRST)
    none = Change(own.periods[last], own.periods[last - back], scale)
    v0, v1 = own.values[0][[last - back, last]]
    if np.isnan([v0, v1]).any():
        return replace(none, why=_ABSENT)
    if any(last - back < own.place_of(c.period) <= last for c in own.changes):
        return replace(none, why=_OTHERWISE)
    if own.measure == VALUE:
        return replace(none, estimate=float(v1 - v0))
    (k0, k1), (e0, e1) = (x[0][[last - back, last]] for x in (own.counts, own.exposure))
    if scale == DIFFERENCE:
        low, high = difference_newcombe(k1, e1, k0, e0, level, dispersion)
        return replace(none, estimate=float(k1 / e1 - k0 / e0), low=float(low), high=float(high))
    if k0 == k1 == 0:
        return replace(none, why=_OVER_ZERO)
    low, high = rate_ratio_exact(k1 / dispersion, e1, k0 / dispersion, e0, level)
    ratio = float("inf") if k0 == 0 else float(k1 / e1 / (k0 / e0))
    return replace(none, estimate=ratio, low=float(low), high=float(high))
