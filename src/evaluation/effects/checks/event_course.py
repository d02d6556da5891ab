"""The course of a gap by time from the start, with its covariance: what checks of trends work on.

With one treated unit a covariance by clusters is meaningless: it rests on one
cluster. Here it is that of the same course over donors, each as if it had been
treated, on the treated unit's own scale. It stands on the donors' chance
movement being like the treated unit's, as all placebo tests do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from evaluation.effects.design import Design, Fit
from evaluation.effects.matrix import Floats, Matrix, NotEnough, one_start
from evaluation.language import Words

FEWEST_DONORS_A_TIME = 1.5
BY_PLACEBO = Words(
    "hiệp phương sai của cùng diễn biến ở các đơn vị so sánh, đưa về thang của đơn vị thí điểm",
    "the covariance of the same course over the donors, brought to the pilot unit's scale",
)
BY_UNITS = Words(
    "hiệp phương sai từ chính các đơn vị can thiệp và các đơn vị so sánh, mỗi bên một phần",
    "the covariance from treated units and donors, each side its own",
)


@dataclass(frozen=True, eq=False)
class EventCourse:
    """Gap by time from the start, less the gap at a reference time.

    Attributes
    ----------
    times : ndarray of int, shape (k,)
        Periods from the first treated one (0); ascending, without the reference.
    reference : int
        Last time before the start that counts, as a rule -1.
    beta : ndarray of shape (k,)
    sigma : ndarray of shape (k, k)
    placebos : ndarray of shape (donors, k)
        The same for donors, on the treated unit's scale; no rows where the covariance came from elsewhere.
    logs : bool
        Whether `beta` are logs of ratios.
    measure : {"count", "share", "rate", "value"}
    said : Words
        What the covariance is.
    """

    times: NDArray[np.int64]
    reference: int
    beta: Floats
    sigma: Floats
    placebos: Floats
    logs: bool = False
    measure: str = "value"
    said: Words = BY_PLACEBO

    def __post_init__(self) -> None:
        k = len(self.times)
        if self.beta.shape != (k,) or self.sigma.shape != (k, k) or (np.diff(self.times) <= 0).any():
            raise ValueError(
                "times, beta và sigma phải cùng cỡ, theo thứ tự thời gian. / times, beta and sigma must agree in size, in order of time."
            )
        if not np.isfinite(self.beta).all() or not np.isfinite(self.sigma).all() or (np.diag(self.sigma) <= 0).any():
            raise NotEnough("Hệ số hoặc phương sai còn thiếu hoặc bằng 0. / A coefficient or a variance is missing or zero.")
        if self.before.sum() < 1 or self.after.sum() < 1:
            raise NotEnough("Cần ít nhất hai kỳ trước và một kỳ sau. / At least two periods before and one after are needed.")

    @property
    def before(self) -> NDArray[np.bool_]:
        """Which times lie before the reference."""
        return np.asarray(self.times < self.reference)

    @property
    def after(self) -> NDArray[np.bool_]:
        """Which times lie after the reference."""
        return np.asarray(self.times > self.reference)

    @property
    def since(self) -> NDArray[np.int64]:
        """Times from the reference: negative before, positive after."""
        return np.asarray(self.times - self.reference)

    @property
    def average(self) -> Floats:
        """Weights of the mean over the times after, shape (times after,)."""
        n = int(self.after.sum())
        return np.full(n, 1 / n)


def event_course(design: Design, panel: Matrix, fit: Fit | None = None, placebo_fits: list[Fit] | None = None) -> EventCourse:
    """Return the course of a design's gap for one start, with the placebo covariance over donors.

    Parameters
    ----------
    design : Design
    panel : Matrix
    fit, placebo_fits : optional
        Where they are already at hand: one fit a donor.

    Raises
    ------
    NotEnough
        If treated units start at different times, or too few donors have a
        known course: one and a half for each time. An event study with ten
        or more treated units brings a covariance of its own.

    Notes
    -----
    Donors' gaps are multiplied by the root of the treated unit's variance
    over their own, both read from a line of mean squared gaps on one over
    the unit's size (Ferman and Pinto 2019 do so for aggregated units).
    Covariances are over the donors known at both times; small negative
    eigenvalues from that are set to zero.
    """
    before, after = one_start(panel)
    mine = design.fit(panel) if fit is None else fit
    if mine.details.get("covariance_from") == "units":
        return _from_event_study(design, panel, mine)
    donors = np.flatnonzero(~panel.treated)
    fits = design.fits(panel, panel.singles) if placebo_fits is None else placebo_fits
    gaps = np.array([f.gap for f in fits])
    # Gaps of a design are centred as it likes: here all are about their own mean before the start.
    used = np.flatnonzero((before | after) & np.isfinite(mine.gap))
    places = np.arange(len(panel.periods)) - int(panel.first.min())
    at_reference = used[before[used]]
    if len(at_reference) < 2 or not after[used].any():
        raise NotEnough("Cần ít nhất hai kỳ trước và một kỳ sau đã báo cáo. / Two reported periods before and one after are needed.")
    gaps = gaps[:, used]
    known = np.isfinite(gaps).mean(axis=1) >= 0.75 if len(gaps) else np.zeros(0, dtype=bool)
    if known.sum() < FEWEST_DONORS_A_TIME * len(used):
        raise NotEnough(
            f"Chỉ có {int(known.sum())} đơn vị so sánh để ước lượng hiệp phương sai của {len(used)} kỳ. / "
            f"Only {int(known.sum())} donors are there for the covariance of {len(used)} periods."
        )
    gaps = gaps[known] * unit_scales(panel, gaps[known], donors[known])[:, None]
    base = int(np.flatnonzero(used == at_reference[-1])[0])
    contrast = np.delete(np.eye(len(used)), base, axis=0)
    contrast[:, base] -= 1.0
    filled = np.where(np.isfinite(gaps), gaps, np.nanmean(gaps, axis=1, keepdims=True))
    return EventCourse(
        times=np.delete(places[used], base),
        reference=int(places[used[base]]),
        beta=contrast @ mine.gap[used],
        sigma=contrast @ _covariance(gaps) @ contrast.T,
        placebos=filled @ contrast.T,
        logs=design.ratio(panel.measure),
        measure=panel.measure,
    )


def _from_event_study(design: Design, panel: Matrix, fit: Fit) -> EventCourse:
    """Return the course of an event study with enough treated units for a covariance of their own."""
    before, after = one_start(panel)
    coefficients, covariance = (np.asarray(fit.details[k], dtype=float) for k in ("coefficients", "covariance"))
    known = np.isfinite(coefficients) & np.isfinite(np.diag(covariance)) & (before | after)
    used = np.flatnonzero(known & (np.diag(covariance) > 0))
    reference = [i for i in np.flatnonzero(before & known) if i not in used]
    if len(reference) != 1:
        raise NotEnough("Cần một kỳ mốc duy nhất trước khi bắt đầu. / A single reference period before the start is needed.")
    places = np.arange(len(panel.periods)) - int(panel.first.min())
    return EventCourse(
        times=places[used],
        reference=int(places[reference[0]]),
        beta=coefficients[used],
        sigma=covariance[np.ix_(used, used)],
        placebos=np.zeros((0, len(used))),
        logs=design.ratio(panel.measure),
        measure=panel.measure,
        said=BY_UNITS,
    )


def unit_scales(panel: Matrix, gaps: Floats, donors: NDArray[np.int64]) -> Floats:
    """Return what brings each donor's gaps to the treated unit's variance.

    Parameters
    ----------
    panel : Matrix
    gaps : ndarray of shape (donors, periods)
    donors : ndarray of int
        Their places in the panel.

    Returns
    -------
    ndarray of shape (donors,)
        Ones where units have no size: values, or a size of zero.
    """
    size = np.nanmean(panel.top if panel.measure == "count" else panel.bottom, axis=1)
    own = float(np.nanmean(size[panel.treated]))
    if panel.measure == "value" or not own > 0 or not (size[donors] > 0).all():
        return np.ones(len(donors))
    squares = np.nanvar(gaps, axis=1)
    design = np.column_stack([np.ones(len(donors)), 1 / size[donors]])
    line, _ = nnls(design, squares)
    fitted = design @ line
    return np.asarray(np.sqrt((line[0] + line[1] / own) / fitted)) if (fitted > 0).all() else np.ones(len(donors))


def _covariance(gaps: Floats) -> Floats:
    """Return the covariance of the columns over the rows known in both."""
    seen = np.isfinite(gaps)
    centred = np.where(seen, gaps - np.nanmean(gaps, axis=0), 0.0)
    pairs = seen.astype(float).T @ seen.astype(float)
    found = centred.T @ centred / np.maximum(pairs - 1, 1)
    values, vectors = np.linalg.eigh(found)
    return np.asarray((vectors * np.maximum(values, 1e-12 * values.max())) @ vectors.T)
