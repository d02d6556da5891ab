"""A figure far off a place's own history is pointed at; chance in small counts is not."""

from __future__ import annotations

import pandas as pd

from evaluation.quality import oddities


def history(numbers: list[float], place: str = "760", states: list[str] | None = None) -> pd.DataFrame:
    periods = [f"{2014 + n // 4}-Q{n % 4 + 1}" for n in range(len(numbers))]
    state = states or ["shown"] * len(numbers)
    return pd.DataFrame({"place": place, "period": periods, "element": "condoms_distributed", "value": numbers, "state": state})


STEADY = [100.0, 110, 90, 105, 95, 100]


def test_tenfold_is_found() -> None:
    found = oddities(history([*STEADY, 1000.0]), "760")
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["period"], row["value"], row["median"], row["ratio"], row["n_before"]) == ("2015-Q3", 1000, 100, 10, 6)


def test_a_tenth_is_found() -> None:
    assert list(oddities(history([*STEADY, 10.0]), "760")["ratio"]) == [0.1]


def test_zero_after_a_steady_history_is_found() -> None:
    assert list(oddities(history([*STEADY, 0.0]), "760")["value"]) == [0]


def test_four_quarters_of_history_are_needed() -> None:
    assert oddities(history([*STEADY[:3], 1000.0]), "760").empty
    assert len(oddities(history([*STEADY[:4], 1000.0]), "760")) == 1


def test_small_counts_are_left_alone() -> None:
    assert oddities(history([1, 2, 1, 1, 1, 2, 19]), "760").empty
    assert len(oddities(history([1, 2, 1, 1, 1, 2, 20]), "760")) == 1


def test_ordinary_movement_is_left_alone() -> None:
    assert oddities(history([*STEADY, 480.0]), "760").empty


def test_later_quarters_do_not_judge_earlier_ones() -> None:
    assert oddities(history([*STEADY, 100.0, 100.0]), "760").empty
    assert list(oddities(history([*STEADY, 1000.0, 100.0]), "760")["period"]) == ["2015-Q3"]


def test_withheld_and_missing_are_no_history() -> None:
    states = ["withheld", "missing", "shown", "shown", "shown", "shown"]
    assert oddities(history([float("nan")] * 2 + [100.0, 100, 100, 1000], states=states), "760").empty


def test_another_place_is_not_looked_at() -> None:
    both = pd.concat([history(STEADY), history([*STEADY, 1000.0], "761")])
    assert oddities(both, "760").empty
    assert len(oddities(both, "761")) == 1
