"""What a slice says of the reports themselves: who sent them and when, what was corrected, and how far figures can be relied on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evaluation.disclosure.prose import Prose, releasable
from evaluation.indicators import elements
from evaluation.monitoring.reports.checks import by_severity
from evaluation.monitoring.reports.completeness import Timeliness, reporting_matrix, timeliness
from evaluation.monitoring.reports.corrections import Corrections, corrections
from evaluation.places import wards
from evaluation.quality import oddities
from evaluation.quality.digits import DigitPreference, digit_preference
from evaluation.reporting.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

RECENT, LAST_QUARTERS = 4, 8
DRAWS = 999
BY_THE_BOX = ("items",)  # condoms come in boxes: their figures may be round and true


def sent(evidence: Evidence, code: str) -> tuple[str, ...]:
    """Return the periods for which anything came from a district, in order."""
    known = evidence.submissions
    return tuple(sorted(set(known.loc[known["district_code"] == code, "period"]) & set(evidence.periods)))


def on_time(evidence: Evidence, code: str) -> Timeliness:
    """Return when the district's reports of the last eight quarters came."""
    return timeliness(evidence.periods[-LAST_QUARTERS:], evidence.reports, evidence.submissions, [code])


def matrix(evidence: Evidence, code: str) -> pd.DataFrame:
    """Return which wards reported in which quarter, by ward code."""
    return reporting_matrix(code, evidence.periods, evidence.reports, evidence.submissions, {w: w for w in wards(code)})


def corrected(evidence: Evidence, code: str) -> Corrections:
    """Return how much corrections of the last eight quarters changed, without the cells."""
    found = corrections(evidence.store, evidence.periods[-LAST_QUARTERS:], [code])
    return dataclasses.replace(found, cells=found.cells.iloc[:0], sizes=found.sizes.iloc[:0])


def recent_figures(evidence: Evidence) -> pd.DataFrame:
    """Return the ward figures of the last four quarters that point at nobody, of all districts: district_code, value."""
    wanted = [e.id for e in elements().values() if not e.sensitive and e.accumulates == "flow" and e.unit not in BY_THE_BOX]
    values = evidence.store.values(evidence.periods[-RECENT:], wanted)
    return values.loc[values["value"].notna() & (values["value"] % 1 == 0), ["district_code", "value"]]


def last_digits(figures: pd.DataFrame, code: str) -> DigitPreference:
    """Return the last digits of a district's figures (`recent_figures`)."""
    return digit_preference(figures.loc[figures["district_code"] == code, "value"], draws=DRAWS)


def odd_figures(evidence: Evidence, code: str) -> pd.DataFrame:
    """Return what lies far off the district's own history in the last four quarters."""
    found = oddities(evidence.protection.counts, code)
    return found[found["period"].isin(evidence.periods[-RECENT:])].reset_index(drop=True)


def checks(evidence: Evidence, code: str) -> Mapping[str, int] | None:
    """Return how many errors, warnings and notes stand against the district's files of the period; None where no check is kept."""
    if evidence.findings.empty or not evidence.reported(code):
        return None
    return by_severity(evidence.findings, evidence.checked, code, str(evidence.period))


def prose(told: pd.DataFrame, code: str, period: str) -> Prose:
    """Return what the district wrote with the period's report, as far as it may be shown.

    Parameters
    ----------
    told : DataFrame
        `EvidenceStore.narratives()`.
    code, period : str
    """
    own = told[(told["district_code"] == code) & (told["period"] == period)]
    return releasable("\n".join(own["narrative"]))
