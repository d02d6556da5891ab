"""Columns of a design for the season of the year and for Tết, whose month moves.

Quarters: Tết falls in the first quarter of every year, so that the quarters'
own effects carry it and no further term is needed or can be told from them.
Months: Tết falls in January or in February, and a month's effect cannot
follow it; the share of the month's days within a window around the new year can.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.periods import Period, PeriodError, month_of
from evaluation.settings import folders

MONTHS_A_YEAR = 12
# From a week before the new year (ông Táo, journeys home) to a week after it.
DAYS_BEFORE, DAYS_AFTER = 7, 7
# Up to so many periods a year each has an effect of its own; above, two pairs of sine and cosine take their place.
MOST_INDICATORS = 4
FOURIER_PAIRS = 2

_Floats = NDArray[np.float64]


def season_columns(phases: ArrayLike, season: int, kind: str = "auto", pairs: int = FOURIER_PAIRS) -> _Floats:
    """Return the columns that follow the season.

    Parameters
    ----------
    phases : array_like of shape (periods,)
        Place of each period in its year, 1 to `season`.
    season : int
        Periods in a year; 1 means that there is none.
    kind : {"auto", "indicator", "fourier"}
        An effect for every phase but the first, or pairs of sine and cosine;
        "auto" takes the first up to four periods a year and the second above.
    pairs : int
        Pairs of sine and cosine; at half the season's length the sine is zero
        at every period and left out.

    Returns
    -------
    ndarray of shape (periods, columns)
        No column where there is no season.

    Raises
    ------
    ValueError
        If the kind is unknown, a phase is outside the year, or the pairs are more than half the season.

    References
    ----------
    Bhaskaran et al. 2013, International Journal of Epidemiology 42:1187-1195 (both forms).
    """
    place = np.asarray(phases, dtype=float)
    if kind not in ("auto", "indicator", "fourier"):
        raise ValueError(f"kind={kind!r}: chọn auto, indicator hoặc fourier. / Choose auto, indicator or fourier.")
    if season < 1 or ((place < 1) | (place > season)).any():
        raise ValueError(f"phases phải từ 1 đến season={season}. / phases must lie between 1 and season={season}.")
    if season == 1:
        return np.zeros((len(place), 0))
    if kind == "indicator" or (kind == "auto" and season <= MOST_INDICATORS):
        return np.column_stack([place == phase for phase in range(2, season + 1)]).astype(float)
    if not 1 <= 2 * pairs <= season:
        raise ValueError(
            f"pairs={pairs} không hợp với season={season}: từ 1 đến {season // 2}. / "
            f"pairs={pairs} does not fit season={season}: 1 to {season // 2}."
        )
    columns: list[_Floats] = []
    for k in range(1, pairs + 1):
        angle = 2 * np.pi * k * place / season
        columns += [np.cos(angle)] if 2 * k == season else [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


@cache
def tet_dates() -> dict[int, dt.date]:
    """Return the first day of the lunar new year by year (`data/reference/tet.csv`)."""
    with (folders().data / "reference" / "tet.csv").open(encoding="utf-8", newline="") as f:
        return {int(row["year"]): dt.date.fromisoformat(row["new_year"]) for row in csv.DictReader(f)}


def days_of(period: str) -> tuple[dt.date, dt.date] | None:
    """Return first and last day of a period by the calendar, or None where its name gives none.

    Parameters
    ----------
    period : str
        A month ("2018-02", "2018-M2"), a quarter ("2018-Q1") or a year ("2018").
    """
    if month := month_of(period):
        first = dt.date(*month, 1)
        return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    try:
        known = Period.parse(str(period))
    except PeriodError:
        return None
    return known.start, known.end


def tet_share(periods: Sequence[str], before: int = DAYS_BEFORE, after: int = DAYS_AFTER) -> _Floats:
    """Return the share of each period's days that lie around the lunar new year.

    Parameters
    ----------
    periods : sequence of str
        As in `days_of`.
    before, after : int
        The window, in days before and after the first day of the year.

    Returns
    -------
    ndarray of shape (periods,)
        0 to 1.

    Raises
    ------
    ValueError
        If a period has no days that are known, or lies outside the years of `tet_dates`.
    """
    if before < 0 or after < 0:
        raise ValueError("before và after không được âm. / before and after cannot be negative.")
    shares = []
    for period in periods:
        days, new_year = days_of(period), tet_dates()
        if days is None or not all(d.year in new_year for d in days):
            raise ValueError(
                f"Không biết Tết rơi vào ngày nào của kỳ {period!r}: ghi kỳ như 2018-02 hoặc 2018-Q1, trong các năm "
                f"{min(new_year)} đến {max(new_year)}. / Which days of the period {period!r} are Tết is not known: "
                f"write periods as 2018-02 or 2018-Q1, within {min(new_year)} to {max(new_year)}."
            )
        first, last = days
        held = 0
        for year in {first.year, last.year}:
            opens, closes = new_year[year] - dt.timedelta(days=before), new_year[year] + dt.timedelta(days=after)
            held += max(0, (min(last, closes) - max(first, opens)).days + 1)
        shares.append(held / ((last - first).days + 1))
    return np.array(shares)


def tet_moves(periods: Sequence[str], season: int) -> bool:
    """Tell whether a Tết term is needed and can be made: months whose days and new years are known."""
    if season != MONTHS_A_YEAR:
        return False
    days = [days_of(p) for p in periods]
    return all(d is not None and d[0].year in tet_dates() for d in days)
