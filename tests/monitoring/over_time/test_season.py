"""Columns for season and Tết: full rank, Tết where it falls, refusals that say what to do."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from evaluation.monitoring.over_time.season import days_of, season_columns, tet_dates, tet_moves, tet_share


def test_tet_dates_are_those_of_the_vietnamese_calendar() -> None:
    dates = tet_dates()
    assert sorted(dates) == list(range(2009, 2031))
    # Published holidays of six years; in 2030 the Chinese calendar has the day after.
    known = {2009: (1, 26), 2015: (2, 19), 2016: (2, 8), 2018: (2, 16), 2023: (1, 22), 2030: (2, 2)}
    assert all(dates[y] == dt.date(y, *known[y]) for y in known)
    # A lunar year has 12 or 13 months of 29 or 30 days.
    gaps = np.diff([d.toordinal() for d in dates.values()])
    assert set(gaps) <= {354, 355, 383, 384, 385}


def test_quarters_have_an_effect_each_and_months_waves() -> None:
    phases = np.arange(48)
    quarters = season_columns(phases % 4 + 1, 4)
    assert quarters.shape == (48, 3)
    months = season_columns(phases % 12 + 1, 12)
    assert months.shape == (48, 4)
    for columns in (quarters, months):
        whole = np.column_stack([np.ones(48), phases, columns])
        assert np.linalg.matrix_rank(whole) == whole.shape[1]
    assert season_columns(np.ones(5), 1).shape == (5, 0)


def test_two_waves_over_four_quarters_are_the_same_season_as_an_effect_each() -> None:
    phases = np.arange(16) % 4 + 1
    waves, effects = season_columns(phases, 4, "fourier", 2), season_columns(phases, 4, "indicator")
    one, both = np.column_stack([np.ones(16), waves]), np.column_stack([np.ones(16), waves, effects])
    assert waves.shape[1] == 3
    assert np.linalg.matrix_rank(both) == np.linalg.matrix_rank(one) == 4


def test_tet_moves_between_january_and_february_and_never_leaves_the_first_quarter() -> None:
    # 16 February 2018: its week before and after lie in February; 28 January 2017: 4 of 15 days are in February.
    np.testing.assert_allclose(tet_share(["2018-01", "2018-02", "2018-03"]), [0, 15 / 28, 0])
    np.testing.assert_allclose(tet_share(["2017-01", "2017-02"]), [11 / 31, 4 / 28])
    years = range(2009, 2031)
    first = tet_share([f"{y}-Q1" for y in years])
    assert (first * [91 if y % 4 == 0 else 90 for y in years]).round() == pytest.approx(15.0)
    assert not tet_share([f"{y}-Q{q}" for y in years for q in (2, 3, 4)]).any()
    assert tet_moves(["2018-01", "2018-02"], 12)
    assert not tet_moves(["2018-Q1", "2018-Q2"], 4)
    assert not tet_moves(["1", "2"], 12)


def test_days_of_a_period() -> None:
    assert days_of("2016-02") == (dt.date(2016, 2, 1), dt.date(2016, 2, 29))
    assert days_of("2016-Q4") == (dt.date(2016, 10, 1), dt.date(2016, 12, 31))
    assert days_of("week 3") is None


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: season_columns([1, 5], 4), "between 1 and season=4"),
        (lambda: season_columns([1, 2], 4, "spline"), "Choose auto"),
        (lambda: season_columns([1, 2], 4, "fourier", 3), "1 to 2"),
        (lambda: tet_share(["7"]), "write periods as 2018-02"),
        (lambda: tet_share(["2050-02"]), "within 2009 to 2030"),
        (lambda: tet_share(["2018-02"], before=-1), "cannot be negative"),
    ],
)
def test_refusals_say_what_to_do_in_both_languages(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        call()  # type: ignore[operator]
    assert " / " in str(caught.value)
