"""Constant dong and present value, the latter against the HIV model of a textbook."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.costs import BASE_YEAR, UnknownPriceYear, constant, present_value, price_index


def test_a_year_before_is_raised_by_the_published_change() -> None:
    # General Statistics Office: 2018 rose 3.54 % on 2017, 2017 rose 3.53 % on 2016.
    assert constant(100, 2017) == pytest.approx(103.54)
    assert constant([100, 100, np.nan], [2016, BASE_YEAR, 2017])[:2] == pytest.approx([100 * 1.0354 * 1.0353, 100])
    assert np.isnan(constant([np.nan], [2017])[0])


def test_there_and_back_again_is_the_same() -> None:
    years = list(price_index())
    there = constant(np.full(len(years), 7.0), years, 2020)
    back = [float(constant(x, 2020, y)) for x, y in zip(there, years, strict=True)]
    assert back == pytest.approx([7.0] * len(years))
    assert constant([], []).shape == (0,)


@pytest.mark.parametrize(("year", "base"), [(2013, 2018), (2017, 2050)])
def test_a_year_without_a_price_is_no_guess(year: int, base: int) -> None:
    with pytest.raises(UnknownPriceYear, match="price_index"):
        constant(100, year, base)


def hiv_model(combined_years: int) -> tuple[float, float]:
    """Return discounted cost and life years of the model, 20 yearly cycles, costs at 6 %, life years undiscounted."""
    states = np.array([[1251, 350, 116, 17], [0, 731, 512, 15], [0, 0, 1312, 437]], dtype=float)
    usual = np.vstack([states / states.sum(axis=1, keepdims=True), [0, 0, 0, 1]])
    treated = usual * 0.509
    np.fill_diagonal(treated, 0)
    np.fill_diagonal(treated, 1 - treated.sum(axis=1))
    care, zidovudine, lamivudine = np.array([2756.0, 3052.0, 9007.0]), 2278.0, 2086.5
    alive, costs, years = np.array([1.0, 0, 0, 0]), [], []
    for cycle in range(20):
        both = cycle < combined_years
        alive = alive @ (treated if both else usual)
        costs.append(float(alive[:3] @ (care + zidovudine + (lamivudine if both else 0))))
        years.append(float(alive[:3].sum()))
    return float(present_value(costs, 0.06, first=1)), float(present_value(years, 0.0, first=1))


def test_chancellor_1997_as_worked_in_briggs_claxton_sculpher_2006_example_2_5() -> None:
    """Cost of 44,663 and 50,602 pounds, 7.991 and 8.937 life years, 6,276 pounds a life year.

    Chancellor et al. 1997 (PharmacoEconomics 12:54, abstract): 6,276 pounds per
    life year saved. Unrounded numbers: the book's spreadsheet, as the tests of
    the R package heemod compare with it.
    """
    mono, combined = hiv_model(0), hiv_model(2)
    assert mono == pytest.approx((44663.4535637, 7.9912066), rel=1e-7)
    assert combined == pytest.approx((50601.6513312, 8.9373889), rel=1e-7)
    ratio = (combined[0] - mono[0]) / (combined[1] - mono[1])
    assert ratio == pytest.approx(6275.95560, rel=1e-7)
    assert round(ratio) == 6276


def test_no_rate_changes_nothing_and_a_table_is_summed_by_row() -> None:
    assert present_value([[1, 2], [3, 4]], 0.0) == pytest.approx([3, 7])
    assert present_value([0, 110], 0.10) == pytest.approx(100)
    with pytest.raises(ValueError, match="rate"):
        present_value([1], -1)
