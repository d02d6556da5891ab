"""Shrunken accident counts of Hauer, Harwood, Council, Griffith 2002 (Transportation Research Record 1784:126-131)."""

from __future__ import annotations

import pytest

from evaluation.effects.designs.regression_to_mean import empirical_bayes

KILOMETRES, PER_KILOMETRE, SHAPE = 1.8, 0.0224 * 4000**0.564, 2.05


def test_one_year_of_a_road_segment() -> None:
    found = empirical_bayes(12, PER_KILOMETRE * KILOMETRES, SHAPE * KILOMETRES)
    assert (round(found.expected / KILOMETRES, 2), round(found.sd / KILOMETRES, 2)) == (4.71, 1.19)


def test_three_years_of_the_same_segment() -> None:
    found = empirical_bayes(12 + 7 + 8, 3 * PER_KILOMETRE * KILOMETRES, SHAPE * KILOMETRES)
    assert (found.expected / 3, found.sd / 3) == pytest.approx((7.97, 1.44), abs=0.011)
    assert found.expected / 3 / KILOMETRES == pytest.approx(4.43, abs=0.006)
