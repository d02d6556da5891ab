"""A ward's series beside its limits: what is marked, what is absent, what the alternative says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.figures import style
from evaluation.figures.history import history

LABEL = "Attendances, Hiệp Phú ward"


@pytest.fixture
def series() -> pd.DataFrame:
    """Twelve quarters: no range in the first four, one quarter missing, one of 1,790 where 0 to 407 is usual."""
    periods = [f"{y}-Q{q}" for y in (2016, 2017, 2018) for q in (1, 2, 3, 4)]
    frame = pd.DataFrame({"period": periods, "value": 100.0 + np.arange(12), "state": "shown", "low": 0.0, "high": 407.0, "beyond": False})
    frame.loc[:3, ["low", "high"]] = np.nan
    frame.loc[6, ["value", "state"]] = [np.nan, "missing"]
    frame.loc[9, ["value", "beyond"]] = [1790.0, True]
    return frame


def test_the_odd_point_alone_is_ringed_and_written(series: pd.DataFrame) -> None:
    ax = history(series, label=LABEL, language="en")
    ring = next(line for line in ax.lines if line.get_markerfacecolor() == "none" and line.get_markeredgecolor() == style.ACCENT)
    assert [list(map(float, d)) for d in ring.get_data()] == [[9.0], [1790.0]]
    assert [t.get_text() for t in ax.texts if t.get_text() == "1,790"] == ["1,790"]
    heights = [p.get_height() for p in ax.patches[-12:]]
    assert heights == [0.0] * 4 + [407.0] * 8


def test_the_alternative_says_figure_range_and_gap(series: pd.DataFrame) -> None:
    text = style.alt(history(series, label=LABEL, language="en", synthetic=True))
    assert "11 quarters with a figure, Q1 2016 to Q4 2018" in text
    assert "Q2 2018: 1,790, usual range 0 to 407" in text
    assert "ot reported: 1 quarter" in text
    assert style.SYNTHETIC in text
    vi = style.alt(history(series.assign(beyond=False), label="Lượt dự"))
    assert "Không con số nào nằm ngoài khoảng thường gặp" in vi
    assert "1.790" not in vi


def test_it_says_that_it_is_for_the_office(series: pd.DataFrame) -> None:
    ax = history(series, label=LABEL, language="vi")
    assert any("Chỉ dùng trong cơ quan" in t.get_text() for t in ax.texts)


def test_a_value_behind_an_absence_is_refused(series: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="2017-Q3"):
        history(series.assign(value=5.0), label=LABEL)


@pytest.mark.slow
def test_it_can_be_printed(series: pd.DataFrame, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    printed(lambda language: history(series, label="4101", language=language, synthetic=True))
