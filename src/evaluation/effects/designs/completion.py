"""Matrix completion: what treated units would have had is a missing part of a table of low rank with unit and period effects.

References
----------
Athey, Bayati, Doudchenko, Imbens, Khosravi 2021, JASA 116:1716-1730 (nuclear norm, unit and period effects without
penalty, its weight by cross-validation). Mazumder, Hastie, Tibshirani 2010, JMLR 11:2287-2322 (soft impute).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.design import Design, Estimator, Fit, one_by_one
from evaluation.effects.designs.log_counts import read, working
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

FOLDS = 5
PENALTIES = 17
SMALLEST = 1e-2
CLOSE = 1e-6
STEPS = 2000
LEAST_DONORS = 3


@dataclass
class _State:
    """A solution: low-rank part and effects."""

    low_rank: Floats
    unit: Floats
    period: Floats

    @property
    def fitted(self) -> Floats:
        return np.asarray(self.low_rank + self.unit[:, None] + self.period)


def matrix_completion(penalty: float | None = None, folds: int = FOLDS, penalties: int = PENALTIES) -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    penalty : float, optional
        Threshold of the singular values as a part of the largest one without
        any low-rank part (1 leaves unit and period effects alone); by
        cross-validation where left out.
    folds, penalties : int
        Of the cross-validation.

    Raises
    ------
    ValueError
        If the penalty is not between 0 and 1, or folds or penalties are fewer than two.
    """
    if penalty is not None and not 0 < penalty <= 1:
        raise ValueError(f"penalty={penalty}: cần trên 0 và không quá 1. / It must be above 0 and at most 1.")
    if folds < 2 or penalties < 2:
        raise ValueError("folds, penalties: cần từ 2. / At least 2 are needed.")

    def fit(panel: Matrix) -> Fit:
        z, seen = _checked(panel)
        share, errors = (penalty, None) if penalty is not None else _chosen(z, panel, folds, penalties)
        return _read(panel, z, seen, share, errors, None)

    def in_turn() -> Estimator:
        # Cross-validation looks at periods before the first start alone: its answer is the same whichever donors are taken as treated.
        kept: dict[str, tuple[float, Floats | None]] = {}
        start: dict[str, _State] = {}

        def one(other: Matrix) -> Fit:
            z, seen = _checked(other)
            if not kept:
                kept["all"] = (penalty, None) if penalty is not None else _chosen(z, other, folds, penalties)
            return _read(other, z, seen, *kept["all"], start)

        return one

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        return one_by_one(in_turn(), panel, placebos)

    return Design(
        id="mc",
        name=Words("Hoàn thiện ma trận", "Matrix completion"),
        method=Words(
            "Hoàn thiện ma trận với chuẩn hạt nhân, hiệu ứng đơn vị và kỳ; trọng số phạt chọn bằng kiểm định chéo trên các kỳ trước khi "
            "bắt đầu (Athey và cộng sự 2021).",
            "Matrix completion with nuclear norm, unit and period effects; its penalty by cross-validation on the periods before the start "
            "(Athey et al. 2021).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        staggered=True,
        each=each,
        in_turn=in_turn,
    )


ASSUMPTIONS = (
    Words(
        "Nếu không có mô hình, diễn biến của mọi đơn vị theo hiệu ứng đơn vị, hiệu ứng kỳ và một số ít yếu tố chung.",
        "Without the pilot, all units would have followed unit effects, period effects and few common factors.",
    ),
    Words(
        "Việc một đơn vị được chọn và việc báo cáo bị thiếu không phụ thuộc vào biến động riêng còn lại của đơn vị đó.",
        "That a unit was chosen, and that a report is missing, does not depend on what remains of its own movement.",
    ),
)


def _checked(panel: Matrix) -> tuple[Floats, Flags]:
    """Return the working outcome, and which cells are seen and untreated."""
    z = working(panel)
    if (~panel.treated).sum() < LEAST_DONORS:
        raise NotEnough(
            f"Hoàn thiện ma trận cần ít nhất {LEAST_DONORS} đơn vị so sánh; hãy dùng did. / "
            f"Matrix completion needs at least {LEAST_DONORS} comparison units; use did."
        )
    # Anticipation and phase-in are neither before nor after: they teach nothing about the untreated course.
    seen = np.isfinite(z) & panel.before
    if not np.asarray(seen.any(axis=0))[np.asarray(panel.after[panel.treated].any(axis=0))].all():
        raise NotEnough(
            "Có kỳ sau khi bắt đầu mà không đơn vị so sánh nào báo cáo; hãy bỏ kỳ đó. / "
            "There is a period after the start in which no comparison unit reported; leave it out."
        )
    return z, seen


def _read(panel: Matrix, z: Floats, seen: Flags, share: float, errors: Floats | None, start: dict[str, _State] | None) -> Fit:
    """Complete the table and read the treated units' part."""
    warm = None if start is None else _warm(panel, start)
    path = (share,) if warm is not None else tuple(np.geomspace(1.0, share, max(2, round(8 * -np.log10(share)))) if share < 1 else (1.0,))
    state = _completed(z, seen, path, warm)
    if start is not None:
        for i, unit in enumerate(panel.units):
            start[unit] = _State(state.low_rank[i], state.unit[i : i + 1], state.period)
    rank = int(np.linalg.matrix_rank(state.low_rank, tol=1e-6 * (1 + float(np.abs(state.low_rank).max()))))
    details: dict[str, Any] = {"penalty": float(share), "rank": rank, "missing": int((~np.isfinite(z)).sum())}
    if errors is not None:
        details["cross_validation"] = errors
    return read(panel, state.fitted[panel.treated], None, None, details)


def _warm(panel: Matrix, start: dict[str, _State]) -> _State | None:
    """Return the last solution, its rows in this panel's order."""
    if not all(u in start for u in panel.units):
        return None
    rows = [start[u] for u in panel.units]
    return _State(np.stack([r.low_rank for r in rows]), np.concatenate([r.unit for r in rows]), rows[0].period)


def _completed(z: Floats, seen: Flags, path: Sequence[float], warm: _State | None = None) -> _State:
    """Minimise half the squared error over seen cells plus the threshold times the nuclear norm, along falling penalties.

    Parameters
    ----------
    z : ndarray of shape (units, periods)
    seen : ndarray of bool
    path : sequence of float
        Thresholds as parts of the largest singular value of what unit and period effects leave.
    """
    kept = np.where(seen, z, 0.0)
    count_u, count_p = np.maximum(seen.sum(1), 1), np.maximum(seen.sum(0), 1)
    none = _State(np.zeros(z.shape), np.zeros(len(z)), np.zeros(z.shape[1]))
    bare = _effects(kept, seen, none, count_u, count_p)
    left = np.where(seen, z - bare.fitted, 0.0)
    largest = float(np.linalg.norm(left, 2))
    scale = float(np.abs(left).max())
    if largest <= 1e-9 * (1 + float(np.abs(kept).max())):
        return bare
    state = bare if warm is None else warm
    for share in path:
        state = _solved(kept, seen, share * largest, state, scale, count_u, count_p)
    return state


def _effects(kept: Floats, seen: Flags, state: _State, count_u: Floats, count_p: Floats) -> _State:
    """Return unit and period effects by least squares given the low-rank part (backfitted to convergence)."""
    left = kept - np.where(seen, state.low_rank, 0.0)
    unit, period = state.unit, state.period
    for _ in range(STEPS):
        unit = (left - seen * period).sum(1) / count_u
        moved = (left - seen * unit[:, None]).sum(0) / count_p
        step = float(np.abs(moved - period).max())
        period = moved
        if step <= 1e-10 * (1 + float(np.abs(period).max())):
            break
    return _State(state.low_rank, unit, period)


def _solved(kept: Floats, seen: Flags, threshold: float, state: _State, scale: float, count_u: Floats, count_p: Floats) -> _State:
    """Alternate between effects and soft-thresholded singular values, with Nesterov's momentum restarted where the course turns."""
    low, before, pace = state.low_rank, state.low_rank, 1.0
    unit, period = state.unit, state.period
    for _ in range(STEPS):
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = low + (pace - 1) / faster * (low - before)
        unit = (kept - seen * (ahead + period)).sum(1) / count_u
        period = (kept - seen * (ahead + unit[:, None])).sum(0) / count_p
        full = np.where(seen, kept - unit[:, None] - period, ahead)
        new = _shrunk(full, threshold)
        turned = float(((ahead - new) * (new - low)).sum()) > 0
        step = float(np.abs(new - low).max())
        before, low, pace = low, new, 1.0 if turned else faster
        if step <= CLOSE * scale:
            break
    return _effects(kept, seen, _State(low, unit, period), count_u, count_p)


def _shrunk(full: Floats, threshold: float) -> Floats:
    """Return the matrix with its singular values lowered by the threshold, through the smaller Gram matrix."""
    wide = full.shape[0] < full.shape[1]
    a = full.T if wide else full
    values, vectors = np.linalg.eigh(a.T @ a)
    sizes = np.sqrt(np.maximum(values, 0.0))
    keep = sizes > threshold
    if not keep.any():
        return np.zeros(full.shape)
    v = vectors[:, keep]
    lowered = (a @ (v * (1 - threshold / sizes[keep]))) @ v.T
    return np.asarray(lowered.T if wide else lowered)


def _chosen(z: Floats, panel: Matrix, folds: int, penalties: int) -> tuple[float, Floats]:
    """Return the penalty with the smallest error of prediction on held-out cells before the earliest start, and all errors."""
    end = int((panel.first[panel.treated] - panel.anticipation).min())
    part = z[:, : max(end, 0)]
    grid = np.geomspace(1.0, SMALLEST, penalties)
    seen = np.isfinite(part)
    if end < 2 or seen.sum() < 2 * folds:
        return 1.0, np.column_stack([[1.0], [np.nan]])
    held = _folds(part, seen, folds)
    errors = np.zeros(penalties)
    for k in range(folds):
        train, test = seen & (held != k), seen & (held == k)
        test &= train.any(axis=1)[:, None] & train.any(axis=0)
        if not test.any():
            continue
        state: _State | None = None
        for j, share in enumerate(grid):
            state = _completed(part, train, (share,), state)
            errors[j] += float(((part - state.fitted)[test] ** 2).sum())
    best = int(np.argmin(errors))
    return float(grid[best]), np.column_stack([grid, errors / max(int(seen.sum()), 1)])


def _folds(part: Floats, seen: Flags, folds: int) -> Floats:
    """Return a fold for each cell: spread evenly over units and periods, the same whatever the order or names of the units."""
    order = np.lexsort(np.where(seen, part, np.inf).T[::-1])
    place = np.empty(len(part), dtype=int)
    place[order] = np.arange(len(part))
    drawn = np.random.default_rng(0).permuted(np.tile(np.arange(part.size) % folds, 1)).reshape(part.shape)
    return np.asarray(drawn[place])


MATRIX_COMPLETION = matrix_completion()
