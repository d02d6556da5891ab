"""The pilot among placebo estimates, and observed beside expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures import style
from evaluation.figures.placebo import paths, placebo, stacked
from evaluation.language import Words

TESTED, WARD = Words("số người được xét nghiệm", "people tested"), Words("Phường Phạm Ngũ Lão", "Phạm Ngũ Lão ward")
RATIOS = np.exp(np.random.default_rng(3).normal(0, 0.28, 40))


@dataclass(frozen=True)
class Found:
    scale: str = "ratio"
    estimate: float | None = 1.62
    low: float | None = 1.18
    high: float | None = 2.22
    placebo: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"unit": [f"26{i:03d}" for i in range(40)], "ratio": RATIOS}))
    p_value: float | None = 0.049
    outcome_label: Words = TESTED
    unit_label: Words = WARD


def dots(ax: Axes) -> np.ndarray:
    return np.asarray(next(line for line in ax.lines if line.get_marker() == "o").get_xdata(), float)


def test_dots_are_the_placebo_ratios_and_the_pilot_is_marked() -> None:
    ax = placebo(Found())
    np.testing.assert_allclose(np.sort(dots(ax)), np.sort(RATIOS))
    assert ax.get_xscale() == "log"
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "D"] == [[1.62]]
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "|"] == [[1.18, 2.22]]


def test_no_donor_is_named() -> None:
    ax = placebo(Found())
    said = style.alt(ax) + " ".join(t.get_text() for t in ax.texts)
    assert "Phạm Ngũ Lão" in said
    assert not [unit for unit in Found().placebo["unit"] if unit in said]


def test_alternative_and_smallest_possible_p() -> None:
    vi, en = (style.alt(placebo(Found(), language=speak)) for speak in ("vi", "en"))
    assert "1,62 (từ 1,18 đến 2,22)" in vi
    assert "0,049; nhỏ nhất có thể có với 40 đơn vị so sánh: 0,024" in vi  # 1/41
    assert "1.62 (1.18 to 2.22)" in en
    assert "0.049; the smallest possible with 40 comparison units: 0.024" in en


def test_a_ratio_of_zero_is_told_not_drawn() -> None:
    frame = Found().placebo.assign(ratio=lambda f: f["ratio"].where(f.index > 1, [0.0, np.nan, *[1.0] * 38]))
    ax = placebo(replace(Found(), placebo=frame))
    assert len(dots(ax)) == 38
    assert "không vẽ được 2 đơn vị so sánh" in style.alt(ax).lower()


def test_without_estimate_or_interval() -> None:
    ax = placebo(replace(Found(), estimate=None, low=None, high=None))
    assert "chưa ước lượng được" in style.alt(ax)
    assert not [line for line in ax.lines if line.get_marker() in ("D", "|")]
    ax = placebo(replace(Found(), low=None))
    assert not [line for line in ax.lines if line.get_marker() == "|"]


def test_differences_stand_on_a_plain_axis_in_points() -> None:
    values = pd.DataFrame({"unit": ["a", "b", "c"], "difference": [-0.05, 0.0, 0.04]})
    ax = placebo(replace(Found(), scale="difference", estimate=0.062, low=-0.011, high=0.131, placebo=values))
    assert ax.get_xscale() == "linear"
    np.testing.assert_allclose(np.sort(dots(ax)), [-0.05, 0.0, 0.04])
    assert "6,2 điểm phần trăm (từ −1,1 đến 13,1)" in style.alt(ax)
    style.root(ax).canvas.draw()
    assert "−10" in [t.get_text() for t in ax.get_xticklabels()]


def test_dots_are_piled_not_moved() -> None:
    values, heights = stacked(np.array([0.0, 0.001, 1.0, 0.002]), bins=10)
    assert list(values) == [0.0, 0.001, 0.002, 1.0]
    assert list(heights) == [1, 2, 3, 1]
    assert [len(a) for a in stacked(np.array([]))] == [0, 0]
    assert list(stacked(np.array([2.0, 2.0]))[1]) == [1, 2]


@pytest.mark.slow
def test_it_can_be_printed(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    printed(lambda language: placebo(Found(), language=language, synthetic=True))


@pytest.fixture
def observed(quarters: pd.DataFrame) -> pd.DataFrame:
    expected = np.where(quarters["state"] == "shown", 100.0, np.nan)
    treated = np.where(quarters["state"] == "shown", np.where(quarters.index < 8, 90.0, 130.0), np.nan)
    return pd.DataFrame(
        {
            "period": quarters["period"],
            "treated": treated,
            "expected": expected,
            "low": expected - 20,
            "high": expected + 20,
            "state": quarters["state"],
        }
    )


def test_paths_are_the_frame(observed: pd.DataFrame, apart: Callable[[Figure], None]) -> None:
    ax = paths(observed, start="2017-Q1", label="Số người được xét nghiệm", unit="count", synthetic=True)
    lines = [np.asarray(line.get_ydata(), float) for line in ax.lines if len(line.get_xdata()) == 16]
    np.testing.assert_array_equal(lines[0], observed["expected"])
    np.testing.assert_array_equal(lines[1], observed["treated"])
    assert any(list(line.get_xdata()) == [7.5, 7.5] for line in ax.lines)
    text = style.alt(ax)
    assert "trung bình trước Quý I/2017: thực tế 90,0, kỳ vọng 100,0" in text.replace("Trung", "trung")
    assert "trung bình từ Quý I/2017: thực tế 130,0, kỳ vọng 100,0" in text.replace("Trung", "trung")
    apart(style.root(ax))


@pytest.mark.parametrize("column", ["treated", "expected", "low", "high"])
def test_paths_refuse_a_withheld_value(observed: pd.DataFrame, column: str) -> None:
    observed.loc[10, column] = 77.125
    with pytest.raises(ValueError, match="2017-Q3") as fault:
        paths(observed, start="2017-Q1", label="x", unit="count")
    assert "77" not in str(fault.value)
