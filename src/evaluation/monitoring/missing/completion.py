"""The reports of a place's units, and their completion many times over where some are missing.

References
----------
Rubin 1987, Multiple Imputation for Nonresponse in Surveys. van Buuren 2018, Flexible Imputation of Missing Data, 2nd ed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, SHOWN
from evaluation.monitoring.given_numbers import not_negative
from evaluation.monitoring.missing.imputation import Combined, TwoWay, combined, drawn_counts, drawn_parts, fitted
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

OWN, ANY = "own", "any"


@dataclass(frozen=True, eq=False)
class Reports:
    """The figures of all units, with what a missing one can be at most; made by `reports_of`.

    Attributes
    ----------
    counts, wholes : ndarray of shape (units, periods)
        NaN where not reported; wholes are 1 of plain counts, residents / per of rates (there for missing ones too).
    expected, reported : ndarray of bool
        Whether a report was to come, and came with a number.
    weights : ndarray of shape (units,)
        Residents; 1 where they are not known.
    measure : {"count", "proportion", "rate"}
    """

    counts: _Floats
    wholes: _Floats
    expected: _Bools
    reported: _Bools
    weights: _Floats
    measure: str

    @property
    def shares(self) -> bool:
        """Whether the figures are parts of wholes."""
        return self.measure == PROPORTION

    @property
    def plain(self) -> bool:
        """Whether the figures are plain counts."""
        return self.measure == COUNT

    @property
    def missing(self) -> _Bools:
        """Which reports did not come."""
        return self.expected & ~self.reported

    def highest(self, of: _Floats, ceiling: str = OWN) -> _Floats:
        """Return for each unit the highest that a missing report of it is taken to have had.

        Parameters
        ----------
        of : ndarray of shape (units, periods)
        ceiling : {"own", "any"}
            The highest that the unit itself ever reported, or that any unit did, by its size. A unit that never
            reported has the latter.
        """
        own = np.where(self.reported, of, -np.inf).max(axis=1)
        by_size = np.ceil((own / self.weights)[np.isfinite(own)].max(initial=0.0) * self.weights)
        return np.asarray(np.where(np.isfinite(own) & (ceiling == OWN), own, by_size), dtype=np.float64)


def reports_of(series: CountSeries, sizes: Mapping[str, float] | None = None) -> Reports:
    """Return the figures of all units of a series, ready for bounds and imputation.

    Parameters
    ----------
    series : CountSeries
        One row a unit of the place: those that never reported too.
    sizes : mapping of str to float, optional
        Residents of each unit: they weigh the coverage, and say how large a unit is that never reported.

    Raises
    ------
    ValueError
        If a size is missing or not above zero, or a rate has a unit that never reported and no size.
    """
    states = series.states
    asked = ~np.isin(states, (NOT_COLLECTED, NOT_APPLICABLE))
    nobody = (states == NOT_APPLICABLE) & (series.measure == PROPORTION)
    counts = np.where(nobody, 0.0, series.counts)
    weights = np.ones(len(series.units))
    if sizes is not None:
        weights = np.array([float(sizes.get(u, np.nan)) for u in series.units])
        if not np.all(weights > 0):
            lost = ", ".join(u for u, w in zip(series.units, weights, strict=True) if not w > 0)
            raise ValueError(f"Tham số sizes thiếu số dân (lớn hơn 0) của: {lost}. / sizes lacks residents (above 0) of: {lost}.")
    if series.measure == PROPORTION:
        wholes = np.where(nobody, 0.0, series.exposure)
    elif series.measure == COUNT:
        wholes = np.ones(counts.shape)
    else:
        wholes = _nearest(series.exposure, weights / series.per if sizes is not None else np.full(len(weights), np.nan), series.units)
    return Reports(counts, wholes, asked | nobody, (states == SHOWN) | nobody, weights, series.measure)


def _nearest(exposure: _Floats, otherwise: _Floats, units: tuple[str, ...]) -> _Floats:
    """Return exposures without gaps: the unit's nearest known one in time, else its size."""
    out = exposure.copy()
    for i, row in enumerate(exposure):
        known = np.flatnonzero(row > 0)
        if len(known):
            out[i] = row[known[np.abs(np.arange(len(row))[:, None] - known).argmin(axis=1)]]
        else:
            out[i] = otherwise[i]
    if np.isnan(out).any():
        lost = ", ".join(u for u, row in zip(units, out, strict=True) if np.isnan(row).any())
        raise ValueError(
            f"Không biết số dân của đơn vị chưa từng báo cáo: {lost}; hãy đưa vào sizes. / "
            f"The residents of units that never reported are not known: {lost}; give them in sizes."
        )
    return out


def figure_of(counts: _Floats, wholes: _Floats, measure: str) -> _Floats:
    """Return total, rate or share over the units (the axis before the last)."""
    total = counts.sum(axis=-2)
    if measure == COUNT:
        return np.asarray(total)
    over = wholes.sum(axis=-2)
    return np.asarray(np.divide(total, over, out=np.full(total.shape, np.nan), where=over > 0))


@dataclass(frozen=True, eq=False)
class Imputer:
    """The models by which missing figures are drawn.

    Attributes
    ----------
    reports : Reports
    model : TwoWay
        Of the counts, or of the parts of the wholes.
    of_wholes : TwoWay or None
        Of the wholes, for shares.
    """

    reports: Reports
    model: TwoWay
    of_wholes: TwoWay | None

    @classmethod
    def of(cls, reports: Reports) -> Imputer:
        """Fit the models.

        Raises
        ------
        ValueError
            If fewer than four figures are known.
        """
        known = reports.reported & (reports.wholes > 0)
        sizes = np.where(np.isnan(reports.wholes), 0.0, reports.wholes)
        spread = np.broadcast_to(reports.weights[:, None], sizes.shape)
        counts = np.where(known, reports.counts, np.nan)
        if reports.shares:
            of_wholes = fitted(np.where(reports.reported, sizes, np.nan), spread, shares=False)
            return cls(reports, fitted(counts, sizes, shares=True), of_wholes)
        return cls(reports, fitted(counts, sizes * spread if reports.plain else sizes, shares=False), None)

    def complete(self, m: int, seed: int, factor: _Floats | float = 1.0) -> Completion:
        """Complete the figures m times.

        Parameters
        ----------
        m, seed : int
        factor : float or ndarray of shape (periods,)
            Of the missing counts (of the odds, for shares): the delta adjustment; 1 for missing at random.
        """
        rng, gone, model = np.random.default_rng(seed), self.reports.missing, self.model
        more = np.broadcast_to(not_negative(factor, "factor"), (gone.shape[1],))
        counts = np.where(self.reports.reported, self.reports.counts, 0.0)
        sizes = np.where(self.reports.expected & ~np.isnan(self.reports.wholes), self.reports.wholes, 0.0)
        if self.of_wholes is not None:
            mean = self.of_wholes.sizes * np.exp(np.clip(self.of_wholes.linear(m, rng), -30, 30))
            wholes = np.where(gone, drawn_counts(np.where(gone, mean, 0.0), self.of_wholes.scatters(m, rng), rng), sizes)
            with np.errstate(divide="ignore"):  # a factor of 0: nobody
                share = special.expit(model.linear(m, rng) + np.log(more))
            parts = drawn_parts(share, np.where(gone, wholes, 0.0), model.scatters(m, rng), rng)
            return Completion(self.reports, model, np.where(gone, parts, counts), wholes)
        mean = model.sizes * np.exp(np.clip(model.linear(m, rng), -30, 30)) * more
        drawn = drawn_counts(np.where(gone, mean, 0.0), model.scatters(m, rng), rng)
        return Completion(self.reports, model, np.where(gone, drawn, counts), np.broadcast_to(sizes, drawn.shape))


@dataclass(frozen=True, eq=False)
class Completion:
    """The figures completed m times.

    Attributes
    ----------
    reports : Reports
    model : TwoWay
    counts, wholes : ndarray of shape (m, units, periods)
        Zero where none was expected.
    """

    reports: Reports
    model: TwoWay
    counts: _Floats
    wholes: _Floats

    @property
    def figures(self) -> _Floats:
        """The place's figure, m x periods; NaN where a share or rate has nothing to be of."""
        return figure_of(self.counts, self.wholes, self.reports.measure)

    @property
    def chance(self) -> _Floats:
        """Variance of the figure around its level by chance, m x periods."""
        wholes = np.broadcast_to(self.wholes, self.counts.shape)
        if self.reports.shares:
            variance, over = self.model.variance(wholes * self.model.rate, wholes).sum(axis=1), wholes.sum(axis=1)
        else:
            variance = np.broadcast_to(
                self.model.variance(self.model.expected * self.reports.expected, self.model.sizes).sum(axis=0), self.figures.shape
            )
            over = np.ones(variance.shape) if self.reports.plain else wholes.sum(axis=1)
        return np.asarray(np.divide(variance, over**2, out=np.zeros(variance.shape), where=over > 0), dtype=np.float64)

    def pooled(self, of: str, level: float) -> Combined:
        """Return the place's figure by period, by Rubin's rules, of the total or of its level."""
        figures = np.nan_to_num(self.figures)
        if of == "total":
            return combined(figures, 0.0, level=level)
        return combined(figures, self.chance, self.model.residual_df, level)
