"""Bayesian structural time series: a drifting level and the donors' course, averaged over all drifts in closed form.

Given the drift's share of the noise, level, slope and noise have a conjugate posterior; the share itself is averaged
over a fine grid. Nothing is drawn: the same figures give the same numbers, and all placebos are found at once.

References
----------
Brodersen, Gallusser, Koehler, Remy, Scott 2015, Annals of Applied Statistics 9:247-274 (the model; the priors are the
defaults of its R package). Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter (local level).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import stdtr

from evaluation.effects.design import Design, Fit, one_by_one
from evaluation.effects.designs.log_counts import area, course, read, working
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough, one_start
from evaluation.language import Words

LEVEL_SD = 0.01
EXPECTED_R2, NOISE_DF, LEVEL_DF = 0.8, 50.0, 32.0
SLOPE_WEIGHT = 0.01  # observations that the prior of the slope is worth
SHARES = np.geomspace(1e-6, 1e2, 73)  # variance of the level's steps over that of the noise
LEAST_BEFORE = 4


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the past says of the course without the pilot, on the working scale.

    Attributes
    ----------
    course : ndarray of shape (periods,)
        Posterior mean: smoothed before the start, predicted from it on.
    mean, sd : float
        Of the average prediction over some periods.
    slope : float
        Of the donors' course, posterior mean, on the working scale.
    level_sd : float
        Posterior mean standard deviation of a step of the level.
    weights, centres, scales : ndarray of shape (shares,)
        The average prediction as a mixture of t-distributions with `df` degrees of freedom.
    df : float
    """

    course: Floats
    mean: float
    sd: float
    slope: float
    level_sd: float
    weights: Floats
    centres: Floats
    scales: Floats
    df: float

    def below(self, x: float) -> float:
        """Return the posterior probability that the average prediction is below x."""
        return float(self.weights @ stdtr(self.df, (x - self.centres) / self.scales))

    def quantile(self, p: float) -> float:
        """Return a quantile of the average prediction, by bisection."""
        low, high = self.mean - 40 * self.sd, self.mean + 40 * self.sd
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < p else (low, middle)
        return (low + high) / 2


def structural_series(level_sd: float = LEVEL_SD, season: int | None = None) -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    level_sd : float
        Prior guess of a step of the level, in standard deviations of the
        series before the start; larger lets the level drift more and widens
        the prediction.
    season : int, optional
        Periods of a year, for seasonal effects of its own beside those that
        the donors' course carries.

    Raises
    ------
    ValueError
        If the guess is not above 0 or a season has fewer than two periods.
    """
    if not level_sd > 0:
        raise ValueError(f"level_sd={level_sd}: cần trên 0. / It must be above 0.")
    if season is not None and season < 2:
        raise ValueError(f"season={season}: cần từ 2 kỳ. / A season has at least 2 periods.")

    def fit(panel: Matrix) -> Fit:
        return _fit(panel, level_sd, season, {})

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        known: dict[bytes, tuple[Floats, Floats]] = {}
        return one_by_one(lambda other: _fit(other, level_sd, season, known), panel, placebos)

    return Design(
        id="bsts",
        name=Words("Chuỗi thời gian cấu trúc Bayes", "Bayesian structural time series"),
        method=Words(
            "Chuỗi thời gian cấu trúc Bayes: mức trôi chậm cộng diễn biến chung của các đơn vị so sánh, ước lượng trên các kỳ trước rồi "
            "dự báo (Brodersen và cộng sự 2015).",
            "Bayesian structural time series: a slowly drifting level and the donors' common course, learnt before the start and carried "
            "on (Brodersen et al. 2015).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        each=each,
    )


ASSUMPTIONS = (
    Words(
        "Nếu không có mô hình, quan hệ trước đó giữa đơn vị thí điểm và diễn biến chung của các đơn vị so sánh vẫn giữ nguyên.",
        "Without the pilot, its unit would have kept moving with the donors' common course as it did before the start.",
    ),
    Words(
        "Các đơn vị so sánh không chịu tác động của mô hình; mức của đơn vị thí điểm chỉ trôi chậm.",
        "The comparison units are not reached by the pilot; the level of the pilot's unit drifts only slowly.",
    ),
)


def _fit(panel: Matrix, level_sd: float, season: int | None, known: dict[bytes, tuple[Floats, Floats]]) -> Fit:
    one_start(panel)
    one = area(panel)
    before, after = one_start(one)
    z = working(one)[0]
    donors = course(one)
    if one.measure in LOGS:
        donors = np.where(donors > 0, np.log(np.where(donors > 0, donors, 1.0)), np.nan)
    use = before & np.isfinite(z) & np.isfinite(donors)
    target = after & np.isfinite(z) & np.isfinite(donors)
    columns = np.column_stack([donors, *_seasons(len(z), season)])
    least = LEAST_BEFORE + columns.shape[1] - 1
    if use.sum() < least:
        raise NotEnough(
            f"Chuỗi thời gian cấu trúc cần ít nhất {least} kỳ có số liệu trước khi bắt đầu; có {use.sum()}. / "
            f"The structural time series needs at least {least} periods with figures before the start; it has {use.sum()}."
        )
    if not target.any():
        raise NotEnough("Sau khi bắt đầu không kỳ nào có đủ số liệu của cả hai bên. / After the start no period has figures of both sides.")
    found = forecast(z, columns, use, target, level_sd, known)
    average = float(z[target].mean())
    details: dict[str, Any] = {
        "slope": found.slope,
        "level_sd": found.level_sd,
        "posterior_low": average - found.quantile(0.975),
        "posterior_high": average - found.quantile(0.025),
        "tail_probability": min(found.below(average), 1 - found.below(average)),
    }
    share = np.where(np.asarray(panel.treated), 0.0, 1 / (~np.asarray(panel.treated)).sum())
    return replace(read(one, np.where(np.isfinite(donors), found.course, np.nan)[None], None, found.sd, details), weights=share)


def forecast(
    z: Floats,
    columns: Floats,
    use: Flags,
    target: Flags,
    level_sd: float = LEVEL_SD,
    known: dict[bytes, tuple[Floats, Floats]] | None = None,
) -> Forecast:
    """Return the posterior of the course without the pilot.

    Parameters
    ----------
    z : ndarray of shape (periods,)
    columns : ndarray of shape (periods, k)
        Regressors, the donors' course first.
    use : ndarray of bool
        Periods to learn from.
    target : ndarray of bool
        Periods whose average is predicted.
    level_sd : float
        As `structural_series`.
    known : dict, optional
        What depends on the periods alone, kept from one series to the next.
    """
    at = np.arange(len(z), dtype=float)
    y = z[use]
    size = float(y.std(ddof=1)) or 1.0
    centre, spread = columns[use].mean(axis=0), columns[use].std(axis=0, ddof=1)
    varies = spread > 1e-12 * (1 + np.abs(centre))
    x = np.where(np.isfinite(columns), columns - centre, 0.0)[:, varies] / spread[varies]
    y = (y - y.mean()) / size
    inverse, determinant = _kept(at[use], {} if known is None else known)
    full = np.column_stack([np.ones(len(z)), x])
    own = full[use]
    prior = np.diag(np.r_[0.0, np.full(x.shape[1], SLOPE_WEIGHT)])
    vx = inverse @ own
    precision = own.T @ vx + prior
    spread_b = np.linalg.inv(precision)
    coefficient = np.einsum("qij,qnj,n->qi", spread_b, vx, y)
    left = y - coefficient @ own.T
    weighted = np.einsum("qij,qj->qi", inverse, left)
    squares = (left * weighted).sum(1) + np.einsum("qi,ij,qj->q", coefficient, prior, coefficient)
    shape, rate, weight = _posterior(squares, determinant, precision, len(y), level_sd)
    lag = np.minimum(at[:, None], at[None, use]) - at[use][0]
    lag = np.maximum(lag, 0.0)
    course_q = coefficient @ full.T + SHARES[:, None] * (weighted @ lag.T)
    mean_q, variance = _average(target, at, lag, full, inverse, vx, spread_b, course_q, at[use][0])
    scales = np.sqrt(rate / shape * variance)
    moments = weight @ mean_q
    sd = float(np.sqrt(weight @ (rate / (shape - 1) * variance + mean_q**2) - moments**2))
    slope = float(weight @ coefficient[:, 1] * size / spread[0]) if varies[0] else 0.0
    back = z[use].mean()
    return Forecast(
        course=np.asarray(back + size * (weight @ course_q)),
        mean=float(back + size * moments),
        sd=size * sd,
        slope=slope,
        level_sd=float(weight @ np.sqrt(SHARES * rate / (shape - 1))) * size,
        weights=weight,
        centres=np.asarray(back + size * mean_q),
        scales=size * scales,
        df=2 * shape,
    )


def _kept(times: Floats, known: dict[bytes, tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return inverse and log determinant of the covariance of noise and drift for each share."""
    key = times.tobytes()
    if key not in known:
        walk = np.minimum(times[:, None], times) - times[0]
        covariance = np.eye(len(times)) + SHARES[:, None, None] * walk
        known[key] = (np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1])
    return known[key]


def _posterior(squares: Floats, determinant: Floats, precision: Floats, n: int, level_sd: float) -> tuple[float, Floats, Floats]:
    """Return shape and rate of the noise's inverse gamma for each share, and the shares' posterior weights."""
    noise = NOISE_DF * (1 - EXPECTED_R2)
    step = LEVEL_DF * level_sd**2
    shape = (NOISE_DF + LEVEL_DF + n - 1) / 2
    rate = (noise + step / SHARES + squares) / 2
    log = -LEVEL_DF / 2 * np.log(SHARES) - 0.5 * determinant - 0.5 * np.linalg.slogdet(precision)[1] - shape * np.log(rate)
    weight = np.exp(log - log.max())
    return shape, rate, weight / weight.sum()


def _average(
    target: Flags, at: Floats, lag: Floats, full: Floats, inverse: Floats, vx: Floats, spread_b: Floats, course_q: Floats, origin: float
) -> tuple[Floats, Floats]:
    """Return mean and variance (in units of the noise) of the average outcome over the target, for each share."""
    m = int(target.sum())
    k = lag[target].mean(axis=0)
    ahead = np.minimum(at[target][:, None], at[target]) - origin
    direct = 1 / m + SHARES * ahead.mean()
    pull = SHARES[:, None] * np.einsum("j,qjk->qk", k, inverse)
    d = full[target].mean(axis=0) - SHARES[:, None] * np.einsum("j,qjk->qk", k, vx)
    variance = direct - SHARES * (pull @ k) + np.einsum("qi,qij,qj->q", d, spread_b, d)
    return course_q[:, target].mean(axis=1), variance


def _seasons(n: int, season: int | None) -> list[Floats]:
    """Return indicators of all but the last period of a year."""
    return [] if season is None else [(np.arange(n) % season == k).astype(float) for k in range(season - 1)]


STRUCTURAL = structural_series()
