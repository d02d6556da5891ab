"""A place with its rings: what is drawn is what was counted, and the alternative says the finding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import evaluation.figures.drawers  # noqa: F401 - results draw themselves
from evaluation.figures import style
from evaluation.figures.displacement import displacement
from evaluation.language import Words
from evaluation.monitoring.around.displacement import Displacement
from evaluation.monitoring.around.spillover import Spillover


@pytest.fixture
def found() -> Displacement:
    """A ward that rose, neighbours that fell, a second ring without a report on both sides."""
    frame = pd.DataFrame(
        {
            "area": ["unit", "ring1", "ring2", "control"],
            "n_units": [1, 6, 2, 300],
            "before": [150.0, 330.0, np.nan, 12_600.0],
            "after": [240.0, 220.0, np.nan, 13_400.0],
            "ratio": [1.6, 2 / 3, np.nan, 1.063],
            "low": [1.2, 0.55, np.nan, 1.02],
            "high": [2.1, 0.81, np.nan, 1.11],
            "pairs": [8, 46, 0, 2086],
            "pairs_all": [8, 48, 16, 2408],
        }
    )
    return Displacement(
        estimand=Words("x", "x"),
        method=Words("x", "x"),
        estimate=-1.1,
        low=-3.0,
        high=-0.4,
        reading="opposite_way",
        label=Words("Số người được xét nghiệm", "People tested"),
        place=Words("Phường Phạm Ngũ Lão", "Phạm Ngũ Lão ward"),
        direction="up",
        before=("2015-Q1", "2016-Q4"),
        after=("2017-Q1", "2018-Q4"),
        buffer="ring1",
        success=0.006,
        success_low=0.002,
        success_high=0.011,
        around=-0.009,
        around_low=-0.014,
        around_high=-0.004,
        total=-51.0,
        total_low=-90.0,
        total_high=-9.0,
        dispersion=1.8,
        frame=frame,
        synthetic=True,
    )


def test_marks_stand_at_the_ratios_and_nothing_stands_for_what_is_absent(found: Displacement) -> None:
    ax = displacement(found, language="en")
    marks = {str(line.get_marker()): float(np.asarray(line.get_xdata(), float)[0]) for line in ax.lines if len(line.get_xdata()) == 1}  # type: ignore[arg-type]
    assert marks == pytest.approx({"D": 1.6, "o": 2 / 3, "^": 1.063})
    assert "no data on both sides" in [t.get_text() for t in ax.texts]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_alternative_says_the_finding_and_its_limit(found: Displacement, language: str) -> None:
    text = style.alt(displacement(found, language=language))
    assert Words("thay đổi ngược chiều (dịch chuyển)", "changed the opposite way (displacement)")[language] in text
    assert Words("cùng những người đó hay không", "need not be the same people")[language] in text
    assert Words("−51", "−51")[language] in text
    assert style.SYNTHETIC in text


def test_it_draws_itself(found: Displacement) -> None:
    assert style.alt(found.plot(language="vi"))


@pytest.mark.slow
def test_it_can_be_printed(found: Displacement, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    printed(lambda language: displacement(found, language=language))


@pytest.mark.slow
def test_rings_of_a_spillover_fit_under_a_long_title(printed: Callable[[Callable[[str], Axes]], None]) -> None:
    frame = pd.DataFrame({"area": ["ring1", "ring2"], "ratio": [0.96, 1.07], "low": [0.78, 0.89], "high": [1.26, 1.36]})
    label = Words("Số người được xét nghiệm bệnh lây truyền qua đường tình dục", "People tested for sexually transmitted infections")
    made = Spillover(
        estimand=label,
        method=label,
        estimate=0.96,
        low=0.78,
        high=1.26,
        label=label,
        place=Words("Phường Phạm Ngũ Lão", "Phạm Ngũ Lão ward"),
        start="2017-Q1",
        p_value=0.7,
        smallest_p=1 / 224,
        frame=frame,
        placebos=np.zeros(3),
        synthetic=True,
    )
    printed(lambda language: made.plot(language=language))
    assert "chưa phân biệt được với ngẫu nhiên" in style.alt(made.plot(language="vi"))
    assert "could not be told from chance" in style.alt(made.plot(language="en"))
