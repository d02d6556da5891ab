"""Panels for the tests of inference: matrices without a study around them, and counts under no effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from evaluation.effects.matrix import Matrix

MakeMatrix = Callable[..., Matrix]
NullCounts = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def as_matrix() -> MakeMatrix:
    """Units x periods as a matrix whose given rows are treated from `first` on (one place, or one a row)."""

    def make(
        y: np.ndarray,
        treated: Sequence[int] = (0,),
        first: int | Sequence[int] = 8,
        measure: str = "count",
        bottom: np.ndarray | None = None,
        **windows: int,
    ) -> Matrix:
        rows = list(treated)
        order = [*rows, *(i for i in range(len(y)) if i not in rows)]
        starts = np.full(len(y), y.shape[1])
        starts[: len(rows)] = first
        below = np.ones(y.shape) if bottom is None else np.asarray(bottom, dtype=float)
        top = np.asarray(y, dtype=float)
        value = top / below if bottom is not None else top
        return Matrix(
            tuple(f"u{i:02d}" for i in order),
            tuple(range(y.shape[1])),
            value[order],
            top[order],
            np.where(np.isnan(value), np.nan, below)[order],
            starts,
            measure=measure,
            **windows,
        )

    return make


@pytest.fixture(scope="session")
def null_counts() -> NullCounts:
    """Over-dispersed, autocorrelated counts where nothing happens: levels three times apart, season, negative binomial."""

    def draw(
        rng: np.random.Generator,
        wards: int = 60,
        periods: int = 16,
        memory: float = 0.6,
        spread: float = 0.3,
        effect: float = 1.0,
        first: int = 8,
        treated: int = 1,
    ) -> np.ndarray:
        deviation = rng.normal(0, spread, (wards, periods))
        for t in range(1, periods):
            deviation[:, t] = memory * deviation[:, t - 1] + np.sqrt(1 - memory**2) * deviation[:, t]
        season = np.resize([-0.2, 0.03, 0.05, 0.1], periods)
        mean = np.exp(rng.normal(np.log(20), 0.3, (wards, 1)) + season + deviation)
        mean[:treated, first:] *= effect
        return rng.negative_binomial(8, 8 / (8 + mean)).astype(float)

    return draw
