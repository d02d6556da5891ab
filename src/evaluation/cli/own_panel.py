"""A panel of the user's own as a study: who was treated and since when, compared with whom, measured how."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.cli.codes import WrongUse, wrong
from evaluation.cli.own_outcome import OwnOutcome, numbered, read_outcome
from evaluation.language import Words, words
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.effects.designs.synthetic.predictors import Predictor
    from evaluation.effects.study import Study

_COVARIATE = "covariate: "
_EFFORT = re.compile(
    r"\b(arrest(s|ed)?|raids?|crackdowns?|fines?|fined|penalt(y|ies)|inspections?|violations?|police"
    r"|bắt giữ|truy quét|triệt phá|xử phạt|phạt tiền|tiền phạt|kiểm tra|vi phạm|công an)\b"
)


@dataclass(frozen=True)
class OwnPanel(OwnOutcome):
    """A panel as typed: file, columns, treated units with their start, and who may be compared with them."""

    label: str | None = None
    treated: tuple[str, ...] = ()
    start: str | None = None
    first_treated: str | None = None
    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    v: str | None = None
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
    from evaluation.effects.study import study_panel

    measure = _checked(own)
    extra = [_COVARIATE + c for c in own.covariate_columns]
    more = {role: role.removeprefix(_COVARIATE) for role in extra} | ({"first": own.first_treated} if own.first_treated else {})
    spelled = {"first": "--first-treated"} | dict.fromkeys(extra, "--covariates")
    found = read_outcome(own, measure, more, extra, spelled)
    panel, column, table = found.frame, found.table.columns, found.table
    firsts = panel[column["first"]].tolist() if "first" in column else []
    start, first = _starting(found.times, own.start, firsts, panel["period"])
    treated = _starts(own, panel, start, first)
    label = own.label or column["count"]
    try:
        return study_panel(
            panel,
            outcome_name=column["count"],
            treated=treated,
            label=Words(label, label),
            measure=measure,
            exclude=_left_out(own, treated, panel),
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
    if own.first_treated is None and not (own.treated and own.start):
        raise wrong("effect_treated")
    if own.first_treated is not None and (own.treated or own.start):
        raise wrong("effect_two_ways")
    if own.donors and own.exclude:
        raise wrong("effect_donors")
    return own.measured("value")


def _starting(times: Sequence[object], start: str | None, firsts: Sequence[object], periods: pd.Series) -> tuple[Any, list[Any]]:
    """Return the start, and the first treated period of each row (None where never), written as the panel's periods are."""
    from evaluation.monitoring.own_periods import UnreadTimes, read_times, regular_days

    known = {str(t).strip() for t in firsts if t is not None} - {"", "0", "NA", "nan", "inf", "Inf"}
    typed = [*([start] if start is not None else []), *sorted(known)]
    try:
        read = numbered(read_times([*times, *(t.removesuffix(".0") for t in typed)]).of_row)[len(times) :]
    except UnreadTimes:
        read = (regular_days(times, typed) or [])[len(times) :]
    if typed and not read:
        raise wrong("effect_start", names=", ".join(typed[:5]), first=periods.min(), last=periods.max())
    meant = dict(zip(typed, read, strict=True))
    return None if start is None else meant[start], [None if t is None else meant.get(str(t).strip()) for t in firsts]


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
    found = {unit: when for unit, when in found.items() if when <= end}
    if not found:
        raise wrong("effect_none_treated", name=own.first_treated)
    return found


def _units(typed: Sequence[str], panel: pd.DataFrame) -> list[str]:
    """Return the names that were typed: one with commas is whole where a unit is called so."""
    from evaluation.effects.study import unit_name

    known = set(panel["unit"])
    named = [unit_name(text) for text in typed]
    return [name for text in named for name in ([text] if text in known else [p.strip() for p in text.split(",") if p.strip()])]


def _left_out(own: OwnPanel, treated: Mapping[str, Any], panel: pd.DataFrame) -> dict[str, str]:
    """Return the units that are no donors: each has to be in the panel, and none can be treated."""
    from evaluation.effects.study import known_units

    named = _units(own.exclude, panel)
    known_units(named, list(panel["unit"].unique()))
    for option, units in (("--exclude", named), ("--donors", _units(own.donors, panel))):
        if both := [u for u in units if u in treated]:
            raise wrong("effect_treated_donor", option=option, names=", ".join(both))
    return dict.fromkeys(named, "excluded")


def _covariates(panel: pd.DataFrame, column: Any, extra: Sequence[str]) -> pd.DataFrame | None:
    if not extra:
        return None
    return panel[["unit", "period"]].assign(**{role.removeprefix(_COVARIATE): panel[column[role]] for role in extra})


def notes_of(own: OwnPanel, study: Study) -> tuple[Words, ...]:
    """Return what a reader has to know of how the panel was read."""
    said = []
    if _EFFORT.search(f"{study.outcome} {study.label.vi}".replace("_", " ").casefold()):
        said.append(words("cli.effect.effort"))
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
