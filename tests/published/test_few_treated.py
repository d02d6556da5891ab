"""Inference for few treated units against published examples that need no data file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.special import ndtri

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.conformal import conformal, null_residuals
from evaluation.effects.inference.sharp_null import randomisation_test
from evaluation.effects.matrix import Matrix
from evaluation.language import Words

pytestmark = pytest.mark.published


def r_normal(seed: int, n: int) -> np.ndarray:
    """What R's `set.seed(seed); rnorm(n)` gives: the Mersenne twister with R's seeding, and inversion from two uniforms."""
    state, key = seed, []
    for _ in range(50):
        state = (69069 * state + 1) % 2**32
    for _ in range(625):
        state = (69069 * state + 1) % 2**32
        key.append(state)
    twister = np.random.RandomState()
    twister.set_state(("MT19937", np.array(key[1:], dtype=np.uint32), 624))
    uniform = twister.randint(0, 2**32, size=2 * n, dtype=np.uint32) * 2.3283064365386963e-10
    return np.asarray(ndtri((np.floor(134217728 * uniform[0::2]) + uniform[1::2]) / 134217728))


def _synthetic(panel: Matrix) -> Fit:
    """Synthetic control on outcomes alone, as the R package fits it: simplex weights by constrained least squares."""
    before = panel.before[panel.treated][0]
    own, donors = panel.y[panel.treated][0], panel.y[~panel.treated].T
    heavy = 1e4  # the weights sum to 1 to the eighth decimal
    system = np.vstack([donors[before], np.full(donors.shape[1], heavy)])
    weights, _ = nnls(system, np.append(own[before], heavy), maxiter=10_000)
    gap = own - donors @ weights
    after = panel.after[panel.treated][0]
    return Fit(gap, own, own - gap, float(gap[after].mean()), np.append(0.0, weights))


SC = Design("sc", Words("", ""), Words("", ""), _synthetic, ())


@pytest.fixture(scope="module")
def example() -> Matrix:
    """The package's simulated example: 50 controls, 50 periods before, 5 after, a constant effect of 2."""
    drawn = r_normal(12345, 55 * 51)
    controls = drawn[: 55 * 50].reshape(50, 55)
    own = controls[:3].mean(0) + drawn[55 * 50 :]
    own[50:] += 2
    y = np.vstack([own, controls])
    return Matrix(tuple(f"u{i}" for i in range(51)), tuple(range(55)), y, y, np.ones_like(y), np.array([50, *[55] * 50]), measure="value")


def test_r_draws() -> None:
    """The mean of set.seed(123); rnorm(20) is 0.1416238 in the snapshot tests of NHSRplotthedots."""
    assert r_normal(123, 20).mean() == pytest.approx(0.1416238, abs=5e-8)


def test_conformal_scinference_example_p_value(example: Matrix) -> None:
    """R package scinference, its vignette's example: p of effects of 4 by moving blocks 0.01818182 (as anzonyquispe/scinference)."""
    u = np.abs(null_residuals(SC, example, np.arange(55), 5, 4.0))
    sums = np.array([np.roll(u, j)[-5:].sum() for j in range(55)])
    assert np.mean(sums >= sums[0] - 1e-9) == pytest.approx(0.01818182, abs=5e-9)


def test_conformal_scinference_example_pointwise_intervals(example: Matrix) -> None:
    """The same, 90 % by period on a grid of 0.1: from 0.8, 1.5, 0.4, 1.8, -0.5 to 4.1, 4.6, 4.0, 5.2, 2.6."""
    found = conformal(SC, example, SC.fit(example), 0.9, np.random.default_rng(0)).by_period
    assert found is not None
    # The first and the last point of the grid that were not rejected lie within 0.1 of the ends.
    low, high = np.array([0.8, 1.5, 0.4, 1.8, -0.5]), np.array([4.1, 4.6, 4.0, 5.2, 2.6])
    assert ((low - 0.1 < found[50:, 0]) & (found[50:, 0] <= low + 1e-6)).all()
    assert ((high - 1e-6 <= found[50:, 1]) & (found[50:, 1] < high + 0.1)).all()


@pytest.mark.parametrize("right, ways", [(4, 1), (3, 17)])
def test_fisher_1935_lady_tasting_tea(right: int, ways: int) -> None:
    """Eight cups, four with the milk first: all four found by chance in 1 of 70, three or more in 17 of 70."""
    milk = np.array([1] * 4 + [0] * 4, dtype=bool)
    told = np.array([1] * right + [0] * (4 - right) + [1] * (4 - right) + [0] * right, dtype=float)
    found = randomisation_test(told, milk, alternative="greater")
    assert found.drawings == 70
    assert found.p_value == pytest.approx(ways / 70)


def test_gerber_green_2012_table_2_2_village_heads() -> None:
    """Seven villages, two with a woman as head: 6.5 points; R's ritest gives p 0.373, 95 % 0.3316 to 0.4144, from 1,000 draws."""
    found = randomisation_test([15, 15, 20, 20, 10, 15, 30], np.array([1, 0, 0, 0, 0, 0, 1], dtype=bool))
    assert found.estimate == pytest.approx(6.5)
    assert (found.drawings, found.smallest_p) == (21, pytest.approx(1 / 21))
    assert 0.3316 < found.p_value < 0.4144
    assert found.p_value == pytest.approx(0.373, abs=3.3 * np.sqrt(0.373 * 0.627 / 1000))
    steps = [randomisation_test([15, 15, 20, 20, 10, 15, 30 + x], [1, 0, 0, 0, 0, 0, 1]).p_value for x in (0, 10, 40)]
    assert all(a >= b for a, b in pairwise(steps))
