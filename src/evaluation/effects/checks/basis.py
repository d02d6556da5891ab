"""What all checks of one effect start from: the study as arrays, its fit, and the same fit of every donor, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs import design as design_named
from evaluation.effects.matrix import Floats, Matrix, NotEnough, matrix, one_start
from evaluation.effects.study import Study
from evaluation.language import number, points

FEWEST_PLACEBOS = 5


@dataclass(frozen=True, eq=False)
class Basis:
    """One effect and its placebos.

    Attributes
    ----------
    study : Study
    design : Design
    panel : Matrix
    fit : Fit
    placebos : tuple of Fit
        One for each donor, as if it had been treated.
    level : float
    """

    study: Study
    design: Design
    panel: Matrix
    fit: Fit
    placebos: tuple[Fit, ...]
    level: float = 0.95

    @property
    def logs(self) -> bool:
        """Whether estimates are logs of ratios."""
        return self.design.ratio(self.panel.measure)

    @property
    def sizes(self) -> Floats:
        """Placebo estimates that are known."""
        found = np.array([f.estimate for f in self.placebos])
        return np.asarray(found[np.isfinite(found)], dtype=np.float64)

    @property
    def chance(self) -> float:
        """Root mean square of the placebo estimates: how far chance alone moves an estimate."""
        return float(np.sqrt(np.mean(self.sizes**2)))

    @property
    def p_value(self) -> float:
        """Placebo permutation p-value of the estimate."""
        return rank_p(self.fit.estimate, self.sizes)

    @property
    def told(self) -> bool:
        """Whether the estimate can be told from chance by that test."""
        return self.p_value <= round(1 - self.level, 9)

    def shared(self) -> dict[str, Any]:
        """Return what results of checks carry on from the study."""
        one = self.study
        return {"outcome_label": one.label, "unit_label": one.treated_label, "synthetic": one.synthetic, "source": one.source}

    def said(self, x: float, language: str) -> str:
        """Write an estimate for a reader: a ratio, points of a share, or a number of its size."""
        return said(x, self.logs, self.panel.measure, language)


def basis(study: Study, design: str | Design = "did", *, level: float = 0.95) -> Basis:
    """Return a study's fit by a design and that of every donor.

    Parameters
    ----------
    study : Study
        With one start.
    design : str or Design
    level : float

    Raises
    ------
    NotEnough
        If the design cannot take the study, starts differ, or fewer than five donors have an estimate.
    """
    chosen = design_named(design) if isinstance(design, str) else design
    panel = matrix(study)
    one_start(panel)
    fit = chosen.fit(panel)
    placebos = tuple(chosen.fits(panel, panel.singles))
    found = Basis(study, chosen, panel, fit, placebos, level)
    if not np.isfinite(fit.estimate) or len(found.sizes) < FEWEST_PLACEBOS:
        raise NotEnough(
            f"Chỉ {len(found.sizes)} đơn vị so sánh có ước lượng, cần ít nhất {FEWEST_PLACEBOS}. / "
            f"Only {len(found.sizes)} donors have an estimate; {FEWEST_PLACEBOS} are needed."
        )
    return found


def rank_p(own: float, others: Sequence[float] | Floats) -> float:
    """Return the placebo p-value of an estimate by its size, the own counted among the others."""
    known = np.abs(np.asarray(others, dtype=float))
    known = known[np.isfinite(known)]
    return float((1 + (known >= abs(own)).sum()) / (len(known) + 1))


def said(x: float, logs: bool, measure: str, language: str) -> str:
    """Write an estimate on a design's scale for a reader."""
    if logs:
        return number(float(np.exp(x)), language, 2)
    if measure == "share":
        return points(x, language)
    return number(x, language, 0 if abs(x) >= 100 else 2 if abs(x) >= 0.1 else 4)
