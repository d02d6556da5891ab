"""Which other units could have been drawn for treatment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import comb, prod

import numpy as np

from evaluation.effects.matrix import Flags


def drawings(
    treated: Flags,
    *,
    allowed: Flags | Sequence[Sequence[bool]] | None = None,
    strata: Sequence[object] | None = None,
    exact_up_to: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Flags, bool]:
    """Return the drawings to compare with, the real one first, and whether these are all there were.

    Parameters
    ----------
    treated : ndarray of bool, shape (units,)
        The real drawing.
    allowed : array of bool, shape (drawings, units), optional
        All that could have come out.
    strata : sequence of length units, optional
        Within each stratum as many are drawn as in the real drawing.
    exact_up_to, draws : int
        All up to this many, else so many at random beside the real one.
    rng : Generator

    Raises
    ------
    ValueError
        If nothing or everything is treated, the shapes differ, or the real
        drawing is not among those allowed.
    """
    own = np.asarray(treated, dtype=bool)
    if not own.any() or own.all():
        raise ValueError("Cần cả đơn vị thí điểm và đơn vị so sánh. / Both treated and comparison units are needed.")
    if allowed is not None:
        return _given(own, np.asarray(allowed, dtype=bool), exact_up_to, draws, rng)
    groups = _groups(own, strata)
    space = prod(comb(len(g), int(own[g].sum())) for g in groups)
    if space > exact_up_to:
        return np.vstack([own, *(_draw(own, groups, rng) for _ in range(draws))]), False
    picks = product(*(combinations(g.tolist(), int(own[g].sum())) for g in groups))
    ways = np.zeros((space, len(own)), dtype=bool)
    for row, pick in zip(ways, picks, strict=True):
        row[[i for part in pick for i in part]] = True
    return _real_first(own, ways), True


def _groups(own: Flags, strata: Sequence[object] | None) -> list[np.ndarray]:
    if strata is None:
        return [np.arange(len(own))]
    if len(strata) != len(own):
        raise ValueError(
            f"strata có {len(strata)} phần tử, cần {len(own)} (mỗi đơn vị một). / strata has {len(strata)} entries, {len(own)} are needed."
        )
    names = list(strata)
    return [np.flatnonzero([n == name for n in names]) for name in dict.fromkeys(names)]


def _draw(own: Flags, groups: list[np.ndarray], rng: np.random.Generator) -> Flags:
    drawn = np.zeros(len(own), dtype=bool)
    for g in groups:
        drawn[rng.permutation(g)[: int(own[g].sum())]] = True
    return drawn


def _given(own: Flags, allowed: Flags, exact_up_to: int, draws: int, rng: np.random.Generator) -> tuple[Flags, bool]:
    if allowed.ndim != 2 or allowed.shape[1] != len(own):
        raise ValueError(
            f"allowed phải có dạng (số cách, {len(own)} đơn vị), đang là {allowed.shape}. / "
            f"allowed must have the shape (drawings, {len(own)} units), it is {allowed.shape}."
        )
    if not (allowed == own).all(axis=1).any():
        raise ValueError("Cách bốc thăm thực tế không có trong allowed. / The real drawing is not among those allowed.")
    if len(allowed) <= exact_up_to:
        return _real_first(own, allowed), True
    return np.vstack([own, allowed[rng.integers(0, len(allowed), draws)]]), False


def _real_first(own: Flags, ways: Flags) -> Flags:
    """Return the drawings with the real one in front, as often as it is among them."""
    same = (ways == own).all(axis=1)
    return np.vstack([ways[same], ways[~same]])
