"""A panel of the user's own as a study: who was treated and since when, compared with whom, measured how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.cli.codes import WrongUse, wrong
from evaluation.language import Words, words
from evaluation.monitoring.own_periods import said_rows
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.effects.designs.synthetic.predictors import Predictor
    from evaluation.effects.study import Study

MEASURES = ("count", "share", "rate", "value")
OPTIONS = {"count": "--outcome", "part": "--time", "first": "--first-treated"}
_COVARIATE = "covariate: "


@dataclass(frozen=True)
class OwnPanel:
    """A panel as typed: file, columns, treated units with their start, and who may be compared with them."""

    csv: Path
    unit: str | None
    time: str | None
    outcome: str | None
    denominator: str | None = None
    measure: str | None = None
    label: str | None = None
    treated: tuple[str, ...] = ()
    start: str | None = None
    first_treated: str | None = None
    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    anticipation: int = 0
    phase_in: int = 0

    @property
    def predictors(self) -> tuple[Predictor, ...]:
        """The covariates with their windows.

        Raises
        ------
        WrongUse
            If one cannot be read.
        """
        from evaluation.effects.designs.synthetic.predictors import predictors_of

        try:
            return predictors_of(self.covariates)
        except ValueError as error:
            raise WrongUse(f"--covariates: {error}") from None

    @property
    def covariate_columns(self) -> tuple[str, ...]:
        """The columns of covariates, as typed; the outcome's own is none."""
        return tuple(dict.fromkeys(p.name for p in self.predictors if p.name != self.outcome))


def study_of(own: OwnPanel) -> Study:
    """Return the study that was described.

    Raises
    ------
    WrongUse
        For anything that cannot be done as it was typed; units that are not
        there are told with the nearest that are.
    Refused
        If a named column seems to hold identifiers of people or establishments.
    """
    from evaluation.cli.own_table import PART, read
    from evaluation.effects.study import study_panel
    from evaluation.monitoring.own_periods import joined

    measure = _checked(own)
    asked = {"unit": own.unit, "time": own.time, "count": own.outcome, "denominator": own.denominator, "first": own.first_treated}
    extra = [_COVARIATE + c for c in own.covariate_columns]
    roles = {role: name for role, name in asked.items() if name is not None} | {role: role.removeprefix(_COVARIATE) for role in extra}
    spelled = OPTIONS | dict.fromkeys(extra, "--covariates")
    table = read(own.csv, roles, measure == "value", values=extra, options=spelled)
    frame, column = table.frame, table.columns
    parts = frame[column[PART]].tolist() if PART in column else None
    texts = frame[column["time"]].tolist()
    times = texts if parts is None else joined(texts, parts, heading=column[PART])
    firsts = frame[column["first"]].tolist() if "first" in column else []
    read_ones, start, first = _periods(times, own.start, firsts, table.rows, column["time"], table.file)
    panel = frame.rename(columns={column["count"]: "numerator"}).assign(
        unit=[str(u).strip() for u in frame[column["unit"]]], period=read_ones
    )
    panel["denominator"] = frame[column["denominator"]] if "denominator" in column else 1.0
    treated = _starts(own, panel, start, first)
    label = own.label or column["count"]
    try:
        return study_panel(
            panel,
            outcome_name=column["count"],
            treated=treated,
            label=Words(label, label),
            measure=measure,
            exclude=dict.fromkeys(_units(own.exclude, panel), "excluded"),
            only=_units(own.donors, panel) or None,
            level_factor=None,
            anticipation=own.anticipation,
            phase_in=own.phase_in,
            covariates=_covariates(panel, column, extra),
            synthetic=own.csv.resolve().is_relative_to((folders().data / "example").resolve()),
            source=Words(f"Bảng {table.file}", f"Table {table.file}"),
        )
    except ValueError as error:
        raise WrongUse(f"{table.file}: {error}") from None


def _checked(own: OwnPanel) -> str:
    """Return the measure, or refuse what contradicts itself or is not enough."""
    needed = {"--unit": own.unit, "--time": own.time, "--outcome": own.outcome}
    if missing := [name for name, given in needed.items() if given is None]:
        raise wrong("effect_needs", names=", ".join(missing))
    if own.measure is not None and own.measure not in MEASURES:
        raise wrong("choice", name="--measure", known=", ".join(MEASURES))
    if own.first_treated is None and not (own.treated and own.start):
        raise wrong("effect_treated")
    if own.first_treated is not None and (own.treated or own.start):
        raise wrong("effect_two_ways")
    if own.donors and own.exclude:
        raise wrong("effect_donors")
    measure = own.measure or ("value" if own.denominator is None else "share")
    if (measure in ("share", "rate")) != (own.denominator is not None):
        raise wrong("effect_denominator", name=measure)
    return measure


def _periods(
    times: Sequence[object], start: str | None, firsts: Sequence[object], rows: Sequence[int], heading: str, file: str
) -> tuple[list[Any], Any, list[Any]]:
    """Return the period of each row, the start, and the first treated period of each row (None where never)."""
    from evaluation.monitoring.own_periods import UnreadTimes, read_times

    try:
        of_row = read_times(times).of_row
    except UnreadTimes as error:
        where = f" ({said_rows([rows[p] for p in error.places])})" if error.places else ""
        raise WrongUse(f"{file}, {heading}{where}: {error}") from None
    whole = all(p.isdecimal() for p in of_row)
    known = {str(t).strip() for t in firsts if t is not None} - {"", "0", "NA", "nan", "inf", "Inf"}
    typed = [*([start] if start is not None else []), *sorted(known)]
    try:
        read = dict(zip(typed, read_times([*times, *(t.removesuffix(".0") for t in typed)]).of_row[len(times) :], strict=True))
    except UnreadTimes:
        raise wrong("effect_start", names=", ".join(typed[:5]), first=min(of_row), last=max(of_row)) from None

    def one(period: str) -> Any:
        return int(period) if whole else period

    first = [one(read[str(t).strip()]) if t is not None and str(t).strip() in read else None for t in firsts]
    return [one(p) for p in of_row], one(read[start]) if start is not None else None, first


def _starts(own: OwnPanel, panel: pd.DataFrame, start: Any, first: Sequence[Any]) -> dict[str, Any]:
    """Return the first treated period of each treated unit."""
    if own.first_treated is None:
        return dict.fromkeys(_units(own.treated, panel), start)
    found: dict[str, Any] = {}
    for unit, when in zip(panel["unit"], first, strict=True):
        if when is not None and found.setdefault(unit, when) != when:
            raise wrong("effect_starts_differ", unit=unit, one=found[unit], other=when)
    if not found:
        raise wrong("effect_none_treated", name=own.first_treated)
    end = panel["period"].max()
    return {unit: when for unit, when in found.items() if when <= end}


def _units(typed: Sequence[str], panel: pd.DataFrame) -> list[str]:
    """Return the names that were typed: one with commas is whole where a unit is called so."""
    known = set(panel["unit"])
    return [
        name for text in typed for name in ([text.strip()] if text.strip() in known else [p.strip() for p in text.split(",") if p.strip()])
    ]


def _covariates(panel: pd.DataFrame, column: Any, extra: Sequence[str]) -> pd.DataFrame | None:
    if not extra:
        return None
    return panel[["unit", "period"]].assign(**{role.removeprefix(_COVARIATE): panel[column[role]] for role in extra})


def notes_of(own: OwnPanel, study: Study) -> tuple[Words, ...]:
    """Return what a reader has to know of how the panel was read."""
    said = []
    if own.measure is None and own.denominator is None and _whole(study):
        said.append(words("cli.effect.read_as_values"))
    counted = study.dropped[study.dropped["reason"] != "treated"]["reason"].value_counts()
    for reason, n in counted.items():
        from evaluation.effects.study import REASONS

        why = REASONS[str(reason)]
        said.append(Words(*(words("cli.effect.dropped", n=n, reason=why[speak])[speak] for speak in ("vi", "en"))))
    return tuple(said)


def _whole(study: Study) -> bool:
    numbers = study.panel["numerator"].dropna()
    return bool((numbers >= 0).all() and (numbers % 1 == 0).all())
