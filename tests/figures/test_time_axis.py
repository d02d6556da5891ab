"""What stands under the axis of time, the lines on it, and the source under the figure."""

from __future__ import annotations

import pytest

from evaluation.figures import style
from evaluation.figures.sources import source_line
from evaluation.figures.time_axis import CHANGE, MOST_LABELS, START, before, period_axis, start_handle
from evaluation.language import Words

QUARTERS = [f"{y}-Q{q}" for y in range(2015, 2026) for q in (1, 2, 3, 4)]
DATA = Words("số liệu thử", "data of a test")


def labels(periods: list[str], language: str = "en", name: Words | None = None) -> tuple[bool, list[str], str]:
    ax = style.canvas(None, 2)
    quarterly = period_axis(ax, periods, language, name=name)
    return quarterly, [t.get_text() for t in ax.get_xticklabels()], ax.get_xlabel()


def test_quarters_have_their_year_once() -> None:
    assert labels(QUARTERS[2:6]) == (True, ["Q3\n2015", "Q4", "Q1\n2016", "Q2"], "quarter")
    assert labels(QUARTERS[2:6], "vi") == (True, ["III\n2015", "IV", "I\n2016", "II"], "quý")


@pytest.mark.parametrize("periods", [QUARTERS, [f"20{y:02}-{m:02}" for y in (17, 18) for m in range(1, 13)], ["wave A", "wave B"]])
def test_other_periods_are_written_as_many_as_fit(periods: list[str]) -> None:
    quarterly, written, name = labels(periods)
    assert (quarterly, name) == (False, "period")
    assert 0 < len(written) <= MOST_LABELS


def test_events_are_no_quarters_whatever_their_names() -> None:
    assert labels(["2018-Q1", "2018-Q2"], name=Words("sự việc", "event")) == (False, ["Q1 2018", "Q2 2018"], "event")
    assert labels([])[0] is False


def test_what_starts_and_what_is_counted_anew_differ_without_colour() -> None:
    assert START["linestyle"] != CHANGE["linestyle"]
    ax = style.canvas(None, 2)
    before(ax, 3, START)
    assert list(ax.lines[0].get_xdata()) == [2.5, 2.5]
    assert start_handle("2017-Q1", "vi").get_label() == "bắt đầu từ Quý I/2017"


def test_the_source_is_the_callers_or_that_of_the_data() -> None:
    assert source_line(None, DATA, "vi") == "Nguồn: số liệu thử."
    assert source_line("", DATA, "vi") == ""
    assert source_line("Own words.", DATA, "en") == "Own words."
    assert source_line(None, Words("", ""), "en") == ""
