"""What the plan asks, of whom, for whom, and what can show it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

from evaluation.language import Words
from evaluation.plan.source import PlanError, both, nearest, reason, rows, whole

DISTRICTS = "district_committees"

KINDS = {
    "outcome": Words("kết quả cho con người", "outcome for people"),
    "process": Words("hoạt động", "process"),
    "enforcement-context": Words("quản lý, kiểm tra (bối cảnh)", "enforcement (context)"),
    "policy": Words("chính sách", "policy"),
    "finance": Words("kinh phí", "finance"),
    "reporting": Words("báo cáo", "reporting"),
}


class UnknownProvision(PlanError):
    """A provision that the plan does not have."""


class UnknownAgency(PlanError):
    """A body that the plan does not name."""


@dataclass(frozen=True)
class Target:
    """What the plan sets as a number or a date.

    Attributes
    ----------
    words : Words
        The target, short.
    low, high : int or None
        Its ends; for "before_day_of_month" `high` is the plan's own day, so the last day on time is the day before.
    unit : {"hotspots", "working_days", "before_day_of_month"}
    obligations : tuple of str
        Ids of the calendar whose rule yields the dates.
    """

    words: Words
    low: int | None
    high: int | None
    unit: str
    obligations: tuple[str, ...]


@dataclass(frozen=True)
class Provision:
    """One obligation of the plan.

    Attributes
    ----------
    id : str
        "II.5", "III.1.a" (first dash of item 1 of section III), "III.3", "IV.a", "V.1".
    section : {"II", "III", "IV", "V"}
    agencies : tuple of str
        Bodies asked; section II names none, so the city's People's Committee stands for it.
    partners : tuple of str
        Other bodies that the obligation names: to work with, to direct, to inform.
    anchor : str
        Opening words in the plan's text, to find the place; never printed in a report.
    asked : Words
        What is asked, in our own words.
    kind : {"outcome", "process", "enforcement-context", "policy", "finance", "reporting"}
    beneficiaries : tuple of str
        Ids of `beneficiaries`.
    indicators : tuple of str
        Ids of the codebook that can show it.
    no_indicator : Words or None
        Why none is fit, exactly where `indicators` is empty.
    target : Target or None
        Where the plan gives one.
    places : tuple of str
        Codes of the districts that the obligation names.
    """

    id: str
    section: str
    agencies: tuple[str, ...]
    partners: tuple[str, ...]
    anchor: str
    asked: Words
    kind: str
    beneficiaries: tuple[str, ...]
    indicators: tuple[str, ...]
    no_indicator: Words | None
    target: Target | None
    places: tuple[str, ...]


@dataclass(frozen=True)
class Agency:
    """A body that the plan names.

    Attributes
    ----------
    kind : {"own item", "partner"}
        Whether section III has an item of its own for it.
    provisions : tuple of str
        Where it is asked or named.
    part_of : str or None
        The body that it belongs to, where that is one of the table.
    """

    id: str
    label: Words
    kind: str
    provisions: tuple[str, ...]
    part_of: str | None


@dataclass(frozen=True)
class AskedOfDistrict:
    """What the plan asks of districts, in the plan's order; no provision stands in two groups.

    Attributes
    ----------
    lead : tuple of Provision
        Asked of the People's Committees of the districts.
    partner : tuple of Provision
        Asked of another body, naming the district committees or an office of theirs.
    named : tuple of Provision
        Asked of another body, naming this district as a place.
    """

    lead: tuple[Provision, ...]
    partner: tuple[Provision, ...]
    named: tuple[Provision, ...]


def _target(row: dict[str, str]) -> Target | None:
    if not row["target"]:
        return None
    words = Words(row["target_vi"], row["target"])
    return Target(words, whole(row["target_low"]), whole(row["target_high"]), row["target_unit"], tuple(row["deadline_rule"].split()))


@cache
def provisions() -> dict[str, Provision]:
    """Return all 64 obligations of the plan by id, in the plan's order."""
    return {
        r["id"]: Provision(
            id=r["id"],
            section=r["section"],
            agencies=tuple(r["agency"].split()),
            partners=tuple(r["partners"].split()),
            anchor=r["anchor_vi"],
            asked=both(r, "summary"),
            kind=r["kind"],
            beneficiaries=tuple(r["beneficiaries"].split()),
            indicators=tuple(r["indicators"].split()),
            no_indicator=reason(r),
            target=_target(r),
            places=tuple(r["places"].split()),
        )
        for r in rows("provisions")
    }


@cache
def beneficiaries() -> dict[str, Words]:
    """Return the groups of people and bodies that provisions are for, by id."""
    return {r["id"]: both(r, "label") for r in rows("beneficiaries")}


@cache
def agencies() -> dict[str, Agency]:
    """Return all bodies by id: the 21 with an item of their own in the plan's order, then partners."""
    return {
        r["id"]: Agency(r["id"], both(r, "label"), r["kind"], tuple(r["provisions"].split()), r["part_of"] or None)
        for r in rows("agencies")
    }


def provision(name: str) -> Provision:
    """Return one provision.

    Parameters
    ----------
    name : str
        Its id, such as "III.13.g"; case and spaces around it do not matter.

    Raises
    ------
    UnknownProvision
        With the nearest ids.
    """
    by_case = {p.casefold(): p for p in provisions()}
    try:
        return provisions()[by_case[name.strip().casefold()]]
    except KeyError:
        near = ", ".join(by_case[n] for n in difflib.get_close_matches(name.strip().casefold(), by_case, 3)) or "II.1, III.1.a, V.1"
        raise UnknownProvision(
            f"Kế hoạch không có mục {name!r}; gần nhất: {near}. / The plan has no provision {name!r}; nearest: {near}."
        ) from None


def asked_of(agency: str) -> list[Provision]:
    """Return what the plan asks of a body, in the plan's order (not where it is only named as a partner).

    Raises
    ------
    UnknownAgency
        With the nearest ids.
    """
    if agency not in agencies():
        near = nearest(agency, agencies())
        raise UnknownAgency(
            f"Kế hoạch không nêu cơ quan {agency!r}; gần nhất: {near}. / The plan names no body {agency!r}; nearest: {near}."
        )
    return [p for p in provisions().values() if agency in p.agencies]


def provisions_of_district(district_code: str | None = None) -> AskedOfDistrict:
    """Return what the plan asks of the People's Committees of the districts.

    Parameters
    ----------
    district_code : str, optional
        A district; adds the provisions that name it as a place.
    """
    offices = {DISTRICTS} | {a.id for a in agencies().values() if a.part_of == DISTRICTS}
    lead = tuple(asked_of(DISTRICTS))
    partner = tuple(p for p in provisions().values() if p not in lead and offices & set(p.partners))
    named = tuple(p for p in provisions().values() if p not in lead + partner and district_code in p.places)
    return AskedOfDistrict(lead, partner, named)
