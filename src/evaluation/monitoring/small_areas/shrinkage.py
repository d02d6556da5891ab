"""Small areas: each unit's value drawn towards the common one by as much as it is noise, with honest intervals.

References
----------
Clayton, Kaldor 1987 (Biometrics 43:671) and Marshall 1991 (Applied Statistics 40:283), empirical Bayes for rates. Morris
1983 (JASA 78:47) and Kass, Steffey 1989 (JASA 84:717), the uncertainty of the hyper-parameters. Morris, Tang 2011
(Statistical Science 26:271), the uniform prior of the variance between units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, not_negative
from evaluation.monitoring.rates.intervals import clopper_pearson, garwood
from evaluation.monitoring.rates.midp import RATE, SHARE, poisson_midp, proportion_midp
from evaluation.monitoring.small_areas.mixtures import BetaBinomial, GammaPoisson, Mixture

_Floats: TypeAlias = NDArray[np.float64]

LIKELIHOOD, MOMENTS = "likelihood", "moments"
# How much units differ cannot be told from fewer; each then keeps its own value.
FEWEST_UNITS = 4
NODES = np.arange(-5.0, 6.0)  # of the hyper-parameter's posterior, in its standard deviations
COARSE = np.arange(-10.5, 6.1, 1.5)
NEWTON_STEPS = 4
BLOCK = 100_000  # values worked on at once, so that a country's communes fit the memory of an office's machine
LARGEST_SPREAD = 25.0  # true rates with a standard deviation of five times their mean


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """Reported and shrunken values of units, for any number of series at once.

    Attributes
    ----------
    value : ndarray of shape (..., units)
        Reported, count / exposure.
    estimate, low, high : ndarray of shape (..., units)
        Posterior mean and interval of the true value; NaN where a unit is not there.
    reliability : ndarray of shape (..., units)
        Weight of the unit's own value: 1 takes it as it is, 0 takes the common one.
    signal : ndarray of shape (...)
        Share of the variance of the reported values that is not noise; NaN where it cannot be known.
    mean, mean_low, mean_high : ndarray of shape (...)
        Common value, with its interval.
    variance : ndarray of shape (...)
        Of the true values over units; NaN where it cannot be known.
    n : ndarray of shape (...)
        Units that are there.
    """

    value: _Floats
    estimate: _Floats
    low: _Floats
    high: _Floats
    reliability: _Floats
    signal: Any
    mean: Any
    mean_low: Any
    mean_high: Any
    variance: Any
    n: Any


def shrink(
    counts: ArrayLike,
    exposure: ArrayLike = 1.0,
    family: str = RATE,
    method: str = LIKELIHOOD,
    level: float = 0.95,
    plug_in: bool = False,
) -> Shrinkage:
    """Return empirical Bayes estimates of rates or shares, units on the last axis.

    Parameters
    ----------
    counts : array_like of shape (..., units)
        Events; NaN where a unit did not report.
    exposure : array_like
        What each count is out of, of a shape that broadcasts with `counts`.
    family : {"rate", "share"}
        Gamma-Poisson or beta-binomial.
    method : {"likelihood", "moments"}
        The spread of the true values by marginal likelihood, or by Marshall's moments.
    level : float
        Of the posterior intervals.
    plug_in : bool
        Take the estimated hyper-parameters as if they were known ("naive" empirical Bayes). The intervals are then too
        narrow; for comparison with other programs.

    Returns
    -------
    Shrinkage
        A unit without count or exposure is NaN. With fewer than four units, or where no unit has an event (or all shares
        are complete), nothing is known of how units differ: each keeps its value and its mid-P interval.

    Raises
    ------
    ValueError
        If a count is negative, infinite or above its denominator, or there is no such family or method.

    Notes
    -----
    Likelihood: the spread is integrated over its posterior (restricted likelihood, with the common value's own
    uncertainty, and a uniform prior) on eleven nodes around its mode. Where more than a few events are behind a value the
    mixture is given by its two moments as a gamma or beta distribution, else its quantiles are solved for. The uniform
    prior errs on the side of more spread, that is of less shrinkage, where the units are few. Moments: Morris'
    correction; too narrow where counts are few. Both hold their level on average over units, not for each unit: one that
    is far off for a reason of its own is drawn in too much.
    """
    _check(family, method)
    between_0_and_1(level)
    k, size = broadcast(np.atleast_1d(not_negative(counts, "counts")), not_negative(exposure, "exposure"))
    if not k.size:
        raise ValueError("counts phải có ít nhất một đơn vị. / counts must have at least one unit.")
    own = (garwood if family == RATE else clopper_pearson)(k, size, level)
    there = ~np.isnan(np.asarray(own[0]))
    n = there.sum(axis=-1)
    events, people = (np.where(there, x, 0.0).sum(axis=-1) for x in (k, size))
    telling = (events > 0) & ((events < people) | (family == RATE))
    enough = (n >= FEWEST_UNITS) & telling
    shape = k.shape[:-1]
    flat = [np.where(there, x, 0.0).reshape(-1, k.shape[-1])[enough.ravel()] for x in (k, size)]
    kind = GammaPoisson if family == RATE else BetaBinomial
    unit_fields, whole_fields = ("estimate", "low", "high", "reliability"), ("signal", "mean", "mean_low", "mean_high", "variance")
    found: dict[str, _Floats] = {f: np.full(there.shape, np.nan) for f in unit_fields}
    found |= {f: np.full(shape, np.nan) for f in whole_fields}
    value = np.divide(k, size, out=np.full(k.shape, np.nan), where=there)
    if not enough.all():
        few = there & ~enough[..., None]
        own_interval = poisson_midp if family == RATE else proportion_midp
        low, high = own_interval(np.where(few, k, np.nan), size, level)
        found["estimate"][few], found["low"][few], found["high"][few], found["reliability"][few] = value[few], low[few], high[few], 1.0
        pooled = events / np.where(people > 0, people, np.nan)
        for name, x in zip(("mean", "mean_low", "mean_high"), (pooled, *own_interval(events, people, level)), strict=True):
            found[name][...] = np.where((n > 0) & ~enough, x, np.nan)
    if enough.any():
        step = max(1, BLOCK // k.shape[-1])
        blocks = [[x[i : i + step] for x in flat] for i in range(0, len(flat[0]), step)]
        solved = [_solved(kind(events_of, size_of, 0.0 if plug_in else 0.5), method, level, plug_in) for events_of, size_of in blocks]
        made = {name: np.concatenate([block[name] for block in solved]) for name in (*unit_fields, *whole_fields)}
        for name in unit_fields:
            found[name][enough] = made[name]
        for name in whole_fields:
            found[name][enough] = made[name][:, 0]
        for name in unit_fields:
            found[name][~there] = np.nan
    return Shrinkage(value=value, n=n[()], **{f: x[()] for f, x in found.items()})


def _solved(mixture: Mixture, method: str, level: float, plug_in: bool) -> dict[str, _Floats]:
    posterior = _by_moments(mixture, plug_in) if method == MOMENTS else _by_likelihood(mixture, plug_in)
    return posterior.intervals(mixture, level)


@dataclass(frozen=True, eq=False)
class _Posterior:
    """Two moments of each unit's true value, and of what is common to all."""

    estimate: _Floats
    spread: _Floats
    reliability: _Floats
    signal: _Floats
    linked: _Floats
    linked_variance: _Floats
    between: _Floats
    parts: tuple[tuple[_Floats, _Floats, _Floats], ...] = ()

    def intervals(self, mixture: Mixture, level: float) -> dict[str, _Floats]:
        tail = (1 - level) / 2
        low, high = (mixture.quantile(self.estimate, self.spread, p) for p in (tail, 1 - tail))
        if self.parts:
            few = mixture.few(self.estimate, self.spread)
            low[few], high[few] = self._tail(mixture, low[few], tail, few), self._tail(mixture, high[few], 1 - tail, few)
        half = float(stats.norm.ppf(1 - tail)) * np.sqrt(self.linked_variance)
        return {
            "estimate": self.estimate,
            "low": np.minimum(low, self.estimate),
            "high": np.maximum(high, self.estimate),
            "reliability": self.reliability,
            "signal": self.signal,
            "mean": mixture.unlink(self.linked),
            "mean_low": mixture.unlink(self.linked - half),
            "mean_high": mixture.unlink(self.linked + half),
            "variance": self.between,
        }

    def _tail(self, mixture: Mixture, start: _Floats, p: float, where: NDArray[np.bool_]) -> _Floats:
        """Return the quantile of the mixture over all nodes, by Newton's steps in the logarithm of the tail."""
        weight, mean, variance = (
            np.stack([np.broadcast_to(x, where.shape)[where] for x in column]) for column in zip(*self.parts, strict=True)
        )
        first, last = mixture.ends(self.estimate[where])
        u = np.clip(mixture.link(np.clip(start, mixture.unlink(first), mixture.unlink(last))), first, last)
        for _ in range(NEWTON_STEPS):
            under, density = mixture.below(mean, variance, u)
            inside, slope = (weight * under).sum(axis=0), (weight * density).sum(axis=0)
            if p < 0.5:
                step = np.log(p / np.maximum(inside, 1e-300)) * inside
            else:
                step = np.log(np.maximum(1 - inside, 1e-16) / (1 - p)) * np.maximum(1 - inside, 1e-16)
            u = np.clip(u + np.clip(step / np.maximum(slope, 1e-300), -2, 2), first, last)
        return mixture.settled(u, first, last)


def _signal(mixture: Mixture, mean: _Floats, spread: _Floats) -> _Floats:
    noise = mixture.noise(mean, spread)
    average = np.where(np.isinf(noise), 0.0, noise).sum(axis=-1, keepdims=True) / mixture.n
    between = mixture.variance(mean, spread)
    return np.asarray(np.divide(between, between + average, out=np.zeros(between.shape), where=between > 0))


def _by_likelihood(mixture: Mixture, plug_in: bool) -> _Posterior:
    """Integrate over the spread's posterior, or take its most likely value as known."""
    size = mixture.size
    # The posterior is nearly normal in u = log(spread x size); there a uniform prior of the spread has the density exp(u).
    top = np.log(np.minimum(LARGEST_SPREAD, mixture.n) * size)

    def log_posterior(u: _Floats, start: _Floats | None = None) -> tuple[_Floats, _Floats]:
        spread = np.exp(np.minimum(u, top)) / size
        mean = mixture.common(spread, start)
        found = mixture.log_likelihood(mean, spread)
        if not plug_in:
            found = found - np.log(mixture.information(mean, spread)) / 2 + mixture.log_prior(spread) + u
        return np.where(u > top, -np.inf, found), mean

    mode, width, mean = _mode(log_posterior, top)
    if plug_in:
        spread = np.exp(mode) / size
        value, variance, _, kept = mixture.posterior(mean, spread)
        linked = mixture.link(mean)
        return _Posterior(value, variance, 1 - kept, _signal(mixture, mean, spread), linked, 0 * linked, mixture.variance(mean, spread))
    nodes = [mode + t * width for t in NODES]
    heights = [log_posterior(u, mean) for u in nodes]
    logs = np.stack([h for h, _ in heights])
    weights = np.exp(logs - logs.max(axis=0))
    weights /= weights.sum(axis=0)
    kept_back, rest = np.zeros(mixture.counts.shape), [np.zeros(mode.shape) for _ in range(2)]
    parts, linked_parts = [], []
    for u, (_, centre), w in zip(nodes, heights, weights, strict=True):
        spread = np.exp(np.minimum(u, top)) / size
        value, variance, slope, kept = mixture.posterior(centre, spread)
        error = 1 / mixture.information(centre, spread)
        variance = variance + slope**2 * error
        parts.append((w, value, variance))
        linked_parts.append((w, mixture.link(centre), error))
        kept_back += w * (1 - kept)
        for i, x in enumerate((_signal(mixture, centre, spread), mixture.variance(centre, spread))):
            rest[i] += w * x
    return _Posterior(*_moments(parts), kept_back, rest[0], *_moments(linked_parts), rest[1], tuple(parts))


def _moments(parts: list[tuple[_Floats, _Floats, _Floats]]) -> tuple[_Floats, _Floats]:
    """Return mean and variance of a mixture by weight, mean and variance of its parts, around the mean: huge values lose nothing."""
    mean = np.asarray(sum(w * value for w, value, _ in parts))
    return mean, np.asarray(sum(w * (variance + (value - mean) ** 2) for w, value, variance in parts))


def _mode(log_posterior: Any, top: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Return the highest point, its width (standard deviation of the normal curve that fits there) and the common value there."""
    grid = [np.minimum(np.full(top.shape, u), top) for u in COARSE]
    mean, walked = None, []
    for u in grid:
        height, mean = log_posterior(u, mean)
        walked.append(height)
    best = np.stack(walked).argmax(axis=0)
    mode = np.take_along_axis(np.stack(grid), best[None], axis=0)[0]
    step = np.full(mode.shape, 0.75)
    centre, mean = log_posterior(mode)
    for _ in range(6):
        below, above = log_posterior(mode - step, mean)[0], log_posterior(np.minimum(mode + step, top), mean)[0]
        bend = np.maximum((2 * centre - below - above) / step**2, 1e-6)
        move = np.clip((above - below) / (2 * step) / bend, -2 * step, 2 * step)
        there = np.clip(mode + move, COARSE[0], top)
        height, moved = log_posterior(there, mean)
        better = height >= centre
        mode, centre, mean = np.where(better, there, mode), np.where(better, height, centre), np.where(better, moved, mean)
        step = np.where(better, np.clip(0.7 / np.sqrt(bend), 1e-3, 0.75), step / 2)
    return mode, np.clip(1 / np.sqrt(bend), 1e-4, 1.6), mean


def _by_moments(mixture: Mixture, plug_in: bool) -> _Posterior:
    """Take moment estimates, with Morris' correction for their uncertainty unless told to take them as known."""
    mean, spread = mixture.moments()
    value, variance, slope, kept = mixture.posterior(mean, spread)
    linked, between = mixture.link(mean), mixture.variance(mean, spread)
    linked_error = np.zeros(mean.shape)
    if not plug_in:
        reported = np.divide(mixture.counts, mixture.exposure, out=np.zeros(value.shape), where=mixture.exposure > 0)
        df = np.maximum(mixture.n - 3, 1)
        linked_error = 1 / mixture.information(mean, spread)
        variance = variance + slope**2 * linked_error + 2 / df * (kept * (reported - mean)) ** 2
    return _Posterior(value, variance, 1 - kept, _signal(mixture, mean, spread), linked, linked_error, between)


def _check(family: str, method: str) -> None:
    if family not in (RATE, SHARE):
        raise ValueError(f"Không có họ {family!r}; chọn: rate, share. / There is no family {family!r}; choose: rate, share.")
    if method not in (LIKELIHOOD, MOMENTS):
        raise ValueError(
            f"Không có phương pháp {method!r}; chọn: likelihood, moments. / There is no method {method!r}; choose: likelihood, moments."
        )
