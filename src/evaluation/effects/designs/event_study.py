"""Event study: effects by period against a reference before the start, with the covariance of all of them.

References
----------
Freyaldenhoven, Hansen, Perez, Shapiro 2021, NBER Working Paper 29170 (choice
of the reference). Conley, Taber 2011, Review of Economics and Statistics
93:113-125 (the donors tell how a unit moves by itself). Hansen 2007, Journal
of Econometrics 140:670-694 (covariance of the periods from units). Wooldridge
2023, The Econometrics Journal 26:C31-C66 (Poisson).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from evaluation.effects.design import Design, Fit
from evaluation.effects.designs.estimable import estimable
from evaluation.effects.designs.two_way import linear_periods, linked, poisson_periods
from evaluation.effects.matrix import HALF, LOGS, Flags, Floats, Matrix, one_start
from evaluation.language import Words

LAST, MEAN = "last", "mean"
REFERENCES = (LAST, MEAN)
# From so many treated units on their own scatter is used: below, the covariance among so few says little.
MANY_TREATED = 10


def event_study(reference: str = LAST) -> Design:
    """Return the event study with a reference of choice.

    Parameters
    ----------
    reference : {"last", "mean"}
        "last": the last period before the start and its anticipation that the
        unit reported. "mean": the mean of all periods before, which scatters
        less, and hides a trend before the start less than it seems to.

    Raises
    ------
    ValueError
        If there is no such reference.

    Notes
    -----
    Counts and rates: Poisson with unit and period effects (log exposure as
    offset), half an event added to each of the treated area's counts, so that
    a period without event has an effect; several treated units are one area,
    summed where all reported. Shares and values: least squares, the mean of
    the treated units where all reported. The estimate is the mean of the
    effects over the periods treated in full.

    `Fit.details` has "periods", "coefficients" (NaN where not reported),
    "standard_errors", "covariance" (periods x periods, zero in the row of a
    single reference), "reference" (a period, or "mean") and "covariance_from":
    "donors", where the scatter of the donors' own coefficients stands for the
    treated units' too, or "units", for least squares with ten or more treated
    units, where each side has its own. With fewer donors than periods before
    the start the covariance has no inverse.
    """
    if reference not in REFERENCES:
        raise ValueError(f"reference={reference!r}: {', '.join(REFERENCES)}.")
    return Design(
        id="event",
        name=Words("Nghiên cứu sự kiện", "Event study"),
        method=Words(
            "Nghiên cứu sự kiện với hiệu ứng đơn vị và kỳ (Poisson cho số đếm), so với "
            + ("kỳ cuối trước khi bắt đầu." if reference == LAST else "trung bình các kỳ trước khi bắt đầu."),
            "Event study with unit and period effects (Poisson for counts), against "
            + ("the last period before the start." if reference == LAST else "the mean of the periods before the start."),
        ),
        fit=partial(_event, reference=reference),
        assumptions=(
            Words(
                "Nếu không có mô hình, đơn vị thí điểm sẽ thay đổi như các đơn vị so sánh (xu hướng song song).",
                "Without the pilot, its unit would have moved as the comparison units did (parallel trends).",
            ),
            Words(
                "Kỳ dùng làm mốc không khác thường ở đơn vị thí điểm.",
                "The reference period was not an unusual one in the pilot's unit.",
            ),
        ),
        logs=LOGS,
        each=partial(_event_each, reference=reference),
    )


def _event(panel: Matrix, reference: str) -> Fit:
    before, after = one_start(panel)
    chosen = panel.treated[None].astype(float)
    fit = estimable(panel, _fits(panel, chosen, before, after, reference)[0])
    covariance, source = _covariance(panel, fit, before, reference)
    if covariance is None:
        return fit
    share = np.where(after & np.isfinite(fit.gap), 1.0, 0.0)
    error = None
    if share.any():
        share = share / share.sum()
        error = float(np.sqrt(max(0.0, share @ np.nan_to_num(covariance) @ share)))  # rounding may leave a little below 0
    fit.details.update(covariance=covariance, standard_errors=np.sqrt(np.maximum(np.diag(covariance), 0.0)), covariance_from=source)
    return Fit(fit.gap, fit.observed, fit.counterfactual, fit.estimate, fit.weights, error, fit.details)


def _event_each(panel: Matrix, placebos: Sequence[Sequence[int]], reference: str) -> list[Fit]:
    start = int(panel.first.min())
    at = np.arange(len(panel.periods))
    before, after = at < start - panel.anticipation, at >= start + panel.phase_in
    donors = np.flatnonzero(~panel.treated)
    alone = panel.without(np.flatnonzero(panel.treated).tolist())
    place = np.full(len(panel.units), -1)
    place[donors] = np.arange(len(donors))
    chosen = np.zeros((len(placebos), len(donors)))
    for row, some in zip(chosen, placebos, strict=True):
        row[place[list(some)]] = 1.0
    return _fits(alone, chosen, before, after, reference)


def _fits(panel: Matrix, chosen: Floats, before: Flags, after: Flags, reference: str) -> list[Fit]:
    """Return one fit a row of `chosen`: the units with a 1 there are treated, all others are donors."""
    own, raw, exposure = _courses(panel, chosen)
    at_reference, last = _against(own, before, reference)
    gap = own - at_reference[:, None]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if panel.measure in LOGS:
            expected = np.exp(np.log(raw + HALF) - gap)
            observed = raw
            if panel.measure == "rate":
                observed, expected = (np.where(exposure > 0, x / exposure, np.nan) for x in (raw, expected))
        else:
            observed, expected = raw, raw - gap
    late = np.isfinite(gap) & after
    n = late.sum(1)
    estimate = np.where(n > 0, np.where(late, gap, 0.0).sum(1) / np.maximum(n, 1), np.nan)
    sizes = chosen.sum(1).astype(int)
    return [
        Fit(
            gap[i],
            observed[i],
            expected[i],
            float(estimate[i]),
            np.where(np.arange(chosen.shape[1]) >= k, 1 / max(1, chosen.shape[1] - k), 0.0),
            details={
                "periods": panel.periods,
                "coefficients": gap[i],
                "reference": MEAN if reference == MEAN else (panel.periods[last[i]] if last[i] >= 0 else None),
            },
        )
        for i, k in enumerate(sizes)
    ]


def _courses(panel: Matrix, chosen: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the course of the treated less the donors' (logs for counts), the treated's own, and their exposure."""
    others = 1.0 - chosen
    if panel.measure in LOGS:
        seen = np.isfinite(panel.top) & np.isfinite(panel.bottom)
        top, bottom = (_area(np.where(seen, x, 0.0), seen, chosen) for x in (panel.top, panel.bottom))
        factor = _told_apart(poisson_periods(panel.top, panel.bottom, seen, others), seen, others)
        with np.errstate(divide="ignore", invalid="ignore"):
            course = np.log(top + HALF) - np.log(bottom) - np.log(factor)
        return np.where(np.isfinite(course), course, np.nan), top, bottom
    seen = np.isfinite(panel.y)
    y = np.where(seen, panel.y, 0.0)
    size = chosen.sum(1, keepdims=True)
    own = _area(y, seen, chosen) / np.maximum(size, 1)
    return own - _told_apart(linear_periods(y, seen, others), seen, others), own, np.ones_like(own)


def _area(x: Floats, seen: Flags, chosen: Floats) -> Floats:
    return np.where(chosen @ seen >= chosen.sum(1, keepdims=True), chosen @ x, np.nan)


def _told_apart(found: Floats, seen: Flags, others: Floats) -> Floats:
    """Return period effects where donors link them to each other: the largest group of linked periods."""
    if seen.all():
        return found
    k, t = seen.shape
    links = linked((others @ (seen[:, :, None] & seen[:, None, :]).reshape(k, -1)).reshape(-1, t, t))
    group = links[np.arange(len(links)), links.sum(2).argmax(1)]
    return np.where(group, found, np.nan)


def _against(course: Floats, before: Flags, reference: str) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the course at the reference by row, and the place of the last known period before (-1 where there is none)."""
    known = np.isfinite(course) & before
    place = course.shape[1] - 1 - known[:, ::-1].argmax(1)
    there = known.any(1)
    if reference == MEAN:
        level = np.where(known, course, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    else:
        level = course[np.arange(len(course)), place]
    return np.where(there, level, np.nan), np.where(there, place, -1)


def _covariance(panel: Matrix, fit: Fit, before: Flags, reference: str) -> tuple[Floats | None, str]:
    """Return the covariance of the coefficients from how units move by themselves around the donors' course."""
    treated, donors = np.flatnonzero(panel.treated), np.flatnonzero(~panel.treated)
    if len(donors) < 3 or not np.isfinite(fit.gap).any():
        return None, ""
    alone = panel.without(treated.tolist())
    apart, _, _ = _courses(alone, np.eye(len(donors)))
    n = len(donors)
    scatter = _scatter(apart) * (n - 1) / n  # each is against the others, whose mean lacks it
    if panel.measure in LOGS or len(treated) < MANY_TREATED:
        units, source = scatter * (1 / len(treated) + 1 / n), "donors"
    else:
        periods = linear_periods(np.where(np.isfinite(alone.y), alone.y, 0.0), np.isfinite(alone.y), np.ones((1, n)))
        own = panel.y[treated] - periods
        seen = np.isfinite(own)
        mean = np.where(seen, own, 0.0).sum(0) / np.maximum(seen.sum(0), 1)
        units, source = _scatter(own - mean, len(treated) - 1) / len(treated) + scatter / n, "units"
    known = np.isfinite(fit.gap)
    if reference == MEAN:
        mark = np.where(before & known, 1.0, 0.0)
        contrast = np.eye(len(known)) - mark[None] / mark.sum()
    else:
        contrast = np.eye(len(known))
        contrast[:, panel.periods.index(fit.details["reference"])] -= 1.0
    found = contrast @ units @ contrast.T
    return np.where(known[:, None] & known[None], found, np.nan), source


def _scatter(courses: Floats, freedom: int = 0) -> Floats:
    """Return the second moments of courses (units x periods) around their own levels, pair by pair of periods."""
    known = np.isfinite(courses)
    n = np.maximum(known.sum(1, keepdims=True), 1)
    centred = np.where(known, courses - np.where(known, courses, 0.0).sum(1, keepdims=True) / n, 0.0)
    pairs = known.astype(float).T @ known
    divisor = pairs if not freedom else pairs * freedom / len(courses)
    moments = np.where(pairs > 0, centred.T @ centred / np.maximum(divisor, 1e-300), 0.0)
    if known.all():
        return np.asarray(moments)
    values, vectors = np.linalg.eigh(moments)  # pairs of periods from other units need not fit together
    return np.asarray(vectors @ (np.maximum(values, 0.0)[:, None] * vectors.T))


EVENT = event_study()
