"""What changed around a pilot: its two rings against wards far away, among the same rings of placebo wards."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.effects.checks.spill_over import NeighbourEffects
from evaluation.figures import style, units
from evaluation.figures.intervals import beside, name_rows, ratio_axis
from evaluation.figures.sources import source_line
from evaluation.language import Words, number, sentence
from evaluation.monitoring.around.displacement import ELSEWHERE
from evaluation.monitoring.around.rings import AREA_NAMES

AXIS = Words("thay đổi so với các phường ở xa (lần, thang lô-ga-rít)", "change against wards far away (times, logarithmic scale)")
RING = Words("tỷ số và khoảng {level}%", "ratio with {level}% interval")
PLACEBO = Words("vành 1 quanh {n} phường khác (giả dược)", "ring 1 around {n} other wards (placebo)")
SEEABLE = Words("phát hiện được với lực 80%: từ {least} lần", "seen with 80% power: from {least}")
NONE = Words("1: như các phường ở xa", "1: as wards far away")
SEEN = Words("{n} phường: {before} trước, {after} sau", "{n} wards: {before} before, {after} after")


def neighbours(
    result: NeighbourEffects,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    title: str = "",
    source: str | None = None,
    counted: bool = True,
) -> Axes:
    """Draw both rings' change against wards far away, and the placebo rings under it; a schema, no map, and no ward is named.

    Parameters
    ----------
    result : NeighbourEffects
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; that of the rings where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.
    counted : bool
        Whether each ring's counts before and after stand beside it; a report that leaves the office goes without.

    Returns
    -------
    Axes
    """
    rows = result.frame.dropna(subset=["ratio"])
    placebo = np.exp(result.around.placebos * result.diagnostics["error"])
    with style.house():
        ax = style.canvas(ax, 2.9)
        ends = [float(x) for x in rows[["ratio", "low", "high"]].to_numpy(float).ravel()]
        for height, row in enumerate(rows.to_dict("records")):
            ax.plot([row["low"], row["high"]], [height, height], color=style.MAIN, linewidth=1.8, solid_capstyle="butt", zorder=2)
            mark = "o" if row["area"] == "ring1" else "s"
            ax.plot(
                [row["ratio"]],
                [height],
                marker=mark,
                markersize=7,
                color=style.MAIN,
                markeredgecolor=style.PAPER,
                linestyle="none",
                zorder=3,
            )
            counts = {k: number(row[c], language) for k, c in (("n", "n_units"), ("before", "before"), ("after", "after"))}
            if counted:
                beside(ax, height, SEEN[language].format(**counts))
        base = len(rows)
        inside = np.quantile(placebo, [0.005, 0.995])
        drawn = placebo[(placebo >= inside[0]) & (placebo <= inside[1])]
        ax.vlines(drawn, base - 0.28, base + 0.28, color=style.GREY, linewidth=0.6, alpha=0.6, zorder=2)
        ratio_axis(ax, [*ends, *drawn.tolist()], language)
        ax.axvline(1.0, color=style.GREY, linestyle=":", linewidth=1.1, zorder=1)
        if np.isfinite(result.detectable):
            ax.axvline(result.detectable, color=style.ACCENT, linestyle=(0, (1, 1.5)), linewidth=1.4, zorder=1)
        names = [sentence(AREA_NAMES[a][language]) for a in rows["area"]]
        name_rows(ax, range(base + 1), [*names, sentence(PLACEBO[language].format(n=number(len(placebo), language)))])
        ax.set_xlabel(AXIS[language])
        level = number(100 * result.level, language)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, marker="o", markersize=6, linewidth=1.8, label=RING[language].format(level=level)),
            Line2D([], [], color=style.GREY, linestyle=":", linewidth=1.1, label=NONE[language]),
        ]
        if np.isfinite(result.detectable):
            least = SEEABLE[language].format(least=number(result.detectable, language, 2))
            handles.append(Line2D([], [], color=style.ACCENT, linestyle=(0, (1, 1.5)), linewidth=1.4, label=least))
        style.finish(
            ax,
            title=title or result.around.finding(language),
            handles=handles,
            notes=[ELSEWHERE[language], result.method[language], source_line(source, result.source, language)],
            synthetic=result.synthetic,
            below=36,
        )
    told = "; ".join(
        f"{name} {units.with_interval(r['ratio'], r['low'], r['high'], 'ratio', language)}"
        for name, r in zip(names, rows.to_dict("records"), strict=True)
    )
    head = Words("Biểu đồ thay đổi quanh đơn vị thí điểm", "Change around the pilot's unit")[language]
    style.describe(ax, head, title or result.around.finding(language), told, result.summary(language), synthetic=result.synthetic)
    return ax
