"""How a pilot report writes an effect: a direction only where the rules let it be said, every estimate with its false alarms."""

from __future__ import annotations

from typing import Any

from evaluation.effects.calibration.claims import Calibration
from evaluation.effects.effect import RATIO, Effect, said_p
from evaluation.effects.synthesis.evidence import CORRECTION_NAMES, ROLES
from evaluation.effects.synthesis.multiplicity import HOLM
from evaluation.indicators import indicators
from evaluation.language import number, percent, points, say, sentence, uncapitalised
from evaluation.reporting.district.effect_words import effect_interval
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


def effect_sentence(subject: Subject, found: Estimated, alarms_beside: bool = False) -> str:
    """Return the sentence on one outcome's effect, by rule; without its false alarms where they stand beside it."""
    speak, verdict, effect = subject.language, said(subject, found), found.effect
    slots: dict[str, Any] = {"label": uncapitalised(found.study.label[speak]), "ward": subject.ward}
    if verdict == BLOCKED:
        return say("model.effect.blocked", speak, **slots)
    if effect is None or effect.estimate is None or verdict == UNTESTED:
        return say("model.effect.untested", speak, **slots)
    slots |= {
        "way": way(effect, speak),
        "test": tested(effect, speak),
        "alarms": "" if alarms_beside else alarms_said(effect.calibration, speak),
    }
    if verdict in (CLEAR, CORRECTED):
        claim = subject.evidence.effects.claim(found.outcome)
        slots |= {"p": number(claim["p_adjusted"], speak, 3), "n": number(subject.evidence.effects.family(found.outcome), speak)}
    return sentence(say(f"model.effect.{verdict}", speak, **slots).strip())


def way(effect: Effect, language: str) -> str:
    """Write on which side of the estimate without the model an effect lies, and by how much."""
    assert effect.estimate is not None
    away = effect.estimate - effect.none
    if not away:
        return say("model.effect.level", language)
    size = percent(abs(away), language) if effect.scale == RATIO else points(abs(away), language)
    return say("model.effect.above" if away > 0 else "model.effect.below", language, size=size)


def named(subject: Subject, found: Estimated, only: str | None = None) -> str:
    """Write an outcome's name, with its role where an analysis plan gives one; of roles `only` that one where it is given."""
    speak, label, plan = subject.language, found.study.label[subject.language], subject.evidence.effects.plan
    role = "" if plan is None else plan.roles.get(found.outcome, "")
    said_too = plan is not None and only in (None, role)
    return say("model.role", speak, label=label, role=ROLES[role][speak]) if said_too else label


def of_plan(subject: Subject) -> str:
    """Write whose order of outcomes is followed: the city's plan's, or the analysis plan's where there is one."""
    return say("model.of_plan" if subject.evidence.effects.plan is None else "model.of_analysis_plan", subject.language)


def correction(subject: Subject) -> str:
    """Write how the number of outcomes is counted in, by group where an analysis plan has groups."""
    speak, evidence = subject.language, subject.evidence.effects
    table = evidence.table
    if table is None:
        return CORRECTION_NAMES[HOLM][speak]
    name = CORRECTION_NAMES[table.correction][speak]
    if evidence.plan is None:
        return say("model.correction.all", speak, way=name, n=number(table.n, speak))
    tests = table.rows[table.rows["p_value"].notna()]["role"].value_counts()
    groups = [
        say("model.correction.family", speak, role=ROLES[role][speak], n=number(int(tests[role]), speak)) for role in ROLES if role in tests
    ]
    return say("model.correction.families", speak, way=name, list="; ".join(groups))


def tested(effect: Effect, language: str) -> str:
    """Write interval and p-value: what of them there is."""
    parts = []
    if effect.low is not None and effect.high is not None:
        ends = effect_interval(effect, effect.low, effect.high, language)
        parts.append(say("model.effect.interval", language, level=number(100 * effect.level, language), interval=ends))
    if effect.p_value is not None:
        parts.append(say("model.effect.p", language, p=said_p(effect.p_value, language), n=number(len(effect.placebo), language)))
    return "; ".join(parts)


def alarms(calibration: Calibration | None, language: str) -> str:
    """Write how often the whole procedure raised a false alarm, "0/20, 3/198"; that it is not known where nobody tried."""
    tried = [] if calibration is None else [r for r in (calibration.windows, calibration.generated) if r.m]
    if not tried:
        return say("model.alarms.none", language)
    return "; ".join(f"{number(r.k, language)}/{number(r.m, language)}" for r in tried)


def alarms_said(calibration: Calibration | None, language: str) -> str:
    """Write the same as a sentence; empty where nobody tried."""
    if calibration is None or not (calibration.windows.m or calibration.generated.m):
        return ""
    past, drawn = (f"{number(r.k, language)}/{number(r.m, language)}" for r in (calibration.windows, calibration.generated))
    key = "said" if calibration.windows.m and calibration.generated.m else "past" if calibration.windows.m else "drawn"
    return say(f"model.alarms.{key}", language, past=past, drawn=drawn)


def inside(text: str) -> str:
    """Return a sentence as it stands after a colon: uncapitalised, without its point."""
    return uncapitalised(text).rstrip(".")
