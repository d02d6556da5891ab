"""Quarters and years: how they are written, counted, and when their reports are due.

The plan (section V) asks districts for the quarter's report before the 15th of
the quarter's last month and for the year's report before 15 December; the
Department's synthesis is due before the 20th. "Before" makes the 14th and the
19th the last days on time. A report that is due before its quarter ends cannot
count the whole quarter, so its data window runs from the 15th of the month
before the quarter to the 14th of the quarter's last month. The windows of
consecutive quarters touch and never overlap.
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Self

FIRST_YEAR, LAST_YEAR = 1990, 2099
ROMAN = ("I", "II", "III", "IV")
WINDOW_OPENS, WINDOW_CLOSES, SYNTHESIS_CLOSES = 15, 14, 19

_NUMERAL = r"(?P<quarter>iv|i{1,3}|[1-4])"
_YEAR = r"(?P<year>[0-9]{4})"
_QUARTER_FIRST = re.compile(rf"(?:quy|q)[\s.]*{_NUMERAL}\s*(?:[/,.-]|nam|\s)?\s*(?:nam\s*)?{_YEAR}")
_YEAR_FIRST = re.compile(rf"(?:nam\s*)?{_YEAR}\s*[/,.-]?\s*(?:quy|q)[\s.]*{_NUMERAL}")
_YEAR_ALONE = re.compile(rf"(?:nam\s*)?{_YEAR}")
_MONTH = re.compile(rf"{_YEAR}(?:(?:[-/]?M|[-/])(?P<month>0?[1-9]|1[0-2])|(?P<two>0[1-9]|1[0-2]))")


class PeriodError(ValueError):
    """A text or number that names no quarter or year; its message is bilingual."""


def _bare(text: str) -> str:
    """Return the text in lower case without marks and with single spaces."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


@functools.total_ordering
@dataclass(frozen=True)
class Period:
    """A calendar quarter, or a year where `quarter` is None.

    Periods are ordered by time; a year comes after its own fourth quarter.

    Parameters
    ----------
    year : int
        1990 to 2099.
    quarter : int or None
        1 to 4, or None for the whole year.

    Raises
    ------
    PeriodError
        If the year or the quarter lies outside these ranges.
    """

    year: int
    quarter: int | None = None

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR or self.quarter not in (None, 1, 2, 3, 4):
            raise PeriodError(
                f"Không có kỳ với năm {self.year!r}, quý {self.quarter!r}: năm từ {FIRST_YEAR} đến {LAST_YEAR}, quý từ 1 đến 4. / "
                f"There is no period of year {self.year!r}, quarter {self.quarter!r}: "
                f"years run from {FIRST_YEAR} to {LAST_YEAR}, quarters from 1 to 4."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a period from its usual writings.

        Parameters
        ----------
        text : str
            "2018-Q4", "2018q4", "Q4 2018", "Q42018", "Quý IV/2018",
            "quý IV năm 2018", "2018" or "Năm 2018"; case, marks and spaces do
            not matter. "4/2018" is refused: it may be a month.

        Returns
        -------
        Period

        Raises
        ------
        PeriodError
            If the text is none of these.
        """
        bare = _bare(text)
        found = _QUARTER_FIRST.fullmatch(bare) or _YEAR_FIRST.fullmatch(bare)
        if found:
            numeral = found["quarter"].upper()
            return cls(int(found["year"]), ROMAN.index(numeral) + 1 if numeral in ROMAN else int(numeral))
        if alone := _YEAR_ALONE.fullmatch(bare):
            return cls(int(alone["year"]))
        raise PeriodError(
            f"Không đọc được kỳ báo cáo {text!r}. Hãy viết như 2018-Q4, Quý IV/2018 hoặc 2018. / "
            f"Cannot read the period {text!r}. Write it as 2018-Q4, Q4 2018 or 2018."
        )

    def __str__(self) -> str:
        return f"{self.year}-Q{self.quarter}" if self.quarter else str(self.year)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Period):
            return NotImplemented
        return (self.year, self.quarter or 5) < (other.year, other.quarter or 5)

    def label(self, language: str) -> str:
        """Write the period for a reader.

        Parameters
        ----------
        language : {"vi", "en"}

        Returns
        -------
        str
            "Quý IV/2018" or "Năm 2018"; "Q4 2018" or "2018".
        """
        if self.quarter is None:
            return f"Năm {self.year}" if language == "vi" else str(self.year)
        if language == "vi":
            return f"Quý {ROMAN[self.quarter - 1]}/{self.year}"
        return f"Q{self.quarter} {self.year}"

    def shift(self, n: int) -> Period:
        """Return the period `n` quarters later (years later for a year; earlier where negative).

        Raises
        ------
        PeriodError
            If that lies outside 1990 to 2099.
        """
        if self.quarter is None:
            return Period(self.year + n)
        years, index = divmod(self.quarter - 1 + n, 4)
        return Period(self.year + years, index + 1)

    @property
    def year_before(self) -> Period:
        """The same quarter of the year before, or the year before."""
        return Period(self.year - 1, self.quarter)

    @property
    def last_month(self) -> int:
        """The period's last month, 1 to 12."""
        return 3 * (self.quarter or 4)

    @property
    def start(self) -> dt.date:
        """First day by the calendar."""
        return dt.date(self.year, 3 * (self.quarter or 1) - 2, 1)

    @property
    def end(self) -> dt.date:
        """Last day by the calendar."""
        return (dt.date(self.year, self.last_month, 28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)

    @property
    def middle(self) -> dt.date:
        """Middle day by the calendar (the earlier of two)."""
        return self.start + (self.end - self.start) // 2

    @property
    def window(self) -> tuple[dt.date, dt.date]:
        """First and last day whose events the period's report counts.

        The 15th of the month before the period, the 14th of its last month.
        """
        before = self.start - dt.timedelta(days=1)
        return before.replace(day=WINDOW_OPENS), dt.date(self.year, self.last_month, WINDOW_CLOSES)

    @property
    def district_due(self) -> dt.date:
        """Last day on which a district's report is on time (plan V.1: before the 15th)."""
        return dt.date(self.year, self.last_month, WINDOW_CLOSES)

    @property
    def department_due(self) -> dt.date:
        """Last day on which the Department's synthesis is on time (plan V.2: before the 20th)."""
        return dt.date(self.year, self.last_month, SYNTHESIS_CLOSES)

    @property
    def quarters(self) -> tuple[Period, ...]:
        """The four quarters of a year; of a quarter, itself alone."""
        if self.quarter is None:
            return tuple(Period(self.year, q) for q in (1, 2, 3, 4))
        return (self,)


def quarters(first: Period, last: Period) -> list[Period]:
    """Return all quarters from `first` to `last`, both included.

    Parameters
    ----------
    first, last : Period
        A year stands for its first quarter as `first`, its fourth as `last`.

    Returns
    -------
    list of Period
        In time order.

    Raises
    ------
    PeriodError
        If `last` comes before `first`.
    """
    here, there = first.quarters[0], last.quarters[-1]
    if there < here:
        raise PeriodError(
            f"Kỳ cuối {last} đứng trước kỳ đầu {first}. Hãy đổi chỗ hai kỳ. / "
            f"The last period {last} comes before the first {first}. Exchange the two."
        )
    count = 4 * (there.year - here.year) + (there.quarter or 0) - (here.quarter or 0)
    return [here.shift(n) for n in range(count + 1)]


def month_of(period: str) -> tuple[int, int] | None:
    """Return year and month of a period that is a month ("2018-03", "2018-M3", "201803"), None of any other."""
    found = _MONTH.fullmatch(str(period).strip())
    if not found or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        return None
    return int(found["year"]), int(found["month"] or found["two"])


def said_period(period: str, language: str, *, short: bool = False, inside: bool = False) -> str:
    """Write the period of a series for a reader: a quarter, a year, a month, a bare number; any other name as it is.

    Parameters
    ----------
    period : str
        "2018-Q4", "2018", "2018-03", "7".
    language : {"vi", "en"}
    short : bool
        For an axis: "3/2018" or "Mar 2018", "2018", "7".
    inside : bool
        Within a sentence, without a capital: "quý IV/2018", "năm 2018".

    Returns
    -------
    str
        "Quý IV/2018", "Năm 2018", "tháng 3/2018", "kỳ 7"; "Q4 2018", "2018", "March 2018", "period 7".
    """
    text = str(period).strip()
    if month := month_of(text):
        year, at = month
        if language == "vi":
            return f"{'' if short else 'tháng '}{at}/{year}"
        return f"{(calendar.month_abbr if short else calendar.month_name)[at]} {year}"
    if short and text.isdecimal():
        return text
    try:
        said = Period.parse(text).label(language)
    except PeriodError:
        return text if not text.isdecimal() else f"kỳ {text}" if language == "vi" else f"period {text}"
    return said[:1].lower() + said[1:] if inside and language == "vi" else said
