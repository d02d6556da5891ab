"""Matrix completion: what makes a solution the best one, and where it is better than unit and period effects alone."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.designs.completion import MATRIX_COMPLETION, _completed, matrix_completion
from evaluation.effects.matrix import Matrix, NotEnough


def panel(y: np.ndarray, first: int, treated: int = 1) -> Matrix:
    starts = np.full(len(y), y.shape[1])
    starts[:treated] = first
    names = tuple(f"u{i}" for i in range(len(y)))
    return Matrix(names, tuple(range(y.shape[1])), y, y, np.where(np.isnan(y), np.nan, 1.0), starts)


def low_rank(rng: np.random.Generator, units: int = 20, periods: int = 16, noise: float = 0.1) -> np.ndarray:
    """Return unit and period effects and one factor on which the first unit loads most: parallel trends fail."""
    loading, factor = rng.uniform(0, 1, units), np.r_[np.zeros(4), np.linspace(0, 8, periods - 4)]
    loading[0] = 1.0
    y = rng.normal(0, 3, units)[:, None] + rng.normal(0, 1, periods) + np.outer(loading, factor)
    return np.asarray(y + rng.normal(0, noise, (units, periods)))


def test_the_solution_meets_the_conditions_of_the_best_one() -> None:
    rng = np.random.default_rng(0)
    y = low_rank(rng, noise=0.5)
    seen = rng.random(y.shape) > 0.2
    bare = _completed(y, seen, (1.0,))
    largest = np.linalg.norm(np.where(seen, y - bare.fitted, 0.0), 2)
    state = _completed(y, seen, (1.0, 0.5, 0.2))
    left = np.where(seen, y - state.fitted, 0.0)
    # Effects: nothing left by unit or period. Low rank: the residual lies within the threshold, and on it along the part's own axes.
    assert np.abs(left.sum(0)).max() < 1e-4
    assert np.abs(left.sum(1)).max() < 1e-4
    u, s, vt = np.linalg.svd(state.low_rank)
    rank = int((s > 1e-6).sum())
    assert rank >= 1
    np.testing.assert_allclose(u[:, :rank].T @ left @ vt[:rank].T, 0.2 * largest * np.eye(rank), atol=2e-3 * largest)
    assert np.linalg.norm(left, 2) <= 0.2 * largest * (1 + 1e-3)


def test_a_factor_that_breaks_parallel_trends_is_followed() -> None:
    y = low_rank(np.random.default_rng(1))
    m = panel(y, 12)
    plain = matrix_completion(1.0).fit(m).estimate
    assert plain > 1.5
    assert abs(MATRIX_COMPLETION.fit(m).estimate) < 0.3 * plain


def test_missing_figures_are_left_out_of_the_fit() -> None:
    y = low_rank(np.random.default_rng(2))
    holes = y.copy()
    holes[3, 5] = holes[7, 13] = np.nan
    wild = np.where(np.isnan(holes), 1e6, holes)
    state = _completed(wild, np.isfinite(holes), (1.0, 0.3))
    assert np.abs(state.fitted).max() < 100


@pytest.mark.parametrize("options", [{"penalty": 0.0}, {"penalty": 1.5}, {"folds": 1}, {"penalties": 1}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=" / "):
        matrix_completion(**options)  # type: ignore[arg-type]


def test_too_few_donors() -> None:
    with pytest.raises(NotEnough, match="comparison units; use did"):
        MATRIX_COMPLETION.fit(panel(low_rank(np.random.default_rng(0))[:3], 12))
