"""The figure of a year from the quarters that are known and draws of those that are not.

Counts and shares by the models of `predictive`; a stock by the random walk. Quarters that were not reported, and what is
missing of a quarter where only some wards reported, are drawn like those to come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED
from evaluation.language import Words
from evaluation.monitoring.aims.predictive import (
    DRAWS,
    Posterior,
    counts_posterior,
    future_counts,
    future_shares,
    random_walk,
    shares_posterior,
    tail_p,
)
from evaluation.monitoring.series import COUNT, PROPORTION, QUARTERS_A_YEAR, CountSeries
from evaluation.periods import Period
from evaluation.plan.measurable import LEVEL_AT_END

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

FEWEST_QUARTERS, LONGEST_PAST = 6, 16
# A year so far from the earlier ones happens once in a hundred by chance; the earlier ones then predict nothing.
SURPRISE = 0.01
TOO_FEW = Words(
    f"cần ít nhất {FEWEST_QUARTERS} quý có số liệu để dự báo", f"a prediction needs at least {FEWEST_QUARTERS} quarters with data"
)
NOT_ASKED = Words("biểu mẫu của năm này không thu thập", "the form of this year does not collect it")
CHANGED = Words("cách đếm thay đổi trong năm", "counting changed during the year")
UNLIKE = Words(
    "các quý của năm nay khác hẳn những quý trước nên không dự báo được từ đó",
    "this year's quarters are so unlike the earlier ones that these predict nothing",
)


@dataclass(frozen=True, eq=False)
class YearDraws:
    """A year's figure: what is known of it, and draws of the whole.

    Attributes
    ----------
    quarters : tuple of str
    path : ndarray of shape (draws, 4) or None
        The figure after each quarter; None where nothing is predicted.
    values : ndarray of shape (4,)
        The figure after each quarter from what is known alone.
    certain : ndarray of bool, shape (4,)
        Whether the figure after the quarter is known.
    so_far : float or None
        From what was reported.
    known : int
        Quarters with all their reports.
    quarters_used : int
        Behind the prediction.
    surprise : float or None
        How often a year as far off as this one would come from the earlier quarters; None where it was not looked at.
    why_not : Words or None
        Where nothing can be predicted.
    """

    quarters: tuple[str, ...]
    path: _Floats | None
    values: _Floats
    certain: _Bools
    so_far: float | None
    known: int
    quarters_used: int
    surprise: float | None = None
    why_not: Words | None = None

    @property
    def total(self) -> _Floats | None:
        """Draws of the year's figure, or None."""
        return None if self.path is None else self.path[:, -1]

    @property
    def complete(self) -> bool:
        """Whether the year's figure is known."""
        return bool(self.certain[-1])

    def course(self, *, predicted: bool) -> pd.DataFrame:
        """Return the figure as it builds up.

        Parameters
        ----------
        predicted : bool
            Whether the predicted quarters have numbers.

        Returns
        -------
        DataFrame
            period, value (where it is known), median, low80, high80, low95, high95 (where predicted), state ("known", "predicted").
        """
        import pandas as pd

        known = np.where(self.certain, self.values, np.nan)
        frame = pd.DataFrame({"period": self.quarters, "value": known})
        quantiles = np.full((5, 4), np.nan)
        if self.path is not None and predicted:
            quantiles = np.quantile(self.path, [0.5, 0.1, 0.9, 0.025, 0.975], axis=0, method="inverted_cdf")
        for name, row in zip(("median", "low80", "high80", "low95", "high95"), quantiles, strict=True):
            frame[name] = np.where(self.certain, np.nan, row)
        return frame.assign(state=np.where(self.certain, "known", "predicted"))


def year_draws(own: CountSeries, statistic: str, as_of: str, coverage: _Floats, seed: int = 0) -> YearDraws:
    """Return what is known and predicted of a year's figure.

    Parameters
    ----------
    own : CountSeries
        Of one unit, by quarter, up to the last quarter looked at.
    statistic : {"sum_of_year", "share_of_year", "level_at_end"}
    as_of : str
        Last quarter looked at.
    coverage : ndarray of shape (periods,)
        Share of a quarter's reports that are in its count.
    seed : int

    Raises
    ------
    ValueError
        If the series is not by quarter.
    """
    if own.season != QUARTERS_A_YEAR or Period.parse(as_of).quarter is None:
        raise ValueError("Mức của năm cần số liệu theo quý (như 2018-Q3). / A target of a year takes data by quarter (such as 2018-Q3).")
    quarters = tuple(str(q) for q in Period(Period.parse(as_of).year).quarters)
    kept = max([0, *(own.place_of(c.period) for c in own.changes)])
    year = _Year(own, statistic, quarters, coverage, kept)
    if any(c.period in quarters[1:] for c in own.changes):
        return year.only_known(CHANGED)
    if any(state == NOT_COLLECTED for state in own.states[0][[i for i in year.places if i >= 0]]):
        return year.only_known(NOT_ASKED)
    if year.used.sum() < FEWEST_QUARTERS and not year.certain[-1]:
        return year.only_known(TOO_FEW)
    return year.drawn(np.random.default_rng(seed))


class _Year:
    """The quarters of the year laid beside the series."""

    def __init__(self, own: CountSeries, statistic: str, quarters: tuple[str, ...], coverage: _Floats, kept: int) -> None:
        self.measure, self.statistic, self.quarters, self.coverage = own.measure, statistic, quarters, coverage
        nobody = (own.states[0] == NOT_APPLICABLE) & (own.measure == PROPORTION)  # nobody concerned: nothing out of nothing
        self.count = np.where(nobody, 0.0, own.counts[0])
        self.known: _Bools = ~np.isnan(self.count)
        self.size = np.where(nobody, 0.0, own.exposure[0]) if own.measure == PROPORTION else _filled(own.exposure[0], own.measure)
        self.phase = np.array(own.phases)
        where = {p: i for i, p in enumerate(own.periods)}
        self.places = np.array([where.get(q, -1) for q in quarters])
        recent = np.arange(len(own.periods)) >= max(kept, len(own.periods) - LONGEST_PAST)
        self.used: _Bools = self.known & recent & (coverage > 0)
        self.this_year: _Bools = np.isin(np.arange(len(own.periods)), self.places)
        self.whole: _Bools = self._of(self.known & (coverage >= 1)) > 0
        self.certain: _Bools = self.whole if statistic == LEVEL_AT_END else np.logical_and.accumulate(self.whole)

    def _of(self, values: _Floats | _Bools, absent: float = 0.0) -> _Floats:
        """Return the four quarters' values, `absent` where the series does not have the quarter."""
        return np.asarray(np.where(self.places >= 0, values[self.places].astype(float), absent), dtype=np.float64)

    @property
    def _parts(self) -> _Floats:
        return self._of(np.where(self.known, self.count, 0.0))

    @property
    def _sizes(self) -> _Floats:
        """Sizes of the four quarters where a count is known (shares) or of all of them (counts and rates)."""
        if self.measure == PROPORTION:
            return self._of(np.where(self.known, self.size, 0.0))
        return self._of(self.size, float(self.size[-1]))

    @property
    def _values(self) -> _Floats:
        """The figure after each quarter, from what is known alone."""
        parts, sizes = self._parts, self._sizes
        if self.statistic == LEVEL_AT_END:
            return _ratio(parts, sizes, (sizes > 0) & (self._of(self.known) > 0))
        if self.measure == PROPORTION:
            over = np.cumsum(sizes)
            return _ratio(np.cumsum(parts), over, over > 0)
        return np.asarray(np.cumsum(parts) / np.mean(sizes))

    @property
    def so_far(self) -> float | None:
        """The year's figure from what is known; None where nothing is."""
        known = np.flatnonzero((self._of(self.known) > 0) & np.isfinite(self._values))
        return float(self._values[known[-1]]) if len(known) else None

    def only_known(self, why_not: Words | None, surprise: float | None = None) -> YearDraws:
        """Return the year without prediction."""
        return YearDraws(
            quarters=self.quarters,
            path=None,
            values=self._values,
            certain=self.certain,
            so_far=self.so_far,
            known=int(self.whole.sum()),
            quarters_used=int(self.used.sum()),
            surprise=surprise,
            why_not=why_not,
        )

    def drawn(self, rng: np.random.Generator) -> YearDraws:
        """Return the year with its prediction, unless it is complete or unlike the years before."""
        if self.certain[-1]:
            return self.only_known(None)
        if self.statistic == LEVEL_AT_END:
            return replace(self.only_known(None), path=self._levels(rng))
        surprise = self._surprise(rng)
        if surprise is not None and surprise < SURPRISE:
            return self.only_known(UNLIKE, surprise)
        return replace(self.only_known(None, surprise), path=self._path(rng))

    def _rest(self) -> _Floats:
        """Return how much of each of the four quarters is still to be drawn, in sizes (of one, for shares)."""
        missing = np.where(self._of(self.known) > 0, 1 - self._of(self.coverage), 1.0)
        return np.asarray(missing * (1.0 if self.measure == PROPORTION else self._sizes))

    def _path(self, rng: np.random.Generator) -> _Floats:
        phases = np.arange(1, 5)
        sized = self.size * self.coverage
        if self.measure != PROPORTION:
            model = counts_posterior(self.count[self.used], sized[self.used], self.phase[self.used], 4, rng)
            drawn = future_counts(model, self._rest(), phases, rng)
            return np.asarray(np.cumsum(self._parts + drawn, axis=1) / np.mean(self._sizes))
        wholes = counts_posterior(self.size[self.used], self.coverage[self.used], self.phase[self.used], 4, rng)
        more = future_counts(wholes, self._rest(), phases, rng)
        parts = future_shares(self._shares(self.used, rng), more, phases, rng)
        over = np.cumsum(self._sizes + more, axis=1)
        return _ratio(np.cumsum(self._parts + parts, axis=1), over, over > 0)

    def _shares(self, of: _Bools, rng: np.random.Generator) -> Posterior:
        some = of & (self.size > 0)
        return shares_posterior(self.count[some], self.size[some], self.phase[some], 4, rng)

    def _surprise(self, rng: np.random.Generator) -> float | None:
        """Return how often the earlier quarters would lead to this year's as far off; None where there are too few of either."""
        before, now = self.used & ~self.this_year, self.used & self.this_year
        if before.sum() < FEWEST_QUARTERS or not now.any():
            return None
        if self.measure == PROPORTION:
            wholes = np.broadcast_to(self.size[now], (DRAWS, int(now.sum())))
            drawn = future_shares(self._shares(before, rng), wholes, self.phase[now], rng)
        else:
            sized = self.size * self.coverage
            model = counts_posterior(self.count[before], sized[before], self.phase[before], 4, rng)
            drawn = future_counts(model, sized[now], self.phase[now], rng)
        return tail_p(drawn.sum(axis=1), float(self.count[now].sum()), rng)

    def _levels(self, rng: np.random.Generator) -> _Floats:
        """Return the level in each quarter: known, or of a random walk from the last that is known whole."""
        whole = self.used & (self.coverage >= 1)
        at = np.flatnonzero(whole & (self.size > 0))
        k, n = self.count[at], self.size[at]
        share = self.measure == PROPORTION
        scale = special.logit((k + 0.5) / (n + 1)) if share else np.log((k + 0.5) / n)
        first = int(self.places[0]) if self.places[0] >= 0 else int(at[-1]) + 1
        ahead = np.maximum(first + np.arange(4) - at[-1], 0).astype(float)
        walk = random_walk(scale, at.astype(float), ahead, rng)
        size = float(n[-1])
        level = special.expit(walk) if share else np.maximum(np.rint(np.exp(np.clip(walk, -30, 40)) * size - 0.5), 0) / size
        if not share:
            level = np.maximum(level, self._parts / size)  # what some wards have reported already is there
        return np.where(self.certain, self._values, level)


def _ratio(parts: _Floats, wholes: _Floats, where: _Bools) -> _Floats:
    return np.asarray(np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=where), dtype=np.float64)


def _filled(exposure: _Floats, measure: str) -> _Floats:
    """Return exposures without gaps: 1 of counts, the nearest known of rates."""
    if measure == COUNT:
        return np.ones(len(exposure))
    known = np.flatnonzero(exposure > 0)
    if not len(known):
        return np.ones(len(exposure))
    nearest = known[np.abs(np.arange(len(exposure))[:, None] - known).argmin(axis=1)]
    return np.asarray(exposure[nearest])
