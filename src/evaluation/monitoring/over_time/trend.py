"""Whether one unit's counts, shares or measured values rise or fall, by how much a year, and whether that can be told from chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import MISSING, NOT_APPLICABLE, SHOWN
from evaluation.language import Words, listed, number, percent, points, significant, span
from evaluation.monitoring.over_time.autocorrelation import lag_one
from evaluation.monitoring.over_time.period_change import DIFFERENCE, RATIO, Change, change_on
from evaluation.monitoring.over_time.regression import Fit, fit
from evaluation.monitoring.over_time.season import days_of, season_columns, tet_moves, tet_share
from evaluation.monitoring.rates.intervals import garwood, wilson
from evaluation.monitoring.series import COUNT, PROPORTION, VALUE, CountSeries, DocumentedChange, unit_words
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FEWEST_POINTS = 8
# With fewer periods to spare the spread around the line is not known well enough to judge anything by it.
FEWEST_DEGREES = 3
MOST_NAMED = 4

_Floats = NDArray[np.float64]

_ASSUMPTIONS = (
    Words(
        "Xu thế là đường thẳng trên thang lô-ga-rít (số đếm, tỷ suất) hoặc lô-git (tỷ lệ), như nhau trong mọi năm.",
        "The trend is a straight line on the logarithmic (counts, rates) or logit (shares) scale, the same in all years.",
    ),
    Words(
        "Kỳ không báo cáo thiếu vì lý do không liên quan đến con số của kỳ đó.",
        "Periods not reported are missing for reasons that have nothing to do with their figures.",
    ),
    Words(
        "Ngoài những thay đổi đã ghi, cách đếm giữ nguyên trong cả chuỗi.",
        "But for the documented changes, counting stayed the same over the whole series.",
    ),
)
_STRAIGHT = Words(
    "Xu thế là đường thẳng trên thang của chính giá trị đo, như nhau trong mọi năm; sai số theo phân phối chuẩn.",
    "The trend is a straight line on the values' own scale, the same in all years; errors are normal.",
)
CLEAR = Words("phân biệt được với ngẫu nhiên", "can be told from chance")
UNCLEAR = Words("chưa phân biệt được với ngẫu nhiên", "cannot be told from chance")
A_YEAR, A_PERIOD = Words("mỗi năm", "a year"), Words("mỗi kỳ", "a period")
_TOO_FEW = Words(
    "mới có {n} kỳ có số liệu, cần ít nhất {fewest} để nói về xu thế",
    "{n} period{s} with data, at least {fewest} are needed to speak of a trend",
)
_NO_SCATTER = Words(
    "các giá trị không đổi hoặc nằm đúng trên một đường, không có dao động để so với xu thế",
    "the values do not vary, or lie exactly on a line: there is no scatter to hold a trend against",
)
_NO_EVENTS = Words(
    "số sự kiện quá ít (hoặc mọi trường hợp đều đạt) nên không ước lượng được xu thế",
    "too few events (or every case counted) to estimate a trend",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Trend(Result):
    """The yearly change of one unit's counts, rates, shares or measured values. For use inside the office: nothing here is protected.

    `estimate` is the ratio of a year to the year before (counts, rates), or
    the percentage points a year as a share of 1 (shares: half a year's change
    to each side of every period's own expected level, on the mean), or the
    change a year in the values' own unit (measured values).

    Attributes
    ----------
    label, name : Words
        What is counted, and the unit's name.
    measure, said_unit, direction : str
        As in `CountSeries`.
    scale : {"ratio", "difference"}
    p : float or None
        Two-sided, of no trend.
    why : Words or None
        Why there is no estimate.
    value, value_low, value_high : float or None
        The last reported period's, with its exact or score interval; a
        measured value has none.
    value_period : str or None
    from_previous, from_year_before : Change
    dispersion : float
        Pearson's chi-square over its degrees of freedom; the errors never use
        less than 1. Of measured values the variance around the line.
    autocorrelation : float or None
        Of the residuals at one period's distance, as it is.
    correlation : float
        First-order correlation carried into the errors.
    frame : DataFrame
        One row a period: period, count, denominator, value, low, high, state,
        expected, expected_low, expected_high (the model's value with its band;
        NaN without a model).
    changes : tuple of DocumentedChange
        Where the model has a step.
    time : Words
        "a year", or "a period" where periods have no year.
    synthetic : bool
    source : Words
    """

    label: Words
    name: Words
    measure: str
    said_unit: str
    direction: str
    scale: str
    p: float | None = None
    why: Words | None = None
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    value_period: str | None = None
    from_previous: Change
    from_year_before: Change
    dispersion: float = 1.0
    autocorrelation: float | None = None
    correlation: float = 0.0
    frame: pd.DataFrame
    changes: tuple[DocumentedChange, ...] = ()
    time: Words = A_YEAR
    synthetic: bool = False
    source: Words

    @property
    def clear(self) -> bool | None:
        """Whether the trend can be told from chance; None where there is none."""
        if self.low is None or self.high is None:
            return None
        none = 1.0 if self.scale == RATIO else 0.0
        return self.low > none or self.high < none

    def summary(self, language: str | None = None) -> str:
        """Return level, yearly change with its interval, whether chance explains it, and the periods without a report."""
        speak = language or "en"
        parts = [f"{self.label[speak]}, {self.name[speak]}: {self._level(speak)}", self.said_change(speak)]
        if self.changes:
            when = listed([said_period(c.period, speak) for c in self.changes], speak)
            parts.append(Words(f"đã tính đến thay đổi cách đếm từ {when}", f"a change of counting from {when} is allowed for")[speak])
        parts.append(self._not_reported(speak))
        return "; ".join(p for p in parts if p)

    def said_change(self, language: str) -> str:
        """Return the yearly change in words, or why there is none."""
        if self.estimate is None or self.low is None or self.high is None or self.why is not None:
            return (self.why or _NO_EVENTS)[language]
        none = 1.0 if self.scale == RATIO else 0.0
        away = self.estimate - none
        if self.scale == RATIO:
            size, ends = _percent(abs(away), language), [_signed(_percent(x - none, language), x - none) for x in (self.low, self.high)]
        elif self.measure == VALUE:
            size, ends = significant(abs(away), language), [_signed(significant(x, language), x) for x in (self.low, self.high)]
        else:
            size, ends = points(abs(away), language), [_signed(number(100 * x, language, 1), x) for x in (self.low, self.high)]
        moved = Words("tăng", "up") if away > 0 else Words("giảm", "down")
        interval, told = span(ends[0], ends[1], language), CLEAR[language] if self.clear else UNCLEAR[language]
        if language == "vi":
            return f"{self.time.vi} {moved.vi} {size} ({interval}), {told}"
        return f"{moved.en} {size} {self.time.en} ({interval}), which {told}"

    def to_frame(self) -> pd.DataFrame:
        """Return the series with what the model expects."""
        return self.frame.copy()

    def written(self, value: float, language: str) -> str:
        """Write a value of the series for a reader."""
        if self.measure == PROPORTION:
            return percent(value, language)
        if self.measure == COUNT:
            return number(value, language)
        return f"{significant(value, language)} {unit_words(self.said_unit)[language]}".rstrip()

    def _level(self, speak: str) -> str:
        if self.value is None or self.value_period is None:
            return Words("không có số liệu", "no figures")[speak]
        said, when = self.written(self.value, speak), said_period(self.value_period, speak)
        if self.value_low is not None and self.value_high is not None:
            bare = replace(self, said_unit="")
            said += f" ({span(bare.written(self.value_low, speak), bare.written(self.value_high, speak), speak)})"
        return Words(f"{said} ở {when}", f"{said} in {when}")[speak]

    def _not_reported(self, speak: str) -> str:
        lost = [said_period(str(p), speak) for p in self.frame.loc[self.frame["state"] == MISSING, "period"]]
        if not lost:
            return ""
        said = listed(lost, speak) if len(lost) <= MOST_NAMED else Words(f"{len(lost)} kỳ", f"{len(lost)} periods")[speak]
        return Words(f"không có báo cáo: {said}", f"not reported: {said}")[speak]


def trend(
    series: CountSeries, unit: str, *, level: float = 0.95, errors: str = "ar1", family: str = "quasi", season: str = "auto"
) -> Trend:
    """Return whether a unit's counts, rates, shares or values rise or fall, by how much a year, and whether chance explains it.

    Parameters
    ----------
    series : CountSeries
    unit : str
    level : float
        Confidence level of all intervals.
    errors : {"ar1", "independent", "newey_west"}
        How neighbouring periods hang together (`monitoring.over_time.regression`).
    family : {"quasi", "negative_binomial"}
        Of counts and rates; shares are always quasi-binomial, measured values normal.
    season : {"auto", "indicator", "fourier", "none"}
        "auto": an effect a quarter, two pairs of sine and cosine for months;
        a term for Tết joins months. Left out where the series is too short to carry it.

    Returns
    -------
    Trend
        Without an estimate, and with the reason, where fewer than eight
        periods have a figure, fewer than three degrees of freedom are left,
        the events are too few, or measured values lie exactly on a line.

    Raises
    ------
    ValueError
        If there is no such unit, a name is unknown, `level` is not between 0 and 1, or a part exceeds its whole.

    Notes
    -----
    Log-linear model of counts with the logarithm of the exposure as offset,
    logit model of shares, linear model of measured values: a straight line in time, the season, and a step at
    every documented change of counting. Variances grow with the dispersion
    (never below 1) and with a first-order autocorrelation of the residuals
    found by restricted likelihood; intervals by the t distribution. See
    `regression.fit` for the error rate at 16 quarters beside that of Newey-West.

    References
    ----------
    McCullagh, Nelder 1989, Generalized Linear Models (2nd ed.), chapters 4, 6 and 9. Turner et al. 2021, BMC Medical
    Research Methodology 21:181.
    """
    own = series.of(unit)
    if season not in ("auto", "indicator", "fourier", "none"):
        raise ValueError(f"season={season!r}: chọn auto, indicator, fourier hoặc none. / Choose auto, indicator, fourier or none.")
    share, measured = own.measure == PROPORTION, own.measure == VALUE
    seen = ~np.isnan(own.values[0])
    steps = _steps(own, seen)
    model, design, why = _model(own, seen, steps, season, family, errors)
    dispersion = 1.0 if model is None or measured else float(np.fmax(1.0, model.dispersion[0]))
    seasonal = model is not None and design.shape[1] > 2 + len(steps)
    said: dict[str, object] = {}
    estimate = low = high = p = None
    if model is not None:
        estimate, low, high = _yearly(model, design, own.measure, level)
        p = float(model.p_value(1)[0])
        said = {
            "autocorrelation": lag_one(model.residuals[0]),
            "correlation": float(model.correlation[0]),
            "dispersion": float(model.dispersion[0]),
        }
    last = int(np.flatnonzero(seen)[-1]) if seen.any() else len(seen) - 1
    frame = _frame(own, seen, model, design, level)
    at = frame.iloc[last]
    has = bool(seen.any())
    return Trend(
        estimand=_estimand(own, unit),
        method=_method(own, errors, seasonal, steps, family),
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        n=int(seen.sum()),
        unit="points a year" if share else "value a year" if measured else "ratio a year",
        assumptions=(_STRAIGHT, *_ASSUMPTIONS[1:]) if measured else _ASSUMPTIONS,
        diagnostics={
            "periods_missing": int((~seen).sum()),
            "degrees_of_freedom": None if model is None else float(model.degrees[0]),
            "season": seasonal,
            "steps": [c.period for c in steps],
            **said,
        },
        label=own.label,
        name=own.name(unit),
        measure=own.measure,
        said_unit=own.said_unit,
        direction=own.direction,
        scale=DIFFERENCE if share or measured else RATIO,
        p=p,
        why=why,
        value=float(at["value"]) if has else None,
        value_low=float(at["low"]) if has and not measured else None,
        value_high=float(at["high"]) if has and not measured else None,
        value_period=own.periods[last] if has else None,
        from_previous=change_on(own, last, 1, dispersion, level),
        from_year_before=change_on(own, last, own.season, dispersion, level),
        frame=frame,
        changes=steps,
        time=A_YEAR if own.season > 1 or days_of(own.periods[0]) else A_PERIOD,
        synthetic=own.synthetic,
        source=own.source,
        **said,  # type: ignore[arg-type]
    )


def _steps(own: CountSeries, seen: NDArray[np.bool_]) -> tuple[DocumentedChange, ...]:
    """Return the documented changes that have reported periods on both sides, and since the one before."""
    kept: list[DocumentedChange] = []
    first = 0
    for change in own.changes:
        at = own.place_of(change.period)
        if seen[first:at].any() and seen[at:].any():
            kept.append(change)
            first = at
    return tuple(kept)


def _designs(own: CountSeries, seen: NDArray[np.bool_], steps: tuple[DocumentedChange, ...], season: str) -> list[_Floats]:
    """Return the designs to try, the one with a season first where the series can carry it."""
    years = np.arange(len(own.periods)) / own.season
    later = [np.array([i >= own.place_of(c.period) for i in range(len(years))], dtype=float) for c in steps]
    plain = np.column_stack([np.ones_like(years), years - years[seen].mean(), *later])
    tried = [plain]
    if season != "none" and own.season > 1:
        phases = np.array(own.phases)
        columns = season_columns(phases, own.season, season)
        if tet_moves(own.periods, own.season):
            columns = np.column_stack([columns, tet_share(own.periods)])
        twice = all((phases[seen] == phase).sum() >= 2 for phase in np.unique(phases))
        if twice:
            tried.insert(0, np.column_stack([plain, columns]))
    return [X for X in tried if seen.sum() - X.shape[1] >= FEWEST_DEGREES]


def _model(
    own: CountSeries, seen: NDArray[np.bool_], steps: tuple[DocumentedChange, ...], season: str, family: str, errors: str
) -> tuple[Fit | None, _Floats, Words | None]:
    """Return the first model that can be fitted with its design, or why there is none."""
    n, none = int(seen.sum()), np.zeros((len(seen), 0))
    designs = _designs(own, seen, steps, season) if n >= FEWEST_POINTS else []
    kind = {PROPORTION: "binomial", VALUE: "gaussian"}.get(own.measure, family)
    for design in designs:
        if own.measure == VALUE and _on_a_line(own.values[0][seen], design[seen]):
            return None, none, _NO_SCATTER
        y = own.values[0] if own.measure == VALUE else own.counts[0]
        found = fit(y, design, exposure=own.exposure[0], family=kind, errors=errors)
        if found.fitted[0]:
            return found, design, None
    too_few = Words(_TOO_FEW.vi.format(n=n, fewest=FEWEST_POINTS), _TOO_FEW.en.format(n=n, s="" if n == 1 else "s", fewest=FEWEST_POINTS))
    return None, none, _NO_EVENTS if designs else too_few


def _on_a_line(values: _Floats, design: _Floats) -> bool:
    """Tell whether a line goes through all values but for errors of arithmetic."""
    away = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return bool(np.max(np.abs(away)) <= 1e-9 * np.max(np.abs(values)))


def _yearly(model: Fit, design: _Floats, measure: str, level: float) -> tuple[float, float, float]:
    """Return the yearly ratio, the yearly change of a value, or that of a share at the levels that the model expects."""
    ends = [float(x[0]) for x in model.interval(1, level)]
    if measure == VALUE:
        return tuple(ends)  # type: ignore[return-value]
    if measure != PROPORTION:
        return tuple(float(np.exp(np.clip(x, -700, 700))) for x in ends)  # type: ignore[return-value]
    eta = design @ model.parameters[0]
    return tuple(float(np.mean(_expit(eta + x / 2) - _expit(eta - x / 2))) for x in ends)  # type: ignore[return-value]


def _expit(x: _Floats) -> _Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700, 700))))


def _frame(own: CountSeries, seen: NDArray[np.bool_], model: Fit | None, design: _Floats, level: float) -> pd.DataFrame:
    """Return the series with intervals of its values and the model's band."""
    value = own.values[0]
    if own.measure == VALUE:
        low = high = np.full(len(value), np.nan)
    else:
        counts, exposure = (np.where(seen, x, np.nan) for x in (own.counts[0], own.exposure[0]))
        low, high = wilson(counts, exposure, level) if own.measure == PROPORTION else garwood(counts, exposure, level)
    frame = own.frame.drop(columns="unit").assign(value=value, low=low, high=high)
    frame["state"] = np.where(seen | (frame["state"] != SHOWN), frame["state"], NOT_APPLICABLE)
    for name, line in zip(("expected", "expected_low", "expected_high"), _line(model, design, own.measure, level), strict=True):
        frame[name] = np.nan if line is None else line
    return frame[["period", "count", "denominator", "value", "low", "high", "state", "expected", "expected_low", "expected_high"]]


def _line(model: Fit | None, design: _Floats, measure: str, level: float) -> list[_Floats | None]:
    if model is None:
        return [None, None, None]
    lines = [x[0] for x in model.linear(design, level)]
    if measure == VALUE:
        return [*lines]
    return [_expit(x) if measure == PROPORTION else np.exp(np.clip(x, -700, 700)) for x in lines]


def _estimand(own: CountSeries, unit: str) -> Words:
    name, first, last = own.name(unit), own.periods[0], own.periods[-1]
    return Words(
        f"Thay đổi mỗi năm: {own.label.vi}, {name.vi}, từ {said_period(first, 'vi')} đến {said_period(last, 'vi')}",
        f"Yearly change: {own.label.en}, {name.en}, {said_period(first, 'en')} to {said_period(last, 'en')}",
    )


def _method(own: CountSeries, errors: str, seasonal: bool, steps: tuple[DocumentedChange, ...], family: str) -> Words:
    kinds = {
        "quasi": Words("hồi quy Poisson có phân tán quá mức", "quasi-Poisson regression"),
        "negative_binomial": Words("hồi quy nhị thức âm", "negative binomial regression"),
        "binomial": Words("hồi quy lô-git có phân tán quá mức", "quasi-binomial (logit) regression"),
        "gaussian": Words("hồi quy tuyến tính", "linear regression"),
    }
    carried = {
        "ar1": Words(
            "sai số theo tự tương quan bậc một (hợp lý giới hạn)", "errors by a first-order autocorrelation (restricted likelihood)"
        ),
        "newey_west": Words("sai số Newey-West", "Newey-West errors"),
        "independent": Words("các kỳ coi như độc lập", "periods taken as independent"),
    }
    kind = kinds[{PROPORTION: "binomial", VALUE: "gaussian"}.get(own.measure, family)]
    season = Words("có mùa vụ", "with a season") if seasonal else Words("không có mùa vụ", "without a season")
    if seasonal and own.season == 4:
        season = Words("có mùa vụ theo quý (Tết nằm trong quý I)", "with an effect a quarter (Tết lies in the first)")
    reasons = ["; ".join(f"{said_period(c.period, s)}: {c.reason[s]}" for c in steps) for s in ("vi", "en")]
    stepped = (f", bậc tại {reasons[0]}", f", a step at {reasons[1]}") if steps else ("", "")
    return Words(
        f"{kind.vi[:1].upper()}{kind.vi[1:]}, {season.vi}, {carried[errors].vi}{stepped[0]} (McCullagh, Nelder 1989; Turner và cs. 2021).",
        f"{kind.en[:1].upper()}{kind.en[1:]}, {season.en}, {carried[errors].en}{stepped[1]} (McCullagh, Nelder 1989; Turner et al. 2021).",
    )


def _percent(share: float, language: str) -> str:
    """Write a change; one below half a tenth of a percent by its size, so that it is not written as none."""
    return percent(share, language) if abs(share) >= 0.0005 else f"{significant(100 * share, language, 1.0)}%"


def _signed(text: str, x: float) -> str:
    return f"+{text}" if x > 0 else text
