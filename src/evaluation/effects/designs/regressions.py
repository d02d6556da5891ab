"""The regressions behind difference-in-differences and event study, unit by unit: scores and information of each unit.

Whoever asks how sure an estimate is under correlation within units (a cluster
each) needs what each unit lends to the estimating equations, not the errors of
single cells.

References
----------
Liang, Zeger 1986, Biometrika 73:13-22 (scores by cluster). Hausman, Hall,
Griliches 1984, Econometrica 52:909-938 (Poisson with unit effects conditioned
out, which is its maximum likelihood). Wooldridge 2023, The Econometrics
Journal 26:C31-C66.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough, one_start

_STEPS = 60
_CLOSE = 1e-11
NO_MAXIMUM = (
    "Đơn vị can thiệp không có sự kiện nào trước hoặc sau khi bắt đầu: hồi quy Poisson không có ước lượng. Hãy dùng hoán vị giả dược. / "
    "The treated units counted nothing before or after the start: the Poisson regression has no estimate. Use placebo permutation."
)
NO_CONTRAST = (
    "Số liệu không đủ để tách tác động khỏi hiệu ứng đơn vị và kỳ; hãy thêm đơn vị hoặc kỳ. / "
    "The figures do not tell the effect from unit and period effects; add units or periods."
)


@dataclass(frozen=True, eq=False)
class Scores:
    """Estimating equations at some coefficients; the first coefficient is the effect.

    Attributes
    ----------
    coefficients : ndarray of shape (p,)
    scores : ndarray of shape (units, p)
    information : ndarray of shape (units, p, p)
    """

    coefficients: Floats
    scores: Floats
    information: Floats


class Regression(Protocol):
    """A regression whose first coefficient is the effect of the treatment."""

    cells: int
    freedom: int

    def at(self, effect: float | None = None) -> Scores:
        """Return the scores at the estimate, or with the effect held and the rest estimated."""
        ...


class Linear:
    """Least squares, with weights and with what was partialled out already: X'WX and X'Wy by unit."""

    def __init__(self, products: Floats, sides: Floats, cells: int, freedom: int) -> None:
        self.products, self.sides, self.cells, self.freedom = products, sides, cells, freedom
        self.total, self.right = products.sum(0), sides.sum(0)
        _identified(self.total)
        self._rest = np.linalg.pinv(self.total[1:, 1:], hermitian=True)
        self._all = np.linalg.pinv(self.total, hermitian=True)

    def at(self, effect: float | None = None) -> Scores:
        """Return the scores at the estimate, or with the effect held and the rest estimated."""
        if effect is None:
            found = self._all @ self.right
        else:
            found = np.concatenate([[effect], self._rest @ (self.right[1:] - self.total[1:, 0] * effect)])
        return Scores(found, self.sides - self.products @ found, self.products)


class Poisson:
    """Poisson with unit effects conditioned out: counts, exposures (0 where not used) and regressors (k, units, periods)."""

    def __init__(self, counts: Floats, exposure: Floats, regressors: Floats) -> None:
        some = (exposure > 0).any(0)
        periods = np.eye(counts.shape[1])[some]
        on = np.broadcast_to(periods[:, None, :], (len(periods), *counts.shape))
        self.x = np.concatenate([regressors, on])
        self.counts, self.exposure = np.where(exposure > 0, counts, 0.0), exposure
        self.cells = int((exposure > 0).sum())
        self.freedom = self.x.shape[0]
        if not self._both_sides():
            raise NotEnough(NO_MAXIMUM)
        self._last = np.zeros(len(self.x))

    def _both_sides(self) -> bool:
        on = self.x[0] > 0
        treated = on.any(1)
        off = (self.exposure > 0) & ~on & treated[:, None]
        return bool((self.counts * on).sum() > 0 and (self.counts * off).sum() > 0)

    def _at(self, found: Floats) -> tuple[float, Floats, Floats]:
        line = np.tensordot(found, self.x, 1)
        line = line - np.where(self.exposure > 0, line, -np.inf).max(1, initial=-1e300, keepdims=True)
        weight = self.exposure * np.exp(np.minimum(line, 0.0))
        total = weight.sum(1, keepdims=True)
        part = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        own = self.counts.sum(1)
        likely = float(np.where(self.counts > 0, self.counts * np.log(np.where(part > 0, part, 1.0)), 0.0).sum())
        return likely, part, own

    def at(self, effect: float | None = None) -> Scores:
        """Return the scores at the estimate, or with the effect held and the rest estimated."""
        found = self._last.copy()
        free = slice(0 if effect is None else 1, None)
        if effect is not None:
            found[0] = effect
        likely, part, own = self._at(found)
        for _ in range(_STEPS):
            scores, information = self._pieces(part, own)
            step = np.zeros(len(found))
            step[free] = np.linalg.pinv(information.sum(0)[free, free], hermitian=True, rcond=1e-12) @ scores.sum(0)[free]
            size = 1.0
            while size > 1e-6:
                moved = self._at(found + size * step)
                if moved[0] >= likely - 1e-9 * abs(likely):
                    break
                size /= 2
            found = found + size * step
            likely, part, own = moved
            if np.abs(step).max() < _CLOSE:
                break
        scores, information = self._pieces(part, own)
        _identified(information.sum(0))
        self._last = found
        return Scores(found, scores, information)

    def _pieces(self, part: Floats, own: Floats) -> tuple[Floats, Floats]:
        likely = own[:, None] * part
        scores = np.einsum("kut,ut->uk", self.x, self.counts - likely, optimize=True)
        weighted = np.moveaxis(self.x * likely, 0, 1)
        mean = weighted.sum(2)
        information = weighted @ np.moveaxis(self.x, 0, 1).swapaxes(1, 2)
        share = np.divide(1.0, own, out=np.zeros_like(own), where=own > 0)
        return scores, information - mean[:, :, None] * mean[:, None, :] * share[:, None, None]


def _identified(total: Floats) -> None:
    """Refuse an effect that is a combination of the other regressors."""
    rest = total[1:, 1:]
    left = total[0, 0] - total[0, 1:] @ np.linalg.pinv(rest, hermitian=True) @ total[1:, 0]
    if not left > 1e-9 * max(total[0, 0], 1e-300):
        raise NotEnough(NO_CONTRAST)


def did_regression(panel: Matrix) -> Regression:
    """Return the regression whose effect is the difference-in-differences of a matrix.

    Counts and rates: Poisson with unit and period effects. Values: least
    squares with them. Shares: weighted least squares of the shares on area,
    side of the start and both, the weights being the denominators, over the
    periods that the treated area reported, which gives pooled shares.

    Raises
    ------
    NotEnough
        If the treated units start at different times, or there is no estimate.
    """
    before, after = one_start(panel)
    used = np.isfinite(panel.y) & np.where(panel.treated[:, None], before | after, True)
    on = (panel.treated[:, None] & after)[None].astype(float)
    if panel.measure in LOGS:
        return Poisson(np.where(used, panel.top, 0.0), np.where(used, panel.bottom, 0.0), on)
    if panel.measure == "share":
        whole = used & (np.isfinite(panel.y[panel.treated]).all(0) & (before | after))[None]
        side = np.broadcast_to(after[None], panel.y.shape)
        area = np.broadcast_to(panel.treated[:, None], panel.y.shape)
        return _weighted(panel, whole, np.stack([on[0], np.ones(on[0].shape), area, side]))
    return _swept(panel.y, used, on)


def event_regression(panel: Matrix, mean_reference: bool) -> Regression:
    """Return the regression whose first coefficient is the mean effect over the periods treated in full.

    Parameters
    ----------
    panel : Matrix
    mean_reference : bool
        Whether the reference is the mean of the periods before, else the last of them.

    Raises
    ------
    NotEnough
        If the treated units start at different times, or there is no estimate.
    """
    before, after = one_start(panel)
    rows = panel.treated
    whole = np.asarray(np.isfinite(panel.y[rows]).all(0))
    used = np.isfinite(panel.y) & (~rows[:, None] | whole)
    early, late = np.flatnonzero(before & whole), np.flatnonzero(after & whole)
    if not len(early) or not len(late):
        raise NotEnough(NO_CONTRAST)
    columns = [after & whole]
    columns += [np.eye(len(whole))[t] - np.eye(len(whole))[late[-1]] for t in late[:-1]]
    columns += [np.eye(len(whole))[t] - (np.eye(len(whole))[early[-1]] if mean_reference else 0.0) for t in early[:-1]]
    columns += [np.eye(len(whole))[t] for t in np.flatnonzero(whole & ~before & ~after)]
    on = rows[None, :, None] * np.array(columns, dtype=float)[:, None, :]
    if panel.measure in LOGS:
        top = panel.top + np.where(rows, 0.5 / rows.sum(), 0.0)[:, None]
        return Poisson(np.where(used, top, 0.0), np.where(used, panel.bottom, 0.0), on)
    return _swept(panel.y, used, on)


def _swept(y: Floats, used: Flags, on: Floats) -> Linear:
    """Least squares with unit effects swept out and a regressor a period."""
    n = np.maximum(used.sum(1), 1)
    periods = np.broadcast_to(np.eye(y.shape[1])[:, None, :], (y.shape[1], *y.shape))
    x = np.concatenate([on, periods]) * used
    x = (x - (x.sum(2) / n)[:, :, None]) * used
    z = np.where(used, y, 0.0)
    by_unit = np.moveaxis(x, 0, 1)
    told = int(used.any(0).sum())
    return Linear(by_unit @ by_unit.swapaxes(1, 2), (by_unit * z[:, None, :]).sum(2), int(used.sum()), len(on) + told)


def _weighted(panel: Matrix, used: Flags, x: Floats) -> Linear:
    """Least squares of shares with the denominators as weights."""
    weight = np.where(used, panel.bottom, 0.0)
    by_unit = np.moveaxis(np.asarray(x, dtype=float), 0, 1)
    products = (by_unit * weight[:, None, :]) @ by_unit.swapaxes(1, 2)
    sides = (by_unit * np.where(used, panel.top, 0.0)[:, None, :]).sum(2)
    return Linear(products, sides, int(used.sum()), len(x))
