"""Money and what was gained: the cost-effectiveness plane and the acceptability curve."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.costs.effectiveness import QUADRANTS, CostEffectiveness
from evaluation.figures import style, units
from evaluation.language import Words, number, percent

SHOWN_DRAWS = 1_500
DRAW = Words("một lần rút lại", "one draw")
CENTRE = Words("ước lượng", "estimate")
RATIO = Words("tỷ số và khoảng của nó", "ratio and its interval")
SHARES = Words("Phần trăm: tỷ lệ số lần rút trong mỗi góc.", "Per cent: share of the draws in each quadrant.")
COST = Words("chi phí tăng thêm (triệu đồng, giá {base})", "additional cost (million VND, {base} prices)")
EFFECT = Words("kết quả tăng thêm ({gained})", "additional effect ({gained})")
VALUE = Words("giá trị đặt cho mỗi {gained} (triệu đồng, giá {base})", "value set on each {gained} (million VND, {base} prices)")
SHARE = Words("tỷ lệ số lần rút có lợi ích ròng dương", "share of draws with a positive net benefit")
NO_THRESHOLD = Words(
    "Không có ngưỡng: đường cong chỉ cho thấy một dải giá trị. Đây là tỷ lệ số lần rút, không phải xác suất mô hình có hiệu quả.",
    "No threshold is set: the curve shows a range of values. It is a share of draws, not the probability that the pilot works.",
)
NOT_TOLD = Words(
    "Kết quả tăng thêm chưa phân biệt được với ngẫu nhiên: không đọc một tỷ số từ hình này.",
    "The additional effect cannot be told from chance: no ratio is to be read from this figure.",
)


def plane(
    result: CostEffectiveness,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw the cost-effectiveness plane: draws of cost and effect together, with the share of each quadrant.

    Parameters
    ----------
    result : CostEffectiveness
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str

    Returns
    -------
    Axes

    References
    ----------
    Black 1990, Medical Decision Making 10:212-214.
    """
    cost, effect = result.draws[:SHOWN_DRAWS].T
    base = result.statement.price_year
    with style.house():
        ax = style.canvas(ax, 4.3)
        ax.plot(effect, cost, ".", markersize=2.5, color=style.GREY, alpha=0.45, markeredgewidth=0, zorder=2)
        ax.plot([result.effect], [result.cost], "D", markersize=8, color=style.ACCENT, markeredgecolor=style.INK, zorder=5)
        across, up = (_reach(result.draws[:, i]) for i in (1, 0))
        ax.set_xlim(*across)
        ax.set_ylim(*up)
        ax.axhline(0, color=style.INK, linewidth=0.8, zorder=1)
        ax.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
        handles: list[Artist] = [
            Line2D([], [], marker=".", linestyle="none", markersize=6, color=style.GREY, label=DRAW[language]),
            Line2D([], [], marker="D", linestyle="none", color=style.ACCENT, markeredgecolor=style.INK, label=CENTRE[language]),
        ]
        if result.estimate is not None and result.low is not None and result.high is not None:
            for ratio, dashes in ((result.estimate, "-"), (result.low, (0, (4, 2))), (result.high, (0, (4, 2)))):
                far = across[1] if result.effect > 0 else across[0]
                ax.plot([0, far], [0, ratio * far], color=style.MAIN, linestyle=dashes, linewidth=1.1, zorder=3)
            handles.append(Line2D([], [], color=style.MAIN, linewidth=1.1, label=RATIO[language]))
        _corners(ax, result, language)
        for axis in (ax.xaxis, ax.yaxis):
            units.number_axis(axis, "count", language)
        ax.set_xlabel(EFFECT[language].format(gained=result.gained[language]))
        ax.set_ylabel(COST[language].format(base=base))
        style.plain_ticks(ax)
        notes = [SHARES[language], "" if result.effect_told else NOT_TOLD[language], source]
        style.finish(ax, title=title or result.summary(language).rstrip("."), handles=handles, notes=notes, synthetic=synthetic, below=36)
    shares = ", ".join(f"{QUADRANTS[q][language]} {percent(s, language)}" for q, s in result.quadrants.items())
    head = Words("Mặt phẳng chi phí - hiệu quả", "Cost-effectiveness plane")[language]
    told = Words("số lần rút: {n}", "draws: {n}")[language].format(n=number(len(result.draws), language))
    style.describe(ax, head, title, result.summary(language), f"{told}, {shares}", synthetic=synthetic)
    return ax


def acceptability(
    result: CostEffectiveness,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str = "",
) -> Axes:
    """Draw the acceptability curve over a range of values of one unit of effect; no value is marked as the right one.

    Parameters
    ----------
    result : CostEffectiveness
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str

    Returns
    -------
    Axes
    """
    curve = result.acceptability()
    base, gained = result.statement.price_year, result.gained[language]
    with style.house():
        ax = style.canvas(ax, 3.6)
        ax.plot(curve["value"], curve["share"], color=style.MAIN, zorder=3, clip_on=False)
        ax.set_xlim(0, float(curve["value"].max()))
        ax.set_ylim(0, 1)
        units.number_axis(ax.xaxis, "value", language)
        units.value_axis(ax, "percent", language, name=SHARE[language])
        ax.set_xlabel(VALUE[language].format(gained=gained, base=base))
        style.plain_ticks(ax)
        notes = [NO_THRESHOLD[language], "" if result.effect_told else NOT_TOLD[language], source]
        style.finish(ax, title=title or result.estimand[language], notes=notes, synthetic=synthetic, below=36)
    head = Words("Đường cong chấp nhận chi phí - hiệu quả", "Cost-effectiveness acceptability curve")[language]
    at = Words("giá trị {v} triệu đồng: {s}", "value {v} million VND: {s}")[language]
    shown = curve.iloc[[0, len(curve) // 4, len(curve) // 2, len(curve) - 1]]
    pairs = shown.to_numpy(float).tolist()
    read = "; ".join(at.format(v=number(value, language, 1), s=percent(share, language)) for value, share in pairs)
    style.describe(ax, head, title or result.estimand[language], read, *notes[:2], synthetic=synthetic)
    return ax


def _reach(values: np.ndarray) -> tuple[float, float]:
    """Return limits that hold nearly all draws and zero, with room for the words in the corners."""
    low, high = (float(np.quantile(values, q)) for q in (0.001, 0.999))
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.22 * ((high - low) or 1.0)
    return low - room, high + room


def _corners(ax: Axes, result: CostEffectiveness, language: str) -> None:
    """Name each quadrant in its corner with its share of the draws."""
    places = {"more_less": (0.01, 0.99), "more_more": (0.99, 0.99), "less_less": (0.01, 0.01), "less_more": (0.99, 0.01)}
    for name, (x, y) in places.items():
        ax.text(
            x,
            y,
            f"{QUADRANTS[name][language]}: {percent(result.quadrants[name], language)}",
            transform=ax.transAxes,
            ha="left" if x < 0.5 else "right",
            va="bottom" if y < 0.5 else "top",
            fontsize=style.SMALL,
            color=style.INK,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
            zorder=6,
        )
