"""How an effect is written: its size, its interval, and the sentence on it, by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evaluation.effects.effect import Effect
from evaluation.language import number, percent, points, say, span
from evaluation.places import within_sentence
from evaluation.reporting.district.written import points_interval, signed

if TYPE_CHECKING:
    from evaluation.effects.study import Study
    from evaluation.reporting.slices.slice import PilotEstimate

MOST_WRITTEN = 10.0  # an end above ten times more says only that there is no bound of any use: it is written "over 1,000 %"


def effect_size(effect: Effect, x: float, language: str) -> str:
    """Write a value on the effect's scale: a signed relative change, or percentage points."""
    return signed(x, language) if effect.scale == "ratio" else points(x, language)


def effect_interval(effect: Effect, low: float, high: float, language: str) -> str:
    """Write an interval on the effect's scale."""
    if effect.scale == "difference":
        return points_interval(low, high, language)
    top = say("model.effect.over", language, most=percent(MOST_WRITTEN, language, 0)) if high - 1 > MOST_WRITTEN else signed(high, language)
    return span(signed(low, language), top, language)


def effect_sentence(study: Study | PilotEstimate, effect: Effect | None, language: str) -> str:
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
