"""Cost per person who completed each step."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.costs import Step, cost_cascade
from evaluation.language import Words
from evaluation.monitoring.rates.intervals import garwood

HERE = Words("Thành phố", "The city")


def step(count: float, money: float | None, label: str = "people") -> Step:
    return Step(Words("người", label), count, money)


def test_money_adds_up_while_people_fall_away() -> None:
    found = cost_cascade([step(200, 100), step(100, 60), step(20, None)], estimand=HERE)
    assert found.frame["value"].tolist() == pytest.approx([0.5, 1.6, 8.0])
    assert found.frame["added"].tolist()[:2] == pytest.approx([0.5, 0.6])
    assert np.isnan(found.frame["added"].iloc[2])
    assert found.frame["kept"].tolist()[1:] == pytest.approx([0.5, 0.2])
    low, high = garwood(20)
    assert (found.low, found.high) == pytest.approx((160 / high, 160 / low))
    assert found.diagnostics["steps_without_line"] == 1
    assert found.to_frame()["step"].tolist() == ["people"] * 3


def test_nobody_at_the_end_is_said() -> None:
    found = cost_cascade([step(200, 100), step(0, 60)], estimand=HERE)
    assert found.estimate is None
    assert np.isinf(found.frame["high"].iloc[-1])
    assert found.summary() == "The city: 160.0 million VND were spent (at 2018 prices), nobody completed the last step (people)"
    assert "chưa ai hoàn thành" in found.summary("vi")


@pytest.mark.parametrize(
    "steps",
    [[], [step(1, 1)], [step(0, 1), step(0, 1)], [step(5, 1), step(6, 1)], [step(5, -1), step(4, 1)], [step(np.nan, 1), step(4, 1)]],
)
def test_what_is_no_cascade(steps: list[Step]) -> None:
    with pytest.raises(ValueError, match=" / "):
        cost_cascade(steps, estimand=HERE)
