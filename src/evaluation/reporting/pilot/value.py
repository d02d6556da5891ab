"""Cost per outcome: the pilot's own money over what it added, only where the effect may be claimed."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.contracts import SHOWN
from evaluation.costs.effectiveness import CostEffectiveness
from evaluation.costs.incremental import cost_effectiveness, cost_effectiveness_draws, gained_from_ratio
from evaluation.costs.prices import BASE_YEAR, constant
from evaluation.costs.statement import Statement
from evaluation.effects.effect import RATIO, Effect
from evaluation.indicators import elements, indicators
from evaluation.language import Words, say, uncapitalised
from evaluation.reporting.pilot.effect_words import good_way, said
from evaluation.reporting.pilot.estimates import Estimated
from evaluation.reporting.pilot.evidence import PilotEvidence
from evaluation.reporting.pilot.rules import CLEAR
from evaluation.reporting.pilot.subject import Subject

NORMAL_95 = 1.959964


@dataclass(frozen=True)
class _Gain:
    """What to hold an effect against: how many were counted in the years that money and counts both cover."""

    years: tuple[str, ...]
    counted: float


def cost_per_outcome(subject: Subject) -> str:
    """Return the cost per outcome of the first outcome that may be claimed, or why there is none."""
    speak, evidence = subject.language, subject.evidence
    claimed = [e for e in evidence.effects.outcomes if said(subject, e) == CLEAR and e.effect is not None and good_way(e.effect)]
    if not claimed:
        return say("model.cost.not_told", speak)
    if evidence.money is None:
        return say("model.cost.no_money", speak)
    found = worked_out(evidence, claimed[0])
    return say("model.cost.no_count", speak) if found is None else found.summary(speak) + "."


def worked_out(evidence: PilotEvidence, found: Estimated) -> CostEffectiveness | None:
    """Return the cost per additional outcome over the whole years since the start whose count may be shown; None without one."""
    effect, gain = found.effect, _gain(evidence, found)
    if effect is None or gain is None or evidence.money is None or None in (effect.estimate, effect.low, effect.high):
        return None
    money = evidence.money[evidence.money["year"].astype(str).isin(gain.years)].dropna(subset=["spent_million_vnd"])
    if set(money["year"].astype(str)) != set(gain.years):
        return None
    cost = float(constant(money["spent_million_vnd"], money["year"], BASE_YEAR).sum())
    label = Words(*[uncapitalised(found.study.label[v]) for v in ("vi", "en")])
    words = {
        "estimand": Words(f"Mô hình so với không có mô hình, {label.vi}", f"The pilot against no pilot, {label.en}"),
        "gained": Words("người hoặc cơ sở tăng thêm", "additional person or establishment"),
        "statement": _statement(gain.years, label),
    }
    if effect.scale == RATIO:
        added, draws = gained_from_ratio(gain.counted, effect.estimate, effect.low, effect.high, effect.level)  # type: ignore[arg-type]
        return cost_effectiveness_draws(cost, draws, centre=(cost, added), effect_told=True, **words)  # type: ignore[arg-type]
    error = _error(effect) * gain.counted
    return cost_effectiveness(cost, effect.estimate * gain.counted, effect_se=error, effect_told=True, **words)  # type: ignore[arg-type, operator]


def _error(effect: Effect) -> float:
    assert effect.low is not None
    assert effect.high is not None
    return (effect.high - effect.low) / (2 * NORMAL_95)


def _gain(evidence: PilotEvidence, found: Estimated) -> _Gain | None:
    """Return the count that an effect is taken of: the outcome's own, or the whole of a share; the last year's of what stands."""
    known, effect = indicators()[found.outcome], found.effect
    if effect is None:
        return None
    element = known.numerator if effect.scale == RATIO else known.denominator
    if element not in elements():
        return None
    stands = elements()[element].accumulates == "stock"
    counts = {y: _year(evidence, element, y) for y in evidence.years_since}
    if not counts or any(c is None for c in counts.values()):
        return None
    last = max(counts)
    total = counts[last] if stands else sum(c for c in counts.values() if c is not None)
    return _Gain(tuple(counts), float(total or 0)) if total else None


def _year(evidence: PilotEvidence, element: str, year: str) -> float | None:
    """Return a year's count as far as it may be shown: of what points at nobody, from its quarters."""
    if elements()[element].sensitive:
        value, state = evidence.count(element, year)
        return value if state == SHOWN else None
    quarters = [evidence.count(element, f"{year}-Q{q}") for q in (1, 2, 3, 4)]
    if elements()[element].accumulates == "stock":
        return quarters[-1][0]
    known = [value for value, _ in quarters if value is not None]
    return sum(known) if len(known) == len(quarters) else None


def _statement(years: tuple[str, ...], label: Words) -> Statement:
    return Statement(
        comparator=Words("phường so sánh không có mô hình", "comparison wards without the pilot"),
        perspective=Words("ngân sách của mô hình", "the pilot's budget"),
        horizon=Words(f"các năm {', '.join(years)}", f"the years {', '.join(years)}"),
        discount_rate=0.0,
        outcomes=label,
        price_year=BASE_YEAR,
    )
