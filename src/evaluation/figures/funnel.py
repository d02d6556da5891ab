"""A unit among the others: share or rate against its denominator inside the limits of chance, without a rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.figures import states, style, units
from evaluation.figures.sources import source_line
from evaluation.indicators import PER_RESIDENTS
from evaluation.language import Words, number
from evaluation.monitoring.funnel import ABOVE, BELOW, INSIDE, LIMITS, OUTSIDE_998, Funnel
from evaluation.monitoring.series import PROPORTION

# More names than this hide the picture.
MOST_NAMES = 8
OTHERS, INNERS = Words("{noun} khác", "other {noun}s"), Words("{noun} trong giới hạn 95%", "{noun}s inside the 95% limits")
BEYOND = {ABOVE: Words("cao hơn giới hạn 95%", "above the 95% limits"), BELOW: Words("thấp hơn giới hạn 95%", "below the 95% limits")}
CENTRE, TARGET = Words("mức chung: {value}", "overall level: {value}"), Words("mức để so sánh: {value}", "held against: {value}")
INNER, OUTER = Words("giới hạn 95%", "95% limits"), Words("giới hạn 99,8%", "99.8% limits")
SHARED = Words("mẫu số của tỷ lệ (số người hoặc số vụ)", "denominator of the share (people or cases)")
PEOPLE, BASE = Words("số dân", "residents"), Words("mẫu số", "denominator")
PER = Words("trên {per} của mẫu số", "per {per} of the denominator")
UNNAMED = Words("{n} điểm ngoài giới hạn 95% không ghi tên, xem bảng", "{n} points outside the 95% limits are not named, see the table")
READ = Words(
    "Biểu đồ không xếp hạng: trong giới hạn, khác biệt giữa các {noun} có thể chỉ do ngẫu nhiên.",
    "No ranking: inside the limits, differences between {noun}s may be chance alone.",
)
READ_WIDE = Words(
    "Biểu đồ không xếp hạng: trong giới hạn, khác biệt ở mức thường thấy giữa các {noun} (độ phân tán gấp {factor} lần ngẫu nhiên).",
    "No ranking: inside the limits, differences are of the size usual among {noun}s (dispersion {factor} times that of chance).",
)
HEAD = Words("Biểu đồ phễu, {n} có số liệu, không xếp hạng", "Funnel plot, {n} with data, no ranking")
PLACE = {
    "inside": Words("nằm trong giới hạn 95%", "inside the 95% limits"),
    "outside_95 above": Words("cao hơn giới hạn 95%, trong giới hạn 99,8%", "above the 95% limits, inside the 99.8% limits"),
    "outside_95 below": Words("thấp hơn giới hạn 95%, trong giới hạn 99,8%", "below the 95% limits, inside the 99.8% limits"),
    "outside_998 above": Words("cao hơn giới hạn 99,8%", "above the 99.8% limits"),
    "outside_998 below": Words("thấp hơn giới hạn 99,8%", "below the 99.8% limits"),
}
_OTHERS: dict[str, Any] = {"marker": "o", "markersize": 5.5, "markerfacecolor": "#c9ced6", "markeredgecolor": "#8a919c"}
_BEYOND: dict[str, dict[str, Any]] = {
    ABOVE: {"marker": "^", "markersize": 7, "markerfacecolor": style.INK, "markeredgecolor": style.INK},
    BELOW: {"marker": "v", "markersize": 7, "markerfacecolor": style.PAPER, "markeredgecolor": style.INK, "markeredgewidth": 1.2},
}
_OWN: dict[str, Any] = {"marker": "D", "markersize": 8, "color": style.ACCENT, "markeredgecolor": style.INK}
# Where a name may stand: side and points upwards; further off it hangs on a thread.
_ROOMS = ((1, 4), (-1, 4), (1, -17), (-1, -17), (1, 20), (-1, 20), (1, -33), (-1, -33))
_THREAD: dict[str, Any] = {"arrowstyle": "-", "color": style.GREY, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3}
_NAME: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1}


def funnel(
    result: Funnel,
    ax: Axes | None = None,
    *,
    highlight: str | None = None,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw shares or rates against their denominators inside the limits of a funnel.

    Parameters
    ----------
    result : Funnel
        A unit that is not shown is counted, never placed.
    ax : Axes, optional
    highlight : str, optional
        Code of the one unit that is named; where left out, those outside the
        limits are: all of them up to 8, else those outside 99.8% up to 8,
        else none, which the figure then says.
    language : {"vi", "en"}
    synthetic : bool
        Marks the figure; one whose result is synthetic is always marked.
    title, source : str, optional
        The indicator and the result's own source where left out.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a unit that is not shown carries a value, there is no unit
        `highlight`, or the result has no limits to draw.

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24:1185-1202.
    """
    data = states.checked(result.frame, "unit", ("value",))
    own = data[data["unit"] == highlight]
    if highlight is not None and own.empty:
        raise ValueError(f"Bảng không có đơn vị {highlight}. / The table has no unit {highlight}.")
    if result.limits.empty:
        raise ValueError(
            "Không có giới hạn để vẽ: các đơn vị cùng một mức hoặc chưa đủ số liệu. / "
            "There are no limits to draw: the units are all at one level, or too few have data."
        )
    synthetic = synthetic or result.synthetic
    with style.house():
        ax = style.canvas(ax, 4.3)
        drawn = _limits(ax, result, data)
        _points(ax, data, highlight)
        _axes(ax, result, data, drawn, language)
        why = "" if own.empty or own["state"].iloc[0] == states.SHOWN else states.ABSENT[str(own["state"].iloc[0])][language]
        if why:
            style.notice(ax, states.NO_POINT[language].format(name=result.name(str(highlight))[language], why=why))
        named = _named(data, highlight)
        style.finish(
            ax,
            title=title or result.estimand[language],
            handles=_handles(result, data, highlight, language),
            notes=[_reading(result, language), source_line(source, result.source, language)],
            synthetic=synthetic,
            below=36,
        )
        left_out = _names(ax, result, data, named, language) + (0 if highlight else _outside(data) - len(named))
        if left_out:
            style.notice(ax, UNNAMED[language].format(n=number(left_out, language)), style.SMALL)
    _tell(ax, result, data, highlight, (title, why), language, synthetic=synthetic)
    return ax


def _reading(result: Funnel, language: str) -> str:
    """Return how to read the limits."""
    note = READ_WIDE if result.widened else READ
    return note[language].format(noun=result.noun[language], factor=number(result.dispersion, language, 1))


def _limits(ax: Axes, result: Funnel, data: pd.DataFrame) -> pd.DataFrame:
    """Draw the funnel as far as shown denominators reach and return the part that was drawn."""
    grid, middle = result.limits.sort_values("n"), result.held_against or 0.0
    n = grid["n"].to_numpy(float)
    last = min(float(data["n"].max()) * 1.06, float(n.max()))
    x = np.unique([*n[n <= last], last])
    drawn = pd.DataFrame({"n": x, **{c: np.interp(x, n, grid[c]) for c in LIMITS}})
    ax.fill_between(x, drawn["low95"], drawn["high95"], color=style.MAIN, alpha=0.07, linewidth=0, zorder=1)
    for column in LIMITS:
        dashes = (0, (4, 2)) if column.endswith("95") else "-"
        ax.plot(x, drawn[column], color=style.GREY, linestyle=dashes, linewidth=1, zorder=2)
    ax.axhline(middle, color=style.INK, linestyle=":" if result.target is None else "-", linewidth=1.1, zorder=2)
    return drawn


def _points(ax: Axes, data: pd.DataFrame, highlight: str | None) -> None:
    """Draw the units: in a figure of one unit all others alike, else those outside the limits by their side."""
    shown = data[data["state"] == states.SHOWN]
    own = shown[shown["unit"] == highlight]
    inside = shown[(shown["position"] == INSIDE) | (highlight is not None)].drop(own.index)
    looks = [(inside, _OTHERS, 3), (own, _OWN, 5)]
    if highlight is None:
        looks += [(shown[shown["side"] == side], look, 4) for side, look in _BEYOND.items()]
    for part, look, order in looks:
        if len(part):  # an empty line would stand in the figure's corner for the layout engine
            ax.plot(part["n"], part["value"], linestyle="none", zorder=order, clip_on=False, **look)


def _named(data: pd.DataFrame, highlight: str | None) -> pd.DataFrame:
    """Return the units whose names are written: the one, or those outside the limits."""
    shown = data[data["state"] == states.SHOWN]
    if highlight is not None:
        return shown[shown["unit"] == highlight]
    out = shown[shown["side"] != ""]
    far = out[out["position"] == OUTSIDE_998]
    return next((some for some in (out, far) if len(some) <= MOST_NAMES), out.iloc[:0])


def _outside(data: pd.DataFrame) -> int:
    return int((data["side"] != "").sum())


def _names(ax: Axes, result: Funnel, data: pd.DataFrame, named: pd.DataFrame, language: str) -> int:
    """Write names where neither a point nor another name stands; return how many found no room."""
    style.axes_size(ax)  # settles where the axes stand
    dots = 72 / style.root(ax).dpi
    frame = [x * dots for x in ax.get_window_extent().extents]
    here = ax.transData.transform(data[["n", "value"]].dropna().to_numpy(float)) * dots
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in here]
    failed = 0
    for row in named.to_dict("records"):
        text = result.name(str(row["unit"]))[language]
        x, y = ax.transData.transform((row["n"], row["value"])) * dots
        wide, tall = style.text_width(text, style.TEXT, True) + 4, style.TEXT * 1.5
        for side, up in _ROOMS:
            left = x + 8 if side > 0 else x - 8 - wide
            box = (left, y + up, left + wide, y + up + tall)
            inside = box[0] > frame[0] and box[1] > frame[1] and box[2] < frame[2] and box[3] < frame[3]
            if inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                where: dict[str, Any] = {
                    "xytext": (10 * side, up + 3),
                    "textcoords": "offset points",
                    "ha": "left" if side > 0 else "right",
                }
                where["arrowprops"] = None if abs(up + 6) < 12 else _THREAD
                ax.annotate(text, (row["n"], row["value"]), **where, fontsize=style.TEXT, fontweight="bold", bbox=_NAME, zorder=6)
                break
        else:
            failed += 1
    return failed


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _axes(ax: Axes, result: Funnel, data: pd.DataFrame, drawn: pd.DataFrame, language: str) -> None:
    """Set limits from what is drawn, numbers in the reader's writing, and the axes' names."""
    share, shown = result.measure == PROPORTION, data["n"].notna()
    inner = drawn.loc[drawn["n"] >= data["n"].quantile(0.1), ["low95", "high95"]]  # the funnel's mouth would flatten the rest
    heights = [*data.loc[shown, "value"], *inner.to_numpy().ravel(), result.held_against or 0.0]
    low, high = min(heights), max(heights)
    pad = max(0.08 * (high - low), 0.01 if share else 0.0)
    ax.set_xlim(0, float(data["n"].max()) * 1.06)
    ax.set_ylim(max(0.0, low - pad), min(1.0, high + pad) if share else high + pad)
    residents = result.per == PER_RESIDENTS
    units.number_axis(ax.xaxis, "count", language, 7)
    units.number_axis(ax.yaxis, "percent" if share else "per_10000", language)
    ax.grid(axis="y")
    ax.set_xlabel((SHARED if share else PEOPLE if residents else BASE)[language])
    per = PER[language].format(per=number(result.per, language))
    ax.set_ylabel(units.AXIS["percent"][language] if share else units.AXIS["per_10000"][language] if residents else per)
    style.plain_ticks(ax)


def _middle(result: Funnel, language: str) -> str:
    line = CENTRE if result.target is None else TARGET
    return line[language].format(value=result.written(result.held_against or 0.0, language))


def _handles(result: Funnel, data: pd.DataFrame, highlight: str | None, language: str) -> list[Artist]:
    """Return the legend: points, line in the middle, limits, and how many units have no point."""
    shown, noun = data[data["state"] == states.SHOWN], result.noun[language]
    found: list[Artist] = []
    if highlight is not None:
        if len(shown) > (shown["unit"] == highlight).sum():
            found.append(Line2D([], [], linestyle="none", **_OTHERS, label=OTHERS[language].format(noun=noun)))
    else:
        found.append(Line2D([], [], linestyle="none", **_OTHERS, label=INNERS[language].format(noun=noun)))
        sides = [s for s in (ABOVE, BELOW) if (shown["side"] == s).any()]
        found += [Line2D([], [], linestyle="none", **_BEYOND[s], label=BEYOND[s][language]) for s in sides]
    line: dict[str, Any] = {"linestyle": ":" if result.target is None else "-", "linewidth": 1.1}
    found += [
        Line2D([], [], color=style.INK, **line, label=_middle(result, language)),
        Line2D([], [], color=style.GREY, linestyle=(0, (4, 2)), linewidth=1, label=INNER[language]),
        Line2D([], [], color=style.GREY, linewidth=1, label=OUTER[language]),
    ]
    return [*found, *states.counted_handles(list(data["state"]), result.noun, language)]


def _tell(
    ax: Axes, result: Funnel, data: pd.DataFrame, highlight: str | None, words: tuple[str, str], language: str, *, synthetic: bool
) -> None:
    """Attach the text alternative: the level, the units named and where they lie, and how many have no point."""
    title, why = words
    count = units.many(int((data["state"] == states.SHOWN).sum()), result.noun, language)
    parts = [HEAD[language].format(n=count), title, f"{result.estimand[language]}: {_middle(result, language)}"]
    if why:
        parts.append(states.NO_POINT[language].format(name=result.name(str(highlight))[language], why=why))
    if highlight is None:
        out = [units.many(int((data["side"] == s).sum()), result.noun, language) + " " + BEYOND[s][language] for s in (ABOVE, BELOW)]
        parts.append("; ".join(out))
    written = Words("{name}: {value}, mẫu số {n}, {place}", "{name}: {value}, denominator {n}, {place}")[language]
    for row in _named(data, highlight).to_dict("records"):
        where = PLACE[f"{row['position']} {row['side']}".strip()][language]
        value, n = result.written(row["value"], language), number(row["n"], language)
        parts.append(written.format(name=result.name(str(row["unit"]))[language], value=value, n=n, place=where))
    style.describe(ax, *parts, states.counted(list(data["state"]), result.noun, language), synthetic=synthetic)
