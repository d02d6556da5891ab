"""The pilot among placebo estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.effects.effect import Effect
from evaluation.figures import style
from evaluation.figures.placebo import placebo, stacked
from evaluation.language import Words

TESTED, WARD = Words("số người được xét nghiệm", "people tested"), Words("Phường Phạm Ngũ Lão", "Phạm Ngũ Lão ward")
RATIOS = np.exp(np.random.default_rng(3).normal(0, 0.28, 40))


UNITS = [f"26{i:03d}" for i in range(40)]


def found(placebo: pd.DataFrame | None = None, **changed: object) -> Effect:
    """A ratio of 1.62 among forty placebo ratios."""
    frame = pd.DataFrame({"unit": UNITS, "effect": RATIOS}) if placebo is None else placebo
    nothing = pd.DataFrame()
    made = Effect(
        estimand=TESTED,
        method=TESTED,
        estimate=1.62,
        low=1.18,
        high=2.22,
        design="did",
        outcome="tested",
        outcome_label=TESTED,
        unit_label=WARD,
        measure="count",
        scale="ratio",
        p_value=0.049,
        smallest_p=1 / 41,
        effects=nothing,
        counterfactual=nothing,
        weights=nothing,
        pre_rmspe=0.1,
        placebo=frame,
        placebo_gaps=nothing,
        start="2017-Q1",
        n_before=8,
        n_after=8,
        n_donors=40,
        synthetic=True,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def dots(ax: Axes) -> np.ndarray:
    return np.asarray(next(line for line in ax.lines if line.get_marker() == "o").get_xdata(), float)


def test_dots_are_the_placebo_ratios_and_the_pilot_is_marked() -> None:
    ax = placebo(found())
    np.testing.assert_allclose(np.sort(dots(ax)), np.sort(RATIOS))
    assert ax.get_xscale() == "log"
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "D"] == [[1.62]]
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "|"] == [[1.18, 2.22]]


def test_no_donor_is_named() -> None:
    ax = placebo(found())
    said = style.alt(ax) + " ".join(t.get_text() for t in ax.texts)
    assert "Phạm Ngũ Lão" in said
    assert not [unit for unit in found().placebo["unit"] if unit in said]


def test_alternative_and_smallest_possible_p() -> None:
    vi, en = (style.alt(placebo(found(), language=speak)) for speak in ("vi", "en"))
    assert "1,62 (từ 1,18 đến 2,22)" in vi
    assert "0,049; nhỏ nhất có thể có với 40 đơn vị so sánh: 0,024" in vi  # 1/41
    assert "1.62 (1.18 to 2.22)" in en
    assert "0.049; the smallest possible with 40 comparison units: 0.024" in en


def test_a_ratio_of_zero_is_told_not_drawn() -> None:
    frame = found().placebo.assign(effect=lambda f: f["effect"].where(f.index > 1, [0.0, np.nan, *[1.0] * 38]))
    ax = placebo(found(frame))
    assert len(dots(ax)) == 38
    assert "không vẽ được 2 đơn vị so sánh" in style.alt(ax).lower()


def test_without_estimate_or_interval() -> None:
    ax = placebo(found(estimate=None, low=None, high=None))
    assert "chưa ước lượng được" in style.alt(ax)
    assert not [line for line in ax.lines if line.get_marker() in ("D", "|")]
    ax = placebo(found(low=None))
    assert not [line for line in ax.lines if line.get_marker() == "|"]


def test_differences_stand_on_a_plain_axis_in_points() -> None:
    values = pd.DataFrame({"unit": ["a", "b", "c"], "effect": [-0.05, 0.0, 0.04]})
    ax = placebo(found(values, scale="difference", measure="share", estimate=0.062, low=-0.011, high=0.131))
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
    printed(lambda language: placebo(found(), language=language))
