"""One ward's series of one count, the range that its earlier quarters make usual, and the figures outside it.

For the office alone: a ward's counts are not protected. No report prints this figure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, units
from evaluation.figures.time_axis import QUARTER, quarter_axis
from evaluation.figures.trend import POINT
from evaluation.language import Words, number
from evaluation.periods import Period

RANGE = Words("khoảng thường gặp theo các quý trước", "usual range by the quarters before")
OUTSIDE = Words("ngoài khoảng thường gặp, cần kiểm tra", "outside the usual range, to be checked")
PRIVATE = Words(
    "Chỉ dùng trong cơ quan: số liệu cấp phường chưa được bảo vệ. Nguồn: báo cáo của quận, huyện.",
    "For the office alone: a ward's figures are not protected. Source: reports of the district.",
)
_BAND: dict[str, Any] = {"facecolor": "#dbe7ee", "edgecolor": "none"}
_RING: dict[str, Any] = {
    "marker": "o",
    "markersize": 12,
    "linestyle": "none",
    "markerfacecolor": "none",
    "markeredgecolor": style.ACCENT,
    "markeredgewidth": 1.8,
}


def history(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    label: str,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw a ward's figures over quarters beside their usual range.

    Parameters
    ----------
    frame : DataFrame
        One row a period, in order: `period`, `value`, `state`, `low`, `high`
        (the usual range; missing where there is no history), `beyond`.
    ax : Axes, optional
    label : str
        The count and the ward; the title where `title` is empty.
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row that is not shown carries a value.
    """
    data = states.checked(frame[["period", "value", "state"]], "period", ["value"])
    low, high = (frame[c].to_numpy(float) for c in ("low", "high"))
    beyond = frame["beyond"].to_numpy(bool)
    periods = [Period.parse(str(p)) for p in data["period"]]
    x, value = np.arange(len(data)), data["value"].to_numpy(float)
    with style.house():
        ax = style.canvas(ax, 3.4)
        states.bands(ax, list(data["state"]))
        # Steps, not slopes: a range belongs to its quarter and says nothing between two.
        ax.bar(x, np.nan_to_num(high - low), 0.86, bottom=np.nan_to_num(low), zorder=1, **_BAND)
        ax.plot(x, value, color=style.MAIN, marker="o", markersize=5, linewidth=1.3, zorder=4, clip_on=False)
        ax.plot(x[beyond], value[beyond], zorder=5, clip_on=False, **_RING)
        for i in np.flatnonzero(beyond):
            ax.annotate(
                number(value[i], language),
                (x[i], value[i]),
                xytext=(9, 3),
                textcoords="offset points",
                fontsize=style.SMALL,
                color=style.INK,
            )
        ax.set_ylim(0, units.ceiling(np.concatenate([value, high]), "count"))
        units.value_axis(ax, "count", language)
        quarter_axis(ax, periods, language)
        style.finish(
            ax,
            title=title or label,
            handles=_handles(list(data["state"]), language, limits=bool(np.isfinite(high).any()), odd=bool(beyond.any())),
            notes=[PRIVATE[language] if source is None else source],
            synthetic=synthetic,
            below=46,
        )
    told = _told(periods, value, low, high, beyond, list(data["state"]), title or label, language)
    style.describe(ax, *told, synthetic=synthetic)
    return ax


def _handles(found: list[str], language: str, *, limits: bool, odd: bool) -> list[Artist]:
    handles: list[Artist] = [Line2D([], [], color=style.MAIN, marker="o", markersize=5, linewidth=1.3, label=POINT[language])]
    if limits:
        handles.append(Patch(label=RANGE[language], **_BAND))
    if odd:
        handles.append(Line2D([], [], label=OUTSIDE[language], **{**_RING, "markersize": 8}))
    return [*handles, *states.handles(found, language)]


def _told(periods: list[Period], value: Any, low: Any, high: Any, beyond: Any, found: list[str], label: str, language: str) -> list[str]:
    """Say how many quarters have a figure, which lie outside their range and by how much, and what is absent."""
    shown = int(np.isfinite(value).sum())
    head = Words("{label}: {n} quý có con số, từ {a} đến {b}", "{label}: {n} quarters with a figure, {a} to {b}")[language]
    parts = [head.format(label=label, n=number(shown, language), a=periods[0].label(language), b=periods[-1].label(language))]
    item = Words("{when}: {x}, khoảng thường gặp từ {low} đến {high}", "{when}: {x}, usual range {low} to {high}")[language]
    odd = [
        item.format(
            when=periods[i].label(language),
            x=number(value[i], language),
            low=number(low[i], language),
            high=number(high[i], language),
        )
        for i in np.flatnonzero(beyond)
    ]
    parts.append(f"{OUTSIDE[language]}: {'; '.join(odd)}" if odd else NOTHING[language])
    return [*parts, states.counted(found, QUARTER, language)]


NOTHING = Words("không con số nào nằm ngoài khoảng thường gặp", "no figure lies outside its usual range")
