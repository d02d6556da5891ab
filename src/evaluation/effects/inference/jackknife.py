"""Jackknife+: the effect without one donor, give or take that donor's own error, over all donors (or periods).

Over donors: the pilot is predicted by the donors without j, j by the same donors; if pilot and donors are exchangeable
the interval at 1 - a covers with a probability of at least 1 - 2a, whatever the design, and about 1 - a as a rule. Over
periods: one period before the start is left out and predicted at a time, as R's augsynth does; it needs as many periods
before the start as the level asks (19 at 95 %).

References
----------
Barber, Candes, Ramdas, Tibshirani 2021, Annals of Statistics 49:486-507.
Ben-Michael, Feller, Rothstein 2021, JASA 116:1789-1803 (over periods).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from evaluation.effects.design import Design, Fit, tried
from evaluation.effects.inference.placebo_sets import placebos
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Floats, Matrix, NotEnough, one_start
from evaluation.language import Words

Over = Literal["donors", "periods"]
_SAID = {
    "donors": Words(
        "Jackknife+ (Barber và cộng sự 2021) bỏ từng đơn vị so sánh; bảo đảm tối thiểu là 1 − 2α.",
        "Jackknife+ (Barber et al. 2021) leaving out one donor at a time; what is guaranteed is 1 \N{MINUS SIGN} 2α.",
    ),
    "periods": Words(
        "Jackknife+ (Barber và cộng sự 2021) bỏ từng kỳ trước can thiệp; bảo đảm tối thiểu là 1 − 2α.",
        "Jackknife+ (Barber et al. 2021) leaving out one period before the start at a time; what is guaranteed is 1 \N{MINUS SIGN} 2α.",
    ),
}


def jackknife_over(over: Over = "donors") -> Inference:
    """Return the jackknife+ over donors or over periods before the start."""

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        return jackknife_plus(design, panel, fit, level, rng) if over == "donors" else _over_periods(design, panel, fit, level)

    return judge


def jackknife_plus(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by the jackknife+ over donors.

    `details` holds the range of the estimate when one donor is left out,
    and the donors at its ends: how far it hangs on one of them. With several
    treated units it is given for one alone, since sets of donors are not left
    out one at a time.

    Raises
    ------
    NotEnough
        If several units are treated.
    """
    if panel.treated.sum() != 1:
        raise NotEnough(
            "jackknife chỉ dùng cho một đơn vị thí điểm; hãy dùng placebo. / jackknife is for one treated unit alone; use placebo."
        )
    donors = np.flatnonzero(~panel.treated)
    if len(donors) < 2:
        return Judgement(None, None, None, None, _SAID["donors"])
    without = [tried(design.fit, panel.without([int(d)])) for d in donors]
    made = placebos(design, panel, rng)
    left, errors = np.array([f.estimate for f in without]), np.abs(made.estimates)
    known = np.isfinite(left) & np.isfinite(errors)
    if not np.isfinite(fit.estimate) or not known.any():
        return Judgement(None, None, None, None, _SAID["donors"], placebo_units=made.names, placebo_fits=made.fits)
    p, low, high = jackknife_ends(left[known], errors[known], level)
    gaps, own = np.stack([f.gap for f in made.fits])[known], np.stack([f.gap for f in without])[known]
    names = [panel.units[d] for d in donors[known]]
    return Judgement(
        p,
        low,
        high,
        1 / (int(known.sum()) + 1),
        _SAID["donors"],
        by_period=_each_period(own, np.abs(gaps), level),
        placebo_units=made.names,
        placebo_fits=made.fits,
        details={
            "without_one_low": float(left[known].min()),
            "without_one_low_donor": names[int(left[known].argmin())],
            "without_one_high": float(left[known].max()),
            "without_one_high_donor": names[int(left[known].argmax())],
        },
    )


def jackknife_ends(left: Floats, errors: Floats, level: float) -> tuple[float, float | None, float | None]:
    """Return the p-value of no effect and the interval.

    Parameters
    ----------
    left : ndarray
        Estimate without each.
    errors : ndarray
        Size of the error of what was left out.
    level : float

    Returns
    -------
    p_value : float
        The smallest 1 - level at which the interval leaves out 0.
    low, high : float or None
        None where there are fewer than the level needs.
    """
    n = len(left)
    lows, highs = np.sort(left - errors), np.sort(left + errors)
    p = (1 + min((lows <= 0).sum(), (highs >= 0).sum())) / (n + 1)
    k = int(np.floor(round((1 - level) * (n + 1), 9)))
    if k < 1:
        return float(p), None, None
    return float(p), float(lows[k - 1]), float(highs[n - k])


def _each_period(left: Floats, errors: Floats, level: float) -> Floats:
    found = np.full((left.shape[1], 2), np.nan)
    for t in range(left.shape[1]):
        known = np.isfinite(left[:, t]) & np.isfinite(errors[:, t])
        if known.any():
            _, low, high = jackknife_ends(left[known, t], errors[known, t], level)
            found[t] = (np.nan if low is None else low, np.nan if high is None else high)
    return found


def _over_periods(design: Design, panel: Matrix, fit: Fit, level: float) -> Judgement:
    """Judge the mean gap after the start by leaving out the periods before it one at a time."""
    before, after = one_start(panel)
    past, later = np.flatnonzero(before), np.flatnonzero(after)
    if len(past) < 3:
        raise NotEnough("Cần ít nhất ba kỳ trước khi bắt đầu. / At least three periods before the start are needed.")
    gaps = np.stack([design.fit(_moved(panel, past, later, int(t))).gap[len(past) - 1 :] for t in past])
    errors, courses = np.abs(gaps[:, 0]), gaps[:, 1:]
    seen = np.isfinite(courses)
    left = np.where(seen.any(1), np.where(seen, courses, 0.0).sum(1) / np.maximum(seen.sum(1), 1), np.nan)
    known = np.isfinite(left) & np.isfinite(errors)
    if not np.isfinite(fit.estimate) or not known.any():
        return Judgement(None, None, None, None, _SAID["periods"])
    p, low, high = jackknife_ends(left[known], errors[known], level)
    found = np.full((len(panel.periods), 2), np.nan)
    found[later] = _each_period(courses, np.repeat(errors[:, None], len(later), axis=1), level)
    return Judgement(p, low, high, 1 / (int(known.sum()) + 1), _SAID["periods"], by_period=found)


def _moved(panel: Matrix, past: np.ndarray, later: np.ndarray, out: int) -> Matrix:
    """Return the panel with one period before the start set behind it, to be predicted as those after it are."""
    order = np.concatenate([past[past != out], [out], later])
    return replace(
        panel,
        periods=tuple(panel.periods[i] for i in order),
        y=panel.y[:, order],
        top=panel.top[:, order],
        bottom=panel.bottom[:, order],
        first=np.where(panel.treated, len(past) - 1, len(order)),
        anticipation=0,
        phase_in=0,
        covariates=None if panel.covariates is None else panel.covariates[:, :, order],
    )
