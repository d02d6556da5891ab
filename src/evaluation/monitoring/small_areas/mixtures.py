"""The two models of units that differ: Poisson counts with gamma rates, binomial counts with beta shares.

Both say how much the units' true values differ by one number, the spread: the squared coefficient of variation of the
true rates, or 1 / (a + b) of the beta distribution of the true shares; 0 is no difference. Arrays have units on their
last axis; a unit that is not there has count 0 and exposure 0 and drops out by itself.

References
----------
Clayton, Kaldor 1987 (Biometrics 43:671), gamma-Poisson. Kleinman 1973 (JASA 68:46) and Griffiths 1973 (Biometrics 29:637),
beta-binomial. Marshall 1991 (Applied Statistics 40:283), moments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

_Floats: TypeAlias = NDArray[np.float64]

COLD_STEPS, WARM_STEPS = 5, 2  # of scoring, from the pooled value and from a neighbouring spread's
# From here on Stirling's series is exact to rounding, where the difference of two log-gammas is not.
STIRLING_FROM = 1e4
FARTHEST_LOGIT = 20.0
FEW_EVENTS = 2.0
NEXT_TO_NOTHING = 1e-9  # in place of Jeffreys' half, so that nothing found still has a logarithm


def log_rising(start: _Floats, steps: _Floats) -> _Floats:
    """Return log Gamma(start + steps) - log Gamma(start), without loss where `start` is huge."""
    exact = special.gammaln(start + steps) - special.gammaln(start)
    large = start > STIRLING_FROM
    if not large.any():
        return np.asarray(exact)
    safe = np.where(large, start, STIRLING_FROM)
    series = (safe + steps - 0.5) * np.log1p(steps / safe) + steps * (np.log(safe) - 1) + (1 / (safe + steps) - 1 / safe) / 12
    return np.where(large, series, exact)


class Mixture(ABC):
    """A count given the unit's true value, and the distribution of true values over units.

    Parameters
    ----------
    counts, exposure : ndarray of shape (..., units)
        0 and 0 where a unit is not there.
    prior : float
        Weight of Jeffreys' prior on the common value: 0.5, or 0 for plain maximum likelihood.
    """

    def __init__(self, counts: _Floats, exposure: _Floats, prior: float) -> None:
        self.counts, self.exposure, self.prior = counts, exposure, prior
        self.n = (exposure > 0).sum(axis=-1, keepdims=True)

    @property
    @abstractmethod
    def size(self) -> _Floats:
        """Typical information of one unit, in units of 1 / spread: at this spread half of a value is signal."""

    @abstractmethod
    def pooled(self) -> _Floats:
        """Return the common value if units did not differ, of shape (..., 1); never quite 0, nor 1 for a share."""

    @abstractmethod
    def common(self, spread: _Floats, start: _Floats | None = None) -> _Floats:
        """Return the most likely common value at a spread, of shape (..., 1)."""

    @abstractmethod
    def information(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the information on the common value, on the scale of `link`."""

    @abstractmethod
    def log_likelihood(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the log-likelihood, prior of the common value included."""

    @abstractmethod
    def log_prior(self, spread: _Floats) -> _Floats:
        """Return the log density of the spread under a uniform prior of the variance between units."""

    @abstractmethod
    def noise(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the variance of each unit's reported value around its true one; infinite where it is not there."""

    @abstractmethod
    def variance(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the variance of the true values over units."""

    @abstractmethod
    def posterior(self, mean: _Floats, spread: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Return mean, variance, slope in the linked common value, and shrinkage (0 own value, 1 common value) by unit."""

    @abstractmethod
    def quantile(self, mean: _Floats, variance: _Floats, p: float) -> _Floats:
        """Return the quantile of a gamma or beta distribution with these two moments."""

    @abstractmethod
    def below(self, mean: _Floats, variance: _Floats, u: _Floats) -> tuple[_Floats, _Floats]:
        """Return the probability below a linked value, and the density there on the linked scale, by these two moments."""

    @abstractmethod
    def ends(self, mean: _Floats) -> tuple[_Floats, _Floats]:
        """Return the linked values beyond which a bound is next to nothing, or to all."""

    def settled(self, u: _Floats, first: _Floats, last: _Floats) -> _Floats:
        """Return linked bounds as values, those at an end as 0 or 1."""
        return np.where(u <= first, 0.0, np.where(u >= last, 1.0, self.unlink(u)))

    @abstractmethod
    def few(self, mean: _Floats, variance: _Floats) -> NDArray[np.bool_]:
        """Whether so few events are behind a value that two moments do not give the shape of its tails."""

    @abstractmethod
    def unlink(self, x: _Floats) -> _Floats:
        """Return the common value from its linked scale."""

    @abstractmethod
    def link(self, mean: _Floats) -> _Floats:
        """Return the scale on which the common value's likelihood is nearly normal."""

    @abstractmethod
    def moments(self) -> tuple[_Floats, _Floats]:
        """Return the common value and the spread by moments, after Marshall; the spread is never below 0."""

    def _pooled(self) -> tuple[_Floats, _Floats]:
        """Return the pooled value and the exposure-weighted variance of reported values around it."""
        whole = self.exposure.sum(axis=-1, keepdims=True)
        mean = self.pooled()
        value = np.divide(self.counts, self.exposure, out=np.zeros(self.counts.shape), where=self.exposure > 0)
        return mean, (self.exposure * (value - mean) ** 2).sum(axis=-1, keepdims=True) / whole


class GammaPoisson(Mixture):
    """Poisson counts whose rates follow a gamma distribution over units."""

    @property
    def size(self) -> _Floats:
        """Mean expected count of a unit."""
        return np.asarray((self.counts.sum(axis=-1, keepdims=True) + 0.5) / self.n)

    def pooled(self) -> _Floats:
        """Return all events over all exposure."""
        total = self.counts.sum(axis=-1, keepdims=True) + max(self.prior, NEXT_TO_NOTHING)
        return np.asarray(total / self.exposure.sum(axis=-1, keepdims=True))

    def common(self, spread: _Floats, start: _Floats | None = None) -> _Floats:
        """Return the most likely common rate at a spread."""
        k, e = self.counts, self.exposure
        x = np.log(self.pooled() if start is None else start)
        for _ in range(COLD_STEPS if start is None else WARM_STEPS):
            expected = e * np.exp(x)
            weight = 1 / (1 + spread * expected)
            slope = (expected * weight * weight * (1 + spread * k)).sum(axis=-1, keepdims=True)
            x = x + np.clip((((k - expected) * weight).sum(axis=-1, keepdims=True) + self.prior) / slope, -1.5, 1.5)
        return np.exp(x)

    def information(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the information on the log of the common rate."""
        expected = self.exposure * mean
        return np.asarray((expected / (1 + spread * expected)).sum(axis=-1, keepdims=True))

    def log_likelihood(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the negative binomial log-likelihood without the term of the counts alone."""
        k, expected = self.counts, self.exposure * mean
        seen = np.where(expected > 0, expected, 1.0)
        terms = log_rising(1 / spread, k) + k * np.log(spread * seen) - (k + 1 / spread) * np.log1p(spread * expected)
        return np.asarray(terms.sum(axis=-1, keepdims=True) + self.prior * np.log(mean))

    def log_prior(self, spread: _Floats) -> _Floats:
        """Return 0: the variance of the rates is proportional to the spread."""
        return np.zeros(spread.shape)

    def noise(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the Poisson variance of each reported rate."""
        return np.asarray(np.divide(mean, self.exposure, out=np.full(self.counts.shape, np.inf), where=self.exposure > 0))

    def variance(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the variance of the true rates."""
        return spread * mean**2

    def posterior(self, mean: _Floats, spread: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Return the moments of each unit's gamma posterior."""
        own = spread * mean
        rate = 1 + own * self.exposure
        shrink = 1 / rate
        value = (mean + own * self.counts) * shrink
        return value, value * own * shrink, value * shrink, shrink

    def quantile(self, mean: _Floats, variance: _Floats, p: float) -> _Floats:
        """Return the quantile of the gamma distribution with these moments."""
        some = variance > 0
        shape = np.divide(mean**2, variance, out=np.ones(mean.shape), where=some)
        return np.asarray(np.where(some, special.gammaincinv(shape, p) * mean / shape, mean))

    def below(self, mean: _Floats, variance: _Floats, u: _Floats) -> tuple[_Floats, _Floats]:
        """Return distribution and density of a gamma distribution in the log."""
        shape, x = mean**2 / variance, np.exp(u) * mean / variance
        return np.asarray(special.gammainc(shape, x)), np.exp(shape * np.log(x) - x - special.gammaln(shape))

    def ends(self, mean: _Floats) -> tuple[_Floats, _Floats]:
        """Return the log of next to nothing, and no upper end."""
        return np.log(NEXT_TO_NOTHING * mean), np.full(mean.shape, np.inf)

    def few(self, mean: _Floats, variance: _Floats) -> NDArray[np.bool_]:
        """Whether the posterior is worth fewer events than `FEW_EVENTS`."""
        return np.asarray((variance > 0) & (mean**2 < FEW_EVENTS * variance))

    def link(self, mean: _Floats) -> _Floats:
        """Return the log."""
        return np.log(mean)

    def unlink(self, x: _Floats) -> _Floats:
        """Return the exponent."""
        return np.exp(x)

    def moments(self) -> tuple[_Floats, _Floats]:
        """Return Marshall's moment estimates."""
        mean, seen = self._pooled()
        variance = np.maximum(seen - mean * self.n / self.exposure.sum(axis=-1, keepdims=True), 0.0)
        return mean, np.divide(variance, mean**2, out=np.zeros(mean.shape), where=mean > 0)


class BetaBinomial(Mixture):
    """Binomial counts whose shares follow a beta distribution over units."""

    @property
    def size(self) -> _Floats:
        """Mean denominator of a unit."""
        return np.asarray(self.exposure.sum(axis=-1, keepdims=True) / self.n)

    def pooled(self) -> _Floats:
        """Return all hits over all denominators."""
        prior = max(self.prior, NEXT_TO_NOTHING)
        total = self.counts.sum(axis=-1, keepdims=True) + prior
        return np.asarray(total / (self.exposure.sum(axis=-1, keepdims=True) + 2 * prior))

    def common(self, spread: _Floats, start: _Floats | None = None) -> _Floats:
        """Return the most likely common share at a spread."""
        k, misses, size = self.counts, self.exposure - self.counts, self.exposure
        x = special.logit(self.pooled() if start is None else start)
        for _ in range(COLD_STEPS if start is None else WARM_STEPS):
            mean = special.expit(x)
            a, b = mean / spread, (1 - mean) / spread
            large = a + b > STIRLING_FROM
            # Where the spread is next to nothing the digammas cancel; weighted least squares says the same.
            score = (special.psi(k + a) - special.psi(a) - special.psi(misses + b) + special.psi(b)) * mean * (1 - mean) / spread
            score = np.where(large, (k - size * mean) / (1 + spread * size), score).sum(axis=-1, keepdims=True)
            score = score + self.prior * (1 - 2 * mean)
            x = np.clip(x + np.clip(score / self.information(mean, spread), -1.5, 1.5), -FARTHEST_LOGIT, FARTHEST_LOGIT)
        return np.asarray(special.expit(x))

    def information(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the information on the logit of the common share."""
        weights = (self.exposure * (1 + spread) / (1 + spread * self.exposure)).sum(axis=-1, keepdims=True)
        return np.asarray((weights + 2 * self.prior) * mean * (1 - mean))

    def log_likelihood(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the beta-binomial log-likelihood without the term of the counts alone."""
        a, b = mean / spread, (1 - mean) / spread
        terms = log_rising(a, self.counts) + log_rising(b, self.exposure - self.counts) - log_rising(1 / spread, self.exposure)
        return np.asarray(terms.sum(axis=-1, keepdims=True) + self.prior * (np.log(mean) + np.log1p(-mean)))

    def log_prior(self, spread: _Floats) -> _Floats:
        """Return the density under which spread / (1 + spread), the correlation within units, is uniform."""
        return np.asarray(-2 * np.log1p(spread))

    def noise(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the binomial variance of each reported share, at the mean over true shares."""
        within = mean * (1 - mean) / (1 + spread)
        return np.asarray(np.divide(within, self.exposure, out=np.full(self.counts.shape, np.inf), where=self.exposure > 0))

    def variance(self, mean: _Floats, spread: _Floats) -> _Floats:
        """Return the variance of the true shares."""
        return mean * (1 - mean) * spread / (1 + spread)

    def posterior(self, mean: _Floats, spread: _Floats) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Return the moments of each unit's beta posterior."""
        shrink = 1 / (1 + spread * self.exposure)
        value = (mean + spread * self.counts) * shrink
        variance = value * (1 - value) * spread / (1 + spread * (self.exposure + 1))
        return value, variance, shrink * mean * (1 - mean), shrink

    def quantile(self, mean: _Floats, variance: _Floats, p: float) -> _Floats:
        """Return the quantile of the beta distribution with these moments."""
        full = mean * (1 - mean)
        some = (variance > 0) & (full > variance)
        size = np.divide(full, variance, out=np.full(mean.shape, 2.0), where=some) - 1
        found = special.betaincinv(np.where(some, mean, 0.5) * size, np.where(some, 1 - mean, 0.5) * size, p)
        return np.asarray(np.where(some, found, mean))

    def below(self, mean: _Floats, variance: _Floats, u: _Floats) -> tuple[_Floats, _Floats]:
        """Return distribution and density of a beta distribution in the logit."""
        size, x = mean * (1 - mean) / variance - 1, special.expit(u)
        a, b = mean * size, (1 - mean) * size
        density = a * special.log_expit(u) + b * special.log_expit(-u) - special.betaln(a, b)
        return np.asarray(special.betainc(a, b, x)), np.exp(density)

    def ends(self, mean: _Floats) -> tuple[_Floats, _Floats]:
        """Return the logits of next to nothing and next to all."""
        end = np.full(mean.shape, float(special.logit(NEXT_TO_NOTHING)))
        return end, -end

    def few(self, mean: _Floats, variance: _Floats) -> NDArray[np.bool_]:
        """Whether the posterior is worth fewer hits or misses than `FEW_EVENTS`."""
        full = mean * (1 - mean)
        return np.asarray((variance > 0) & (np.minimum(mean, 1 - mean) * (full - variance) < FEW_EVENTS * variance))

    def link(self, mean: _Floats) -> _Floats:
        """Return the logit."""
        return np.asarray(special.logit(mean))

    def unlink(self, x: _Floats) -> _Floats:
        """Return the inverse logit."""
        return np.asarray(special.expit(x))

    def moments(self) -> tuple[_Floats, _Floats]:
        """Return Marshall's moment estimates with the binomial variance in place of Poisson's."""
        mean, seen = self._pooled()
        within, parts = mean * (1 - mean), self.n / self.exposure.sum(axis=-1, keepdims=True)
        variance = np.divide(seen - within * parts, 1 - parts, out=np.zeros(mean.shape), where=parts < 1)
        variance = np.clip(variance, 0.0, 0.999 * within)
        return mean, np.divide(variance, within - variance, out=np.zeros(mean.shape), where=within > 0)
