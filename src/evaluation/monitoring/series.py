"""Counts of one thing by unit and period: what every analysis of change and of comparison takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import MISSING, SHOWN
from evaluation.indicators import PER_RESIDENTS, RESIDENTS, indicator
from evaluation.language import Words, number
from evaluation.monitoring.reports.completeness import residents_reported
from evaluation.monitoring.values import district_counts, indicator_values, ward_counts
from evaluation.periods import Period
from evaluation.places import districts, residents, wards
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd

COUNT, PROPORTION, RATE, VALUE = "count", "proportion", "rate", "value"
QUARTERS_A_YEAR = 4
COLUMNS = ("unit", "period", "count", "denominator", "state")
# The form's second version counts people reached once each; what the first counted is another thing.
FORM_PERIODS = {2: "2016-Q1"}
FORM_CHANGED = Words("biểu mẫu mới: đếm theo cách khác", "new form: counted in another way")
REPORTS = Words("Báo cáo của các quận, huyện", "Reports of the districts")


@dataclass(frozen=True)
class DocumentedChange:
    """A period from which something else is counted, and why: printed wherever limits or models start anew."""

    period: str
    reason: Words


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CountSeries:
    """Counts of one thing, with what each is out of, by unit and period.

    Attributes
    ----------
    frame : DataFrame
        One row a unit and period, no pair left out, units and periods in
        order: unit, period, count, denominator (people or cases of a share,
        residents of a rate; NaN of a plain count), state ("shown", or why
        there is no number; count and denominator are then NaN).
    label : Words
    measure : {"count", "proportion", "rate", "value"}
        "value": measured, may be negative or fractional, and stands where a
        count would; only a chart and a trend take it.
    per : float
        A rate is per so many of the denominator.
    said_unit : str
        "percent", "per 10,000 residents", or what is counted.
    direction : {"up", "down", "context"}
        Which way is good; "context" where neither is, and no reading may judge.
    periods : tuple of str
        In time order, at equal distances.
    season : int
        Periods in a year; 1 where there is no season to speak of.
    phases : tuple of int
        Place of each period in its year, 1 to `season`.
    names : mapping of str to Words
        Names of the units; a unit that is not in it is called by its code.
    changes : tuple of DocumentedChange
        In time order, all within `periods` but not at the first.
    synthetic : bool
        Every picture then says that the data are made up.
    source : Words
    """

    frame: pd.DataFrame
    label: Words
    measure: str
    per: float = 1.0
    said_unit: str = ""
    direction: str = "context"
    periods: tuple[str, ...]
    season: int = QUARTERS_A_YEAR
    phases: tuple[int, ...] = ()
    names: Mapping[str, Words] = field(default_factory=dict)
    changes: tuple[DocumentedChange, ...] = ()
    synthetic: bool = False
    source: Words = REPORTS

    def __post_init__(self) -> None:
        expected = len(self.units) * len(self.periods)
        if len(self.frame) != expected or list(self.frame["period"]) != [*self.periods] * len(self.units):
            raise ValueError(
                "Chuỗi số liệu phải có mỗi đơn vị và kỳ đúng một dòng, theo thứ tự. / "
                "A series must have one row for each unit and period, in order."
            )

    def __repr__(self) -> str:
        return f"<CountSeries: {self.label.en}; {len(self.units)} units, {self.periods[0]} to {self.periods[-1]}>"

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The units, in order."""
        return tuple(dict.fromkeys(self.frame["unit"]))

    @property
    def counts(self) -> NDArray[np.float64]:
        """Counts, units x periods; NaN where there is none.

        Raises
        ------
        ValueError
            Of measured values, which no analysis of counts may take for counts.
        """
        if self.measure == VALUE:
            raise ValueError(
                f"{self.label.vi}: đây là giá trị đo, không phải số đếm; chỉ dùng được cho biểu đồ kiểm soát (chart) và xu thế (trend). / "
                f"{self.label.en}: these are measured values, not counts; only a control chart (chart) and a trend take them."
            )
        return self._matrix("count")

    @property
    def exposure(self) -> NDArray[np.float64]:
        """What a value is per, units x periods: 1 of a count or value, people of a share, residents / `per` of a rate; NaN without it."""
        if self.measure in (COUNT, VALUE):
            return np.where(np.isnan(self._matrix("count")), np.nan, 1.0)
        return self._matrix("denominator") / self.per

    @property
    def values(self) -> NDArray[np.float64]:
        """Counts over exposure, or what was measured, units x periods; NaN where there is none or the exposure is zero."""
        if self.measure == VALUE:
            return self._matrix("count")
        exposure = self.exposure
        return np.asarray(np.divide(self.counts, exposure, out=np.full(exposure.shape, np.nan), where=exposure > 0))

    @property
    def states(self) -> NDArray[np.object_]:
        """States, units x periods."""
        return np.asarray(self.frame["state"], dtype=object).reshape(len(self.units), len(self.periods))

    def of(self, unit: str) -> CountSeries:
        """Return the series of one unit.

        Raises
        ------
        ValueError
            If there is no such unit.
        """
        if unit not in self.units:
            raise ValueError(f"Không có đơn vị {unit!r} trong số liệu. / There is no unit {unit!r} in the data.")
        return replace(self, frame=self.frame[self.frame["unit"] == unit].reset_index(drop=True))

    def until(self, period: str) -> CountSeries:
        """Return the series up to a period, which is its last.

        Raises
        ------
        ValueError
            If there is no such period.
        """
        return self._between(0, self.place_of(period) + 1)

    def since(self, period: str) -> CountSeries:
        """Return the series from a period on.

        Raises
        ------
        ValueError
            If there is no such period.
        """
        return self._between(self.place_of(period), len(self.periods))

    def place_of(self, period: str) -> int:
        """Return where a period stands among the periods, from 0.

        Raises
        ------
        ValueError
            If there is no such period.
        """
        if period not in self.periods:
            raise ValueError(
                f"Không có kỳ {period!r} trong số liệu (từ {self.periods[0]} đến {self.periods[-1]}). / "
                f"There is no period {period!r} in the data ({self.periods[0]} to {self.periods[-1]})."
            )
        return self.periods.index(period)

    def name(self, unit: str) -> Words:
        """Return the unit's name."""
        return self.names.get(unit, Words(unit, unit))

    def _matrix(self, column: str) -> NDArray[np.float64]:
        return self.frame[column].to_numpy(dtype=float).reshape(len(self.units), len(self.periods))

    def _between(self, first: int, end: int) -> CountSeries:
        kept = self.periods[first:end]
        return replace(
            self,
            frame=self.frame[self.frame["period"].isin(kept)].reset_index(drop=True),
            periods=kept,
            phases=self.phases[first:end],
            changes=tuple(c for c in self.changes if c.period in kept[1:]),
        )


def series_of(values: pd.DataFrame, name: str, periods: Sequence[str] | None = None, synthetic: bool = False) -> CountSeries:
    """Return an indicator's counts by place and quarter, from indicator values.

    Parameters
    ----------
    values : DataFrame
        `contracts.indicator_schema`: of districts, wards or the city.
    name : str
        Indicator of the codebook: a count, a share or a rate.
    periods : sequence of str, optional
        Quarters without a gap; those of the table where left out.
    synthetic : bool

    Returns
    -------
    CountSeries
        A pair without a row is missing, never zero. The change of the form is
        documented where the indicator was counted otherwise before it.

    Raises
    ------
    indicators.UnknownIndicator
    ValueError
        For yes or no, which has no counts, and where there is no row at all.
    """
    import pandas as pd

    known = indicator(name)
    if known.measure not in (COUNT, PROPORTION, RATE):
        raise ValueError(f"{name}: chỉ tiêu có hoặc không, không có số đếm. / A yes-or-no indicator has no counts.")
    own = values[values["indicator"] == name]
    if own.empty:
        raise ValueError(f"{name}: không có số liệu. / There are no data.")
    spans = sorted(own["period"].unique()) if periods is None else list(periods)
    grid = pd.MultiIndex.from_product([list(dict.fromkeys(own["place"])), spans], names=["unit", "period"])
    wide = own.rename(columns={"place": "unit", "numerator": "count"}).set_index(["unit", "period"]).reindex(grid).reset_index()
    state = wide["state"].fillna(MISSING)
    shown = state == SHOWN
    frame = wide.assign(state=state, count=wide["count"].where(shown), denominator=wide["denominator"].where(shown))
    if known.measure == COUNT:
        frame["denominator"] = np.nan
    starts = [FORM_PERIODS[known.comparable_since]] if known.comparable_since in FORM_PERIODS else []
    return CountSeries(
        frame=frame[list(COLUMNS)],
        label=known.label,
        measure=known.measure,
        per=float(PER_RESIDENTS) if known.denominator == RESIDENTS else 1.0,
        said_unit=known.unit,
        direction=known.direction if known.kind != "context" else "context",
        periods=tuple(spans),
        phases=tuple(Period.parse(p).quarter or 1 for p in spans),
        names={code: d.name for code, d in districts().items()} | {code: w.name for code, w in wards().items()},
        changes=tuple(DocumentedChange(p, FORM_CHANGED) for p in starts if p in spans[1:]),
        synthetic=synthetic,
    )


def ward_series(store: EvidenceStore, name: str, places: Sequence[str] | None = None) -> CountSeries:
    """Return an indicator's counts by ward and quarter, as reported. For use inside the office: nothing is protected.

    Parameters
    ----------
    store : EvidenceStore
    name : str
        Indicator whose counts stand at wards.
    places : sequence of str, optional
        District codes; all where left out.

    Raises
    ------
    indicators.UnknownIndicator
    ValueError
        For an indicator that wards do not report.
    """
    import pandas as pd

    known = indicator(name)
    if known.level != "ward" or not known.reported:
        raise ValueError(f"{name}: phường, xã, thị trấn không báo cáo chỉ tiêu này. / Wards do not report this indicator.")
    spans = store.periods()
    reported = store.values(elements=known.elements, districts=places)
    units = [c for code in (districts() if places is None else places) for c in wards(code)]
    counts = ward_counts(reported, spans, units, known.elements)
    people = pd.concat([residents(Period.parse(p)).assign(period=p) for p in spans]).rename(columns={"ward_code": "place"})
    return series_of(indicator_values(counts, people, only=[name]), name, spans, store.synthetic)


def district_series(store: EvidenceStore, name: str) -> CountSeries:
    """Return an indicator's counts by district and quarter, as reported. For use inside the office: nothing is protected.

    Residents are those of the wards that reported.

    Parameters
    ----------
    store : EvidenceStore
    name : str
        Indicator that the district form carries.

    Raises
    ------
    indicators.UnknownIndicator
    ValueError
        For an indicator that the district form does not carry, and for yes or no.
    """
    known = indicator(name)
    if not known.reported:
        raise ValueError(f"{name}: biểu mẫu quận, huyện không có chỉ tiêu này. / The district form does not carry this indicator.")
    spans = store.periods()
    counts = district_counts(store.district_totals(), spans, list(districts()))
    own = counts[counts["element"].isin(known.elements)]
    people = residents_reported(store.ward_reports(), spans)
    return series_of(indicator_values(own, people, only=[known.id]), known.id, spans, store.synthetic)


def unit_words(said_unit: str) -> Words:
    """Return a unit as a reader says it: of residents as the codebook does, "per 1,000" of a table's own rate, any other as it is."""
    if said_unit == "per 10,000 residents":
        return Words("trên 10.000 dân", said_unit)
    if found := re.fullmatch(r"per ([0-9,]+(?:\.[0-9]+)?)", said_unit):
        per = float(found[1].replace(",", ""))
        return Words(f"trên {number(per, 'vi', 0 if per.is_integer() else 3)}", said_unit)
    return Words(said_unit, said_unit)
