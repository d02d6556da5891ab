"""A generator fitted to the real series of a panel: what the same units would have reported, had nothing happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.calibration.moments import Moments
from evaluation.effects.calibration.quantiles import poisson_quantile
from evaluation.effects.matrix import LOGS, Flags, Floats

MOST_CLUSTERED = 0.9  # intra-class correlation of a beta-binomial share


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
        return self.moments.fast / (1 + self.moments.slow) if self.measure in LOGS else self.moments.fast

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
            return replace(self.bottom, missing=0.0, silent=np.zeros_like(self.silent)).draw(rng, n).top
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
    return poisson_quantile(luck, expected), expected


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


def counted_part(luck: Floats, bottom: Floats, share: Floats) -> Floats:
    """Return the binomial count at a quantile."""
    from scipy.stats import binom

    return np.where(bottom > 0, binom.ppf(luck, np.maximum(bottom, 1), share), 0.0)
