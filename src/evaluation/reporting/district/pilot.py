"""What can be said of the pilot models: estimates with their test and its false-alarm rate, or why there is none."""

from __future__ import annotations

from typing import Any

from evaluation.effects.effect import Effect
from evaluation.effects.pilots import ward_of
from evaluation.effects.study import REASONS
from evaluation.language import number, say, say_count, sentence
from evaluation.periods import Period
from evaluation.places import within_sentence
from evaluation.plan import Pilot, pilots
from evaluation.reporting.district.effect_words import effect_interval, effect_size
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.reporting.slices.slice import OwnPilot, PilotEstimate


def pilot(subject: Subject) -> Section:
    """Return the section on pilot models."""
    speak, found = subject.language, subject.slice.pilots
    title = say("section.pilot", speak)
    if found.own:
        return Section("pilot", title, (), tuple(_own(subject, p) for p in found.own))
    blocks: tuple[Block, ...] = (
        Paragraph(say("pilot.none", speak, place=subject.place)),
        Paragraph(say("pilot.known", speak)),
        Bullets(tuple(said[speak] for said in found.known)),
    )
    if found.rules:
        blocks = (*blocks, Paragraph(" ".join((say("pilot.alarms", speak), *(r[speak] for r in found.rules))), "note"))
    return Section("pilot", title, (*blocks, Paragraph(say("pilot.certainty", speak))))


def pilot_findings(subject: Subject) -> tuple[str, ...]:
    """Return one sentence on each of the district's own pilots, for the front page."""
    return tuple(p.said[subject.language] for p in subject.slice.pilots.own)


def pilot_key_figures(subject: Subject) -> list[dict[str, Any]]:
    """Return the estimates of the district's own pilots as typed key figures."""
    own = subject.slice.pilots.own
    return [_key_figures(p.pilot, e.effect) for p in own for e in p.estimates if e.effect is not None]


def _key_figures(pilot_id: str, effect: Effect) -> dict[str, Any]:
    calibration = effect.calibration
    rates = {} if calibration is None else {"false_alarms": calibration.windows, "false_alarms_drawn": calibration.generated}
    return {
        "kind": "effect",
        "id": effect.outcome,
        "pilot": pilot_id,
        "scale": effect.scale,
        "value": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p_value,
        "donors": len(effect.placebo),
        "clear": effect.clear,
        "verdict": effect.verdict,
        **{name: {"k": r.k, "m": r.m} for name, r in rates.items()},
        "detectable": None if calibration is None else calibration.detectable,
        "start": effect.start,
    }


def _own(subject: Subject, own: OwnPilot) -> Section:
    speak, model, found = subject.language, pilots()[own.pilot], own.estimates
    ward, title = within_sentence(ward_of(model).name)[speak], model.name[speak]
    if not found:
        return Section(f"pilot-{model.id}", title, (Paragraph(own.said[speak], "warning"),))
    first = found[0]
    start = Period.parse(first.start).label(speak)
    intro = say("pilot.what" if subject.slice.synthetic else "pilot.what.real", speak, name=title, ward=ward, start=start)
    blocks: list[Block] = [
        Paragraph(intro),
        Paragraph(say("pilot.estimand", speak)),
        Paragraph(own.said[speak], "answer"),
        *_alarm(first.effect, speak),
        Paragraph(say("pilot.certainty", speak)),
        _table(found, model, ward, speak),
    ]
    if first.effect is not None and len(first.effect.placebo):
        blocks.append(_figure(subject, first.effect, ward))
    blocks.append(Bullets(_stands_on(first, speak)))
    return Section(f"pilot-{model.id}", title, tuple(blocks))


def _alarm(effect: Effect | None, language: str) -> tuple[Block, ...]:
    """Return how often the whole procedure cries wolf, and the rule by which it may not be relied on."""
    if effect is None or effect.calibration is None:
        return ()
    found = effect.calibration
    return (Paragraph(f"{sentence(found.summary(language))}. {found.rule(language)}"),)


def _stands_on(found: PilotEstimate, language: str) -> tuple[str, ...]:
    """Return what the estimate stands on: assumptions, and who was not compared with and why."""
    assumed = () if found.effect is None else found.effect.assumptions
    said = [say("pilot.assumption", language, text=a[language]) for a in assumed]
    items = [say_count("pilot.dropped.item", language, n, reason=REASONS[why][language]) for why, n in found.dropped.items()]
    if items:
        said.append(say("pilot.dropped", language, list="; ".join(items)))
    return tuple(said)


def _table(found: tuple[PilotEstimate, ...], model: Pilot, ward: str, language: str) -> Table:
    heads = (
        ("ind.name", 27),
        ("pilot.col.effect", 13),
        ("ind.interval", 16),
        ("pilot.col.p", 7),
        ("pilot.col.donors", 9),
        ("pilot.col.detectable", 13),
        ("pilot.col.reading", 15),
    )
    columns = tuple(Column(say(k, language), k not in ("ind.name", "pilot.col.reading"), k == "ind.name", w) for k, w in heads)
    rows = tuple(_row(e, language) for e in found)
    return Table(f"effects-{model.id}", say("pilot.caption", language, ward=ward), columns, rows)


def _row(found: PilotEstimate, language: str) -> tuple[Cell, ...]:
    absent, effect = Cell(say("state.not_applicable", language), "not_applicable"), found.effect
    if effect is None:
        unread = Cell(say("pilot.reading.none", language))
        return (Cell(found.label[language]), absent, absent, absent, Cell(number(found.donors, language)), absent, unread)

    def sized(x: float | None) -> Cell:
        return absent if x is None else Cell(effect_size(effect, x, language))

    interval = absent
    if effect.low is not None and effect.high is not None:
        interval = Cell(effect_interval(effect, effect.low, effect.high, language))
    reading = effect.verdict if effect.verdict in ("clear", "unreliable") else "unclear"
    return (
        Cell(effect.outcome_label[language]),
        sized(effect.estimate),
        interval,
        absent if effect.p_value is None else Cell(number(effect.p_value, language, 3)),
        Cell(number(len(effect.placebo), language)),
        sized(effect.calibration.detectable if effect.calibration else None),
        Cell(say(f"pilot.reading.{reading}", language)),
    )


def _figure(subject: Subject, effect: Effect, ward: str) -> Block:
    from evaluation.figures import placebo

    speak = subject.language
    drawn = placebo.placebo(effect, language=speak)
    caption = say("pilot.figure.caption", speak, label=effect.outcome_label[speak], ward=ward, n=len(effect.placebo))
    return picture(drawn, "placebo-figure", caption)
