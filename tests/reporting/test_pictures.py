"""What a report's figures are in its page: shapes from what passed the gate, dots from what did not, each with its alternative."""

from __future__ import annotations

import re

import pytest

from evaluation.batch.check import LARGEST_PAGE, fragment_faults, page_faults
from evaluation.batch.drawings import drawing_of, harmless
from evaluation.figures import style
from evaluation.reporting.html import fragment, page
from evaluation.reporting.model import Figure, Section, from_json, to_json
from evaluation.reporting.pictures import picture


def drawn():
    with style.house():
        ax = style.canvas(None, 2)
        ax.plot([1, 2], [3, 4], label="một")
        style.finish(ax, title="Một đường", handles=ax.lines)
    style.describe(ax, "một đường từ 3 đến 4")
    return ax


def test_what_passed_the_gate_is_shapes_and_anything_else_dots():
    shapes, dots = picture(drawn(), "a", "Hình"), picture(drawn(), "a", "Hình", protected=False)
    assert (shapes.kind, dots.kind) == ("svg", "png")
    assert shapes.alt == dots.alt == "Một đường từ 3 đến 4."
    assert harmless(shapes.content.decode())
    assert dots.content[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("protected", [True, False])
def test_a_page_holds_the_picture_as_it_is_with_its_alternative(protected: bool):
    made = picture(drawn(), "a", "Hình", protected=protected)
    shown = fragment(Section("s", "S", (made,)))
    (source, alternative) = re.search(r'<img src="([^"]*)" alt="([^"]*)">', shown).groups()
    assert alternative == "Một đường từ 3 đến 4."
    assert fragment_faults(shown) == ()
    if protected:
        assert drawing_of(source) == made.picture
    else:
        assert source == f"data:image/png;base64,{made.picture}"


def test_a_figure_without_alternative_becomes_no_picture():
    with style.house():
        ax = style.canvas(None, 2)
    with pytest.raises(LookupError, match="văn bản thay thế"):
        picture(ax, "a", "Hình")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_real_report_is_small_and_all_its_figures_are_shapes(report_of, language: str):
    tree = report_of("760", language).tree()
    figures = [b for b in tree.all_blocks() if isinstance(b, Figure)]
    assert {"framework-figure", "trends-figure", "funnel-figure", "map-figure", "matrix-figure"} <= {f.id for f in figures}
    assert [f.id for f in figures if f.kind != "svg" or not harmless(f.picture)] == []
    whole = page(tree)
    assert page_faults(whole, language, tree.synthetic) == ()
    assert len(whole.encode()) < LARGEST_PAGE / 2
    assert from_json(to_json(tree)) == tree
