"""Conformal inference: the pilot's residuals after the start among its own residuals over time.

The effect supposed is taken out, the design is fitted to all periods as if none were treated, and the residuals after
the start are compared with those of other stretches of time. It needs no donors like the pilot. The p-value is exact
where the residuals are exchangeable in time; where they last, moving blocks are right in long series only: with 20 periods
and an autocorrelation of 0.8 they reject a true null in 14 % at 10 %, single periods in 22 %. Moving blocks of T periods
have T arrangements and a smallest p of 1/T: with 16 quarters nothing can be claimed at 5 %. And the fit to all periods
splits a lasting effect between before and after: where these are as many, the residuals are as large on both sides and no
constant effect can be seen at all. It is made for long series with few periods after the start.

References
----------
Chernozhukov, Wuthrich, Zhu 2021, JASA 116:1849-1864.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.design import Design, Fit
from evaluation.effects.inference.inversion import ends, without_effect
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough, one_start
from evaluation.language import Words, number

Arrangements = Literal["moving_block", "iid"]
Places = NDArray[np.int64]
_EXACT_UP_TO = 20_000
_TIE = 1e-9


def conformal_by(arrangements: Arrangements = "moving_block", *, average: bool = False, power: float = 1.0, draws: int = 4999) -> Inference:
    """Return a conformal test.

    Parameters
    ----------
    arrangements : {"moving_block", "iid"}
        The residuals moved along the circle of periods, which keeps their
        dependence; or all ways to choose the periods after the start, which
        asks that they have none.
    average : bool
        Tests the average over the periods after the start without taking the
        effect as constant: stretches of as many periods before the start are
        averaged to one each, the rest of the earliest left out (appendix A of
        the paper). The smallest p is one over the number of stretches.
    power : float
        Of the absolute residuals that are summed; 1 as in the paper's study,
        larger for effects in few periods.
    draws : int
        Ways drawn at random where there are more than 20,000; p is (1 + b) / (1 + draws).
    """

    def judge(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
        if not average:
            return _judge(arrangements, power, draws, design, panel, fit, level, rng)
        short = averaged(design, panel)
        found = _judge(arrangements, power, draws, design, short, design.fit(short), level, rng)
        return replace(found, by_period=None, details={**found.details, "stretches": len(short.periods)})

    return judge


def conformal(design: Design, panel: Matrix, fit: Fit, level: float, rng: np.random.Generator) -> Judgement:
    """Judge an estimate by moving-block permutations of residuals under the null.

    The interval holds the effects, constant over time, that the test does
    not reject; that of a period is made from it and the periods before
    alone, and exists from 1 / (1 - level) - 1 periods before on.

    Raises
    ------
    NotEnough
        If treated units start at different times.
    """
    return _judge("moving_block", 1.0, 0, design, panel, fit, level, rng)


def null_residuals(design: Design, panel: Matrix, kept: Places, later: int, effect: float) -> Floats:
    """Return the treated units' residuals with an effect taken out and every period fitted as untreated.

    Parameters
    ----------
    design : Design
    panel : Matrix
        Treated units that start together.
    kept : ndarray of int
        Places of the periods that take part, those after the start last.
    later : int
        How many of them are after the start.
    effect : float
        Log ratio or difference, by the design.

    Returns
    -------
    ndarray of shape (len(kept),)
    """
    cells = np.zeros(panel.y.shape, dtype=bool)
    cells[np.ix_(panel.treated, kept[len(kept) - later :])] = True
    clean = without_effect(panel, effect, cells, design.ratio(panel.measure))
    return np.asarray(design.fit(_all_before(clean, kept)).gap[: len(kept)])


def averaged(design: Design, panel: Matrix) -> Matrix:
    """Return the panel with as many periods in one as there are after the start, counted back from the last.

    Raises
    ------
    NotEnough
        If the periods before the start are fewer than those after it.
    """
    before, after = one_start(panel)
    kept, later = _known(design, panel, before, after)
    stretches = len(kept) // max(later, 1)
    if stretches < 2 or later == 0:
        raise NotEnough(
            "Số kỳ trước khi bắt đầu ít hơn số kỳ sau: không lấy trung bình từng đoạn được. / "
            "There are fewer periods before the start than after it: no stretch to average."
        )
    use = kept[len(kept) - stretches * later :]

    def mean(values: Floats) -> Floats:
        parts = values[..., use].reshape(*values.shape[:-1], stretches, later)
        seen = np.isfinite(parts)
        return np.where(seen.any(-1), np.where(seen, parts, 0.0).sum(-1) / np.maximum(seen.sum(-1), 1), np.nan)

    top, bottom = mean(panel.top), mean(panel.bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(bottom > 0, top / bottom, np.nan) if panel.measure in ("share", "rate") else mean(panel.y)
    return replace(
        panel,
        periods=tuple(panel.periods[i] for i in use[::later]),
        y=y,
        top=top,
        bottom=bottom,
        first=np.where(panel.treated, stretches - 1, stretches),
        anticipation=0,
        phase_in=0,
        covariates=None if panel.covariates is None else mean(panel.covariates),
    )


def _all_before(panel: Matrix, kept: Places) -> Matrix:
    """Return the kept periods, all before a start in one more period that holds each unit's mean."""

    def more(values: Floats) -> Floats:
        part = values[..., kept]
        seen = np.isfinite(part)
        mean = np.where(seen, part, 0.0).sum(-1, keepdims=True) / np.maximum(seen.sum(-1, keepdims=True), 1)
        return np.concatenate([part, np.where(seen.any(-1, keepdims=True), mean, np.nan)], axis=-1)

    return replace(
        panel,
        periods=(*(panel.periods[i] for i in kept), panel.periods[-1]),
        y=more(panel.y),
        top=more(panel.top),
        bottom=more(panel.bottom),
        first=np.where(panel.treated, len(kept), len(kept) + 1),
        anticipation=0,
        phase_in=0,
        covariates=None if panel.covariates is None else more(panel.covariates),
    )


def _judge(
    arrangements: Arrangements,
    power: float,
    draws: int,
    design: Design,
    panel: Matrix,
    fit: Fit,
    level: float,
    rng: np.random.Generator,
) -> Judgement:
    before, after = one_start(panel)
    kept, later = _known(design, panel, before, after)
    if later == 0 or later == len(kept):
        raise NotEnough(
            "Đơn vị thí điểm không có số liệu trước hoặc sau khi bắt đầu. / The pilot has no figures before or after the start."
        )
    ways, exact = _ways(arrangements, len(kept), later, draws, rng)
    smallest = 1 / len(ways)
    said = _said(arrangements, len(kept), later, len(ways), exact, smallest, level)
    details = {"arrangements": len(ways), "all_arrangements": exact, "periods_used": len(kept)}
    if not np.isfinite(fit.estimate):
        return Judgement(None, None, None, None, said, details=details)
    tested = _test(design, panel, kept, later, ways, power)
    low, high = (None, None) if smallest > round(1 - level, 9) else _interval(tested, fit, after, level)
    return Judgement(
        tested(0.0),
        low,
        high,
        smallest,
        said,
        by_period=_by_period(design, panel, fit, kept, later, level, power),
        details=details,
    )


def _known(design: Design, panel: Matrix, before: Flags, after: Flags) -> tuple[Places, int]:
    """Return the places of periods with a residual, those after the start last, and how many these are."""
    kept = np.concatenate([np.flatnonzero(before), np.flatnonzero(after)])
    seen = np.isfinite(null_residuals(design, panel, kept, int(after.sum()), 0.0))
    return kept[seen], int(seen[before.sum() :].sum())


def _ways(arrangements: Arrangements, periods: int, later: int, draws: int, rng: np.random.Generator) -> tuple[Places, bool]:
    """Return which residuals stand after the start in each arrangement, and whether these are all; the first is the real one."""
    real = np.arange(periods - later, periods)
    if arrangements == "moving_block":
        return (real[None, :] + np.arange(periods)[:, None]) % periods, True
    if comb(periods, later) <= _EXACT_UP_TO:
        return np.array(list(combinations(range(periods), later)))[::-1], True
    return np.vstack([real, *(rng.permutation(periods)[:later] for _ in range(draws))]), False


def _test(design: Design, panel: Matrix, kept: Places, later: int, ways: Places, power: float) -> Callable[[float], float]:
    """Return the function from an effect to its p-value; the real arrangement is always counted."""

    def p_value(effect: float) -> float:
        sizes = np.abs(null_residuals(design, panel, kept, later, effect)) ** power
        sums = sizes[ways].sum(axis=1)
        own = sizes[len(sizes) - later :].sum()
        return float(np.mean(sums >= own - _TIE * max(own, float(sizes.sum()))))

    return p_value


def _interval(tested: Callable[[float], float], fit: Fit, after: Flags, level: float) -> tuple[float | None, float | None]:
    later = fit.gap[after][np.isfinite(fit.gap[after])]
    rest = fit.gap[~after][np.isfinite(fit.gap[~after])]
    step = float(np.sqrt(np.mean(rest**2))) if len(rest) else 0.0
    centre = float(later.mean()) if len(later) else 0.0
    return ends(lambda effect: tested(effect) > round(1 - level, 9), centre, max(step, 1e-6 * max(1.0, abs(centre))))


def _by_period(design: Design, panel: Matrix, fit: Fit, kept: Places, later: int, level: float, power: float) -> Floats | None:
    """Return each later period's interval from it and the periods before; None where these are too few for the level."""
    past = kept[: len(kept) - later]
    if 1 / (len(past) + 1) > round(1 - level, 9):
        return None
    found = np.full((len(panel.periods), 2), np.nan)
    ways, _ = _ways("moving_block", len(past) + 1, 1, 0, np.random.default_rng(0))
    for t in kept[len(kept) - later :]:
        tested = _test(design, panel, np.append(past, t), 1, ways, power)
        only = np.arange(len(panel.periods)) == t
        low, high = _interval(tested, fit, only, level)
        found[t] = (np.nan if low is None else low, np.nan if high is None else high)
    return found


def _said(arrangements: Arrangements, periods: int, later: int, ways: int, exact: bool, smallest: float, level: float) -> Words:
    kinds = {
        "moving_block": Words("hoán vị khối trượt phần dư theo thời gian", "moving-block permutations of residuals over time"),
        "iid": Words("hoán vị mọi cách phần dư theo thời gian", "all permutations of residuals over time"),
    }
    kind = kinds[arrangements]
    drawn = Words("", "") if exact else Words(" rút ngẫu nhiên", " drawn at random")
    short = Words("", "")
    if smallest > round(1 - level, 9):
        short = Words(
            f"; không thể kết luận ở mức {number(100 * (1 - level), 'vi', 0)}% với {periods} kỳ",
            f"; nothing can be claimed at {number(100 * (1 - level), 'en', 0)}% with {periods} periods",
        )
    if 2 * later >= periods:
        short = Words(
            f"{short.vi}; số kỳ sau không ít hơn số kỳ trước nên hầu như không thấy được tác động kéo dài",
            f"{short.en}; with no fewer periods after than before, a lasting effect can hardly be seen",
        )
    vi = f"{number(ways, 'vi')} cách{drawn.vi}, p"
    en = f"{number(ways, 'en')} arrangements{drawn.en}, p"
    return Words(
        f"Suy luận bảo giác (Chernozhukov, Wuthrich, Zhu 2021): {kind.vi}, {vi} nhỏ nhất {number(smallest, 'vi', 4)}{short.vi}; "
        "khoảng tin cậy của tác động không đổi đảo ngược kiểm định.",
        f"Conformal inference (Chernozhukov, Wuthrich, Zhu 2021): {kind.en}, {en} at least {number(smallest, 'en', 4)}{short.en}; "
        "the interval of a constant effect inverts the test.",
    )
