"""Certainty of the evidence on an outcome in four grades, after GRADE: where it starts, and each step down or up with its reason.

References
----------
Guyatt et al. 2011, Journal of Clinical Epidemiology 64:383-394 (the grades),
64:1283-1293 (imprecision: appreciable is a quarter), 64:1311-1316 (rating up:
ratios of 2 and 5). Schünemann et al. 2019, Journal of Clinical Epidemiology
111:105-114 (GRADE with ROBINS-I).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.effects.effect import Effect
from evaluation.effects.synthesis.bias import CRITICAL, DOMAINS, JUDGEMENTS, NOT_ASSESSED, SERIOUS, Domain, domains, worst
from evaluation.effects.synthesis.e_value import effect_ratio
from evaluation.effects.synthesis.grounds import Grounds
from evaluation.language import Words, listed, number, percent, uncapitalised, words

if TYPE_CHECKING:
    import pandas as pd

VERY_LOW, LOW, MODERATE, HIGH = "very low", "low", "moderate", "high"
GRADES = (VERY_LOW, LOW, MODERATE, HIGH)
GRADE_WORDS = {
    HIGH: Words("cao", "high"),
    MODERATE: Words("trung bình", "moderate"),
    LOW: Words("thấp", "low"),
    VERY_LOW: Words("rất thấp", "very low"),
}
LARGE, VERY_LARGE = 2.0, 5.0
SAME_WAY = 0.75


@dataclass(frozen=True)
class Step:
    """One step of the grade.

    Attributes
    ----------
    id : str
        "start", "bias", "inconsistency", "indirectness", "imprecision",
        "publication", "large_effect", "dose_response" or "opposing".
    change : int
        Grades down (below 0) or up; 0 for the start.
    reason : Words
        A sentence.
    """

    id: str
    change: int
    reason: Words


@dataclass(frozen=True, kw_only=True, eq=False)
class Certainty:
    """How sure the evidence on one outcome of one pilot is.

    Attributes
    ----------
    outcome : str
    outcome_label, unit_label : Words
    level : {"high", "moderate", "low", "very low"}
    steps : tuple of Step
        The start, then every step; their sum, held within the four grades, is the level.
    domains : tuple of Domain
        The seven domains of bias.
    """

    outcome: str
    outcome_label: Words
    unit_label: Words
    level: str
    steps: tuple[Step, ...]
    domains: tuple[Domain, ...]

    @property
    def words(self) -> Words:
        """The level in words."""
        return GRADE_WORDS[self.level]

    def summary(self, language: str | None = None) -> str:
        """Return the grade with the reason of each step."""
        speak = language or "en"
        return words(
            "certainty.summary",
            outcome=Words(uncapitalised(self.outcome_label.vi), uncapitalised(self.outcome_label.en)),
            unit=self.unit_label,
            level=self.words,
            reasons=Words(*[" ".join(s.reason[v] for s in self.steps) for v in ("vi", "en")]),
        )[speak]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a domain and a step: part ("domain", "step"), id, judgement (or grades as "+1", "-1"), reason_vi, reason_en."""
        import pandas as pd

        rows = [("domain", d.id, d.judgement, d.reason.vi, d.reason.en) for d in self.domains]
        rows += [("step", s.id, f"{s.change:+d}", s.reason.vi, s.reason.en) for s in self.steps]
        return pd.DataFrame(rows, columns=["part", "id", "judgement", "reason_vi", "reason_en"])


def certainty(effect: Effect, grounds: Grounds | None = None) -> Certainty:
    """Grade the certainty of the evidence on an effect's outcome.

    It starts low, high where chance chose the treated units. It goes down for
    risk of bias (one grade for a domain that is serious, two for one that is
    critical), for designs that disagree, for evidence that is indirect or
    imprecise, and for planned results that were not reported. Only what
    took no step down, whose seven domains were all judged, and whose effect
    can be told from none by a calibrated procedure can go up: for a ratio of 2 (one grade) or 5
    (two), for a dose-response, and where what could not be adjusted for would hide the effect.

    Parameters
    ----------
    effect : Effect
        The main estimate of the outcome.
    grounds : Grounds, optional
        What else is known; nothing where left out.
    """
    known = grounds or Grounds()
    seven = domains(effect, known)
    start = HIGH if known.randomised else LOW
    down = [
        s for s in (_bias(seven), _inconsistency(effect, known), _indirectness(known), _imprecision(effect, known), _unreported(known)) if s
    ]
    up = [] if down or not effect.clear or any(d.judgement == NOT_ASSESSED for d in seven) else _up(effect, known)
    place = GRADES.index(start) + sum(s.change for s in (*down, *up))
    return Certainty(
        outcome=effect.outcome,
        outcome_label=effect.outcome_label,
        unit_label=effect.unit_label,
        level=GRADES[min(max(place, 0), len(GRADES) - 1)],
        steps=(Step("start", 0, words(f"certainty.start.{start}")), *down, *up),
        domains=seven,
    )


def overall(found: Sequence[Certainty], critical: Iterable[str] | None = None) -> str:
    """Return the certainty of all evidence together: the lowest among the outcomes that are critical for the decision.

    Parameters
    ----------
    found : sequence of Certainty
    critical : iterable of str, optional
        Outcomes that are critical; all where left out. A critical outcome without evidence makes it very low.

    Raises
    ------
    ValueError
        If nothing is given to grade.
    """
    wanted = {c.outcome for c in found} if critical is None else set(critical)
    if not wanted:
        raise ValueError("Chưa có kết quả nào để xếp mức chắc chắn. / There is no outcome to grade.")
    if wanted - {c.outcome for c in found}:
        return VERY_LOW
    return min((c.level for c in found if c.outcome in wanted), key=GRADES.index)


def _bias(seven: tuple[Domain, ...]) -> Step | None:
    judgement = worst(seven)
    if judgement not in (SERIOUS, CRITICAL):
        return None
    named = [DOMAINS[d.id] for d in seven if d.judgement == judgement]
    parts = Words(*[listed([uncapitalised(n[v]) for n in named], v) for v in ("vi", "en")])
    reason = words("certainty.step.bias", judgement=JUDGEMENTS[judgement], domains=parts)
    return Step("bias", -1 if judgement == SERIOUS else -2, reason)


def _inconsistency(effect: Effect, known: Grounds) -> Step | None:
    others = [o for o in known.others if o.estimate is not None]
    if effect.estimate is None or not others:
        return None
    held = _interval(effect)
    apart = [o for o in others if held and (own := _interval(o)) and (own[0] > held[1] or own[1] < held[0])]
    if apart:
        return Step("inconsistency", -1, words("certainty.step.inconsistency.apart", k=len(apart), m=len(others)))
    # Where the interval holds no effect, which way each estimate points is chance.
    if held and not held[0] <= effect.none <= held[1]:
        same = sum((o.estimate or o.none) > o.none if effect.estimate > effect.none else (o.estimate or o.none) < o.none for o in others)
        if same < SAME_WAY * len(others):
            return Step("inconsistency", -1, words("certainty.step.inconsistency.ways", k=same, m=len(others)))
    return None


def _indirectness(known: Grounds) -> Step | None:
    return Step("indirectness", -1, words("certainty.step.indirectness", reason=known.indirect)) if known.indirect else None


def _imprecision(effect: Effect, known: Grounds) -> Step | None:
    if _interval(effect) is None:
        return Step("imprecision", -1, words("certainty.step.imprecision.none"))
    ratio = effect_ratio(effect)
    if ratio is None or ratio[1] is None or ratio[2] is None:
        held = _interval(effect) or (0.0, 0.0)
        if not held[0] <= effect.none <= held[1]:
            return None
        return Step("imprecision", -1, words("certainty.step.imprecision.unsized"))
    low, high = ratio[1], ratio[2]
    below, above = low < 1 - known.appreciable, high > 1 + known.appreciable
    size = Words(*[percent(known.appreciable, v, 0) for v in ("vi", "en")])
    if below and above:
        return Step("imprecision", -2, words("certainty.step.imprecision.both", size=size))
    if low <= 1 <= high and (below or above):
        return Step("imprecision", -1, words("certainty.step.imprecision.wide", size=size))
    return None


def _unreported(known: Grounds) -> Step | None:
    return Step("publication", -1, words("certainty.step.publication", n=known.unreported)) if known.unreported else None


def _up(effect: Effect, known: Grounds) -> list[Step]:
    steps = []
    ratio = effect_ratio(effect)
    if ratio is not None and ratio[0] > 0:
        size = max(ratio[0], 1 / ratio[0])
        if size > LARGE:
            said = Words(number(ratio[0], "vi", 2), number(ratio[0], "en", 2))
            steps.append(Step("large_effect", 2 if size > VERY_LARGE else 1, words("certainty.step.large", ratio=said)))
    if known.dose_response:
        steps.append(Step("dose_response", 1, words("certainty.step.dose")))
    if known.opposing:
        steps.append(Step("opposing", 1, words("certainty.step.opposing", reason=known.opposing)))
    return steps


def _interval(effect: Effect) -> tuple[float, float] | None:
    return None if effect.low is None or effect.high is None else (effect.low, effect.high)
