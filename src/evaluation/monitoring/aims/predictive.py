"""Predictive distributions of a few quarters ahead from a few years of quarters behind.

Counts are negative binomial around a level with a season, parts of wholes beta-binomial, both with the uncertainty of
level, season and overdispersion; stocks move as a random walk on the log or logit scale.

References
----------
Gelman, Carlin, Stern, Dunson, Vehtari, Rubin 2013, Bayesian Data Analysis, 3rd ed. (ch. 10.4: importance weights; 13.3:
normal approximation). Held, Meyer, Bracher 2017, Statistics in Medicine 36:3443 (predictive distributions of counts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

_Floats = NDArray[np.float64]

DRAWS = 4000
# Beyond chance, quarterly rates scatter by a coefficient of variation of this size a priori (half-normal), seasons by
# so much on the log or logit scale (normal): wide for services counted by quarter, not so wide that few data say nothing.
SPREAD, SEASON, LEVEL = 0.5, 0.4, 3.0
_GRID = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.4])
_TAIL = 6.0  # degrees of freedom of the proposal


@dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted draws of level, season and overdispersion.

    Attributes
    ----------
    level : ndarray of shape (draws,)
        Log rate or logit share without season.
    season : ndarray of shape (draws, season)
        Added to the level in each phase.
    spread : ndarray of shape (draws,)
        Coefficient of variation of a rate beyond Poisson; of a share, the square root of the intra-class correlation.
    effective : float
        Draws of equal weight that would be worth as much.
    """

    level: _Floats
    season: _Floats
    spread: _Floats
    effective: float

    def linear(self, phases: NDArray[np.int_]) -> _Floats:
        """Return level and season of the phases (1 to season), draws x phases."""
        return self.level[:, None] + self.season[:, phases - 1]


def counts_posterior(
    counts: _Floats, exposure: _Floats, phases: NDArray[np.int_], season: int, rng: np.random.Generator, draws: int = DRAWS
) -> Posterior:
    """Return what past counts say of the level, the season and the overdispersion.

    Parameters
    ----------
    counts, exposure : ndarray of shape (periods,)
        No missing ones; exposure above zero.
    phases : ndarray of int
        Place of each period in its year, from 1.
    season : int
        Phases of a year.
    rng : Generator
    draws : int

    Notes
    -----
    For each overdispersion of a grid the other parameters are drawn from a t distribution around their mode, then all
    draws are weighted by the exact posterior over the proposal and drawn again by their weights.
    """
    design, prior, offset = _design(phases, season, counts.sum(), exposure.sum(), np.log(exposure))
    proposals = [_Proposal.of_counts(counts, design, prior, offset, cv) for cv in _GRID]
    return _weighted(proposals, lambda beta, cv: _log_counts(counts, beta @ design.T + offset, cv), prior, season, rng, draws)


def shares_posterior(
    parts: _Floats, wholes: _Floats, phases: NDArray[np.int_], season: int, rng: np.random.Generator, draws: int = DRAWS
) -> Posterior:
    """Return what past parts of wholes say of the level (logit), the season and the overdispersion.

    Parameters
    ----------
    parts, wholes : ndarray of shape (periods,)
        No missing ones; wholes above zero.
    phases, season, rng, draws
        As in `counts_posterior`.
    """
    design, prior, _ = _design(phases, season, parts.sum(), 1.0, np.zeros(len(parts)))
    pooled = (parts.sum() + 0.5) / (wholes.sum() + 1)
    prior = prior.centred(float(special.logit(pooled)))
    proposals = [_Proposal.of_shares(parts, wholes, design, prior, root) for root in _GRID[_GRID < 1]]
    return _weighted(proposals, lambda beta, root: _log_shares(parts, wholes, beta @ design.T, root), prior, season, rng, draws)


def future_counts(posterior: Posterior, exposure: _Floats, phases: NDArray[np.int_], rng: np.random.Generator) -> _Floats:
    """Return draws x periods of counts to come; an exposure of zero gives zero."""
    mean = np.exp(np.clip(posterior.linear(phases), -30, 25)) * exposure
    return _negative_binomial(mean, posterior.spread[:, None], rng)


def future_shares(posterior: Posterior, wholes: _Floats, phases: NDArray[np.int_], rng: np.random.Generator) -> _Floats:
    """Return draws x periods of parts to come, for wholes of the same shape."""
    share = special.expit(posterior.linear(phases))
    rho = np.broadcast_to((posterior.spread**2)[:, None], share.shape)
    scattered = share.copy()
    wide = rho > 0
    strength = 1 / rho[wide] - 1
    a, b = share[wide] * strength, (1 - share[wide]) * strength
    scattered[wide] = rng.beta(np.maximum(a, 1e-9), np.maximum(b, 1e-9))
    return rng.binomial(wholes.astype(np.int64), np.clip(scattered, 0, 1)).astype(float)


def random_walk(values: _Floats, places: _Floats, ahead: _Floats, rng: np.random.Generator, draws: int = DRAWS) -> _Floats:
    """Return draws x steps of a random walk some periods after its last value.

    Parameters
    ----------
    values : ndarray of shape (known,)
        On the scale of the walk; at least three.
    places : ndarray of shape (known,)
        When, in periods: gaps are longer steps.
    ahead : ndarray of shape (steps,)
        Periods after the last value, rising; 0 is the last value itself.

    Notes
    -----
    No drift. The variance of a step is that of the past steps, each weighed by its gap; its uncertainty (scaled inverse
    chi-square, no prior knowledge) makes what is to come a t distribution with as many degrees of freedom as steps.
    """
    moved, gaps = np.diff(values), np.diff(places)
    freedom = len(moved)
    variance = float(np.sum(moved**2 / gaps)) / rng.chisquare(freedom, draws)
    steps = rng.standard_normal((draws, len(ahead))) * np.sqrt(np.diff(ahead, prepend=0.0))
    return np.asarray(values[-1] + np.sqrt(variance)[:, None] * np.cumsum(steps, axis=1))


def _negative_binomial(mean: _Floats, cv: _Floats, rng: np.random.Generator) -> _Floats:
    cv = np.broadcast_to(cv, mean.shape)
    rate = mean.copy()
    wide = (cv > 0) & (mean > 0)
    rate[wide] = mean[wide] * rng.gamma(1 / cv[wide] ** 2, cv[wide] ** 2)
    return rng.poisson(np.minimum(rate, 1e15)).astype(float)


@dataclass(frozen=True, eq=False)
class _Prior:
    """Independent normal priors of level and season."""

    mean: _Floats
    precision: _Floats

    def centred(self, level: float) -> _Prior:
        return _Prior(np.r_[level, self.mean[1:]], self.precision)

    def log(self, beta: _Floats) -> _Floats:
        return np.asarray(-0.5 * ((beta - self.mean) ** 2 * self.precision).sum(axis=-1))


def _design(phases: NDArray[np.int_], season: int, total: float, over: float, offset: _Floats) -> tuple[_Floats, _Prior, _Floats]:
    """Return columns (level, then the phases where there is a season), the prior, the offset."""
    columns = [np.ones(len(phases))] + [(phases == q).astype(float) for q in range(1, season + 1) if season > 1]
    mean = np.zeros(len(columns))
    mean[0] = np.log((total + 0.5) / over)
    return np.column_stack(columns), _Prior(mean, np.r_[1 / LEVEL**2, np.full(len(columns) - 1, 1 / SEASON**2)]), offset


@dataclass(frozen=True, eq=False)
class _Proposal:
    """A normal approximation at one overdispersion: where, how wide, how much it weighs."""

    spread: float
    mode: _Floats
    root: _Floats
    log_weight: float

    @classmethod
    def of_counts(cls, y: _Floats, design: _Floats, prior: _Prior, offset: _Floats, cv: float) -> _Proposal:
        def score_and_weight(eta: _Floats) -> tuple[_Floats, _Floats]:
            mu = np.exp(np.clip(eta + offset, -30, 30))
            return (y - mu) / (1 + cv**2 * mu), mu / (1 + cv**2 * mu)

        return cls._at_mode(score_and_weight, design, prior, cv, lambda beta: _log_counts(y, beta @ design.T + offset, cv))

    @classmethod
    def of_shares(cls, k: _Floats, n: _Floats, design: _Floats, prior: _Prior, root: float) -> _Proposal:
        inflation = 1 + (n - 1) * root**2

        def score_and_weight(eta: _Floats) -> tuple[_Floats, _Floats]:
            p = special.expit(eta)
            return (k - n * p) / inflation, np.maximum(n * p * (1 - p), 1e-9) / inflation

        return cls._at_mode(score_and_weight, design, prior, root, lambda beta: _log_shares(k, n, beta @ design.T, root))

    @classmethod
    def _at_mode(
        cls,
        score_and_weight: Callable[[_Floats], tuple[_Floats, _Floats]],
        design: _Floats,
        prior: _Prior,
        spread: float,
        log_likelihood: Callable[[_Floats], _Floats],
    ) -> _Proposal:
        beta = prior.mean.copy()
        for _ in range(12):
            score, weight = score_and_weight(design @ beta)
            hessian = (design.T * weight) @ design + np.diag(prior.precision)
            step = np.linalg.solve(hessian, design.T @ score - prior.precision * (beta - prior.mean))
            beta = beta + np.clip(step, -2, 2)
        _, weight = score_and_weight(design @ beta)
        hessian = (design.T * weight) @ design + np.diag(prior.precision)
        root = np.asarray(np.linalg.cholesky(hessian), dtype=np.float64)
        evidence = float(log_likelihood(beta) + prior.log(beta) - np.log(np.diag(root)).sum())
        return cls(spread, beta, root, evidence + _log_spread(spread))

    def draw(self, size: int, rng: np.random.Generator) -> tuple[_Floats, _Floats]:
        """Return draws and the log density of the t distribution that they come from, up to a constant common to all proposals."""
        d = len(self.mode)
        z = rng.standard_normal((size, d))
        scale = np.sqrt(_TAIL / rng.chisquare(_TAIL, size))
        t = z * scale[:, None]
        beta = self.mode + np.linalg.solve(self.root.T, t.T).T
        density = np.log(np.diag(self.root)).sum() - 0.5 * (_TAIL + d) * np.log1p((t**2).sum(axis=1) / _TAIL)
        return beta, density


def _log_spread(spread: float) -> float:
    """Return the log of the half-normal prior times the width of the grid's cell."""
    edges = np.r_[0.0, (_GRID[1:] + _GRID[:-1]) / 2, _GRID[-1] * 1.2]
    at = int(np.searchsorted(_GRID, spread))
    return float(-0.5 * (spread / SPREAD) ** 2 + np.log(edges[at + 1] - edges[at]))


def _weighted(
    proposals: Sequence[_Proposal],
    log_likelihood: Callable[[_Floats, float], _Floats],
    prior: _Prior,
    season: int,
    rng: np.random.Generator,
    draws: int,
) -> Posterior:
    logs = np.array([p.log_weight for p in proposals])
    share = np.exp(logs - logs.max())
    share /= share.sum()
    # Every overdispersion gets some draws, so that a poor approximation of its weight is mended by the weights.
    sizes = np.maximum(np.round(draws * share).astype(int), 20)
    beta, weight, spread = [], [], []
    for proposal, size in zip(proposals, sizes, strict=True):
        b, density = proposal.draw(size, rng)
        beta.append(b)
        weight.append(log_likelihood(b, proposal.spread) + prior.log(b) + _log_spread(proposal.spread) - density - np.log(size))
        spread.append(np.full(size, proposal.spread))
    all_beta, log_weight, all_spread = np.vstack(beta), np.concatenate(weight), np.concatenate(spread)
    w = np.exp(log_weight - log_weight.max())
    w /= w.sum()
    # Systematic resampling: each draw stands as often as its weight says, to within one.
    chosen = np.minimum(np.searchsorted(np.cumsum(w), (np.arange(draws) + rng.random()) / draws), len(w) - 1)
    b = all_beta[chosen]
    seasons = b[:, 1:] if season > 1 else np.zeros((draws, 1))
    return Posterior(b[:, 0], seasons, all_spread[chosen], float(1 / np.sum(w**2)))


def _log_counts(y: _Floats, eta: _Floats, cv: float) -> _Floats:
    """Return the negative binomial log likelihood, up to what does not depend on the parameters, summed over periods."""
    eta = np.clip(eta, -30, 30)
    if cv == 0:
        return np.asarray((y * eta - np.exp(eta)).sum(axis=-1))
    size = 1 / cv**2
    fixed = special.gammaln(y + size) - special.gammaln(size)
    return np.asarray((fixed + size * np.log(size) + y * eta - (y + size) * np.log(size + np.exp(eta))).sum(axis=-1))


def _log_shares(k: _Floats, n: _Floats, eta: _Floats, root: float) -> _Floats:
    """Return the beta-binomial log likelihood, up to what does not depend on the parameters, summed over periods."""
    if root == 0:
        return np.asarray((k * eta - n * np.logaddexp(0, eta)).sum(axis=-1))
    p = np.clip(special.expit(eta), 1e-12, 1 - 1e-12)
    strength = 1 / root**2 - 1
    a, b = p * strength, (1 - p) * strength
    return np.asarray((special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum(axis=-1))


def tail_p(draws: _Floats, seen: float, rng: np.random.Generator) -> float:
    """Return how often a prediction is as far off as what was seen, on both sides; ties are split at random."""
    place = float(np.mean(draws < seen) + rng.random() * np.mean(draws == seen))
    return 2 * min(place, 1 - place)
