"""Cost planes, acceptability curves, tornadoes and cascades: what is drawn is what the result holds, and the text says it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from evaluation.costs import (
    CostCascade,
    CostEffectiveness,
    Input,
    Statement,
    Step,
    Tornado,
    UnitCosts,
    cost_cascade,
    cost_effectiveness,
    one_way,
    unit_costs,
)
from evaluation.figures import costs, style
from evaluation.figures import unit_costs as money
from evaluation.language import Words

PILOT, GAINED = Words("Mô hình", "The pilot"), Words("người được xét nghiệm thêm", "additional person tested")
PEOPLE = Words("người được tiếp cận", "people reached")


def effectiveness(effect_se: float) -> CostEffectiveness:
    return cost_effectiveness(1228, 200, effect_se=effect_se, cost_se=60, estimand=PILOT, gained=GAINED, statement=Statement())


@pytest.fixture
def sensitivity() -> Tornado:
    inputs = [Input(n, Words(n, n), 10.0, 10.0 - w, 10.0 + w, PILOT) for n, w in (("a", 1.0), ("b", 4.0))]
    return one_way(lambda x: x["a"] + x["b"], inputs, estimand=PILOT)


@pytest.fixture
def steps() -> CostCascade:
    return cost_cascade([Step(PEOPLE, 200, 100.0), Step(PEOPLE, 100, None), Step(PEOPLE, 0, 5.0)], estimand=PILOT)


@pytest.fixture
def yearly() -> UnitCosts:
    keys = [("760", year) for year in (2015, 2016, 2017)]
    frame = pd.DataFrame(keys, columns=["code", "year"])
    budget = frame.assign(scope="district", line="outreach", planned_million_vnd=100.0, spent_million_vnd=100.0, source_of_funds="")
    counts = frame.assign(count=[np.nan, 50.0, 80.0], reported=1.0, state=["not_comparable", "shown", "shown"])
    return unit_costs(budget, counts, what=Words("người", "person"))


def test_the_plane_shows_the_draws_and_rays_only_where_a_ratio_is_given() -> None:
    told, untold = costs.plane(effectiveness(40)), costs.plane(effectiveness(150))
    assert len(told.lines) - len(untold.lines) == 3
    assert len(np.asarray(told.lines[0].get_xdata())) == costs.SHOWN_DRAWS
    words = [t.get_text() for t in untold.texts]
    assert any(w.startswith("tốn hơn, đạt ít hơn: ") for w in words)
    assert costs.NOT_TOLD.vi in " ".join(words).replace("\n", " ")
    assert "chưa phân biệt được với ngẫu nhiên" in style.alt(untold)
    assert "6,14 triệu đồng" in style.alt(told)


def test_the_acceptability_curve_is_the_results_and_marks_no_threshold() -> None:
    result = effectiveness(40)
    ax = costs.acceptability(result, language="en", synthetic=True)
    assert len(ax.lines) == 1
    assert np.asarray(ax.lines[0].get_ydata(), float) == pytest.approx(result.acceptability()["share"].to_numpy())
    assert "No threshold is set" in style.alt(ax)
    assert style.SYNTHETIC in style.alt(ax)
    assert "probability that the pilot works" in style.alt(ax)


def test_the_tornado_has_the_widest_bar_on_top(sensitivity: Tornado) -> None:
    ax = money.tornado(sensitivity, unit=PILOT)
    widths = [abs(p.get_width()) for p in ax.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([4, 1, 4, 1])
    assert [t.get_text().split(" ")[0] for t in ax.get_yticklabels()] == ["b", "a"]
    assert ax.get_yticks()[0] > ax.get_yticks()[1]
    assert "thay đổi nhiều nhất theo b" in style.alt(ax)


def test_the_cascade_says_what_has_no_line_and_what_nobody_completed(steps: CostCascade) -> None:
    ax = money.cascade(steps)
    words = [t.get_text() for t in ax.texts]
    assert words.count(money.NO_LINE.vi) == 1
    assert words.count(money.NOBODY.vi) == 2  # up to the last step, and that step itself
    assert "chưa ai hoàn thành" in style.alt(ax)
    assert "50,0% của bước trước" in style.alt(ax)


def test_a_place_is_drawn_alone_with_the_years_that_have_no_number(yearly: UnitCosts) -> None:
    ax = money.unit_costs(yearly, code="760", language="en")
    assert np.asarray(ax.lines[0].get_xdata()).tolist() == [2016, 2017]
    assert "No comparable number: 2015" in style.alt(ax)
    assert "compared with itself alone" in style.alt(ax)
    with pytest.raises(ValueError, match="769"):
        money.unit_costs(yearly, code="769")


def test_each_result_draws_itself(yearly: UnitCosts, steps: CostCascade, sensitivity: Tornado) -> None:
    import evaluation.figures.drawers  # noqa: F401

    drawn = [effectiveness(40).plot(), yearly.plot(code="760"), steps.plot(), sensitivity.plot(unit=PILOT)]
    assert all(style.alt(ax) for ax in drawn)


@pytest.mark.slow
@pytest.mark.parametrize("effect_se", [40, 150])
def test_planes_and_curves_can_be_printed(effect_se: float, printed: Callable[[Callable[[str], Axes]], None]) -> None:
    found = effectiveness(effect_se)
    printed(lambda language: costs.plane(found, language=language, synthetic=True))
    printed(lambda language: costs.acceptability(found, language=language, synthetic=True))


@pytest.mark.slow
def test_unit_costs_cascades_and_tornadoes_can_be_printed(
    yearly: UnitCosts, steps: CostCascade, sensitivity: Tornado, printed: Callable[[Callable[[str], Axes]], None]
) -> None:
    printed(lambda language: money.unit_costs(yearly, code="760", language=language, synthetic=True))
    printed(lambda language: money.cascade(steps, language=language, synthetic=True))
    printed(lambda language: money.tornado(sensitivity, unit=PILOT, language=language, synthetic=True))


def test_the_title_is_the_finding(steps: CostCascade, sensitivity: Tornado) -> None:
    drawn = [(r, r.plot(**o)) for r, o in ((effectiveness(40), {}), (steps, {}), (sensitivity, {"unit": PILOT}))]
    for result, ax in drawn:
        assert ax.get_title(loc="left").replace("\n", " ") == result.summary("en").rstrip(".")
