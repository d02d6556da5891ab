"""The whole procedure of a study on arrays: which units are picked at their peak, which are compared, what is claimed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.design import Design, Estimator, Fit
from evaluation.effects.judgement import Inference, Judgement
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough, matrix, periods_at
from evaluation.effects.study import LEAST_REPORTED, LEVEL_FACTOR, SHARE, VALUE, Study
from evaluation.places import neighbours as borders_of
from evaluation.places import wards

if TYPE_CHECKING:
    import pandas as pd

Places = NDArray[np.int64]

RECENT = 2  # periods before a start in which numbers are looked at when a pilot's place is chosen
NEVER_COMPARED = ("programme", "excluded")


@dataclass(frozen=True, eq=False)
class Procedure:
    """A study's rules, so that any units can be treated as if from any period on.

    Attributes
    ----------
    units, periods : tuple
        All units of the study's panel, eligible or not.
    top, bottom : ndarray of shape (units, periods)
        Numerator and denominator, NaN where not reported.
    measure : {"count", "share", "rate", "value"}
    first : ndarray of int
        Place of the first treated period of each unit; `len(periods)` of all others.
    barred : ndarray of bool
        Units that are never compared: with another programme, or left out by the user.
    bordering : ndarray of bool, shape (units, units), or None
        Which units border each other; None where that is not known.
    factor : float or None
        As `study_panel`'s `level_factor`.
    anticipation, phase_in : int
    covariates : ndarray of shape (k, units, periods) or None
    covariate_names : tuple of str
    comparable : ndarray of bool
        The treated units and the donors of the study itself.
    design : Design
    judge : Inference
    level : float
    """

    units: tuple[str, ...]
    periods: tuple[Any, ...]
    top: Floats
    bottom: Floats
    measure: str
    first: Places
    barred: Flags
    bordering: Flags | None
    factor: float | None
    anticipation: int
    phase_in: int
    covariates: Floats | None
    covariate_names: tuple[str, ...]
    comparable: Flags
    design: Design
    judge: Inference
    level: float

    @property
    def treated(self) -> Flags:
        """The truly treated units."""
        return np.asarray(self.first < len(self.periods))

    @property
    def starts(self) -> Places:
        """The true first treated periods, in the order of the units."""
        return self.first[self.treated]

    def matrix(self, top: Floats, bottom: Floats, chosen: Places, starts: Places, out: Flags | None = None) -> Matrix:
        """Return chosen units as if treated, with donors chosen anew by the study's own rules.

        Parameters
        ----------
        top, bottom : ndarray of shape (units, periods of the window)
            The window's figures; a window may end before the study does.
        chosen, starts : ndarray of int
            Places of the units and of their first treated periods.
        out : ndarray of bool, optional
            Further units that cannot be donors.

        Raises
        ------
        NotEnough
            If no donor is left.
        """
        compared = self.donors(top, bottom, chosen, int(starts.min()))
        donors = np.flatnonzero(compared if out is None else compared & ~out)
        if not len(donors):
            raise NotEnough("Không có đơn vị so sánh nào đủ điều kiện. / There is no eligible comparison unit.")
        order = np.concatenate([chosen, donors])
        end = top.shape[1]
        first = np.full(len(order), end)
        first[: len(chosen)] = starts
        above, below = top[order], bottom[order]
        return Matrix(
            tuple(self.units[i] for i in order),
            self.periods[:end],
            outcome(above, below, self.measure),
            above,
            below,
            first,
            self.anticipation,
            self.phase_in,
            self.measure,
            None if self.covariates is None else self.covariates[:, order, :end],
            self.covariate_names,
        )

    def donors(self, top: Floats, bottom: Floats, chosen: Places, start: int) -> Flags:
        """Return which units may be compared with chosen ones that start then (the rule of `study_panel`)."""
        seen = np.asarray(np.isfinite(top) & np.isfinite(bottom))
        reported = np.minimum(seen[:, :start].mean(1), seen[:, start:].mean(1))
        fit = np.asarray((reported >= LEAST_REPORTED) & ~self.barred)
        fit[chosen] = False
        if self.bordering is not None:
            fit &= ~self.bordering[chosen].any(0)
        if self.factor is None:
            return fit
        past, known = top[:, :start], seen[:, :start]
        some = np.asarray(known.any(1))
        level = np.where(known, past, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        peak = np.where(known, past, -np.inf).max(1)
        for height in (level, peak):
            own = height[chosen][some[chosen]].mean() if some[chosen].any() else np.nan
            fit &= some & (own / self.factor <= height) & (height <= own * self.factor)
        return fit

    def judged(self, panel: Matrix, rng: np.random.Generator, design: Design | None = None) -> Judgement | None:
        """Return the judgement of a matrix by the design, or by one that remembers its placebos (`remembering`).

        None where the design could not be fitted, or nothing could have been claimed.
        """
        used = design or self.design
        try:
            fit = used.fit(panel)
            found = self.judge(used, panel, fit, self.level, rng)
        except NotEnough:
            return None
        return found if can_claim(found, self.level) else None


def remembering(design: Design) -> Design:
    """Return the design with a memory of the placebo fits of one panel.

    Placebos leave the treated units out, so that their fits stay the same
    whatever effect is put into those, and for all who judge the panel.
    """
    kept: dict[tuple[tuple[int, ...], ...], list[Fit]] = {}
    alone: dict[bytes, Fit] = {}

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        key = tuple(tuple(chosen) for chosen in placebos)
        if key not in kept:
            kept[key] = design.fits(panel, placebos)
        return kept[key]

    def in_turn() -> Estimator:
        fit = design.turn()

        def one(panel: Matrix) -> Fit:
            key = hashlib.blake2b(panel.top.tobytes() + panel.bottom.tobytes() + panel.first.tobytes()).digest()
            if key not in alone:
                alone[key] = fit(panel)
            return alone[key]

        return one

    return replace(design, each=each, in_turn=in_turn)


def procedure(
    study: Study, design: Design, judge: Inference, level: float, neighbours: Mapping[str, Iterable[str]] | None = None
) -> Procedure:
    """Return a study's rules on arrays.

    Parameters
    ----------
    study : Study
    design : Design
    judge : Inference
    level : float
    neighbours : mapping of str to iterable of str, optional
        Which units border each; wards of the city are looked up where the
        study left neighbours out.
    """
    units, periods, top, bottom = study.arrays()
    reasons = dict(zip(study.eligibility["unit"].astype(str), study.eligibility["reason"], strict=True))
    why = np.array([reasons[str(u)] for u in units])
    first = np.array([periods_at(periods, study.starts[u]) if u in study.starts else len(periods) for u in units])
    covariates, names = _covariates(study, units, periods)
    return Procedure(
        units=tuple(units),
        periods=tuple(periods),
        top=top,
        bottom=bottom,
        measure=study.measure,
        first=first,
        barred=np.isin(why, NEVER_COMPARED),
        bordering=_bordering(units, neighbours if neighbours is not None else _of_wards(units, why)),
        factor=None if study.measure == VALUE else _factor(study),
        anticipation=study.anticipation,
        phase_in=study.phase_in,
        covariates=covariates,
        covariate_names=names,
        comparable=(why == "") | (why == "treated"),
        design=design,
        judge=judge,
        level=level,
    )


def outcome(top: Floats, bottom: Floats, measure: str) -> Floats:
    """Return the outcome of numerator and denominator; NaN where it has none."""
    if measure not in (SHARE, "rate"):
        return top
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def recent(top: Floats, start: int) -> Floats:
    """Return the mean number of each unit over what it reported in the periods just before a start; -inf where nothing.

    Pilots are put where there was much to do: for a share too the people or
    establishments in it are counted, since the highest shares are those of
    the smallest units.
    """
    late = top[:, max(0, start - RECENT) : start]
    seen = np.isfinite(late)
    mean = np.where(seen, late, 0.0).sum(1) / np.maximum(seen.sum(1), 1)
    return np.asarray(np.where(seen.any(1), mean, -np.inf))


def highest(numbers: Floats, among: Flags) -> Places:
    """Return the places of the units with the highest numbers first, of those among whom is picked; ties by place."""
    open_to = np.where(among, numbers, -np.inf)
    order = np.argsort(-open_to, kind="stable")
    return np.asarray(order[np.isfinite(open_to[order])])


def can_claim(found: Judgement, level: float) -> bool:
    """Return whether a judgement could have been a claim: with too few donors nothing is learned from not claiming."""
    if found.p_value is None or not np.isfinite(found.p_value):
        return False
    return found.smallest_p is None or found.smallest_p <= round(1 - level, 9)


def _factor(study: Study) -> float | None:
    """Return the factor within which donors' levels lay: the usual one, unless the donors or the rejected tell of another."""
    table = study.eligibility
    own = table.loc[table["reason"] == "treated", ["level", "peak"]].mean()
    if not (own > 0).all():
        return LEVEL_FACTOR
    donors = _apart(table[table["reason"] == ""], own)
    rejected = _apart(table[table["reason"].isin(["level", "peak"])], own)
    widest = float(donors.max()) if len(donors) else 1.0
    if not len(rejected):
        return LEVEL_FACTOR if widest <= LEVEL_FACTOR else None
    return LEVEL_FACTOR if widest <= LEVEL_FACTOR < float(rejected.min()) else widest


def _apart(rows: pd.DataFrame, own: pd.Series) -> pd.Series:
    """Return by what factor each unit's level or peak is away from the treated units'."""
    ratio = rows[["level", "peak"]] / own
    return ratio.where(ratio >= 1, 1 / ratio.where(ratio > 0)).fillna(np.inf).max(axis=1)


def _of_wards(units: Sequence[str], why: NDArray[Any]) -> Mapping[str, Iterable[str]] | None:
    """Return the neighbours of the city's wards where the study left neighbours out by the map."""
    if not (why == "neighbour").any() or not all(str(u) in wards() for u in units):
        return None
    return {u: borders_of(u) for u in units}


def _bordering(units: Sequence[str], known: Mapping[str, Iterable[str]] | None) -> Flags | None:
    if known is None:
        return None
    at = {str(u): i for i, u in enumerate(units)}
    touch = np.zeros((len(units), len(units)), bool)
    for unit, others in known.items():
        for other in others:
            if unit in at and other in at:
                touch[at[unit], at[other]] = touch[at[other], at[unit]] = True
    return touch


def _covariates(study: Study, units: Sequence[str], periods: Sequence[Any]) -> tuple[Floats | None, tuple[str, ...]]:
    """Return covariates of all units, as the study's matrix has those of treated units and donors."""
    if study.covariates is None or not study.donors:
        return None, ()
    known = matrix(study)
    if known.covariates is None:
        return None, ()
    wide = [
        study.covariates.pivot(index="unit", columns="period", values=n).reindex(index=list(units), columns=list(periods))
        for n in known.covariate_names
    ]
    return np.stack([w.to_numpy(dtype=float) for w in wide]), known.covariate_names
