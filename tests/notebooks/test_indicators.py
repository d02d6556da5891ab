"""The exercises of the notebook on indicators have the answers that it promises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import evaluation as ev
from evaluation import example
from evaluation.store import EvidenceStore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The store that the Makefile built for this run, else one built here."""
    if (given := os.environ.get("EVALUATION_STORE")) and Path(given).exists():
        return ev.open_store(given, as_of="2018-12-19")
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    example.build(path)
    return ev.open_store(path, as_of="2018-12-19")


def test_first_exercise_contracts_rise_and_the_others_cannot_be_told(store: EvidenceStore) -> None:
    clear = {name: ev.trend(ev.district_series(store, name), "777").clear for name in ("contract_share", "sti_tested", "comm_sessions")}
    assert clear == {"contract_share": True, "sti_tested": False, "comm_sessions": False}


@pytest.mark.parametrize("rules", ["limits", "nelson"])
def test_second_exercise_the_ten_fold_quarter_is_a_point_to_look_at(store: EvidenceStore, rules: str) -> None:
    """763 reported 2018-Q2 ten times too large (data/example/README.md): a slip of the pen, which a chart shows and cannot explain."""
    frame = ev.chart(ev.district_series(store, "comm_sessions"), "763", rules=rules, baseline_end="2018-Q1").to_frame()
    assert frame.loc[frame["signal"] != 0, "period"].tolist() == ["2018-Q2"]


def test_third_exercise_one_outside_where_chance_gives_about_one(store: EvidenceStore) -> None:
    found = ev.funnel(ev.district_series(store, "referral_completion"), "2018-Q4")
    outside = int(found.frame["position"].str.startswith("outside").sum())
    reported = int((found.frame["position"] != "").sum())
    assert (outside, reported) == (1, 23)
    assert 0.05 * reported == pytest.approx(outside, abs=0.5)


def test_fourth_exercise_most_of_the_difference_is_noise(store: EvidenceStore) -> None:
    drawn = ev.shrink_series(ev.ward_series(store, "sti_tested_share"), "2018-Q4")
    assert drawn.signal < 0.25
    assert "is noise" in drawn.summary()
