"""The house look: bytes that repeat, letters that exist, settings that come back, alternatives that are there."""

from __future__ import annotations

import unicodedata
import warnings

import matplotlib
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import findfont, get_font

from evaluation.figures import style

LETTERS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
VIETNAMESE = {unicodedata.normalize("NFC", letter + tone) for letter in LETTERS for tone in TONES} | {"đ"}


def test_font_has_every_vietnamese_letter_and_the_signs_of_numbers() -> None:
    known = get_font(findfont(style.FAMILY, fallback_to_default=False)).get_charmap()
    wanted = VIETNAMESE | {letter.upper() for letter in VIETNAMESE} | set("−–…≤≥%·0123456789.,")
    assert len(VIETNAMESE) == 73
    assert [letter for letter in sorted(wanted) if ord(letter) not in known] == []


def test_drawing_vietnamese_warns_of_nothing() -> None:
    with style.house(), warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = style.canvas(None, 2)
        style.finish(ax, title="Tỷ lệ người được xét nghiệm: ẳ ẵ ỹ ỷ ự ở Ặ", notes=["Nguồn: báo cáo"], synthetic=True)
        style.png(style.root(ax))


def test_house_style_leaves_the_readers_settings_alone() -> None:
    with matplotlib.rc_context({"font.size": 31.0, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        with style.house():
            assert matplotlib.rcParams["font.family"] == [style.FAMILY]
            assert matplotlib.rcParams["axes.facecolor"] == style.PAPER
        assert dict(matplotlib.rcParams) == before


def test_png_is_the_same_twice_and_names_no_program() -> None:
    with style.house():
        ax = style.canvas(None, 2)
        ax.plot([1, 2], [3, 4], label="một")
        style.finish(ax, title="Một", handles=ax.lines, synthetic=True)
    first = style.png(style.root(ax))
    assert first == style.png(style.root(ax))
    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"matplotlib" not in first.lower()
    assert plt.fignum_exists(style.root(ax).number)
    style.close(style.root(ax))
    assert not plt.get_fignums()


def test_png_does_not_depend_on_the_readers_settings() -> None:
    def draw() -> bytes:
        with style.house():
            ax = style.canvas(None, 2)
            ax.plot([1, 2], [3, 4])
            style.plain_ticks(ax)
        return style.png(style.root(ax))

    plain = draw()
    with matplotlib.rc_context({"font.size": 25.0, "lines.linewidth": 9.0, "savefig.bbox": "tight", "figure.dpi": 50.0}):
        assert draw() == plain


def test_synthetic_mark_stands_only_where_asked() -> None:
    for synthetic in (True, False):
        ax = style.canvas(None, 2)
        style.finish(ax, title="x", synthetic=synthetic)
        assert [t.get_text() for t in ax.texts].count("SỐ LIỆU GIẢ LẬP / SYNTHETIC DATA") == synthetic


def test_a_figure_without_alternative_is_a_fault() -> None:
    ax = style.canvas(None, 2)
    with pytest.raises(LookupError, match="văn bản thay thế"):
        style.alt(ax)
    style.describe(ax, "một  dòng. hai")
    assert style.alt(ax) == "Một dòng. Hai."
    assert style.alt(style.root(ax)) == "Một dòng. Hai."


@given(st.lists(st.text("abcdeđôưẫ", min_size=1, max_size=12), min_size=1, max_size=12), st.floats(40, 300))
def test_wrapping_keeps_the_words_and_the_width(words: list[str], width: float) -> None:
    lines = style.wrap(" ".join(words), width).split("\n")
    assert " ".join(lines).split() == words
    assert all(style.text_width(line, style.TEXT) <= width or " " not in line for line in lines)


def test_runs_of_neighbours() -> None:
    assert style.runs(["a", "a", "b", "a"]) == [("a", 0, 1), ("b", 2, 2), ("a", 3, 3)]
    assert style.runs([]) == []


def test_a_dollar_in_a_name_is_a_letter() -> None:
    with style.house():
        ax = style.canvas(None, 2)
        style.finish(ax, title=r"$\frac{1$ <script>")
    assert style.png(style.root(ax))
