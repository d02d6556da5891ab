"""Planning the next pilot: power that is there when the pilot comes, honest sizes, money, strata, waves, and who is never picked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from evaluation.effects.calibration.generator import Drawn
from evaluation.effects.calibration.sizes import PERIODS, null_generator
from evaluation.effects.matrix import NotEnough
from evaluation.effects.next_pilot.candidates import Question, candidates, question
from evaluation.effects.next_pilot.planned import INTERNAL, NextPilot, compared_with, next_pilot
from evaluation.effects.next_pilot.power_curve import Future, changes, detectable_of, power_of, rejected, statistics, with_effect
from evaluation.effects.next_pilot.rerandomisation import rerandomise
from evaluation.effects.next_pilot.stepped_wedge import later, schedule, step_of, waves_of
from evaluation.indicators import NotAnOutcome


def long(top: np.ndarray, bottom: np.ndarray | None = None) -> pd.DataFrame:
    units, periods = top.shape
    columns = {
        "unit": np.repeat([f"u{i:02d}" for i in range(units)], periods),
        "period": np.tile(PERIODS[:periods], units),
        "numerator": top.ravel(),
        "denominator": np.ones(top.size) if bottom is None else bottom.ravel(),
    }
    return pd.DataFrame(columns).dropna()


def asked(seed: int = 1, units: int = 60) -> Question:
    return question(long(null_generator().draw(np.random.default_rng(seed)).top[0][:units]), name="tested")


def shares(seed: int = 1) -> Question:
    rng = np.random.default_rng(seed)
    bottom = rng.poisson(80, (60, 16)).astype(float)
    return question(long(rng.binomial(bottom.astype(int), 0.4).astype(float), bottom), name="kept", measure="share")


def planned(**more: object) -> NextPilot:
    kept: dict[str, object] = {"k": 6, "quarters": (4, 8), "draws": 40, "count": 100} | more
    return next_pilot([asked(), shares()], **kept)  # type: ignore[arg-type]


def world(measure: str, n: int = 400, units: int = 40, before: int = 8, after: int = 8, seed: int = 1) -> Future:
    rng = np.random.default_rng(seed)
    shape = (n, units, before + after)
    bottom = np.full(shape, 100.0 if measure != "value" else 1.0)
    expected = np.full(shape, {"share": 0.3, "value": 10.0}.get(measure, 30.0))
    if measure == "value":
        top = expected + rng.normal(0, 2, shape)
    else:
        top = (rng.binomial(100, expected) if measure == "share" else rng.poisson(expected)).astype(float)
    return Future(measure, Drawn(top, bottom, expected, None), before, np.full(units, 2.0))


@pytest.mark.parametrize(
    ("measure", "size", "mean"),
    [("count", 1.5, 45.0), ("count", 0.5, 15.0), ("share", 2.0, 46.15), ("share", 0.5, 17.65), ("value", 1.0, 12.0)],
)
def test_effects_arrive_as_counts_of_the_right_mean_and_scatter(measure: str, size: float, mean: float) -> None:
    here = world(measure, 300, 4)
    treated = np.zeros(here.drawn.top.shape, bool)
    treated[:, 0, 8:] = True
    top = with_effect(here, treated, size, np.random.default_rng(2))
    np.testing.assert_array_equal(top[:, 1:], here.drawn.top[:, 1:])
    moved = top[:, 0, 8:]
    variance = {"count": mean, "share": mean * (1 - mean / 100), "value": 4.0}[measure]
    assert moved.mean() == pytest.approx(mean, abs=3.3 * np.sqrt(variance / moved.size))
    assert moved.var() == pytest.approx(variance, rel=3.3 * np.sqrt(2 / moved.size))


def test_changes_by_hand_and_over_what_was_reported() -> None:
    here = world("count", 1, 2, 2, 2)
    top = np.array([[[10.0, np.nan, 20.0, 30.0], [np.nan, np.nan, 5.0, 5.0]]])
    found = changes(here, top, 2)
    assert found[0, 0] == pytest.approx(np.log(50.5 / 200) - np.log(10.5 / 100))
    assert np.isnan(found[0, 1])
    assert changes(here, top, 1)[0, 0] == pytest.approx(np.log(20.5 / 100) - np.log(10.5 / 100))


def test_a_pilot_is_ranked_among_all_assignments_itself_included() -> None:
    found = np.array([[5.0, 1.0], [1.0, 2.0]] + [[0.1, 0.5]] * 18)
    own = np.array([0, 0])
    assert rejected(found, own, 0.95).tolist() == [True, False]  # 1 of 20; 2 of 20
    assert not rejected(np.full((20, 1), np.nan), np.array([0]), 0.95).any()


@pytest.mark.slow
def test_power_is_that_of_the_normal_theory_and_the_size_is_kept() -> None:
    here = world("value", 800)
    chosen = rerandomise(np.random.default_rng(1).normal(size=(40, 1)), ["a"] * 40, 5, seed=1, count=200, acceptance=1.0).chosen
    error = 2 * np.sqrt((1 / 8 + 1 / 8) * (1 / 5 + 1 / 35))
    effects = (0.0, 0.5, 0.75)
    found = power_of(here, chosen, ~chosen, (8,), effects, 0.95, 3)[:, 0]
    theory = [norm.sf(1.96 - 2 * e / error) + norm.cdf(-1.96 - 2 * e / error) for e in effects]
    # 3.3 binomial errors of 800 panels, and 2 points for ranks among 200 assignments.
    np.testing.assert_allclose(found, theory, atol=3.3 * np.sqrt(0.25 / 800) + 0.02)
    assert found[0] <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 800)


def test_the_detectable_effect_lies_between_those_tried() -> None:
    assert detectable_of((1.0, 2.0, 4.0), (0.05, 0.6, 1.0), "count") == pytest.approx(2 * 2**0.5)
    assert detectable_of((0.0, 1.0), (0.05, 0.85), "value") == pytest.approx(0.75 / 0.80)
    assert detectable_of((1.0, 2.0), (0.05, 0.79), "count") is None
    assert detectable_of((1.0, 2.0, 4.0), (0.05, 0.9, 0.7), "count") == pytest.approx(2 ** (0.75 / 0.85))


def test_neighbours_of_the_chosen_are_not_compared() -> None:
    chosen = np.array([[True, False, False]])
    touch = np.array([[False, True, False], [True, False, False], [False, False, False]])
    assert compared_with(chosen, touch).tolist() == [[False, False, True]]
    assert compared_with(chosen, None).tolist() == [[False, True, True]]


def test_statistics_leave_out_units_without_a_change() -> None:
    change = np.array([[1.0, np.nan, 3.0, 5.0]])
    chosen = np.array([[True, True, False, False]])
    assert statistics(change, chosen, ~chosen)[0, 0] == pytest.approx(1 - 4)


@pytest.mark.slow
def test_a_plan_holds_together() -> None:
    found = planned()
    assert (found.k, found.quarters, found.waves) == (6, 8, 1)
    assert len(found.chosen) == 6
    assert set(found.chosen["start"]) == {"2019-Q1"}
    assert set(found.chosen["stratum"]) == {"mức thấp", "mức vừa", "mức cao"}
    np.testing.assert_array_equal(
        sorted(found.chosen["unit"]), [u for u, c in zip(found.candidates.units, found.assignments.chosen[0], strict=True) if c]
    )
    assert set(found.power["outcome"]) == {"tested", "kept"}
    none = found.power[found.power["effect"] == 1.0]
    assert none["power"].mean() <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 40)  # all rows stand on the same 40 panels
    assert found.estimate == pytest.approx(0.8, abs=0.01)  # at the effect that is found in 80 %
    assert "6 of 60 units that could be picked, watched for 8 periods" in found.summary()
    assert "6 trong 60 đơn vị" in found.summary("vi")
    alarms = found.false_alarms
    assert alarms["tests"].tolist() == [2, 16, 60]
    assert alarms["expected"].tolist() == pytest.approx([0.1, 0.8, 3.0])
    assert alarms["at_least_one"].iloc[0] == pytest.approx(1 - 0.95**2)
    assert "stigmatised" in INTERNAL.en


@pytest.mark.slow
def test_more_units_and_more_periods_find_smaller_effects() -> None:
    rows = planned(k=12, draws=100).detectables.query("outcome == 'tested' and quarters == 8").sort_values("k")["detectable"]
    known = rows.dropna().to_numpy()
    assert len(known) >= 3
    assert known[-1] < known[0]


@pytest.mark.slow
def test_money_buys_units_or_periods() -> None:
    found = planned(k=None, budget=4800.0, unit_cost=100.0)
    assert found.k * found.quarters <= 48
    paid = found.detectables[found.detectables["affordable"]]
    assert (paid["k"] * paid["quarters"] <= 48).all()
    assert (paid["k"] * paid["quarters"]).max() == 48
    with pytest.raises(NotEnough, match="not enough for one unit"):
        planned(k=None, budget=300.0, unit_cost=100.0)


@pytest.mark.slow
def test_a_stepped_wedge_has_its_waves_and_its_power() -> None:
    found = planned(waves=3)
    assert found.chosen.groupby("wave").size().tolist() == [2, 2, 2]
    assert found.chosen.groupby("wave")["start"].first().tolist() == ["2019-Q1", "2019-Q3", "2020-Q1"]
    stepped = found.power[found.power["start"] == "stepped wedge"]
    assert set(stepped["outcome"]) == {"tested", "kept"}
    assert stepped.query("effect == 1.0")["power"].max() <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 40)
    assert stepped.query("outcome == 'tested' and effect == 3.0")["power"].iloc[0] == 1.0
    with pytest.raises(NotEnough, match="waves"):
        planned(waves=7)


def test_waves_are_even_and_periods_named_where_names_tell() -> None:
    assert np.bincount(waves_of(7, 3, np.random.default_rng(1)))[1:].tolist() == [3, 2, 2]
    assert (step_of(8, 3), step_of(2, 3)) == (2, 1)
    assert (later("2018-Q4", 3), later(2018, 2), later("T9", 2)) == ("2019-Q3", "2020", "+2")
    frame = schedule(["b", "a"], ["x", "y"], np.array([1, 2]), 2, "2018-Q4")
    assert frame["start"].tolist() == ["2019-Q1", "2019-Q3"]


def test_nobody_is_picked_by_effort() -> None:
    with pytest.raises(NotAnOutcome):
        question(long(np.full((20, 16), 5.0)), name="inspections", kind="context")


def test_the_highest_numbers_are_no_likelier_to_be_picked() -> None:
    who = candidates([asked()])
    found = rerandomise(who.balanced, who.strata, 6, seed=1, count=600)
    often = found.chosen.mean(0)
    top = np.argsort(-who.questions[0].top[:, -2:].mean(1))[:6]
    # Each is picked in one of ten; levels that lie far out are picked a little less, since they are hard to balance.
    assert often[top].mean() < 0.1 + 3.3 * np.sqrt(0.09 / (600 * 6))


def test_who_cannot_be_picked_and_why() -> None:
    top = np.full((14, 16), 20.0)
    top[1, :8] = np.nan
    top[2] = 0.0
    who = candidates([question(long(top), name="tested")], exclude=["u03"])
    assert who.left_out == {"u01": "incomplete", "u02": "no events", "u03": "excluded"}
    assert len(who.units) == 11
    with pytest.raises(NotEnough, match="at least 10"):
        candidates([question(long(top), name="tested")], exclude=["u03", "u04", "u05"])
    with pytest.raises(NotEnough, match="4 periods"):
        question(long(top[:, :3]), name="tested")
    with pytest.raises(ValueError, match="at least one outcome"):
        candidates([])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"k": None}, "budget= and unit_cost="),
        ({"k": -1}, "above 0"),
        ({"quarters": ()}, "at least one number"),
        ({"k": 31}, "at most 30"),
        ({"k": None, "budget": 100.0, "unit_cost": 0.0}, "above 0"),
    ],
)
def test_what_was_asked_wrongly_is_said(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        planned(**more)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_plan() -> None:
    one, two = (planned(draws=10, quarters=(4,), k=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.chosen, two.chosen)
    pd.testing.assert_frame_equal(one.power, two.power)
