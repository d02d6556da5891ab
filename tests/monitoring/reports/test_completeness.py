"""Completeness and timeliness: the plan's 15th, revisions, wards without a report."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.monitoring.reports.completeness import (
    completeness,
    district_matrix,
    reported_wards,
    reporting_matrix,
    residents_reported,
    timeliness,
    wards_counted,
)
from evaluation.periods import Period
from evaluation.places import residents, wards
from evaluation.store import EvidenceStore

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


def _two_districts() -> tuple[pd.DataFrame, pd.DataFrame]:
    """760 (ten wards): on time in Q3, five days late and twice corrected in Q4. 787 (seven): Q3 only, on the last day."""
    sent = [
        ("760", "2018-Q3", "2018-09-10"),
        ("760", "2018-Q4", "2018-12-19"),
        ("760", "2018-Q4", "2018-12-20"),
        ("760", "2018-Q4", "2018-12-27"),
        ("787", "2018-Q3", "2018-09-14"),
    ]
    submissions = pd.DataFrame(
        [(i, d, p, dt.date.fromisoformat(r)) for i, (d, p, r) in enumerate(sent, 1)],
        columns=["sequence", "district_code", "period", "received"],
    )
    rows = [("760", w, "2018-Q3", True) for w in wards("760")] + [("760", w, "2018-Q4", i > 0) for i, w in enumerate(wards("760"))]
    rows += [("787", w, "2018-Q3", True) for w in wards("787")]
    return pd.DataFrame(rows, columns=["district_code", "ward_code", "period", "reported"]), submissions


def test_timeliness_counts_days_after_the_fourteenth_and_what_never_came() -> None:
    found = timeliness(["2018-Q3", "2018-Q4"], *_two_districts(), places=["760", "787"])
    assert (found.estimate, found.n) == (0.5, 4)
    rows = {(r["district_code"], r["period"]): r for r in found.to_frame().to_dict("records")}
    late = rows["760", "2018-Q4"]
    assert (late["timing"], late["days_late"], late["revisions"], late["wards"], late["expected"]) == ("late", 5, 2, 9, 10)
    assert (rows["787", "2018-Q3"]["timing"], rows["787", "2018-Q3"]["days_late"]) == ("on_time", 0)
    never = rows["787", "2018-Q4"]
    assert (never["timing"], never["first_received"], never["wards"], never["expected"]) == ("missing", None, 0, 7)
    assert pd.isna(never["days_late"])


def test_timeliness_by_period_adds_the_districts_up() -> None:
    table = timeliness(["2018-Q3", "2018-Q4"], *_two_districts(), places=["760", "787"]).by_period().set_index("period")
    assert table.loc["2018-Q3", ["on_time", "late", "missing", "wards", "expected"]].tolist() == [2, 0, 0, 17, 17]
    assert table.loc["2018-Q4", ["on_time", "late", "missing", "wards", "expected"]].tolist() == [0, 1, 1, 9, 17]
    assert table.loc["2018-Q4", "median_days_late"] == 5
    assert table.loc["2018-Q4", "revisions"] == 2
    assert pd.isna(table.loc["2018-Q3", "median_days_late"])


def test_the_two_ways_to_ask_agree() -> None:
    reports, submissions = _two_districts()
    for row in timeliness(["2018-Q3", "2018-Q4"], reports, submissions, places=["760", "787"]).frame.to_dict("records"):
        alone = completeness(row["district_code"], row["period"], reports, submissions)
        assert (alone.timing, alone.revisions, alone.first_received) == (row["timing"], row["revisions"], row["first_received"])
        assert alone.estimate == pytest.approx(row["wards"] / row["expected"])


def test_district_matrix_writes_wards_beside_the_state_and_nothing_where_nothing_came() -> None:
    found = timeliness(["2018-Q3", "2018-Q4"], *_two_districts(), places=["760", "787"])
    matrix = district_matrix(found, {"760": "Quận 1", "787": "Huyện Cần Giờ"})
    cells = {(r["row"], r["period"]): (r["state"], r["written"]) for r in matrix.to_dict("records")}
    assert cells == {
        ("Quận 1", "2018-Q3"): ("on_time", "10/10"),
        ("Quận 1", "2018-Q4"): ("late", "9/10"),
        ("Huyện Cần Giờ", "2018-Q3"): ("on_time", "7/7"),
        ("Huyện Cần Giờ", "2018-Q4"): ("missing", ""),
    }


def test_the_example_s_planted_reporting_is_found(example_store: EvidenceStore) -> None:
    """Figures of data/example/README.md: 383 first reports, 46 late, ten corrected, 787 without 2016-Q3, 775 on 27 December 2018."""
    found = timeliness(example_store.periods(), example_store.ward_reports(), example_store.submissions()).frame
    assert (found["timing"] != "missing").sum() == 383
    assert (found["timing"] == "late").sum() == 46
    assert found["revisions"].sum() == 10
    assert found.loc[found["timing"] == "missing", ["district_code", "period"]].to_numpy().tolist() == [["787", "2016-Q3"]]
    last = found[(found["district_code"] == "775") & (found["period"] == "2018-Q4")].iloc[0]
    assert (last["timing"], last["first_received"], last["days_late"]) == ("late", dt.date(2018, 12, 27), 13)


def test_wards_behind_a_figure_are_those_of_both_its_sides() -> None:
    totals = pd.DataFrame(
        [("760", "2018-Q4", "sti_tested", 8), ("760", "2018-Q4", "outreach_reached", 9), ("760", "2018-Q4", "hotspots", 1)],
        columns=["district_code", "period", "element", "n_reported"],
    )
    found = wards_counted(totals).set_index("indicator")
    assert found.loc["sti_tested_share", ["counted", "expected"]].tolist() == [8, 10]
    assert found.loc["outreach_rate", "counted"] == 9
    assert "hotspots" not in found.index
