"""Values that a notebook hands on: shown where they are recorded, and collected where the notebook is one of many.

A recorded value is an output of its cell with a type of its own (docs/decisions/0034-recorded-values.md).
In a notebook at work in JupyterLab it is shown and nothing else happens.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.language import words
from evaluation.results import Result

MIME = "application/vnd.evaluation.recorded+json"
# Of notebooks that were written for scrapbook: its JSON and its text.
SCRAPS = ("application/scrapbook.scrap.json+json", "application/scrapbook.scrap.text+json")
SCHEMA = 1
LONGEST_TEXT, MOST = 10_000, 500
# Columns that a collected table has anyway.
TAKEN = ("job", "notebook", "run_outcome", "run_reason", "run_seconds")
_KINDS = ("none", "bool", "int", "float", "text", "date", "time")

Value = None | bool | int | float | str | dt.date


class NotRecordable(TypeError):
    """A value that no column of a table can hold; the message is bilingual and says what can."""


def record(**values: Any) -> None:
    """Record values by name: each becomes a column where the notebook is run for many settings.

    Recorded again, a name has its last value. Nothing is kept where the
    notebook is run by hand: what would be recorded is shown.

    Parameters
    ----------
    **values : number, text, bool, None, date or Result
        NumPy's and pandas' single values are taken too. A result is recorded
        as its estimate, with its low, high, n and unit under names that end so.

    Raises
    ------
    NotRecordable
        For any other value, a text of more than 10,000 letters, or a name
        that a table of results has already.

    Examples
    --------
    >>> import evaluation as ev
    >>> ev.record(wards=12, method="sc")
    wards = 12
    method = sc
    """
    flat = dict(_flat(values))
    said = "\n".join(f"{name} = {'' if value is None else value}" for name, value in flat.items())
    payload = {"schema": SCHEMA, "values": [{"name": name, **_written(value)} for name, value in flat.items()]}
    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython

        if get_ipython() is not None:
            from IPython.display import display

            display({MIME: payload, "text/plain": said}, raw=True)  # type: ignore[no-untyped-call]
            return
    sys.stdout.write(said + "\n")


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for given, value in values.items():
        name = unicodedata.normalize("NFC", given)
        if name in TAKEN:
            raise _wrong("name", name=name, taken=", ".join(TAKEN))
        if isinstance(value, Result):
            yield name, _single(name, value.estimate)
            for part in ("low", "high", "n", "unit"):
                yield f"{name}_{part}", _single(name, getattr(value, part))
        else:
            yield name, _single(name, value)


def _single(name: str, value: Any) -> Value:
    """Return a value as plain Python has it."""
    if type(value).__module__.partition(".")[0] in ("numpy", "pandas"):
        value = _unwrapped(value)
    if value is None or isinstance(value, bool | int | dt.date):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise _wrong("long", name=name, most=LONGEST_TEXT)
        return unicodedata.normalize("NFC", value)
    raise _wrong("kind", name=name, type=type(value).__name__)


def _unwrapped(value: Any) -> Any:
    """Return what NumPy or pandas wrap; a missing date or number is None, an array stays what it is."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if type(value).__name__ == "datetime64":
        return value.astype("datetime64[us]").item()
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _wrong(key: str, **slots: object) -> NotRecordable:
    said = words(f"batch.record.{key}", **slots)
    return NotRecordable(f"{said.vi} / {said.en}")


def _written(value: Value) -> dict[str, str]:
    """Return a value as its kind and a text, which JSON cannot change: whole numbers of any size, infinity."""
    if isinstance(value, bool):
        return {"kind": "bool", "value": "true" if value else "false"}
    if isinstance(value, dt.date):
        return {"kind": "time" if isinstance(value, dt.datetime) else "date", "value": value.isoformat()}
    kind = {type(None): "none", str: "text"}.get(type(value), "int" if isinstance(value, int) else "float")
    # An enumeration's member is written as the number or the text that it is.
    plain = {"none": "", "text": str.__str__, "int": int.__repr__, "float": float.__repr__}[kind]
    return {"kind": kind, "value": plain if isinstance(plain, str) else plain(value)}  # type: ignore[operator]


def recorded(notebook: Mapping[str, Any]) -> dict[str, Value]:
    """Return what an executed notebook recorded, in the order in which names first appear.

    Parameters
    ----------
    notebook : mapping
        nbformat 4. Scrapbook's JSON and text scraps count too, where they
        hold a single value.

    Raises
    ------
    ValueError
        If there is something under our own type of output that `record` does not write, or more than 500 values.
    """
    found: dict[str, Value] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if MIME in data:
                found |= _read(data[MIME])
            for mime in SCRAPS:
                if mime in data:
                    found |= _scrap(data[mime])
    if len(found) > MOST:
        raise ValueError(f"more than {MOST} recorded values")
    return found


def _read(payload: Any) -> dict[str, Value]:
    try:
        if payload["schema"] != SCHEMA:
            raise ValueError(payload["schema"])
        return {str(v["name"]): value_of(v["kind"], v["value"]) for v in payload["values"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("a recorded value that cannot be read") from error


def value_of(kind: str, text: str) -> Value:
    """Return a recorded value from its kind and text.

    Raises
    ------
    ValueError
        If it is none.
    """
    if kind not in _KINDS or (kind == "bool" and text not in ("true", "false")):
        raise ValueError(kind)
    readers: dict[str, Any] = {
        "none": lambda _: None,
        "bool": lambda t: t == "true",
        "int": int,
        "float": float,
        "text": str,
        "date": dt.date.fromisoformat,
        "time": dt.datetime.fromisoformat,
    }
    found: Value = readers[kind](text)
    return found


def written(values: Mapping[str, Value]) -> list[dict[str, str]]:
    """Return recorded values as plain JSON, which `read_back` takes."""
    return [{"name": name, **_written(value)} for name, value in values.items()]


def read_back(values: Any) -> dict[str, Value]:
    """Return recorded values from what `written` made of them.

    Raises
    ------
    ValueError
        If it is something else.
    """
    return _read({"schema": SCHEMA, "values": values})


def _scrap(payload: Any) -> dict[str, Value]:
    try:
        name, data = str(payload["name"]), payload["data"]
        return {name: _single(name, data)} if name not in TAKEN else {}
    except (KeyError, TypeError):
        return {}  # a list or a table, which no column holds
