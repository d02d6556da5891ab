"""What a report may draw on: the city's evidence as of a date, protected once for all districts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import changes_schema, checked, submissions_schema, ward_reports_schema
from evaluation.disclosure.interim import Protection, protect
from evaluation.indicators import indicators
from evaluation.monitoring.charts.places import chart_places
from evaluation.monitoring.looks.many_looks import ManyLooks, many_looks
from evaluation.monitoring.over_time.elsewhere import moved_elsewhere
from evaluation.monitoring.over_time.yearly import yearly_change
from evaluation.monitoring.reports.completeness import reported_wards, residents_reported, wards_counted
from evaluation.monitoring.values import district_counts, indicator_values
from evaluation.periods import Period, quarters
from evaluation.places import districts
from evaluation.reporting.budget import BudgetAtHand, budget_at_hand
from evaluation.store import EvidenceStore, open_store
from evaluation.store.state import state_key

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that district reports of one period share.

    Attributes
    ----------
    store : EvidenceStore
    period : Period
    periods : tuple of str
        Quarters from the first in the store to the report's.
    protection : Protection
        Counts of all districts and periods after the gate.
    values, changes : DataFrame
        Indicators with intervals, and changes on a year before, made from
        protected counts.
    elsewhere, charts : DataFrame
        How the other districts moved, and where each value stands on its own
        control chart, made from these.
    counted : DataFrame
        Wards behind each indicator's figure.
    looks : ManyLooks or None
        All changes of outcomes in all districts, looked at together.
    remaining : DataFrame
        place, indicator of the signals that remain of them.
    shown_totals : DataFrame
        `EvidenceStore.district_totals()` with protected values alone.
    budget : BudgetAtHand
    reports, submissions : DataFrame
        Which wards reported; what was sent and when.
    findings, checked : DataFrame
        What the checks of received files found, and the submissions that it
        is about: those that are held back too.
    """

    store: EvidenceStore
    period: Period
    periods: tuple[str, ...]
    protection: Protection
    values: pd.DataFrame
    changes: pd.DataFrame
    elsewhere: pd.DataFrame
    charts: pd.DataFrame
    counted: pd.DataFrame
    looks: ManyLooks | None
    remaining: pd.DataFrame
    shown_totals: pd.DataFrame
    budget: BudgetAtHand
    reports: pd.DataFrame
    submissions: pd.DataFrame
    findings: pd.DataFrame
    checked: pd.DataFrame

    @cached_property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return self.store.synthetic

    def reported(self, district: str) -> bool:
        """Whether the district sent anything for the report's period by the date of the question."""
        sent = self.submissions
        return bool(((sent["district_code"] == district) & (sent["period"] == str(self.period))).any())


def gather(store: EvidenceStore, period: Period) -> Evidence:
    """Return the city's evidence for a period, protected.

    Parameters
    ----------
    store : EvidenceStore
    period : Period
        A quarter for which some district has data.
    """
    return _gathered(store.path, store.as_of, period, state_key(store.path, store.as_of, str(period)))


@lru_cache(maxsize=8)
def _gathered(path: Path, as_of: dt.date, period: Period, state: str) -> Evidence:
    store = open_store(path, as_of)  # `state` tells evidence gathered before a load from that after it
    first = min(Period.parse(store.periods()[0]), period)
    spans = [str(p) for p in quarters(first, period)]
    reports = checked(store.ward_reports(), ward_reports_schema(), "ward reports")
    totals = store.district_totals()
    counts = district_counts(totals, spans, list(districts()))
    protection = protect(counts)
    wards = reported_wards(reports).rename(columns={"district_code": "place"})
    values = indicator_values(protection.counts, residents_reported(reports, spans))
    sent = checked(store.submissions(), submissions_schema(), "submissions")
    forms = sent[sent["stands"]].rename(columns={"district_code": "place"})
    changes = checked(yearly_change(values, wards, forms, str(period)), changes_schema(), "changes")
    looks, remaining = _outcomes_together(changes)
    return Evidence(
        store=store,
        period=period,
        periods=tuple(spans),
        protection=protection,
        values=values,
        changes=changes,
        elsewhere=moved_elsewhere(changes),
        charts=chart_places(values, spans),
        counted=wards_counted(totals),
        looks=looks,
        remaining=remaining,
        shown_totals=_shown(totals, protection),
        budget=budget_at_hand(store.synthetic),
        reports=reports,
        submissions=sent,
        findings=store.findings(),
        checked=store.submissions(held=True),
    )


def _outcomes_together(changes: pd.DataFrame) -> tuple[ManyLooks | None, pd.DataFrame]:
    """Return all changes of outcomes looked at together (indicators x places in `p`), and the signals that remain.

    None where nothing is known of a year before, as in the first year of reports.
    """
    import pandas as pd

    wanted = [i.id for i in indicators().values() if i.kind == "outcome" and i.reported]
    table = changes[changes["indicator"].isin(wanted)].pivot(index="indicator", columns="place", values="p")
    table = table.reindex([i for i in wanted if i in table.index])
    if not table.notna().to_numpy().any():
        return None, pd.DataFrame(columns=["place", "indicator"])
    looks = many_looks(table.to_numpy(float))
    kept = [(table.columns[c], table.index[r]) for r, c in np.argwhere(looks.remains)]
    return looks, pd.DataFrame(kept, columns=["place", "indicator"])


def _shown(totals: pd.DataFrame, protection: Protection) -> pd.DataFrame:
    """Return district totals with the values that may be shown, and none in place of the others."""
    shown = protection.counts.rename(columns={"place": "district_code"})[["district_code", "period", "element", "value"]]
    return totals.drop(columns="value").merge(shown, on=["district_code", "period", "element"], how="left")
