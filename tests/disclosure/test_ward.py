"""What may be shown of a named ward beside its district."""

import pandas as pd
import pytest

from evaluation.disclosure.interim import Protection, protect
from evaluation.disclosure.ward import NEVER_BY_WARD, protected_ward
from evaluation.indicators import elements

QUARTERS = [f"2018-Q{q}" for q in (1, 2, 3, 4)]


def counts(place: str, **by_element: list[float | None]) -> pd.DataFrame:
    rows = [
        {"place": place, "period": p, "element": e, "value": v, "state": "missing" if v is None else "shown"}
        for e, values in by_element.items()
        for p, v in zip(QUARTERS, values, strict=False)
    ]
    return pd.DataFrame(rows).astype({"value": float})


def shown(ward: dict[str, list[float | None]], district: dict[str, list[float | None]]) -> dict[tuple[str, str], tuple[str, float | None]]:
    gate = Protection(counts("760", **district))
    frame = protected_ward(counts("26749", **ward), gate, "760")
    return {(r.element, r.span): (r.state, None if r.value != r.value else r.value) for r in frame.itertuples()}


def test_what_points_at_nobody_is_shown_by_quarter_and_people_by_whole_year_alone():
    found = shown(
        {"outreach_contacts": [40, 3, 50, 60], "sti_tested": [12, 11, 3, 20]},
        {"outreach_contacts": [400, 300, 500, 600], "sti_tested": [112, 111, 103, 120]},
    )
    assert found == {
        ("outreach_contacts", "2018-Q1"): ("shown", 40.0),
        ("outreach_contacts", "2018-Q2"): ("shown", 3.0),
        ("outreach_contacts", "2018-Q3"): ("shown", 50.0),
        ("outreach_contacts", "2018-Q4"): ("shown", 60.0),
        ("sti_tested", "2018"): ("shown", 46.0),
    }


@pytest.mark.parametrize(
    ("ward", "district", "state"),
    [
        ([2, 3, 1, 2], [100, 100, 100, 100], "withheld"),  # the ward's own year is 8
        ([20, 20, 20, 20], [20, 25, 20, 20], "withheld"),  # the rest of the district had 5
        ([0, 0, 0, 0], [20, 25, 20, 20], "shown"),
        ([20, None, 20, 20], [90, 90, 90, 90], "missing"),
        ([20, 20, 20, 20], [90, 90, 90, 90], "shown"),
    ],
)
def test_a_year_is_shown_where_neither_ward_nor_rest_is_small(ward: list[float | None], district: list[float | None], state: str):
    assert shown({"hiv_tested": ward}, {"hiv_tested": district})["hiv_tested", "2018"][0] == state


def test_a_part_that_leaves_few_of_its_whole_is_withheld_in_ward_and_rest():
    district = {"referrals_made": [100.0] * 4, "referrals_completed": [50.0] * 4}
    few = shown({"referrals_made": [20] * 4, "referrals_completed": [19] * 4}, district)
    assert few["referrals_completed", "2018"] == ("withheld", None)
    assert few["referrals_made", "2018"] == ("shown", 80.0)
    rest = shown({"referrals_made": [50] * 4, "referrals_completed": [2.5] * 4}, district | {"referrals_completed": [51.0] * 4})
    assert rest["referrals_completed", "2018"] == ("withheld", None)


def test_a_year_under_way_and_a_count_that_the_district_withholds_stay_inside():
    half = shown({"sti_tested": [30, 30]}, {"sti_tested": [90, 90]})
    assert half == {}
    gate = protect(
        pd.concat([counts("760", hiv_tested=[5, 90, 90, 90]), counts("761", hiv_tested=[90] * 4), counts("762", hiv_tested=[99] * 4)])
    )
    frame = protected_ward(counts("26749", hiv_tested=[0, 40, 40, 40]), gate, "760")
    assert list(frame["state"]) == ["withheld"]


def test_results_of_tests_places_and_enforcement_are_never_shown_by_ward():
    found = shown({e: [50.0] * 4 for e in NEVER_BY_WARD}, {e: [500.0] * 4 for e in NEVER_BY_WARD})
    assert found == {}
    assert set(elements()) >= NEVER_BY_WARD


def test_a_stock_is_that_of_the_year_s_last_quarter():
    found = shown({"worker_contracts": [70, 71, 72, 73]}, {"worker_contracts": [700] * 4})
    assert found == {("worker_contracts", "2018"): ("shown", 73.0)}
