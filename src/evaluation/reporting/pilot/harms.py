"""Harm monitoring: what was looked for, how, out of how many, and what was seen; what nobody looked for says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.contracts import MISSING, SHOWN, WITHHELD
from evaluation.effects.inference.randomisation import never_claims
from evaluation.language import Words, number, number_span, percent, points, say, sentence
from evaluation.monitoring.around.displacement import OPPOSITE_WAY, SAME_WAY
from evaluation.monitoring.around.displacement import UNSEEN as UNSEEN_AROUND
from evaluation.monitoring.rates.intervals import rate_ratio_exact
from evaluation.reporting.model import Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pilot.delivered import means
from evaluation.reporting.pilot.estimates import REACHED
from evaluation.reporting.pilot.evidence import PilotEvidence
from evaluation.reporting.pilot.subject import Subject
from evaluation.reporting.survey import MODES, QUESTIONS, Answer, Asked

VIOLENCE, SUPPORTED = "violence_reported", "violence_supported"
TOLD, UNSURE, UNSEEN, CANNOT, DESCRIBED, NEVER = "told", "unsure", "unseen", "cannot", "described", "never"


@dataclass(frozen=True)
class Harm:
    """One harm: what it is, how it was looked for, out of how many, what was seen.

    Attributes
    ----------
    id : str
    how, out_of, seen : str
    looked_for : bool
        False where nobody recorded it: that nothing is known of it is then no sign that there was none.
    sign : {"told", "unsure", "unseen", "cannot", "described", "never"}
        Whether there is a sign of it; "never" where those who were asked are too few places to tell.
    brief : str
        What was seen, for the front page; empty where the sign says it all.
    """

    id: str
    how: str
    out_of: str
    seen: str
    looked_for: bool
    sign: str = CANNOT
    brief: str = ""


def harms(subject: Subject) -> Section:
    """Return the section on harm."""
    speak = subject.language
    rows = tuple(
        (
            Cell(say(f"model.harm.{h.id}", speak)),
            Cell(h.how),
            Cell(h.out_of, "shown" if h.looked_for else MISSING),
            Cell(h.seen, "shown" if h.looked_for else MISSING),
        )
        for h in found(subject)
    )
    heads = (("what", 18), ("how", 24), ("out_of", 20), ("seen", 38))
    columns = tuple(Column(say(f"model.harm.col.{h}", speak), row_header=h == "what", width=w) for h, w in heads)
    table = Table("harm-table", say("model.harm.caption", speak), columns, rows, say("model.harm.note", speak))
    said = [say("model.harm.trust", speak)]
    if (never := survey_never_claims(subject.evidence)) is not None:
        said.append(never[speak])
    return Section("harms", say("model.section.harms", speak), (Paragraph(say("model.harm.intro", speak)), table, Bullets(tuple(said))))


def signs(evidence: PilotEvidence) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return harms that can be told from chance, and signs that can mean harm or trust or are too few wards to tell.

    Notes
    -----
    Displacement counts as told by its own reading. Reports of violence to
    services that rise per person reached are a sign alone, since a rise can
    mean trust; a rise of fear or violence among respondents against the
    comparison wards is one too, since six wards cannot tell it from chance.
    """
    told = ("displacement",) if evidence.effects.displacement is not None and evidence.effects.displacement.reading == OPPOSITE_WAY else ()
    unsure = tuple(a.question for a in evidence.survey if a.shown and a.change[1] > 0)
    rate = reports_ratio(evidence)
    if rate is not None and rate[1] > 1:
        unsure = (*unsure, VIOLENCE)
    return told, unsure


def survey_never_claims(evidence: PilotEvidence) -> Words | None:
    """Return the sentence that a survey of so few wards can never claim an effect; None without a survey, or where it can."""
    return never_claims(*evidence.surveyed) if evidence.surveyed else None


def reports_ratio(evidence: PilotEvidence) -> tuple[float, float, float] | None:
    """Return reports of violence per person reached since the start against before, over whole years that may be shown.

    None where a side has no such year, or none was reported before.
    """
    if evidence.ward is None or not evidence.start:
        return None
    sums = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for year in evidence.years:
        counts = [evidence.count(e, year) for e in (VIOLENCE, REACHED)]
        if any(state == WITHHELD for _, state in counts):
            return None
        if all(state == SHOWN for _, state in counts):
            side = sums[f"{year}-Q1" >= evidence.start]
            side[0] += counts[0][0] or 0.0
            side[1] += counts[1][0] or 0.0
    (k1, n1), (k0, n0) = sums[True], sums[False]
    if not (n1 and n0 and k0):
        return None
    low, high = rate_ratio_exact(k1, n1, k0, n0)
    return (k1 / n1) / (k0 / n0), float(low), float(high)


def found(subject: Subject) -> tuple[Harm, ...]:
    """Return all harms that are tabled, in a fixed order."""
    rows = [*_nobody_looked(subject, "complaints"), _reports(subject)]
    if subject.placed:
        rows += [_asked(subject, a) for a in subject.evidence.survey] or [_no_survey(subject, q) for q in QUESTIONS]
        rows += [_displacement(subject), _leaving(subject)]
    return (*rows, *_nobody_looked(subject, "exposure"))


def _nobody_looked(subject: Subject, name: str) -> Iterator[Harm]:
    speak = subject.language
    yield Harm(name, say(f"model.harm.{name}.how", speak), say("model.harm.no_base", speak), say("model.harm.unknown", speak), False)


def _reports(subject: Subject) -> Harm:
    evidence, speak = subject.evidence, subject.language
    how = say("model.harm.reports.how", speak)
    if evidence.ward is None:
        return Harm("reports", how, say("model.harm.reports.city", speak), say("model.harm.reports.see", speak), True, DESCRIBED)
    seen = []
    for year in evidence.years:
        value, state = evidence.count(VIOLENCE, year)
        seen.append(f"{year}: " + (number(value, speak) if value is not None else say(f"state.{state}", speak)))
    ratio = reports_ratio(evidence)
    if ratio is not None:
        slots = {"ratio": number(ratio[0], speak, 2), "interval": number_span(ratio[1], ratio[2], speak, 2)}
        seen.append(say("model.harm.reports.ratio", speak, **slots))
    bases = [f"{y}: {number(n, speak)}" for y in evidence.years if (n := evidence.count(REACHED, y)[0]) is not None]
    base = say("model.harm.reports.out_of", speak, list="; ".join(bases))
    sign = CANNOT if ratio is None else UNSURE if ratio[1] > 1 else UNSEEN
    return Harm("reports", how, base, sentence("; ".join(seen)), True, sign)


def _asked(subject: Subject, asked: Asked) -> Harm:
    speak = subject.language
    how = say("model.harm.asked.how", speak, mode=MODES[asked.mode][speak], left_out=number(asked.left_out, speak))
    first, last = asked.pilot
    slots = {"first": number(first.n, speak), "last": number(last.n, speak), "wards": number(asked.wards, speak)}
    slots |= {"others_first": number(asked.comparison[0].n, speak), "others_last": number(asked.comparison[1].n, speak)}
    base = say("model.harm.asked.out_of", speak, **slots)
    seen = say(
        "model.harm.asked.seen",
        speak,
        own=_then(asked.pilot, speak),
        others=_then(asked.comparison, speak),
    )
    if asked.shown:
        gap, low, high = asked.change
        ends = number_span(100 * low, 100 * high, speak, 1)
        seen += " " + say("model.harm.asked.gap", speak, gap=points(gap, speak), interval=ends)
    brief = say("model.harm.asked.brief", speak, own=_shares(asked.pilot, speak), others=_shares(asked.comparison, speak))
    unclear = CANNOT if survey_never_claims(subject.evidence) is None else NEVER
    sign = UNSURE if asked.shown and asked.change[1] > 0 else unclear
    return Harm(asked.question, how, base, seen, True, sign, brief if asked.shown else "")


def _shares(answers: tuple[Answer, Answer], language: str) -> str:
    return say("model.harm.asked.then", language, first=percent(answers[0].share, language), last=percent(answers[1].share, language))


def _then(answers: tuple[Answer, Answer], language: str) -> str:
    def one(a: Answer) -> str:
        if a.k is None:
            return say(f"state.{a.state}", language)
        return f"{percent(a.share, language)} ({number(a.k, language)}/{number(a.n, language)})"

    return say("model.harm.asked.then", language, first=one(answers[0]), last=one(answers[1]))


def _no_survey(subject: Subject, question: str) -> Harm:
    speak = subject.language
    return Harm(question, say("model.harm.asked.none", speak), say("model.harm.no_base", speak), say("model.harm.unknown", speak), False)


def _displacement(subject: Subject) -> Harm:
    speak, seen = subject.language, subject.evidence.effects.displacement
    how = say("model.harm.displacement.how", speak)
    if seen is None:
        return Harm("displacement", how, say("model.harm.no_base", speak), say("model.harm.displacement.none", speak), False)
    wards = seen.frame.set_index("area")["n_units"]
    base = say("model.harm.displacement.out_of", speak, near=number(int(wards["ring1"]), speak), far=number(int(wards["control"]), speak))
    sign = {OPPOSITE_WAY: TOLD, UNSEEN_AROUND: UNSEEN, SAME_WAY: UNSEEN}.get(seen.reading, CANNOT)
    return Harm("displacement", how, base, seen.summary(speak), True, sign)


def _leaving(subject: Subject) -> Harm:
    evidence, speak = subject.evidence, subject.language
    how = say("model.harm.leaving.how", speak)
    known = [means(evidence, e) for e in ("condom_venues_enrolled", "venue_workers")] if evidence.since else []
    if not known or any(m is None for pair in known for m in pair):
        return Harm("leaving", how, say("model.harm.no_base", speak), say("model.harm.unknown", speak), False)
    names = ("venues_before", "venues_since", "workers_before", "workers_since")
    slots = {n: number(m, speak, 0) for n, m in zip(names, (m for pair in known for m in pair), strict=True) if m is not None}
    base, seen = say("model.harm.leaving.out_of", speak), say("model.harm.leaving.seen", speak, **slots)
    return Harm("leaving", how, base, seen, True, DESCRIBED, say("model.harm.leaving.brief", speak, **slots))


def never_looked_for(subject: Subject) -> tuple[str, ...]:
    """Return the harms that nobody looked for."""
    return tuple(h.id for h in found(subject) if not h.looked_for)
