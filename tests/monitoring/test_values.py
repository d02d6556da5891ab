"""Indicator values: hand-computed, exact intervals by second implementations, and absence that never becomes zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from evaluation.contracts import BrokenContract
from evaluation.indicators import elements
from evaluation.monitoring.values import district_counts, indicator_values

PERIOD = "2018-Q4"


def counts(**by_element: float | str) -> pd.DataFrame:
    """Counts of one place: a number is shown, a text is the state of a cell without one."""
    rows = [
        {
            "place": "760",
            "period": PERIOD,
            "element": e,
            "value": np.nan if isinstance(v, str) else v,
            "state": v if isinstance(v, str) else "shown",
        }
        for e, v in by_element.items()
    ]
    return pd.DataFrame(rows).astype({"value": float})


def people(residents: float | None = 24_000) -> pd.DataFrame:
    rows = [] if residents is None else [{"place": "760", "period": PERIOD, "residents": residents}]
    return pd.DataFrame(rows, columns=["place", "period", "residents"])


def one(indicator: str, residents: float | None = 24_000, level: float = 0.95, **by_element: float | str) -> pd.Series:
    return indicator_values(counts(**by_element), people(residents), level, only=[indicator]).iloc[0]


@pytest.mark.parametrize("k, n", [(40, 100), (0, 30), (30, 30), (1, 1), (3, 977)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_share_has_the_clopper_pearson_interval_of_statsmodels(k: int, n: int, level: float) -> None:
    row = one("sti_tested_share", level=level, sti_tested=k, outreach_reached=n)
    assert row["state"] == "shown"
    assert row["value"] == k / n
    assert (row["numerator"], row["denominator"]) == (k, n)
    low, high = proportion_confint(k, n, alpha=1 - level, method="beta")
    # statsmodels leaves the two closed ends missing.
    assert row["low"] == pytest.approx(np.nan_to_num(low), abs=1e-12)
    assert row["high"] == pytest.approx(1.0 if np.isnan(high) else high, abs=1e-12)


def test_a_count_has_the_interval_of_garwoods_table() -> None:
    row = one("sti_tested", sti_tested=10)
    assert (row["value"], row["state"]) == (10, "shown")
    assert (row["low"], row["high"]) == pytest.approx((4.80, 18.39), abs=0.005)
    assert np.isnan(row["denominator"])


def test_zero_is_a_value() -> None:
    row = one("sti_tested", sti_tested=0)
    assert (row["value"], row["low"], row["state"]) == (0, 0, "shown")
    assert row["high"] == pytest.approx(-np.log(0.025))


def test_a_rate_is_per_ten_thousand_residents() -> None:
    row = one("outreach_rate", outreach_reached=12, residents=24_000)
    assert row["value"] == 5.0  # 12 / 2.4
    assert row["low"] == pytest.approx(stats.chi2.ppf(0.025, 24) / 2 / 2.4)
    assert row["high"] == pytest.approx(stats.chi2.ppf(0.975, 26) / 2 / 2.4)
    assert row["denominator"] == 24_000


def test_a_rate_without_residents_is_missing() -> None:
    assert one("outreach_rate", outreach_reached=12, residents=None)["state"] == "missing"


def test_a_share_of_nobody_is_not_applicable() -> None:
    row = one("sti_treated_share", sti_treated=0, sti_positive=0)
    assert row["state"] == "not_applicable"
    assert row[["value", "low", "high"]].isna().all()


def test_a_part_above_its_whole_has_no_value() -> None:
    row = one("sti_treated_share", sti_treated=5, sti_positive=4)
    assert row["state"] == "inconsistent"
    assert row[["value", "low", "high"]].isna().all()


@pytest.mark.parametrize(
    "part, whole, state",
    [
        ("missing", 10, "missing"),
        (3, "missing", "missing"),
        ("withheld", 10, "withheld"),
        (12, "withheld", "withheld"),
        ("withheld", "missing", "withheld"),
        ("not_applicable", 0, "not_applicable"),
        ("not_collected", "missing", "missing"),
        ("not_collected", 10, "not_collected"),
    ],
)
def test_absence_is_passed_on_and_never_becomes_zero(part: float | str, whole: float | str, state: str) -> None:
    row = one("sti_treated_share", sti_treated=part, sti_positive=whole)
    assert row["state"] == state
    assert row[["value", "low", "high"]].isna().all()


def test_yes_or_no_has_no_interval() -> None:
    row = one("child_referral_route", child_referral_route=1)
    assert (row["value"], row["state"]) == (1, "shown")
    assert row[["low", "high"]].isna().all()


def test_two_rows_for_one_cell_are_refused() -> None:
    twice = pd.concat([counts(sti_tested=3), counts(sti_tested=3)])
    with pytest.raises((BrokenContract, ValueError)):
        indicator_values(twice, people(), only=["sti_tested"])


def test_every_cell_that_may_be_asked_for_is_written_out() -> None:
    totals = pd.DataFrame(
        [
            {
                "district_code": "760",
                "period": PERIOD,
                "element": "sti_tested",
                "value": 7.0,
                "not_collected": False,
                "not_applicable": False,
            },
            {
                "district_code": "760",
                "period": PERIOD,
                "element": "hiv_tested",
                "value": 0.0,
                "not_collected": False,
                "not_applicable": False,
            },
            {
                "district_code": "760",
                "period": PERIOD,
                "element": "psych_counselling",
                "value": np.nan,
                "not_collected": True,
                "not_applicable": False,
            },
            {
                "district_code": "760",
                "period": PERIOD,
                "element": "jobs_due_6m",
                "value": np.nan,
                "not_collected": False,
                "not_applicable": True,
            },
            {
                "district_code": "760",
                "period": PERIOD,
                "element": "jobs_taken",
                "value": np.nan,
                "not_collected": False,
                "not_applicable": False,
            },
        ]
    )
    frame = district_counts(totals, ["2018-Q3", PERIOD], ["760", "761"])
    assert len(frame) == 2 * 2 * len(elements())
    cell = frame.set_index(["place", "period", "element"])
    here = cell.loc[("760", PERIOD)]
    assert (here.loc["sti_tested", "value"], here.loc["sti_tested", "state"]) == (7, "shown")
    assert (here.loc["hiv_tested", "value"], here.loc["hiv_tested", "state"]) == (0, "shown")
    assert here.loc["psych_counselling", "state"] == "not_collected"
    assert here.loc["jobs_due_6m", "state"] == "not_applicable"
    assert here.loc["jobs_taken", "state"] == "missing"
    assert set(cell.loc[("761", PERIOD), "state"]) == {"missing"}
    assert set(cell.loc[("760", "2018-Q3"), "state"]) == {"missing"}
    assert (frame["value"].notna() == (frame["state"] == "shown")).all()
