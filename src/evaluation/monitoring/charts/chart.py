"""The control chart of one unit, from a series or from plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from evaluation.contracts import MISSING, SHOWN
from evaluation.language import Words
from evaluation.monitoring.charts import limits as lim
from evaluation.monitoring.charts.cumulative import USUAL_RUN_LENGTH, design_cusum, design_ewma
from evaluation.monitoring.charts.distribution import standardised
from evaluation.monitoring.charts.events import gaps
from evaluation.monitoring.charts.limits import Floats
from evaluation.monitoring.charts.phases import Design, Judged, event_limits, judged, period_limits, spans
from evaluation.monitoring.charts.result import BASES, NO_WORDS, ControlChart, Phase
from evaluation.monitoring.charts.run_length import false_alarm
from evaluation.monitoring.charts.signals import (
    AUTO,
    DIRECTIONS,
    MEASURED,
    RARE,
    WIDENED,
    among,
    checked,
    design_of,
    effective_rules,
    merged,
    rare_series,
    verdicts,
)
from evaluation.monitoring.charts.wording import ASSUMPTIONS, PERIODS, method
from evaluation.monitoring.given_numbers import floats, whole
from evaluation.monitoring.series import VALUE, CountSeries, DocumentedChange

if TYPE_CHECKING:
    import pandas as pd

EVENTS = (lim.G, lim.T)
CUMULATIVE = (lim.EWMA, lim.CUSUM)
# A long gap between events is a low count.
_TURNED = {"up": "down", "down": "up", "context": "context"}


def chart(
    series: CountSeries,
    unit: str,
    *,
    kind: str = AUTO,
    rules: str = "nhs",
    baseline_end: str | None = None,
    narrowest: float = 1.0,
    screen: bool | None = None,
    run_length: float = USUAL_RUN_LENGTH,
    draws: int = 1000,
    seed: int = 2234,
) -> ControlChart:
    """Return the control chart of one unit of a series.

    Parameters
    ----------
    series : CountSeries
    unit : str
    kind : str
        "auto" or a kind of chart. "auto": p' for shares, u' for rates, c' for
        counts (limits are never narrower than chance alone and widen with
        overdispersion; a test first and a plain chart after would widen them
        only where the test happened to have power), and the g chart for counts
        and rates whose baseline has less than one event a period. A share with
        less than one event, or less than one non-event, a period has no
        limits: three sigma would then be passed by chance alone. XmR for
        measured values, which also take "run", "ewma" and "cusum".
    rules : str
        "nhs", "nelson", "western_electric", "limits", "anhoej" or "run_chart".
        CUSUM and EWMA signal outside their limits whatever the rules.
    baseline_end : str, optional
        Last period of the baseline; limits are found before and carried on.
        The whole series where left out.
    narrowest, screen
        As in `limits.attribute_limits`.
    run_length : float
        In-control average run length that a CUSUM or EWMA is designed for.
    draws : int
        Simulated series behind the probability of a false signal in the diagnostics; 0 leaves it out.
    seed : int

    Returns
    -------
    ControlChart
        Limits start anew at documented changes of the series alone; the reason is in its phase.

    Raises
    ------
    ValueError
        If the unit, a period or a name is unknown, a chart of counts is asked
        of measured values, or a t chart of periods with two events.
    """
    own = series.of(unit)
    baseline = None if baseline_end is None else own.place_of(baseline_end) + 1
    measured = own.measure == VALUE
    k, e = checked(own.values[0] if measured else own.counts[0], own.exposure[0], own.measure)
    starts = [own.place_of(c.period) for c in own.changes]
    parts = spans(len(own.periods), baseline, starts)
    rare = own.measure in ("count", "rate") and bool(rare_series(k[None], parts[-1])[0])
    chosen = kind if kind != AUTO else lim.G if rare else WIDENED[own.measure]
    among(chosen, lim.KINDS, "kind")
    if measured and chosen not in MEASURED:
        known = ", ".join(MEASURED)
        raise ValueError(
            f"kind={chosen!r} dành cho số đếm; với giá trị đo, chọn một trong {known}. / "
            f"kind={chosen!r} is for counts; of measured values choose one of {known}."
        )
    design = design_of(chosen, rules, narrowest, screen, own.measure, RARE * (kind == AUTO))
    if chosen in (lim.EWMA, lim.CUSUM):
        design = _reaching(design, k, e, parts[-1], run_length)
    points = _of_events(own, k, parts, chosen) if chosen in EVENTS else _of_periods(own, k, e, parts)
    direction = _TURNED[own.direction] if chosen in EVENTS else own.direction
    label = Words(f"{own.label.vi}, {own.name(unit).vi}", f"{own.label.en}, {own.name(unit).en}")
    made = _made(points, design, rules, label, own.changes, direction, own.measure)
    made = replace(
        made,
        unit=PERIODS if chosen in EVENTS else own.said_unit,
        said_unit=own.said_unit,
        season=own.season,
        synthetic=own.synthetic,
        source=own.source,
    )
    return false_alarm(made, draws, seed) if whole(draws, "draws", least=0) else made


def control_chart(
    values: ArrayLike,
    exposure: ArrayLike = 1.0,
    kind: str = lim.C_PRIME,
    *,
    rules: str = "nhs",
    baseline: int | None = None,
    changes: Sequence[tuple[int, Words]] = (),
    periods: Sequence[str] | None = None,
    direction: str = "context",
    label: Words = NO_WORDS,
    narrowest: float = 1.0,
    screen: bool | None = None,
    run_length: float = USUAL_RUN_LENGTH,
) -> ControlChart:
    """Return a control chart of plain arrays.

    Parameters
    ----------
    values : array_like of shape (points,)
        Counts; measurements of an XmR or run chart; cases between events of a
        g chart; times between events of a t chart. NaN where not reported.
    exposure : array_like
        Denominators, or what a rate is per.
    kind : str
        One of `limits.KINDS`.
    rules, direction, narrowest, screen, run_length
        As in `chart`; the direction is that of the values.
    baseline : int, optional
        How many points from the first make the baseline.
    changes : sequence of (int, Words)
        Place of the first point after a documented change, and its reason.
    periods : sequence of str, optional
        Names of the points; "1", "2", ... where left out.
    label : Words

    Raises
    ------
    ValueError
        If a name is unknown, values do not fit the kind of chart, or a place is outside the series.
    """
    among(kind, lim.KINDS, "kind")
    among(direction, DIRECTIONS, "direction")
    measure = "proportion" if kind in lim.SHARES else "count" if np.ndim(exposure) == 0 else "rate"
    y, e = (_measured(values, kind), np.ones(np.size(values))) if kind in (lim.XMR, *EVENTS) else checked(values, exposure, measure)
    names = [str(i + 1) for i in range(len(y))] if periods is None else list(periods)
    if y.ndim != 1 or len(names) != len(y):
        raise ValueError("values và periods phải là dãy cùng độ dài. / values and periods must be sequences of one length.")
    parts = spans(len(y), baseline, [at for at, _ in changes])
    design = design_of(kind, rules, narrowest, screen, None if kind in (lim.XMR, *EVENTS) else measure)
    if kind in CUMULATIVE:
        design = _reaching(design, y, e, parts[-1], run_length)
    points = _Points(names, y, e, [SHOWN if np.isfinite(x) else MISSING for x in y], parts)
    documented = tuple(DocumentedChange(names[at], reason) for at, reason in sorted(changes, key=lambda c: c[0]))
    return _made(points, design, rules, label, documented, direction, measure)


@dataclass(frozen=True, eq=False)
class _Points:
    """The points of one chart in order, with the phases that they fall into."""

    periods: Sequence[str]
    values: Floats
    exposure: Floats
    states: Sequence[str]
    parts: list[tuple[int, int, int]]


def _of_periods(own: CountSeries, k: Floats, e: Floats, parts: list[tuple[int, int, int]]) -> _Points:
    states = [MISSING if s == SHOWN and np.isnan(x) else str(s) for s, x in zip(own.states[0], k, strict=True)]
    return _Points(own.periods, k, e, states, parts)


def _of_events(own: CountSeries, k: Floats, parts: list[tuple[int, int, int]], kind: str) -> _Points:
    """Return the gaps between events, one a point; those that cannot be known are left out."""
    if kind == lim.T and np.nanmax(k, initial=0) > 1:
        raise ValueError(
            "Biểu đồ t cần thời điểm của từng sự việc; có kỳ có hai sự việc trở lên, hãy dùng kind='g'. / "
            "A t chart needs the time of each event; a period has two or more, use kind='g'."
        )
    names: list[str] = []
    values: list[float] = []
    found: list[tuple[int, int, int]] = []
    for first, end, cut in parts:
        between = gaps(k[None, first:end])
        known = np.isfinite(between.gap[0])
        begin, places = len(values), between.period[0][known] + first
        names += [own.periods[p] for p in places]
        values += between.gap[0][known].tolist()
        found.append((begin, len(values), begin + int(np.sum(places < cut))))
    return _Points(names, np.array(values), np.ones(len(values)), [SHOWN] * len(values), found)


def _measured(values: ArrayLike, kind: str) -> Floats:
    """Return measurements or gaps as floats.

    Raises
    ------
    ValueError
        If one is infinite, or a gap is negative (of a t chart: not above zero).
    """
    y = floats(values, "values")
    if y.ndim != 1 or not y.size:
        raise ValueError("values phải là một dãy có ít nhất một điểm. / values must be a sequence of at least one point.")
    least = {lim.G: 0.0, lim.T: np.nextafter(0, 1)}.get(kind, -np.inf)
    if np.any(np.isinf(y)) or np.any(y < least):
        raise ValueError(
            f"values của biểu đồ {kind} phải hữu hạn{'' if kind == lim.XMR else ', không âm (biểu đồ t: lớn hơn 0)'}. / "
            f"values of a chart {kind} must be finite{'' if kind == lim.XMR else ' and not negative (t chart: above 0)'}."
        )
    return y


def _reaching(design: Design, k: Floats, e: Floats, span: tuple[int, int, int], run_length: float) -> Design:
    """Return the design of a CUSUM or EWMA with the limit that gives the run length for the series' own counts."""
    if design.under == lim.XMR:
        return replace(design, reach=design_cusum(run_length) if design.kind == lim.CUSUM else design_ewma(run_length, design.weight))
    first, end, cut = span
    part = slice(first, end)
    base = np.arange(first, end) < cut
    under = lim.attribute_limits(k[None, part], e[None, part], base, design.under, narrowest=design.narrowest)
    if not np.isfinite(under.sigma).any():
        return replace(design, reach=5.0 if design.kind == lim.CUSUM else 3.0)
    of_points = standardised(
        float(under.centre[0, 0]), float(np.nanmedian(e[part])), float(under.sigma_z[0]) ** 2, shares=design.under in lim.SHARES
    )
    if design.kind == lim.CUSUM:
        return replace(design, reach=design_cusum(run_length, distribution=of_points))
    return replace(design, reach=design_ewma(run_length, design.weight, of_points))


def _made(
    points: _Points,
    design: Design,
    rules: str,
    label: Words,
    changes: Sequence[DocumentedChange],
    direction: str,
    measure: str,
) -> ControlChart:
    import pandas as pd

    told_rules = effective_rules(design.kind, rules)
    reasons = [None, *(c.reason for c in changes)]
    judges = [_phase(points, part, design) for part in points.parts]
    frames = [_rows(points, part, made, at) for at, (part, made) in enumerate(zip(points.parts, judges, strict=True))]
    frame = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    shown = frame[frame["state"] == SHOWN]
    basis = int(judges[-1].basis[0]) if len(shown) else 0
    last = np.array([0 if shown.empty else int(shown["signal"].iloc[-1])], dtype=np.int8)
    names = {name for made in judges for name in made.fires}
    held = {n: tuple(dict.fromkeys(frame.loc[[n in r.split(",") for r in frame["rules"]], "period"])) for n in sorted(names)}
    told = [
        Phase(
            first=points.periods[a] if a < b else "",
            last=points.periods[b - 1] if a < b else "",
            baseline_end=points.periods[cut - 1] if a < cut else "",
            n=int(made.n[0]),
            basis=BASES[int(made.basis[0])],
            sigma_z=float(made.limits.sigma_z[0]) if np.isfinite(made.limits.sigma_z[0]) else 1.0,
            reason=reason,
        )
        for (a, b, cut), made, reason in zip(points.parts, judges, reasons, strict=True)
    ]
    centre = shown["centre"].iloc[-1] if len(shown) else np.nan
    return ControlChart(
        estimand=label,
        method=method(design.kind, told_rules),
        estimate=float(centre) if np.isfinite(centre) else None,
        n=len(shown),
        assumptions=ASSUMPTIONS,
        diagnostics={
            "sigma_z": told[-1].sigma_z,
            "autocorrelation": _lag_one(judges[-1].limits.score[0]),
            "baseline_signals": int(((frame["signal"] != 0) & frame["baseline"] & (frame["phase"] == len(told) - 1)).sum()),
        },
        kind=design.kind,
        rules=told_rules,
        frame=frame,
        fired=held,
        phases=tuple(told),
        verdict=str(verdicts(last, np.array([basis]), direction)[0]),
        direction=direction,
        measure=measure,
        design=design,
        places=tuple(points.parts),
    )


def _phase(points: _Points, part: tuple[int, int, int], design: Design) -> Judged:
    first, end, cut = part
    base = np.arange(first, end) < cut
    y, e = points.values[None, first:end], points.exposure[None, first:end]
    return judged(event_limits(y, base, design) if design.kind in EVENTS else period_limits(y, e, base, design), base, design)


def _rows(points: _Points, part: tuple[int, int, int], made: Judged, phase: int) -> pd.DataFrame:
    import pandas as pd

    first, end, cut = part
    members = {n: f.members[0] for n, f in made.fires.items()}
    lines = {a: getattr(made.limits, a)[0] for a in ("value", "centre", "low", "high", "sigma")}
    return pd.DataFrame(
        {
            "period": list(points.periods[first:end]),
            "count": points.values[first:end],
            "exposure": points.exposure[first:end],
            **lines,
            "state": list(points.states[first:end]),
            "phase": phase,
            "baseline": np.arange(first, end) < cut,
            "signal": merged(list(members.values())) if members else np.zeros(end - first, dtype=np.int8),
            "rules": [",".join(n for n, m in members.items() if m[i]) for i in range(end - first)],
        }
    )


def _lag_one(score: Floats) -> float | None:
    """Return the autocorrelation of neighbouring scores, None where fewer than three pairs are known or nothing varies."""
    both = np.isfinite(score[1:]) & np.isfinite(score[:-1])
    if both.sum() < 3:
        return None
    middle = np.nanmean(score)
    spread = np.nansum((score - middle) ** 2)
    return float(np.sum((score[1:] - middle)[both] * (score[:-1] - middle)[both]) / spread) if spread > 0 else None
