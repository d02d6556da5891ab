"""Synthetic difference-in-differences: donors and periods weighted so that before the start all moved in parallel.

Weights of donors make their mix parallel to the treated units' mean before the start, a ridge keeping them spread;
weights of periods make the mix of periods before like the mean of those after, among the donors; the estimate is the
difference-in-differences with both. The weights are the exact minimisers. The published software steps towards them and
stops after 10,000 steps, above the donors' minimum: by 1e-4 of the estimate on Proposition 99, by some per cent of the
weights with hundreds of donors. With `solver="published"` diff-diff's steps are taken, for published numbers to the last
digit.

References
----------
Arkhangelsky, Athey, Hirshberg, Imbens, Wager 2021, American Economic Review 111:4088-4118 (algorithm 1; placebo
variance: algorithm 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluation.effects.design import Design, Fit, no_fit
from evaluation.effects.designs.synthetic.courses import read_courses
from evaluation.effects.designs.synthetic.pool import Pool, pooled, pooled_all
from evaluation.effects.designs.synthetic.simplex import nearest, ridge
from evaluation.effects.matrix import LOGS, Flags, Floats, Matrix, NotEnough, one_start
from evaluation.language import Words

Solver = Literal["exact", "published"]
SOLVERS = ("exact", "published")
# The ridge of period weights, and the stop of the published steps, in noise levels.
PERIOD_RIDGE, STOP = 1e-6, 1e-5
# Donors a period up to which the published steps are faster by inner products of donors.
DONORS_A_PERIOD = 2


def synthetic_did(solver: Solver = "exact") -> Design:
    """Return the design with its own options.

    Parameters
    ----------
    solver : {"exact", "published"}
        Exact minimisers, or the steps and the stop of the published software,
        by diff-diff (slow with hundreds of donors).

    Raises
    ------
    ValueError
        If there is no such solver.
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver={solver!r}: có / there are: {', '.join(SOLVERS)}.")

    def fit(panel: Matrix) -> Fit:
        before, after = one_start(panel)
        pool = pooled(panel)
        return _fits(panel, pool, [(np.flatnonzero(panel.treated), pool.donors)], before, after, solver, [panel])[0]

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        return _each(panel, placebos, solver)

    return Design(
        id="sdid",
        name=Words("Sai biệt kép tổng hợp", "Synthetic difference-in-differences"),
        method=Words(
            "Sai biệt kép tổng hợp: đơn vị so sánh và kỳ có trọng số để song song với đơn vị thí điểm trước khi bắt đầu "
            "(Arkhangelsky và cộng sự 2021).",
            "Synthetic difference-in-differences: donors and periods weighted to be parallel to the pilot's unit before the start "
            "(Arkhangelsky et al. 2021).",
        ),
        fit=fit,
        assumptions=ASSUMPTIONS,
        logs=LOGS,
        each=each,
    )


ASSUMPTIONS = (
    Words(
        "Tổ hợp có trọng số của các đơn vị so sánh sẽ đi song song với đơn vị thí điểm nếu không có mô hình.",
        "The weighted mix of comparison units would have run parallel to the pilot's unit without the pilot.",
    ),
)


@dataclass(frozen=True, eq=False)
class PlaceboVariance:
    """Estimates for drawn sets of donors as if they had been treated.

    Attributes
    ----------
    estimate : float
        Of the truly treated units, as the design's own fit gives it.
    standard_error : float
        Their standard deviation: what chance alone does to such an estimate
        where treated units vary as donors do.
    estimates : ndarray of shape (replications,)
    distinct : int
        Different sets among them.
    """

    estimate: float
    standard_error: float
    estimates: Floats
    distinct: int


def placebo_variance(
    panel: Matrix, replications: int = 200, rng: np.random.Generator | None = None, solver: Solver = "exact"
) -> PlaceboVariance:
    """Return the placebo variance of the estimate (algorithm 4 of the paper).

    Parameters
    ----------
    panel : Matrix
        With its truly treated units, which take no part.
    replications : int
        Sets of as many donors as units are treated; each drawn anew. A set
        that comes again is not fitted again.
    rng : Generator, optional
    solver : {"exact", "published"}
        As in `synthetic_did`; the published steps begin with the weights of
        the true fit, and both keep its ridge.

    Raises
    ------
    NotEnough
        If there are not more donors than treated units.
    ValueError
        If fewer than two replications are asked for.
    """
    if replications < 2:
        raise ValueError(f"replications={replications}: cần từ 2. / At least 2 are needed.")
    before, after = one_start(panel)
    pool = pooled(panel)
    treated = np.flatnonzero(panel.treated)
    if len(pool.donors) <= len(treated):
        raise NotEnough(
            "Phương sai giả dược cần nhiều đơn vị so sánh hơn đơn vị can thiệp. / "
            "Placebo variance needs more comparison units than treated units."
        )
    draw = rng if rng is not None else np.random.default_rng(0)
    own = _Problem.of(pool, treated, pool.donors, before, after)
    start = _weights([own], solver)[0]
    sets = [tuple(sorted(draw.permutation(len(pool.donors))[-len(treated) :].tolist())) for _ in range(replications)]
    different = sorted(set(sets))
    problems, warm = [], []
    for chosen in different:
        others = np.delete(np.arange(len(pool.donors)), chosen)
        problems.append(_Problem.of(pool, pool.donors[list(chosen)], pool.donors[others], before, after, own.ridge, own.noise))
        warm.append((_renormalised(start[0][others]), start[1]))
    found = dict(zip(different, (p.estimate(*w) for p, w in zip(problems, _weights(problems, solver, warm), strict=True)), strict=True))
    estimates = np.array([found[s] for s in sets])
    return PlaceboVariance(own.estimate(*start), float(estimates.std()), estimates, len(different))


@dataclass(frozen=True, eq=False)
class _Problem:
    """One fit: the treated units' mean course, the donors', and the periods used.

    Attributes
    ----------
    own : ndarray of shape (periods,)
    others : ndarray of shape (donors, periods)
    donors : ndarray of int
    early, late : ndarray of bool, shape (periods,)
    noise : float
        Standard deviation of the donors' changes from one period to the next before the start.
    ridge : float
        Of the donors' weights, before it is multiplied by the number of periods.
    """

    own: Floats
    others: Floats
    donors: np.ndarray[Any, np.dtype[np.int64]]
    early: Flags
    late: Flags
    noise: float
    ridge: float

    @classmethod
    def of(
        cls,
        pool: Pool,
        treated: np.ndarray[Any, np.dtype[np.int64]],
        donors: np.ndarray[Any, np.dtype[np.int64]],
        before: Flags,
        after: Flags,
        ridge: float | None = None,
        noise: float | None = None,
    ) -> _Problem:
        """Return the problem of some units against others, over periods that all of the former reported."""
        known = pool.told & pool.seen[treated].all(axis=0)
        early, late = before & known, after & known
        if not early.any() or not late.any():
            raise NotEnough(
                "Không có kỳ nào trước hoặc sau khi bắt đầu mà mọi đơn vị can thiệp đều báo cáo. / "
                "There is no period before, or none after the start that all treated units reported."
            )
        own, others = pool.z[treated].mean(axis=0), pool.z[donors]
        if noise is None:
            changes = np.diff(others[:, early], axis=1)
            noise = float(changes.std(ddof=1)) if changes.size > 1 else 0.0
        strength = ridge if ridge is not None else (len(treated) * int(late.sum())) ** 0.5 * noise**2
        return cls(own, others, donors, early, late, noise, strength)

    @property
    def penalty(self) -> float:
        return float(self.early.sum()) * self.ridge

    @property
    def period_penalty(self) -> float:
        return len(self.others) * (PERIOD_RIDGE * self.noise) ** 2

    def unit_side(self) -> tuple[Floats, Floats]:
        """Return the donors' courses before the start, (periods, donors), and the treated one, each less its mean."""
        x, y = self.others[:, self.early], self.own[self.early]
        return (x - x.mean(axis=1, keepdims=True)).T, y - y.mean()

    def period_side(self) -> tuple[Floats, Floats]:
        """Return the periods before the start, (donors, periods), and the mean of those after, each less its mean over donors."""
        x, y = self.others[:, self.early], self.others[:, self.late].mean(axis=1)
        return x - x.mean(axis=0), y - y.mean()

    def gap(self, unit: Floats, period: Floats) -> Floats:
        """Return the treated mean less the mix of donors, less what it was over the weighted periods before."""
        apart = self.own - unit @ self.others
        return np.asarray(apart - period @ apart[self.early])

    def estimate(self, unit: Floats, period: Floats) -> float:
        return float(self.gap(unit, period)[self.late].mean())


Pair = tuple[Floats, Floats]


def _renormalised(w: Floats) -> Floats:
    return w / w.sum() if w.sum() > 0 else np.full(len(w), 1 / len(w))


def _weights(problems: Sequence[_Problem], solver: Solver, start: Sequence[Pair] | None = None) -> list[Pair]:
    """Return donor and period weights of each problem."""
    if solver == "exact":
        return [(_exact_unit(p), _exact_period(p)) for p in problems]
    begin: Sequence[Pair | None] = [None] * len(problems) if start is None else start
    return [_published(p, b) for p, b in zip(problems, begin, strict=True)]


def _published(problem: _Problem, start: Pair | None) -> Pair:
    """Return the weights of the published steps and stop, from given ones on if there are any.

    diff-diff steps by inner products of donors where there are more periods
    than donors. Up to `DONORS_A_PERIOD` donors a period that is the faster way too, so
    periods of zeros are added: they leave the steps as they are, but ridge
    and stop are per period.
    """
    from diff_diff.utils import compute_sdid_unit_weights, compute_time_weights

    early, late = problem.others[:, problem.early].T, problem.others[:, problem.late].T
    unit_start, period_start = (None, None) if start is None else start
    stop = STOP * problem.noise
    courses, course = problem.unit_side()
    periods, donors = courses.shape
    added = donors + 1 - periods if periods <= donors <= DONORS_A_PERIOD * periods else 0
    courses, course = np.vstack([courses, np.zeros((added, donors))]), np.append(course, np.zeros(added))
    root = (periods / (periods + added)) ** 0.5
    unit = compute_sdid_unit_weights(
        courses, course, root * problem.ridge**0.5, intercept=False, min_decrease=root * stop, init_weights=unit_start
    )
    period = compute_time_weights(early, late, PERIOD_RIDGE * problem.noise, min_decrease=stop, init_weights=period_start)
    return np.asarray(unit, dtype=float), np.asarray(period, dtype=float)


def _exact_unit(problem: _Problem) -> Floats:
    a, b = problem.unit_side()
    if problem.penalty <= 1e-14 * max(1e-300, float(np.abs(a).max(initial=0.0)) ** 2):
        return nearest(a, b).w
    return ridge(a, b, problem.penalty).w


def _exact_period(problem: _Problem) -> Floats:
    a, b = problem.period_side()
    n = a.shape[1]
    if len(a) > n + 1:  # the same problem in as few rows as may be
        a, b = (r := np.linalg.qr(np.column_stack([a, b]))[1])[:, :n], r[:, n]
    root = np.sqrt(problem.period_penalty)
    return nearest(np.vstack([a, root * np.eye(n)]), np.concatenate([b, np.zeros(n)])).w


def _fits(
    panel: Matrix,
    pool: Pool,
    sets: Sequence[tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.int64]]]],
    before: Flags,
    after: Flags,
    solver: Solver,
    matrices: Sequence[Matrix],
) -> list[Fit]:
    """Return the fit of each set of treated units and donors; `matrices` are the panels in which they are treated."""
    problems: list[_Problem | None] = []
    for treated, donors in sets:
        try:
            problems.append(_Problem.of(pool, treated, donors, before, after))
        except NotEnough:
            if len(sets) == 1:
                raise
            problems.append(None)
    solved = iter(_weights([p for p in problems if p is not None], solver))
    fits = []
    for (treated, _), problem, other in zip(sets, problems, matrices, strict=True):
        if problem is None:
            fits.append(no_fit(other))
            continue
        unit, period = next(solved)
        gap = problem.gap(unit, period)
        weights = np.zeros(len(panel.units))
        weights[problem.donors] = unit
        order = np.concatenate([treated, np.setdiff1d(np.arange(len(panel.units)), treated)])
        details = {
            "period_weights": {t: float(x) for t, x in zip(np.array(panel.periods, dtype=object)[problem.early], period, strict=True)},
            "ridge": problem.ridge,
            "missing": pool.missing,
            "donors_left_out": pool.left_out,
            "matched_periods": int(problem.early.sum()),
        }
        fit = read_courses(other, pool.z[treated] - gap, weights[order], details, pool.told)
        fits.append(Fit(fit.gap, fit.observed, fit.counterfactual, problem.estimate(unit, period), fit.weights, None, fit.details))
    return fits


def _each(panel: Matrix, placebos: Sequence[Sequence[int]], solver: Solver) -> list[Fit]:
    """Fit every placebo; the donors' holes are filled once for all of them."""
    at = np.arange(len(panel.periods))
    start = int(panel.first.min())
    before, after = at < start - panel.anticipation, at >= start + panel.phase_in
    donors = np.flatnonzero(~panel.treated)
    alone = panel.without(np.flatnonzero(panel.treated).tolist())
    pool = pooled_all(alone, start)
    place = np.full(len(panel.units), -1)
    place[donors] = np.arange(len(donors))
    sets = [(place[list(chosen)], np.setdiff1d(pool.donors, place[list(chosen)])) for chosen in placebos]
    if any(not len(rest) for _, rest in sets):
        return [no_fit(panel.as_if(chosen)) for chosen in placebos]
    return _fits(alone, pool, sets, before, after, solver, [panel.as_if(chosen) for chosen in placebos])


SYNTHETIC_DID = synthetic_did()
