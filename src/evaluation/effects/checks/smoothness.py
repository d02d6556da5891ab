"""Intervals when trends may bend after the start by no more than so much a period: fixed-length intervals of optimal width.

References
----------
Rambachan, Roth 2023, Review of Economic Studies 90:2555-2591 (smoothness, section 2.4; fixed-length intervals, section 4).
Armstrong, Kolesar 2018, Econometrica 86:655-683 (fixed-length intervals).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import stats

from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.matrix import Floats

_PENALTIES = 60
_BETWEEN = 20
_SWEEPS = 500


def smooth_interval(course: EventCourse, m: float, weights: Floats | None = None, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of an effect after the start if the trend's slope changes by at most `m` a period.

    Parameters
    ----------
    course : EventCourse
    m : float
        Zero or more; 0 is a straight trend, carried on.
    weights : ndarray of shape (times after,), optional
        Of the effect among the periods after the start; their mean where left out.
    level : float

    Returns
    -------
    (low, high)

    Notes
    -----
    An affine estimate is the weighted effect plus weights v on the
    coefficients before the start. Any straight trend must cancel, else its
    bias has no bound; every kink of the trend adds at most m times what v and
    the weights make of it. Of all v the one is taken whose interval, worst
    bias included, is shortest: for each size of the bias the variance is
    least where v is a lasso solution, so that only the penalty is searched.
    """
    return AffineEstimates.of(course, weights).shortest(m, level)


def folded_quantile(bias: Floats, level: float) -> Floats:
    """Return the quantile of |N(bias, 1)|."""
    t = np.abs(np.asarray(bias, dtype=float))
    near = np.sqrt(stats.ncx2.ppf(level, 1, np.minimum(t, 6.0) ** 2))
    return np.asarray(np.where(t > 6.0, t + stats.norm.ppf(level), near))


@dataclass(frozen=True, eq=False)
class AffineEstimates:
    """All affine estimates without bias from a straight trend, by what they let through of each kink before the start.

    Attributes
    ----------
    start : ndarray of shape (k,)
        Weights of the coefficients where no kink before the start comes through.
    turn : ndarray of shape (k, kinks)
        What a unit of each kink adds to them.
    sigma, beta : ndarray
        Of the course.
    fixed : float
        Worst bias of the kinks after the start, for a change of slope of 1.
    """

    start: Floats
    turn: Floats
    sigma: Floats
    beta: Floats
    fixed: float

    @classmethod
    def of(cls, course: EventCourse, weights: Floats | None = None) -> AffineEstimates:
        """Return the estimates of a weighted effect after the start; of its mean where left out."""
        b, a = course.before, course.after
        weights = course.average if weights is None else np.asarray(weights, dtype=float)
        since = course.since.astype(float)
        ahead, behind = since[a], -since[b]
        # Kinks where both neighbours are there: at each time after the start but the last, at the reference, and before but at the first.
        later = np.concatenate([[0.0], ahead[:-1]])
        fixed = float(np.abs(np.maximum(ahead[:, None] - later, 0.0).T @ weights).sum())
        kinks = np.sort(behind)[:-1]
        basis = np.column_stack([behind, np.maximum(behind[:, None] - kinks, 0.0)])
        # v solves basis' v = (slope to cancel, w).
        solve = np.linalg.inv(basis.T)
        start, turn = np.zeros(len(since)), np.zeros((len(since), len(kinks)))
        start[a] = weights
        start[b] = solve[:, 0] * float(weights @ ahead)
        turn[b] = solve[:, 1:]
        return cls(start, turn, course.sigma, course.beta, fixed)

    def shortest(self, m: float, level: float) -> tuple[float, float]:
        """Return the shortest interval where the slope changes by at most `m` a period."""
        options = self._path if m > 0 else self._least
        over = self.start + options @ self.turn.T
        spread = np.sqrt(np.einsum("ij,jk,ik->i", over, self.sigma, over))
        bias = m * (self.fixed + np.abs(options).sum(axis=1))
        half = folded_quantile(bias / spread, level) * spread
        at = int(half.argmin())
        centre = float(over[at] @ self.beta)
        return centre - float(half[at]), centre + float(half[at])

    @cached_property
    def _least(self) -> Floats:
        """The choice of least variance, shape (1, kinks)."""
        quadratic, linear = self._square
        return np.asarray(-np.linalg.lstsq(quadratic, linear, rcond=None)[0][None, :], dtype=np.float64)

    @cached_property
    def _square(self) -> tuple[Floats, Floats]:
        return self.turn.T @ self.sigma @ self.turn, self.turn.T @ self.sigma @ self.start

    @cached_property
    def _path(self) -> Floats:
        """Lasso choices from no weight to no penalty, with steps between them, over which the path is nearly straight."""
        quadratic, linear = self._square
        if not len(linear):
            return np.zeros((1, 0))
        most = float(np.abs(linear).max())
        w = np.zeros(len(linear))
        found = [w]
        for penalty in np.geomspace(most, 1e-5 * most, _PENALTIES):
            w = _lasso(quadratic, linear, float(penalty), w)
            found.append(w)
        found.append(self._least[0])
        t = np.linspace(0, 1, _BETWEEN, endpoint=False)[:, None]
        return np.vstack([a + t * (b - a) for a, b in pairwise(found)] + [found[-1][None, :]])


def _lasso(quadratic: Floats, linear: Floats, penalty: float, w: Floats) -> Floats:
    """Minimise w'Qw / 2 + c'w + penalty |w| by coordinates, from a near solution."""
    w = w.copy()
    for _ in range(_SWEEPS):
        moved = 0.0
        for i in range(len(w)):
            pull = linear[i] + quadratic[i] @ w - quadratic[i, i] * w[i]
            new = -np.sign(pull) * max(abs(pull) - penalty, 0.0) / quadratic[i, i]
            moved = max(moved, abs(new - w[i]) * np.sqrt(quadratic[i, i]))
            w[i] = new
        if moved < 1e-9 * np.sqrt(np.abs(linear).max() + 1e-300):
            break
    return w
