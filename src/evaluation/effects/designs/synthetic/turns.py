"""Every donor in turn as if treated, matched on its whole course: what the turns share is worked out once for all.

All turns draw on the same figures; each is one small problem of non-negative least squares, and certificates, courses and
gaps of all turns are a few products of matrices. What is not certified, or has several solutions, is left to `nearest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.effects.design import Fit
from evaluation.effects.designs.synthetic.simplex import certified, nearest
from evaluation.effects.matrix import HALF, LOGS, Flags, Floats, Matrix

Places = np.ndarray[Any, np.dtype[np.int64]]


def complete(panel: Matrix) -> bool:
    """Return whether every figure of the donors is there, before and after the start, so that all turns use the same periods."""
    donors = ~panel.treated
    start = int(panel.first.min())
    if start <= panel.anticipation or start + panel.phase_in >= len(panel.periods):
        return False
    known = np.isfinite(panel.y[donors]).all() and (panel.measure not in LOGS or bool((panel.bottom[donors] > 0).all()))
    return bool(known and donors.sum() > 1)


def in_turn(panel: Matrix, placebos: Sequence[int]) -> list[Fit]:
    """Return the fit of each donor named, all other donors lending themselves.

    Parameters
    ----------
    panel : Matrix
        `complete`; its treated units take no part.
    placebos : sequence of int
        Places of donors among the units.
    """
    donors = np.flatnonzero(~panel.treated)
    turn = np.searchsorted(donors, np.asarray(placebos, dtype=np.int64))
    y, top, bottom = panel.y[donors], panel.top[donors], panel.bottom[donors]
    z = panel.working[donors]
    at = np.arange(len(panel.periods))
    start = int(panel.first.min())
    before, after = at < start - panel.anticipation, at >= start + panel.phase_in
    others, gaps_left, unique = _weights(z[:, before], turn)
    full = np.zeros((len(turn), len(donors)))
    keep = np.ones(full.shape, dtype=bool)
    keep[np.arange(len(turn)), turn] = False
    full[keep] = others.ravel()
    course = full @ z
    gap = z[turn] - course
    estimate = gap[:, after].mean(axis=1)
    left = (gap[:, before] ** 2).mean(axis=1)
    observed, counterfactual = _shown(panel.measure, y[turn], top[turn], bottom[turn], course, gap)
    weights = np.hstack([np.zeros((len(turn), 1)), others])
    shared = {"matched_periods": int(before.sum()), "missing": 0, "donors_left_out": 0}
    return [
        Fit(
            gap[i],
            observed[i],
            counterfactual[i],
            float(estimate[i]),
            weights[i],
            None,
            {"duality_gap": float(gaps_left[i]), "weights_unique": bool(unique[i]), "mspe_before": float(left[i]), **shared},
        )
        for i in range(len(turn))
    ]


def _shown(measure: str, y: Floats, top: Floats, bottom: Floats, course: Floats, gap: Floats) -> tuple[Floats, Floats]:
    """Return observed and counterfactual as a reader knows them."""
    if measure not in LOGS:
        return y, y - gap
    likely = np.maximum(np.exp(course) * bottom - HALF, 0.0)
    return (y, likely / bottom) if measure == "rate" else (top, likely)


def _weights(z: Floats, turn: Places) -> tuple[Floats, Floats, Flags]:
    """Return the other donors' weights in each turn, the gap of the certificate, and whether they are the only ones."""
    from scipy.optimize import nnls

    n, m = z.shape
    scale = float(np.ptp(z, axis=0).max(initial=0.0)) or 1.0
    x = np.ascontiguousarray((z - z.mean(axis=0)).T) / scale
    rows, side = np.ones((m + 1, n - 1)), np.zeros(m + 1)
    side[-1] = 1.0
    found = np.zeros((len(turn), n - 1))
    for i, j in enumerate(turn.tolist()):
        own = x[:, j : j + 1]
        np.subtract(x[:, :j], own, out=rows[:m, :j])
        np.subtract(x[:, j + 1 :], own, out=rows[:m, j:])
        try:
            found[i] = nnls(rows, side, maxiter=10 * n)[0]
        except RuntimeError:  # left without a certificate, for `nearest` to solve
            found[i] = 1.0
    found /= np.maximum(found.sum(axis=1, keepdims=True), 1e-300)
    keep = np.ones((len(turn), n), dtype=bool)
    keep[np.arange(len(turn)), turn] = False
    full = np.zeros(keep.shape)
    full[keep] = found.ravel()
    mix = full @ x.T - x.T[turn]
    pull = mix @ x
    # What one's own course adds is the same for all others and changes no difference between them.
    pull -= pull[np.arange(len(turn)), turn][:, None]
    others = pull[keep].reshape(found.shape)
    gap, sure, unique = certified(others, found, (mix**2).sum(axis=1), m)
    gap *= scale**2
    for k in np.flatnonzero(~(sure & unique)):
        solved = nearest(np.delete(z, turn[k], axis=0).T, z[turn[k]])
        found[k], gap[k], unique[k] = solved.w, solved.gap, solved.unique
    return found, gap, unique
