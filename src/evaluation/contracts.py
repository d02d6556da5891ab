"""What a table must look like when it passes from one floor to the next: pandera schemas made from the codebook."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import TYPE_CHECKING, Any

from evaluation.indicators import elements, indicators

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

REPORTED, NOT_REPORTED, NOT_APPLICABLE, NOT_COLLECTED = "reported", "not_reported", "not_applicable", "not_collected"
SHOWN, MISSING, WITHHELD, INCONSISTENT = "shown", "missing", "withheld", "inconsistent"
STATES = (REPORTED, NOT_REPORTED, NOT_APPLICABLE, NOT_COLLECTED, WITHHELD)
NOT_COMPARABLE = "not_comparable"
# What a cell's state as received is called where a number is shown or its absence explained.
AS_SHOWN = {REPORTED: SHOWN, NOT_REPORTED: MISSING, NOT_COLLECTED: NOT_COLLECTED, NOT_APPLICABLE: NOT_APPLICABLE, WITHHELD: WITHHELD}
PERIOD = r"^\d{4}-Q[1-4]$"


class BrokenContract(ValueError):
    """A table that is not what the next floor was promised."""


@cache
def values_schema() -> DataFrameSchema:
    """Return the schema of ward-quarter-element values, the form in which evidence is kept.

    One row a cell of the district form: where it came from, and one of five
    states. A value is a non-negative, finite number exactly where the state
    is "reported"; zero is a value, absence is a state. Elements of ward level
    stand at wards, those of district level at districts.
    """
    import pandera.pandas as pa

    in_codebook = pa.Check.isin(list(elements()), error="not in the codebook")
    code_length = {e.id: 5 if e.level == "ward" else 3 for e in elements().values()}
    return pa.DataFrameSchema(
        {
            "district_code": pa.Column(str, pa.Check.str_matches(r"^\d{3}$")),
            "unit_code": pa.Column(str, pa.Check.str_matches(r"^\d{3}(\d{2})?$")),
            "period": pa.Column(str, pa.Check.str_matches(PERIOD)),
            "element": pa.Column(str, in_codebook),
            "value": pa.Column(float, pa.Check.in_range(0, float("inf"), include_max=False), nullable=True),
            "state": pa.Column(str, pa.Check.isin(STATES)),
            "sheet": pa.Column(str),
            "cell": pa.Column(str),
        },
        checks=[
            pa.Check(
                lambda frame: frame["value"].notna() == (frame["state"] == REPORTED),
                error="a value stands exactly where the state is 'reported'",
            ),
            pa.Check(
                lambda frame: frame["unit_code"].str.len() == frame["element"].map(code_length).fillna(frame["unit_code"].str.len()),
                error="unit_code is of the element's level",
            ),
        ],
        unique=["unit_code", "period", "element"],
        coerce=True,
        strict="filter",
    )


@cache
def counts_schema() -> DataFrameSchema:
    """Return the schema of protected counts: what may leave analysis for tables, figures and sentences.

    One row per place, period and element; `value` is present exactly where
    `state` is "shown".
    """
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "place": pa.Column(str),
            "period": pa.Column(str, pa.Check.str_matches(PERIOD)),
            "element": pa.Column(str, pa.Check.isin(list(elements()), error="not in the codebook")),
            "value": pa.Column(float, pa.Check.ge(0), nullable=True),
            "state": pa.Column(str, pa.Check.isin([SHOWN, MISSING, WITHHELD, NOT_COLLECTED, NOT_APPLICABLE])),
        },
        checks=pa.Check(
            lambda frame: frame["value"].notna() == (frame["state"] == SHOWN),
            error="a value stands exactly where the state is 'shown'",
        ),
        unique=["place", "period", "element"],
        coerce=True,
        strict="filter",
    )


@cache
def indicator_schema() -> DataFrameSchema:
    """Return the schema of indicator values with their intervals, made from protected counts."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "place": pa.Column(str),
            "period": pa.Column(str, pa.Check.str_matches(PERIOD)),
            "indicator": pa.Column(str, pa.Check.isin(list(indicators()), error="not in the codebook")),
            "numerator": pa.Column(float, nullable=True),
            "denominator": pa.Column(float, nullable=True),
            "value": pa.Column(float, nullable=True),
            "low": pa.Column(float, nullable=True),
            "high": pa.Column(float, nullable=True),
            "state": pa.Column(str, pa.Check.isin([SHOWN, MISSING, WITHHELD, NOT_COLLECTED, NOT_APPLICABLE, INCONSISTENT])),
        },
        checks=pa.Check(lambda frame: frame["value"].notna() <= (frame["state"] == SHOWN), error="no value without the state 'shown'"),
        unique=["place", "period", "indicator"],
        coerce=True,
        strict="filter",
    )


@cache
def submissions_schema() -> DataFrameSchema:
    """Return the schema of the store's list of submissions: who sent what for which period, when; `stands` marks the one in force."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "sequence": pa.Column(int, pa.Check.ge(1), unique=True, coerce=True),
            "district_code": pa.Column(str, pa.Check.str_matches(r"^\d{3}$")),
            "period": pa.Column(str, pa.Check.str_matches(PERIOD)),
            "form_version": pa.Column(int, pa.Check.ge(1), coerce=True),
            "received": pa.Column(object),
            "stands": pa.Column(bool),
        }
    )


@cache
def ward_reports_schema() -> DataFrameSchema:
    """Return the schema of who reported: one row a ward and period that stands in a form."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "district_code": pa.Column(str, pa.Check.str_matches(r"^\d{3}$")),
            "ward_code": pa.Column(str, pa.Check.str_matches(r"^\d{5}$")),
            "period": pa.Column(str, pa.Check.str_matches(PERIOD)),
            "reported": pa.Column(bool),
            "received": pa.Column(object),
        },
        unique=["ward_code", "period"],
    )


@cache
def changes_schema() -> DataFrameSchema:
    """Return the schema of changes on a year before: a shown change has a size, and is clear or not."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            "place": pa.Column(str),
            "indicator": pa.Column(str, pa.Check.isin(list(indicators()), error="not in the codebook")),
            "scale": pa.Column(str, pa.Check.isin(["difference", "ratio"])),
            "change": pa.Column(float, nullable=True),
            "low": pa.Column(float, nullable=True),
            "high": pa.Column(float, nullable=True),
            "p": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
            "clear": pa.Column(bool),
            "dispersion": pa.Column(float, pa.Check.ge(1)),
            "state": pa.Column(str, pa.Check.isin([SHOWN, MISSING, WITHHELD, NOT_COLLECTED, NOT_APPLICABLE, INCONSISTENT, NOT_COMPARABLE])),
        },
        checks=pa.Check(lambda f: f["change"].notna() == (f["state"] == SHOWN), error="a change stands exactly where the state is 'shown'"),
        unique=["place", "indicator"],
    )


def checked(frame: pd.DataFrame, schema: DataFrameSchema, what: str) -> pd.DataFrame:
    """Return the frame if it keeps its contract.

    Parameters
    ----------
    frame : DataFrame
    schema : DataFrameSchema
    what : str
        Name of the table for the message.

    Raises
    ------
    BrokenContract
        Naming the column and the first rows at fault.
    """
    from pandera.errors import SchemaErrors

    try:
        return schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        seen = "; ".join(list(dict.fromkeys(_case(c, schema) for c in error.failure_cases.to_dict("records")))[:5])
        raise BrokenContract(f"Bảng {what} sai quy định: {seen}. / Table {what} breaks its contract: {seen}.") from None


def _case(case: dict[Hashable, Any], schema: DataFrameSchema) -> str:
    """Return one failure in words: column, rule and row; never the value, which may be a person's."""
    if case["check"] == "column_in_dataframe":
        return f"{case['failure_case']}: missing"
    if case["check"] == "multiple_fields_uniqueness":
        return f"{', '.join(schema.unique or ())}: twice the same (row {case['index']})"
    row = "" if case["index"] is None else f" (row {case['index']})"
    # A rule of the whole table is reported once per column, which would blame them all.
    column = "" if case["schema_context"] == "DataFrameSchema" else f"{case['column']}: "
    return f"{column}{case['check']}{row}"
