"""A series of quarters with its gaps: one indicator, or a page of small multiples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evaluation.figures import states, style, units
from evaluation.figures.arrangement import Arrangement
from evaluation.figures.sources import DISTRICTS, source_line
from evaluation.figures.time_axis import QUARTER, START, before, quarter_axis, start_handle
from evaluation.language import Words, number
from evaluation.periods import Period

VALUES = ("value", "low", "high")
POINT = Words("giá trị của quý", "value of the quarter")
INTERVAL = Words("khoảng tin cậy 95%", "95% confidence interval")
NOTHING = Words("không có giá trị nào để nêu", "no value to show")


def _series(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the checked series with its periods read."""
    out = states.checked(frame, "period", VALUES)
    out["period"] = pd.Series([Period.parse(str(p)) for p in out["period"]], dtype=object)
    return out


def _draw(ax: Axes, data: pd.DataFrame, unit: str, language: str, *, small: bool, start: int | None) -> None:
    """Draw bands, intervals, line and points of one series."""
    states.bands(ax, list(data["state"]), cross=4.5 if small else 6)
    x = np.arange(len(data))
    ax.vlines(x, data["low"], data["high"], color=style.MAIN, alpha=0.4, linewidth=1.6 if small else 2.4, zorder=2)
    ax.plot(x, data["value"], color=style.MAIN, marker="o", markersize=3 if small else 5, linewidth=1.3, zorder=4, clip_on=False)
    if start is not None:
        before(ax, start, START)
    ax.set_ylim(0, units.ceiling(data[list(VALUES)].to_numpy(float), unit))
    if (data["state"] == states.SHOWN).any():
        units.number_axis(ax.yaxis, unit, language, 4 if small else 6)
        ax.grid(axis="y")
    else:
        style.ticks(ax.yaxis, [])
        ax.text(0.5, 0.55, NOTHING[language], transform=ax.transAxes, ha="center", fontsize=style.SMALL, bbox=_PLATE)


_PLATE: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 2}


def _handles(panels: Sequence[pd.DataFrame], language: str, start: str | None) -> list[Artist]:
    """Return one legend for all panels: only what occurs."""
    data = pd.concat(panels)
    found: list[Artist] = [Line2D([], [], color=style.MAIN, marker="o", markersize=5, linewidth=1.3, label=POINT[language])]
    if np.isfinite(data["low"]).any():
        found.append(Line2D([], [], color=style.MAIN, alpha=0.4, linewidth=2.4, label=INTERVAL[language]))
    found += states.handles(list(data["state"]), language, zero=bool((data["value"] == 0).any()))
    if start:
        found.append(start_handle(start, language))
    return found


def place(data: pd.DataFrame, start: str | None) -> int | None:
    """Return where the period `start` stands in the series.

    Raises
    ------
    ValueError
        If the series does not have it.
    """
    if start is None:
        return None
    places = [i for i, p in enumerate(data["period"]) if p == Period.parse(start)]
    if not places:
        raise ValueError(f"Chuỗi số liệu không có kỳ {start}. / The series does not have the period {start}.")
    return places[0]


def _told(data: pd.DataFrame, label: str, unit: str, language: str, *, extremes: bool) -> str:
    """Say the series in words: first, last, lowest, highest, and what is absent."""
    shown = data[data["state"] == states.SHOWN]
    lost = states.counted(list(data["state"]), QUARTER, language)
    if shown.empty:
        return f"{label}: {NOTHING[language]}; {lost}."

    def point(i: int) -> str:
        value, low, high = (float(shown[c].to_numpy()[i]) for c in VALUES)
        when, written = shown["period"].iloc[i].label(language), units.with_interval(value, low, high, unit, language)
        return f"{when}: {written}" if language == "vi" else f"{written} ({when})"

    said = [(Words("đầu tiên", "first"), 0), (Words("gần nhất", "latest"), len(shown) - 1)]
    if extremes:
        said += [
            (Words("thấp nhất", "lowest"), int(shown["value"].to_numpy().argmin())),
            (Words("cao nhất", "highest"), int(shown["value"].to_numpy().argmax())),
        ]
    text = f"{label}: " + "; ".join(f"{words[language]} {point(i)}" for words, i in said)
    return f"{text}. {lost}." if lost else f"{text}."


def trend(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    label: str,
    unit: str,
    language: str = "vi",
    synthetic: bool = False,
    mark_from: str | None = None,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw one indicator over quarters, its gaps visible.

    Parameters
    ----------
    frame : DataFrame
        One row a period, in order: `period` (str), `value`, `low`, `high`
        (shares from 0 to 1 where `unit` is "percent"), `state` ("shown",
        "missing", "withheld", "inconsistent", "not_collected", "not_applicable").
    ax : Axes, optional
    label : str
        What is shown; the title where `title` is empty.
    unit : {"percent", "count", "per_10000"}
    language : {"vi", "en"}
    synthetic : bool
        Whether the figure says that its data are synthetic.
    mark_from : str, optional
        Period from which something runs; a line before it.
    title : str
        The finding.
    source : str, optional
        Source line; None for the districts' reports, "" for none.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row that is not shown carries a value, or the unit is unknown.
    """
    data, units_words = _series(frame), units.AXIS[units.known(unit)]
    with style.house():
        ax = style.canvas(ax, 3.6)
        _draw(ax, data, unit, language, small=False, start=place(data, mark_from))
        quarter_axis(ax, list(data["period"]), language)
        ax.set_ylabel(units_words[language])
        style.finish(
            ax,
            title=title or label,
            handles=_handles([data], language, mark_from),
            notes=[source_line(source, DISTRICTS, language)],
            synthetic=synthetic,
            below=46,
        )
    head = Words("Biểu đồ đường", "Line chart")[language]
    told = _told(data, label, unit, language, extremes=True)
    style.describe(ax, head, title, told, synthetic=synthetic)
    return ax


def _page(title: str, handles: Sequence[Artist], note: str, panels: float, *, synthetic: bool) -> Figure:
    """Return a figure with title and mark above, legend and source below, and `panels` points kept free between them."""
    width = style.WIDTH * 72 - 12
    heading = style.wrap(title, width, style.TITLE, bold=True)
    above = 6 + (14 * (heading.count("\n") + 1) if title else 0) + (14 if synthetic else 0)
    columns = style.legend_columns(handles, width)
    legend = style.legend_height(len(handles), columns)
    source = style.wrap(note, width, style.NOTE)
    below = 6 + legend + (9 * (source.count("\n") + 1) + 3 if note else 0)
    height = above + panels + below
    room = Arrangement(rect=(0, below / height, 1, panels / height), across=4.3, up=3.6)
    fig = plt.figure(figsize=(style.WIDTH, height / 72), layout=room)
    if title:
        fig.text(0.006, 1 - 5 / height, heading, va="top", fontsize=style.TITLE, fontweight="bold")
    if synthetic:
        fig.text(0.006, 1 - (above - 2) / height, style.SYNTHETIC, fontsize=7.5, fontweight="bold", color=style.ACCENT)
    fig.legend(
        handles=list(handles), loc="upper left", bbox_to_anchor=(0.006, (below - 4) / height), borderaxespad=0, borderpad=0, ncols=columns
    )
    if note:
        fig.text(0.006, 4 / height, source, fontsize=style.NOTE, color=style.GREY)
    return fig


def small_multiples(
    panels: Sequence[tuple[str, str, pd.DataFrame]],
    language: str = "vi",
    synthetic: bool = False,
    *,
    title: str = "",
    mark_from: str | None = None,
    source: str | None = None,
) -> np.ndarray[Any, Any]:
    """Draw one small panel an indicator, all over the same quarters.

    Parameters
    ----------
    panels : sequence of (label, unit, frame)
        As in `trend`; every frame has the same periods.
    language : {"vi", "en"}
    synthetic : bool
    title : str
        The finding, over all panels.
    mark_from : str, optional
    source : str, optional

    Returns
    -------
    ndarray of Axes
        One for each panel, in order. The text alternative of the whole figure
        is `style.alt` of the array.

    Raises
    ------
    ValueError
        If there is no panel, the panels' periods differ, or a withheld value is there.
    """
    series = [_series(frame) for _, _, frame in panels]
    if not series or any(list(s["period"]) != list(series[0]["period"]) for s in series):
        raise ValueError("Cần ít nhất một ô hình, các ô có cùng các kỳ. / At least one panel is needed, all over the same periods.")
    columns = min(len(panels), 3 if len(panels) <= 9 else 4)
    room = style.WIDTH * 72 / columns - 40
    labels = [style.wrap(label, room, 8, bold=True) for label, _, _ in panels]
    tall = [max(t.count("\n") + 1 for t in labels[i : i + columns]) for i in range(0, len(labels), columns)]
    with style.house():
        handles = _handles(series, language, mark_from)
        note = source_line(source, DISTRICTS, language)
        fig = _page(title, handles, note, sum(95 + 11 * lines for lines in tall) + 14, synthetic=synthetic)
        drawn: list[Axes] = []
        for i, ((label, unit, _), data) in enumerate(zip(panels, series, strict=True)):
            ax = fig.add_subplot(len(tall), columns, i + 1)
            _draw(ax, data, unit, language, small=True, start=place(data, mark_from))
            quarter_axis(ax, list(data["period"]), language, years_only=True)
            ax.tick_params(labelbottom=i + columns >= len(panels), labelsize=7)
            ax.set_title(labels[i], loc="left", fontsize=8, pad=13, y=1.0)
            ax.annotate(
                units.AXIS[units.known(unit)][language],
                (0, 1),
                xycoords="axes fraction",
                xytext=(0, 3),
                textcoords="offset points",
                fontsize=7,
                color=style.GREY,
            )
            style.describe(ax, _told(data, label, unit, language, extremes=False))
            drawn.append(ax)
    count = Words("{n} biểu đồ nhỏ theo quý, từ {a} đến {b}", "{n} small charts by quarter, {a} to {b}")[language]
    first, last = series[0]["period"].iloc[0], series[0]["period"].iloc[-1]
    intro = count.format(n=number(len(panels), language), a=first.label(language), b=last.label(language))
    told = " ".join(style.alt(ax) for ax in drawn)
    style.describe(fig, intro, title, told, synthetic=synthetic)
    return np.array(drawn, dtype=object)
