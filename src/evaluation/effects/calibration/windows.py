"""False alarms in the real past: starts before any real one, on units picked as pilots are picked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.calibration.claims import Rate
from evaluation.effects.calibration.procedure import Procedure, highest, recent
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import NotEnough

# So many windows are tried where the panel has as many units at a peak; the rule on their rate needs no fewer (`claims.LEAST_TRIED`).
WANTED = 20
# A unit is at its peak where its numbers are in the highest tenth. Further down the ranking nothing is regressed from: with
# a third of the donors picked, a procedure that cries wolf in 7 to 24 % at the peak was seen to do so in 3 to 4 %.
PEAK_PART = 0.10
LEAST_SIDE = 2  # periods on either side of a pseudo-start


@dataclass(frozen=True, eq=False)
class Windows:
    """Pseudo-pilots of the past, each unit once.

    Attributes
    ----------
    units : tuple of tuple of str
        The units of each pseudo-pilot.
    starts : tuple
        Its first "treated" period.
    judgements : tuple of Judgement
    rate : Rate
        Claims of pseudo-pilots.
    not_judged : int
        Pseudo-pilots that the design could not take, or of which nothing could have been claimed.
    """

    units: tuple[tuple[str, ...], ...]
    starts: tuple[object, ...]
    judgements: tuple[Judgement, ...]
    rate: Rate
    not_judged: int


def pseudo_starts(end: int, part: float, phase_in: int = 0, anticipation: int = 0) -> range:
    """Return the places at which a pseudo-start can lie in a window of `end` periods.

    At least two periods are left after it, and before it at least the part of
    periods that the study itself has before its start, where that can be:
    with nothing but the peak before a start, any procedure cries wolf more
    often than this study's would.
    """
    last = end - LEAST_SIDE - phase_in
    return range(min(max(LEAST_SIDE + anticipation, int(np.ceil(round(part * end, 9)))), max(last, LEAST_SIDE + anticipation)), last + 1)


def past_windows(rules: Procedure, rng: np.random.Generator, wanted: int = WANTED) -> Windows:
    """Try the whole procedure on windows before any real start.

    Parameters
    ----------
    rules : Procedure
    rng : numpy.random.Generator
    wanted : int
        Most pseudo-pilots.

    Returns
    -------
    Windows
        None of them where the past is too short or too few donors are left.

    Notes
    -----
    Starts are taken in turn, the highest numbers first, until as many
    pseudo-pilots were judged as are wanted or no unit at its peak is left. A
    unit is taken once, so that m counts units. The truly treated units take
    no part.
    """
    end = int(rules.starts.min()) - rules.anticipation
    top, bottom = rules.top[:, :end], rules.bottom[:, :end]
    starts = list(pseudo_starts(end, int(rules.starts.min()) / len(rules.periods), rules.phase_in, rules.anticipation))
    size = len(rules.starts)
    open_to = ~rules.treated & ~rules.barred
    units: list[tuple[str, ...]] = []
    when: list[object] = []
    found: list[Judgement] = []
    lost = 0
    turn = 0
    while starts and len(found) < wanted:
        start = starts[turn % len(starts)]
        chosen = _at_peak(top, start, open_to, size, ~rules.treated & ~rules.barred)
        if chosen is None:
            starts.remove(start)
            continue
        turn += 1
        open_to[chosen] = False
        judged = _judged(rules, top, bottom, chosen, start, rng)
        if judged is None:
            lost += 1
            continue
        units.append(tuple(rules.units[i] for i in chosen))
        when.append(rules.periods[start])
        found.append(judged)
    rate = Rate(sum(j.claims(rules.level) for j in found), len(found))
    return Windows(tuple(units), tuple(when), tuple(found), rate, lost)


def _at_peak(top: np.ndarray, start: int, open_to: NDArray[np.bool_], size: int, pool: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Return the next units at their peak at a start, None where none is left."""
    ranked = highest(recent(top, start), pool)
    peak = ranked[: max(size, int(np.ceil(PEAK_PART * len(ranked))))]
    free = peak[open_to[peak]]
    return free[:size] if len(free) >= size else None


def _judged(
    rules: Procedure, top: np.ndarray, bottom: np.ndarray, chosen: NDArray[np.int64], start: int, rng: np.random.Generator
) -> Judgement | None:
    offsets = rules.starts - rules.starts.min()
    starts = start + (offsets if start + offsets.max() + rules.phase_in + LEAST_SIDE <= top.shape[1] else 0 * offsets)
    try:
        panel = rules.matrix(top, bottom, chosen, starts, rules.treated)
    except NotEnough:
        return None
    return rules.judged(panel, rng)
