"""A calibration that was kept is the one that would be worked out anew, and is never taken for another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.cache import kept as cache
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.study import Study, study_panel
from evaluation.reporting import calibrations
from evaluation.reporting.calibrations import calibrated_effect, key_of
from evaluation.settings import Folders


def study(seed: int = 3) -> Study:
    rng = np.random.default_rng(seed)
    rows = [(f"u{i:02d}", t, float(rng.poisson(30 + i))) for i in range(24) for t in range(10)]
    panel = pd.DataFrame(rows, columns=["unit", "period", "numerator"]).assign(denominator=1.0)
    return study_panel(panel, outcome_name="y", treated=["u00"], start=6)


@pytest.fixture
def own_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "folders", lambda: Folders(tmp_path))
    return tmp_path / "work" / cache.FOLDER


@pytest.mark.slow
def test_what_was_kept_is_what_would_be_found(own_work: Path, monkeypatch: pytest.MonkeyPatch):
    made = study()
    effect = estimate_effect(made)
    first = calibrated_effect(effect, made).calibration
    direct = estimate_effect(made, calibrated=True).calibration
    (kept,) = own_work.glob("*.npz")
    assert own_work.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(calibrations, "calibrate", lambda *a, **k: pytest.fail("worked out again"))
    again = calibrated_effect(effect, made).calibration
    assert first is not None
    assert direct is not None
    assert again is not None
    for name in ("windows", "generated", "coverage", "detectable", "estimate", "low", "high", "estimand", "method", "assumptions"):
        assert getattr(again, name) == getattr(first, name) == getattr(direct, name)
    assert again.summary("vi") == direct.summary("vi")
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(pytest.fail.Exception):
        calibrated_effect(effect, made)


def test_another_figure_donor_procedure_level_or_seed_is_another_key():
    made = study()
    base = key_of(made, "did", "placebo", 0.95, 1)
    assert base == key_of(study(), "did", "placebo", 0.95, 1)
    panel = made.panel.copy()
    panel.loc[panel.index[40], "numerator"] += 1
    others = [
        key_of(replace(made, panel=panel), "did", "placebo", 0.95, 1),
        key_of(replace(made, donors=made.donors[1:]), "did", "placebo", 0.95, 1),
        key_of(replace(made, phase_in=1), "did", "placebo", 0.95, 1),
        key_of(made, "sc", "placebo", 0.95, 1),
        key_of(made, "did", "placebo_ratio", 0.95, 1),
        key_of(made, "did", "placebo", 0.9, 1),
        key_of(made, "did", "placebo", 0.95, 2),
    ]
    assert len({base, *others}) == 8
