"""How a pilot report writes an effect: a direction only where the rules let it be said, every estimate with its false alarms."""

from __future__ import annotations

from typing import Any

from evaluation.effects.calibration.claims import Calibration
from evaluation.effects.effect import Effect
from evaluation.indicators import indicators
from evaluation.language import number, percent, points, say, uncapitalised
from evaluation.reporting.district.pilot import effect_interval, effect_size
from evaluation.reporting.pilot.estimates import Estimated
from evaluation.reporting.pilot.rules import BLOCKED, CLEAR, UNTESTED, standing
from evaluation.reporting.pilot.subject import Subject

CORRECTED = "corrected"


def said(subject: Subject, found: Estimated) -> str:
    """Return what may be said of an outcome: a `rules.standing`, or "corrected" where it does not outlast the number of outcomes."""
    verdict = standing(found.effect, len(found.study.treated))
    if verdict == CLEAR and not subject.evidence.effects.claim(found.outcome).get("claimed"):
        return CORRECTED
    return verdict


def good_way(effect: Effect) -> bool | None:
    """Return whether an effect points the way that is good for people; None where it points nowhere or neither way is good."""
    direction = indicators()[effect.outcome].direction
    if effect.estimate is None or effect.estimate == effect.none or direction not in ("up", "down"):
        return None
    return (effect.estimate > effect.none) == (direction == "up")


def effect_sentence(subject: Subject, found: Estimated) -> str:
    """Return the sentence on one outcome's effect, by rule."""
    speak, verdict, effect = subject.language, said(subject, found), found.effect
    slots: dict[str, Any] = {"label": found.study.label[speak], "ward": subject.ward}
    if verdict == BLOCKED:
        return say("model.effect.blocked", speak, **slots)
    if effect is None or effect.estimate is None or verdict == UNTESTED:
        return say("model.effect.untested", speak, **slots)
    slots["size"] = effect_size(effect, effect.estimate, speak)
    slots["test"] = tested(effect, speak)
    if verdict == CLEAR:
        away = abs(effect.estimate - effect.none)
        slots["size"] = percent(away, speak) if effect.scale == "ratio" else points(away, speak)
        slots["alarms"] = alarms(effect.calibration, speak)
        return say(f"model.effect.clear.{'up' if effect.estimate > effect.none else 'down'}", speak, **slots)
    if verdict == CORRECTED:
        claim = subject.evidence.effects.claim(found.outcome)
        table = subject.evidence.effects.table
        slots |= {"p": number(claim["p_adjusted"], speak, 3), "n": number(table.n if table else 0, speak)}
    return say(f"model.effect.{verdict}", speak, **slots)


def tested(effect: Effect, language: str) -> str:
    """Write interval and p-value: what of them there is."""
    parts = []
    if effect.low is not None and effect.high is not None:
        ends = effect_interval(effect, effect.low, effect.high, language)
        parts.append(say("model.effect.interval", language, level=number(100 * effect.level, language), interval=ends))
    if effect.p_value is not None:
        parts.append(say("model.effect.p", language, p=number(effect.p_value, language, 3), n=number(len(effect.placebo), language)))
    return "; ".join(parts)


def alarms(calibration: Calibration | None, language: str) -> str:
    """Write how often the whole procedure raised a false alarm, "0/20, 3/198"; that it is not known where nobody tried."""
    tried = [] if calibration is None else [r for r in (calibration.windows, calibration.generated) if r.m]
    if not tried:
        return say("model.alarms.none", language)
    return "; ".join(f"{number(r.k, language)}/{number(r.m, language)}" for r in tried)


def inside(text: str) -> str:
    """Return a sentence as it stands after a colon: uncapitalised, without its point."""
    return uncapitalised(text).rstrip(".")
