"""Anybody's table of counts or measured values becomes a `CountSeries`: what is wrong is said by row and column, nothing guessed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.contracts import MISSING, NOT_APPLICABLE, SHOWN
from evaluation.language import Words, number
from evaluation.monitoring.given_numbers import absent
from evaluation.monitoring.own_periods import Times, UnreadTimes, joined, read_times, said_rows
from evaluation.monitoring.series import COLUMNS, COUNT, PROPORTION, RATE, VALUE, CountSeries
from evaluation.monitoring.total import ALL, EVERYWHERE

if TYPE_CHECKING:
    import pandas as pd

OWN_SOURCE = Words("Bảng số liệu của người dùng", "The user's own table")
DIRECTIONS = ("up", "down", "context")
MEASURES = (COUNT, PROPORTION, RATE, VALUE)
MOST_CELLS = 5_000_000
_HEADER_ROWS = 2  # a spreadsheet counts from 1, and its first row is the header


class OwnTableError(ValueError):
    """A table that makes no series; the message is bilingual, names rows and columns and never repeats what stands there."""


def own_series(
    frame: pd.DataFrame,
    *,
    time: str | Sequence[str],
    count: str,
    unit: str | None = None,
    denominator: str | None = None,
    measure: str | None = None,
    per: float = 1.0,
    label: str | Words | None = None,
    direction: str = "context",
    source: str | Words = OWN_SOURCE,
    synthetic: bool = False,
    rows: Sequence[int] | None = None,
) -> CountSeries:
    """Return the series of anybody's table, one row for each unit and period.

    Parameters
    ----------
    frame : DataFrame
        Only the named columns are looked at.
    time : str or (str, str)
        Column of times as `own_periods.read_times` reads them; or two, of
        years and of months (of quarters where its heading begins with q).
    count : str
        Column of counts: whole and not negative, blank where there is no
        number; of whatever was measured where the measure is "value".
    unit : str, optional
        Column of places, or of whatever is compared; the whole table is one
        unit, "all", where left out.
    denominator : str, optional
        Column of what a count is out of (a proportion) or per (a rate).
    measure : {"count", "proportion", "rate", "value"}, optional
        "count" where there is no denominator, "rate" where `per` is given or
        a denominator is not whole, else "proportion": a part of the
        denominator, never above it. "value": measured, not counted; may be
        negative or fractional, has no denominator, and goes into a control
        chart or a trend.
    per : float
        A rate is per so many of the denominator, above zero.
    label : str or Words, optional
        What is counted; the column's name where left out.
    direction : {"context", "up", "down"}
        Which way is good. Nothing is judged where it is "context".
    source : str or Words
    synthetic : bool
        Whether the numbers are made up.
    rows : sequence of int, optional
        Numbers by which errors name the rows; as a spreadsheet shows them,
        with the header in row 1, where left out.

    Returns
    -------
    CountSeries
        A unit without a row for a period has a gap there, never a zero. "0 of
        0" is "not applicable". Units keep their first order.

    Raises
    ------
    OwnTableError
        For a column that is not there or named twice; times that make no
        periods; two rows of one unit and period; a blank unit; counts (but no
        measured values) that are negative or not whole; a count above what it is part of; a denominator
        missing or zero where there is a count; options that contradict each
        other; more than five million pairs of unit and period.
    """
    when = (time,) if isinstance(time, str) else tuple(time)
    if len(when) not in (1, 2):
        raise _wrong("time là một cột, hoặc hai cột năm và tháng (quý)", "time is one column, or two: years and months (or quarters)")
    _there(frame, [c for c in (unit, *when, count, denominator) if c is not None])
    kind = _measure(measure, denominator, per)
    if direction not in DIRECTIONS:
        raise _wrong("direction phải là up, down hoặc context", "direction must be up, down or context")
    named = list(range(_HEADER_ROWS, len(frame) + _HEADER_ROWS)) if rows is None else list(rows)
    times = _times(frame, when, named)
    units = _units(frame, unit, named)
    _once(units, times.of_row, named, [*([unit] if unit else []), *when])
    counts = _numbers(frame, count, named, kind)
    below = np.full(len(frame), np.nan)
    if denominator is not None:
        if measure is None and _fractional(frame, denominator):
            kind = RATE
        below = _numbers(frame, denominator, named, kind, denominators=True)
        _fit(counts, below, kind, count, denominator, named)
    title = count if label is None else label
    return CountSeries(
        frame=_grid(units, times.of_row, times.periods, counts, below, kind),
        label=title if isinstance(title, Words) else Words(title, title),
        measure=kind,
        per=float(per),
        said_unit=_said_unit(kind, per),
        direction=direction,
        periods=times.periods,
        season=times.season,
        phases=times.phases,
        names={ALL: EVERYWHERE} if unit is None else {},
        synthetic=synthetic,
        source=source if isinstance(source, Words) else Words(source, source),
    )


def _wrong(vi: str, en: str) -> OwnTableError:
    return OwnTableError(f"{vi}. / {en}.")


def _at(rows: Sequence[int], column: str, why: Words) -> OwnTableError:
    """Return the error about a column, and the first few of its rows."""
    said = said_rows(rows)
    vi = f"Cột '{column}'" + (f", dòng {said}" if rows else "")
    en = f"Column '{column}'" + (f", row {said}" if rows else "")
    return OwnTableError(f"{vi}: {why.vi}. / {en}: {why.en}.")


def _times(frame: pd.DataFrame, columns: Sequence[str], named: Sequence[int]) -> Times:
    """Return the periods of the rows, from one column or from two."""
    texts = frame[columns[0]].tolist() if len(columns) == 1 else joined(*(frame[c].tolist() for c in columns), heading=columns[1])
    try:
        return read_times(texts)
    except UnreadTimes as error:
        raise _at([named[p] for p in error.places], ", ".join(columns), error.why) from None


def _there(frame: pd.DataFrame, asked: Sequence[str]) -> None:
    if frame.empty:
        raise _wrong("Bảng không có dòng nào", "The table has no row")
    for name in asked:
        times = list(frame.columns).count(name)
        if times != 1:
            if times:
                raise _wrong(f"Có {times} cột tên '{name}' trong bảng", f"There are {times} columns named '{name}' in the table")
            near = ", ".join(f"'{c}'" for c in difflib.get_close_matches(str(name), [str(c) for c in frame.columns], 3))
            raise _wrong(
                f"Không có cột tên '{name}' trong bảng" + (f"; gần nhất: {near}" if near else ""),
                f"There is no column named '{name}' in the table" + (f"; nearest: {near}" if near else ""),
            )
    if len(set(asked)) < len(asked):
        raise _wrong(
            "Đơn vị, thời gian, số đếm và mẫu số phải là các cột khác nhau", "Unit, time, count and denominator must be different columns"
        )


def _measure(measure: str | None, denominator: str | None, per: float) -> str:
    """Return the measure that is asked for, or that follows from what is given."""
    given: object = per
    if not (isinstance(given, Real) and 0 < per < np.inf):
        raise _wrong("per phải là một số lớn hơn 0", "per must be a number above 0")
    kind = measure or (COUNT if denominator is None else RATE if per != 1 else PROPORTION)
    if kind not in MEASURES:
        raise _wrong(f"measure phải là một trong {', '.join(MEASURES)}", f"measure must be one of {', '.join(MEASURES)}")
    if (kind in (COUNT, VALUE)) != (denominator is None):
        raise _wrong(
            "Số đếm và giá trị đo không có mẫu số; tỷ lệ và suất thì phải có cột mẫu số",
            "A count or a measured value has no denominator; a proportion and a rate need a column of denominators",
        )
    if kind != RATE and per != 1:
        raise _wrong("per chỉ dùng cho suất (rate)", "per is for a rate only")
    return kind


def _units(frame: pd.DataFrame, unit: str | None, named: Sequence[int]) -> list[str]:
    if unit is None:
        return [ALL] * len(frame)
    texts = ["" if _absent(x) else str(int(x) if isinstance(x, float) and x.is_integer() else x).strip() for x in frame[unit].tolist()]
    if blank := [named[i] for i, t in enumerate(texts) if not t]:
        raise _at(blank, unit, Words("để trống; mỗi dòng phải có tên hoặc mã đơn vị", "blank; each row needs the name or code of its unit"))
    return texts


def _absent(x: object) -> bool:
    return str(x) in ("NaT", "<NA>") or absent(x)


def _once(units: Sequence[str], periods: Sequence[str], named: Sequence[int], columns: Sequence[str]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for pair, row in zip(zip(units, periods, strict=True), named, strict=True):
        if pair in seen:
            alone = len(columns) == 1
            raise _wrong(
                f"Dòng {seen[pair]} và {row} cùng là một kỳ của một đơn vị (cột {' và '.join(columns)}). "
                "Hãy cộng lại thành một dòng hoặc xóa dòng thừa" + ("; nếu có nhiều đơn vị, hãy nêu cột đơn vị" if alone else ""),
                f"Rows {seen[pair]} and {row} are one period of one unit (by {' and '.join(columns)}). "
                "Add them up into one row, or delete one" + ("; where there are several units, name their column" if alone else ""),
            )
        seen[pair] = row


def _fractional(frame: pd.DataFrame, column: str) -> bool:
    """Tell whether any number of a column is not whole."""
    return any(x is not None and np.isfinite(x) and not float(x).is_integer() for x in map(_number, frame[column].tolist()))


def _numbers(frame: pd.DataFrame, column: str, named: Sequence[int], kind: str, *, denominators: bool = False) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where it is blank."""
    values: list[float] = []
    unread: list[int] = []
    for row, x in zip(named, frame[column].tolist(), strict=True):
        value = _number(x)
        values.append(np.nan if value is None else value)
        if value is None:
            unread.append(row)
    if unread:
        raise _at(
            unread, column, Words("không phải là số; để trống nếu không có số liệu", "not a number; leave it blank where there is none")
        )
    found = np.array(values)
    known = ~np.isnan(found)
    if kind == VALUE:
        return found
    if below := _blamed(known & (np.nan_to_num(found) < 0), named):
        why = Words(
            "số âm; số đếm từ 0 trở lên. Nếu là giá trị đo, chọn measure='value' (--measure value)",
            "negative; counts are 0 or more. Of measured values, choose measure='value' (--measure value)",
        )
        raise _at(below, column, why)
    if parts := (kind == PROPORTION or not denominators) and _blamed(known & (found != np.floor(found)), named):
        why = (
            Words(
                "không phải số nguyên, nên không phải số người mà số đếm là một phần; chọn suất (rate)",
                "not whole, so no people of whom the count is a part; choose a rate",
            )
            if denominators
            else Words(
                "không phải số nguyên; cần số người, số lượt, không phải tỷ lệ đã tính. Nếu là giá trị đo, chọn measure='value' "
                "(--measure value)",
                "not whole; give numbers of people or events, not shares that are worked out already. Of measured values, choose "
                "measure='value' (--measure value)",
            )
        )
        raise _at(parts, column, why)
    return found


def _blamed(mask: NDArray[np.bool_], named: Sequence[int]) -> list[int]:
    return [row for row, blamed in zip(named, mask.tolist(), strict=True) if blamed]


def _number(x: Any) -> float | None:
    """Return a number, NaN where there is none, None for what is no number."""
    if _absent(x) or (isinstance(x, str) and not x.strip()):
        return float("nan")
    if isinstance(x, bool | np.bool_ | str):
        return None
    try:
        value = float(x)
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _fit(counts: NDArray[np.float64], below: NDArray[np.float64], kind: str, count: str, denominator: str, named: Sequence[int]) -> None:
    """Refuse counts without a denominator to stand on."""
    known = ~np.isnan(counts)
    if missing := _blamed(known & np.isnan(below), named):
        why = Words(
            "để trống trong khi có số đếm; hãy điền, hoặc để trống cả số đếm",
            "blank where there is a count; fill it in, or leave the count blank too",
        )
        raise _at(missing, denominator, why)
    if zero := _blamed(known & (below == 0) & (np.nan_to_num(counts) > 0), named):
        why = Words("bằng 0 trong khi số đếm lớn hơn 0; hãy sửa một trong hai", "0 where the count is above 0; mend one of the two")
        raise _at(zero, denominator, why)
    if kind == PROPORTION and (above := _blamed(known & (np.nan_to_num(counts) > np.nan_to_num(below)), named)):
        why = Words(
            f"lớn hơn cột '{denominator}', nên không phải một phần của nó. Hãy sửa; nếu đây là số vụ việc trên một quy mô "
            "(ví dụ số dân) thì chọn suất (rate)",
            f"above column '{denominator}', so no part of it. Mend it; if these are events per so many (residents, say), choose a rate",
        )
        raise _at(above, count, why)


def _grid(
    units: Sequence[str], of_row: Sequence[str], periods: Sequence[str], counts: NDArray[np.float64], below: NDArray[np.float64], kind: str
) -> pd.DataFrame:
    import pandas as pd

    different = list(dict.fromkeys(units))
    if len(different) * len(periods) > MOST_CELLS:
        raise _wrong(
            f"{len(different)} đơn vị và {len(periods)} kỳ là quá nhiều. Hãy chia bảng ra",
            f"{len(different)} units and {len(periods)} periods are too many. Divide the table",
        )
    at_unit, at_period = ({x: i for i, x in enumerate(known)} for known in (different, periods))
    shape = (len(different), len(periods))
    numerators, denominators = np.full(shape, np.nan), np.full(shape, np.nan)
    states = np.full(shape, MISSING, dtype=object)
    where = [at_unit[u] for u in units], [at_period[p] for p in of_row]
    shown = ~np.isnan(counts)
    nobody = shown & (below == 0)
    numerators[where] = np.where(shown & ~nobody, counts, np.nan)
    denominators[where] = np.where(shown & ~nobody, below, np.nan)
    states[where] = np.where(nobody, NOT_APPLICABLE, np.where(shown, SHOWN, MISSING)).astype(object)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.array(different, dtype=object), len(periods)),
            "period": [*periods] * len(different),
            "count": numerators.ravel(),
            "denominator": denominators.ravel(),
            "state": states.ravel(),
        }
    )[list(COLUMNS)]


def _said_unit(kind: str, per: float) -> str:
    if kind == PROPORTION:
        return "percent"
    return "" if kind in (COUNT, VALUE) or per == 1 else f"per {number(per, 'en', 0 if float(per).is_integer() else 3)}"
