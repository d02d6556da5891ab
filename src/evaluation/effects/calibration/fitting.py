"""Fit a generator to the real series of a panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.effects.calibration.generator import FittedGenerator
from evaluation.effects.calibration.moments import Moments, fit_moments
from evaluation.effects.matrix import Flags, Floats
from evaluation.periods import Period, PeriodError, month_of

STEPS = 40


def fit_generator(top: Floats, bottom: Floats, measure: str, periods: tuple[Any, ...] = (), hidden: Flags | None = None) -> FittedGenerator:
    """Fit a generator to a panel.

    Parameters
    ----------
    top, bottom : ndarray of shape (units, periods)
        Numerator and denominator (1 for counts and values), NaN where not reported.
    measure : {"count", "share", "rate", "value"}
    periods : tuple, optional
        Their names: quarters ("2017-Q1") and months ("2017-03") have a season.
    hidden : ndarray of bool, optional
        Cells that a pilot may have moved: nothing is learned from them.

    Raises
    ------
    ValueError
        If nothing was reported.

    Notes
    -----
    Counts and rates: negative binomial around level x common course x lasting
    lognormal deviations. Shares: beta-binomial around the same in logits,
    with denominators drawn as counts. Values: residuals drawn again, in logs
    where all are positive and spread grows with level. Denominators of rates
    are kept.
    """
    told = np.isfinite(top) & np.isfinite(bottom)
    seen = told if hidden is None else told & ~hidden
    if not seen.any():
        raise ValueError("Không có số liệu nào được báo cáo. / Nothing was reported.")
    silent = ~told.any(1)
    gone, again = _gaps(told[~silent])
    common = {"measure": measure, "missing": gone, "missing_again": again, "silent": silent}
    if measure == "value":
        return _fit_values(top, seen, periods, common)
    if measure == "share":
        return _fit_shares(top, bottom, seen, periods, common)
    return _fit_counts(top, bottom if measure == "rate" else np.ones_like(top), seen, periods, common)


def _gaps(seen: Flags) -> tuple[float, float]:
    """Return the part of reports that did not come, and that part after one that did not come either."""
    gone = ~seen
    part = float(gone.mean())
    before = gone[:, :-1]
    return part, float((before & gone[:, 1:]).sum() / before.sum()) if before.any() else part


def _fit_counts(top: Floats, bottom: Floats, seen: Flags, periods: tuple[Any, ...], common: dict[str, Any]) -> FittedGenerator:
    y, e = np.where(seen, top, 0.0), np.where(seen, bottom, 0.0)
    course = np.ones(top.shape[1])
    for _ in range(STEPS):
        level = y.sum(1) / np.maximum((e * course).sum(1), 1e-300)
        awaited = (e * level[:, None]).sum(0)
        course = np.maximum(y.sum(0), 0.5) / np.maximum(awaited, 0.5)  # a period without any event had half a one
        course = course / course.mean()
    mean = e * level[:, None] * course
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.where(seen & (mean > 0), y / mean - 1, np.nan)
        counting = np.where(mean > 0, 1 / mean, 0.0)
    typical = mean.sum(1) / np.maximum(seen.sum(1), 1)
    moments = fit_moments(residuals, mean, counting, _of_units(typical))
    log_course, shock = _course(np.log(course), periods, _noise(mean, counting, moments))
    with np.errstate(divide="ignore"):
        log_level = np.log(level)
    kept = None if common["measure"] != "rate" else _carried(bottom, seen)
    return FittedGenerator(
        level=_steadied(log_level, mean, counting, moments),
        course=log_course,
        shock=shock,
        moments=moments,
        scale=np.ones(len(level)),
        logs=True,
        innovations=None,
        bottom=kept,
        **common,
    )


def _fit_shares(top: Floats, bottom: Floats, seen: Flags, periods: tuple[Any, ...], common: dict[str, Any]) -> FittedGenerator:
    y, n = np.where(seen, top, 0.0), np.where(seen, bottom, 0.0)
    pooled = (y.sum() + 0.5) / (n.sum() + 1)
    middle = float(np.log(pooled / (1 - pooled)))
    level, course = np.full(len(y), middle), np.zeros(y.shape[1])
    for _ in range(STEPS):
        for axis in (1, 0):
            p = 1 / (1 + np.exp(-(level[:, None] + course)))
            gain, weight = (y - n * p).sum(axis), (n * p * (1 - p)).sum(axis)
            if axis == 1:  # a unit is drawn towards the middle as if that were seen with a variance of 1
                level = level + np.clip((gain - (level - middle)) / (weight + 1), -1, 1)
            else:
                course = course + np.clip(gain / np.maximum(weight, 1e-9), -1, 1) * (weight > 0)
        level, course = level + course.mean(), course - course.mean()
    p = 1 / (1 + np.exp(-(level[:, None] + course)))
    weights = n * p * (1 - p)
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.where(weights > 0, (y - n * p) / weights, np.nan)
        counting = np.where(weights > 0, 1 / weights, 0.0)
    typical = weights.sum(1) / np.maximum((weights > 0).sum(1), 1)
    moments = fit_moments(residuals, weights, counting, _of_units(typical))
    slope, shock = _course(course, periods, _noise(weights, counting, moments))
    below = _fit_counts(np.where(seen, bottom, np.nan), np.ones_like(top), seen, periods, common | {"measure": "count"})
    return FittedGenerator(
        level=_steadied(level, weights, counting, moments),
        course=slope,
        shock=shock,
        moments=moments,
        scale=np.ones(len(level)),
        logs=False,
        innovations=None,
        bottom=below,
        **common,
    )


def _fit_values(top: Floats, seen: Flags, periods: tuple[Any, ...], common: dict[str, Any]) -> FittedGenerator:
    logs = _grows(top, seen)
    y = np.log(np.where(seen, top, 1.0)) if logs else np.where(seen, top, 0.0)
    level, course = np.zeros(len(y)), np.zeros(y.shape[1])
    for _ in range(STEPS):
        level = np.where(seen, y - course, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
        course = np.where(seen, y - level[:, None], 0.0).sum(0) / np.maximum(seen.sum(0), 1)
        course = course - course.mean()
    residuals = np.where(seen, y - level[:, None] - course, np.nan)
    squares = np.where(seen, residuals, 0.0) ** 2
    typical = squares.sum() / max(1, seen.sum())
    scale = np.sqrt((squares.sum(1) + 4 * typical) / (seen.sum(1) + 4))
    floor = max(float(np.sqrt(typical)), 1e-12)
    standard = residuals / np.maximum(scale, 1e-9 * floor)[:, None] if typical > 0 else residuals * 0.0
    moments = fit_moments(standard, seen.astype(float), None, np.ones(len(y)))
    pool = standard[np.isfinite(standard)]
    pool = pool - pool.mean()
    spread = float(pool.std())
    even = np.where(seen, 1.0, 0.0)
    fitted, shock = _course(course, periods, typical * _noise(even, np.zeros_like(even), moments))
    return FittedGenerator(
        level=level,
        course=fitted,
        shock=shock,
        moments=moments,
        scale=scale,
        logs=logs,
        innovations=pool / spread if spread > 0 and len(pool) >= 50 else None,
        bottom=None,
        **common,
    )


def _grows(top: Floats, seen: Flags) -> bool:
    """Return whether values are positive and their spread is more even in logs than as they are."""
    usable = seen.sum(1) >= 3
    if not (top[seen] > 0).all() or usable.sum() < 3:
        return False
    own = np.where(seen, top, np.nan)[usable]
    plain, logged = np.nanstd(own, axis=1), np.nanstd(np.log(own), axis=1)
    if not plain.all() or not logged.all():
        return False
    return float(np.std(np.log(logged))) < float(np.std(np.log(plain)))


def _of_units(typical: Floats) -> Floats:
    """Return each unit's weight: what it tells of variances where deviations of about 30 % lie beyond counting."""
    return np.asarray((typical / (1 + 0.1 * typical)) ** 2)


def _steadied(level: Floats, weights: Floats, counting: Floats, moments: Moments) -> Floats:
    """Return levels drawn together by what chance added to their spread, since deviations will be drawn on top of them."""
    used = np.isfinite(level) & (weights.sum(1) > 0)
    if used.sum() < 3:
        return level
    share = weights[used] / weights[used].sum(1, keepdims=True)
    apart = np.abs(np.arange(weights.shape[1])[:, None] - np.arange(weights.shape[1])[None, :])
    lasting_ = moments.memory**apart
    luck = share * np.sqrt(counting[used])
    chance = moments.slow * np.einsum("it,ts,is->i", share, lasting_, share) + moments.fast * (share**2).sum(1)
    chance += np.einsum("it,ts,is->i", luck, lasting_, luck) if moments.steady else (luck**2).sum(1)
    middle, spread = level[used].mean(), level[used].var()
    true = max(0.0, spread - float(chance.mean()))
    found = level.copy()
    found[used] = middle + (level[used] - middle) * np.sqrt(true / (true + chance)) if true + chance.min() > 0 else middle
    return found


def _noise(weights: Floats, counting: Floats, moments: Moments) -> Floats:
    """Return the variance with which each period's common course was estimated, from units' own deviations."""
    share = weights / np.maximum(weights.sum(0), 1e-300)
    return np.asarray((share**2 * (counting + moments.slow + moments.fast)).sum(0))


def _course(found: Floats, periods: tuple[Any, ...], noise: Floats) -> tuple[Floats, float]:
    """Return season and trend of a common course, and the standard deviation of shocks around them beyond the estimate's own noise."""
    n = len(found)
    parts = season_of(periods) if len(periods) == n else None
    columns = [np.ones(n), np.arange(n) - (n - 1) / 2] if n > 3 else [np.ones(n)]
    if parts is not None and n >= 2 * len(set(parts)) + 2:
        columns += [(parts == s).astype(float) for s in sorted(set(parts))[1:]]
    design = np.column_stack(columns)
    fitted = design @ np.linalg.lstsq(design, found, rcond=None)[0]
    free = n - np.linalg.matrix_rank(design)
    if free <= 0:
        return fitted, 0.0
    return fitted, float(np.sqrt(max(0.0, ((found - fitted) ** 2).sum() / free - noise.mean())))


def season_of(periods: tuple[Any, ...]) -> np.ndarray | None:
    """Return the quarter or month of each period; None where the names tell of none."""
    months = [month_of(str(p)) for p in periods]
    if all(months):
        return np.array([m[1] for m in months if m])
    try:
        quarters = [Period.parse(str(p)).quarter for p in periods]
    except PeriodError:
        return None
    return np.array(quarters) if all(quarters) else None


def _carried(bottom: Floats, seen: Flags) -> Floats:
    """Return denominators with each unit's mean where none was reported."""
    mean = np.where(seen, bottom, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
    return np.where(seen, bottom, mean[:, None])
