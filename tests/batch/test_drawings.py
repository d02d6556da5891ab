"""Drawings of ours may go out inside a page; whatever could run, load or be read in one may not."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from evaluation.batch.check import fragment_faults, page_faults
from evaluation.batch.drawings import drawing_of, harmless
from evaluation.reporting import model
from evaluation.reporting.html import course, fragment

START = '<svg xmlns="http://www.w3.org/2000/svg" width="1100" height="550" viewBox="0 0 200 100" fill="none" stroke-linejoin="round">'
GOOD = (
    f'{START}<defs><path d="M0 0h5v-3z" id="a"/><clipPath id="b"><path d="M0 0h9v9h-9z"/></clipPath>'
    '<pattern id="c" patternUnits="userSpaceOnUse" width="72" height="72"><path d="M0 0l72 72" stroke="#8d949e"/></pattern>'
    '</defs><path d="M1 2c3 4 5 6 7 8" stroke="#0b4f6c" stroke-width="130" stroke-dasharray="4 2" clip-path="url(#b)"/>'
    '<path d="M0 0h5v5z" fill="url(#c)"/><g transform="translate(3 4)rotate(-90)scale(.85)" fill="#1f2328"><use href="#a" x="7"/></g></svg>'
)
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script by name space": '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
    "event": '<path d="M0 0" onload="alert(1)"/>',
    "event in capitals": '<path d="M0 0" ONCLICK="alert(1)"/>',
    "event after a line break": '<path d="M0 0"\nonload="alert(1)"/>',
    "foreign content": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    "picture from outside": '<image href="https://example.org/x.png"/>',
    "picture inside": '<image href="data:image/png;base64,aGk="/>',
    "reference outside": '<use href="https://example.org/x.svg#a"/>',
    "reference to a file": '<use href="../../etc/passwd#a"/>',
    "old reference": '<use xlink:href="#a"/>',
    "link": '<a href="https://example.org"><path d="M0 0"/></a>',
    "link that runs": '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
    "fill from outside": '<path d="M0 0" fill="url(https://example.org/x#a)"/>',
    "clip from outside": '<path d="M0 0" clip-path="url(https://example.org/x#a)"/>',
    "style sheet": "<style>path{fill:url(https://example.org/x)}</style>",
    "style": '<path d="M0 0" style="fill:url(https://example.org/x)"/>',
    "style that says nothing": '<path d="M0 0" style=""/>',
    "animation": '<set attributeName="href" to="javascript:alert(1)"/>',
    "text": "<text>12 người</text>",
    "loose text": "12 người",
    "title": "<title>3</title>",
    "metadata": "<metadata>/home/somebody</metadata>",
    "comment": "<!-- 3 -->",
    "instruction": '<?xml-stylesheet href="https://example.org/x.css"?>',
    "part that is not read": "<![CDATA[<script>alert(1)</script>]]>",
    "entity": "&lt;",
    "value without end": '<path d="M0 0/>',
    "number in a name": '<path d="M0 0" id="/home/somebody"/>',
}


def page_with(address: str) -> str:
    return f'<img src="{address}" alt="Ba cột.">'


def in_page(svg: str) -> str:
    """Return a figure with the drawing as our pages hold it."""
    return fragment(model.Section("s", "S", (model.Figure("f", "Hình", "Ba cột.", svg, "svg"),)))


def test_shapes_alone_may_go_out():
    assert harmless(GOOD)
    assert fragment_faults(in_page(GOOD)) == ()
    assert fragment_faults(str(course((1.0, None, 2.0, 4.0), "từ 1 đến 4"))) == ()


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_shape_keeps_a_page_back(payload: str):
    hostile = GOOD.replace("</svg>", payload + "</svg>")
    assert not harmless(hostile)
    assert "active" in fragment_faults(in_page(hostile))


@pytest.mark.parametrize(
    "whole",
    [
        GOOD + "<svg/>",
        "<?xml version='1.0'?>" + GOOD,
        '<!DOCTYPE svg [<!ENTITY a "x">]>' + GOOD,
        GOOD.replace("<svg ", '<svg onload="alert(1)" '),
        GOOD.replace("</defs>", ""),
        GOOD.replace("<path", "<PATH", 1),
        "",
        "x",
    ],
)
def test_what_is_no_single_well_formed_drawing_is_refused(whole: str):
    assert not harmless(whole)


@pytest.mark.parametrize(
    "address",
    [
        "data:image/svg+xml;base64," + base64.b64encode(GOOD.encode()).decode(),
        "data:image/svg+xml;charset=utf-8," + quote(GOOD),
        "data:image/svg+xml;utf8," + quote(GOOD.replace("</svg>", "<script>alert(1)</script></svg>")),
        "data:image/svg+xml,%3Csvg onload='alert(1)'%3E%3C/svg%3E",
        "data:image/gif;base64,aGk=",
        "data:image/x,aGk=",
        " data:image/svg+xml," + quote(GOOD),
        "DATA:image/svg+xml," + quote(GOOD),
    ],
)
def test_an_address_that_is_not_written_as_ours_is_refused(address: str):
    assert fragment_faults(page_with(address)) == ("active",)


@pytest.mark.parametrize("sign", ['"', "%22"])
def test_quotes_of_two_kinds_cannot_hide_in_each_other(sign: str):
    """A browser would end a value where our reading of it would not."""
    address = "data:image/svg+xml," + quote(GOOD.replace('"', "'"), safe="' ")
    assert drawing_of(address) == GOOD
    hidden = address.replace("M1 2", f"M1 2{sign}", 1)
    assert drawing_of(hidden) is None
    assert fragment_faults(page_with(hidden.replace('"', "&quot;"))) == ("active",)


@pytest.mark.parametrize("tag", ['<object data="{}">x</object>', '<embed src="{}">', '<iframe src="{}"></iframe>', '<input src="{}">'])
def test_a_drawing_may_stand_in_a_picture_alone(tag: str):
    assert "active" in fragment_faults(tag.format("data:image/svg+xml," + quote(GOOD)))


def test_letters_and_signs_of_a_drawing_end_no_attribute(tree: model.Report):
    """Even a drawing that was tampered with stays inside its attribute, and is refused as a whole."""
    hostile = GOOD.replace("</svg>", "\"><img src=x onerror=alert(1)>&quot;'`\n</svg>")
    shown = in_page(hostile)
    assert shown.count("<img ") == 1
    assert "onerror" not in shown.partition("src=")[0]
    assert fragment_faults(shown) == ("active",)
    assert "active" in page_faults(shown, "vi", False)


def test_an_honest_long_drawing_is_read_at_once():
    """The list is matched without going back: no drawing, however long or broken, keeps the batch waiting."""
    long = GOOD.replace("</svg>", '<use href="#a" x="1"/>' * 40_000 + "</svg>")
    assert harmless(long)
    assert not harmless(long.replace("</svg>", "<x></svg>"))
