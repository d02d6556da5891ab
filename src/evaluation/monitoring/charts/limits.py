"""Centre and limits of control charts: every function takes series on the last axis, any number of them at once.

References
----------
Montgomery, Introduction to Statistical Quality Control (p, c, u, individuals); Laney 2002 (Quality Engineering 14:531,
p' and u'); Nelson 1982 (J. Quality Technology 14:172, moving ranges left out); Benneyan 2001 (Health Care Management
Science 4:305, g); Nelson 1994 (J. Quality Technology 26:239, t); Wheeler 2000, Understanding Variation (XmR).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

P, U, C, P_PRIME, U_PRIME, C_PRIME = "p", "u", "c", "p'", "u'", "c'"
XMR, G, T, RUN, EWMA, CUSUM = "xmr", "g", "t", "run", "ewma", "cusum"
ATTRIBUTES = (P, U, C, P_PRIME, U_PRIME, C_PRIME)
PRIMES = (P_PRIME, U_PRIME, C_PRIME)
KINDS = (*ATTRIBUTES, XMR, G, T, RUN, EWMA, CUSUM)
SHARES = (P, P_PRIME)
# Of moving ranges of two normal values: their mean in standard deviations, their own upper limit in means, and
# three standard deviations in means of them (as printed in the field's tables and used by the packages compared with).
D2, RANGE_LIMIT, THREE_SIGMA = 1.128, 3.267, 2.66
# Times between events to this power are nearly normal (Nelson 1994).
NEARLY_NORMAL = 1 / 3.6


@dataclass(frozen=True, eq=False)
class Limits:
    """Centre and limits, shaped as the values; all NaN where the baseline cannot give them.

    Attributes
    ----------
    value : ndarray
        What is plotted; NaN where not reported.
    centre, sigma, low, high : ndarray
        `sigma` is one standard deviation of the point by the chart's model;
        limits are three of them from the centre, cut at what is possible.
    score : ndarray
        (value - centre) / sigma, on the scale that the rules look at.
    sigma_z : ndarray
        Laney's factor by which the limits are wider than chance alone, one a series; 1 for charts without it.
    """

    value: Floats
    centre: Floats
    sigma: Floats
    low: Floats
    high: Floats
    score: Floats
    sigma_z: Floats


def attribute_limits(counts: Floats, exposure: Floats, base: Flags, kind: str, *, narrowest: float = 1.0, screen: bool = False) -> Limits:
    """Return limits of the charts of counts and shares: p, u, c and, widened by Laney's factor, p', u', c'.

    Parameters
    ----------
    counts, exposure : ndarray of shape (..., periods)
        `exposure` is the denominator of a share, what a rate is per, or 1.
    base : ndarray of bool
        Periods of the baseline, shaped as `counts` or one series.
    kind : str
    narrowest : float
        Laney's factor is never taken below this. 1 keeps limits at least as
        wide as chance alone makes them; 0 is Laney's own chart.
    screen : bool
        Leave moving ranges above their own limit out of the factor (Nelson 1982).
    """
    value = ratio(counts, exposure)
    known = base & np.isfinite(value)
    total, size = (np.sum(np.where(known, a, 0.0), axis=-1, keepdims=True) for a in (counts, exposure))
    centre = ratio(total, size)
    chance = centre * (1 - centre) if kind in SHARES else centre
    error = np.sqrt(ratio(np.broadcast_to(np.maximum(chance, 0.0), value.shape), exposure))
    error = np.where(error > 0, error, np.nan)
    factor = np.ones(value.shape[:-1])
    if kind in PRIMES:
        scores = np.where(known, (value - centre) / error, np.nan)
        factor = np.maximum(mean_moving_range(scores, screen=screen) / D2, narrowest)
    sigma = error * factor[..., None]
    most = 1.0 if kind in SHARES else np.inf
    return _around(value, centre, sigma, factor, 0.0, most)


def individual_limits(values: Floats, base: Flags, *, screen: bool = True) -> Limits:
    """Return XmR limits: the mean of the baseline and 2.66 times its mean moving range.

    Parameters
    ----------
    values : ndarray of shape (..., periods)
    base : ndarray of bool
    screen : bool
        Leave moving ranges above their own upper limit (3.267 times their mean) out, once.
    """
    known = base & np.isfinite(values)
    centre = mean(values, known)[..., None]
    spread = mean_moving_range(np.where(known, values, np.nan), screen=screen)[..., None] * THREE_SIGMA / 3
    sigma = np.broadcast_to(np.where(spread > 0, spread, np.nan), values.shape)
    return _around(values, centre, sigma, np.ones(values.shape[:-1]), -np.inf, np.inf)


def gap_limits(gaps: Floats, base: Flags) -> Limits:
    """Return limits of the g chart: cases (or periods) between events, geometric by chance.

    Limits stand around the mean; the centre line is the median, since a
    geometric count lies under its mean most of the time and runs are counted
    about the centre line.
    """
    known = base & np.isfinite(gaps)
    average, middle = mean(gaps, known)[..., None], median(np.where(known, gaps, np.nan))[..., None]
    sigma = np.sqrt(average * (average + 1))
    sigma = np.broadcast_to(np.where(sigma > 0, sigma, np.nan), gaps.shape)
    around = _around(gaps, average, sigma, np.ones(gaps.shape[:-1]), 0.0, np.inf)
    score = uneven_score(gaps, middle, around.low, around.high)
    return Limits(gaps, np.broadcast_to(middle, gaps.shape), sigma, around.low, around.high, score, around.sigma_z)


def time_limits(times: Floats, base: Flags) -> Limits:
    """Return limits of the t chart: XmR of times between events to the power 1/3.6, drawn back on their own scale."""
    near = individual_limits(times**NEARLY_NORMAL, base, screen=False)
    low = np.maximum(near.centre - 3 * near.sigma, 0.0) ** (1 / NEARLY_NORMAL)
    high, centre = ((x) ** (1 / NEARLY_NORMAL) for x in (near.centre + 3 * near.sigma, near.centre))
    return Limits(times, centre, near.sigma, low, high, near.score, near.sigma_z)


def uneven_score(value: Floats, centre: Floats, low: Floats, high: Floats) -> Floats:
    """Return scores where the limits are not as far below the centre as above: 3 at the upper limit, -3 at the lower."""
    reach = np.broadcast_to(np.where(value >= centre, high - centre, centre - low), value.shape)
    return np.asarray(3 * np.where(value == centre, 0.0, ratio(value - centre, reach)))


def run_limits(values: Floats) -> Limits:
    """Return a run chart's centre, the median of all values; it has no limits, and its scores carry only a sign."""
    middle = np.broadcast_to(median(values)[..., None], values.shape)
    none = np.full(values.shape, np.nan)
    return Limits(values, middle, none, none, none, np.sign(values - middle), np.ones(values.shape[:-1]))


def mean_moving_range(values: Floats, *, screen: bool) -> Floats:
    """Return the mean distance of neighbouring periods, one a series; a missing period makes no range on either side.

    Parameters
    ----------
    values : ndarray of shape (..., periods)
    screen : bool
        Leave ranges at or above 3.267 times their mean out of a second mean.
    """
    ranges = np.abs(np.diff(values, axis=-1))
    average = mean(ranges, np.isfinite(ranges))
    return mean(ranges, ranges < RANGE_LIMIT * average[..., None]) if screen else average


def median(values: Floats) -> Floats:
    """Return the median of each series' reported values, NaN where there is none."""
    n = np.isfinite(values).sum(axis=-1)
    ordered = np.concatenate([np.sort(values, axis=-1), np.full((*values.shape[:-1], 1), np.nan)], axis=-1)
    lower, upper = (np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (np.maximum(n - 1, 0) // 2, n // 2))
    return np.asarray((lower + upper) / 2)


def _around(value: Floats, centre: Floats, sigma: Floats, factor: Floats, least: float, most: float) -> Limits:
    middle = np.broadcast_to(centre, value.shape)
    low, high = np.clip(middle - 3 * sigma, least, most), np.clip(middle + 3 * sigma, least, most)
    return Limits(value, middle, sigma, low, high, (value - middle) / sigma, factor)


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where there is nothing below."""
    return np.asarray(np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0))


def mean(values: Floats, known: Flags) -> Floats:
    """Return the mean of each series' known values, NaN where there is none."""
    n = known.sum(axis=-1).astype(float)
    return ratio(np.sum(np.where(known, values, 0.0), axis=-1), n)
