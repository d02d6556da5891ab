"""What one district's report is about: the district, the period, the language and the evidence at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evaluation.contracts import MISSING
from evaluation.indicators import elements, indicators
from evaluation.language import day
from evaluation.monitoring.funnel import Funnel, funnel
from evaluation.monitoring.reading import TOO_FEW, Reading, way, way_elsewhere
from evaluation.monitoring.reports.completeness import Completeness, Timeliness, completeness, timeliness
from evaluation.monitoring.reports.corrections import Corrections, corrections
from evaluation.monitoring.series import series_of
from evaluation.places import District, districts, within_sentence
from evaluation.quality import oddities
from evaluation.quality.digits import DigitPreference, digit_preference
from evaluation.reporting.district.written import IndicatorRow, Row
from evaluation.reporting.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

RECENT, LAST_QUARTERS = 4, 8
DRAWS = 999
BY_THE_BOX = ("items",)  # condoms come in boxes: their figures may be round and true


@dataclass(frozen=True, eq=False)
class Subject:
    """One district's view on the city's evidence.

    Attributes
    ----------
    code : str
    language : {"vi", "en"}
    evidence : Evidence
    """

    code: str
    language: str
    evidence: Evidence

    @property
    def district(self) -> District:
        """The district."""
        return districts()[self.code]

    @property
    def place(self) -> str:
        """Its name in the report's language, as it stands inside a sentence."""
        return within_sentence(self.district.name)[self.language]

    @property
    def period(self) -> str:
        """The period, written for the reader."""
        return self.evidence.period.label(self.language)

    @property
    def cutoff(self) -> str:
        """The date of the question, written for the reader."""
        return day(self.evidence.store.as_of, self.language)

    @property
    def reported(self) -> bool:
        """Whether the district reported for the period by the date of the question."""
        return self.evidence.reported(self.code)

    @cached_property
    def completeness(self) -> Completeness:
        """How complete and timely the period's report is."""
        return completeness(self.code, str(self.evidence.period), self.evidence.reports, self.evidence.submissions)

    @cached_property
    def narrative(self) -> str:
        """What the district wrote with the period's report; nothing of it has passed the gate."""
        told = self.evidence.store.narratives()
        own = told[(told["district_code"] == self.code) & (told["period"] == str(self.evidence.period))]
        return "\n".join(own["narrative"])

    def missing_wards(self) -> int:
        """Return how many wards have no report for the period."""
        return int((~self.completeness.frame["reported"]).sum())

    @cached_property
    def _values(self) -> pd.DataFrame:
        own = self.evidence.values
        return own[own["place"] == self.code].set_index(["indicator", "period"])

    @cached_property
    def _changes(self) -> pd.DataFrame:
        own = self.evidence.changes
        return own[own["place"] == self.code].set_index("indicator")

    @cached_property
    def timeliness(self) -> Timeliness:
        """When the district's reports of the last eight quarters came."""
        evidence = self.evidence
        return timeliness(evidence.periods[-LAST_QUARTERS:], evidence.reports, evidence.submissions, [self.code])

    @cached_property
    def corrections(self) -> Corrections:
        """What corrections of the last eight quarters changed."""
        return corrections(self.evidence.store, self.evidence.periods[-LAST_QUARTERS:], [self.code])

    @cached_property
    def last_digits(self) -> DigitPreference:
        """Last digits of the ward figures that point at nobody, over the last four quarters."""
        wanted = [e.id for e in elements().values() if not e.sensitive and e.accumulates == "flow" and e.unit not in BY_THE_BOX]
        values = self.evidence.store.values(self.evidence.periods[-RECENT:], wanted, [self.code])
        counts = values.loc[values["value"].notna() & (values["value"] % 1 == 0), "value"]
        return digit_preference(counts, draws=DRAWS)

    @cached_property
    def odd_figures(self) -> pd.DataFrame:
        """What lies far off the district's own history in the last four quarters."""
        found = oddities(self.evidence.protection.counts, self.code)
        return found[found["period"].isin(self.evidence.periods[-RECENT:])]

    def now(self, indicator: str) -> Row:
        """Return an indicator's row for the period."""
        return self._row(indicator, str(self.evidence.period))

    def before(self, indicator: str) -> Row:
        """Return an indicator's row for the same quarter of the year before."""
        return self._row(indicator, str(self.evidence.period.year_before))

    def _row(self, indicator: str, period: str) -> Row:
        if (indicator, period) not in self._values.index:
            return {"indicator": indicator, "period": period, "state": MISSING, "place": self.code}
        row = self._values.loc[[(indicator, period)]].to_dict("records")[0]
        return {"indicator": indicator, "period": period, **row}

    def change(self, indicator: str) -> Row:
        """Return an indicator's change on the same quarter of the year before."""
        return {"indicator": indicator, **self._changes.loc[[indicator]].to_dict("records")[0]}

    def indicator_row(self, indicator: str) -> IndicatorRow:
        """Return all that is said of an indicator: value, change, course, reading."""
        course = self._values.loc[indicator]["value"].reindex(list(self.evidence.periods))
        return IndicatorRow(
            now=self.now(indicator),
            before=self.before(indicator),
            change=self.change(indicator),
            course=tuple(None if v != v else float(v) for v in course),
            reading=self.reading(indicator),
        )

    def reading(self, indicator: str) -> Reading:
        """Return what the evidence says of an indicator, by rule."""
        period = str(self.evidence.period)
        counted = self._of_place(self.evidence.counted, indicator, period)
        earlier = self._of_place(self.evidence.counted, indicator, str(self.evidence.period.year_before))
        chart = self._of_place(self.evidence.charts, indicator)
        return Reading(
            indicator,
            str(self.now(indicator)["state"]),
            way(self.change(indicator)),
            str(chart["chart"]) if chart else TOO_FEW,
            way_elsewhere(self._of_place(self.evidence.elsewhere, indicator)),
            int(counted["counted"]) if counted else 0,
            int(counted["expected"]) if counted else 0,
            int(earlier["counted"]) if earlier else 0,
        )

    def remaining(self) -> tuple[str, ...]:
        """Return the outcomes whose change remains a signal when all changes of the city are looked at together."""
        found = self.evidence.remaining
        return tuple(found.loc[found["place"] == self.code, "indicator"])

    def _of_place(self, frame: pd.DataFrame, indicator: str, period: str = "") -> Row:
        """Return this district's row of an indicator, empty where there is none."""
        own = frame[(frame["place"] == self.code) & (frame["indicator"] == indicator)]
        if period:
            own = own[own["period"] == period]
        return own.to_dict("records")[0] if len(own) else {}

    def series(self, indicator: str) -> pd.DataFrame:
        """Return an indicator over all quarters: period, value, low, high, state."""
        own = self._values.loc[indicator].reindex(list(self.evidence.periods)).reset_index()
        return own[["period", "value", "low", "high", "state"]]

    def funnel(self, indicator: str) -> Funnel:
        """Return the funnel of an indicator over all districts in the report's period, from protected counts."""
        evidence = self.evidence
        period = str(evidence.period)
        return funnel(series_of(evidence.values, indicator, [period], evidence.synthetic), period)

    def recent(self, indicator: str) -> pd.DataFrame:
        """Return an indicator over the last four quarters: period, numerator, denominator, value, state; from protected counts."""
        own = self._values.loc[indicator].reindex(list(self.evidence.periods[-RECENT:])).reset_index()
        return own[["period", "numerator", "denominator", "value", "state"]]

    def of_kind(self, kind: str) -> Iterator[str]:
        """Yield the indicators of a kind that the form carries, in the codebook's order."""
        return (i.id for i in indicators().values() if i.kind == kind and i.reported)
