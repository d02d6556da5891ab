"""Cost per person: known money over a count that varies, each place beside its own past."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.costs import checked_budget, unit_cost, unit_costs, yearly_counts
from evaluation.costs.unit_costs import cost_interval
from evaluation.language import Words
from evaluation.monitoring.rates.intervals import garwood

WHAT = Words("người được tiếp cận", "person reached by outreach")
HERE = Words("Chi phí cho mỗi người, Quận 1, năm 2018", "Cost per person, District 1, 2018")


def budget_of(*rows: tuple[str, int, float | None], line: str = "outreach") -> pd.DataFrame:
    made = [("district", code, year, line, spent, spent) for code, year, spent in rows]
    return checked_budget(pd.DataFrame(made, columns=["scope", "code", "year", "line", "planned_million_vnd", "spent_million_vnd"]))


def counts_of(*rows: tuple[str, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["code", "year", "count"])


def test_interval_is_garwoods_turned_over() -> None:
    low, high = garwood(10)  # 4.795 to 18.390 in Garwood's table
    assert unit_cost(100, 10, estimand=HERE).to_frame()[["estimate", "low", "high"]].iloc[0].tolist() == pytest.approx(
        [10, 100 / high, 100 / low]
    )
    assert 100 / (unit_cost(100, 10, estimand=HERE).low or 0) == pytest.approx(18.390, abs=5e-4)


def test_a_published_unit_cost_from_its_parts() -> None:
    """45 million VND for training 15 people in the city's pilot of 2014: 3 million a person (published_figures.csv)."""
    assert unit_cost(45, 15, estimand=HERE).estimate == 3


def test_sentences() -> None:
    found = unit_cost(792.5, 696, estimand=HERE, dispersion=5.5, reported=0.9)
    assert found.summary() == (
        "Cost per person, District 1, 2018: 1.14 million VND (95%: 0.96 to 1.37; at 2018 prices; "
        "792.5 million VND for 696; 90% of ward reports are in)"
    )
    assert "1,14 triệu đồng (95%: từ 0,96 đến 1,37; giá 2018; 792,5 triệu đồng cho 696" in found.summary("vi")


def test_nobody_reached_has_no_unit_cost_but_a_lower_bound() -> None:
    found = unit_cost(50, 0, estimand=HERE)
    assert (found.estimate, found.high) == (None, None)
    assert found.low == pytest.approx(50 / float(stats.chi2.ppf(0.975, 2) / 2))
    assert found.summary().endswith("cannot be given, since 50.0 million VND were spent and the count is 0")


def test_nothing_spent_huge_counts_and_what_is_refused() -> None:
    assert unit_cost(0, 10, estimand=HERE).estimate == 0
    value, low, high = cost_interval([1e9, np.nan, 5], [1e9, 5, np.nan])
    assert low[0] < value[0] < high[0] < low[0] * 1.001
    assert np.isnan([value[1:], low[1:], high[1:]]).all()
    for money, count, dispersion in ((-1, 5, 1.0), (np.inf, 5, 1.0), (1, -5, 1.0), (1, 5, 0.5), (1, 5, np.nan)):
        with pytest.raises(ValueError, match=" / "):
            cost_interval(money, count, dispersion)
    with pytest.raises(ValueError, match="missing is not zero"):
        unit_cost(np.nan, 5, estimand=HERE)


def test_each_place_beside_its_own_earlier_years() -> None:
    budget = budget_of(*((code, year, 100) for code in ("760", "769") for year in (2016, 2017, 2018)))
    done = {("760", 2018): 50.0}
    counts = counts_of(*((code, year, done.get((code, year), 100.0)) for code in ("760", "769") for year in (2016, 2017, 2018)))
    found = unit_costs(budget, counts, what=WHAT)
    now = found.frame[found.frame["year"] == 2018].set_index("code")
    # In dong of 2018 the earlier years cost 103.54 and 103.54 x 1.0353 for 100 people each.
    assert now.loc["760", "past"] == pytest.approx((100 / 50) / ((103.54 + 103.54 * 1.0353) / 200))
    assert now["past_low"].lt(now["past"]).all()
    assert now["past_high"].gt(now["past"]).all()
    assert found.frame[found.frame["year"] == 2016]["past"].isna().all()
    assert found.estimate == pytest.approx(200 / 150)
    assert list(found.frame["code"]) == ["760"] * 3 + ["769"] * 3  # official order, no rank


def test_a_missing_line_makes_the_money_missing() -> None:
    budget = pd.concat([budget_of(("760", 2018, 100)), budget_of(("760", 2018, None), line="testing")])
    counts = counts_of(("760", 2018, 10.0))
    found = unit_costs(budget, counts, what=WHAT)
    assert found.frame["state"].tolist() == ["missing"]
    assert found.estimate is None
    assert found.summary().endswith("—")
    assert unit_costs(budget, counts, what=WHAT, lines=["outreach"]).estimate == 10
    with pytest.raises(ValueError, match="no_such"):
        unit_costs(budget, counts, what=WHAT, lines=["no_such"])
    with pytest.raises(ValueError, match="share no place and year"):
        unit_costs(budget, counts_of(("769", 2018, 10.0)), what=WHAT)
    with pytest.raises(ValueError, match="missing"):
        found.of("760", 2018)


@pytest.mark.slow
def test_the_example(budget: pd.DataFrame, totals: pd.DataFrame) -> None:
    found = unit_costs(budget, yearly_counts(totals, "outreach_reached"), what=WHAT)
    assert set(found.frame.loc[found.frame["year"] == 2015, "state"]) == {"not_comparable"}
    assert found.n == 24
    assert 1 < found.dispersion < 20
    # 0.35 million VND a person and other lines on top (data/example/README.md).
    assert found.estimate is not None
    assert 0.5 < found.estimate < 2
    assert "24 places differ from their own earlier years, about 1.2 would by chance alone" in found.summary()
    assert "giá 2018" in found.summary("vi")
    assert found.of("760", 2018).low == pytest.approx(found.frame.query("code == '760' and year == 2018")["low"].iloc[0])


def covered(counts: np.ndarray, mean: float, dispersion: float) -> float:
    _, low, high = cost_interval(100.0, counts, dispersion)
    return float(((low <= 100 / mean) & (high >= 100 / mean)).mean())


@pytest.mark.slow
def test_coverage_and_what_overdispersion_does_to_it() -> None:
    """20,000 draws: 3.3 binomial standard errors are 0.5 points; Garwood is exact, so it may cover more, never less."""
    rng, mean, error = np.random.default_rng(3), 60.0, 3.3 * np.sqrt(0.05 * 0.95 / 20_000)
    assert covered(rng.poisson(mean, 20_000), mean, 1.0) > 0.95 - error
    assert covered(rng.poisson(3.0, 20_000), 3.0, 1.0) > 0.95 - error
    # Counts with four times the variance of chance: told, the interval holds; not told, it covers about two thirds.
    wild = rng.negative_binomial(20, 0.25, 20_000)
    assert covered(wild, 60.0, 4.0) > 0.94
    assert covered(wild, 60.0, 1.0) < 0.75
