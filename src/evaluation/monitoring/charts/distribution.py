"""Counts around a known level with a known overdispersion: drawn, and as the distribution of standardised points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from evaluation.monitoring.charts.cumulative import Distribution
from evaluation.monitoring.charts.limits import Floats

# A dispersion this near to one is that of chance alone.
_CHANCE = 1 + 1e-6
# Of more values than this, 24 sigma wide, a normal distribution with the same mean and variance is as good.
_MOST_VALUES = 50_000
_HAIR = 1e-9


def draw(rng: np.random.Generator, level: Floats, exposure: Floats, dispersion: float, shape: tuple[int, ...], *, shares: bool) -> Floats:
    """Draw counts of one series, over and over.

    Parameters
    ----------
    rng : numpy Generator
    level : ndarray of shape (periods,)
        Share or rate of each period.
    exposure : ndarray of shape (periods,)
        Denominators; NaN where nothing is drawn.
    dispersion : float
        Variance over that of chance alone, at least 1: gamma-Poisson, or
        beta-binomial (no more than the denominator allows).
    shape : tuple
        Of the draws before the periods.
    shares : bool
    """
    known = np.isfinite(exposure) & np.isfinite(level)
    size, p = np.where(known, exposure, 1.0), np.where(known, level, 0.0)
    full = (*shape, len(size))
    if shares:
        n = np.maximum(np.round(size), 1).astype(int)
        p = np.clip(p, 0.0, 1.0)
        if dispersion > _CHANCE:
            total = _beta_total(n, dispersion)
            a, b = np.maximum(p * total, 1e-9), np.maximum((1 - p) * total, 1e-9)
            counts = rng.binomial(n, rng.beta(a, b, full)).astype(float)
        else:
            counts = rng.binomial(n, p, full).astype(float)
    else:
        mean = size * p
        if dispersion > _CHANCE:
            mean = rng.gamma(np.maximum(mean, 1e-12) / (dispersion - 1), dispersion - 1, full)
        counts = rng.poisson(mean, full).astype(float)
    return np.where(known, counts, np.nan)


def standardised(level: float, exposure: float, dispersion: float, *, shares: bool, ratio: float = 1.0) -> Distribution:
    """Return the cumulative distribution of (count - mean) / sigma, the count drawn at `ratio` times the level.

    Parameters
    ----------
    level, exposure, dispersion : float
        As in `draw`, of one period.
    shares : bool
    ratio : float
        A shift of the level; mean and sigma stay those of the level itself.
    """
    mean = level * exposure
    sigma = float(np.sqrt(dispersion * mean * (1 - level if shares else 1.0)))
    made = _distribution(level * ratio, exposure, dispersion, shares=shares)
    reach = 12 * sigma * max(1.0, ratio) + 10
    low, high = max(0, int(min(mean, mean * ratio) - reach)), int(max(mean, mean * ratio) + reach)
    if high - low > _MOST_VALUES:
        near = stats.norm(made.mean(), made.std())
        return lambda x: np.asarray(near.cdf(mean + sigma * np.asarray(x)))
    below = np.append(0.0, np.cumsum(made.pmf(np.arange(low, high + 1))))

    def cumulative(x: Floats) -> Floats:
        place = np.floor(mean + sigma * np.asarray(x, dtype=float) + _HAIR) - low + 1
        return np.asarray(below[np.clip(place, 0, len(below) - 1).astype(np.int64)])

    return cumulative


def _distribution(level: float, exposure: float, dispersion: float, *, shares: bool) -> Any:
    if not shares:
        mean = level * exposure
        return stats.nbinom(mean / (dispersion - 1), 1 / dispersion) if dispersion > _CHANCE else stats.poisson(mean)
    n, p = max(round(exposure), 1), min(max(level, 0.0), 1.0)
    if dispersion <= _CHANCE:
        return stats.binom(n, p)
    total = float(_beta_total(np.array([n]), dispersion)[0])
    return stats.betabinom(n, max(p * total, 1e-9), max((1 - p) * total, 1e-9))


def _beta_total(n: np.ndarray[tuple[int, ...], np.dtype[np.int64]], dispersion: float) -> Floats:
    """Return a + b of the beta-binomial whose variance is `dispersion` times the binomial's."""
    spread = np.clip((dispersion - 1) / np.maximum(n - 1, 1), 1e-9, 0.95)
    return np.asarray(1 / spread - 1)
