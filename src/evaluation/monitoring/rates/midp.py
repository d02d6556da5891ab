"""Rates and shares of small counts: mid-P intervals, differences, ratios, and counts that scatter beyond chance.

Every function is pure and vectorised over arrays of any shape; a missing count or an empty exposure gives a missing
interval, never zero. The exact (Garwood, Clopper-Pearson, conditional) and score intervals are in `monitoring.rates.intervals`.

References
----------
Lancaster 1961 (JASA 56:223), mid-P. Cohen, Yang 1994 (Statistics in Medicine 13:2189), mid-P intervals of a Poisson mean.
Zou, Donner 2008 (Statistics in Medicine 27:1693) and Li, Tang, Wong 2014 (Statistical Methods in Medical Research 23:3),
differences by the method of variance estimates recovery (MOVER). Donner, Zou 2012 (Statistical Methods in Medical
Research 21:347), its ratios. McCullagh, Nelder 1989 (Generalized Linear Models), quasi-likelihood. Haldane 1937
(Biometrika 29:133), moments of Pearson's chi-squared for small expected counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from scipy.optimize import elementwise

from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, floats, not_negative
from evaluation.monitoring.rates.intervals import Bounds, clopper_pearson, garwood

_Floats: TypeAlias = NDArray[np.float64]
_Interval: TypeAlias = Callable[..., Bounds]

RATE, SHARE = "rate", "share"
MIDP, EXACT = "midp", "exact"


def poisson_midp(k: ArrayLike, exposure: ArrayLike = 1.0, level: float = 0.95) -> Bounds:
    """Return the mid-P interval of a Poisson count, or of a rate where an exposure is given.

    Half the probability of the count itself is counted in each tail, so that the interval holds its level on average
    over means instead of always (as Garwood's does, which is wider).

    Parameters
    ----------
    k : array_like
        Events, whole or not (counts divided by a dispersion); NaN where not reported.
    exposure : array_like
        What the rate is per, in any unit above zero; 1 keeps counts.
    level : float
        Confidence level.

    Returns
    -------
    (low, high)
        Bounds of k / exposure, exact to 1e-9 of the bound; no event gives 0 below and -log(1 - level) / exposure above.
        NaN where `k` is missing or `exposure` is missing or zero.

    Raises
    ------
    ValueError
        If a count or an exposure is negative or infinite, or `level` is not between 0 and 1.
    """
    between_0_and_1(level)
    events, size = broadcast(not_negative(k, "k"), not_negative(exposure, "exposure"))
    known, place = np.unique(events[~np.isnan(events)], return_inverse=True)
    tail = (1 - level) / 2
    low, high = (np.full(events.shape, np.nan) for _ in range(2))
    for bound, found in ((low, _poisson_mean(known, tail, lower=True)), (high, _poisson_mean(known, tail, lower=False))):
        bound[~np.isnan(events)] = found[place]
    scale = np.where(size == 0, np.nan, size)
    return (low / scale)[()], (high / scale)[()]


def _poisson_mean(k: _Floats, tail: float, *, lower: bool) -> _Floats:
    """Return the means under which counts as high (as low) as `k` have mid-probability `tail`."""
    if lower:
        some = k > 0

        def beyond(mean: _Floats, count: _Floats) -> _Floats:
            return np.asarray((special.gammainc(count, mean) + special.gammainc(count + 1, mean)) / 2 - tail)

        ends = special.gammaincinv(k[some], tail), special.gammaincinv(k[some] + 1, tail)
    else:
        some = np.ones(k.shape, dtype=bool)

        def beyond(mean: _Floats, count: _Floats) -> _Floats:
            fewer = np.where(count == 0, 0.0, special.gammaincc(np.where(count == 0, 1.0, count), mean))
            return np.asarray((fewer + special.gammaincc(count + 1, mean)) / 2 - tail)

        ends = special.gammainccinv(np.where(k == 0, 1e-9, k), tail), special.gammainccinv(k + 1, tail)
    return _solved(beyond, ends, (k,), some)


def proportion_midp(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return the mid-P interval of a proportion: Clopper and Pearson's with half the probability of `k` itself in each tail.

    Parameters
    ----------
    k, n : array_like
        Persons with the property, and all of them; NaN where not reported.
    level : float
        Confidence level.

    Returns
    -------
    (low, high)
        Bounds within [0, 1]; 0 below where k is 0, 1 above where k is n; NaN where `k` is missing or `n` is missing or zero.

    Raises
    ------
    ValueError
        As in `intervals.clopper_pearson`.
    """
    wide = clopper_pearson(k, n, level)
    hits, size = broadcast(not_negative(k, "k"), not_negative(n, "n"))
    known = ~np.isnan(np.asarray(wide[0]))
    pairs, place = np.unique(np.stack([hits[known], size[known]]), axis=1, return_inverse=True)
    events, misses = pairs[0], pairs[1] - pairs[0]
    tail = (1 - level) / 2
    low, high = (np.full(hits.shape, np.nan) for _ in range(2))
    low[known] = _share_bound(events, misses, tail)[place]
    high[known] = 1 - _share_bound(misses, events, tail)[place]
    return low[()], high[()]


def _share_bound(hits: _Floats, misses: _Floats, tail: float) -> _Floats:
    """Return the shares under which as many `hits` or more have mid-probability `tail`; 0 for none."""
    some = hits > 0

    def beyond(share: _Floats, k: _Floats, rest: _Floats) -> _Floats:
        more = np.where(rest == 0, 0.0, special.betainc(k + 1, np.where(rest == 0, 1.0, rest), share))
        return np.asarray((special.betainc(k, rest + 1, share) + more) / 2 - tail)

    k, rest = hits[some], misses[some]
    upper = np.where(rest == 0, 1.0, special.betaincinv(k + 1, np.where(rest == 0, 1.0, rest), tail))
    return _solved(beyond, (special.betaincinv(k, rest + 1, tail), upper), (hits, misses), some)


def _solved(
    f: Callable[..., _Floats], ends: tuple[NDArray[Any], NDArray[Any]], given: tuple[_Floats, ...], some: NDArray[np.bool_]
) -> _Floats:
    """Return the roots of `f` between `ends` at the places `some`, 0 elsewhere."""
    found = np.zeros(some.shape)
    if some.any():
        # The ends are quantiles of the two tails that are averaged; rounding must not leave the root just outside.
        low, high = ends[0] * (1 - 1e-9), ends[1] * (1 + 1e-9) + 1e-300
        args = tuple(x[some] for x in given)
        found[some] = elementwise.find_root(f, (low, high), args=args, tolerances={"xrtol": 1e-13, "xatol": 0.0}).x
    return found


def rate_difference(
    k1: ArrayLike, exposure1: ArrayLike, k0: ArrayLike, exposure0: ArrayLike, level: float = 0.95, method: str = MIDP
) -> Bounds:
    """Return the MOVER interval of the difference of two independent Poisson rates, k1/exposure1 - k0/exposure0.

    Parameters
    ----------
    k1, k0 : array_like
        Events in the group of interest (1) and in the group it is compared with (0).
    exposure1, exposure0 : array_like
        Exposures in one unit.
    level : float
        Confidence level.
    method : {"midp", "exact"}
        Limits of each rate that are put together: mid-P (holds its level on average) or Garwood's (never below it).

    Returns
    -------
    (low, high)
        Bounds; NaN where either rate is missing. The difference of two proportions is `intervals.difference_newcombe`.

    Raises
    ------
    ValueError
        As in `poisson_midp`, or if there is no such method.
    """
    (r1, low1, high1), (r0, low0, high0) = _two_rates(k1, exposure1, k0, exposure0, level, method)
    low = r1 - r0 - np.sqrt((r1 - low1) ** 2 + (high0 - r0) ** 2)
    high = r1 - r0 + np.sqrt((high1 - r1) ** 2 + (r0 - low0) ** 2)
    return low[()], high[()]


def rate_ratio_mover(
    k1: ArrayLike, exposure1: ArrayLike, k0: ArrayLike, exposure0: ArrayLike, level: float = 0.95, method: str = MIDP
) -> Bounds:
    """Return the MOVER (Donner-Zou) interval of the ratio of two independent Poisson rates.

    Narrower than the exact conditional interval (`intervals.rate_ratio_exact`), which holds more than its level where
    counts are small; this one holds its level on average.

    Parameters
    ----------
    k1, exposure1, k0, exposure0, level, method
        As in `rate_difference`.

    Returns
    -------
    (low, high)
        Bounds from 0 to infinity: no event in group 0 gives an infinite upper bound; NaN where both counts are zero,
        since nothing is then known of the ratio, and where a rate is missing.

    Raises
    ------
    ValueError
        As in `rate_difference`.
    """
    (r1, low1, high1), (r0, low0, high0) = _two_rates(k1, exposure1, k0, exposure0, level, method)
    both = r1 * r0
    below, above = low1 * (2 * r1 - low1), high0 * (2 * r0 - high0)
    far, near = high1 * (2 * r1 - high1), low0 * (2 * r0 - low0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Written without the difference of nearly equal numbers that the printed formula has.
        low = np.where(r1 == 0, 0.0, below / (both + np.sqrt(both**2 - below * above)))
        high = np.where(r0 == 0, np.inf, (both + np.sqrt(both**2 - far * near)) / near)
    empty = np.isnan(both) | ((r1 == 0) & (r0 == 0))
    return np.where(empty, np.nan, low)[()], np.where(empty, np.nan, high)[()]


def _two_rates(
    k1: ArrayLike, exposure1: ArrayLike, k0: ArrayLike, exposure0: ArrayLike, level: float, method: str
) -> tuple[tuple[_Floats, _Floats, _Floats], tuple[_Floats, _Floats, _Floats]]:
    if method not in (MIDP, EXACT):
        raise ValueError(f"Không có phương pháp {method!r}; chọn: midp, exact. / There is no method {method!r}; choose: midp, exact.")
    interval = poisson_midp if method == MIDP else garwood
    given = {"k1": k1, "exposure1": exposure1, "k0": k0, "exposure0": exposure0}
    events1, size1, events0, size0 = broadcast(*(not_negative(x, name) for name, x in given.items()))
    rates = []
    for events, size in ((events1, size1), (events0, size0)):
        low, high = interval(events, size, level)
        rates.append((events / np.where(size == 0, np.nan, size), np.asarray(low), np.asarray(high)))
    return rates[0], rates[1]


@dataclass(frozen=True, eq=False)
class Dispersion:
    """How much counts scatter beyond chance, and how surely.

    Attributes
    ----------
    factor : float or ndarray
        Pearson's chi-squared over its degrees of freedom: 1 is chance alone. NaN where fewer than two counts are there.
    chi_squared, df : float or ndarray
    p : float or ndarray
        Probability of a chi-squared as large by chance alone.
    """

    factor: Any
    chi_squared: Any
    df: Any
    p: Any


def dispersion(
    counts: ArrayLike, exposure: ArrayLike = 1.0, expected: ArrayLike | None = None, family: str = RATE, axis: int = -1
) -> Dispersion:
    """Return the dispersion of counts along one axis: over the periods of a unit, or over units.

    Parameters
    ----------
    counts : array_like
        Events; NaN where not reported.
    exposure : array_like
        What each count is out of (people of a share; residents of a rate).
    expected : array_like, optional
        Expected counts (rates) or shares (shares) from elsewhere, such as a trend; the common value along the axis where
        left out.
    family : {"rate", "share"}
        Chance is Poisson or binomial.
    axis : int
        Along which counts are compared.

    Returns
    -------
    Dispersion
        Of the shape of `counts` without the axis. Missing counts and empty exposures do not take part.

    Raises
    ------
    ValueError
        If a count is negative or above its denominator, or there is no such family.

    Notes
    -----
    Where counts are small Pearson's statistic is not chi-squared. For rates its two exact moments are therefore matched:
    given the total the counts are multinomial, with mean n - 1 and Haldane's variance.
    """
    if family not in (RATE, SHARE):
        raise ValueError(f"Không có họ {family!r}; chọn: rate, share. / There is no family {family!r}; choose: rate, share.")
    k, size = broadcast(not_negative(counts, "counts"), not_negative(exposure, "exposure"))
    if family == SHARE:
        clopper_pearson(k, size)
    there = ~np.isnan(k) & (size > 0)
    k, size = np.where(there, k, 0.0), np.where(there, size, 0.0)
    n, total = there.sum(axis=axis, keepdims=True), k.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        common = total / size.sum(axis=axis, keepdims=True)
        if expected is not None:
            given = np.broadcast_to(not_negative(expected, "expected"), k.shape)
            common = given if family == SHARE else given / np.where(size > 0, size, 1.0)
        mean = size * common
        variance = mean if family == RATE else mean * (1 - common)
        chi2 = np.where(there & (variance > 0), (k - mean) ** 2 / variance, np.where(there & (k != mean), np.inf, 0.0))
        chi2 = chi2.sum(axis=axis, keepdims=True)
        df = np.where(n > 0, n - (expected is None), 0).astype(float)
        spread = 2 * df
        if family == RATE and expected is None:
            shares = np.where(there, total / mean, 0.0).sum(axis=axis, keepdims=True)
            spread = np.where(total > 0, 2 * df + (shares - n**2 - 2 * n + 2) / total, 2 * df)
        elif family == RATE:
            spread = 2 * df + np.where(there & (mean > 0), 1 / mean, 0.0).sum(axis=axis, keepdims=True)
        factor = np.where(df > 0, chi2 / df, np.nan)
        scale = np.where(spread > 0, spread / (2 * df), 1.0)
        p = np.where(df > 0, stats.chi2.sf(chi2 / scale, df / scale), np.nan)
    return Dispersion(*(np.squeeze(x, axis=axis)[()] for x in (factor, chi2, df, p)))


def quasi_poisson(
    k: ArrayLike,
    exposure: ArrayLike = 1.0,
    factor: ArrayLike = 1.0,
    level: float = 0.95,
    df: ArrayLike = np.inf,
    interval: _Interval = poisson_midp,
) -> Bounds:
    """Return the interval of a rate whose counts scatter `factor` times as much as chance alone.

    The interval is that of k / factor events in exposure / factor: the same rate with `factor` times its variance
    (quasi-Poisson), still never below zero and still above zero where there is no event.

    Parameters
    ----------
    k, exposure, level
        As in `poisson_midp`.
    factor : array_like
        Variance over that of chance alone, as `dispersion` finds it; below 1 it counts as 1, since less scatter than
        chance in a few counts is itself chance. NaN (not known) gives a missing interval.
    df : array_like
        Degrees of freedom behind the factor; with few the interval is wider, as Student's t is than the normal.
    interval : callable
        Of (k, exposure, level): `poisson_midp` or `intervals.garwood`.

    Returns
    -------
    (low, high)
        Bounds of k / exposure. For shares pass the factor to `intervals.wilson` as its design effect.

    Raises
    ------
    ValueError
        As in `poisson_midp`; also for a negative or infinite factor and for degrees of freedom that are not above 0.
    """
    between_0_and_1(level)
    spread, freedom = not_negative(factor, "factor"), floats(df, "df")
    if np.any(freedom <= 0):
        raise ValueError("Bậc tự do df phải lớn hơn 0. / Degrees of freedom df must be above 0.")
    events, size, spread, freedom = broadcast(not_negative(k, "k"), not_negative(exposure, "exposure"), spread, freedom)
    tail = (1 + level) / 2
    wider = (stats.t.ppf(tail, freedom) / stats.norm.ppf(tail)) ** 2
    scale = np.maximum(spread, 1.0) * wider
    return interval(events / scale, size / scale, level)
