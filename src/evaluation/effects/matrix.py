"""A study as arrays: what every estimator takes, with treatment reassigned at will for placebos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from evaluation.effects.study import Study

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
HALF = 0.5  # of an event, added to a count before its log
LOGS = frozenset({"count", "rate"})  # measures whose effects are ratios


class NotEnough(ValueError):
    """A study that a method cannot take: too few donors, periods or figures; the message says what is lacking."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """Outcomes of treated units and donors, units x periods.

    Attributes
    ----------
    units : tuple of str
        Treated units first, then donors.
    periods : tuple
    y : ndarray
        The outcome: count, share, rate or value; NaN where not reported.
    top, bottom : ndarray
        Numerator and denominator (1 for counts and values); NaN where not reported.
    first : ndarray of int
        Place of the first treated period of each unit; `len(periods)` of donors.
    anticipation, phase_in : int
        Periods around a unit's start that count neither as before nor as after.
    measure : {"count", "share", "rate", "value"}
    covariates : ndarray of shape (k, units, periods) or None
    covariate_names : tuple of str
    """

    units: tuple[str, ...]
    periods: tuple[Any, ...]
    y: Floats
    top: Floats
    bottom: Floats
    first: NDArray[np.int64]
    anticipation: int = 0
    phase_in: int = 0
    measure: str = "value"
    covariates: Floats | None = None
    covariate_names: tuple[str, ...] = ()

    @property
    def treated(self) -> Flags:
        """Which units are treated at some time."""
        return np.asarray(self.first < len(self.periods))

    @property
    def before(self) -> Flags:
        """Units x periods: before the unit's start and its anticipation (all periods of donors)."""
        at = np.arange(len(self.periods))
        return np.asarray(at[None, :] < np.where(self.treated, self.first - self.anticipation, len(self.periods))[:, None])

    @property
    def after(self) -> Flags:
        """Units x periods: treated in full."""
        at = np.arange(len(self.periods))
        return np.asarray(self.treated[:, None] & (at[None, :] >= (self.first + self.phase_in)[:, None]))

    @property
    def working(self) -> Floats:
        """The outcome on the scale on which effects add: logs of counts and rates (half an event added), else the outcome itself."""
        if self.measure not in LOGS:
            return self.y
        known = np.isfinite(self.y) & (self.bottom > 0)
        return np.asarray(np.log((np.where(known, self.top, np.nan) + HALF) / np.where(known, self.bottom, 1.0)))

    @property
    def singles(self) -> list[tuple[int]]:
        """Each donor as the only one in a placebo, for `Design.fits`."""
        return [(int(d),) for d in np.flatnonzero(~self.treated)]

    def as_if(self, treated: Sequence[int], first: int | None = None) -> Matrix:
        """Return the same figures with other units treated, for a placebo; the truly treated units are left out.

        Parameters
        ----------
        treated : sequence of int
            Places of donors among `units`.
        first : int, optional
            Their first treated period; the earliest real one where left out.
        """
        start = int(self.first.min()) if first is None else first
        chosen = list(treated)
        rest = [i for i in np.flatnonzero(~self.treated) if i not in chosen]
        order = np.array([*chosen, *rest], dtype=int)
        starts = np.full(len(order), len(self.periods))
        starts[: len(chosen)] = start
        return self._of(order, starts)

    def without(self, donors: Sequence[int]) -> Matrix:
        """Return the same study without some donors (places among `units`)."""
        kept = np.array([i for i in range(len(self.units)) if i not in set(donors)], dtype=int)
        return self._of(kept, self.first[kept])

    def until(self, end: int) -> Matrix:
        """Return the same study with its first `end` periods alone."""
        return replace(
            self,
            periods=self.periods[:end],
            y=self.y[:, :end],
            top=self.top[:, :end],
            bottom=self.bottom[:, :end],
            first=np.minimum(self.first, end),
            covariates=None if self.covariates is None else self.covariates[:, :, :end],
        )

    def with_outcome(self, y: Floats) -> Matrix:
        """Return the same study with other outcomes, as values."""
        return replace(self, y=y, top=y, bottom=np.where(np.isnan(y), np.nan, 1.0), measure="value")

    def _of(self, order: NDArray[np.int64], first: NDArray[np.int64]) -> Matrix:
        return replace(
            self,
            units=tuple(self.units[i] for i in order),
            y=self.y[order],
            top=self.top[order],
            bottom=self.bottom[order],
            first=first,
            covariates=None if self.covariates is None else self.covariates[:, order],
        )


def matrix(study: Study) -> Matrix:
    """Return a study's treated units and donors as arrays.

    Several treated units stay apart; `Study.treated` of one area can be summed before.

    Raises
    ------
    NotEnough
        If there is no donor, or a treated unit reported nothing before its start or nothing from it on.
    """
    units, periods, top, bottom = study.arrays()
    at = {u: i for i, u in enumerate(units)}
    chosen = [*study.treated, *study.donors]
    if not study.donors:
        raise NotEnough("Không có đơn vị so sánh nào đủ điều kiện. / There is no eligible comparison unit.")
    rows = np.array([at[u] for u in chosen])
    first = np.array([periods_at(periods, study.starts[u]) if u in study.starts else len(periods) for u in chosen])
    top, bottom = top[rows], bottom[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(bottom > 0, top / bottom, np.nan) if study.measure in ("share", "rate") else top
    _reported(chosen, y, first)
    values, names = _covariates(study, chosen, periods)
    return Matrix(tuple(chosen), tuple(periods), y, top, bottom, first, study.anticipation, study.phase_in, study.measure, values, names)


def _reported(units: Sequence[str], y: Floats, first: NDArray[np.int64]) -> None:
    """Refuse treated units without a figure on a side of their start.

    Others would stand for them unsaid, and placebos be averages of too many.
    A unit that was treated from the first period on has no side before:
    designs with own starts leave it out.
    """
    at, seen = np.arange(y.shape[1]), np.isfinite(y)
    for late, vi, en in ((False, "trước", "before"), (True, "sau", "after")):
        side = (at >= first[:, None]) == late
        silent = [u for u, s, f in zip(units, (seen & side).any(axis=1), first, strict=True) if 0 < f < len(at) and not s]
        if silent:
            named = ", ".join(silent[:3]) + (", …" if len(silent) > 3 else "")
            raise NotEnough(
                f"{named}: không có số liệu nào {vi} khi bắt đầu; hãy bỏ khỏi các đơn vị can thiệp hoặc chọn kỳ bắt đầu khác. / "
                f"There is no figure {en} the start; leave it out of the treated units or choose another start."
            )


def one_start(panel: Matrix) -> tuple[Flags, Flags]:
    """Return the periods before (anticipation left out) and after (phase-in left out) of units that start together.

    Returns
    -------
    before, after : ndarray of bool, shape (periods,)

    Raises
    ------
    NotEnough
        If treated units start at different times, or no period is left on a side.
    """
    rows = np.flatnonzero(panel.treated)
    if len(set(panel.first[rows])) != 1:
        raise NotEnough(
            "Các đơn vị bắt đầu ở các kỳ khác nhau; hãy dùng cs hoặc mc. / The treated units start at different times; use cs or mc."
        )
    before, after = panel.before[rows[0]], panel.after[rows[0]]
    if not before.any() or not after.any():
        raise NotEnough("Không còn kỳ nào trước hoặc sau khi bắt đầu. / No period is left before or after the start.")
    return before, after


def periods_at(periods: Sequence[Any], start: Any) -> int:
    """Return the place of the first period that is not before the start."""
    return sum(p < start for p in periods)


def filled(y: Floats, free: Flags | None = None) -> tuple[Floats, int]:
    """Return outcomes with what was not reported replaced by unit and period effects, and how many were.

    Parameters
    ----------
    y : ndarray of shape (units, periods)
    free : ndarray of bool, optional
        Cells that must not lend themselves to the fit (treated ones); they are left as they are.
    """
    use = np.isfinite(y) if free is None else np.isfinite(y) & ~free
    absent = ~np.isfinite(y)
    if not absent.any():
        return y, 0
    unit = np.zeros(y.shape[0])
    period = np.zeros(y.shape[1])
    z = np.where(use, y, 0.0)
    for _ in range(200):
        unit = (z - use * period).sum(1) / np.maximum(use.sum(1), 1)
        moved = (z - use * unit[:, None]).sum(0) / np.maximum(use.sum(0), 1)
        if np.max(np.abs(moved - period)) < 1e-10 * (1 + np.max(np.abs(moved))):
            period = moved
            break
        period = moved
    return np.where(absent, unit[:, None] + period, y), int(absent.sum())


def _covariates(study: Study, units: Sequence[str], periods: Sequence[Any]) -> tuple[Floats | None, tuple[str, ...]]:
    if study.covariates is None:
        return None, ()
    names = tuple(c for c in study.covariates.columns if c not in ("unit", "period"))
    wide = [
        study.covariates.pivot(index="unit", columns="period", values=n).reindex(index=list(units), columns=list(periods)) for n in names
    ]
    return np.stack([w.to_numpy(dtype=float) for w in wide]), names
