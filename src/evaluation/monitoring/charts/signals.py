"""Control charts of many series at once: which points fire which rule, and what that says of the latest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.monitoring.charts import limits as lim
from evaluation.monitoring.charts.events import Gaps, gaps, on_periods
from evaluation.monitoring.charts.limits import Flags, Floats
from evaluation.monitoring.charts.phases import FEWEST_FOR_LIMITS as FEWEST_FOR_LIMITS
from evaluation.monitoring.charts.phases import MEDIAN as MEDIAN
from evaluation.monitoring.charts.phases import NONE as NONE
from evaluation.monitoring.charts.phases import Design, event_limits, judged, period_limits, spans
from evaluation.monitoring.charts.rules import DOWN, EITHER, RULES, UP, Sides
from evaluation.monitoring.given_numbers import broadcast, floats
from evaluation.monitoring.series import VALUE

# Below one event a period limits on counts are of no use, and the time between events is looked at.
RARE = 1.0
IMPROVING, WORSENING, NO_CHANGE, CHANGED, TOO_FEW = "improving", "worsening", "no_change", "changed", "too_few"
WIDENED = {"count": lim.C_PRIME, "rate": lim.U_PRIME, "proportion": lim.P_PRIME, "value": lim.XMR}
# Charts of what was measured, not counted.
MEASURED = (lim.XMR, lim.RUN, lim.EWMA, lim.CUSUM)
DIRECTIONS = ("up", "down", "context")
AUTO = "auto"
TOGETHER = (*lim.ATTRIBUTES, lim.XMR, lim.RUN, lim.G)


@dataclass(frozen=True, eq=False)
class Signals:
    """Control charts of many series; arrays have the shape of the counts unless said.

    Attributes
    ----------
    value, centre, sigma, low, high : ndarray of float
        NaN where there is none; of a series charted by gaps between events only the value.
    fires : mapping of str to ndarray of int8
        Rule name to the points with which it is met: 1 up, -1 down, 2 without
        a direction, 0 not. Of the value: longer gaps between events are down.
    members : ndarray of int8
        Points that are part of any signal, with the same codes.
    basis : ndarray of int, shape (..., phases)
        0 nothing can be called, 1 run chart, 2 trial limits, 3 limits.
    sigma_z : ndarray of float, shape (..., phases)
        Laney's factor.
    rare : ndarray of bool, shape (...)
        Series charted by gaps between events.
    verdict : ndarray of str, shape (...)
        "improving", "worsening", "no_change", "changed" (where no direction is
        good, or the signal has none) or "too_few", by the latest reported point.
    """

    value: Floats
    centre: Floats
    sigma: Floats
    low: Floats
    high: Floats
    fires: Mapping[str, Sides]
    members: Sides
    basis: NDArray[np.int64]
    sigma_z: Floats
    rare: Flags
    verdict: NDArray[np.str_]


def signals(
    counts: ArrayLike,
    exposure: ArrayLike = 1.0,
    *,
    measure: str = "count",
    kind: str = AUTO,
    rules: str = "nhs",
    baseline: int | None = None,
    starts: Sequence[int] = (),
    direction: str = "context",
    narrowest: float = 1.0,
    screen: bool | None = None,
) -> Signals:
    """Return the control charts of many series of one indicator.

    Parameters
    ----------
    counts : array_like of shape (..., periods)
        NaN where not reported.
    exposure : array_like, broadcast to `counts`
        Denominator of a share, what a rate is per; 1 for counts.
    measure : {"count", "proportion", "rate", "value"}
        "value": measured, also negative or fractional; XmR, or a run chart.
    kind : str
        "auto", or a chart whose points are periods, or "g". "auto" takes the
        chart widened by overdispersion (p' for shares, u' for rates, c' for
        counts), and the g chart for counts and rates with less than one event
        a period in the baseline of the last phase. A share with less than one
        event, or less than one non-event, a period has no limits.
    rules : str
        A name in `rules.RULES`.
    baseline : int, optional
        How many periods from the first make the baseline; all where left out.
    starts : sequence of int
        Places of documented changes: limits start anew there. A phase that
        begins after the baseline is its own baseline.
    direction : {"up", "down", "context"}
        Which way is good.
    narrowest, screen
        As in `limits.attribute_limits`; `screen` is True for XmR and whatever
        was measured, False for others where left out.

    Returns
    -------
    Signals

    Raises
    ------
    ValueError
        If a name is unknown, a count is negative or above its denominator, or a place is outside the series.
    """
    k, e = checked(counts, exposure, measure)
    if kind != AUTO:
        among(kind, [c for c in TOGETHER if measure != VALUE or c in MEASURED], "kind")
    among(direction, DIRECTIONS, "direction")
    shape, periods = k.shape[:-1], k.shape[-1]
    k, e = k.reshape(-1, periods), e.reshape(-1, periods)
    parts = spans(periods, baseline, starts)
    rare = rare_series(k, parts[-1]) if kind == AUTO and measure in ("count", "rate") else np.full(len(k), kind == lim.G)
    by_period = WIDENED[measure] if kind in (AUTO, lim.G) else kind
    found = _Found.empty(lim.ratio(k, e), len(parts))
    for at, span in enumerate(parts):
        found.add_periods(~rare, k, e, (at, span), design_of(by_period, rules, narrowest, screen, measure, RARE * (kind == AUTO)))
        found.add_events(rare, k, (at, span), design_of(lim.G, rules, narrowest, screen))
    return found.finished(rare, shape, direction)


def checked(counts: ArrayLike, exposure: ArrayLike, measure: str) -> tuple[Floats, Floats]:
    """Return counts and exposure as floats of one shape, NaN together.

    Raises
    ------
    ValueError
        If there is no period, a number is negative or infinite, a part exceeds its whole, or the measure is unknown.
    """
    among(measure, tuple(WIDENED), "measure")
    k = floats(counts, "counts")
    if k.ndim == 0 or k.shape[-1] == 0:
        raise ValueError("counts phải có ít nhất một kỳ. / counts must have at least one period.")
    k, e = broadcast(k, floats(exposure, "exposure"))
    if measure == VALUE:
        if np.any(np.isinf(k)):
            raise ValueError("Giá trị đo phải hữu hạn. / Measured values must be finite.")
        return k, np.where(np.isnan(k), np.nan, 1.0)
    known = np.isfinite(k) & np.isfinite(e) & (e > 0)
    if np.any(k < 0) or np.any(np.isinf(k)) or np.any(e < 0) or np.any(np.isinf(e)):
        raise ValueError(
            "counts và exposure phải hữu hạn, không âm; để trống (NaN) nếu chưa báo cáo. / "
            "counts and exposure must be finite and not negative; leave them missing (NaN) where not reported."
        )
    if measure == "proportion" and np.any(k[known] > e[known]):
        raise ValueError("Tử số lớn hơn mẫu số; hãy kiểm tra hai cột. / A count exceeds its denominator; check the two columns.")
    return np.where(known, k, np.nan), np.where(known, e, np.nan)


def among(name: str, names: Sequence[str], parameter: str) -> None:
    """Refuse a name that is not among those known.

    Raises
    ------
    ValueError
        With the names there are.
    """
    if name not in names:
        raise ValueError(f"{parameter}={name!r}: chọn một trong {', '.join(names)}. / Choose one of {', '.join(names)}.")


def design_of(
    kind: str, rules: str, narrowest: float = 1.0, screen: bool | None = None, measure: str | None = None, fewest: float = 0.0
) -> Design:
    """Return a design from names; limits of counts, rates and shares go no further than these can, those of measurements do.

    Raises
    ------
    ValueError
        If there is no such set of rules.
    """
    among(rules, tuple(RULES), "rules")
    made = Design(kind, RULES[effective_rules(kind, rules)], narrowest, fewest=fewest)
    made = replace(made, screen=screen if screen is not None else kind == lim.XMR or measure == VALUE)
    if measure is None:
        return made
    if measure == VALUE:
        return replace(made, under=lim.XMR, fewest=0.0)
    return replace(made, under=WIDENED[measure], least=0.0, most=1.0 if measure == "proportion" else np.inf)


def effective_rules(kind: str, rules: str) -> str:
    """Return the set of rules that a kind of chart takes: sums and averages their limits alone, a run chart its own."""
    if kind in (lim.EWMA, lim.CUSUM):
        return "limits"
    return "anhoej" if kind == lim.RUN and rules != "run_chart" else rules


def rare_series(counts: Floats, span: tuple[int, int, int]) -> Flags:
    """Return which series have less than one event a period in the baseline of a phase."""
    part = counts[:, span[0] : span[2]]
    seen = np.isfinite(part).sum(axis=1)
    return np.asarray((seen > 0) & (np.nansum(part, axis=1) < RARE * seen))


def verdicts(last: Sides, basis: NDArray[np.int64], direction: str) -> NDArray[np.str_]:
    """Return what the latest points say.

    Parameters
    ----------
    last : ndarray of int8
        Code of the latest reported point of each series.
    basis : ndarray of int
        Of its phase.
    direction : {"up", "down", "context"}
    """
    good = {"up": UP, "down": DOWN}.get(direction, 0)
    told = np.select(
        [basis == NONE, last == 0, (last == EITHER) | (good == 0), last == good], [TOO_FEW, NO_CHANGE, CHANGED, IMPROVING], WORSENING
    )
    return np.asarray(told, dtype=str)


def merged(found: Sequence[Sides]) -> Sides:
    """Return the codes of several rules as one: those that differ give 2."""
    up = np.any([f == UP for f in found], axis=0)
    down = np.any([f == DOWN for f in found], axis=0)
    either = np.any([f == EITHER for f in found], axis=0)
    return np.asarray(np.select([up & down, up, down, either], [EITHER, UP, DOWN, EITHER], 0), dtype=np.int8)


@dataclass(eq=False)
class _Found:
    """The arrays of `Signals` while phase after phase is filled in."""

    lines: dict[str, Floats]
    fires: dict[str, Sides]
    members: Sides
    basis: NDArray[np.int64]
    sigma_z: Floats

    @classmethod
    def empty(cls, value: Floats, phases: int) -> _Found:
        lines = {"value": value, **{a: np.full(value.shape, np.nan) for a in ("centre", "sigma", "low", "high")}}
        none = np.zeros(value.shape, dtype=np.int8)
        return cls(lines, {}, none, np.zeros((len(value), phases), dtype=np.int64), np.ones((len(value), phases)))

    def add_periods(self, rows: Flags, k: Floats, e: Floats, phase: tuple[int, tuple[int, int, int]], design: Design) -> None:
        at, (first, end, cut) = phase
        if not rows.any():
            return
        base = np.arange(first, end) < cut
        made = judged(period_limits(k[rows, first:end], e[rows, first:end], base, design), base, design)
        for name in ("centre", "sigma", "low", "high"):
            self.lines[name][rows, first:end] = getattr(made.limits, name)
        self.basis[rows, at], self.sigma_z[rows, at] = made.basis, made.limits.sigma_z
        self._take(rows, first, end, {n: (f.completes, f.members) for n, f in made.fires.items()})

    def add_events(self, rows: Flags, k: Floats, phase: tuple[int, tuple[int, int, int]], design: Design) -> None:
        at, (first, end, cut) = phase
        if not rows.any():
            return
        between = gaps(k[rows, first:end])
        base = between.period < cut - first
        made = judged(event_limits(between.gap, base, design), base, design)
        self.basis[rows, at] = made.basis
        told = {n: tuple(_of_value(s, between, end - first) for s in (f.completes, f.members)) for n, f in made.fires.items()}
        self._take(rows, first, end, told)

    def _take(self, rows: Flags, first: int, end: int, fires: Mapping[str, tuple[Sides, ...]]) -> None:
        for name, (completes, _) in fires.items():
            self.fires.setdefault(name, np.zeros(self.members.shape, dtype=np.int8))[rows, first:end] = completes
        if fires:
            self.members[rows, first:end] = merged([members for _, members in fires.values()])

    def finished(self, rare: Flags, shape: tuple[int, ...], direction: str) -> Signals:
        seen = np.isfinite(self.lines["value"])
        periods = seen.shape[-1]
        latest = periods - 1 - np.argmax(seen[:, ::-1], axis=1)
        last = self.members[np.arange(len(seen)), latest]
        basis = np.where(seen.any(axis=1), self.basis[:, -1], NONE)
        told = verdicts(last, basis, direction)
        lines = {n: a.reshape(*shape, periods) for n, a in self.lines.items()}
        return Signals(
            **lines,
            fires={n: a.reshape(*shape, periods) for n, a in self.fires.items()},
            members=self.members.reshape(*shape, periods),
            basis=self.basis.reshape(*shape, -1),
            sigma_z=self.sigma_z.reshape(*shape, -1),
            rare=rare.reshape(shape),
            verdict=told.reshape(shape),
        )


def _of_value(found: Sides, between: Gaps, periods: int) -> Sides:
    """Return finds at gaps as finds at periods, turned round: a long gap is a low count."""
    return on_periods(np.where(np.abs(found) == 1, -found, found).astype(np.int8), between, periods)
