"""One-way sensitivity: each input at the ends of its stated range."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evaluation.costs import Input, one_way
from evaluation.language import Words

SOURCE = Words("giả định", "assumed")
WHAT = Words("Chi phí mỗi người", "Cost per person")


def given(name: str, value: float, low: float, high: float) -> Input:
    return Input(name, Words(name, name), value, low, high, SOURCE)


def per_person(x: Mapping[str, float]) -> float:
    return x["cost"] / (x["count"] * x["share"])


COST, COUNT, SHARE = given("cost", 100, 80, 130), given("count", 50, 40, 60), given("share", 0.5, 0.45, 0.55)


def test_widest_first_and_each_bar_by_hand() -> None:
    found = one_way(per_person, [SHARE, COUNT, COST], estimand=WHAT)
    assert found.estimate == 4
    assert [i.name for i in found.inputs] == found.frame["name"].tolist() == ["cost", "count", "share"]
    assert found.frame["at_low"].tolist() == pytest.approx([3.2, 5.0, 100 / 22.5])
    assert found.frame["at_high"].tolist() == pytest.approx([5.2, 100 / 30, 100 / 27.5])
    assert found.summary() == "Cost per person: 4; it moves most with cost (3.20 to 5.20 as that input goes 80 to 130)"
    assert found.summary("vi").startswith("Chi phí mỗi người: 4; thay đổi nhiều nhất theo cost")


def test_an_input_that_does_nothing_stays_and_ties_keep_their_order() -> None:
    found = one_way(lambda x: x["a"], [given("b", 1, 0, 2), given("c", 1, 0, 2), given("a", 1, 0, 2)], estimand=WHAT)
    assert found.frame["name"].tolist() == ["a", "b", "c"]
    assert found.frame["swing"].tolist() == [2, 0, 0]


@pytest.mark.parametrize("inputs", [[], [COST, COST], [given("a", 5, 6, 7)], [given("a", float("nan"), 0, 1)]])
def test_what_is_refused(inputs: list[Input]) -> None:
    with pytest.raises(ValueError, match=" / "):
        one_way(lambda x: 1.0, inputs, estimand=WHAT)


def test_a_range_where_the_calculation_breaks_is_named() -> None:
    with pytest.raises(ValueError, match=r"a = 0\.0"):
        one_way(lambda x: float("inf") if x["a"] == 0 else 1 / x["a"], [given("a", 1, 0.0, 2)], estimand=WHAT)
