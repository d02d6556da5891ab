"""From one unit's synthetic course to the fit of all treated units, and to the fits of all placebos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from evaluation.effects.design import Fit, no_fit
from evaluation.effects.designs.log_counts import mean_of
from evaluation.effects.designs.synthetic.pool import Pool, pooled, pooled_all
from evaluation.effects.matrix import HALF, LOGS, Flags, Floats, Matrix, NotEnough

Found = tuple[Floats, Floats, dict[str, Any]]


class Course(Protocol):
    """From a unit to its synthetic course (by period, on the working scale), the units' weights, and details."""

    def __call__(self, panel: Matrix, pool: Pool, unit: int, before: Flags, /) -> Found:
        """Return them for the unit at this place, matched on these periods."""
        ...


def fitted(panel: Matrix, course: Course) -> Fit:
    """Return the fit of the treated units, each with its own synthetic course."""
    pool = pooled(panel)
    found = [course(panel, pool, int(i), np.asarray(panel.before[i])) for i in np.flatnonzero(panel.treated)]
    return _together(panel, pool, found)


def fitted_each(panel: Matrix, placebos: Sequence[Sequence[int]], course: Course) -> list[Fit]:
    """Return a fit for each placebo; the donors' holes are filled once for all of them."""
    at = np.arange(len(panel.periods))
    before = at < int(panel.first.min()) - panel.anticipation
    donors = np.flatnonzero(~panel.treated)
    alone = panel.without(np.flatnonzero(panel.treated).tolist())
    pool = pooled_all(alone, int(panel.first.min()))
    place = np.full(len(panel.units), -1)
    place[donors] = np.arange(len(donors))
    fits = []
    for chosen in placebos:
        rows = place[list(chosen)]
        other = panel.as_if(chosen)
        order = np.concatenate([rows, np.setdiff1d(np.arange(len(donors)), rows)])
        try:
            own = pool.without(rows)
            found = [course(alone, own, int(r), before) for r in rows]
            fits.append(_together(other, own, [(c, w[order], d) for c, w, d in found]))
        except NotEnough:
            fits.append(no_fit(other))
    return fits


def _together(panel: Matrix, pool: Pool, found: Sequence[Found]) -> Fit:
    names = [u for u, t in zip(panel.units, panel.treated, strict=True) if t]
    weights = np.asarray(np.mean([f[1] for f in found], axis=0))
    return read_courses(panel, np.stack([f[0] for f in found]), weights, _merged([f[2] for f in found], names), pool.told)


def _merged(parts: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Return the details of one unit, or of several by unit."""
    return dict(parts[0]) if len(parts) == 1 else {"by_unit": {u: dict(p) for u, p in zip(names, parts, strict=True)}}


def read_courses(panel: Matrix, synthetic: Floats, weights: Floats, details: dict[str, Any], told: Flags) -> Fit:
    """Return the fit of treated units from their synthetic courses.

    Parameters
    ----------
    panel : Matrix
    synthetic : ndarray of shape (treated units, periods)
        On the working scale; each treated unit's own.
    weights : ndarray of shape (units,)
        Averaged over treated units.
    details : dict
    told : ndarray of bool
        Periods that some donor reported; elsewhere there is no counterfactual.

    Returns
    -------
    Fit
        Gap by period and estimate are means over treated units (and periods
        in full) of observed less synthetic; of counts and rates, of logs: chance
        moves the mean of logs alike on both sides where levels are alike.
        Counts of several treated units are shown summed.
    """
    rows = np.flatnonzero(panel.treated)
    z = panel.working[rows]
    known = np.isfinite(z) & np.isfinite(synthetic) & told
    apart = np.where(known, z - np.where(known, synthetic, 0.0), 0.0)
    gap = mean_of(apart, known)
    cells = known & panel.after[rows]
    if not cells.any():
        raise NotEnough(
            "Không có số liệu nào sau khi bắt đầu để so sánh; hãy thêm kỳ sau. / "
            "There is no figure after the start to compare; add later periods."
        )
    estimate = float(apart[cells].mean())
    if len({int(f) for f in panel.first[rows]}) > 1:
        details = {**details, "by_event_time": _by_event_time(apart, known, panel.first[rows])}
    if panel.measure not in LOGS:
        observed = mean_of(panel.y[rows], known)
        return Fit(gap, observed, observed - gap, estimate, weights, None, details)
    whole = known.all(axis=0)
    size = np.where(known, panel.bottom[rows], 1.0)
    likely = np.maximum(np.exp(np.where(known, synthetic, 0.0)) * size - HALF, 0.0)
    people = size.sum(axis=0) if panel.measure == "rate" else 1.0
    observed = np.where(whole, np.where(known, panel.top[rows], 0.0).sum(axis=0) / people, np.nan)
    return Fit(gap, observed, np.where(whole, likely.sum(axis=0) / people, np.nan), estimate, weights, None, details)


def _by_event_time(apart: Floats, known: Flags, first: np.ndarray[Any, np.dtype[np.int64]]) -> dict[int, float]:
    """Return the mean gap by periods since each unit's own start."""
    since = np.arange(apart.shape[1])[None, :] - first[:, None]
    return {int(e): float(apart[known & (since == e)].mean()) for e in np.unique(since[known])}
