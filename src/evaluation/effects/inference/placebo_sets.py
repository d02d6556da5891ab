"""Which donors stand in for the treated units in a placebo, and the same fit for each such set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from math import comb, factorial, prod

import numpy as np

from evaluation.effects.design import Design, Estimator, Fit, tried
from evaluation.effects.matrix import Floats, Matrix, NotEnough

EXACT_UP_TO = 1000
DRAWS = 499
STAGGERED = 199  # sets at most where treated units start at different times, or are many: these are fitted one by one
MANY = 20
Sets = list[tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Placebos:
    """Placebo sets and their fits.

    Attributes
    ----------
    names : tuple of str
        Units of each set, joined by " + ".
    fits : tuple of Fit
        One a set; estimate and gap are NaN where the design could not take the set.
    exact : bool
        Whether these are all the sets there are.
    space : int
        How many there are.
    """

    names: tuple[str, ...]
    fits: tuple[Fit, ...]
    exact: bool
    space: int

    @property
    def estimates(self) -> Floats:
        """Their estimates; NaN where there is none."""
        return np.array([f.estimate for f in self.fits])


def placebos(design: Design, panel: Matrix, rng: np.random.Generator, exact_up_to: int = EXACT_UP_TO, draws: int = DRAWS) -> Placebos:
    """Return the fits of sets of as many donors as units are treated, started as these were.

    Parameters
    ----------
    design : Design
    panel : Matrix
        With its truly treated units, which take no part.
    rng : Generator
        Not touched where all sets are taken.
    exact_up_to : int
        All sets are taken where there are no more than this.
    draws : int
        Sets drawn at random, with replacement, where there are more. Neither
        is above `STAGGERED` where treated units start at different times or
        are more than `MANY`.
    """
    starts = np.sort(panel.first[panel.treated])
    donors = np.flatnonzero(~panel.treated)
    space = _space(len(donors), starts)
    if starts[0] != starts[-1] or len(starts) > MANY:
        exact_up_to, draws = min(exact_up_to, STAGGERED), min(draws, STAGGERED)
    exact = space <= exact_up_to
    sets = _all(donors, starts) if exact else [tuple(rng.permutation(donors)[: len(starts)].tolist()) for _ in range(draws)]
    names = tuple(" + ".join(panel.units[i] for i in chosen) for chosen in sets)
    return Placebos(names, tuple(_fits(design, panel, sets, starts)), exact, space)


def single_fits(design: Design, panel: Matrix) -> list[Fit]:
    """Return the fit of each donor as if it alone had been treated, from the first real start on."""
    return _fits(design, panel, panel.singles, panel.first[panel.treated].min(keepdims=True))


def _space(donors: int, starts: np.ndarray) -> int:
    """Return in how many ways donors can take the places of the treated units: those that start together are alike."""
    alike = prod(factorial(int(n)) for n in np.unique(starts, return_counts=True)[1])
    return comb(donors, len(starts)) * factorial(len(starts)) // alike


def _all(donors: np.ndarray, starts: np.ndarray) -> Sets:
    places = donors.tolist()
    if len(starts) == 1:
        return [(d,) for d in places]
    if starts[0] == starts[-1]:
        return list(combinations(places, len(starts)))
    together = [np.flatnonzero(starts == s) for s in np.unique(starts)]
    return [p for p in permutations(places, len(starts)) if all(list(np.take(p, g)) == sorted(np.take(p, g)) for g in together)]


def _fits(design: Design, panel: Matrix, sets: Sequence[tuple[int, ...]], starts: np.ndarray) -> list[Fit]:
    if starts[0] == starts[-1]:
        try:
            return design.fits(panel, sets)
        except NotEnough:  # one donor that the design cannot take does not speak for the others
            pass
    fit = design.turn()
    return [_alone(fit, panel, chosen, starts) for chosen in sets]


def _alone(fit: Estimator, panel: Matrix, chosen: tuple[int, ...], starts: np.ndarray) -> Fit:
    assigned = panel.as_if(chosen)
    first = assigned.first.copy()
    first[: len(chosen)] = starts
    return tried(fit, replace(assigned, first=first))
