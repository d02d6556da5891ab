"""How often a chart cries wolf, and how soon it finds a change: by simulation of the chart's own data.

Counts are drawn at the level of the baseline with the overdispersion that the chart itself found, over the chart's own
exposures and gaps; limits are found anew from every simulated baseline, as they were from the real one, so that what a
short baseline costs is in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.language import Words, number, percent
from evaluation.monitoring.charts import limits as lim
from evaluation.monitoring.charts.cumulative import cusum_limits, ewma_limits
from evaluation.monitoring.charts.distribution import draw
from evaluation.monitoring.charts.limits import Floats
from evaluation.monitoring.charts.phases import event_limits, judged, period_limits
from evaluation.monitoring.series import VALUE
from evaluation.results import Result

if TYPE_CHECKING:
    from evaluation.monitoring.charts.result import ControlChart

# Periods that a run is followed for; a longer one counts as so long.
HORIZON = 2000


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RunLength(Result):
    """How a chart behaves where its own model holds.

    Attributes
    ----------
    shift : float
        Level after the baseline over that of the baseline; 1 where nothing happens.
    periods_after : int
        Reported periods after the baseline that the chart shows.
    any_signal : float
        Probability of at least one signal that falls on those periods; its
        95 % interval by the number of draws is `low` to `high`.
    last_signal : float
        Probability that the latest point is part of a signal, so that the verdict is not "no change".
    mean_run : float
        Average number of periods to the first signal after the baseline, with
        the limits as drawn; at most `HORIZON`, where a run is cut.
    draws : int
    """

    shift: float
    periods_after: int
    any_signal: float
    last_signal: float
    mean_run: float
    draws: int

    def summary(self, language: str | None = None) -> str:
        """Return how often the chart signals, as one sentence."""
        speak = language or "en"
        said = _CHANGED if self.shift != 1 else _NOTHING
        return said[speak].format(
            label=self.estimand[speak],
            share=percent(self.any_signal, speak, 0),
            n=number(self.periods_after, speak),
            shift=number(self.shift, speak, 2),
        )


_NOTHING = Words(
    "{label}: nếu không có gì thay đổi, biểu đồ vẫn báo ít nhất một tín hiệu trong {n} kỳ sau kỳ gốc với xác suất {share}.",
    "{label}: if nothing changed, the chart would still signal in the {n} periods after the baseline with probability {share}.",
)
_CHANGED = Words(
    "{label}: nếu mức sau kỳ gốc bằng {shift} lần, biểu đồ báo ít nhất một tín hiệu trong {n} kỳ với xác suất {share}.",
    "{label}: if the level became {shift} times that of the baseline, the chart would signal in the {n} periods with probability {share}.",
)


def run_length(chart: ControlChart, *, shift: float = 1.0, draws: int = 2000, seed: int = 2234) -> RunLength:
    """Return how often a chart signals where nothing happened, or after a shift of the level.

    Parameters
    ----------
    chart : ControlChart
    shift : float
        Level after the baseline over that of the baseline; 1 for false alarms.
    draws : int
        Simulated series; a quarter as many long ones for the average run.
    seed : int

    Returns
    -------
    RunLength

    Raises
    ------
    ValueError
        If the chart calls no signals because it has too few points, a number is not above zero, or measured values are to shift by a ratio.

    Notes
    -----
    Counts are Poisson or binomial, or gamma-Poisson and beta-binomial with the
    chart's own overdispersion; XmR values are normal; gaps of a g chart are
    geometric, as many as the chart has. Without periods after the baseline all
    periods of the last phase are looked at.
    """
    if shift <= 0 or draws < 1:
        raise ValueError("shift và draws phải lớn hơn 0. / shift and draws must be above 0.")
    if shift != 1 and chart.measure == VALUE:
        raise ValueError("shift là tỷ số của mức, không dùng cho giá trị đo. / shift is a ratio of levels and not for measured values.")
    if chart.phases[-1].basis == "none":
        raise ValueError("Biểu đồ có quá ít điểm nên không báo tín hiệu nào. / The chart has too few points and calls no signals.")
    rng = np.random.default_rng(seed)
    model = _Model.of(chart)
    found = model.members(rng, shift, draws)
    share, last = float(np.mean(found.any(axis=1))), float(np.mean(found[:, -1]))
    error = 1.96 * np.sqrt(max(share * (1 - share), 1 / draws) / draws)
    return RunLength(
        estimand=chart.estimand,
        method=Words(
            f"Mô phỏng {draws} chuỗi theo mức và độ phân tán của kỳ gốc.",
            f"{draws} series simulated at the level and dispersion of the baseline.",
        ),
        estimate=share,
        low=max(0.0, share - error),
        high=min(1.0, share + error),
        n=found.shape[1],
        unit="probability",
        shift=shift,
        periods_after=found.shape[1],
        any_signal=share,
        last_signal=last,
        mean_run=model.mean_run(rng, shift, max(1, draws // 4)),
        draws=draws,
    )


def false_alarm(chart: ControlChart, draws: int, seed: int) -> ControlChart:
    """Return the chart with the probability of a false signal in its diagnostics; None where it calls no signals."""
    if chart.phases[-1].basis == "none":
        told: dict[str, float | None] = {"false_alarm": None, "false_alarm_now": None, "periods_after": 0}
    else:
        found = _Model.of(chart).members(np.random.default_rng(seed), 1.0, draws)
        told = {
            "false_alarm": float(np.mean(found.any(axis=1))),
            "false_alarm_now": float(np.mean(found[:, -1])),
            "periods_after": found.shape[1],
        }
    return replace(chart, diagnostics={**chart.diagnostics, **told})


@dataclass(frozen=True, eq=False)
class _Model:
    """What a chart's last phase would draw if nothing happened."""

    chart: ControlChart
    values: Floats
    exposure: Floats
    base: lim.Flags
    after: lim.Flags
    level: float
    sigma: float
    dispersion: float

    @classmethod
    def of(cls, chart: ControlChart) -> _Model:
        first, end, cut = chart.places[-1]
        part = chart.frame.iloc[first:end]
        values, exposure = part["count"].to_numpy(float), part["exposure"].to_numpy(float)
        base, seen = np.arange(first, end) < cut, np.isfinite(values)
        after = seen & ~base if (seen & ~base).any() else seen
        design = chart.design
        kind = design.under if design.kind in (lim.EWMA, lim.CUSUM, lim.RUN) else design.kind
        sigma, dispersion = 0.0, 1.0
        if kind in lim.ATTRIBUTES:
            made = lim.attribute_limits(values[None], exposure[None], base, kind, narrowest=design.narrowest, screen=design.screen)
            level, dispersion = float(made.centre[0, 0]), max(1.0, float(np.nan_to_num(made.sigma_z[0], nan=1.0)) ** 2)
        else:
            made = lim.individual_limits(values[None], base, screen=design.screen)
            level, sigma = float(made.centre[0, 0]), float(np.nan_to_num(made.sigma[0, 0]))
        return cls(chart, values, exposure, base, after, level, sigma, dispersion)

    def drawn(self, rng: np.random.Generator, level: Floats, exposure: Floats, shape: tuple[int, ...]) -> Floats:
        """Return values of each period at its level; NaN where the chart has none."""
        kind = self.chart.design.kind
        if kind in (lim.EWMA, lim.CUSUM, lim.RUN):
            kind = self.chart.design.under
        full = (*shape, len(level))
        if kind == lim.XMR:
            made = rng.normal(level, self.sigma, full)
        elif kind == lim.G:
            made = np.asarray(rng.geometric(np.broadcast_to(1 / (1 + level), full)), dtype=float) - 1
        elif kind == lim.T:
            made = np.asarray(np.maximum(rng.exponential(level, full), 1e-9), dtype=float)
        else:
            return draw(rng, level, exposure, self.dispersion, shape, shares=kind in lim.SHARES)
        return np.where(np.isfinite(exposure), made, np.nan)

    def members(self, rng: np.random.Generator, shift: float, draws: int) -> lim.Flags:
        """Return which reported periods after the baseline are part of a signal: draws x periods."""
        exposure = np.where(np.isfinite(self.values), self.exposure, np.nan)
        level = np.where(self.base | self.after.all(), self.level, self.level * shift)
        values = self.drawn(rng, level, exposure, (draws,))
        made = judged(self._limits(values, np.broadcast_to(exposure, values.shape)), self.base, self.chart.design)
        found = np.zeros(values.shape, dtype=bool)
        for fires in made.fires.values():
            found |= fires.members != 0
        return np.asarray(found[:, self.after])

    def mean_run(self, rng: np.random.Generator, shift: float, draws: int) -> float:
        """Return the average run length with the limits as drawn, NaN for a run chart, which has none."""
        chart = self.chart
        if chart.phases[-1].basis not in ("limits", "trial"):
            return float("nan")
        seen = np.flatnonzero(np.isfinite(self.values))
        places = np.resize(seen, HORIZON)
        values = self.drawn(rng, np.full(HORIZON, self.level * shift), self.exposure[places], (draws,))
        score = self._score(values, self.exposure[places])
        first = np.full(draws, HORIZON)
        rules = [r for r in chart.design.rules if chart.kind not in (lim.G, lim.T) or r.name in ("outside", "shift")]
        for rule in rules:
            met = rule.find(score, values).completes != 0
            first = np.minimum(first, np.where(met.any(axis=1), met.argmax(axis=1) + 1, HORIZON))
        return float(first.mean())

    def _limits(self, values: Floats, exposure: Floats) -> lim.Limits:
        design = self.chart.design
        if design.kind in (lim.G, lim.T):
            return event_limits(values, self.base, design)
        return period_limits(values, exposure, self.base, design)

    def _score(self, values: Floats, exposure: Floats) -> Floats:
        """Return scores of new values by the limits as drawn."""
        design, frame = self.chart.design, self.chart.frame
        if design.kind in (lim.G, lim.T):
            return lim.uneven_score(values, *(np.asarray(frame[a].iloc[-1:], dtype=float) for a in ("centre", "low", "high")))
        kind = design.under if design.kind in (lim.EWMA, lim.CUSUM) else design.kind
        if kind == lim.XMR:
            score = (values - self.level) / self.sigma
        else:
            chance = self.level * (1 - self.level if kind in lim.SHARES else 1.0)
            score = (values / exposure - self.level) / np.sqrt(self.dispersion * chance / exposure)
        if design.kind == lim.CUSUM:
            return cusum_limits(score, design.reach).score
        return ewma_limits(score, design.reach, design.weight).score if design.kind == lim.EWMA else score
