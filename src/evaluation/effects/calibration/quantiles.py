"""Quantiles of Poisson counts for a whole panel at once: those of scipy, several times faster where means are small or large."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, pdtr

from evaluation.effects.matrix import Floats


def poisson_quantile(p: Floats, mean: Floats) -> Floats:
    """Return the smallest count with a probability of at least `p` not to be exceeded.

    Parameters
    ----------
    p : ndarray
        Above 0 and below 1.
    mean : ndarray of the same shape
        0 gives 0.

    Notes
    -----
    From a Cornish-Fisher guess, each cell walks as far as it has to.
    """
    z = ndtri(p)
    k = np.maximum(np.floor(mean + np.sqrt(mean) * z + (z**2 - 1) / 6), 0.0)
    enough = pdtr(k, mean) >= p
    down = np.nonzero(enough & (k > 0))
    while down[0].size:
        down = _where(down, pdtr(k[down] - 1, mean[down]) >= p[down])
        k[down] -= 1
        down = _where(down, k[down] > 0)
    up = np.nonzero(~enough)
    while up[0].size:
        k[up] += 1
        up = _where(up, pdtr(k[up], mean[up]) < p[up])
    return np.asarray(k)


def _where(places: tuple[np.ndarray, ...], kept: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(axis[kept] for axis in places)
