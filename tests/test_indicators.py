"""The codebook is whole, bilingual and keeps enforcement out of outcomes."""

from __future__ import annotations

import csv
import dataclasses
import unicodedata

import pytest

from evaluation import indicators as codebook
from evaluation.indicators import RESIDENTS, NotAnOutcome, UnknownIndicator, elements, headline, indicator, indicators, outcome
from evaluation.plan import provisions
from evaluation.settings import folders


@pytest.mark.parametrize("name", ["elements", "indicators"])
def test_ids_stand_once(name: str) -> None:
    with (folders().data / "codebook" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        ids = [r["id"] for r in csv.DictReader(f)]
    assert len(ids) == len(set(ids)) > 0


def test_labels_and_definitions_in_both_languages() -> None:
    for thing in (*elements().values(), *indicators().values()):
        for words in (thing.label, thing.definition):
            assert words.vi.strip(), thing.id
            assert words.en.strip(), thing.id
            assert words.vi != words.en, thing.id
            assert unicodedata.is_normalized("NFC", words.vi + words.en), thing.id
    labels = [i.label.vi for i in indicators().values()]
    assert len(labels) == len(set(labels))


def test_numerators_and_denominators_are_elements() -> None:
    for i in indicators().values():
        assert set(i.elements) <= set(elements()), i.id
        assert i.denominator in {"", RESIDENTS, *elements()}, i.id
        if i.reported:
            assert bool(i.denominator) == (i.measure in {"proportion", "rate"}), i.id
            assert (i.denominator == RESIDENTS) == (i.measure == "rate"), i.id
        else:
            assert not i.denominator, i.id


def test_closed_lists() -> None:
    for e in elements().values():
        assert e.level in {"ward", "district"}
        assert e.accumulates in {"flow", "stock"}
        assert e.sheet in {"health", "social", "rights", "communication", "context"}
        assert 1 <= e.form_since <= e.comparable_since <= 2 or e.form_since == e.comparable_since
    for i in indicators().values():
        assert i.kind in {"outcome", "process", "context"}
        assert i.direction in {"up", "down", "context"}
        assert i.measure in {"count", "proportion", "rate", "yes_no"}
        assert set(i.provisions) <= set(provisions()), i.id


def test_between_38_and_46_indicators_and_one_headline() -> None:
    assert 38 <= len(indicators()) <= 46
    assert [i.id for i in indicators().values() if i.headline] == [headline().id]
    assert headline().kind == "outcome"
    assert outcome(headline().id) is headline()


def test_an_indicator_is_sensitive_where_its_counts_are() -> None:
    for i in indicators().values():
        if any(elements()[e].sensitive for e in i.elements):
            assert i.sensitive, i.id


def test_what_the_context_sheet_counts_is_context() -> None:
    context = {e.id for e in elements().values() if e.sheet == "context"}
    assert {"inspections", "violations"} <= context
    users = [i for i in indicators().values() if context & set(i.elements)]
    assert users
    assert {i.kind for i in users} == {"context"}
    assert {i.direction for i in users} == {"context"}


def test_a_source_has_its_year() -> None:
    followed = [i for i in indicators().values() if i.follows]
    assert followed
    for i in indicators().values():
        assert bool(i.follows) == bool(i.follows_year), i.id
        assert not i.follows_year or 1990 <= int(i.follows_year) <= 2026, i.id


@pytest.mark.parametrize("name", list(indicators()))
def test_only_outcomes_are_outcomes(name: str) -> None:
    if indicator(name).kind == "outcome":
        assert outcome(name).id == name
    else:
        with pytest.raises(NotAnOutcome) as error:
            outcome(name)
        assert "không dùng làm kết quả" in str(error.value)
        assert "never the outcome" in str(error.value)


def test_enforcement_under_an_innocent_name_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    disguised = dataclasses.replace(indicator("inspections"), id="wellbeing_share")
    book = {k: v for k, v in indicators().items() if k != "inspections"} | {"wellbeing_share": disguised}
    monkeypatch.setattr(codebook, "indicators", lambda: book)
    with pytest.raises(NotAnOutcome):
        outcome("wellbeing_share")


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownIndicator, match="sti_tested_share"):
        indicator("sti_tested_shar")
    with pytest.raises(UnknownIndicator):
        outcome("arrests")
