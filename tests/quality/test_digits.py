"""Preferred last digits are found; honest counts are not accused, not even where the textbook test would."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from evaluation.quality.digits import digit_preference


def honest(seed: int, n: int = 400, mean: float = 30, size: float = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(size, mean / size, n))


def heaped(seed: int, share: float) -> np.ndarray:
    values = honest(seed)
    rng = np.random.default_rng(seed + 1)
    return np.where(rng.random(len(values)) < share, np.round(values / 5) * 5, values)


def test_counts_by_hand() -> None:
    result = digit_preference([10, 15, 20, 23, 7, 5, 12, float("nan")])
    assert result.counts == (2, 0, 1, 1, 0, 1, 0, 0, 0, 0)
    assert (result.n, result.estimate) == (5, 0.6)
    assert result.p_value is None
    assert "p_uniform" in result.diagnostics


def test_the_textbook_test_beside_it_is_the_published_one() -> None:
    # 100 figures per digit but 150 of 0 and 50 of 5: statistic 50, far beyond 16.919, the 5% point with nine degrees of freedom.
    counts = [150, 100, 100, 100, 100, 50, 100, 100, 100, 100]
    result = digit_preference([100 + d for d, k in enumerate(counts) for _ in range(k)], draws=99)
    assert chi2.ppf(0.95, 9) == pytest.approx(16.919, abs=5e-4)
    assert result.diagnostics["p_uniform"] == pytest.approx(chisquare(counts).pvalue)
    assert result.diagnostics["p_uniform"] == pytest.approx(float(chi2.sf(50, 9)), rel=1e-9)


def test_a_preference_is_found() -> None:
    result = digit_preference(heaped(3, 0.3), draws=499)
    assert result.p_value is not None
    assert result.p_value <= 0.01
    assert result.estimate is not None
    assert result.estimate > 0.3
    frame = result.to_frame()
    assert set(frame.nlargest(2, "residual")["digit"]) == {0, 5}
    assert frame["expected"].sum() == pytest.approx(result.n)


def test_the_smooth_distribution_has_no_preference() -> None:
    result = digit_preference(heaped(5, 1.0), draws=99)
    assert all(0.04 < e / result.n < 0.2 for e in result.expected)


@pytest.mark.slow
def test_the_test_keeps_its_size_where_the_textbook_one_does_not() -> None:
    ours, textbook = [], []
    for seed in range(150):
        result = digit_preference(honest(seed, 500, 20), draws=199, seed=seed)
        ours.append(result.p_value is not None and result.p_value <= 0.05)
        textbook.append((result.diagnostics["p_uniform"] or 1) <= 0.05)
    assert np.mean(ours) <= 0.10  # 0.05 and two standard errors over it
    assert np.mean(textbook) > 0.25


def test_the_same_seed_gives_the_same_answer() -> None:
    assert digit_preference(honest(1), draws=99).p_value == digit_preference(honest(1), draws=99).p_value


@pytest.mark.parametrize("wrong", [[1.5], [-3.0]])
def test_what_is_no_count_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="whole"):
        digit_preference(wrong)


def test_nothing_gives_nothing() -> None:
    result = digit_preference([])
    assert (result.n, result.estimate, result.p_value) == (0, None, None)
    assert "—" in result.summary("en")
