"""Intervals when trends after the start may depart by so many times as much as they did before it.

The violations after the start, from one period to the next, are at most M
times the largest before it. The set is a union of polyhedra, one for each
period and sign of the largest; in each, an effect is tested by moment
inequalities with the conditional test after a first look by least favourable
critical values.

References
----------
Rambachan, Roth 2023, Review of Economic Studies 90:2555-2591 (relative magnitudes, sections 2.4 and 3).
Andrews, Roth, Pakes 2023, Review of Economic Studies 90:2763-2791 (conditional and hybrid tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.matrix import Flags, Floats

FIRST_LOOK = 0.1  # of the error that is allowed
DRAWS = 2000
GRID = 1000
FINER = 101
REACH = 20  # standard errors on either side, doubled while the interval goes beyond
_TIE = 1e-9


def relative_interval(
    course: EventCourse, m: float, weights: Floats | None = None, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of an effect after the start if violations there are at most `m` times the largest before.

    Parameters
    ----------
    course : EventCourse
    m : float
        Zero or more; 0 is parallel trends from the reference on.
    weights : ndarray of shape (times after,), optional
        Of the effect among the periods after the start; their mean where left out.
    level : float
    seed : int
        Of the critical values.

    Returns
    -------
    (low, high)
        The hull of all effects that some polyhedron does not reject, to 1/100,000 of its width or finer.
        The estimate twice where all are rejected.

    Notes
    -----
    With free effects by period only their weighted sum is bound: the
    increments of the violation move freely within their limits. So the
    moments of each polyhedron leave two that bound the effect and one a
    period that bounds nothing but the sign of the largest violation before
    the start; the vertices of the test's dual problem are known in closed
    form, and no linear program is solved.
    With one period after the start the moments between earlier periods enter
    too, as in the authors' package.
    """
    given = course.average if weights is None else np.asarray(weights, dtype=float)
    error = float(np.sqrt(given @ course.sigma[np.ix_(course.after, course.after)] @ given))
    centre = float(given @ course.beta[course.after])
    tests = [_Test.of(rays, effects, course, level, seed) for rays, effects in _polyhedra(course, m, given)]
    reach = REACH * error
    while True:
        grid = centre + np.linspace(-reach, reach, GRID)
        kept = np.any([test.keeps(grid, course.beta) for test in tests], axis=0)
        if not kept[0] and not kept[-1]:
            break
        reach *= 2
    if not kept.any():
        return centre, centre
    first, last = int(kept.argmax()), len(kept) - 1 - int(kept[::-1].argmax())
    ends = []
    for outside, inside in ((first - 1, first), (last + 1, last)):
        finer = np.linspace(grid[outside], grid[inside], FINER)
        held = np.any([test.keeps(finer, course.beta) for test in tests], axis=0)
        ends.append(float(finer[int(held.argmax())]))
    return ends[0], ends[1]


def relative_holds(
    course: EventCourse, m: float, value: float = 0.0, weights: Floats | None = None, level: float = 0.95, seed: int = 0
) -> bool:
    """Return whether an effect is not rejected if violations are at most `m` times the largest before; as `relative_interval`."""
    given = course.average if weights is None else np.asarray(weights, dtype=float)
    at = np.array([value])
    return any(
        bool(_Test.of(rays, effects, course, level, seed).keeps(at, course.beta)[0]) for rays, effects in _polyhedra(course, m, given)
    )


def _polyhedra(course: EventCourse, m: float, weights: Floats) -> list[tuple[Floats, Floats]]:
    """Return for each period and sign of the largest violation the dual rays over (coefficients, scale), and their part of the effect.

    A ray is a combination g of moments A; it is kept as g A (over the
    coefficients), with g s, s the moments' standard errors, divided out.
    """
    k, n_after = len(course.times), int(course.after.sum())
    since = course.since.astype(float)
    order = np.concatenate([np.flatnonzero(course.before), np.flatnonzero(course.after)])
    # First differences over all times, the reference among them, a unit of time.
    places = np.concatenate([since[course.before], [0.0], since[course.after]])
    steps = np.diff(places)
    rows = np.zeros((len(steps), k + 1))
    for r in range(len(steps)):
        rows[r, r], rows[r, r + 1] = -1.0, 1.0
    differences = np.delete(rows, int(course.before.sum()), axis=1)
    back = np.empty_like(differences)
    back[:, order] = differences
    n_before = int(course.before.sum())
    before = back[:n_before] / steps[:n_before, None]
    after, spans = back[n_before:], steps[n_before:]
    loads = np.cumsum(weights[::-1])[::-1]  # of each increment after the start in the effect
    out = []
    for s in range(n_before):
        for sign in (1.0, -1.0):
            largest = sign * before[s]
            upper, lower = after - m * spans[:, None] * largest, -after - m * spans[:, None] * largest
            rays = [_ray(loads), _ray(-loads)]
            effects = [1.0, -1.0]
            for t in range(n_after):
                pair = np.zeros((2, n_after))
                pair[:, t] = 1.0
                if (np.abs(loads) > 0).sum() == 1 and loads[t] != 0:
                    continue  # then the pair is the sum of the two rays above
                rays.append(np.concatenate([pair[0], pair[1]]))
                effects.append(0.0)
            moments = np.vstack([upper, lower])
            if n_after == 1:
                earlier = np.vstack([before - largest, -before - largest])
                earlier = earlier[np.abs(earlier).max(axis=1) > _TIE]
                moments = np.vstack([moments, earlier])
                rays = [np.concatenate([r, np.zeros(len(earlier))]) for r in rays]
                for i in range(len(earlier)):
                    rays.append(np.eye(len(moments))[2 * n_after + i])
                    effects.append(0.0)
            scale = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", moments, course.sigma, moments), 0.0))
            matrix = np.array(rays)
            over = matrix @ scale
            out.append((matrix @ moments / over[:, None], np.array(effects) / over))
    return out


def _ray(loads: Floats) -> Floats:
    """Return the moments that bound the effect from one side: each increment at the end that its load picks."""
    return np.concatenate([np.maximum(loads, 0.0), np.maximum(-loads, 0.0)])


@dataclass(frozen=True, eq=False)
class _Test:
    """Dual rays G over coefficients (k rays), each ray's part of the effect, their covariance and the critical values."""

    rays: Floats
    effects: Floats
    covariance: Floats
    first: float
    level: float

    @classmethod
    def of(cls, rays: Floats, effects: Floats, course: EventCourse, level: float, seed: int) -> _Test:
        covariance = rays @ course.sigma @ rays.T
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        draws = np.random.default_rng(seed).standard_normal((DRAWS, len(rays))) @ root.T
        first = float(np.quantile(draws.max(axis=1), 1 - FIRST_LOOK * (1 - level)))
        return cls(rays, effects, covariance, first, level)

    def keeps(self, grid: Floats, beta: Floats) -> Flags:
        """Return which effects of the grid are not rejected."""
        values = (self.rays @ beta)[:, None] - self.effects[:, None] * grid  # each ray's moment, which is at most 0 if the effect is true
        best = values.argmax(axis=0)
        top = values[best, np.arange(len(grid))]
        kept = np.asarray(top <= self.first)
        allowed = 1 - self.level
        second = (allowed - FIRST_LOOK * allowed) / (1 - FIRST_LOOK * allowed)
        for ray in np.unique(best[kept]):
            at = np.flatnonzero(kept & (best == ray))
            variance = self.covariance[ray, ray]
            if variance <= _TIE * self.covariance.diagonal().max():
                kept[at] = top[at] <= 0
                continue
            slope = self.covariance[:, ray] / variance
            rest = values[:, at] - slope[:, None] * top[at]
            below, above = slope < 1 - _TIE, slope > 1 + _TIE
            with np.errstate(divide="ignore", invalid="ignore"):
                ends = rest / (1 - slope)[:, None]
            low = ends[below].max(axis=0) if below.any() else np.full(len(at), -np.inf)
            high = np.minimum(ends[above].min(axis=0), self.first) if above.any() else np.full(len(at), self.first)
            kept[at] = top[at] <= np.maximum(0.0, _truncated(1 - second, low, high, float(np.sqrt(variance))))
        return kept


def _truncated(q: float, low: Floats, high: Floats, scale: float) -> Floats:
    """Return quantiles of normals around zero that are cut to (low, high)."""
    a, b = low / scale, high / scale
    flip = a > 0  # the far tail is computed on the side where it keeps its figures
    lower, upper = ndtr(np.where(flip, -b, a)), ndtr(np.where(flip, -a, b))
    p = np.where(flip, upper - q * (upper - lower), lower + q * (upper - lower))
    found = np.where(flip, -1.0, 1.0) * ndtri(p)
    return np.asarray(np.clip(found, a, b) * scale)
