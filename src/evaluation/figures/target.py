"""A year as it builds up: what was reported by each quarter, what is predicted, and the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import style, units
from evaluation.figures.sources import DISTRICTS, source_line
from evaluation.figures.time_axis import quarter_axis
from evaluation.language import Words
from evaluation.language.likelihood import legend
from evaluation.monitoring.aims.status import TargetStatus
from evaluation.periods import Period
from evaluation.plan.measurable import LEVEL_AT_END, SHARE_OF_YEAR

SO_FAR = {
    True: Words("cộng dồn từ đầu năm, đã báo cáo", "since the start of the year, as reported"),
    False: Words("cuối quý, đã báo cáo", "at the end of the quarter, as reported"),
}
MEDIAN = Words("dự báo, một nửa khả năng ở trên và một nửa ở dưới", "predicted: half of the possible courses above, half below")
FAN = {
    "80": Words("8 trong 10 khả năng", "8 in 10 possible courses"),
    "95": Words("19 trong 20 khả năng", "19 in 20 possible courses"),
}
AIM = Words("mức phải đạt: {aim}", "target: {aim}")
NAMED = Words("mức được nêu: {aim} (bối cảnh, không đánh giá)", "what is named: {aim} (context, not judged)")
NOTHING = Words("Không có gì để vẽ: {why}", "There is nothing to draw: {why}")
_WIDE, _NARROW = "#dbe7ee", "#a9c5d4"


def target_course(
    result: TargetStatus, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None
) -> Axes:
    """Draw how a year's figure builds up against its target, with the fan of what is predicted.

    Parameters
    ----------
    result : TargetStatus
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; the result's own sentence where left out.
    source : str, optional
        Source line; None for the districts' reports, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing of the year is known or predicted: no target, or dates, which are counted.
    """
    course = result.course
    if result.target is None or course.empty or not course[["value", "median"]].notna().any(axis=None):
        raise ValueError(f"{NOTHING['vi'].format(why=result.reason.vi)}. / {NOTHING['en'].format(why=result.reason.en)}.")
    unit = units.OF_RESULT.get(result.unit, "count")
    x = np.arange(len(course), dtype=float)
    known, predicted = course["value"].to_numpy(float), bool(course["median"].notna().any())
    with style.house():
        ax = style.canvas(ax, 3.5)
        if predicted:
            _fan(ax, x, course, known)
        ax.plot(x, known, color=style.MAIN, marker="o", markersize=6, linewidth=1.6, zorder=4, clip_on=False)
        _aim(ax, result)
        ax.set_ylim(0, _top(result, known, unit))
        units.value_axis(ax, unit, language)
        quarter_axis(ax, [Period.parse(str(p)) for p in course["period"]], language)
        ax.tick_params(axis="x", pad=6)  # a zero stands on the axis
        notes = [source_line(source, DISTRICTS, language)]
        if result.probability is not None:
            notes.insert(0, legend()[language])
        style.finish(
            ax,
            title=title or result.summary(language).rstrip("."),
            handles=_handles(result, language, predicted=predicted),
            notes=notes,
            synthetic=result.synthetic,
            below=46,
        )
    style.describe(ax, *_told(result, unit, language), synthetic=result.synthetic)
    return ax


def _fan(ax: Axes, x: np.ndarray[Any, Any], course: Any, known: np.ndarray[Any, Any]) -> None:
    """Draw the two bands and the median, opening from the last known quarter."""
    last = np.flatnonzero(np.isfinite(known))
    start = int(last[-1]) if len(last) else None
    middle = course["median"].to_numpy(float)
    places = np.flatnonzero(np.isfinite(middle))
    joined = places if start is None or start + 1 != places[0] else np.r_[start, places]

    def line(column: str) -> np.ndarray[Any, Any]:
        values = course[column].to_numpy(float)
        return np.asarray(np.where(np.isfinite(values), values, known))[joined]

    for name, colour, order in (("95", _WIDE, 1), ("80", _NARROW, 1.2)):
        low, high = line(f"low{name}"), line(f"high{name}")
        ax.fill_between(x[joined], low, high, color=colour, linewidth=0, zorder=order)
        ax.vlines(x[places], low[-len(places) :], high[-len(places) :], color=style.MAIN, linewidth=0.8, zorder=2)
    ax.plot(x[joined], line("median"), color=style.MAIN, linestyle=(0, (2, 2)), linewidth=1.3, zorder=3)
    ax.plot(
        x[places], middle[places], color=style.MAIN, marker="o", markerfacecolor=style.PAPER, linestyle="none", markersize=6, zorder=3.5
    )


def _aim(ax: Axes, result: TargetStatus) -> None:
    """Draw the target: one line, or two with hatching between."""
    assert result.target is not None  # for the type checker
    for end in result.target.ends:
        ax.axhline(end, color=style.ACCENT, linestyle=(0, (5, 2)), linewidth=1.4, zorder=2.5)
    if len(result.target.ends) == 2:
        ax.axhspan(*result.target.ends, facecolor="none", edgecolor=style.ACCENT, hatch="//", alpha=0.35, linewidth=0, zorder=0.8)


def _top(result: TargetStatus, known: np.ndarray[Any, Any], unit: str) -> float:
    assert result.target is not None
    highest = np.nanmax(np.r_[known, result.course["high95"].to_numpy(float), result.target.ends], initial=0.0)
    return float(min(1.04, 1.12 * highest) if unit == "percent" else max(1.12 * highest, 5.0))


def _handles(result: TargetStatus, language: str, *, predicted: bool) -> list[Artist]:
    assert result.target is not None
    cumulative = result.target.statistic != LEVEL_AT_END
    words = NAMED if result.status == "context" else AIM
    found: list[Artist] = [
        Line2D([], [], color=style.MAIN, marker="o", markersize=6, linewidth=1.6, label=SO_FAR[cumulative][language]),
        Line2D(
            [], [], color=style.ACCENT, linestyle=(0, (5, 2)), linewidth=1.4, label=words[language].format(aim=result.target.aim[language])
        ),
    ]
    if predicted:
        hollow = {"marker": "o", "markerfacecolor": style.PAPER, "markersize": 6, "linestyle": (0, (2, 2)), "linewidth": 1.3}
        found.append(Line2D([], [], color=style.MAIN, label=MEDIAN[language], **hollow))  # type: ignore[arg-type]
        found += [Patch(facecolor=colour, label=FAN[name][language]) for name, colour in (("80", _NARROW), ("95", _WIDE))]
    return found


def _told(result: TargetStatus, unit: str, language: str) -> list[str]:
    """Say the status, the quarters as they build up, and what is predicted for the end of the year."""
    assert result.target is not None
    said = [result.word[language], result.summary(language)]
    build = Words("tỷ lệ cộng dồn", "share so far") if result.target.statistic == SHARE_OF_YEAR else Words("theo quý", "by quarter")
    steps = [
        f"{Period.parse(str(p)).label(language)}: {units.written(float(v), unit, language)}"
        for p, v in zip(result.course["period"], result.course["value"], strict=True)
        if np.isfinite(v)
    ]
    if steps:
        said.append(f"{build[language]}: {'; '.join(steps)}")
    last = result.course.iloc[-1]
    if np.isfinite(last["median"]):
        ends = [units.written(float(last[c]), unit, language) for c in ("median", "low80", "high80")]
        said.append(
            Words(
                f"dự báo cuối năm {ends[0]}, 8 trong 10 khả năng từ {ends[1]} đến {ends[2]}",
                f"predicted for the end of the year {ends[0]}, 8 in 10 possible courses from {ends[1]} to {ends[2]}",
            )[language]
        )
    return said
