"""Yearly counts as the bottom of a unit cost, and their scatter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.costs import yearly_counts, yearly_dispersion

QUARTERS = ["2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4"]


def totals_of(values: list[float], element: str = "outreach_reached", year: str = "2016") -> pd.DataFrame:
    periods = [p.replace("2016", year) for p in QUARTERS]
    return pd.DataFrame({"district_code": "760", "period": periods, "element": element, "value": values, "n_reported": 10})


def test_four_quarters_add_up_and_a_missing_one_is_not_zero() -> None:
    whole, broken = (
        yearly_counts(totals_of([1, 2, 3, 4]), "outreach_reached"),
        yearly_counts(totals_of([1, 2, 3, np.nan]), "outreach_reached"),
    )
    assert whole[["count", "state"]].to_numpy().tolist() == [[10.0, "shown"]]
    assert whole["reported"].iloc[0] == 1.0  # District 1 has ten wards
    assert broken["state"].iloc[0] == "missing"
    assert np.isnan(broken["count"].iloc[0])


def test_what_an_older_form_counted_otherwise_is_no_number() -> None:
    found = yearly_counts(totals_of([1, 2, 3, 4], year="2015"), "outreach_reached")
    assert found["state"].iloc[0] == "not_comparable"
    assert yearly_counts(totals_of([1, 2, 3, 4], "sti_tested", "2015"), "sti_tested")["state"].iloc[0] == "shown"


@pytest.mark.parametrize("element", ["condom_venues_enrolled", "no_such", "child_referral_route"])
def test_only_what_adds_up(element: str) -> None:
    with pytest.raises(ValueError, match=element):
        yearly_counts(totals_of([1, 2, 3, 4], element), element)


def test_dispersion_is_pearsons_of_a_poisson_regression_by_statsmodels() -> None:
    table = np.random.default_rng(1).negative_binomial(5, 0.05, (12, 4)).astype(float)
    unit, year = np.indices(table.shape)
    design = np.column_stack([np.ones(table.size), *(unit.ravel() == i for i in range(1, 12)), *(year.ravel() == j for j in range(1, 4))])
    fit = sm.GLM(table.ravel(), design.astype(float), family=sm.families.Poisson()).fit()
    assert yearly_dispersion(table) == pytest.approx(float(fit.pearson_chi2 / fit.df_resid), rel=1e-6)


def test_dispersion_of_chance_alone_is_one_and_of_nothing_too() -> None:
    counts = np.random.default_rng(2).poisson(200, (400, 4))
    # The standard error of a chi-squared over its 1197 degrees of freedom is sqrt(2 / 1197) = 0.041.
    assert yearly_dispersion(counts) == pytest.approx(1.0, abs=3.3 * 0.041)
    assert yearly_dispersion([[1.0, 2.0]]) == yearly_dispersion([[np.nan, 2.0], [3.0, 4.0]]) == yearly_dispersion(np.zeros((3, 3))) == 1.0
    with pytest.raises(ValueError, match="units x years"):
        yearly_dispersion([1, 2])
