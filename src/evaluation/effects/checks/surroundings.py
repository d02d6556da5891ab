"""Which units of a study may be compared under some rule: the whole panel with its neighbours, districts and residents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.checks.many_estimates import Pool
from evaluation.effects.matrix import Floats, periods_at
from evaluation.effects.study import Study
from evaluation.periods import Period
from evaluation.places import neighbours as neighbours_of
from evaluation.places import residents as residents_in
from evaluation.places import wards


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Who lies beside whom, in which district, with how many residents; None where it is not known.

    Attributes
    ----------
    near : mapping of unit to units, or None
    groups : mapping of unit to str, or None
    residents : mapping of (unit, period) to float, or None
    season : int
        Periods in a year, 1 where there is no season to speak of.
    """

    near: Mapping[str, Collection[str]] | None
    groups: Mapping[str, str] | None
    residents: Mapping[tuple[str, Any], float] | None
    season: int

    @classmethod
    def of(
        cls,
        study: Study,
        near: Mapping[str, Collection[str]] | None,
        groups: Mapping[str, str] | None,
        residents: Mapping[tuple[str, Any], float] | None,
    ) -> Surroundings:
        """Return what is given, and the map's and the census' where all units are wards of the city."""
        units = [str(u) for u in study.panel["unit"].unique()]
        periods = [str(p) for p in study.panel["period"].unique()]
        quarterly = all(len(p) == 7 and p[4:6] == "-Q" for p in periods)
        if all(u in wards() for u in units):
            near = {u: neighbours_of(u) for u in units} if near is None else near
            groups = {u: wards()[u].district_code for u in units} if groups is None else groups
            if residents is None and quarterly and study.measure == "count":
                residents = _census(periods)
        return cls(near, groups, residents, 4 if quarterly else 1)


def _census(periods: Sequence[str]) -> dict[tuple[str, Any], float]:
    found: dict[tuple[str, Any], float] = {}
    for p in periods:
        table = residents_in(Period.parse(p))
        found |= {(str(u), p): float(n) for u, n in zip(table["ward_code"], table["residents"], strict=True)}
    return found


def pool_of(study: Study, around: Surroundings, placebos: Sequence[str]) -> Pool:
    """Return the treated area and all units that may be compared with something, as arrays.

    Parameters
    ----------
    study : Study
        Several treated units are summed where all of them reported.
    around : Surroundings
    placebos : sequence of str
        Units for which estimates are made besides the treated one.
    """
    units, periods, top, bottom = study.arrays()
    at = {u: i for i, u in enumerate(units)}
    reason = study.eligibility.set_index("unit")["reason"]
    own = {n for u in study.treated for n in (around.near or {}).get(u, ())}
    others = [u for u in units if reason[u] in ("", "level", "peak") or (around.near is not None and reason[u] == "neighbour" and u in own)]
    chosen = [*others]
    place = {u: i + 1 for i, u in enumerate(chosen)}
    mine = [at[u] for u in study.treated]
    rows = [at[u] for u in chosen]

    def stacked(x: Floats) -> Floats:
        area = np.where(np.isfinite(x[mine]).all(0), x[mine].sum(0), np.nan)
        return np.vstack([area, x[rows]])

    size = len(chosen) + 1
    near = np.zeros((size, size), dtype=bool)
    for u, i in place.items():
        for n in (around.near or {}).get(u, ()):
            if n in place:
                near[i, place[n]] = True
    for n in own:
        if n in place:
            near[0, place[n]] = near[place[n], 0] = True
    codes = {g: k for k, g in enumerate(sorted(set((around.groups or {}).values())))}
    group = np.array([codes.get((around.groups or {}).get(u, ""), -1) for u in (study.treated[0], *chosen)])
    people = None
    if around.residents is not None:
        table = np.array([[around.residents.get((u, p), np.nan) for p in periods] for u in units])
        people = stacked(np.where(table > 0, table, np.nan))
    return Pool(
        top=stacked(top),
        bottom=stacked(bottom if study.measure in ("share", "rate") else np.where(np.isfinite(top), 1.0, np.nan)),
        measure=study.measure,
        first=periods_at(periods, study.start),
        rows=np.array([0, *(place[u] for u in placebos if u in place)]),
        near=near,
        group=group,
        phase=np.array([int(str(p)[-1]) if around.season > 1 else 0 for p in periods]),
        residents=people,
        anticipation=study.anticipation,
        phase_in=study.phase_in,
    )
