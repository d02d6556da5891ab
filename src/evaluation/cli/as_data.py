"""A result as plain data for another program: nothing left out, nothing that JSON lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from evaluation.language import LANGUAGES, Words
from evaluation.results import Result

if TYPE_CHECKING:
    from evaluation.monitoring.charts import ControlChart

FOR_PEOPLE = ("names", "design", "places")  # names stand in the rows; the others are the programme's own


def result_data(result: Result) -> dict[str, Any]:
    """Return all fields of a result, the sentence in both languages, and its table as "rows".

    Parameters
    ----------
    result : Result

    Returns
    -------
    dict
        Numbers that are not known are None. Words are {"vi": ..., "en": ...}.
    """
    own = {f.name: plain(getattr(result, f.name)) for f in fields(result) if f.name not in (*FOR_PEOPLE, "frame")}
    return {"summary": {speak: result.summary(speak) for speak in LANGUAGES}, **own, "rows": plain(result.to_frame())}


def lines(chart: ControlChart) -> dict[str, Any]:
    """Return what is first looked for in a control chart.

    Parameters
    ----------
    chart : ControlChart

    Returns
    -------
    dict
        "centre" and "limits" of the last point that has a value (limits of
        shares and rates differ by point: each is in "rows"), and "signals",
        the points that are part of one: period, value, signal, rules.
    """
    frame = chart.frame
    known = frame[frame["value"].notna()].to_dict("records")
    last = known[-1] if known else dict.fromkeys(("centre", "low", "high"))
    fired = [{k: r[k] for k in ("period", "value", "signal")} | {"rules": r["rules"].split(",")} for r in known if r["signal"]]
    return {"centre": plain(last["centre"]), "limits": {k: plain(last[k]) for k in ("low", "high")}, "signals": plain(fired)}


def plain(x: Any) -> Any:
    """Return anything in a result as text, numbers, truth values, lists and dicts; None for what is not known."""
    if x is None or isinstance(x, str | bool | int):
        return x
    if isinstance(x, Words):
        return {speak: x[speak] for speak in LANGUAGES}
    if is_dataclass(x) and not isinstance(x, type):
        return {f.name: plain(getattr(x, f.name)) for f in fields(x)}
    if isinstance(x, Mapping):
        return {str(k): plain(v) for k, v in x.items()}
    if hasattr(x, "to_dict"):
        return [plain(row) for row in x.to_dict("records")]
    if hasattr(x, "tolist"):
        return plain(x.tolist())
    if isinstance(x, list | tuple | set | frozenset):
        return [plain(item) for item in x]
    if isinstance(x, float):
        return x if math.isfinite(x) else None
    return None if x != x else str(x)
