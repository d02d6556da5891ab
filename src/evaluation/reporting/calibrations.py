"""Calibrations that were worked out before: the same study, procedure and code give the same one, so it is found once."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from evaluation.effects.calibration.calibrate import calibrate
from evaluation.effects.calibration.claims import Calibration, Rate
from evaluation.effects.effect import Effect
from evaluation.effects.study import Study
from evaluation.language import Words
from evaluation.reporting.provenance import code_version, package_versions
from evaluation.settings import DEFAULT_SEED, folders, private

FOLDER = "calibrations"
MOST_KEPT = 400
_RATES, _WORDS = ("windows", "generated", "coverage"), ("estimand", "method")


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
    the packages (docs/decisions/0028). What cannot be read is worked out anew.
    """
    judge = judged_by or effect.judged_by
    kept = folders().work / FOLDER / f"{key_of(study, design, judge, effect.level, seed)}.json"
    found = _read(kept)
    if found is None:
        worked_out = calibrate(study, design, judge, level=effect.level, seed=seed)
        found = replace(worked_out, diagnostics={})  # the generator itself is not kept: what is found anew and what is read are alike
        with suppress(OSError):  # a folder that cannot be written costs time alone
            _write(kept, found)
    return replace(effect, calibration=found)


def key_of(study: Study, design: str, judged_by: str, level: float, seed: int) -> str:
    """Return a hash of all that a calibration depends on."""
    stated = {
        "code": code_version(),
        "packages": package_versions(),
        "procedure": [design, judged_by, repr(level), seed],
        "study": [study.outcome, asdict(study.label), asdict(study.treated_label), study.measure, study.pilot, study.synthetic],
        "windows": [{u: str(p) for u, p in study.starts.items()}, study.anticipation, study.phase_in],
        "donors": list(study.donors),
    }
    digest = hashlib.sha256(json.dumps(stated, sort_keys=True, ensure_ascii=False).encode())
    for frame in (study.panel, study.eligibility, study.covariates):
        digest.update(b"\0" + (b"" if frame is None else frame.to_csv(index=False).encode()))
    return digest.hexdigest()


def _read(path: Path) -> Calibration | None:
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Calibration(**_made(raw))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **raw,
        **{name: Rate(**raw[name]) for name in _RATES},
        **{name: Words(**raw[name]) for name in _WORDS},
        "assumptions": tuple(Words(**a) for a in raw["assumptions"]),
    }


def _write(path: Path, found: Calibration) -> None:
    """Write a calibration so that other processes see it whole or not at all, and let go of the oldest."""
    private(path.parent)
    raw = {f.name: getattr(found, f.name) for f in fields(found)}
    raw |= {name: asdict(raw[name]) for name in (*_RATES, *_WORDS)} | {"assumptions": [asdict(a) for a in found.assumptions]}
    text = json.dumps(raw, ensure_ascii=False)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
    kept = sorted(path.parent.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in kept[MOST_KEPT:]:
        old.unlink(missing_ok=True)
