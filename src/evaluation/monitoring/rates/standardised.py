"""Directly standardised rates: what a place's rate would be if its people had the ages of a standard population.

Every function is pure and vectorised, with age groups on the last axis.

References
----------
Fay, Feuer 1997 (Statistics in Medicine 16:791), gamma intervals. Tiwari, Clegg, Zou 2006 (Statistical Methods in Medical
Research 15:547), their modification. Fay, Kim 2017 (Biometrical Journal 59:1006), mid-P gamma intervals.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from scipy.optimize import elementwise

from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, not_negative

_Floats: TypeAlias = NDArray[np.float64]

FAY_FEUER, TIWARI, MIDP = "fay-feuer", "tiwari", "midp"
METHODS = (FAY_FEUER, TIWARI, MIDP)


def standardised_rate(
    counts: ArrayLike, exposure: ArrayLike, standard: ArrayLike, level: float = 0.95, method: str = FAY_FEUER
) -> tuple[Any, Any, Any]:
    """Return directly standardised rates with gamma intervals.

    Parameters
    ----------
    counts : array_like of shape (..., ages)
        Events by age group; NaN where not reported.
    exposure : array_like
        People by age group, in the unit that the rate is per (people / 10,000 gives rates per 10,000).
    standard : array_like
        Standard population by age group, in any unit; only its shares count.
    level : float
        Confidence level.
    method : {"fay-feuer", "tiwari", "midp"}
        Fay and Feuer's interval holds its level whatever the ages; Tiwari's and the mid-P one are narrower and hold it on
        average.

    Returns
    -------
    (rate, low, high)
        Each of shape (...). Without any event the rate and its lower bound are 0. A rate is NaN where an age group that
        the standard has lacks its count or its people: what is missing is not zero.

    Raises
    ------
    ValueError
        If a number is negative or infinite, no age group has a weight, `level` is not between 0 and 1, or there is no such
        method.

    Notes
    -----
    The rate is a weighted sum of Poisson counts. Its lower bound is that of a gamma distribution with the sum's mean and
    variance; the upper one adds one event where it weighs most (Fay and Feuer) or the average weight (Tiwari). The mid-P
    bounds are quantiles of the even mixture of Fay and Feuer's two distributions.
    """
    if method not in METHODS:
        choices = ", ".join(METHODS)
        raise ValueError(f"Không có phương pháp {method!r}; chọn: {choices}. / There is no method {method!r}; choose: {choices}.")
    between_0_and_1(level)
    given = (not_negative(counts, "counts"), not_negative(exposure, "exposure"), not_negative(standard, "standard"))
    k, people, ages = broadcast(*given)
    whole = ages.sum(axis=-1, keepdims=True)
    if np.any(whole == 0):
        raise ValueError("Dân số chuẩn standard phải lớn hơn 0. / The standard population must be above 0.")
    share = ages / whole
    weight = np.where(share > 0, share / np.where(people > 0, people, np.nan), 0.0)
    events = np.where(share > 0, k, 0.0)
    rate, variance = (weight * events).sum(axis=-1), (weight**2 * events).sum(axis=-1)
    if method == TIWARI:
        groups = (share > 0).sum(axis=-1)
        more, more_variance = weight.sum(axis=-1) / groups, (weight**2).sum(axis=-1) / groups
    else:
        more = weight.max(axis=-1)
        more_variance = more**2
    tail = (1 - level) / 2
    upper = _Gamma(rate + more, variance + more_variance)
    lower = _Gamma(rate, variance)
    if method == MIDP:
        return rate[()], _mixed(lower, upper, tail)[()], _mixed(lower, upper, 1 - tail)[()]
    return rate[()], lower.quantile(tail)[()], upper.quantile(1 - tail)[()]


class _Gamma:
    """A gamma distribution by its mean and variance; all at 0 where the mean is 0."""

    def __init__(self, mean: _Floats, variance: _Floats) -> None:
        self.some = mean > 0
        self.scale = np.divide(variance, mean, out=np.ones(mean.shape), where=self.some)
        self.shape = np.where(self.some, mean, 1.0) / self.scale
        self.known = ~np.isnan(mean)

    def quantile(self, p: float) -> _Floats:
        found = np.where(self.some, special.gammaincinv(self.shape, p) * self.scale, 0.0)
        return np.where(self.known, found, np.nan)


def _mixed(one: _Gamma, other: _Gamma, p: float) -> _Floats:
    """Return the quantile of the even mixture of two gamma distributions, the first of which lies lower."""

    def beyond(x: _Floats, shape: _Floats, scale: _Floats, shape2: _Floats, scale2: _Floats, some: _Floats) -> _Floats:
        below = np.where(some > 0, special.gammainc(shape, x / scale), 1.0)
        return np.asarray((below + special.gammainc(shape2, x / scale2)) / 2 - p)

    low, high = one.quantile(p), other.quantile(p)
    seen = other.known & (one.some | (p > 0.5))
    args = tuple(np.where(seen, x, 1.0) for x in (one.shape, one.scale, other.shape, other.scale, one.some.astype(float)))
    ends = np.where(seen, low * (1 - 1e-9), 0.5), np.where(seen, high * (1 + 1e-9), 0.5)
    found = np.asarray(elementwise.find_root(beyond, ends, args=args, tolerances={"xrtol": 1e-12, "xatol": 0.0}).x)
    return np.where(other.known, np.where(seen, found, 0.0), np.nan)
