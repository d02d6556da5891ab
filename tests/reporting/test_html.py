"""Data never become markup: whatever stands in a name, a note or a label comes out as text."""

import html.parser
from urllib.parse import unquote

import pytest

from evaluation.batch.check import page_faults
from evaluation.language import SYNTHETIC
from evaluation.reporting.html import HIGH, MARGIN, course, page
from evaluation.reporting.model import (
    SCHEMA_VERSION,
    Bullets,
    Cell,
    Column,
    Fact,
    Facts,
    Figure,
    Paragraph,
    Report,
    Section,
    Table,
    from_json,
    to_json,
)

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</title><script src='//evil.example/x.js'></script>",
    "`<svg onload=alert(1)>`",
    "{{ 7 * 7 }}{% include 'page.html.j2' %}",
]


def report_saying(text: str) -> Report:
    """A report with the text in every place that data can reach."""
    columns = (Column(text, row_header=True), Column(text, numeric=True, width=30), Column(text))
    row = (Cell(text), Cell(text, "withheld"), Cell(text, course=(1.0, None, 2.0)))
    table = Table("t", text, columns, (row,), text, (text,))
    blocks = (
        Paragraph(text, "answer"),
        Paragraph(text, lang="en"),
        Bullets((text,)),
        Facts((Fact(text, text, text),)),
        table,
        Figure("f", text, text, "AA=="),
    )
    section = Section("s", text, blocks, (Section("p", text, ()),))
    return Report(
        "district",
        "760",
        "2018-Q4",
        "vi",
        text,
        ((text, text),),
        True,
        "reported",
        (section,),
        ({"kind": "x", "id": text},),
        {"data": text},
    )


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def drawn(source: str) -> Reader:
    """Read the drawing inside a picture."""
    kind, _, body = source.partition(",")
    assert kind == "data:image/svg+xml"
    return read(unquote(body))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_come_out_as_text(payload: str) -> None:
    plain, hostile = read(page(report_saying("abc"))), read(page(report_saying(payload)))
    wanted = [t for t, _ in plain.tags]
    got = [t for t, _ in hostile.tags]
    if payload.startswith("`"):
        got = [t for t in got if t != "code"]
    assert got == wanted
    for _, attrs in hostile.tags:
        assert not any(name.startswith("on") for name in attrs)
        assert not (attrs.get("href") or "").lower().startswith("javascript:")
    assert payload.strip("`") in "".join(hostile.text)


def test_policy_forbids_scripts_and_loading() -> None:
    policy = next(a["content"] for t, a in read(page(report_saying("abc"))).tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy


def test_synthetic_mark_stands_at_both_ends() -> None:
    assert page(report_saying("abc")).count(SYNTHETIC) == 2


def test_tables_name_their_headers() -> None:
    heads = [a for t, a in read(page(report_saying("abc"))).tags if t == "th"]
    assert len(heads) == 4
    assert {a["scope"] for a in heads} == {"col", "row"}


def test_tree_survives_json() -> None:
    tree = report_saying("Quận 1 – “ẩn”")
    assert from_json(to_json(tree)) == tree


def test_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema"):
        from_json(to_json(report_saying("x")).replace(f'"schema": {SCHEMA_VERSION}', '"schema": 99'))


def test_a_course_is_drawn_from_zero_with_its_gaps_and_says_itself_in_words() -> None:
    (picture,) = read(str(course((1.0, 2.0, None, None, 4.0), "từ 1 đến 4"))).tags
    assert (picture[0], picture[1]["alt"]) == ("img", "từ 1 đến 4")
    reader = drawn(picture[1]["src"] or "")
    (line,) = (a["points"] for t, a in reader.tags if t == "polyline")
    assert line is not None
    heights = [float(point.split(",")[1]) for point in line.split()]
    base = HIGH - MARGIN
    # Twice the value stands twice as high above zero: a line must not make noise look like a climb.
    assert base - heights[1] == pytest.approx(2 * (base - heights[0]), abs=0.2)
    lone, last = (a for t, a in reader.tags if t == "circle")
    assert lone["cx"] == last["cx"]
    assert float(last["cy"] or 0) == MARGIN


@pytest.mark.parametrize("values", [(), (None, None), (0.0, 0.0), (5.0,)])
def test_a_course_of_nothing_or_of_zeros_is_drawn_all_the_same(values: tuple[float | None, ...]) -> None:
    ((_, picture),) = read(str(course(values, "x"))).tags
    numbers = [v for _, a in drawn(picture["src"] or "").tags for v in a.values() if v]
    assert not any("nan" in v.lower() for v in numbers)


def test_a_page_with_courses_passes_the_last_look() -> None:
    """Drawings inside a page count as active content; as pictures they may go out."""
    assert "active" not in page_faults(page(report_saying("abc")), "vi", True)
