"""An outcome's panel in a table of the user's own: one row for each unit and period, numerator and denominator."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.cli.codes import WrongUse, wrong
from evaluation.language import Words

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.cli.own_table import OwnTable
    from evaluation.effects.next_pilot.candidates import Question

MEASURES = ("count", "share", "rate", "value")
OPTIONS = {"count": "--outcome", "part": "--time"}


@dataclass(frozen=True)
class OwnOutcome:
    """A panel as typed: file, columns and what they measure."""

    csv: Path
    unit: str | None
    time: str | None
    outcome: str | None
    denominator: str | None = None
    measure: str | None = None

    def measured(self, otherwise: str) -> str:
        """Return what the outcome measures: as typed, a share where there is a denominator, else `otherwise`.

        Raises
        ------
        WrongUse
            If a column is missing, or measure and denominator contradict each other.
        """
        needed = {"--unit": self.unit, "--time": self.time, "--outcome": self.outcome}
        if missing := [name for name, given in needed.items() if given is None]:
            raise wrong("effect_needs", names=", ".join(missing))
        if self.measure is not None and self.measure not in MEASURES:
            raise wrong("choice", name="--measure", known=", ".join(MEASURES))
        measure = self.measure or (otherwise if self.denominator is None else "share")
        if (measure in ("share", "rate")) != (self.denominator is not None):
            raise wrong("effect_denominator", name=measure)
        return measure


@dataclass(frozen=True)
class OutcomePanel:
    """What was read.

    Attributes
    ----------
    frame : DataFrame
        unit, period, numerator, denominator, and whatever else was asked for under its heading.
    times : sequence
        The time of each row as it stands in the file.
    table : OwnTable
    """

    frame: pd.DataFrame
    times: Sequence[object]
    table: OwnTable


def read_outcome(
    own: OwnOutcome,
    measure: str,
    more: Mapping[str, str] | None = None,
    values: Collection[str] = (),
    spelled: Mapping[str, str] | None = None,
) -> OutcomePanel:
    """Read the outcome, and further columns.

    Parameters
    ----------
    own : OwnOutcome
    measure : str
        Of `OwnOutcome.measured`.
    more : mapping of str to str, optional
        Further roles and their headings.
    values : collection of str
        Those among them that hold measured values.
    spelled : mapping of str to str, optional
        How the option of a further role is spelled.

    Raises
    ------
    WrongUse
        For anything that cannot be read.
    Refused
        If a named column seems to hold identifiers of people or establishments.
    """
    from evaluation.cli.own_table import PART, read
    from evaluation.effects.study import unit_name
    from evaluation.monitoring.own_periods import UnreadTimes, joined, read_times, regular_days, said_rows

    asked = {"unit": own.unit, "time": own.time, "count": own.outcome, "denominator": own.denominator}
    roles = {role: name for role, name in asked.items() if name is not None} | dict(more or {})
    table = read(own.csv, roles, measure == "value", values=values, options=OPTIONS | dict(spelled or {}))
    frame, column = table.frame, table.columns
    if nameless := [row for row, u in zip(table.rows, frame[column["unit"]], strict=True) if u is None or u != u or not str(u).strip()]:
        raise wrong("own_no_unit", file=table.file, column=column["unit"], rows=said_rows(nameless))
    times: Sequence[object] = frame[column["time"]].tolist()
    if PART in column:
        times = joined(times, frame[column[PART]].tolist(), heading=column[PART])
    try:
        periods = numbered(read_times(times).of_row)
    except UnreadTimes as error:
        periods = regular_days(times) or []
        where = f" ({said_rows([table.rows[p] for p in error.places])})" if error.places else ""
        if not periods:
            raise WrongUse(f"{table.file}, {column['time']}{where}: {error}") from None
    panel = frame.rename(columns={column["count"]: "numerator"}).assign(unit=[unit_name(u) for u in frame[column["unit"]]], period=periods)
    panel["denominator"] = frame[column["denominator"]] if "denominator" in column else 1.0
    return OutcomePanel(panel, times, table)


def numbered(periods: Sequence[str]) -> list[Any]:
    """Return periods as numbers where all are whole numbers, so that they stand in their order."""
    return [int(p) for p in periods] if all(p.isdecimal() for p in periods) else list(periods)


def question_of(own: OwnOutcome) -> Question:
    """Return the outcome of a table as the question that a pilot still to come is to answer.

    Raises
    ------
    WrongUse, Refused
        As `read_outcome`.
    """
    from evaluation.effects.next_pilot.candidates import question

    measure = own.measured("count")
    found = read_outcome(own, measure)
    name = found.table.columns["count"]
    try:
        return question(found.frame, name=name, label=Words(name, name), measure=measure)
    except ValueError as error:
        raise WrongUse(f"{found.table.file}: {error}") from None
