"""Interrupted time series of many units at once: one row a unit, dispersions drawn together, in one array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number
from evaluation.monitoring.over_time.interrupted.one import ASSUMPTIONS, CARRIED
from evaluation.monitoring.over_time.interrupted.segments import FEWEST_PERIODS, segments
from evaluation.monitoring.over_time.regression import fit
from evaluation.monitoring.over_time.season import season_columns, tet_moves, tet_share
from evaluation.monitoring.series import PROPORTION, CountSeries
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FOUND, TOO_FEW, NO_MODEL, NO_START = "found", "too_few_periods", "too_few_events", "no_start"

_Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class InterruptedMany(Result):
    """The change at the interruption in every unit. For use inside the office: nothing here is protected, and nothing is ranked.

    Attributes
    ----------
    label : Words
    frame : DataFrame
        One row a unit, in the order of the series: unit, ratio, low, high, p
        (of the change of level; an odds ratio of a share), slope_ratio,
        slope_low, slope_high (NaN where not asked for), dispersion,
        correlation, n, state ("found", "too_few_periods": fewer than four
        reported on a side, "too_few_events": no model, "no_start").
    expected_by_chance : float
        How many of the intervals would leave out no change if nothing had happened anywhere.
    """

    label: Words
    frame: pd.DataFrame
    expected_by_chance: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row a unit."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return how many units changed beyond chance, and how many would by chance alone."""
        speak = language or "en"
        known = self.frame[self.frame["state"] == FOUND]
        clear = int(((known["low"] > 1) | (known["high"] < 1)).sum())
        units, chance = number(len(known), speak), number(self.expected_by_chance, speak, 1)
        without = len(self.frame) - len(known)
        rest = Words(
            f"; {number(without, speak)} đơn vị không ước lượng được" if without else "",
            f"; {number(without, speak)} units have no estimate" if without else "",
        )[speak]
        return Words(
            f"{self.estimand.vi}: {number(clear, speak)} trên {units} đơn vị thay đổi ngoài mức ngẫu nhiên, "
            f"riêng ngẫu nhiên đã cho khoảng {chance}{rest}",
            f"{self.estimand.en}: {number(clear, speak)} of {units} units changed beyond chance, chance alone gives about {chance}{rest}",
        )[speak]


def interrupted_many(
    series: CountSeries,
    start: str | Mapping[str, str],
    *,
    full_from: str | None = None,
    phase: str = "leave_out",
    slope_change: bool = False,
    season: str = "auto",
    family: str = "quasi",
    errors: str = "ar1",
    dispersion: str = "squeezed",
    level: float = 0.95,
) -> InterruptedMany:
    """Estimate the change at a known period in every unit of a series.

    Parameters
    ----------
    series : CountSeries
    start : str or mapping of str to str
        First period with the intervention, of all units or of each; a unit without one has no estimate.
    full_from : str, optional
        First period with the whole of it, of all units alike.
    phase : {"leave_out", "ramp"}
    slope_change : bool
    season : {"auto", "indicator", "fourier", "none"}
        As in `monitoring.over_time.trend`; months get a term for Tết.
    family : {"quasi", "poisson", "negative_binomial"}
        Of counts and rates; shares are quasi-binomial.
    errors : {"ar1", "independent", "newey_west"}
    dispersion : {"squeezed", "shared", "own"}
        Whether units lend each other what is known of the spread.
    level : float

    Returns
    -------
    InterruptedMany
        `estimate` is the median ratio of the units that have one.

    Raises
    ------
    ValueError
        If a period is not in the series or a name is unknown.

    References
    ----------
    Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3:3 (dispersions drawn together).
    """
    counts, exposure = series.counts, series.exposure
    starts = dict.fromkeys(series.units, start) if isinstance(start, str) else dict(start)
    at = np.array([series.place_of(starts[u]) if u in starts else -1 for u in series.units])
    full = None if full_from is None else series.place_of(full_from)
    others = _others(series, season)
    cuts = {
        first: segments(len(series.periods), first, full=full, phase=phase, slope_change=slope_change, others=others)
        for first in {int(a) for a in at if a >= 0}
    }
    if not cuts:
        raise ValueError("Không đơn vị nào có kỳ bắt đầu. / No unit has a start.")
    some = next(iter(cuts.values()))
    design = np.stack([cuts[int(a)].design if a >= 0 else some.design for a in at])
    used = np.stack([cuts[int(a)].used if a >= 0 else some.used for a in at])
    seen = used & ~np.isnan(counts) & (exposure > 0)
    enough = _enough(seen, at, full) & (at >= 0)
    kind = "binomial" if series.measure == PROPORTION else family
    model = fit(
        np.where(seen & enough[:, None], counts, np.nan), design, exposure=exposure, family=kind, errors=errors, dispersion=dispersion
    )
    frame = _table(series, model.fitted, at, enough)
    for name, column in (("", some.level_at), ("slope_", some.slope_at)):
        triple = model.interval(column, level) if column is not None else (np.full(len(at), np.nan),) * 3
        for part, value in zip(("ratio", "low", "high"), triple, strict=True):
            frame[f"{name}{part}"] = np.exp(value)
    frame["p"] = model.p_value(some.level_at)
    frame = frame.assign(dispersion=model.dispersion, correlation=model.correlation, n=seen.sum(axis=1))
    known = frame.loc[frame["state"] == FOUND, "ratio"]
    when = Words(*(said_period(start, s) for s in ("vi", "en"))) if isinstance(start, str) else Words("kỳ bắt đầu", "each start")
    columns = ["unit", "ratio", "low", "high", "p", "slope_ratio", "slope_low", "slope_high", "dispersion", "correlation", "n", "state"]
    return InterruptedMany(
        estimand=Words(f"{series.label.vi}, mức thay đổi từ {when.vi}", f"{series.label.en}, change of level from {when.en}"),
        method=Words(
            f"Chuỗi thời gian gián đoạn từng đơn vị{CARRIED[errors].vi}, độ phân tán ước lượng chung (Smyth 2004).",
            f"Interrupted time series of each unit{CARRIED[errors].en}, dispersions drawn together (Smyth 2004).",
        )
        if dispersion != "own"
        else Words(
            f"Chuỗi thời gian gián đoạn từng đơn vị{CARRIED[errors].vi}.", f"Interrupted time series of each unit{CARRIED[errors].en}."
        ),
        estimate=float(known.median()) if len(known) else None,
        level=level,
        n=len(known),
        unit="odds ratio" if kind == "binomial" else "ratio",
        assumptions=ASSUMPTIONS,
        label=series.label,
        frame=frame[columns],
        expected_by_chance=(1 - level) * len(known),
    )


def _others(series: CountSeries, season: str) -> NDArray[np.float64]:
    """Return season, Tết and a step for each documented change."""
    parts = [np.zeros((len(series.periods), 0))]
    if season != "none" and series.season > 1:
        parts.append(season_columns(series.phases, series.season, season))
        if tet_moves(series.periods, series.season):
            parts.append(tet_share(series.periods)[:, None])
    for change in series.changes:
        parts.append((np.arange(len(series.periods)) >= series.place_of(change.period)).astype(float)[:, None])
    return np.column_stack(parts)


def _enough(seen: _Bools, at: NDArray[np.int64], full: int | None) -> _Bools:
    """Tell which units have enough reported periods on both sides."""
    place = np.arange(seen.shape[1])
    before = (seen & (place < at[:, None])).sum(axis=1)
    later = (seen & (place >= (at if full is None else np.full_like(at, full))[:, None])).sum(axis=1)
    return np.asarray(np.minimum(before, later) >= FEWEST_PERIODS)


def _table(series: CountSeries, fitted: _Bools, at: NDArray[np.int64], enough: _Bools) -> pd.DataFrame:
    import pandas as pd

    state = np.select([at < 0, ~enough, ~fitted], [NO_START, TOO_FEW, NO_MODEL], FOUND)
    return pd.DataFrame({"unit": list(series.units), "state": state})
