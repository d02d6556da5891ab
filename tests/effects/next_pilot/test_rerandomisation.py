"""Random choice, drawn again until balanced: what is accepted, how often, and how much closer the groups are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chi2

from evaluation.effects.matrix import NotEnough
from evaluation.effects.next_pilot.rerandomisation import differences, mahalanobis, rerandomise

LONE = ["one"] * 200


def test_the_distance_by_hand() -> None:
    x = np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 5.0], [6.0, 1.0]])
    chosen = np.array([[True, True, False, False]])
    covariance = np.cov(x, rowvar=False)
    apart = x[:2].mean(0) - x[2:].mean(0)
    by_hand = apart @ np.linalg.inv(covariance * (1 / 2 + 1 / 2)) @ apart
    assert mahalanobis(x, chosen, np.linalg.inv(covariance))[0] == pytest.approx(by_hand)


def test_the_mean_distance_over_all_choices_is_the_number_of_covariates() -> None:
    # Under complete randomisation the distance has a mean of p exactly (Morgan, Rubin 2012, section 3).
    x = np.random.default_rng(1).normal(size=(9, 3))
    chosen = np.zeros((84, 9), bool)
    for row, who in enumerate(combinations(range(9), 3)):
        chosen[row, list(who)] = True
    assert mahalanobis(x, chosen, np.linalg.inv(np.cov(x, rowvar=False))).mean() == pytest.approx(3.0)


@pytest.mark.slow
@pytest.mark.parametrize(("covariates", "acceptance"), [(2, 0.1), (4, 0.1), (4, 0.02)])
def test_variance_falls_as_morgan_and_rubin_2012_theorem_3_1_says(covariates: int, acceptance: float) -> None:
    x = np.random.default_rng(2).normal(size=(200, covariates))
    found = rerandomise(x, LONE, 100, seed=3, count=3000, acceptance=acceptance)
    usual = rerandomise(x, LONE, 100, seed=4, count=3000, acceptance=1.0)
    part = differences(x, found.chosen).var(0).mean() / differences(x, usual.chosen).var(0).mean()
    a = chi2.ppf(acceptance, covariates)
    expected = chi2.cdf(a, covariates + 2) / chi2.cdf(a, covariates)
    # 3,000 draws of each give a variance to 2.6 %, and the threshold is a quantile with 200 draws below it: 7 %.
    assert part == pytest.approx(expected, rel=0.15)
    assert found.threshold == pytest.approx(a, rel=0.25)
    assert found.accepted == pytest.approx(acceptance, rel=0.3)


def test_each_stratum_gives_its_part_and_the_rest_goes_by_lot() -> None:
    x = np.random.default_rng(5).normal(size=(30, 1))
    strata = ["a"] * 15 + ["b"] * 10 + ["c"] * 5
    found = rerandomise(x, strata, 6, seed=1, count=200)
    codes = np.array(strata)
    counted = np.array([[row[codes == s].sum() for s in "abc"] for row in found.chosen])
    np.testing.assert_array_equal(counted, np.broadcast_to([3, 2, 1], counted.shape))
    four = rerandomise(x, strata, 4, seed=1, count=400).chosen  # parts of 2, 1.33 and 0.67
    counted = np.array([[row[codes == s].sum() for s in "abc"] for row in four])
    assert set(map(tuple, counted.tolist())) == {(2, 2, 0), (2, 1, 1)}
    assert (four.sum(1) == 4).all()


def test_any_unit_can_be_chosen_also_the_only_one_of_its_stratum() -> None:
    x = np.random.default_rng(6).normal(size=(20, 1))
    found = rerandomise(x, ["a"] * 19 + ["b"], 2, seed=1, count=2000, acceptance=1.0)
    assert found.chosen.any(0).all()
    # The lone one has a part of 2 x 1/20 = 0.1; 3.3 binomial errors of 2,000 draws.
    assert found.chosen[:, 19].mean() == pytest.approx(0.1, abs=3.3 * np.sqrt(0.09 / 2000))


def test_neighbours_are_never_chosen_together() -> None:
    ring = np.zeros((20, 20), bool)
    at = np.arange(20)
    ring[at, (at + 1) % 20] = ring[(at + 1) % 20, at] = True
    x = np.random.default_rng(7).normal(size=(20, 2))
    found = rerandomise(x, ["a"] * 20, 6, seed=1, count=300, bordering=ring)
    together = np.einsum("ri,ij,rj->r", found.chosen.astype(float), ring.astype(float), found.chosen.astype(float))
    assert not together.any()
    with pytest.raises(NotEnough, match="do not border"):
        rerandomise(x, ["a"] * 20, 10, seed=1, bordering=~np.eye(20, dtype=bool))


def test_the_same_seed_gives_the_same_set() -> None:
    x = np.random.default_rng(8).normal(size=(40, 3))
    one, two = (rerandomise(x, ["a"] * 40, 5, seed=9, count=50) for _ in range(2))
    np.testing.assert_array_equal(one.chosen, two.chosen)
    assert (one.distance <= one.threshold).all()
    assert len(one.chosen) == 50


@pytest.mark.parametrize(("k", "acceptance"), [(0, 0.1), (21, 0.1)])
def test_what_cannot_be_picked_is_said(k: int, acceptance: float) -> None:
    with pytest.raises(NotEnough, match="1 to 20 can be"):
        rerandomise(np.ones((40, 1)), ["a"] * 40, k, seed=1, acceptance=acceptance)


def test_the_part_accepted_lies_above_0_and_up_to_1() -> None:
    with pytest.raises(ValueError, match="up to 1"):
        rerandomise(np.ones((40, 1)), ["a"] * 40, 4, seed=1, acceptance=0.0)


def test_units_that_are_all_alike_are_balanced_whatever_is_drawn() -> None:
    found = rerandomise(np.ones((40, 2)), ["a"] * 40, 4, seed=1, count=20)
    assert (found.distance == 0).all()
    assert found.accepted == 1.0
