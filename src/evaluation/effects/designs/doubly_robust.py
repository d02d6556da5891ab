"""Difference of mean changes of treated and comparison units, plain or adjusted for covariates, with influence functions.

References
----------
Sant'Anna, Zhao 2020, Journal of Econometrics 219:101-122 (doubly robust:
equation 2.5 and theorem 1 with a logit and least squares; influence functions
of the outcome regression and of weighting with normalised weights). Abadie
2005, Review of Economic Studies 72:1-19 (weighting).
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.matrix import Flags, Floats

_STEPS = 50
_CLOSE = 1e-12
# Beyond this a treated unit has nobody like it: the weights of the comparison units stand on one or two of them.
_MOST_LIKELY = 0.999


def difference(change: Floats, treated: Flags, x: Floats, method: str) -> tuple[float, Floats]:
    """Return the mean change of the treated less that of comparable units, and its influence function.

    Parameters
    ----------
    change : ndarray of shape (units,)
    treated : ndarray of bool, shape (units,)
    x : ndarray of shape (units, k)
        A column of ones, and covariates.
    method : {"means", "reg", "ipw", "dr"}
        Plain means; outcome regression of the comparison units; weighting by
        the odds of a logit; both (doubly robust).

    Returns
    -------
    effect : float
        NaN where there is no treated or no comparison unit, fewer comparison
        units than columns, or treated units that no comparison unit is like.
    influence : ndarray of shape (units,)
        Zeros where there is no effect.
    """
    nothing = float("nan"), np.zeros(len(change))
    d = treated.astype(float)
    if not treated.any() or treated.all():
        return nothing
    if method == "means":
        own, other = change[treated].mean(), change[~treated].mean()
        return float(own - other), (d * (change - own)) / d.mean() - (1 - d) * (change - other) / (1 - d).mean()
    if (~treated).sum() <= x.shape[1]:
        return nothing
    n = len(change)
    fitted, by_regression = np.zeros(n), np.zeros_like(x)
    if method in ("reg", "dr"):
        bread = np.linalg.pinv((x * (1 - d)[:, None]).T @ x / n)
        coefficients = bread @ (x.T @ ((1 - d) * change)) / n
        fitted = x @ coefficients
        by_regression = ((1 - d) * (change - fitted))[:, None] * x @ bread
    if method == "reg":
        return _by_regression(change, d, x, fitted, by_regression)
    chance = _logit(d, x)
    if chance is None:
        return nothing
    weight = chance / (1 - chance) * (1 - d)
    left = change - fitted
    own, other = (d * left).mean() / d.mean(), (weight * left).mean() / weight.mean()
    by_logit = (d - chance)[:, None] * x @ np.linalg.pinv((x * (chance * (1 - chance))[:, None]).T @ x / n)
    part_own = d * (left - own) - by_regression @ (d[:, None] * x).mean(0)
    part_other = (
        weight * (left - other)
        + by_logit @ ((weight * (left - other))[:, None] * x).mean(0)
        - by_regression @ (weight[:, None] * x).mean(0)
    )
    return float(own - other), np.asarray(part_own / d.mean() - part_other / weight.mean())


def _by_regression(change: Floats, d: Floats, x: Floats, fitted: Floats, by_regression: Floats) -> tuple[float, Floats]:
    own, other = (d * change).mean() / d.mean(), (d * fitted).mean() / d.mean()
    part_other = d * (fitted - other) + by_regression @ (d[:, None] * x).mean(0)
    return float(own - other), np.asarray((d * (change - own) - part_other) / d.mean())


def _logit(d: Floats, x: Floats) -> Floats | None:
    """Return chances of being treated by maximum likelihood, None where treated and comparison units do not overlap."""
    b = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        step = np.linalg.pinv((x * (chance * (1 - chance))[:, None]).T @ x) @ (x.T @ (d - chance))
        b = b + step
        if np.abs(step).max() < _CLOSE * (1 + np.abs(b).max()):
            chance = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
            return chance if chance.max() < _MOST_LIKELY else None
    return None
