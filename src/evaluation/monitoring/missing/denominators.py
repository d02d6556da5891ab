"""Whether two periods count the same units: who joined, who left, and the change among those that reported both times.

References
----------
Cochran 1977, Sampling Techniques, 3rd ed. (section 6.4: variance of a ratio estimator). Newcombe 1998, Statistics in
Medicine 17:873.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.contracts import SHOWN
from evaluation.language import Words, number, percent, points, span
from evaluation.monitoring.missing.missing_reports import ALL_UNITS
from evaluation.monitoring.rates.intervals import difference_newcombe, rate_ratio_exact
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]

FEWEST_UNITS = 5


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Denominators(Result):
    """Of which units, and of how many people, each period's figure is.

    `estimate` is the share of periods whose units are those of the period before.

    Attributes
    ----------
    frame : DataFrame
        One row a period: period, units, joined, left (against the period before; NaN at the first), same (bool),
        denominator (sum over the units that reported; NaN of plain counts).
    name : Words
    """

    frame: pd.DataFrame
    name: Words

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return in how many periods the units changed, as one sentence, in English unless told."""
        speak = language or "en"
        later = self.frame.iloc[1:]
        changed = later.loc[~later["same"].astype(bool), "period"]
        if changed.empty:
            return Words(
                f"{self.estimand.vi}, {self.name.vi}: kỳ nào cũng gồm đúng những đơn vị của kỳ trước.",
                f"{self.estimand.en}, {self.name.en}: every period is of the units of the one before.",
            )[speak]
        few, many = number(len(changed), speak), number(len(later), speak)
        last = said_period(str(changed.iloc[-1]), speak)
        return Words(
            f"{self.estimand.vi}, {self.name.vi}: {few}/{many} kỳ không gồm đúng những đơn vị của kỳ trước, gần nhất là {last}.",
            f"{self.estimand.en}, {self.name.en}: {few} of {many} periods are not of the units of the one before, the latest is {last}.",
        )[speak]


def denominators(series: CountSeries, name: Words = ALL_UNITS) -> Denominators:
    """Return of which units each period's figure is, and how that changes.

    Parameters
    ----------
    series : CountSeries
        All units of the place.
    name : Words
        Of the place.
    """
    import pandas as pd

    came = series.states == SHOWN
    before = np.roll(came, 1, axis=1)
    joined, left = (came & ~before).sum(axis=0).astype(float), (before & ~came).sum(axis=0).astype(float)
    joined[0] = left[0] = np.nan
    size = np.full(came.shape[1], np.nan)
    if series.measure != COUNT:
        size = np.where(came, np.nan_to_num(series.exposure), 0.0).sum(axis=0) * series.per
    same = (joined == 0) & (left == 0)
    same[0] = True
    frame = pd.DataFrame(
        {"period": series.periods, "units": came.sum(axis=0), "joined": joined, "left": left, "same": same, "denominator": size}
    )
    return Denominators(
        estimand=series.label,
        method=Words("Đếm các đơn vị có số liệu trong từng kỳ.", "Units with a figure counted in each period."),
        estimate=float(same[1:].mean()) if len(same) > 1 else None,
        n=len(series.units),
        unit="share",
        frame=frame,
        name=name,
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SameUnits(Result):
    """A change between two periods among the units that reported both times.

    `estimate`, `low`, `high`: the ratio of counts or rates, the difference of shares.

    Attributes
    ----------
    period, before : str
    name : Words
    now, then : float or None
        The two figures.
    units, of_units : int
        Units that reported both times; all.
    dispersion : float
        By how much the units' changes scatter more than chance (variance factor, at least 1); the interval is wider by it.
    scale : {"ratio", "difference"}
    """

    period: str
    before: str
    name: Words
    now: float | None
    then: float | None
    units: int
    of_units: int
    dispersion: float
    scale: str
    share: bool

    def summary(self, language: str | None = None) -> str:
        """Return the change among the same units as one sentence, in English unless told."""
        speak = language or "en"
        when = Words(
            f"{said_period(self.period, 'vi')} so với {said_period(self.before, 'vi')}",
            f"{said_period(self.period, 'en')} against {said_period(self.before, 'en')}",
        )[speak]
        units = Words(
            f"{self.units}/{self.of_units} đơn vị có báo cáo cả hai kỳ", f"{self.units} of {self.of_units} units that reported both times"
        )[speak]
        head = f"{self.estimand[speak]}, {self.name[speak]}, {when} ({units})"
        if self.now is None or self.then is None:
            return head + Words(": không có gì để so sánh.", ": there is nothing to compare.")[speak]
        now, then = (percent(x, speak) if self.share else number(x, speak, 0 if x.is_integer() else 1) for x in (self.now, self.then))
        if self.estimate is None or self.low is None or self.high is None or not np.isfinite(self.high):
            return f"{head}: {now}" + Words(f", trước đó {then}.", f", {then} before.")[speak]
        if self.share:
            what = Words("chênh lệch", "difference")[speak]
            value, low, high = points(self.estimate, speak), number(100 * self.low, speak, 1), number(100 * self.high, speak, 1)
        else:
            what = Words("tỷ số", "ratio")[speak]
            value, low, high = (number(x, speak, 2) for x in (self.estimate, self.low, self.high))
        earlier = Words(f"trước đó {then}", f"{then} before")[speak]
        return f"{head}: {now}, {earlier}; {what} {value} ({percent(self.level, speak, 0)}: {span(low, high, speak)})."


def same_units(series: CountSeries, period: str, before: str, *, name: Words = ALL_UNITS, level: float = 0.95) -> SameUnits:
    """Return the change between two periods among the units that reported both times.

    Parameters
    ----------
    series : CountSeries
        All units of the place.
    period, before : str
        Later and earlier period.
    name : Words
    level : float

    Returns
    -------
    SameUnits
        Without an estimate where no unit reported both times, or the earlier figure is zero.

    Raises
    ------
    ValueError
        If there is no such period.

    Notes
    -----
    Exact conditional interval of a ratio, Newcombe's of a difference, of counts fewer by the dispersion: the variance of
    the change from the units' own changes (linearised, as of a ratio estimator, with a t distribution) over that of
    chance alone. Of fewer than five units their scatter cannot be known; the interval then holds chance alone.
    """
    at = series.place_of(period), series.place_of(before)
    both = np.all(series.states[:, at] == SHOWN, axis=1)
    k1, k0 = series.counts[both][:, at].T
    e1, e0 = series.exposure[both][:, at].T
    share = series.measure == PROPORTION
    n1, n0 = (float(e.sum()) if series.measure != COUNT else 1.0 for e in (e1, e0))
    total1, total0 = float(k1.sum()), float(k0.sum())
    some = bool(both.any()) and n1 > 0 and n0 > 0
    dispersion = _dispersion(k1, e1, k0, e0, share, level) if some else 1.0
    now, then = (total1 / n1, total0 / n0) if some else (None, None)
    estimate = low = high = None
    if some and share:
        estimate = total1 / n1 - total0 / n0
        low, high = difference_newcombe(total1, n1, total0, n0, level, dispersion)
    elif some and total0 > 0:
        estimate = (total1 / n1) / (total0 / n0)
        low, high = rate_ratio_exact(total1 / dispersion, n1, total0 / dispersion, n0, level)
    return SameUnits(
        estimand=series.label,
        method=Words(
            "Chỉ những đơn vị có báo cáo cả hai kỳ; khoảng tin cậy nới theo độ phân tán giữa các đơn vị.",
            "Only units that reported both times; the interval is widened by the units' dispersion.",
        ),
        estimate=estimate,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        level=level,
        n=int(both.sum()),
        unit="difference" if share else "ratio",
        period=period,
        before=before,
        name=name,
        now=now,
        then=then,
        units=int(both.sum()),
        of_units=len(series.units),
        dispersion=dispersion,
        scale="difference" if share else "ratio",
        share=share,
    )


def _dispersion(k1: _Floats, e1: _Floats, k0: _Floats, e0: _Floats, share: bool, level: float) -> float:
    """Return by how much the units' own changes widen the variance of the common one, at least 1."""
    units, total1, total0 = len(k1), k1.sum(), k0.sum()
    if units < FEWEST_UNITS or total1 == 0 or total0 == 0:
        return 1.0
    if share:
        p1, p0 = total1 / e1.sum(), total0 / e0.sum()
        moved = (k1 - p1 * e1) / e1.sum() - (k0 - p0 * e0) / e0.sum()
        chance = p1 * (1 - p1) / e1.sum() + p0 * (1 - p0) / e0.sum()
    else:
        moved, chance = k1 / total1 - k0 / total0, 1 / total1 + 1 / total0
    tail = (1 + level) / 2
    wider = (stats.t.ppf(tail, units - 1) / stats.norm.ppf(tail)) ** 2
    between = units / (units - 1) * float(np.sum(moved**2)) * wider
    return max(1.0, between / chance) if chance > 0 else 1.0
