"""Outcomes by designs, one under the other, as ratios of what would have been, with the certainty of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evaluation.effects.synthesis.certainty import GRADE_WORDS
from evaluation.effects.synthesis.evidence import EvidenceTable
from evaluation.figures import style
from evaluation.figures.intervals import REFERENCE, beside, name_rows, ratio_axis
from evaluation.figures.sources import source_line
from evaluation.language import Words, number, span

FARTHEST = 20.0  # ratios beyond it, and below its inverse, are drawn as arrows
NAMED = Words("{outcome}, {unit}", "{outcome}, {unit}")
GRADED = Words("độ chắc chắn: {level}", "certainty: {level}")
MAIN_DESIGN = Words("phương pháp chính, khoảng tin cậy {level}%", "main design, {level}% interval")
OTHER_DESIGN = Words("phương pháp khác", "other designs")
POOLED = Words("gộp các mô hình", "pilots pooled")
AXIS = Words("tỷ số so với khi không có mô hình (thang lô-ga-rít)", "ratio to what would have been (logarithmic scale)")
LEFT_OUT = Words(
    "{n} ước lượng không quy được thành tỷ số nên không vẽ.",
    "Estimates that cannot be written as ratios and are not drawn: {n}.",
)
HEADING = Words("Biểu đồ các ước lượng theo kết quả và phương pháp", "Estimates by outcome and design")
_ROOM = 300  # points of a heading's line


def evidence(
    table: EvidenceTable, ax: Axes | None = None, *, language: str = "vi", title: str | None = None, source: str | None = None
) -> Axes:
    """Draw the estimates of each outcome, one row a design, and what was pooled.

    Parameters
    ----------
    table : EvidenceTable
    ax : Axes, optional
    language : {"vi", "en"}
    title : str, optional
        The table's sentence where left out.
    source : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no estimate can be written as a ratio.
    """
    rows = table.estimates
    drawn = rows[rows["ratio"].notna() & (rows["ratio"].astype(float) > 0)].reset_index(drop=True)
    if drawn.empty:
        raise ValueError("Không có ước lượng nào quy được thành tỷ số. / No estimate can be written as a ratio.")
    heights, heads, total = _places(drawn, table, language)
    with style.house():
        ax = style.canvas(ax, 0.24 * total + 1.6)
        spans = [_ends(row) for row in drawn.itertuples()]
        ratio_axis(ax, [e for ends in spans for e in ends], language)
        for y, row, ends in zip(heights, drawn.itertuples(), spans, strict=True):
            _row(ax, y, row, ends, language)
        name_rows(ax, heights, [str(n) for n in drawn[f"design_{language}"]])
        ax.set_ylim(total - 0.3, -0.6)
        for y, text in heads:
            box = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.0}  # the line of no effect stops there
            place = ax.get_yaxis_transform()
            ax.text(0, y, text, transform=place, fontsize=style.TEXT, fontweight="bold", va="center", linespacing=1.2, bbox=box)
        at, said = REFERENCE["ratio"]
        ax.axvline(at, color=style.GREY, linestyle=":", linewidth=1.1, zorder=1)
        handles = [*_handles(drawn, table, language), Line2D([], [], color=style.GREY, linestyle=":", linewidth=1.1, label=said[language])]
        ax.set_xlabel(AXIS[language])
        missing = len(rows) - len(drawn)
        notes = [LEFT_OUT[language].format(n=number(missing, language)) if missing else "", source_line(source, table.source, language)]
        heading = table.summary(language) if title is None else title
        style.finish(ax, title=heading, handles=handles, notes=notes, synthetic=table.synthetic, below=36)
    written = [f"{n}, {row_text(row, language)}" for n, row in zip(_names(drawn, language), drawn.itertuples(), strict=True)]
    style.describe(ax, HEADING[language], heading, "; ".join(written), synthetic=table.synthetic)
    return ax


def row_text(row: Any, language: str) -> str:
    """Write a row's design, ratio and interval."""
    return f"{getattr(row, f'design_{language}')}: {_numbers(row, language)}"


def _names(drawn: pd.DataFrame, language: str) -> list[str]:
    return [
        NAMED[language].format(outcome=o, unit=u) if u else str(o)
        for o, u in zip(drawn[f"outcome_{language}"], drawn[f"unit_{language}"], strict=True)
    ]


def _places(drawn: pd.DataFrame, table: EvidenceTable, language: str) -> tuple[list[float], list[tuple[float, str]], float]:
    """Return the height of each row, the headings with theirs, and the height of all, from the top down."""
    grades = dict(enumerate(table.rows["certainty"]))
    heights: list[float] = []
    heads: list[tuple[float, str]] = []
    at, last = 0.0, None
    for name, row in zip(_names(drawn, language), drawn["row"], strict=True):
        if (name, row) != last:
            grade = grades.get(int(row), "")
            graded = "; " + GRADED[language].format(level=GRADE_WORDS[grade][language]) if grade else ""
            text = style.wrap(name + graded, _ROOM, style.TEXT, bold=True)
            room = 0.75 * len(text.splitlines())
            heads.append((at + room / 2 - 0.4, text))
            at += room + 0.15
            last = (name, row)
        heights.append(at)
        at += 1.0
    return heights, heads, at


def _ends(row: Any) -> list[float]:
    known = [float(x) for x in (row.ratio, row.ratio_low, row.ratio_high) if x is not None and np.isfinite(x)]
    return [min(max(x, 1 / FARTHEST), FARTHEST) for x in known]


def _row(ax: Axes, y: float, row: Any, ends: list[float], language: str) -> None:
    """Draw one estimate: the main design filled, others hollow, the pooled one as a diamond; intervals that go on as arrows."""
    pooled = row.design == "pooled"
    ink = style.ACCENT if pooled else style.MAIN if row.main else style.GREY
    if len(ends) > 1:
        ax.plot([min(ends), max(ends)], [y, y], color=ink, linewidth=1.8 if row.main or pooled else 1.2, solid_capstyle="butt", zorder=2)
        for end, sign, beyond in ((row.ratio_low, "<", 1 / FARTHEST), (row.ratio_high, ">", FARTHEST)):
            if (end < beyond) if sign == "<" else (end > beyond):
                ax.plot([beyond], [y], marker=sign, markersize=5, color=ink, linestyle="none", zorder=3)
    marker = "D" if pooled else "s" if row.main else "o"
    face = style.PAPER if not (row.main or pooled) else ink
    ax.plot([ends[0]], [y], marker=marker, markersize=6, markerfacecolor=face, markeredgecolor=ink, linestyle="none", zorder=4)
    beside(ax, y, _numbers(row, language))


def _numbers(row: Any, language: str) -> str:
    own = _end(float(row.ratio), language)
    if row.ratio_low is None or row.ratio_high is None or not np.isfinite(row.ratio_low) or not np.isfinite(row.ratio_high):
        return own
    return f"{own} ({span(_end(row.ratio_low, language), _end(row.ratio_high, language), language)})"


def _end(x: float, language: str) -> str:
    """Write a ratio by its size; one that is far out by its bound."""
    if x > 1000:
        return f"> {number(1000, language)}"
    return number(x, language, 0 if x >= 100 else 1 if x >= 10 else 2)


def _handles(drawn: pd.DataFrame, table: EvidenceTable, language: str) -> list[Artist]:
    level = number(100 * table.level, language)
    kinds = (
        (drawn["main"].any(), style.MAIN, "s", style.MAIN, MAIN_DESIGN),
        ((~drawn["main"] & (drawn["design"] != "pooled")).any(), style.GREY, "o", style.PAPER, OTHER_DESIGN),
        ((drawn["design"] == "pooled").any(), style.ACCENT, "D", style.ACCENT, POOLED),
    )
    return [
        Line2D(
            [], [], color=ink, marker=m, markersize=6, markerfacecolor=face, markeredgecolor=ink, label=said[language].format(level=level)
        )
        for there, ink, m, face, said in kinds
        if there
    ]
