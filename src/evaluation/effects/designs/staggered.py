"""Callaway-Sant'Anna: units that start at different times, each group compared with units that have not started.

Done here and not by a library, since calibration asks for it many thousands of
times and effects by calendar period are wanted too.

References
----------
Callaway, Sant'Anna 2021, Journal of Econometrics 225:200-230. Sant'Anna, Zhao
2020, Journal of Econometrics 219:101-122 (doubly robust). Goodman-Bacon 2021,
Journal of Econometrics 225:254-277 (what two-way fixed effects do there).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.estimable import estimable
from evaluation.effects.designs.group_time import NEVER, NOT_YET, UNIVERSAL, VARYING, WAYS, GroupTime, group_time, tables
from evaluation.effects.matrix import HALF, LOGS, Floats, Matrix, NotEnough
from evaluation.language import Words

METHODS = ("dr", "ipw", "reg")
UNLIKE = Words(
    "Không đơn vị so sánh nào có các biến giải thích giống đơn vị thí điểm; hãy bỏ bớt biến giải thích.",
    "No comparison unit has covariates like those of the treated units; leave some covariates out.",
)


@dataclass(frozen=True)
class _Options:
    comparison: str
    covariates: tuple[str, ...]
    method: str
    base: str
    overall: str


def callaway_santanna(
    comparison: str = NEVER,
    covariates: Sequence[str] = (),
    method: str = "dr",
    base: str = VARYING,
    overall: str = "simple",
) -> Design:
    """Return the design of Callaway and Sant'Anna (2021).

    Parameters
    ----------
    comparison : {"never_treated", "not_yet_treated"}
        Whom the treated are compared with; "not_yet_treated" adds treated
        units until they start (with anticipation).
    covariates : sequence of str
        Names of the study's covariates, as they stood in the period that a
        cell is compared with; none gives differences of means.
    method : {"dr", "ipw", "reg"}
        With covariates: doubly robust, weighting, or outcome regression.
    base : {"varying", "universal"}
        What the periods before a start are compared with in the tables: the
        period just before each, or the last one before the start.
    overall : {"simple", "group", "dynamic", "calendar"}
        The estimate: mean over cells treated in full by size of group, over
        groups, over time since the start, or over periods.

    Raises
    ------
    ValueError
        If an option has another value.

    Notes
    -----
    Counts and rates are taken in logs with half an event added: effects are
    ratios. A unit counts in a cell where it reported both of its periods.
    `Fit.details` has the frames "group_time", "by_event_time", "by_group",
    "by_period" and "overall" (all four ways), and "event_covariance"; standard
    errors come from influence functions and are missing where a group has one
    unit. `Fit.gap` takes the last period before each unit's start and
    anticipation as reference; from the first start on it is the mean over units
    that have started.
    """
    for name, value, known in (
        ("comparison", comparison, (NEVER, NOT_YET)),
        ("method", method, METHODS),
        ("base", base, (VARYING, UNIVERSAL)),
        ("overall", overall, WAYS),
    ):
        if value not in known:
            raise ValueError(f"{name}={value!r}: {', '.join(known)}.")
    names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    options = _Options(comparison, names, method, base, overall)

    def fit(panel: Matrix) -> Fit:
        return _staggered(panel, options)

    def each(panel: Matrix, placebos: Sequence[Sequence[int]]) -> list[Fit]:
        return _each(panel, placebos, options)

    never = comparison == NEVER
    return Design(
        id="cs",
        name=Words("Callaway và Sant'Anna", "Callaway-Sant'Anna"),
        method=Words(
            "Tác động theo nhóm và kỳ của Callaway và Sant'Anna (2021), so với đơn vị "
            + ("không can thiệp" if never else "chưa can thiệp")
            + (f", điều chỉnh theo {', '.join(names)}." if names else "."),
            "Group-time effects of Callaway and Sant'Anna (2021), against units "
            + ("never treated" if never else "not yet treated")
            + (f", adjusted for {', '.join(names)}." if names else "."),
        ),
        fit=fit,
        assumptions=(
            Words(
                "Nếu không có mô hình, mỗi nhóm đơn vị thí điểm sẽ thay đổi như các đơn vị so sánh"
                + (" có cùng đặc điểm (xu hướng song song có điều kiện)." if names else " (xu hướng song song)."),
                "Without the pilot, each group of its units would have moved as the comparison units did"
                + (" that have the same characteristics (conditional parallel trends)." if names else " (parallel trends)."),
            ),
        ),
        logs=LOGS,
        staggered=True,
        calibrated_as="cs" if names else "",
        each=None if names else each,
    )


def _scale(panel: Matrix) -> Floats:
    """Return the outcome on the scale on which effects add; a unit that never saw an event has none in logs."""
    if panel.measure not in LOGS:
        return panel.y
    seen = np.isfinite(panel.top) & np.isfinite(panel.bottom) & (panel.bottom > 0)
    some = (np.where(seen, panel.top, 0.0).sum(1) > 0)[:, None]
    return np.log(np.where(seen & some, panel.top + HALF, np.nan)) - np.log(np.where(seen & some, panel.bottom, np.nan))


def _staggered(panel: Matrix, options: _Options) -> Fit:
    rows = np.flatnonzero(panel.treated)
    if (panel.first[rows] - panel.anticipation < 1).all():
        raise NotEnough(
            "Không đơn vị nào có kỳ trước khi bắt đầu (đã trừ kỳ chuẩn bị); hãy thêm kỳ trước. / "
            "No unit has a period before its start and anticipation; add earlier periods."
        )
    y = _scale(panel)
    x = _covariates(panel, options.covariates)

    def found_against(base: str) -> GroupTime:
        return group_time(y, panel.first, panel.anticipation, panel.phase_in, options.comparison, base, x, options.method)

    found = found_against(options.base)
    more = tables(found, panel.periods)
    value, influence = found.together(options.overall)[1]
    error = float(found.errors(influence)) if influence is not None and (found.counts() > 1).all() else None
    gaps = _gaps(y, panel, found_against(UNIVERSAL))
    gap, observed, expected = _read(panel, gaps)
    weights = np.where(panel.treated, 0.0, 1 / max(1, int((~panel.treated).sum())))
    details = {**more, "comparison": options.comparison, "overall_way": options.overall}
    fit = Fit(gap, observed, expected, value, weights, error, details)
    return estimable(panel, fit, UNLIKE) if options.covariates else estimable(panel, fit)


def _each(panel: Matrix, placebos: Sequence[Sequence[int]], options: _Options) -> list[Fit]:
    """Fit placebos, which all start at once: one group, whose effects are means over its periods in every way."""
    start = int(panel.first.min())
    last = start - panel.anticipation - 1
    donors = np.flatnonzero(~panel.treated)
    alone = panel.without(np.flatnonzero(panel.treated).tolist())
    y = _scale(alone)
    after = np.arange(y.shape[1]) >= start + panel.phase_in
    place = np.full(len(panel.units), -1)
    place[donors] = np.arange(len(donors))
    change = y - y[:, last : last + 1] if last >= 0 else np.full_like(y, np.nan)
    known = np.isfinite(change)
    whole = np.where(known, change, 0.0)
    total, told = whole.sum(0), known.sum(0)
    fits = []
    for some in placebos:
        chosen = place[list(some)]
        n, others = known[chosen].sum(0), told - known[chosen].sum(0)
        own = whole[chosen].sum(0)
        there = (n > 0) & (others > 0)
        control = np.where(there, (total - own) / np.maximum(others, 1), np.nan)
        effect = np.where(there, own / np.maximum(n, 1) - control, np.nan)
        late = there & after
        value = float(effect[late].mean()) if late.any() else float("nan")
        one = alone.as_if(chosen.tolist(), start)
        gap, observed, expected = _read(one, change[chosen] - control)
        weights = np.where(one.treated, 0.0, 1 / max(1, len(donors) - len(chosen)))
        fits.append(Fit(gap, observed, expected, value, weights))
    return fits


def _gaps(y: Floats, panel: Matrix, found: GroupTime) -> Floats:
    """Return each treated unit's change since the last period before its start less what the comparison units tell of it.

    Shape: treated units x periods; the effect of each group is the mean of its units' gaps.
    """
    rows = np.flatnonzero(panel.treated)
    gaps = np.full((len(rows), y.shape[1]), np.nan)
    first = panel.first[rows]
    for g in np.unique(found.group):
        mine, last = first == g, int(g) - panel.anticipation - 1
        gaps[mine, last] = np.where(np.isfinite(y[rows[mine], last]), 0.0, np.nan)
    for g, t, effect in zip(found.group, found.period, found.effect, strict=True):
        mine = first == g
        change = y[rows[mine], t] - y[rows[mine], int(g) - panel.anticipation - 1]
        known = np.isfinite(change)
        if known.any() and np.isfinite(effect):
            gaps[mine, t] = change - change[known].mean() + effect
    return gaps


def _read(panel: Matrix, gaps: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the gap by period, and what was observed and expected of all treated units on the outcome's own scale.

    From the first start on the gap is the mean over units that have started,
    and those that have not are expected to be as observed.
    """
    rows = panel.treated
    at, first = np.arange(gaps.shape[1])[None], panel.first[rows][:, None]
    known = np.isfinite(gaps)
    begun = known & ((at >= first) | (at < first.min()))
    some, n = known.any(0), begun.sum(0)
    gap = np.where(n > 0, np.where(begun, gaps, 0.0).sum(0) / np.maximum(n, 1), np.nan)
    away = np.where(begun, gaps, 0.0)
    if panel.measure not in LOGS:
        size = np.maximum(known.sum(0), 1)
        own = np.where(some, np.where(known, panel.y[rows], 0.0).sum(0) / size, np.nan)
        return gap, own, own - away.sum(0) / size
    top = np.where(known, panel.top[rows], 0.0)
    likely = np.where(known, (top + HALF) * np.exp(-away), 0.0)
    people = np.where(known, panel.bottom[rows], 0.0).sum(0) if panel.measure == "rate" else np.ones(gaps.shape[1])
    people = np.where(some, people, np.nan)
    return gap, top.sum(0) / people, likely.sum(0) / people


def _covariates(panel: Matrix, names: tuple[str, ...]) -> Floats | None:
    if not names:
        return None
    missing = [n for n in names if n not in panel.covariate_names]
    if missing or panel.covariates is None:
        raise NotEnough(
            f"Bảng không có biến {', '.join(missing or names)}; có: {', '.join(panel.covariate_names) or '—'}. / "
            f"The study has no covariate {', '.join(missing or names)}; it has: {', '.join(panel.covariate_names) or 'none'}."
        )
    return panel.covariates[[panel.covariate_names.index(n) for n in names]]


CALLAWAY_SANTANNA = callaway_santanna()
