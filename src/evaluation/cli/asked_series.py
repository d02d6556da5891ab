"""Which numbers a question is about: an indicator of the store, or columns of a table of the user's own; and of which place."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from evaluation.cli.codes import WrongUse, wrong
from evaluation.indicators import Indicator, UnknownIndicator, indicators
from evaluation.indicators import indicator as indicator_named
from evaluation.language import Words, words
from evaluation.periods import said_period
from evaluation.places import AmbiguousPlace, UnknownPlace, districts, find_district, find_ward
from evaluation.settings import folders

if TYPE_CHECKING:
    from evaluation.monitoring.series import CountSeries
    from evaluation.store import EvidenceStore

T = TypeVar("T")

MEASURES = {"share": "proportion", "rate": "rate", "count": "count", "value": "value"}
WAYS = ("up", "down")
EVERYTHING = "all"
_MOST_NAMED = 10


@dataclass(frozen=True)
class Own:
    """A table of the user's own, as typed: file, columns, and what the numbers are."""

    csv: Path | None
    unit: str | None = None
    time: str | None = None
    count: str | None = None
    denominator: str | None = None
    measure: str | None = None
    per: str | None = None
    label: str | None = None
    good: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The columns that were named, by role."""
        named = {"unit": self.unit, "time": self.time, "count": self.count, "denominator": self.denominator}
        return {role: name for role, name in named.items() if name is not None}

    @property
    def options(self) -> list[str]:
        """The options that were given beside the file."""
        more = {"measure": self.measure, "per": self.per, "label": self.label, "good": self.good}
        return [f"--{name}" for name in (*self.columns, *(n for n, given in more.items() if given is not None))]


@dataclass(frozen=True)
class Asked:
    """A question as typed: an indicator or a table, a place, a period, and the store with its cut-off."""

    indicator: str | None
    own: Own
    place: str | None = None
    district: str | None = None
    ward: str | None = None
    period: str | None = None
    store: Path | None = None
    as_of: str | None = None
    wards: bool = False


@dataclass(frozen=True)
class Found:
    """The numbers that answer a question.

    Attributes
    ----------
    series : CountSeries
    unit : str or None
        The unit asked about, or marked among the others.
    indicator : str or None
        None of a table of the user's own.
    level : {"ward", "district", "city", "own"}
        What the units are.
    delicate : bool
        Whether small counts in it may point at people.
    notes : tuple of Words
        What a reader has to know of how it was put together.
    """

    series: CountSeries
    unit: str | None
    indicator: str | None
    level: str
    delicate: bool
    notes: tuple[Words, ...] = ()


def one_unit(asked: Asked, *, perhaps_measured: bool = False) -> Found:
    """Return the numbers of one place, or of all together, up to the period asked for.

    Parameters
    ----------
    asked : Asked
    perhaps_measured : bool
        Take negative or fractional numbers of a table for measured values
        where nothing says what they are, and tell so in the notes.

    Raises
    ------
    WrongUse
        For anything in the question that cannot be answered as it was typed.
    ValueError
        If there are no data.
    """
    found = _own_unit(asked, perhaps_measured) if _is_own(asked) else _place(asked)
    if asked.period is None:
        return found
    return replace(found, series=found.series.until(period_of(found.series, asked.period)))


def all_units(asked: Asked) -> tuple[Found, str]:
    """Return the numbers of all units, with the one that is marked, and the period asked for.

    Raises
    ------
    WrongUse
        For anything in the question that cannot be answered as it was typed.
    ValueError
        If there are no data.
    """
    if _is_own(asked):
        series = _own_series(asked.own)
        if asked.own.unit is None:
            raise wrong("own_no_units")
        if series.measure in ("count", "value"):
            raise wrong("funnel_denominator" if series.measure == "count" else "funnel_values")
        unit = _unit(series, asked.place) if asked.place else None
        return Found(series, unit, None, "own", False, _taken(series, asked.own)), period_of(series, asked.period or series.periods[-1])
    known = _indicator(asked.indicator)
    if known.measure == "count":
        shares = [i.id for i in indicators().values() if i.numerator == known.numerator and i.measure in ("proportion", "rate")]
        raise wrong("funnel_count", name=known.id, hint=words("cli.wrong.funnel_shares", names=", ".join(shares)) if shares else "")
    if asked.wards and known.level != "ward":
        raise wrong("not_by_ward", name=known.id)
    from evaluation.monitoring.series import district_series, ward_series

    store = _store(asked)
    district = _typed(find_district, asked.district).code if asked.district else None
    series = (
        _data(ward_series, store, known.id, [district] if district else None) if asked.wards else _data(district_series, store, known.id)
    )
    marked = None if asked.wards else district
    level = "ward" if asked.wards else "district"
    period = period_of(series, asked.period or series.periods[-1])
    return Found(series, marked, known.id, level, asked.wards or known.sensitive), period


def _is_own(asked: Asked) -> bool:
    """Return whether a table of the user's own is asked about; refuse a question that mixes it with the store."""
    own = asked.own
    if own.csv is None:
        if own.options or asked.place is not None:
            raise wrong("needs_csv", names=", ".join([*own.options, *(["--place"] if asked.place is not None else [])]))
        if asked.indicator is None:
            raise wrong("needs_indicator")
        return False
    of_store = {
        "INDICATOR": asked.indicator,
        "--district": asked.district,
        "--ward": asked.ward,
        "--store": asked.store,
        "--as-of": asked.as_of,
    }
    mixed = [name for name, given in of_store.items() if given is not None] + (["--wards"] if asked.wards else [])
    if mixed:
        raise wrong("csv_or_store", names=", ".join(mixed))
    missing = [f"--{role}" for role in ("time", "count") if role not in own.columns]
    if missing:
        raise wrong("own_needs_columns", names=", ".join(missing))
    return True


def _own_series(own: Own, perhaps_measured: bool = False) -> CountSeries:
    from evaluation.cli.own_table import PART, read
    from evaluation.monitoring.own_series import OwnTableError, own_series

    if own.measure is not None and own.measure not in MEASURES:
        raise wrong("choice", name="--measure", known=", ".join(MEASURES))
    if own.good is not None and own.good not in WAYS:
        raise wrong("choice", name="--good", known=", ".join(WAYS))
    csv = own.csv or Path()
    perhaps = perhaps_measured and own.measure is None and own.denominator is None
    table = read(csv, own.columns, None if perhaps else own.measure == "value")
    columns = dict(table.columns)
    time = [columns.pop(role) for role in ("time", PART) if role in columns]
    measure = MEASURES[own.measure] if own.measure else None
    if perhaps and ((numbers := table.frame[columns["count"]].dropna()).lt(0) | (numbers % 1 != 0)).any():
        measure = "value"
    try:
        return own_series(
            table.frame,
            time=time,
            **columns,
            measure=measure,
            per=1.0 if own.per is None else typed_number(own.per, "--per"),
            label=own.label,
            direction=own.good or "context",
            source=Words(f"Bảng {table.file}", f"Table {table.file}"),
            synthetic=csv.resolve().is_relative_to((folders().data / "example").resolve()),
            rows=table.rows,
        )
    except OwnTableError as error:
        raise WrongUse(f"{table.file}: {error}") from None


def _own_unit(asked: Asked, perhaps_measured: bool) -> Found:
    from evaluation.monitoring.total import ALL, total

    series = _own_series(asked.own, perhaps_measured)
    measured = series.measure == "value"
    notes = _taken(series, asked.own)
    if asked.place is None and len(series.units) > 1:
        raise wrong("own_which_one" if measured else "own_which", count=len(series.units), names=_few(series.units))
    if asked.place is None:
        return Found(series, series.units[0], None, "own", False, notes)
    if asked.place == EVERYTHING and EVERYTHING not in series.units:
        if measured:
            raise wrong("own_which_one", count=len(series.units), names=_few(series.units))
        return Found(total(series), ALL, None, "own", False, (*notes, *_of_sum(series)))
    return Found(series, _unit(series, asked.place), None, "own", False, notes)


def _taken(series: CountSeries, own: Own) -> tuple[Words, ...]:
    """Return what the numbers were taken for where nobody said so and it is not what such columns usually are."""
    if own.measure is not None:
        return ()
    if series.measure == "value":
        return (words("cli.analysis.measured"),)
    return (words("cli.analysis.per_one"),) if series.measure == "rate" and own.per is None else ()


def typed_number(text: str, option: str) -> float:
    """Return a number as typed: 10000, 10.000, 10,000, 0.5, 0,5 or 50%.

    Raises
    ------
    WrongUse
        If it is no number above zero.
    """
    plain = text.strip().removesuffix("%").rstrip()
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:([., ])[0-9]{3})(?:\1[0-9]{3})*", plain):
        plain = re.sub(r"[., ]", "", plain)
    if not re.fullmatch(r"[0-9]{1,12}(?:[.,][0-9]{1,12})?", plain) or not float(plain.replace(",", ".")):
        raise wrong("above_zero", name=option)
    return float(plain.replace(",", ".")) / (100 if text.strip().endswith("%") else 1)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold().replace("đ", "d")
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _unit(series: CountSeries, typed: str) -> str:
    """Return the unit that was meant: written so, or the only one written so without marks and case."""
    composed = unicodedata.normalize("NFC", typed).strip()
    if composed in series.units:
        return composed
    alike = [unit for unit in series.units if _plain(unit) == _plain(typed)]
    if len(alike) == 1:
        return alike[0]
    near = alike or difflib.get_close_matches(composed, series.units, 5, 0.5)
    raise wrong("own_unit", name=typed, names=_few(tuple(near) or series.units))


def _indicator(name: str | None) -> Indicator:
    """Return an indicator that has counts in the district form."""
    try:
        known = indicator_named(name or "")
    except UnknownIndicator as error:
        raise WrongUse(str(error)) from None
    if not known.reported:
        raise wrong("not_reported", name=known.id)
    if known.measure not in MEASURES.values():
        raise wrong("no_counts", name=known.id)
    return known


def _place(asked: Asked) -> Found:
    """Return a ward's, a district's or the city's numbers."""
    known = _indicator(asked.indicator)
    ward = _typed(lambda text: find_ward(text, asked.district), asked.ward) if asked.ward else None
    district = _typed(find_district, asked.district) if asked.district else None
    if ward and known.level != "ward":
        raise wrong("not_by_ward", name=known.id)
    from evaluation.monitoring.asked import CITY_NAME
    from evaluation.monitoring.series import district_series, ward_series
    from evaluation.monitoring.total import ALL, total

    store = _store(asked)
    if ward:
        series = _data(ward_series, store, known.id, [ward.district_code])
        home = districts()[ward.district_code].name  # eleven districts have a Ward 1
        name = Words(f"{ward.name.vi}, {home.vi}", f"{ward.name.en}, {home.en}")
        return Found(replace(series.of(ward.code), names={ward.code: name}), ward.code, known.id, "ward", True)
    series = _data(district_series, store, known.id)
    if district:
        return Found(series, district.code, known.id, "district", known.sensitive)
    return Found(total(series, CITY_NAME), ALL, known.id, "city", known.sensitive, _of_sum(series))


def _of_sum(series: CountSeries) -> tuple[Words, ...]:
    """Return what a reader has to know of a sum over units some of which have no number."""
    from evaluation.contracts import NOT_APPLICABLE, SHOWN
    from evaluation.monitoring.series import COUNT

    had = ((series.states == SHOWN) | (series.states == NOT_APPLICABLE)).sum(axis=0)
    few = [period for period, n in zip(series.periods, had.tolist(), strict=True) if n < len(series.units)]
    if not few:
        return ()
    said = Words(*(_few(tuple(said_period(p, speak) for p in few)) for speak in ("vi", "en")))
    return (words("cli.analysis.no_sum" if series.measure == COUNT else "cli.analysis.part_sum", periods=said),)


def _typed(find: Callable[[str], T], text: str) -> T:
    try:
        return find(text)
    except (UnknownPlace, AmbiguousPlace) as error:
        raise WrongUse(str(error)) from None


def _store(asked: Asked) -> EvidenceStore:
    from evaluation.cli.intake import date
    from evaluation.store import open_store

    return open_store(asked.store, date(asked.as_of))


def _data(make: Callable[..., CountSeries], store: EvidenceStore, *details: object) -> CountSeries:
    """Return a series from the store, or say that there is nothing in it yet."""
    if not store.periods():
        raise wrong("empty_store")
    try:
        return make(store, *details)
    except ValueError as error:
        raise WrongUse(str(error)) from None


def period_of(series: CountSeries, typed: str, option: str = "--period") -> str:
    """Return the period of the series that was meant.

    Raises
    ------
    WrongUse
        If the series has no such period.
    """
    from evaluation.monitoring.own_periods import UnreadTimes, read_times

    try:
        period = read_times([typed]).periods[0]
    except UnreadTimes:
        raise wrong("period", name=option) from None
    if period not in series.periods:
        raise wrong("no_period", name=period, first=series.periods[0], last=series.periods[-1])
    return period
