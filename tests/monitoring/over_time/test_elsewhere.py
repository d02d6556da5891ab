"""The change of all places but one: who is left out, on which scale, and when too few are left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.contracts import MISSING, SHOWN
from evaluation.monitoring.over_time.elsewhere import moved_elsewhere

Z = 1.959963984540054


def _changes(change: list[float], error: list[float], scale: str = "difference", states: list[str] | None = None) -> pd.DataFrame:
    centre, half = np.array(change), Z * np.array(error)
    write = np.exp if scale == "ratio" else np.asarray
    return pd.DataFrame(
        {
            "place": [str(760 + i) for i in range(len(change))],
            "indicator": "sti_tested" if scale == "ratio" else "sti_tested_share",
            "scale": scale,
            "change": write(centre),
            "low": write(centre - half),
            "high": write(centre + half),
            "state": states or [SHOWN] * len(change),
        }
    )


@pytest.mark.parametrize("scale", ["difference", "ratio"])
def test_each_place_is_left_out_of_its_own_mean(scale: str) -> None:
    change, error = [0.5, 0.02, 0.04, 0.01, 0.03, 0.05], [0.1, 0.02, 0.04, 0.03, 0.02, 0.05]
    found = moved_elsewhere(_changes(change, error, scale)).iloc[0]
    weights = 1 / np.array(error[1:]) ** 2
    mean, half = np.average(change[1:], weights=weights), Z / np.sqrt(weights.sum())
    write = np.exp if scale == "ratio" else float
    assert (found["change"], found["low"], found["high"]) == pytest.approx((write(mean), write(mean - half), write(mean + half)))
    assert found["n_others"] == 5
    assert found["clear"] == (mean > half)


def test_fewer_than_five_others_are_not_the_city() -> None:
    found = moved_elsewhere(_changes([0.1] * 5, [0.01] * 5))
    assert found["change"].isna().all()
    assert not found["clear"].any()


def test_what_is_not_shown_has_no_part_but_is_answered() -> None:
    states = [MISSING, *[SHOWN] * 6]
    found = moved_elsewhere(_changes([np.nan, *[0.1] * 6], [np.nan, *[0.01] * 6], states=states))
    assert list(found["n_others"]) == [6, *[5] * 6]
    assert found["change"].to_numpy() == pytest.approx(0.1)
    assert found["clear"].all()


def test_an_unbounded_interval_weighs_nothing() -> None:
    changes = _changes([0.1] * 7, [0.01] * 7, "ratio")
    changes.loc[6, ["change", "high"]] = np.inf
    assert moved_elsewhere(changes)["n_others"].max() == 6


def test_nothing_gives_an_empty_table() -> None:
    assert moved_elsewhere(_changes([], [])).empty


@pytest.mark.slow
def test_the_mean_of_unmoved_places_is_called_moved_one_time_in_twenty() -> None:
    rng = np.random.default_rng(3)
    error = rng.uniform(0.01, 0.05, 24)
    hits = [moved_elsewhere(_changes(list(rng.normal(0, error)), list(error)))["clear"].iloc[0] for _ in range(400)]
    assert np.mean(hits) == pytest.approx(0.05, abs=3.3 * np.sqrt(0.05 * 0.95 / 400))
