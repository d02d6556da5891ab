"""Risk of bias in seven domains, after ROBINS-I: each judged by a rule from what was seen, or said not to have been looked at.

References
----------
Sterne et al. 2016, BMJ 355:i4919 (domains and judgements). Abadie, Diamond,
Hainmueller 2010, JASA 105:493-505 (fit before the start against the placebos').
The thresholds are this project's own and stand in the reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluation.effects.effect import Effect
from evaluation.effects.synthesis.grounds import Grounds, failed_controls
from evaluation.language import Words, number, percent, words

LOW, MODERATE, SERIOUS, CRITICAL, NOT_ASSESSED = "low", "moderate", "serious", "critical", "not assessed"
JUDGEMENTS = {
    LOW: Words("nguy cơ thấp", "low"),
    MODERATE: Words("nguy cơ vừa", "moderate"),
    SERIOUS: Words("nguy cơ cao", "serious"),
    CRITICAL: Words("nguy cơ rất cao", "critical"),
    NOT_ASSESSED: Words("chưa đánh giá", "not assessed"),
}
_ORDER = (LOW, MODERATE, SERIOUS, CRITICAL)
POOR_FIT = 2.0  # times the median placebo's
LITTLE_MISSING, MUCH_MISSING = 0.05, 0.25

DOMAINS = {
    "confounding": Words("Nhiễu", "Confounding"),
    "selection": Words("Chọn đơn vị nghiên cứu", "Selection of units"),
    "classification": Words("Phân loại can thiệp", "Classification of the intervention"),
    "deviations": Words("Lệch so với can thiệp dự kiến", "Deviations from the intended intervention"),
    "missing": Words("Số liệu thiếu", "Missing data"),
    "measurement": Words("Đo lường kết quả", "Measurement of the outcome"),
    "reporting": Words("Lựa chọn kết quả để báo cáo", "Selection of the reported result"),
}


@dataclass(frozen=True)
class Domain:
    """One domain of bias.

    Attributes
    ----------
    id : str
        A key of `DOMAINS`.
    name : Words
    judgement : {"low", "moderate", "serious", "critical", "not assessed"}
    reason : Words
        What the judgement stands on, as a sentence.
    """

    id: str
    name: Words
    judgement: str
    reason: Words


def domains(effect: Effect, grounds: Grounds) -> tuple[Domain, ...]:
    """Judge the seven domains for one effect.

    Parameters
    ----------
    effect : Effect
    grounds : Grounds

    Returns
    -------
    tuple of Domain
        Seven, in the order of `DOMAINS`.
    """
    return tuple(Domain(name, DOMAINS[name], *rule(effect, grounds)) for name, rule in _RULES.items())


def worst(found: tuple[Domain, ...]) -> str:
    """Return the worst judgement of those that were made; "not assessed" where none was."""
    judged = [d.judgement for d in found if d.judgement != NOT_ASSESSED]
    return max(judged, key=_ORDER.index) if judged else NOT_ASSESSED


_Judged = tuple[str, Words]


def _heaviest(seen: list[_Judged], nothing: str) -> _Judged:
    """Return the worst of what was seen, with all reasons as bad as it; not assessed where nothing was looked at."""
    if not seen:
        return NOT_ASSESSED, words(f"certainty.bias.{nothing}")
    most = max((j for j, _ in seen), key=_ORDER.index)
    kept = [r for j, r in seen if j == most]
    return most, Words(" ".join(r.vi for r in kept), " ".join(r.en for r in kept))


def _confounding(effect: Effect, grounds: Grounds) -> _Judged:
    seen: list[_Judged] = []
    if grounds.randomised:
        seen.append((LOW, words("certainty.bias.randomised")))
    usual = effect.placebo["pre_rmspe"].median() if len(effect.placebo) else np.nan
    if np.isfinite(effect.pre_rmspe) and np.isfinite(usual) and usual > 0:
        times = effect.pre_rmspe / usual
        poor = times > POOR_FIT
        key = "certainty.bias.fit_poor" if poor else "certainty.bias.fit_good"
        seen.append((SERIOUS if poor else MODERATE, words(key, times=_decimal(times, 1), most=_decimal(POOR_FIT, 0))))
    controls = grounds.negative_controls
    failed, tested = failed_controls(controls, effect.level) if controls is not None else grounds.controls_moved or (0, 0)
    if tested:
        key = "certainty.bias.controls_moved" if failed else "certainty.bias.controls_still"
        seen.append((SERIOUS if failed else MODERATE, words(key, k=failed, m=tested)))
    if grounds.pre_trend is not None:
        seen.append((SERIOUS if grounds.pre_trend else MODERATE, words(f"certainty.bias.pre_trend_{_yes(grounds.pre_trend)}")))
    if grounds.breakdown is not None and grounds.breakdown < 1:
        seen.append((SERIOUS, words("certainty.bias.breakdown", times=_decimal(grounds.breakdown, 2))))
    return _heaviest(seen, "confounding_unknown")


def _selection(effect: Effect, grounds: Grounds) -> _Judged:
    seen: list[_Judged] = []
    if grounds.randomised:
        seen.append((LOW, words("certainty.bias.randomised")))
    if grounds.peaks_matched is not None:
        seen.append((MODERATE if grounds.peaks_matched else SERIOUS, words(f"certainty.bias.peaks_{_yes(grounds.peaks_matched)}")))
    if effect.calibration is not None:
        tried = [r for r in (effect.calibration.windows, effect.calibration.generated) if r.m]
        rates = Words(*["; ".join(r.written(v) for r in tried) for v in ("vi", "en")])
        good = effect.calibration.reliable
        if tried:
            seen.append((MODERATE if good else SERIOUS, words(f"certainty.bias.calibration_{_yes(good)}", rates=rates)))
    return _heaviest(seen, "selection_unknown")


def _classification(effect: Effect, grounds: Grounds) -> _Judged:
    if grounds.start_recorded is None:
        return NOT_ASSESSED, words("certainty.bias.start_unknown")
    return (LOW if grounds.start_recorded else SERIOUS), words(f"certainty.bias.start_{_yes(grounds.start_recorded)}")


def _deviations(effect: Effect, grounds: Grounds) -> _Judged:
    seen: list[_Judged] = []
    if grounds.spill_over is not None:
        seen.append((SERIOUS if grounds.spill_over else LOW, words(f"certainty.bias.spill_over_{_yes(grounds.spill_over)}")))
    if grounds.other_change is not None:
        seen.append((SERIOUS if grounds.other_change else LOW, words(f"certainty.bias.other_change_{_yes(grounds.other_change)}")))
    return _heaviest(seen, "deviations_unknown")


def _missing(effect: Effect, grounds: Grounds) -> _Judged:
    if grounds.missing is None:
        return NOT_ASSESSED, words("certainty.bias.missing_unknown")
    share = Words(percent(grounds.missing, "vi"), percent(grounds.missing, "en"))
    if grounds.missing_decides and grounds.missing > 0:
        return SERIOUS, words("certainty.bias.missing_decides", share=share)
    if grounds.missing > MUCH_MISSING and grounds.missing_decides is None:
        return SERIOUS, words("certainty.bias.missing_much", share=share)
    few = grounds.missing <= LITTLE_MISSING
    return (LOW if few else MODERATE), words(f"certainty.bias.missing_{'few' if few else 'some'}", share=share)


def _measurement(effect: Effect, grounds: Grounds) -> _Judged:
    seen: list[_Judged] = []
    if grounds.reporting_changed is not None:
        kind = f"certainty.bias.reporting_changed_{_yes(grounds.reporting_changed)}"
        seen.append((SERIOUS if grounds.reporting_changed else LOW, words(kind)))
    if grounds.measured_apart is not None:
        seen.append((LOW if grounds.measured_apart else MODERATE, words(f"certainty.bias.measured_apart_{_yes(grounds.measured_apart)}")))
    return _heaviest(seen, "measurement_unknown")


def _reporting(effect: Effect, grounds: Grounds) -> _Judged:
    if effect.planned == "exploratory":
        return SERIOUS, words("certainty.bias.exploratory")
    if effect.planned != "planned":
        return NOT_ASSESSED, words("certainty.bias.plan_unknown")
    if grounds.registered_before is None:
        return MODERATE, words("certainty.bias.planned_undated")
    return (LOW if grounds.registered_before else SERIOUS), words(f"certainty.bias.planned_{_yes(grounds.registered_before)}")


def _yes(x: bool) -> str:
    return "yes" if x else "no"


def _decimal(x: float, digits: int) -> Words:
    return Words(number(x, "vi", digits), number(x, "en", digits))


_RULES: dict[str, Callable[[Effect, Grounds], _Judged]] = {
    "confounding": _confounding,
    "selection": _selection,
    "classification": _classification,
    "deviations": _deviations,
    "missing": _missing,
    "measurement": _measurement,
    "reporting": _reporting,
}
