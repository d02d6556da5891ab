"""What slices say of pilots: estimates with their calibration for the pilot's own district, their sentence for the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.disclosure.effect import usable_until
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import NotEnough
from evaluation.effects.pilots import pilot_starts, pilot_study, placed_pilots, ward_of
from evaluation.effects.study import Study
from evaluation.indicators import outcome as outcome_named
from evaluation.language import Words, say
from evaluation.places import within_sentence
from evaluation.plan import Pilot
from evaluation.reporting.calibrations import calibrated_effect
from evaluation.reporting.district.effect_words import effect_sentence
from evaluation.reporting.evidence import Evidence
from evaluation.reporting.slices.own import Own
from evaluation.reporting.slices.slice import OwnPilot, PilotEstimate, Pilots

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class _Estimated:
    study: Study
    effect: Effect | None  # None where too little was reported, or nothing may be compared


def estimates(evidence: Evidence) -> dict[str, tuple[PilotEstimate, ...]]:
    """Return the estimates of each placed pilot up to the report's period, the first outcome first.

    Empty where its start is unknown or ahead, and of outcomes that count people
    before the first whole year since.
    """
    starts = pilot_starts(evidence.synthetic)
    return {p.id: _estimates(evidence, p, starts.get(p.id, "")) for p in placed_pilots().values()}


def _estimates(evidence: Evidence, pilot: Pilot, start: str) -> tuple[PilotEstimate, ...]:
    until = str(evidence.period)
    if not start or start > until:
        return ()
    ends = {name: usable_until(until, name) for name in pilot.outcome_indicators}
    return tuple(_estimate(evidence, pilot, start, name, end) for name, end in ends.items() if start <= end)


def _estimate(evidence: Evidence, pilot: Pilot, start: str, outcome: str, until: str) -> PilotEstimate:
    try:
        made = pilot_study(evidence.store, pilot.id, outcome, until)
    except ValueError:  # nobody reported a figure of the outcome, or the pilot's ward did not
        return PilotEstimate(outcome_named(outcome).label, ward_of(pilot).name, start, 0, {}, None)
    try:
        return _without_wards(_Estimated(made, calibrated_effect(estimate_effect(made), made)))
    except NotEnough:
        return _without_wards(_Estimated(made, None))


def _without_wards(found: _Estimated) -> PilotEstimate:
    """Return an estimate without what was observed or estimated in any ward by name."""
    study = found.study
    dropped = study.dropped
    reasons = dropped[dropped["reason"] != "treated"]["reason"].value_counts()
    counted = {str(reason): int(n) for reason, n in reasons.items()}
    effect = None if found.effect is None else _summed_up(found.effect)
    return PilotEstimate(study.label, study.treated_label, str(study.start), len(study.donors), counted, effect)


def _summed_up(effect: Effect) -> Effect:
    nobody: dict[str, Any] = {name: _empty(getattr(effect, name)) for name in ("effects", "counterfactual", "weights", "placebo_gaps")}
    placebo = effect.placebo[["effect"]].sort_values("effect", ignore_index=True)
    return dataclasses.replace(effect, **nobody, placebo=placebo, diagnostics={})


def _empty(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:0].reset_index(drop=True)


def pilots(own: Own, found: Mapping[str, tuple[PilotEstimate, ...]], said: Mapping[str, Words]) -> Pilots:
    """Return what is said of pilots in a district's report.

    Parameters
    ----------
    own : Own
    found, said : mapping
        As `estimates` and `sentences`.
    """
    placed = placed_pilots()
    here = tuple(OwnPilot(name, said[name], of) for name, of in found.items() if placed[name].district_code == own.code)
    if here:
        return Pilots(here)
    calibrated = [of[0].effect.calibration for of in found.values() if of and of[0].effect is not None]
    rules = dict.fromkeys(Words(c.rule("vi"), c.rule("en")) for c in calibrated if c is not None)
    return Pilots(known=tuple(said.values()), rules=tuple(rules))


def sentences(evidence: Evidence, found: Mapping[str, tuple[PilotEstimate, ...]]) -> dict[str, Words]:
    """Return the sentence on each pilot, of its estimates (`estimates`)."""
    return {name: _said(evidence, placed_pilots()[name], of) for name, of in found.items()}


def _said(evidence: Evidence, model: Pilot, found: tuple[PilotEstimate, ...]) -> Words:
    """Return the sentence on a pilot's first outcome, or why there is none."""
    if found:
        return Words(*(effect_sentence(found[0], found[0].effect, language) for language in ("vi", "en")))
    start = pilot_starts(evidence.synthetic).get(model.id)
    key = "pilot.too_early" if start and start <= str(evidence.period) else "pilot.no_start"
    ward = within_sentence(ward_of(model).name)
    return Words(*(say(key, language, name=model.name[language], ward=ward[language]) for language in ("vi", "en")))
