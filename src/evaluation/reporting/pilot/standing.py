"""Where a pilot stands for the decision: what the rules on options and recommendations look at, read from the evidence."""

from __future__ import annotations

from evaluation.reporting.pilot.certainty import overall
from evaluation.reporting.pilot.delivered import delivered_part, spent_part
from evaluation.reporting.pilot.effect_words import good_way, said
from evaluation.reporting.pilot.harms import never_looked_for, signs
from evaluation.reporting.pilot.intervention import tidier
from evaluation.reporting.pilot.rules import CLEAR, UNTESTED, Known
from evaluation.reporting.pilot.subject import Subject


def known(subject: Subject) -> Known:
    """Return what the rules look at."""
    evidence = subject.evidence
    first = evidence.effects.outcomes[0] if evidence.effects.outcomes else None
    primary = said(subject, first) if first else UNTESTED
    signals, ambiguous = signs(evidence)
    part = delivered_part(evidence)
    return Known(
        placed=subject.placed,
        start_known=evidence.start is not None,
        primary=primary,
        told=primary == CLEAR,
        good_way=good_way(first.effect) if first and first.effect else None,
        certainty=overall(subject),
        signals=signals,
        ambiguous=ambiguous,
        not_looked_for=never_looked_for(subject),
        delivered=part[0] / part[1] if part else None,
        reported=sum(evidence.reported[p] for p in evidence.since) / len(evidence.since) if part else None,
        spent=spent_part(evidence),
        money_known=evidence.money is not None,
        not_recorded=sum(not i.recorded for i in tidier(subject)),
    )
