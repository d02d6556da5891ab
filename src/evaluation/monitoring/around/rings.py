"""Who lies around a place: neighbours, their neighbours, and those far enough away to compare with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evaluation.language import Words
from evaluation.places import UnknownPlace, district_neighbours, districts, neighbours, ward_borders, wards

# Under this length two wards hardly touch in more than a corner.
SHORTEST_BORDER_M = 150

UNIT, RING1, RING2, CONTROL = "unit", "ring1", "ring2", "control"
AREA_NAMES = {
    UNIT: Words("nơi được xem xét", "the place itself"),
    RING1: Words("vành 1: các nơi giáp ranh", "ring 1: its neighbours"),
    RING2: Words("vành 2: nơi giáp vành 1", "ring 2: their neighbours"),
    CONTROL: Words("đối chứng: các nơi còn lại", "control: all the others"),
}


@dataclass(frozen=True)
class Rings:
    """A place (or several treated as one), its two rings of neighbours and the rest as control.

    Attributes
    ----------
    unit, ring1, ring2, control : tuple of str
        Codes, in official order; no code stands in two of them.
    border_m : mapping of str to int
        Metres of border that each place of ring 1 shares with the unit; empty
        for districts, whose border lengths are not known.
    """

    unit: tuple[str, ...]
    ring1: tuple[str, ...]
    ring2: tuple[str, ...]
    control: tuple[str, ...]
    border_m: Mapping[str, int]

    def of(self, area: str) -> tuple[str, ...]:
        """Return the codes of one area: "unit", "ring1", "ring2" or "control"."""
        return {UNIT: self.unit, RING1: self.ring1, RING2: self.ring2, CONTROL: self.control}[area]


def rings(
    unit: str | Sequence[str],
    *,
    min_border_m: int = SHORTEST_BORDER_M,
    among: Sequence[str] | None = None,
    exclude: Collection[str] = (),
) -> Rings:
    """Return the rings of neighbours around a ward or a district, and the control.

    Parameters
    ----------
    unit : str or sequence of str
        Code of a ward or of a district; several of one kind are taken as one place.
    min_border_m : int
        Shortest shared border by which two wards are neighbours, in metres;
        without effect for districts.
    among : sequence of str, optional
        The places that can stand in a ring or in the control (such as those of
        a series); all of the city where left out. Neighbours are found on the
        whole map all the same.
    exclude : collection of str
        Places that stand nowhere, such as other pilots and their neighbours.

    Returns
    -------
    Rings
        Ring 1 holds the places that border on the unit, ring 2 those that
        border on ring 1, without unit and ring 1.

    Raises
    ------
    places.UnknownPlace
        If a code is no ward's and no district's.
    ValueError
        If wards and districts are mixed, or there is no code.
    """
    own = (unit,) if isinstance(unit, str) else tuple(unit)
    order = _order(own)
    inner = frozenset(own)
    first = frozenset().union(*(_touching(code, min_border_m) for code in own)) - inner
    second = frozenset().union(*(_touching(code, min_border_m) for code in first)) - first - inner
    allowed = frozenset(order if among is None else among) - frozenset(exclude)
    lengths = {} if len(own[0]) == 3 else {code: sum(ward_borders()[code].get(u, 0) for u in own) for code in first}
    return Rings(
        unit=own,
        ring1=tuple(c for c in order if c in first & allowed),
        ring2=tuple(c for c in order if c in second & allowed),
        control=tuple(c for c in order if c in allowed - first - second - inner),
        border_m={c: lengths[c] for c in order if c in lengths and c in allowed},
    )


def _order(own: tuple[str, ...]) -> tuple[str, ...]:
    """Return all places of the units' kind in official order."""
    if not own:
        raise ValueError("Hãy nêu ít nhất một nơi trong unit. / Name at least one place in unit.")
    kinds = {"district" if code in districts() else "ward" if code in wards() else code for code in own}
    if unknown := sorted(kinds - {"district", "ward"}):
        raise UnknownPlace(
            f"Không có nơi nào mã {', '.join(unknown)} trong tham số unit. / No place has the code {', '.join(unknown)} given in unit."
        )
    if len(kinds) > 1:
        raise ValueError(
            "Tham số unit phải gồm toàn quận, huyện hoặc toàn phường, xã, thị trấn. / unit must hold districts only or wards only."
        )
    return tuple(districts() if kinds == {"district"} else wards())


def _touching(code: str, min_border_m: int) -> frozenset[str]:
    return district_neighbours(code) if len(code) == 3 else neighbours(code, min_border_m)
