"""The pilot models that the plan names, with their places as far as it gives them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from evaluation.language import Words
from evaluation.plan.source import PlanError, both, nearest, rows


class UnknownPilot(PlanError):
    """A pilot model that the plan does not name."""


@dataclass(frozen=True)
class Pilot:
    """A pilot model that the plan names.

    Attributes
    ----------
    name : Words
        Full name.
    stage : {"existing", "to build"}
        Whether the plan strengthens the model or asks for it to be built.
    ward_code, district_code : str or None
        None where the plan ties the model to no ward.
    place_note : Words
        How the plan's sentence on the place was read.
    outcome_indicators : tuple of str
        Indicators of kind "outcome" that the model is expected to move.
    start_period : str or None
        Always None from the plan, which gives no start.
    """

    id: str
    name: Words
    stage: str
    ward_code: str | None
    district_code: str | None
    place_note: Words
    lead: str
    partners: tuple[str, ...]
    expected: Words
    outcome_indicators: tuple[str, ...]
    provisions: tuple[str, ...]
    start_period: str | None


@cache
def pilots() -> dict[str, Pilot]:
    """Return the six models that the plan names, by id."""
    return {
        r["id"]: Pilot(
            id=r["id"],
            name=both(r, "name"),
            stage=r["stage"],
            ward_code=r["ward_code"] or None,
            district_code=r["district_code"] or None,
            place_note=both(r, "place_note"),
            lead=r["lead"],
            partners=tuple(r["partners"].split()),
            expected=both(r, "expected"),
            outcome_indicators=tuple(r["outcome_indicators"].split()),
            provisions=tuple(r["provisions"].split()),
            start_period=r["start_period"] or None,
        )
        for r in rows("pilots")
    }


def pilot(name: str) -> Pilot:
    """Return one pilot model.

    Raises
    ------
    UnknownPilot
        With the nearest ids.
    """
    try:
        return pilots()[name]
    except KeyError:
        near = nearest(name, pilots())
        raise UnknownPilot(
            f"Kế hoạch không nêu mô hình {name!r}; gần nhất: {near}. / The plan names no pilot {name!r}; nearest: {near}."
        ) from None


def pilots_in(district_code: str) -> list[Pilot]:
    """Return the models that the plan places in a district; empty for most."""
    return [p for p in pilots().values() if p.district_code == district_code]


def roaming_pilots() -> list[Pilot]:
    """Return the models that the plan ties to no ward: they may run in any district."""
    return [p for p in pilots().values() if p.ward_code is None]
