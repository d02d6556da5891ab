"""Effects by outcome with their calibration, other designs, checks, spill-over, and cost per outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evaluation.disclosure.effect import counts_people, protected_effect
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, UNTRIED, Checks
from evaluation.effects.checks.verdicts import VERDICTS as CHECKED
from evaluation.effects.designs import design
from evaluation.effects.effect import RATIO, Effect, said_p
from evaluation.effects.study import REASONS
from evaluation.language import number, say, say_count, sentence
from evaluation.reporting.district.effect_words import effect_interval, effect_size
from evaluation.reporting.model import Block, Bullets, Cell, Column, Figure, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.reporting.pilot.effect_words import alarms, correction, effect_sentence, named, of_plan, said
from evaluation.reporting.pilot.estimates import Estimated
from evaluation.reporting.pilot.rules import BLOCKED
from evaluation.reporting.pilot.subject import Subject
from evaluation.reporting.pilot.value import cost_per_outcome


def effects(subject: Subject) -> Section:
    """Return the section on effects."""
    speak, title = subject.language, say("model.section.effects", subject.language)
    if not subject.placed:
        from evaluation.reporting.pilot.roaming import city_wide

        return Section("effects", title, (Paragraph(say("model.effects.no_place", speak), "warning"),), city_wide(subject))
    found = subject.evidence.effects.outcomes
    if not found:
        return Section("effects", title, (Paragraph(say("model.effects.no_start", speak, ward=subject.ward), "warning"),))
    first = found[0]
    parts = [
        Section("outcome-effects", say("model.effects.table", speak), _estimates(subject, found)),
        Section("designs", say("model.effects.designs", speak), _designs(subject, found)),
        Section("effect-checks", say("model.effects.checks", speak), _checks(subject, found)),
        Section("spill-over", say("model.effects.spill", speak), (Paragraph(_spill_over(subject)),)),
        Section("cost-per-outcome", say("model.effects.cost", speak), (Paragraph(cost_per_outcome(subject)),)),
        Section("stands-on", say("model.effects.stands", speak), (Bullets(_stands_on(subject, first)),)),
    ]
    return Section(
        "effects", title, (Paragraph(say("model.estimand", speak)), Paragraph(effect_sentence(subject, first), "answer")), tuple(parts)
    )


def _estimates(subject: Subject, found: tuple[Estimated, ...]) -> tuple[Block, ...]:
    speak = subject.language
    blocks: list[Block] = [_table(subject, found)]
    calibration = found[0].effect.calibration if found[0].effect else None
    if calibration is not None:
        blocks.append(Paragraph(f"{found[0].study.label[speak]}: {calibration.summary(speak)}. {calibration.rule(speak)}"))
    drawn = [e for e in found if e.effect is not None and said(subject, e) != BLOCKED]
    return (*blocks, *([_figure(subject, drawn[0].effect)] if drawn and drawn[0].effect else []))


def _table(subject: Subject, found: tuple[Estimated, ...]) -> Table:
    speak = subject.language
    heads = (("name", 23), ("effect", 11), ("interval", 14), ("p", 7), ("adjusted", 8), ("alarms", 10), ("detectable", 11), ("reading", 16))
    level = number(100 * subject.evidence.effects.level, speak)
    columns = tuple(
        Column(say(f"model.effects.col.{h}", speak, level=level), h not in ("name", "reading"), h == "name", w) for h, w in heads
    )
    rows = tuple(_row(subject, e) for e in found)
    note = say("model.effects.note", speak, correction=correction(subject))
    return Table("effects-table", say("model.effects.caption", speak, ward=subject.ward, plan=of_plan(subject)), columns, rows, note)


def _row(subject: Subject, found: Estimated) -> tuple[Cell, ...]:
    speak, effect, verdict = subject.language, found.effect, said(subject, found)
    none = Cell(say("state.not_applicable", speak), "not_applicable")
    reading = Cell(say(f"model.reading.{verdict}", speak))
    if effect is None or verdict == BLOCKED:
        return (Cell(named(subject, found)), none, none, none, none, none, none, reading)

    def sized(x: float | None) -> Cell:
        return none if x is None else Cell(effect_size(effect, x, speak))

    held = effect.low is not None and effect.high is not None
    adjusted = subject.evidence.effects.claim(found.outcome).get("p_adjusted")
    return (
        Cell(named(subject, found)),
        sized(effect.estimate),
        Cell(effect_interval(effect, effect.low, effect.high, speak)) if held else none,  # type: ignore[arg-type]
        none if effect.p_value is None else Cell(said_p(effect.p_value, speak).removeprefix("p = ").removeprefix("p ")),
        none if adjusted is None or adjusted != adjusted else Cell(number(adjusted, speak, 3)),
        Cell(alarms(effect.calibration, speak)),
        sized(effect.calibration.detectable if effect.calibration else None),
        reading,
    )


def _figure(subject: Subject, effect: Effect) -> Figure:
    from evaluation.figures.effect import gaps

    speak = subject.language
    span = say(f"model.effects.figure.{'year' if counts_people([effect.outcome]) else 'quarter'}", speak)
    caption = say("model.effects.figure", speak, span=span, label=effect.outcome_label[speak], ward=subject.ward)
    return picture(gaps(protected_effect(effect), language=speak), "gaps-figure", caption)


def _designs(subject: Subject, found: tuple[Estimated, ...]) -> tuple[Block, ...]:
    evidence, speak = subject.evidence.effects, subject.language
    names = [m.design for m in (evidence.main, *evidence.others)]
    rows = []
    for e in found:
        if e.effect is None or not evidence.designs_of(e.outcome):
            continue
        by = {x.design: x for x in (e.effect, *e.others)}
        cells = [_estimate(by.get(n), speak) for n in names]
        claim = evidence.claim(e.outcome)
        same = say("model.effects.same_way", speak, k=number(claim["same_way"], speak), n=number(claim["designs"], speak))
        rows.append((Cell(e.study.label[speak]), *cells, Cell(same)))
    heads = [say("model.effects.col.name", speak), *(design(n).name[speak] for n in names), say("model.effects.col.same", speak)]
    columns = tuple(
        Column(h, 0 < i <= len(names), i == 0, w)
        for i, (h, w) in enumerate(zip(heads, (26, *[64 // len(names)] * len(names), 10), strict=True))
    )
    caption = say("model.effects.designs.caption", speak, level=number(100 * evidence.level, speak))
    return Paragraph(say("model.effects.designs.intro", speak)), Table("designs-table", caption, columns, tuple(rows))


def _estimate(effect: Effect | None, language: str) -> Cell:
    if effect is None or effect.estimate is None:
        return Cell(say("state.not_applicable", language), "not_applicable")
    text = effect_size(effect, effect.estimate, language)
    if effect.low is not None and effect.high is not None:
        text += f" ({effect_interval(effect, effect.low, effect.high, language)})"
    return Cell(text)


def _checks(subject: Subject, found: tuple[Estimated, ...]) -> tuple[Block, ...]:
    speak = subject.language
    tried = [(e, e.checks) for e in found if e.checks is not None]
    if not tried:
        return (Paragraph(say("model.effects.checks.none", speak)),)
    blocks: list[Block] = [Paragraph(say("model.effects.checks.intro", speak)), _check_table(subject, *tried[0])]
    figures = _check_figures(subject, *tried[0])
    others = [_others_table(subject, tried[1:])] if len(tried) > 1 else []
    return (*blocks, *figures[:2], *others, *figures[2:])  # the tall one last, so that what is before it fills its page


def _check_table(subject: Subject, found: Estimated, checks: Checks) -> Table:
    speak = subject.language
    rows = tuple((Cell(c.name[speak]), Cell(CHECKED[c.verdict][speak]), Cell(sentence(c.said[speak]))) for c in checks.found)
    heads = (("check", 24), ("verdict", 16), ("found", 60))
    columns = tuple(Column(say(f"model.effects.checks.col.{h}", speak), row_header=h == "check", width=w) for h, w in heads)
    note = say("model.effects.checks.scale", speak) if found.effect is not None and found.effect.scale == RATIO else ""
    return Table("checks-table", say("model.effects.checks.caption", speak, label=found.study.label[speak]), columns, rows, note)


def _check_figures(subject: Subject, found: Estimated, checks: Checks) -> list[Figure]:
    """Return the pictures of the first outcome's checks that say more than their sentence."""
    from evaluation.figures.neighbours import neighbours
    from evaluation.figures.pre_trends import pre_trends
    from evaluation.figures.specification_curve import specification_curve

    speak, label = subject.language, found.study.label[subject.language]
    draw: dict[str, Callable[[Any], Any]] = {
        "pre_trends": lambda r: pre_trends(r, language=speak),
        "spill_over": lambda r: neighbours(r, language=speak, counted=False),
        "specifications": lambda r: specification_curve(r, language=speak),
    }
    return [
        picture(draw[name](checks.results[name]), f"{name.replace('_', '-')}-figure", say(f"model.check.{name}", speak, label=label))
        for name in draw
        if name in checks.results and not (name == "pre_trends" and counts_people([found.outcome]))  # it shows single quarters
    ]


def _others_table(subject: Subject, tried: Sequence[tuple[Estimated, Checks]]) -> Table:
    """Return which checks hold for each further outcome: the doubtful and the failed by name, since those are what counts."""
    speak = subject.language
    rows = []
    for found, checks in tried:
        named = ["; ".join(c.name[speak] for c in checks.by_verdict(v)) or "–" for v in (DOUBTFUL, FAILS)]
        counted = [number(len(checks.by_verdict(v)), speak) for v in (HOLDS, UNTRIED)]
        rows.append((Cell(found.study.label[speak]), Cell(counted[0]), *(Cell(n) for n in named), Cell(counted[1])))
    names = [CHECKED[v][speak] for v in (HOLDS, DOUBTFUL, FAILS, UNTRIED)]
    heads = [say("model.effects.col.name", speak), *(sentence(n) for n in names)]
    widths = (28, 14, 24, 22, 12)
    columns = tuple(Column(h, i in (1, 4), i == 0, w) for i, (h, w) in enumerate(zip(heads, widths, strict=True)))
    return Table("other-checks-table", say("model.effects.checks.others", speak), columns, tuple(rows))


def _spill_over(subject: Subject) -> str:
    speak, seen = subject.language, subject.evidence.effects.spill_over
    if seen is None:
        return say("model.effects.spill.none", speak)
    said_of = seen.summary(speak).rstrip(".")
    return say("model.effects.spill.seen", speak, seen=f"{said_of} ({said_p(seen.p_value, speak)}).")


def _stands_on(subject: Subject, found: Estimated) -> tuple[str, ...]:
    """Return the assumptions, the inference, and who was not compared with and why."""
    speak, effect = subject.language, found.effect
    said_of = [] if effect is None else [effect.method[speak], effect.inference[speak], *(a[speak] for a in effect.assumptions)]
    dropped = found.study.dropped
    counted = dropped[dropped["reason"] != "treated"]["reason"].value_counts()
    items = [say_count("pilot.dropped.item", speak, int(n), reason=REASONS[str(why)][speak]) for why, n in counted.items()]
    said_of.append(say("model.effects.donors", speak, n=number(len(found.study.donors), speak)))
    if items:
        said_of.append(say("pilot.dropped", speak, list="; ".join(items)))
    return tuple(said_of)
