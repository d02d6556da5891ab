"""What a slice says of the reports themselves: who sent them and when, what was corrected, and how far figures can be relied on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evaluation.disclosure.prose import Prose, releasable
from evaluation.indicators import elements
from evaluation.monitoring.reports.checks import by_severity
from evaluation.monitoring.reports.completeness import Timeliness, reporting_matrix, timeliness
from evaluation.monitoring.reports.corrections import Corrections, corrections_by_place
from evaluation.places import districts, wards
from evaluation.quality import oddities
from evaluation.quality.digits import DigitPreference, digit_preference
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own

if TYPE_CHECKING:
    import pandas as pd

RECENT, LAST_QUARTERS = 4, 8
DRAWS = 999
BY_THE_BOX = ("items",)  # condoms come in boxes: their figures may be round and true


def sent(own: Own) -> tuple[str, ...]:
    """Return the periods for which anything came from the district, in order."""
    return tuple(sorted(set(own.submissions["period"]) & set(own.evidence.periods)))


def on_time(own: Own) -> Timeliness:
    """Return when the district's reports of the last eight quarters came."""
    return timeliness(own.evidence.periods[-LAST_QUARTERS:], own.reports, own.submissions, [own.code])


def matrix(own: Own) -> pd.DataFrame:
    """Return which wards reported in which quarter, by ward code."""
    return reporting_matrix(own.code, own.evidence.periods, own.reports, own.submissions, {w: w for w in wards(own.code)})


def corrected(evidence: Evidence) -> dict[str, Corrections]:
    """Return how much corrections of the last eight quarters changed in each district, without the cells."""
    found = corrections_by_place(evidence.store, evidence.periods[-LAST_QUARTERS:], list(districts()))
    return {code: dataclasses.replace(one, cells=one.cells.iloc[:0], sizes=one.sizes.iloc[:0]) for code, one in found.items()}


def recent_figures(evidence: Evidence) -> pd.DataFrame:
    """Return the ward figures of the last four quarters that point at nobody, of all districts: district_code, value."""
    wanted = [e.id for e in elements().values() if not e.sensitive and e.accumulates == "flow" and e.unit not in BY_THE_BOX]
    values = evidence.store.values(evidence.periods[-RECENT:], wanted)
    return values.loc[values["value"].notna() & (values["value"] % 1 == 0), ["district_code", "value"]]


def last_digits(figures: pd.DataFrame, code: str) -> DigitPreference:
    """Return the last digits of a district's figures (`recent_figures`)."""
    return digit_preference(figures.loc[figures["district_code"] == code, "value"], draws=DRAWS)


def odd_figures(own: Own) -> pd.DataFrame:
    """Return what lies far off the district's own history in the last four quarters."""
    found = oddities(own.counts, own.code)
    return found[found["period"].isin(own.evidence.periods[-RECENT:])].reset_index(drop=True)


def checks(own: Own) -> Mapping[str, int] | None:
    """Return how many errors, warnings and notes stand against the district's files of the period; None where no check is kept."""
    evidence = own.evidence
    if evidence.findings.empty or not own.reported:
        return None
    return by_severity(evidence.findings, evidence.checked, own.code, str(evidence.period))


def prose(told: pd.DataFrame, own: Own) -> Prose:
    """Return what the district wrote with the period's report, as far as it may be shown.

    Parameters
    ----------
    told : DataFrame
        `EvidenceStore.narratives()`.
    own : Own
    """
    here = told[(told["district_code"] == own.code) & (told["period"] == str(own.evidence.period))]
    return releasable("\n".join(here["narrative"]))
