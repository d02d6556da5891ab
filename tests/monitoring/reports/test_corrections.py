"""What corrections changed: the example's ten corrected workbooks, and what had not come yet."""

from __future__ import annotations

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from evaluation.monitoring.reports.corrections import corrections, corrections_by_place
from evaluation.store import EvidenceStore, open_store

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_the_ten_planted_corrections_are_found(example_store: EvidenceStore) -> None:
    """data/example/README.md: ten workbooks were corrected, among them 765 for 2018-Q3 and 760 for 2018-Q4 (18 December 2018)."""
    found = corrections(example_store)
    quarters = found.to_frame().set_index(["district_code", "period"])
    assert len(quarters) == 10
    assert str(quarters.loc[("760", "2018-Q4"), "last_received"]) == "2018-12-18"
    assert ("765", "2018-Q3") in quarters.index
    assert (quarters["changed"] > 0).all()
    assert quarters["changed"].sum() == len(found.cells)


def test_share_and_interval_are_of_cells_reported_both_times(example_store: EvidenceStore) -> None:
    found = corrections(example_store, ["2018-Q4"])
    now = example_store.values(["2018-Q4"], None, ["760"])
    old = open_store(example_store.path, "2018-12-17").values(["2018-Q4"], None, ["760"])
    both = old.merge(now, on=["unit_code", "element"])
    both = both[(both["state_x"] == "reported") & (both["state_y"] == "reported")]
    changed = int((both["value_x"] != both["value_y"]).sum())
    assert (found.n, found.estimate) == (len(both), pytest.approx(changed / len(both)))
    assert (found.low, found.high) == pytest.approx(proportion_confint(changed, len(both), method="wilson"))
    moved = (both["value_y"] / both["value_x"].where(both["value_x"] > 0) - 1).abs()
    assert found.median_size == pytest.approx(moved[both["value_x"] != both["value_y"]].median())


def test_a_correction_that_has_not_come_yet_is_not_seen(example_store: EvidenceStore) -> None:
    found = corrections(open_store(example_store.path, "2018-12-17"), ["2018-Q4"])
    assert (found.n, found.estimate, found.median_size) == (0, None, None)
    assert isinstance(found.to_frame(), pd.DataFrame)
    assert found.to_frame().empty


def test_many_districts_asked_for_at_once_are_each_as_asked_for_alone(example_store: EvidenceStore) -> None:
    quarters, places = ["2018-Q2", "2018-Q3", "2018-Q4"], ["760", "765", "783"]
    found = corrections_by_place(example_store, quarters, places)
    assert list(found) == places
    for code, one in found.items():
        alone = corrections(example_store, quarters, [code])
        assert (one.n, one.estimate, one.low, one.high, one.median_size) == (
            alone.n,
            alone.estimate,
            alone.low,
            alone.high,
            alone.median_size,
        )
        for name in ("quarters", "cells", "sizes"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(alone, name), check_dtype=False)  # of no rows
    assert found["760"].n > 0
    assert found["765"].n > 0
