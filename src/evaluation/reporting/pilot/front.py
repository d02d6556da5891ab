"""The two pages in front: the answer, three numbers, limits, all outcomes and harms, options by preset rule, recommendations."""

from __future__ import annotations

from evaluation.effects.analysis_plan.plan import PRIMARY
from evaluation.effects.inference.randomisation import smallest_randomisation_p
from evaluation.indicators import indicators
from evaluation.language import day, listed, number, number_span, percent, say, sentence, uncapitalised
from evaluation.reporting.district.effect_words import effect_interval, effect_size
from evaluation.reporting.district.written import absent
from evaluation.reporting.model import Block, Bullets, Cell, Column, Fact, Facts, Paragraph, Section, Table
from evaluation.reporting.pilot.certainty import certainty_sentence, verdict_count
from evaluation.reporting.pilot.delivered import delivered_part, spent_words, unit_cost
from evaluation.reporting.pilot.effect_words import alarms, effect_sentence, named, of_plan, said
from evaluation.reporting.pilot.estimates import REACHED, Estimated
from evaluation.reporting.pilot.harms import Harm, signs, survey_never_claims
from evaluation.reporting.pilot.harms import found as harms_found
from evaluation.reporting.pilot.roaming import of_city, row_of, written
from evaluation.reporting.pilot.rules import BLOCKED, MET, NOT_MET, OPTIONS, UNDECIDABLE, option, recommendations
from evaluation.reporting.pilot.standing import known
from evaluation.reporting.pilot.subject import Subject

VIOLENCE_SHARE = "violence_supported_share"


def front(subject: Subject) -> Section:
    """Return the front section."""
    speak = subject.language
    short = Bullets((*done(subject), certainty_sentence(subject), *next_steps(subject)))
    parts = [
        Section("answer", say("model.front.answer", speak), (Paragraph(answer(subject), "answer"), short)),
        Section("facts", say("front.facts", speak), (three_numbers(subject),)),
        Section("limits", say("front.limits", speak), (Bullets(limits(subject)),)),
        Section("results", say("model.front.results", speak), (_results(subject),)),
        Section("options", say("model.front.options", speak), (_options(subject),)),
        Section("recommendations", say("model.front.recommendations", speak), (Bullets(recommended(subject)),)),
    ]
    return Section("front", say("section.front", speak), (), tuple(parts))


def summary(subject: Subject) -> Section:
    """Return the summary in the other language, marked with it: for a reader of that one."""
    other = subject.other()
    lines = [answer(other), *done(other), certainty_sentence(other), *next_steps(other)]
    said_of: tuple[Block, ...] = tuple(Paragraph(text, lang=other.language) for text in lines)
    return Section("summary", say("front.summary", subject.language), (*said_of, Bullets(recommended(other)[:-1], lang=other.language)))


def answer(subject: Subject) -> str:
    """Return the answer in one sentence or two: the first outcome's effect by rule, and how many of all may be claimed."""
    speak = subject.language
    if not subject.placed:
        return say("model.answer.no_place", speak, name=subject.name)
    if not subject.evidence.effects.outcomes:
        return say("model.answer.no_start", speak, name=subject.name, ward=subject.ward)
    return f"{effect_sentence(subject, subject.evidence.effects.outcomes[0], alarms_beside=True)} {verdict_count(subject)}".strip()


def done(subject: Subject) -> tuple[str, ...]:
    """Return in one line what was done: services since the start, people reached, money spent; empty without a ward or start."""
    speak, evidence, part = subject.language, subject.evidence, delivered_part(subject.evidence)
    if part is None:
        return ()
    slots = {"start": subject.since, "ward": subject.ward, "n": number(part[0], speak), "total": number(part[1], speak)}
    told = [say("model.done", speak, **slots)]
    for year in reversed(evidence.years_since):
        if (people := evidence.count(REACHED, year)[0]) is not None:
            told.append(say("model.done.reached", speak, year=year, n=number(people, speak)))
            break
    if evidence.money is not None and (share := spent_words(subject)):
        spent = number(evidence.money["spent_million_vnd"].sum(), speak)
        years = listed(sorted({str(y) for y in evidence.money["year"]}), speak)
        told.append(say("model.done.money", speak, spent=spent, part=share, years=years))
    return (" ".join(told),)


def next_steps(subject: Subject) -> tuple[str, ...]:
    """Return in one line which options the preset rules allow."""
    speak, facts = subject.language, known(subject)
    told = []
    for verdict in (MET, NOT_MET, UNDECIDABLE):
        if names := [uncapitalised(say(f"model.option.{o}", speak)) for o in OPTIONS if option(facts, o) == verdict]:
            told.append(say(f"model.next.{verdict}", speak, options=listed(names, speak)))
    return (say("model.next", speak, list="; ".join(told)),)


def three_numbers(subject: Subject) -> Facts:
    """Return the first outcome, the gravest harm that is looked for, and cost per person reached."""
    return Facts((_outcome(subject), _harm(subject), _cost(subject)))


def _outcome(subject: Subject) -> Fact:
    speak, found = subject.language, subject.evidence.effects.outcomes
    name = subject.model.outcome_indicators[0]
    if not found:
        known_of = indicators()[name]
        if subject.placed:
            return Fact(known_of.label[speak], say("model.fact.none", speak), say("model.fact.no_start", speak))
        row = row_of(of_city(subject.evidence, name), str(subject.evidence.city.period))
        cell = written(known_of, row, speak)
        value, _, inner = cell.text.partition(" (")
        return Fact(say("model.fact.city", speak, label=known_of.label[speak]), value, inner.rstrip(")"))
    first = found[0]
    label = say("model.fact.effect", speak, label=first.study.label[speak])
    effect = first.effect
    if effect is None or effect.estimate is None or said(subject, first) == BLOCKED:
        return Fact(label, say("model.fact.none", speak), say(f"model.reading.{said(subject, first)}", speak))
    detail = [say(f"model.reading.{said(subject, first)}", speak)]
    if effect.low is not None and effect.high is not None:
        ends = effect_interval(effect, effect.low, effect.high, speak)
        detail.insert(0, say("model.effect.interval", speak, level=number(100 * effect.level, speak), interval=ends))
    detail.append(say("model.fact.alarms", speak, alarms=alarms(effect.calibration, speak)))
    return Fact(label, effect_size(effect, effect.estimate, speak), "; ".join(detail))


def _harm(subject: Subject) -> Fact:
    speak = subject.language
    if asked := next((a for a in subject.evidence.survey if a.question == "fear_services"), None):
        first, last = asked.pilot
        label = say("model.fact.fear", speak)
        if first.k is None or last.k is None:
            return Fact(label, absent(last.state, speak).text, say("model.fact.too_few", speak))
        slots = {"before": percent(first.share, speak), "k0": number(first.k, speak), "n0": number(first.n, speak)}
        low, high = last.interval
        slots |= {"k": number(last.k, speak), "n": number(last.n, speak), "interval": number_span(100 * low, 100 * high, speak, 1)}
        return Fact(label, percent(last.share, speak), say("model.fact.asked", speak, **slots) + _never(subject))
    if subject.placed:
        return Fact(say("model.fact.fear", speak), say("model.fact.none", speak), say("model.fact.no_survey", speak))
    row = row_of(of_city(subject.evidence, VIOLENCE_SHARE), str(subject.evidence.city.period))
    value, _, inner = written(indicators()[VIOLENCE_SHARE], row, speak).text.partition(" (")
    return Fact(say("model.fact.city", speak, label=indicators()[VIOLENCE_SHARE].label[speak]), value, inner.rstrip(")"))


def _never(subject: Subject) -> str:
    """Write that the survey's wards are too few to claim a change, with the smallest p-value that they can give."""
    wards, speak = subject.evidence.surveyed, subject.language
    if wards is None or survey_never_claims(subject.evidence) is None:
        return ""
    smallest = number(smallest_randomisation_p(*wards), speak, 3)
    return say("model.fact.never", speak, wards=number(sum(wards), speak), p=smallest)


def _cost(subject: Subject) -> Fact:
    speak, evidence = subject.language, subject.evidence
    label = say("model.fact.cost", speak)
    for year in reversed(evidence.years_since):
        cost = unit_cost(evidence, int(year))
        if cost is not None:
            value, low, high = (1000 * x for x in cost)
            detail = say("model.fact.cost.detail", speak, year=year, interval=number_span(low, high, speak))
            return Fact(label, say("model.fact.thousand", speak, value=number(value, speak)), detail)
    why = "model.fact.cost.none" if evidence.money is None else "model.fact.cost.no_count"
    return Fact(label, say("model.fact.none", speak), say(why, speak))


def limits(subject: Subject) -> tuple[str, ...]:
    """Return what the report cannot tell."""
    speak = subject.language
    keys = ["one_ward" if subject.placed else "no_place", "self", "harm"]
    said_of = [say(f"model.limit.{k}", speak) for k in keys]
    return tuple(said_of)


def _results(subject: Subject) -> Table:
    """Return all planned outcomes and harms in one order, in words; harms that nobody looked for in one row."""
    speak = subject.language
    rows = [(Cell(named(subject, e, only=PRIMARY)), Cell(_result(subject, e))) for e in subject.evidence.effects.outcomes]
    if not rows:
        together = "; ".join(indicators()[name].label[speak] for name in subject.model.outcome_indicators)
        rows = [(Cell(together), Cell(say(f"model.reading.untested.{'start' if subject.placed else 'place'}", speak), "missing"))]
    harms = harms_found(subject)
    rows += [(Cell(say(f"model.harm.{h.id}", speak)), Cell(_of_harm(h, speak))) for h in harms if h.looked_for]
    if silent := "; ".join(say(f"model.harm.{h.id}", speak) for h in harms if not h.looked_for):
        rows.append((Cell(silent), Cell(say("model.reading.not_looked_for", speak), "missing")))
    columns = (
        Column(say("model.front.results.what", speak), row_header=True, width=36),
        Column(say("model.front.results.said", speak), width=64),
    )
    calibrations = [e.effect.calibration for e in subject.evidence.effects.outcomes if e.effect is not None and e.effect.calibration]
    note = say("model.front.results.note", speak, rule=calibrations[0].rule(speak)) if calibrations else ""
    level = number(100 * subject.evidence.effects.level, speak)
    caption = say("model.front.results.caption", speak, plan=of_plan(subject), level=level)
    return Table("results-table", caption, columns, tuple(rows), note)


def _result(subject: Subject, found: Estimated) -> str:
    """Return an outcome's effect with its interval and what may be said of it, on one line."""
    speak, verdict, effect = subject.language, said(subject, found), found.effect
    reading = say(f"model.reading.{verdict}", speak)
    if effect is None or effect.estimate is None or verdict == BLOCKED:
        return reading
    text = effect_size(effect, effect.estimate, speak)
    if effect.low is not None and effect.high is not None:
        text += f" ({effect_interval(effect, effect.low, effect.high, speak)})"
    return f"{text}: {reading}"


def _of_harm(harm: Harm, language: str) -> str:
    sign = say(f"model.reading.harm.{harm.sign}", language)
    return f"{harm.brief}: {sign}" if harm.brief else sign


def _options(subject: Subject) -> Table:
    speak, facts = subject.language, known(subject)
    rows = tuple(
        (
            Cell(say(f"model.option.{o}", speak)),
            Cell(say(f"model.option.{o}.rule", speak)),
            Cell(say(f"model.option.{option(facts, o)}", speak)),
        )
        for o in OPTIONS
    )
    heads = (("option", 12), ("rule", 68), ("met", 20))
    columns = tuple(Column(say(f"model.option.col.{h}", speak), row_header=h == "option", width=w) for h, w in heads)
    return Table("options-table", say("model.option.caption", speak), columns, rows)


def recommended(subject: Subject) -> tuple[str, ...]:
    """Return what is recommended: who, what, by when, and what it follows from; and where to complain."""
    speak, facts = subject.language, known(subject)
    due = subject.evidence.city.period.shift(1).department_due
    told, unsure = signs(subject.evidence)
    harms = ", ".join(say(f"model.harm.{'reports' if h == 'violence_reported' else h}", speak) for h in (*told, *unsure))
    slots = {"lead": subject.lead, "limit": day(due, speak), "harms": harms, "n": number(facts.not_recorded, speak)}
    wanted = [sentence(say(f"model.recommend.{key}", speak, **slots)) for key in recommendations(facts)]
    return (*wanted, say("action.complaint", speak))
