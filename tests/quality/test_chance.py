"""The exact probabilities agree with scipy, and the bounds are bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, nbinom, poisson, poisson_binom

from evaluation.quality.chance import at_least, at_least_of, same_count


@pytest.mark.parametrize("value", [1, 5, 12, 100, 2_500])
def test_equal_counts_as_scipy_has_them(value: int) -> None:
    assert same_count(value) == pytest.approx(poisson.pmf(value, value), rel=1e-9)


def test_no_mean_and_no_over_dispersion_gives_more_equality_than_the_bound() -> None:
    means = np.linspace(0.1, 60, 600)
    for value in (5, 17, 40):
        assert poisson.pmf(value, means).max() <= same_count(value) + 1e-12
        for size in (1.0, 5.0, 50.0):
            assert nbinom.pmf(value, size, size / (size + means)).max() <= same_count(value) + 1e-12


@pytest.mark.parametrize("k, n, share", [(0, 5, 0.3), (3, 5, 0.3), (5, 5, 0.3), (40, 100, 0.1), (7, 300, 0.01), (6, 5, 0.5)])
def test_binomial_tail_as_scipy_has_it(k: int, n: int, share: float) -> None:
    assert at_least(k, n, share) == pytest.approx(binom.sf(k - 1, n, share), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("share, expected", [(0.0, 0.0), (1.0, 1.0)])
def test_certain_and_impossible_trials(share: float, expected: float) -> None:
    assert at_least(2, 4, share) == expected


def test_the_bound_for_unequal_trials_is_never_below_the_exact_tail() -> None:
    shares = np.array([0.02, 0.05, 0.1, 0.17, 0.17, 0.12, 0.01, 0.03])
    exact = poisson_binom(shares)
    for k in range(len(shares) + 1):
        assert at_least_of(k, list(shares)) >= exact.sf(k - 1) - 1e-12


def test_nothing_compared_says_nothing() -> None:
    assert at_least_of(0, []) == 1.0
    assert same_count(0) == 1.0
