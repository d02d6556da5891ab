"""CUSUM and EWMA charts of standardised counts, and their average run lengths by Markov chain.

References
----------
Page 1954 (Biometrika 41:100); Brook, Evans 1972 (Biometrika 59:539, the chain); Lucas, Crosier 1982 (Technometrics
24:199); Roberts 1959 (Technometrics 1:239); Lucas, Saccucci 1990 (Technometrics 32:1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from evaluation.monitoring.charts.limits import Floats, Limits
from evaluation.monitoring.given_numbers import single

Distribution = Callable[[Floats], Any]
# In-control average run length of three-sigma limits: what CUSUM and EWMA are designed for unless told.
USUAL_RUN_LENGTH = 370.4
# A shift of one sigma is to be found soonest; a smaller weight finds smaller shifts.
REFERENCE, WEIGHT = 0.5, 0.2
_STATES = 101
_FURTHEST, _EXACT, _ENDLESS = 100.0, 1e-3, 1e12
_BELOW = 1e-7  # just under an atom of a discrete distribution


def cusum_arl(k: float, h: float, distribution: Distribution = stats.norm.cdf, *, sides: int = 2, states: int = _STATES) -> float:
    """Return the average run length of a CUSUM of standardised points.

    Parameters
    ----------
    k, h : float
        Reference value and decision interval, in sigma.
    distribution : callable
        Cumulative distribution of a point; of a shifted one for the run length after a shift.
    sides : {1, 2}
        1 for rises alone.
    states : int
        States of the chain; the error falls with their square.

    Raises
    ------
    ValueError
        If `h` is not above zero.

    Notes
    -----
    Brook and Evans 1972: the sum falls into one of `states` cells; the mean
    time to leave them solves a linear system. Both sides together as if they
    never stood above zero at once, which holds for k of at least half a sigma.
    """
    k, h = single(k, "k"), single(h, "h")
    _positive(h, "h")
    if sides == 2:
        rises = cusum_arl(k, h, distribution, sides=1, states=states)
        falls = cusum_arl(k, h, lambda x: 1 - distribution(-np.asarray(x) - _BELOW), sides=1, states=states)
        often = 1 / rises + 1 / falls
        return 1 / often if often else float("inf")
    width = 2 * h / (2 * states - 1)
    place = np.arange(states)
    edge = np.asarray((place[None, :] - place[:, None] + 0.5) * width + k, dtype=float)
    below = np.asarray(distribution(edge))
    moves = np.diff(below, axis=1, prepend=0.0)
    moves[:, 0] = below[:, 0]
    return _periods_inside(moves, 0)


def ewma_arl(weight: float, limit: float, distribution: Distribution = stats.norm.cdf, *, states: int = _STATES) -> float:
    """Return the average run length of a two-sided EWMA of standardised points with fixed limits.

    Parameters
    ----------
    weight : float
        Of the newest point, above 0 and up to 1.
    limit : float
        Limits are so many standard deviations of the average, as it is in the long run.
    distribution, states
        As in `cusum_arl`.

    Raises
    ------
    ValueError
        If `limit` or `weight` is not above zero, or `weight` is above 1.
    """
    weight, limit = single(weight, "weight"), single(limit, "limit")
    _positive(limit, "limit")
    _weight(weight)
    states += 1 - states % 2
    reach = limit * np.sqrt(weight / (2 - weight))
    width = 2 * reach / states
    middle = (np.arange(states) - states // 2) * width
    ends = (middle[None, :] + np.array([-0.5, 0.5])[:, None] * width)[:, None, :]
    below = [np.asarray(distribution((end - (1 - weight) * middle[:, None]) / weight)) for end in ends]
    return _periods_inside(below[1] - below[0], states // 2)


def _periods_inside(moves: Floats, start: int) -> float:
    """Return the mean number of periods until a chain has left its states; infinite where points are too few-valued ever to leave."""
    try:
        mean = float(np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves)))[start])
    except np.linalg.LinAlgError:
        return float("inf")
    return mean if 0 < mean < _ENDLESS else float("inf")


def design_cusum(run_length: float = USUAL_RUN_LENGTH, k: float = REFERENCE, distribution: Distribution = stats.norm.cdf) -> float:
    """Return the decision interval h that gives an in-control average run length (the nearest that a discrete point allows)."""
    return _solved(lambda h: cusum_arl(k, h, distribution), run_length)


def design_ewma(run_length: float = USUAL_RUN_LENGTH, weight: float = WEIGHT, distribution: Distribution = stats.norm.cdf) -> float:
    """Return the limit, in sigma of the average, that gives an in-control average run length."""
    return _solved(lambda c: ewma_arl(weight, c, distribution), run_length)


def _solved(arl: Callable[[float], float], run_length: float) -> float:
    """Return where a rising average run length reaches the one asked for.

    Raises
    ------
    ValueError
        If it is not above one period, or beyond what can be told from never.
    """
    if not 1 < single(run_length, "run_length") < _ENDLESS:
        raise ValueError(
            f"run_length phải lớn hơn 1 và dưới {_ENDLESS:.0e}, đang là {run_length}. / "
            f"run_length must be above 1 and below {_ENDLESS:.0e}, it is {run_length}."
        )
    low, high = 0.01, 1.0
    while arl(high) < run_length and high < _FURTHEST:
        low, high = high, high * 1.5
    while high - low > _EXACT:
        middle = (low + high) / 2
        low, high = (middle, high) if arl(middle) < run_length else (low, middle)
    return high


def cusum(score: Floats, k: float = REFERENCE) -> tuple[Floats, Floats]:
    """Return both cumulative sums, up and down, of standardised points; a missing one leaves the sums as they were.

    Parameters
    ----------
    score : ndarray of shape (..., periods)
    k : float

    Returns
    -------
    (up, down)
        Neither is ever below zero; NaN where the point is missing.
    """
    up, down = np.zeros(score.shape[:-1]), np.zeros(score.shape[:-1])
    found = np.full((2, *score.shape), np.nan)
    for at in range(score.shape[-1]):
        point = score[..., at]
        seen = np.isfinite(point)
        up, down = (np.where(seen, np.maximum(0, s + side * point - k), s) for s, side in ((up, 1), (down, -1)))
        found[0, ..., at], found[1, ..., at] = np.where(seen, up, np.nan), np.where(seen, down, np.nan)
    return found[0], found[1]


def ewma(score: Floats, weight: float = WEIGHT) -> tuple[Floats, Floats]:
    """Return the exponentially weighted average of standardised points and its standard deviation; missing points are passed over."""
    _weight(weight)
    level, variance = np.zeros(score.shape[:-1]), np.zeros(score.shape[:-1])
    found = np.full((2, *score.shape), np.nan)
    for at in range(score.shape[-1]):
        point = score[..., at]
        seen = np.isfinite(point)
        level = np.where(seen, (1 - weight) * level + weight * np.where(seen, point, 0.0), level)
        variance = np.where(seen, (1 - weight) ** 2 * variance + weight**2, variance)
        found[0, ..., at], found[1, ..., at] = np.where(seen, level, np.nan), np.where(seen, np.sqrt(variance), np.nan)
    return found[0], found[1]


def cusum_limits(score: Floats, h: float, k: float = REFERENCE) -> Limits:
    """Return a CUSUM as a chart: the larger sum (a fall's sum counted downwards) against the decision interval."""
    up, down = cusum(score, k)
    value = np.where(up >= down, up, -down)
    flat = np.where(np.isfinite(value), 1.0, np.nan)
    return Limits(value, 0 * flat, h / 3 * flat, -h * flat, h * flat, 3 * value / h, np.ones(score.shape[:-1]))


def ewma_limits(score: Floats, limit: float, weight: float = WEIGHT) -> Limits:
    """Return an EWMA as a chart, with the limits of the average as it is at each point."""
    value, error = ewma(score, weight)
    reach = limit * error
    return Limits(value, 0 * reach, reach / 3, -reach, reach, 3 * value / reach, np.ones(score.shape[:-1]))


def _positive(x: float, name: str) -> None:
    if not x > 0:
        raise ValueError(f"{name} phải lớn hơn 0, đang là {x}. / {name} must be above 0, it is {x}.")


def _weight(weight: float) -> None:
    if not 0 < weight <= 1:
        raise ValueError(f"weight phải lớn hơn 0 và không quá 1, đang là {weight}. / weight must be above 0 and at most 1, it is {weight}.")
