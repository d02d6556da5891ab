"""Controlled interrupted time series: what changed beyond the change of a comparison that the intervention did not reach.

References
----------
Linden 2015, The Stata Journal 15:480-500. Lopez Bernal, Cummins, Gasparrini 2018, International Journal of Epidemiology
47:2082-2093 (the use of controls).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number, percent, span
from evaluation.monitoring.over_time.interrupted.one import CARRIED, KINDS, named
from evaluation.monitoring.over_time.interrupted.segments import check_sides, season_terms, segments
from evaluation.monitoring.over_time.regression import Fit, fit
from evaluation.monitoring.over_time.trend import CLEAR, UNCLEAR
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FAMILIES = ("poisson", "quasi", "negative_binomial", "binomial", "log_rate", "level")
LEVEL = "level"

_Floats = NDArray[np.float64]
_Triple = tuple[float, float, float]

ASSUMPTIONS = (
    Words(
        "Nếu không có can thiệp, nơi can thiệp đã lệch khỏi xu thế cũ của mình đúng bằng mức mà nơi so sánh lệch khỏi xu thế cũ của nó.",
        "Without the intervention the treated series would have left its earlier trend by as much as the comparison left its own.",
    ),
    Words(
        "Can thiệp không lan sang nơi so sánh, và những việc khác xảy ra cùng lúc tác động đến cả hai như nhau.",
        "The intervention does not reach the comparison, and whatever else happened at the time moved both alike.",
    ),
    Words(
        "Mùa vụ, nếu có trong mô hình, như nhau ở hai nơi.",
        "The season, where the model has one, is the same in both.",
    ),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ControlledSeries(Result):
    """The change at the interruption beyond that of the comparison.

    Counts, rates and shares give ratios (of rates, of odds); levels give differences.

    Attributes
    ----------
    p : float
        Two-sided, of no difference in the change of level (`estimate`).
    slope, slope_low, slope_high, slope_p : float
        Difference in the change of trend a period.
    before, before_p : float
        Difference of the trends before the interruption: far from none, the comparison is a poor one.
    treated_level, comparison_level : tuple of float
        Change of level with its interval in each.
    treated_slope, comparison_slope : tuple of float
        Change of trend with its interval in each.
    label : Words
    family, start : str
    series : DataFrame
        Columns period, treated, comparison (means of the units' values: counts over exposure), expected_treated,
        expected_comparison, counterfactual with counterfactual_low and counterfactual_high (the treated series had it
        moved as the comparison did), after.
    """

    p: float
    slope: float
    slope_low: float
    slope_high: float
    slope_p: float
    before: float
    before_p: float
    treated_level: _Triple
    comparison_level: _Triple
    treated_slope: _Triple
    comparison_slope: _Triple
    label: Words
    family: str
    start: str
    series: pd.DataFrame = field(compare=False)

    @property
    def clear(self) -> bool:
        """Whether the difference in the change of level can be told from chance."""
        none = 0.0 if self.family == LEVEL else 1.0
        return self.low is not None and self.high is not None and (self.low > none or self.high < none)

    def summary(self, language: str | None = None) -> str:
        """Return the difference in the change of level, its interval, and what both changed by."""
        speak = language or "en"
        digits = 1 if self.family == LEVEL else 2
        said = [number(x or 0.0, speak, digits) for x in (self.estimate, self.low, self.high)]
        told = (CLEAR if self.clear else UNCLEAR)[speak]
        each = [number(x[0], speak, digits) for x in (self.treated_level, self.comparison_level)]
        interval = f"{said[0]} ({percent(self.level, speak, 0)}: {span(said[1], said[2], speak)})"
        return Words(
            f"{self.estimand.vi}: {interval}; {told}; nơi can thiệp {each[0]}, nơi so sánh {each[1]}",
            f"{self.estimand.en}: {interval}, which {told}; treated {each[0]}, comparison {each[1]}",
        )[speak]

    def to_frame(self) -> pd.DataFrame:
        """Return both series with what was expected."""
        return self.series.copy()


def controlled_series(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    treated: str | Sequence[str],
    start: object,
    exposure: str | None = None,
    family: str = "quasi",
    slope_change: bool = True,
    unit_levels: bool = True,
    harmonics: int = 0,
    season: int = 4,
    season_kind: str = "fourier",
    errors: str = "ar1",
    lags: int = 1,
    reference: str = "t",
    label: Words | None = None,
    level: float = 0.95,
) -> ControlledSeries:
    """Estimate by how much more the treated units changed at a known period than the comparison units did.

    Parameters
    ----------
    data : DataFrame
        One row a unit and period; a period without a row or a number is missing.
    outcome, unit, period : str
        Columns of counts (or levels), units, and periods (numbers or texts that sort in time).
    treated : str or sequence of str
        The treated units; all others are the comparison.
    start : object
        First period with the intervention.
    exposure : str, optional
        As in `monitoring.over_time.interrupted`.
    family : {"quasi", "poisson", "negative_binomial", "binomial", "log_rate", "level"}
        "level" is a linear model of the outcome as it is (over the exposure where there is one).
    slope_change : bool
        Whether trends may change too.
    unit_levels : bool
        Whether each unit has a level of its own, or all comparison units one (as `itsa` does).
    harmonics, season, season_kind
        As in `monitoring.over_time.interrupted`; the season is shared.
    errors, lags, reference
        As in `monitoring.over_time.regression`; errors hang together within a unit only.
    label : Words, optional
    level : float

    Returns
    -------
    ControlledSeries

    Raises
    ------
    ValueError
        If a unit or the start is not there, a pair repeats, fewer than four periods are reported on a side in either
        group, or the model cannot be fitted.

    Notes
    -----
    Linden's example (California's Proposition 99 against 38 states, Newey-West with one lag): change of level -20.0581
    in California and -17.25168 elsewhere, a difference of -2.806417 (P = 0.631); that of the trends P = 0.136.
    """
    own = [treated] if isinstance(treated, str) else list(treated)
    _check(data, unit, period, own, start, family)
    spans = sorted(data[period].unique())
    first = spans.index(start)
    units = [*own, *(u for u in dict.fromkeys(data[unit]) if u not in own)]
    y, size = (_wide(data, c, unit, period, units, spans) for c in (outcome, exposure))
    group = np.array([u in own for u in units])
    for part in (group, ~group):
        check_sides(~np.isnan(y[part]).all(axis=0), first, first, start)
    others = season_terms(len(spans), season, harmonics, season_kind, False, [])
    cut = segments(len(spans), first, slope_change=slope_change)
    columns = _columns(cut.design, others, group, unit_levels)
    model = _fitted(y, size, columns, family, errors, lags, reference)
    k = cut.design.shape[1]
    found = _Read(model, k, slope_change, family, level)
    name = label or Words(outcome, outcome)
    none: _Triple = (0.0, 0.0, 0.0) if family == LEVEL else (1.0, 1.0, 1.0)
    slope = found.of(k + 3) if slope_change else none
    estimate = found.of(k + 2)
    return ControlledSeries(
        estimand=_estimand(name, start, family),
        method=_method(family, errors),
        estimate=estimate[0],
        low=estimate[1],
        high=estimate[2],
        level=level,
        n=int((~np.isnan(y)).sum()),
        unit="difference" if family == LEVEL else "odds ratio" if family == "binomial" else "ratio",
        assumptions=ASSUMPTIONS,
        diagnostics={
            "treated_units": len(own),
            "comparison_units": len(units) - len(own),
            "dispersion": float(model.dispersion[0]),
            "correlation": float(model.correlation[0]),
        },
        p=found.p(k + 2),
        slope=slope[0],
        slope_low=slope[1],
        slope_high=slope[2],
        slope_p=found.p(k + 3) if slope_change else 1.0,
        before=found.of(k + 1)[0],
        before_p=found.p(k + 1),
        treated_level=found.sum(2, k + 2),
        comparison_level=found.of(2),
        treated_slope=found.sum(3, k + 3) if slope_change else none,
        comparison_slope=found.of(3) if slope_change else none,
        label=name,
        family=family,
        start=str(start),
        series=_series(spans, y, size, group, model, columns, k, cut.after, family, level),
    )


@dataclass(frozen=True, eq=False)
class _Read:
    """Parameters of the stacked model, on the reader's scale: `k` columns shared, then the treated units' differences."""

    model: Fit
    k: int
    slope_change: bool
    family: str
    level: float

    def of(self, at: int) -> _Triple:
        return self._said(*(float(x[0]) for x in self.model.interval(at, self.level)))

    def p(self, at: int) -> float:
        return float(self.model.p_value(at)[0])

    def sum(self, at: int, other: int) -> _Triple:
        both = np.zeros(self.model.parameters.shape[1])
        both[[at, other]] = 1.0
        centre = float(both @ self.model.parameters[0])
        half = float(self.model.critical(self.level)[0] * np.sqrt(both @ self.model.covariance[0] @ both))
        return self._said(centre, centre - half, centre + half)

    def _said(self, centre: float, low: float, high: float) -> _Triple:
        if self.family == LEVEL:
            return centre, low, high
        return float(np.exp(centre)), float(np.exp(low)), float(np.exp(high))


def _columns(design: _Floats, others: _Floats, group: NDArray[np.bool_], unit_levels: bool) -> _Floats:
    """Return the design of each unit (units, periods, columns): shared, the treated units' differences, season, levels."""
    n, k = design.shape
    stacked = np.zeros((len(group), n, 2 * k + others.shape[1] + (len(group) - 2 if unit_levels else 0)))
    stacked[:, :, :k] = design
    stacked[group, :, k : 2 * k] = design
    stacked[:, :, 2 * k : 2 * k + others.shape[1]] = others
    if unit_levels:
        # The first treated and the first comparison unit carry their group's own level.
        own = [i for i in range(len(group)) if i not in (0, int(group.sum()))]
        for column, i in enumerate(own):
            stacked[i, :, 2 * k + others.shape[1] + column] = 1.0
    return stacked


def _fitted(y: _Floats, size: _Floats, columns: _Floats, family: str, errors: str, lags: int, reference: str) -> Fit:
    long, block = columns.reshape(-1, columns.shape[2]), np.repeat(np.arange(len(y)), y.shape[1])
    flat, people = y.ravel(), size.ravel()
    if family in (LEVEL, "log_rate"):
        if family == "log_rate" and (flat == 0).any():
            raise ValueError(
                "log_rate không dùng được khi có kỳ bằng 0; hãy chọn quasi. / log_rate has no answer where a count is zero; choose quasi."
            )
        value = np.divide(flat, people, out=np.full(len(flat), np.nan), where=people > 0)
        flat = np.log(value) if family == "log_rate" else value
        model = fit(flat, long, family="gaussian", errors=errors, lags=lags, reference=reference, block=block)
    else:
        model = fit(flat, long, exposure=people, family=family, errors=errors, lags=lags, reference=reference, block=block)
    if not model.fitted[0]:
        raise ValueError(
            "Không ước lượng được: quá ít sự kiện hoặc quá ít kỳ cho số hạng của mô hình; hãy bớt số hạng. / "
            "The model cannot be fitted: too few events, or too few periods for its terms; ask for fewer."
        )
    return model


def _wide(data: pd.DataFrame, column: str | None, unit: str, period: str, units: list[str], spans: list[object]) -> _Floats:
    if column is None:
        return np.ones((len(units), len(spans)))
    return np.asarray(data.pivot(index=unit, columns=period, values=column).reindex(index=units, columns=spans).to_numpy(dtype=float))


def _series(
    spans: list[object],
    y: _Floats,
    size: _Floats,
    group: NDArray[np.bool_],
    model: Fit,
    columns: _Floats,
    k: int,
    after: NDArray[np.bool_],
    family: str,
    level: float,
) -> pd.DataFrame:
    """Return the mean course of both groups, and of the treated one had it moved as the comparison did."""
    import pandas as pd

    def turned(eta: _Floats) -> _Floats:
        return eta if family == LEVEL else np.asarray(1 / (1 + np.exp(-eta))) if family == "binomial" else np.asarray(np.exp(eta))

    table: dict[str, object] = {"period": spans}
    value = np.divide(y, size, out=np.full(y.shape, np.nan), where=size > 0)
    for name, part in (("treated", group), ("comparison", ~group)):
        known = ~np.isnan(value[part])
        total = np.where(known, value[part], 0.0).sum(axis=0)
        table[name] = np.divide(total, known.sum(axis=0), out=np.full(len(spans), np.nan), where=known.any(axis=0))
        design = columns[part].mean(axis=0)
        table[f"expected_{name}"] = turned(model.linear(design, level)[0][0])
    without = columns[group].mean(axis=0)
    without[:, k + 2 : 2 * k] = 0.0
    for suffix, eta in zip(("", "_low", "_high"), model.linear(without, level), strict=True):
        table[f"counterfactual{suffix}"] = turned(eta[0])
    return pd.DataFrame({**table, "after": after})


def _estimand(name: Words, start: object, family: str) -> Words:
    begins = named(start)
    if family == LEVEL:
        return Words(
            f"{name.vi} từ {begins.vi}: mức thay đổi ở nơi can thiệp trừ mức thay đổi ở nơi so sánh",
            f"{name.en} from {begins.en}: change of level where treated less that of the comparison",
        )
    return Words(
        f"{name.vi} từ {begins.vi}: mức thay đổi ở nơi can thiệp so với mức thay đổi ở nơi so sánh (tỷ số)",
        f"{name.en} from {begins.en}: change of level where treated over that of the comparison (ratio)",
    )


def _method(family: str, errors: str) -> Words:
    kind = Words("hồi quy tuyến tính", "linear regression") if family == LEVEL else KINDS[family]
    return Words(
        f"Chuỗi thời gian gián đoạn có đối chứng, {kind.vi}{CARRIED[errors].vi} (Linden 2015).",
        f"Controlled interrupted time series, {kind.en}{CARRIED[errors].en} (Linden 2015).",
    )


def _check(data: pd.DataFrame, unit: str, period: str, treated: list[str], start: object, family: str) -> None:
    if family not in FAMILIES:
        raise ValueError(f"family={family!r}: chọn {', '.join(FAMILIES)}. / Choose one of {', '.join(FAMILIES)}.")
    known = set(data[unit])
    if lacking := [u for u in treated if u not in known]:
        raise ValueError(f"Không có đơn vị {', '.join(lacking)}. / There is no unit {', '.join(lacking)}.")
    if not treated or known == set(treated):
        raise ValueError(
            "Cần ít nhất một đơn vị so sánh và một đơn vị can thiệp. / One treated and one comparison unit at least are needed."
        )
    if data.duplicated([unit, period]).any() or start not in set(data[period]):
        raise ValueError(
            f"Mỗi đơn vị và kỳ chỉ được một dòng, và phải có kỳ bắt đầu {start}. / "
            f"One row a unit and period is allowed, and the start {start} must be there."
        )
