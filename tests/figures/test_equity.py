"""A concentration curve runs from corner to corner and says in words which way it leans."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import evaluation.figures.drawers  # noqa: F401 - results draw themselves
from evaluation.figures import style
from evaluation.figures.equity import concentration_curve
from evaluation.language import Words
from evaluation.monitoring.reach.concentration import ConcentrationIndex, concentration_index
from evaluation.monitoring.reach.equity import Gini
from evaluation.monitoring.reach.group_difference import GroupDifference

LABEL = Words("Số người được xét nghiệm bệnh lây truyền qua đường tình dục", "People tested for sexually transmitted infections")


@pytest.fixture
def found() -> ConcentrationIndex:
    """Outcomes that rise along the order."""
    return concentration_index(
        np.arange(1.0, 21), range(20), label=LABEL, order_label=Words("mật độ dân số", "population density"), synthetic=True
    )


def test_the_curve_is_the_results(found: ConcentrationIndex) -> None:
    ax = concentration_curve(found, language="en")
    line = next(line for line in ax.lines if len(np.asarray(line.get_xdata())) == 21)
    assert np.asarray(line.get_ydata(), float) == pytest.approx(found.curve["outcome"].to_numpy())
    assert any("Concentration index 0.317" in t.get_text() for t in ax.texts)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_alternative_says_which_way(found: ConcentrationIndex, language: str) -> None:
    text = style.alt(concentration_curve(found, language=language))
    assert Words("nghiêng về các nơi ở đầu cao", "leaning to the places at the upper end")[language] in text
    assert Words("26,2%", "26.2%")[language] in text
    assert style.SYNTHETIC in text


def test_a_curve_above_the_line_has_its_note_below(found: ConcentrationIndex) -> None:
    falling = concentration_index(np.arange(20.0, 0, -1), range(20))
    one, two = (next(t for t in concentration_curve(f).texts if "Chỉ số" in t.get_text()) for f in (found, falling))
    assert (one.get_va(), two.get_va()) == ("top", "bottom")


@pytest.mark.slow
def test_it_can_be_printed(found: ConcentrationIndex, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    printed(lambda language: found.plot(language=language))


@pytest.mark.slow
def test_gini_and_groups_draw_themselves(found: ConcentrationIndex, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    curve = Gini(
        estimand=LABEL, method=LABEL, estimate=0.45, low=0.41, high=0.49, label=LABEL, by_chance=0.11, by_chance_high=0.12, index=found
    )
    printed(lambda language: curve.plot(language=language))
    assert curve.summary("vi").rstrip(".") in style.alt(curve.plot(language="vi"))
    frame = pd.DataFrame({"label_vi": ["các quận", "các huyện"], "label_en": ["urban districts", "rural districts"]})
    frame = frame.assign(value=[2.7, np.nan], low=[2.4, np.nan], high=[3.0, np.nan])
    groups = GroupDifference(
        estimand=LABEL,
        method=LABEL,
        estimate=3.0,
        low=2.1,
        high=4.2,
        label=LABEL,
        group=Words("các quận", "urban districts"),
        scale="ratio",
        frame=frame,
        synthetic=True,
    )
    printed(lambda language: groups.plot(language=language))
    assert "rural districts" not in style.alt(groups.plot(language="en")).replace(groups.summary("en"), "")
