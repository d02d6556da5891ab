"""Looking again every quarter at data that grow: how much chance each look may use, and what repeated looks at 5% come to.

References
----------
Lan, DeMets 1983 (Biometrika 70:659); Armitage, McPherson, Rowe 1969 (JRSS A 132:235); Jennison, Turnbull 2000, Group
Sequential Methods with Applications to Clinical Trials, chapters 7 and 19.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from evaluation.monitoring.given_numbers import between_0_and_1, floats

_Floats: TypeAlias = NDArray[np.float64]

OBRIEN_FLEMING, POCOCK = "obrien_fleming", "pocock"
LOOKS_A_YEAR, MOST_LOOKS = 4, 200
# Gauss-Legendre nodes over what has not crossed yet; 160 give six decimals with 40 looks.
_NODES, _FAR = 160, 9.0


@dataclass(frozen=True, eq=False)
class Spending:
    """Boundaries of repeated looks.

    Attributes
    ----------
    kind : {"obrien_fleming", "pocock"}
    alpha : float
        What all looks together may use.
    sides : {1, 2}
    information : ndarray of shape (looks,)
        Share of all planned data at each look.
    spent : ndarray of shape (looks,)
        Chance of a signal by chance alone up to each look, all sides.
    boundary : ndarray of shape (looks,)
        A standardised value beyond it is a signal.
    nominal : ndarray of shape (looks,)
        The same as p-values (of `sides` sides): a p-value at or below it is a signal.
    """

    kind: str
    alpha: float
    sides: int
    information: _Floats
    spent: _Floats
    boundary: _Floats
    nominal: _Floats


def spending(
    looks: int = LOOKS_A_YEAR,
    *,
    alpha: float = 0.05,
    kind: str = OBRIEN_FLEMING,
    information: Sequence[float] | None = None,
    sides: int = 2,
) -> Spending:
    """Return the boundaries that keep all looks together at a level.

    Parameters
    ----------
    looks : int
        Planned looks, at equal distances.
    alpha : float
    kind : {"obrien_fleming", "pocock"}
        Lan and DeMets's spending function: of O'Brien and Fleming's type
        (hardly anything early, almost a single look's level at the end), or
        of Pocock's (about the same at each).
    information : sequence of float, optional
        Share of all planned data at each look, rising, above 0 and at most 1,
        where the looks are not at equal distances.
    sides : {1, 2}
        Two sides share `alpha` equally.

    Returns
    -------
    Spending

    Notes
    -----
    Holds for statistics of data that grow (all quarters since the start):
    normal, with independent increments. For looks at a new quarter's data
    alone it does not (`many_looks`). Boundaries come from recursive
    integration of the density of what has not crossed yet.

    Raises
    ------
    ValueError
        For no look, a level not between 0 and 1, an unknown kind, information that does not rise within (0, 1], or
        other than one or two sides.

    References
    ----------
    Lan, DeMets 1983, Biometrika 70:659-663. Armitage, McPherson, Rowe 1969, JRSS A 132:235-244 (the recursion).
    """
    shares = _shares(looks, information)
    between_0_and_1(alpha, "alpha", 0.05)
    if kind not in _FUNCTIONS or sides not in (1, 2):
        raise ValueError(
            f"kind={kind!r} phải là một trong {', '.join(_FUNCTIONS)}, sides={sides} là 1 hoặc 2. / "
            f"kind={kind!r} must be one of {', '.join(_FUNCTIONS)}, sides={sides} 1 or 2."
        )
    side = _FUNCTIONS[kind](alpha / sides, shares)
    increments = np.diff(side, prepend=0.0)
    walk, boundary = _Walk(shares, sides), np.empty(len(shares))
    for k, increment in enumerate(increments):
        boundary[k] = walk.boundary_for(increment)
        walk.go_on(boundary[k])
    return Spending(kind, alpha, sides, shares, side * sides, boundary, stats.norm.sf(boundary) * sides)


def crossing(boundary: Sequence[float] | _Floats, information: Sequence[float] | None = None, sides: int = 2) -> _Floats:
    """Return how often chance alone has crossed boundaries by each look.

    Parameters
    ----------
    boundary : sequence of float
        Of each look: standardised values, such as 1.96 at all of them.
    information : sequence of float, optional
        As in `spending`.
    sides : {1, 2}

    Returns
    -------
    ndarray of shape (looks,)
        Never falls.

    Raises
    ------
    ValueError
        As `spending`.

    Notes
    -----
    Looking four times at growing data at 5% gives a signal by chance alone in 12.6% (Armitage, McPherson and Rowe 1969).
    """
    limits = floats(boundary, "boundary")
    if limits.ndim != 1 or np.isnan(limits).any() or sides not in (1, 2):
        raise ValueError(
            "boundary phải là một dãy số, mỗi lần xem một số, không để trống; sides là 1 hoặc 2. / "
            "boundary must be a sequence of numbers, one a look, none missing; sides 1 or 2."
        )
    walk, exits = _Walk(_shares(len(limits), information), sides), np.empty(len(limits))
    for k, limit in enumerate(limits):
        exits[k] = walk.exit(limit) * sides
        walk.go_on(limit)
    return np.asarray(np.cumsum(exits))


class _Walk:
    """The density of a standardised sum that has not crossed so far, look by look."""

    def __init__(self, shares: _Floats, sides: int) -> None:
        self.shares, self.sides, self.at = shares, sides, 0
        self.points, self.weights = np.zeros(1), np.ones(1)

    @property
    def step(self) -> float:
        """Standard deviation of what the look adds."""
        return float(np.sqrt(self.shares[self.at] - (self.shares[self.at - 1] if self.at else 0.0)))

    def exit(self, boundary: float) -> float:
        """Return the chance to cross upwards at this look, not having crossed before."""
        limit = boundary * np.sqrt(self.shares[self.at])
        return float(self.weights @ stats.norm.sf((limit - self.points) / self.step))

    def boundary_for(self, chance: float) -> float:
        """Return the boundary that this look crosses with a chance."""

        def off(boundary: float) -> float:
            return float(np.log(max(self.exit(boundary), 1e-300)) - np.log(max(chance, 1e-290)))

        return float(optimize.brentq(off, -10.0, 38.0, xtol=1e-12))

    def go_on(self, boundary: float) -> None:
        """Carry what lies inside the boundary to the next look."""
        scale = np.sqrt(self.shares[self.at])
        top = min(boundary, _FAR) * scale
        bottom = -top if self.sides == 2 else -_FAR * scale
        node, weight = np.polynomial.legendre.leggauss(_NODES)
        points = (top + bottom) / 2 + (top - bottom) / 2 * node
        density = stats.norm.pdf((points[:, None] - self.points) / self.step) / self.step @ self.weights
        self.points, self.weights = points, density * weight * (top - bottom) / 2
        self.at += 1


def _obrien_fleming(alpha: float, shares: _Floats) -> _Floats:
    return np.asarray(2 * stats.norm.sf(stats.norm.isf(alpha / 2) / np.sqrt(shares)))


def _pocock(alpha: float, shares: _Floats) -> _Floats:
    return np.asarray(alpha * np.log1p((np.e - 1) * shares))


_FUNCTIONS: dict[str, Callable[[float, _Floats], _Floats]] = {OBRIEN_FLEMING: _obrien_fleming, POCOCK: _pocock}


def _shares(looks: int, information: Sequence[float] | None) -> _Floats:
    if not isinstance(looks, int | np.integer) or not 1 <= looks <= MOST_LOOKS:
        raise ValueError(f"looks={looks}: cần từ 1 đến {MOST_LOOKS} lần xem. / A whole number of looks from 1 to {MOST_LOOKS} is needed.")
    shares = np.arange(1, looks + 1) / looks if information is None else np.atleast_1d(floats(information, "information"))
    if not (len(shares) and np.all(np.diff(shares, prepend=0.0) > 0) and shares[-1] <= 1 + 1e-12):
        raise ValueError("Tham số information phải tăng dần, lớn hơn 0 và không quá 1. / information must rise, above 0 and at most 1.")
    return np.asarray(np.minimum(shares, 1.0))
