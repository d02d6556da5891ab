"""Rules of signals: their least pattern, one point short of it, gaps, and a second writing of each by loops."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from scipy import stats

from evaluation.monitoring.charts.rules import RULES, fired, near_limit, outside, shift, some_beyond, trend

NAN = np.nan


def _members(find: object, z: list[float]) -> list[int]:
    points = np.array(z, dtype=float)
    return find(points, points).members.tolist()  # type: ignore[operator]


def test_a_point_on_its_limit_is_not_outside() -> None:
    assert _members(outside(), [3.0, 3.01, -3.0, -3.2]) == [0, 1, 0, -1]


def test_seven_in_a_row_as_nhsrplotthedots_tests_them() -> None:
    # Its own cases: six are none, a change of side starts anew, eight are one shift of eight.
    assert _members(shift(7), [1.0] * 6) == [0] * 6
    assert _members(shift(7), [1.0] * 6 + [-1.0]) == [0] * 7
    assert _members(shift(7), [1.0] * 8 + [-1.0]) == [1] * 8 + [0]
    assert _members(shift(7), [-1.0] * 8 + [1.0]) == [-1] * 8 + [0]


def test_trends_of_seven_as_nhsrplotthedots_tests_them() -> None:
    assert _members(trend(7), [1, 2, 3, 4, 5, 6]) == [0] * 6
    assert _members(trend(7), [1, 2, 3, 3, 4, 5, 6]) == [0] * 7
    assert _members(trend(7), [1, 2, 3, 4, 5, 6, 7]) == [1] * 7
    assert _members(trend(7), [2, 7, 6, 5, 4, 3, 2, 1, 3]) == [0, -1, -1, -1, -1, -1, -1, -1, 0]


@pytest.mark.parametrize(
    ("z", "members"),
    [
        ([2.5, 1.0, 2.5], [1, 0, 1]),
        ([0.5, 2.5, 2.5], [0, 1, 1]),
        ([2.5, 2.5, 0.5], [1, 1, 0]),
        ([2.5, 2.5], [0, 0]),  # three points on one side are needed
        ([2.5, -1.0, 2.5], [0, 0, 0]),
        ([2.5, 1.0, 1.0, 2.5], [0, 0, 0, 0]),
        ([2.5, 1.0, 1.0, 2.5, 2.5], [0, 0, 0, 1, 1]),
        ([2.5, 3.5, 2.5], [1, 0, 1]),  # outside is not near
        ([-2.5, -1.0, -2.5], [-1, 0, -1]),
    ],
)
def test_two_of_three_near_one_limit(z: list[float], members: list[int]) -> None:
    assert _members(near_limit, z) == members


def test_k_of_m_is_met_by_a_point_that_hits() -> None:
    found = some_beyond(2, 3, 2.0)(np.array([2.1, 0.0, 2.2, 0.0]), np.array([]))
    assert found.completes.tolist() == [0, 0, 1, 0]
    assert found.members.tolist() == [1, 0, 1, 0]


def test_missing_periods_neither_count_nor_break() -> None:
    z = np.array([[1, 1, NAN, 1, 1, 1, NAN, 1, 1, -1], [NAN] * 10])
    found = fired(RULES["nhs"], z, z)
    assert found["shift"].members.tolist() == [[1, 1, 0, 1, 1, 1, 0, 1, 1, 0], [0] * 10]
    assert found["shift"].completes.tolist()[0] == [0] * 8 + [1, 0]


def test_a_point_on_the_median_is_passed_over_by_a_run_chart_and_breaks_a_shewhart_run() -> None:
    z = np.array([1.0, 1, 1, 0, 1, 1, 1, 1])
    assert fired(RULES["run_chart"], z, z)["shift"].members.tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert not fired(RULES["nhs"], z, z)["shift"].members.any()


def test_long_runs_and_few_crossings_need_ten_useful_points() -> None:
    z = np.array([1.0] * 8 + [-1.0])
    assert not any(f.members.any() for f in fired(RULES["anhoej"], z, z).values())
    found = fired(RULES["anhoej"], np.array([1.0] * 9 + [-1.0] * 3), z)
    # Twelve points: a run may be log2(12) + 3, rounded: 7; two crossings are the fewest of 11 steps.
    assert found["long_run"].members.tolist() == [1] * 9 + [0] * 3
    assert found["few_crossings"].members.tolist() == [0] * 11 + [2]


LENGTHS = {"nhs": {"shift": 7, "trend": 7}, "western_electric": {"shift": 8}, "nelson": {"shift": 9, "trend": 6}}


def _by_loop(name: str, n: int, z: np.ndarray) -> list[int]:
    """Return where a rule is met, by a plain loop over windows: what Nelson, Western Electric and the NHS write, word by word."""
    return [
        next((side for side in (1, -1) if _directed(name, n, side * z[: i + 1])), 2 * _undirected(name, z[: i + 1])) for i in range(len(z))
    ]


def _directed(name: str, n: int, w: np.ndarray) -> bool:
    match name:
        case "outside":
            return w[-1] > 3
        case "two_of_three":
            return w[-1] > 2 and sum(w[-3:] > 2) >= 2
        case "four_of_five":
            return w[-1] > 1 and sum(w[-5:] > 1) >= 4
        case "shift":
            return len(w) >= n and all(w[-n:] > 0)
        case "trend":
            return len(w) >= n and all(np.diff(w[-n:]) > 0)
        case "near_limit":
            return len(w) >= 3 and all(w[-3:] > 0) and sum((w[-3:] > 2) & (w[-3:] <= 3)) >= 2
    return False


def _undirected(name: str, w: np.ndarray) -> bool:
    match name:
        case "alternating":
            steps = np.diff(w[-14:])
            return len(steps) == 13 and all(steps[1:] * steps[:-1] < 0)
        case "hugging":
            return len(w) >= 15 and all(np.abs(w[-15:]) < 1)
        case "mixture":
            return len(w) >= 8 and all(np.abs(w[-8:]) > 1) and min(w[-8:]) < 0 < max(w[-8:])
    return False


def test_every_rule_is_what_loops_over_windows_find() -> None:
    rng = np.random.default_rng(7)
    z = rng.normal(0, 1.6, (9, 30))
    z[3:6] = np.round(0.2 * z[3:6], 1)
    z[6:] = (np.abs(z[6:]) + np.arange(3)[:, None]) * np.resize([1, -1], 30)
    z[0, :9], z[1, 5:14], z[2, 3:12] = np.arange(9) / 4, -0.5, [2.2, 0.5, 2.4, 2.6, 1.2, 1.3, 1.4, 3.2, 2.1]
    met = set()
    for named, lengths in LENGTHS.items():
        for rule in RULES[named]:
            completes = rule.find(z, z).completes
            assert completes.tolist() == [_by_loop(rule.name, lengths.get(rule.name, 0), row) for row in z], rule.name
            met |= {(rule.name, lengths.get(rule.name))} if completes.any() else set()
    assert len(met) == 12


def test_anhoej_is_what_runs_counted_one_by_one_give() -> None:
    rng = np.random.default_rng(3)
    z = np.cumsum(rng.normal(0, 0.4, (40, 24)), axis=1) * 0.6 + rng.choice([-1, 0, 1], (40, 24))
    z = np.round(z)
    found = fired(RULES["anhoej"], z, z)
    assert found["long_run"].members.any()
    assert found["few_crossings"].members.any()
    for row, long, few in zip(z, found["long_run"].members, found["few_crossings"].members, strict=True):
        signs = [int(np.sign(x)) for x in row if x != 0]
        n = len(signs)
        runs = [len(list(g)) for _, g in groupby(signs)]
        too_long = n >= 10 and max(runs, default=0) > round(np.log2(n)) + 3
        too_few = n >= 10 and len(runs) - 1 < stats.binom.ppf(0.05, n - 1, 0.5)
        assert bool(long.any()) == too_long
        assert bool(few.any()) == too_few
