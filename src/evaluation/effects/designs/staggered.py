"""Callaway-Sant'Anna: units that start at different times, each group compared with units that have not started.

Without covariates the estimator is a set of differences of means, and is done
here, since calibration asks for it again and again; with covariates it is
`diff_diff`'s, doubly robust.

References
----------
Callaway, Sant'Anna 2021, Journal of Econometrics 225:200-230. Sant'Anna, Zhao
2020, Journal of Econometrics 219:101-122 (doubly robust). Goodman-Bacon 2021,
Journal of Econometrics 225:254-277 (what two-way fixed effects do there).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.group_time import NEVER, NOT_YET, UNIVERSAL, VARYING, WAYS, GroupTime, group_time, tables
from evaluation.effects.matrix import Flags, Floats, Matrix, NotEnough
from evaluation.language import Words

HALF = 0.5
LOGS = frozenset({"count", "rate"})
METHODS = ("dr", "ipw", "reg")


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
        group is compared with; none gives differences of means.
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
    anticipation as reference.
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
    if options.covariates:
        found, more, error = _adjusted(panel, y, options)
    else:
        found = group_time(y, panel.first, panel.anticipation, panel.phase_in, options.comparison, options.base)
        more, error = tables(found, panel.periods), None
    value, influence = found.together(options.overall)[1]
    if influence is not None and (found.counts() > 1).all():
        error = float(found.errors(influence))
    gaps = _gaps(y, panel, options.comparison)
    gap, observed, expected = _read(panel, gaps)
    weights = np.where(panel.treated, 0.0, 1 / max(1, int((~panel.treated).sum())))
    details = {**more, "comparison": options.comparison, "overall_way": options.overall}
    return Fit(gap, observed, expected, value, weights, error, details)


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


def _gaps(y: Floats, panel: Matrix, comparison: str) -> Floats:
    """Return each treated unit's change since the last period before its start less the comparison units' (treated units x periods)."""
    rows = np.flatnonzero(panel.treated)
    gaps = np.full((len(rows), y.shape[1]), np.nan)
    at = np.arange(y.shape[1])
    for g in np.unique(panel.first[rows]):
        last = int(g) - panel.anticipation - 1
        if last < 0:
            continue
        change = y - y[:, last : last + 1]
        others: Flags = np.broadcast_to(~panel.treated[:, None], y.shape)
        if comparison == NOT_YET:
            others = others | ((panel.first[:, None] > np.maximum(at, last)[None] + panel.anticipation) & (panel.first != g)[:, None])
        use = others & np.isfinite(change)
        n = use.sum(0)
        control = np.where(n > 0, np.where(use, change, 0.0).sum(0) / np.maximum(n, 1), np.nan)
        mine = panel.first[rows] == g
        gaps[mine] = change[rows][mine] - control
    return gaps


def _read(panel: Matrix, gaps: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean gap, and what was observed and expected on the outcome's own scale, of the treated units with a gap."""
    known = np.isfinite(gaps)
    n = known.sum(0)
    some = n > 0
    share = np.maximum(n, 1)
    gap = np.where(some, np.where(known, gaps, 0.0).sum(0) / share, np.nan)
    rows = panel.treated
    if panel.measure not in LOGS:
        own = np.where(some, np.where(known, panel.y[rows], 0.0).sum(0) / share, np.nan)
        return gap, own, own - gap
    top = np.where(known, panel.top[rows], 0.0)
    likely = np.where(known, (top + HALF) * np.exp(-np.where(known, gaps, 0.0)), 0.0)
    people = np.where(known, panel.bottom[rows], 0.0).sum(0) if panel.measure == "rate" else np.ones(len(n))
    people = np.where(some, people, np.nan)
    return gap, top.sum(0) / people, likely.sum(0) / people


def _adjusted(panel: Matrix, y: Floats, options: _Options) -> tuple[GroupTime, dict[str, Any], float | None]:
    """Return group-time effects adjusted for covariates, their tables, and the standard error of the simple mean."""
    import pandas as pd
    from diff_diff import CallawaySantAnna

    data = _frame(panel, y, options.covariates)
    with warnings.catch_warnings(record=True, action="always") as heard:
        try:
            fit = CallawaySantAnna(
                control_group=options.comparison,
                anticipation=panel.anticipation,
                estimation_method=options.method,
                base_period=options.base,
                pscore_fallback="error",
            ).fit(data, outcome="y", unit="unit", time="period", first_treat="first", covariates=list(options.covariates))
        except ValueError as why:
            raise NotEnough(
                f"Không ước lượng được với các biến {', '.join(options.covariates)} ({why}); hãy bỏ bớt biến hoặc dùng method='reg'. / "
                f"There is no estimate with these covariates; leave some out or use method='reg'."
            ) from why
        cells = fit.to_dataframe().query("effect.notna()")
        dynamic = fit.aggregate("event_study").to_dataframe()
        groups = fit.aggregate("group").to_dataframe()
    found = GroupTime(
        cells["group"].to_numpy() - 1,
        cells["time"].to_numpy() - 1,
        cells["effect"].to_numpy(float),
        None,
        panel.first,
        panel.anticipation,
        panel.phase_in,
    )
    more = tables(found, panel.periods)
    more["group_time"]["standard_error"] = cells["se"].to_numpy(float)
    if panel.phase_in == 0:
        more["by_event_time"] = pd.DataFrame(
            {"event_time": dynamic["event_time"], "estimate": dynamic["att"], "standard_error": dynamic["se"]}
        )
        more["by_group"] = more["by_group"].assign(standard_error=groups["se"].to_numpy(float))
    said = tuple(dict.fromkeys(str(w.message) for w in heard if not issubclass(w.category, DeprecationWarning | FutureWarning)))
    simple = options.overall == "simple" and panel.phase_in == 0 and panel.anticipation == 0  # the library's mean takes those in
    return found, {**more, "warnings": said}, float(fit.overall_se) if simple else None


def _frame(panel: Matrix, y: Floats, names: tuple[str, ...]) -> Any:
    """Return the long frame of units without a hole, for the library; periods are numbered from 1."""
    import pandas as pd

    missing = [n for n in names if n not in panel.covariate_names]
    if missing or panel.covariates is None:
        raise NotEnough(
            f"Bảng không có biến {', '.join(missing or names)}; có: {', '.join(panel.covariate_names) or '—'}. / "
            f"The study has no covariate {', '.join(missing or names)}; it has: {', '.join(panel.covariate_names) or 'none'}."
        )
    chosen = panel.covariates[[panel.covariate_names.index(n) for n in names]]
    whole = np.isfinite(y).all(1) & np.isfinite(chosen).all((0, 2))
    if not (whole & panel.treated).any() or not (whole & ~panel.treated).any():
        raise NotEnough(
            "Không còn đơn vị can thiệp hoặc so sánh nào đủ số liệu và biến ở mọi kỳ. / "
            "No treated or no comparison unit is left with all figures and covariates in every period."
        )
    periods = len(panel.periods)
    rows = np.flatnonzero(whole)
    first = np.where(panel.first < periods, panel.first + 1, 0)[rows]
    columns = {n: chosen[k][rows].ravel() for k, n in enumerate(names)}
    return pd.DataFrame(
        {
            "unit": np.repeat(rows, periods),
            "period": np.tile(np.arange(1, periods + 1), len(rows)),
            "y": y[rows].ravel(),
            "first": np.repeat(first, periods),
            **columns,
        }
    )


CALLAWAY_SANTANNA = callaway_santanna()
