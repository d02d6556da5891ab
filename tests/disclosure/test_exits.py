"""The last look finds what the gate should have stopped."""

from typing import Any

import pytest

from evaluation.disclosure.exits import revealing


def figure(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "indicator",
        "id": "sti_tested_share",
        "state": "shown",
        "value": 0.4,
        "low": 0.3,
        "high": 0.5,
        "numerator": 40.0,
        "denominator": 100.0,
    } | changed


def test_counts_that_may_be_shown_pass() -> None:
    assert revealing([figure(), figure(numerator=0.0, value=0.0), figure(id="inspections", numerator=3.0, denominator=None)]) == ()


@pytest.mark.parametrize(
    "fault",
    [
        {"numerator": 9.0},
        {"denominator": 9.0, "numerator": 0.0},
        {"numerator": 95.0},
        {"state": "withheld"},
        {"state": "missing", "value": None, "low": None},
        {"id": "violence_reported", "numerator": 1.0, "denominator": None},
    ],
)
def test_what_must_be_withheld_is_named(fault: dict[str, Any]) -> None:
    made = figure(**fault)
    assert revealing([figure(), made]) == (made["id"],)


@pytest.mark.parametrize(
    ("figure", "reveals"),
    [
        ({"kind": "ward_count", "id": "sti_tested", "period": "2018", "state": "shown", "value": 130.0}, False),
        ({"kind": "ward_count", "id": "sti_tested", "period": "2018", "state": "shown", "value": 9.0}, True),
        ({"kind": "ward_count", "id": "sti_tested", "period": "2018-Q4", "state": "shown", "value": 130.0}, True),
        ({"kind": "ward_count", "id": "outreach_contacts", "period": "2018-Q4", "state": "shown", "value": 3.0}, False),
        ({"kind": "ward_count", "id": "inspections", "period": "2018-Q4", "state": "shown", "value": 130.0}, True),
        ({"kind": "ward_count", "id": "sti_tested", "period": "2018", "state": "withheld", "value": None}, False),
        ({"kind": "ward_count", "id": "sti_tested", "period": "2018", "state": "withheld", "value": 12.0}, True),
        ({"kind": "survey", "id": "fear_services", "state": "shown", "numerator": 20, "denominator": 40, "value": 0.5}, False),
        ({"kind": "survey", "id": "fear_services", "state": "shown", "numerator": 35, "denominator": 40, "value": 0.9}, True),
        ({"kind": "survey", "id": "fear_services", "state": "withheld", "numerator": None, "denominator": 40, "value": None}, False),
        ({"kind": "survey", "id": "fear_services", "state": "withheld", "numerator": 2, "denominator": 40, "value": None}, True),
    ],
)
def test_counts_of_a_ward_and_answers_of_a_survey_are_looked_at_too(figure: dict[str, object], reveals: bool):
    assert bool(revealing([figure])) is reveals
