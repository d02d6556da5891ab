"""The numbers behind an answer as rows of a terminal's table, written for the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.language import number, say, significant, span
from evaluation.periods import said_period

if TYPE_CHECKING:
    from evaluation.monitoring.charts import ControlChart
    from evaluation.monitoring.funnel import Funnel
    from evaluation.monitoring.over_time.trend import Trend

MOST_UNITS = 40  # beyond these a terminal shows those outside the limits; JSON has all

Rows = tuple[list[str], list[list[str]], tuple[int, ...]]


def _heads(keys: Sequence[str], language: str) -> list[str]:
    return [say(f"cli.col.{key}", language) for key in keys]


def _written(x: Any, write: Callable[[float], str], absent: str = "") -> str:
    return absent if x is None or x != x else write(float(x))


def _span(low: Any, high: Any, write: Callable[[float], str], language: str) -> str:
    return "" if low != low or high != high or low is None or high is None else span(write(float(low)), write(float(high)), language)


def _absent(state: str, language: str) -> str:
    from evaluation.monitoring.asked import ABSENT

    return ABSENT[state][language] if state in ABSENT else state


def _whole(language: str) -> Callable[[float], str]:
    return lambda x: number(x, language) if float(x).is_integer() else significant(x, language)


def trend_rows(result: Trend, language: str) -> Rows:
    """Return the series with what the trend expects."""
    from dataclasses import replace

    from evaluation.monitoring.series import COUNT, RATE, VALUE, unit_words

    bare = replace(result, said_unit="")

    def write(x: float) -> str:
        return bare.written(x, language)

    share = result.measure not in (COUNT, VALUE)
    keys = ["period", "count", *(["denominator", "value"] if share else []), "interval", "expected"]
    if result.measure == VALUE:
        keys = ["period", "value", "expected"]
    cells = []
    for r in result.to_frame().to_dict("records"):
        when, expected = said_period(str(r["period"]), language), _written(r["expected"], lambda x: significant(x, language))
        if result.measure == VALUE:
            cells.append([when, _written(r["value"], write, _absent(str(r["state"]), language)), expected])
            continue
        counted = _written(r["count"], _whole(language), _absent(str(r["state"]), language))
        base = [_written(r["denominator"], _whole(language)), _written(r["value"], write)] if share else []
        expected = _written(r["expected"], write) if share else expected
        cells.append([when, counted, *base, _span(r["low"], r["high"], write, language), expected])
    heads = _heads(keys, language)
    if result.measure == RATE and result.said_unit:
        heads[3] += f", {unit_words(result.said_unit)[language]}"
    return heads, cells, tuple(range(1, len(keys)))


def funnel_rows(result: Funnel, language: str) -> Rows:
    """Return the units in the order of their codes: all of them where they are few, else those outside the limits."""
    shown = result.frame if len(result.frame) <= MOST_UNITS else result.outside

    def write(x: float) -> str:
        return result.written(x, language)

    cells = []
    for r in shown.to_dict("records"):
        place = say(f"cli.position.{r['position']}", language) if r["position"] else _absent(str(r["state"]), language)
        counts = [_written(r["count"], _whole(language)), _written(r["n"], _whole(language)), _written(r["value"], write)]
        cells.append([result.name(str(r["unit"]))[language], *counts, _span(r["low95"], r["high95"], write, language), place])
    return _heads(["unit", "count", "denominator", "value", "limits_95", "position"], language), cells, (1, 2, 3, 4)


def chart_rows(result: ControlChart, language: str) -> Rows:
    """Return the points with their limits and signals."""
    from evaluation.monitoring.charts.wording import written

    def write(x: float) -> str:
        return written(result, x, language, bare=True)

    cells = []
    for r in result.to_frame().to_dict("records"):
        value = _written(r["value"], write, _absent(str(r["state"]), language))
        fired = say(f"cli.signal.{r['signal']}", language) if r["signal"] else ""
        when = said_period(str(r["period"]), language)
        cells.append([when, value, _written(r["centre"], write), _span(r["low"], r["high"], write, language), fired])
    return _heads(["period", "value", "centre", "limits", "signal"], language), cells, (1, 2, 3)


def marked_unit(result: Funnel, unit: str | None, language: str) -> str:
    """Return where the unit lies that was asked about."""
    if unit is None:
        return ""
    row = result.frame[result.frame["unit"] == unit].iloc[0]
    name = result.name(unit)[language]
    if not row["position"]:
        return f"{name}: {_absent(str(row['state']), language)}"
    place = say(f"cli.position.{row['position']}", language)
    base = f"{number(row['count'], language)}/{_whole(language)(row['n'])}"
    return f"{name}: {result.written(float(row['value']), language)} ({base}), {place}"
