"""The segmented design: level, trend, their changes at the interruption, and how a phase-in is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.monitoring.over_time.season import season_columns, tet_share

# Below this many reported periods on a side a trend and a level cannot be told apart with any use.
FEWEST_PERIODS = 4
PHASES = ("leave_out", "ramp")

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Segments:
    """Columns of an interrupted series and what they stand for.

    Attributes
    ----------
    design : ndarray of shape (periods, columns)
        Constant, time, change of level, change of trend where asked for, then the season and others.
    without : ndarray of shape (periods, columns)
        The same as if nothing had interrupted the series.
    level_at, slope_at : int, int or None
        Columns of the changes.
    after : ndarray of bool of shape (periods,)
        From the first period with the intervention, phase-in included.
    phase_in : ndarray of bool of shape (periods,)
    ramp : bool
        Whether the phase-in is modelled; else its periods are left out of the fit.
    """

    design: _Floats
    without: _Floats
    level_at: int
    slope_at: int | None
    after: _Bools
    phase_in: _Bools
    ramp: bool

    @property
    def used(self) -> _Bools:
        """Which periods enter the fit."""
        return ~self.phase_in if not self.ramp else np.ones_like(self.phase_in)


def segments(
    n: int,
    first: int,
    *,
    full: int | None = None,
    phase: str = "leave_out",
    slope_change: bool = False,
    others: _Floats | None = None,
) -> Segments:
    """Return the design of an interrupted series.

    Parameters
    ----------
    n : int
        Periods.
    first : int
        First period with the intervention, from 0.
    full : int, optional
        First period with the whole of it; those between are the phase-in.
    phase : {"leave_out", "ramp"}
        Leave the phase-in out, or let the change of level grow by equal steps over it.
    slope_change : bool
        Whether the trend may change too; the change of level is then the one
        at the first period with the whole intervention.
    others : ndarray of shape (n, columns), optional
        Season and whatever else moves the series.

    Raises
    ------
    ValueError
        If the phase-in ends before it begins or the way to take it is unknown.
    """
    if phase not in PHASES:
        raise ValueError(f"phase={phase!r}: chọn {' hoặc '.join(PHASES)}. / Choose {' or '.join(PHASES)}.")
    whole = first if full is None else full
    if not first <= whole < n:
        raise ValueError(
            "Kỳ bắt đầu đầy đủ phải từ kỳ bắt đầu trở đi và nằm trong chuỗi. / "
            "The first full period must not come before the start and must lie within the series."
        )
    at, time = np.arange(n), np.arange(1, n + 1, dtype=float)
    level = np.clip((at - first + 1) / (whole - first + 1), 0.0, 1.0)
    columns, slope_at = [np.ones(n), time, level], None
    if slope_change:
        slope_at = len(columns)
        columns.append(np.maximum(at - whole, 0).astype(float))
    design = np.column_stack([*columns, *([] if others is None else [others])])
    without = design.copy()
    without[:, 2 : len(columns)] = 0.0
    return Segments(design, without, 2, slope_at, at >= first, (at >= first) & (at < whole), phase == "ramp")


def season_terms(n: int, season: int, harmonics: int, kind: str, tet: bool, periods: Sequence[str]) -> _Floats:
    """Return the columns of season and Tết, the first period standing first in its year as far as a season needs it.

    Parameters
    ----------
    n, season : int
    harmonics : int
        Pairs of sine and cosine of kind "fourier"; 0 for no season.
    kind : {"fourier", "indicator"}
    tet : bool
    periods : sequence of str
        Needed for Tết.
    """
    phases = np.arange(n) % season + 1
    parts = [np.zeros((n, 0))]
    if kind == "indicator":
        parts.append(season_columns(phases, season, "indicator"))
    elif harmonics:
        parts.append(season_columns(phases, season, "fourier", harmonics))
    if tet:
        parts.append(tet_share(periods)[:, None])
    return np.column_stack(parts)


def check_sides(reported: _Bools, first: int, whole: int, start: object) -> None:
    """Refuse a series with too few reported periods on a side.

    Raises
    ------
    ValueError
    """
    before, later = int(reported[:first].sum()), int(reported[whole:].sum())
    if min(before, later) < FEWEST_PERIODS:
        raise ValueError(
            f"Cần ít nhất {FEWEST_PERIODS} kỳ có báo cáo ở mỗi bên kỳ {start}; có {before} trước và {later} sau. / "
            f"At least {FEWEST_PERIODS} reported periods are needed on each side of {start}; there are {before} before and {later} after."
        )
