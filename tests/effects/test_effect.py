"""What may be said of an effect, by rule; its sentence and its row."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.calibration.claims import Calibration, Rate
from evaluation.effects.designs import design
from evaluation.effects.effect import VERDICTS, Effect
from evaluation.effects.estimate import estimate_effect, judge_for
from evaluation.effects.inference.clustered import LEAST_TREATED
from evaluation.effects.matrix import matrix
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words

SAID = Words("theo thử nghiệm", "by trial")


def studied(measure: str = "count", treated: int = 1, **options: Any) -> Study:
    rng = np.random.default_rng(8)
    top = rng.poisson(40, (40, 12)).astype(float)
    top[:treated, 6:] = rng.poisson(70, (treated, 6))
    rows = [(f"u{i:02d}", t, top[i, t], 100.0) for i, t in product(range(40), range(12))]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator", "denominator"])
    units = [f"u{i:02d}" for i in range(treated)]
    return study_panel(frame, outcome_name="tests", treated=units, start=6, measure=measure, **options)


def calibration(k: int, m: int) -> Calibration:
    return Calibration(
        estimand=SAID, method=SAID, estimate=None, windows=Rate(0, 20), generated=Rate(k, m), coverage=Rate(m - k, m), detectable=None
    )


@pytest.fixture(scope="module")
def found() -> Effect:
    return replace(estimate_effect(studied()), calibration=calibration(2, 100))


@pytest.mark.parametrize(
    "changed, verdict",
    [
        ({}, "clear"),
        ({"calibration": None}, "uncalibrated"),
        ({"calibration": calibration(30, 100)}, "unreliable"),
        ({"warning": SAID}, "warned"),
        ({"p_value": 0.051}, "unclear"),
        ({"low": 0.99}, "unclear"),
        ({"low": None}, "no_interval"),
        ({"low": None, "p_value": 0.2}, "unclear"),
        ({"smallest_p": 1 / 15, "p_value": 1 / 15}, "out_of_reach"),
        ({"p_value": None}, "untested"),
        ({"p_value": float("nan")}, "untested"),
        ({"estimate": None}, "untested"),
    ],
)
def test_only_what_is_tested_calibrated_and_reliable_is_claimed(found: Effect, changed: dict[str, Any], verdict: str) -> None:
    made = replace(found, **changed)
    assert made.verdict == verdict
    assert made.clear == (verdict == "clear")
    assert verdict in VERDICTS


def test_the_sentence_reads_in_both_languages(found: Effect) -> None:
    en, vi = (found.summary(speak) for speak in ("en", "vi"))
    assert en.startswith("Effect in u00 on tests, compared with the comparison units: ratio 1.")
    assert "95%" in en
    assert "p = 0.025" in en  # 1 / 40
    assert "tỷ số 1," in vi
    assert "p = 0,025" in vi


def test_an_interval_in_points_names_them_once() -> None:
    said = estimate_effect(studied("share")).summary("en")
    assert said.count("percentage points") == 2  # once behind the estimate, once behind the interval


def test_small_differences_are_not_written_as_nothing(found: Effect) -> None:
    tiny = replace(found, scale="difference", measure="value", unit="value", estimate=3.06e-6, low=2e-6, high=4.11e-6, calibration=None)
    assert "0.00000306 (95%: 0.000002 to 0.00000411" in tiny.summary("en")
    assert replace(tiny, estimate=0.0).written(0.0, "en") == "0.0000"


def test_the_frame_is_one_row_with_test_and_design(found: Effect) -> None:
    (row,) = found.to_frame().to_dict("records")
    assert (row["design"], row["outcome"], row["donors"]) == ("did", "tests", 39)
    assert row["p_value"] == pytest.approx(1 / 40)


def test_periods_donors_and_placebos_are_told(found: Effect) -> None:
    assert (found.start, found.n_before, found.n_after, found.n_donors) == (6, 6, 6, 39)
    assert found.effects["after"].tolist() == [False] * 6 + [True] * 6
    assert len(found.placebo) == 39
    assert len(found.placebo_gaps) == 39 * 12


def test_windows_around_the_start_are_left_out() -> None:
    found = estimate_effect(studied(anticipation=2, phase_in=1))
    assert (found.n_before, found.n_after) == (4, 5)


def test_a_panel_of_anybody_has_no_words_of_the_plan_and_a_pilot_has() -> None:
    assert "plan" not in estimate_effect(studied()).estimand.en
    assert "in addition to what the plan asks" in estimate_effect(studied(pilot="pham-ngu-lao")).estimand.en


def test_what_judges_an_effect_unless_told() -> None:
    few, many = matrix(studied()), matrix(studied(treated=LEAST_TREATED))
    assert judge_for(design("did"), few) == "placebo"
    assert judge_for(design("did"), many) == "cluster"
    assert judge_for(design("mc"), many) == "placebo"  # it has no clustered error
