"""Randomisation inference: exact p-values and intervals by brute force, restricted drawings, and surveys too small to claim."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import permutation_test

from evaluation.effects.designs import design
from evaluation.effects.inference import inference
from evaluation.effects.inference.drawings import drawings
from evaluation.effects.inference.randomisation import never_claims, randomisation, randomised, smallest_randomisation_p
from evaluation.effects.inference.sharp_null import randomisation_test
from evaluation.effects.matrix import Matrix

DID = design("did")
RNG = np.random.default_rng(0)


def difference(y: np.ndarray, chosen: tuple[int, ...] | list[int]) -> float:
    rest = [i for i in range(len(y)) if i not in chosen]
    return float(y[list(chosen)].mean() - y[rest].mean())


def brute_p(y: np.ndarray, own: list[int], effect: float) -> float:
    clean = y.copy()
    clean[own] -= effect
    k, total = len(own), clean.sum()
    sums = np.array([clean[list(c)].sum() for c in combinations(range(len(y)), k)])
    drawn = sums / k - (total - sums) / (len(y) - k)
    return float(np.mean(np.abs(drawn) >= abs(difference(clean, own)) - 1e-9))


@pytest.mark.parametrize("treated, comparison, ways", [(2, 4, 15), (1, 5, 6), (4, 4, 35), (3, 9, 220), (1, 1, 1)])
def test_the_smallest_p(treated: int, comparison: int, ways: int) -> None:
    assert smallest_randomisation_p(treated, comparison) == pytest.approx(1 / ways)
    y = np.arange(treated + comparison, dtype=float) ** 3
    own = np.arange(treated + comparison) >= comparison
    assert randomisation_test(y, own).smallest_p == pytest.approx(1 / ways)
    with pytest.raises(ValueError, match="at least one unit"):
        smallest_randomisation_p(0, 4)


def test_two_pilot_and_four_comparison_wards_never_claim() -> None:
    said = never_claims(2, 4)
    assert said is not None
    assert "15 ways" in said.en
    assert "0.067" in said.en
    assert "0,067" in said.vi
    assert "không bao giờ kết luận được" in said.vi
    assert never_claims(2, 4, level=0.9) is None
    assert never_claims(3, 9) is None
    found = randomisation_test([1e6, 1e6, 1, 2, 3, 4], [True, True, False, False, False, False])
    assert found.p_value == pytest.approx(1 / 15)
    assert (found.low, found.high) == (None, None)
    assert never_claims(2, 4) == found.cannot_claim
    for language in ("vi", "en"):
        assert said[language] in found.summary(language)


def test_p_and_interval_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    for _ in range(2):
        y = rng.normal(0, 1, 9).round(1)
        y[[2, 5, 7]] += 2
        own = np.isin(np.arange(9), [2, 5, 7])
        found = randomisation_test(y, own, level=0.9)
        assert (found.drawings, found.all_drawings) == (84, True)
        assert found.p_value == pytest.approx(brute_p(y, [2, 5, 7], 0.0))
        assert found.low is not None
        assert found.high is not None
        width = found.high - found.low
        for effect in np.linspace(found.low - width / 5, found.high + width / 5, 38):
            assert (found.low <= effect <= found.high) == (brute_p(y, [2, 5, 7], effect) > 0.1 + 1e-9)


def test_one_sided_p_values_as_scipy() -> None:
    y = np.random.default_rng(2).normal(0, 1, 9)
    own = np.arange(9) < 3
    for side in ("greater", "less"):
        theirs = permutation_test(
            (y[own], y[~own]), lambda a, b: a.mean() - b.mean(), permutation_type="independent", alternative=side, n_resamples=np.inf
        )
        ours = randomisation_test(y, own, alternative=side)  # type: ignore[arg-type]
        assert ours.p_value == pytest.approx(theirs.pvalue)
        assert ours.low is None


def test_ratios_work_in_logs() -> None:
    y = np.array([3.0, 4, 5, 6, 7, 9, 4, 5])
    own = np.arange(8) >= 5
    one, two = randomisation_test(y, own, scale="multiplicative", level=0.8), randomisation_test(np.log(y), own, level=0.8)
    assert one.p_value == two.p_value
    assert (one.estimate, one.low, one.high) == pytest.approx((np.exp(two.estimate), np.exp(two.low), np.exp(two.high)))


def test_strata_and_allowed_drawings() -> None:
    y = np.array([1.0, 2, 3, 10, 11, 14])
    own = np.array([False, False, True, False, False, True])
    strata = list("aaabbb")
    by_stratum = randomisation_test(y, own, strata=strata, level=0.5)
    assert (by_stratum.drawings, by_stratum.p_value) == (9, pytest.approx(1 / 9))
    assert by_stratum.estimate == pytest.approx(np.mean([3 - 1.5, 14 - 10.5]))
    ways, _ = drawings(own, strata=strata, exact_up_to=100, draws=9, rng=RNG)
    listed = randomisation_test(y, own, allowed=ways, level=0.5)
    assert listed.p_value == pytest.approx(1 / 9)
    assert listed.cannot_claim is None
    assert ways[:, :3].sum(1).tolist() == [1] * 9
    with pytest.raises(ValueError, match="not among those allowed"):
        randomisation_test(y, ~own, allowed=ways)
    with pytest.raises(ValueError, match="shape"):
        randomisation_test(y, own, allowed=ways[:, :5])
    with pytest.raises(ValueError, match="6 are needed"):
        randomisation_test(y, own, strata=["a"])
    with pytest.raises(ValueError, match="no stratum has both"):
        randomisation_test(y, own, strata=own.tolist())


def test_many_drawings_are_taken_at_random() -> None:
    y = np.random.default_rng(3).normal(0, 1, 30)
    y[:10] += 0.5
    own = np.arange(30) < 10
    one, same = (randomisation_test(y, own, draws=999, seed=4) for _ in range(2))
    assert (one.p_value, one.low, one.drawings, one.all_drawings) == (same.p_value, same.low, 1000, False)
    assert one.smallest_p == pytest.approx(1 / 1000)
    many = randomisation_test(y, own, draws=9999, seed=5)
    assert one.p_value == pytest.approx(many.p_value, abs=3.3 * np.sqrt(0.25 / 999))


@pytest.mark.parametrize(
    "outcomes, treated, options, says",
    [
        ([1.0, np.nan, 2], [1, 0, 0], {}, "not reported is not zero"),
        ([1.0, 0, 2], [1, 0, 0], {"scale": "multiplicative"}, "above 0"),
        ([1.0, 2], [1, 0, 0], {}, "same length"),
        ([1.0, 2, 3], [0, 0, 0], {}, "Both treated and comparison"),
        ([1.0, 2, 3], [1, 1, 1], {}, "Both treated and comparison"),
        ([1.0, 2, 3], [1, 0, 0], {"alternative": "more"}, "two-sided, greater, less"),
    ],
)
def test_what_cannot_be_tested_is_refused(outcomes: list[float], treated: list[int], options: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        randomisation_test(outcomes, treated, **options)  # type: ignore[arg-type]


def test_outcomes_all_alike_are_never_unusual() -> None:
    found = randomisation_test([5.0] * 8, np.arange(8) < 2)
    assert (found.estimate, found.p_value) == (pytest.approx(0, abs=1e-12), 1.0)
    assert (found.low, found.high) == pytest.approx((0, 0), abs=1e-12)  # any other constant would have been seen: 2 of 8, 28 ways


def test_the_design_s_estimates_of_all_drawings_by_brute_force(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(5).normal(0, 1, (25, 16))
    y[0, 8:] += 0.8
    panel = as_matrix(y, measure="value")
    found = inference("randomisation")(DID, panel, DID.fit(panel), 0.95, RNG)
    moved = y[:, 8:].mean(1) - y[:, :8].mean(1)
    assert found.p_value == pytest.approx(brute_p(moved, [0], 0.0))
    assert found.smallest_p == pytest.approx(1 / 25)
    assert found.low is not None
    assert found.high is not None
    width = found.high - found.low
    for effect in np.linspace(found.low - width / 5, found.high + width / 5, 48):
        assert (found.low <= effect <= found.high) == (brute_p(moved, [0], effect) > 0.05 + 1e-9)
    assert "drawn by lot" in found.said.en
    assert "bốc thăm" in found.said.vi


def test_ratios_are_solved_by_halving(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(6).poisson(40, (25, 16)).astype(float)
    y[0, 8:] *= 1.5
    panel = as_matrix(y)
    found = randomisation(DID, panel, DID.fit(panel), 0.9, RNG)
    assert found.low is not None
    assert found.high is not None
    assert found.low < np.log(1.5) < found.high
    for edge, inside in ((found.low, 1), (found.high, -1)):
        for step, kept in ((0.003, True), (-0.003, False)):
            clean = y.copy()
            clean[0, 8:] *= np.exp(-(edge + inside * step))
            again = randomisation(DID, as_matrix(clean), DID.fit(panel), 0.9, RNG)
            assert again.p_value is not None
            assert (again.p_value > 0.1 + 1e-9) == kept


def test_a_restricted_drawing_of_a_panel(as_matrix: Callable[..., Matrix]) -> None:
    y = np.random.default_rng(7).normal(0, 1, (8, 16))
    panel = as_matrix(y, treated=(0, 4), measure="value")  # the matrix' order: u00, u04, then the others
    strata = ["a", "b", "a", "a", "a", "b", "b", "b"]
    found = randomised(strata=strata)(DID, panel, DID.fit(panel), 0.95, RNG)
    assert found.smallest_p == pytest.approx(1 / 16)
    assert (found.low, found.high) == (None, None)
    empty = np.full((8, 16), np.nan)
    assert randomisation(DID, as_matrix(empty, measure="count"), DID.fit(panel), 0.95, RNG).p_value is None


@pytest.mark.slow
def test_exact_whatever_the_outcomes_and_however_unequal_the_wards() -> None:
    """Log-normal wards: under the lot the test keeps its size; 4,000 draws of the lot have an error of 0.34 points."""
    rng = np.random.default_rng(8)
    rejected = covered = 0
    draws = 4000
    for _ in range(draws):
        y = np.exp(rng.normal(0, 1.5, 8))
        own = np.zeros(8, dtype=bool)
        own[rng.permutation(8)[:3]] = True
        seen = np.where(own, y + 2, y)
        found = randomisation_test(seen, own)
        rejected += randomisation_test(y, own).p_value <= 0.05
        covered += found.low is None or found.high is None or found.low <= 2 <= found.high
    # 56 drawings: p is a whole number of 56ths, so 2/56 is the size.
    assert abs(rejected / draws - 2 / 56) < 3.3 * np.sqrt(2 / 56 * 54 / 56 / draws)
    assert abs(covered / draws - 54 / 56) < 3.3 * np.sqrt(2 / 56 * 54 / 56 / draws)
