"""Phases of a control chart: spans between documented changes, each with its own baseline, limits and right to call signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evaluation.monitoring.charts import limits as lim
from evaluation.monitoring.charts.cumulative import WEIGHT, cusum_limits, ewma_limits
from evaluation.monitoring.charts.limits import Flags, Floats, Limits
from evaluation.monitoring.charts.rules import FEWEST_USEFUL, RULES, Fired, Rule, fired

# What a phase's signals stand on.
NONE, MEDIAN, TRIAL, FIRM = 0, 1, 2, 3
FEWEST_FOR_LIMITS, FEWEST_FOR_FIRM = 8, 12
# Rules that hold for a skewed count between events; bands of sigma do not.
_FOR_GAPS = frozenset({"outside", "shift", "long_run", "few_crossings"})


@dataclass(frozen=True)
class Design:
    """How a chart is made.

    Attributes
    ----------
    kind : str
        One of `limits.KINDS`.
    rules : tuple of Rule
    narrowest : float
        Laney's factor is never taken below this.
    screen : bool
        Leave moving ranges above their own limit out.
    under : str
        Chart whose standardised points a CUSUM or an EWMA adds up; XmR of what was measured.
    fewest : float
        A share has limits only where at least so many events and so many
        non-events are expected a period.
    least, most : float
        What values of an XmR chart can be; its limits go no further.
    reach, weight : float
        Decision interval of a CUSUM or limit of an EWMA; weight of an EWMA.
    """

    kind: str
    rules: tuple[Rule, ...]
    narrowest: float = 1.0
    screen: bool = False
    under: str = lim.U_PRIME
    reach: float = 0.0
    fewest: float = 0.0
    least: float = -np.inf
    most: float = np.inf
    weight: float = WEIGHT


@dataclass(frozen=True, eq=False)
class Judged:
    """One phase of many series.

    Attributes
    ----------
    limits : Limits
        Those of the chart, or the median alone where they cannot be had.
    fires : mapping of str to Fired
    basis : ndarray of int
        0 nothing can be called, 1 run chart, 2 trial limits, 3 limits; one a series.
    n : ndarray of int
        Reported points of the baseline, one a series.
    """

    limits: Limits
    fires: Mapping[str, Fired]
    basis: NDArray[np.int64]
    n: NDArray[np.int64]


def spans(periods: int, baseline: int | None, starts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (first, end, end of baseline) of each phase, from places of documented changes.

    A phase that begins before the end of the baseline has its own part of it
    as baseline; one that begins later is its own baseline.

    Raises
    ------
    ValueError
        If a place is not within the series.
    """
    places = sorted(set(starts))
    if any(not 0 < s < periods for s in places) or (baseline is not None and not 0 < baseline <= periods):
        raise ValueError(
            f"baseline={baseline}, starts={places}: phải nằm trong chuỗi {periods} kỳ. / "
            f"They must lie within the series of {periods} periods."
        )
    cut = periods if baseline is None else baseline
    return [(a, b, min(cut, b) if a < cut else b) for a, b in pairwise([0, *places, periods])]


def period_limits(counts: Floats, exposure: Floats, base: Flags, design: Design) -> Limits:
    """Return the limits of a chart whose points are periods."""
    if design.kind == lim.RUN:
        return lim.run_limits(lim.ratio(counts, exposure))
    if design.kind == lim.XMR:
        made = lim.individual_limits(lim.ratio(counts, exposure), base, screen=design.screen)
        return replace(made, low=np.maximum(made.low, design.least), high=np.minimum(made.high, design.most))
    if design.kind in lim.ATTRIBUTES:
        made = lim.attribute_limits(counts, exposure, base, design.kind, narrowest=design.narrowest, screen=design.screen)
        return _large_enough(made, exposure, base, design.fewest) if design.kind in lim.SHARES else made
    if design.under == lim.XMR:
        under = lim.individual_limits(counts, base, screen=design.screen)
    else:
        under = lim.attribute_limits(counts, exposure, base, design.under, narrowest=design.narrowest)
    added = cusum_limits(under.score, design.reach) if design.kind == lim.CUSUM else ewma_limits(under.score, design.reach, design.weight)
    return replace(added, sigma_z=under.sigma_z)


def _large_enough(limits: Limits, exposure: Floats, base: Flags, fewest: float) -> Limits:
    """Return limits of shares without those of series whose usual share is too near 0 or 1 for their denominators."""
    size = lim.mean(exposure, base & np.isfinite(exposure))
    expected = np.minimum(limits.centre, 1 - limits.centre) * size[..., None]
    return replace(limits, sigma=np.where(expected < fewest, np.nan, limits.sigma))


def event_limits(gap: Floats, base: Flags, design: Design) -> Limits:
    """Return the limits of a chart whose points are events."""
    return lim.gap_limits(gap, base) if design.kind == lim.G else lim.time_limits(gap, base)


def judged(limits: Limits, base: Flags, design: Design) -> Judged:
    """Return which rules a phase's points meet, with no more said than its points allow.

    Parameters
    ----------
    limits : Limits
        Arrays of shape (series, points).
    base : ndarray of bool
        Points of the baseline.
    design : Design

    Notes
    -----
    From 12 points of the baseline on limits are firm, from 8 on they are trial
    limits. With fewer, or where the baseline does not vary or is of a share
    too near 0 or 1 for its denominators, the phase is a run chart: its median
    and the rules of Anhoej, which need 10 points off the median.
    """
    n = (base & np.isfinite(limits.value)).sum(axis=-1)
    run = lim.run_limits(limits.value)
    enough = (n >= FEWEST_FOR_LIMITS) & np.isfinite(limits.sigma).any(axis=-1) & (design.kind != lim.RUN)
    some = enough[:, None]
    useful = np.count_nonzero(np.nan_to_num(run.score), axis=-1) * (design.kind not in (lim.EWMA, lim.CUSUM))
    basis = np.where(enough, np.where(n >= FEWEST_FOR_FIRM, FIRM, TRIAL), np.where(useful >= FEWEST_USEFUL, MEDIAN, NONE))
    rules = tuple(r for r in design.rules if design.kind not in (lim.G, lim.T) or r.name in _FOR_GAPS)
    fires = fired(rules, np.where(some, limits.score, np.nan), limits.value) if enough.any() else {}
    if not enough.all():
        other = fired(RULES["anhoej"], np.where(some | (basis == NONE)[:, None], np.nan, run.score), limits.value)
        fires = {name: _joined([d[name] for d in (fires, other) if name in d]) for name in {**fires, **other}}
    kept = replace(
        limits,
        centre=np.where(some, limits.centre, run.centre),
        **{a: np.where(some, getattr(limits, a), np.nan) for a in ("sigma", "low", "high")},
        score=np.where(some, limits.score, run.score),
    )
    return Judged(kept, fires, basis, n)


def _joined(found: Sequence[Fired]) -> Fired:
    """Return one rule's finds in series judged by limits and in those judged as run charts, which exclude each other."""
    return Fired(*(np.asarray(sum(getattr(f, a) for f in found), dtype=np.int8) for a in ("completes", "members")))
