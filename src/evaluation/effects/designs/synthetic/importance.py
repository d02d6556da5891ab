"""How much each predictor counts (V): the search for what fits the outcome before the start best.

For each V the donors' weights are the nearest mix in the predictors; V is judged by the mean squared gap of the outcome
that these weights leave. That loss has many local minima and is flat in between, and its best point often lies at a
corner where one predictor outweighs another many thousand times. So: many starting points are looked at, the best of
them improved by simplex search, the last improved again from its own end. Where predictors alone leave several mixes
equally near, the one that fits the outcome best is taken.

References
----------
Abadie, Diamond, Hainmueller 2010, JASA 105:493-505, section 2.3. Abadie, Diamond, Hainmueller 2015, AJPS 59:495-510
(training and validation). Malo, Eskelinen, Zhou, Kuosmanen 2024, Computational Economics 64:1113-1136 (the problem has
two levels; corners; no V fits better than the whole course alone). Nelder, Mead 1965, The Computer Journal 7:308-313.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.designs.synthetic.simplex import nearest
from evaluation.effects.matrix import Floats

SCREENED = 200
STARTS = 8
# The least part that a predictor counts of the one that counts most, in logs; and the outcome's part in breaking ties, squared
# far below it: the weights have to be those of the predictors wherever these say anything.
_FLOOR = -12.0
_TIE = 1e-5
_REACHED = 1e-6  # of the mean squared gap


@dataclass(frozen=True, eq=False)
class Fitting:
    """What weights are found from, given how much predictors count.

    Attributes
    ----------
    own, others : ndarray of shape (k,), (k, donors)
        Standardised predictors.
    target, mixed : ndarray of shape (t,), (t, donors)
        Outcomes that judge V.
    tie, tied : ndarray of shape (s,), (s, donors)
        Outcomes that decide between mixes which the predictors leave equally near.
    """

    own: Floats
    others: Floats
    target: Floats
    mixed: Floats
    tie: Floats
    tied: Floats

    def weights(self, v: Floats) -> Floats:
        """Return the donors' weights for one V."""
        rows, side = self._rows(v)
        return nearest(rows, side).w

    def loss(self, w: Floats) -> float:
        """Return the mean squared gap of the outcome."""
        off = self.target - self.mixed @ w
        return float(off @ off) / max(1, len(off))

    def _rows(self, v: Floats) -> tuple[Floats, Floats]:
        root = np.sqrt(v / v.max())
        scale = _TIE / max(1e-300, float(np.abs(self.tied - self.tie[:, None]).max(initial=0.0))) if len(self.tie) else 0.0
        return np.vstack([root[:, None] * self.others, scale * self.tied]), np.concatenate([root * self.own, scale * self.tie])


def search(fitting: Fitting, starts: int = STARTS, screened: int = SCREENED) -> tuple[Floats, float]:
    """Return the V (adding to one) whose weights fit the outcome best, and its mean squared gap.

    Parameters
    ----------
    fitting : Fitting
    starts : int
        Starting points that are improved, the best of those looked at.
    screened : int
        Starting points looked at; always the same ones.
    """
    from scipy.optimize import minimize

    k = len(fitting.own)
    if k == 1 or fitting.others.shape[1] == 1:
        v = np.full(k, 1 / k)
        return v, fitting.loss(fitting.weights(v))
    look = _Look(fitting)
    tried = np.vstack([np.zeros((1, k)), _regression(fitting)[None], np.random.default_rng(k).uniform(0.7 * _FLOOR, 0.0, (screened, k))])
    losses = np.array([look(t) for t in tried])
    best, at = np.inf, tried[0]
    least = fitting.loss(nearest(fitting.mixed, fitting.target).w)  # no V can do better than the course itself
    enough = least * (1 + _REACHED) + 1e-12 * float(np.mean((fitting.target[:, None] - fitting.mixed) ** 2))
    options: Any = {"maxfev": 150 * k, "xatol": 1e-2, "fatol": 1e-6 * float(losses.min()), "adaptive": True}
    for start in tried[np.argsort(losses, kind="stable")[: max(1, starts)]]:
        if best <= enough:
            break
        found = minimize(look, start, method="Nelder-Mead", options=options)
        if found.fun < best:
            best, at = float(found.fun), found.x
    for _ in range(6):
        if best <= enough:
            break
        found = minimize(look, at, method="Nelder-Mead", options=options)
        better = best - float(found.fun) > 1e-7 * best
        if found.fun < best:
            best, at = float(found.fun), found.x
        if not better:
            break
    v = look.importance(at)
    return v, fitting.loss(fitting.weights(v))


def by_regression(fitting: Fitting) -> Floats:
    """Return the V of a regression of the outcomes on the predictors: the sum of squares of each one's coefficients, adding to one."""
    v = np.exp(_regression(fitting))
    return np.asarray(v / v.sum())


class _Look:
    """The loss in logs of V, by the fastest way to the weights."""

    def __init__(self, fitting: Fitting) -> None:
        from scipy.optimize import nnls

        self.fitting, self.nnls = fitting, nnls
        k, n = fitting.others.shape
        apart = fitting.tied - fitting.tie[:, None]
        size = float(np.abs(apart).max(initial=0.0)) or 1.0
        self.apart = fitting.others - fitting.own[:, None]
        self.k = k
        # Ties are broken by the part of the outcome's course that the donors span, in as few rows as may be.
        small = np.linalg.qr(apart / size)[1] if len(apart) > n else apart / size
        self.rows = np.vstack([np.zeros((k, n)), _TIE * small, np.ones((1, n))])
        self.side = np.zeros(len(self.rows))
        self.side[-1] = 1.0

    def importance(self, x: Floats) -> Floats:
        v = np.exp(np.maximum(x - x.max(), _FLOOR))
        return np.asarray(v / v.sum())

    def __call__(self, x: Floats) -> float:
        self.rows[: self.k] = np.exp(0.5 * np.maximum(x - x.max(), _FLOOR))[:, None] * self.apart
        try:
            u, _ = self.nnls(self.rows, self.side)
        except RuntimeError:
            return self.fitting.loss(self.fitting.weights(self.importance(x)))
        total = u.sum()
        return self.fitting.loss(u / total) if total > 0 else np.inf


def _regression(fitting: Fitting) -> Floats:
    """Return a starting V in logs: squared coefficients of the outcomes on the predictors, summed over periods."""
    x = np.hstack([fitting.own[:, None], fitting.others]).T
    y = np.hstack([fitting.target[:, None], fitting.mixed]).T
    slopes = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0][1:]
    size = (slopes**2).sum(axis=1)
    return np.asarray(np.log(np.maximum(size / max(1e-300, float(size.max())), np.exp(_FLOOR))))
