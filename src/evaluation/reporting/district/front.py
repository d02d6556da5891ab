"""The two pages in front: what was reported, the answer, three numbers, limits, findings, next steps."""

from __future__ import annotations

from evaluation.contracts import SHOWN, WITHHELD
from evaluation.indicators import headline, indicators
from evaluation.language import day, listed, number, percent, say, say_count, sentence, uncapitalised
from evaluation.monitoring.funnel import INSIDE
from evaluation.monitoring.reading import UNCLEAR, way
from evaluation.monitoring.reports.completeness import LATE
from evaluation.periods import Period
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import absent, change_sentence, interval, value
from evaluation.reporting.model import Block, Bullets, Fact, Facts, Paragraph, Section

MOST_FINDINGS = 5
CHANCE = 0.05


def front(subject: Subject, pilot_findings: tuple[str, ...] = ()) -> Section:
    """Return the front section.

    Parameters
    ----------
    subject : Subject
    pilot_findings : tuple of str
        Sentences on the district's own pilots, in the report's language.
    """
    speak = subject.language
    parts = [
        Section("reported", say("front.reported", speak), (Paragraph(reported(subject)),)),
        Section("answer", say("front.answer", speak), (Paragraph(answer(subject), "answer"), Paragraph(certainty(subject)))),
        Section("facts", say("front.facts", speak), (three_numbers(subject),)),
        Section("limits", say("front.limits", speak), (Bullets(limits(subject)),)),
        Section("findings", say("front.findings", speak), (Bullets(findings(subject, pilot_findings)),)),
        Section("actions", say("front.actions", speak), (Bullets(actions(subject)),)),
    ]
    other = "en" if speak == "vi" else "vi"
    parts.append(Section("summary", say("front.summary", speak), summary(Subject(subject.slice, other))))
    return Section("front", say("section.front", speak), (), tuple(parts))


def summary(subject: Subject) -> tuple[Block, ...]:
    """Return the summary in the subject's own language, marked with it: for a reader of the other one."""
    lines = [reported(subject), answer(subject), certainty(subject)]
    return (*(Paragraph(text, lang=subject.language) for text in lines), Bullets(findings(subject), lang=subject.language))


def reported(subject: Subject) -> str:
    """Return what was reported and when."""
    speak, done = subject.language, subject.slice.completeness
    slots: dict[str, object] = {"place": subject.place, "period": subject.period, "cutoff": subject.cutoff}
    if not subject.reported:
        return say("reported.none", speak, **slots)
    due = subject.slice.period.district_due
    limit = due.replace(day=due.day + 1)
    first = done.first_received
    assert hasattr(first, "toordinal")
    slots |= {"received": day(first, speak), "limit": day(limit, speak), "n": done.n - subject.missing_wards, "total": done.n}  # type: ignore[arg-type]
    text = say(f"reported.{done.timing}", speak, days=first.toordinal() - due.toordinal(), **slots)
    if done.revisions:
        text += " " + say_count("reported.revised", speak, done.revisions)
    return text


def answer(subject: Subject) -> str:
    """Return the answer in one sentence: the headline outcome and whether it moved."""
    speak, main = subject.language, headline().id
    row = subject.now(main)
    slots = {"place": subject.place, "period": subject.period}
    if row["state"] == WITHHELD:
        return say("answer.withheld", speak, **slots)
    if row["state"] != SHOWN:
        return say("answer.missing", speak, **slots)
    return say(
        "answer.headline",
        speak,
        share=percent(row["value"], speak),
        n=number(row["numerator"], speak),
        total=number(row["denominator"], speak),
        change=change_sentence(subject.change(main), speak),
        **slots,
    )


def certainty(subject: Subject) -> str:
    """Return how sure the evidence is, or that there is none."""
    known = subject.now(headline().id)["state"] == SHOWN
    return say("answer.certainty" if known else "answer.certainty.none", subject.language)


def three_numbers(subject: Subject) -> Facts:
    """Return wards reported, the headline outcome, and violence reported that got support."""
    speak, done = subject.language, subject.slice.completeness
    wards = Fact(
        say("fact.wards", speak),
        percent(done.estimate or 0.0, speak, 0),
        say("fact.counted", speak, n=done.n - subject.missing_wards, total=done.n),
    )
    return Facts((wards, _share(subject, headline().id, "fact.headline"), _share(subject, "violence_supported_share", "fact.violence")))


def _share(subject: Subject, name: str, label: str) -> Fact:
    speak, row = subject.language, subject.now(name)
    if row["state"] != SHOWN:
        return Fact(say(label, speak), absent(str(row["state"]), speak).text, say("fact.absent", speak))
    known = indicators()[name]
    detail = say(
        "fact.share",
        speak,
        n=number(row["numerator"], speak),
        total=number(row["denominator"], speak),
        interval=interval(known, row["low"], row["high"], speak),
    )
    return Fact(say(label, speak), value(known, row["value"], speak), detail)


def limits(subject: Subject) -> tuple[str, ...]:
    """Return what the report cannot tell."""
    speak = subject.language
    always = [say(key, speak) for key in ("limit.causal", "limit.people", "limit.self")]
    missing = subject.missing_wards
    if missing and subject.reported:
        always.append(say_count("limit.wards", speak, missing))
    return tuple(always)


def findings(subject: Subject, pilot_findings: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return three to five findings, in a fixed order of importance, each made from results by rule."""
    if not subject.reported:
        return (*_without_report(subject), *pilot_findings)[:MOST_FINDINGS]
    speak, done = subject.language, subject.slice.completeness
    first = say(
        "finding.reporting",
        speak,
        n=done.n - subject.missing_wards,
        total=done.n,
        period=subject.period,
        timing=say(f"timing.{done.timing}", speak),
    )
    return (first, *pilot_findings[:1], _moved(subject), _violence(subject), _among(subject))[:MOST_FINDINGS]


def _without_report(subject: Subject) -> tuple[str, ...]:
    speak, slots = subject.language, {"place": subject.place}
    spans = subject.slice.sent
    last = max(spans, default=None)
    history = say("finding.history.none", speak, **slots)
    if last:
        history = say("finding.history", speak, period=Period.parse(last).label(speak))
    return (
        sentence(say("finding.not_reported", speak, period=subject.period, **slots)),
        history,
        say("finding.reports.count", speak, n=len(spans), total=len(subject.slice.periods), **slots),
    )


def _moved(subject: Subject) -> str:
    speak = subject.language
    changes = {name: subject.change(name) for name in subject.of_kind("outcome")}
    known = {name: row for name, row in changes.items() if row["state"] == SHOWN}
    if not known:
        return say("finding.none_comparable", speak)
    clear = [f"{_name(n, speak)} ({say('change.word.' + way(r), speak)})" for n, r in known.items() if way(r) != UNCLEAR]
    if not clear:
        return say("finding.none_moved", speak, n=len(known))
    chance = number(CHANCE * len(known), speak, 1)
    kept = (
        say_count("finding.remain", speak, len(subject.slice.remaining)) if subject.slice.remaining else say("finding.remain.none", speak)
    )
    return say("finding.some_moved", speak, n=len(known), k=len(clear), list=listed(clear, speak), chance=chance, kept=kept)


def _name(indicator: str, language: str) -> str:
    return uncapitalised(indicators()[indicator].label[language])


def _violence(subject: Subject) -> str:
    speak = subject.language
    count, share = subject.now("violence_reported"), subject.now("violence_supported_share")
    if WITHHELD in (count["state"], share["state"]):
        return say("finding.violence.withheld", speak)
    if count["state"] != SHOWN:
        return say("finding.violence.missing", speak)
    if count["value"] == 0:
        return say("finding.violence.zero", speak)
    if share["state"] != SHOWN:
        return say("finding.violence.missing", speak)
    return say(
        "finding.violence",
        speak,
        n=number(count["value"], speak),
        supported=number(share["numerator"], speak),
        share=percent(share["value"], speak),
    )


def _among(subject: Subject) -> str:
    speak, main = subject.language, headline()
    drawn = subject.slice.funnel
    own = drawn.frame[drawn.frame["unit"] == subject.code].iloc[0]
    if own["state"] == SHOWN and drawn.estimate is None:
        return say("ind.funnel.absent", speak, period=subject.period)
    if own["state"] != SHOWN or drawn.estimate is None:
        return f"{main.label[speak]}: {absent(str(own['state']), speak).text}."
    inside = own["position"] == INSIDE
    return say(
        f"finding.funnel.{'inside' if inside else 'outside'}",
        speak,
        label=main.label[speak],
        place=subject.place,
        value=percent(own["value"], speak),
        centre=percent(drawn.estimate, speak),
    )


def actions(subject: Subject) -> tuple[str, ...]:
    """Return what to do next: who, what, by when, and the finding that it follows from."""
    speak, period = subject.language, subject.slice.period
    following = period.shift(1)
    due = following.district_due
    slots: dict[str, object] = {"place": subject.place, "limit": day(due.replace(day=due.day + 1), speak)}
    wanted = []
    if not subject.reported:
        wanted.append(say("action.send", speak, period=subject.period, **slots))
    elif subject.missing_wards:
        wanted.append(say_count("action.wards", speak, subject.missing_wards, **slots))
    if subject.reported and subject.slice.completeness.timing == LATE:
        wanted.append(say("action.time", speak, period=following.label(speak), **slots))
    if odd := len(subject.slice.odd_figures):
        wanted.append(say_count("action.check", speak, odd, **slots))
    share = subject.now("violence_supported_share")
    if share["state"] == SHOWN and share["value"] < 1:
        wanted.append(say("action.support", speak, period=following.label(speak)))
    if not wanted:
        wanted.append(say("action.none", speak, period=following.label(speak), **slots))
    return (*wanted, say("action.complaint", speak))
