"""Anybody's table as a series: every writing of times, gaps that stay gaps, and faults named by row and column."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.language import Words
from evaluation.monitoring.funnel import funnel
from evaluation.monitoring.own_periods import UnreadTimes, read_times, regular_days
from evaluation.monitoring.own_series import OwnTableError, own_series
from evaluation.monitoring.series import unit_words
from evaluation.monitoring.small_areas.shrunken import shrink_series
from evaluation.monitoring.total import ALL, total

TABLE = pd.DataFrame(
    {
        "site": ["B", "B", "A", "A"],
        "when": ["2018-Q1", "2018-Q3", "2018-Q1", "2018-Q2"],
        "k": [1, 2, 3, np.nan],
        "n": [10, 20, 30, np.nan],
    }
)
NAMES: dict[str, Any] = {"unit": "site", "time": "when", "count": "k"}


@pytest.mark.parametrize(
    ("column", "periods", "season", "phases"),
    [
        (["2018-Q1", "Quý III/2018"], ("2018-Q1", "2018-Q2", "2018-Q3"), 4, (1, 2, 3)),
        (["Q4 2017", "2018q1"], ("2017-Q4", "2018-Q1"), 4, (4, 1)),
        ([2015, 2016, 2018], ("2015", "2016", "2017", "2018"), 1, (1, 1, 1, 1)),
        (["Năm 2015", "2016"], ("2015", "2016"), 1, (1, 1)),
        (["2018-03", "2018-04"], ("2018-03", "2018-04"), 12, (3, 4)),
        (["11/2018", "1/2019"], ("2018-11", "2018-12", "2019-01"), 12, (11, 12, 1)),
        (["tháng 3/2018", "T4/2018"], ("2018-03", "2018-04"), 12, (3, 4)),
        (["1990.0", "1991.0"], ("1990", "1991"), 1, (1, 1)),
        (["2012.25", "2012.5", "2013"], ("2012-Q2", "2012-Q3", "2012-Q4", "2013-Q1"), 4, (2, 3, 4, 1)),
        (["Mar 2018", "May 2018"], ("2018-03", "2018-04", "2018-05"), 12, (3, 4, 5)),
        ([201812, 201901], ("2018-12", "2019-01"), 12, (12, 1)),
        (["2018-01-01", "2018-04-01"], ("2018-Q1", "2018-Q2"), 4, (1, 2)),
        (["31/03/2018", "30/06/2018"], ("2018-Q1", "2018-Q2"), 4, (1, 2)),
        (["01/02/2018", "01/03/2018"], ("2018-02", "2018-03"), 12, (2, 3)),
        ([dt.date(2018, 1, 1), dt.date(2019, 1, 1)], ("2018", "2019"), 1, (1, 1)),
        (list(pd.date_range("2018-01-31", periods=2, freq="ME")), ("2018-01", "2018-02"), 12, (1, 2)),
        (list(pd.period_range("2018Q1", periods=2, freq="Q")), ("2018-Q1", "2018-Q2"), 4, (1, 2)),
        ([1.0, 2.0, 4.0], ("1", "2", "3", "4"), 1, (1, 1, 1, 1)),
    ],
)
def test_times_are_read_in_every_usual_writing(column: list[object], periods: tuple[str, ...], season: int, phases: tuple[int, ...]):
    read = read_times(column)
    assert (read.periods, read.season, read.phases) == (periods, season, phases)
    assert (read.of_row[0], read.of_row[-1]) == (periods[0], periods[-1])


def test_periods_equally_far_apart_have_no_gaps_between_them():
    yearly = read_times(["2015-Q4", "2016-Q4", "2017-Q4"])
    assert (yearly.periods, yearly.season) == (("2015-Q4", "2016-Q4", "2017-Q4"), 1)
    last_months = read_times(["2018-03", "2018-06", "2018-09", "2018-12", "2019-03"])
    assert (last_months.season, last_months.phases) == (4, (1, 2, 3, 4, 1))
    assert len(read_times(["2015-Q4", "2016-Q4"]).periods) == 5  # two periods show no rhythm


@pytest.mark.parametrize(
    ("column", "rows", "said"),
    [
        (["2018-Q1", "2018", "Tổng"], (1, 2), "not a quarter as in the other rows"),
        (["x", "y"], (0, 1), "cannot be read"),
        (["2018-Q1", None, np.nan, " "], (1, 2, 3), "blank"),
        (["1/2018", "2/2018"], (), "may be a month or a quarter"),
        (["2018-01-01", "2018-01-08"], (1,), "days within a period"),
        (["2018-02-30"], (0,), "cannot be read"),
        ([1, 100_000_000], (), "far apart"),
        ([], (), "no row"),
    ],
)
def test_times_that_make_no_periods_are_named_by_row(column: list[object], rows: tuple[int, ...], said: str):
    with pytest.raises(UnreadTimes, match=said) as caught:
        read_times(column)
    assert caught.value.places == rows


def test_units_are_said_in_both_languages():
    assert unit_words("per 10,000 residents").vi == "trên 10.000 dân"
    assert (unit_words("per 1,000").vi, unit_words("per 1,000").en) == ("trên 1.000", "per 1,000")
    assert unit_words("people").vi == "people"
    assert own_series(TABLE, **NAMES, denominator="n", measure="rate").said_unit == ""


def test_a_pair_without_a_row_is_missing_and_never_zero():
    series = own_series(TABLE, **NAMES, denominator="n")
    assert series.units == ("B", "A")  # first order, not sorted
    assert series.periods == ("2018-Q1", "2018-Q2", "2018-Q3")
    np.testing.assert_array_equal(series.counts, [[1, np.nan, 2], [3, np.nan, np.nan]])
    np.testing.assert_array_equal(series.states == "shown", [[True, False, True], [True, False, False]])
    np.testing.assert_allclose(series.values, [[0.1, np.nan, 0.1], [0.1, np.nan, np.nan]])
    assert (series.direction, series.synthetic, series.label.en) == ("context", False, "k")


def test_the_measure_follows_from_what_is_given():
    assert own_series(TABLE, **NAMES).measure == "count"
    assert own_series(TABLE, **NAMES, denominator="n").measure == "proportion"
    rate = own_series(TABLE, **NAMES, denominator="n", per=1000, label=Words("ca", "cases"))
    assert (rate.measure, rate.per, rate.said_unit) == ("rate", 1000, "per 1,000")
    np.testing.assert_allclose(rate.values[0, 0], 100)
    assert own_series(TABLE, **NAMES, denominator="n", measure="rate").measure == "rate"


def test_a_denominator_that_is_not_whole_makes_a_rate():
    rate = own_series(TABLE.assign(n=[10.5, 20, 30.25, np.nan]), **NAMES, denominator="n")
    assert (rate.measure, rate.per, rate.said_unit) == ("rate", 1, "")
    np.testing.assert_allclose(rate.values[0], [1 / 10.5, np.nan, 0.1])


def test_measured_values_may_be_negative_and_no_analysis_of_counts_takes_them():
    series = own_series(TABLE.assign(k=[-1.5, 2, 0, np.nan]), **NAMES, measure="value")
    assert (series.measure, series.said_unit) == ("value", "")
    np.testing.assert_array_equal(series.values, [[-1.5, np.nan, 2], [0, np.nan, np.nan]])
    assert (series.states == "shown").sum() == 3  # 0 is a value
    for asked in (
        lambda: series.counts,
        lambda: total(series),
        lambda: funnel(series, "2018-Q1"),
        lambda: shrink_series(series, "2018-Q1"),
    ):
        with pytest.raises(ValueError, match=r".+ / .+"):
            asked()


@pytest.mark.parametrize(
    ("years", "parts", "heading", "periods", "season"),
    [
        ([2018, 2018, 2019], [11, 12, 1], "month", ("2018-11", "2018-12", "2019-01"), 12),
        (["2018", "2018"], ["1", "2"], "Tháng", ("2018-01", "2018-02"), 12),
        (["Năm 2018", "2018"], ["Mar", "tháng 4"], "thg", ("2018-03", "2018-04"), 12),
        ([2018.0, 2018.0, 2019.0], [3.0, 4.0, 1.0], "quarter", ("2018-Q3", "2018-Q4", "2019-Q1"), 4),
        (["2018", "2019"], ["IV", "Quý I"], "Quý", ("2018-Q4", "2019-Q1"), 4),
    ],
)
def test_years_and_months_in_two_columns_are_one_time(
    years: list[object], parts: list[object], heading: str, periods: tuple[str, ...], season: int
):
    frame = pd.DataFrame({"y": years, heading: parts, "k": range(len(years))})
    series = own_series(frame, time=("y", heading), count="k")
    assert (series.periods, series.season) == (periods, season)


def test_nobody_out_of_nobody_is_not_applicable():
    series = own_series(TABLE.assign(k=[0, 2, 3, 1], n=[0, 20, 30, 5]), **NAMES, denominator="n")
    assert series.states[0, 0] == "not_applicable"
    assert np.isnan(series.counts[0, 0])


def test_a_table_without_units_is_one_unit():
    series = own_series(TABLE.iloc[:2], time="when", count="k")
    assert series.units == (ALL,)
    assert series.name(ALL).vi == "toàn bộ"


def test_numbers_as_codes_of_units_stay_codes():
    assert own_series(TABLE.assign(site=[760.0, 760.0, 761.0, 761.0]), **NAMES).units == ("760", "761")


@pytest.mark.parametrize(
    ("changed", "more", "said"),
    [
        ({"k": [1, 2, 3, "x"]}, {}, "Column 'k', row 5: not a number"),
        ({"k": [1, True, 3, 4]}, {}, "row 3: not a number"),
        ({"k": [1, np.inf, 3, 4]}, {}, "row 3: not a number"),
        ({"k": [-1, 2, -3, 4]}, {}, "row 2, 4: negative"),
        ({"k": [0.5, 2, 3, 4]}, {}, "row 2: not whole"),
        ({"k": [11, 2, 3, 4], "n": [10, 20, 30, 40]}, {"denominator": "n"}, "row 2: above column 'n'"),
        ({"n": [None, 20, 30, None]}, {"denominator": "n"}, "Column 'n', row 2: blank where there is a count"),
        ({"n": [0, 20, 30, 40]}, {"denominator": "n"}, "Column 'n', row 2: 0 where the count is above 0"),
        ({"n": [10.5, 20, 30, 40]}, {"denominator": "n", "measure": "proportion"}, "Column 'n', row 2: not whole, so no people"),
        ({"when": ["2018-Q1", "Q1 2018", "2018-Q1", "2018-Q2"]}, {}, "Rows 2 and 3 are one period of one unit"),
        ({"site": ["A", "", "B", None]}, {}, "Column 'site', row 3, 5: blank"),
        ({}, {"unit": None}, "name their column"),
        ({}, {"count": "kk"}, "no column named 'kk' in the table; nearest: 'k'"),
        ({}, {"unit": "when"}, "different columns"),
        ({}, {"measure": "rate"}, "need a column of denominators"),
        ({}, {"measure": "count", "denominator": "n"}, "A count or a measured value has no denominator"),
        ({}, {"measure": "mean"}, "one of count, proportion, rate, value"),
        ({}, {"denominator": "n", "per": 0}, "above 0"),
        ({}, {"denominator": "n", "per": 5, "measure": "proportion"}, "for a rate only"),
        ({}, {"denominator": "n", "measure": "value"}, "A count or a measured value has no denominator"),
        ({"k": [-1, 2, 3, 4]}, {}, "choose measure='value'"),
        ({}, {"time": ("when", "other", "k")}, "time is one column, or two"),
        ({"other": ["2018", "13", "x", "4"], "when": ["1", "2", "3", "4"]}, {"time": ("other", "when")}, "'other, when', row 3"),
        ({}, {"direction": "sideways"}, "up, down or context"),
        ({}, {"rows": [7, 9, 12, 13], "count": "site", "unit": None}, "row 7, 9, 12, 13: not a number"),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column_in_both_languages(changed: dict[str, object], more: dict[str, object], said: str):
    frame = TABLE.assign(**{"other": ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"], **changed})
    names = {**NAMES, **more}
    if "rows" in more:
        names["time"] = "other"
    with pytest.raises(OwnTableError) as caught:
        own_series(frame, **names)
    vietnamese, _, english = str(caught.value).partition(" / ")
    assert said in english
    assert vietnamese
    assert vietnamese != english


def test_no_message_repeats_what_stands_in_a_cell():
    for changed in ({"k": [1, 2, 3, "0903 123 456"]}, {"when": ["2018-Q1", "Nguyễn Văn An", "2018-Q1", "2018-Q2"]}):
        with pytest.raises(OwnTableError) as caught:
            own_series(TABLE.assign(**changed), **NAMES)
        assert "0903" not in str(caught.value)
        assert "Nguyễn" not in str(caught.value)


def test_empty_and_twice_named_tables_are_refused():
    with pytest.raises(OwnTableError, match="no row"):
        own_series(TABLE.iloc[:0], **NAMES)
    with pytest.raises(OwnTableError, match="2 columns named 'k'"):
        own_series(pd.concat([TABLE, TABLE[["k"]]], axis=1), **NAMES)


def test_a_sum_of_counts_stands_only_where_all_have_one():
    summed = total(own_series(TABLE, **NAMES))
    np.testing.assert_array_equal(summed.counts, [[4, np.nan, np.nan]])
    assert list(summed.states[0]) == ["shown", "missing", "missing"]


def test_a_share_of_all_is_that_of_those_with_a_number():
    summed = total(own_series(TABLE, **NAMES, denominator="n"), Words("cả", "whole"))
    np.testing.assert_array_equal(summed.counts, [[4, np.nan, 2]])
    np.testing.assert_allclose(summed.values, [[0.1, np.nan, 0.1]])
    assert summed.name(ALL).en == "whole"


def test_a_sum_is_that_of_pandas_where_nothing_is_missing():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(u, f"2018-Q{q}", int(k)) for u in "ABC" for q in (1, 2, 3, 4) for k in rng.poisson(9, 1)], columns=["u", "t", "k"]
    )
    series = own_series(frame.sample(frac=1, random_state=3), unit="u", time="t", count="k")
    np.testing.assert_array_equal(total(series).counts[0], frame.groupby("t")["k"].sum())


def test_days_are_periods_where_they_are_regular_and_can_be_read_in_one_way_alone():
    assert regular_days(["01/01/2018", "08/01/2018", "15/01/2018"], ["2018-01-10"]) == [
        "2018-01-01",
        "2018-01-08",
        "2018-01-15",
        "2018-01-10",
    ]
    assert regular_days(["1/1/2018", "2/1/2018", "3/1/2018"]) is None  # days, or months that an American wrote
    assert regular_days(["2018-01-01", "2018-01-08", "2018-01-13"]) is None
    assert regular_days(["2018-01-01", "January"]) is None
