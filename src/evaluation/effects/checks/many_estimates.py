"""The same effect by hundreds of specifications, for the treated unit and every placebo at once.

All specifications are differences-in-differences of one unit against a set of
donors, so that the donors' common course for all units is one matrix product
a rule: (units x donors) by (donors x periods).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.checks.choices import LOGS, MEANS, NEAREST, NEAREST_DONORS, SYNTHETIC, Specification
from evaluation.effects.designs.synthetic.simplex import nearest
from evaluation.effects.matrix import HALF, Flags, Floats
from evaluation.effects.matrix import LOGS as RATIO_MEASURES

FEWEST_DONORS = 5
RATIO, SHARES, DIFFERENCE = "ratio", "shares", "difference"


@dataclass(frozen=True, eq=False)
class Pool:
    """All units that may be treated or compared, the treated one first.

    Attributes
    ----------
    top, bottom : ndarray of shape (units, periods)
        NaN where not reported.
    measure : {"count", "share", "rate", "value"}
    first : int
        Place of the first treated period.
    rows : ndarray of int
        Units for which estimates are made: 0, then the placebos.
    near : ndarray of bool, shape (units, units)
        Neighbours.
    group : ndarray of int, shape (units,)
        District; -1 where there is none.
    phase : ndarray of int, shape (periods,)
        Season of each period.
    residents : ndarray of shape (units, periods) or None
    anticipation, phase_in : int
        The study's own.
    """

    top: Floats
    bottom: Floats
    measure: str
    first: int
    rows: NDArray[np.int64]
    near: Flags
    group: NDArray[np.int64]
    phase: NDArray[np.int64]
    residents: Floats | None = None
    anticipation: int = 0
    phase_in: int = 0

    @cached_property
    def _levels(self) -> tuple[Floats, Floats]:
        """Mean and highest numerator before the start."""
        past = self.top[:, : self.first]
        known = np.isfinite(past).any(axis=1)
        with np.errstate(invalid="ignore"):
            mean = np.where(known, np.where(np.isfinite(past), past, 0.0).sum(1) / np.maximum(np.isfinite(past).sum(1), 1), np.nan)
        return mean, np.where(known, np.where(np.isfinite(past), past, -np.inf).max(axis=1), np.nan)

    @cached_property
    def _allowed(self) -> Flags:
        """Rows x units: neither the unit itself nor the treated one, nor (for placebos) its neighbours."""
        allowed = np.ones((len(self.rows), len(self.top)), dtype=bool)
        allowed[np.arange(len(self.rows)), self.rows] = False
        allowed[:, 0] = False
        allowed[1:] &= ~self.near[0]
        return allowed

    def mask(self, level_factor: float | None, neighbours: bool, same_group: bool) -> Floats:
        """Return which units are donors of which row under a rule, rows x units."""
        kept = self._allowed.copy()
        if not neighbours:
            kept &= ~self.near[self.rows]
        if not same_group:
            kept &= (self.group[self.rows][:, None] != self.group) | (self.group[self.rows][:, None] < 0)
        if level_factor is not None:
            for size in self._levels:
                own = size[self.rows][:, None]
                kept &= (size >= own / level_factor) & (size <= own * level_factor)
        return kept.astype(float)

    def estimates(self, specifications: Sequence[Specification]) -> tuple[Floats, NDArray[np.int64]]:
        """Return the estimates (rows x specifications; NaN where one cannot be made) and the treated unit's donors of each.

        Ratios of counts are in logs.
        """
        found = np.full((len(self.rows), len(specifications)), np.nan)
        donors = np.zeros(len(specifications), dtype=np.int64)
        order: dict[tuple[object, ...], list[int]] = {}
        for i, s in enumerate(specifications):
            order.setdefault((s.level_factor, s.neighbours, s.same_group), []).append(i)
        for rule, places in order.items():
            mask = self.mask(*rule)  # type: ignore[arg-type]
            few = mask.sum(axis=1) < FEWEST_DONORS
            courses: dict[tuple[object, ...], _Course] = {}
            for i in places:
                s = specifications[i]
                key = (s.design, s.before, s.offset, s.anticipation if s.design in (NEAREST, SYNTHETIC) or s.before is not None else 0)
                if key not in courses:
                    courses[key] = self._course(s, mask)
                donors[i] = min(int(mask[0].sum()), NEAREST_DONORS) if s.design == NEAREST else int(mask[0].sum())
                before, after = self._sides(s)
                found[:, i] = np.where(few, np.nan, courses[key].estimate(before, after, self.phase if s.season else None))
        return found, donors

    def _range(self, s: Specification) -> Flags:
        at = np.arange(self.top.shape[1])
        return np.asarray(at >= (0 if s.before is None else self.first - s.before - self.anticipation - s.anticipation))

    def _sides(self, s: Specification) -> tuple[Flags, Flags]:
        at = np.arange(self.top.shape[1])
        before = self._range(s) & (at < self.first - self.anticipation - s.anticipation)
        return before, np.asarray(at >= self.first + self.phase_in + s.phase_in)

    def _course(self, s: Specification, mask: Floats) -> _Course:
        used = self._range(s)
        top, bottom = np.where(used, self.top, np.nan), np.where(used, self.bottom, np.nan)
        if s.offset and self.residents is not None:
            bottom = bottom * self.residents / float(np.nanmean(self.residents))
        seen = np.isfinite(top) & np.isfinite(bottom)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.where(seen & (bottom > 0), top / bottom, np.nan)
            logs = np.where(bottom > 0, np.log((top + HALF) / bottom), np.nan)
        ratio = self.measure in RATIO_MEASURES
        if s.design == NEAREST:
            mask = _nearest(logs if ratio else y, mask, self.rows, self._sides(s)[0])
        if s.design == SYNTHETIC:
            values = logs if ratio else y
            mixed = _synthetic(values, mask, self.rows, self._sides(s)[0], used)
            course = np.where(mixed.sum(1, keepdims=True) > 0, mixed @ np.where(np.isfinite(values), values, 0.0), np.nan)
            return _Course(values[self.rows], np.ones(course.shape), course, DIFFERENCE)
        if s.design in (LOGS, MEANS) or self.measure == "value":
            values = logs if s.design == LOGS else y
            known = np.isfinite(values)
            course = _over(mask @ np.where(known, values, 0.0), mask @ known.astype(float))
            return _Course(values[self.rows], np.ones(course.shape), course, DIFFERENCE)
        part, whole = np.where(seen, top, 0.0), np.where(seen, bottom, 0.0)
        if ratio:
            level = _over(part.sum(1, keepdims=True), whole.sum(1, keepdims=True))
            expected = np.where(np.isfinite(level), level, 0.0) * whole
            return _Course(top[self.rows], bottom[self.rows], _over(mask @ part, mask @ expected), RATIO)
        return _Course(top[self.rows], bottom[self.rows], mask @ part, SHARES, mask @ whole)


@dataclass(frozen=True, eq=False)
class _Course:
    """Each row's own figures and what its donors make of them, rows x periods.

    Attributes
    ----------
    own, exposure : ndarray
        Figures, and what they are per.
    course : ndarray
        The donors': relative to their levels (ratio), their parts (shares), their mean (difference).
    kind : {"ratio", "shares", "difference"}
    wholes : ndarray or None
        The donors', of shares.
    """

    own: Floats
    exposure: Floats
    course: Floats
    kind: str
    wholes: Floats | None = None

    def estimate(self, before: Flags, after: Flags, phase: NDArray[np.int64] | None) -> Floats:
        """Return each row's estimate; by season where phases are given: each season against the same before."""
        if not after.any():  # the phase-in leaves no period after the start
            return np.full(len(self.own), np.nan)
        known = np.isfinite(self.own) & np.isfinite(self.exposure) & np.isfinite(self.course)
        seasons = np.zeros(len(before), dtype=np.int64) if phase is None else phase
        each = {"ratio": self._ratio, "shares": self._shares, "difference": self._difference}[self.kind]
        parts = [each(known & before & (seasons == q), known & after & (seasons == q)) for q in np.unique(seasons[after])]
        # Rows that saw nothing of a season after the start lose nothing; those without its before have no estimate.
        value, weight, missed = (np.stack(x) for x in zip(*parts, strict=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log((value.sum(0) + HALF) / weight.sum(0)) if self.kind == RATIO else value.sum(0) / weight.sum(0)
        return np.where(missed.any(0) | ~(weight.sum(0) > 0) | ~np.isfinite(found), np.nan, found)

    def _ratio(self, b: Flags, a: Flags) -> tuple[Floats, Floats, Flags]:
        """Return events after the start, what was expected, and which rows cannot say."""
        path = np.where(b | a, self.course * self.exposure, 0.0)
        own = np.where(b | a, self.own, 0.0)
        scale = _over((own * b).sum(1) + HALF, (path * b).sum(1))
        expected = np.where(np.isfinite(scale), scale, 0.0) * (path * a).sum(1)
        nothing = own.sum(1) == 0  # a unit that never saw an event says nothing of how chance moves one
        return (own * a).sum(1), expected, a.any(1) & (~np.isfinite(scale) | nothing)

    def _shares(self, b: Flags, a: Flags) -> tuple[Floats, Floats, Flags]:
        """Return the change of the pooled share less the donors', times the periods after, and those periods."""
        assert self.wholes is not None
        sides = []
        for side in (b, a):
            ours = _over(np.where(side, self.own, 0.0).sum(1), np.where(side, self.exposure, 0.0).sum(1))
            sides.append(ours - _over(np.where(side, self.course, 0.0).sum(1), np.where(side, self.wholes, 0.0).sum(1)))
        change, n = sides[1] - sides[0], a.sum(1).astype(float)
        return np.where(n > 0, np.where(np.isfinite(change), change, 0.0) * n, 0.0), n, a.any(1) & ~np.isfinite(change)

    def _difference(self, b: Flags, a: Flags) -> tuple[Floats, Floats, Flags]:
        """Return the mean gap after less that before, times the periods after, and those periods."""
        gap = np.where(b | a, self.own - self.course, 0.0)
        n, m = b.sum(1).astype(float), a.sum(1).astype(float)
        shift = _over((gap * b).sum(1), n)
        return (gap * a).sum(1) - np.where(np.isfinite(shift), shift, 0.0) * m, m, a.any(1) & ~np.isfinite(shift)


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0), dtype=np.float64)


def _synthetic(values: Floats, mask: Floats, rows: NDArray[np.int64], before: Flags, used: Flags) -> Floats:
    """Return the weights by which each row's donors, each about its own mean before the start, come nearest to it.

    Donors that missed a used period, and rows that missed one before the start, take no part (Ferman and Pinto 2021,
    Quantitative Economics 12:1197-1221: demeaned synthetic control).
    """
    whole = np.isfinite(values[:, used]).all(axis=1)
    past = values[:, before]
    centred = past - past.mean(axis=1, keepdims=True)
    out = np.zeros(mask.shape)
    for i, row in enumerate(rows):
        donors = np.flatnonzero((mask[i] > 0) & whole)
        if len(donors) and np.isfinite(centred[row]).all():
            out[i, donors] = nearest(centred[donors].T, centred[row]).w
    return out


def _nearest(values: Floats, mask: Floats, rows: NDArray[np.int64], before: Flags) -> Floats:
    """Return the mask of each row's nearest donors by their course before the start, each about its own mean."""
    past = values[:, before]
    seen = np.isfinite(past)
    centre = np.where(seen, past, 0.0).sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
    z, w = np.where(seen, past - centre, 0.0), seen.astype(float)
    both = w[rows] @ w.T
    squares = (z[rows] ** 2) @ w.T + w[rows] @ (z**2).T - 2 * z[rows] @ z.T
    # A donor that reported less than half of the unit's own periods cannot be said to be near.
    usable = (mask > 0) & (both >= 0.5 * w[rows].sum(1, keepdims=True)) & (both > 0)
    distance = np.where(usable, np.divide(squares, both, out=np.zeros_like(squares), where=both > 0), np.inf)
    k = min(NEAREST_DONORS, distance.shape[1] - 1)
    chosen = np.argpartition(distance, k - 1, axis=1)[:, :k]
    out = np.zeros(mask.shape)
    np.put_along_axis(out, chosen, 1.0, axis=1)
    return np.asarray(out * usable, dtype=np.float64)
