"""A district among the others: share against denominator inside the limits of chance, without a rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import states, style, units
from evaluation.language import Words, number, percent

LIMITS = ("low95", "high95", "low998", "high998")
OTHERS = Words("quận, huyện khác", "other districts")
CENTRE = Words("mức chung: {value}", "overall level: {value}")
INNER = Words("giới hạn 95%", "95% limits")
OUTER = Words("giới hạn 99,8%", "99.8% limits")
AXIS = Words("mẫu số của tỷ lệ (số người hoặc số vụ)", "denominator of the share (people or cases)")
DISTRICT = Words("quận, huyện", "district")
ABSENT = Words("{name}: {why}, không có điểm trên hình", "{name}: {why}, no point in this figure")
SOURCE = Words(
    "Biểu đồ không xếp hạng: trong giới hạn, khác biệt giữa các quận, huyện có thể chỉ do ngẫu nhiên. Nguồn: báo cáo của các quận, huyện.",
    "No ranking: inside the limits, differences between districts may be chance alone. Source: reports of the districts.",
)
PLACE = {
    "inside": Words("nằm trong giới hạn 95%", "inside the 95% limits"),
    "above95": Words("cao hơn giới hạn 95%, trong giới hạn 99,8%", "above the 95% limits, inside the 99.8% limits"),
    "below95": Words("thấp hơn giới hạn 95%, trong giới hạn 99,8%", "below the 95% limits, inside the 99.8% limits"),
    "above998": Words("cao hơn giới hạn 99,8%", "above the 99.8% limits"),
    "below998": Words("thấp hơn giới hạn 99,8%", "below the 99.8% limits"),
}


def place(value: float, n: float, limits: pd.DataFrame) -> str:
    """Return where a share lies against the limits at its own denominator.

    Parameters
    ----------
    value : float
        Share, 0 to 1.
    n : float
        Denominator.
    limits : DataFrame
        `n` ascending, `low95`, `high95`, `low998`, `high998` (shares); read
        between its rows along straight lines.

    Returns
    -------
    str
        "inside", "above95", "below95", "above998" or "below998".
    """
    at = {c: float(np.interp(n, limits["n"], limits[c])) for c in LIMITS}
    for side, beyond in (("998", "above998"), ("95", "above95")):
        if value > at[f"high{side}"]:
            return beyond
    for side, beyond in (("998", "below998"), ("95", "below95")):
        if value < at[f"low{side}"]:
            return beyond
    return "inside"


def _limits(ax: Axes, limits: pd.DataFrame, reach: float, centre: float) -> pd.DataFrame:
    """Draw the funnel as far as shown denominators reach and return the part that was drawn."""
    grid = limits.sort_values("n").reset_index(drop=True)
    n = grid["n"].to_numpy(float)
    first, last = n.min(), min(reach, n.max())
    x = np.unique([first, *n[(n >= first) & (n <= last)], last])
    drawn = pd.DataFrame({"n": x, **{c: np.interp(x, grid["n"], grid[c]) for c in LIMITS}})
    ax.fill_between(x, drawn["low95"], drawn["high95"], color=style.MAIN, alpha=0.07, linewidth=0, zorder=1)
    for column in LIMITS:
        dashes = (0, (4, 2)) if column.endswith("95") else "-"
        ax.plot(x, drawn[column], color=style.GREY, linestyle=dashes, linewidth=1, zorder=2)
    ax.axhline(centre, color=style.INK, linestyle=":", linewidth=1.1, zorder=2)
    return drawn


def _handles(centre: float, absent: list[str], has_others: bool, language: str) -> list[Artist]:
    """Return the legend: points, centre, limits, and how many districts have no point."""
    found: list[Artist] = []
    if has_others:
        found.append(Line2D([], [], **_OTHERS, label=OTHERS[language]))
    found += [
        Line2D([], [], color=style.INK, linestyle=":", linewidth=1.1, label=CENTRE[language].format(value=percent(centre, language))),
        Line2D([], [], color=style.GREY, linestyle=(0, (4, 2)), linewidth=1, label=INNER[language]),
        Line2D([], [], color=style.GREY, linewidth=1, label=OUTER[language]),
    ]
    for state, words in states.ABSENT.items():
        if n := absent.count(state):
            label = f"{words[language]}: {units.many(n, DISTRICT, language)}"
            swatch = Line2D([], [], **states.CROSS, label=label) if state == "missing" else Patch(**states.BANDS[state], label=label)
            found.append(swatch)
    return found


_OTHERS: dict[str, Any] = {
    "marker": "o",
    "linestyle": "none",
    "markersize": 5.5,
    "markerfacecolor": "#c9ced6",
    "markeredgecolor": "#8a919c",
}


def funnel(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    centre: float,
    limits: pd.DataFrame,
    highlight: str | None = None,
    label: str,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw shares against their denominators inside the limits of chance.

    Parameters
    ----------
    frame : DataFrame
        One row a district: `unit_code`, `name`, `n` (denominator), `value`
        (share, 0 to 1), `state`. A row that is not shown is counted, never placed.
    ax : Axes, optional
    centre : float
        The overall share.
    limits : DataFrame
        `n`, `low95`, `high95`, `low998`, `high998` (shares); drawn as far as
        shown denominators reach.
    highlight : str, optional
        Code of the one district that is named.
    label : str
        The indicator; the title where `title` is empty.
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a row that is not shown carries a value, or no row has the code `highlight`.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional
    performance. Statistics in Medicine 24: 1185-1202.
    """
    data = states.checked(frame, "unit_code", ("value",))
    own = data[data["unit_code"] == highlight]
    if highlight is not None and own.empty:
        raise ValueError(f"Bảng không có đơn vị {highlight}. / The table has no unit {highlight}.")
    shown = data[data["state"] == states.SHOWN]
    others, own_shown = shown[shown["unit_code"] != highlight], shown[shown["unit_code"] == highlight]
    reach = float(shown["n"].max()) * 1.06 if len(shown) else float(limits["n"].max())
    with style.house():
        ax = style.canvas(ax, 4.3)
        drawn = _limits(ax, limits, reach, centre)
        ax.plot(others["n"], others["value"], zorder=3, clip_on=False, **_OTHERS)
        for row in own_shown.itertuples():
            _name(ax, row, reach)
        inner = drawn.loc[drawn["n"] >= (shown["n"].min() if len(shown) else 0), ["low95", "high95"]]
        _frame_axes(ax, reach, [*shown["value"], *inner.to_numpy().ravel(), centre], language)
        why = "" if own.empty or len(own_shown) else states.ABSENT[str(own["state"].iloc[0])][language]
        if why:
            text = ABSENT[language].format(name=own["name"].iloc[0], why=why)
            ax.text(0.98, 0.96, text, transform=ax.transAxes, ha="right", va="top", fontsize=style.TEXT, bbox=_NOTICE, zorder=6)
        style.finish(
            ax,
            title=title or label,
            handles=_handles(centre, list(data["state"]), len(others) > 0, language),
            notes=[SOURCE[language] if source is None else source],
            synthetic=synthetic,
            below=36,
        )
    _tell(ax, data, own, centre, limits, (label, title, why), language, synthetic=synthetic)
    return ax


_NOTICE: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": style.RULE, "boxstyle": "round,pad=0.4"}


def _name(ax: Axes, row: object, reach: float) -> None:
    """Draw and name the one district, its words turned to the side that has room."""
    n, value, name = float(getattr(row, "n")), float(getattr(row, "value")), str(getattr(row, "name"))  # noqa: B009
    ax.plot(
        [n], [value], marker="D", markersize=8, color=style.ACCENT, markeredgecolor=style.INK, linestyle="none", zorder=5, clip_on=False
    )
    right = n < 0.7 * reach
    ax.annotate(
        name,
        (n, value),
        xytext=(9 if right else -9, 9),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=style.TEXT,
        fontweight="bold",
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        zorder=6,
    )


def _frame_axes(ax: Axes, reach: float, heights: list[float], language: str) -> None:
    """Set limits from what is drawn, numbers in the reader's writing, and the axes' names."""
    low, high = min(heights), max(heights)
    pad = max(0.08 * (high - low), 0.01)
    ax.set_xlim(0, reach)
    ax.set_ylim(max(0.0, low - pad), min(1.0, high + pad))
    units.number_axis(ax.xaxis, "count", language, 7)
    units.number_axis(ax.yaxis, "percent", language)
    ax.grid(axis="y")
    ax.set_xlabel(AXIS[language])
    ax.set_ylabel(units.AXIS["percent"][language])
    style.plain_ticks(ax)


def _tell(
    ax: Axes,
    data: pd.DataFrame,
    own: pd.DataFrame,
    centre: float,
    limits: pd.DataFrame,
    words: tuple[str, str, str],
    language: str,
    *,
    synthetic: bool,
) -> None:
    """Attach the text alternative: the level, the named district and its place, and how many have no point."""
    label, title, why = words
    count = int((data["state"] == states.SHOWN).sum())
    head = Words("Biểu đồ phễu, {n} quận, huyện có số liệu, không xếp hạng", "Funnel plot, {n} districts with data, no ranking")
    parts = [
        head[language].format(n=number(count, language)),
        title,
        f"{label}: {CENTRE[language].format(value=percent(centre, language))}",
    ]
    if why:
        parts.append(ABSENT[language].format(name=own["name"].iloc[0], why=why))
    elif len(own):
        row = own.iloc[0]
        written = Words("{name}: {value}, mẫu số {n}, {place}", "{name}: {value}, denominator {n}, {place}")[language]
        where = PLACE[place(row["value"], row["n"], limits.sort_values("n"))][language]
        parts.append(written.format(name=row["name"], value=percent(row["value"], language), n=number(row["n"], language), place=where))
    parts += [states.counted(list(data["state"]), DISTRICT, language), style.SYNTHETIC if synthetic else ""]
    style.describe(ax, ". ".join(p for p in parts if p) + ".")
