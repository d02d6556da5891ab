"""The control chart as drawn: steps, baseline, signals by shape, documented changes, the verdict in words, and the alternative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.figures import style
from evaluation.figures.control_chart import BADGES
from evaluation.figures.control_chart import control_chart as drawn
from evaluation.figures.trend_line import trend_line
from evaluation.language import Words
from evaluation.monitoring.charts import ControlChart, control_chart
from evaluation.monitoring.charts import chart as chart_of
from evaluation.monitoring.over_time.trend import trend
from evaluation.monitoring.own_series import own_series
from evaluation.monitoring.total import ALL

QUARTERS = [f"{y}-Q{q}" for y in range(2015, 2019) for q in (1, 2, 3, 4)]
LABEL = Words("Tỷ lệ người được tiếp cận được xét nghiệm, Quận 1", "Share of people reached who were tested, District 1")
FORM = Words("biểu mẫu mới: đếm theo cách khác", "new form: counted in another way")
SIZES = np.resize([310.0, 420, 280, 505], 16)
SHARES = np.resize([0.31, 0.28, 0.33, 0.3, 0.29], 16)


def _chart(shares: np.ndarray = SHARES, **options: object) -> ControlChart:
    counts = np.round(shares * SIZES)
    counts[6] = np.nan
    settings = {"periods": QUARTERS, "baseline": 13, "direction": "up", "label": LABEL, **options}
    return control_chart(counts, SIZES, "p'", **settings)


def _risen() -> ControlChart:
    return _chart(np.where(np.arange(16) >= 13, 0.55, SHARES))


def _marked(ax: Axes, marker: str) -> list[list[float]]:
    return [list(map(float, line.get_xdata())) for line in ax.lines if line.get_marker() == marker and line.get_linestyle() == "None"]


def _texts(ax: Axes) -> str:
    return " | ".join(t.get_text() for t in [*ax.texts, *(ax.get_legend().get_texts() if ax.get_legend() else [])])


def test_signals_are_marked_by_shape_and_limits_are_steps() -> None:
    ax = drawn(_risen(), language="en")
    assert _marked(ax, "^") == [[13.0, 14.0, 15.0]]
    assert _marked(ax, "v") == []
    step = next(line for line in ax.lines if len(line.get_xdata()) == 32 and np.nanmax(line.get_ydata()) > 0.33)
    assert list(step.get_xdata()[:4]) == [-0.5, 0.5, 0.5, 1.5]
    assert BADGES["improving"]["en"] in _texts(ax)
    assert "signal: above the usual" in _texts(ax)


def test_a_documented_change_is_on_the_chart_with_its_reason() -> None:
    ax = drawn(_chart(changes=[(4, FORM)]), language="en")
    assert "anew from Q1 2016: new form: counted in another way" in _texts(ax)
    assert "trial limits, from 8 periods" in _texts(ax)
    assert any(list(line.get_xdata()) == [3.5, 3.5] for line in ax.lines)
    # The line of values does not run across the change.
    assert not any(
        3.0 in list(line.get_xdata()) and 4.0 in list(line.get_xdata())
        for line in ax.lines
        if line.get_color() == style.MAIN and line.get_linestyle() == "-"
    )


def test_the_alternative_says_the_finding_limits_changes_and_gaps() -> None:
    text = style.alt(drawn(_risen(), language="en"))
    assert "improving; the latest value, 55.0% (Q4 2018)" in text
    assert "Signal: above the usual: Q2 2018, Q3 2018, Q4 2018" in text
    assert "ot reported: 1 period" in text
    vi = style.alt(drawn(_chart(changes=[(4, FORM)]), language="vi"))
    assert "Tính lại từ Quý I/2016: biểu mẫu mới" in vi
    assert "iới hạn tạm tính, từ 8 kỳ" in vi


def test_made_up_data_are_marked_and_context_is_not_judged() -> None:
    ax = drawn(_chart(np.where(np.arange(16) >= 13, 0.55, SHARES), direction="context"), language="en", synthetic=True)
    assert style.SYNTHETIC in _texts(ax)
    assert BADGES["changed"]["en"] in _texts(ax)
    assert style.SYNTHETIC in style.alt(ax)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xmr", "run", "g", "t", "ewma", "cusum", "c'"])
def test_every_kind_can_be_drawn(kind: str) -> None:
    values = np.resize([3.0, 5, 1, 9, 4, 2], 30)
    ax = drawn(control_chart(values, kind=kind, baseline=20, label=LABEL), language="vi")
    assert len(style.alt(ax)) > 60
    assert ax.get_ylabel()


@pytest.mark.slow
@pytest.mark.parametrize("values", [[np.nan] * 5, [4.0], [0.0] * 14])
def test_little_or_nothing_can_be_drawn(values: list[float]) -> None:
    ax = drawn(control_chart(values, kind="c'", label=LABEL), language="en")
    assert BADGES["too_few"]["en"] in _texts(ax)


@pytest.mark.slow
@pytest.mark.parametrize("made_up", [True, False])
def test_it_can_be_printed(made_up: bool, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    for chart in (_risen(), _chart(changes=[(4, FORM)])):
        printed(lambda language, chart=chart: drawn(chart, language=language, synthetic=made_up))  # type: ignore[misc]
    printed(lambda language: drawn(_risen(), language=language, title="x" + " y zz" * 60))


@pytest.mark.parametrize("values", [np.tile([-2.0, 1.0, 3.0], 5)[:14], 37 + np.sin(np.arange(14))])
def test_measured_values_have_an_axis_of_their_own_range(values: np.ndarray) -> None:
    frame = pd.DataFrame({"t": range(1, 15), "y": values})
    series = own_series(frame, time="t", count="y", measure="value")
    for ax in (drawn(chart_of(series, ALL, draws=0)), trend_line(trend(series, ALL, season="none"))):
        low, high = ax.get_ylim()
        assert (low < values.min(), high > values.max(), low == 0) == (True, True, False)
        assert ax.get_ylabel() == "giá trị"
        style.close(style.root(ax))
