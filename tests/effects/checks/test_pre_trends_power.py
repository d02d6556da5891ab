"""The test of trends before the start: its power by closed form, by simulation and on panels, and what it leaves behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.effects.checks.basis import basis
from evaluation.effects.checks.event_course import EventCourse, event_course
from evaluation.effects.checks.normal_box import normal_box
from evaluation.effects.checks.pre_trends import after_passing, joint_p, power_of, pre_trends, slope_for_power
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS
from evaluation.effects.designs import design
from evaluation.effects.matrix import Matrix, NotEnough, matrix
from evaluation.effects.study import Study, study_panel
from evaluation.language import Words

NAME = Words("chỉ tiêu", "outcome")
SIGMA = 0.5 * np.eye(7) + 0.5


def course(beta: np.ndarray, sigma: np.ndarray = SIGMA, placebos: int = 0) -> EventCourse:
    return EventCourse(np.array([-4, -3, -2, 0, 1, 2, 3]), -1, beta, sigma, np.zeros((placebos, 7)))


def walks(rng: np.random.Generator, units: int, periods: int, slope: float = 0.0) -> np.ndarray:
    """Values that hang together in time; the first unit drifts."""
    noise = rng.normal(size=(units, periods))
    for t in range(1, periods):
        noise[:, t] = 0.5 * noise[:, t - 1] + noise[:, t]
    noise[0] += slope * np.arange(periods)
    return noise + rng.normal(size=periods)


def study(y: np.ndarray, first: int) -> Study:
    rows = [(f"u{i:03d}", t, v) for i, row in enumerate(y) for t, v in enumerate(row) if np.isfinite(v)]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    return study_panel(frame, outcome_name="y", treated=["u000"], start=first, measure="value")


def test_the_box_is_that_of_scipy_and_of_a_closed_form() -> None:
    sigma = SIGMA[:3, :3]
    low, high, mean = np.array([-1.0, -2.0, -0.5]), np.array([1.0, 0.7, np.inf]), np.array([0.1, -0.3, 0.4])
    assert normal_box(mean, sigma, low, high)[0] == pytest.approx(
        float(stats.multivariate_normal(mean, sigma).cdf(high, lower_limit=low)), abs=1e-4
    )
    p, inside = normal_box(np.zeros(1), np.eye(1), np.array([-1.0]), np.array([2.0]))
    assert p == pytest.approx(stats.norm.cdf(2) - stats.norm.cdf(-1), abs=1e-4)
    assert inside[0] == pytest.approx(stats.truncnorm.mean(-1, 2), abs=1e-3)


def test_power_and_the_bias_after_passing_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(1)
    one = course(np.zeros(7))
    since = one.since[one.before].astype(float)
    slope = slope_for_power(0.6, since, SIGMA[:3, :3])
    draws = rng.multivariate_normal(slope * one.since, SIGMA, 200_000)
    seen = (np.abs(draws[:, :3]) > 1.959964).any(axis=1)
    assert abs(seen.mean() - 0.6) < 3.3 * np.sqrt(0.24 / 200_000) + 2e-4
    assert after_passing(slope, one) == pytest.approx(draws[~seen][:, 3:].mean(axis=0), abs=3.3 * 1.2 / np.sqrt((~seen).sum()))
    assert power_of(slope, since, SIGMA[:3, :3])[0] == pytest.approx(0.6, abs=1e-8)


def test_a_power_below_the_false_alarms_is_refused() -> None:
    with pytest.raises(ValueError, match="false-alarm rate"):
        slope_for_power(0.05, np.array([-3.0, -2.0, -1.0]), SIGMA[:3, :3])


@pytest.mark.slow
def test_the_joint_test_keeps_its_level_on_panels_and_sees_a_drift() -> None:
    """150 panels of 40 donors: 5 % within 3.3 binomial standard errors; a drift breaks the assumption and is seen far more often."""
    rng = np.random.default_rng(2)
    found = {}
    for slope in (0.0, 1.2):
        p = []
        for _ in range(150):
            of = basis(study(walks(rng, 41, 12, slope), 8))
            one = event_course(of.design, of.panel, of.fit, list(of.placebos))
            p.append(joint_p(one)[0])
        found[slope] = float((np.array(p) <= 0.05).mean())
    assert abs(found[0.0] - 2 / 41) < 3.3 * np.sqrt(0.05 * 0.95 / 150)
    assert found[1.2] > 0.5


def test_verdicts_follow_their_rule() -> None:
    words = {"outcome_label": NAME, "unit_label": NAME}
    passed = pre_trends(course(np.array([0, 0, 0, 1.0, 1.0, 1.0, 1.0])), **words)
    assert passed.check().verdict == DOUBTFUL  # such errors let a trend through that gives as much
    exact = pre_trends(course(np.array([0, 0, 0, 1.0, 1.0, 1.0, 1.0]), SIGMA / 1e4), **words)
    assert exact.check().verdict == "holds"
    assert pre_trends(course(np.array([9.0, 6.0, 3.0, 1.0, 1.0, 1.0, 1.0])), **words).check().verdict == FAILS
    for language in ("vi", "en"):
        assert "80" in passed.summary(language)
    assert list(passed.to_frame()["time"]) == [-4, -3, -2, -1, 0, 1, 2, 3]


def test_a_course_needs_donors_periods_and_variance() -> None:
    rng = np.random.default_rng(3)
    of = basis(study(walks(rng, 9, 12), 8))
    with pytest.raises(NotEnough, match="covariance"):
        event_course(of.design, of.panel)
    with pytest.raises(NotEnough, match="before"):
        event_course(*_short(rng))
    with pytest.raises(NotEnough, match="variance"):
        course(np.zeros(7), np.zeros((7, 7)))
    with pytest.raises(ValueError, match="agree in size"):
        EventCourse(np.array([-2, 0]), -1, np.zeros(3), np.eye(3), np.zeros((0, 3)))


def _short(rng: np.random.Generator) -> tuple[object, Matrix]:
    of = basis(study(walks(rng, 41, 12), 1))
    return of.design, of.panel  # type: ignore[return-value]


def test_missing_periods_are_left_out_and_the_reference_is_the_last_known() -> None:
    rng = np.random.default_rng(4)
    y = walks(rng, 60, 12)
    y[0, [7, 9]] = np.nan
    y[5, 3] = np.nan
    of = basis(study(y, 8))
    one = event_course(of.design, of.panel)
    assert one.reference == -2
    assert list(one.times) == [-8, -7, -6, -5, -4, -3, 0, 2, 3]
    assert (np.linalg.eigvalsh(one.sigma) > 0).all()


def test_an_event_study_of_many_treated_units_brings_its_own_covariance() -> None:
    rng = np.random.default_rng(5)
    y = walks(rng, 60, 12)
    rows = [(f"u{i:03d}", t, v) for i, row in enumerate(y) for t, v in enumerate(row)]
    frame = pd.DataFrame(rows, columns=["unit", "period", "numerator"])
    many = study_panel(frame, outcome_name="y", treated=[f"u{i:03d}" for i in range(15)], start=8, measure="value")
    panel, chosen = matrix(many), design("event")
    fit = chosen.fit(panel)
    one = event_course(chosen, panel, fit)
    assert one.said.en.startswith("the covariance from treated units")
    assert one.reference == -1
    assert one.beta == pytest.approx(np.delete(fit.details["coefficients"], 7))
    assert 0 < joint_p(one)[0] < 1
    single = event_course(chosen, matrix(study(y, 8)))
    assert len(single.placebos) == 59
    assert single.beta == pytest.approx(np.delete(chosen.fit(matrix(study(y, 8))).gap, 7))
