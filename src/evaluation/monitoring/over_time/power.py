"""What an interrupted series could have shown: power by simulation, and the smallest change seen with a power of 80 %.

References
----------
Zhang, Wagner, Ross-Degnan 2011, Journal of Clinical Epidemiology 64:1252-1261 (simulation-based power of interrupted
series). Cario, Nelson 1997, Modeling and generating random vectors with arbitrary marginal distributions (counts from an
autoregressive normal series).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.language import Words, number, percent, span
from evaluation.monitoring.given_numbers import single, whole
from evaluation.monitoring.over_time.interrupted.segments import FEWEST_PERIODS, segments
from evaluation.monitoring.over_time.regression import fit
from evaluation.monitoring.over_time.season import season_columns
from evaluation.monitoring.rates.intervals import wilson
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 0.8
_FARTHEST = math.log(20.0)
_HALVINGS = 7

_Floats = NDArray[np.float64]

_ASSUMPTIONS = (
    Words(
        "Mức nền, độ phân tán và tự tương quan đúng như đã nêu; mùa vụ chỉ làm giảm khả năng phát hiện qua số hạng mô hình dành cho nó.",
        "Baseline, dispersion and autocorrelation are as stated; a season costs power only through the terms that the model spends on it.",
    ),
    Words("Thay đổi là một bậc, giữ nguyên đến hết chuỗi.", "The change is a step that stays to the end of the series."),
)


def simulated_counts(mean: ArrayLike, dispersion: float, correlation: float, runs: int, rng: np.random.Generator) -> _Floats:
    """Return simulated counts with a given spread, hanging together over time.

    Parameters
    ----------
    mean : array_like of shape (periods,)
        Above zero.
    dispersion : float
        Variance over mean, at least 1: 1 is Poisson, above it negative binomial.
    correlation : float
        First-order autocorrelation of the normal series behind the counts (theirs is a little lower where counts are
        small), -1 to 1.
    runs : int
    rng : Generator

    Returns
    -------
    ndarray of shape (runs, periods)
        Each period's distribution is exactly that asked for.
    """
    centre = np.asarray(mean, dtype=float)
    return counts_at(places(len(centre), correlation, runs, rng), centre, dispersion)


def places(n: int, correlation: float, runs: int, rng: np.random.Generator) -> _Floats:
    """Return places (0 to 1) of `n` periods in their distributions that hang together over time, of shape (runs, n)."""
    draws = rng.standard_normal((runs, n))
    for i in range(1, n):
        draws[:, i] = correlation * draws[:, i - 1] + np.sqrt(1 - correlation**2) * draws[:, i]
    return np.asarray(stats.norm.cdf(draws))


def counts_at(place: _Floats, mean: _Floats, dispersion: float) -> _Floats:
    """Return the counts that stand at given places (0 to 1) of their distributions."""
    if dispersion <= 1:
        return np.asarray(stats.poisson.ppf(place, mean), dtype=float)
    return np.asarray(stats.nbinom.ppf(place, mean / (dispersion - 1), 1 / dispersion), dtype=float)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Power(Result):
    """How often a change of a given size would be told from chance.

    Attributes
    ----------
    ratio : float
        The change asked about.
    smallest_fall, smallest_rise : float or None
        Ratios nearest to no change that are seen with a power of 80 %; None where even a twentieth (twentyfold) is not.
    false_alarms : float
        Share of draws without any change that were told from chance.
    frame : DataFrame
        ratio, power, low, high (Monte Carlo interval): the change asked about, none, and the smallest two.
    """

    ratio: float
    smallest_fall: float | None
    smallest_rise: float | None
    false_alarms: float
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the ratios with their power."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return the power, the smallest changes seen, and how often the test cries wolf."""
        speak = language or "en"
        fall = _said(self.smallest_fall, speak) or Words("không mức giảm nào", "no fall")[speak]
        rise = _said(self.smallest_rise, speak) or Words("không mức tăng nào", "no rise")[speak]
        asked = _said(self.ratio, speak)
        seen, low, high = (percent(x or 0.0, speak, 0) for x in (self.estimate, self.low, self.high))
        power = f"{seen} ({span(low, high, speak)})"
        wolf = percent(self.false_alarms, speak)
        return Words(
            f"Xác suất thấy được mức {asked} là {power}; thay đổi nhỏ nhất thấy được với xác suất 80%: {fall}, {rise}; "
            f"báo động nhầm khi không có gì xảy ra: {wolf}",
            f"The chance of seeing {asked} is {power}; smallest changes seen with a chance of 80%: {fall}, {rise}; "
            f"false alarms where nothing happens: {wolf}",
        )[speak]


def interruption_power(
    baseline: float,
    ratio: float,
    *,
    before: int,
    after: int,
    dispersion: float = 1.0,
    correlation: float = 0.0,
    season: int = 1,
    season_kind: str = "auto",
    slope_change: bool = False,
    errors: str = "ar1",
    level: float = 0.95,
    runs: int = 1000,
    seed: int = 2234,
) -> Power:
    """Return the power of an interrupted series of counts, and the smallest change that it would show.

    Parameters
    ----------
    baseline : float
        Events expected a period before the interruption.
    ratio : float
        The change of level asked about, such as 0.7; not 1.
    before, after : int
        Periods on each side.
    dispersion : float
        Variance over mean, at least 1.
    correlation : float
        First-order autocorrelation, 0 to below 1.
    season : int
        Periods in a year; above 1 the model spends terms on a season (`season_columns`).
    season_kind : {"auto", "indicator", "fourier"}
    slope_change, errors
        Of the model, as in `monitoring.over_time.interrupted`.
    level : float
        Of the interval that has to leave out no change.
    runs : int
        Draws.
    seed : int

    Returns
    -------
    Power

    Raises
    ------
    ValueError
        If a number is outside its range or a side has fewer than four periods.

    Notes
    -----
    The same draws serve all ratios, so that power rises with the size of the
    change. Draws whose model cannot be fitted (all zero) see nothing.
    """
    import pandas as pd

    before, after = whole(before, "before"), whole(after, "after")
    _check(baseline, ratio, before, after, dispersion, correlation)
    n = before + after
    others = season_columns(np.arange(n) % season + 1, season, season_kind)
    cut = segments(n, before, slope_change=slope_change, others=others)
    draws = places(n, correlation, runs, np.random.default_rng(seed))

    def power(log_ratio: float) -> float:
        counts = counts_at(draws, baseline * np.exp(log_ratio * cut.after), dispersion)
        found = fit(counts, cut.design, errors=errors)
        return float(np.mean(np.nan_to_num(found.p_value(cut.level_at), nan=1.0) < 1 - level))

    smallest = [_smallest(power, sign) for sign in (-1.0, 1.0)]
    fall, rise = (None if x is None else float(np.exp(x)) for x in smallest)
    asked, wolf = power(float(np.log(ratio))), power(0.0)
    rows = [(ratio, asked), (1.0, wolf), *((r, power(float(np.log(r)))) for r in (fall, rise) if r is not None)]
    frame = pd.DataFrame(rows, columns=["ratio", "power"]).sort_values("ratio", ignore_index=True)
    frame["low"], frame["high"] = wilson(frame["power"] * runs, runs, level)
    low, high = wilson(asked * runs, runs, level)
    return Power(
        estimand=Words(
            f"Xác suất một thay đổi với tỷ số {number(ratio, 'vi', 2)} được phân biệt với ngẫu nhiên",
            f"Chance that a change by a ratio of {number(ratio, 'en', 2)} is told from chance",
        ),
        method=Words(
            f"Mô phỏng {number(runs, 'vi')} lượt chuỗi gián đoạn {before} và {after} kỳ (Zhang và cs. 2011).",
            f"{number(runs, 'en')} simulated interrupted series of {before} and {after} periods (Zhang et al. 2011).",
        ),
        estimate=asked,
        low=float(low),
        high=float(high),
        level=level,
        n=runs,
        unit="share",
        assumptions=_ASSUMPTIONS,
        diagnostics={"baseline": baseline, "dispersion": dispersion, "correlation": correlation, "season": season},
        ratio=ratio,
        smallest_fall=fall,
        smallest_rise=rise,
        false_alarms=wolf,
        frame=frame,
    )


def _smallest(power: Callable[[float], float], sign: float) -> float | None:
    """Return the log ratio nearest to zero on one side with enough power, found by halving; None where there is none."""
    low, high = 0.0, _FARTHEST
    if power(sign * high) < ENOUGH:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(sign * middle) >= ENOUGH else (middle, high)
    return sign * high


def _said(ratio: float | None, language: str) -> str:
    """Write a ratio as a fall or a rise in per cent; empty where there is none."""
    if ratio is None:
        return ""
    way = Words("giảm", "a fall of") if ratio < 1 else Words("tăng", "a rise of")
    return f"{way[language]} {percent(abs(ratio - 1), language, 0)}"


def _check(baseline: float, ratio: float, before: int, after: int, dispersion: float, correlation: float) -> None:
    for value, name in ((baseline, "baseline"), (ratio, "ratio"), (dispersion, "dispersion"), (correlation, "correlation")):
        single(value, name)
    if not (baseline > 0 and ratio > 0 and ratio != 1 and dispersion >= 1 and 0 <= correlation < 1):
        raise ValueError(
            "baseline và ratio phải lớn hơn 0 (ratio khác 1), dispersion từ 1, correlation từ 0 đến dưới 1. / "
            "baseline and ratio must be above 0 (ratio not 1), dispersion at least 1, correlation from 0 to below 1."
        )
    if min(before, after) < FEWEST_PERIODS:
        raise ValueError(
            f"Cần ít nhất {FEWEST_PERIODS} kỳ ở mỗi bên; có {before} và {after}. / "
            f"At least {FEWEST_PERIODS} periods a side are needed; there are {before} and {after}."
        )
