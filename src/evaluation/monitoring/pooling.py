"""Pooling of study estimates: random effects by REML or DerSimonian-Laird, with Knapp and Hartung's interval.

References
----------
DerSimonian, Laird 1986 (Controlled Clinical Trials 7:177); Knapp, Hartung 2003 (Statistics in Medicine 22:2693);
Raudenbush 2009 (Handbook of Research Synthesis, 2nd ed., ch. 16); Higgins, Thompson, Spiegelhalter 2009 (JRSS A 172:137).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from evaluation.language import Words
from evaluation.monitoring.given_numbers import between_0_and_1, floats
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["REML", "DL", "fixed"]

_NAMES = {
    "REML": Words(
        "Gộp hiệu ứng ngẫu nhiên, phương sai giữa các nghiên cứu theo REML", "Random-effects pooling, between-study variance by REML"
    ),
    "DL": Words("Gộp hiệu ứng ngẫu nhiên theo DerSimonian và Laird", "Random-effects pooling by DerSimonian and Laird"),
    "fixed": Words("Gộp hiệu ứng cố định theo nghịch đảo phương sai", "Fixed-effect pooling by inverse variance"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Pooled(Result):
    """A pooled estimate and how far the studies disagree.

    Attributes
    ----------
    standard_error : float
        On the scale pooled (the log scale for ratios).
    tau2 : float
        Variance between studies, on the scale pooled.
    i2 : float
        Share of the total variation that is between studies (Higgins' I2, from tau2), 0 to 1.
    q, q_p : float
        Cochran's Q and its p-value.
    prediction_low, prediction_high : float
        Where the true effect of a further study would lie.
    studies : DataFrame
        Columns label, estimate, low, high, weight (share): one row a study.
    """

    standard_error: float
    tau2: float
    i2: float
    q: float
    q_p: float
    prediction_low: float
    prediction_high: float
    studies: pd.DataFrame = field(compare=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the studies and their weights, one row a study."""
        return self.studies.copy()


def pool(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    labels: list[str] | None = None,
    method: Method = "REML",
    knapp_hartung: bool = False,
    estimand: Words | None = None,
    unit: str = "",
    level: float = 0.95,
) -> Pooled:
    """Pool estimates of one quantity from independent studies.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        Estimates and their squared standard errors, k of two or more.
    labels : list of str, optional
        Names of the studies.
    method : {"REML", "DL", "fixed"}
        How the variance between studies is found; "fixed" takes it as zero.
    knapp_hartung : bool
        Whether to use Knapp and Hartung's standard error with a t distribution on k - 1 degrees of freedom: wider and
        better kept with few studies.
    estimand : Words, optional
    unit : str
    level : float

    Raises
    ------
    ValueError
        If fewer than two studies are given, or a variance is not above zero.
    """
    y, v = np.atleast_1d(floats(estimates, "estimates")), np.atleast_1d(floats(variances, "variances"))
    between_0_and_1(level)
    _check(y, v)
    k, weights0 = len(y), 1 / v
    mean0 = float(np.average(y, weights=weights0))
    q = float(np.sum(weights0 * (y - mean0) ** 2))
    tau2 = {"REML": _reml, "DL": _dersimonian_laird, "fixed": lambda *_: 0.0}[method](y, v)
    weights = 1 / (v + tau2)
    mean = float(np.average(y, weights=weights))
    error = float(1 / np.sqrt(weights.sum()))
    critical = float(stats.norm.ppf((1 + level) / 2))
    if knapp_hartung:
        error = float(np.sqrt(np.sum(weights * (y - mean) ** 2) / ((k - 1) * weights.sum())))
        critical = float(stats.t.ppf((1 + level) / 2, k - 1))
    spread = critical * float(np.sqrt(tau2 + error**2))
    typical = (k - 1) * weights0.sum() / (weights0.sum() ** 2 - np.sum(weights0**2))
    z = float(stats.norm.ppf((1 + level) / 2))
    suffix = Words(", khoảng Knapp-Hartung", ", Knapp-Hartung interval") if knapp_hartung else Words("", "")
    return Pooled(
        estimand=estimand or Words("Trung bình của các nghiên cứu", "Mean over studies"),
        method=Words(_NAMES[method].vi + suffix.vi, _NAMES[method].en + suffix.en),
        estimate=mean,
        low=mean - critical * error,
        high=mean + critical * error,
        level=level,
        n=k,
        unit=unit,
        assumptions=(
            Words("Các nghiên cứu độc lập và đo cùng một đại lượng.", "The studies are independent and measure one quantity."),
            Words("Sai số trong từng nghiên cứu coi như đã biết.", "Errors within studies are taken as known."),
        ),
        diagnostics={"method": method, "knapp_hartung": knapp_hartung},
        standard_error=error,
        tau2=float(tau2),
        i2=float(tau2 / (tau2 + typical)),
        q=q,
        q_p=float(stats.chi2.sf(q, k - 1)),
        prediction_low=mean - spread,
        prediction_high=mean + spread,
        studies=_table(labels, y, y - z * np.sqrt(v), y + z * np.sqrt(v), weights),
    )


def log_ratio(ratio: ArrayLike, low: ArrayLike, high: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithm of published ratios and its variance, read off their intervals.

    Parameters
    ----------
    ratio, low, high : array_like
        Odds or rate ratios with the bounds of their intervals.
    level : float
        Confidence level of the published intervals.

    Returns
    -------
    (log, variance)
        The logarithms and the squared standard errors, ((log high - log low) / 2z)^2.

    Raises
    ------
    ValueError
        If a number is not above zero, or `level` is not between 0 and 1.
    """
    between_0_and_1(level)
    middle, below, above = (floats(x, name) for x, name in ((ratio, "ratio"), (low, "low"), (high, "high")))
    if any(np.any(x <= 0) or np.any(np.isinf(x)) for x in (middle, below, above)):
        raise ValueError("Tỷ số và hai đầu khoảng phải lớn hơn 0 và hữu hạn. / Ratios and their bounds must be finite and above 0.")
    z = float(stats.norm.ppf((1 + level) / 2))
    error = (np.log(above) - np.log(below)) / (2 * z)
    return np.log(middle), error**2


def pool_ratios(
    ratios: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    *,
    labels: list[str] | None = None,
    method: Method = "REML",
    knapp_hartung: bool = False,
    estimand: Words | None = None,
    level: float = 0.95,
) -> Pooled:
    """Pool published ratios on the log scale and give the answer as a ratio.

    Parameters
    ----------
    ratios, lows, highs : array_like, shape (k,)
        Published ratios and the bounds of their intervals, all at `level`.
    labels, method, knapp_hartung, estimand, level
        As in `pool`.

    Returns
    -------
    Pooled
        Estimate, interval, prediction interval and studies are ratios; `standard_error` and `tau2` are of the logarithm.

    Raises
    ------
    ValueError
        As in `pool`.
    """
    y, v = log_ratio(ratios, lows, highs, level)
    logs = pool(y, v, labels=labels, method=method, knapp_hartung=knapp_hartung, level=level)
    studies = logs.studies.assign(
        estimate=np.asarray(ratios, dtype=float), low=np.asarray(lows, dtype=float), high=np.asarray(highs, dtype=float)
    )
    taken: dict[str, Any] = {
        name: float(np.exp(getattr(logs, name))) for name in ("estimate", "low", "high", "prediction_low", "prediction_high")
    }
    kept: dict[str, Any] = {
        name: getattr(logs, name)
        for name in ("method", "level", "n", "assumptions", "diagnostics", "standard_error", "tau2", "i2", "q", "q_p")
    }
    return Pooled(estimand=estimand or Words("Tỷ số chung", "Common ratio"), unit="ratio", studies=studies, **taken, **kept)


def _dersimonian_laird(y: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    w = 1 / v
    q = np.sum(w * (y - np.average(y, weights=w)) ** 2)
    return max(0.0, float((q - (len(y) - 1)) / (w.sum() - np.sum(w**2) / w.sum())))


def _reml(y: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    def loss(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float(-np.sum(np.log(w)) + np.log(w.sum()) + np.sum(w * (y - np.average(y, weights=w)) ** 2)) / 2

    # The likelihood can have more than one hump: look at a grid first, then between the best point's neighbours.
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1, 60) * (10 * float(np.var(y)) + float(v.max()))])
    best = int(np.argmin([loss(t) for t in grid]))
    edges = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    found = float(optimize.minimize_scalar(loss, bounds=edges, method="bounded", options={"xatol": 1e-12}).x)
    return found if loss(found) < loss(0.0) else 0.0


def _check(y: NDArray[np.float64], v: NDArray[np.float64]) -> None:
    if len(y) < 2 or len(y) != len(v):
        raise ValueError(
            f"Cần ít nhất hai nghiên cứu, mỗi nghiên cứu một phương sai; có {len(y)} và {len(v)}. / "
            f"At least two studies with a variance each are needed; there are {len(y)} and {len(v)}."
        )
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError(
            "Ước lượng phải là số và phương sai phải lớn hơn 0; hãy bỏ nghiên cứu không có khoảng tin cậy và nói rõ. / "
            "Estimates must be numbers and variances above 0; leave out studies without an interval and say so."
        )


def _table(
    labels: list[str] | None,
    y: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> pd.DataFrame:
    import pandas as pd

    names = labels or [str(i) for i in range(1, len(y) + 1)]
    return pd.DataFrame({"label": names, "estimate": y, "low": low, "high": high, "weight": weights / weights.sum()})
