"""What one district's report is about: its slice of the evidence, and the language that it is written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evaluation.contracts import MISSING
from evaluation.indicators import indicators
from evaluation.language import day
from evaluation.monitoring.reading import Reading
from evaluation.places import District, districts, within_sentence
from evaluation.reporting.district.written import IndicatorRow, Row
from evaluation.reporting.slices.slice import Slice

if TYPE_CHECKING:
    import pandas as pd

RECENT = 4


@dataclass(frozen=True, eq=False)
class Subject:
    """One district's slice, read in one language.

    Attributes
    ----------
    slice : Slice
    language : {"vi", "en"}
    """

    slice: Slice
    language: str

    @property
    def code(self) -> str:
        """The district's code."""
        return self.slice.code

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
        return self.slice.period.label(self.language)

    @property
    def cutoff(self) -> str:
        """The date of the question, written for the reader."""
        return day(self.slice.as_of, self.language)

    @property
    def reported(self) -> bool:
        """Whether the district reported for the period by the date of the question."""
        return self.slice.reported

    @cached_property
    def missing_wards(self) -> int:
        """How many wards have no report for the period."""
        return int((~self.slice.completeness.frame["reported"]).sum())

    @cached_property
    def _values(self) -> dict[tuple[str, str], Row]:
        return {(row["indicator"], row["period"]): row for row in self.slice.values.to_dict("records")}

    @cached_property
    def _changes(self) -> dict[str, Row]:
        return {row["indicator"]: row for row in self.slice.changes.to_dict("records")}

    @cached_property
    def _readings(self) -> dict[str, Reading]:
        return {found.indicator: found for found in self.slice.readings}

    def now(self, indicator: str) -> Row:
        """Return an indicator's row for the period."""
        return self._row(indicator, str(self.slice.period))

    def before(self, indicator: str) -> Row:
        """Return an indicator's row for the same quarter of the year before."""
        return self._row(indicator, str(self.slice.period.year_before))

    def _row(self, indicator: str, period: str) -> Row:
        absent: Row = {"indicator": indicator, "period": period, "state": MISSING, "place": self.code}
        return self._values.get((indicator, period), absent)

    def change(self, indicator: str) -> Row:
        """Return an indicator's change on the same quarter of the year before."""
        return self._changes[indicator]

    def indicator_row(self, indicator: str) -> IndicatorRow:
        """Return all that is said of an indicator: value, change, course, reading."""
        course = [self._row(indicator, p).get("value") for p in self.slice.periods]
        return IndicatorRow(
            now=self.now(indicator),
            before=self.before(indicator),
            change=self.change(indicator),
            course=tuple(None if v is None or v != v else float(v) for v in course),
            reading=self.reading(indicator),
        )

    def reading(self, indicator: str) -> Reading:
        """Return what the evidence says of an indicator, by rule."""
        return self._readings[indicator]

    def series(self, indicator: str) -> pd.DataFrame:
        """Return an indicator over all quarters: period, value, low, high, state."""
        return self._columns(indicator, self.slice.periods, ("value", "low", "high", "state"))

    def recent(self, indicator: str) -> pd.DataFrame:
        """Return an indicator over the last four quarters: period, numerator, denominator, value, state; from protected counts."""
        return self._columns(indicator, self.slice.periods[-RECENT:], ("numerator", "denominator", "value", "state"))

    def _columns(self, indicator: str, periods: tuple[str, ...], names: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        rows = [self._row(indicator, p) for p in periods]
        return pd.DataFrame({"period": list(periods)} | {name: [row.get(name, float("nan")) for row in rows] for name in names})

    def of_kind(self, kind: str) -> Iterator[str]:
        """Yield the indicators of a kind that the form carries, in the codebook's order."""
        return (i.id for i in indicators().values() if i.kind == kind and i.reported)
