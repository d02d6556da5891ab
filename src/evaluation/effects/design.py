"""A design: how the course without the pilot is found, the same for the pilot and for every placebo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

_TINY = 1e-10


@dataclass(frozen=True, eq=False)
class Fit:
    """What a design finds for the treated units of a matrix, on the design's own scale (see `Design.logs`).

    Attributes
    ----------
    gap : ndarray of shape (periods,)
        Treated less counterfactual, averaged over treated units, before and
        after the start; NaN where there is none.
    observed, counterfactual : ndarray of shape (periods,)
        As a reader knows them: on the outcome's scale also where the gap is in logs.
    estimate : float
        Average effect over the periods treated in full; NaN where there is none.
    weights : ndarray of shape (units,)
        What each unit lends to the counterfactual, in the order of the
        matrix; zeros where the design has no weights.
    standard_error : float or None
        Of the estimate, where the design has one of its own.
    details : dict
        Whatever else was found (time weights, V, factors, ...).
    """

    gap: Floats
    observed: Floats
    counterfactual: Floats
    estimate: float
    weights: Floats
    standard_error: float | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def rmspe(self, periods: Flags) -> float:
        """Return the root mean square of the gap over some periods, NaN where none is known."""
        gap = self.gap[periods]
        gap = gap[np.isfinite(gap)]
        return float(np.sqrt(np.mean(gap**2))) if len(gap) else float("nan")


def no_fit(panel: Matrix) -> Fit:
    """Return the fit of treated units that cannot be had: no numbers."""
    none = np.full(len(panel.periods), np.nan)
    return Fit(none, none, none, float("nan"), np.zeros(len(panel.units)))


class Estimator(Protocol):
    """From a matrix to a fit of its treated units."""

    def __call__(self, panel: Matrix, /) -> Fit:
        """Return the fit.

        Raises
        ------
        NotEnough
            If the matrix has too few donors, periods or figures for it.
        """
        ...


def tried(fit: Estimator, panel: Matrix) -> Fit:
    """Return the fit, or one without numbers where the panel has too little for it."""
    try:
        return fit(panel)
    except NotEnough:
        return no_fit(panel)


def one_by_one(fit: Estimator, panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
    """Return a fit for each placebo, one without numbers for donors that the design cannot take as treated.

    Parameters
    ----------
    fit : Estimator
    panel : Matrix
    placebos : sequence of sequences of int
        As in `Matrix.as_if`.
    """
    return [tried(fit, panel.as_if(chosen)) for chosen in placebos]


@dataclass(frozen=True, eq=False)
class Design:
    """A way to find the counterfactual, with what must hold for it.

    Attributes
    ----------
    id : str
        "did", "event", "cs", "sc", "asc", "sdid", "mc", ...
    name : Words
        For a column of a table.
    method : Words
        One sentence with its source.
    fit : Estimator
    assumptions : tuple of Words
    logs : frozenset of str
        Measures for which gap and estimate are logs of a ratio.
    staggered : bool
        Whether treated units may start at different times.
    calibrated_as : str
        Id of the design that stands for this one in calibration, where this
        one cannot be repeated thousands of times; empty where it can.
    each : callable, optional
        (matrix, placebos) to one fit a placebo, where all at once is faster
        than one by one; `placebos` are places of donors as in `Matrix.as_if`.
    in_turn : callable, optional
        () to an estimator for one placebo after the other, also where they
        start at different times, which keeps from the first to the last
        what does not hang on who is treated (a penalty, a start of a search).
    """

    id: str
    name: Words
    method: Words
    fit: Estimator
    assumptions: tuple[Words, ...]
    logs: frozenset[str] = frozenset()
    staggered: bool = False
    calibrated_as: str = ""
    each: Callable[[Matrix, Sequence[Sequence[int]]], list[Fit]] | None = None
    in_turn: Callable[[], Estimator] | None = None

    def ratio(self, measure: str) -> bool:
        """Return whether effects on this measure are ratios."""
        return measure in self.logs

    def fits(self, panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        """Return a fit for each placebo: those donors treated from the first real start on, the real pilots left out."""
        if self.each is not None:
            return self.each(panel, placebos)
        return [self.fit(panel.as_if(chosen)) for chosen in placebos]

    def rounding(self, panel: Matrix) -> float:
        """Return the size up to which a difference of estimates is rounding: tiny beside the largest outcome, or beside 1 in logs."""
        seen = panel.y[np.isfinite(panel.y)]
        return _TINY * (1.0 if self.ratio(panel.measure) or not len(seen) else float(np.abs(seen).max()))

    def estimate(self, panel: Matrix) -> float:
        """Return the estimate alone, NaN where the panel has too little for the design."""
        return tried(self.fit, panel).estimate

    def turn(self) -> Estimator:
        """Return what fits one placebo after the other: with what `in_turn` keeps, where there is such."""
        return self.fit if self.in_turn is None else self.in_turn()
