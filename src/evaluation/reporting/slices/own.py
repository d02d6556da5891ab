"""One district's rows of the evidence, cut out once for everything that its slice is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.places import districts
from evaluation.reporting.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Own:
    """One district's rows of the evidence.

    Attributes
    ----------
    code : str
    evidence : Evidence
    counts : DataFrame
        Of `Evidence.protection`.
    values, changes, elsewhere, charts, counted, reports, submissions : DataFrame
        As there.
    """

    code: str
    evidence: Evidence
    counts: pd.DataFrame
    values: pd.DataFrame
    changes: pd.DataFrame
    elsewhere: pd.DataFrame
    charts: pd.DataFrame
    counted: pd.DataFrame
    reports: pd.DataFrame
    submissions: pd.DataFrame

    @property
    def reported(self) -> bool:
        """Whether the district sent anything for the report's period by the date of the question."""
        return bool((self.submissions["period"] == str(self.evidence.period)).any())


def by_district(evidence: Evidence) -> dict[str, Own]:
    """Return every district's rows, by code."""
    whole = {name: getattr(evidence, name) for name in ("values", "changes", "elsewhere", "charts", "counted", "reports", "submissions")}
    parts = {name: _cut(frame) for name, frame in {"counts": evidence.protection.counts, **whole}.items()}
    return {code: Own(code, evidence, **{name: part[code] for name, part in parts.items()}) for code in districts()}


def _cut(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    by = frame["place" if "place" in frame else "district_code"]
    found = {str(code): part.reset_index(drop=True) for code, part in frame.groupby(by, sort=False)}
    return {code: found.get(code, frame.iloc[:0].reset_index(drop=True)) for code in districts()}
