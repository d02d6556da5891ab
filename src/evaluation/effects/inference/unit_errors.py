"""The errors of single units under no effect, from the same estimate made for each alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.placebo_sets import single_fits
from evaluation.effects.matrix import Floats, Matrix, NotEnough


@dataclass(frozen=True, eq=False)
class UnitErrors:
    """Errors of the estimate unit by unit.

    Attributes
    ----------
    treated : ndarray of shape (treated units,)
        Estimate of each treated unit alone against the donors.
    donors : ndarray
        Error of each donor that has one: its own residual change where all
        donors weigh the same (as in difference-in-differences), else its
        placebo estimate.
    places : ndarray of int
        Their places among the matrix' units.
    alike : bool
        Whether all donors weigh the same, so that their mean has an error of its own.
    """

    treated: Floats
    donors: Floats
    places: np.ndarray
    alike: bool

    @property
    def count(self) -> int:
        """Treated units."""
        return len(self.treated)


def unit_errors(design: Design, panel: Matrix, fit: Fit) -> UnitErrors | None:
    """Return the errors of the treated units and the donors, None where the estimate or all of theirs are unknown.

    Raises
    ------
    NotEnough
        If the donors' errors do not differ but for rounding.

    Notes
    -----
    Where the n donors weigh the same, a placebo estimate is the donor's
    change less the mean of the n - 1 others: n / (n - 1) times its residual.
    """
    donors = np.flatnonzero(~panel.treated)
    estimates = np.array([f.estimate for f in single_fits(design, panel)])
    known = np.isfinite(estimates)
    if not np.isfinite(fit.estimate) or known.sum() < 2:
        return None
    weights = fit.weights[donors]
    alike = bool(len(weights) > 0 and np.ptp(weights) < 1e-9 and weights[0] > 0)
    n = int(known.sum())
    errors = estimates[known] * ((n - 1) / n if alike else 1.0)
    if np.ptp(errors) <= design.rounding(panel):
        raise NotEnough(
            "Các đơn vị so sánh không biến động khác nhau, nên không biết ngẫu nhiên có thể làm thay đổi đến đâu. / "
            "No comparison unit moves otherwise than the others, so how far chance moves one is not known."
        )
    return UnitErrors(_treated(design, panel, fit), errors, donors[known], alike)


def _treated(design: Design, panel: Matrix, fit: Fit) -> Floats:
    rows = np.flatnonzero(panel.treated).tolist()
    if len(rows) == 1:
        return np.array([fit.estimate])
    return np.array([design.fit(panel.without([o for o in rows if o != r])).estimate for r in rows])
