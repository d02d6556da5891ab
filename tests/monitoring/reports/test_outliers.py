"""Figures outside a ward's own range: the planted ten-fold quarter, one ward's series, what is absent."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.monitoring.reports.outliers import outliers, ward_history
from evaluation.places import wards

pytestmark = pytest.mark.slow

PERIODS = [f"{y}-Q{q}" for y in (2016, 2017) for q in (1, 2, 3, 4)] + ["2018-Q1"]
ONE, TWO = list(wards("760"))[:2]


def _values(figures: dict[str, list[float | None]]) -> pd.DataFrame:
    """Values of one count over PERIODS; None is a blank cell."""
    rows = [
        ("760", ward, period, "comm_sessions", float("nan") if v is None else float(v), "not_reported" if v is None else "reported")
        for ward, series in figures.items()
        for period, v in zip(PERIODS, series, strict=True)
    ]
    return pd.DataFrame(rows, columns=["district_code", "unit_code", "period", "element", "value", "state"])


STEADY = [40, 42, 39, 41, 40, 38, 43, 40]


def test_ten_times_the_usual_is_outside_and_the_usual_is_not() -> None:
    found = outliers(_values({ONE: [*STEADY, 400], TWO: [*STEADY, 41]}), "2018-Q1")
    assert (found.n, found.n_outside, found.estimate) == (2, 1, 0.5)
    row = found.to_frame().iloc[0]
    assert (row["unit_code"], row["value"], row["median"], row["ratio"]) == (ONE, 400, 40, 10)
    assert found.by_element().to_numpy().tolist() == [["comm_sessions", 1]]


def test_three_quarters_are_no_history() -> None:
    short = _values({ONE: [None] * 5 + [40, 41, 42, 400]})
    found = outliers(short, "2018-Q1")
    assert (found.n, found.n_outside, found.estimate) == (0, 0, None)


def test_a_ward_s_series_marks_the_odd_quarter_and_keeps_absences_apart() -> None:
    values = _values({ONE: [40, 42, None, 41, 40, 38, 400, 40, 41], TWO: [*STEADY, 41]})
    values = values[~((values["unit_code"] == ONE) & (values["period"] == "2017-Q1"))]
    found = ward_history(values, ONE, "comm_sessions", PERIODS)
    frame = found.to_frame().set_index("period")
    assert frame.index[frame["beyond"]].tolist() == ["2017-Q3"]
    assert frame.loc["2016-Q3", "state"] == "missing"
    assert frame.loc["2017-Q1", "state"] == "missing"  # no row at all
    assert frame["low"].isna().tolist()[:5] == [True] * 5  # the fourth figure is that of 2017-Q2: three come before it
    assert frame.loc["2018-Q1", "low"] <= 41 <= frame.loc["2018-Q1", "high"]
    assert (found.n, found.estimate) == (7, 41)
    assert wards()[ONE].name.en in found.summary("en")


def test_a_range_looks_only_backwards() -> None:
    before = ward_history(_values({ONE: [*STEADY, 41]}), ONE, "comm_sessions", PERIODS).frame
    after = ward_history(_values({ONE: [*STEADY, 9000]}), ONE, "comm_sessions", PERIODS).frame
    pd.testing.assert_frame_equal(before[["low", "high"]], after[["low", "high"]])


def test_a_ward_without_values_is_named() -> None:
    with pytest.raises(ValueError, match=f"{TWO}.*comm_sessions"):
        ward_history(_values({ONE: [*STEADY, 41]}), TWO, "comm_sessions", PERIODS)


def test_the_planted_ten_fold_quarter_is_found(example_values: pd.DataFrame) -> None:
    """District 763 reported 2018-Q2 ten times too large on the sheets of communication and context (data/example/README.md)."""
    found = outliers(example_values, "2018-Q2").to_frame()
    own = found[found["district_code"] == "763"]
    assert len(own) > 0.5 * len(found)
    on_the_sheets = {"comm_sessions", "comm_participants", "knowledge_asked", "knowledge_passed"}
    on_the_sheets |= {"venues_listed", "pledges_signed", "inspections", "violations"}
    assert set(own["element"]) <= on_the_sheets | {"condoms_distributed"}
    assert (own["element"].isin(on_the_sheets)).mean() > 0.9
    assert 8 < own["ratio"].median() < 13
    assert outliers(example_values, "2018-Q1").estimate < 0.005
