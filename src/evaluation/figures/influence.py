"""The estimate without each donor, beside how far chance alone moves one; no donor is named."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.effects.checks.influence import SOME, Influence
from evaluation.figures import style
from evaluation.figures.effect_scale import effect_axis, shown
from evaluation.figures.sources import source_line
from evaluation.language import Words

WITHOUT = Words("ước lượng khi bỏ một đơn vị so sánh", "estimate without one donor")
ALL = Words("ước lượng với mọi đơn vị so sánh", "estimate with all donors")
CHANCE = Words("nửa mức dao động ngẫu nhiên (giả dược) hai phía", "half of what chance moves it (placebos), either way")
DONORS = Words("đơn vị so sánh bị bỏ, theo ước lượng", "donor left out, by the estimate")


def influence(result: Influence, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None) -> Axes:
    """Draw the estimate without each donor, in order of it.

    Parameters
    ----------
    result : Influence
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; outcome and place where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.

    Returns
    -------
    Axes
    """
    estimates = np.sort(result.frame["estimate"].dropna().to_numpy(float))
    middle, room = float(result.estimate or 0.0), SOME * float(result.diagnostics["chance"])
    ends = np.array([middle - room, middle + room])
    with style.house():
        ax = style.canvas(ax, 3.2)
        ax.axhspan(*shown(ends, result.logs), color=style.BAND, zorder=0.5)
        ax.axhline(float(shown(middle, result.logs)), color=style.INK, linestyle=(0, (5, 2)), linewidth=1.1, zorder=2)
        x = np.arange(len(estimates))
        ax.plot(x, shown(estimates, result.logs), color=style.MAIN, marker="o", markersize=4, linestyle="none", zorder=3)
        effect_axis(ax, np.concatenate([estimates, ends]), language, logs=result.logs, measure=result.measure)
        ax.set_xticks([])
        ax.set_xlim(-1, len(x))
        ax.set_xlabel(DONORS[language])
        style.plain_ticks(ax)
        handles: list[Artist] = [
            Line2D([], [], color=style.MAIN, marker="o", markersize=4, linestyle="none", label=WITHOUT[language]),
            Line2D([], [], color=style.INK, linestyle=(0, (5, 2)), linewidth=1.1, label=ALL[language]),
            Patch(facecolor=style.BAND, edgecolor=style.RULE, label=CHANCE[language]),
        ]
        style.finish(
            ax,
            title=title or f"{result.unit_label[language]}: {result.outcome_label[language]}",
            handles=handles,
            notes=[result.method[language], source_line(source, result.source, language)],
            synthetic=result.synthetic,
            below=24,
        )
    head = Words("Biểu đồ ước lượng khi bỏ từng đơn vị so sánh", "Estimates without each donor")[language]
    style.describe(ax, head, title, result.estimand[language], result.summary(language), synthetic=result.synthetic)
    return ax
