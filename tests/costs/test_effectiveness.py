"""Incremental cost-effectiveness: cost and effect uncertain together, and no ratio where it would say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluation.costs import (
    NOT_VALUED,
    CostEffectiveness,
    Statement,
    cost_effectiveness,
    cost_effectiveness_bootstrap,
    cost_effectiveness_draws,
    fieller,
    gained_from_ratio,
)
from evaluation.language import Words

SAID: dict[str, Any] = {
    "estimand": Words("Mô hình", "The pilot"),
    "gained": Words("người được xét nghiệm thêm", "additional person tested"),
    "statement": Statement(perspective=Words("ngân sách", "the budget"), discount_rate=0.03),
}


def made(cost: float, effect: float, effect_se: float = 40, **options: Any) -> CostEffectiveness:
    return cost_effectiveness(cost, effect, effect_se=effect_se, **SAID, **options)


def test_ratio_with_fiellers_interval() -> None:
    found = made(1228, 200, cost_se=60)
    region = fieller(1228, 200, 60, 40)
    assert (found.estimate, found.low, found.high) == pytest.approx((6.14, region.low, region.high))
    assert found.summary() == "The pilot, per additional person tested: 6.14 million VND (95%: 4.34 to 10.17; at 2018 prices)"
    assert found.summary("vi").startswith("Mô hình, cho mỗi người được xét nghiệm thêm: 6,14 triệu đồng (95%: từ 4,34 đến 10,17; giá 2018)")
    assert found.not_valued == NOT_VALUED


def test_an_effect_that_cannot_be_told_from_chance_has_no_ratio() -> None:
    found = made(1228, 200, 150)
    assert (found.estimate, found.low, found.high, found.effect_told) == (None, None, None, False)
    assert "is not given, since the additional effect of 200" in found.summary()
    assert "chưa phân biệt được với ngẫu nhiên" in found.summary("vi")
    # A better test than these errors may say so as well.
    assert made(1228, 200, effect_told=False).estimate is None
    unbounded = made(1228, 200, 150, effect_told=True)
    assert unbounded.estimate is None
    assert "the interval of the ratio has no bounds" in unbounded.summary()


@pytest.mark.parametrize(
    ("cost", "effect", "position", "said"),
    [
        (100, -200, "more_less", "costs more, gains less, so there is no ratio"),
        (-100, 200, "less_more", "costs less, gains more, so there is no ratio"),
        (-100, -200, "less_less", "costs less, gains less; saves 0.50 million VND"),
    ],
)
def test_the_other_quadrants(cost: float, effect: float, position: str, said: str) -> None:
    found = made(cost, effect, cost_se=10)
    assert found.position == position
    assert found.quadrants[position] > 0.95
    assert sum(found.quadrants.values()) == pytest.approx(1)
    assert said in found.summary()
    assert (found.estimate is None) == (position != "less_less")


def test_a_cost_that_may_be_a_saving_is_said() -> None:
    found = made(50, 200, cost_se=100)
    assert found.low is not None
    assert found.low < 0
    assert found.summary().endswith("a negative number means cheaper and better")


def test_acceptability_and_net_benefit_against_the_normal_distribution() -> None:
    """Net benefit of jointly normal cost and effect is normal: both have closed forms."""
    found = made(1228, 200, cost_se=60, correlation=0.4)
    worth = np.array([0.0, 4, 6, 8, 12])
    mean = worth * 200 - 1228
    spread = np.sqrt((worth * 40) ** 2 + 60**2 - 2 * 0.4 * worth * 40 * 60)
    share = found.acceptability(worth)["share"].to_numpy()
    # 5,000 draws: 3.3 binomial standard errors are at most 2.3 points.
    assert np.abs(share - stats.norm.cdf(mean / spread)).max() < 0.023
    benefit = found.net_benefit(worth)
    assert benefit["estimate"].to_numpy() == pytest.approx(mean)
    assert benefit["low"].to_numpy() == pytest.approx(mean - 1.96 * spread, abs=0.1 * spread.max())
    assert found.values()[0] == 0
    assert found.values()[-1] > 6.14
    for bad in (-1.0, np.nan):
        with pytest.raises(ValueError, match="values"):
            found.net_benefit(bad)


def people(rng: np.random.Generator, n: int, cost: float, effect: float) -> np.ndarray:
    gain = rng.normal(effect, 2, n)
    return np.column_stack([np.exp(rng.normal(np.log(cost) - 0.18, 0.6, n)) + 0.2 * gain, gain])


def test_the_bootstrap_is_the_same_on_every_run_and_near_fieller() -> None:
    rng = np.random.default_rng(10)
    treated, comparison = people(rng, 150, 12, 6), people(rng, 150, 8, 5)
    found = cost_effectiveness_bootstrap(treated, comparison, **SAID)
    again = cost_effectiveness_bootstrap(treated, comparison, **SAID)
    assert np.array_equal(found.draws, again.draws)
    change = treated.mean(axis=0) - comparison.mean(axis=0)
    covariance = np.cov(treated.T) / 150 + np.cov(comparison.T) / 150
    a, b = np.sqrt(np.diag(covariance)).tolist()
    formula = fieller(change[0], change[1], a, b, covariance[0, 1] / (a * b))
    assert found.estimate == pytest.approx(change[0] / change[1])
    assert (found.low, found.high) == pytest.approx((formula.low, formula.high), rel=0.25)
    assert found.n == 300


def test_draws_from_elsewhere_and_an_effect_given_as_a_ratio() -> None:
    estimate, gained = gained_from_ratio(600, 1.5, 1.25, 1.8)
    assert estimate == pytest.approx(200)
    assert np.quantile(gained, [0.025, 0.975]) == pytest.approx([600 * (1 - 1 / 1.25), 600 * (1 - 1 / 1.8)], rel=0.05)
    found = cost_effectiveness_draws(1228.0, gained, centre=(1228.0, estimate), **SAID)
    assert found.estimate == pytest.approx(6.14)
    assert found.low == pytest.approx(1228 / (600 * (1 - 1 / 1.8)), rel=0.05)
    for numbers in ((600, 0, 0, 1), (-1, 1, 0.5, 2), (600, 3, 1, 2), (600, np.nan, 1, 2)):
        with pytest.raises(ValueError, match=" / "):
            gained_from_ratio(*numbers)


@pytest.mark.parametrize("pairs", [[[1.0, 2.0]], [1.0, 2.0], [[1.0, np.nan], [1.0, 2.0]], []])
def test_what_is_no_table_of_cost_and_effect(pairs: Any) -> None:
    with pytest.raises(ValueError, match="cost, effect"):
        cost_effectiveness_bootstrap(pairs, [[1, 2], [3, 4]], **SAID)


def test_no_difference_at_all_is_no_fault() -> None:
    same = [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    found = cost_effectiveness_bootstrap(same, same, **SAID)
    assert (found.estimate, found.effect_told) == (None, False)
    assert len(found.values()) == 101
    assert "not given" in found.summary()
    assert len(found.to_frame()) == 1


def test_a_statement_marks_what_nobody_said() -> None:
    table = Statement(discount_rate=0.0).table("vi").set_index("what")["said"]
    assert table["Góc nhìn chi phí"] == "chưa báo cáo"
    assert table["Tỷ lệ chiết khấu một năm"] == "0,0%"
    assert "phẩm giá" in table["Điều không quy ra tiền được"]
    assert list(Statement().table("en")["item"]) == sorted(Statement().table("en")["item"])
    with pytest.raises(ValueError, match="not_valued"):
        Statement(not_valued=())


def holding(gain: float, runs: int = 400) -> tuple[float, float]:
    """Return how often the bootstrap's region holds the true ratio, and how often a ratio is given at all."""
    rng = np.random.default_rng(11)
    held = given = 0
    for run in range(runs):
        treated, comparison = people(rng, 60, 12, 5 + gain), people(rng, 60, 8, 5)
        found = cost_effectiveness_bootstrap(treated, comparison, draws=400, seed=run, **SAID)
        held += found.region.holds((4 + 0.2 * gain) / gain)
        given += found.estimate is not None
    return held / runs, given / runs


@pytest.mark.slow
def test_coverage_of_the_bootstrap_and_silence_where_there_is_no_effect() -> None:
    """400 studies of 60 and 60 people with skewed costs: 3.3 binomial standard errors of 95 % are 3.6 points."""
    held, given = holding(2.0)
    assert held == pytest.approx(0.95, abs=0.036)
    assert given > 0.95
    held, given = holding(0.001)
    assert held > 0.95 - 0.036  # no bounds where nothing is known
    assert given < 0.06  # and a ratio only as often as chance passes for an effect, costs being higher: half of 5 %
