"""Intervals under violations of parallel trends: against linear programs, their coverage, and where an effect breaks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.checks.relative_magnitudes import _polyhedra, relative_interval
from evaluation.effects.checks.smoothness import AffineEstimates, folded_quantile, smooth_interval
from evaluation.effects.checks.verdicts import DOUBTFUL, HOLDS, UNTRIED
from evaluation.effects.checks.violations import violations
from evaluation.language import Words

NAME = Words("chỉ tiêu", "outcome")
TIMES = np.array([-4, -3, -2, 0, 1, 2])
SIGMA = 0.04 * (0.6 * np.eye(6) + 0.4)


def course(beta: np.ndarray, sigma: np.ndarray = SIGMA, times: np.ndarray = TIMES) -> EventCourse:
    return EventCourse(times, -1, beta, sigma, np.zeros((0, len(times))))


def moments(n_before: int, n_after: int, s: int, sign: float, m: float) -> np.ndarray:
    """All moments of one polyhedron over coefficients after the start, written out term by term."""
    size = n_before + n_after

    def difference(r: int) -> np.ndarray:
        full = np.zeros(size + 1)
        full[r], full[r + 1] = -1.0, 1.0
        return np.delete(full, n_before)

    largest = sign * difference(s)
    rows = [way * difference(r) - m * largest for way in (1.0, -1.0) for r in range(n_before, size)]
    return np.array(rows)


def test_the_rays_give_the_value_of_the_linear_program_that_they_replace() -> None:
    rng = np.random.default_rng(1)
    weights = np.array([0.5, 0.2, 0.3])
    for _ in range(5):
        beta, theta = rng.normal(size=6), rng.normal()
        found = iter(_polyhedra(course(beta), 0.7, weights))
        for s in range(3):
            for sign in (1.0, -1.0):
                A = moments(3, 3, s, sign, 0.7)
                scale = np.sqrt(np.diag(A @ SIGMA @ A.T))
                # Least eta such that A (beta - tau) <= eta scale for effects tau with weights' tau = theta.
                program = optimize.linprog(
                    np.r_[1.0, 0, 0, 0],
                    A_ub=np.column_stack([-scale, -A[:, 3:]]),
                    b_ub=-A @ beta,
                    A_eq=np.r_[0.0, weights][None],
                    b_eq=[theta],
                    bounds=[(None, None)] * 4,
                )
                rays, effects = next(found)
                assert (rays @ beta - effects * theta).max() == pytest.approx(program.fun, abs=1e-8)


def test_without_noise_the_interval_is_the_identified_set() -> None:
    beta = np.array([0.1, 0.3, 0.2, 1.0, 1.2, 1.1])
    weights = np.full(3, 1 / 3)
    low, high = relative_interval(course(beta, 1e-10 * np.eye(6)), 0.5, weights)
    reach = 0.5 * 0.2 * 2  # half of the largest step before (0.2), times the loads 1, 2/3 and 1/3 of the three steps after
    assert low == pytest.approx(1.1 - reach, abs=2e-4)
    assert high == pytest.approx(1.1 + reach, abs=2e-4)


def worst_bias(estimate: np.ndarray, m: float) -> float:
    """The largest bias of an affine estimate over all trends whose slope changes by at most m, by linear program."""
    places = [0, 1, 2, 4, 5, 6]  # of the coefficients among times -4 to 2; the reference is at 3
    second = np.zeros((5, 7))
    for r in range(5):
        second[r, r : r + 3] = [1, -2, 1]
    A = np.vstack([second, -second])[:, places]
    program = optimize.linprog(-estimate, A_ub=A, b_ub=np.full(10, m), bounds=[(None, None)] * 6)
    return float(-program.fun)


def test_the_bias_of_the_smooth_interval_is_that_of_a_linear_program() -> None:
    affine = AffineEstimates.of(course(np.zeros(6)))
    rng = np.random.default_rng(2)
    for _ in range(5):
        w = rng.normal(size=2)
        estimate = affine.start + affine.turn @ w
        assert 0.3 * (affine.fixed + np.abs(w).sum()) == pytest.approx(worst_bias(estimate, 0.3), rel=1e-6)


def test_no_other_affine_estimate_gives_a_shorter_smooth_interval() -> None:
    affine = AffineEstimates.of(course(np.zeros(6)))
    low, high = affine.shortest(0.1, 0.95)

    def half(w: np.ndarray) -> float:
        over = affine.start + affine.turn @ w
        spread = np.sqrt(over @ SIGMA @ over)
        return float(folded_quantile(0.1 * (affine.fixed + np.abs(w).sum()) / spread, 0.95) * spread)

    best = min(optimize.minimize(half, x0, method="Nelder-Mead").fun for x0 in ([0, 0], [0.5, 0.5], [-0.5, 0.3]))
    assert (high - low) / 2 == pytest.approx(best, rel=1e-4)


def test_the_folded_quantile_holds_its_level_near_and_far() -> None:
    from scipy import stats

    for t in (0.0, 0.4, 2.0, 5.9, 6.1, 40.0):
        c = float(folded_quantile(np.array(t), 0.95))
        assert stats.norm.cdf(c - t) - stats.norm.cdf(-c - t) == pytest.approx(0.95, abs=1e-6)


@pytest.mark.slow
def test_intervals_hold_the_effect_within_the_violations_allowed_and_not_beyond() -> None:
    """200 draws; 95 % less 3.3 binomial standard errors. Violations of four times the size allowed break the assumption."""
    rng = np.random.default_rng(3)
    before = np.array([0.3, 0.2, 0.1])  # falls by 0.1 a period up to the reference
    held = {}
    for times in (1.0, 4.0):
        after = -0.1 * times * np.array([1.0, 2.0, 3.0])
        truth = np.r_[before, after]
        inside = np.zeros((200, 2), dtype=bool)
        for i in range(200):
            one = course(rng.multivariate_normal(truth, 0.05 * SIGMA), 0.05 * SIGMA)
            for j, (low, high) in enumerate((relative_interval(one, 1.0), smooth_interval(one, 0.0))):
                inside[i, j] = low <= 0 <= high
        held[times] = inside.mean(axis=0)
    assert (held[1.0] >= 0.95 - 3.3 * np.sqrt(0.95 * 0.05 / 200)).all()
    assert (held[4.0] < 0.8).all()


def test_the_breakdown_value_and_its_verdict() -> None:
    beta = np.array([0.02, 0.0, 0.01, 1.0, 1.0, 1.0])
    words = {"outcome_label": NAME, "unit_label": NAME}
    firm = violations(course(beta, 1e-6 * np.eye(6)), **words)
    assert firm.breakdown is None
    assert firm.check().verdict == HOLDS
    beta[0] = 1.5
    weak = violations(course(beta, 1e-6 * np.eye(6)), **words)
    assert weak.breakdown == pytest.approx(1.0 / (1.5 * 2), abs=0.01)
    assert weak.check().verdict == DOUBTFUL
    nothing = violations(course(0.1 * beta), **words)
    assert nothing.breakdown == 0
    assert nothing.check().verdict == UNTRIED
    for one in (firm, weak, nothing):
        assert "95" in one.summary("vi")
        widths = (one.frame["high"] - one.frame["low"]).to_numpy()[one.frame["restriction"] == "relative"]
        assert (np.diff(widths) >= -1e-9).all()


def test_one_period_before_and_one_after_are_enough_for_relative_violations() -> None:
    one = course(np.array([0.1, 1.0]), 1e-4 * np.eye(2), np.array([-2, 0]))
    low, high = relative_interval(one, 1.0)
    assert low == pytest.approx(1.0 - 0.1, abs=0.06)
    assert high == pytest.approx(1.0 + 0.1, abs=0.06)
    found = violations(one, outcome_label=NAME, unit_label=NAME)
    assert found.breakdown_smooth is None
    assert set(found.frame["restriction"]) == {"relative"}
