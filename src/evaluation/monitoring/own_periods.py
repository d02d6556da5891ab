"""How a column of times becomes periods at equal distances, whoever wrote it: quarters, months, years, first or last days, numbers."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evaluation.language import Words
from evaluation.monitoring.given_numbers import absent
from evaluation.periods import FIRST_YEAR, LAST_YEAR, Period, PeriodError

MOST_PERIODS = 2_000
_MOST_GAPS = 4  # periods in all for one that has a row
_FEW = 24
_SHOWN_ROWS = 5

_MONTH_FIRST = re.compile(r"(?:thang\s*|t\s*)?(?P<month>0?[1-9]|1[0-2])\s*(?:[/.-]|nam|\s)\s*(?:nam\s*)?(?P<year>[0-9]{4})")
_YEAR_FIRST = re.compile(
    r"(?P<year>[0-9]{4})\s*(?:[/.m-]|-m|thang)?\s*(?P<month>0[1-9]|1[0-2])|(?P<year_>[0-9]{4})\s*[/.-]\s*(?P<month_>[1-9])"
)
_DAY_FIRST = re.compile(r"(?P<day>[0-3]?[0-9])[/.-](?P<month>[01]?[0-9])[/.-](?P<year>[0-9]{4})")
_ISO_DAY = re.compile(r"(?P<year>[0-9]{4})[/.-]?(?P<month>[01][0-9])[/.-]?(?P<day>[0-3][0-9])")
_CLOCK = re.compile(r"[ T]0{1,2}:00(?::00)?(?:\.0+)?(?:Z|\+00:00)?")
_ENGLISH = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name}
_NAMED = re.compile(r"(?P<name>[a-z]{3,9})[\s./-]+(?P<year>[0-9]{4})")
_INTEGER = re.compile(r"(?P<whole>[0-9]{1,9})(?:\.0+)?")
_YEAR_AND_PART = re.compile(r"(?P<year>[0-9]{4})(?:\.(?P<part>0+|250*|50*|750*))?")
_AMBIGUOUS = re.compile(r"[1-4]\s*/\s*[0-9]{4}")

WAY_OUT = Words(
    "Hãy viết kỳ như 2018-Q4, 2018-03, 2018 hoặc một số nguyên, một cách cho cả cột",
    "Write periods as 2018-Q4, 2018-03, 2018 or a whole number, in one way for the whole column",
)


@dataclass(frozen=True)
class Times:
    """A column of times, read.

    Attributes
    ----------
    periods : tuple of str
        All periods from first to last at equal distances, in time order, also
        those without a row: "2018-Q4", "2018-03", "2018", or "7".
    season : int
        Periods in a year; 1 where there is no season to speak of.
    phases : tuple of int
        Place of each period in its year, 1 to `season`.
    of_row : tuple of str
        Period of each row.
    """

    periods: tuple[str, ...]
    season: int
    phases: tuple[int, ...]
    of_row: tuple[str, ...]


class UnreadTimes(ValueError):
    """Times that make no periods.

    Parameters
    ----------
    places : sequence of int
        Rows, from 0, that are to blame; none where the whole column is.
    why : Words
    """

    def __init__(self, places: Sequence[int], why: Words) -> None:
        super().__init__(f"{why.vi} / {why.en}")
        self.places = tuple(places)
        self.why = why


def read_times(column: Sequence[object]) -> Times:
    """Read a column of times.

    Parameters
    ----------
    column : sequence
        Text, whole numbers, dates, time stamps or pandas periods; one kind in
        all rows. Quarters and years are read in every writing that
        `Period.parse` knows; months as "2018-03", "2018M03", "201803",
        "03/2018", "tháng 3/2018", "Mar 2018"; days, the day first or as
        "2018-03-31", only where all are the first or all the last of a month,
        quarter or year; whole numbers of up to nine digits are periods
        without a season, also where a table wrote 1990 as "1990.0";
        1990.25, 1990.5 and 1990.75 beside 1990 are quarters.

    Notes
    -----
    Where at least three periods all lie equally far apart, that is the
    distance (every fourth quarter: a survey once a year). Everywhere else a
    period that has no row is a gap, and is among `periods`.

    "3/2018" is a month only where another row shows that the column counts
    months ("9/2018", "03/2018"): alone it may be a quarter.

    Raises
    ------
    UnreadTimes
        For a time in no such writing, rows of different kinds, days in
        between, and periods so far apart that almost all would be gaps.
    """
    texts = [_written(x) for x in column]
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows_of.setdefault(text, []).append(row)
    if not rows_of:
        raise UnreadTimes((), Words("không có dòng nào", "there is no row"))
    if "" in rows_of:
        raise UnreadTimes(rows_of[""], Words(f"để trống. {WAY_OUT.vi}", f"blank. {WAY_OUT.en}"))
    kind, ordinals = _kind(rows_of)
    step = _step(sorted(set(ordinals.values())))
    first, last = min(ordinals.values()), max(ordinals.values())
    count = (last - first) // step + 1
    if count > MOST_PERIODS or count > _FEW + _MOST_GAPS * len(set(ordinals.values())):
        raise UnreadTimes(
            (),
            Words(
                f"các kỳ cách nhau quá xa, hầu như toàn chỗ trống. {WAY_OUT.vi}", f"lie so far apart that almost all is gaps. {WAY_OUT.en}"
            ),
        )
    places = range(first, last + 1, step)
    season = kind.a_year // step if kind.a_year > 1 and kind.a_year % step == 0 else 1
    phases = tuple((o % kind.a_year) // step + 1 if season > 1 else 1 for o in places)
    return Times(tuple(kind.write(o) for o in places), season, phases, tuple(kind.write(ordinals[t]) for t in texts))


def joined(years: Sequence[object], parts: Sequence[object], *, heading: str) -> list[str]:
    """Return times from a column of years and one of their months, or of quarters where its heading begins with q ("quý", "quarter").

    Parameters
    ----------
    years, parts : sequence
        "2018" and "3", "03", "Mar", "tháng 3", "Q1", "I".
    heading : str
        Of the parts.

    Returns
    -------
    list of str
        As `read_times` reads them; blank where either is.
    """
    quarters = _written(heading).startswith("q")

    def one(year: object, part: object) -> str:
        in_year, text = _written(year).removeprefix("nam "), _written(part)
        if not in_year or not text:
            return ""
        if quarters:
            return f"{text if text.startswith('q') else f'Q{text}'}/{in_year}"
        return f"{f'{int(text):02d}' if text.isdecimal() else text}/{in_year}"

    return [one(year, part) for year, part in zip(years, parts, strict=True)]


def regular_days(column: Sequence[object], more: Sequence[object] = ()) -> list[str] | None:
    """Return days of a week or of any other regular distance as "2018-03-05", which stand in their order; None where they are not regular.

    None too where all might be read month first, as "02/01/2018".

    Parameters
    ----------
    column : sequence
        Days as `read_times` reads them, the day first or as "2018-03-05".
    more : sequence
        Further days, which may lie between; they come last in the answer.
    """
    days = [_day(_written(x)) for x in (*column, *more)]
    if not column or any(day is None for day in days):
        return None
    numbers = sorted({day.toordinal() for day in days[: len(column)] if day is not None})
    apart = [b - a for a, b in pairwise(numbers)]
    either_way = any(_DAY_FIRST.fullmatch(_written(x)) for x in column) and all(day.day <= 12 for day in days if day is not None)
    if not apart or either_way or any(gap % min(apart) for gap in apart) or sum(apart) > _MOST_GAPS * len(apart) * min(apart):
        return None
    return [str(day) for day in days]


def _written(x: object) -> str:
    """Return one time as text without marks, in lower case; blank for anything missing."""
    if str(x) in ("NaT", "<NA>") or absent(x):
        return ""
    if isinstance(x, float) and x.is_integer():
        x = int(x)
    bare = "".join(c for c in unicodedata.normalize("NFKD", str(x)).casefold() if not unicodedata.combining(c))
    return _CLOCK.sub("", " ".join(bare.split()))


@dataclass(frozen=True)
class _Kind:
    """A kind of period: how a text is read as a running number, how that is written, how many make a year."""

    name: Words
    a_year: int
    read: Callable[[str], int | None]
    write: Callable[[int], str]


def _quarter(text: str) -> int | None:
    try:
        period = Period.parse(text)
    except PeriodError:
        return None
    return 4 * period.year + period.quarter - 1 if period.quarter else None


def _year(text: str) -> int | None:
    try:
        period = Period.parse(text)
    except PeriodError:
        return None
    return period.year if period.quarter is None else None


def _month(text: str) -> int | None:
    if named := _NAMED.fullmatch(text):
        number = _ENGLISH.get(named["name"][:3])
        return _in_years(int(named["year"]), number) if number else None
    if found := _MONTH_FIRST.fullmatch(text):
        return _in_years(int(found["year"]), int(found["month"]))
    if found := _YEAR_FIRST.fullmatch(text):
        return _in_years(int(found["year"] or found["year_"]), int(found["month"] or found["month_"]))
    return None


def _in_years(year: int, month: int) -> int | None:
    return 12 * year + month - 1 if FIRST_YEAR <= year <= LAST_YEAR else None


def _integer(text: str) -> int | None:
    found = _INTEGER.fullmatch(text)
    return int(found["whole"]) if found else None


def _year_and_part(text: str) -> int | None:
    """Return the running number of a quarter written as a year and a part of it: 2012.25 is the second one."""
    found = _YEAR_AND_PART.fullmatch(text)
    if not found or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        return None
    return 4 * int(found["year"]) + round(4 * float(f"0.{found['part'] or 0}"))


def _write_month(ordinal: int) -> str:
    return f"{ordinal // 12}-{ordinal % 12 + 1:02d}"


_QUARTERS = _Kind(Words("quý", "a quarter"), 4, _quarter, lambda o: f"{o // 4}-Q{o % 4 + 1}")
_YEARS = _Kind(Words("năm", "a year"), 1, _year, str)
_MONTHS = _Kind(Words("tháng", "a month"), 12, _month, _write_month)
_INTEGERS = _Kind(Words("số nguyên", "a whole number"), 1, _integer, str)
_QUARTERS_IN_YEARS = _Kind(_QUARTERS.name, 4, _year_and_part, _QUARTERS.write)
_KINDS = (_QUARTERS, _YEARS, _MONTHS, _INTEGERS)


def _kind(rows_of: dict[str, list[int]]) -> tuple[_Kind, dict[str, int]]:
    """Return the kind that reads all texts, and their running numbers."""
    read = {text: _day(text) for text in rows_of}
    days = {text: day for text, day in read.items() if day is not None}
    if len(days) == len(rows_of):
        return _of_days(days, rows_of)
    kinds = (*_KINDS, _QUARTERS_IN_YEARS) if any(t.endswith((".25", ".75")) for t in rows_of) else _KINDS
    readings = [(kind, {t: o for t in rows_of if (o := kind.read(t)) is not None}) for kind in kinds]
    best, ordinals = max(readings, key=lambda r: len(r[1]))
    unread = _rows(rows_of, (t for t in rows_of if t not in ordinals))
    if unread:
        what = (
            Words(f"không phải {best.name.vi} như ở các dòng khác", f"not {best.name.en} as in the other rows")
            if ordinals
            else Words("không đọc được thành kỳ", "cannot be read as periods")
        )
        raise UnreadTimes(unread, Words(f"{what.vi}. {WAY_OUT.vi}; bỏ dòng tổng", f"{what.en}. {WAY_OUT.en}; leave rows of totals out"))
    if best is _MONTHS and all(_AMBIGUOUS.fullmatch(t) for t in rows_of):
        raise UnreadTimes(
            (),
            Words(
                "'3/2018' có thể là tháng hoặc quý. Hãy viết 2018-03 (tháng) hoặc 2018-Q3 (quý)",
                "'3/2018' may be a month or a quarter. Write 2018-03 (month) or 2018-Q3 (quarter)",
            ),
        )
    return best, ordinals


def _rows(rows_of: dict[str, list[int]], texts: Iterable[str]) -> list[int]:
    return sorted(row for text in texts for row in rows_of[text])


def _day(text: str) -> dt.date | None:
    found = _DAY_FIRST.fullmatch(text) or _ISO_DAY.fullmatch(text)
    try:
        day = dt.date(int(found["year"]), int(found["month"]), int(found["day"])) if found else None
    except ValueError:
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _of_days(days: dict[str, dt.date], rows_of: dict[str, list[int]]) -> tuple[_Kind, dict[str, int]]:
    """Return the longest kind of period of which all days are the first or all the last."""
    months = {t: 12 * d.year + d.month - 1 for t, d in days.items()}
    firsts = all(d.day == 1 for d in days.values())
    lasts = all(d.day == calendar.monthrange(d.year, d.month)[1] for d in days.values())
    if not (firsts or lasts):
        middles = (t for t, d in days.items() if d.day not in (1, calendar.monthrange(d.year, d.month)[1]))
        why = Words(
            "là ngày ở giữa kỳ. Hãy cộng số liệu theo tháng hoặc quý trước, và viết 2018-03 hoặc 2018-Q1",
            "days within a period. Add up by month or quarter first, and write 2018-03 or 2018-Q1",
        )
        raise UnreadTimes(_rows(rows_of, middles), why)
    for kind in (_YEARS, _QUARTERS, _MONTHS):
        long = 12 // kind.a_year
        if all(m % long == (0 if firsts else long - 1) for m in months.values()):
            return kind, {t: m // long for t, m in months.items()}
    raise AssertionError("every month is a month")


def _step(ordered: Sequence[int]) -> int:
    """Return the distance of periods: the common one of at least three, else one."""
    apart = {b - a for a, b in pairwise(ordered)}
    return apart.pop() if len(ordered) > 2 and len(apart) == 1 else 1


def said_rows(rows: Sequence[Hashable]) -> str:
    """Return row numbers as a reader lists them, the first few."""
    return ", ".join(str(r) for r in rows[:_SHOWN_ROWS]) + (", …" if len(rows) > _SHOWN_ROWS else "")
