import datetime as dt

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, NOT_REPORTED, REPORTED
from evaluation.example import Example, generate
from evaluation.example.generator import parts_and_wholes
from evaluation.periods import Period
from evaluation.places import districts, wards

PILOT_DISTRICTS = {"760", "777"}


def first_files(made: Example) -> pd.DataFrame:
    first = made.sent.ledger[made.sent.ledger["revision"] == 1]
    due = [Period.parse(p) for p in first["period"]]
    return first.assign(
        late=[r > d.district_due for r, d in zip(first["received"], due, strict=True)],
        after=[r > d.department_due for r, d in zip(first["received"], due, strict=True)],
    )


def test_one_district_quarter_never_comes(made: Example) -> None:
    assert len(first_files(made)) == 24 * 16 - 1


def test_about_one_in_eight_is_late_and_three_come_after_the_synthesis(made: Example) -> None:
    first = first_files(made)
    assert 0.10 < first["late"].mean() < 0.14
    lost = first[first["after"]]
    assert len(lost) == 3
    newest = lost[lost["period"] == "2018-Q4"]
    assert len(newest) == 1
    assert newest["received"].iloc[0] == dt.date(2018, 12, 27)
    assert newest["district_code"].iloc[0] not in PILOT_DISTRICTS


def test_nothing_is_sent_before_its_last_month(made: Example) -> None:
    for period, received in zip(made.sent.ledger["period"], made.sent.ledger["received"], strict=True):
        assert received >= Period.parse(period).district_due.replace(day=1)


def test_ten_corrections_come_later_and_change_values(made: Example) -> None:
    ledger, values = made.sent.ledger, made.sent.values
    second = ledger[ledger["revision"] == 2]
    assert len(second) == 10
    newest = second[second["period"].isin(["2018-Q3", "2018-Q4"])]
    assert set(newest["period"]) == {"2018-Q3", "2018-Q4"}
    assert (newest["received"] < dt.date(2018, 12, 19)).all()
    for row in second.itertuples():
        both = ledger[(ledger["district_code"] == row.district_code) & (ledger["period"] == row.period)].set_index("revision")
        assert both.loc[1, "received"] < both.loc[2, "received"]
        own = values[(values["district_code"] == row.district_code) & (values["period"] == row.period)]
        wide = own.pivot(index=["unit_code", "element"], columns="revision", values="value").dropna()
        assert (wide[1] < wide[2]).any()
        assert (wide[1] <= wide[2]).all()


def test_about_three_wards_in_a_hundred_send_no_row(made: Example) -> None:
    values = made.sent.values
    rows = values.loc[values["unit_code"].str.len() == 5, ["unit_code", "period"]].drop_duplicates()
    expected = 322 * 16 - len(wards("787"))
    assert 0.02 < 1 - len(rows) / expected < 0.04


def test_absence_is_never_a_zero(made: Example) -> None:
    values = made.sent.values
    assert (values["value"].notna() == (values["state"] == REPORTED)).all()
    blank = (values["state"] == NOT_REPORTED).mean()
    assert 0.005 < blank < 0.02
    assert (values["state"] == NOT_APPLICABLE).any()
    assert (values["value"] == 0).any()


def test_the_form_of_2015_has_no_psychological_counselling(made: Example) -> None:
    own = made.sent.values[made.sent.values["element"] == "psych_counselling"]
    old = own["period"] < "2016-Q1"
    assert (own.loc[old, "state"] == NOT_COLLECTED).all()
    assert not (own.loc[~old, "state"] == NOT_COLLECTED).any()
    assert set(made.sent.ledger.groupby("form_version")["period"].agg("min")) == {"2015-Q1", "2016-Q1"}


def test_the_form_of_2015_counts_visits_as_people(made: Example, cube: pd.DataFrame) -> None:
    values = made.sent.values
    own = values[(values["element"] == "outreach_reached") & (values["revision"] == 1) & (values["state"] == REPORTED)]
    both = own.merge(cube[["unit_code", "period", "outreach_reached"]], on=["unit_code", "period"])
    old = both["period"] < "2016-Q1"
    ratio = both["value"].where(old).sum() / both["outreach_reached"].where(old).sum()
    assert abs(ratio - 1.25) < 0.03
    assert (both.loc[~old, "value"] == both.loc[~old, "outreach_reached"]).all()


def test_what_is_sent_keeps_parts_within_wholes(made: Example) -> None:
    keys = ["unit_code", "period", "revision"]
    wide = made.sent.values.pivot(index=keys, columns="element", values="value")
    for part, whole in parts_and_wholes():
        both = wide[[part, whole]].dropna()
        assert (both[part] <= both[whole]).all(), (part, whole)


def test_exactly_one_district_is_ten_times_too_large(made: Example) -> None:
    values = made.sent.values
    total = values[(values["element"] == "inspections")].groupby(["district_code", "period", "revision"])["value"].sum().unstack("period")
    ratio = total["2018-Q2"] / total[["2018-Q1", "2018-Q3"]].mean(axis=1)
    found = set(ratio[ratio > 5].index.get_level_values(0))
    assert found == {"763"}
    assert not found & PILOT_DISTRICTS
    both = values[(values["district_code"] == "763") & (values["period"] == "2018-Q2")].merge(
        made.panel, on=["unit_code", "period", "element"], suffixes=("", "_true")
    )
    both = both[both["value_true"] > 0].dropna(subset="value")
    factor = (both["value"] / both["value_true"]).groupby(both["element"]).mean()
    assert set(factor.round(6)) == {1.0, 10.0}
    assert factor["outreach_reached"] == 1
    assert factor["comm_participants"] == 10


def test_only_places_of_the_city_are_sent(made: Example) -> None:
    assert set(made.sent.values["unit_code"]) == set(wards()) | set(districts())


@pytest.mark.slow
def test_same_seed_same_files(made: Example) -> None:
    again = generate()
    pd.testing.assert_frame_equal(made.sent.values, again.sent.values)
    pd.testing.assert_frame_equal(made.sent.ledger, again.sent.ledger)
    pd.testing.assert_frame_equal(made.survey, again.survey)
    other = generate(seed=1)
    assert not np.array_equal(made.sent.values["value"].head(1000), other.sent.values["value"].head(1000), equal_nan=True)
