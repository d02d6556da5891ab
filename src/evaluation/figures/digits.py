"""Last digits of reported figures beside what a smooth distribution of the same figures gives."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.figures import style, units
from evaluation.language import Words, number, percent
from evaluation.quality.digits import DigitPreference

FOUND = Words("con số đã báo cáo", "figures reported")
EXPECTED = Words("nếu không ưa thích chữ số nào (khoảng 95% của từng chữ số)", "if no digit were preferred (95% range of each digit)")
DIGIT = Words("chữ số cuối", "last digit")
FIGURES = Words("số con số", "figures")
SOURCE = Words(
    "Nguồn: báo cáo của các quận, huyện. Chữ số ưa thích là lý do để hỏi, không phải bằng chứng.",
    "Source: reports of the districts. A preferred digit is a reason to ask, no proof.",
)


def digits(
    result: DigitPreference,
    ax: Axes | None = None,
    *,
    language: str = "vi",
    synthetic: bool = False,
    title: str = "",
    source: str | None = None,
) -> Axes:
    """Draw how often each last digit occurs.

    Parameters
    ----------
    result : DigitPreference
    ax : Axes, optional
    language : {"vi", "en"}
    synthetic : bool
    title, source : str, optional

    Returns
    -------
    Axes
    """
    counts, expected = np.array(result.counts), np.array(result.expected)
    share = expected / max(expected.sum(), 1)
    half = 1.96 * np.sqrt(expected * (1 - share))
    x = np.arange(10)
    with style.house():
        ax = style.canvas(ax, 3.0)
        ax.bar(x, counts, 0.72, color="#bcd3de", edgecolor=style.MAIN, linewidth=0.8, zorder=2)
        ax.errorbar(x, expected, yerr=half, fmt="_", color=style.ACCENT, markersize=16, markeredgewidth=2, elinewidth=1.4, zorder=3)
        ax.set_xticks(x, [str(d) for d in x])
        style.plain_ticks(ax)
        ax.set_ylim(0, max(float((expected + half).max()), float(counts.max()), 1.0) * 1.1)
        units.number_axis(ax.yaxis, "count", language)
        ax.grid(axis="y")
        ax.set_xlabel(DIGIT[language])
        ax.set_ylabel(FIGURES[language])
        style.finish(
            ax,
            title=title,
            handles=[
                Patch(facecolor="#bcd3de", edgecolor=style.MAIN, label=FOUND[language]),
                Line2D(
                    [], [], color=style.ACCENT, marker="_", markersize=12, markeredgewidth=2, linestyle="none", label=EXPECTED[language]
                ),
            ],
            notes=[SOURCE[language] if source is None else source],
            synthetic=synthetic,
        )
    style.describe(ax, _told(result, title, language), synthetic=synthetic)
    return ax


def _told(result: DigitPreference, title: str, language: str) -> str:
    """Say each digit's count beside the expected one, and the share of 0 and 5."""
    item = Words("{d}: {k} (kỳ vọng {e})", "{d}: {k} (expected {e})")[language]
    rows = [
        item.format(d=d, k=number(k, language), e=number(e, language))
        for d, (k, e) in enumerate(zip(result.counts, result.expected, strict=True))
    ]
    head = Words("Chữ số cuối của {n} con số", "Last digits of {n} figures")[language].format(n=number(result.n, language))
    parts = [title, f"{head}: {'; '.join(rows)}"]
    if result.estimate is not None:
        said = Words("Tận cùng bằng 0 hoặc 5: {x}", "Ending in 0 or 5: {x}")[language]
        parts.append(said.format(x=percent(result.estimate, language)))
    return ". ".join(p for p in parts if p) + "."
