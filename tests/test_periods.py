"""Quarters, years and the plan's deadlines."""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.periods import Period, PeriodError, month_of, quarters, said_period

years = st.integers(1995, 2090)
some_quarter = st.builds(Period, years, st.integers(1, 4))
some_year = st.builds(Period, years)
some_period = some_quarter | some_year


@pytest.mark.parametrize(
    "text",
    [
        "2018-Q4",
        "2018q4",
        "2018 Q4",
        "Q4 2018",
        "Q42018",
        "q.4/2018",
        "Quý IV/2018",
        "Quý 4/2018",
        "quý iv năm 2018",
        "QUÝ IV NĂM 2018",
        "Qúy IV/2018",
        "Quy 4 nam 2018",
        "  quý   IV / 2018 ",
        "quý Ⅳ/2018",
    ],
)
def test_writings_of_a_quarter(text: str) -> None:
    assert Period.parse(text) == Period(2018, 4)


@pytest.mark.parametrize("text", ["2018", "Năm 2018", "nam 2018", " NĂM  2018 "])
def test_writings_of_a_year(text: str) -> None:
    assert Period.parse(text) == Period(2018)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Q4",
        "2018-Q5",
        "2018-Q0",
        "Quý V/2018",
        "Quý IIII/2018",
        "4/2018",
        "IV/2018",
        "2018-12",
        "18-Q4",
        "20188",
        "2018-Q44",
        "Q42018x",
    ],
)
def test_what_is_no_period_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(PeriodError) as error:
        Period.parse(text)
    assert "Hãy viết như" in str(error.value)
    assert "Write it as" in str(error.value)


@pytest.mark.parametrize(("year", "quarter"), [(2018, 0), (2018, 5), (1989, 1), (2100, None)])
def test_numbers_out_of_range_are_refused(year: int, quarter: int | None) -> None:
    with pytest.raises(PeriodError, match="There is no period"):
        Period(year, quarter)


def test_labels() -> None:
    assert (Period(2018, 4).label("vi"), Period(2018, 4).label("en"), str(Period(2018, 4))) == ("Quý IV/2018", "Q4 2018", "2018-Q4")
    assert (Period(2018).label("vi"), Period(2018).label("en"), str(Period(2018))) == ("Năm 2018", "2018", "2018")


@given(some_period, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.sampled_from([str.lower, str.upper, str.title, str]))
def test_every_writing_is_read_back(period: Period, form: Literal["NFC", "NFD", "NFKC", "NFKD"], case: Callable[[str], str]) -> None:
    for text in (str(period), period.label("vi"), period.label("en")):
        assert Period.parse(unicodedata.normalize(form, case(text))) == period


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        period = Period.parse(text)
    except PeriodError:
        return
    assert str(period.year) in unicodedata.normalize("NFKC", text)


@given(some_quarter, st.integers(-60, 60), st.integers(-60, 60))
def test_shifts_add_up(period: Period, a: int, b: int) -> None:
    try:
        moved = period.shift(a).shift(b)
    except PeriodError:
        return
    assert moved == period.shift(a + b)
    assert moved.shift(-a - b) == period


@given(some_period)
def test_the_year_before(period: Period) -> None:
    assert period.year_before == period.shift(-4 if period.quarter else -1)
    assert period.year_before < period


@given(some_quarter, some_quarter)
def test_order_is_the_order_of_time(a: Period, b: Period) -> None:
    assert (a < b) == (a.start < b.start)
    assert (a <= b) == (a.end <= b.end)


def test_a_year_follows_its_quarters() -> None:
    year = Period(2018)
    assert sorted([Period(2019, 1), year, *year.quarters]) == [*year.quarters, year, Period(2019, 1)]


def test_a_period_is_not_compared_with_a_text() -> None:
    with pytest.raises(TypeError):
        assert Period(2018, 4) < "2019-Q1"


def test_the_fourth_quarter_of_2018() -> None:
    period = Period(2018, 4)
    assert (period.start, period.end) == (dt.date(2018, 10, 1), dt.date(2018, 12, 31))
    assert period.window == (dt.date(2018, 9, 15), dt.date(2018, 12, 14))
    assert period.district_due == dt.date(2018, 12, 14)
    assert period.department_due == dt.date(2018, 12, 19)


def test_a_first_quarter_counts_from_december() -> None:
    period = Period(2019, 1)
    assert period.window == (dt.date(2018, 12, 15), dt.date(2019, 3, 14))
    assert period.end == dt.date(2019, 3, 31)


def test_the_year_shares_its_dates_with_the_fourth_quarter() -> None:
    year, fourth = Period(2018), Period(2018, 4)
    assert (year.district_due, year.department_due) == (fourth.district_due, fourth.department_due)
    assert year.window == (dt.date(2017, 12, 15), dt.date(2018, 12, 14))
    assert (year.start, year.end) == (dt.date(2018, 1, 1), dt.date(2018, 12, 31))


@given(some_period)
def test_the_plan_says_before_the_15th_and_before_the_20th(period: Period) -> None:
    for due, day_named in ((period.district_due, 15), (period.department_due, 20)):
        assert due + dt.timedelta(days=1) == dt.date(period.year, period.end.month, day_named)
    assert period.district_due <= period.department_due <= period.end


@given(some_period)
def test_windows_neither_overlap_nor_leave_a_gap(period: Period) -> None:
    assert period.window[1] + dt.timedelta(days=1) == period.shift(1).window[0]
    assert period.end + dt.timedelta(days=1) == period.shift(1).start
    assert period.start <= period.middle <= period.end


@given(some_year)
def test_a_years_window_is_that_of_its_quarters(year: Period) -> None:
    assert [q.quarter for q in year.quarters] == [1, 2, 3, 4]
    assert (year.quarters[0].window[0], year.quarters[-1].window[1]) == year.window


def test_the_middle_of_a_quarter_is_as_far_from_both_ends() -> None:
    period = Period(2018, 3)  # 92 days: 46 before the second middle day
    assert period.middle == dt.date(2018, 8, 15)


@given(some_quarter, st.integers(0, 40))
def test_a_row_of_quarters_has_them_all_in_order(first: Period, n: int) -> None:
    try:
        last = first.shift(n)
    except PeriodError:
        return
    row = quarters(first, last)
    assert (row[0], row[-1], len(row)) == (first, last, n + 1)
    assert all(b == a.shift(1) for a, b in itertools.pairwise(row))


def test_a_row_of_quarters_of_years() -> None:
    row = quarters(Period(2015), Period(2018))
    assert (len(row), str(row[0]), str(row[-1])) == (16, "2015-Q1", "2018-Q4")


def test_a_row_of_quarters_backwards_is_refused() -> None:
    with pytest.raises(PeriodError, match="Exchange the two"):
        quarters(Period(2018, 4), Period(2018, 3))


@pytest.mark.parametrize(
    ("name", "vi", "en", "short"),
    [
        ("2018-Q4", "Quý IV/2018", "Q4 2018", "Q4 2018"),
        ("2018-03", "tháng 3/2018", "March 2018", "Mar 2018"),
        ("2018-M3", "tháng 3/2018", "March 2018", "Mar 2018"),
        ("2018", "Năm 2018", "2018", "2018"),
        ("7", "kỳ 7", "period 7", "7"),
        ("20181", "kỳ 20181", "period 20181", "20181"),
        ("đợt 2", "đợt 2", "đợt 2", "đợt 2"),
    ],
)
def test_every_kind_of_period_is_written_for_a_reader(name: str, vi: str, en: str, short: str) -> None:
    assert (said_period(name, "vi"), said_period(name, "en"), said_period(name, "en", short=True)) == (vi, en, short)


def test_a_period_within_a_sentence_has_no_capital() -> None:
    assert [said_period(p, "vi", inside=True) for p in ("2018-Q4", "2018", "2018-03")] == ["quý IV/2018", "năm 2018", "tháng 3/2018"]
    assert said_period("2018-Q4", "en", inside=True) == "Q4 2018"
    assert said_period("2018-03", "vi", short=True) == "3/2018"


def test_a_month_is_known_by_its_writing_alone() -> None:
    assert [month_of(p) for p in ("2018-03", "201812", "2018-Q1", "2018", "3018-01", "20181")] == [(2018, 3), (2018, 12), *[None] * 4]


def test_words_and_places_load_without_pandas() -> None:
    code = "import sys, evaluation.periods, evaluation.places; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
