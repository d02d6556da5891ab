"""Conley and Taber: the noise of few treated units read from the comparison units' own changes.

The error of the estimate is that of the treated units' changes, since the donors' mean hardly moves; its distribution is
that of the donors' residual changes. All units must scatter alike: a treated ward far smaller than its donors is claimed
to have an effect too often, a larger one too seldom (see `ferman_pinto`). The pilot itself is not counted among the
draws: with n donors a test at 5 % rejects a true null in 2 (1 + k) / (n + 1), k the whole part of 0.025 n; 9.5 % of 20 donors,
6.7 % of 59.

References
----------
Conley, Taber 2011, Review of Economics and Statistics 93:113-125.
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.unit_errors import unit_errors
from evaluation.effects.judgement import Judgement
from evaluation.effects.matrix import Floats, Matrix
from evaluation.language import Words, number, percent

_DRAWS = 9999
_MOST_FALSE = 0.10
SAID = Words(
    "Conley, Taber 2011: sai số của ước lượng theo phân bố các thay đổi còn dư của đơn vị so sánh; giả định mọi đơn vị biến động như nhau.",
    "Conley, Taber 2011: the estimate's error has the distribution of the donors' residual changes; all units are taken to scatter alike.",
)


def conley_taber(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate against the residual changes of the donors.

    Two-sided: twice the smaller tail of the donors' distribution, which may
    be 0 since the pilot is not counted in it; the interval inverts that.
    With two treated units all pairs of donors' residuals, with more 9,999
    draws of as many. It warns where so few donors make it reject a true null
    in more than 10 %.

    Raises
    ------
    NotEnough
        If the donors' errors do not differ.
    """
    errors = unit_errors(design, panel, fit)
    if errors is None:
        return Judgement(None, None, None, None, SAID)
    warning = _too_few(len(errors.donors), level)
    details = {"donor_errors": len(errors.donors)}
    drawn = np.sort(_means(errors.donors, errors.count, rng))
    p = tail_p(fit.estimate, drawn)
    m, most = len(drawn), round(1 - level, 9) / 2
    k = int(np.floor(round(most * m, 9)))
    if 2 * k >= m:
        return Judgement(p, None, None, 0.0, SAID, warning=warning, details=details)
    ends = fit.estimate - drawn[m - 1 - k], fit.estimate - drawn[k]
    return Judgement(p, *ends, 0.0, SAID, warning=warning, details=details)


def _too_few(donors: int, level: float) -> Words | None:
    """Return the warning that so few donors reject a true null too often; None where they do not."""
    rate = min(1.0, 2 * (1 + int(np.floor(round((1 - level) / 2 * donors, 9)))) / (donors + 1))
    if rate <= _MOST_FALSE:
        return None
    return Words(
        f"Chỉ có {number(donors, 'vi')} đơn vị so sánh: cách này bác bỏ sai trong {percent(rate, 'vi', 0)} trường hợp không có tác động.",
        f"There are {number(donors, 'en')} comparison units only: this way rejects a true null in {percent(rate, 'en', 0)} of cases.",
    )


def tail_p(value: float, drawn: Floats) -> float:
    """Return twice the smaller tail of an ordered sample at a value, at most 1."""
    below = np.searchsorted(drawn, value, side="right")
    above = len(drawn) - np.searchsorted(drawn, value, side="left")
    return float(min(1.0, 2 * min(below, above) / len(drawn)))


def _means(donors: Floats, count: int, rng: np.random.Generator) -> Floats:
    if count == 1:
        return donors
    if count == 2:
        return np.asarray((donors[:, None] + donors[None, :]).ravel() / 2)
    return np.asarray(rng.choice(donors, (_DRAWS, count)).mean(axis=1))
