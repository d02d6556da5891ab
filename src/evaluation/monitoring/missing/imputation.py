"""Multiple imputation of unit-periods that were not reported, and Rubin's rules.

The model is a unit effect times a period effect; counts scatter as a negative binomial, parts of wholes as a
beta-binomial. Each imputation draws the model's parameters first, then the missing figures.

References
----------
Rubin 1987, Multiple Imputation for Nonresponse in Surveys (ch. 3). Barnard, Rubin 1999, Biometrika 86:948 (degrees of
freedom). van Buuren 2018, Flexible Imputation of Missing Data, 2nd ed. (section 2.3). Breslow, Clayton 1993, JASA 88:9
(penalised quasi-likelihood, by which the two-way model is fitted).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, floats

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

_ROUNDS = 40
_WEAK = 100.0  # variance of the overall level a priori: as good as none on the log or logit scale
_SMALLEST = 1e-4  # variance of effects below which there are none


@dataclass(frozen=True, eq=False)
class Combined:
    """Estimates of m completed data sets, combined; arrays where several quantities were.

    Attributes
    ----------
    estimate : float or ndarray
        Mean of the m estimates.
    within, between, total : float or ndarray
        Variance within and between the completed data sets, and of the estimate.
    df : float or ndarray
        Degrees of freedom of the t distribution.
    increase : float or ndarray
        Relative increase of the variance through what is missing.
    fraction : float or ndarray
        Share of the total variance that comes from what is missing (lambda).
    low, high : float or ndarray
    m : int
    """

    estimate: Any
    within: Any
    between: Any
    total: Any
    df: Any
    increase: Any
    fraction: Any
    low: Any
    high: Any
    m: int


def combined(estimates: ArrayLike, variances: ArrayLike, complete_df: float = np.inf, level: float = 0.95) -> Combined:
    """Combine the estimates of m completed data sets by Rubin's rules.

    Parameters
    ----------
    estimates, variances : array_like of shape (m,) or (m, quantities)
        Of each completed data set; a variance of 0 where the completed data have no error of their own (a census).
    complete_df : float
        Degrees of freedom that complete data would have.
    level : float

    Returns
    -------
    Combined
        With Barnard and Rubin's degrees of freedom.

    Raises
    ------
    ValueError
        If there are fewer than two sets, a number is missing, or a variance is negative.

    Notes
    -----
    Without a variance within, the total variance is (1 + 1/m) times that between, with m - 1 degrees of freedom.
    """
    q, u = broadcast(floats(estimates, "estimates"), floats(variances, "variances"))
    m = len(q) if q.ndim else 0
    if m < 2 or not np.all(np.isfinite(q)) or not np.all(np.isfinite(u)) or np.any(u < 0):
        raise ValueError(
            "Cần ít nhất hai bộ số liệu đã điền, mỗi bộ có ước lượng và phương sai không âm. / "
            "At least two completed data sets are needed, each with an estimate and a variance from zero on."
        )
    between_0_and_1(level)
    if not complete_df > 0:
        raise ValueError("complete_df phải lớn hơn 0. / complete_df must be above 0.")
    centre, within, between = q.mean(axis=0), u.mean(axis=0), q.var(axis=0, ddof=1)
    between = np.where(between > (1e-12 * centre) ** 2, between, 0.0)  # equal numbers differ by rounding at most
    missing = (1 + 1 / m) * between
    total = within + missing
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, missing / total, 0.0)
        old = np.where(share > 0, (m - 1) / share**2, np.inf)
        increase = np.where(within > 0, missing / within, np.where(missing > 0, np.inf, 0.0))
        if np.isfinite(complete_df):
            seen = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
            df = np.where(seen > 0, 1 / (1 / old + 1 / seen), old)
        else:
            df = old
    half = np.where(total > 0, stats.t.ppf((1 + level) / 2, np.maximum(df, 1e-3)) * np.sqrt(total), 0.0)
    return Combined(
        estimate=centre[()],
        within=within[()],
        between=between[()],
        total=total[()],
        df=df[()],
        increase=increase[()],
        fraction=share[()],
        low=(centre - half)[()],
        high=(centre + half)[()],
        m=m,
    )


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Unit effect times period effect, fitted to what was reported.

    Attributes
    ----------
    common : ndarray of shape (1 + periods,)
        Level and period effects at the mode, on the log or logit scale.
    units : ndarray of shape (units,)
        Unit effects at the mode.
    information : _Information
        About them.
    unit_variance, period_variance : float
        Of the effects.
    scatter : float
        Negative binomial: variance = mean + scatter mean^2. Beta-binomial: the intra-class correlation.
    residual_df : float
        Figures less the effective number of parameters.
    known : ndarray of bool, shape (units, periods)
    figures, sizes : ndarray of shape (units, periods)
        What it was fitted to; 0 where no figure is known.
    shares : bool
        Whether figures are parts of the sizes.
    """

    common: _Floats
    units: _Floats
    information: _Information
    unit_variance: float
    period_variance: float
    scatter: float
    residual_df: float
    known: _Bools
    figures: _Floats
    sizes: _Floats
    shares: bool

    def linear(self, m: int, rng: np.random.Generator) -> _Floats:
        """Return m x units x periods draws of level + unit + period."""
        common, units = self.information.draws(m, rng)
        return _eta(self.common + common, self.units + units)

    @property
    def expected(self) -> _Floats:
        """Expected figures at the mode, units x periods: counts, or parts of the sizes."""
        return np.asarray(self.sizes * self.rate)

    @property
    def rate(self) -> _Floats:
        """Expected rate or share at the mode, units x periods; of those without a figure too."""
        eta = _eta(self.common, self.units)
        return np.asarray(special.expit(eta) if self.shares else np.exp(np.clip(eta, -30, 30)))

    def variance(self, mean: _Floats, sizes: _Floats) -> _Floats:
        """Return the variance of figures with these means (and sizes) around them."""
        return _variance(mean, sizes, self.scatter, self.shares)

    def scatters(self, m: int, rng: np.random.Generator) -> _Floats:
        """Return m draws of the scatter: such that the Pearson statistic is what a chi-square draw says."""
        mean, y, n = self.expected[self.known], self.figures[self.known], self.sizes[self.known]
        wanted = rng.chisquare(self.residual_df, m)
        return _scatter_for(y, mean, n, wanted, self.shares)


def fitted(figures: _Floats, sizes: _Floats, *, shares: bool) -> TwoWay:
    """Fit unit and period effects to what was reported.

    Parameters
    ----------
    figures : ndarray of shape (units, periods)
        Counts, or parts; NaN where not reported.
    sizes : ndarray of shape (units, periods)
        What the rate is per, or the wholes; above zero where there is a figure.
    shares : bool
        Whether figures are parts of the sizes.

    Raises
    ------
    ValueError
        If fewer than four figures are known.

    Notes
    -----
    Effects are normal with variances of their own, so that a unit or a period with few reports is drawn towards the
    others and one without any is drawn from among them. Penalised quasi-likelihood; the scatter is set so that the
    Pearson statistic equals its degrees of freedom.
    """
    known = ~np.isnan(figures) & (sizes > 0)
    if known.sum() < 4:
        raise ValueError(
            "Cần ít nhất bốn số liệu đã báo cáo để điền phần còn thiếu. / At least four reported figures are needed to impute the others."
        )
    y, n = np.where(known, figures, 0.0), np.where(known, sizes, 0.0)
    level = (y.sum() + 0.5) / (n.sum() + 1) if shares else (y.sum() + 0.5) / n.sum()
    common = np.zeros(1 + y.shape[1])
    common[0] = special.logit(level) if shares else np.log(level)
    units = np.zeros(len(y))
    unit_variance = period_variance = 0.25
    scatter, freedom = 0.1, float(known.sum())
    for _ in range(_ROUNDS):
        before = (unit_variance, period_variance, scatter)
        for _ in range(3):
            _, score, weight = _working(y, n, _eta(common, units), scatter, shares, known)
            information = _Information.of(weight, unit_variance, period_variance)
            to_common = np.r_[score.sum(), score.sum(axis=0) - common[1:] / period_variance]
            more_common, more_units = information.solved(to_common, score.sum(axis=1) - units / unit_variance)
            common, units = common + np.clip(more_common, -2, 2), units + np.clip(more_units, -2, 2)
        mean, _, weight = _working(y, n, _eta(common, units), scatter, shares, known)
        information = _Information.of(weight, unit_variance, period_variance)
        unit_variance = max(float(np.mean(units**2 + information.of_units)), _SMALLEST)
        period_variance = max(float(np.mean(common[1:] ** 2 + information.of_common[1:])), _SMALLEST)
        freedom = max(float(known.sum() - np.sum(weight * information.of_linear)), 1.0)
        scatter = float(_scatter_for(y[known], mean[known], n[known], np.array([freedom]), shares)[0])
        if np.allclose(before, (unit_variance, period_variance, scatter), rtol=1e-3, atol=1e-5):
            break
    return TwoWay(common, units, information, unit_variance, period_variance, scatter, freedom, known, y, sizes, shares)


def _eta(common: _Floats, units: _Floats) -> _Floats:
    return np.asarray(common[..., None, :1] + units[..., :, None] + common[..., None, 1:])


def _working(y: _Floats, n: _Floats, eta: _Floats, scatter: float, shares: bool, known: _Bools) -> tuple[_Floats, _Floats, _Floats]:
    """Return mean, score and weight of each figure; score and weight are 0 where none is known."""
    eta = np.clip(eta, -30, 30)
    if shares:
        p, inflation = special.expit(eta), 1 + np.maximum(n - 1, 0) * scatter
        mean, weight = n * p, np.maximum(n * p * (1 - p), 1e-9) / inflation
        score = (y - mean) / inflation
    else:
        mean = n * np.exp(eta)
        weight, score = mean / (1 + scatter * mean), (y - mean) / (1 + scatter * mean)
    return mean, np.where(known, score, 0.0), np.where(known, weight, 0.0)


@dataclass(frozen=True, eq=False)
class _Information:
    """The information about level, periods and units, with the units (a diagonal block) eliminated first.

    Attributes
    ----------
    inverse : ndarray of shape (1 + periods, 1 + periods)
        Covariance of level and periods.
    pull : ndarray of shape (units, 1 + periods)
        By how much a unit's effect gives way when level and periods rise.
    own : ndarray of shape (units,)
        Information about each unit by itself.
    """

    inverse: _Floats
    pull: _Floats
    own: _Floats

    @classmethod
    def of(cls, weight: _Floats, unit_variance: float, period_variance: float) -> _Information:
        by_unit, by_period = weight.sum(axis=1), weight.sum(axis=0)
        cross = np.column_stack([by_unit, weight])
        common = np.diag(np.r_[weight.sum() + 1 / _WEAK, by_period + 1 / period_variance])
        common[0, 1:] = common[1:, 0] = by_period
        own = by_unit + 1 / unit_variance
        pull = cross / own[:, None]
        return cls(np.asarray(np.linalg.inv(common - cross.T @ pull), dtype=np.float64), pull, own)

    def solved(self, to_common: _Floats, to_units: _Floats) -> tuple[_Floats, _Floats]:
        """Return the step that a gradient asks for."""
        common = self.inverse @ (to_common - self.pull.T @ to_units)
        return common, to_units / self.own - self.pull @ common

    def draws(self, m: int, rng: np.random.Generator) -> tuple[_Floats, _Floats]:
        """Return m draws around zero of level and periods, and of the units."""
        root = np.linalg.cholesky(self.inverse)
        common = rng.standard_normal((m, len(self.inverse))) @ root.T
        units = rng.standard_normal((m, len(self.own))) / np.sqrt(self.own) - common @ self.pull.T
        return common, units

    @property
    def of_common(self) -> _Floats:
        """Variances of level and periods."""
        return np.diag(self.inverse)

    @property
    def of_units(self) -> _Floats:
        """Variances of the unit effects."""
        return np.asarray(1 / self.own + np.einsum("ia,ab,ib->i", self.pull, self.inverse, self.pull))

    @property
    def of_linear(self) -> _Floats:
        """Variances of level + unit + period, units x periods."""
        periods = self.pull.shape[1] - 1
        ones = np.column_stack([np.ones(periods), np.eye(periods)])
        beside = ones[None] - self.pull[:, None]
        return np.asarray(1 / self.own[:, None] + np.einsum("ita,ab,itb->it", beside, self.inverse, beside, optimize=True))


def _variance(mean: _Floats, sizes: _Floats, scatter: float, shares: bool) -> _Floats:
    if shares:
        p = np.divide(mean, sizes, out=np.zeros_like(mean), where=sizes > 0)
        return np.asarray(mean * (1 - p) * (1 + np.maximum(sizes - 1, 0) * scatter), dtype=np.float64)
    return np.asarray(mean + scatter * mean**2)


def _scatter_for(y: _Floats, mean: _Floats, n: _Floats, wanted: _Floats, shares: bool) -> _Floats:
    """Return the scatter at which the Pearson statistic is each of `wanted`; 0 where it is smaller already."""
    squared, base = (y - mean) ** 2, np.maximum(_variance(mean, n, 0.0, shares), 1e-12)
    more = np.maximum(_variance(mean, n, 1.0, shares) - base, 0.0)  # the variance rises in a straight line with the scatter

    def above(scatter: _Floats) -> _Bools:
        return np.asarray(np.sum(squared / (base + scatter[:, None] * more), axis=1) > wanted)

    low, high = np.zeros(len(wanted)), np.full(len(wanted), 0.95 if shares else 20.0)
    none = ~above(low)
    for _ in range(30):
        middle = (low + high) / 2
        rise = above(middle)
        low, high = np.where(rise, middle, low), np.where(rise, high, middle)
    return np.where(none, 0.0, high)


def drawn_counts(mean: _Floats, scatter: _Floats, rng: np.random.Generator) -> _Floats:
    """Return negative binomial draws, m x cells, for one scatter of each of m draws."""
    size = np.broadcast_to(scatter.reshape(-1, *([1] * (mean.ndim - 1))), mean.shape)
    rate = mean.copy()
    wide = (size > 1e-9) & (mean > 0)
    rate[wide] = mean[wide] * rng.gamma(1 / size[wide], size[wide])
    return rng.poisson(np.minimum(rate, 1e15)).astype(float)


def drawn_parts(share: _Floats, wholes: _Floats, scatter: _Floats, rng: np.random.Generator) -> _Floats:
    """Return beta-binomial draws, m x cells, for one intra-class correlation of each of m draws."""
    rho = np.broadcast_to(scatter.reshape(-1, *([1] * (share.ndim - 1))), share.shape)
    p = share.copy()
    wide = rho > 1e-9
    strength = 1 / rho[wide] - 1
    p[wide] = rng.beta(np.maximum(p[wide] * strength, 1e-9), np.maximum((1 - p[wide]) * strength, 1e-9))
    return rng.binomial(wholes.astype(np.int64), np.clip(p, 0, 1)).astype(float)
