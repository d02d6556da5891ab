"""A generator fitted to the real series of a panel: what the same units would have reported, had nothing happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluation.effects.calibration.moments import Moments, fit_moments
from evaluation.effects.matrix import Flags, Floats
from evaluation.periods import Period, PeriodError, month_of

MOST_CLUSTERED = 0.9  # intra-class correlation of a beta-binomial share
STEPS = 40


@dataclass(frozen=True, eq=False)
class Drawn:
    """Panels drawn where nothing happened.

    Attributes
    ----------
    top, bottom : ndarray of shape (n, units, periods)
        As reported: NaN where no report came.
    expected : ndarray of shape (n, units, periods)
        What counting alone scatters around: the expected number of events, the
        probability of a share, the value itself.
    luck : ndarray of shape (n, units, periods) or None
        Quantile of each count where the luck of counting lasts.
    """

    top: Floats
    bottom: Floats
    expected: Floats
    luck: Floats | None


@dataclass(frozen=True, eq=False)
class FittedGenerator:
    """Unit levels, a common course, common shocks, lasting and passing deviations, counting, and missing reports.

    Attributes
    ----------
    measure : {"count", "share", "rate", "value"}
    level : ndarray of shape (units,)
        Log of the mean count or rate (-inf where never an event), logit of the share, mean value.
    course : ndarray of shape (periods,)
        Season and trend that all share, on the same scale.
    shock : float
        Standard deviation of shocks that all share, on the same scale.
    moments : Moments
        Variances around it: relative of counts, in logits of shares, in `scale` of values.
    scale : ndarray of shape (units,)
        Of values: each unit's standard deviation (of logs where `logs`); 1 of counts and shares.
    logs : bool
        Whether values are drawn in logs.
    innovations : ndarray or None
        Standardised residuals from which values' deviations are drawn; normal ones where None.
    missing, missing_again : float
        Part of reports that did not come, and that part after one that did not come either.
    silent : ndarray of bool, shape (units,)
        Units that never reported.
    bottom : FittedGenerator, ndarray or None
        Of the denominators: drawn (shares), kept as they are (rates), 1 (None).
    """

    measure: str
    level: Floats
    course: Floats
    shock: float
    moments: Moments
    scale: Floats
    logs: bool
    innovations: Floats | None
    missing: float
    missing_again: float
    silent: Flags
    bottom: FittedGenerator | Floats | None

    @property
    def dispersion(self) -> float:
        """Variance of passing deviations: 1 / size of the negative binomial, logit variance of the beta-binomial."""
        return self.moments.fast / (1 + self.moments.slow) if self.measure in ("count", "rate") else self.moments.fast

    def draw(self, rng: np.random.Generator, n: int = 1) -> Drawn:
        """Return `n` panels."""
        units, periods = len(self.level), len(self.course)
        shape = (n, units, periods)
        bottom = self._denominators(rng, n, shape)
        common = self.course + self.shock * rng.standard_normal((n, 1, periods))
        centre = self.level[:, None] + common
        if self.measure == "value":
            top = expected = self._values(rng, centre)
            luck = None
        else:
            slow = np.log1p(self.moments.slow) if self.measure != "share" else self.moments.slow
            centre = centre + np.sqrt(slow) * lasting(rng, shape, self.moments.memory)
            luck = _uniform(lasting(rng, shape, self.moments.memory)) if self.moments.steady else None
            draws = _shares if self.measure == "share" else _counts
            top, expected = draws(rng, centre, bottom, slow, self.dispersion, luck)
        gone = self._gone(rng, shape)
        return Drawn(np.where(gone, np.nan, top), np.where(gone, np.nan, bottom), expected, luck)

    def _denominators(self, rng: np.random.Generator, n: int, shape: tuple[int, int, int]) -> Floats:
        if isinstance(self.bottom, FittedGenerator):
            return replace(self.bottom, missing=0.0).draw(rng, n).top
        return np.broadcast_to(np.ones(1) if self.bottom is None else self.bottom, shape)

    def _values(self, rng: np.random.Generator, centre: Floats) -> Floats:
        pick = None if self.innovations is None else self.innovations
        slow = np.sqrt(self.moments.slow) * lasting(rng, centre.shape, self.moments.memory, pick)
        fast = np.sqrt(self.moments.fast) * _standard(rng, centre.shape, pick)
        moved = centre + self.scale[:, None] * (slow + fast)
        return np.asarray(np.exp(moved) if self.logs else moved)

    def _gone(self, rng: np.random.Generator, shape: tuple[int, int, int]) -> Flags:
        """Return which reports did not come: a two-state chain, so that gaps clump as they did."""
        gone = np.zeros(shape, bool)
        if 0 < self.missing < 1:
            after_one = self.missing * (1 - self.missing_again) / (1 - self.missing)
            gone[..., 0] = rng.random(shape[:2]) < self.missing
            for t in range(1, shape[2]):
                gone[..., t] = rng.random(shape[:2]) < np.where(gone[..., t - 1], self.missing_again, after_one)
        return gone | self.silent[:, None]


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


def lasting(rng: np.random.Generator, shape: tuple[int, ...], memory: float, pool: Floats | None = None) -> Floats:
    """Return first-order autoregressive series with unit variance along the last axis."""
    shocks = _standard(rng, shape, pool)
    for t in range(1, shape[-1]):
        shocks[..., t] = memory * shocks[..., t - 1] + np.sqrt(1 - memory**2) * shocks[..., t]
    return shocks


def _standard(rng: np.random.Generator, shape: tuple[int, ...], pool: Floats | None) -> Floats:
    return rng.standard_normal(shape) if pool is None else rng.choice(pool, shape)


def _uniform(normal: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(normal))


def _counts(
    rng: np.random.Generator, centre: Floats, bottom: Floats, slow: float, dispersion: float, luck: Floats | None
) -> tuple[Floats, Floats]:
    expected = bottom * np.exp(centre - slow / 2)
    if dispersion > 0:
        expected = expected * rng.gamma(1 / dispersion, dispersion, centre.shape)
    if luck is None:
        return rng.poisson(expected).astype(float), expected
    return counted(luck, expected), expected


def _shares(
    rng: np.random.Generator, centre: Floats, bottom: Floats, slow: float, dispersion: float, luck: Floats | None
) -> tuple[Floats, Floats]:
    share = 1 / (1 + np.exp(-centre))
    if dispersion > 0:
        clustered = np.clip(dispersion * share * (1 - share), 1e-9, MOST_CLUSTERED)
        size = 1 / clustered - 1
        share = rng.beta(np.maximum(share * size, 1e-6), np.maximum((1 - share) * size, 1e-6))
    if luck is None:
        return rng.binomial(bottom.astype(np.int64), share).astype(float), share
    return counted_part(luck, bottom, share), share


def counted(luck: Floats, expected: Floats) -> Floats:
    """Return the Poisson count at a quantile."""
    from scipy.stats import poisson

    return np.where(expected > 0, poisson.ppf(luck, np.maximum(expected, 1e-12)), 0.0)


def counted_part(luck: Floats, bottom: Floats, share: Floats) -> Floats:
    """Return the binomial count at a quantile."""
    from scipy.stats import binom

    return np.where(bottom > 0, binom.ppf(luck, np.maximum(bottom, 1), share), 0.0)


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
        course = y.sum(0) / np.maximum((e * level[:, None]).sum(0), 1e-300)
        course = np.where(course > 0, course, 1e-6) / max(course.mean(), 1e-300)
    mean = e * level[:, None] * course
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.where(seen & (mean > 0), y / mean - 1, np.nan)
        counting = np.where(mean > 0, 1 / mean, 0.0)
    typical = mean.sum(1) / np.maximum(seen.sum(1), 1)
    moments = fit_moments(residuals, mean, counting, _of_units(typical))
    log_course, shock = _course(np.log(course), periods)
    with np.errstate(divide="ignore"):
        log_level = np.log(level)
    kept = None if common["measure"] != "rate" else _carried(bottom, seen)
    return FittedGenerator(
        level=log_level,
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
    slope, shock = _course(course, periods)
    below = _fit_counts(np.where(seen, bottom, np.nan), np.ones_like(top), seen, periods, common | {"measure": "count"})
    return FittedGenerator(
        level=level,
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
    fitted, shock = _course(course, periods)
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


def _course(found: Floats, periods: tuple[Any, ...]) -> tuple[Floats, float]:
    """Return season and trend of a common course, and the standard deviation of the shocks around them."""
    n = len(found)
    parts = season_of(periods) if len(periods) == n else None
    columns = [np.ones(n), np.arange(n) - (n - 1) / 2] if n > 3 else [np.ones(n)]
    if parts is not None and n >= 2 * len(set(parts)) + 2:
        columns += [(parts == s).astype(float) for s in sorted(set(parts))[1:]]
    design = np.column_stack(columns)
    fitted = design @ np.linalg.lstsq(design, found, rcond=None)[0]
    free = n - np.linalg.matrix_rank(design)
    return fitted, float(np.sqrt(((found - fitted) ** 2).sum() / free)) if free > 0 else 0.0


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
