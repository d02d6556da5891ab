"""Trends and interrupted series drawn: what is drawn is the result, in both languages, and the text says the finding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

import evaluation.figures.drawers  # noqa: F401  (results find their figures)
from evaluation.figures import style
from evaluation.figures.interrupted import interrupted
from evaluation.language import Words
from evaluation.monitoring.over_time.controlled import ControlledSeries, controlled_series
from evaluation.monitoring.over_time.interrupted import InterruptedSeries, interrupted_series
from evaluation.monitoring.over_time.trend import Trend, trend
from evaluation.monitoring.series import CountSeries, DocumentedChange

T = np.arange(16)
QUARTERS = [f"{2015 + i // 4}-Q{i % 4 + 1}" for i in T]
MONTHS = [f"{2014 + i // 12}-{i % 12 + 1:02d}" for i in range(48)]


@pytest.fixture(scope="module")
def lost() -> InterruptedSeries:
    events = np.random.default_rng(1).poisson(80 * np.exp(0.02 * T + np.log(0.6) * (T >= 8))).astype(float)
    events[3] = np.nan
    data = pd.DataFrame({"quarter": QUARTERS, "events": events, "people": np.linspace(40_000, 44_000, 16)})
    label = Words("số lượt", "visits")
    return interrupted_series(
        data, events="events", period="quarter", start="2017-Q1", season=4, exposure="people", label=label, full_from="2017-Q3"
    )


@pytest.fixture(scope="module")
def beside() -> ControlledSeries:
    rng = np.random.default_rng(2)
    rows = [
        pd.DataFrame({"ward": w, "year": 2001 + T, "events": rng.poisson(60 * np.exp(np.log(e) * (T >= 8))).astype(float)})
        for w, e in (("A", 0.5), ("B", 1.0), ("C", 1.0))
    ]
    label = Words("số lượt", "visits")
    return controlled_series(
        pd.concat(rows), outcome="events", unit="ward", period="year", treated="A", start=2009, slope_change=False, label=label
    )


@pytest.fixture(scope="module")
def rising() -> Trend:
    counts = np.random.default_rng(3).binomial(60, 0.2 + 0.02 * T).astype(float)
    frame = pd.DataFrame({"unit": "A", "period": QUARTERS, "count": counts, "denominator": 60.0, "state": "shown"})
    frame.loc[6, ["count", "denominator"]] = np.nan
    frame.loc[6, "state"] = "missing"
    return trend(
        CountSeries(
            frame=frame,
            label=Words("Tỷ lệ được xét nghiệm", "Share tested"),
            measure="proportion",
            periods=tuple(QUARTERS),
            phases=tuple(T % 4 + 1),
            names={"A": Words("Quận A", "District A")},
            changes=(DocumentedChange("2016-Q1", Words("biểu mẫu mới", "a new form")),),
            synthetic=True,
        ),
        "A",
    )


def lines(ax: Axes) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), float) for line in ax.lines]


def holds(ax: Axes, values: np.ndarray) -> bool:
    return any(len(y) == len(values) and np.allclose(y, values, equal_nan=True) for y in lines(ax))


def legend(ax: Axes) -> list[str]:
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_the_interrupted_series_is_the_frame(lost: InterruptedSeries) -> None:
    ax, table = lost.plot(language="en"), lost.series
    rate = 10_000 / table["exposure"]
    assert holds(ax, (table["observed"] * rate).to_numpy())
    assert holds(ax, (table["counterfactual"] * rate).to_numpy()[8:])
    assert holds(ax, (table["expected"] * rate).to_numpy()[10:])  # after the phase-in
    band = next(c for c in ax.collections if isinstance(c, PolyCollection))
    top = max(v[1] for v in band.get_paths()[0].vertices)
    assert top == pytest.approx((table["counterfactual_high"] * rate)[8:].max())
    assert {"observed", "phase-in", "starts in Q1 2017", "model, without the intervention"} <= set(legend(ax))
    assert ax.get_ylim()[0] == 0


@pytest.mark.slow
def test_the_alternative_says_the_finding_and_where_the_series_ended(lost: InterruptedSeries) -> None:
    en, vi = style.alt(lost.plot(language="en")), style.alt(lost.plot(language="vi", synthetic=True))
    assert "can be told from chance" in en
    assert "Last period Q4 2018: observed" in en
    assert "without the intervention" in en
    assert "Kỳ cuối Quý IV/2018: quan sát được" in vi
    assert style.SYNTHETIC in vi
    assert "nan" not in en.lower().split()


@pytest.mark.slow
def test_a_series_beside_it_may_be_drawn(lost: InterruptedSeries) -> None:
    other = pd.DataFrame({"period": QUARTERS[:-1], "value": np.linspace(15, 18, 15)})
    ax = interrupted(lost, language="en", comparison=other)
    assert holds(ax, np.append(np.linspace(15, 18, 15), np.nan))
    assert "comparison, observed" in legend(ax)
    assert "comparison, model" not in legend(ax)


@pytest.mark.slow
def test_both_groups_of_a_controlled_series_are_told_apart_without_colour(beside: ControlledSeries) -> None:
    ax, table = beside.plot(language="vi"), beside.series
    for column in ("treated", "comparison"):
        assert holds(ax, table[column].to_numpy())
    assert {line.get_marker() for line in ax.lines} >= {"o", "s"}
    assert len({str(line.get_linestyle()) for line in ax.lines}) >= 3
    assert ax.get_ylabel() == "số lượt"
    assert "nơi can thiệp, nếu thay đổi như nơi so sánh" in legend(ax)
    assert next(t.get_text() for t in ax.get_xticklabels()) == "2001"


def test_the_trend_draws_its_line_broken_where_counting_changed(rising: Trend) -> None:
    ax, frame = rising.plot(language="en"), rising.frame
    assert holds(ax, frame["value"].to_numpy())
    assert holds(ax, frame["expected"].to_numpy()[:4])
    assert holds(ax, frame["expected"].to_numpy()[4:])
    assert "from Q1 2016: a new form" in legend(ax)
    assert "not reported" in legend(ax)
    assert rising.said_change("en") in ax.get_title(loc="left").replace("\n", " ")
    assert style.alt(ax).startswith("Line chart with a trend. Share tested, District A:")
    assert style.SYNTHETIC in style.alt(ax)


@pytest.mark.slow
def test_a_trend_without_an_estimate_is_drawn_without_a_line(rising: Trend) -> None:
    frame = rising.frame.head(6)[["period", "count", "denominator", "state"]].assign(unit="A")
    short = trend(
        CountSeries(
            frame=frame[["unit", "period", "count", "denominator", "state"]],
            label=rising.label,
            measure="proportion",
            periods=tuple(QUARTERS[:6]),
            phases=tuple(T[:6] % 4 + 1),
        ),
        "A",
    )
    ax = short.plot(language="vi")
    assert len(legend(ax)) == 2
    assert "mới có 6 kỳ" in style.alt(ax)


@pytest.mark.slow
def test_many_months_keep_their_labels_apart() -> None:
    counts = np.random.default_rng(4).poisson(50, 48).astype(float)
    frame = pd.DataFrame({"unit": "A", "period": MONTHS, "count": counts, "denominator": np.nan, "state": "shown"})
    monthly = CountSeries(
        frame=frame,
        label=Words("Số ca", "Cases"),
        measure="count",
        periods=tuple(MONTHS),
        season=12,
        phases=tuple(i % 12 + 1 for i in range(48)),
    )
    ax = trend(monthly, "A").plot(language="vi")
    labels = [t.get_text() for t in ax.get_xticklabels()]
    assert labels[0] == "1/2014"
    assert len(labels) <= 8


@pytest.mark.slow
def test_they_can_be_printed(
    lost: InterruptedSeries, beside: ControlledSeries, rising: Trend, printed: Callable[[Callable[[str], Axes]], None]
) -> None:
    for result in (lost, beside, rising):
        printed(lambda language, result=result: result.plot(language=language))  # type: ignore[misc]


@pytest.mark.slow
def test_phase_in_and_start_differ_from_band_and_course_without_colour(lost: InterruptedSeries) -> None:
    ax = lost.plot(language="en")
    entries = dict(zip(legend(ax), ax.get_legend().legend_handles, strict=True))
    assert entries["phase-in"].get_hatch()  # type: ignore[union-attr]
    assert not entries["confidence band without the intervention"].get_hatch()  # type: ignore[union-attr]
    start, course = (entries[name]._unscaled_dash_pattern for name in ("starts in Q1 2017", "model, without the intervention"))  # type: ignore[union-attr]
    assert start != course


@pytest.mark.slow
def test_a_long_name_of_the_axis_is_broken_to_its_height(beside: ControlledSeries) -> None:
    name = "một chỉ tiêu có tên rất dài mà trục đứng không đủ chỗ để viết trên một dòng"
    ax = beside.plot(language="vi", axis=name)
    assert ax.get_ylabel().replace("\n", " ") == name
    fig = style.root(ax)
    fig.canvas.draw()
    assert ax.yaxis.label.get_window_extent().height <= ax.get_window_extent().height + 4
