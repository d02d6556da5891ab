"""Difference-in-differences in ratios of counts and rates, or in differences of shares and values; all placebos at once.

References
----------
Wooldridge 2023, The Econometrics Journal 26:C31-C66 (Poisson with unit and
period effects: trends are parallel in ratios). Haldane 1956, Annals of Human
Genetics 20:309-311 (half an event on either side of a ratio).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.estimable import estimable
from evaluation.effects.designs.regressions import did_regression
from evaluation.effects.designs.two_way import solved, swept
from evaluation.effects.matrix import HALF, LOGS, Flags, Floats, Matrix, NotEnough, one_start
from evaluation.language import Words

_CELLS = 2_000_000  # placebos x units x periods that are held at once


def _did(panel: Matrix) -> Fit:
    """Fit the area of treated units against the donors.

    Raises
    ------
    NotEnough
        If treated units start at different times, no period is left on a side, or there is no estimate.
    """
    before, after = one_start(panel)
    return estimable(panel, _fits(panel, panel.treated[None].astype(float), before, after)[0])


def _did_each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
    """Fit every placebo: those donors against all other donors."""
    start, n = int(panel.first.min()), len(panel.periods)
    at = np.arange(n)
    before, after = at < start - panel.anticipation, at >= start + panel.phase_in
    donors = np.flatnonzero(~panel.treated)
    alone = panel.without(np.flatnonzero(panel.treated).tolist())
    place = np.full(len(panel.units), -1)
    place[donors] = np.arange(len(donors))
    step = max(1, _CELLS // max(1, len(donors) * n))
    fits: list[Fit] = []
    for k in range(0, len(placebos), step):
        part = placebos[k : k + step]
        chosen = np.zeros((len(part), len(donors)))
        for row, some in zip(chosen, part, strict=True):
            row[place[list(some)]] = 1.0
        fits += _fits(alone, chosen, before, after)
    return fits


def _fits(panel: Matrix, chosen: Floats, before: Flags, after: Flags) -> list[Fit]:
    """Return one fit a row of `chosen`: the units with a 1 there are treated, all others are donors."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        way = {"count": _ratios, "rate": _ratios, "share": _shares}.get(panel.measure, _values)
        gap, own, expected, estimate = way(panel, chosen, before, after)
    sizes = chosen.sum(1).astype(int)
    shared = {k: _weights(int(k), chosen.shape[1]) for k in set(sizes.tolist())}
    return [Fit(gap[i], own[i], expected[i], float(estimate[i]), shared[int(k)]) for i, k in enumerate(sizes)]


def _weights(treated: int, units: int) -> Floats:
    donors = np.arange(units) >= treated
    return np.where(donors, 1 / max(1, units - treated), 0.0)


def _area(x: Floats, seen: Flags, chosen: Floats) -> Floats:
    """Return the sums of chosen units by period, NaN where any of them did not report."""
    return np.where(chosen @ seen >= chosen.sum(1, keepdims=True), chosen @ x, np.nan)


def _ratios(panel: Matrix, chosen: Floats, before: Flags, after: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Log of observed over expected: the own level before, carried on by the donors' common course.

    That course is what the donors counted over what they would have at their own
    constant levels. Half an event is added to what was seen on either side. A
    unit that never saw an event says nothing of how chance moves one, and has
    no ratio.
    """
    seen = np.isfinite(panel.top) & np.isfinite(panel.bottom)
    part, whole = np.where(seen, panel.top, 0.0), np.where(seen, panel.bottom, 0.0)
    bare = whole.sum(1, keepdims=True)
    level = np.divide(part.sum(1, keepdims=True), bare, out=np.zeros_like(bare), where=bare > 0)
    others = 1.0 - chosen
    course = (others @ part) / (others @ (level * whole))
    top, bottom = _area(part, seen, chosen), _area(whole, seen, chosen)
    known = np.isfinite(top) & np.isfinite(course)
    events, path = np.where(known, top, 0.0), np.where(known, course * bottom, 0.0)
    scale = (events @ before + HALF) / (path @ before)
    estimate = np.log((events @ after + HALF) / (scale * (path @ after)))
    told = (known @ before > 0) & (known @ after > 0) & (events @ (before | after) > 0) & np.isfinite(estimate)
    expected = np.where(known & np.isfinite(scale)[:, None], scale[:, None] * path, np.nan)
    gap = np.log((top + HALF) / (expected + HALF))
    estimate = np.where(told, estimate, np.nan)
    if panel.measure == "count":
        return gap, top, expected, estimate
    there = bottom > 0
    return np.where(there, gap, np.nan), np.where(there, top / bottom, np.nan), np.where(there, expected / bottom, np.nan), estimate


def _shares(panel: Matrix, chosen: Floats, before: Flags, after: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Change of the pooled share less that of the donors' pooled share, over the very periods that the unit reported."""
    seen = np.isfinite(panel.top) & np.isfinite(panel.bottom)
    part, whole = np.where(seen, panel.top, 0.0), np.where(seen, panel.bottom, 0.0)
    top, bottom = _area(part, seen, chosen), _area(whole, seen, chosen)
    known = np.isfinite(top) & np.isfinite(bottom)
    others = 1.0 - chosen
    rest_top, rest_bottom = others @ part, others @ whole

    def pooled(above: Floats, below: Floats, when: Flags) -> Floats:
        return np.asarray((np.where(known, above, 0.0) @ when) / (np.where(known, below, 0.0) @ when))

    apart = [pooled(top, bottom, w) - pooled(rest_top, rest_bottom, w) for w in (before, after)]
    own = np.where(bottom > 0, top / bottom, np.nan)
    gap = own - np.where(rest_bottom > 0, rest_top / rest_bottom, np.nan) - apart[0][:, None]
    return gap, own, own - gap, np.asarray(apart[1] - apart[0])


def _values(panel: Matrix, chosen: Floats, before: Flags, after: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Least squares with unit and period effects; several treated units keep their own levels."""
    seen = np.isfinite(panel.y)
    sizes = chosen.sum(1, keepdims=True)
    if not seen.all():
        return _values_with_holes(np.where(seen, panel.y, 0.0), seen, chosen, before, after)
    own = (chosen @ panel.y) / sizes
    gap = own - ((1.0 - chosen) @ panel.y) / (chosen.shape[1] - sizes)
    gap = np.where(np.isfinite(gap), gap, np.nan)
    gap = gap - (gap @ before / before.sum())[:, None]
    return gap, own, own - gap, np.asarray(gap @ after / after.sum())


def _values_with_holes(y: Floats, seen: Flags, chosen: Floats, before: Flags, after: Flags) -> tuple[Floats, Floats, Floats, Floats]:
    """Solve the normal equations of each row of `chosen`, unit effects swept out: one for each period and one for the effect.

    What a unit lends to them depends on whether it is treated alone, so that
    the equations of all rows are sums that `chosen` picks.
    """
    as_treated = seen & (before | after)
    normal, right = swept(y, seen)
    treated_normal, treated_right = swept(y, as_treated)
    n = np.maximum(as_treated.sum(1, keepdims=True), 1)
    on = as_treated * after
    on_in = as_treated * (on - on.sum(1, keepdims=True) / n)
    k, t = len(y), y.shape[1]
    system = normal.sum(0) + (chosen @ (treated_normal - normal).reshape(k, -1)).reshape(-1, t, t)
    sides = np.stack([right.sum(0) + chosen @ (treated_right - right), chosen @ on_in], axis=2)
    free = solved(system, sides)
    square = chosen @ (on * on_in).sum(1)
    left = square - (free[:, :, 1] * sides[:, :, 1]).sum(1)
    moved = chosen @ (on_in * y).sum(1) - (free[:, :, 1] * sides[:, :, 0]).sum(1)
    estimate = np.where(left > 1e-9 * np.maximum(square, 1e-300), moved / left, np.nan)
    period = free[:, :, 0] - estimate[:, None] * free[:, :, 1]
    count = chosen @ seen
    own = np.where(count > 0, (chosen @ (seen * y)) / count, np.nan)
    levels = chosen @ (seen * (as_treated * y).sum(1, keepdims=True) / n) - estimate[:, None] * (
        chosen @ (seen * on.sum(1, keepdims=True) / n)
    )
    shared = (chosen @ (seen[:, :, None] * (as_treated / n)[:, None, :]).reshape(k, -1)).reshape(-1, t, t)
    levels = levels - (shared @ period[:, :, None])[:, :, 0]
    compared = ((1.0 - chosen) @ seen) > 0
    gap = np.where((count > 0) & compared, own - levels / count - period, np.nan)
    return gap, own, own - gap, estimate


DID = Design(
    id="did",
    name=Words("Sai biệt kép", "Difference-in-differences"),
    method=Words(
        "Sai biệt kép theo đơn vị và kỳ: mức trước của đơn vị can thiệp, đi tiếp theo diễn biến chung của các đơn vị so sánh.",
        "Difference-in-differences by unit and period: the treated unit's own level before, carried on by the donors' common course.",
    ),
    fit=_did,
    assumptions=(
        Words(
            "Nếu không có mô hình, đơn vị thí điểm sẽ thay đổi như các đơn vị so sánh (xu hướng song song).",
            "Without the pilot, its unit would have moved as the comparison units did (parallel trends).",
        ),
    ),
    logs=LOGS,
    each=_did_each,
)


def poisson_did() -> Design:
    """Return difference-in-differences of counts and rates by Poisson maximum likelihood with unit and period effects.

    Notes
    -----
    On counts that all units reported in every period it is `DID` without the
    half event on either side, whatever their levels: the ratio of the sums of
    the treated over the ratio of the sums of the donors. It differs where
    reports are missing (period effects are then weighed by the expected counts)
    and for rates whose exposures change. A unit without events on a side has no
    estimate. It takes some twenty times as long.
    """
    return Design(
        id="did_poisson",
        name=Words("Sai biệt kép Poisson", "Poisson difference-in-differences"),
        method=Words(
            "Hồi quy Poisson với hiệu ứng đơn vị và kỳ (hợp lý cực đại).",
            "Poisson regression with unit and period effects (maximum likelihood).",
        ),
        fit=_poisson,
        assumptions=DID.assumptions,
        logs=LOGS,
    )


def _poisson(panel: Matrix) -> Fit:
    if panel.measure not in LOGS:
        raise NotEnough(
            f"measure={panel.measure!r}: hồi quy Poisson cần số đếm hoặc tỷ suất; hãy dùng did. / "
            f"The Poisson regression needs counts or rates; use did."
        )
    start = _did(panel)
    effect = float(did_regression(panel).at().coefficients[0])
    return Fit(start.gap, start.observed, start.counterfactual, effect, start.weights, details={"gap_from": "did"})
