"""Interactive fixed effects: common factors from the donors, loadings of treated units from their own past.

References
----------
Xu 2017, Political Analysis 25:57-76 (the estimator; number of factors by cross-validation). Bai 2009, Econometrica
77:1229-1279 (interactive fixed effects).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Design, Fit, one_by_one
from evaluation.effects.designs.log_counts import read, working
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

TWO_WAY, UNIT = "two-way", "unit"
MOST = 5
BETTER = 0.01  # a further factor has to lower the error of prediction by more than this part
CLOSE, STEPS = 1e-6, 5000


@dataclass(frozen=True, eq=False)
class Donors:
    """The donors' model with some number of factors.

    Attributes
    ----------
    period : ndarray of shape (periods,)
        Period effects (the level, the same in all periods, where the model has none).
    factors : ndarray of shape (periods, r)
    filled : ndarray of shape (donors, periods)
        Figures, and what the model puts where there are none.
    sigma2 : float
        Residual variance, degrees of freedom taken off.
    """

    period: Floats
    factors: Floats
    filled: Floats
    sigma2: float


def interactive_effects(effects: str = TWO_WAY, factors: int | None = None, most: int = MOST) -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    effects : {"two-way", "unit"}
        Additive effects beside the factors: unit and period effects, or unit effects alone.
    factors : int, optional
        Number of factors; by cross-validation where left out.
    most : int
        Largest number of factors that cross-validation tries.

    Raises
    ------
    ValueError
        If there are no such effects, or a number is negative.
    """
    if effects not in (TWO_WAY, UNIT):
        raise ValueError(f"effects={effects!r}: chọn {TWO_WAY}, {UNIT}. / Choose one of {TWO_WAY}, {UNIT}.")
    if (factors or 0) < 0 or most < 0:
        raise ValueError("factors, most: không được âm. / They cannot be negative.")

    def fit(panel: Matrix, start: dict[int, dict[str, Floats]] | None = None) -> Fit:
        return _fit(panel, effects, factors, most, start)

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        start: dict[int, dict[str, Floats]] = {}
        return one_by_one(lambda other: fit(other, start), panel, placebos)

    return Design(
        id="ife",
        name=Words("Hiệu ứng cố định tương tác", "Interactive fixed effects"),
        method=Words(
            "Đối chứng tổng hợp tổng quát: yếu tố chung ước lượng từ các đơn vị so sánh, hệ số tải của đơn vị can thiệp từ các kỳ trước, "
            "số yếu tố chọn bằng kiểm định chéo (Xu 2017).",
            "Generalised synthetic control: common factors from the comparison units, the treated unit's loadings from the periods before, "
            "the number of factors by cross-validation (Xu 2017).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        staggered=True,
        each=each,
    )


ASSUMPTIONS = (
    Words(
        "Nếu không có mô hình, đơn vị thí điểm tiếp tục theo các yếu tố chung với hệ số tải như trước khi bắt đầu.",
        "Without the pilot, its unit would have kept following the common factors with its loadings from before the start.",
    ),
    Words(
        "Có đủ kỳ trước khi bắt đầu để biết các hệ số tải đó, và chúng không nằm ngoài hẳn các hệ số của đơn vị so sánh.",
        "There are enough periods before the start to know those loadings, and they do not lie far outside those of the comparison units.",
    ),
)


def _fit(panel: Matrix, effects: str, factors: int | None, most: int, start: dict[int, dict[str, Floats]] | None) -> Fit:
    z = working(panel)
    rows = np.asarray(panel.treated)
    past = np.isfinite(z[rows]) & panel.before[rows]
    largest = _room(z[~rows], past, effects)
    if factors is not None and factors > largest:
        raise NotEnough(
            f"Không đủ kỳ trước hoặc đơn vị so sánh cho {factors} yếu tố; nhiều nhất {largest}. / "
            f"There are not enough earlier periods or comparison units for {factors} factors; at most {largest}."
        )
    tried = [factors] if factors is not None else list(range(min(most, largest) + 1))
    models = _models(z[~rows], max(tried), effects, [u for u, t in zip(panel.units, rows, strict=True) if not t], start)
    mspe = {r: _error(z[rows], past, models[r]) for r in tried}
    r = tried[0]
    for k in tried[1:]:
        if mspe[k] < (1 - BETTER) * mspe[r]:
            r = k
    fitted, loadings = _courses(z[rows], past, models[r])
    details = {
        "factors": r,
        "mspe": {k: float(v) for k, v in mspe.items()},
        "sigma2": {k: models[k].sigma2 for k in tried},
        "loadings": loadings,
        "factor_courses": models[r].factors,
        "missing": int((~np.isfinite(z)).sum()),
    }
    return read(panel, fitted, None, None, details)


def _room(z: Floats, past: Flags, effects: str) -> int:
    """Return the largest number of factors: two earlier periods of each treated unit for every number found from them (level, loadings)."""
    donors = int(np.isfinite(z).any(axis=1).sum())
    ends = min(donors, z.shape[1]) - (1 if effects == TWO_WAY else 0)
    return int(max(0, min(int(past.sum(axis=1).min()) // 2 - 1, ends - 1)))


def _models(z: Floats, most: int, effects: str, units: Sequence[str], start: dict[int, dict[str, Floats]] | None) -> list[Donors]:
    """Return the donors' model for 0 to `most` factors; missing figures are filled by the model until it no longer moves (EM)."""
    seen = np.isfinite(z)
    if effects == TWO_WAY and not seen.any(axis=0).all():
        raise NotEnough(
            "Có kỳ mà không đơn vị so sánh nào báo cáo; hãy bỏ kỳ đó. / There is a period that no comparison unit reported; leave it out."
        )
    keep = seen.any(axis=1)
    z, seen = z[keep], seen[keep]
    units = [u for u, k in zip(units, np.asarray(keep).tolist(), strict=True) if k]
    filled = np.where(seen, z, 0.0)
    filled = np.where(seen, z, _additive(filled, seen, effects))
    found = []
    for r in range(most + 1):
        held = None if start is None else start.get(r)
        if held is not None and not seen.all():
            filled = np.where(seen, z, np.stack([held.get(u, row) for u, row in zip(units, filled, strict=True)]))
        model, filled = _settled(z, seen, filled, r, effects)
        if start is not None and not seen.all():
            start.setdefault(r, {}).update(zip(units, filled, strict=True))
        found.append(model)
    return found


def _additive(kept: Floats, seen: Flags, effects: str) -> Floats:
    """Return unit (and period) effects by least squares over what is seen."""
    count_u, count_p = np.maximum(seen.sum(1), 1), np.maximum(seen.sum(0), 1)
    period = np.zeros(kept.shape[1])
    unit = kept.sum(1) / count_u
    for _ in range(STEPS if effects == TWO_WAY else 0):
        moved = (kept - seen * unit[:, None]).sum(0) / count_p
        step = float(np.abs(moved - period).max())
        period = moved
        unit = (kept - seen * period).sum(1) / count_u
        if step <= 1e-10 * (1 + float(np.abs(period).max())):
            break
    return np.asarray(unit[:, None] + period)


def _settled(z: Floats, seen: Flags, filled: Floats, r: int, effects: str) -> tuple[Donors, Floats]:
    """Fit effects and r factors to a filled table, and fill again, until what is filled no longer moves.

    The steps gather momentum, which starts anew where they turn back.
    """
    n, t = z.shape
    scale = CLOSE * float(np.abs(filled - filled.mean(axis=1, keepdims=True)).max())
    before, pace = filled, 1.0
    for _ in range(1 if seen.all() else STEPS):
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = filled + (pace - 1) / faster * (filled - before)
        unit = ahead.mean(axis=1)
        centred = ahead - unit[:, None]
        period = centred.mean(axis=0) if effects == TWO_WAY else np.zeros(t)
        left = centred - period
        vectors = np.linalg.eigh(left.T @ left)[1][:, ::-1][:, :r]
        low = (left @ vectors) @ vectors.T
        new = np.where(seen, z, unit[:, None] + period + low)
        turned = float(((ahead - new) * (new - filled)).sum()) > 0
        step = float(np.abs(new - ahead).max())
        before, filled, pace = filled, new, 1.0 if turned else faster
        if step <= scale:
            break
    squares = float((np.where(seen, left - low, 0.0) ** 2).sum())
    taken = n + (t - 1 if effects == TWO_WAY else 0) + r * (n + t) - r**2
    free = int(seen.sum()) - taken
    return Donors(period, vectors, filled, squares / free if free > 0 else float("nan")), filled


def _design(model: Donors) -> Floats:
    return np.column_stack([np.ones(len(model.period)), model.factors])


def _courses(z: Floats, past: Flags, model: Donors) -> tuple[Floats, Floats]:
    """Return the untreated course of each treated unit, and its loadings (level first), from its own past."""
    x = _design(model)
    loadings = np.stack([np.linalg.lstsq(x[p], (row - model.period)[p], rcond=None)[0] for row, p in zip(z, past, strict=True)])
    return model.period + loadings @ x.T, loadings


def _error(z: Floats, past: Flags, model: Donors) -> float:
    """Return the mean squared error of predicting each earlier period of the treated units from their others."""
    x = _design(model)
    squares, n = 0.0, 0
    for row, p in zip(z, past, strict=True):
        q = np.linalg.qr(x[p])[0]
        left = (row - model.period)[p]
        left = left - q @ (q.T @ left)
        spare = 1 - (q**2).sum(axis=1)
        if spare.min() <= 1e-9:
            return float("inf")  # a period that the others say nothing about
        squares += float(((left / spare) ** 2).sum())
        n += int(p.sum())
    return squares / n if n else float("inf")


INTERACTIVE = interactive_effects()
