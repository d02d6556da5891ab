"""Difference-in-differences in ratios of counts, or in differences of shares, rates and values."""

from __future__ import annotations

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.matrix import Flags, Matrix, one_start
from evaluation.language import Words


def _did(panel: Matrix) -> Fit:
    """Fit one area of treated units against the sum, or the mean, of the donors."""
    before, after = one_start(panel)
    donors = ~panel.treated
    if panel.measure == "count":
        return _counts(panel, before, after, donors)
    y = panel.y
    own = np.nanmean(y[~donors], axis=0)
    course = np.nanmean(y[donors], axis=0)
    gap = own - course
    gap = gap - np.nanmean(gap[before])
    weights = np.where(donors, 1 / donors.sum(), 0.0)
    return Fit(gap, own, own - gap, float(np.nanmean(gap[after])), weights)


def _counts(panel: Matrix, before: Flags, after: Flags, donors: Flags) -> Fit:
    """Fit observed over expected: own level before, carried on by the donors' common course; half an event is added on either side."""
    y = panel.top
    seen = np.isfinite(y)
    level = np.where(seen, y, 0.0).sum(1, keepdims=True) / np.maximum(seen.sum(1, keepdims=True), 1)
    use = donors[:, None] & seen
    with np.errstate(divide="ignore", invalid="ignore"):
        course = np.where(use, y, 0.0).sum(0) / np.where(use, level, 0.0).sum(0)
        own = np.where(np.isfinite(y[~donors]).all(0), y[~donors].sum(0), np.nan)
        known = np.isfinite(own) & np.isfinite(course)
        b, a = before & known, after & known
        scale = (own[b].sum() + 0.5) / course[b].sum()
        expected = scale * course
        estimate = np.log((own[a].sum() + 0.5) / expected[a].sum()) if own[known].sum() > 0 else np.nan
        gap = np.where(known, np.log((own + 0.5) / (expected + 0.5)), np.nan)
    weights = np.where(donors, 1 / donors.sum(), 0.0)
    return Fit(gap, own, expected, float(estimate), weights)


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
    logs=frozenset({"count"}),
)
