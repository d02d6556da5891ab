"""Weights on the simplex against brute force, another solver, and their own certificate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from evaluation.effects.designs.synthetic import simplex
from evaluation.effects.designs.synthetic.simplex import Weights, nearest, ridge


def proper(found: Weights) -> None:
    assert found.w.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.w.min() >= 0


def other_solver(points: np.ndarray, target: np.ndarray, penalty: float = 0.0) -> float:
    """The least objective that a general-purpose solver finds from several starts."""
    n = points.shape[1]

    def loss(w: np.ndarray) -> float:
        off = points @ w - target
        return float(off @ off + penalty * w @ w)

    def slope(w: np.ndarray) -> np.ndarray:
        return 2 * points.T @ (points @ w - target) + 2 * penalty * w

    whole = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(n)}
    starts = [np.full(n, 1 / n), *np.random.default_rng(1).dirichlet(np.ones(n), 2)]
    options = {"ftol": 1e-14, "maxiter": 500}
    return min(
        float(minimize(loss, s, jac=slope, method="SLSQP", bounds=[(0, 1)] * n, constraints=[whole], options=options).fun) for s in starts
    )


@pytest.mark.parametrize(("m", "n"), [(19, 38), (8, 12), (12, 5), (3, 2)])
@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_no_other_solver_finds_less(m: int, n: int, penalty: float) -> None:
    rng = np.random.default_rng(m)
    points, target = rng.normal(size=(m, n)), rng.normal(size=m)
    found = ridge(points, target, penalty) if penalty else nearest(points, target)
    proper(found)
    assert found.objective <= other_solver(points, target, penalty) * (1 + 1e-8) + 1e-12
    assert found.gap <= 1e-8 * found.objective + 1e-12


def test_on_a_grid_nothing_is_nearer() -> None:
    rng = np.random.default_rng(5)
    points, target = rng.normal(size=(4, 3)), rng.normal(size=4)
    found = nearest(points, target)
    grid = np.array([(a, b, 100 - a - b) for a in range(101) for b in range(101 - a)]) / 100
    best = grid[np.argmin(((grid @ points.T - target) ** 2).sum(axis=1))]
    assert np.abs(best - found.w).max() < 0.01
    assert found.objective <= ((points @ best - target) ** 2).sum()


def test_of_many_exact_mixes_the_shortest_is_taken_whatever_the_order() -> None:
    rng = np.random.default_rng(2)
    points, target = rng.normal(size=(4, 60)), np.full(4, 0.1)
    found = nearest(points, target)
    proper(found)
    assert not found.unique
    assert found.objective < 1e-20
    rows = np.vstack([points, np.ones(60)])
    # By Lagrange: the shortest weights are the positive part of a mix of the rows.
    on = found.w > 1e-12
    left = np.linalg.lstsq(rows[:, on].T, found.w[on], rcond=None)[0]
    np.testing.assert_allclose(np.maximum(rows.T @ left, 0), found.w, atol=1e-9)
    order = rng.permutation(60)
    np.testing.assert_allclose(nearest(points[:, order], target).w, found.w[order], atol=1e-9)


def test_donors_that_are_alike_share_their_weight() -> None:
    rng = np.random.default_rng(3)
    points, target = rng.normal(size=(10, 5)), rng.normal(size=10)
    once, twice = nearest(points, target), nearest(np.hstack([points, points]), target)
    np.testing.assert_allclose(twice.w[:5], twice.w[5:], atol=1e-9)
    np.testing.assert_allclose(twice.w[:5] + twice.w[5:], once.w, atol=1e-9)
    assert once.unique
    assert not twice.unique


def test_one_donor_and_donors_that_do_not_differ() -> None:
    assert nearest(np.array([[3.0]]), np.array([1.0])).objective == pytest.approx(4.0)
    same = nearest(np.full((4, 3), 2.0), np.full(4, 2.0))
    assert same.w.tolist() == pytest.approx([1 / 3] * 3)
    assert nearest(np.full((4, 3), 2.0), np.full(4, 5.0)).w.tolist() == pytest.approx([1 / 3] * 3)
    assert ridge(np.full((4, 3), 2.0), np.full(4, 5.0), 1.0).w.tolist() == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_the_unit_of_measurement_does_not_matter(size: float) -> None:
    rng = np.random.default_rng(4)
    points, target = rng.normal(size=(19, 38)), rng.normal(size=19)
    np.testing.assert_allclose(nearest(points * size, target * size).w, nearest(points, target).w, atol=1e-9)
    np.testing.assert_allclose(ridge(points * size, target * size, 0.3 * size**2).w, ridge(points, target, 0.3).w, atol=1e-9)


def test_a_large_ridge_spreads_and_a_small_one_fits() -> None:
    rng = np.random.default_rng(6)
    points, target = rng.normal(size=(19, 12)), rng.normal(size=19)
    np.testing.assert_allclose(ridge(points, target, 1e9).w, np.full(12, 1 / 12), atol=1e-6)
    np.testing.assert_allclose(ridge(points, target, 1e-9).w, nearest(points, target).w, atol=1e-6)


def test_where_the_active_set_does_not_end_pairs_of_donors_close_the_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    points, target = rng.normal(size=(9, 14)), rng.normal(size=9)
    exact = nearest(points, target)
    monkeypatch.setattr(simplex, "_active_set", lambda d: np.full(d.shape[1], 1 / d.shape[1]))
    found = nearest(points, target)
    proper(found)
    assert found.objective == pytest.approx(exact.objective, rel=1e-7)
    np.testing.assert_allclose(found.w, exact.w, atol=1e-4)
