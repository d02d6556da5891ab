"""Estimates with intervals: as given, written beside their marks, hollow where there is no interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures import style
from evaluation.figures.intervals import forest, ratio_ticks


@pytest.fixture
def estimates() -> pd.DataFrame:
    """Sentinel surveillance with intervals, a source that publishes none."""
    return pd.DataFrame(
        {
            "label": [
                "Sử dụng bao cao su thường xuyên với khách hàng, năm 2011",
                "Năm 2012",
                "Năm 2013",
                "Trước can thiệp",
                "Sau can thiệp",
            ],
            "estimate": [0.76, 0.58, 0.5, 0.33, 0.61],
            "low": [0.71, 0.52, 0.44, np.nan, np.nan],
            "high": [0.81, 0.64, 0.56, np.nan, np.nan],
            "group": ["Giám sát trọng điểm"] * 3 + ["Năm tỉnh biên giới"] * 2,
        }
    )


def marks(ax: Axes, marker: str) -> list[float]:
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == marker]


def test_marks_and_intervals_are_the_frame(estimates: pd.DataFrame) -> None:
    ax = forest(estimates, unit="percent")
    assert marks(ax, "s") == [0.76, 0.58, 0.5]
    assert marks(ax, "o") == [0.33, 0.61]
    spans = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert spans == [(0.71, 0.81), (0.52, 0.64), (0.44, 0.56)]


def test_hollow_marks_are_explained(estimates: pd.DataFrame) -> None:
    ax = forest(estimates, unit="percent")
    hollow = [line for line in ax.lines if line.get_marker() == "o"]
    assert {line.get_markerfacecolor() for line in hollow} == {style.PAPER}
    assert "chỉ có giá trị, không có khoảng tin cậy" in [t.get_text() for t in ax.get_legend().get_texts()]
    ax = forest(estimates.head(3), unit="percent")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["ước lượng và khoảng tin cậy 95%"]


def test_numbers_stand_beside_marks_and_in_the_alternative(estimates: pd.DataFrame) -> None:
    ax = forest(estimates, unit="percent")
    written = [t.get_text() for t in ax.texts]
    assert "76,0% (từ 71,0% đến 81,0%)" in written
    assert "33,0%" in written
    assert "Năm 2013: 50,0% (từ 44,0% đến 56,0%)" in style.alt(ax)


def test_ratios_have_a_logarithmic_axis_with_one(estimates: pd.DataFrame) -> None:
    """Kerrigan and others 2014: odds ratio of HIV 0.68 (0.52 to 0.89)."""
    frame = pd.DataFrame({"label": ["HIV", "Gonorrhoea"], "estimate": [0.68, 0.61], "low": [0.52, 0.46], "high": [0.89, 0.82]})
    ax = forest(frame, unit="ratio", language="en")
    assert ax.get_xscale() == "log"
    style.root(ax).canvas.draw()
    assert "1" in [t.get_text() for t in ax.get_xticklabels()]
    assert "HIV: 0.68 (0.52 to 0.89)" in style.alt(ax)
    assert "1: no difference" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_differences_are_in_points() -> None:
    frame = pd.DataFrame({"label": ["a"], "estimate": [0.021], "low": [-0.004], "high": [0.046]})
    ax = forest(frame, unit="points")
    assert "2,1 (từ −0,4 đến 4,6)" in [t.get_text() for t in ax.texts]
    assert "2,1 điểm phần trăm (từ −0,4 đến 4,6)" in style.alt(ax)


@pytest.mark.parametrize(("low", "high"), [(0.1, 1.5), (1.0, 30.0), (0.9, 1.1), (0.004, 300.0)])
def test_ratio_ticks_are_inside_and_include_one(low: float, high: float) -> None:
    ticks = ratio_ticks(low, high)
    assert 1.0 in ticks
    assert all(low <= t <= high for t in ticks)
    assert len(ticks) <= 14


@pytest.mark.parametrize(
    "change",
    [{"estimate": [np.nan]}, {"low": [0.9]}, {"high": [np.nan]}, {"low": [np.nan]}],
)
def test_broken_rows_are_refused(change: dict[str, list[float]]) -> None:
    frame = pd.DataFrame({"label": ["a"], "estimate": [0.5], "low": [0.4], "high": [0.6]}).assign(**change)
    with pytest.raises(ValueError, match="/"):
        forest(frame, unit="percent")
    with pytest.raises(ValueError, match="above 0"):
        forest(pd.DataFrame({"label": ["a"], "estimate": [0.0]}), unit="ratio")


def test_texts_do_not_touch_and_bytes_repeat(estimates: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    apart(style.root(forest(estimates, unit="percent", title="Hai nguồn, hai định nghĩa", source="Nguồn: số liệu đã công bố")))
    one, two = (style.png(style.root(forest(estimates, unit="percent"))) for _ in range(2))
    assert one == two
