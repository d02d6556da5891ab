"""What can be said of the pilot models: estimates with their test and its false-alarm rate, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.effects.pilots import pilot_starts, pilot_study, placed_pilots, ward_of
from evaluation.effects.placebo import PilotEffect
from evaluation.effects.study import REASONS, Study
from evaluation.language import number, percent, points, say, say_count, span
from evaluation.periods import Period
from evaluation.places import within_sentence
from evaluation.plan import Pilot
from evaluation.reporting.district.subject import Subject
from evaluation.reporting.district.written import points_interval, signed
from evaluation.reporting.model import Block, Bullets, Cell, Column, Paragraph, Section, Table
from evaluation.reporting.pictures import picture
from evaluation.store import open_store


@dataclass(frozen=True, eq=False)
class _Estimated:
    study: Study
    effect: PilotEffect


@cache
def _estimated(path: Path, as_of: object, pilot: str, outcome: str, until: str) -> _Estimated:
    """Return the estimate of one of a pilot's outcomes."""
    made = pilot_study(open_store(path, as_of), pilot, outcome, until)  # type: ignore[arg-type]
    return _Estimated(made, made.estimate())


def estimates(subject: Subject, pilot: str, most: int | None = None) -> tuple[_Estimated, ...]:
    """Return the estimates of a placed pilot up to the report's period, the first outcome first.

    Empty where its start is unknown or ahead; `most` limits how many outcomes are estimated.
    """
    store, until = subject.evidence.store, str(subject.evidence.period)
    start = pilot_starts(store.synthetic).get(pilot)
    if not start or start > until:
        return ()
    outcomes = placed_pilots()[pilot].outcome_indicators[:most]
    return tuple(_estimated(store.path, store.as_of, pilot, name, until) for name in outcomes)


def pilot(subject: Subject) -> Section:
    """Return the section on pilot models."""
    speak = subject.language
    own = [p for p in placed_pilots().values() if p.district_code == subject.code]
    title = say("section.pilot", speak)
    if own:
        return Section("pilot", title, (), tuple(_own(subject, p) for p in own))
    known = tuple(_primary(subject, p) for p in placed_pilots().values())
    blocks = (Paragraph(say("pilot.none", speak, place=subject.place)), Paragraph(say("pilot.known", speak)), Bullets(known))
    return Section("pilot", title, (*blocks, Paragraph(say("pilot.certainty", speak))))


def pilot_findings(subject: Subject) -> tuple[str, ...]:
    """Return one sentence on each of the district's own pilots, for the front page."""
    return tuple(_primary(subject, p) for p in placed_pilots().values() if p.district_code == subject.code)


def pilot_key_figures(subject: Subject) -> list[dict[str, Any]]:
    """Return the estimates of the district's own pilots as typed key figures."""
    return [
        {
            "kind": "effect",
            "id": e.effect.outcome,
            "pilot": p.id,
            "scale": e.effect.scale,
            "value": e.effect.estimate,
            "low": e.effect.low,
            "high": e.effect.high,
            "p": e.effect.p_value,
            "donors": e.effect.n,
            "clear": e.effect.clear,
            "false_alarms": e.effect.false_alarms,
            "false_alarm_runs": e.effect.false_alarm_runs,
            "start": e.effect.start,
        }
        for p in placed_pilots().values()
        if p.district_code == subject.code
        for e in estimates(subject, p.id)
    ]


def _primary(subject: Subject, model: Pilot) -> str:
    found = estimates(subject, model.id, most=1)
    if not found:
        return _no_start(subject, model)
    return effect_sentence(found[0].effect, subject.language)


def _no_start(subject: Subject, model: Pilot) -> str:
    speak = subject.language
    return say("pilot.no_start", speak, name=model.name[speak], ward=within_sentence(ward_of(model).name)[speak])


def effect_size(effect: PilotEffect, x: float, language: str) -> str:
    """Write a value on the effect's scale: a signed relative change, or percentage points."""
    return signed(x, language) if effect.scale == "ratio" else points(x, language)


def effect_interval(effect: PilotEffect, low: float, high: float, language: str) -> str:
    """Write an interval on the effect's scale."""
    if effect.scale == "difference":
        return points_interval(low, high, language)
    return span(signed(low, language), signed(high, language), language)


def effect_sentence(effect: PilotEffect, language: str) -> str:
    """Return the sentence on an effect; a direction only where it can be told from chance and its calibration is known."""
    slots = {"label": effect.outcome_label[language], "ward": within_sentence(effect.unit_label)[language], "n": effect.n}
    if effect.estimate is None:
        return say("pilot.effect.none", language, **slots)
    if effect.low is None or effect.high is None:
        return say("pilot.effect.no_interval", language, **slots)
    slots["interval"] = effect_interval(effect, effect.low, effect.high, language)
    slots["p"] = number(effect.p_value, language, 3)
    slots |= {"k": effect.false_alarms, "runs": effect.false_alarm_runs}
    if not (effect.clear and effect.false_alarm_runs):
        return say("pilot.effect.unclear", language, size=effect_size(effect, effect.estimate, language), **slots)
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
        Paragraph(effect_sentence(first.effect, speak), "answer"),
        Paragraph(_alarm(first.effect, speak)),
        Paragraph(say("pilot.certainty", speak)),
        _table(found, model, ward, speak),
    ]
    if first.effect.estimate is not None and first.effect.n:
        blocks.append(_figure(subject, first.effect, ward))
    blocks.append(Bullets(_stands_on(first, speak)))
    return Section(f"pilot-{model.id}", title, tuple(blocks))


def _alarm(effect: PilotEffect, language: str) -> str:
    if not effect.false_alarm_runs:
        return say("pilot.alarm.none", language)
    return say(
        "pilot.alarm",
        language,
        k=effect.false_alarms,
        n=effect.false_alarm_runs,
        low=percent(effect.false_alarm_low, language),
        high=percent(effect.false_alarm_high, language),
    )


def _stands_on(found: _Estimated, language: str) -> tuple[str, ...]:
    """Return what the estimate stands on: assumption, what could have been seen, who was not compared with and why."""
    effect, dropped = found.effect, found.study.dropped
    said = [say("pilot.assumption", language, text=a[language]) for a in effect.assumptions]
    if effect.detectable is not None:
        said.append(say("pilot.detectable", language, size=effect_size(effect, effect.detectable, language)))
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
    rows = tuple(_row(e.effect, language) for e in found)
    return Table(f"effects-{model.id}", say("pilot.caption", language, ward=ward), columns, rows)


def _row(effect: PilotEffect, language: str) -> tuple[Cell, ...]:
    def sized(x: float | None) -> Cell:
        return Cell(say("state.not_applicable", language), "not_applicable") if x is None else Cell(effect_size(effect, x, language))

    interval = sized(None)
    if effect.low is not None and effect.high is not None:
        interval = Cell(effect_interval(effect, effect.low, effect.high, language))
    told = effect.clear and effect.false_alarm_runs
    return (
        Cell(effect.outcome_label[language]),
        sized(effect.estimate),
        interval,
        Cell(number(effect.p_value, language, 3)),
        Cell(number(effect.n, language)),
        sized(effect.detectable),
        Cell(say(f"pilot.reading.{'clear' if told else 'unclear'}", language)),
    )


def _figure(subject: Subject, effect: PilotEffect, ward: str) -> Block:
    from evaluation.figures import placebo

    speak = subject.language
    drawn = placebo.placebo(effect, language=speak, synthetic=subject.evidence.synthetic)
    caption = say("pilot.figure.caption", speak, label=effect.outcome_label[speak], ward=ward, n=effect.n)
    return picture(drawn, "placebo-figure", caption)
