"""What can be said of the pilot models: estimates with their test and its false-alarm rate, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.disclosure.effect import usable_until
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import NotEnough
from evaluation.effects.pilots import pilot_starts, pilot_study, placed_pilots, ward_of
from evaluation.effects.study import REASONS, Study
from evaluation.language import number, percent, points, say, say_count, sentence, span
from evaluation.periods import Period
from evaluation.places import within_sentence
from evaluation.plan import Pilot
from evaluation.reporting.calibrations import calibrated_effect
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import points_interval, signed
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.store import open_store

MOST_WRITTEN = 10.0  # an end above ten times more says only that there is no bound of any use: it is written "over 1,000 %"


@dataclass(frozen=True, eq=False)
class _Estimated:
    study: Study
    effect: Effect | None  # None where too little was reported, or nothing may be compared


@cache
def _estimated(path: Path, as_of: object, pilot: str, outcome: str, until: str) -> _Estimated:
    """Return the estimate of one of a pilot's outcomes."""
    made = pilot_study(open_store(path, as_of), pilot, outcome, until)  # type: ignore[arg-type]
    try:
        return _Estimated(made, calibrated_effect(estimate_effect(made), made))
    except NotEnough:
        return _Estimated(made, None)


def estimates(subject: Subject, pilot: str, most: int | None = None) -> tuple[_Estimated, ...]:
    """Return the estimates of a placed pilot up to the report's period, the first outcome first.

    Empty where its start is unknown or ahead, and of outcomes that count people
    before the first whole year since; `most` limits how many outcomes are estimated.
    """
    store, until = subject.evidence.store, str(subject.evidence.period)
    start = pilot_starts(store.synthetic).get(pilot)
    if not start or start > until:
        return ()
    ends = {name: usable_until(until, name) for name in placed_pilots()[pilot].outcome_indicators[:most]}
    return tuple(_estimated(store.path, store.as_of, pilot, name, end) for name, end in ends.items() if start <= end)


def pilot(subject: Subject) -> Section:
    """Return the section on pilot models."""
    speak = subject.language
    own = [p for p in placed_pilots().values() if p.district_code == subject.code]
    title = say("section.pilot", speak)
    if own:
        return Section("pilot", title, (), tuple(_own(subject, p) for p in own))
    known = tuple(_primary(subject, p) for p in placed_pilots().values())
    blocks: tuple[Block, ...] = (
        Paragraph(say("pilot.none", speak, place=subject.place)),
        Paragraph(say("pilot.known", speak)),
        Bullets(known),
    )
    calibrated = [e.effect.calibration for p in placed_pilots() for e in estimates(subject, p, most=1) if e.effect is not None]
    if rules := dict.fromkeys(c.rule(speak) for c in calibrated if c is not None):
        blocks = (*blocks, Paragraph(" ".join((say("pilot.alarms", speak), *rules)), "note"))
    return Section("pilot", title, (*blocks, Paragraph(say("pilot.certainty", speak))))


def pilot_findings(subject: Subject) -> tuple[str, ...]:
    """Return one sentence on each of the district's own pilots, for the front page."""
    return tuple(_primary(subject, p) for p in placed_pilots().values() if p.district_code == subject.code)


def pilot_key_figures(subject: Subject) -> list[dict[str, Any]]:
    """Return the estimates of the district's own pilots as typed key figures."""
    return [
        _key_figures(p.id, e.effect)
        for p in placed_pilots().values()
        if p.district_code == subject.code
        for e in estimates(subject, p.id)
        if e.effect is not None
    ]


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


def _primary(subject: Subject, model: Pilot) -> str:
    found = estimates(subject, model.id, most=1)
    if not found:
        return _no_start(subject, model)
    return effect_sentence(found[0].study, found[0].effect, subject.language)


def _no_start(subject: Subject, model: Pilot) -> str:
    speak = subject.language
    start = pilot_starts(subject.evidence.store.synthetic).get(model.id)
    key = "pilot.too_early" if start and start <= str(subject.evidence.period) else "pilot.no_start"
    return say(key, speak, name=model.name[speak], ward=within_sentence(ward_of(model).name)[speak])


def effect_size(effect: Effect, x: float, language: str) -> str:
    """Write a value on the effect's scale: a signed relative change, or percentage points."""
    return signed(x, language) if effect.scale == "ratio" else points(x, language)


def effect_interval(effect: Effect, low: float, high: float, language: str) -> str:
    """Write an interval on the effect's scale."""
    if effect.scale == "difference":
        return points_interval(low, high, language)
    top = say("model.effect.over", language, most=percent(MOST_WRITTEN, language, 0)) if high - 1 > MOST_WRITTEN else signed(high, language)
    return span(signed(low, language), top, language)


def effect_sentence(study: Study, effect: Effect | None, language: str) -> str:
    """Return the sentence on an effect; a direction only where it can be told from chance by a procedure that may be relied on."""
    slots: dict[str, Any] = {"label": study.label[language], "ward": within_sentence(study.treated_label)[language]}
    if effect is None or effect.estimate is None:
        return say("pilot.effect.none", language, **slots)
    slots["n"] = len(effect.placebo)
    if effect.low is None or effect.high is None or effect.p_value is None:
        return say("pilot.effect.no_interval", language, **slots)
    slots["interval"] = effect_interval(effect, effect.low, effect.high, language)
    slots["p"] = number(effect.p_value, language, 3)
    if effect.calibration is None or not effect.clear:
        kind = "unreliable" if effect.verdict == "unreliable" else "unclear"
        return say(f"pilot.effect.{kind}", language, size=effect_size(effect, effect.estimate, language), **slots)
    slots |= {"past": effect.calibration.windows.written(language), "drawn": effect.calibration.generated.written(language)}
    up = effect.estimate > effect.none
    away = abs(effect.estimate - effect.none)
    size = percent(away, language) if effect.scale == "ratio" else points(away, language)
    return say(f"pilot.effect.clear.{'up' if up else 'down'}", language, size=size, **slots)


def _own(subject: Subject, model: Pilot) -> Section:
    speak, ward = subject.language, within_sentence(ward_of(model).name)[subject.language]
    found = estimates(subject, model.id)
    title = model.name[speak]
    if not found:
        return Section(f"pilot-{model.id}", title, (Paragraph(_no_start(subject, model), "warning"),))
    first = found[0]
    start = Period.parse(first.study.start).label(speak)
    intro = say("pilot.what" if subject.evidence.synthetic else "pilot.what.real", speak, name=title, ward=ward, start=start)
    blocks: list[Block] = [
        Paragraph(intro),
        Paragraph(say("pilot.estimand", speak)),
        Paragraph(effect_sentence(first.study, first.effect, speak), "answer"),
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


def _stands_on(found: _Estimated, language: str) -> tuple[str, ...]:
    """Return what the estimate stands on: assumptions, and who was not compared with and why."""
    dropped = found.study.dropped
    assumed = () if found.effect is None else found.effect.assumptions
    said = [say("pilot.assumption", language, text=a[language]) for a in assumed]
    counted = dropped[dropped["reason"] != "treated"]["reason"].value_counts()
    items = [say_count("pilot.dropped.item", language, int(n), reason=REASONS[str(why)][language]) for why, n in counted.items()]
    if items:
        said.append(say("pilot.dropped", language, list="; ".join(items)))
    return tuple(said)


def _table(found: tuple[_Estimated, ...], model: Pilot, ward: str, language: str) -> Table:
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


def _row(found: _Estimated, language: str) -> tuple[Cell, ...]:
    absent, effect = Cell(say("state.not_applicable", language), "not_applicable"), found.effect
    if effect is None:
        unread = Cell(say("pilot.reading.none", language))
        return (Cell(found.study.label[language]), absent, absent, absent, Cell(number(len(found.study.donors), language)), absent, unread)

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
