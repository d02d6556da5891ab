"""An outcome's panel in a table of the user's own, for the plan of a pilot that is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.cli.codes import WrongUse, wrong
from evaluation.language import Words

if TYPE_CHECKING:
    from evaluation.effects.next_pilot.candidates import Question

MEASURES = ("count", "share", "rate", "value")


@dataclass(frozen=True)
class OwnOutcome:
    """A panel as typed: file, columns and what they measure."""

    csv: Path
    unit: str | None
    time: str | None
    outcome: str | None
    denominator: str | None = None
    measure: str | None = None


def question_of(own: OwnOutcome) -> Question:
    """Return the outcome of a table.

    Raises
    ------
    WrongUse
        For anything that cannot be done as it was typed.
    Refused
        If a named column seems to hold identifiers of people or establishments.
    """
    from evaluation.cli.own_table import PART, read
    from evaluation.effects.next_pilot.candidates import question
    from evaluation.monitoring.own_periods import UnreadTimes, joined, read_times, said_rows

    measure = _measure(own)
    asked = {"unit": own.unit, "time": own.time, "count": own.outcome, "denominator": own.denominator}
    roles = {role: name for role, name in asked.items() if name is not None}
    table = read(own.csv, roles, measure == "value", options={"count": "--outcome", "part": "--time"})
    frame, column = table.frame, table.columns
    parts = frame[column[PART]].tolist() if PART in column else None
    texts = frame[column["time"]].tolist()
    try:
        periods: list[Any] = list(read_times(texts if parts is None else joined(texts, parts, heading=column[PART])).of_row)
    except UnreadTimes as error:
        where = f" ({said_rows([table.rows[p] for p in error.places])})" if error.places else ""
        raise WrongUse(f"{table.file}, {column['time']}{where}: {error}") from None
    if all(str(p).isdecimal() for p in periods):
        periods = [int(p) for p in periods]
    panel = frame.rename(columns={column["count"]: "numerator"}).assign(
        unit=[str(u).strip() for u in frame[column["unit"]]], period=periods
    )
    panel["denominator"] = frame[column["denominator"]] if "denominator" in column else 1.0
    name = column["count"]
    try:
        return question(panel, name=name, label=Words(name, name), measure=measure)
    except ValueError as error:
        raise WrongUse(f"{table.file}: {error}") from None


def _measure(own: OwnOutcome) -> str:
    needed = {"--unit": own.unit, "--time": own.time, "--outcome": own.outcome}
    if missing := [name for name, given in needed.items() if given is None]:
        raise wrong("effect_needs", names=", ".join(missing))
    if own.measure is not None and own.measure not in MEASURES:
        raise wrong("choice", name="--measure", known=", ".join(MEASURES))
    measure = own.measure or ("count" if own.denominator is None else "share")
    if (measure in ("share", "rate")) != (own.denominator is not None):
        raise wrong("effect_denominator", name=measure)
    return measure
