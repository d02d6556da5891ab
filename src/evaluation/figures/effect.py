"""The effect of a pilot: its course beside the course without it, the gap among placebos, and the weights behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from evaluation.effects.effect import RATIO, Effect
from evaluation.figures import style, units
from evaluation.figures.intervals import RatioLabels, ratio_ticks
from evaluation.figures.sources import source_line
from evaluation.figures.time_axis import START, before, period_axis, start_handle
from evaluation.language import Words, number

OBSERVED = Words("{unit}, thực tế", "{unit}, observed")
WITHOUT = Words("nếu không có mô hình (ước lượng)", "without the pilot (estimated)")
GAP = Words("{unit}: chênh lệch với ước lượng khi không có mô hình", "{unit}: gap to the estimate without the pilot")
PLACEBOS = Words("{n} đơn vị so sánh, giả định có mô hình (giả dược)", "{n} comparison units as if they had the pilot (placebo)")
INTERVAL = Words("khoảng tin cậy {level}% của từng kỳ", "{level}% interval of each period")
LEFT_OUT = Words("không tính vào trước hay sau", "counts neither as before nor as after")
CHANGE = {
    "ratio": Words("tỷ số thực tế so với ước lượng (thang lô-ga-rít)", "ratio of observed to estimated (logarithmic scale)"),
    "share": Words("thực tế trừ ước lượng (điểm phần trăm)", "observed minus estimated (percentage points)"),
    "other": Words("thực tế trừ ước lượng", "observed minus estimated"),
}
WEIGHT = Words("trọng số", "weight")
COUNTERFACTUAL_IS = Words(
    "Tổ hợp có trọng số của các đơn vị so sánh, thay cho đơn vị thí điểm nếu không có mô hình",
    "The weighted comparison units that stand for the pilot's unit without the pilot",
)
OTHERS = Words("{n} đơn vị khác, cộng lại", "{n} others together")
HIDDEN = Words("Không vẽ được {n} đường giả dược (không có ước lượng).", "{n} placebo lines cannot be drawn (no estimate).")
FITTED = Words("Sai số trước khi bắt đầu (RMSPE): {fit}.", "Error before the start (RMSPE): {fit}.")
UNITS = {"count": "count", "share": "percent", "rate": "value", "value": "value"}
MOST_BARS = 15
_WITHOUT_LINE = (0, (5, 2))
_PLACEBO: dict[str, Any] = {"color": "#a9b0ba", "linewidth": 0.8, "alpha": 0.75}
_NEITHER: dict[str, Any] = {"facecolor": "none", "edgecolor": style.RULE, "hatch": "\\\\\\", "linewidth": 0}

_Floats = NDArray[np.float64]


def course(effect: Effect, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None) -> Axes:
    """Draw what was observed and the estimated course without the pilot.

    Parameters
    ----------
    effect : Effect
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; place and outcome where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes
    """
    frame = effect.counterfactual
    observed, without = frame["observed"].to_numpy(float), frame["counterfactual"].to_numpy(float)
    unit, x = UNITS[effect.measure], np.arange(len(frame))
    with style.house():
        ax = style.canvas(ax, 3.8)
        _starts(ax, effect)
        ax.fill_between(x, observed, without, where=_after(effect), color=style.ACCENT, alpha=0.12, linewidth=0, zorder=1)
        ax.plot(x, without, color=style.INK, linestyle=_WITHOUT_LINE, linewidth=1.4, zorder=3)
        ax.plot(x, observed, color=style.MAIN, marker="o", markersize=4.5, linewidth=1.4, zorder=4)
        values = np.concatenate([observed, without])
        if unit == "value" or np.nanmin(values, initial=0.0) < 0:
            ax.set_ylim(*units.around(values))
        else:
            ax.set_ylim(0, units.ceiling(values, unit))
        units.value_axis(ax, unit, language, name=effect.outcome_label[language])
        period_axis(ax, [str(p) for p in frame["period"]], language)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, marker="o", markersize=4.5, label=OBSERVED[language].format(unit=effect.unit_label[language])),
            Line2D([], [], color=style.INK, linestyle=_WITHOUT_LINE, linewidth=1.4, label=WITHOUT[language]),
        ]
        _finish(ax, effect, handles, [effect.method[language], _fitted(effect, language)], language, title, source)
    style.describe(ax, Words("Biểu đồ đường", "Line chart")[language], title or effect.summary(language), synthetic=effect.synthetic)
    return ax


def gaps(effect: Effect, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None) -> Axes:
    """Draw the gap between observed and estimated by period, among the gaps of placebos; no comparison unit is named.

    Parameters
    ----------
    effect, ax, language, title, source
        As in `course`.

    Returns
    -------
    Axes
    """
    frame = effect.effects
    gap, low, high = (frame[c].to_numpy(float) for c in ("effect", "low", "high"))
    placebo = effect.placebo_gaps
    lines = [g["gap"].to_numpy(float) for _, g in placebo.groupby("unit", sort=True)] if len(placebo) else []
    drawable = [g for g in lines if np.isfinite(g).any()]
    x = np.arange(len(frame))
    with style.house():
        ax = style.canvas(ax, 3.8)
        _starts(ax, effect)
        ax.axhline(effect.none, color=style.GREY, linewidth=1, linestyle=":", zorder=1)
        for line in drawable:
            ax.plot(x, line, zorder=2, **_PLACEBO)
        banded = np.isfinite(low) & np.isfinite(high)
        if banded.any():
            ax.vlines(x[banded], low[banded], high[banded], color=style.MAIN, alpha=0.4, linewidth=2.4, zorder=3)
        ax.plot(x, gap, color=style.MAIN, marker="o", markersize=4.5, linewidth=1.8, zorder=4)
        _gap_axis(ax, effect, np.concatenate([gap, low, high, *drawable]), gap, language)
        period_axis(ax, [str(p) for p in frame["period"]], language)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, marker="o", markersize=4.5, label=GAP[language].format(unit=effect.unit_label[language]))
        ]
        if drawable:
            handles.append(Line2D([], [], label=PLACEBOS[language].format(n=number(len(drawable), language)), **_PLACEBO))
        if banded.any():
            said = INTERVAL[language].format(level=number(100 * effect.level, language))
            handles.append(Line2D([], [], color=style.MAIN, alpha=0.4, linewidth=2.4, label=said))
        hidden = HIDDEN[language].format(n=number(len(lines) - len(drawable), language)) if len(lines) > len(drawable) else ""
        _finish(ax, effect, handles, [effect.inference[language], hidden], language, title, source)
    head = Words("Biểu đồ đường các chênh lệch", "Line chart of gaps")[language]
    style.describe(ax, head, title or effect.summary(language), synthetic=effect.synthetic)
    return ax


def weights(
    effect: Effect,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    names: Mapping[str, str] | None = None,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw what each comparison unit lends to the course without the pilot.

    Parameters
    ----------
    effect, ax, language, source
        As in `course`.
    names : mapping of unit to str, optional
        Names for readers; units as they are called where left out.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the design has no weights, or weighs all alike: then there is nothing to see.
    """
    frame = effect.weights
    if frame.empty or np.ptp(frame["weight"]) < 1e-12 < len(frame) - 1:
        raise ValueError(
            f"Phương pháp {effect.design} không chọn trọng số: mọi đơn vị so sánh như nhau. / "
            f"The design {effect.design} chooses no weights: all comparison units count alike."
        )
    shown = frame.head(MOST_BARS)
    labels = [(names or {}).get(str(u), str(u)) for u in shown["unit"]]
    bars = shown["weight"].to_numpy(float)
    if len(frame) > len(shown):
        rest = frame.iloc[len(shown) :]
        labels, bars = [*labels, OTHERS[language].format(n=number(len(rest), language))], np.append(bars, rest["weight"].sum())
    y = np.arange(len(bars))[::-1]
    with style.house():
        ax = style.canvas(ax, 1.5 + 0.22 * len(bars))
        ax.barh(y, bars, height=0.62, color=style.MAIN, zorder=2)
        for at, bar in zip(y, bars, strict=True):
            ax.annotate(
                number(bar, language, 3),
                (max(bar, 0.0), at),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
            )
        ax.set_yticks(y, labels)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(min(0.0, 1.1 * float(bars.min())), 1.15 * max(float(bars.max()), 1e-9))
        units.number_axis(ax.xaxis, "value", language)
        ax.grid(axis="x")
        ax.set_xlabel(WEIGHT[language])
        style.plain_ticks(ax)
        _finish(
            ax, effect, [], [effect.method[language], _fitted(effect, language)], language, title or COUNTERFACTUAL_IS[language], source
        )
    told = "; ".join(f"{label} {number(bar, language, 3)}" for label, bar in zip(labels, bars, strict=True))
    style.describe(ax, title or COUNTERFACTUAL_IS[language], told, synthetic=effect.synthetic)
    return ax


def _after(effect: Effect) -> NDArray[np.bool_]:
    return effect.counterfactual["after"].to_numpy(bool)


def _starts(ax: Axes, effect: Effect) -> None:
    """Draw the line of the start, and hatch the periods that count neither as before nor as after."""
    periods = list(effect.counterfactual["period"])
    at = sum(p < effect.start for p in periods)
    before(ax, at, START)
    after = _after(effect)
    for i in range(effect.n_before, len(periods)):
        if not after[i]:
            ax.axvspan(i - 0.5, i + 0.5, zorder=0, **_NEITHER)


def _gap_axis(ax: Axes, effect: Effect, values: _Floats, own: _Floats, language: str) -> None:
    """Give the gap its axis: wide enough for the pilot and nearly all placebos, so that one wild placebo does not flatten the rest."""
    if effect.scale == RATIO:
        known = values[np.isfinite(values) & (values > 0)]
        reach = float(np.quantile(np.abs(np.log(known)), 0.98)) if len(known) else np.log(2)
        mine = np.abs(np.log(own[np.isfinite(own) & (own > 0)]))
        reach = 1.08 * max(reach, float(mine.max(initial=0.0)), np.log(1.3))
        low, high = float(np.exp(-reach)), float(np.exp(reach))
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        ax.yaxis.set_major_locator(FixedLocator(ratio_ticks(low, high)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(RatioLabels(language))
        ax.grid(axis="y")
        ax.set_ylabel(CHANGE["ratio"][language])
        return
    known = np.abs(values[np.isfinite(values)])
    reach = float(np.quantile(known, 0.98)) if len(known) else 1.0
    reach = 1.08 * max(reach, float(np.nanmax(np.abs(own), initial=0.0))) or 1.0
    ax.set_ylim(-reach, reach)
    share = effect.measure == "share"
    units.value_axis(ax, "points" if share else "value", language, name=CHANGE["share" if share else "other"][language])


def _fitted(effect: Effect, language: str) -> str:
    if not np.isfinite(effect.pre_rmspe):
        return ""
    return FITTED[language].format(fit=number(effect.pre_rmspe, language, 3 if effect.pre_rmspe < 1 else 2))


def _finish(ax: Axes, effect: Effect, handles: list[Artist], notes: list[str], language: str, title: str, source: str | None) -> None:
    """Add the start to the legend, then title, notes and source."""
    after = _after(effect)
    if ax.get_xlabel() != WEIGHT[language]:
        handles.append(start_handle(str(effect.start), language))
        if not after[effect.n_before :].all():
            handles.append(Patch(label=LEFT_OUT[language], **_NEITHER))
    style.finish(
        ax,
        title=title or f"{effect.unit_label[language]}: {effect.outcome_label[language]}",
        handles=handles,
        notes=[*notes, source_line(source, effect.source, language)],
        synthetic=effect.synthetic,
        below=46,
    )
