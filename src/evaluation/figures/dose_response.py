"""Outcome against dose once unit and period effects are off: a cloud without names, its line, and means along it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evaluation.effects.dose_response import DoseResponse
from evaluation.figures import style, units
from evaluation.figures.sources import source_line
from evaluation.language import Words, number

POINT = Words("một đơn vị trong một kỳ, không nêu tên", "a unit in a period, not named")
MEAN = Words("trung bình của mỗi phần hai mươi số điểm", "mean of each twentieth of the points")
LINE = Words("quan hệ tuyến tính", "straight line")
BAND = Words("khoảng {level} của độ dốc", "{level} interval of the slope")
ACROSS = Words("{dose}: nhiều hơn hoặc ít hơn mức của đơn vị và kỳ", "{dose}: more or less than is usual for unit and period")
UP = {
    "ratio": Words("{label}: so với mức của đơn vị và kỳ (tỷ số)", "{label}: over what is usual for unit and period (ratio)"),
    "points": Words("{label}: chênh lệch (điểm phần trăm)", "{label}: difference (percentage points)"),
    "value": Words("{label}: chênh lệch", "{label}: difference"),
}
NOTE = Words(
    "Quan hệ này chưa chứng minh tác động: mức dịch vụ không được phân ngẫu nhiên và chiều tác động có thể ngược.",
    "Such a relation does not prove an effect: the dose was not given at random, and the direction may be the reverse.",
)
HEAD = Words("Biểu đồ điểm không nêu tên đơn vị: kết quả theo mức dịch vụ", "Scatter plot without names of units: outcome by dose")
_MEANS, _MANY = 20, 100

Floats = npt.NDArray[np.float64]


def dose_response(
    result: DoseResponse, ax: Axes | None = None, *, language: str = "vi", title: str = "", source: str | None = None
) -> Axes:
    """Draw what unit and period effects leave of outcome and dose, with the fitted line.

    Parameters
    ----------
    result : DoseResponse
    ax : Axes, optional
    language : {"vi", "en"}
    title : str
        The finding; the relation with its interval where left out.
    source : str, optional
        Source line; None for the data's own, "" for none.
    """
    x, y = (result.partial[c].to_numpy(dtype=float) for c in ("dose", "outcome"))
    kind = "ratio" if result.ratio else "points" if result.unit == "share" else "value"
    many = len(x) > _MANY
    with style.house():
        ax = style.canvas(ax, 4.6)
        ax.plot(
            x,
            _up(y, kind),
            linestyle="none",
            marker="o",
            markersize=2.4 if many else 4,
            color="#8a919c",
            alpha=0.35 if many else 0.7,
            zorder=2,
        )
        _lines(ax, result, x, kind)
        if many:
            means = [(x[part].mean(), y[part].mean()) for part in np.array_split(np.argsort(x, kind="stable"), _MEANS)]
            ax.plot(
                *zip(*[(a, float(_up(np.array(b), kind))) for a, b in means], strict=True),
                linestyle="none",
                marker="s",
                markersize=5,
                color=style.INK,
                zorder=5,
            )
        _axes(ax, result, y, kind, language)
        style.finish(
            ax,
            title=title or result.summary(language),
            handles=_handles(result, many, language),
            notes=[NOTE[language], source_line(source, result.source, language)],
            synthetic=result.synthetic,
            below=46,
        )
    cannot = [c[language] for c in result.cannot_be_claimed]
    style.describe(ax, HEAD[language], title, result.summary(language), *cannot, synthetic=result.synthetic)
    return ax


def _up(y: Floats, kind: str) -> Floats:
    """Return residuals as they stand on the upright axis."""
    return np.asarray(np.exp(y) if kind == "ratio" else 100 * y if kind == "points" else y)


def _lines(ax: Axes, result: DoseResponse, x: Floats, kind: str) -> None:
    """Draw the line with its wedge over the range of the residuals."""
    along = np.linspace(x.min(), x.max(), 41)
    slope = float(result.slopes["slope"].iloc[0])
    if result.low is not None and result.high is not None:
        ends = [float(np.log(e)) if result.ratio else float(e) for e in (result.low, result.high)]
        edges = np.sort(np.stack([along * e / result.per for e in ends]), axis=0)
        ax.fill_between(along, _up(edges[0], kind), _up(edges[1], kind), color=style.MAIN, alpha=0.22, linewidth=0, zorder=3)
    ax.plot(along, _up(slope * along, kind), color=style.MAIN, linewidth=2, zorder=4)


def _axes(ax: Axes, result: DoseResponse, y: Floats, kind: str, language: str) -> None:
    units.number_axis(ax.xaxis, "value", language)
    ax.set_xlabel(style.wrap(ACROSS[language].format(dose=result.dose_label[language]), style.axes_size(ax)[0]))
    name = UP[kind][language].format(label=result.label[language])
    if kind == "ratio":
        ax.set_yscale("log")
        top = float(np.exp(np.abs(y).max())) * 1.1
        ax.set_ylim(1 / top, top)
        ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if 1 / top <= t <= top]
        ax.set_yticks(ticks, [number(t, language, 0 if t >= 1 else 2 if t < 0.1 else 1) for t in ticks])
        ax.minorticks_off()
        ax.grid(axis="y")
        ax.set_ylabel(name)
        return
    units.value_axis(ax, "value", language, name=name)


def _handles(result: DoseResponse, many: bool, language: str) -> list[Artist]:
    dot: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": "#8a919c"}
    found: list[Artist] = [Line2D([], [], markersize=4, label=POINT[language], **dot)]
    if many:
        found.append(Line2D([], [], linestyle="none", marker="s", markersize=5, color=style.INK, label=MEAN[language]))
    found.append(Line2D([], [], color=style.MAIN, linewidth=2, label=LINE[language]))
    if result.low is not None and result.high is not None:
        level = number(100 * result.level, language) + "%"
        found.append(Patch(facecolor=style.MAIN, alpha=0.22, label=BAND[language].format(level=level)))
    return found
