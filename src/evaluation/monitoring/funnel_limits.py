"""Limits of a funnel: what chance alone leaves of a share or a rate of a given size, and how far units scatter beyond it.

References
----------
Spiegelhalter 2005 (Statistics in Medicine 24:1185); Spiegelhalter 2005 (Quality and Safety in Health Care 14:347);
Manktelow, Seaton 2012 (PLoS ONE 7:e45723); DerSimonian, Laird 1986 (Controlled Clinical Trials 7:177).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import between_0_and_1, finite, not_negative

_Floats: TypeAlias = NDArray[np.float64]

PROPORTION = "proportion"
NONE, WINSORISED, ADDITIVE = "none", "winsorised", "additive"
LEVELS = {"95": 0.95, "998": 0.998}
# With fewer units the ends cannot be drawn in (a tenth of nine is no unit) and the scatter cannot be known.
FEWEST_UNITS = 10
# The tenth at each end is drawn in: one unit in ten at either end may be far off without widening the limits for all.
DRAWN_IN = 0.1


def chance_limits(centre: float, size: ArrayLike, measure: str, level: float) -> tuple[_Floats, _Floats]:
    """Return the limits that chance alone passes with at most (1 - level) / 2 on either side.

    Parameters
    ----------
    centre : float
        The share, or the events for each unit of exposure, that all units are held against.
    size : array_like
        People or cases of a share (whole numbers), exposure of a rate; above zero.
    measure : {"proportion", "rate"}
        Binomial or Poisson.
    level : float

    Returns
    -------
    (low, high) : arrays
        Limits of the share or rate, within what it can be.

    Notes
    -----
    Counts are whole: the distribution is read along straight lines between
    them, as Spiegelhalter (2005, appendix) does for the lower limit. For the
    upper one his rule reads P(R <= r); a count outside it can then have more
    than its share of chance. Here it reads P(R >= r), so that both sides keep
    what they promise (the first of the three ways in Manktelow and Seaton
    2012), and a share and its complement have the same units outside.

    Raises
    ------
    ValueError
        If `centre` leaves nothing to chance (0, or 1 for a share), a size is negative or infinite, or `level` is not
        between 0 and 1.
    """
    _check_centre(centre, measure)
    between_0_and_1(level)
    exposure = not_negative(size, "size")
    law, tail = _law(centre, exposure, measure), (1 - level) / 2
    least, most = law.ppf(tail), law.isf(tail)
    # Of hundreds of thousands of millions of events the library gives no quantile; the normal one is within one event of it.
    least = np.where(np.isnan(least), np.floor(law.mean() + stats.norm.ppf(tail) * law.std()), least)
    low = least - (law.cdf(least) - tail) / law.pmf(least)
    high = most + (law.sf(most - 1) - tail) / law.pmf(most)
    top = 1.0 if measure == PROPORTION else np.inf
    scale = _whole(exposure, measure)
    return np.clip(low / scale, 0.0, top), np.clip(high / scale, 0.0, top)


def chance_p(value: ArrayLike, centre: float, size: ArrayLike, measure: str) -> _Floats:
    """Return how often chance alone leads as far from the centre, to either side, as the value: twice the smaller tail.

    Parameters
    ----------
    value : array_like
        Share or rate; between whole counts the tails are read along straight lines, as in `chance_limits`.
    centre, size, measure
        As in `chance_limits`.

    Returns
    -------
    array
        At most 1; below 1 - level exactly where a value lies outside the limits of that level.

    Raises
    ------
    ValueError
        As `chance_limits`.
    """
    _check_centre(centre, measure)
    exposure = not_negative(size, "size")
    law = _law(centre, exposure, measure)
    count = np.maximum(finite(value, "value"), 0.0) * _whole(exposure, measure)
    count = np.where(np.abs(count - np.rint(count)) < 1e-9 * np.maximum(count, 1.0), np.rint(count), count)
    under, part = np.floor(count), count - np.floor(count)
    below = law.cdf(under) + part * law.pmf(under + 1)
    above = law.sf(under - 1) - part * law.pmf(under)
    return np.asarray(np.clip(2 * np.minimum(below, above), 0.0, 1.0))


def winsorised_dispersion(scores: NDArray[np.float64], share: float = DRAWN_IN) -> float:
    """Return the variance of standardised values around their common one, the extreme tenth at each end drawn in.

    Parameters
    ----------
    scores : ndarray of shape (units,)
        (value - common value) / standard error by chance alone; NaN where there is none.
    share : float
        How many of the units are drawn in at each end; 0 leaves all as they are.

    Returns
    -------
    float
        1 where chance alone explains them (never less).

    Notes
    -----
    Drawing in the ends lowers the variance of plain normal scores too, to
    0.68 with a tenth at each end; limits from it would be passed by one unit
    in ten instead of one in twenty. It is therefore divided by what it is for
    normal scores, and by (n - 1) / n since the common value is their own.

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24:1185-1202 (without the division).
    """
    scores = np.atleast_1d(finite(scores, "scores"))
    scores = scores[~np.isnan(scores)]
    n = len(scores)
    if n < 2:
        return 1.0
    cut = int(share * n)
    drawn = np.asarray(stats.mstats.winsorize(scores, limits=(share, share))) if cut else scores
    tail = cut / n
    end = float(stats.norm.ppf(1 - tail)) if tail else 0.0
    usual = 1 - 2 * tail - 2 * end * float(stats.norm.pdf(end)) + 2 * tail * end**2 if tail else 1.0
    return max(1.0, float(np.mean(drawn**2)) / usual * n / (n - 1))


def between_variance(dispersion: float, variances: NDArray[np.float64]) -> float:
    """Return the variance between units that explains a dispersion when it is added to each one's own (DerSimonian, Laird).

    Parameters
    ----------
    dispersion : float
        Variance of the standardised values, as `winsorised_dispersion`.
    variances : ndarray of shape (units,)
        Variance of each value by chance alone.

    Returns
    -------
    float
        Never below 0.
    """
    weights, n = 1 / variances, len(variances)
    spare = float(weights.sum() - (weights**2).sum() / weights.sum())
    return max(0.0, (n - 1) * (dispersion - 1) / spare) if spare > 0 else 0.0


def stabilised(value: ArrayLike, measure: str) -> _Floats:
    """Return shares as arcsine of their root and rates as their root: on that scale chance depends on size alone."""
    root = np.sqrt(np.asarray(value, dtype=float))
    return np.asarray(np.arcsin(np.minimum(root, 1.0)) if measure == PROPORTION else root)


def restored(value: ArrayLike, measure: str) -> _Floats:
    """Return what `stabilised` was made from; beyond the ends of the scale, its end."""
    scale = np.maximum(np.asarray(value, dtype=float), 0.0)
    return np.asarray(np.sin(np.minimum(scale, np.pi / 2)) ** 2 if measure == PROPORTION else scale**2)


@dataclass(frozen=True)
class Scatter:
    """How far units scatter beyond chance, and what that does to limits.

    Attributes
    ----------
    adjust : {"none", "winsorised", "additive"}
        What is done about it.
    dispersion : float
        Variance of the standardised values around their common one.
    between : float
        Variance between units on the stabilised scale, of "additive".
    diagnostics : mapping of str to float
        Chi-square of equal units, its degrees of freedom and its p-value.
    """

    adjust: str
    dispersion: float
    between: float
    diagnostics: Mapping[str, float]

    @property
    def widens(self) -> bool:
        """Whether limits are wider than chance alone."""
        return self.adjust != NONE and self.dispersion > 1

    @classmethod
    def of(cls, value: _Floats, size: _Floats, centre: float | None, measure: str, adjust: str) -> Scatter:
        """Return the scatter of values of a size around their common value."""
        n = len(value)
        if centre is None or n < 2 or not 0 < centre < (1 if measure == PROPORTION else np.inf):
            return cls(NONE, 1.0, 0.0, {})
        variance: _Floats = (centre * (1 - centre) if measure == PROPORTION else centre) / size
        scores = (value - centre) / np.sqrt(variance)
        square = float((scores**2).sum())
        found = {"chi_square": square, "degrees_of_freedom": n - 1.0, "p_homogeneous": float(stats.chi2.sf(square, n - 1))}
        if adjust == NONE or n < FEWEST_UNITS:
            return cls(NONE, 1.0, 0.0, found)
        if adjust == WINSORISED:
            return cls(WINSORISED, winsorised_dispersion(scores), 0.0, found)
        spread = 1 / (4 * size)
        away = (stabilised(value, measure) - stabilised(centre, measure)) / np.sqrt(spread)
        dispersion = winsorised_dispersion(away)
        return cls(ADDITIVE, dispersion, between_variance(dispersion, spread), found)

    def limits(self, middle: float, size: _Floats, measure: str) -> dict[str, _Floats]:
        """Return the limits at sizes, by the columns of `LIMITS`."""
        found = {}
        for name, level in LEVELS.items():
            low, high = chance_limits(middle, size, measure, level)
            found[f"low{name}"], found[f"high{name}"] = (self._moved(x, middle, size, measure, 1) for x in (low, high))
        return found

    def p(self, value: _Floats, middle: float, size: _Floats, measure: str) -> _Floats:
        """Return how often as far from the middle, overdispersion allowed for."""
        return chance_p(self._moved(value, middle, size, measure, -1), middle, size, measure)

    def _moved(self, value: _Floats, middle: float, size: _Floats, measure: str, power: int) -> _Floats:
        """Return values further from the middle (power 1) or nearer (-1) by the root of the dispersion."""
        if self.between:
            start, wider = stabilised(middle, measure), np.sqrt(1 + 4 * size * self.between)
            return restored(start + (stabilised(value, measure) - start) * wider**power, measure)
        factor = np.sqrt(self.dispersion) ** power if self.adjust == WINSORISED else 1.0
        top = 1.0 if measure == PROPORTION else np.inf
        return np.asarray(np.clip(middle + (value - middle) * factor, 0.0, top))


def _law(centre: float, size: _Floats, measure: str) -> Any:
    return stats.binom(_whole(size, measure), centre) if measure == PROPORTION else stats.poisson(centre * size)


def _whole(size: _Floats, measure: str) -> _Floats:
    """Return the size as it is for a rate, in whole people or cases for a share."""
    return np.maximum(np.rint(size), 1.0) if measure == PROPORTION else size


def _check_centre(centre: float, measure: str) -> None:
    given = finite(centre, "centre")
    if given.ndim or not 0 < given < (1 if measure == PROPORTION else np.inf):
        raise ValueError(
            f"Mức để so sánh phải lớn hơn 0 (và nhỏ hơn 1 với tỷ lệ), đang là {centre}: không có giới hạn ngẫu nhiên. / "
            f"The value to compare with must be above 0 (and below 1 for a share), it is {centre}: there are no limits of chance."
        )
