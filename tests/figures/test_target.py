"""A year against its target: what is known is not what is predicted, context has no prediction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import evaluation.figures.drawers  # noqa: F401 - results draw themselves
from evaluation.contracts import SHOWN
from evaluation.figures import style
from evaluation.figures.target import target_course
from evaluation.language import Words
from evaluation.language.likelihood import legend
from evaluation.monitoring.aims.status import TargetStatus, target_status
from evaluation.monitoring.series import CountSeries
from evaluation.plan import IndicatorTarget, targets

pytestmark = pytest.mark.slow


def status(
    low: float, as_of: str, *, wholes: float | None = None, direction: str = "up", own: IndicatorTarget | None = None
) -> TargetStatus:
    periods = [f"{y}-Q{q}" for y in (2016, 2017, 2018) for q in (1, 2, 3, 4)]
    counts = [20.0, 24.0, 22.0, 26.0] * 3
    frame = pd.DataFrame({"unit": "760", "period": periods, "count": counts, "denominator": wholes or np.nan, "state": SHOWN})
    series = CountSeries(
        frame=frame,
        label=Words("Số người được xét nghiệm", "People tested"),
        measure="count" if wholes is None else "proportion",
        said_unit="people" if wholes is None else "percent",
        direction=direction,
        periods=tuple(periods),
        phases=(1, 2, 3, 4) * 3,
        names={"760": Words("Quận 1", "District 1")},
        synthetic=True,
    )
    statistic = "sum_of_year" if wholes is None else "share_of_year"
    indicator = "sti_tested" if wholes is None else "hiv_tested_share"
    asked = IndicatorTarget("own", None, indicator, "district", None, 2018, "at_least", low, None, statistic, "QĐ", Words("ghi", "note"))
    return target_status(series, "760", own or asked, as_of)


def xs(ax: Axes, filled: bool) -> list[float]:
    paper = [line for line in ax.lines if line.get_marker() == "o" and (line.get_markerfacecolor() != style.PAPER) == filled]
    return [float(x) for line in paper for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if np.isfinite(y)]


def test_known_quarters_are_full_and_predicted_ones_hollow() -> None:
    found = status(92, "2018-Q2")
    ax = target_course(found, language="en")
    assert xs(ax, filled=True) == [0, 1]
    assert xs(ax, filled=False) == [2, 3]
    assert any(line.get_ydata()[0] == 92 and line.get_linestyle() != "-" for line in ax.lines)


def test_the_alternative_says_status_sentence_and_prediction() -> None:
    found = status(92, "2018-Q2")
    text = style.alt(target_course(found, language="en"))
    assert text.startswith("Cannot tell. ")
    assert found.summary("en").rstrip(".")[3:] in text
    assert "Q1 2018: 20; Q2 2018: 44" in text
    assert "8 in 10 possible courses from" in text
    assert "SYNTHETIC DATA" in text
    assert "theo quý: quý I/2018: 20" in style.alt(target_course(found, language="vi")).lower().replace("quý i/", "quý I/")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_word_s_legend_is_printed_with_it_and_texts_do_not_touch(language: str, apart: Callable[[Figure], None]) -> None:
    for found in (status(92, "2018-Q2"), status(0.6, "2018-Q3", wholes=40.0)):
        ax = target_course(found, language=language)
        notes = " ".join(t.get_text().replace("\n", " ") for t in ax.texts)
        assert legend()[language] in notes
        apart(style.root(ax))


def test_context_has_no_prediction_and_no_verdict() -> None:
    found = status(0, "2018-Q3", direction="context", own=targets()["plan-hotspots"])
    ax = target_course(found, language="en")
    assert xs(ax, filled=False) == []
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert "what is named: 6 to 8 (context, not judged)" in labels
    assert not [label for label in labels if "predicted" in label]


def test_a_complete_year_has_no_fan() -> None:
    ax = target_course(status(92, "2018-Q4"))
    assert xs(ax, filled=False) == []
    assert not ax.collections


def test_it_can_be_printed(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    for found in (status(92, "2018-Q2"), status(0, "2018-Q3", direction="context", own=targets()["plan-hotspots"])):
        printed(lambda language, found=found: target_course(found, language=language))  # type: ignore[misc]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        target_course(TargetStatus(**{**vars(status(92, "2018-Q2")), "target": None}))


def test_a_status_draws_itself() -> None:
    assert style.alt(status(92, "2018-Q2").plot(language="vi")).startswith("Chưa thể kết luận")
