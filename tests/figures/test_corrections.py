"""Corrected figures drawn: first against now."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from evaluation.figures import style
from evaluation.figures.corrections import corrections


@pytest.fixture
def cells() -> pd.DataFrame:
    """Two up, one down, one that was blank; 0 to 4 has no ratio."""
    frame = pd.DataFrame({"first": [100.0, 0.0, 50.0, np.nan], "revised": [120.0, 4.0, 25.0, 7.0]})
    return frame.assign(ratio=frame["revised"] / frame["first"].where(frame["first"] > 0))


def test_points_are_the_cells_reported_both_times(cells: pd.DataFrame) -> None:
    ax = corrections(cells)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.column_stack(dots.get_data()).tolist() == [[101, 121], [1, 5], [51, 26]]


def test_the_alternative_counts_directions(cells: pd.DataFrame) -> None:
    text = style.alt(corrections(cells, language="en", synthetic=True))
    assert "4 figures changed: 2 up, 1 down, 1 blank before or after" in text
    assert "Middle size of a change: 35.0%" in text  # of 20% and 50%
    assert style.SYNTHETIC in text


def test_nothing_corrected_is_drawn_empty(cells: pd.DataFrame) -> None:
    assert "0 figures changed" in style.alt(corrections(cells.head(0), language="en"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_texts_keep_apart(cells: pd.DataFrame, language: str, apart: Callable[[Figure], None]) -> None:
    apart(style.root(corrections(cells, language=language, synthetic=True, title="Các con số đã sửa")))
