"""Courses of doses and outcomes by unit with common effects taken off, and the permutation of whole courses over units.

References
----------
Frisch, Waugh 1933, Econometrica 1:387-401. Liang, Zeger 1986, Biometrika 73:13-22 (errors clustered by unit).
DiCiccio, Romano 2017, JASA 112:1211-1220 (studentised permutation tests keep their size where variances differ).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.matrix import Flags, Floats, NotEnough

STEPS, CLOSE = 5000, 1e-11
ALL_BELOW = 7  # units of which all permutations are tried
HALVINGS = 60


def within(x: Floats, seen: Flags, effects: tuple[str, ...]) -> Floats:
    """Return what unit and period effects leave, by least squares over what is seen; 0 elsewhere.

    Parameters
    ----------
    x : ndarray of shape (..., units, periods)
    seen : ndarray of bool, shape (units, periods)
    effects : tuple of {"unit", "period"}
    """
    by_unit, by_period = np.maximum(seen.sum(1), 1)[:, None], np.maximum(seen.sum(0), 1)
    left = np.where(seen, x, 0.0)
    if not effects:
        return np.asarray(np.where(seen, left - left.sum((-2, -1), keepdims=True) / max(int(seen.sum()), 1), 0.0))
    size = float(np.abs(left).max()) or 1.0
    for _ in range(STEPS):
        before = left
        if "unit" in effects:
            left = np.where(seen, left - left.sum(-1, keepdims=True) / by_unit, 0.0)
        if "period" in effects:
            left = np.where(seen, left - left.sum(-2, keepdims=True) / by_period, 0.0)
        if len(effects) == 1 or float(np.abs(left - before).max()) <= CLOSE * size:
            break
    return np.asarray(left)


@dataclass(frozen=True, eq=False)
class Paths:
    """Outcome and regressors by unit and period, effects taken off.

    Attributes
    ----------
    outcome : ndarray of shape (units, periods)
    wide : ndarray of shape (k, units, periods)
        The tested regressor first, then the others.
    seen : ndarray of bool
    effects : tuple of str
    dose_left, outcome_left : ndarray of shape (units, periods)
        What effects and the other regressors leave of the tested one and of the outcome; 0 where not seen.
    slopes, errors : ndarray of shape (k,)
        Least squares, and standard errors clustered by unit.
    r2 : float
        Part of the outcome's variance within units and periods that the regressors explain.
    """

    outcome: Floats
    wide: Floats
    seen: Flags
    effects: tuple[str, ...]
    dose_left: Floats
    outcome_left: Floats
    slopes: Floats
    errors: Floats
    r2: float

    @classmethod
    def of(cls, outcome: Floats, wide: Floats, seen: Flags, effects: tuple[str, ...]) -> Paths:
        """Take effects and other regressors off.

        Raises
        ------
        NotEnough
            If the tested regressor, or another, does not vary beyond the effects and the others.
        """
        own = within(outcome, seen, effects)
        x = within(wide, seen, effects)
        flat = np.stack([v[seen] for v in x], axis=1)
        scale = np.array([float(np.abs(np.where(seen, v, 0.0)).max()) or 1.0 for v in wide])
        if np.linalg.matrix_rank(flat / scale, tol=1e-8 * np.sqrt(len(flat))) < flat.shape[1]:
            raise NotEnough(
                "Mức dịch vụ (hoặc một biến đi kèm) không thay đổi riêng giữa các đơn vị và các kỳ: không tách được khỏi hiệu ứng chung. / "
                "The dose (or a covariate) does not vary beyond unit and period effects: it cannot be told from them."
            )
        slopes = np.linalg.lstsq(flat, own[seen], rcond=None)[0]
        left = np.where(seen, own - np.tensordot(slopes, x, 1), 0.0)
        bread = np.linalg.inv(flat.T @ flat)
        scores = np.einsum("kit,it->ik", x, left)
        n, g, k = int(seen.sum()), len(own), flat.shape[1]
        meat = scores.T @ scores * (g / (g - 1)) * ((n - 1) / max(n - k, 1))
        dose_left, outcome_left = x[0], own
        if k > 1:
            others = flat[:, 1:]
            keep = others @ np.linalg.pinv(others)
            dose_left, outcome_left = (_spread(v[seen] - keep @ v[seen], seen) for v in (x[0], own))
        total = float((own**2).sum())
        r2 = 1 - float((left**2).sum()) / total if total > 0 else 0.0
        errors = np.sqrt(np.maximum(np.diag(bread @ meat @ bread), 0.0))
        return cls(outcome, wide, seen, effects, dose_left, outcome_left, slopes, errors, r2)


def _spread(x: Floats, seen: Flags) -> Floats:
    full = np.zeros(seen.shape)
    full[seen] = x
    return full


@dataclass(frozen=True)
class Permuted:
    """A permutation test and its inversion.

    Attributes
    ----------
    slope : float
    p_value, smallest_p : float
    low, high : float or None
        None where no value is rejected on that side, or no interval was asked for.
    draws : int
    """

    slope: float
    p_value: float
    smallest_p: float
    low: float | None
    high: float | None
    draws: int


def permuted(paths: Paths, level: float | None, draws: int, rng: np.random.Generator) -> Permuted:
    """Test the first regressor by permuting its whole courses over units; the interval holds the slopes that are not rejected.

    The statistic is the slope over its standard error clustered by unit.

    Parameters
    ----------
    paths : Paths
    level : float or None
        Of the interval; None for the test alone.
    draws : int
    rng : Generator
    """
    n = len(paths.outcome)
    order = _orders(n, draws, rng)
    slope = float(paths.slopes[0])
    # cross[i, j]: score of unit j's outcome against unit i's doses; own[i, j]: of unit j's doses against unit i's.
    cross, own = paths.dose_left @ paths.outcome_left.T, paths.dose_left @ paths.dose_left.T
    at = np.arange(n)
    squares = np.diag(own)
    total = float(squares.sum())
    picked, base, size = cross[order, at], own[order, at], squares[order]

    def studentised(scores: Floats, weight: Floats) -> Floats:
        """Return slope over its clustered error, from the units' scores and their doses' sums of squares."""
        slopes = scores.sum(-1, keepdims=True) / total
        return np.asarray(np.abs(scores.sum(-1)) / np.sqrt(np.maximum(((scores - slopes * weight) ** 2).sum(-1), 1e-300)))

    def p(b: float) -> float:
        drawn, found = studentised(picked - b * base, size), studentised(cross[at, at] - b * squares, squares)
        return float((1 + (drawn >= found * (1 - 1e-9)).sum()) / (len(order) + 1))

    smallest = 1 / (len(order) + 1)
    if level is None or smallest > round(1 - level, 9):
        return Permuted(slope, p(0.0), smallest, None, None, len(order))
    step = max(float(paths.errors[0]), 1e-12 * (1 + abs(slope)))
    low, high = (_end(p, slope, sign * step, 1 - level) for sign in (-1.0, 1.0))
    return Permuted(slope, p(0.0), smallest, low, high, len(order))


def _orders(n: int, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return orders of the units, all but the real one where there are few."""
    if n < ALL_BELOW and factorial(n) - 1 <= draws:
        return np.array(list(permutations(range(n)))[1:], dtype=np.intp)
    return np.argsort(rng.random((draws, n)), axis=1)


def _end(p: Callable[[float], float], centre: float, step: float, alpha: float) -> float | None:
    """Return where the test begins to reject, going outwards from the estimate; None where it never does."""
    inside, outside = centre, centre + step
    for _ in range(HALVINGS):
        if p(outside) <= alpha:
            break
        inside, outside = outside, outside + 2 * (outside - centre)
    else:
        return None
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if p(middle) <= alpha else (middle, outside)
    return float(outside)
