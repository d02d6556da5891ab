"""A table that breaks its promise is stopped, and the message names the column."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.contracts import BrokenContract, checked, counts_schema, indicator_schema, values_schema

VALUE = {
    "district_code": "760",
    "unit_code": "26740",
    "period": "2018-Q4",
    "element": "sti_tested",
    "value": 3.0,
    "state": "reported",
    "sheet": "Y tế",
    "cell": "C6",
}
COUNT = {"place": "760", "period": "2018-Q4", "element": "sti_tested", "value": 12.0, "state": "shown"}


def frame(row: dict[str, object], **changes: object) -> pd.DataFrame:
    return pd.DataFrame([row | changes])


def test_good_tables_pass_and_lose_what_was_not_promised() -> None:
    got = checked(frame(VALUE, secret="x"), values_schema(), "t")
    assert list(got.columns) == list(VALUE)
    assert len(checked(frame(COUNT, value=0.0), counts_schema(), "t")) == 1


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("district_code", "76"),
        ("unit_code", "2674"),
        ("period", "2018"),
        ("period", "2018-Q5"),
        ("element", "arrests"),
        ("value", -1.0),
        ("state", "unknown"),
    ],
)
def test_the_column_at_fault_is_named(column: str, content: object) -> None:
    with pytest.raises(BrokenContract) as error:
        checked(frame(VALUE, **{column: content}), values_schema(), "Bảng-1")
    vietnamese, english = str(error.value).split(" / ")
    for half in (vietnamese, english):
        assert column in half
        assert "Bảng-1" in half


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BrokenContract, match="state"):
        checked(frame(VALUE).drop(columns="state"), values_schema(), "t")


@pytest.mark.parametrize(
    ("value", "state"), [(3.0, "not_reported"), (0.0, "not_applicable"), (0.0, "not_collected"), (float("nan"), "reported")]
)
def test_a_value_stands_exactly_where_it_is_reported(value: float, state: str) -> None:
    with pytest.raises(BrokenContract, match="reported"):
        checked(frame(VALUE, value=value, state=state), values_schema(), "t")


@pytest.mark.parametrize(("value", "state"), [(3.0, "withheld"), (3.0, "missing"), (float("nan"), "shown")])
def test_a_protected_count_shows_exactly_what_is_shown(value: float, state: str) -> None:
    with pytest.raises(BrokenContract, match="shown"):
        checked(frame(COUNT, value=value, state=state), counts_schema(), "t")


def test_rows_stand_once() -> None:
    with pytest.raises(BrokenContract):
        checked(pd.DataFrame([VALUE, VALUE | {"value": 4.0}]), values_schema(), "t")
    with pytest.raises(BrokenContract):
        checked(pd.DataFrame([COUNT, COUNT]), counts_schema(), "t")


def test_an_indicator_has_no_value_unless_shown() -> None:
    row = {"place": "760", "period": "2018-Q4", "indicator": "sti_tested_share", "numerator": 5.0, "denominator": 10.0}
    row |= {"value": 0.5, "low": 0.2, "high": 0.8, "state": "shown"}
    assert len(checked(frame(row), indicator_schema(), "t")) == 1
    with pytest.raises(BrokenContract, match="shown"):
        checked(frame(row, state="withheld"), indicator_schema(), "t")
    with pytest.raises(BrokenContract, match="indicator"):
        checked(frame(row, indicator="arrest_share"), indicator_schema(), "t")
