"""Errors of neighbouring periods that hang together: their correlation found, and carried into the variance of an estimate.

References
----------
Newey, West 1987, Econometrica 55:703-708. Prais, Winsten 1954, Cowles Commission 383. Harville 1977, JASA 72:320-338
(restricted likelihood).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_GRID = np.arange(0.0, 0.96, 0.05)
_STEPS, _CLOSE = 60, 1e-9
_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


def lag_one(residuals: _Floats) -> float:
    """Return the autocorrelation of residuals at one period's distance, gaps left out; 0 where nothing varies."""
    away = residuals - np.nanmean(residuals)
    total = float(np.nansum(away**2))
    return float(np.nansum(away[1:] * away[:-1]) / total) if total > 0 else 0.0


def correlated(correlation: _Floats, seen: _Bools, block: NDArray[Any] | None = None) -> _Floats:
    """Return the correlation of each series' errors over its periods; what is not reported hangs together with nothing."""
    apart = np.abs(np.subtract.outer(np.arange(seen.shape[1]), np.arange(seen.shape[1])))
    powers = correlation[:, None, None] ** apart
    both = seen[:, :, None] & seen[:, None, :]
    if block is not None:
        both = both & (block[:, None] == block[None, :])
    return np.where(both, powers, np.eye(seen.shape[1]))


def restricted(
    rows: _Floats, residuals: _Floats, seen: _Bools, degrees: NDArray[np.int64], found: _Bools, block: NDArray[Any]
) -> tuple[_Floats, _Floats]:
    """Return the correlation with the highest restricted likelihood, and the weighted sum of squares that goes with it."""
    best = np.full(len(rows), -np.inf)
    correlation, chi = np.zeros(len(rows)), np.zeros(len(rows))
    least = np.clip(1e-12 * np.einsum("st,st->s", residuals, residuals), 1e-300, 1e-12)  # levels may be small in their own unit
    patterns, which = np.unique(seen, axis=0, return_inverse=True)
    for value in _GRID:
        once = np.linalg.inv(correlated(np.full(len(patterns), value), patterns, block))
        inverse = once[which.ravel()]
        weighted = inverse @ rows
        normal = np.where(found[:, None, None], np.swapaxes(rows, 1, 2) @ weighted, np.eye(rows.shape[2]))
        along = np.einsum("stk,st->sk", weighted, residuals)
        squares = np.einsum("st,stu,su->s", residuals, inverse, residuals)
        squares = squares - np.einsum("sk,sk->s", along, np.linalg.solve(normal, along[..., None])[..., 0])
        squares = np.maximum(squares, least)
        likelihood = np.linalg.slogdet(once)[1][which.ravel()] - np.linalg.slogdet(normal)[1] - degrees * np.log(squares)
        better = found & (likelihood > best)
        best, correlation, chi = np.where(better, likelihood, best), np.where(better, value, correlation), np.where(better, squares, chi)
    return correlation, chi


def prais_winsten(
    y: _Floats, X: _Floats, seen: _Bools, beta: _Floats, found: _Bools, block: NDArray[Any]
) -> tuple[_Floats, _Floats, _Floats, _Floats]:
    """Return parameters, correlation, whitened rows and whitened sum of squares, found in turns."""
    correlation = np.zeros(len(beta))
    pair = seen[:, 1:] & seen[:, :-1] & (block[1:] == block[:-1])
    for _ in range(_STEPS):
        away = np.where(seen, y - np.einsum("stk,sk->st", X, beta), 0.0)
        behind = np.einsum("st,st->s", np.where(pair, away[:, :-1], 0.0), away[:, :-1])
        new = np.divide(
            np.einsum("st,st->s", np.where(pair, away[:, 1:], 0.0), away[:, :-1]), behind, out=np.zeros(len(beta)), where=behind > 0
        )
        new = np.clip(new, -0.99, 0.99)
        settled = np.abs(new - correlation).max(initial=0.0) < _CLOSE
        correlation = new
        factor = np.linalg.cholesky(correlated(correlation, seen, block))
        rows = np.linalg.solve(factor, X)
        level = np.linalg.solve(factor, y[..., None])[..., 0]
        beta = np.einsum("skl,sl->sk", inverses(np.einsum("stk,stl->skl", rows, rows), found), np.einsum("stk,st->sk", rows, level))
        if settled:
            break
    rest = level - np.einsum("stk,sk->st", rows, beta)
    return beta, correlation, rows, np.einsum("st,st->s", rest, rest)


def score_variance(
    rows: _Floats,
    residuals: _Floats,
    seen: _Bools,
    errors: str,
    correlation: _Floats,
    lags: int,
    scale: _Floats,
    block: NDArray[Any],
) -> _Floats:
    """Return the variance of the scores."""
    if errors == "newey_west":
        scores = rows * residuals[..., None]
        total = np.einsum("stk,stl->skl", scores, scores)
        for lag in range(1, lags + 1):
            near = (block[lag:] == block[:-lag])[:, None]
            cross = np.einsum("stk,stl->skl", scores[:, lag:] * near, scores[:, :-lag])
            total = total + (1 - lag / (lags + 1)) * (cross + np.swapaxes(cross, 1, 2))
        n = seen.sum(axis=1)
        return np.asarray(total * (n / np.maximum(n - rows.shape[2], 1))[:, None, None])
    if errors == "ar1":
        return np.asarray(scale[:, None, None] * np.swapaxes(rows, 1, 2) @ correlated(correlation, seen, block) @ rows)
    return np.asarray(scale[:, None, None] * np.einsum("stk,stl->skl", rows, rows))


def inverses(matrices: _Floats, possible: _Bools) -> _Floats:
    """Return inverses; of what has none a matrix of zeros."""
    size = matrices.shape[-1]
    fit_for = possible & np.isfinite(matrices).all(axis=(1, 2))
    safe = np.where(fit_for[:, None, None], matrices, np.eye(size))
    fit_for = fit_for & (np.linalg.cond(safe) < 1e14)
    safe = np.where(fit_for[:, None, None], safe, np.eye(size))
    return np.where(fit_for[:, None, None], np.linalg.inv(safe), 0.0)
