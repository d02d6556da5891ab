"""Calibrations that were worked out before: the same study, procedure and code give the same one, so it is found once."""

from __future__ import annotations

from dataclasses import asdict, replace

from evaluation.cache import kept
from evaluation.cache.parts import to_parts
from evaluation.effects.calibration.calibrate import calibrate
from evaluation.effects.calibration.claims import Calibration
from evaluation.effects.effect import Effect
from evaluation.effects.study import Study
from evaluation.reporting.provenance import code_version, package_versions
from evaluation.settings import DEFAULT_SEED


def calibrated_effect(effect: Effect, study: Study, design: str = "did", judged_by: str = "", seed: int = DEFAULT_SEED) -> Effect:
    """Return an effect with the false alarms of its whole procedure, looked up where the same was worked out before.

    Parameters
    ----------
    effect : Effect
        Not calibrated yet.
    study : Study
        The one that it was estimated from.
    design, judged_by : str
        Ids of the procedure; the effect's own inference where `judged_by` is empty.
    seed : int
        Of the panels that are drawn.

    Notes
    -----
    The key is made of everything that a calibration depends on: the study's
    figures, donors and windows, the procedure, level and seed, the code and
    the packages (docs/decisions/0030). What cannot be read is worked out anew.
    """
    judge = judged_by or effect.judged_by
    key = key_of(study, design, judge, effect.level, seed)
    found = kept.find(key)
    if not isinstance(found, Calibration):
        worked_out = calibrate(study, design, judge, level=effect.level, seed=seed)
        found = replace(worked_out, diagnostics={})  # the generator itself is not kept: what is found anew and what is read are alike
        kept.keep({key: found})
    return replace(effect, calibration=found)


def key_of(study: Study, design: str, judged_by: str, level: float, seed: int) -> str:
    """Return a hash of all that a calibration depends on."""
    frames = (study.panel, study.eligibility, study.covariates)
    return kept.key_of(
        what="calibration",
        code=code_version(),
        packages=package_versions(),
        procedure=[design, judged_by, repr(level), seed],
        study=[study.outcome, asdict(study.label), asdict(study.treated_label), study.measure, study.pilot, study.synthetic],
        windows=[{u: str(p) for u, p in study.starts.items()}, study.anticipation, study.phase_in],
        donors=list(study.donors),
        figures=to_parts(frames).sha256(),
    )
