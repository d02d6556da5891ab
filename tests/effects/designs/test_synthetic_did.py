"""Synthetic difference-in-differences against diff-diff, the weighted regression it is, and its placebo variance."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.designs.did import DID
from evaluation.effects.designs.synthetic.pool import pooled
from evaluation.effects.designs.synthetic_did import SYNTHETIC_DID, placebo_variance, synthetic_did
from evaluation.effects.matrix import Matrix, NotEnough

UNITS, PERIODS, START = 16, 14, 9


def panel(seed: int = 0, treated: int = 1, units: int = UNITS) -> Matrix:
    rng = np.random.default_rng(seed)
    y = 20 + rng.uniform(0, 2, (units, 2)) @ rng.normal(size=(2, PERIODS)).cumsum(axis=1) + rng.normal(size=(units, PERIODS))
    first = np.array([START] * treated + [PERIODS] * (units - treated))
    return Matrix(tuple(f"u{i:02d}" for i in range(units)), tuple(range(PERIODS)), y, y, np.ones_like(y), first, measure="value")


def weighted_regression(m: Matrix) -> float:
    """The estimate as a regression with unit and period dummies and the fit's weights."""
    fit = SYNTHETIC_DID.fit(m)
    period = np.array([fit.details["period_weights"].get(t, 1 / (PERIODS - START)) for t in m.periods])
    unit = np.where(m.treated, 1 / m.treated.sum(), fit.weights)
    i, t = np.indices(m.y.shape).reshape(2, -1)
    on = (m.treated[:, None] & (np.arange(PERIODS) >= START)).ravel()
    root = np.sqrt(np.outer(unit, period).ravel())
    columns = np.column_stack([on, np.eye(len(m.y))[i], np.eye(PERIODS)[t]])
    return float(np.linalg.lstsq(columns * root[:, None], m.y.ravel() * root, rcond=None)[0][0])


@pytest.mark.parametrize("treated", [1, 3])
def test_it_is_a_weighted_regression_with_unit_and_period_effects(treated: int) -> None:
    m = panel(treated=treated)
    fit = SYNTHETIC_DID.fit(m)
    assert fit.estimate == pytest.approx(weighted_regression(m), abs=1e-8)
    assert fit.estimate == pytest.approx(fit.gap[START:].mean())
    assert sum(fit.details["period_weights"].values()) == pytest.approx(1.0)
    before = np.array(list(fit.details["period_weights"].values())) @ fit.gap[:START]
    assert before == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_the_exact_weights_lie_below_the_published_ones() -> None:
    m = panel(1)
    x = m.y[1:, :START] - m.y[1:, :START].mean(axis=1, keepdims=True)
    b = m.y[0, :START] - m.y[0, :START].mean()

    def objective(design: object) -> float:
        fit = design.fit(m)  # type: ignore[attr-defined]
        w = fit.weights[1:]
        return float(((w @ x - b) ** 2).sum() + START * fit.details["ridge"] * w @ w)

    assert objective(SYNTHETIC_DID) <= objective(synthetic_did("published")) + 1e-12


def test_levels_do_not_matter_and_common_periods_neither() -> None:
    m = panel(2)
    rng = np.random.default_rng(3)
    moved = m.with_outcome(m.y + rng.normal(0, 50, (UNITS, 1)) + rng.normal(0, 50, (1, PERIODS)))
    assert SYNTHETIC_DID.fit(moved).estimate != pytest.approx(SYNTHETIC_DID.fit(m).estimate + 1)
    shifted = m.with_outcome(m.y + rng.normal(0, 50, (UNITS, 1)))
    assert SYNTHETIC_DID.fit(shifted).estimate == pytest.approx(SYNTHETIC_DID.fit(m).estimate, abs=1e-6)


def test_donors_that_run_parallel_give_plain_differences() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(20, 5, (10, 1)) + rng.normal(size=(1, PERIODS)).cumsum(axis=1)
    y[0, START:] += 3
    m = Matrix(tuple("abcdefghij"), tuple(range(PERIODS)), y, y, np.ones_like(y), np.array([START] + [PERIODS] * 9), measure="value")
    assert SYNTHETIC_DID.fit(m).estimate == pytest.approx(3.0)
    assert DID.fit(m).estimate == pytest.approx(3.0)


def test_a_drawn_set_is_fitted_once_and_counts_as_often_as_drawn() -> None:
    m = panel(5)
    found = placebo_variance(m, 300, np.random.default_rng(0))
    assert found.distinct == UNITS - 1
    assert len(set(np.round(found.estimates, 12).tolist())) == UNITS - 1
    assert found.standard_error == pytest.approx(found.estimates.std())
    assert found.estimate == SYNTHETIC_DID.fit(m).estimate
    again = placebo_variance(m, 300, np.random.default_rng(0))
    assert found.standard_error == again.standard_error
    sets = placebo_variance(panel(5, treated=2), 100, np.random.default_rng(0))
    assert 30 < sets.distinct <= 91


def test_placebo_variance_needs_donors_to_spare() -> None:
    with pytest.raises(NotEnough, match="more comparison units"):
        placebo_variance(panel(treated=2, units=4))
    with pytest.raises(ValueError, match="At least 2"):
        placebo_variance(panel(), 1)


def test_unknown_solvers_are_refused() -> None:
    with pytest.raises(ValueError, match="published"):
        synthetic_did("quick")  # type: ignore[arg-type]


def plain_steps(rows: np.ndarray, target: np.ndarray, zeta: float, stop: float) -> np.ndarray:
    """Frank-Wolfe from equal weights, 100 steps; weights up to a quarter of the largest dropped; at most 10,000 steps more."""
    rows, target = rows - rows.mean(axis=0), target - target.mean()
    w = np.full(rows.shape[1], 1 / rows.shape[1])
    for most in (100, 10_000):
        w = np.where(w > w.max() / 4, w, 0.0) if most > 100 else w
        w, last = w / w.sum(), np.inf
        for _ in range(most):
            slope = rows.T @ (rows @ w - target) + len(rows) * zeta**2 * w
            way = -w
            way[slope.argmin()] += 1
            length = np.sum((rows @ way) ** 2) + len(rows) * zeta**2 * way @ way
            w = w + min(1.0, max(0.0, -(slope @ way) / length)) * way if length > 0 else w
            value = zeta**2 * w @ w + np.mean((rows @ w - target) ** 2)
            if last - value < stop**2:
                break
            last = value
    return w


@pytest.mark.slow
@pytest.mark.parametrize(("treated", "units", "holes"), [(1, 16, 0), (3, 16, 12), (2, 6, 4), (1, 40, 0), (1, 2, 0), (1, 3, 2)])
def test_the_published_steps_are_frank_wolfe_in_two_passes(treated: int, units: int, holes: int) -> None:
    """With fewer donors than periods, up to twice as many, and more: each has its own way through diff-diff."""
    m = panel(7, treated, units)
    rng, y = np.random.default_rng(8), m.y.copy()
    y[rng.integers(treated, units, holes), rng.integers(0, PERIODS, holes)] = np.nan
    m = m.with_outcome(y)
    fit = synthetic_did("published").fit(m)
    pool = pooled(m)
    early, own = pool.z[pool.donors, :START], pool.z[m.treated, :START].mean(axis=0)
    noise = np.diff(early, axis=1).std(ddof=1)
    unit = plain_steps(early.T, own, (treated * (PERIODS - START)) ** 0.25 * noise, 1e-5 * noise)
    period = plain_steps(early, pool.z[pool.donors, START:].mean(axis=1), 1e-6 * noise, 1e-5 * noise)
    assert fit.weights[pool.donors] == pytest.approx(unit, abs=1e-9)
    assert list(fit.details["period_weights"].values()) == pytest.approx(period, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("treated", [1, 2])
def test_diff_diff_gives_the_same_by_its_own_steps(treated: int) -> None:
    from diff_diff import SyntheticDiD

    m = panel(6, treated)
    rows = [(u, t, m.y[i, t], int(i < treated)) for i, u in enumerate(m.units) for t in m.periods]
    frame = pd.DataFrame(rows, columns=["unit", "period", "y", "ever"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = SyntheticDiD(variance_method="placebo", n_bootstrap=50, seed=7).fit(
            frame, outcome="y", treatment="ever", unit="unit", time="period", post_periods=list(range(START, PERIODS))
        )
    assert synthetic_did("published").fit(m).estimate == pytest.approx(other.att, abs=1e-9)
    variance = placebo_variance(m, 50, np.random.default_rng(7), "published")
    assert variance.standard_error == pytest.approx(other.se, abs=1e-9)
    assert SYNTHETIC_DID.fit(m).estimate == pytest.approx(other.att, abs=0.02)
