"""The augmented mix against its closed form, its limits, and a cross-validation written out."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.designs.augmented import AUGMENTED, augmented
from evaluation.effects.designs.synthetic.simplex import nearest
from evaluation.effects.designs.synthetic_control import SYNTHETIC_CONTROL
from evaluation.effects.matrix import Matrix, NotEnough

PERIODS, START = 16, 10


def panel(seed: int = 0, units: int = 15) -> Matrix:
    rng = np.random.default_rng(seed)
    y = 20 + rng.uniform(0, 2, (units, 2)) @ rng.normal(size=(2, PERIODS)).cumsum(axis=1) + rng.normal(size=(units, PERIODS))
    first = np.array([START] + [PERIODS] * (units - 1))
    return Matrix(tuple(f"u{i}" for i in range(units)), tuple(range(PERIODS)), y, y, np.ones_like(y), first, measure="value")


def written_out(x: np.ndarray, own: np.ndarray, penalty: float) -> np.ndarray:
    """Weights of one penalty from the estimator's other form: outcomes of donors less a ridge regression's error, solved in the donors."""
    w = nearest(x.T, own).w
    # X (X'X + lI)^-1 = (XX' + lI)^-1 X
    return w + np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), x @ (own - x.T @ w))


def test_weights_are_the_closed_form_at_every_penalty() -> None:
    m = panel()
    z = m.y[1:] - m.y[1:].mean(axis=0)
    own = m.y[0] - m.y[1:].mean(axis=0)
    x = z[:, :START]
    top = np.linalg.eigvalsh(x.T @ x).max()
    for share in (1e-6, 1e-3, 1.0):
        fit = augmented(share).fit(m)
        w = written_out(x, own[:START], share * top)
        assert fit.weights[1:] == pytest.approx(w, abs=1e-8)
        assert fit.weights.sum() == pytest.approx(1.0)
        assert fit.gap == pytest.approx(own - w @ z, abs=1e-8)


def test_a_large_penalty_is_the_plain_mix_and_a_small_one_fits_exactly() -> None:
    m = panel(1)
    assert augmented(1e9).fit(m).estimate == pytest.approx(SYNTHETIC_CONTROL.fit(m).estimate, abs=1e-6)
    assert augmented(1e-14).fit(m).rmspe(np.asarray(m.before[0])) < 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_the_penalty_is_that_of_leaving_out_one_period_after_the_other(seed: int) -> None:
    m = panel(seed)
    centre = m.y[1:, :START].mean(axis=0)
    x, own = m.y[1:, :START] - centre, m.y[0, :START] - centre
    top = np.linalg.eigvalsh(x.T @ x).max()
    grid = [top * 10 ** (-8 * k / 20) for k in range(21)]
    squares = np.array(
        [[float(own[t] - written_out(np.delete(x, t, 1), np.delete(own, t), g) @ x[:, t]) ** 2 for g in grid] for t in range(START)]
    )
    mean, error = squares.mean(axis=0), squares.std(axis=0, ddof=1) / np.sqrt(START)
    best = int(np.argmin(mean))
    wide, narrow = AUGMENTED.fit(m), augmented(one_standard_error=False).fit(m)
    assert wide.details["cross_validation"] == pytest.approx(mean, rel=1e-6)
    assert narrow.details["penalty"] == pytest.approx(grid[best] / top)
    assert wide.details["penalty"] == pytest.approx(
        max(g for g, m_ in zip(grid, mean, strict=True) if m_ <= mean[best] + error[best]) / top
    )


def test_two_periods_are_too_few_to_leave_one_out() -> None:
    m = panel()
    short = Matrix(m.units, m.periods[8:], m.y[:, 8:], m.top[:, 8:], m.bottom[:, 8:], np.where(m.first < PERIODS, 2, 8), measure="value")
    with pytest.raises(NotEnough, match="At least 3 periods"):
        AUGMENTED.fit(short)


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("inf"), float("nan")])
def test_penalties_are_positive(penalty: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        augmented(penalty)
