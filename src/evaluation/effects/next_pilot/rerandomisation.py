"""Which units: drawn at random within strata, and drawn again until levels and trends are balanced.

References
----------
Morgan, Rubin 2012, Annals of Statistics 40:1263-1282 (rerandomisation by the
Mahalanobis distance; analysis by randomisation over the accepted assignments).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.matrix import Flags, Floats, NotEnough

ACCEPTANCE = 0.10
CALIBRATING = 2000  # draws from which the threshold is read, and at least so many that 200 of them are accepted
ACCEPTED_IN_IT = 200
BATCH = 2000
MOST_BATCHES = 500


@dataclass(frozen=True, eq=False)
class Assignments:
    """Accepted assignments: what randomisation inference afterwards ranks the pilot among.

    Attributes
    ----------
    chosen : ndarray of bool, shape (count, units)
    distance : ndarray of shape (count,)
        Mahalanobis distance of each.
    threshold : float
        Largest distance that is accepted.
    tried : int
        How many were drawn until so many were accepted.
    acceptance : float
        Part of all assignments that is accepted, as asked.
    seed : int
        The same seed, units and count give the same assignments.
    """

    chosen: Flags
    distance: Floats
    threshold: float
    tried: int
    acceptance: float
    seed: int

    @property
    def accepted(self) -> float:
        """Part of what was drawn that was accepted."""
        return len(self.chosen) / self.tried


def rerandomise(
    balanced: Floats,
    strata: Sequence[str],
    k: int,
    *,
    seed: int,
    count: int = 1000,
    acceptance: float = ACCEPTANCE,
    bordering: Flags | None = None,
) -> Assignments:
    """Return accepted assignments of `k` units.

    Parameters
    ----------
    balanced : ndarray of shape (units, covariates)
    strata : sequence of str
        Stratum of each unit; each gives its part of the `k`, what is left over by lot.
    k : int
    seed, count : int
    acceptance : float
        Part of assignments to be accepted: the smaller, the better the
        balance and the fewer assignments are left for inference.
    bordering : ndarray of bool, shape (units, units), optional
        Units that are never picked together.

    Raises
    ------
    NotEnough
        If there are too few units, or the map leaves next to no assignment.
    ValueError
        If the acceptance probability does not lie above 0 and up to 1.
    """
    n = len(balanced)
    if not 0 < acceptance <= 1:
        raise ValueError(f"acceptance={acceptance}: trong (0; 1]. / must lie above 0 and up to 1.")
    if not 1 <= k <= n // 2:
        raise NotEnough(f"Chọn {k} trong {n} đơn vị: từ 1 đến {n // 2}. / Picking {k} of {n} units: 1 to {n // 2} can be.")
    rng = np.random.default_rng([seed, k])
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(_standardised(balanced), rowvar=False)))
    codes = np.unique(np.asarray(strata), return_inverse=True)[1]

    def batch(size: int) -> tuple[Flags, Floats]:
        seats = _seats(codes, k, size, rng)
        keys = rng.random((size, n))
        drawn = _seated(codes, seats, keys) if bordering is None else _apart(codes, seats, keys, bordering)
        return drawn, mahalanobis(_standardised(balanced), drawn, inverse)

    reading = max(CALIBRATING, int(ACCEPTED_IN_IT / acceptance))
    _, first = batch(reading)
    if len(first) < reading / 200:
        raise NotEnough(
            f"Hầu như không thể chọn {k} đơn vị không giáp nhau; hãy chọn ít hơn. / "
            f"Next to no choice of {k} units that do not border each other is left; pick fewer."
        )
    threshold = float(np.quantile(first, acceptance))
    kept: list[Flags] = []
    far: list[Floats] = []
    tried = got = 0
    for _ in range(MOST_BATCHES):
        drawn, distance = batch(BATCH)
        good = np.flatnonzero(distance <= threshold)[: count - got]
        tried += len(drawn) if got + len(good) < count else int(good[-1]) + 1
        kept.append(drawn[good])
        far.append(distance[good])
        got += len(good)
        if got >= count:
            break
    return Assignments(np.concatenate(kept), np.concatenate(far), threshold, tried, acceptance, seed)


def mahalanobis(balanced: Floats, chosen: Flags, inverse: Floats) -> Floats:
    """Return the distance of the chosen units' means from the others', in units of its covariance under complete randomisation.

    Parameters
    ----------
    balanced : ndarray of shape (units, covariates)
    chosen : ndarray of bool, shape (assignments, units)
    inverse : ndarray of shape (covariates, covariates)
        Of the covariates' covariance.
    """
    k = chosen.sum(1, keepdims=True)
    n = chosen.shape[1]
    apart = chosen @ balanced / k - ~chosen @ balanced / (n - k)
    return np.asarray(np.einsum("rp,pq,rq->r", apart, inverse, apart) * (k * (n - k) / n)[:, 0])


def differences(balanced: Floats, chosen: Flags) -> Floats:
    """Return standardised mean differences, chosen less others, by assignment and covariate."""
    z = _standardised(balanced)
    k = chosen.sum(1, keepdims=True)
    return np.asarray(chosen @ z / k - ~chosen @ z / (chosen.shape[1] - k))


def _standardised(x: Floats) -> Floats:
    spread = x.std(0, ddof=1)
    return np.asarray((x - x.mean(0)) / np.where(spread > 0, spread, 1.0))


def _seats(codes: NDArray[np.int64], k: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many each stratum gives, by assignment: its whole part of `k`, the rest by lot among strata by what is left over."""
    count = np.bincount(codes)
    part = k * count / count.sum()
    whole = np.floor(part + 1e-9).astype(int)
    rest = k - int(whole.sum())
    seats = np.broadcast_to(whole, (size, len(count))).copy()
    if rest:
        left = np.maximum(part - whole, 0.0)
        lot = np.where(left > 1e-9, rng.random((size, len(count))) ** (1 / np.maximum(left, 1e-9)), -1.0)
        seats[np.arange(size)[:, None], np.argsort(-lot, axis=1)[:, :rest]] += 1
    return seats


def _seated(codes: NDArray[np.int64], seats: NDArray[np.int64], keys: Floats) -> Flags:
    """Return assignments: in each stratum the units with the smallest keys."""
    chosen = np.zeros(keys.shape, bool)
    for s in range(seats.shape[1]):
        members = np.flatnonzero(codes == s)
        rank = np.argsort(np.argsort(keys[:, members], axis=1), axis=1)
        chosen[:, members] = rank < seats[:, [s]]
    return chosen


def _apart(codes: NDArray[np.int64], seats: NDArray[np.int64], keys: Floats, bordering: Flags) -> Flags:
    """Return assignments one unit after the other by its key, leaving out those beside one chosen; those that fill all seats."""
    size = len(keys)
    rows = np.arange(size)
    left, blocked, chosen = seats.copy(), np.zeros(keys.shape, bool), np.zeros(keys.shape, bool)
    for unit in np.argsort(keys, axis=1).T:
        taken = ~blocked[rows, unit] & (left[rows, codes[unit]] > 0)
        chosen[rows, unit] = taken
        left[rows, codes[unit]] -= taken
        blocked |= bordering[unit] & taken[:, None]
    return np.asarray(chosen[(left == 0).all(1)])
