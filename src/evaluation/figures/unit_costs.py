"""Unit costs: a place beside its own past, a cascade with what each step cost, and what a result hangs on."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.contracts import SHOWN
from evaluation.costs.cascade import CostCascade
from evaluation.costs.tornado import Tornado
from evaluation.costs.unit_costs import UnitCosts, decimals, place_name
from evaluation.figures import style, units
from evaluation.language import Words, number, percent, span

MONEY = Words("triệu đồng (giá {base})", "million VND ({base} prices)")
TITLE = Words("Chi phí cho mỗi {what}, {place}", "Cost per {what}, {place}")
INTERVAL = Words("chi phí đơn vị và khoảng {level}%", "unit cost with {level}% interval")
ABSENT = Words("Không có số so sánh được: {years}.", "No comparable number: {years}.")
OWN_PAST = Words(
    "Mỗi nơi chỉ được so với chính mình. Chi phí thấp không có nghĩa là làm tốt hơn.",
    "A place is compared with itself alone. A low cost does not mean better work.",
)
ADDED = Words("riêng bước này", "this step itself")
CUMULATED = Words("tính đến bước này, với khoảng {level}%", "up to this step, with {level}% interval")
KEPT = Words("{s} của bước trước", "{s} of the step before")
NO_LINE = Words("không có dòng riêng", "no line of its own")
NOBODY = Words("chưa ai hoàn thành", "nobody completed it")
SOLID = "#9dbccb"  # light enough for the whiskers on it in grey print
AT_LOW, AT_HIGH = Words("đầu vào ở mức thấp", "input at its low end"), Words("đầu vào ở mức cao", "input at its high end")
RANGES = Words(
    "Thanh là phạm vi đã nêu của đầu vào, không phải khoảng tin cậy.", "Bars are the stated ranges of the inputs, no confidence intervals."
)
LABEL_WIDTH = 175.0


def unit_costs(
    result: UnitCosts,
    ax: Axes | None = None,
    *,
    code: str,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw one place's unit cost by year with its interval: compared with its own past, with no other place.

    Parameters
    ----------
    result : UnitCosts
    ax : Axes, optional
    code : str
        District code or pilot id.
    language : {"vi", "en"}
    synthetic : bool
    title, source : str

    Raises
    ------
    ValueError
        If the result has no number of that place.
    """
    own = result.frame[result.frame["code"] == code]
    shown = own[(own["state"] == SHOWN) & own["value"].notna()]
    if shown.empty:
        raise ValueError(f"{code}: không có chi phí đơn vị nào. / There is no unit cost.")
    level = number(100 * result.level, language)
    with style.house():
        ax = style.canvas(ax, 3.2)
        value = shown["value"].to_numpy(float)
        error = np.abs(shown[["low", "high"]].to_numpy(float).T - value)
        ax.errorbar(shown["year"], value, yerr=error, fmt="o", color=style.MAIN, markersize=6, capsize=4, linewidth=1.2, zorder=3)
        for year, x in zip(shown["year"].tolist(), value.tolist(), strict=True):
            words = number(x, language, decimals(x))
            ax.annotate(words, (year, x), xytext=(9, 0), textcoords="offset points", va="center", fontsize=style.SMALL)
        ax.set_ylim(0, 1.12 * float(shown["high"].max()))
        ax.set_xlim(own["year"].min() - 0.4, own["year"].max() + 0.4)
        style.ticks(ax.xaxis, own["year"], [str(y) for y in own["year"]])
        units.value_axis(ax, "value", language, name=MONEY[language].format(base=result.base))
        style.plain_ticks(ax)
        absent = ", ".join(str(y) for y in own["year"] if y not in set(shown["year"]))
        handles: list[Artist] = [Line2D([], [], color=style.MAIN, marker="o", linewidth=1.2, label=INTERVAL[language].format(level=level))]
        notes = [ABSENT[language].format(years=absent) if absent else "", OWN_PAST[language], source]
        last = result.of(code, int(shown["year"].max()))
        style.finish(
            ax,
            title=title or TITLE[language].format(what=result.what[language], place=place_name(code)[language]),
            handles=handles,
            notes=notes,
            synthetic=synthetic,
            below=24,
        )
    style.describe(ax, title, last.summary(language), *notes[:2], synthetic=synthetic)
    return ax


def cascade(
    result: CostCascade,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw the cost per person who completed each step: what the step itself added, and all up to it.

    Parameters
    ----------
    result : CostCascade
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str
    """
    frame = result.frame
    places = np.arange(len(frame))[::-1]
    level = number(100 * result.level, language)
    with style.house():
        ax = style.canvas(ax, 1.6 + 0.72 * len(frame))
        value, added = frame["value"].to_numpy(float), frame["added"].to_numpy(float)
        ax.barh(places + 0.18, np.nan_to_num(value), height=0.32, facecolor=SOLID, edgecolor=style.MAIN, zorder=2)
        ax.barh(places - 0.18, np.nan_to_num(added), height=0.32, facecolor=style.PAPER, edgecolor=style.MAIN, hatch="////", zorder=2)
        high = np.where(np.isfinite(frame["high"]), frame["high"], value)
        known = np.isfinite(value)
        error = np.abs(np.stack([frame["low"], high]) - value)[:, known]
        ax.errorbar(value[known], places[known] + 0.18, xerr=error, fmt="none", ecolor=style.INK, capsize=3, linewidth=1.1, zorder=3)
        right = float(np.nanmax(np.where(known, high, np.nan))) if known.any() else 1.0
        for at, whole, own, end, step in zip(places, value.tolist(), added.tolist(), high.tolist(), result.steps, strict=True):
            for x, side, reach, none in ((whole, 0.18, end, NOBODY), (own, -0.18, own, NO_LINE if step.money is None else NOBODY)):
                words = number(x, language, decimals(x)) if np.isfinite(x) else none[language]
                spot = (reach if np.isfinite(x) else 0.0, at + side)
                ax.annotate(words, spot, xytext=(5, 0), textcoords="offset points", va="center", fontsize=style.SMALL)
        ax.set_xlim(0, 1.15 * right)
        ax.set_ylim(-0.6, len(frame) - 0.4)
        ax.set_yticks(places)
        ax.set_yticklabels([_step(result, i, language) for i in range(len(frame))])
        units.number_axis(ax.xaxis, "value", language)
        ax.grid(axis="x")
        ax.set_xlabel(MONEY[language].format(base=result.base))
        style.plain_ticks(ax)
        handles: list[Artist] = [
            Patch(facecolor=SOLID, edgecolor=style.MAIN, label=CUMULATED[language].format(level=level)),
            Patch(facecolor=style.PAPER, edgecolor=style.MAIN, hatch="////", label=ADDED[language]),
        ]
        style.finish(
            ax, title=title or result.summary(language).rstrip("."), handles=handles, notes=[source], synthetic=synthetic, below=36
        )
    head = Words("Chi phí theo bậc thang dịch vụ", "Cost by step of the cascade")[language]
    told = "; ".join(_step(result, i, language).replace("\n", ", ") for i in range(len(frame)))
    style.describe(ax, head, title, result.summary(language), told, synthetic=synthetic)
    return ax


def _step(result: CostCascade, at: int, language: str) -> str:
    row = result.frame.iloc[at]
    people = f"{number(float(row['count']), language)} {result.steps[at].label[language]}"
    if not np.isfinite(row["kept"]):
        return people
    return f"{people}\n{KEPT[language].format(s=percent(float(row['kept']), language))}"


def tornado(
    result: Tornado,
    ax: Axes | None = None,
    *,
    unit: Words,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw how far each input moves a result, the widest on top.

    Parameters
    ----------
    result : Tornado
    ax : Axes, optional
    unit : Words
        What the value axis counts.
    language : {"vi", "en"}
    synthetic : bool
    title, source : str
    """
    places = np.arange(len(result.frame))[::-1]
    middle = float(result.estimate or 0.0)
    digits = decimals(middle)
    with style.house():
        ax = style.canvas(ax, 1.6 + 0.5 * len(places))
        for column, colour, hatch in (("at_low", style.MAIN, None), ("at_high", style.PAPER, "////")):
            reach = result.frame[column].to_numpy(float) - middle
            ax.barh(places, reach, left=middle, height=0.5, facecolor=colour, edgecolor=style.MAIN, hatch=hatch, zorder=2)
        ax.axvline(middle, color=style.INK, linewidth=1, zorder=3)
        ends = result.frame[["at_low", "at_high"]].to_numpy(float)
        pad = 0.16 * ((ends.max() - ends.min()) or 1.0)
        ax.set_xlim(ends.min() - pad, ends.max() + pad)
        for at, pair in zip(places, np.sort(ends, axis=1), strict=True):
            for x, side, where in ((pair[0], -4, "right"), (pair[1], 4, "left")):
                words = number(float(x), language, digits)
                ax.annotate(words, (x, at), xytext=(side, 0), textcoords="offset points", ha=where, va="center", fontsize=style.SMALL)
        ax.set_yticks(places)
        ax.set_yticklabels([style.wrap(_range(result, i, language), LABEL_WIDTH, style.SMALL) for i in range(len(places))])
        ax.set_ylim(-0.6, len(places) - 0.4)
        units.number_axis(ax.xaxis, "value", language)
        ax.grid(axis="x")
        ax.set_xlabel(unit[language])
        style.plain_ticks(ax)
        handles: list[Artist] = [
            Patch(facecolor=style.MAIN, edgecolor=style.MAIN, label=AT_LOW[language]),
            Patch(facecolor=style.PAPER, edgecolor=style.MAIN, hatch="////", label=AT_HIGH[language]),
        ]
        style.finish(
            ax,
            title=title or result.summary(language).rstrip("."),
            handles=handles,
            notes=[RANGES[language], source],
            synthetic=synthetic,
            below=36,
        )
    head = Words("Biểu đồ lốc xoáy, phân tích độ nhạy một chiều", "Tornado diagram, one-way sensitivity analysis")[language]
    told = "; ".join(_range(result, i, language) for i in range(len(places)))
    style.describe(ax, f"{head} ({unit[language]})", title, result.summary(language), told, synthetic=synthetic)
    return ax


def _range(result: Tornado, at: int, language: str) -> str:
    one = result.inputs[at]
    low, high = (number(x, language, 0 if float(x).is_integer() else decimals(x)) for x in (one.low, one.high))
    return f"{one.label[language]} ({span(low, high, language)})"
