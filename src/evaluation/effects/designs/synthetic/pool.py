"""The donor pool on the working scale, holes filled, and the periods on which a unit can be matched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.designs.log_counts import working
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough, filled

Places = np.ndarray[Any, np.dtype[np.int64]]
_NONE = (
    "Không đơn vị so sánh nào có số liệu cả trước và sau khi bắt đầu; hãy thêm đơn vị so sánh. / "
    "No comparison unit has figures both before and after the start; add comparison units."
)


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
    seen : ndarray of bool, shape (units, periods)
        What was reported: a unit is matched on this alone, also where its holes were filled as another's donor.
    wanted : int
        Donors there were before those with too few figures were left out.
    """

    z: Floats
    donors: Places
    told: Flags
    missing: int
    seen: Flags
    wanted: int

    def without(self, units: Iterable[int]) -> Pool:
        """Return the pool without some donors.

        Raises
        ------
        NotEnough
            If none is left.
        """
        left = np.setdiff1d(self.donors, np.fromiter(units, dtype=np.int64))
        if not len(left):
            raise NotEnough(_NONE)
        return Pool(self.z, left, self.told, self.missing, self.seen, self.wanted)

    @property
    def left_out(self) -> int:
        """How many donors have too few figures."""
        return self.wanted - len(self.donors)


def pooled(panel: Matrix) -> Pool:
    """Return the donors of a matrix, holes filled.

    Raises
    ------
    NotEnough
        If the treated units or the donors have too few figures.
    """
    return _pool(panel, working(panel), np.flatnonzero(~panel.treated), int(panel.first.min()))


def pooled_all(panel: Matrix, start: int) -> Pool:
    """Return all units of a matrix as donors, for placebos that take turns in being treated from a start on."""
    return _pool(panel, panel.working, np.arange(len(panel.units)), start)


def _pool(panel: Matrix, z: Floats, rows: Places, start: int) -> Pool:
    seen = np.asarray(np.isfinite(z))
    early = np.asarray(seen[rows, : max(0, start - panel.anticipation)].any(axis=1))
    late = np.asarray(seen[rows, start + panel.phase_in :].any(axis=1))
    able = rows[early & late]
    if not len(able):
        raise NotEnough(_NONE)
    told = np.asarray(seen[able].any(axis=0))
    z = z.copy()
    mended, missing = filled(z[able][:, told])
    z[np.ix_(able, np.flatnonzero(told))] = mended
    return Pool(z, able, told, missing, seen, len(rows))


def matched(before: Flags, pool: Pool, unit: int, name: str) -> Flags:
    """Return the periods on which a unit is matched: before its start, its own figure known, some donor's too.

    Raises
    ------
    NotEnough
        If there is none.
    """
    known = np.asarray(before & pool.told & pool.seen[unit])
    if not known.any():
        raise NotEnough(
            f"{name}: không có kỳ nào trước khi bắt đầu để so khớp; hãy chọn kỳ bắt đầu muộn hơn hoặc thêm kỳ trước. / "
            "There is no period before the start to match on; choose a later start or add earlier periods."
        )
    return known
