"""The whole procedure tried where nothing happened: honest tests pass, naive ones are found out, by rule and by a wide margin."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import evaluation as ev
from evaluation.effects.calibration import calibrate as room
from evaluation.effects.calibration.calibrate import DRAWS, FEWEST, calibrate, drawn_trials, draws_for, fitted_to
from evaluation.effects.calibration.procedure import procedure
from evaluation.effects.calibration.sizes import PERIODS, START, null_generator
from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.inference import inference
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words


def long(top: np.ndarray, bottom: np.ndarray | None = None) -> pd.DataFrame:
    units, periods = top.shape
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"u{i:02d}" for i in range(units)], periods),
            "period": np.tile(PERIODS[:periods], units),
            "numerator": top.ravel(),
            "denominator": 1.0 if bottom is None else bottom.ravel(),
        }
    )
    return frame.dropna()


def null_study(seed: int, treated: int = 1, units: int = 60) -> Study:
    """A study in which nothing happened, of the units with the highest numbers just before."""
    top = null_generator().draw(np.random.default_rng([seed, 99])).top[0][:units]
    peak = np.argsort(-top[:, START - 2 : START].mean(1))[:treated]
    return study_panel(long(top), outcome_name="tests", treated=[f"u{i:02d}" for i in peak], start=PERIODS[START])


def naive(chosen: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Two-way least squares in logs with errors clustered by unit and a t of G - 1: the usual regression output."""
    y = np.log(panel.y + 0.5)
    y = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    d = panel.after.astype(float)
    d = d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()
    effect = (d * y).sum() / (d**2).sum()
    scores = (d * (y - effect * d)).sum(1)
    groups, cells = panel.y.shape
    free = (groups / (groups - 1)) * (cells * groups - 1) / (cells * groups - groups - cells)
    error = float(np.sqrt(free * (scores**2).sum()) / (d**2).sum())
    reach = float(stats.t.ppf(0.975, groups - 1)) * error
    p = float(2 * stats.t.sf(abs(effect) / error, groups - 1))
    return Judgement(p, effect - reach, effect + reach, None, Words("a", "a"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_naive_cluster_robust_errors_are_called_unreliable_and_the_placebo_test_is_not(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = calibrate(null_study(seed), judged_by="placebo", seed=seed)
    assert honest.reliable, honest.summary()
    usual = calibrate(null_study(seed), judged_by="cluster", seed=seed, draws=100)
    assert not usual.reliable
    assert usual.generated.value > 0.5
    monkeypatch.setattr(room, "inference_named", lambda name: naive)
    for treated, at_least in ((1, 0.5), (2, 0.2)):
        found = calibrate(null_study(seed, treated), judged_by="naive", seed=seed, draws=100)
        assert not found.reliable
        assert found.generated.value > at_least  # 77 % and 34 % were measured on another generator
        assert found.coverage.value == pytest.approx(1 - found.generated.value)
        assert found.summary().startswith("not reliable by rule")


@pytest.mark.slow
def test_drawn_rates_are_those_of_the_truth() -> None:
    """The rate on panels drawn after one real panel is near that on panels of the truth itself, for an honest and a naive test."""
    generator = null_generator()
    for judge, name in ((inference("placebo"), "placebo"), (naive, "naive")):
        rules = procedure(null_study(0), design("did"), judge, 0.95)
        _, true = drawn_trials(rules, generator, 200, 5)
        fitted = []
        for seed in range(3):
            study = null_study(seed)
            again = procedure(study, design("did"), judge, 0.95)
            fitted += drawn_trials(again, fitted_to(again, study), 100, seed)[1]
        wanted, got = (np.mean([j.claims(0.95) for j in part]) for part in (true, fitted))
        # 3.3 binomial errors of the difference, and 10 points for parameters found from one panel of 60 units.
        assert abs(wanted - got) < 3.3 * np.sqrt(wanted * (1 - wanted) * (1 / len(true) + 1 / len(fitted))) + 0.10, name


@pytest.mark.slow
def test_a_pilot_of_the_example_is_calibrated_beside_its_estimate() -> None:
    store = ev.open_store(Path(os.environ["EVALUATION_STORE"]))
    study = ev.study(store, pilot="pham-ngu-lao", outcome="sti_tested")
    found = estimate_effect(study, calibrated=True)
    known = found.calibration
    assert known is not None
    assert known.reliable
    assert known.windows.m == 20
    assert known.generated.m + 0 <= known.diagnostics["draws"] == 200
    assert known.detectable is not None
    assert 1.3 < known.detectable < 4
    assert known.summary() in found.summary()
    assert "báo động nhầm" in found.summary("vi")
    assert not set(study.treated) & {u for units in known.diagnostics["window_units"] for u in units}
    assert all(start < study.start for start in known.diagnostics["window_starts"])


def test_an_effect_is_not_claimed_without_a_calibration() -> None:
    assert estimate_effect(null_study(1)).calibration is None
    assert not estimate_effect(null_study(1)).clear


@pytest.mark.slow
def test_the_same_seed_gives_the_same() -> None:
    one, two = (calibrate(null_study(2), seed=7, draws=6) for _ in range(2))
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())


def test_slower_designs_are_drawn_for_less_often_and_it_is_said() -> None:
    assert draws_for("did", "placebo") == 200
    assert draws_for("sdid", "placebo") < draws_for("sc", "placebo") < 200
    assert draws_for("unheard of", "placebo") == FEWEST
    assert draws_for("did", "conformal") < draws_for("did", "placebo")
    assert min(DRAWS.values()) >= FEWEST
    found = calibrate(null_study(2), draws=20)
    assert found.diagnostics["draws"] == 20
    assert "of 20 panels" in found.method.en
    assert "trong 20 bộ" in found.method.vi


@pytest.mark.parametrize("measure", ["share", "rate", "value"])
def test_every_measure_is_calibrated(measure: str) -> None:
    rng = np.random.default_rng(4)
    bottom = rng.poisson(200, (40, 16)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.3).astype(float) if measure != "value" else rng.normal(50, 5, (40, 16))
    study = study_panel(
        long(top, None if measure == "value" else bottom), outcome_name="x", treated=["u03"], start=PERIODS[8], measure=measure
    )
    found = calibrate(study, draws=8)
    assert found.generated.m == 8
    assert found.detectable is not None
    assert {"share": 0.03 < found.detectable < 0.4, "rate": found.detectable > 0, "value": 3 < found.detectable < 40}[measure]
    assert found.summary()
    assert found.summary("vi")


def test_too_few_donors_cannot_be_tried_and_nothing_is_claimed() -> None:
    found = calibrate(null_study(1, units=12), draws=5)
    assert (found.windows.m, found.generated.m) == (0, 0)
    assert not found.reliable
    assert found.estimate is None
    assert "could not be tried" in found.summary()


def test_draws_must_be_some() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        calibrate(null_study(1), draws=0)
