"""The last check lets a good page pass and refuses each fault by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.batch.check import fragment_faults, page_faults
from evaluation.reporting import model
from evaluation.reporting.html import page
from evaluation.settings import folders

PAYLOADS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    "<svg onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    "![](../../etc/passwd)",
]


def test_a_good_page_has_no_fault(tree: model.Report):
    assert page_faults(page(tree), "vi", True) == ()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_in_the_tree_comes_out_as_text(tree: model.Report, payload: str):
    table = model.Table("t", payload, (model.Column(payload, row_header=True),), ((model.Cell(payload),),), payload)
    blocks = (model.Paragraph(payload), model.Bullets((payload,)), table, model.Figure("f", payload, payload, "aGk="))
    hostile = replace(tree, title=payload, head=((payload, payload),), sections=(model.Section("s", payload, blocks),))
    assert page_faults(page(hostile), "vi", True) == ()


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("<script>alert(1)</script>", "script"),
        ("<SCRIPT SRC=x>", "script"),
        ("<!--><script>alert(1)</script>-->", "script"),
        ('<p onclick="x()">x</p>', "script"),
        ('<a href="java\tscript:alert(1)">x</a>', "script"),
        ('<a href="data:text/html,x">x</a>', "link"),
        ('<img src="https://example.org/x.png" alt="x">', "external"),
        ('<img src="../../etc/passwd" alt="x">', "external"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "active"),
        ('<meta http-equiv="refresh" content="0;url=https://example.org">', "active"),
        ('<div style="background:url(https://example.org/x)">x</div>', "external"),
        ("<style>@import 'https://example.org/x.css';</style>", "external"),
        ('<img src="data:image/png;base64,aGk=">', "alt"),
        ('<img src="data:image/png;base64,aGk=" alt="No description has been provided for this image">', "alt"),
        ("<table><tr><th>x</th></tr></table>", "scope"),
        ("<h1>two</h1>", "heading"),
        ("<p>/home/somebody/raw/D07.xlsx</p>", "path"),
        (r"<p>C:\Users\somebody\x</p>", "path"),
        ("<p>file:///etc/hosts</p>", "path"),
        ("<p>từ nan đến 3</p>", "leaked"),
        ("<p>None lượt</p>", "leaked"),
        ("<p>Traceback (most recent call last)</p>", "leaked"),
    ],
)
def test_what_was_planted_is_named(tree: model.Report, planted: str, fault: str):
    assert fault in page_faults(page(tree).replace("</main>", planted + "</main>"), "vi", True)


@pytest.mark.parametrize(
    "sentence", ["Việc này còn gian nan.", "None of the wards reported.", "Xem https://example.org/home/x", "nan giải"]
)
def test_ordinary_words_are_no_faults(tree: model.Report, sentence: str):
    assert page_faults(page(tree).replace("</main>", f"<p>{sentence}</p></main>"), "vi", True) == ()


def test_the_projects_own_folder_is_a_machine_path(tree: model.Report):
    planted = f"<p>{folders().root}</p>"
    assert page_faults(page(tree).replace("</main>", planted + "</main>"), "vi", True) == ("path",)


def test_letters_of_a_picture_are_no_path(tree: model.Report):
    figure = model.Figure("f", "Hình", "Ba cột.", "+/tmp/abcd/home/abc")
    drawn = replace(tree, sections=(model.Section("s", "S", (figure,)),))
    assert page_faults(page(drawn), "vi", True) == ()
    assert fragment_faults('<img src="data:image/png;base64,+/tmp/abcd/home/abc" alt="x">') == ()


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('<html lang="vi">', '<html lang="en">', "language"),
        ("SỐ LIỆU GIẢ LẬP", "SỐ LIỆU", "mark"),
        ("script-src 'none'; ", "", "policy"),
        ("<title>Báo cáo</title>", "<title></title>", "heading"),
        ("Một câu.", "x" * 3_000_000, "size"),
    ],
)
def test_what_was_taken_away_is_named(tree: model.Report, before: str, after: str, fault: str):
    whole = page(tree)
    assert before in whole
    assert page_faults(whole.replace(before, after), "vi", True) == (fault,)


def test_a_piece_of_a_notebook_is_looked_at_too(tmp_path: Path):
    assert fragment_faults("<p onmouseover=x()>x</p>") == ("script",)
    assert fragment_faults('<section id="a"><h2>x</h2></section>') == ()
