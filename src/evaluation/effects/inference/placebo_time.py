"""Placebo in time: the same estimate at starts before the real one, when nothing had happened.

Windows of neighbouring pseudo-starts share most of their periods, so their estimates are far fewer than their number:
with eight quarters before the start there are five of them, and two that share nothing. They are shorter than the real
window; their estimates scatter more by chance and less by drift. Good to look at, seldom a test: p cannot be below
1 / (pseudo-starts + 1).

References
----------
Abadie, Diamond, Hainmueller 2015, American Journal of Political Science 59:495-510.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluation.effects.design import Design, Fit, tried
from evaluation.effects.inference.placebo_sets import placebos
from evaluation.effects.inference.placebo_space import rank
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Floats, Matrix, NotEnough, one_start
from evaluation.language import Words, number

LEAST_BEFORE, LEAST_AFTER = 2, 2


def in_time(
    least_before: int = LEAST_BEFORE, least_after: int = LEAST_AFTER, *, window: int | None = None, with_donors: bool = False
) -> Inference:
    """Return a placebo test in time.

    Parameters
    ----------
    least_before, least_after : int
        Periods needed on either side of a pseudo-start, its anticipation and
        phase-in apart.
    window : int, optional
        Periods after a pseudo-start that are used; all up to the real start
        (its anticipation left out) where left out.
    with_donors : bool
        Compares with the donors at the same pseudo-starts and at the real one
        too: many more estimates, of few units; their ranks take unit and
        time as exchangeable together.
    """
    if least_before < 1 or least_after < 1 or (window is not None and window < least_after):
        raise ValueError(
            "least_before, least_after phải từ 1, window từ least_after trở lên. / "
            "least_before and least_after must be at least 1, window at least least_after."
        )

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        return _judge(least_before, least_after, window, with_donors, design, panel, fit, level, rng)

    return judge


def placebo_in_time(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by its size among the same estimates at starts before the real one.

    Raises
    ------
    NotEnough
        If treated units start at different times, or there is no room for a pseudo-start.
    """
    return _judge(LEAST_BEFORE, LEAST_AFTER, None, False, design, panel, fit, level, rng)


def pseudo_starts(panel: Matrix, least_before: int = LEAST_BEFORE, least_after: int = LEAST_AFTER) -> range:
    """Return the places of all pseudo-starts that leave so many periods on either side, before any real effect.

    Raises
    ------
    NotEnough
        If there is none.
    """
    one_start(panel)
    clean = int(panel.first.min()) - panel.anticipation
    found = range(least_before + panel.anticipation, clean - panel.phase_in - least_after + 1)
    if not found:
        need = least_before + least_after + panel.anticipation + panel.phase_in
        raise NotEnough(
            f"Trước khi bắt đầu chỉ có {clean} kỳ, giả dược theo thời gian cần {need}. / "
            f"There are {clean} periods before the start; a placebo in time needs {need}."
        )
    return found


def _judge(
    least_before: int,
    least_after: int,
    window: int | None,
    with_donors: bool,
    design: Design,
    panel: Matrix,
    fit: Fit,
    level: float,
    rng: np.random.Generator,
) -> Judgement:
    starts = pseudo_starts(panel, least_before, least_after)
    clean = int(panel.first.min()) - panel.anticipation
    pasts = [_until(panel, s, clean if window is None else min(clean, s + panel.phase_in + window)) for s in starts]
    fits = [_padded(tried(design.fit, past), len(panel.periods)) for past in pasts]
    own = np.array([f.estimate for f in fits])
    others = _donors(design, panel, pasts, rng) if with_donors else np.empty(0)
    sizes = np.abs(np.concatenate([own, others]))
    sizes = sizes[np.isfinite(sizes)]
    apart = max(1, clean // (least_before + least_after + panel.anticipation + panel.phase_in))
    names = tuple(f"{', '.join(u for u, t in zip(panel.units, panel.treated, strict=True) if t)} · {panel.periods[s]}" for s in starts)
    said = _said(len(starts), apart, with_donors, len(sizes))
    details = {"pseudo_starts": [panel.periods[s] for s in starts], "pseudo_estimates": own.tolist(), "windows_apart": apart}
    if not np.isfinite(fit.estimate) or not len(sizes):
        return Judgement(None, None, None, None, said, placebo_units=names, placebo_fits=tuple(fits), details=details)
    p, reach, smallest = rank(abs(fit.estimate), sizes, level)
    low, high = (None, None) if reach is None else (fit.estimate - reach, fit.estimate + reach)
    return Judgement(p, low, high, smallest, said, placebo_units=names, placebo_fits=tuple(fits), details=details)


def _until(panel: Matrix, start: int, end: int) -> Matrix:
    """Return the panel up to a period before the real start, its treated units as if they had started earlier."""
    past = panel.until(end)
    return replace(past, first=np.where(panel.treated, start, end))


def _padded(fit: Fit, periods: int) -> Fit:
    """Return a fit on fewer periods as one on all, unknown from where it ends."""

    def long(values: Floats) -> Floats:
        return np.concatenate([values, np.full(periods - len(values), np.nan)])

    return replace(fit, gap=long(fit.gap), observed=long(fit.observed), counterfactual=long(fit.counterfactual))


def _donors(design: Design, panel: Matrix, pasts: list[Matrix], rng: np.random.Generator) -> Floats:
    return np.concatenate([placebos(design, past, rng).estimates for past in [*pasts, panel]])


def _said(starts: int, apart: int, with_donors: bool, estimates: int) -> Words:
    vi = f"; thêm các đơn vị so sánh, tổng cộng {number(estimates, 'vi')} ước lượng" if with_donors else ""
    en = f"; with the donors, {number(estimates, 'en')} estimates in all" if with_donors else ""
    return Words(
        f"Giả dược theo thời gian (Abadie và cộng sự 2015): {starts} mốc giả trước khi bắt đầu, các khoảng thời gian chồng lên nhau "
        f"({apart} khoảng tách rời){vi}.",
        f"Placebo in time (Abadie et al. 2015): {starts} pseudo-starts before the real one, in windows that overlap ({apart} apart){en}.",
    )
