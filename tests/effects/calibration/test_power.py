"""The detectable effect: effects arrive as they were put in, and a known power is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.effects.calibration.power import Trial, detectable, power, with_effect
from evaluation.effects.calibration.procedure import Procedure
from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Matrix
from evaluation.language import Words

SAID = Words("a", "a")


def trial(measure: str, top: np.ndarray, bottom: np.ndarray, expected: np.ndarray, seed: int = 0) -> Trial:
    y = top / bottom if measure in ("share", "rate") else top
    periods = top.shape[1]
    first = np.full(len(top), periods)
    first[0] = periods // 2
    panel = Matrix(tuple(f"u{i}" for i in range(len(top))), tuple(range(periods)), y, top, bottom, first, measure=measure, phase_in=1)
    luck = np.random.default_rng(seed).random((1, periods))
    return Trial(panel, expected, luck, np.array([2.0]), (seed,), design("did"))


@pytest.mark.parametrize(
    ("measure", "expected", "size", "mean"),
    [
        ("count", 200.0, np.log(1.5), 300.0),
        ("share", 0.5, np.log(3.0), 750.0),
        ("rate", 200.0, np.log(1.5), 300.0),
        ("value", 10.0, 2.0, 14.0),
    ],
)
def test_effects_arrive_in_the_treated_unit_from_the_start_on(measure: str, expected: float, size: float, mean: float) -> None:
    rng = np.random.default_rng(1)
    shape = (4, 40)
    bottom = np.full(shape, 1000.0 if measure in ("share", "rate") else 1.0)
    base = {"share": 500.0, "value": 10.0}.get(measure, 200.0)
    top = np.full(shape, base) if measure == "value" else rng.poisson(base, shape).astype(float)
    at = trial(measure, top, bottom, np.full((1, 40), expected))
    panel, difference = with_effect(at, size)
    np.testing.assert_array_equal(panel.top[1:], top[1:])
    np.testing.assert_array_equal(panel.top[0, :20], top[0, :20])
    # 20 periods: 3.3 standard errors of a mean of counts.
    assert panel.top[0, 20:].mean() == pytest.approx(mean, abs=3.3 * np.sqrt(mean / 20))
    assert difference == pytest.approx({"count": 100, "share": 0.25, "rate": 0.1, "value": 4}[measure])
    still, none = with_effect(at, 0.0)
    assert none == 0
    assert (still.top[0, 20:] <= panel.top[0, 20:]).all()  # the same luck: more effect is never less


def test_what_was_not_reported_stays_so() -> None:
    top = np.full((3, 8), 20.0)
    top[0, 6] = np.nan
    panel, _ = with_effect(trial("count", top, np.where(np.isfinite(top), 1.0, np.nan), np.full((1, 8), 20.0)), 1.0)
    np.testing.assert_array_equal(np.isnan(panel.top), np.isnan(top))


def known_error(error: float) -> tuple[Design, Inference]:
    """A design that is right on average, and a test that knows its error."""

    def judge(chosen: Design, at: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        half = norm.ppf(0.975) * error
        return Judgement(float(2 * norm.sf(abs(fit.estimate) / error)), fit.estimate - half, fit.estimate + half, None, SAID)

    return design("did"), judge


def made_up(measure: str, error: float) -> Procedure:
    chosen, judge = known_error(error)
    none = np.zeros(0)
    kept: dict[str, Any] = {"units": (), "periods": (), "top": none, "bottom": none, "first": none, "barred": none, "comparable": none}
    kept |= {"bordering": None, "factor": None, "anticipation": 0, "phase_in": 0, "covariates": None, "covariate_names": ()}
    return Procedure(measure=measure, design=chosen, judge=judge, level=0.95, **kept)


@pytest.mark.slow
def test_the_detectable_effect_of_a_test_with_known_error() -> None:
    rng = np.random.default_rng(2)
    units, periods, trials = 50, 20, []
    for n in range(400):
        top = rng.normal(0, 1, (units, periods))
        trials.append(trial("value", top, np.ones_like(top), top[:1].copy(), n))
    # One phase-in period: 10 before and 9 after, and 49 donors' means.
    error = float(np.sqrt((1 / 10 + 1 / 9) * (1 + 1 / 49)))
    found = detectable(made_up("value", error), trials)
    # (1.96 + 0.84) standard errors. Power on 400 trials: 3.3 x sqrt(0.16 / 400) = 6.6 points, at a slope of 28 a standard error.
    assert found == pytest.approx(2.80 * error, abs=0.066 / 0.28 * error)


@pytest.mark.slow
def test_power_grows_with_the_effect_and_begins_at_the_size() -> None:
    rng = np.random.default_rng(3)
    trials = []
    for n in range(100):
        top = rng.poisson(30, (40, 16)).astype(float)
        trials.append(trial("count", top, np.ones_like(top), np.full((1, 16), 30.0), n))
    rules = replace(made_up("count", 0.1), judge=inference("placebo"))
    course = [power(rules, trials, size)[0] for size in (0.0, 0.1, 0.2, 0.4, 0.8)]
    assert course == sorted(course)
    assert course[0] < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 100)
    assert course[-1] == 1.0


def test_an_effect_out_of_reach_is_none() -> None:
    top = np.full((20, 8), 0.0)
    at = [trial("count", top, np.ones_like(top), np.zeros((1, 8)), n) for n in range(5)]
    assert detectable(made_up("count", 1.0), at) is None
    assert detectable(made_up("count", 1.0), []) is None


def test_a_share_without_room_upwards_is_tried_downwards() -> None:
    bottom = np.full((30, 12), 1000.0)
    at = [trial("share", bottom * 0.99, bottom, np.full((1, 12), 0.99), n) for n in range(5)]
    found = detectable(made_up("share", 0.05), at)
    assert found is not None
    assert -0.2 < found < -0.1
