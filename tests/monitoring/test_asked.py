"""One question to the store: the city from its districts, and sentences that an office can read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from evaluation.example.build import build
from evaluation.indicators import UnknownIndicator, indicators
from evaluation.monitoring.asked import indicator
from evaluation.periods import PeriodError
from evaluation.places import UnknownPlace
from evaluation.store import EvidenceStore, open_store

PERIOD = "2018-Q4"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The example as evidence: $EVALUATION_STORE, or built here."""
    given = os.environ.get("EVALUATION_STORE")
    path = Path(given) if given else tmp_path_factory.mktemp("store") / "store.duckdb"
    if not given:
        build(path)
    return open_store(path)


@pytest.mark.parametrize("name", ["sti_tested", "sti_tested_share", "contract_share", "outreach_rate", "hotspots"])
def test_the_city_is_the_sum_of_the_districts_with_a_value(store: EvidenceStore, name: str) -> None:
    found = indicator(store, name, PERIOD)
    valued = found.districts[found.districts["state"] == "shown"]
    assert len(found.districts) == 24
    assert 0 < len(valued) <= 24
    assert found.numerator == pytest.approx(valued["numerator"].sum())
    known = indicators()[name]
    if known.measure == "proportion":
        assert found.denominator == valued["denominator"].sum()
        assert (found.low, found.high) == pytest.approx(proportion_confint(found.numerator, found.denominator, method="beta"))
    if known.measure in ("proportion", "rate"):
        assert found.denominator == pytest.approx(valued["denominator"].sum())
        factor = 10_000 if known.measure == "rate" else 1
        assert found.estimate == pytest.approx(factor * found.numerator / found.denominator)
    else:
        assert found.estimate == found.numerator


def test_a_district_is_the_sum_of_its_wards_in_force(store: EvidenceStore) -> None:
    found = indicator(store, "sti_tested_share", PERIOD, "Quận 1")
    values = store.values(periods=[PERIOD], elements=["sti_tested", "outreach_reached"], districts=["760"])
    summed = values.groupby("element")["value"].sum()
    assert found.place == "760"
    assert (found.numerator, found.denominator) == (summed["sti_tested"], summed["outreach_reached"])
    reports = store.ward_reports()
    came = reports[(reports["district_code"] == "760") & (reports["period"] == PERIOD)]["reported"].sum()
    assert found.reported["en"] == f"{came}/10 wards"


def test_the_course_runs_over_all_periods(store: EvidenceStore) -> None:
    found = indicator(store, "sti_tested", PERIOD, "760")
    assert found.series["period"].tolist() == store.periods()
    assert found.to_frame() is found.series
    row = found.series.set_index("period").loc[PERIOD]
    assert row["value"] == found.estimate


@pytest.mark.slow
def test_yes_or_no_counts_the_districts_that_say_yes(store: EvidenceStore) -> None:
    found = indicator(store, "child_referral_route", PERIOD)
    assert found.estimate == (found.districts["value"] == 1).sum()
    assert found.low is None
    yes = found.districts.loc[found.districts["value"] == 1, "place"].iloc[0]
    one = indicator(store, "child_referral_route", PERIOD, yes)
    assert ": yes (" in one.summary("en")
    assert ": có (" in one.summary("vi")


CODE = re.compile(r"\b(nan|None|not_\w+|missing|shown|withheld|inconsistent|yes_no|[a-z]+_[a-z_]+)\b")


@pytest.mark.slow
@pytest.mark.parametrize("period", ["2015-Q1", "2018-Q4", "2021-Q1"])
def test_every_summary_can_be_read(store: EvidenceStore, period: str) -> None:
    for name in ("psych_counselling", "outreach_rate", "contract_share", "child_referral_route"):
        for place in (None, "787"):
            found = indicator(store, name, period, place)
            vi, en = found.summary("vi"), found.summary("en")
            for said in (vi, en):
                assert not CODE.search(said), said
                assert "  " not in said
                assert said.count("(") == said.count(")") > 0
            assert "Quý" in vi
            assert ("quận, huyện" if place is None else "phường, xã, thị trấn") in vi
            assert ("districts" if place is None else "wards") in en


@pytest.mark.slow
def test_what_is_absent_says_why(store: EvidenceStore) -> None:
    early = indicator(store, "psych_counselling", "2015-Q1")
    assert (early.state, early.estimate, early.n) == ("not_collected", None, 0)
    assert "did not collect" in early.summary("en")
    assert "chưa thu thập" in early.summary("vi")
    later = indicator(store, "sti_tested", "2021-Q1")
    assert (later.state, later.estimate) == ("missing", None)
    assert "not reported (0/24 districts)" in later.summary("en")
    assert np.isnan(later.numerator)


def test_what_cannot_be_asked_is_refused(store: EvidenceStore) -> None:
    with pytest.raises(UnknownIndicator):
        indicator(store, "nothing", PERIOD)
    with pytest.raises(PeriodError):
        indicator(store, "sti_tested", "last year")
    with pytest.raises(UnknownPlace):
        indicator(store, "sti_tested", PERIOD, "Atlantis")
    with pytest.raises(ValueError, match="does not carry"):
        indicator(store, "business_notices_on_time", PERIOD)
