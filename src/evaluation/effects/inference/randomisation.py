"""Randomisation inference: for pilots whose places were drawn by lot.

The only chance is the lot's own. Under the sharp null (every unit's outcome would have been the same, or the same but
for a constant) the estimate under each other drawing is known, so the p-value is exact whatever the outcomes are, and it
cannot be below one over the number of drawings that were possible.

References
----------
Fisher 1935, The Design of Experiments, ch. 2. Rosenbaum 2002, Observational Studies, 2nd ed., ch. 2 (intervals).
Morgan, Rubin 2012, Annals of Statistics 40:1263-1282 (only drawings that would have been kept count).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import comb

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.drawings import drawings
from evaluation.effects.inference.inversion import ends, without_effect
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Flags, Floats, Matrix, one_start
from evaluation.language import Words, number

_TIE = 1e-9
EXACT_UP_TO, DRAWS = 1000, 499


def smallest_randomisation_p(treated: int, comparison: int, *, two_sided: bool = True) -> float:
    """Return the smallest p-value that a drawing of units by lot can give: 1/15 for 2 of 6.

    Parameters
    ----------
    treated, comparison : int
        Units drawn, and the others.
    two_sided : bool
        With as many treated as comparison units each drawing has its mirror
        image, which a two-sided test counts too.

    Raises
    ------
    ValueError
        If either is below 1.
    """
    if treated < 1 or comparison < 1:
        raise ValueError(
            f"treated={treated}, comparison={comparison}: mỗi nhóm cần ít nhất một đơn vị. / each group needs at least one unit."
        )
    return (2 if two_sided and treated == comparison else 1) / comb(treated + comparison, treated)


def never_claims(treated: int, comparison: int, level: float = 0.95) -> Words | None:
    """Return the sentence that so few units can never show an effect at this level; None where they can.

    Parameters
    ----------
    treated, comparison : int
        Units, such as wards of a survey; not the people asked in them.
    level : float
    """
    smallest = smallest_randomisation_p(treated, comparison)
    if smallest <= round(1 - level, 9):
        return None
    ways = comb(treated + comparison, treated)
    return Words(
        f"Với {number(treated, 'vi')} phường thí điểm và {number(comparison, 'vi')} phường so sánh chỉ có {number(ways, 'vi')} cách chọn: "
        f"p nhỏ nhất là {number(smallest, 'vi', 3)}, nên cuộc khảo sát này không bao giờ kết luận được có tác động "
        f"ở mức {number(100 * (1 - level), 'vi', 0)}%, dù khác biệt lớn đến đâu và hỏi bao nhiêu người.",
        f"{number(treated, 'en')} pilot and {number(comparison, 'en')} comparison wards can be chosen in {number(ways, 'en')} ways only: "
        f"the smallest p is {number(smallest, 'en', 3)}, so this survey can never claim an effect at "
        f"{number(100 * (1 - level), 'en', 0)}%, however large the difference and however many people were asked.",
    )


def randomised(
    allowed: Flags | Sequence[Sequence[bool]] | None = None,
    *,
    strata: Sequence[object] | None = None,
    exact_up_to: int = EXACT_UP_TO,
    draws: int = DRAWS,
) -> Inference:
    """Return randomisation inference for a drawing that was restricted.

    Parameters
    ----------
    allowed : array of bool, shape (drawings, units), optional
        All drawings that could have come out, in the order of the matrix'
        units, the real one among them: of a re-randomised study those that
        were balanced enough.
    strata : sequence, optional
        Stratum of each unit; within each as many were drawn as are treated.
    exact_up_to, draws : int
        All drawings up to this many, else so many at random.
    """

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        ways, exact = drawings(panel.treated, allowed=allowed, strata=strata, exact_up_to=exact_up_to, draws=draws, rng=rng)
        return _judge(ways, exact, design, panel, fit, level)

    return judge


def randomisation(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by the estimates of all other drawings of as many units, treated ones among the donors.

    For units that were drawn by lot among themselves and the donors. The
    interval holds the constant effects (additive, or a ratio where the
    design works in logs) that the test does not reject: solved exactly for
    designs linear in the outcome, by halving otherwise.

    Raises
    ------
    NotEnough
        If treated units start at different times.
    """
    ways, exact = drawings(panel.treated, exact_up_to=EXACT_UP_TO, draws=DRAWS, rng=rng)
    return _judge(ways, exact, design, panel, fit, level)


def acceptance(own: float, drawn: Floats, slopes: Floats, level: float) -> tuple[float | None, float | None]:
    """Return the constant effects that a two-sided randomisation test does not reject, exactly.

    Parameters
    ----------
    own : float
        Estimate of the real drawing.
    drawn : ndarray
        Estimates of all drawings, the real one among them.
    slopes : ndarray
        How much each falls when an effect of 1 is taken out of the treated
        units: from -1 to 1, and 1 for the real one.
    level : float

    Returns
    -------
    low, high : float or None
        None where the test does not reject however far.

    Notes
    -----
    A drawing is as extreme as the real one for an effect t where the size
    of drawn - slope t is at least that of own - t: between (own - drawn) /
    (1 - slope) and (own + drawn) / (1 + slope), a stretch that holds `own`.
    The p-value is the share of drawings whose stretch holds t.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.where(1 - slopes > _TIE, (own - drawn) / (1 - slopes), np.nan)
        two = np.where(1 + slopes > _TIE, (own + drawn) / (1 + slopes), np.nan)
    low, high = np.fmin(one, two), np.fmax(one, two)
    always = (1 - np.abs(slopes)) <= _TIE
    lows, highs = np.sort(np.where(always, -np.inf, low)), np.sort(np.where(always, np.inf, high))
    k = int(np.floor(round((1 - level) * len(drawn), 9)))
    left, right = lows[k], highs[len(drawn) - 1 - k]
    return (None, None) if not (np.isfinite(left) and np.isfinite(right)) else (float(left), float(right))


def _judge(ways: Flags, exact: bool, design: Design, panel: Matrix, fit: Fit, level: float) -> Judgement:
    one_start(panel)
    logs = design.ratio(panel.measure)
    cells = panel.after

    def all_drawn(effect: float) -> Floats:
        return _estimates(design, without_effect(panel, effect, cells, logs), ways)

    def p_value(drawn: Floats) -> float:
        known = drawn[np.isfinite(drawn)]
        return float(np.mean(np.abs(known) >= abs(drawn[0]) * (1 - _TIE) - 1e-300))

    said = _said(len(ways), exact)
    drawn = all_drawn(0.0)
    details = {"drawings": len(ways), "all_drawings": exact}
    if not np.isfinite(drawn[0]):
        return Judgement(None, None, None, None, said, details=details)
    smallest = _smallest(ways, drawn)
    low: float | None
    high: float | None
    low, high = None, None
    if smallest <= round(1 - level, 9):
        known = np.isfinite(drawn)
        away = max(float(np.abs(drawn[known]).max()), 1e-9)
        shifted = all_drawn(away)
        slopes = (drawn - shifted) / away
        low, high = acceptance(float(drawn[0]), drawn[known], slopes[known], level)
        if not _linear(all_drawn(-away / 2), drawn + slopes * away / 2):
            low, high = ends(lambda effect: p_value(all_drawn(effect)) > round(1 - level, 9), float(drawn[0]), away / 2, 14)
    return Judgement(p_value(drawn), low, high, smallest, said, details=details)


def _smallest(ways: Flags, drawn: Floats) -> float:
    """Return one over the drawings; two where the mirror image of the real one is among them, its estimate the same but for the sign."""
    mirror = (ways == ~ways[0]).all(axis=1) & (np.abs(drawn + drawn[0]) <= _TIE * max(1.0, abs(float(drawn[0]))))
    return (1 + int(mirror.any())) / len(ways)


def _linear(found: Floats, expected: Floats) -> bool:
    known = np.isfinite(found) & np.isfinite(expected)
    return bool(np.allclose(found[known], expected[known], rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(expected[known]).max()))))


def _estimates(design: Design, panel: Matrix, ways: Flags) -> Floats:
    """Return the estimate of each drawing: a stand-in holds the treated unit's place, so that all units can be donors."""
    start, periods = int(panel.first.min()), len(panel.periods)
    order = np.concatenate([[0], np.arange(len(panel.units))])
    base = replace(
        panel,
        units=("", *panel.units),
        y=panel.y[order],
        top=panel.top[order],
        bottom=panel.bottom[order],
        first=np.concatenate([[start], np.full(len(panel.units), periods)]),
        covariates=None if panel.covariates is None else panel.covariates[:, order],
    )
    return np.array([f.estimate for f in design.fits(base, [tuple((np.flatnonzero(w) + 1).tolist()) for w in ways])])


def _said(ways: int, exact: bool) -> Words:
    vi = f"toàn bộ {number(ways, 'vi')} cách bốc thăm" if exact else f"{number(ways, 'vi')} cách bốc thăm rút ngẫu nhiên"
    en = f"all {number(ways, 'en')} drawings" if exact else f"{number(ways, 'en')} drawings taken at random"
    return Words(
        f"Suy luận ngẫu nhiên hóa (Fisher 1935) trên {vi}; chỉ đúng khi nơi thí điểm được chọn bằng bốc thăm; "
        "khoảng tin cậy của tác động không đổi đảo ngược kiểm định.",
        f"Randomisation inference (Fisher 1935) over {en}; right only where the pilot's places were drawn by lot; "
        "the interval of a constant effect inverts the test.",
    )
