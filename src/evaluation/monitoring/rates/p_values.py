"""P-values of a difference of proportions and of a ratio of rates: at 1 - p the interval of the same method just reaches no change.

References
----------
Newcombe 1998 (Statistics in Medicine 17:873) and Clopper, Pearson 1934 (Biometrika 26:404) give the intervals that are
inverted; Przyborowski, Wilenski 1940 (Biometrika 31:313) the conditional test of two Poisson counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import broadcast, floats, not_negative
from evaluation.monitoring.rates.intervals import difference_newcombe, score_bounds

# Beyond so many standard deviations a p-value is zero for every reader.
_FARTHEST = 38.0
_HALVINGS = 36


def difference_p(k1: ArrayLike, n1: ArrayLike, k0: ArrayLike, n0: ArrayLike, design_effect: ArrayLike = 1.0) -> Any:
    """Return the two-sided p-value of a difference of two independent proportions, by inverting Newcombe's hybrid score interval.

    Parameters
    ----------
    k1, n1, k0, n0, design_effect : array_like
        As in `intervals.difference_newcombe`.

    Returns
    -------
    float or ndarray
        Of the broadcast shape; 1 where the proportions are equal, NaN where one is missing.

    Raises
    ------
    ValueError
        As `intervals.wilson`.
    """
    difference_newcombe(k1, n1, k0, n0, design_effect=design_effect)
    hits1, size1, hits0, size0, effect = broadcast(*(floats(x, "k, n, design_effect") for x in (k1, n1, k0, n0, design_effect)))
    p1, p0 = _share(hits1, size1), _share(hits0, size0)
    near, far = np.zeros(p1.shape), np.full(p1.shape, _FARTHEST)
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(_HALVINGS):
            z = (near + far) / 2
            low1, high1 = score_bounds(p1, size1 / effect, z)
            low0, high0 = score_bounds(p0, size0 / effect, z)
            reach = np.where(p1 > p0, np.hypot(p1 - low1, high0 - p0), np.hypot(high1 - p1, p0 - low0))
            holds = reach >= np.abs(p1 - p0)
            near, far = np.where(holds, near, z), np.where(holds, z, far)
    p = np.where(p1 == p0, 1.0, 2 * stats.norm.sf((near + far) / 2))
    return np.where(np.isnan(p1 - p0), np.nan, p)[()]


def ratio_p(k1: ArrayLike, exposure1: ArrayLike, k0: ArrayLike, exposure0: ArrayLike) -> Any:
    """Return the two-sided p-value of the ratio of two Poisson rates, given their total: twice the smaller exact tail.

    Parameters
    ----------
    k1, exposure1, k0, exposure0 : array_like
        As in `intervals.rate_ratio_exact`; counts need not be whole (counts divided by a dispersion).

    Returns
    -------
    float or ndarray
        Of the broadcast shape; NaN where anything is missing or both counts are zero.

    Raises
    ------
    ValueError
        As `intervals.rate_ratio_exact`.
    """
    given = {"k1": k1, "exposure1": exposure1, "k0": k0, "exposure0": exposure0}
    events1, size1, events0, size0 = broadcast(*(not_negative(x, name) for name, x in given.items()))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = size1 / (size1 + size0)
        at_least = np.where(events1 == 0, 1.0, stats.beta.cdf(expected, np.where(events1 == 0, 1.0, events1), events0 + 1))
        at_most = np.where(events0 == 0, 1.0, stats.beta.sf(expected, events1 + 1, np.where(events0 == 0, 1.0, events0)))
    p = np.minimum(1.0, 2 * np.minimum(at_least, at_most))
    return np.where(np.isnan(events1 + events0 + expected) | (events1 + events0 == 0), np.nan, p)[()]


def _share(hits: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(hits, size, out=np.full(size.shape, np.nan), where=size > 0))
