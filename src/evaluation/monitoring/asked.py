"""One question to the store: the value of an indicator, for the city or a district, with its course and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.contracts import INCONSISTENT, MISSING, NOT_APPLICABLE, NOT_COLLECTED, SHOWN
from evaluation.indicators import indicator as indicator_named
from evaluation.language import Words, number, percent, span
from evaluation.monitoring.reports.completeness import reported_wards, residents_reported
from evaluation.monitoring.values import district_counts, indicator_values
from evaluation.periods import Period
from evaluation.places import District, districts, find_district
from evaluation.places import wards as place_wards
from evaluation.results import Result
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd

CITY = "79"
CITY_NAME = Words("Thành phố Hồ Chí Minh", "Ho Chi Minh City")
ABSENT = {
    MISSING: Words("không có báo cáo", "not reported"),
    NOT_COLLECTED: Words("biểu mẫu của kỳ đó chưa thu thập", "the form of that time did not collect it"),
    NOT_APPLICABLE: Words("không áp dụng", "not applicable"),
    INCONSISTENT: Words("số liệu không khớp", "the figures are inconsistent"),
}
PER_10000 = "per 10,000 residents"
YES, NO = Words("có", "yes"), Words("không", "no")
COUNTED = (SHOWN, NOT_APPLICABLE)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class IndicatorValue(Result):
    """An indicator in one place and period. For use inside the office: nothing here is protected.

    Attributes
    ----------
    indicator, period, place : str
    state : str
        "shown", or why there is no value.
    numerator, denominator : float
    series : DataFrame
        The place over all periods: period, numerator, denominator, value,
        low, high, state.
    districts : DataFrame
        All districts in the period: place, numerator, denominator, value,
        low, high, state.
    reported : Words
        "n/N": districts whose figures are in the value (one where nobody was
        concerned counts), or wards that reported.
    """

    indicator: str
    period: str
    place: str
    state: str
    numerator: float
    denominator: float
    series: pd.DataFrame
    districts: pd.DataFrame
    reported: Words

    def summary(self, language: str | None = None) -> str:
        """Return the value with its interval, its base and how many reported."""
        speak = language or "en"
        start = f"{self.estimand[speak]}, {Period.parse(self.period).label(speak)}:"
        came = self.reported[speak]
        if self.estimate is None:
            return f"{start} {ABSENT[self.state][speak]} ({came})"
        if self.unit == "yes_no":
            said = number(self.estimate, speak) if self.place == CITY else (YES if self.estimate > 0 else NO)[speak]
            return f"{start} {said} ({came})"
        share = self.unit == "percent"

        def write(x: float, digits: int) -> str:
            return percent(x, speak) if share else number(x, speak, digits)

        rate = self.unit == PER_10000
        interval = (
            "" if self.low is None or self.high is None else span(write(self.low, 1 + rate), write(self.high, 1 + rate), speak) + "; "
        )
        base = f"{number(self.numerator, speak)}/{number(self.denominator, speak)}; " if share else ""
        return f"{start} {write(self.estimate, 2 * rate)} ({interval}{base}{came})"

    def to_frame(self) -> pd.DataFrame:
        """Return the place's series."""
        return self.series


def indicator(store: EvidenceStore, name: str, period: str, district: str | None = None) -> IndicatorValue:
    """Return an indicator for the city, or for one district.

    Parameters
    ----------
    store : EvidenceStore
    name : str
        Indicator id of the codebook.
    period : str
    district : str, optional
        Code or name; the whole city where left out. The city is the sum of
        the districts that have a value (numerator and denominator of the very
        same ones), and says how many do; for yes or no, the number of
        districts that say yes.

    Raises
    ------
    indicators.UnknownIndicator, periods.PeriodError, places.UnknownPlace
    ValueError
        For an indicator that the district form does not carry.
    """
    import pandas as pd

    known = indicator_named(name)
    if not known.reported:
        raise ValueError(f"{name}: biểu mẫu quận, huyện không có chỉ tiêu này. / The district form does not carry this indicator.")
    when = str(Period.parse(period))
    spans = sorted({*store.periods(), when})
    counts = district_counts(store.district_totals(), spans, list(districts()))
    counts = counts[counts["element"].isin(known.elements)]
    reports = store.ward_reports()
    wards = reported_wards(reports)
    people = residents_reported(reports, spans)
    parts = indicator_values(counts, people, only=[known.id])
    values = pd.concat([parts, city_values(known.id, counts, people, parts)], ignore_index=True)
    place: District | None = find_district(district) if district else None
    code, label = (place.code, place.name) if place else (CITY, CITY_NAME)
    own = values[values["place"] == code].reset_index(drop=True)
    here = values[(values["period"] == when) & (values["place"] != CITY)].reset_index(drop=True)
    row = own[own["period"] == when].iloc[0]
    shown = row["state"] == SHOWN
    came = wards[wards["period"] == when].set_index("district_code")["n_wards"]
    if place:
        count = f"{came.get(code, 0)}/{len(place_wards(code))}"
        reported = Words(f"{count} phường, xã, thị trấn", f"{count} wards")
    else:
        count = f"{int(here['state'].isin(COUNTED).sum())}/{len(districts())}"
        reported = Words(f"{count} quận, huyện", f"{count} districts")
    return IndicatorValue(
        estimand=Words(f"{known.label.vi}, {label.vi}", f"{known.label.en}, {label.en}"),
        method=Words(
            "Khoảng chính xác: Clopper-Pearson cho tỷ lệ, Garwood cho số đếm.",
            "Exact intervals: Clopper-Pearson for shares, Garwood for counts.",
        ),
        estimate=float(row["value"]) if shown else None,
        low=float(row["low"]) if shown and pd.notna(row["low"]) else None,
        high=float(row["high"]) if shown and pd.notna(row["high"]) else None,
        n=int(row["denominator"]) if shown and pd.notna(row["denominator"]) else 0,
        unit=known.unit,
        indicator=known.id,
        period=when,
        place=code,
        state=str(row["state"]),
        numerator=float(row["numerator"]),
        denominator=float(row["denominator"]),
        series=own.drop(columns=["place", "indicator"]),
        districts=here.drop(columns=["period", "indicator"]),
        reported=reported,
    )


def city_values(name: str, counts: pd.DataFrame, people: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Return the city's values: numerator and denominator summed over the very districts that have a value.

    Parameters
    ----------
    name : str
        Indicator of the codebook.
    counts : DataFrame
        `contracts.counts_schema`, the indicator's elements in every district.
    people : DataFrame
        place, period, residents.
    parts : DataFrame
        `contracts.indicator_schema`: the districts' own values.
    """
    usable = parts.loc[parts["state"] == SHOWN, ["place", "period"]]
    summed = counts.merge(usable, how="left", indicator=True)
    summed["value"] = summed["value"].where(summed["_merge"] == "both")
    summed["state"] = summed["state"].where(summed["_merge"] == "both", summed["state"].replace(SHOWN, MISSING))
    total = summed.groupby(["period", "element"], as_index=False).agg(value=("value", _sum), state=("state", _best))
    residents = people.merge(usable).groupby("period", as_index=False)["residents"].sum()
    made = indicator_values(total.assign(place=CITY), residents.assign(place=CITY), only=[name])
    # Where no district has a value the city's state is that of most districts, not that of its separate counts.
    usual = parts.groupby("period")["state"].agg(lambda s: s.mode().iloc[0])
    return made.assign(state=made["state"].where(made["state"] == SHOWN, made["period"].map(usual)))


def _sum(values: pd.Series) -> float:
    return float(values.sum(min_count=1))


def _best(states: pd.Series) -> str:
    """Return "shown" where any district has a number: a city sum says how many are in it."""
    return SHOWN if (states == SHOWN).any() else str(states.iloc[0])
