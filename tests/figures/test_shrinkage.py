"""Reported and shrunken values in one picture: every unit twice, one named, none ranked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.figures import style
from evaluation.figures.drawers import shrunken_result
from evaluation.figures.shrinkage import shrinkage
from evaluation.language import Words
from evaluation.monitoring.series import CountSeries
from evaluation.monitoring.small_areas.shrunken import Shrunken, shrink_series


@pytest.fixture
def result() -> Shrunken:
    rng = np.random.default_rng(9)
    size = np.exp(rng.uniform(1, 6, 40)).round()
    count = rng.binomial(size.astype(int), rng.beta(4, 6, 40)).astype(float)
    frame = pd.DataFrame({"unit": [f"u{i}" for i in range(40)], "period": "2018-Q4", "count": count, "denominator": size, "state": "shown"})
    for i, state in {3: "missing", 8: "missing", 15: "withheld"}.items():
        frame.loc[i, ["count", "denominator"]] = np.nan
        frame.loc[i, "state"] = state
    series = CountSeries(
        frame=frame,
        label=Words("Tỷ lệ người được tiếp cận được xét nghiệm HIV và biết kết quả", "Share of people reached who were tested"),
        measure="proportion",
        said_unit="percent",
        periods=("2018-Q4",),
        phases=(4,),
        names={f"u{i}": Words(f"Phường {i}", f"Ward {i}") for i in range(40)},
        synthetic=True,
    )
    return shrink_series(series, "2018-Q4")


@pytest.mark.slow
def test_every_unit_is_drawn_twice_and_only_one_is_named(result: Shrunken) -> None:
    ax = shrinkage(result, highlight="u7", language="en")
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert sorted(len(np.atleast_1d(line.get_xdata())) for line in dots) == [1, 36, 36]
    shown = result.frame[result.frame["value"].notna() & (result.frame["unit"] != "u7")]
    found = next(line for line in dots if line.get_color() == style.MAIN)
    assert np.asarray(found.get_ydata(), float) == pytest.approx(shown["estimate"].to_numpy())
    said = " ".join(t.get_text() for t in ax.texts) + style.alt(ax)
    assert "Ward 7" in said
    assert not [i for i in range(40) if i != 7 and f"Ward {i} " in said + " "]
    assert "no ranking" in style.alt(ax)
    assert result.summary("en") in style.alt(ax)
    legend = ax.get_legend()
    assert legend is not None
    assert "not reported: 2 units" in [t.get_text() for t in legend.get_texts()]


@pytest.mark.slow
def test_a_result_draws_itself_and_a_unit_without_report_is_told(result: Shrunken) -> None:
    ax = shrunken_result(result, language="vi", highlight="u3")
    assert any("không có báo cáo" in t.get_text() and "Phường 3" in t.get_text() for t in ax.texts)
    assert not [line for line in ax.lines if line.get_marker() == "D"]
    with pytest.raises(ValueError, match="u99"):
        shrunken_result(result, highlight="u99")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["u7", "u3", None])
def test_it_can_be_printed(result: Shrunken, printed: Callable[[Callable[[str], Axes]], None], code: str | None) -> None:
    printed(lambda language: shrinkage(result, highlight=code, language=language))
