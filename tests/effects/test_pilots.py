"""The plan's pilots on the example: their donors, their quarters, and what was planted in it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pandas as pd
import pytest

from evaluation.effects import pilots as room
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.pilots import NoStart, pilot_starts, pilot_study, placed_pilots, study, ward_of
from evaluation.example.build import build
from evaluation.indicators import NotAnOutcome, UnknownIndicator, indicator
from evaluation.places import neighbours
from evaluation.plan import pilots
from evaluation.settings import folders
from evaluation.store import EvidenceStore, open_store

PLACED = ("pham-ngu-lao", "binh-tri-dong-b")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EvidenceStore:
    """The example as evidence: $EVALUATION_STORE, or built here."""
    given = os.environ.get("EVALUATION_STORE")
    path = Path(given) if given else tmp_path_factory.mktemp("store") / "store.duckdb"
    if not given:
        build(path)
    return open_store(path)


def _planted(role: str) -> list[tuple[str, str, float]]:
    with (folders().data / "example" / "truth.csv").open(encoding="utf-8", newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["source"] == "reports" and r["role"] == role]
    return [(r["pilot"], r["indicator"], float(r["effect"])) for r in rows]


def test_the_plan_places_two_pilots_in_wards() -> None:
    assert set(placed_pilots()) == set(PLACED)
    assert [ward_of(placed_pilots()[p]).name.vi for p in PLACED] == ["Phường Phạm Ngũ Lão", "Phường Bình Trị Đông B"]
    with pytest.raises(KeyError):
        ward_of(pilots()["peer-groups"])


def test_starts_are_the_plans_and_made_up_ones_stay_with_made_up_data() -> None:
    known = {p.id: p.start_period for p in pilots().values() if p.start_period}
    assert pilot_starts(synthetic=False) == known
    assert {p: pilot_starts(synthetic=True)[p] for p in PLACED} == dict.fromkeys(PLACED, "2017-Q1")


@pytest.mark.parametrize("pilot", PLACED)
@pytest.mark.parametrize("name", ["sti_tested", "contract_share"])
def test_pilot_wards_and_all_their_neighbours_are_no_donors(store: EvidenceStore, pilot: str, name: str) -> None:
    found = pilot_study(store, pilot, name)
    own = {ward_of(p).code for p in placed_pilots().values()}
    near = {n for code in own for n in neighbours(code)}
    assert len(near) > 8
    assert not set(found.donors) & (own | near)
    assert found.treated == (ward_of(placed_pilots()[pilot]).code,)
    why = found.dropped.set_index("unit")["reason"]
    assert set(why[list(((near | own) - set(found.treated)) & set(why.index))]) <= {"neighbour", "programme"}
    assert len(found.donors) + len(why) == found.panel["unit"].nunique()


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("psych_counselling", "2016-Q1"),
        ("sti_tested_share", "2016-Q1"),
        ("hiv_tested_share", "2016-Q1"),
        ("sti_tested", "2015-Q1"),
        ("contract_share", "2015-Q1"),
    ],
)
def test_the_first_year_is_left_out_where_its_form_counted_otherwise(store: EvidenceStore, name: str, first: str) -> None:
    panel = pilot_study(store, "pham-ngu-lao", name).panel
    assert panel["period"].min() == first


def test_a_study_may_end_early(store: EvidenceStore) -> None:
    assert pilot_study(store, "pham-ngu-lao", "sti_tested", until="2017-Q3").panel["period"].max() == "2017-Q3"
    with pytest.raises(ValueError, match="has no period from 2017-Q1 on"):
        pilot_study(store, "pham-ngu-lao", "sti_tested", until="2016-Q4")


def test_a_part_of_nobody_is_zero(store: EvidenceStore) -> None:
    panel = pilot_study(store, "pham-ngu-lao", "sti_treated_share").panel
    nobody = panel[panel["denominator"] == 0]
    assert len(nobody) > 0
    assert set(nobody["numerator"]) == {0.0}


def test_what_cannot_be_studied_is_refused(store: EvidenceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAnOutcome):
        pilot_study(store, "pham-ngu-lao", "outreach_contacts")
    with pytest.raises(NotAnOutcome):
        study(store, pilot="pham-ngu-lao", outcome="inspections")
    with pytest.raises(UnknownIndicator):
        pilot_study(store, "pham-ngu-lao", "nothing")
    with pytest.raises(KeyError, match="names no ward"):
        pilot_study(store, "peer-groups", "sti_tested")
    with pytest.raises(ValueError, match="Name pilot="):
        study(store, outcome="sti_tested")
    monkeypatch.setattr(room, "pilot_starts", lambda synthetic: {})
    with pytest.raises(NoStart, match="start is not known"):
        pilot_study(store, "pham-ngu-lao", "sti_tested")


def test_any_panel_can_be_studied() -> None:
    panel = pd.DataFrame([{"unit": u, "period": p, "numerator": 4.0} for u in "abc" for p in ("1", "2", "3", "4")])
    assert study(panel, outcome="y", treated=["a"], start="3").donors == ("b", "c")
    with pytest.raises(ValueError, match="treated="):
        study(panel, outcome="y")
    with pytest.raises(NotAnOutcome):
        study(panel, outcome="y", treated=["a"], start="3", outcome_kind="process")


@pytest.mark.slow
def test_nothing_is_claimed_where_nothing_was_planted(store: EvidenceStore) -> None:
    rows = _planted("no_effect")
    assert {name for _, name, _ in rows} == {"psych_counselling", "sti_treated_share", "health_check_share"}
    for pilot, name, _ in rows:
        assert not pilot_study(store, pilot, name).estimate().clear, name


@pytest.mark.slow
def test_planted_effects_are_on_their_side_and_not_contradicted(store: EvidenceStore) -> None:
    """All raise their outcome; where donors allow an interval it reaches that side, and holds the planted ratio."""
    rows = _planted("effect")
    assert len(rows) == 7
    for pilot, name, effect in rows:
        found = estimate_effect(pilot_study(store, pilot, name))
        assert found.estimate is not None
        assert found.estimate > found.none, name
        if found.low is None or found.high is None:
            assert len(found.placebo) < 19, name  # 1 / (donors + 1) is above 5 %: nothing could have been claimed
            continue
        assert found.high > found.none, name
        if found.scale == "ratio":
            assert found.low <= effect <= found.high, name


@pytest.mark.parametrize(
    ("pilot", "name"),
    [
        ("pham-ngu-lao", "condom_availability"),
        ("pham-ngu-lao", "sti_tested_share"),
        ("pham-ngu-lao", "hiv_tested_share"),
        ("binh-tri-dong-b", "contract_share"),
    ],
)
def test_the_interval_of_a_share_holds_what_was_planted(store: EvidenceStore, pilot: str, name: str) -> None:
    """The planted ratio taken back from the share that the ward reported: what the ward would have had without."""
    with (folders().data / "example" / "truth.csv").open(encoding="utf-8", newline="") as f:
        planted = next(r for r in csv.DictReader(f) if (r["pilot"], r["indicator"], r["role"] != "spill_over") == (pilot, name, True))
    known, ward, ratio = indicator(name), ward_of(placed_pilots()[pilot]).code, float(planted["effect"])
    values = store.values(elements=known.elements)
    later = values[(values["unit_code"] == ward) & (values["period"] >= planted["start_period"])]
    summed = later.pivot(index="period", columns="element", values="value").dropna().sum()
    seen = summed[known.numerator] / summed[known.denominator]
    without = seen / ratio if planted["effect_type"] == "share_ratio" else seen / (seen + ratio * (1 - seen))
    found = estimate_effect(pilot_study(store, pilot, name))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= seen - without <= found.high
    assert seen - without > 0.05
