"""A control chart: points, centre, limits and signals, the baseline and every documented change, and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, units
from evaluation.figures.sources import source_line
from evaluation.figures.time_axis import CHANGE, PERIOD, before, period_axis
from evaluation.figures.trend import NOTHING
from evaluation.language import Words, number, percent
from evaluation.monitoring.charts import ControlChart
from evaluation.monitoring.charts.wording import PERIODS, written
from evaluation.periods import said_period

CENTRE = {
    "limits": Words("đường giữa của kỳ gốc", "centre of the baseline"),
    "trial": Words("đường giữa của kỳ gốc", "centre of the baseline"),
    "run": Words("trung vị (biểu đồ chạy)", "median (run chart)"),
    "none": Words("trung vị (chưa đủ điểm để kết luận)", "median (too few points to tell)"),
}
LIMITS = Words("giới hạn kiểm soát (3 sigma)", "control limits (3 sigma)")
TRIAL = Words("giới hạn tạm tính, từ {n} kỳ", "trial limits, from {n} periods")
BASELINE = Words("kỳ gốc", "baseline")
ANEW = Words("tính lại từ {period}: {reason}", "anew from {period}: {reason}")
GAPS = Words("số kỳ giữa hai sự việc liền nhau", "periods between two events")
SIGMA = Words("trung bình có trọng số (sigma)", "weighted average (sigma)")
SUMS = Words("tổng tích lũy (sigma)", "cumulative sum (sigma)")
POINT = Words("giá trị của kỳ", "value of the period")
EVENT = Words("sự việc", "event")
GAP = Words("khoảng cách giữa hai sự việc liền nhau", "gap between two events")
# Words beside the sign, for an official who reads nothing else.
BADGES = {
    "improving": Words("✔ đang tốt lên", "✔ improving"),
    "worsening": Words("✖ đang xấu đi", "✖ worsening"),
    "no_change": Words("≈ không có thay đổi rõ", "≈ no clear change"),
    "changed": Words("◆ có thay đổi", "◆ changed"),
    "too_few": Words("… chưa đủ số liệu", "… too few points"),
}
SIGNALS = {
    1: ("^", Words("tín hiệu: cao hơn mức thường", "signal: above the usual")),
    -1: ("v", Words("tín hiệu: thấp hơn mức thường", "signal: below the usual")),
    2: ("D", Words("tín hiệu không có hướng", "signal without a direction")),
}
RUN = Words(
    "Kỳ gốc dưới 8 số liệu, hoặc các số quá nhỏ: biểu đồ chạy quanh trung vị, theo quy tắc Anhøj.",
    "Fewer than 8 points in a baseline, or numbers too small: a run chart about the median, by Anhøj's rules.",
)
ALARM = Words(
    "Nếu không có gì thay đổi, xác suất biểu đồ này vẫn báo tín hiệu ở {n} kỳ sau kỳ gốc là {share} (mô phỏng).",
    "If nothing changed, this chart would still signal in the {n} periods after the baseline with probability {share} (simulated).",
)
_TINT = "#e9f1f5"
_EVENTS = ("g", "t")
_SCORES = ("ewma", "cusum")


def control_chart(
    chart: ControlChart,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool | None = None,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw a control chart.

    Parameters
    ----------
    chart : ControlChart
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool, optional
        Whether the figure says that its data are made up; as the chart says where left out.
    title : str
        The finding; the chart's label where empty.
    source : str, optional
        Source line; None for that of the chart, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a point that is not shown carries a value.
    """
    data = states.checked(chart.frame, "period", ["value"])
    made_up = chart.synthetic if synthetic is None else synthetic
    with style.house():
        ax = style.canvas(ax, 3.9)
        states.bands(ax, list(data["state"]))
        for at in range(len(chart.phases)):
            _phase(ax, data, at, chart.phases[at].basis)
        _points(ax, data)
        _axes(ax, data, chart, language)
        style.finish(
            ax,
            title=title or chart.estimand[language],
            handles=_handles(chart, data, language),
            notes=[*_notes(chart, language), source_line(source, chart.source, language)],
            synthetic=made_up,
            below=46,
        )
        _badge(ax, chart.verdict, language, crowded=made_up)
    style.describe(ax, *_told(chart, data, language), synthetic=made_up)
    return ax


def _notes(chart: ControlChart, language: str) -> list[str]:
    """Say how the chart was made, where it could be no more than a run chart, and how often it would signal without any change."""
    said = [chart.method[language]]
    if chart.kind != "run" and any(p.basis == "run" for p in chart.phases):
        said.append(RUN[language])
    if (rate := chart.diagnostics.get("false_alarm")) is not None:
        n = chart.diagnostics["periods_after"]
        said.append(ALARM[language].format(share=percent(rate, language, 0), n=number(n, language)))
    return said


def _phase(ax: Axes, data: pd.DataFrame, at: int, basis: str) -> None:
    """Draw one phase's baseline, centre and limits, a step a period; a line before it where it is not the first."""
    part = data[data["phase"] == at]
    if part.empty:
        return
    x = part.index.to_numpy(float)
    base = part.index[part["baseline"]]
    if len(base) and basis in ("limits", "trial"):
        ax.axvspan(base[0] - 0.5, base[-1] + 0.5, facecolor=_TINT, edgecolor="none", zorder=0.3)
    edges = np.column_stack([x - 0.5, x + 0.5]).ravel()
    middle = _SOLID if basis in ("limits", "trial") else _MEDIAN
    for column, dashes, colour in (
        ("centre", middle, style.INK),
        ("low", _dashes(basis), style.GREY),
        ("high", _dashes(basis), style.GREY),
    ):
        line = np.repeat(part[column].to_numpy(float), 2)
        ax.plot(edges, line, color=colour, linestyle=dashes, linewidth=1.1, zorder=2)
    if at:
        before(ax, int(x[0]), CHANGE)


_MEDIAN: Any = (0, (8, 2, 1.5, 2))
_SOLID: Any = "solid"


def _dashes(basis: str) -> tuple[int, tuple[float, ...]]:
    return (0, (1.5, 2.5)) if basis == "trial" else (0, (5, 2))


def _points(ax: Axes, data: pd.DataFrame) -> None:
    x, y = data.index.to_numpy(float), data["value"].to_numpy(float)
    for _, part in data.groupby("phase"):
        ax.plot(part.index, part["value"], color=style.MAIN, linewidth=1.1, zorder=3, clip_on=False)
    usual = (data["signal"] == 0).to_numpy()
    ax.plot(x[usual], y[usual], color=style.MAIN, marker="o", markersize=4.5, linestyle="none", zorder=4, clip_on=False)
    for code, (marker, _) in SIGNALS.items():
        some = (data["signal"] == code).to_numpy()
        if some.any():
            ax.plot(x[some], y[some], zorder=5, clip_on=False, **_mark(marker))


def _mark(marker: str) -> dict[str, Any]:
    return {
        "marker": marker,
        "linestyle": "none",
        "markersize": 9 if marker != "D" else 7.5,
        "markerfacecolor": style.ACCENT,
        "markeredgecolor": style.INK,
        "markeredgewidth": 0.9,
    }


def _unit(chart: ControlChart) -> str:
    """Return the unit of the value axis as figures know it."""
    if chart.kind in (*_EVENTS, *_SCORES):
        return "per_10000"
    return "per_10000" if chart.measure == "count" and chart.kind == "xmr" else units.OF_MEASURE[chart.measure]


def _axes(ax: Axes, data: pd.DataFrame, chart: ControlChart, language: str) -> None:
    heights = data[["value", "low", "high", "centre"]].to_numpy(float)
    if np.isfinite(heights).any():
        if chart.kind in _SCORES or chart.measure == "value" or np.nanmin(heights) < 0:
            ax.set_ylim(*units.around(heights))
        else:
            ax.set_ylim(0, units.ceiling(heights, _unit(chart)))
        units.value_axis(ax, _unit(chart), language, name=_label(chart, language))
    else:
        style.ticks(ax.yaxis, [])
        ax.set_ylabel(_label(chart, language))
        ax.text(0.5, 0.55, NOTHING[language], transform=ax.transAxes, ha="center", fontsize=style.SMALL)
    period_axis(ax, list(data["period"]), language, name=EVENT if chart.kind in _EVENTS else None)


def _label(chart: ControlChart, language: str) -> str:
    if chart.kind in _EVENTS:
        return (GAPS if chart.unit == PERIODS else GAP)[language]
    if chart.kind in _SCORES:
        return (SUMS if chart.kind == "cusum" else SIGMA)[language]
    if chart.measure == "rate":
        return units.rate_axis(chart.said_unit)[language]
    return units.AXIS[_unit(chart)][language]


def _handles(chart: ControlChart, data: pd.DataFrame, language: str) -> list[Artist]:
    """Return the legend: only what the chart has."""
    found: list[Artist] = [
        Line2D(
            [], [], color=style.MAIN, marker="o", markersize=4.5, linewidth=1.1, label=(EVENT if chart.kind in _EVENTS else POINT)[language]
        )
    ]
    bases = [p.basis for p in chart.phases]
    for said, basis in {CENTRE[b][language]: b for b in bases}.items():
        dashes = _MEDIAN if basis in ("run", "none") else _SOLID
        found.append(Line2D([], [], color=style.INK, linestyle=dashes, linewidth=1.1, label=said))
    if "limits" in bases:
        found.append(Line2D([], [], color=style.GREY, linestyle=_dashes("limits"), linewidth=1.1, label=LIMITS[language]))
    if "trial" in bases:
        n = " / ".join(number(p.n, language) for p in chart.phases if p.basis == "trial")
        found.append(Line2D([], [], color=style.GREY, linestyle=_dashes("trial"), linewidth=1.1, label=TRIAL[language].format(n=n)))
    if {"limits", "trial"} & set(bases):
        found.append(Patch(facecolor=_TINT, edgecolor=style.RULE, linewidth=0.5, label=BASELINE[language]))
    for code, (marker, words) in SIGNALS.items():
        if (data["signal"] == code).any():
            found.append(Line2D([], [], label=words[language], **{**_mark(marker), "markersize": 7}))
    for phase in chart.phases[1:]:
        if phase.reason is not None:
            told = ANEW[language].format(period=said_period(phase.first, language), reason=phase.reason[language])
            found.append(Line2D([], [], label=told, **CHANGE))
    return [*found, *states.handles(list(data["state"]), language)]


def _badge(ax: Axes, verdict: str, language: str, *, crowded: bool) -> None:
    """Write the verdict in a box at the right above the axes; the title makes room where no mark of made-up data has done so."""
    if not crowded:
        ax.set_title(ax.get_title(loc="left"), loc="left", pad=20, y=1.0)
    heavy = verdict in ("improving", "worsening", "changed")
    ax.annotate(
        BADGES[verdict][language],
        (1, 1),
        xycoords="axes fraction",
        xytext=(-3, 5),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=style.SMALL,
        fontweight="bold" if heavy else "normal",
        bbox={"facecolor": style.PAPER, "edgecolor": style.INK if heavy else style.RULE, "boxstyle": "round,pad=0.25", "linewidth": 0.9},
        annotation_clip=False,
    )


def _told(chart: ControlChart, data: pd.DataFrame, language: str) -> list[str]:
    """Say the finding, then each phase's limits, changes, signals and what is absent."""
    head = Words("Biểu đồ kiểm soát, {n} điểm", "Control chart, {n} points")[language]
    parts = [head.format(n=number(int((data["state"] == states.SHOWN).sum()), language)), chart.summary(language)]
    for at, phase in enumerate(chart.phases):
        if phase.reason is not None and phase.first:
            parts.append(ANEW[language].format(period=said_period(phase.first, language), reason=phase.reason[language]))
        rows = data[(data["phase"] == at) & np.isfinite(data["centre"])]
        if len(rows):
            last = rows.iloc[-1]
            told = f"{CENTRE[phase.basis][language]}: {written(chart, float(last['centre']), language)}"
            if np.isfinite(last["low"]):
                ends = units.SPAN[language].format(
                    low=written(chart, float(last["low"]), language, bare=True),
                    high=written(chart, float(last["high"]), language, bare=True),
                )
                said = TRIAL[language].format(n=number(phase.n, language)) if phase.basis == "trial" else LIMITS[language]
                told += f"; {said}: {ends}"
            parts.append(told)
    for code, (_, words) in SIGNALS.items():
        if (data["signal"] == code).any():
            periods = ", ".join(said_period(p, language) for p in data.loc[data["signal"] == code, "period"])
            parts.append(f"{words[language]}: {periods}")
    return [*parts, states.counted(list(data["state"]), PERIOD, language)]
