"""What each place counted over some periods, per resident or as a share: the stuff of equity's measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.indicators import PER_RESIDENTS
from evaluation.language import Words
from evaluation.monitoring.rates.intervals import garwood, wilson
from evaluation.monitoring.reach.concentration import STANDARD, fractional_rank
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries
from evaluation.periods import Period
from evaluation.places import districts, ward_residents, wards

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]
_GINI_DRAWS = 200


@dataclass(frozen=True, eq=False)
class Reached:
    """What each unit counted over some periods, on what exposure, and the weight that it has.

    Attributes
    ----------
    count, exposure, weight : ndarray
        One a unit, over the reported periods; an exposure of 0 where there is no report. Exposure is in people of a
        share, in 10,000 residents and periods of a count; weight in people, or in 10,000 residents.
    share : bool
    first, last : str
        Periods.
    """

    count: _Floats
    exposure: _Floats
    weight: _Floats
    share: bool
    first: str
    last: str

    @classmethod
    def of(cls, series: CountSeries, since: str | None, until: str | None) -> Reached:
        """Return what a series' units counted from one period to another."""
        part = series.since(since) if since else series
        part = part.until(until) if until else part
        counts, exposure = part.counts, part.exposure
        if series.measure == COUNT:
            exposure = people(part.units, part.periods) / PER_RESIDENTS
        known = np.isfinite(counts) & np.isfinite(exposure) & (exposure > 0)
        periods = known.sum(axis=1)
        k, e = (np.where(known, x, 0.0).sum(axis=1) for x in (counts, exposure))
        weight = e if series.measure == PROPORTION else np.divide(e, periods, out=np.zeros_like(e), where=periods > 0)
        return cls(k, e, weight, series.measure == PROPORTION, part.periods[0], part.periods[-1])

    @property
    def known(self) -> _Bools:
        """Which units reported."""
        return self.exposure > 0

    @property
    def value(self) -> _Floats:
        """Count over exposure; NaN without a report."""
        return np.asarray(np.divide(self.count, self.exposure, out=np.full(self.count.shape, np.nan), where=self.known))

    def chance_error(self, order: _Floats, kind: str) -> float | None:
        """Return the error of the standard index if places are fixed and counts are Poisson; None of another kind or of no count."""
        kept = self.known & np.isfinite(order)
        if kind != STANDARD or not self.count[kept].any():
            return None
        rank = fractional_rank(order[kept], self.weight[kept])
        thin = self.weight[kept] / self.exposure[kept]
        had = self.count[kept] * thin
        centre = (had * rank).sum() / had.sum()
        return float(2 * np.sqrt((had * thin * (rank - centre) ** 2).sum()) / had.sum())

    def chance_gini(self, seed: int) -> _Floats:
        """Return Gini coefficients of the same total thrown over the places by their exposure."""
        rng, kept = np.random.default_rng(seed), self.known
        e, w = self.exposure[kept], self.weight[kept]
        thrown = rng.multinomial(round(self.count[kept].sum()), e / e.sum(), size=_GINI_DRAWS) / e
        order = np.argsort(thrown, axis=1)
        f, y = (w / w.sum())[order], np.take_along_axis(thrown, order, axis=1)
        rank = np.cumsum(f, axis=1) - f / 2
        return np.asarray(2 * (f * y * rank).sum(axis=1) / (f * y).sum(axis=1) - 1)

    def pooled(self, group: _Bools) -> tuple[float, float, int]:
        """Return the pooled value of a group, its variance by the scatter of its units (NaN for one), and how many report."""
        use = group & self.known
        k, e, n = self.count[use], self.exposure[use], int(use.sum())
        value = float(k.sum() / e.sum())
        variance = float(n / (n - 1) * ((k - value * e) ** 2).sum() / e.sum() ** 2) if n > 1 else float("nan")
        return value, variance, n

    def contrast(self, group: _Bools, others: _Bools, scale: str, level: float) -> tuple[float, float | None, float | None]:
        """Return the group against the others: ratio or difference, with its interval (None where it cannot be known)."""
        (one, spread_one, n_one), (two, spread_two, n_two) = self.pooled(group), self.pooled(others)
        if scale == "ratio" and min(one, two) == 0:
            raise ValueError("Một bên có số đếm bằng 0, tỷ số không xác định. / One side counted none, so that a ratio has no meaning.")
        alone = min(n_one, n_two) < 2
        t = 0.0 if alone else float(stats.t.ppf((1 + level) / 2, min(n_one, n_two) - 1))
        if scale == "points":
            gap = one - two
            half = t * float(np.sqrt(spread_one + spread_two))
            return (gap, None, None) if alone else (gap, gap - half, gap + half)
        ratio = one / two
        half = t * float(np.sqrt(spread_one / one**2 + spread_two / two**2))
        return (ratio, None, None) if alone else (ratio, ratio * float(np.exp(-half)), ratio * float(np.exp(half)))

    def frame(self, own: NDArray[np.str_], labels: Mapping[str, Words], level: float) -> pd.DataFrame:
        """Return all groups with their pooled values."""
        import pandas as pd

        rows = []
        for name, label in labels.items():
            group = own == name
            use = group & self.known
            row = {"group": name, "label_vi": label.vi, "label_en": label.en, "n_units": int(group.sum()), "n_reported": int(use.sum())}
            count, exposure = float(self.count[use].sum()), float(self.exposure[use].sum())
            value, low, high = self._bounds(group, count, exposure, level) if use.any() else (np.nan, np.nan, np.nan)
            rows.append({**row, "count": count if use.any() else np.nan, "exposure": exposure, "value": value, "low": low, "high": high})
        return pd.DataFrame(rows)

    def _bounds(self, group: _Bools, count: float, exposure: float, level: float) -> tuple[float, float, float]:
        value, variance, n = self.pooled(group)
        if count == 0:
            ends = wilson(0, exposure, level) if self.share else garwood(0, exposure, level)
            return 0.0, 0.0, float(ends[1])
        if n < 2:
            return value, np.nan, np.nan
        half = float(stats.t.ppf((1 + level) / 2, n - 1)) * float(np.sqrt(variance))
        if self.share:
            return value, max(0.0, value - half), min(1.0, value + half)
        return value, value * float(np.exp(-half / value)), value * float(np.exp(half / value))


def districts_of(units: Sequence[str]) -> list[str]:
    """Return the code of the district that each ward lies in, or a district's own.

    Raises
    ------
    ValueError
        If one is no place's code.
    """
    upper, lower, found = districts(), wards(), []
    for code in units:
        if code not in upper and code not in lower:
            raise ValueError(f"{code!r} không là mã quận, huyện, phường, xã nào. / {code!r} is the code of no district and no ward.")
        found.append(code if code in upper else lower[code].district_code)
    return found


def people(units: Sequence[str], periods: Sequence[str]) -> _Floats:
    """Return the residents of wards or districts at the middle of periods, units x periods."""
    parts = [list(wards(u)) if u == home else [u] for u, home in zip(units, districts_of(units), strict=True)]
    when = [Period.parse(p).middle for p in periods]
    return np.array([[sum(ward_residents(w, day) for w in own) for day in when] for own in parts])
