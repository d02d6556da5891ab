"""Completeness and timeliness: the plan's 15th, revisions, wards without a report."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.monitoring.completeness import completeness, reported_wards, reporting_matrix, residents_reported
from evaluation.periods import Period
from evaluation.places import residents, wards

DISTRICT, PERIOD = "760", "2018-Q4"  # ten wards


def _sent(*days: str) -> pd.DataFrame:
    rows = [
        {"sequence": i, "district_code": DISTRICT, "period": PERIOD, "received": dt.date.fromisoformat(d)} for i, d in enumerate(days, 1)
    ]
    return pd.DataFrame(rows, columns=["sequence", "district_code", "period", "received"])


def _reports(silent: int = 0) -> pd.DataFrame:
    codes = sorted(wards(DISTRICT))
    return pd.DataFrame(
        {"district_code": DISTRICT, "ward_code": codes, "period": PERIOD, "reported": [i >= silent for i in range(len(codes))]}
    )


@pytest.mark.parametrize(
    ("day", "timing"), [("2018-12-01", "on_time"), ("2018-12-14", "on_time"), ("2018-12-15", "late"), ("2019-01-03", "late")]
)
def test_before_the_fifteenth_is_on_time(day: str, timing: str) -> None:
    found = completeness(DISTRICT, PERIOD, _reports(), _sent(day))
    assert (found.timing, found.first_received, found.revisions) == (timing, dt.date.fromisoformat(day), 0)


def test_revisions_do_not_make_a_report_late_whatever_the_order_in_which_they_were_loaded() -> None:
    for days in (["2018-12-10", "2018-12-20", "2019-01-05"], ["2018-12-20", "2019-01-05", "2018-12-10"]):
        found = completeness(DISTRICT, PERIOD, _reports(), _sent(*days))
        assert (found.timing, found.first_received, found.revisions) == ("on_time", dt.date(2018, 12, 10), 2)


def test_share_of_wards_is_counted_against_all_wards_of_the_district() -> None:
    assert len(wards(DISTRICT)) == 10
    found = completeness(DISTRICT, PERIOD, _reports(silent=3), _sent("2018-12-10"))
    assert (found.estimate, found.n, found.low, found.high) == (0.7, 10, None, None)
    assert found.frame["reported"].sum() == 7
    assert sorted(found.frame.loc[~found.frame["reported"], "ward_code"]) == sorted(wards(DISTRICT))[:3]


def test_a_ward_that_is_not_the_district_s_adds_nothing() -> None:
    strange = _reports(silent=5).replace({"ward_code": {max(wards(DISTRICT)): "99999"}})
    assert completeness(DISTRICT, PERIOD, strange, _sent("2018-12-10")).estimate == 0.4


def test_nothing_sent_is_missing() -> None:
    found = completeness(DISTRICT, PERIOD, _reports().iloc[:0], _sent())
    assert (found.timing, found.first_received, found.revisions, found.estimate) == ("missing", None, 0, 0)


def test_another_period_or_district_does_not_count() -> None:
    other = completeness(DISTRICT, "2018-Q3", _reports(), _sent("2018-12-10"))
    assert (other.timing, other.estimate) == ("missing", 0)
    assert completeness("761", PERIOD, _reports(), _sent("2018-12-10")).timing == "missing"


def test_wards_and_residents_are_of_those_that_reported() -> None:
    reports = _reports(silent=4)
    assert reported_wards(reports).to_dict("records") == [{"district_code": DISTRICT, "period": PERIOD, "n_wards": 6}]
    people = residents(Period.parse(PERIOD)).set_index("ward_code")["residents"]
    expected = sum(people[code] for code in sorted(wards(DISTRICT))[4:])
    found = residents_reported(reports, [PERIOD, "2018-Q3"])
    assert found[["place", "period"]].to_numpy().tolist() == [[DISTRICT, PERIOD]]
    assert found["residents"].tolist() == pytest.approx([expected])


def test_matrix_has_a_state_for_every_ward_and_period() -> None:
    labels = {code: ward.name.vi for code, ward in wards(DISTRICT).items()}
    found = reporting_matrix(DISTRICT, [PERIOD, "2018-Q3"], _reports(silent=2), _sent("2018-12-15"), labels)
    assert len(found) == 20
    assert found.groupby(["period", "state"]).size().to_dict() == {(PERIOD, "late"): 8, (PERIOD, "missing"): 2, ("2018-Q3", "missing"): 10}
    assert set(found["row"]) == set(labels.values())
