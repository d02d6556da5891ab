"""The slices of all districts, worked out in one go: what they share is found once."""

from __future__ import annotations

from evaluation.monitoring.reports.completeness import completeness
from evaluation.periods import Period
from evaluation.places import districts
from evaluation.reporting.evidence import Evidence, gather, services_by_ward
from evaluation.reporting.provenance import facts_version
from evaluation.reporting.slices import aims, indicators, money, pilots, reports
from evaluation.reporting.slices.slice import Slice
from evaluation.store import EvidenceStore


def slices(store: EvidenceStore, period: Period) -> dict[str, Slice]:
    """Return the slices of all districts, by code.

    Parameters
    ----------
    store : EvidenceStore
    period : Period
        A quarter for which some district has data.
    """
    return slices_of(gather(store, period))


def slices_of(evidence: Evidence) -> dict[str, Slice]:
    """Return the slices of all districts, from evidence gathered before."""
    period = str(evidence.period)
    shared, around, facts = indicators.of_all(evidence), aims.around(evidence), facts_version()
    costs, effects = money.costs_of_all(evidence), pilots.estimates(evidence)
    figures, told = reports.recent_figures(evidence), evidence.store.narratives()
    signals = evidence.remaining
    return {
        code: Slice(
            code=code,
            period=evidence.period,
            periods=evidence.periods,
            as_of=evidence.store.as_of,
            synthetic=evidence.synthetic,
            reported=evidence.reported(code),
            facts=facts,
            budget=evidence.budget.sha256,
            smallest_shown=evidence.protection.smallest_shown,
            withheld=evidence.protection.withheld(code, period),
            values=indicators.own(evidence.values, code),
            changes=indicators.own(evidence.changes, code),
            readings=indicators.readings(evidence, code),
            remaining=tuple(signals.loc[signals["place"] == code, "indicator"]),
            looks=shared.looks,
            level=shared.level,
            chart=indicators.control_chart(evidence, code, shared.headline),
            funnel=shared.funnel,
            aims=aims.aims(evidence, code, around),
            sent=reports.sent(evidence, code),
            completeness=completeness(code, period, evidence.reports, evidence.submissions),
            timeliness=reports.on_time(evidence, code),
            matrix=reports.matrix(evidence, code),
            corrections=reports.corrected(evidence, code),
            last_digits=reports.last_digits(figures, code),
            odd_figures=reports.odd_figures(evidence, code),
            checks=reports.checks(evidence, code),
            services=services_by_ward(evidence, code),
            prose=reports.prose(told, code, period),
            money=money.money(evidence, code, costs),
            pilots=pilots.pilots(evidence, code, effects),
        )
        for code in districts()
    }
