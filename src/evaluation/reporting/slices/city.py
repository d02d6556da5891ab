"""The slices of all districts, worked out in one go: what they share is found once."""

from __future__ import annotations

from evaluation.monitoring.reports.completeness import completeness
from evaluation.periods import Period
from evaluation.reporting.evidence import Evidence, gather
from evaluation.reporting.provenance import facts_version
from evaluation.reporting.slices import aims, indicators, money, pilots, reports, services
from evaluation.reporting.slices.own import by_district
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
    said, offered, corrected = pilots.sentences(evidence, effects), services.offered(evidence), reports.corrected(evidence)
    figures, told = reports.recent_figures(evidence), evidence.store.narratives()
    signals = evidence.remaining
    return {
        code: Slice(
            code=code,
            period=evidence.period,
            periods=evidence.periods,
            as_of=evidence.store.as_of,
            synthetic=evidence.synthetic,
            reported=own.reported,
            facts=facts,
            budget=evidence.budget.sha256,
            smallest_shown=evidence.protection.smallest_shown,
            withheld=evidence.protection.withheld(code, period),
            values=own.values,
            changes=own.changes,
            readings=indicators.readings(own),
            remaining=tuple(signals.loc[signals["place"] == code, "indicator"]),
            looks=shared.looks,
            level=shared.level,
            chart=indicators.control_chart(own, shared.headline),
            funnel=shared.funnel,
            aims=aims.aims(own, around),
            sent=reports.sent(own),
            completeness=completeness(code, period, own.reports, own.submissions),
            timeliness=reports.on_time(own),
            matrix=reports.matrix(own),
            corrections=corrected[code],
            last_digits=reports.last_digits(figures, code),
            odd_figures=reports.odd_figures(own),
            checks=reports.checks(own),
            services=services.services(own, offered),
            prose=reports.prose(told, own),
            money=money.money(own, costs),
            pilots=pilots.pilots(own, effects, said),
        )
        for code, own in by_district(evidence).items()
    }
