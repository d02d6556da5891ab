"""The codebook: what districts report (elements) and what is made of it (indicators)."""

from __future__ import annotations

import csv
import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache

from evaluation.language import Words
from evaluation.settings import folders

RESIDENTS = "residents"
PER_RESIDENTS = 10_000


class UnknownIndicator(ValueError):
    """An indicator or element that the codebook does not have."""


class NotAnOutcome(ValueError):
    """An indicator used as an outcome that measures effort or context."""


@dataclass(frozen=True)
class Element:
    """One count of the district form.

    Attributes
    ----------
    sheet : str
        Subject sheet of the form.
    unit : str
        What is counted: people, contacts, reports, establishments, yes_no, ...
    sensitive : bool
        Whether a small count can point at a person.
    accumulates : {"flow", "stock"}
        Flows add up over quarters, stocks do not.
    form_since : int
        First version of the form that has it.
    comparable_since : int
        First version of the form that counts it as today's does.
    level : {"ward", "district"}
    """

    id: str
    label: Words
    definition: Words
    sheet: str
    unit: str
    sensitive: bool
    accumulates: str
    form_since: int
    comparable_since: int
    level: str


@dataclass(frozen=True)
class Indicator:
    """One indicator: numerator / denominator with a direction.

    Attributes
    ----------
    numerator, denominator : str
        Elements; `denominator` is "residents" for a rate and empty for a
        count; both are empty where the suite computes it otherwise.
    measure : {"count", "proportion", "rate", "yes_no"}
    unit : str
        "percent", "per 10,000 residents", or what is counted.
    kind : {"outcome", "process", "context"}
        Context (enforcement) is never the outcome of an evaluation.
    direction : {"up", "down", "context"}
        Which way is good; "context" where neither is.
    """

    id: str
    label: Words
    definition: Words
    numerator: str
    denominator: str
    measure: str
    unit: str
    level: str
    frequency: str
    kind: str
    direction: str
    disaggregations: tuple[str, ...]
    sensitive: bool
    agency: str
    provisions: tuple[str, ...]
    follows: str
    follows_year: str
    headline: bool

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements that it is made of."""
        return tuple(e for e in (self.numerator, self.denominator) if e and e != RESIDENTS)

    @property
    def comparable_since(self) -> int:
        """First version of the form whose counts compare with today's."""
        return max((elements()[e].comparable_since for e in self.elements), default=1)

    @property
    def reported(self) -> bool:
        """Whether the district form carries what it needs."""
        return bool(self.numerator)


def _rows(name: str) -> list[dict[str, str]]:
    with (folders().data / "codebook" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@cache
def elements() -> dict[str, Element]:
    """Return all elements of the district form by id, in the form's order."""
    return {
        r["id"]: Element(
            id=r["id"],
            label=Words(r["label_vi"], r["label_en"]),
            definition=Words(r["definition_vi"], r["definition_en"]),
            sheet=r["sheet"],
            unit=r["unit"],
            sensitive=r["sensitive"] == "yes",
            accumulates=r["accumulates"],
            form_since=int(r["form_since"]),
            comparable_since=int(r["comparable_since"]),
            level=r["level"],
        )
        for r in _rows("elements")
    }


@cache
def indicators() -> dict[str, Indicator]:
    """Return all indicators by id, in the codebook's order."""
    return {
        r["id"]: Indicator(
            id=r["id"],
            label=Words(r["label_vi"], r["label_en"]),
            definition=Words(r["definition_vi"], r["definition_en"]),
            numerator=r["numerator"],
            denominator=r["denominator"],
            measure=r["measure"],
            unit=r["unit"],
            level=r["level"],
            frequency=r["frequency"],
            kind=r["kind"],
            direction=r["direction"],
            disaggregations=tuple(r["disaggregations"].split()),
            sensitive=r["sensitive"] == "yes",
            agency=r["agency"],
            provisions=tuple(r["provisions"].split()),
            follows=r["follows"],
            follows_year=r["follows_year"],
            headline=r["headline"] == "yes",
        )
        for r in _rows("indicators")
    }


def indicator(name: str) -> Indicator:
    """Return one indicator.

    Raises
    ------
    UnknownIndicator
        With the nearest names.
    """
    try:
        return indicators()[name]
    except KeyError:
        near = ", ".join(difflib.get_close_matches(name, indicators(), 3)) or ", ".join(list(indicators())[:5]) + ", …"
        raise UnknownIndicator(
            f"Không có chỉ tiêu {name!r}; gần nhất: {near}. / There is no indicator {name!r}; nearest: {near}."
        ) from None


def outcome(name: str) -> Indicator:
    """Return an indicator that may be the outcome of an evaluation.

    Raises
    ------
    UnknownIndicator
        If the codebook does not have it.
    NotAnOutcome
        If its kind is process or context: effort is never an effect.
    """
    found = indicator(name)
    if found.kind != "outcome":
        raise NotAnOutcome(
            f"{name!r} thuộc loại {found.kind!r}: đo hoạt động hoặc bối cảnh, không dùng làm kết quả đánh giá. / "
            f"{name!r} is of kind {found.kind!r}: it measures effort or context and is never the outcome of an evaluation."
        )
    return found


def never_an_outcome(name: str) -> Indicator | None:
    """Return the process or context indicator that a name stands for, None for any other name.

    Parameters
    ----------
    name : str
        Somebody's own, such as the heading of a column: an id or a label of
        the codebook, of an indicator or of an element that is in no outcome;
        case, spaces and underscores do not matter.
    """
    return _effort().get(_plainly(name))


def _plainly(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


@cache
def _effort() -> dict[str, Indicator]:
    found: dict[str, Indicator] = {}
    in_outcomes = {e for i in indicators().values() if i.kind == "outcome" for e in i.elements}
    for known in indicators().values():
        if known.kind == "outcome":
            continue
        own = [elements()[e] for e in known.elements if e not in in_outcomes]
        called = [(known.id, known.label), *((e.id, e.label) for e in own)]
        for name, label in called:
            for text in (name, label.vi, label.en):
                found.setdefault(_plainly(text), known)
    for known in indicators().values():
        if known.kind == "outcome":
            for text in (known.id, known.label.vi, known.label.en):
                found.pop(_plainly(text), None)
    return found


@cache
def related() -> dict[str, str]:
    """Return each element's family, named by one of its members: elements that some share relates, directly or in a chain."""
    family = {name: name for name in elements()}
    for known in indicators().values():
        if known.measure == "proportion" and known.reported:
            kept, joined = family[known.numerator], family[known.denominator]
            family = {name: kept if own == joined else own for name, own in family.items()}
    return family


def headline() -> Indicator:
    """Return the codebook's headline outcome."""
    return next(i for i in indicators().values() if i.headline)
