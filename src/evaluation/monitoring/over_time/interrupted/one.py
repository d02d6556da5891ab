"""Interrupted time series of one unit: level change at a known date, with trend, season, exposure and overdispersion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number, number_span, percent, uncapitalised
from evaluation.monitoring.over_time.autocorrelation import lag_one
from evaluation.monitoring.over_time.interrupted.segments import Segments, check_sides, season_terms, segments
from evaluation.monitoring.over_time.regression import Fit, fit
from evaluation.monitoring.over_time.trend import CLEAR, UNCLEAR
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FAMILIES = ("poisson", "quasi", "negative_binomial", "binomial", "log_rate")

_Floats = NDArray[np.float64]

ASSUMPTIONS = (
    Words(
        "Nếu không có can thiệp, xu thế và mùa vụ trước đó đã tiếp diễn.",
        "Without the intervention the trend and season would have gone on.",
    ),
    Words("Không có việc nào khác xảy ra cùng lúc làm thay đổi số đếm.", "Nothing else that moves the counts happened at the same time."),
    Words("Cách ghi nhận không thay đổi khi can thiệp bắt đầu.", "Recording did not change when the intervention began."),
)
KINDS = {
    "poisson": Words("hồi quy Poisson", "Poisson regression"),
    "quasi": Words("hồi quy Poisson", "Poisson regression"),
    "negative_binomial": Words("hồi quy nhị thức âm", "negative binomial regression"),
    "binomial": Words("hồi quy lô-git của tỷ lệ", "logistic regression of the share"),
    "log_rate": Words("hồi quy tuyến tính của lô-ga-rít tỷ suất", "linear regression of the logarithm of the rate"),
}
CARRIED = {
    "independent": Words("", ""),
    "ar1": Words(", sai số theo tự tương quan bậc một", ", errors by a first-order autocorrelation"),
    "newey_west": Words(", sai số Newey-West", ", Newey-West errors"),
    "prais_winsten": Words(", ước lượng Prais-Winsten", ", Prais-Winsten estimates"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class InterruptedSeries(Result):
    """The change at the interruption, as a rate ratio (an odds ratio of a share), and the series behind it.

    Attributes
    ----------
    slope_ratio, slope_low, slope_high : float or None
        Change of the trend a period, as a ratio; None where no change of trend was asked for.
    trend_ratio : float
        Trend a period before the interruption.
    dispersion : float
        Pearson chi-square over its degrees of freedom; 1 is Poisson, 2 doubles the variance.
    autocorrelation : float
        Of the Pearson residuals at one period's distance; far from 0 means that independent errors are too narrow.
    p : float
        Two-sided, of no change of level.
    difference, difference_low, difference_high : float
        Events more (or fewer, negative) over all periods with the intervention than without it (delta method).
    label : Words
    share : bool
        Whether counts are out of an exposure of people.
    start : str
    series : DataFrame
        Columns period, observed, expected (with the intervention), expected_low, expected_high, counterfactual
        (without), counterfactual_low, counterfactual_high, exposure, after (bool), phase_in (bool): counts all.
    """

    slope_ratio: float | None
    slope_low: float | None
    slope_high: float | None
    trend_ratio: float
    dispersion: float
    autocorrelation: float
    p: float
    difference: float
    difference_low: float
    difference_high: float
    label: Words
    share: bool
    start: str
    series: pd.DataFrame = field(compare=False)

    @property
    def clear(self) -> bool:
        """Whether the change of level can be told from chance."""
        return self.low is not None and self.high is not None and (self.low > 1 or self.high < 1)

    def to_frame(self) -> pd.DataFrame:
        """Return the series with what was expected with and without the intervention."""
        return self.series.copy()

    def summary(self, language: str | None = None) -> str:
        """Return the change of level with its interval and whether it can be told from chance."""
        speak = language or "en"
        ends = number_span(self.low or 0.0, self.high or 0.0, speak, 2)
        told = (CLEAR if self.clear else UNCLEAR)[speak]
        apart = Words("; ", ", which ")[speak]
        return f"{self.estimand[speak]}: {number(self.estimate or 0.0, speak, 2)} ({percent(self.level, speak, 0)}: {ends}){apart}{told}"


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
    family: str | None = None,
    season_kind: str = "fourier",
    tet: bool = False,
    errors: str = "independent",
    lags: int = 1,
    reference: str = "normal",
    full_from: object | None = None,
    phase: str = "leave_out",
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
        Column of the population or time at risk; its logarithm enters as an offset. Of a share: the people.
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
        Confidence level of the intervals.
    family : {"poisson", "quasi", "negative_binomial", "binomial", "log_rate"}, optional
        "quasi", or "poisson" without overdispersion, where left out; "binomial" of a share (a quasi-binomial odds
        ratio); "log_rate" a linear model of the logarithm of the rate, for counts that are never zero.
    season_kind : {"fourier", "indicator"}
        "indicator": an effect for each period of the year, whatever `harmonics` is.
    tet : bool
        Whether a term for the share of days around the lunar new year enters; periods are then months such as 2018-02.
    errors : {"independent", "ar1", "newey_west", "prais_winsten"}
        As in `monitoring.over_time.regression`; "prais_winsten" for "log_rate" alone.
    lags : int
        Of Newey-West.
    reference : {"normal", "t"}
        Distribution of the intervals; with fewer than some 40 periods take t.
    full_from : object, optional
        First period with the whole of the intervention; those from `start` to it are the phase-in.
    phase : {"leave_out", "ramp"}
        Leave the phase-in out of the fit, or let the change of level grow over it by equal steps.

    Returns
    -------
    InterruptedSeries
        `estimate` is the ratio of the rate with the intervention to the rate that trend and season would have led to.

    Raises
    ------
    ValueError
        If `start` is not a period, periods repeat, counts are negative, an exposure is not above zero, harmonics do not
        fit the season, fewer than four periods are reported on either side, or the model cannot be fitted.
    """
    data = series.sort_values(period).reset_index(drop=True)
    _check(data, events, period, start, exposure, harmonics, season)
    kind = family or ("quasi" if overdispersion else "poisson")
    names = [str(p) for p in data[period]]
    first = names.index(str(start))
    full = first if full_from is None else names.index(str(full_from)) if str(full_from) in names else -1
    others = season_terms(len(data), season, harmonics, season_kind, tet, names)
    cut = segments(len(data), first, full=full, phase=phase, slope_change=slope_change, others=others)
    y = data[events].to_numpy(dtype=float)
    size = data[exposure].to_numpy(dtype=float) if exposure else np.ones(len(data))
    used = np.where(cut.used, y, np.nan)
    check_sides(~np.isnan(used), first, full, start)
    model = _fitted(used, cut.design, size, kind, errors, lags, reference)
    estimand, method = _words(
        label or Words(events, events), start, kind, harmonics, season_kind, errors, kind != "poisson" and overdispersion
    )
    ratio, low, high = _ratio(model, cut.level_at, level)
    slope = (None, None, None) if cut.slope_at is None else _ratio(model, cut.slope_at, level)
    more = _difference(model, cut, size, kind, level)
    return InterruptedSeries(
        estimand=estimand,
        method=method,
        estimate=ratio,
        low=low,
        high=high,
        level=level,
        n=int((~np.isnan(used)).sum()),
        unit="odds ratio" if kind == "binomial" else "ratio",
        assumptions=ASSUMPTIONS,
        diagnostics={
            "periods_before": int((~np.isnan(used) & ~cut.after).sum()),
            "periods_after": int((~np.isnan(used) & cut.after).sum()),
            "periods_missing": int(np.isnan(y).sum()),
            "periods_phase_in": int(cut.phase_in.sum()),
            "scaled_by_dispersion": bool(kind in ("quasi", "binomial") and model.dispersion[0] > 1),
            "correlation": float(model.correlation[0]),
        },
        slope_ratio=slope[0],
        slope_low=slope[1],
        slope_high=slope[2],
        trend_ratio=_ratio(model, 1, level)[0],
        dispersion=float(model.dispersion[0]),
        autocorrelation=lag_one(model.residuals[0]),
        p=float(model.p_value(cut.level_at)[0]),
        difference=more[0],
        difference_low=more[1],
        difference_high=more[2],
        label=label or Words(events, events),
        share=kind == "binomial",
        start=str(start),
        series=_series(data, period, y, model, cut, size, kind, level),
    )


def _fitted(y: _Floats, design: _Floats, size: _Floats, kind: str, errors: str, lags: int, reference: str) -> Fit:
    """Return the model of the one series.

    Raises
    ------
    ValueError
        If it cannot be fitted.
    """
    if kind not in FAMILIES:
        raise ValueError(f"family={kind!r}: chọn {', '.join(FAMILIES)}. / Choose one of {', '.join(FAMILIES)}.")
    if kind == "log_rate":
        if (y == 0).any():
            raise ValueError(
                "log_rate không dùng được khi có kỳ bằng 0; hãy chọn quasi. / log_rate has no answer where a count is zero; choose quasi."
            )
        model = fit(np.log(y / size), design, family="gaussian", errors=errors, lags=lags, reference=reference)
    else:
        model = fit(y, design, exposure=size, family=kind, errors=errors, lags=lags, reference=reference)
    if not model.fitted[0]:
        raise ValueError(
            "Không ước lượng được: quá ít sự kiện, hoặc số kỳ không đủ cho số hạng mùa vụ và xu thế; hãy bớt số hạng. / "
            "The model cannot be fitted: too few events, or too few periods for the terms of season and trend; ask for fewer terms."
        )
    return model


def named(start: object) -> Words:
    """Return a period's name as it stands in a sentence; a mere number is called a period."""
    text = str(start)
    return Words(*(said_period(text, s) for s in ("vi", "en")))


def _ratio(model: Fit, at: int, level: float) -> tuple[float, float, float]:
    """Return a parameter as a ratio with its interval."""
    estimate, low, high = (float(np.exp(x[0])) for x in model.interval(at, level))
    return estimate, low, high


def _mean(eta: _Floats, size: _Floats, kind: str) -> _Floats:
    return np.asarray(size / (1 + np.exp(-eta)) if kind == "binomial" else size * np.exp(eta))


def _difference(model: Fit, cut: Segments, size: _Floats, kind: str, level: float) -> tuple[float, float, float]:
    """Return the events more with the intervention than without it, over all periods after, by the delta method."""
    total, gradient = 0.0, np.zeros(cut.design.shape[1])
    for design, sign in ((cut.design, 1.0), (cut.without, -1.0)):
        mean = np.where(cut.after, _mean(design @ model.parameters[0], size, kind), 0.0)
        slope = mean * (1 - mean / size) if kind == "binomial" else mean
        total, gradient = total + sign * float(mean.sum()), gradient + sign * (slope @ design)
    half = float(model.critical(level)[0] * np.sqrt(gradient @ model.covariance[0] @ gradient))
    return total, total - half, total + half


def _words(
    name: Words, start: object, kind: str, harmonics: int, season_kind: str, errors: str, overdispersion: bool
) -> tuple[Words, Words]:
    """Return what is estimated and how."""
    spread = Words("", "")
    if overdispersion and kind in ("quasi", "binomial"):
        spread = Words(", sai số theo độ phân tán quá mức", ", errors scaled by overdispersion")
    season = Words(f"{harmonics} cặp điều hòa", f"{harmonics} harmonic pairs")
    if season_kind == "indicator":
        season = Words("mỗi kỳ trong năm một hệ số", "an effect for each period of the year")
    what = Words("Tỷ số chênh của", "Ratio of the odds of") if kind == "binomial" else Words("Tỷ số của mức", "Ratio of the rate of")
    led = "odds" if kind == "binomial" else "rate"
    begins = named(start)
    estimand = Words(
        f"{what.vi} {uncapitalised(name.vi)} từ {begins.vi} so với mức do xu thế trước đó dẫn tới",
        f"{what.en} {uncapitalised(name.en)} from {begins.en} to the {led} that the earlier trend led to",
    )
    method = Words(
        f"Chuỗi thời gian gián đoạn, {KINDS[kind].vi}, {season.vi}{spread.vi}{CARRIED[errors].vi}.",
        f"Interrupted time series, {KINDS[kind].en}, {season.en}{spread.en}{CARRIED[errors].en}.",
    )
    return estimand, method


def _series(
    data: pd.DataFrame, period: str, observed: _Floats, model: Fit, cut: Segments, size: _Floats, kind: str, level: float
) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, object] = {"period": data[period].to_numpy(), "observed": observed}
    for name, design in (("expected", cut.design), ("counterfactual", cut.without)):
        for part, eta in zip(("", "_low", "_high"), model.linear(design, level), strict=True):
            columns[name + part] = _mean(eta[0], size, kind)
    return pd.DataFrame({**columns, "exposure": size, "after": cut.after, "phase_in": cut.phase_in})


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
