"""Numbers on axes as Vietnamese and English readers write them."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from evaluation.figures import units
from evaluation.language import Words


@pytest.mark.parametrize(
    ("value", "unit", "vi", "en"),
    [
        (0.1234, "percent", "12,3%", "12.3%"),
        (0.0, "percent", "0,0%", "0.0%"),
        (1234.0, "count", "1.234", "1,234"),
        (2.5, "count", "2,5", "2.5"),
        (1.618, "ratio", "1,62", "1.62"),
        (37.94, "per_10000", "37,9 trên 10.000 dân", "37.9 per 10,000 residents"),
        (-0.021, "points", "−2,1 điểm phần trăm", "−2.1 percentage points"),
    ],
)
def test_writing(value: float, unit: str, vi: str, en: str) -> None:
    assert (units.written(value, unit, "vi"), units.written(value, unit, "en")) == (vi, en)


def test_an_interval_names_its_unit_once() -> None:
    assert units.with_interval(0.021, -0.004, 0.046, "points", "vi") == "2,1 điểm phần trăm (từ −0,4 đến 4,6)"
    assert units.with_interval(0.45, math.nan, math.nan, "percent", "en") == "45.0%"
    assert units.with_interval(3.0, 1.0, 5.0, "per_10000", "en", bare=True) == "3 (1 to 5)"


@pytest.mark.parametrize(
    ("unit", "ticks", "vi"),
    [
        ("percent", [0.0, 0.2, 0.4], ["0%", "20%", "40%"]),
        ("percent", [0.0, 0.025, 0.05], ["0,0%", "2,5%", "5,0%"]),
        ("count", [0.0, 1000.0, 2000.0], ["0", "1.000", "2.000"]),
        ("per_10000", [0.0, 0.25, 0.5], ["0,00", "0,25", "0,50"]),
        ("points", [-0.1, 0.0, 0.1], ["−10", "0", "10"]),
    ],
)
def test_ticks_have_the_decimals_that_their_steps_need(unit: str, ticks: list[float], vi: list[str]) -> None:
    axis = units.Numbers(unit, "vi")
    axis.set_locs(ticks)
    assert [axis(t) for t in ticks] == vi


def test_counts_have_whole_ticks_and_no_tick_is_written_twice() -> None:
    _, ax = plt.subplots()
    ax.set_ylim(0, 3)
    units.number_axis(ax.yaxis, "count", "vi")
    ax.figure.canvas.draw()
    written = [t.get_text() for t in ax.get_yticklabels()]
    assert written == list(dict.fromkeys(written))
    assert all(t.isdigit() for t in written)


def test_unknown_unit_is_refused_with_the_choice() -> None:
    with pytest.raises(ValueError, match=r"furlong.*percent"):
        units.known("furlong")


def test_english_plural() -> None:
    quarter = Words("quý", "quarter")
    assert [units.many(n, quarter, "en") for n in (0, 1, 2)] == ["0 quarters", "1 quarter", "2 quarters"]
    assert units.many(1200, quarter, "vi") == "1.200 quý"


@pytest.mark.parametrize(
    ("steps", "said"), [((0.0, 2.5e-7, 5e-7), "0.00000025"), ((0.0, 0.0005, 0.001), "0.0005"), ((-2.0, 0.0, 2.0), "0")]
)
def test_ticks_however_small_differ(steps: tuple[float, ...], said: str) -> None:
    ticks = units.Numbers("value", "en")
    ticks.set_locs(list(steps))
    assert ticks(steps[1]) == said


def test_an_axis_that_need_not_begin_at_zero_goes_a_little_beyond_what_is_shown() -> None:
    low, high = units.around(np.array([36.5, math.nan, 38.5]))
    assert (36 < low < 36.5, 38.5 < high < 39) == (True, True)
    assert units.around(np.array([math.nan])) == (0.0, 1.0)
    assert units.around(np.array([7.0]))[0] < 7.0 < units.around(np.array([7.0]))[1]


def test_a_rate_without_a_round_denominator_is_per_one_of_it() -> None:
    assert units.rate_axis("").en == "per unit of the denominator"
    assert units.rate_axis("per 1,000").vi == "trên 1.000"
