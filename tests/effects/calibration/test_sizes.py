"""The table of sizes: how it is counted, and that those which promise a size keep it."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.calibration.sizes import (
    ALLOWED,
    PEAK,
    RANDOM,
    UNITS,
    Cell,
    Tally,
    cells,
    null_generator,
    size_table,
    tallied,
    together,
)

PROMISED = ("placebo", "placebo_studentised", "ferman_pinto")


def test_cells_are_all_pairs() -> None:
    assert len(cells(["did", "sc"], ["placebo"])) == 2 * 3 * 2


def test_tallies_of_parts_are_those_of_the_whole() -> None:
    wanted = cells(["did"], ["placebo"])[:2]
    heard: list[int] = []
    parts = together((tallied(r, wanted) for r in (range(3), range(3, 6))), heard.append)
    assert parts == tallied(range(6), wanted)
    assert heard == [1, 2]
    assert all(t.m + t.lost == 6 for t in parts.values())


def test_the_table_says_who_claims_too_often_and_what_was_no_test() -> None:
    found = {
        Cell("did", "cluster", 1, RANDOM): Tally(77, 100, 0),
        Cell("did", "placebo", 1, RANDOM): Tally(5, 100, 0),
        Cell("did", "conformal", 1, PEAK): Tally(0, 0, 100),
    }
    frame = size_table(found)
    assert frame["verdict"].tolist() == ["too often", "held", "no test"]
    assert frame["error"].iloc[0] == pytest.approx(np.sqrt(0.05 * 0.95 / 100))
    assert frame["promise"].iloc[0] == "many treated units"


def test_nothing_happens_in_the_generator_of_the_table() -> None:
    top = null_generator().draw(np.random.default_rng(1), 400).top
    assert top.shape == (400, UNITS, 16)
    later = np.log(top[:, :, 8:].mean() / top[:, :, :8].mean())
    assert abs(later) < 0.02  # seasons of two years on either side, and shocks of 5 % in 3,200 quarters
    variance = (top - top.mean(2, keepdims=True)).var() / top.mean()
    assert variance > 2  # over-dispersed


@pytest.mark.slow
def test_those_that_promise_a_size_keep_it_where_units_are_placed_at_random() -> None:
    wanted = [c for c in cells(["did"], PROMISED) if c.treated == 1 and c.placed == RANDOM]
    frame = size_table(tallied(range(200), wanted))
    assert (frame["tries"] >= 190).all()
    assert (frame["verdict"] == "held").all(), frame
    assert (frame["rate"] <= 0.05 + ALLOWED * frame["error"]).all()
