"""Rules that call a signal: each looks at standardised points in time order, many series at once.

A missing period neither counts nor breaks a run: rules look at the reported points in their order. A point on the
centre line breaks a run in the rules of Shewhart charts and is passed over in those of run charts, as in their sources.

References
----------
Nelson 1984 (J. Quality Technology 16:237); Western Electric 1956, Statistical Quality Control Handbook; NHS England,
Making Data Count (as in its package NHSRplotthedots); Anhoej, Olesen 2014 (PLoS ONE 9:e113825); Perla, Provost,
Murray 2011 (BMJ Quality & Safety 20:46).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.language import Words
from evaluation.monitoring.charts.limits import Flags, Floats

Sides = NDArray[np.int8]
UP, DOWN, EITHER = 1, -1, 2
# A limit that is met exactly is not passed, whatever the last bit says.
_HAIR = 1e-9
# Below this many points off the median a run chart says nothing.
FEWEST_USEFUL = 10


@dataclass(frozen=True, eq=False)
class Fired:
    """Where a rule was met, shaped as the points: 1 upwards, -1 downwards, 2 without a direction, 0 not.

    Attributes
    ----------
    completes : ndarray of int8
        At the point with which the rule is met.
    members : ndarray of int8
        At every point that makes the pattern up.
    """

    completes: Sides
    members: Sides


@dataclass(frozen=True)
class Rule:
    """A rule with its words for the reader; `find` takes scores and values, both with missing periods taken out (NaN at the end)."""

    name: str
    said: Words
    find: Callable[[Floats, Floats], Fired]


def outside(beyond: float = 3.0) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of one point further than so many sigma from the centre."""

    def find(z: Floats, y: Floats) -> Fired:
        sides = _signed(z > beyond + _HAIR, z < -beyond - _HAIR)
        return Fired(sides, sides)

    return find


def shift(n: int) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of n points in a row on one side of the centre."""
    return lambda z, y: _rows(z > 0, z < 0, n, n)


def some_beyond(k: int, m: int, sigma: float) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of k of m points in a row further than so many sigma from the centre, on one side."""
    return lambda z, y: _rows(z > sigma + _HAIR, z < -sigma - _HAIR, k, m)


def near_limit(z: Floats, y: Floats) -> Fired:
    """Find two of three points in a row in the outer third within the limits, all three on one side (NHS)."""
    found = []
    for side in (z, -z):
        near = (side > 2 + _HAIR) & (side <= 3 + _HAIR)
        met = (_last(side > 0, 3) == 3) & (_last(near, 3) >= 2)
        found.append((met, _spread(met, 3) & near))
    return Fired(_signed(found[0][0], found[1][0]), _signed(found[0][1], found[1][1]))


def trend(n: int) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of n points in a row, each above (or each below) the one before."""

    def find(z: Floats, y: Floats) -> Fired:
        step = _steps(y)
        met = [_last(step * side > 0, n - 1) == n - 1 for side in (UP, DOWN)]
        return Fired(_signed(*met), _signed(*(_spread(m, n) for m in met)))

    return find


def alternating(n: int) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of n points in a row that go up and down in turn."""

    def find(z: Floats, y: Floats) -> Fired:
        step = np.sign(_steps(y))
        turn = np.zeros(step.shape, dtype=bool)
        turn[..., 1:] = step[..., 1:] * step[..., :-1] < 0
        met = _last(turn, n - 2) == n - 2
        return Fired(_undirected(met), _undirected(_spread(met, n)))

    return find


def hugging(n: int) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of n points in a row within one sigma of the centre."""

    def find(z: Floats, y: Floats) -> Fired:
        met = _last(np.abs(z) < 1, n) == n
        return Fired(_undirected(met), _undirected(_spread(met, n)))

    return find


def mixture(n: int) -> Callable[[Floats, Floats], Fired]:
    """Return the rule of n points in a row on both sides, none within one sigma of the centre."""

    def find(z: Floats, y: Floats) -> Fired:
        met = (_last(np.abs(z) > 1 + _HAIR, n) == n) & (_last(z > 0, n) > 0) & (_last(z < 0, n) > 0)
        return Fired(_undirected(met), _undirected(_spread(met, n)))

    return find


def long_run(z: Floats, y: Floats) -> Fired:
    """Find runs on one side of the median longer than log2(useful points) + 3, rounded (Anhoej)."""
    sides, order, n = _useful(z)
    longest = np.round(np.log2(np.maximum(n, 1))) + 3
    length = _run_lengths(sides)
    met = (length > longest[..., None]) & (n >= FEWEST_USEFUL)[..., None]
    part = np.zeros(met.shape, dtype=bool)
    for at in range(met.shape[-1] - 1, -1, -1):
        after = part[..., at + 1] & (sides[..., at + 1] == sides[..., at]) if at + 1 < met.shape[-1] else np.zeros(met.shape[:-1], bool)
        part[..., at] = met[..., at] | after
    return Fired(_back(np.where(met, sides, 0), order), _back(np.where(part, sides, 0), order))


def few_crossings(z: Floats, y: Floats) -> Fired:
    """Find series that cross their median less often than 95 in 100 of chance alone do (Anhoej), at their last useful point."""
    sides, order, n = _useful(z)
    crossings = np.sum((sides[..., 1:] * sides[..., :-1]) < 0, axis=-1)
    fewest = stats.binom.ppf(0.05, np.maximum(n - 1, 0), 0.5)
    met = (crossings < fewest) & (n >= FEWEST_USEFUL)
    last = np.arange(z.shape[-1]) == (n - 1)[..., None]
    found = _back(np.where(last & met[..., None], EITHER, 0), order)
    return Fired(found, found)


def off_centre(find: Callable[[Floats, Floats], Fired]) -> Callable[[Floats, Floats], Fired]:
    """Return a rule that passes over the points on the centre line, as those of run charts do."""

    def found(z: Floats, y: Floats) -> Fired:
        _, order, n = _useful(z)
        past = np.arange(z.shape[-1]) >= n[..., None]
        inner = find(*(np.where(past, np.nan, np.take_along_axis(a, order, axis=-1)) for a in (z, y)))
        return Fired(_back(inner.completes, order), _back(inner.members, order))

    return found


def _rule(name: str, vi: str, en: str, find: Callable[[Floats, Floats], Fired]) -> Rule:
    return Rule(name, Words(vi, en), find)


_OUTSIDE = _rule("outside", "một điểm ngoài giới hạn kiểm soát", "a point outside the limits", outside())
_TWO_OF_THREE = _rule(
    "two_of_three",
    "hai trong ba điểm liên tiếp cách đường giữa hơn 2 sigma, cùng phía",
    "two of three points beyond 2 sigma on one side",
    some_beyond(2, 3, 2.0),
)
_FOUR_OF_FIVE = _rule(
    "four_of_five",
    "bốn trong năm điểm liên tiếp cách đường giữa hơn 1 sigma, cùng phía",
    "four of five points beyond 1 sigma on one side",
    some_beyond(4, 5, 1.0),
)


def _shift(n: int) -> Rule:
    return _rule("shift", f"{n} điểm liên tiếp ở cùng một phía của đường giữa", f"{n} points in a row on one side of the centre", shift(n))


def _trend(n: int) -> Rule:
    return _rule("trend", f"{n} điểm liên tiếp cùng tăng hoặc cùng giảm", f"{n} points in a row all rising or all falling", trend(n))


RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "limits": (_OUTSIDE,),
        "nhs": (
            _OUTSIDE,
            _shift(7),
            _trend(7),
            _rule(
                "near_limit", "hai trong ba điểm liên tiếp gần giới hạn, cùng phía", "two of three points close to one limit", near_limit
            ),
        ),
        "western_electric": (_OUTSIDE, _TWO_OF_THREE, _FOUR_OF_FIVE, _shift(8)),
        "nelson": (
            _OUTSIDE,
            _shift(9),
            _trend(6),
            _rule("alternating", "14 điểm liên tiếp lên xuống xen kẽ", "14 points in a row going up and down in turn", alternating(14)),
            _TWO_OF_THREE,
            _FOUR_OF_FIVE,
            _rule("hugging", "15 điểm liên tiếp trong vòng 1 sigma", "15 points in a row within 1 sigma", hugging(15)),
            _rule("mixture", "8 điểm liên tiếp ở cả hai phía, ngoài 1 sigma", "8 points in a row on both sides beyond 1 sigma", mixture(8)),
        ),
        "anhoej": (
            _rule(
                "long_run",
                "quá nhiều điểm liên tiếp ở cùng một phía của trung vị",
                "an unusually long run on one side of the median",
                long_run,
            ),
            _rule("few_crossings", "đường nối các điểm cắt trung vị quá ít lần", "the median is crossed unusually seldom", few_crossings),
        ),
        "run_chart": (
            _rule(
                "shift",
                "6 điểm liên tiếp ở cùng một phía của trung vị",
                "6 points in a row on one side of the median",
                off_centre(shift(6)),
            ),
            _trend(5),
        ),
    }
)


def fired(rules: tuple[Rule, ...], score: Floats, value: Floats) -> dict[str, Fired]:
    """Return what each rule finds.

    Parameters
    ----------
    rules : tuple of Rule
    score, value : ndarray of shape (..., periods)
        NaN where not reported; such periods are passed over.

    Returns
    -------
    dict
        Rule name to `Fired`, shaped as `score`.
    """
    gaps = ~np.isfinite(score)
    if not gaps.any():
        return {r.name: r.find(score, value) for r in rules}
    order = np.argsort(gaps, axis=-1, kind="stable")
    z, y = (np.take_along_axis(np.where(gaps, np.nan, a), order, axis=-1) for a in (score, value))
    found = {r.name: r.find(z, y) for r in rules}
    return {name: Fired(_back(f.completes, order), _back(f.members, order)) for name, f in found.items()}


def _rows(above: Flags, below: Flags, k: int, m: int) -> Fired:
    """Find k of the last m points that hit, the last of them a hit, on either side."""
    met = [(_last(hit, m) >= k) & hit for hit in (above, below)]
    return Fired(_signed(*met), _signed(*(_spread(x, m) & hit for x, hit in zip(met, (above, below), strict=True))))


def _last(hit: Flags, m: int) -> NDArray[np.int64]:
    """Return how many of the last m points hit, this one included."""
    total = np.cumsum(hit, axis=-1)
    before = np.zeros_like(total)
    before[..., m:] = total[..., :-m] if m < total.shape[-1] else 0
    return np.asarray(total - before)


def _spread(met: Flags, m: int) -> Flags:
    """Return the points of every window of m that ends where the rule is met."""
    part = met.copy()
    for back in range(1, min(m, met.shape[-1])):
        part[..., :-back] |= met[..., back:]
    return part


def _steps(y: Floats) -> Floats:
    step = np.full(y.shape, np.nan)
    step[..., 1:] = np.diff(y, axis=-1)
    return step


def _useful(z: Floats) -> tuple[Sides, NDArray[np.int64], NDArray[np.int64]]:
    """Return the sides of the points off the centre, moved to the front, where they came from, and how many they are."""
    sides = np.nan_to_num(np.sign(z)).astype(np.int8)
    order = np.argsort(sides == 0, axis=-1, kind="stable")
    return np.take_along_axis(sides, order, axis=-1), order, np.count_nonzero(sides, axis=-1)


def _run_lengths(sides: Sides) -> NDArray[np.int64]:
    length = np.zeros(sides.shape, dtype=np.int64)
    for at in range(sides.shape[-1]):
        on = (sides[..., at] == sides[..., at - 1]) * length[..., at - 1] if at else 0
        length[..., at] = (sides[..., at] != 0) * (1 + on)
    return length


def _back(found: NDArray[np.integer], order: NDArray[np.int64]) -> Sides:
    out = np.zeros(found.shape, dtype=np.int8)
    np.put_along_axis(out, order, found.astype(np.int8), axis=-1)
    return out


def _signed(up: Flags, down: Flags) -> Sides:
    return np.asarray(up.astype(np.int8) - down.astype(np.int8), dtype=np.int8)


def _undirected(met: Flags) -> Sides:
    return np.asarray(EITHER * met.astype(np.int8), dtype=np.int8)
