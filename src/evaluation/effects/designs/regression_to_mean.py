"""How much a number picked for being high falls by itself: shrinkage towards what is usual, and the fall expected past a cut-off.

References
----------
Hauer 1997, Observational Before-After Studies in Road Safety; Hauer, Harwood, Council, Griffith 2002, Transportation
Research Record 1784:126-131 (empirical Bayes with a negative binomial of the group). Davis 1976, American Journal of
Epidemiology 104:493-498, and Barnett, van der Pols, Dobson 2005, International Journal of Epidemiology 34:215-220 (the
fall past a cut-off of a normal measurement).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evaluation.effects.matrix import Floats


@dataclass(frozen=True)
class Shrunk:
    """A count shrunk towards its group.

    Attributes
    ----------
    weight : float
        Of what is usual in the group; 1 less it is the weight of the unit's own count.
    expected : float
        Events expected of the unit over the same periods.
    sd : float
        Standard deviation of that.
    """

    weight: float
    expected: float
    sd: float


def empirical_bayes(count: float, usual: float, overdispersion: float) -> Shrunk:
    """Return what a unit's count says of it once chance is taken off, by its group's negative binomial.

    Parameters
    ----------
    count : float
        Events of the unit over the periods looked at.
    usual : float
        Events that such a unit has on average over the same periods.
    overdispersion : float
        Shape of the group's gamma distribution: the variance of counts is
        usual + usual² / overdispersion; infinite where units differ by chance alone.

    Raises
    ------
    ValueError
        If a count is negative, or the shape is not above 0.

    Notes
    -----
    Hauer et al. 2002: 12 accidents in a year where 4.34 are usual, shape 2.05
    for a kilometre and 1.8 km: weight 0.460, 8.48 expected.
    """
    if count < 0 or usual < 0 or not overdispersion > 0:
        raise ValueError(
            "count, usual: không âm; overdispersion: trên 0. / count and usual cannot be negative, overdispersion has to be above 0."
        )
    weight = 1.0 if math.isinf(overdispersion) else 1 / (1 + usual / overdispersion)
    expected = weight * usual + (1 - weight) * count
    return Shrunk(weight, expected, math.sqrt((1 - weight) * expected))


def overdispersion(counts: Floats) -> float:
    """Return the shape of a group's gamma distribution by moments, infinite where counts vary no more than by chance.

    Parameters
    ----------
    counts : ndarray of shape (units,)
        Over equally many periods each.
    """
    mean, variance = float(np.mean(counts)), float(np.var(counts, ddof=1)) if len(counts) > 1 else 0.0
    return mean**2 / (variance - mean) if variance > mean > 0 else math.inf


def expected_fall(cutoff: float, mean: float, sd: float, correlation: float, repeats: int = 1) -> float:
    """Return by how much the mean of units picked for lying beyond a cut-off moves back by itself.

    Parameters
    ----------
    cutoff : float
        Units are picked above it where it is above the mean, below it else.
    mean, sd : float
        Of one measurement in the whole population.
    correlation : float
        Of two measurements of a unit: its lasting part of the variance.
    repeats : int
        Measurements whose mean was compared with the cut-off.

    Raises
    ------
    ValueError
        If the sd is not above 0, the correlation not between 0 and 1, or repeats below 1.
    """
    if not sd > 0 or not 0 <= correlation <= 1 or repeats < 1:
        raise ValueError("sd: trên 0; correlation: từ 0 đến 1; repeats: từ 1. / sd above 0, correlation from 0 to 1, repeats at least 1.")
    within, between = (1 - correlation) * sd**2 / repeats, correlation * sd**2
    total = math.sqrt(within + between)
    z = abs(cutoff - mean) / total
    beyond = 0.5 * math.erfc(z / math.sqrt(2))
    return within / total * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / beyond
