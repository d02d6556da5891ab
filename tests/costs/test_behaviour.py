"""Fixed and variable cost, planned against spent, and the source of funds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.costs import budget_execution, checked_budget, cost_behaviour, cost_function, sources_of_funds, unit_costs, yearly_counts
from evaluation.language import Words

CITY = Words("Thành phố, 2018", "The city, 2018")
COLUMNS = ["scope", "code", "year", "line", "planned_million_vnd", "spent_million_vnd", "source_of_funds"]


def budget_of(*rows: tuple[str, float | None, float | None, str]) -> pd.DataFrame:
    return checked_budget(pd.DataFrame([("district", "760", 2018, *row) for row in rows], columns=COLUMNS))


def test_lines_by_class_give_two_ends_where_a_line_is_mixed() -> None:
    budget = budget_of(("personnel", 50, 40, ""), ("outreach", 50, 40, ""), ("communication", 20, 20, ""))
    found = cost_behaviour(budget, estimand=CITY)
    assert (found.least_fixed, found.most_fixed) == pytest.approx((0.4, 0.6))
    assert found.estimate is None
    assert "40.0% to 60.0% of the money is fixed" in found.summary()
    clear = cost_behaviour(budget[budget["line"] != "communication"], estimand=CITY)
    assert clear.estimate == clear.least_fixed == clear.most_fixed == 0.5
    assert clear.summary("vi") == "Thành phố, 2018: 50,0% số tiền là cố định, không đổi theo số người trong năm"
    assert found.to_frame()["share"].sum() == pytest.approx(1)


def test_an_unknown_line_may_be_either_and_no_money_is_an_error() -> None:
    found = cost_behaviour(budget_of(("own line", 1, 1, ""), ("outreach", 1, 1, "")), estimand=CITY)
    assert (found.least_fixed, found.most_fixed) == (0, 0.5)
    for row in (("outreach", 1, 0, ""), ("outreach", 1, None, "")):
        with pytest.raises(ValueError, match="Nothing was spent"):
            cost_behaviour(budget_of(row), estimand=CITY)


def panel(rng: np.random.Generator, units: int = 24, years: int = 4, follows: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    volume = np.maximum(rng.uniform(200, 900, (units, 1)) + rng.normal(0, 60, (units, years)), 0)
    fixed = 200 + rng.normal(0, 30, (units, 1)) + follows * (volume - 550)
    cost = fixed + 0.6 * volume + rng.normal(0, 25, (units, years))
    return cost.ravel(), volume.ravel(), np.repeat(np.arange(units), years)


def test_marginal_cost_against_a_sandwich_written_by_hand() -> None:
    cost, volume, unit = panel(np.random.default_rng(4))
    found = cost_function(cost, volume, unit, estimand=CITY)
    x = np.column_stack([np.ones_like(volume), volume])
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ cost
    residual = cost - x @ beta
    scores = np.array([(x * residual[:, None])[unit == u].sum(axis=0) for u in np.unique(unit)])
    n, groups = len(cost), 24
    variance = bread @ scores.T @ scores @ bread * groups / (groups - 1) * (n - 1) / (n - 2)
    half = stats.t.ppf(0.975, groups - 1) * np.sqrt(variance[1, 1])
    assert (found.estimate, found.low, found.high) == pytest.approx((beta[1], beta[1] - half, beta[1] + half))
    assert found.fixed == pytest.approx(beta[0])
    assert found.average == pytest.approx(cost.sum() / volume.sum())
    assert "one person more adds 0.58 million VND (95%: 0.51 to 0.65)" in found.summary()
    assert "thêm một người tốn thêm" in found.summary("vi")


def test_too_few_units_or_one_volume_is_an_error() -> None:
    cost, volume, unit = panel(np.random.default_rng(5), units=9)
    with pytest.raises(ValueError, match="there are 9"):
        cost_function(cost, volume, unit, estimand=CITY)
    cost, volume, unit = panel(np.random.default_rng(5))
    with pytest.raises(ValueError, match="differing volumes"):
        cost_function(cost, np.ones_like(volume), unit, estimand=CITY)
    volume[:90] = np.nan
    with pytest.raises(ValueError, match="there are 2"):
        cost_function(cost, volume, unit, estimand=CITY)


@pytest.mark.slow
def test_coverage_of_the_marginal_cost_and_its_bias_where_large_places_have_large_offices() -> None:
    """1,000 panels: 3.3 binomial standard errors of 95 % are 2.3 points; with 24 clusters a point less is usual."""
    rng = np.random.default_rng(6)
    honest = [cost_function(*panel(rng), estimand=CITY) for _ in range(1000)]
    held = np.mean([f.low <= 0.6 <= f.high for f in honest if f.low is not None and f.high is not None])
    assert 0.95 - 0.023 - 0.01 < held < 0.95 + 0.023
    broken = [cost_function(*panel(rng, follows=0.3), estimand=CITY) for _ in range(100)]
    held = np.mean([f.low <= 0.6 <= f.high for f in broken if f.low is not None and f.high is not None])
    assert held < 0.05  # the slope takes the larger offices for marginal cost: 0.9 instead of 0.6


@pytest.mark.slow
def test_the_examples_marginal_cost_is_below_its_average(budget: pd.DataFrame, totals: pd.DataFrame) -> None:
    """Each district's personnel is a fixed 180 million a year there (example/money.py), so the average lies above."""
    costs = unit_costs(budget, yearly_counts(totals, "outreach_reached"), what=Words("người", "person"))
    shown = costs.frame[costs.frame["state"] == "shown"]
    found = cost_function(shown["money"], shown["count"], shown["code"], estimand=CITY)
    assert found.high is not None
    assert found.high < found.average
    assert found.fixed_low > 0


def test_planned_and_spent_are_stated_without_a_judgement() -> None:
    found = budget_execution(budget_of(("outreach", 50, 40, ""), ("testing", 50, None, "")), estimand=CITY)
    assert (found.planned, found.spent, found.estimate, found.incomplete) == (50, 40, 0.8, 1)
    assert found.summary() == "The city, 2018: 40.0 of 50.0 million VND planned were spent (80.0%); rows that lack one of the two: 1"
    assert found.summary("vi").startswith("Thành phố, 2018: chi 40,0 trên 50,0 triệu đồng dự toán (80,0%)")
    nothing = budget_execution(budget_of(("outreach", 0, 40, "")), estimand=CITY)
    assert nothing.estimate is None
    assert nothing.summary() == "The city, 2018: 40.0 million VND spent, nothing planned"
    assert np.isnan(nothing.to_frame()["rate"].iloc[0])
    with pytest.raises(ValueError, match="both planned and spent"):
        budget_execution(budget_of(("outreach", None, 40, "")), estimand=CITY)


def test_funds_are_named_where_the_budget_names_them() -> None:
    unknown = sources_of_funds(budget_of(("outreach", 1, 1, "")))
    assert "IV.a" in unknown.vi
    assert "not known" in unknown.en
    told = sources_of_funds(budget_of(("outreach", 1, 30, "department"), ("testing", 1, 50, "own"), ("personnel", 1, 20, "")))
    assert "the Department (IV.a) 30.0%" in told.en
    assert "source not known 20.0%" in told.en
    assert "(IV.b) 50,0%" in told.vi
