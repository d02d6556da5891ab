"""Indicator values: intervals by other programs, states carried through."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from evaluation.indicators import elements, indicators
from evaluation.monitoring.values import district_counts, indicator_values

PERIOD = "2018-Q4"


def _counts(given: dict[str, float | str], place: str = "760") -> pd.DataFrame:
    """All elements of a place; a word is a state, what is not given is missing."""
    rows = []
    for name in elements():
        what = given.get(name, "missing")
        value, state = (np.nan, what) if isinstance(what, str) else (what, "shown")
        rows.append({"place": place, "period": PERIOD, "element": name, "value": value, "state": state})
    return pd.DataFrame(rows)


def _people(residents: float = 20_000) -> pd.DataFrame:
    return pd.DataFrame({"place": ["760"], "period": [PERIOD], "residents": [residents]})


def _row(name: str, given: dict[str, float | str], people: pd.DataFrame | None = None, level: float = 0.95) -> pd.Series:
    return indicator_values(_counts(given), _people() if people is None else people, level, only=[name]).iloc[0]


@pytest.mark.parametrize(("k", "n"), [(0.0, 9.0), (9.0, 9.0), (7.0, 31.0), (120.0, 1999.0)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_shares_have_clopper_pearson_intervals(k: float, n: float, level: float) -> None:
    row = _row("contract_share", {"worker_contracts": k, "venue_workers": n}, level=level)
    assert row["value"] == pytest.approx(k / n)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(k, n, 1 - level, "beta"), abs=1e-9)
    assert (row["numerator"], row["denominator"], row["state"]) == (k, n, "shown")


@pytest.mark.parametrize("k", [0.0, 1.0, 14.0, 260.0])
def test_counts_have_intervals_whose_ends_leave_a_fortieth_in_each_tail(k: float) -> None:
    row = _row("sti_tested", {"sti_tested": k})
    assert row["value"] == k
    assert stats.poisson.cdf(k, row["high"]) == pytest.approx(0.025)
    if k:
        assert stats.poisson.sf(k - 1, row["low"]) == pytest.approx(0.025)
    else:
        assert row["low"] == 0


def test_rates_are_per_ten_thousand_of_the_wards_that_reported() -> None:
    row = _row("outreach_rate", {"outreach_reached": 30.0})
    assert row["value"] == pytest.approx(15)
    assert stats.poisson.cdf(30, row["high"] * 2) == pytest.approx(0.025)
    assert row["denominator"] == 20_000
    for nobody in (_people().iloc[:0], _people(0)):
        absent = _row("outreach_rate", {"outreach_reached": 30.0}, nobody)
        assert absent["state"] == "missing"
        assert np.isnan(absent["value"])


def test_yes_or_no_has_no_interval() -> None:
    row = _row("child_referral_route", {"child_referral_route": 1.0})
    assert (row["value"], row["state"]) == (1, "shown")
    assert np.isnan([row["low"], row["high"]]).all()


@pytest.mark.parametrize(
    ("top", "bottom", "state"),
    [
        (3.0, 10.0, "shown"),
        (0.0, 0.0, "not_applicable"),
        (11.0, 10.0, "inconsistent"),
        (1.0, 0.0, "not_applicable"),
        (3.0, "missing", "missing"),
        ("missing", 10.0, "missing"),
        (3.0, "withheld", "withheld"),
        ("withheld", "missing", "withheld"),
        ("not_collected", 10.0, "not_collected"),
        ("not_collected", "missing", "missing"),
        ("not_applicable", 10.0, "not_applicable"),
    ],
)
def test_states_of_two_counts_become_one(top: float | str, bottom: float | str, state: str) -> None:
    row = _row("contract_share", {"worker_contracts": top, "venue_workers": bottom})
    assert row["state"] == state
    assert np.isnan(row["value"]) == (state != "shown")
    assert np.isnan(row["low"]) == (state != "shown")


@pytest.mark.parametrize("state", ["missing", "withheld", "not_collected", "not_applicable"])
def test_states_of_a_count_stay(state: str) -> None:
    for name, element in (("psych_counselling", "psych_counselling"), ("outreach_rate", "outreach_reached")):
        row = _row(name, {element: state})
        assert row["state"] == state
        assert np.isnan(row["value"])


def test_zero_is_a_value() -> None:
    assert _row("sti_tested", {"sti_tested": 0.0})["state"] == "shown"
    assert _row("contract_share", {"worker_contracts": 0.0, "venue_workers": 5.0})["value"] == 0


def test_all_that_the_form_carries_is_made_where_nothing_is_named() -> None:
    found = indicator_values(_counts({}), _people())
    assert set(found["indicator"]) == {i.id for i in indicators().values() if i.reported}
    assert set(found["state"]) == {"missing"}


def test_absent_cells_are_written_out() -> None:
    totals = pd.DataFrame(
        [
            {"district_code": "760", "element": "sti_tested", "value": 0.0, "not_collected": False, "not_applicable": False},
            {"district_code": "760", "element": "psych_counselling", "value": np.nan, "not_collected": True, "not_applicable": False},
            {"district_code": "760", "element": "hotspots", "value": np.nan, "not_collected": False, "not_applicable": True},
            {"district_code": "760", "element": "hiv_tested", "value": np.nan, "not_collected": False, "not_applicable": False},
            {"district_code": "760", "element": "legal_counselling", "value": np.nan, "not_collected": False, "not_applicable": False},
        ]
    ).assign(period=PERIOD)
    totals["withheld"] = totals["element"] == "legal_counselling"
    found = district_counts(totals, [PERIOD], ["760", "761"])
    assert len(found) == 2 * len(elements())
    states = found.set_index(["place", "element"])["state"]
    assert states["760"][["sti_tested", "psych_counselling", "hotspots", "hiv_tested", "inspections", "legal_counselling"]].tolist() == [
        "shown", "not_collected", "not_applicable", "missing", "missing", "withheld",
    ]  # fmt: skip
    assert set(states["761"]) == {"missing"}
