"""Who reported and when: counted by hand on a district of ten wards."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.monitoring.completeness import completeness, reported_wards, reporting_matrix, residents_reported
from evaluation.periods import Period
from evaluation.places import residents, wards

PERIOD = "2018-Q4"  # due before 15 December 2018
OWN = list(wards("760"))


def reports(came: list[str], district: str = "760", period: str = PERIOD, blank: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = [(district, w, period, w not in blank) for w in came]
    return pd.DataFrame(rows, columns=["district_code", "ward_code", "period", "reported"])


def sent(*days: dt.date) -> pd.DataFrame:
    rows = [("760", PERIOD, d, i) for i, d in enumerate(days, start=1)]
    return pd.DataFrame(rows, columns=["district_code", "period", "received", "sequence"])


def test_seven_of_ten_wards() -> None:
    found = completeness("760", PERIOD, reports(OWN[:8], blank=(OWN[7],)), sent(dt.date(2018, 12, 12)))
    assert (found.estimate, found.n) == (0.7, 10)
    assert (found.low, found.high) == (None, None)  # all counted: no interval
    assert found.frame["reported"].tolist() == [True] * 7 + [False] * 3
    assert found.frame["ward_code"].tolist() == OWN


@pytest.mark.parametrize(
    "days, timing, revisions",
    [
        ((dt.date(2018, 12, 14),), "on_time", 0),
        ((dt.date(2018, 12, 15),), "late", 0),  # "before the 15th": the 15th is late
        ((dt.date(2018, 12, 10), dt.date(2018, 12, 18)), "on_time", 1),
        ((), "missing", 0),
    ],
)
def test_the_first_submission_decides_whether_it_was_on_time(days: tuple[dt.date, ...], timing: str, revisions: int) -> None:
    found = completeness("760", PERIOD, reports(OWN), sent(*days))
    assert (found.timing, found.revisions) == (timing, revisions)
    assert found.first_received == (days[0] if days else None)


def test_other_districts_periods_and_wards_do_not_count() -> None:
    strange = pd.concat([reports(OWN, period="2018-Q3"), reports(["26968"], district="764"), reports(["99999"]), reports(OWN[:1])])
    found = completeness("760", PERIOD, strange, sent(dt.date(2018, 12, 1)))
    assert found.estimate == pytest.approx(0.1)


def test_nothing_came() -> None:
    found = completeness("760", PERIOD, reports([]), sent())
    assert (found.estimate, found.timing) == (0, "missing")


def test_wards_and_their_residents_are_summed_over_those_that_reported() -> None:
    came = reports(OWN[:4], blank=(OWN[0],))
    assert reported_wards(came)["n_wards"].tolist() == [3]
    known = residents(Period.parse(PERIOD)).set_index("ward_code")["residents"]
    summed = residents_reported(came, [PERIOD])
    assert summed[["place", "period"]].values.tolist() == [["760", PERIOD]]
    assert summed["residents"].iloc[0] == pytest.approx(sum(known[w] for w in OWN[1:4]))


def test_the_matrix_says_late_on_time_and_missing_ward_by_ward() -> None:
    labels = {w: f"ward {w}" for w in OWN}
    frame = reporting_matrix("760", ["2018-Q3", PERIOD], reports(OWN[:9]), sent(dt.date(2018, 12, 16)), labels)
    assert len(frame) == 20
    wide = frame.pivot(index="row", columns="period", values="state")
    assert set(wide["2018-Q3"]) == {"missing"}
    assert wide[PERIOD].value_counts().to_dict() == {"late": 9, "missing": 1}
