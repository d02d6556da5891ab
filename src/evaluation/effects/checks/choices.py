"""The defensible choices of an analysis, and all their combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from evaluation.language import Words, number

# The first of each measure is what the design "did" does.
POOLED, LOGS, MEANS, NEAREST, SYNTHETIC = "pooled", "logs", "means", "nearest", "synthetic"
NEAREST_DONORS = 10
DESIGNS = {
    "count": (POOLED, LOGS, NEAREST, SYNTHETIC),
    "rate": (POOLED, LOGS, NEAREST, SYNTHETIC),
    "share": (POOLED, MEANS, NEAREST, SYNTHETIC),
    "value": (MEANS, NEAREST, SYNTHETIC),
}
DIMENSIONS = {
    "outcome": Words("Chỉ tiêu", "Outcome"),
    "design": Words("Cách so sánh", "Comparison"),
    "level_factor": Words("Mức tương tự", "Similar level"),
    "neighbours": Words("Đơn vị giáp ranh", "Neighbours"),
    "same_group": Words("Cùng quận, huyện", "Same district"),
    "before": Words("Số kỳ trước", "Periods before"),
    "anticipation": Words("Bỏ trước khi bắt đầu", "Left out before"),
    "phase_in": Words("Bỏ sau khi bắt đầu", "Left out after"),
    "season": Words("Mùa vụ", "Season"),
    "offset": Words("Dân số", "Residents"),
}
_DESIGN_WORDS = {
    POOLED: Words("tổng các đơn vị so sánh", "donors summed"),
    LOGS: Words("trung bình lô-ga-rít", "mean of logs"),
    MEANS: Words("trung bình các đơn vị so sánh", "mean of donors"),
    NEAREST: Words("10 đơn vị giống nhất", "ten nearest donors"),
    SYNTHETIC: Words("đối chứng tổng hợp", "synthetic control"),
}


@dataclass(frozen=True)
class Choices:
    """What may be chosen, each with its options; the first option of each is the study's own.

    Attributes
    ----------
    designs : tuple of str
        Those of the measure where empty: `DESIGNS`. "synthetic", a synthetic
        control about unit means, solves one problem a unit and rule and takes
        most of the time: with thousands of units leave it out.
    level_factors : tuple of float or None
        Donors' level and peak before the start within this factor of the treated unit's.
    neighbours : tuple of bool
        Whether neighbours may be donors.
    same_group : tuple of bool
        Whether units of the same district may.
    befores : tuple of int or None
        Periods before the start that are used; None for all.
    anticipations, phase_ins : tuple of int
        Periods left out before and from the start on, added to the study's own.
    seasons : tuple of bool
        Whether each season of the unit is compared with the same season before.
    offsets : tuple of bool
        Whether counts are per residents.
    """

    designs: tuple[str, ...] = ()
    level_factors: tuple[float | None, ...] = (3.0, 2.0, 5.0)
    neighbours: tuple[bool, ...] = (False, True)
    same_group: tuple[bool, ...] = (True, False)
    befores: tuple[int | None, ...] = (None, 4)
    anticipations: tuple[int, ...] = (0, 1)
    phase_ins: tuple[int, ...] = (0, 1)
    seasons: tuple[bool, ...] = (False, True)
    offsets: tuple[bool, ...] = (False, True)


@dataclass(frozen=True)
class Specification:
    """One combination of choices; the attributes are those of `Choices`, in the singular."""

    outcome: str
    design: str
    level_factor: float | None
    neighbours: bool
    same_group: bool
    before: int | None
    anticipation: int
    phase_in: int
    season: bool
    offset: bool


def combinations(
    choices: Choices,
    outcomes: Sequence[str],
    measure: str,
    *,
    near: bool,
    groups: bool,
    seasonal: bool,
    residents: bool,
    most: int | None = None,
    seed: int = 0,
) -> list[Specification]:
    """Return all combinations that the data allow, the study's own first.

    Parameters
    ----------
    choices : Choices
    outcomes : sequence of str
        The study's own first.
    measure : {"count", "share", "rate", "value"}
    near, groups, seasonal, residents : bool
        Whether neighbours, districts, seasons and residents are known: without, that choice falls away.
    most : int, optional
        A random part of so many, the study's own among them, where there are more.
    seed : int
    """
    counts = measure == "count"
    options: list[Sequence[Any]] = [
        outcomes,
        [d for d in (choices.designs or DESIGNS[measure]) if d in DESIGNS[measure]],
        choices.level_factors if measure != "value" else (None,),
        choices.neighbours if near else (False,),
        choices.same_group if groups else (True,),
        choices.befores,
        choices.anticipations,
        choices.phase_ins,
        choices.seasons if seasonal else (False,),
        choices.offsets if residents and counts else (False,),
    ]
    found = [Specification(*one) for one in product(*options)]
    if most is None or len(found) <= most:
        return found
    picked = np.random.default_rng(seed).choice(np.arange(1, len(found)), most - 1, replace=False)
    return [found[0], *(found[i] for i in sorted(picked))]


def option_words(dimension: str, option: Any, labels: Mapping[str, Words]) -> Words:
    """Return how an option is called beside a picture of many specifications.

    Parameters
    ----------
    dimension : str
        A key of `DIMENSIONS`.
    option : Any
    labels : mapping of str to Words
        Names of outcomes.
    """
    if dimension == "outcome":
        return labels[option]
    if dimension == "design":
        return _DESIGN_WORDS[option]
    if dimension == "level_factor":
        if option is None or option != option:
            return Words("mọi mức", "any")
        return Words(f"trong {number(option, 'vi')} lần", f"within {number(option, 'en')} times")
    if dimension == "before":
        return Words("tất cả", "all") if option is None or option != option else Words(number(option, "vi"), number(option, "en"))
    if dimension in ("anticipation", "phase_in"):
        n = int(option)
        return Words(f"{n} kỳ", f"{n} period{'' if n == 1 else 's'}") if n else Words("không bỏ kỳ nào", "none")
    yes, no = {
        "neighbours": (Words("được so sánh", "among donors"), Words("không so sánh", "left out")),
        "same_group": (Words("được so sánh", "among donors"), Words("không so sánh", "left out")),
        "season": (Words("cùng mùa vụ của chính đơn vị", "the unit's own"), Words("chung với các đơn vị so sánh", "the donors'")),
        "offset": (Words("trên số dân", "per residents"), Words("số đếm", "counts")),
    }[dimension]
    return yes if option else no
