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
