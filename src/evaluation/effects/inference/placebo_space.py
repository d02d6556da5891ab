"""Placebo in space: the same estimate for every donor as if it had been treated.

References
----------
Abadie, Diamond, Hainmueller 2010, JASA 105:493-505.
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Matrix
from evaluation.language import Words

SAID = Words(
    "Hoán vị giả dược trên các đơn vị so sánh đủ điều kiện; khoảng tin cậy đảo ngược kiểm định.",
    "Placebo permutation over eligible donors; the interval inverts the test.",
)


def placebo_in_space(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by its size among the same estimates for donors."""
    donors = np.flatnonzero(~panel.treated)
    fits = design.fits(panel, [(int(d),) for d in donors])
    sizes = np.array([f.estimate for f in fits])
    known = np.abs(sizes[np.isfinite(sizes)])
    n = len(known)
    units = tuple(panel.units[d] for d in donors)
    if not np.isfinite(fit.estimate) or n == 0:
        return Judgement(None, None, None, None, SAID, placebo_units=units, placebo_fits=tuple(fits))
    p = float((1 + (known >= abs(fit.estimate)).sum()) / (n + 1))
    place = int(np.ceil(round(level * (n + 1), 9)))  # 0.95 * 60 is a little above 57 in binary
    reach = float(np.sort(known)[place - 1]) if place <= n else None
    low, high = (None, None) if reach is None else (fit.estimate - reach, fit.estimate + reach)
    return Judgement(p, low, high, 1 / (n + 1), SAID, placebo_units=units, placebo_fits=tuple(fits))
