"""The district report as an official reads it: true sentences, nothing withheld shown, absence said."""

import dataclasses
import hashlib
import json
import re

import pytest

from evaluation.batch.check import fragment_faults, page_faults
from evaluation.contracts import SHOWN, WITHHELD
from evaluation.indicators import elements, indicators
from evaluation.language import number
from evaluation.periods import Period
from evaluation.places import districts
from evaluation.reporting.district.front import MOST_FINDINGS
from evaluation.reporting.evidence import gather
from evaluation.reporting.html import page
from evaluation.reporting.model import Bullets, Figure, Paragraph, Table, to_json
from evaluation.reporting.slices.own import by_district
from evaluation.store import open_store

pytestmark = pytest.mark.slow  # each report takes seconds: it draws six figures

WITH_PILOT, OTHER_PILOT, WITHOUT, NOT_REPORTED = "760", "777", "783", "775"


def words(report) -> str:
    """All text of a report, pictures' alternatives included."""
    return json.dumps(
        [dataclasses.asdict(b) | {"png": ""} if isinstance(b, Figure) else dataclasses.asdict(b) for b in report.tree().all_blocks()],
        ensure_ascii=False,
    )


@pytest.mark.parametrize("code", [WITH_PILOT, OTHER_PILOT, WITHOUT, NOT_REPORTED])
def test_every_section_has_content(report_of, code: str) -> None:
    tree = report_of(code).tree()
    assert [s.id for s in tree.sections] == ["front", "asked", "indicators", "pilot", "context", "own-words", "quality", "method"]
    for section in tree.sections:
        assert list(section.all_blocks()), section.id
    assert all(len(b.items) for b in tree.all_blocks() if isinstance(b, Bullets))
    assert all(b.rows for b in tree.all_blocks() if isinstance(b, Table))


def test_title_carries_place_period_and_language(report_of) -> None:
    vi, en = report_of(WITH_PILOT).tree().title, report_of(WITH_PILOT, "en").tree().title
    assert "Quận 1" in vi
    assert "Quý IV/2018" in vi
    assert "District 1" in en
    assert "Q4 2018" in en
    assert "English" in en
    titles = {report_of(c).tree().title for c in (WITH_PILOT, OTHER_PILOT, WITHOUT)}
    assert len(titles) == 3


def test_front_page_numbers_are_those_of_the_store(report_of, example_store) -> None:
    """Counted again from the store's cells, without the library's analysis."""
    store = open_store(example_store, "2018-12-19")
    cells = store.values(["2018-Q4"], ["sti_tested", "outreach_reached"], [OTHER_PILOT])
    related = store.values(["2018-Q4"], ["sti_tested", "hiv_tested", "outreach_reached", "outreach_repeat"], [OTHER_PILOT])
    blank = set(related.loc[related["state"] == "not_reported", "unit_code"])
    total = cells[~cells["unit_code"].isin(blank)].groupby("element")["value"].sum()
    tested, reached = int(total["sti_tested"]), int(total["outreach_reached"])
    answer = next(b.text for b in report_of(OTHER_PILOT).front.all_blocks() if isinstance(b, Paragraph) and b.role == "answer")
    assert f"({number(tested, 'vi')}/{number(reached, 'vi')} người)" in answer
    share = number(100 * tested / reached, "vi", 1)
    assert f"{share}%" in answer


def test_district_that_did_not_report_says_so(report_of) -> None:
    report = report_of(NOT_REPORTED)
    tree = report.tree()
    assert tree.status == "not_reported"
    assert "chưa gửi báo cáo Quý IV/2018" in words(report)
    now = [k for k in tree.key_figures if k["kind"] == "indicator" and k["period"] == "2018-Q4"]
    assert now
    assert all(k["value"] is None and k["state"] != SHOWN for k in now)


def test_report_that_came_after_the_cut_off_counts_as_not_reported(example_store) -> None:
    later = gather(open_store(example_store, "2018-12-31"), Period.parse("2018-Q4"))
    assert by_district(later)[NOT_REPORTED].reported


def test_three_to_five_findings(report_of) -> None:
    for code in (WITH_PILOT, OTHER_PILOT, WITHOUT, NOT_REPORTED):
        for language in ("vi", "en"):
            part = next(p for p in report_of(code, language).front.parts if p.id == "findings")
            (items,) = part.blocks
            assert 3 <= len(items.items) <= MOST_FINDINGS


def test_no_withheld_count_is_anywhere(report_of, evidence) -> None:
    """Key figures are null exactly where counts are withheld, and no alternative or cell carries a number for them."""
    for code in (WITH_PILOT, WITHOUT):
        report = report_of(code)
        counts = evidence.protection.counts
        own = counts[(counts["place"] == code) & (counts["period"] == "2018-Q4")].set_index("element")["state"]
        hidden = set(own[own == WITHHELD].index)
        assert hidden, "the example must have something to hide"
        for figure in report.key_figures():
            if figure["kind"] == "indicator" and hidden & set(indicators()[figure["id"]].elements):
                assert figure["value"] is None
                assert figure["state"] == WITHHELD


def test_no_ward_table_of_sensitive_indicators(report_of) -> None:
    sensitive = {e.label.vi for e in elements().values() if e.sensitive}
    wards = set(report_of(WITH_PILOT).subject.slice.completeness.frame["name_vi"])
    for table in (b for b in report_of(WITH_PILOT).tree().all_blocks() if isinstance(b, Table)):
        first = {row[0].text for row in table.rows}
        if first & wards:
            assert not {c.label for c in table.columns} & sensitive


def test_english_stands_marked_inside_a_vietnamese_page(report_of) -> None:
    part = next(p for p in report_of(WITH_PILOT).front.parts if p.id == "summary")
    assert part.blocks
    assert {b.lang for b in part.blocks} == {"en"}
    assert 'lang="en"' in page(report_of(WITH_PILOT).tree())


def test_vietnamese_sentences_hold_no_english(report_of) -> None:
    english = re.compile(r"\b(the|of|and|was|were|not|reported|withheld|share|people|interval|change|wards?|districts?)\b", re.I)
    for block in report_of(WITHOUT).tree().all_blocks():
        if isinstance(block, Paragraph) and block.lang is None:
            assert not english.search(re.sub(r"`[^`]*`", "", block.text)), block.text
        if isinstance(block, Figure):
            assert not english.search(block.alt.replace("SYNTHETIC DATA", "")), block.alt


def test_figures_have_alternatives_with_numbers(report_of) -> None:
    figures = [b for b in report_of(WITH_PILOT).tree().all_blocks() if isinstance(b, Figure)]
    assert len(figures) >= 5
    for figure in figures:
        assert len(figure.alt) > 60
        assert re.search(r"\d", figure.alt)
        assert "No description" not in figure.alt


def test_pilot_sentence_says_what_it_stands_on(report_of) -> None:
    text = words(report_of(WITH_PILOT))
    for needed in ("Phạm Ngũ Lão", "ngoài những gì Kế hoạch yêu cầu ở mọi quận, huyện", "báo động nhầm", "Giả định", "80%"):
        assert needed in text
    assert "Bình Trị Đông B" in words(report_of(OTHER_PILOT))
    assert "không nêu phường thí điểm nào" in words(report_of(WITHOUT))


def test_context_is_never_read_as_good_or_bad(report_of) -> None:
    (table,) = (b for b in report_of(WITHOUT).context.all_blocks() if isinstance(b, Table))
    assert "Đọc là" not in [c.label for c in table.columns]


def test_same_seed_gives_the_same_page(report_of, example_store) -> None:
    from evaluation.reporting.district import district_report

    again = district_report(WITHOUT, "2018-Q4", store=example_store)
    assert page(again.tree()) == page(report_of(WITHOUT).tree())


def test_tree_holds_no_path(report_of, example_store) -> None:
    assert str(example_store.resolve().parent) not in to_json(report_of(WITH_PILOT).tree())


def test_no_two_districts_share_a_figure(report_of) -> None:
    seen: dict[str, str] = {}
    for code in districts():
        for figure in (b for b in report_of(code).tree().all_blocks() if isinstance(b, Figure)):
            digest = hashlib.sha256(figure.content).hexdigest()
            assert digest not in seen, f"{figure.id} of {code} is that of {seen.get(digest)}"
            seen[digest] = code
    assert len(seen) >= 24 * 5


@pytest.mark.parametrize("code", [WITH_PILOT, WITHOUT, NOT_REPORTED])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_real_report_passes_the_last_look(report_of, code: str, language: str) -> None:
    tree = report_of(code, language).tree()
    assert page_faults(page(tree), language, tree.synthetic) == ()
    assert [s.id for s in tree.sections if fragment_faults(s._repr_html_())] == []


@pytest.mark.parametrize("period", ["2015-Q1", "2015-Q2", "2015-Q3"])
def test_the_first_quarters_have_a_report_without_a_year_before(report_of, period) -> None:
    for language, said in (("vi", "Chưa có cùng kỳ năm trước"), ("en", "There is no year before")):
        text = words(report_of(WITH_PILOT, language, period))
        assert text.count(said) >= 2
        assert not re.search(r"\b(nan|NaN|inf)\b", text)
