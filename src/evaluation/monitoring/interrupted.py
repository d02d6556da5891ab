"""Interrupted time series of counts: level change at a known date, with trend, season, exposure and overdispersion.

References
----------
Lopez Bernal, Cummins, Gasparrini 2017 (Int. J. Epidemiology 46:348); Wagner et al. 2002 (J. Clin. Pharm. Ther. 27:299).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

# Below this many reported periods on a side a trend and a level cannot be told apart with any use.
FEWEST_PERIODS = 4

_ASSUMPTIONS = (
    Words(
        "Nếu không có can thiệp, xu thế và mùa vụ trước đó đã tiếp diễn.",
        "Without the intervention the trend and season would have gone on.",
    ),
    Words("Không có việc nào khác xảy ra cùng lúc làm thay đổi số đếm.", "Nothing else that moves the counts happened at the same time."),
    Words("Cách ghi nhận không thay đổi khi can thiệp bắt đầu.", "Recording did not change when the intervention began."),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class InterruptedSeries(Result):
    """The change at the interruption, as a rate ratio, and the series behind it.

    Attributes
    ----------
    slope_ratio, slope_low, slope_high : float or None
        Change of the trend a period, as a ratio; None where no change of trend was asked for.
    trend_ratio : float
        Trend a period before the interruption.
    dispersion : float
        Pearson chi-square over its degrees of freedom; 1 is Poisson, 2 doubles the variance.
    autocorrelation : float
        Of the Pearson residuals at one period's distance; far from 0 means that the interval is too narrow.
    series : DataFrame
        Columns period, observed, expected (with the intervention), counterfactual (without), exposure, after (bool).
    """

    slope_ratio: float | None
    slope_low: float | None
    slope_high: float | None
    trend_ratio: float
    dispersion: float
    autocorrelation: float
    series: pd.DataFrame = field(compare=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the series with what was expected with and without the intervention."""
        return self.series.copy()


def interrupted_series(
    series: pd.DataFrame,
    *,
    events: str,
    period: str,
    start: object,
    exposure: str | None = None,
    harmonics: int = 0,
    season: int = 12,
    slope_change: bool = False,
    overdispersion: bool = True,
    label: Words | None = None,
    level: float = 0.95,
) -> InterruptedSeries:
    """Estimate by how much the rate of events changed at a known period.

    Parameters
    ----------
    series : DataFrame
        One row a period, no period left out; a period not reported has a missing count and stays in its place in time.
    events, period : str
        Columns of the counts and of the periods (numbers, dates or texts that sort in time).
    start : object
        First period with the intervention, a value of `period`.
    exposure : str, optional
        Column of the population or time at risk; its logarithm enters as an offset.
    harmonics : int
        Pairs of sine and cosine for the season; 0 leaves the season out.
    season : int
        Periods in a year: 12 for months, 4 for quarters.
    slope_change : bool
        Whether the trend may change too; the level change is then the one at `start`.
    overdispersion : bool
        Whether standard errors grow with the Pearson dispersion (quasi-Poisson); a dispersion below 1 never narrows them.
    label : Words, optional
        Name of the events for the reader.
    level : float
        Confidence level of the interval (normal on the log scale).

    Returns
    -------
    InterruptedSeries
        `estimate` is the ratio of the rate with the intervention to the rate that trend and season would have led to.

    Raises
    ------
    ValueError
        If `start` is not a period, periods repeat, counts are negative, an exposure is not above zero, harmonics do not
        fit the season, or fewer than four periods are reported on either side.
    """
    data = series.sort_values(period).reset_index(drop=True)
    _check(data, events, period, start, exposure, harmonics, season)
    after = (data[period] >= start).to_numpy()
    design, level_at, slope_at = _design(np.arange(1, len(data) + 1, dtype=float), after, harmonics, season, slope_change)
    y = data[events].to_numpy(dtype=float)
    offset = np.log(data[exposure].to_numpy(dtype=float)) if exposure else np.zeros(len(data))
    fit = _fitted(y, design, offset, overdispersion, level)
    without = design.copy()
    without[:, [level_at] if slope_at is None else [level_at, slope_at]] = 0.0
    estimand, method = _words(label or Words(events, events), start, harmonics, overdispersion)
    ratio, low, high = fit.ratio(level_at)
    slope = (None, None, None) if slope_at is None else fit.ratio(slope_at)
    return InterruptedSeries(
        estimand=estimand,
        method=method,
        estimate=ratio,
        low=low,
        high=high,
        level=level,
        n=int(fit.seen.sum()),
        unit="ratio",
        assumptions=_ASSUMPTIONS,
        diagnostics={
            "periods_before": int((fit.seen & ~after).sum()),
            "periods_after": int((fit.seen & after).sum()),
            "periods_missing": int((~fit.seen).sum()),
            "scaled_by_dispersion": fit.scaled,
        },
        slope_ratio=slope[0],
        slope_low=slope[1],
        slope_high=slope[2],
        trend_ratio=fit.ratio(1)[0],
        dispersion=fit.dispersion,
        autocorrelation=_lag_one(fit.residuals),
        series=_series(data, period, y, fit.expected(design, offset), fit.expected(without, offset), np.exp(offset), after),
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """A fitted Poisson model of the reported periods."""

    parameters: NDArray[np.float64]
    bounds: NDArray[np.float64]
    residuals: NDArray[np.float64]
    seen: NDArray[np.bool_]
    dispersion: float
    scaled: bool

    def ratio(self, at: int) -> tuple[float, float, float]:
        """Return a parameter as a ratio with its interval."""
        return float(np.exp(self.parameters[at])), float(np.exp(self.bounds[at, 0])), float(np.exp(self.bounds[at, 1]))

    def expected(self, design: NDArray[np.float64], offset: NDArray[np.float64]) -> Any:
        """Return the counts that the model expects."""
        return np.exp(design @ self.parameters + offset)


def _fitted(y: NDArray[np.float64], design: NDArray[np.float64], offset: NDArray[np.float64], overdispersion: bool, level: float) -> _Fit:
    """Fit the model; standard errors grow with the Pearson dispersion where asked and where it is above 1."""
    import statsmodels.api as sm

    seen = ~np.isnan(y)
    model = sm.GLM(y[seen], design[seen], family=sm.families.Poisson(), offset=offset[seen])
    fit = model.fit()
    dispersion = float(fit.pearson_chi2 / fit.df_resid)
    scaled = bool(overdispersion and dispersion > 1)
    if scaled:
        fit = model.fit(scale=dispersion)
    residuals = np.full(len(y), np.nan)
    residuals[seen] = np.asarray(fit.resid_pearson)
    return _Fit(np.asarray(fit.params), np.asarray(fit.conf_int(alpha=1 - level)), residuals, seen, dispersion, scaled)


def _words(name: Words, start: object, harmonics: int, overdispersion: bool) -> tuple[Words, Words]:
    """Return what is estimated and how."""
    spread = Words(", sai số theo độ phân tán quá mức", ", errors scaled by overdispersion") if overdispersion else Words("", "")
    estimand = Words(
        f"Tỷ số của mức {name.vi} từ kỳ {start} so với mức do xu thế trước đó dẫn tới",
        f"Ratio of the rate of {name.en} from {start} to the rate that the earlier trend led to",
    )
    method = Words(
        f"Chuỗi thời gian gián đoạn, hồi quy Poisson, {harmonics} cặp điều hòa{spread.vi}.",
        f"Interrupted time series, Poisson regression, {harmonics} harmonic pairs{spread.en}.",
    )
    return estimand, method


def _design(
    time: NDArray[np.float64], after: NDArray[np.bool_], harmonics: int, season: int, slope_change: bool
) -> tuple[NDArray[np.float64], int, int | None]:
    columns = [np.ones_like(time), time, after.astype(float)]
    slope_at = None
    if slope_change:
        slope_at = len(columns)
        columns.append(np.where(after, time - time[after].min(), 0.0))
    for k in range(1, harmonics + 1):
        angle = 2 * np.pi * k * time / season
        # At half the season's length the sine is zero at every period.
        columns += [np.cos(angle)] if 2 * k == season else [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns), 2, slope_at


def _lag_one(residuals: NDArray[np.float64]) -> float:
    here, before = residuals[1:], residuals[:-1]
    both = ~np.isnan(here) & ~np.isnan(before)
    centre = np.nanmean(residuals)
    return float(np.sum((here[both] - centre) * (before[both] - centre)) / np.nansum((residuals - centre) ** 2))


def _series(data: pd.DataFrame, period: str, observed: Any, expected: Any, without: Any, exposure: Any, after: Any) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "period": data[period].to_numpy(),
            "observed": observed,
            "expected": expected,
            "counterfactual": without,
            "exposure": exposure,
            "after": after,
        }
    )


def _check(data: pd.DataFrame, events: str, period: str, start: object, exposure: str | None, harmonics: int, season: int) -> None:
    if data[period].duplicated().any() or start not in set(data[period]):
        raise ValueError(
            f"Cột {period} phải có mỗi kỳ một dòng và có kỳ bắt đầu {start}. / "
            f"Column {period} must have one row a period and hold the start {start}."
        )
    if (data[events] < 0).any() or (exposure and not (data[exposure] > 0).all()):
        raise ValueError(
            f"Số đếm ở cột {events} không được âm và mẫu số {exposure or ''} phải lớn hơn 0 ở mọi kỳ. / "
            f"Counts in {events} cannot be negative and the exposure {exposure or ''} must be above 0 in every period."
        )
    if not 0 <= 2 * harmonics <= season:
        raise ValueError(
            f"harmonics={harmonics} không hợp với season={season}: tối đa {season // 2}. / "
            f"harmonics={harmonics} does not fit season={season}: at most {season // 2}."
        )
    reported = data[events].notna()
    before, later = int((reported & (data[period] < start)).sum()), int((reported & (data[period] >= start)).sum())
    if min(before, later) < FEWEST_PERIODS:
        raise ValueError(
            f"Cần ít nhất {FEWEST_PERIODS} kỳ có báo cáo ở mỗi bên kỳ {start}; có {before} trước và {later} sau. / "
            f"At least {FEWEST_PERIODS} reported periods are needed on each side of {start}; there are {before} before and {later} after."
        )
