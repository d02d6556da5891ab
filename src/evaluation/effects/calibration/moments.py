"""Slow and fast variation of many short series by their autocovariances, as far as unit means let it be seen.

With a mean taken out of each of a few periods, autocovariances are biased
downwards, strongly where deviations last. Here the expectation of the very
sums that are computed is written out for each unit and matched to them, so
that there is nothing to correct afterwards.

References
----------
Nickell 1981, Econometrica 49:1417-1426 (the bias). Chamberlain 1984, Handbook
of Econometrics 2:1247-1318 (minimum distance on covariances of short panels).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.matrix import Flags, Floats

MEMORIES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98])
LAGS = 5
MOST_WORK = 2e7  # units x periods^3 in one pass; of larger panels evenly spaced units are taken


@dataclass(frozen=True)
class Moments:
    """Variances of relative (or logit, or standardised) deviations from level and common course.

    Attributes
    ----------
    slow : float
        Variance of first-order autoregressive deviations.
    memory : float
        Their correlation from one period to the next.
    fast : float
        Variance of independent deviations beyond what counting alone gives.
    steady : bool
        Whether the luck of counting itself lasts, as in a stock: who is
        counted this period was counted in the last.
    """

    slow: float
    memory: float
    fast: float
    steady: bool


def fit_moments(residuals: Floats, weights: Floats, counting: Floats | None, of_units: Floats) -> Moments:
    """Return the variances that explain the autocovariances of residuals best.

    Parameters
    ----------
    residuals : ndarray of shape (units, periods)
        Deviations from a unit's level and the common course; NaN where not reported.
    weights : ndarray of shape (units, periods)
        With which the unit's level was estimated; not negative.
    counting : ndarray of shape (units, periods) or None
        Variance that counting alone gives; None for measured values.
    of_units : ndarray of shape (units,)
        Weight of each unit in the sums.

    Returns
    -------
    Moments
        Zeros where there is nothing to fit.
    """
    seen = np.isfinite(residuals) & (weights > 0)
    usable = (seen.sum(1) >= 3) & (of_units > 0)
    if not usable.any():
        return Moments(0.0, 0.0, 0.0, False)
    rows = np.flatnonzero(usable)
    periods = residuals.shape[1]
    most = max(30, int(MOST_WORK / (periods**3 * len(MEMORIES))))
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(int)]
    sums = _Sums(seen[rows], weights[rows], of_units[rows])
    found = sums.observed(np.where(seen[rows], residuals[rows], 0.0))
    spread = None if counting is None else np.sqrt(np.where(seen[rows], counting[rows], 0.0))
    return _best(sums, found, spread)


class _Sums:
    """Weighted mean products at each lag, observed and expected, over cells that were reported."""

    def __init__(self, seen: Flags, weights: Floats, of_units: Floats) -> None:
        n, periods = seen.shape
        self.lags = range(min(LAGS, periods - 1))
        share = np.where(seen, weights, 0.0)
        share = share / share.sum(1, keepdims=True)
        self.projection = np.eye(periods)[None] - np.broadcast_to(share[:, None, :], (n, periods, periods))
        self.pairs = seen[:, :, None] & seen[:, None, :]
        self.of_units = of_units
        self.count = [self._at(np.ones((n, periods, periods)), k) for k in self.lags]

    def _at(self, products: Floats, lag: int) -> float:
        diagonal = np.diagonal(np.where(self.pairs, products, 0.0), lag, 1, 2).sum(1)
        return float(self.of_units @ diagonal)

    def observed(self, residuals: Floats) -> Floats:
        return self._means(residuals[:, :, None] * residuals[:, None, :])

    def expected(self, covariance: Floats) -> Floats:
        """Return the means that deviations of this covariance, (periods, periods) or one a unit, would give."""
        return self._means(self.projection @ covariance @ self.projection.transpose(0, 2, 1))

    def _means(self, products: Floats) -> Floats:
        return np.array([self._at(products, k) / c if c > 0 else 0.0 for k, c in zip(self.lags, self.count, strict=True)])


def _best(sums: _Sums, found: Floats, spread: Floats | None) -> Moments:
    periods = sums.projection.shape[1]
    apart = np.abs(np.arange(periods)[:, None] - np.arange(periods)[None, :])
    fast = sums.expected(np.eye(periods))
    luck = 0 * found if spread is None else sums.expected(spread[:, :, None] * np.eye(periods) * spread[:, None, :])
    best, least = Moments(0.0, 0.0, max(0.0, float((found - luck) @ fast / (fast @ fast))), False), np.inf
    for memory in MEMORIES:
        lasting = memory**apart
        slow = sums.expected(lasting)
        (a, b), loss = _not_negative(np.column_stack([slow, fast]), found - luck)
        if loss < least * (1 - 1e-9):
            best, least = Moments(a, float(memory) if a > 0 else 0.0, b, False), loss
        if spread is None:
            continue
        kept = sums.expected(spread[:, :, None] * lasting * spread[:, None, :])
        (a,), loss = _not_negative(slow[:, None], found - kept)
        if loss < least * (1 - 1e-9):
            best, least = Moments(a, float(memory), 0.0, True), loss
    return best


def _not_negative(columns: Floats, wanted: Floats) -> tuple[Floats, float]:
    """Return least-squares coefficients that are not negative, and their loss."""
    from scipy.optimize import nnls

    coefficients, distance = nnls(columns, wanted)
    return coefficients, float(distance)
