"""The typed figures behind a pilot report's sentences and tables."""

from __future__ import annotations

from typing import Any

from evaluation.contracts import SHOWN
from evaluation.effects.effect import Effect
from evaluation.effects.inference.randomisation import never_claims, smallest_randomisation_p
from evaluation.reporting.pilot.certainty import overall
from evaluation.reporting.pilot.delivered import SERVICES
from evaluation.reporting.pilot.effect_words import said
from evaluation.reporting.pilot.estimates import Estimated
from evaluation.reporting.pilot.harms import VIOLENCE
from evaluation.reporting.pilot.reached import people
from evaluation.reporting.pilot.roaming import of_city, row_of
from evaluation.reporting.pilot.rules import BLOCKED, OPTIONS, option, recommendations
from evaluation.reporting.pilot.standing import known
from evaluation.reporting.pilot.subject import Subject
from evaluation.reporting.survey import WAVES, Answer


def key_figures(subject: Subject) -> tuple[dict[str, Any], ...]:
    """Return what another program reads of a pilot report: numbers or null, and the state that says why."""
    facts = known(subject)
    verdict = {
        "kind": "verdict",
        "id": subject.model.id,
        "certainty": overall(subject) or None,
        "options": {o: option(facts, o) for o in OPTIONS},
        "recommendations": list(recommendations(facts)),
    }
    effects = [_effect(subject, e) for e in subject.evidence.effects.outcomes]
    return (verdict, *effects, *(_ward(subject) if subject.placed else _city(subject)), *_survey(subject))


def _effect(subject: Subject, found: Estimated) -> dict[str, Any]:
    verdict, effect = said(subject, found), found.effect
    claim = subject.evidence.effects.claim(found.outcome)
    row: dict[str, Any] = {"kind": "effect", "id": found.outcome, "pilot": subject.model.id, "verdict": verdict}
    if effect is None or verdict == BLOCKED:
        return row | dict.fromkeys(("scale", "value", "low", "high", "p", "p_adjusted"))
    adjusted = claim.get("p_adjusted")
    return row | {
        "scale": effect.scale,
        "value": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p_value,
        "p_adjusted": None if adjusted is None or adjusted != adjusted else float(adjusted),
        "donors": effect.n_donors,
        "start": effect.start,
        "design": effect.design,
        "judged_by": effect.judged_by,
        "role": claim.get("role", ""),
        "planned": effect.planned,
        "certainty": found.certainty.level if found.certainty else None,
        **_alarms(effect),
    }


def _alarms(effect: Effect) -> dict[str, Any]:
    calibration = effect.calibration
    if calibration is None:
        return {}
    rates = {"false_alarms": calibration.windows, "false_alarms_drawn": calibration.generated}
    return {"detectable": calibration.detectable, "reliable": calibration.reliable, **{n: {"k": r.k, "m": r.m} for n, r in rates.items()}}


def _ward(subject: Subject) -> list[dict[str, Any]]:
    wanted = {*SERVICES, *people(subject), VIOLENCE}
    shown = subject.evidence.shown
    rows = shown[shown["element"].isin(wanted)].to_dict("records")
    return [
        {
            "kind": "ward_count",
            "id": r["element"],
            "place": subject.model.ward_code,
            "period": r["span"],
            "state": r["state"],
            "value": r["value"] if r["state"] == SHOWN else None,
        }
        for r in rows
    ]


def _city(subject: Subject) -> list[dict[str, Any]]:
    now, rows = str(subject.evidence.city.period), []
    for name in subject.model.outcome_indicators:
        row = row_of(of_city(subject.evidence, name), now)
        kept = {k: row.get(k) for k in ("value", "low", "high", "numerator", "denominator")}
        plain = {k: None if v is None or v != v else float(v) for k, v in kept.items()}
        rows.append({"kind": "indicator", "id": name, "place": "city", "period": now, "state": str(row["state"]), **plain})
    return rows


def _survey(subject: Subject) -> list[dict[str, Any]]:
    wards = subject.evidence.surveyed
    limits = {"smallest_p": smallest_randomisation_p(*wards), "never_claims": never_claims(*wards) is not None} if wards else {}
    return [
        limits | _answer(asked.question, asked.mode, group, wave, answer)
        for asked in subject.evidence.survey
        for group, answers in (("pilot", asked.pilot), ("comparison", asked.comparison))
        for wave, answer in zip(WAVES, answers, strict=True)
    ]


def _answer(question: str, mode: str, group: str, wave: str, answer: Answer) -> dict[str, Any]:
    shown = answer.k is not None
    low, high = answer.interval
    return {
        "kind": "survey",
        "id": question,
        "mode": mode,
        "group": group,
        "wave": wave,
        "state": answer.state,
        "numerator": answer.k,
        "denominator": answer.n,
        "value": answer.share if shown else None,
        "low": low if shown else None,
        "high": high if shown else None,
    }
