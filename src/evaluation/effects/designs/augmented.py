"""Ridge-augmented synthetic control: what the mix leaves unmatched before the start is corrected by a ridge regression.

The weights are those of the synthetic control plus X (X'X + lambda I)^-1 (x1 - X'w), with the donors' outcomes before
the start, X, less their mean by period: they sum to one but may be negative, so a unit at the edge of its donors is
extrapolated to, the less the larger lambda is. Lambda is chosen by leaving out one period before the start after the
other: of 21 values, evenly spaced in logs from the largest eigenvalue of X'X down to 1e-8 of it, the largest whose mean
squared error is within one standard error of the smallest. Several treated units have weights of their own. A unit whose
level alone lies beyond its donors' is not helped by this: use synthetic difference-in-differences.

References
----------
Ben-Michael, Feller, Rothstein 2021, JASA 116:1789-1803 (sections 3 and 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.synthetic.courses import Found, fitted, fitted_each
from evaluation.effects.designs.synthetic.pool import Pool, matched
from evaluation.effects.designs.synthetic.simplex import nearest
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

LAMBDAS = 21
SMALLEST = 1e-8
LEAST_PERIODS = 3


def augmented(penalty: float | None = None, one_standard_error: bool = True) -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    penalty : float, optional
        Lambda, as a part of the largest eigenvalue of X'X; by
        cross-validation where left out. Large ones give the plain synthetic
        control.
    one_standard_error : bool
        Take the largest lambda within one standard error of the smallest
        cross-validated error, else the lambda of the smallest error.

    Raises
    ------
    ValueError
        If the penalty is not positive.
    """
    if penalty is not None and not 0 < penalty < float("inf"):
        raise ValueError(f"penalty={penalty}: cần là số dương. / It must be positive.")

    def course(panel: Matrix, pool: Pool, unit: int, before: Flags) -> Found:
        return _course(panel, pool, unit, before, penalty, one_standard_error)

    def fit(panel: Matrix) -> Fit:
        return fitted(panel, course)

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        return fitted_each(panel, placebos, course)

    return Design(
        id="asc",
        name=Words("Đối chứng tổng hợp có hiệu chỉnh", "Augmented synthetic control"),
        method=Words(
            "Đối chứng tổng hợp được hiệu chỉnh bằng hồi quy ridge, tham số chọn bằng kiểm định chéo từng kỳ trước khi bắt đầu "
            "(Ben-Michael, Feller và Rothstein 2021).",
            "Synthetic control augmented by a ridge regression, its penalty by leaving out one period before the start after the other "
            "(Ben-Michael, Feller and Rothstein 2021).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        staggered=True,
        each=each,
    )


ASSUMPTIONS = (
    Words(
        "Tổ hợp các đơn vị so sánh, sau khi hiệu chỉnh phần chưa khớp, sẽ tiếp tục giống đơn vị thí điểm nếu không có mô hình.",
        "The mix of comparison units, corrected for what it left unmatched, would have stayed like the pilot's unit without the pilot.",
    ),
    Words(
        "Phần chưa khớp liên hệ tuyến tính với kết quả về sau như ở các đơn vị so sánh: có thể phải ngoại suy.",
        "What was left unmatched goes with later outcomes linearly, as among the comparison units: this may extrapolate.",
    ),
)


@dataclass(frozen=True, eq=False)
class _Ridge:
    """Corrections of the weights for all lambdas at once, from one decomposition.

    Attributes
    ----------
    x : ndarray of shape (donors, periods)
        Less its mean by period.
    values, vectors : ndarray
        Of X'X.
    """

    x: Floats
    values: Floats
    vectors: Floats

    def corrections(self, left: Floats, lambdas: Floats) -> Floats:
        """Return what is added to the weights, shape (donors, lambdas), for what was left unmatched."""
        turned = (self.vectors.T @ left)[:, None] / (self.values[:, None] + lambdas[None, :])
        return np.asarray(self.x @ (self.vectors @ turned))


def _ridge(x: Floats) -> _Ridge:
    values, vectors = np.linalg.eigh(x.T @ x)
    return _Ridge(x, np.maximum(values, 0.0), vectors)


def _course(panel: Matrix, pool: Pool, unit: int, before: Flags, penalty: float | None, one_standard_error: bool) -> Found:
    known = matched(before, pool, unit, panel.units[unit])
    if known.sum() < LEAST_PERIODS:
        raise NotEnough(
            f"{panel.units[unit]}: cần ít nhất {LEAST_PERIODS} kỳ trước khi bắt đầu; hãy dùng did hoặc thêm kỳ trước. / "
            f"At least {LEAST_PERIODS} periods before the start are needed; use did or add earlier periods."
        )
    z = pool.z[pool.donors]
    centre = z[:, known].mean(axis=0)
    x, own = z[:, known] - centre, pool.z[unit, known] - centre
    plain = nearest(x.T, own)
    ridge = _ridge(x)
    top = float(ridge.values.max())
    errors, spread = None, None
    if top <= 0:  # donors do not differ: there is nothing to regress on
        chosen, w = float("inf"), plain.w
    else:
        if penalty is None:
            grid = top * SMALLEST ** (np.arange(LAMBDAS) / (LAMBDAS - 1))
            errors, spread = _left_out(x, own, grid)
            chosen = _chosen(grid, errors, spread, one_standard_error)
        else:
            chosen = penalty * top
        w = plain.w + ridge.corrections(own - plain.w @ x, np.array([chosen]))[:, 0]
    middle = z.mean(axis=0)
    path = middle + w @ (z - middle)  # the weights sum to one but for rounding, which a high level would show
    off, plain_off = own - w @ x, own - plain.w @ x
    details: dict[str, Any] = {
        "penalty": chosen / top if top > 0 else float("inf"),
        "mspe_before": float(off @ off) / len(off),
        "mspe_before_plain": float(plain_off @ plain_off) / len(off),
        "negative_weight": float(-w[w < 0].sum()),
        "matched_periods": int(known.sum()),
        "missing": pool.missing,
        "donors_left_out": pool.left_out,
    }
    if errors is not None:
        details["cross_validation"] = errors
    weights = np.zeros(len(panel.units))
    weights[pool.donors] = w
    return path, weights, details


def _left_out(x: Floats, own: Floats, lambdas: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard error of the squared errors in periods left out one by one, for each lambda."""
    t = x.shape[1]
    squares = np.empty((t, len(lambdas)))
    for out in range(t):
        rest = np.arange(t) != out
        part = x[:, rest]
        w = nearest(part.T, own[rest]).w
        every = w[:, None] + _ridge(part).corrections(own[rest] - w @ part, lambdas)
        squares[out] = (own[out] - x[:, out] @ every) ** 2
    return squares.mean(axis=0), squares.std(axis=0, ddof=1) / np.sqrt(t)


def _chosen(lambdas: Floats, errors: Floats, spread: Floats, one_standard_error: bool) -> float:
    best = int(np.argmin(errors))
    if not one_standard_error:
        return float(lambdas[best])
    return float(lambdas[errors <= errors[best] + spread[best]].max())


AUGMENTED = augmented()
