"""One error for many comparisons: adjusted p-values, and the number of signals that chance alone gives.

References
----------
Holm 1979 (Scandinavian Journal of Statistics 6:65); Benjamini, Hochberg 1995 (JRSS B 57:289); Benjamini, Yekutieli 2001
(Annals of Statistics 29:1165); Efron 2007 (JASA 102:93).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import between_0_and_1, floats

_Floats: TypeAlias = NDArray[np.float64]
MOST_TESTS = 1_000_000


def holm(p: ArrayLike) -> _Floats:
    """Return p-values adjusted by Holm: at or below a level, the chance of even one false signal is at most that level.

    Parameters
    ----------
    p : array_like
        p-values of any shape, one family; NaN where there is none, which stays NaN and counts for nothing.

    Returns
    -------
    ndarray
        In the shape of `p`, at most 1. Holds under any dependence.

    Raises
    ------
    ValueError
        If a p-value is not between 0 and 1.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    return _stepped(p, lambda m: m - np.arange(m, dtype=float), down=True)


def benjamini_hochberg(p: ArrayLike) -> _Floats:
    """Return p-values adjusted by Benjamini and Hochberg: of those at or below a level, at most that share is false on average.

    Parameters
    ----------
    p : array_like
        As in `holm`.

    Returns
    -------
    ndarray
        As `holm`. Holds for independent comparisons and for positive dependence.

    Raises
    ------
    ValueError
        As `holm`.

    References
    ----------
    Benjamini, Hochberg 1995, JRSS B 57:289-300.
    """
    return _stepped(p, lambda m: m / np.arange(1, m + 1, dtype=float), down=False)


def benjamini_yekutieli(p: ArrayLike) -> _Floats:
    """Return p-values adjusted by Benjamini and Yekutieli: as Benjamini and Hochberg's, under any dependence.

    Parameters
    ----------
    p : array_like
        As in `holm`.

    Returns
    -------
    ndarray
        As `holm`.

    Raises
    ------
    ValueError
        As `holm`.

    References
    ----------
    Benjamini, Yekutieli 2001, Annals of Statistics 29:1165-1188.
    """
    return _stepped(p, lambda m: np.sum(1 / np.arange(1, m + 1)) * m / np.arange(1, m + 1, dtype=float), down=False)


def chance_signals(tests: int, alpha: float = 0.05, correlation: float = 0.0) -> _Floats:
    """Return the distribution of the number of signals that chance alone gives.

    Parameters
    ----------
    tests : int
        Comparisons.
    alpha : float
        Level of each.
    correlation : float
        Between any two of them, 0 to below 1 (normal statistics, two-sided). It leaves the expected number as it is and
        makes none and very many both more usual.

    Returns
    -------
    ndarray of shape (tests + 1,)
        Probability of 0, 1, ..., `tests` signals.

    Raises
    ------
    ValueError
        For no comparison or more than a million, a level not between 0 and 1, or another correlation.

    References
    ----------
    Efron 2007, JASA 102:93-103 (why correlation widens the count).
    """
    between_0_and_1(alpha, "alpha", 0.05)
    if not isinstance(tests, int | np.integer) or not 1 <= tests <= MOST_TESTS or not 0 <= floats(correlation, "correlation") < 1:
        raise ValueError(
            f"tests={tests} phải là số nguyên từ 1 đến {MOST_TESTS}, correlation={correlation} từ 0 đến dưới 1. / "
            f"tests={tests} must be a whole number from 1 to {MOST_TESTS}, correlation={correlation} from 0 to below 1."
        )
    counts = np.arange(tests + 1)
    if not correlation:
        return np.asarray(stats.binom.pmf(counts, tests, alpha))
    factor = np.linspace(-8, 8, 1601)
    weight = stats.norm.pdf(factor) * (factor[1] - factor[0])
    end, own = stats.norm.isf(alpha / 2), np.sqrt(1 - correlation)
    shift = np.sqrt(correlation) * factor
    share = stats.norm.sf((end - shift) / own) + stats.norm.cdf((-end - shift) / own)
    found = np.zeros(len(counts))
    reach = 12 * np.sqrt(tests * share * (1 - share)) + 12  # beyond so many standard deviations there is nothing
    first, last = np.maximum(tests * share - reach, 0).astype(int), np.minimum(tests * share + reach, tests).astype(int)
    for part, of_part, begin, end in zip(weight, share, first, last, strict=True):
        near = slice(begin, end + 1)
        found[near] += part * stats.binom.pmf(counts[near], tests, of_part)
    return np.asarray(found / found.sum())


def _stepped(p: ArrayLike, factors: Callable[[int], _Floats], down: bool) -> _Floats:
    """Return p times the factor of its rank, made to rise with p; ties get one value."""
    values = checked_p(p)
    out, known = np.full(values.size, np.nan), np.flatnonzero(np.isfinite(values.ravel()))
    flat = values.ravel()[known]
    order = np.argsort(flat, kind="stable")
    scaled = flat[order] * factors(len(flat)) if len(flat) else flat
    risen = np.maximum.accumulate(scaled) if down else np.minimum.accumulate(scaled[::-1])[::-1]
    out[known[order]] = np.minimum(risen, 1.0)
    return out.reshape(values.shape)


def checked_p(p: ArrayLike) -> _Floats:
    """Return p-values as an array of at least one axis.

    Raises
    ------
    ValueError
        If one is not between 0 and 1; NaN says that there is none.
    """
    values = np.atleast_1d(floats(p, "p"))
    if np.any((values < 0) | (values > 1)):
        raise ValueError(
            "Giá trị p phải từ 0 đến 1; để trống (NaN) nếu không có. / "
            "p-values must be from 0 to 1; leave them missing (NaN) where there is none."
        )
    return values
