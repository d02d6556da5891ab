"""The slices of all districts, worked out in one go: what they share is found once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evaluation.monitoring.reports.completeness import completeness
from evaluation.periods import Period
from evaluation.reporting.evidence import Evidence, gather
from evaluation.reporting.provenance import facts_version
from evaluation.reporting.slices import aims, indicators, money, pilots, reports, services
from evaluation.reporting.slices.own import Own, by_district
from evaluation.reporting.slices.slice import Slice
from evaluation.store import EvidenceStore


def slices(store: EvidenceStore, period: Period, alone: str = "") -> dict[str, Slice]:
    """Return the slices of all districts, by code.

    Parameters
    ----------
    store : EvidenceStore
    period : Period
        A quarter for which some district has data.
    alone : str
        Code of the one district that is asked for; all where empty.

    Returns
    -------
    dict of Slice
        A district whose data allow none has none, and takes it from no other.

    Raises
    ------
    Exception
        What stands in the way of the district asked for, or of all of them.
    """
    return slices_of(gather(store, period), alone)


def slices_of(evidence: Evidence, alone: str = "") -> dict[str, Slice]:
    """Return the slices of all districts, or of one, from evidence gathered before."""
    period = str(evidence.period)
    shared, around, facts = indicators.of_all(evidence), aims.around(evidence), facts_version()
    costs, effects = money.costs_of_all(evidence), pilots.estimates(evidence)
    said, offered, corrected = pilots.sentences(evidence, effects), services.offered(evidence), reports.corrected(evidence)
    figures, told = reports.recent_figures(evidence), evidence.store.narratives()
    signals = evidence.remaining

    def one(code: str, own: Own) -> Slice:
        return Slice(
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

    own = by_district(evidence)
    return each(one, {alone: own[alone]} if alone else own)


def each(one: Callable[[str, Own], Slice], own: Mapping[str, Own]) -> dict[str, Slice]:
    """Return what is made of each district; nothing of one of which nothing can be made.

    Parameters
    ----------
    one : callable
        Takes a district's code and its rows.
    own : mapping of Own
        By code.

    Raises
    ------
    Exception
        What stands in the way of the first, where nothing can be made of any.
    """
    made, failures = {}, []
    for code, rows in own.items():
        try:
            made[code] = one(code, rows)
        except Exception as failure:  # noqa: BLE001  # its report fails alone, and says why
            failures.append(failure)
    if failures and not made:
        raise failures[0]
    return made
