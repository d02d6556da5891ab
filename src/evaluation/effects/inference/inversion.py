"""Intervals by test inversion: take a supposed effect out of the data, and look for where the test begins to reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluation.effects.matrix import Flags, Matrix

_DOUBLINGS, HALVINGS = 40, 24
_MOST_LOG = 50.0  # a ratio of 10^21: beyond it nothing more is learned, and numbers overflow


def without_effect(panel: Matrix, effect: float, cells: Flags, logs: bool) -> Matrix:
    """Return the panel as it would have been without an effect.

    Parameters
    ----------
    panel : Matrix
    effect : float
        A log ratio where `logs`, else a difference of outcomes.
    cells : ndarray of bool, shape (units, periods)
        Where it acted.
    logs : bool
    """
    if logs:
        shrunk = np.where(cells, np.exp(-np.clip(effect, -_MOST_LOG, _MOST_LOG)), 1.0)
        return replace(panel, y=panel.y * shrunk, top=panel.top * shrunk)
    y = panel.y - effect * cells
    return replace(panel, y=y, top=np.where(cells, y * panel.bottom, panel.top))


def end(accepts: Callable[[float], bool], inside: float, step: float, halvings: int = HALVINGS) -> float | None:
    """Return the last effect that a test accepts on one side.

    Parameters
    ----------
    accepts : callable
        Whether the test accepts an effect.
    inside : float
        An accepted effect to start from.
    step : float
        First step outwards, negative to the left; doubled until the test
        rejects.
    halvings : int
        Of the last step: 24 leave 1e-7 of it.

    Returns
    -------
    float or None
        None where the test accepts without end. Where it accepts several
        stretches, an end of the stretch around `inside`, or of one beyond.
    """
    outside = inside + step
    for _ in range(_DOUBLINGS):
        if not accepts(outside):
            break
        inside, outside = outside, outside + 2 * (outside - inside)
    else:
        return None
    for _ in range(halvings):
        middle = (inside + outside) / 2
        if accepts(middle):
            inside = middle
        else:
            outside = middle
    return inside


def ends(accepts: Callable[[float], bool], inside: float, step: float, halvings: int = HALVINGS) -> tuple[float | None, float | None]:
    """Return both ends of what a test accepts around an effect, None where it rejects even that.

    An end without bound makes both None: there is no interval at this level.
    """
    if not accepts(inside):
        return None, None
    low, high = (end(accepts, inside, side * abs(step), halvings) for side in (-1, 1))
    return (None, None) if low is None or high is None else (low, high)
