"""Small areas drawn towards their neighbours: Marshall's local empirical Bayes over shared borders.

References
----------
Marshall 1991 (Applied Statistics 40:283), local empirical Bayes. Morris 1983 (JASA 78:47), the spread's uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from evaluation.monitoring.given_numbers import broadcast, floats
from evaluation.monitoring.rates.midp import RATE
from evaluation.monitoring.small_areas.mixtures import BetaBinomial, GammaPoisson
from evaluation.monitoring.small_areas.shrinkage import FEWEST_UNITS, shrink
from evaluation.places import ward_borders

_Floats: TypeAlias = NDArray[np.float64]

SHORTEST_BORDER_M = 150


def adjacency(
    units: Sequence[str], borders: Mapping[str, Mapping[str, int]] | None = None, min_border_m: int = SHORTEST_BORDER_M
) -> sparse.csr_array:
    """Return who borders on whom among units.

    Parameters
    ----------
    units : sequence of str
    borders : mapping, optional
        Unit to neighbour to metres of shared border; those of the city's wards where left out.
    min_border_m : int
        Shortest shared border that counts.

    Returns
    -------
    sparse array of shape (units, units)
        1 for neighbours, 0 on the diagonal; the same both ways.

    Raises
    ------
    ValueError
        If a unit is named twice, or `borders` does not know one.
    """
    known = ward_borders() if borders is None else borders
    place = {unit: i for i, unit in enumerate(units)}
    if len(place) < len(units):
        raise ValueError("Đơn vị bị lặp trong danh sách. / A unit is named twice.")
    if strange := [u for u in units if u not in known]:
        raise ValueError(f"Không rõ ranh giới của đơn vị {strange[0]!r}. / The borders of {strange[0]!r} are not known.")
    pairs = [(place[u], place[v]) for u in units for v, length in known[u].items() if v in place and length >= min_border_m]
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    return sparse.csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(units), len(units)))


@dataclass(frozen=True, eq=False)
class LocalShrinkage:
    """Reported values and values drawn towards each unit's neighbourhood, of shape (..., units).

    Attributes
    ----------
    value : ndarray
        Reported, count / exposure.
    estimate, low, high : ndarray
        Posterior mean and interval of the true value; NaN where a unit is not there.
    reliability : ndarray
        Weight of the unit's own value: 1 takes it as it is, 0 takes the neighbourhood's.
    local_mean : ndarray
        Pooled value of the unit and its neighbours; of all units where fewer than four of these are there.
    n : ndarray
        Units of the neighbourhood that are there.
    """

    value: _Floats
    estimate: _Floats
    low: _Floats
    high: _Floats
    reliability: _Floats
    local_mean: _Floats
    n: _Floats


def shrink_locally(
    counts: ArrayLike, exposure: ArrayLike, neighbours: sparse.csr_array, family: str = RATE, level: float = 0.95, plug_in: bool = False
) -> LocalShrinkage:
    """Return estimates drawn towards the value of each unit's own neighbourhood (itself and its neighbours).

    Parameters
    ----------
    counts : array_like of shape (..., units)
        Events; NaN where a unit did not report.
    exposure : array_like
        What each count is out of, of a shape that broadcasts with `counts`.
    neighbours : sparse array of shape (units, units)
        Of `adjacency`.
    family : {"rate", "share"}
    level : float
    plug_in : bool
        Marshall's estimator as published: level and spread of each neighbourhood by moments, taken as known. Its
        intervals are too narrow; for comparison with other programs.

    Returns
    -------
    LocalShrinkage
        A unit whose neighbourhood has fewer than four units that reported has the estimate of `shrinkage.shrink`, which
        draws towards all.

    Raises
    ------
    ValueError
        As in `shrinkage.shrink`, or if `neighbours` is not of the units' size.

    Notes
    -----
    Marshall takes the spread, too, from a handful of neighbours, and then mistakes chance for spread or for its absence.
    Unless told to do as he did, the level is local and the spread within neighbourhoods is one for all (Pearson's
    statistic over all neighbourhoods), and the error of the local level and of the spread (Morris) enter the interval.
    """
    whole = shrink(counts, exposure, family, level=level, plug_in=plug_in)
    k, size = broadcast(np.atleast_1d(floats(counts, "counts")), floats(exposure, "exposure"))
    if neighbours.shape != (k.shape[-1], k.shape[-1]):
        raise ValueError(
            f"Ma trận láng giềng có kích thước {neighbours.shape}, cần {k.shape[-1]} đơn vị. / "
            f"The neighbours are of shape {neighbours.shape}, {k.shape[-1]} units are needed."
        )
    there = ~np.isnan(whole.value)
    k, size = np.where(there, k, 0.0), np.where(there, size, 0.0)
    near = _Neighbourhoods.of(k, size, neighbours, family)
    use = there & (near.n >= FEWEST_UNITS) & (near.within > 0)
    mean = np.where(use, near.mean, 0.5)
    spread = np.where(use, near.marshall() if plug_in else near.pooled(use), 0.0)
    mixture = (GammaPoisson if family == RATE else BetaBinomial)(k, size, 0.0)
    estimate, variance, slope, kept = mixture.posterior(mean, spread)
    if not plug_in:
        away = kept * (np.divide(k, size, out=mean.copy(), where=size > 0) - mean)
        df = np.maximum(use.sum(axis=-1, keepdims=True) - 3, 1)
        variance = variance + slope**2 * near.link_error(spread, use) + 2 / df * away**2
    variance, tail = np.where(use, variance, 0.0), (1 - level) / 2
    parts = {"estimate": estimate, "reliability": 1 - kept}
    parts |= {"low": mixture.quantile(estimate, variance, tail), "high": mixture.quantile(estimate, variance, 1 - tail)}
    common = np.broadcast_to(np.asarray(whole.mean)[..., None], k.shape)
    return LocalShrinkage(
        value=whole.value,
        local_mean=np.where(use, near.mean, common),
        n=near.n,
        **{name: np.where(use, x, getattr(whole, name)) for name, x in parts.items()},
    )


@dataclass(frozen=True, eq=False)
class _Neighbourhoods:
    """Sums over each unit and its neighbours, of shape (..., units)."""

    family: str
    n: _Floats
    exposure: _Floats
    squares: _Floats
    mean: _Floats
    within: _Floats
    scatter: _Floats

    @classmethod
    def of(cls, k: _Floats, size: _Floats, neighbours: sparse.csr_array, family: str) -> _Neighbourhoods:
        itself = (neighbours + sparse.eye_array(k.shape[-1], format="csr")).T.tocsr()

        def summed(x: _Floats) -> _Floats:
            return np.asarray(x.reshape(-1, x.shape[-1]) @ itself).reshape(x.shape)

        n, whole, events = summed((size > 0).astype(float)), summed(size), summed(k)
        own = np.divide(k * k, size, out=np.zeros(k.shape), where=size > 0)
        mean = np.divide(events, whole, out=np.zeros(k.shape), where=whole > 0)
        scatter = np.maximum(summed(own) - mean * events, 0.0)
        return cls(family, n, whole, summed(size**2), mean, mean if family == RATE else mean * (1 - mean), scatter)

    def marshall(self) -> _Floats:
        """Return the spread of each neighbourhood by itself, as Marshall has it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = self.n / self.exposure
            if self.family == RATE:
                spread = (self.scatter / self.exposure - self.mean * parts) / self.mean**2
            else:
                between = np.clip((self.scatter / self.exposure - self.within * parts) / (1 - parts), 0, 0.999 * self.within)
                spread = between / (self.within - between)
        return np.where(np.isfinite(spread), np.maximum(spread, 0.0), 0.0)

    def pooled(self, use: NDArray[np.bool_]) -> _Floats:
        """Return one spread for all neighbourhoods, of shape (..., 1)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = self.scatter / self.within - (self.n - 1)
            room = self.exposure - self.squares / self.exposure
            room = room * self.mean if self.family == RATE else room - (self.n - 1)
        seen = [np.where(use, x, 0.0).sum(axis=-1, keepdims=True) for x in (excess, room)]
        found = np.divide(seen[0], seen[1], out=np.zeros(seen[0].shape), where=seen[1] > 0)
        return np.maximum(found, 0.0) if self.family == RATE else _odds(np.clip(found, 0.0, 0.999))

    def link_error(self, spread: _Floats, use: NDArray[np.bool_]) -> _Floats:
        """Return the variance of the local level on the log or logit scale."""
        with np.errstate(divide="ignore", invalid="ignore"):
            uneven = self.squares / self.exposure**2
            if self.family == RATE:
                error = spread * uneven + 1 / (self.mean * self.exposure)
            else:
                error = (1 / self.exposure + spread / (1 + spread) * (uneven - 1 / self.exposure)) / self.within
        return np.where(use, error, 0.0)


def _odds(share: _Floats) -> _Floats:
    return np.asarray(share / (1 - share))
