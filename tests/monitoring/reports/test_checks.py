"""Findings counted by kind and by severity; a slot is never filled, so that no value is repeated."""

from __future__ import annotations

import pandas as pd

from evaluation.monitoring.reports.checks import by_kind, by_severity

MESSAGES = {
    "IN-101": "{label} is not a count. Write a whole number.",
    "IN-201": "{label}: {numerator} is above {denominator}; a part cannot exceed its whole. Check both cells.",
    "IN-301": "a number typed as text; read as {read}.",
}
FINDINGS = pd.DataFrame(
    [
        ("s1", "IN-301", "note"),
        ("s1", "IN-201", "warning"),
        ("s1", "IN-201", "warning"),
        ("s2", "IN-201", "warning"),
        ("s2", "IN-101", "error"),
        ("s3", "IN-301", "note"),
    ],
    columns=["submission", "code", "severity"],
)
SUBMISSIONS = pd.DataFrame(
    [("s1", "760", "2018-Q4"), ("s2", "760", "2018-Q4"), ("s3", "760", "2018-Q3"), ("s4", "761", "2018-Q4")],
    columns=["id", "district_code", "period"],
)


def test_errors_come_first_and_files_are_counted_once() -> None:
    found = by_kind(FINDINGS, MESSAGES)
    assert found[["severity", "code", "findings", "submissions"]].to_numpy().tolist() == [
        ["error", "IN-101", 1, 1],
        ["warning", "IN-201", 3, 2],
        ["note", "IN-301", 2, 2],
    ]
    assert found["what"].tolist() == [
        "… is not a count",
        "…: … is above …; a part cannot exceed its whole",
        "a number typed as text; read as …",
    ]


def test_no_findings_make_an_empty_table() -> None:
    assert by_kind(FINDINGS.head(0), MESSAGES).empty


def test_severities_of_one_district_and_period() -> None:
    assert by_severity(FINDINGS, SUBMISSIONS, "760", "2018-Q4") == {"error": 1, "warning": 3, "note": 1}
    assert by_severity(FINDINGS, SUBMISSIONS, "761", "2018-Q4") == {"error": 0, "warning": 0, "note": 0}
