"""Who reported when: a matrix of reports on time, late, and not received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from evaluation.figures import states, style, units
from evaluation.language import Words, number, percent
from evaluation.periods import ROMAN, Period

STATES = {
    "on_time": Words("đúng hạn", "on time"),
    "late": Words("muộn", "late"),
    "missing": Words("không có báo cáo", "not reported"),
}
FILLS: dict[str, dict[str, Any]] = {
    "on_time": {"facecolor": style.MAIN, "edgecolor": style.PAPER},
    "late": {"facecolor": "#bcd3de", "edgecolor": style.MAIN, "hatch": "...."},
    "missing": {"facecolor": style.BAND, "edgecolor": style.PAPER},
}
_LETTERS: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": 6, "color": style.INK}
_ON: dict[str, dict[str, Any]] = {
    "on_time": {"color": style.PAPER},
    "late": {"bbox": {"facecolor": "#bcd3de", "edgecolor": "none", "pad": 0.8}},  # the dots would make figures unreadable
}
REPORT = Words("báo cáo", "report")
SOURCE = Words("Nguồn: ngày nhận báo cáo của các quận, huyện.", "Source: dates on which reports were received.")


def _matrix(frame: pd.DataFrame) -> tuple[list[str], list[Period], dict[tuple[str, str], str]]:
    """Return rows in order of appearance, periods in order of time, and the state of each cell.

    Raises
    ------
    ValueError
        If a state is unknown, or a cell stands twice or not at all.
    """
    if unknown := sorted(set(frame["state"]) - set(STATES)):
        raise ValueError(f"Không có trạng thái {', '.join(unknown)}. / There is no state {', '.join(unknown)}.")
    rows = list(dict.fromkeys(str(r) for r in frame["row"]))
    periods = sorted({Period.parse(str(p)) for p in frame["period"]})
    cells = {(str(r), str(Period.parse(str(p)))): str(s) for r, p, s in zip(frame["row"], frame["period"], frame["state"], strict=True)}
    if len(cells) != len(frame) or len(cells) != len(rows) * len(periods):
        raise ValueError("Mỗi đơn vị và kỳ phải có đúng một trạng thái. / Every unit and period needs exactly one state.")
    return rows, periods, cells


def _written(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return what is to be written into each cell, if anything."""
    if "written" not in frame:
        return {}
    return {(str(r), str(Period.parse(str(p)))): str(w) for r, p, w in zip(frame["row"], frame["period"], frame["written"], strict=True)}


def _label_axes(ax: Axes, rows: Sequence[str], periods: Sequence[Period], language: str) -> None:
    """Name rows on the left and quarters underneath, the year under its first quarter."""
    labels = []
    for i, p in enumerate(periods):
        quarter = "" if p.quarter is None else ROMAN[p.quarter - 1] if language == "vi" else f"Q{p.quarter}"
        labels.append(f"{quarter}\n{p.year}" if p.quarter == 1 or i == 0 or not quarter else quarter)
    style.ticks(ax.xaxis, range(len(periods)), labels)
    style.ticks(ax.yaxis, range(len(rows)), rows)
    ax.set_xlim(-0.5, len(periods) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    style.plain_ticks(ax)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    for i, p in enumerate(periods):
        if i and p.quarter == 1:
            ax.axvline(i - 0.5, color=style.INK, linewidth=0.8)
    ax.set_xlabel(Words("quý", "quarter")[language])


def completeness(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw which reports came on time, late, or not at all.

    Parameters
    ----------
    frame : DataFrame
        One row a cell: `row` (label of the ward or district), `period`,
        `state` ("on_time", "late", "missing"); `written`, if there, is put
        into the cell, e.g. "9/10": wards that reported of all.
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a state is unknown, or a cell stands twice or not at all.
    """
    rows, periods, cells = _matrix(frame)
    written = _written(frame)
    with style.house():
        ax = style.canvas(ax, 0.2 * len(rows) + 1.5)
        for i, row in enumerate(rows):
            for j, period in enumerate(periods):
                state = cells[row, str(period)]
                ax.add_artist(Rectangle((j - 0.45, i - 0.42), 0.9, 0.84, linewidth=0.6, gid=state, **FILLS[state]))
                if text := written.get((row, str(period))):
                    ax.text(j, i, text, zorder=3, **{**_LETTERS, **_ON.get(state, {})})
                if state == "missing":
                    ax.plot([j], [i], zorder=3, **{**states.CROSS, "markersize": 5.5})
        _label_axes(ax, rows, periods, language)
        handles: list[Patch | Line2D] = [Patch(**FILLS[s], label=STATES[s][language]) for s in ("on_time", "late")]
        handles.append(Line2D([], [], **states.CROSS, label=STATES["missing"][language]))
        style.finish(
            ax,
            title=title,
            handles=handles,
            notes=[SOURCE[language] if source is None else source],
            synthetic=synthetic,
            below=44,
        )
    style.describe(ax, _told(rows, periods, cells, title, language), synthetic=synthetic)
    return ax


def _told(rows: Sequence[str], periods: Sequence[Period], cells: dict[tuple[str, str], str], title: str, language: str) -> str:
    """Say how many reports were due, on time, late and missing, and where; in the order of the rows, never ranked."""
    found = list(cells.values())
    head = Words("Bảng báo cáo: {n} đơn vị, từ {a} đến {b}", "Matrix of reports: {n} units, {a} to {b}")[language]
    parts = [title, head.format(n=number(len(rows), language), a=periods[0].label(language), b=periods[-1].label(language))]
    for state, words in STATES.items():
        n = found.count(state)
        parts.append(f"{words[language]}: {units.many(n, REPORT, language)} ({percent(n / len(found), language)})")
    lost = {row: sum(cells[row, str(p)] == "missing" for p in periods) for row in rows}
    if found.count("missing"):
        gaps = Words("số kỳ không có báo cáo", "periods not reported")[language]
        parts.append(f"{gaps}: " + ", ".join(f"{row} {number(n, language)}" for row, n in lost.items() if n))
    return ". ".join(p for p in parts if p) + "."
