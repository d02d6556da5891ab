"""Counts in logs for a linear model of the untreated course, and its fit brought back: observed over expected, or a difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.effects.design import Fit
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough

HALF = 0.5  # added to a count before its log, as in the difference-in-differences of counts


def working(panel: Matrix) -> Floats:
    """Return the outcome on the scale on which effects add: logs of counts (half an event added), else the outcome itself.

    Raises
    ------
    NotEnough
        If the treated units have no figure before, or none after the start, or no donor has any.
    """
    seen = np.isfinite(panel.y)
    treated = panel.treated
    lacking = panel.units[int(np.argmin((seen & panel.before)[treated].any(axis=1)))] if treated.any() else ""
    if not (seen & panel.before)[treated].any(axis=1).all():
        raise NotEnough(
            f"{lacking}: không có số liệu nào trước khi bắt đầu; hãy chọn kỳ bắt đầu muộn hơn hoặc thêm kỳ trước. / "
            f"It has no figure before its start; choose a later start or add earlier periods."
        )
    if not (seen & panel.after)[treated].any():
        raise NotEnough(
            "Không có số liệu nào sau khi bắt đầu (đã trừ giai đoạn triển khai); hãy thêm kỳ sau. / "
            "There is no figure after the start (phase-in left out); add later periods."
        )
    if not seen[~treated].any():
        raise NotEnough(
            "Không đơn vị so sánh nào có số liệu; hãy thêm đơn vị so sánh. / No comparison unit has a figure; add comparison units."
        )
    return np.log(panel.y + HALF) if panel.measure == "count" else panel.y


def mean_of(x: Floats, use: Flags, axis: int = 0) -> Floats:
    """Return the mean over what is used, NaN where nothing is (without a warning)."""
    n = use.sum(axis=axis)
    total = np.where(use, x, 0.0).sum(axis=axis)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def read(
    panel: Matrix, fitted: Floats, weights: Floats | None = None, se: float | None = None, details: dict[str, Any] | None = None
) -> Fit:
    """Return the fit of treated units from their untreated course on the working scale.

    Parameters
    ----------
    panel : Matrix
    fitted : ndarray of shape (treated units, periods)
        The untreated course; NaN where there is none.
    weights : ndarray of shape (units,), optional
    se : float, optional
        Standard error of the estimate.
    details : dict, optional

    Returns
    -------
    Fit
        Counts: sums of treated units; each unit's expected counts are scaled
        so that they sum to the observed ones before its start, since the mean
        of logs is not the log of the mean; the estimate is the log of the sum
        observed over the sum expected. Else means over treated units.
    """
    rows = panel.treated
    y, before, after = panel.y[rows], panel.before[rows], panel.after[rows]
    known = np.isfinite(y) & np.isfinite(fitted)
    held = np.zeros(len(panel.units)) if weights is None else weights
    more = details or {}
    cells = known & after
    if panel.measure != "count":
        gaps = np.where(known, y - fitted, 0.0)
        gap = mean_of(gaps, known)
        observed = mean_of(y, known)
        estimate = float(gaps[cells].mean()) if cells.any() else float("nan")
        return Fit(gap, observed, observed - gap, estimate, held, se, more)
    expected = expected_counts(y, fitted, known & before)
    own = np.where(known, y, 0.0)
    likely = np.where(known, expected, 0.0)
    whole = known.all(axis=0)
    gap = np.where(whole, np.log((own.sum(0) + HALF) / (likely.sum(0) + HALF)), np.nan)
    estimate = float(np.log((own[cells].sum() + HALF) / (likely[cells].sum() + HALF))) if cells.any() and own.sum() > 0 else float("nan")
    counterfactual = np.where(np.isfinite(fitted).all(axis=0), expected.sum(axis=0), np.nan)
    return Fit(gap, np.where(whole, own.sum(0), np.nan), counterfactual, estimate, held, se, more)


def expected_counts(y: Floats, fitted: Floats, before: Flags) -> Floats:
    """Return expected counts from logs, scaled so that each unit's sum before its start is the observed one."""
    raw = np.exp(fitted)
    sums = np.where(before, raw, 0.0).sum(axis=1)
    own = np.where(before, y, 0.0).sum(axis=1)
    return np.asarray(raw * ((own + HALF) / np.maximum(sums + HALF, HALF))[:, None])
