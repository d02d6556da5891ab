"""Where a district or ward stands among the others, without a rank: the funnel of a share or a rate against its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import NOT_APPLICABLE, SHOWN
from evaluation.language import Words, number, percent, significant
from evaluation.monitoring.funnel_limits import ADDITIVE, FEWEST_UNITS, LEVELS, NONE, PROPORTION, WINSORISED, Scatter
from evaluation.monitoring.funnel_limits import winsorised_dispersion as winsorised_dispersion
from evaluation.monitoring.given_numbers import single
from evaluation.monitoring.series import COUNT, VALUE, CountSeries
from evaluation.periods import said_period
from evaluation.places import districts, wards
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats: TypeAlias = NDArray[np.float64]

INSIDE, OUTSIDE_95, OUTSIDE_998 = "inside", "outside_95", "outside_998"
ABOVE, BELOW = "above", "below"
ADJUSTMENTS = (NONE, WINSORISED, ADDITIVE)
LIMITS = ("low95", "high95", "low998", "high998")
_POINTS = 80

DISTRICT, WARD, UNIT = Words("quận, huyện", "district"), Words("phường, xã, thị trấn", "ward"), Words("đơn vị", "unit")
METHODS = {
    NONE: Words(
        "Biểu đồ phễu, giới hạn 95% và 99,8% của ngẫu nhiên (nhị thức hoặc Poisson chính xác; Spiegelhalter 2005).",
        "Funnel plot, 95% and 99.8% limits of chance alone (exact binomial or Poisson; Spiegelhalter 2005).",
    ),
    WINSORISED: Words(
        "Biểu đồ phễu, giới hạn chính xác 95% và 99,8% nới theo độ phân tán quá mức (Spiegelhalter 2005).",
        "Funnel plot, exact 95% and 99.8% limits widened by overdispersion (Spiegelhalter 2005).",
    ),
    ADDITIVE: Words(
        "Biểu đồ phễu, giới hạn chính xác 95% và 99,8% cộng thêm phương sai giữa các đơn vị (Spiegelhalter 2005; DerSimonian, Laird 1986).",
        "Funnel plot, exact 95% and 99.8% limits with the variance between units added (Spiegelhalter 2005; DerSimonian, Laird 1986).",
    ),
}
FEW = Words(
    "Dưới {fewest} đơn vị có số liệu: không biết được độ phân tán, giới hạn chỉ là của ngẫu nhiên.",
    "Fewer than {fewest} units have data: their scatter cannot be known, and the limits are those of chance alone.",
)
CHANCE_INSIDE = Words(
    "Ngoài giới hạn là lý do để xem xét kỹ hơn, không phải xếp hạng; trong giới hạn, khác biệt có thể chỉ do ngẫu nhiên.",
    "Outside the limits is a reason to look closer, not a rank; inside them, differences may be chance alone.",
)
USUAL_INSIDE = Words(
    "Ngoài giới hạn là lý do để xem xét kỹ hơn, không phải xếp hạng; trong giới hạn, khác biệt ở mức thường thấy giữa các nơi, "
    "lớn hơn ngẫu nhiên vì những lý do không rõ ở đây.",
    "Outside the limits is a reason to look closer, not a rank; inside them, differences are of the size usual among the units, "
    "which is more than chance, for reasons not known here.",
)
ALIKE = Words(
    "Các đơn vị giống nhau về điều quyết định mức này; không hiệu chỉnh theo đặc điểm người dân.",
    "The units are alike in what decides the level; nothing is adjusted for who lives there.",
)
SAID = Words(
    "{label}, {period}: {centre}; trong {n} {noun} có số liệu, {outside}{widened}; "
    "dù không nơi nào khác thường, khoảng {usual} vẫn nằm ngoài giới hạn 95%",
    "{label}, {period}: {centre}; of {n} {noun} with data, {outside}{widened}; "
    "about {usual} would lie outside the 95% limits with nothing amiss anywhere",
)
ALL_INSIDE = Words("tất cả nằm trong giới hạn 95%", "all lie inside the 95% limits")
SOME_OUTSIDE = Words(
    "{out} nằm ngoài giới hạn 95% ({above} cao hơn, {below} thấp hơn), {far} ngoài giới hạn 99,8%",
    "{out} outside the 95% limits ({above} above, {below} below), {far} outside the 99.8% limits",
)
NO_ONE = Words("không nơi nào", "none")
WIDENED = Words(" (giới hạn nới theo độ phân tán, hệ số {factor})", " (limits widened by overdispersion, factor {factor})")
NOTHING = Words("{label}, {period}: không so sánh được, {n} {noun} có số liệu", "{label}, {period}: no comparison, {n} {noun} with data")
SAME = Words(
    "{label}, {period}: {centre}; {n} {noun} có số liệu đều cùng mức, không có giới hạn",
    "{label}, {period}: {centre}; all {n} {noun} with data are at that level, and there are no limits",
)
COMMON, TARGET = Words("mức chung {value}", "common value {value}"), Words("so với mức {value}", "held against {value}")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Funnel(Result):
    """A share or rate in all units against its denominator, with limits around their common value or a target.

    Attributes
    ----------
    period : str
    measure : {"proportion", "rate"}
    per : float
        A rate is per so many of the denominator.
    noun : Words
        What a unit is, singular.
    names : mapping of str to Words
        Names of units, by code.
    frame : DataFrame
        unit, state, count, n (denominator), value, position ("inside",
        "outside_95", "outside_998"; empty where not shown), side ("above",
        "below"; empty inside), p (two-sided, coherent with the limits),
        low95, high95, low998, high998 (of the unit). In the order of the
        units' codes, never of their values.
    limits : DataFrame
        n, low95, high95, low998, high998 over the range of shown denominators.
    target : float or None
        The value held against, where one was given.
    adjust : {"none", "winsorised", "additive"}
        What was done about overdispersion.
    dispersion : float
        Variance of the units' standardised values around their common one: 1 is chance alone.
    between : float
        Variance between units, on the stabilised scale; 0 unless "additive".
    synthetic : bool
    source : Words
    """

    period: str
    measure: str
    per: float
    noun: Words
    names: Mapping[str, Words]
    frame: pd.DataFrame
    limits: pd.DataFrame
    target: float | None
    adjust: str
    dispersion: float
    between: float
    synthetic: bool
    source: Words

    @property
    def held_against(self) -> float | None:
        """The line in the middle: the target where there is one, else the common value."""
        return self.estimate if self.target is None else self.target

    @property
    def widened(self) -> bool:
        """Whether the limits are wider than chance alone."""
        return self.adjust != NONE and self.dispersion > 1

    @property
    def outside(self) -> pd.DataFrame:
        """The rows of `frame` outside the 95% limits, in the order of their codes."""
        return self.frame[self.frame["position"].isin([OUTSIDE_95, OUTSIDE_998])]

    def name(self, unit: str) -> Words:
        """Return the unit's name."""
        return self.names.get(unit, Words(unit, unit))

    def written(self, value: float, language: str) -> str:
        """Write a value of the measure: "42,0%", "12,5 trên 10.000"."""
        if self.measure == PROPORTION:
            return percent(value, language)
        among = Words(" trên {per}", " per {per}")[language].format(per=significant(self.per, language)) if self.per != 1 else ""
        return significant(value, language) + among

    def summary(self, language: str | None = None) -> str:
        """Return the result as one sentence, in English unless told."""
        speak = language or "en"
        noun = self.noun[speak] + ("s" if speak == "en" and self.n != 1 else "")
        slots: dict[str, object] = {"label": self.estimand[speak], "n": number(self.n, speak), "noun": noun}
        slots["period"] = said_period(self.period, speak)
        middle = self.held_against
        if middle is None:
            return NOTHING[speak].format(**slots)
        line = COMMON if self.target is None else TARGET
        slots["centre"] = line[speak].format(value=self.written(middle, speak))
        if self.limits.empty:
            return SAME[speak].format(**slots)
        out, outside = self.outside, ALL_INSIDE[speak]
        if len(out):
            far = int((out["position"] == OUTSIDE_998).sum())
            counts = {"out": len(out), "above": int((out["side"] == ABOVE).sum()), "below": int((out["side"] == BELOW).sum())}
            written = {k: number(v, speak) for k, v in counts.items()} | {"far": number(far, speak) if far else NO_ONE[speak]}
            outside = SOME_OUTSIDE[speak].format(**written)
        widened = WIDENED[speak].format(factor=number(self.dispersion, speak, 1)) if self.widened else ""
        return SAID[speak].format(**slots, outside=outside, widened=widened, usual=number((1 - LEVELS["95"]) * self.n, speak, 1))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a unit, with names, in the order of the units' codes."""
        frame = self.frame.copy()
        for language in ("vi", "en"):
            frame.insert(1, f"name_{language}", [self.name(u)[language] for u in frame["unit"]])
        return frame


def funnel(series: CountSeries, period: str, *, target: float | None = None, adjust: str = WINSORISED) -> Funnel:
    """Return the funnel of a share or rate over all units of a series in one period.

    Parameters
    ----------
    series : CountSeries
        A share or a rate of districts or wards.
    period : str
    target : float, optional
        The value to hold units against, as a share (0 to 1) or a rate per
        `series.per`; their common value where left out.
    adjust : {"winsorised", "additive", "none"}
        What to do where units scatter beyond chance. "winsorised": limits
        wider by one factor for all (multiplicative); "additive": the variance
        between units is added to each one's own, which widens the limits of
        large units more than of small ones; "none": chance alone.

    Returns
    -------
    Funnel
        With fewer than 10 units shown the limits are those of chance alone;
        with one and no target, or none, there is nothing to compare.

    Notes
    -----
    The common value is that of the units shown, so that it gives no withheld
    one away; their scatter is taken around it even where a target is given,
    since a target far from all of them is no reason for wide limits. Where
    there is no overdispersion the limits are exact. Where there is, the
    distance of the exact limit from the line grows by the root of the
    dispersion, so that nothing jumps where overdispersion begins and limits
    of small units keep their skewness; in large units this is
    Spiegelhalter's normal limit. The additive limits grow on the stabilised
    scale (arcsine of the root of a share, root of a rate).

    Raises
    ------
    ValueError
        For a plain count or a measured value, which have nothing to be compared against; where a
        share has more cases than people; for an unknown `adjust` or a target
        that no unit could be held against.

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24:1185-1202 (limits, winsorised factor). Spiegelhalter 2005, Quality and
    Safety in Health Care 14:347-351 (added variance). Manktelow, Seaton 2012, PLoS ONE 7:e45723 (exact limits).
    """
    _check(series, period, target, adjust)
    frame, size = _units(series, period)
    noun = _noun(series)
    shown = frame["position"].to_numpy() == INSIDE
    value, exposure = frame["value"].to_numpy(float)[shown], size[shown]
    n, total = int(shown.sum()), float(exposure.sum())
    centre = float(frame["count"].to_numpy(float)[shown].sum() / total) if n > 1 or (n and target is not None) else None
    middle = centre if target is None else target
    top = 1.0 if series.measure == PROPORTION else np.inf
    scatter = Scatter.of(value, exposure, centre, series.measure, adjust)
    limits = _empty()
    if n and middle is not None and 0 < middle < top:
        own = scatter.limits(middle, exposure, series.measure)
        for name, ends in own.items():
            frame.loc[shown, name] = ends
        frame.loc[shown, "p"] = scatter.p(value, middle, exposure, series.measure)
        frame.loc[shown, ["position", "side"]] = _positions(value, own)
        limits = _course(scatter, middle, exposure, series)
    return Funnel(
        estimand=series.label,
        method=METHODS[scatter.adjust],
        estimate=centre,
        n=n,
        unit=series.said_unit,
        assumptions=(USUAL_INSIDE if scatter.widens else CHANCE_INSIDE, ALIKE, *([] if n >= FEWEST_UNITS or adjust == NONE else [_few()])),
        diagnostics=scatter.diagnostics,
        period=period,
        measure=series.measure,
        per=series.per,
        noun=noun,
        names=_names(series, noun),
        frame=frame,
        limits=limits,
        target=target,
        adjust=scatter.adjust,
        dispersion=scatter.dispersion,
        between=scatter.between,
        synthetic=series.synthetic,
        source=series.source,
    )


def _units(series: CountSeries, period: str) -> tuple[pd.DataFrame, _Floats]:
    """Return one row a unit, a unit that can be placed marked as inside for the time being, and all exposures."""
    import pandas as pd

    at = series.place_of(period)
    rows = series.frame.iloc[at :: len(series.periods)].reset_index(drop=True)
    value, exposure = series.values[:, at], series.exposure[:, at]
    shown = np.asarray(rows["state"] == SHOWN) & np.isfinite(value)
    state = rows["state"].where(shown | (rows["state"] != SHOWN), NOT_APPLICABLE)  # nobody in the denominator: no value
    frame = pd.DataFrame({"unit": rows["unit"], "state": state, "count": rows["count"].where(shown)})
    frame = frame.assign(n=rows["denominator"].where(shown), value=np.where(shown, value, np.nan), position=np.where(shown, INSIDE, ""))
    return frame.assign(side="", p=np.nan, **dict.fromkeys(LIMITS, np.nan)), exposure


def _positions(value: _Floats, own: Mapping[str, _Floats]) -> NDArray[np.object_]:
    """Return position and side of each value against its own limits, units x 2."""
    far = (value > own["high998"]) | (value < own["low998"])
    above, below = value > own["high95"], value < own["low95"]
    position = np.select([far, above | below], [OUTSIDE_998, OUTSIDE_95], INSIDE)
    return np.column_stack([position, np.select([above, below], [ABOVE, BELOW], "")]).astype(object)


def _course(scatter: Scatter, middle: float, exposure: _Floats, series: CountSeries) -> pd.DataFrame:
    """Return the limits over the range of denominators, no further than the largest shown calls for."""
    import pandas as pd

    smallest, largest = float(exposure.min()), float(exposure.max())
    start = min(max(5.0, 0.6 * smallest), smallest) if series.measure == PROPORTION else 0.6 * smallest
    sizes = np.geomspace(start, 1.1 * largest, _POINTS)
    if series.measure == PROPORTION:
        sizes = np.unique(np.maximum(np.rint(sizes), 1.0))
    ends = scatter.limits(middle, sizes, series.measure)
    scale = series.per if series.measure != PROPORTION else 1.0
    return pd.DataFrame({"n": sizes * scale, **ends})


def _empty() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=["n", *LIMITS], dtype=float)


def _few() -> Words:
    return Words(*(FEW[s].format(fewest=FEWEST_UNITS) for s in ("vi", "en")))


def _noun(series: CountSeries) -> Words:
    for noun, known in ((DISTRICT, districts()), (WARD, wards())):
        if all(unit in known for unit in series.units):
            return noun
    return UNIT


def _names(series: CountSeries, noun: Words) -> Mapping[str, Words]:
    """Return the units' names; wards with their district's, since many districts have a ward of one name."""
    if noun != WARD:
        return series.names
    known, above = wards(), districts()
    return {u: Words(*(f"{known[u].name[s]}, {above[known[u].district_code].name[s]}" for s in ("vi", "en"))) for u in series.units}


def _check(series: CountSeries, period: str, target: float | None, adjust: str) -> None:
    if series.measure == COUNT:
        raise ValueError(
            f"{series.label.vi}: biểu đồ phễu cần tỷ lệ hoặc suất có mẫu số; số đếm của đơn vị lớn và nhỏ không so sánh được. / "
            f"{series.label.en}: a funnel takes a share or a rate; plain counts of units of unlike size cannot be compared."
        )
    if series.measure == VALUE:
        raise ValueError(
            f"{series.label.vi}: biểu đồ phễu cần số đếm và mẫu số; giá trị đo không cho biết cỡ của đơn vị. / "
            f"{series.label.en}: a funnel takes counts and denominators; measured values do not tell how large a unit is."
        )
    if adjust not in ADJUSTMENTS:
        raise ValueError(
            f"Không có adjust={adjust!r}; chọn: {', '.join(ADJUSTMENTS)}. / There is no adjust={adjust!r}; choose one of these."
        )
    share = series.measure == PROPORTION
    if target is not None and not 0 < single(target, "target") < (1 if share else np.inf):
        raise ValueError(
            f"Tham số target={target} phải lớn hơn 0{' và nhỏ hơn 1' if share else ''}. / "
            f"target={target} must be above 0{' and below 1' if share else ''}."
        )
    at = series.place_of(period)
    too_many = share & (series.counts[:, at] > series.exposure[:, at])
    if too_many.any():
        unit = series.units[int(np.flatnonzero(too_many)[0])]
        raise ValueError(
            f"{unit}, {period}: tử số lớn hơn mẫu số của tỷ lệ. / {unit}, {period}: the share has a numerator above its denominator."
        )
