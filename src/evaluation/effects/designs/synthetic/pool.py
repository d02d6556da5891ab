"""The donor pool of one treated unit on the working scale, and a fit read from synthetic courses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.design import Fit
from evaluation.effects.designs.log_counts import HALF, LOGS, mean_of, working
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough, filled


@dataclass(frozen=True, eq=False)
class Pool:
    """Outcomes of units that may lend themselves, without holes.

    Attributes
    ----------
    z : ndarray of shape (units, periods)
        On the working scale: logs of counts and rates. Donors' holes are
        filled by unit and period effects of the donors; a treated unit's are not.
    donors : ndarray of int
        Places of donors that can lend themselves: seen before and after the start.
    told : ndarray of bool, shape (periods,)
        Periods that at least one donor reported.
    missing : int
        Donors' figures that were filled.
    """

    z: Floats
    donors: np.ndarray[Any, np.dtype[np.int64]]
    told: Flags
    missing: int

    def without(self, unit: int) -> Pool:
        """Return the pool without one donor."""
        return Pool(self.z, self.donors[self.donors != unit], self.told, self.missing)


def pooled(panel: Matrix) -> Pool:
    """Return the donors of a matrix, holes filled.

    Raises
    ------
    NotEnough
        If the treated units or the donors have too few figures.
    """
    return _pool(panel, working(panel), np.flatnonzero(~panel.treated))


def pooled_all(panel: Matrix) -> Pool:
    """Return all units of a matrix as donors, for placebos that take turns in being treated."""
    seen = np.isfinite(panel.y)
    z = np.log((panel.top + HALF) / np.where(seen & (panel.bottom > 0), panel.bottom, np.nan)) if panel.measure in LOGS else panel.y
    return _pool(panel, z, np.arange(len(panel.units)))


def _pool(panel: Matrix, z: Floats, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Pool:
    z = np.where(np.isfinite(z), z, np.nan)
    seen = np.isfinite(z)
    start, full = int(panel.first.min()), int(panel.first.min()) + panel.phase_in
    if full >= len(panel.periods):  # a matrix of donors alone says nothing of a start
        start = full = len(panel.periods)
    early = np.asarray(seen[:, : max(0, start - panel.anticipation)].any(axis=1))
    late = np.asarray(seen[:, full:].any(axis=1))
    able = rows[(early & (late | (full >= len(panel.periods))))[rows]]
    if not len(able):
        raise NotEnough(
            "Không đơn vị so sánh nào có số liệu cả trước và sau khi bắt đầu; hãy thêm đơn vị so sánh. / "
            "No comparison unit has figures both before and after the start; add comparison units."
        )
    told = np.asarray(seen[able].any(axis=0))
    z = z.copy()
    mended, missing = filled(z[able][:, told])
    z[np.ix_(able, np.flatnonzero(told))] = mended
    return Pool(z, able, told, missing)


def matching(panel: Matrix, pool: Pool, unit: int) -> Flags:
    """Return the periods on which a unit is matched: before its start, its own figure known, some donor's too.

    Raises
    ------
    NotEnough
        If there is none.
    """
    return matched(np.asarray(panel.before[unit]), pool, unit, panel.units[unit])


def matched(before: Flags, pool: Pool, unit: int, name: str) -> Flags:
    """Return those of some periods on which a unit can be matched; see `matching`."""
    known = np.asarray(before & pool.told & np.isfinite(pool.z[unit]))
    if not known.any():
        raise NotEnough(
            f"{name}: không có kỳ nào trước khi bắt đầu để so khớp; hãy chọn kỳ bắt đầu muộn hơn hoặc thêm kỳ trước. / "
            "There is no period before the start to match on; choose a later start or add earlier periods."
        )
    return known


def read_courses(panel: Matrix, fitted: Floats, weights: Floats, details: dict[str, Any], told: Flags) -> Fit:
    """Return the fit of treated units from their synthetic courses.

    Parameters
    ----------
    panel : Matrix
    fitted : ndarray of shape (treated units, periods)
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
    z = _own(panel)[rows]
    known = np.isfinite(z) & np.isfinite(fitted) & told
    apart = np.where(known, z - np.where(known, fitted, 0.0), 0.0)
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
    likely = np.maximum(np.exp(np.where(known, fitted, 0.0)) * size - HALF, 0.0)
    people = size.sum(axis=0) if panel.measure == "rate" else 1.0
    observed = np.where(whole, np.where(known, panel.top[rows], 0.0).sum(axis=0) / people, np.nan)
    return Fit(gap, observed, np.where(whole, likely.sum(axis=0) / people, np.nan), estimate, weights, None, details)


def _own(panel: Matrix) -> Floats:
    if panel.measure not in LOGS:
        return panel.y
    bottom = np.where(np.isfinite(panel.y) & (panel.bottom > 0), panel.bottom, np.nan)
    return np.asarray(np.log((panel.top + HALF) / bottom))


def _by_event_time(apart: Floats, known: Flags, first: np.ndarray[Any, np.dtype[np.int64]]) -> dict[int, float]:
    """Return the mean gap by periods since each unit's own start."""
    since = np.arange(apart.shape[1])[None, :] - first[:, None]
    return {int(e): float(apart[known & (since == e)].mean()) for e in np.unique(since[known])}


def no_fit(panel: Matrix, units: int) -> Fit:
    """Return the fit of a placebo that cannot be made."""
    none = np.full(len(panel.periods), np.nan)
    return Fit(none, none, none, float("nan"), np.zeros(units))


def merged(parts: Sequence[Mapping[str, Any]], rows: Sequence[str]) -> dict[str, Any]:
    """Return the details of one unit, or of several by unit."""
    return dict(parts[0]) if len(parts) == 1 else {"by_unit": {u: dict(p) for u, p in zip(rows, parts, strict=True)}}
