"""Intervals for proportions, counts, differences and ratios: exact or score, never normal approximations on small counts.

Every function is pure and vectorised: scalars give floats, arrays and Series give arrays of their broadcast shape.
A missing count or an empty denominator gives a missing interval, never zero.

References
----------
Wilson 1927 (JASA 22:209); Clopper, Pearson 1934 (Biometrika 26:404); Garwood 1936 (Biometrika 28:437); Katz et al.
1978 (Biometrics 34:469); Newcombe 1998 (Statistics in Medicine 17:873); Korn, Graubard 1998 (Survey Methodology 24:193).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, not_negative

# A float for scalars and an array for arrays: the numpy convention, which the type system cannot say shortly.
Bounds: TypeAlias = tuple[Any, Any]
_Floats: TypeAlias = NDArray[np.float64]


def wilson(k: ArrayLike, n: ArrayLike, level: float = 0.95, design_effect: ArrayLike = 1.0) -> Bounds:
    """Return Wilson's score interval of a proportion.

    Parameters
    ----------
    k, n : array_like
        Persons (or events) with the property, and all of them; NaN where not reported.
    level : float
        Confidence level, between 0 and 1.
    design_effect : array_like
        Variance of the survey's estimate over that of a simple random sample of the same size. The interval is that of
        n / design_effect persons at the same proportion. 1 means simple random sampling: the narrowest that can be defended.

    Returns
    -------
    (low, high)
        Bounds within [0, 1]; NaN where `k` is missing or `n` is missing or zero.

    Raises
    ------
    ValueError
        If a count is negative, `k` exceeds `n`, `level` is not between 0 and 1 or `design_effect` is not positive.
    """
    p, size, z = _sample(k, n, level, design_effect)
    return _blank(*score_bounds(p, size, z), p)


def score_bounds(p: _Floats, size: _Floats, z: float | _Floats) -> tuple[_Floats, _Floats]:
    """Return the bounds of the score interval of shares `p` of `size` persons at normal quantiles `z`, all of one shape."""
    centre = (p + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    return np.where(p == 0, 0.0, np.clip(centre - half, 0, 1)), np.where(p == 1, 1.0, np.clip(centre + half, 0, 1))


def clopper_pearson(k: ArrayLike, n: ArrayLike, level: float = 0.95, design_effect: ArrayLike = 1.0) -> Bounds:
    """Return the exact (Clopper-Pearson) interval of a proportion: never too narrow, often too wide.

    Parameters
    ----------
    k, n, level, design_effect
        As in `wilson`; a design effect shrinks the sample as Korn and Graubard do, without their degrees of freedom.

    Returns
    -------
    (low, high)
        Bounds within [0, 1]; NaN where `k` is missing or `n` is missing or zero.

    Raises
    ------
    ValueError
        As in `wilson`.
    """
    p, size, _ = _sample(k, n, level, design_effect)
    hits, misses, tail = p * size, (1 - p) * size, (1 - level) / 2
    low = np.where(p == 0, 0.0, stats.beta.ppf(tail, np.where(p == 0, 1.0, hits), misses + 1))
    high = np.where(p == 1, 1.0, stats.beta.ppf(1 - tail, hits + 1, np.where(p == 1, 1.0, misses)))
    return _blank(low, high, p)


def garwood(k: ArrayLike, exposure: ArrayLike = 1.0, level: float = 0.95) -> Bounds:
    """Return the exact (Garwood) interval of a Poisson count, or of a rate where an exposure is given.

    Parameters
    ----------
    k : array_like
        Events; NaN where not reported.
    exposure : array_like
        What the rate is per, in any unit above zero (1 keeps counts; residents / 10,000 gives rates per 10,000).
    level : float
        Confidence level.

    Returns
    -------
    (low, high)
        Bounds of k / exposure; NaN where `k` is missing or `exposure` is missing or zero.

    Raises
    ------
    ValueError
        If a count or an exposure is negative or `level` is not between 0 and 1.
    """
    between_0_and_1(level)
    events, size = broadcast(not_negative(k, "k"), not_negative(exposure, "exposure"))
    scale, tail = np.where(size == 0, np.nan, size), (1 - level) / 2
    low = np.where(events == 0, 0.0, stats.chi2.ppf(tail, 2 * np.where(events == 0, 1.0, events)) / 2)
    high = stats.chi2.ppf(1 - tail, 2 * events + 2) / 2
    return _blank(low / scale, high / scale, events / scale)


def difference_newcombe(
    k1: ArrayLike, n1: ArrayLike, k0: ArrayLike, n0: ArrayLike, level: float = 0.95, design_effect: ArrayLike = 1.0
) -> Bounds:
    """Return Newcombe's hybrid score interval of the difference of two independent proportions, k1/n1 - k0/n0.

    Parameters
    ----------
    k1, n1, k0, n0 : array_like
        Persons with the property and all persons, in the group of interest (1) and the group it is compared with (0).
    level : float
        Confidence level.
    design_effect : array_like
        Of both groups, as in `wilson`.

    Returns
    -------
    (low, high)
        Bounds within [-1, 1] (Newcombe 1998, method 10); NaN where either proportion is missing.

    Raises
    ------
    ValueError
        As in `wilson`.

    Notes
    -----
    Newcombe's own example, 56 of 70 against 48 of 80, gives 0.2 (0.0524 to 0.3339).
    """
    p1, p0 = broadcast(_sample(k1, n1, level)[0], _sample(k0, n0, level)[0])
    low1, high1 = wilson(k1, n1, level, design_effect)
    low0, high0 = wilson(k0, n0, level, design_effect)
    low = p1 - p0 - np.sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2)
    high = p1 - p0 + np.sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2)
    return _blank(low, high, p1 - p0)


def ratio_katz(k1: ArrayLike, n1: ArrayLike, k0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Bounds:
    """Return the log (Katz) interval of the ratio of two independent proportions, (k1/n1) / (k0/n0).

    Parameters
    ----------
    k1, n1, k0, n0, level
        As in `difference_newcombe`.

    Returns
    -------
    (low, high)
        Bounds above 0; NaN where a count is zero, since the method has no answer there (use `rate_ratio_exact`).

    Raises
    ------
    ValueError
        As in `wilson`.
    """
    p1, size1, z = _sample(k1, n1, level)
    p0, size0, _ = _sample(k0, n0, level)
    p1, size1, p0, size0 = broadcast(p1, size1, p0, size0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(p1) - np.log(p0)
        half = z * np.sqrt((1 - p1) / (p1 * size1) + (1 - p0) / (p0 * size0))
        low, high = np.exp(centre - half), np.exp(centre + half)
    return _blank(low, high, np.where((p1 > 0) & (p0 > 0), p1 * p0, np.nan))


def rate_ratio_exact(k1: ArrayLike, exposure1: ArrayLike, k0: ArrayLike, exposure0: ArrayLike, level: float = 0.95) -> Bounds:
    """Return the exact interval of the ratio of two Poisson rates, given their total (k1/exposure1) / (k0/exposure0).

    Parameters
    ----------
    k1, k0 : array_like
        Events in the group of interest and in the group it is compared with.
    exposure1, exposure0 : array_like
        Exposures in one unit.
    level : float
        Confidence level.

    Returns
    -------
    (low, high)
        Bounds from 0 to infinity: no event in group 0 gives an infinite upper bound; NaN where both counts are zero,
        since nothing is then known of the ratio, and where anything is missing.

    Raises
    ------
    ValueError
        As in `garwood`.
    """
    given = {"k1": k1, "k0": k0, "exposure1": exposure1, "exposure0": exposure0}
    events1, events0, size1, size0 = broadcast(*(not_negative(x, name) for name, x in given.items()))
    low, high = clopper_pearson(events1, events1 + events0, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where((size1 == 0) | (size0 == 0), np.nan, size0 / size1)
        bounds = np.asarray(low) / (1 - np.asarray(low)) * scale, np.asarray(high) / (1 - np.asarray(high)) * scale
    return _blank(bounds[0], bounds[1], (events1 + events0) * scale)


def _sample(k: ArrayLike, n: ArrayLike, level: float, design_effect: ArrayLike = 1.0) -> tuple[_Floats, _Floats, float]:
    between_0_and_1(level)
    hits, size, effect = broadcast(not_negative(k, "k"), not_negative(n, "n"), not_negative(design_effect, "design_effect"))
    if np.any(hits > size):
        raise ValueError(
            "Tử số k lớn hơn mẫu số n; hãy kiểm tra hai cột có bị đổi chỗ không. / k exceeds n; check that the two are not exchanged."
        )
    if np.any(effect == 0):
        raise ValueError(
            "Hệ số thiết kế design_effect phải lớn hơn 0 (1 là mẫu ngẫu nhiên đơn). / "
            "design_effect must be above 0 (1 is simple random sampling)."
        )
    size = np.where(size == 0, np.nan, size)
    return hits / size, size / effect, float(stats.norm.ppf((1 + level) / 2))


def _blank(low: _Floats, high: _Floats, known: _Floats) -> Bounds:
    empty = np.isnan(known)
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]
