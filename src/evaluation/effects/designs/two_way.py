"""Period effects of donors with unit effects swept out: least squares and Poisson, for many sets of donors at once.

References
----------
Guimaraes, Portugal 2010, Stata Journal 10:628-649 (two-way effects by turns).
Deming, Stephan 1940, Annals of Mathematical Statistics 11:427-444 (iterative
proportional fitting, which is the Poisson maximum likelihood here).
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.matrix import Flags, Floats

_TURNS = 2000
_CLOSE = 1e-13


def swept(y: Floats, used: Flags) -> tuple[Floats, Floats]:
    """Return what each unit lends to the normal equations of the period effects.

    Parameters
    ----------
    y : ndarray of shape (units, periods)
        Any number where it is not used.
    used : ndarray of bool, same shape

    Returns
    -------
    normal : ndarray of shape (units, periods, periods)
    right : ndarray of shape (units, periods)
    """
    n = np.maximum(used.sum(1, keepdims=True), 1)
    cells = used.astype(float)
    normal = -cells[:, :, None] * (cells / n)[:, None, :]
    at = np.arange(y.shape[1])
    normal[:, at, at] += used
    return normal, np.asarray(used * (y - (used * y).sum(1, keepdims=True) / n))


def linked(together: Floats) -> Flags:
    """Return which periods are linked through units that reported in both, by however many steps.

    Parameters
    ----------
    together : ndarray of shape (..., periods, periods)
        Not zero where some unit reported in both periods (a rounding error is zero).
    """
    reach = (np.abs(together) > 1e-9).astype(float)
    if reach.all():
        return np.ones(reach.shape, dtype=bool)
    for _ in range(max(1, int(np.ceil(np.log2(max(2, together.shape[-1])))))):
        reach = (reach @ reach > 0).astype(float)
    return np.asarray(reach > 0)


def solved(system: Floats, sides: Floats) -> Floats:
    """Solve normal equations of period effects, whose level is free.

    Parameters
    ----------
    system : ndarray of shape (sets, periods, periods)
        Sums of `swept`; zero in the rows of periods without figures.
    sides : ndarray of shape (sets, periods, k)
    """
    at = np.arange(system.shape[-1])
    links = linked(system)
    told = links[:, at, at]
    whole = (links | ~told[:, :, None] | ~told[:, None, :]).all()
    if not whole:  # groups of periods without a unit in common: each group's level is free
        return np.asarray(np.linalg.pinv(system, hermitian=True) @ sides)
    fixed = system + told[:, :, None] * told[:, None, :]
    fixed[:, at, at] += ~told
    return np.asarray(np.linalg.solve(fixed, sides))


def linear_periods(y: Floats, seen: Flags, others: Floats) -> Floats:
    """Return least squares period effects of sets of donors, up to a constant; NaN where no donor reported.

    Parameters
    ----------
    y, seen : ndarray of shape (units, periods)
    others : ndarray of shape (sets, units)
        1 where a unit is in the set, else 0.
    """
    size = others.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        if seen.all():
            return np.where(size > 0, (others @ y) / size, np.nan)
        k, t = y.shape
        normal, right = swept(np.where(seen, y, 0.0), seen)
        system = (others @ normal.reshape(k, -1)).reshape(-1, t, t)
        found = solved(system, (others @ right)[:, :, None])[:, :, 0]
        return np.where(others @ seen > 0, found, np.nan)


def poisson_periods(top: Floats, bottom: Floats, seen: Flags, others: Floats) -> Floats:
    """Return Poisson maximum likelihood period factors of sets of donors, up to a factor.

    NaN where no donor reported or none had an event: its ratio to other periods is not known.

    Parameters
    ----------
    top, bottom, seen : ndarray of shape (units, periods)
        Counts, exposures, and where both were reported.
    others : ndarray of shape (sets, units)
    """
    events, exposure = np.where(seen, top, 0.0), np.where(seen, bottom, 0.0)
    own = events.sum(1)
    total = others @ events
    factor = (total > 0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(_TURNS):
            path = factor @ exposure.T
            level = np.where(path > 0, own / path, 0.0)
            size = (others * level) @ exposure
            moved = np.where(size > 0, total / size, 0.0)
            moved = moved / moved.max(1, initial=1e-300, keepdims=True)
            done = np.abs(moved - factor).max(initial=0.0) < _CLOSE
            factor = moved
            if done:
                break
    return np.where(factor > 0, factor, np.nan)
