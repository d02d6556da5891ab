"""Weights that are not negative and sum to one: exact least squares, the shortest of several optima, and with a ridge.

The nearest point of the donors' convex hull is found as one problem of non-negative least squares: with u = s w,
||D u||^2 + (1'u - 1)^2 is, for the best s, a rising function of ||D w||^2, so the minimiser u over its sum is the
minimiser w. Every answer carries its duality gap.

References
----------
Lawson, Hanson 1974, Solving Least Squares Problems, chapter 23 (active set). Wolfe 1976, Mathematical Programming
11:128-149 (nearest point of a polytope). Qi, Sun 1993, Mathematical Programming 58:353-367 (semismooth Newton).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.matrix import Flags, Floats

# Relative to the objective, plus rounding of the largest column: what counts as solved.
GAP = 1e-9
_ROUNDING = 1e-14
# Donors whose pull is within this of the strongest, where the largest distance is one, may share the weight.
_TIED = 1e-9
_STEPS = 20_000
_NEWTON, _SOLVED, _CLOSE = 100, 1e-13, 1e-9


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights on the simplex with their certificate.

    Attributes
    ----------
    w : ndarray of shape (n,)
    objective : float
        Sum of squared distances (plus the ridge's part where there is one).
    gap : float
        Upper bound of what the objective lies above its minimum.
    unique : bool
        Whether only these weights reach it; of several, they have the smallest sum of squares.
    """

    w: Floats
    objective: float
    gap: float
    unique: bool = True


def nearest(points: Floats, target: Floats) -> Weights:
    """Return the weights whose mix of points lies nearest to a target.

    Parameters
    ----------
    points : ndarray of shape (m, n)
        One column a donor; finite.
    target : ndarray of shape (m,)

    Returns
    -------
    Weights
        Where several mixes are equally near (the target inside the hull of
        more than m + 1 donors), the one with the smallest sum of squares: it
        does not hang on the order of donors, and lets their noise in least.
    """
    n = points.shape[1]
    apart = points - target[:, None]
    scale = float(np.abs(apart).max(initial=0.0))
    if n == 1 or scale == 0.0:
        return Weights(np.full(n, 1 / n), float(np.sum(apart[:, :1] ** 2)) if n == 1 else 0.0, 0.0, n == 1)
    d = apart / scale
    w = _active_set(d)
    pull, gap = _pull(d, w)
    allowed = _allowed(d, w)
    if gap > allowed:
        w = _pairs(d, w, allowed)
        pull, gap = _pull(d, w)
    mix = d @ w
    tied = pull <= pull.min() + _TIED
    unique = int(tied.sum()) <= int((w > 0).sum())
    if not unique:
        shorter = _shortest(d[:, tied], mix)
        if shorter is not None:
            spread = np.zeros(n)
            spread[tied] = shorter
            now = d @ spread
            if now @ now <= (mix @ mix) * (1 + GAP) + _ROUNDING:
                unique = bool(np.abs(spread - w).max() < 1e-7)
                w, (_, gap), mix = spread, _pull(d, spread), now
    return Weights(w, float(mix @ mix) * scale**2, max(0.0, gap) * scale**2, unique)


def ridge(points: Floats, target: Floats, penalty: float) -> Weights:
    """Return the weights that minimise the squared distance plus a penalty times their sum of squares.

    Parameters
    ----------
    points : ndarray of shape (m, n)
    target : ndarray of shape (m,)
    penalty : float
        Positive.

    Notes
    -----
    Newton's method on the dual, which has m + 1 unknowns however many donors
    there are; where it does not end, the penalty is added as rows.
    """
    n = points.shape[1]
    size = float(max(np.abs(points).max(initial=0.0), np.abs(target).max(initial=0.0), np.sqrt(penalty), 1e-300))
    a, b, eta = points / size, target / size, penalty / size**2
    w = _with_ridge(a, b, eta)
    if w is None:
        root = np.sqrt(eta)
        w = nearest(np.vstack([a, root * np.eye(n)]), np.concatenate([b, np.zeros(n)])).w
    off = a @ w - b
    slope = a.T @ off + eta * w
    value = float(off @ off + eta * (w @ w))
    return Weights(w, value * size**2, max(0.0, 2 * float(w @ slope - slope.min())) * size**2)


def certified(pull: Floats, w: Floats, square: Floats, rows: int) -> tuple[Floats, Flags, Flags]:
    """Return the duality gaps of several solutions, which of them are within tolerance, and which are the only ones.

    Parameters
    ----------
    pull : ndarray of shape (problems, n)
        Half the gradient, but for a constant a problem, where the largest distance is about one.
    w : ndarray of shape (problems, n)
    square : ndarray of shape (problems,)
        Squared distances.
    rows : int
        Length of the target.
    """
    least = pull.min(axis=1)
    gap = np.maximum(0.0, 2 * (np.einsum("ij,ij->i", w, pull) - least))
    unique = (pull <= least[:, None] + _TIED).sum(axis=1) <= (w > 0).sum(axis=1)
    return gap, np.asarray(gap <= GAP * square + _ROUNDING * rows), np.asarray(unique)


def _active_set(d: Floats) -> Floats:
    from scipy.optimize import nnls

    n = d.shape[1]
    rows = np.vstack([d, np.ones((1, n))])
    side = np.zeros(len(rows))
    side[-1] = 1.0
    try:
        u, _ = nnls(rows, side, maxiter=max(100, 10 * n))
    except RuntimeError:
        return np.full(n, 1 / n)
    total = u.sum()
    return np.asarray(u / total) if total > 0 else np.full(n, 1 / n)


def _pull(d: Floats, w: Floats) -> tuple[Floats, float]:
    """Return half the gradient of the squared distance, and the duality gap."""
    pull = d.T @ (d @ w)
    return pull, 2 * float(w @ pull - pull.min())


def _allowed(d: Floats, w: Floats) -> float:
    off = d @ w
    return GAP * float(off @ off) + _ROUNDING * len(d)


def _pairs(d: Floats, w: Floats, allowed: float) -> Floats:
    """Move weight from the worst donor that has some to the best one until the gap closes."""
    w = w.copy()
    off = d @ w
    for _ in range(_STEPS):
        pull = d.T @ off
        to, away = int(np.argmin(pull)), int(np.argmax(np.where(w > 0, pull, -np.inf)))
        if 2 * float(w @ pull - pull[to]) <= allowed or to == away:
            break
        step = d[:, to] - d[:, away]
        length = float(step @ step)
        if length == 0.0:
            break
        moved = min(float(w[away]), float(pull[away] - pull[to]) / length)
        w[to] += moved
        w[away] = max(0.0, w[away] - moved)
        off = off + moved * step
    return np.asarray(w / w.sum())


def _shortest(d: Floats, mix: Floats) -> Floats | None:
    """Return the shortest weights on the simplex that give this mix, None where they were not found."""
    rows = np.vstack([d, np.ones((1, d.shape[1]))])
    at = np.zeros(len(rows))
    at[-1] = 1 / d.shape[1]
    return _dual(rows, np.append(mix, 1.0), np.zeros(len(rows)), 1.0, at)


def _with_ridge(a: Floats, b: Floats, eta: float) -> Floats | None:
    """Return the weights of the ridge problem, None where they were not found."""
    n = a.shape[1]
    rows = np.vstack([a, np.ones((1, n))])
    mass = np.append(np.ones(len(a)), 0.0)
    return _dual(rows, np.append(b, 1.0), mass, eta, np.append(b - a.mean(axis=1), eta / n))


def _dual(rows: Floats, side: Floats, mass: Floats, eta: float, at: Floats) -> Floats | None:
    """Minimise x'Mx / 2 + eta |w|^2 / 2 - side'x with w = max(0, rows'x) / eta by Newton's method; return w over its sum.

    At the minimum the mix of the rows is `side` less M x: the dual of least
    squares with a ridge (M is one but for the sum's row), and of the shortest
    weights that give a mix (M is zero). None where it does not end.
    """

    def course(x: Floats) -> tuple[Floats, float]:
        w = np.maximum(rows.T @ x, 0.0) / eta
        return w, float(0.5 * (mass * x) @ x + 0.5 * eta * (w @ w) - side @ x)

    w, value = course(at)
    for _ in range(_NEWTON):
        slope = mass * at + rows @ w - side
        if np.abs(slope).max() < _SOLVED:
            break
        on = rows[:, w > 0]
        bend = np.diag(mass) + on @ on.T / eta
        step = np.linalg.lstsq(bend, -slope, rcond=None)[0]
        size, down = 1.0, float(slope @ step)
        while size > 1e-12:
            there, now = course(at + size * step)
            if now <= value + 1e-4 * size * down or -down < 1e-14:  # below, rounding hides the fall
                break
            size /= 2
        else:
            break
        at, w, value = at + size * step, there, now
    if np.abs(mass * at + rows @ w - side).max() > _CLOSE or not w.sum() > 0:
        return None
    return np.asarray(w / w.sum())
