"""Group-time effects of Callaway and Sant'Anna, and how they are put together, with influence functions.

References
----------
Callaway, Sant'Anna 2021, Journal of Econometrics 225:200-230 (equations 2.4,
3.1 to 3.9; theorems 2 and 3; corollary 2 for the estimated weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.designs.doubly_robust import difference
from evaluation.effects.matrix import Floats

if TYPE_CHECKING:
    import pandas as pd

NEVER, NOT_YET = "never_treated", "not_yet_treated"
VARYING, UNIVERSAL = "varying", "universal"
WAYS = ("simple", "group", "dynamic", "calendar")


@dataclass(frozen=True, eq=False)
class GroupTime:
    """Effects of groups (units that start together) in periods, by places of periods.

    Attributes
    ----------
    group, period : ndarray of int, shape (cells,)
    effect : ndarray, shape (cells,)
        NaN where a cell has no treated or no comparison unit with both periods.
    influence : ndarray of shape (cells, units)
    starts : ndarray of int, shape (units,)
    anticipation, phase_in : int
    """

    group: NDArray[np.int64]
    period: NDArray[np.int64]
    effect: Floats
    influence: Floats
    starts: NDArray[np.int64]
    anticipation: int
    phase_in: int

    def errors(self, influence: Floats) -> Floats:
        """Return standard errors from influence functions by row."""
        return np.asarray(np.sqrt((influence**2).sum(-1)) / influence.shape[-1])

    def counts(self) -> NDArray[np.int64]:
        """Return the units in the group of each cell."""
        return np.asarray((self.starts[None] == self.group[:, None]).sum(1))

    def late(self) -> NDArray[np.bool_]:
        """Return the cells treated in full that have an effect."""
        return np.asarray((self.period >= self.group + self.phase_in) & np.isfinite(self.effect))

    def mean(self, cells: NDArray[np.bool_]) -> tuple[float, Floats | None]:
        """Return the mean of some cells weighted by size of group, with its influence function."""
        at = np.flatnonzero(cells & np.isfinite(self.effect))
        if not len(at):
            return float("nan"), None
        member = (self.starts[None] == self.group[at][:, None]).astype(float)
        share = member.mean(1)
        total = share.sum()
        weight = share / total
        value = float(weight @ self.effect[at])
        moved = member - share[:, None]
        by_weight = (self.effect[at] @ moved - value * moved.sum(0)) / total
        return value, weight @ self.influence[at] + by_weight

    def together(self, way: str) -> tuple[list[tuple[int, float, Floats | None]], tuple[float, Floats | None]]:
        """Return effects by group, event time or period, and the overall effect of that way.

        Parameters
        ----------
        way : {"simple", "group", "dynamic", "calendar"}

        Returns
        -------
        parts : list of (place, effect, influence)
            Empty for "simple".
        overall : (effect, influence)
        """
        late = self.late()
        if way == "simple":
            return [], self.mean(late)
        if way == "group":
            parts = [(int(g), *self._plain(late & (self.group == g))) for g in np.unique(self.group[late])]
            return parts, self._over_groups(parts)
        if way == "dynamic":
            since = self.period - self.group
            parts = [(int(e), *self.mean(since == e)) for e in np.unique(since[np.isfinite(self.effect)])]
            return parts, self._level([p for p in parts if p[0] >= self.phase_in])
        parts = [(int(t), *self.mean(late & (self.period == t))) for t in np.unique(self.period[late])]
        return parts, self._level(parts)

    def _plain(self, cells: NDArray[np.bool_]) -> tuple[float, Floats | None]:
        return float(self.effect[cells].mean()), self.influence[cells].mean(0)

    def _level(self, parts: list[tuple[int, float, Floats | None]]) -> tuple[float, Floats | None]:
        if not parts:
            return float("nan"), None
        return float(np.mean([p[1] for p in parts])), np.mean([p[2] for p in parts if p[2] is not None], axis=0)

    def _over_groups(self, parts: list[tuple[int, float, Floats | None]]) -> tuple[float, Floats | None]:
        if not parts:
            return float("nan"), None
        groups = np.array([p[0] for p in parts])
        influence = np.stack([p[2] for p in parts if p[2] is not None])
        one_each = GroupTime(groups, groups, np.array([p[1] for p in parts]), influence, self.starts, 0, 0)
        return one_each.mean(np.ones(len(parts), dtype=bool))


def group_time(
    y: Floats,
    first: NDArray[np.int64],
    anticipation: int,
    phase_in: int,
    comparison: str,
    base: str,
    covariates: Floats | None = None,
    method: str = "dr",
) -> GroupTime:
    """Return the effect of each group in each period: a difference of mean changes.

    Parameters
    ----------
    y : ndarray of shape (units, periods)
        NaN where not reported; a unit counts in a cell where it reported both periods of it.
    first : ndarray of int
        Place of the first treated period, the number of periods for units never treated.
    anticipation, phase_in : int
    comparison : {"never_treated", "not_yet_treated"}
    base : {"varying", "universal"}
        Before the start: against the period just before, or against the last untreated one.
    covariates : ndarray of shape (k, units, periods), optional
        Taken in the period that a cell is compared with; a unit without them does not count.
    method : {"dr", "ipw", "reg"}
        How covariates are adjusted for.
    """
    units, periods = y.shape
    cells, effects, influence = [], [], []
    for g in np.unique(first[(first < periods) & (first > anticipation)]):
        own = first == g
        last = int(g) - anticipation - 1
        for t in range(periods):
            before = t - 1 if base == VARYING and t < g else last
            if before < 0 or before == t:
                continue
            others = first == periods
            if comparison == NOT_YET:
                others = others | ((first > max(t, before) + anticipation) & ~own)
            change = y[:, t] - y[:, before]
            x = np.ones((units, 1))
            if covariates is not None:
                x = np.column_stack([x, covariates[:, :, before].T])
            known = np.isfinite(change) & np.isfinite(x).all(1) & (own | others)
            here = np.zeros(units)
            effect, part = difference(change[known], own[known], x[known], method if covariates is not None else "means")
            here[known] = units / max(1, int(known.sum())) * part
            cells.append((int(g), t))
            effects.append(effect)
            influence.append(here)
    places = np.array(cells, dtype=np.int64).reshape(-1, 2)
    found = np.array(influence).reshape(-1, units)
    return GroupTime(places[:, 0], places[:, 1], np.array(effects), found, first, anticipation, phase_in)


def tables(found: GroupTime, periods: tuple[Any, ...]) -> dict[str, Any]:
    """Return frames by group and period, event time, group and period, and the overall effects, for `Fit.details`.

    A standard error is missing where a group has one unit, which has no scatter of its own.
    """
    import pandas as pd

    many = found.counts() > 1
    cell_errors = np.where(many & np.isfinite(found.effect), found.errors(found.influence), np.nan)
    spread = bool(many.all())

    def error(influence: Floats | None) -> float:
        return float(found.errors(influence)) if spread and influence is not None else float("nan")

    def table(name: str, parts: list[tuple[int, float, Floats | None]], calendar: bool) -> pd.DataFrame:
        rows = [(periods[p] if calendar else p, value, error(influence)) for p, value, influence in parts]
        return pd.DataFrame(rows, columns=[name, "estimate", "standard_error"])

    put = {way: found.together(way) for way in WAYS}
    dynamic = put["dynamic"][0]
    courses = [i for _, _, i in dynamic if i is not None]
    return {
        "group_time": pd.DataFrame(
            {
                "group": [periods[g] for g in found.group],
                "period": [periods[t] for t in found.period],
                "estimate": found.effect,
                "standard_error": cell_errors,
                "units": found.counts(),
            }
        ),
        "by_event_time": table("event_time", dynamic, calendar=False),
        "by_group": table("group", put["group"][0], calendar=True),
        "by_period": table("period", put["calendar"][0], calendar=True),
        "overall": pd.DataFrame(
            [(way, put[way][1][0], error(put[way][1][1])) for way in WAYS], columns=["way", "estimate", "standard_error"]
        ),
        "event_covariance": np.array(courses) @ np.array(courses).T / len(found.starts) ** 2 if courses and spread else None,
    }
