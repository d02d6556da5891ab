"""Counts and rates in logs for a linear model of the untreated course, and its fit brought back: observed over expected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evaluation.effects.design import Fit
from evaluation.effects.matrix import HALF, LOGS, Flags, Floats, Matrix, NotEnough, filled


def working(panel: Matrix) -> Floats:
    """Return the outcome on the scale on which effects add (`Matrix.working`).

    Raises
    ------
    NotEnough
        If the treated units have no figure before, or none after the start, or no donor has any.
    """
    seen = np.isfinite(panel.y)
    treated = np.flatnonzero(panel.treated)
    known = (seen & panel.before)[treated].any(axis=1)
    if not known.all():
        lacking = panel.units[treated[int(np.argmin(known))]]
        raise NotEnough(
            f"{lacking}: không có số liệu nào trước khi bắt đầu; hãy chọn kỳ bắt đầu muộn hơn hoặc thêm kỳ trước. / "
            f"It has no figure before its start; choose a later start or add earlier periods."
        )
    if not (seen & panel.after)[treated].any():
        raise NotEnough(
            "Không có số liệu nào sau khi bắt đầu (đã trừ giai đoạn triển khai); hãy thêm kỳ sau. / "
            "There is no figure after the start (phase-in left out); add later periods."
        )
    if not seen[~panel.treated].any():
        raise NotEnough(
            "Không đơn vị so sánh nào có số liệu; hãy thêm đơn vị so sánh. / No comparison unit has a figure; add comparison units."
        )
    if panel.measure in LOGS and not panel.top[treated][seen[treated]].any():
        raise NotEnough(
            "Đơn vị thí điểm không có sự kiện nào: không tính được tỷ số. / The treated unit counted nothing: there is no ratio."
        )
    return panel.working


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
        Counts and rates: sums of treated units; each unit's expected counts
        are scaled so that they sum to the observed ones before its start,
        since the mean of logs is not the log of the mean; the estimate is the
        log of the sum observed over the sum expected. Else means over treated units.
    """
    rows = panel.treated
    before, after = panel.before[rows], panel.after[rows]
    known = np.isfinite(panel.y[rows]) & np.isfinite(fitted)
    held = np.zeros(len(panel.units)) if weights is None else weights
    more = details or {}
    cells = known & after
    if panel.measure not in LOGS:
        y = panel.y[rows]
        gaps = np.where(known, y - np.where(known, fitted, 0.0), 0.0)
        observed, gap = mean_of(y, known), mean_of(gaps, known)
        estimate = float(gaps[cells].mean()) if cells.any() else float("nan")
        return Fit(gap, observed, observed - gap, estimate, held, se, more)
    size = np.where(known, panel.bottom[rows], 0.0)
    likely = expected_counts(panel.top[rows], np.where(known, fitted, 0.0), size, known & before)
    own = np.where(known, panel.top[rows], 0.0)
    whole = known.all(axis=0)
    people = np.where(whole, size.sum(0), np.nan) if panel.measure == "rate" else np.where(whole, 1.0, np.nan)
    gap = np.where(whole, np.log((own.sum(0) + HALF) / (likely.sum(0) + HALF)), np.nan)
    estimate = float(np.log((own[cells].sum() + HALF) / (likely[cells].sum() + HALF))) if cells.any() else float("nan")
    return Fit(gap, own.sum(0) / people, likely.sum(0) / people, estimate, held, se, more)


def expected_counts(top: Floats, fitted: Floats, size: Floats, before: Flags) -> Floats:
    """Return expected counts from logs of rates, scaled so that each unit's sum before its start is the observed one."""
    raw = np.exp(fitted) * size
    sums = np.where(before, raw, 0.0).sum(axis=1)
    own = np.where(before, top, 0.0).sum(axis=1)
    return np.asarray(raw * ((own + HALF) / (sums + HALF))[:, None])


def area(panel: Matrix) -> Matrix:
    """Return the treated units as one: sums of counts (means of values), where all of them reported.

    The one unit is the first of the matrix; the donors follow.
    """
    rows = np.asarray(panel.treated)
    if rows.sum() == 1:
        return panel
    total = np.mean if panel.measure == "value" else np.sum
    top, bottom = (np.asarray(total(x[rows], axis=0)) for x in (panel.top, panel.bottom))
    parted = panel.measure in ("share", "rate")
    y = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan) if parted else top
    first = np.array([panel.first[rows].min(), *panel.first[~rows]])
    return replace(
        panel,
        units=(
            "+".join(u for u, t in zip(panel.units, rows, strict=True) if t),
            *(u for u, t in zip(panel.units, rows, strict=True) if not t),
        ),
        y=np.vstack([y, panel.y[~rows]]),
        top=np.vstack([top, panel.top[~rows]]),
        bottom=np.vstack([bottom, panel.bottom[~rows]]),
        first=first,
        covariates=None,
        covariate_names=(),
    )


def course(panel: Matrix) -> Floats:
    """Return the donors' common course by period on the outcome's scale, NaN where none reported.

    Counts and rates: what the reporting donors counted over what they would
    have at their own levels (1 is as usual). Else their mean, with figures that
    are missing put in by unit and period effects.
    """
    donors = ~np.asarray(panel.treated)
    y, seen = panel.y[donors], np.isfinite(panel.y[donors])
    if panel.measure not in LOGS:
        return np.where(seen.any(axis=0), filled(y[seen.any(axis=1)])[0].mean(axis=0), np.nan)
    top = np.where(seen, panel.top[donors], 0.0)
    bottom = np.where(seen, panel.bottom[donors], 0.0)
    level = top.sum(1, keepdims=True) / np.maximum(bottom.sum(1, keepdims=True), 1e-300)
    usual = (level * bottom).sum(axis=0)
    return np.where(usual > 0, top.sum(axis=0) / np.where(usual > 0, usual, 1.0), np.nan)
