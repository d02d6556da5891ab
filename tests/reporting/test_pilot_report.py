"""The pilot report on the example store: what it says, and what it must never show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluation.batch.check import page_faults
from evaluation.batch.worker import key_figures
from evaluation.disclosure.exits import revealing
from evaluation.disclosure.ward import NEVER_BY_WARD
from evaluation.indicators import elements
from evaluation.plan import UnknownPilot, pilots
from evaluation.reporting.html import page
from evaluation.reporting.model import Bullets, Cell, Facts, Figure, Paragraph, Report, Section, Table, from_json, to_json
from evaluation.reporting.pilot import PilotReport, pilot_report
from evaluation.reporting.pilot.intervention import TIDIER, tidier

pytestmark = pytest.mark.slow
PLACED, ROAMING = "binh-tri-dong-b", "condom-programme"
ENGLISH = re.compile(r"\b(the|and|ward|wards|interval|effect|report|plan|of)\b")
VIETNAMESE_ONLY = re.compile(r"\b(và|của|không|được|phường)\b")


@pytest.fixture(scope="module")
def pilot_of(example_store: Path) -> Callable[..., PilotReport]:
    """Return a maker of pilot reports, each made once."""
    made: dict[tuple[str, str, str], PilotReport] = {}

    def make(pilot: str, language: str = "vi", period: str = "2018-Q4") -> PilotReport:
        key = (pilot, language, period)
        if key not in made:
            made[key] = pilot_report(pilot, period, language, store=example_store)
        return made[key]

    return make


def texts(tree: Report, sections: tuple[Section, ...] | None = None) -> Iterator[str]:
    """Yield all that a reader reads, but for what is marked as the other language."""
    for section in sections or tree.sections:
        yield section.title
        for block in section.all_blocks():
            if isinstance(block, Paragraph) and block.lang is None:
                yield block.text
            elif isinstance(block, Bullets) and block.lang is None:
                yield from block.items
            elif isinstance(block, Facts):
                yield from (t for f in block.items for t in (f.label, f.value, f.detail))
            elif isinstance(block, Table):
                yield block.caption
                yield block.note
                yield from (c.label for c in block.columns)
                yield from (c.text for row in block.rows for c in row)
            elif isinstance(block, Figure):
                yield block.caption
                yield block.alt


def tables(report: PilotReport) -> dict[str, Table]:
    return {b.id: b for b in report.tree().all_blocks() if isinstance(b, Table)}


@pytest.mark.parametrize("pilot", [PLACED, ROAMING])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_report_passes_the_last_look_and_survives_its_own_writing(pilot_of: Callable[..., PilotReport], pilot: str, language: str):
    tree = pilot_of(pilot, language).tree()
    assert page_faults(page(tree), language, synthetic=True) == ()
    assert revealing(tree.key_figures) == ()
    assert from_json(to_json(tree)) == tree
    assert f'"pilot": "{pilot}"' in key_figures(tree)


@pytest.mark.parametrize("pilot", [PLACED, ROAMING])
def test_each_language_is_spoken_alone(pilot_of: Callable[..., PilotReport], pilot: str):
    for text in texts(pilot_of(pilot, "vi").tree()):
        plain = re.sub(r"`[^`]*`|SYNTHETIC DATA", "", text)
        assert not ENGLISH.search(plain), text
    for text in texts(pilot_of(pilot, "en").tree()):
        assert not VIETNAMESE_ONLY.search(text.replace("SỐ LIỆU GIẢ LẬP", "")), text


def test_nothing_of_people_is_shown_by_quarter_and_nothing_of_enforcement_by_ward(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED)
    counts = [f for f in report.tree().key_figures if f["kind"] == "ward_count"]
    assert counts
    assert not {f["id"] for f in counts} & NEVER_BY_WARD
    assert all("Q" not in f["period"] for f in counts if elements()[f["id"]].sensitive)
    assert all(f["value"] is None or f["value"] == 0 or f["value"] >= 10 for f in counts if elements()[f["id"]].sensitive)
    heads = [c.label for c in tables(report)["quarters-table"].columns]
    assert not {e.label.vi for e in elements().values() if e.sensitive} & set(heads)


def test_no_figure_draws_the_ward_s_own_counts_of_people(pilot_of: Callable[..., PilotReport]):
    drawn = {b.id for b in pilot_of(PLACED).tree().all_blocks() if isinstance(b, Figure)}
    assert drawn == {"theory-figure", "gaps-figure", "spill-over-figure", "specifications-figure"}


def test_an_effect_stands_beside_its_false_alarms_and_its_corrected_p(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "en")
    rows = tables(report)["effects-table"].rows
    assert len(rows) == len(pilots()[PLACED].outcome_indicators)
    assert all(re.search(r"\d+/\d+", row[5].text) or row[5].state == "not_applicable" for row in rows)
    first = next(f for f in report.tree().key_figures if f["kind"] == "effect")
    assert first["false_alarms"]["m"] > 0
    assert first["p_adjusted"] >= first["p"]
    assert first["verdict"] in ("clear", "corrected")
    assert (report.front.parts[0].blocks[0].text.startswith("An effect may be claimed")) is (first["verdict"] == "clear")  # type: ignore[union-attr]


def test_a_registered_plan_is_followed_and_said(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "en")
    found = report.subject.evidence.effects
    assert found.plan is not None
    assert {e.effect.planned for e in found.outcomes if e.effect is not None} == {"planned"}
    assert found.departures.departures == ()
    assert [bool(e.others) for e in found.outcomes] == [e.outcome in found.plan.primary for e in found.outcomes]
    assert [m.judged_by for m in found.others] == [e.judged_by for e in found.outcomes[0].others]
    assert "secondary outcome: 3" in tables(report)["effects-table"].note
    said = " ".join(texts(report.tree(), (report.method,)))
    assert "carried out as planned" in said
    assert "Negative controls as planned" in said


def test_a_report_before_the_plan_s_end_says_that_it_is_interim(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "en", "2017-Q1")
    said = " ".join(texts(report.tree(), (report.method,)))
    assert "its results are interim" in said
    assert "2018-Q4" not in said.replace("period=", "")


def test_page_one_says_what_was_done_how_sure_and_which_options_the_rules_allow(pilot_of: Callable[..., PilotReport]):
    done, sure, options = pilot_of(PLACED, "en").front.parts[0].blocks[1].items  # type: ignore[union-attr]
    assert re.search(r"services in \d of 8 quarters", done)
    assert "million VND" in done
    assert "Certainty" in sure
    assert re.fullmatch(r"Options by preset rules: .*extend – not met.*\.", options)


def test_wherever_false_alarms_are_shown_the_rule_stands_beside_them(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "en")
    rule = report.subject.evidence.effects.outcomes[0].effect.calibration.rule("en")  # type: ignore[union-attr]
    assert rule in tables(report)["results-table"].note
    assert rule in " ".join(texts(report.tree(), (report.effects,)))


def test_a_model_without_a_place_claims_nothing(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(ROAMING, "en")
    assert not [f for f in report.tree().key_figures if f["kind"] == "effect"]
    said = " ".join(texts(report.tree(), (report.effects,)))
    assert "no result of the model" in said
    assert "Such a relation proves no effect" in said
    assert "place" in next(f for f in report.tree().key_figures if f["kind"] == "verdict")["recommendations"]


def test_the_intervention_has_tidier_s_twelve_items_and_makes_none_up(pilot_of: Callable[..., PilotReport]):
    items = tidier(pilot_of(PLACED, "en").subject)
    assert tuple(i.id for i in items) == TIDIER
    silent = {i.id for i in items if not i.recorded}
    assert silent == {"mode", "tailoring", "changes", "planned"}
    assert {i.text for i in items if not i.recorded} == {"Not recorded."}


def test_every_harm_says_how_it_was_looked_for_and_out_of_how_many(pilot_of: Callable[..., PilotReport]):
    table = tables(pilot_of(PLACED, "en"))["harm-table"]
    assert len(table.rows) == 7
    assert all(isinstance(c, Cell) and c.text for row in table.rows for c in row)
    complaints = table.rows[0]
    assert (complaints[2].text, complaints[3].text) == ("no denominator", "not recorded")
    said = " ".join(texts(pilot_of(PLACED, "en").tree(), (pilot_of(PLACED, "en").harms,)))
    assert "no harm" not in said.replace("there was no harm", "")
    assert "can never claim an effect at 5%" in said
    surveyed = [f for f in pilot_of(PLACED, "en").tree().key_figures if f["kind"] == "survey"]
    assert surveyed
    assert all(f["never_claims"] and f["smallest_p"] == pytest.approx(1 / 15) for f in surveyed)
    fear = pilot_of(PLACED, "en").front.parts[1].blocks[0].items[1]  # type: ignore[union-attr]
    assert "can never be claimed at 5%" in fear.detail


def test_before_the_start_nothing_is_estimated(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "en", "2016-Q4")
    assert report.subject.evidence.start is None
    assert "No effect" in report.front.parts[0].blocks[0].text  # type: ignore[union-attr]
    assert page_faults(page(report.tree()), "en", synthetic=True) == ()


def test_one_quarter_after_the_start_a_report_can_be_made(pilot_of: Callable[..., PilotReport]):
    report = pilot_of(PLACED, "vi", "2017-Q1")
    assert report.subject.evidence.effects.outcomes == ()
    assert "chưa trọn một năm" in report.front.parts[0].blocks[0].text  # type: ignore[union-attr]
    assert page_faults(page(report.tree()), "vi", synthetic=True) == ()


def test_a_year_under_way_is_not_given(pilot_of: Callable[..., PilotReport]):
    spans = {f["period"] for f in pilot_of(PLACED, "vi", "2016-Q4").tree().key_figures if f["kind"] == "ward_count"}
    assert {"2015", "2016"} <= spans
    under_way = pilot_of(PLACED, "vi", "2016-Q3").tree()
    assert "2016" not in {f["period"] for f in under_way.key_figures if f["kind"] == "ward_count"}


def test_the_same_report_has_the_same_bytes(pilot_of: Callable[..., PilotReport], example_store: Path):
    again = pilot_report(ROAMING, "2018-Q4", "vi", store=example_store)
    assert to_json(again.tree()) == to_json(pilot_of(ROAMING).tree())


def test_an_unknown_pilot_is_told_with_the_nearest(example_store: Path):
    with pytest.raises(UnknownPilot, match="pham-ngu-lao"):
        pilot_report("pham-ngu-la", "2018-Q4", store=example_store)


def test_two_reports_in_a_row_do_not_tell_a_quarter_of_people_in_the_ward(pilot_of: Callable[..., PilotReport]):
    """The estimate to 2018-Q3 and that to 2018-Q4 together gave 3.1 for the 3 people of 2018-Q4."""
    for quarter in ("2018-Q1", "2018-Q2", "2018-Q3"):
        found = pilot_of(PLACED, "vi", quarter).subject.evidence.effects.outcomes
        assert found
        assert {e.study.panel["period"].max() for e in found} == {"2017-Q4"}
