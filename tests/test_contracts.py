"""A table that breaks its promise is stopped, and the message names the column."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.contracts import BrokenContract, checked, counts_schema, indicator_schema, values_schema
from evaluation.indicators import elements

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


@pytest.mark.parametrize("column", list(VALUE))
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(BrokenContract, match=f": {column}: missing"):
        checked(frame(VALUE).drop(columns=column), values_schema(), "t")


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


@pytest.mark.parametrize("column", list(VALUE))
def test_nothing_is_left_empty_but_a_value(column: str) -> None:
    with pytest.raises(BrokenContract, match="stands exactly" if column == "value" else f"{column}: not_nullable"):
        checked(frame(VALUE, **{column: None}), values_schema(), "t")


@pytest.mark.parametrize("count", [float("inf"), -1.0, "many"])
def test_a_count_is_a_finite_number_from_zero_on(count: object) -> None:
    with pytest.raises(BrokenContract, match=": value: "):
        checked(frame(VALUE, value=count), values_schema(), "t")


@pytest.mark.parametrize("element, unit", [("sti_tested", "760"), ("hotspots", "26740")])
def test_counts_stand_at_their_own_level(element: str, unit: str) -> None:
    with pytest.raises(BrokenContract, match="level"):
        checked(frame(VALUE, element=element, unit_code=unit), values_schema(), "t")


def test_a_rule_of_the_whole_table_blames_no_column_and_long_lists_are_cut() -> None:
    rows = pd.DataFrame([VALUE] * 500)
    with pytest.raises(BrokenContract) as error:
        checked(rows, values_schema(), "t")
    message = str(error.value)
    assert "unit_code, period, element: twice the same (row 0)" in message
    assert "sheet" not in message
    assert len(message) < 1000


def test_a_message_never_repeats_what_the_table_holds() -> None:
    secret = "so-dien-thoai-0900000000"
    for column in ("district_code", "unit_code", "period", "element", "state", "value"):
        with pytest.raises(BrokenContract) as error:
            checked(frame(VALUE, **{column: secret}), values_schema(), "t")
        assert secret not in str(error.value)


def test_the_schemas_know_what_the_codebook_knows() -> None:
    rows = [VALUE | {"element": e.id, "unit_code": "26740" if e.level == "ward" else "760"} for e in elements().values()]
    assert len(checked(pd.DataFrame(rows), values_schema(), "t")) == len(elements())
    shown = [COUNT | {"element": e} for e in elements()]
    assert len(checked(pd.DataFrame(shown), counts_schema(), "t")) == len(elements())
