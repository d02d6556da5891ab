"""What a report may be asked for: checked against the notebook and the vocabulary before a kernel starts."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evaluation.batch.jobs import DISTRICT, PILOT, Job, default_template
from evaluation.language import LANGUAGES, words
from evaluation.periods import Period, PeriodError
from evaluation.places import AmbiguousPlace, UnknownPlace, districts, find_district
from evaluation.plan import UnknownPilot, pilot, pilots
from evaluation.settings import DEFAULT_PERIOD, DEFAULT_SEED, folders
from evaluation.store import StoreError, open_store

TYPES: Mapping[str, type] = {"str": str, "int": int}
LARGEST_SEED = 2**32 - 1


class WrongParameter(ValueError):
    """A report was asked for that cannot be made; the message is bilingual and says what can."""


@dataclass(frozen=True)
class Declared:
    """A parameter as the notebook declares it.

    Attributes
    ----------
    name, type, default, help : str
    """

    name: str
    type: str
    default: str
    help: str


def _wrong(key: str, **slots: object) -> WrongParameter:
    said = words(f"batch.wrong.{key}", **slots)
    return WrongParameter(f"{said.vi} / {said.en}")


def shown(value: object) -> str:
    """Return the beginning of a value in quotes, control characters spelled out."""
    text = ascii(value) if not isinstance(value, str) or any(unicodedata.category(c).startswith("C") for c in value) else repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def declared(template: Path) -> dict[str, Declared]:
    """Return the parameters that a notebook declares in its cell tagged ``parameters``.

    Parameters
    ----------
    template : Path

    Raises
    ------
    WrongParameter
        If there is no such notebook, if it cannot be read, or if its cell declares nothing or what is no plain ``str`` or ``int``.
    """
    if not template.is_file():
        raise _wrong("no_template", name=template.name)
    from papermill import inspect_notebook

    try:
        told = inspect_notebook(str(template).replace("{", "{{").replace("}", "}}"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # whatever a file that is no notebook leads to
        raise _wrong("unreadable", name=template.name) from error
    found = {name: Declared(name, p["inferred_type_name"], p["default"], p["help"]) for name, p in told.items()}
    if not found:
        raise _wrong("undeclared", name=template.name)
    for p in found.values():
        if p.type not in TYPES:
            raise _wrong("untyped", name=p.name, template=template.name)
    return found


def check_names(requested: Mapping[str, object], template: Path) -> None:
    """Refuse parameters that the notebook does not declare, that it lacks, or that have another type.

    Parameters
    ----------
    requested : mapping
        Parameter name to value.
    template : Path

    Raises
    ------
    WrongParameter
    """
    known = declared(template)
    for name in requested:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = words("batch.wrong.meant", name=near[0]) if near else words("batch.wrong.known", names=", ".join(known))
            raise _wrong("unknown", name=shown(name), hint=hint)
    for name, p in known.items():
        if name not in requested:
            raise _wrong("lacking", name=name)
        if type(requested[name]) is not TYPES[p.type]:
            raise _wrong("type", name=name, type=p.type, value=shown(requested[name]))


def check_values(requested: Mapping[str, object]) -> None:
    """Refuse values outside the vocabulary: codes of districts and pilots, quarters, two languages, ISO dates, a seed.

    Raises
    ------
    WrongParameter
    """
    if DISTRICT in requested and requested[DISTRICT] not in districts():
        raise _wrong("district", value=shown(requested[DISTRICT]))
    if PILOT in requested and requested[PILOT] not in pilots():
        raise _wrong("pilot", value=shown(requested[PILOT]), known=", ".join(pilots()))
    if requested["language"] not in LANGUAGES:
        raise _wrong("language", value=shown(requested["language"]))
    period = quarter_of(str(requested["period"]))
    if str(period) != requested["period"]:
        raise _wrong("period", value=shown(requested["period"]), written=str(period))
    if date_of(requested["as_of"]).isoformat() != requested["as_of"]:
        raise _wrong("date", value=shown(requested["as_of"]))
    seed = requested["seed"]
    if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
        raise _wrong("seed", value=shown(seed))


def check_data(store: Path, as_of: dt.date, period: str) -> bool:
    """Refuse a period for which no district at all has data.

    Returns
    -------
    bool
        Whether the store's data are made up.

    Raises
    ------
    WrongParameter
        If there are none, or no store that can be read.
    """
    try:
        there, synthetic = _read(store, as_of, _stamp(store))
    except StoreError as error:
        raise WrongParameter(str(error)) from None
    if period not in there:
        span = words("batch.wrong.span", first=there[0], last=there[-1]) if there else words("batch.wrong.empty")
        raise _wrong("no_data", period=period, as_of=as_of.isoformat(), span=span)
    return synthetic


def _stamp(store: Path) -> tuple[int, ...]:
    try:
        found = store.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=8)  # jobs are checked where they are made and where they are run: a store that is as it was is opened once
def _read(store: Path, as_of: dt.date, stamp: tuple[int, ...]) -> tuple[list[str], bool]:
    evidence = open_store(store, as_of)
    return evidence.periods(), evidence.synthetic


def quarter_of(text: str) -> Period:
    """Return a quarter in any usual writing.

    Raises
    ------
    WrongParameter
    """
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise WrongParameter(str(error)) from None
    if period.quarter is None:
        raise _wrong("year", value=str(period))
    return period


def date_of(value: object) -> dt.date:
    """Return a date, or what an ISO text says.

    Raises
    ------
    WrongParameter
    """
    try:
        return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise _wrong("date", value=shown(value)) from None


def prepared(
    asked: Sequence[str] | None = None,
    period: str = DEFAULT_PERIOD,
    language: str = "vi",
    store: Path | None = None,
    as_of: str | dt.date | None = None,
    seed: int = DEFAULT_SEED,
    template: Path | None = None,
    kind: str = DISTRICT,
) -> tuple[Job, ...]:
    """Return the jobs of a run, everything about them checked.

    Parameters
    ----------
    asked : sequence of str, optional
        Districts by code or name in any usual writing, or pilot models by id; all of them where left out.
    period : str
        A quarter in any usual writing.
    language : {"vi", "en"}
    store : Path, optional
        The project's own where left out.
    as_of : str or date, optional
        The Department's due date of the period where left out.
    seed : int
    template : Path, optional
        The notebook of the kind where left out.
    kind : {"district", "pilot"}

    Returns
    -------
    tuple of Job
        In official order of the districts or the plan's of the pilots, each once.

    Raises
    ------
    WrongParameter
        With what would be right.
    """
    quarter = quarter_of(period)
    known = tuple(districts() if kind == DISTRICT else pilots())
    wanted = {subject_of(text, kind) for text in asked} if asked is not None else set(known)
    day = date_of(as_of) if as_of is not None else quarter.department_due
    place = (store or folders().evidence).resolve()
    jobs = tuple(Job(code, str(quarter), language, place, day, seed, kind) for code in known if code in wanted)
    check(jobs, template or default_template(kind))
    return jobs


def check(jobs: Sequence[Job], template: Path) -> bool:
    """Check jobs as a whole: values, and that there are data; what the notebook declares is checked before it is run.

    Returns
    -------
    bool
        Whether their store holds made-up data.

    Raises
    ------
    WrongParameter
    """
    if not jobs:
        raise _wrong("nothing")
    if len({(j.kind, j.period, j.store, j.as_of) for j in jobs}) > 1 or len({j.name for j in jobs}) < len(jobs):
        raise _wrong("mixed")
    for job in jobs:
        check_values(job.parameters)
    if not template.is_file():
        raise _wrong("no_template", name=template.name)
    return check_data(jobs[0].store, jobs[0].as_of, jobs[0].period)


def subject_of(text: str, kind: str) -> str:
    """Return the code of a district in any usual spelling, or the id of a pilot model.

    Raises
    ------
    WrongParameter
    """
    try:
        return find_district(text).code if kind == DISTRICT else pilot(text).id
    except (UnknownPlace, AmbiguousPlace, UnknownPilot) as error:
        raise WrongParameter(str(error)) from None
