"""Letters of the house font: widths and outlines, each looked up once, so that a new sentence costs next to nothing.

Matplotlib shapes every string anew, a millisecond each, and a report has some
hundred. Here a line is its letters side by side, with the font's own kerning;
ligatures, which neither language needs, are left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags

from evaluation.figures.outlines import written

DPI = 130  # of a PNG
EM = 1000  # steps of a letter's size in an outline
SCALE = 100.0  # points at which outlines are taken
_STEPS = 64  # of the font's own unit


class Glyph(NamedTuple):
    """One letter: how far it moves the pen, and how high and deep it reaches, in points or dots."""

    number: int
    advance: float
    top: float
    bottom: float


class Line(NamedTuple):
    """One line of letters at a size of `SCALE` points.

    Attributes
    ----------
    glyphs : tuple of (str, int)
        Path data of each outline and its place along the line, in steps of `EM`.
    width, height, descent : float
        Points.
    """

    glyphs: tuple[tuple[str, int], ...]
    width: float
    height: float
    descent: float


@lru_cache(maxsize=64)
def font_file(family: tuple[str, ...], weight: Any, slant: Any = "normal") -> str:
    """Return the file of a font."""
    return str(findfont(FontProperties(family=list(family), weight=weight, style=slant)))


def _font(file: str, size: float, dpi: float) -> FT2Font:
    font = get_font(file)
    font.set_size(size, dpi)
    return font


@lru_cache(maxsize=16384)
def _glyph(letter: str, file: str, size: float, dpi: float, fitted: bool) -> Glyph:
    """Return a letter's measures in dots; `fitted` to whole dots as a PNG has it, or as its outline is."""
    font = _font(file, size, dpi)
    found = font.load_char(ord(letter), flags=LoadFlags.DEFAULT if fitted else LoadFlags.NO_HINTING)
    advance = found.horiAdvance / _STEPS if fitted else found.linearHoriAdvance / _STEPS / 1024
    _, bottom, _, top = found.bbox
    return Glyph(font.get_char_index(ord(letter)), advance, top / _STEPS, bottom / _STEPS)


@lru_cache(maxsize=16384)
def _outline(letter: str, file: str) -> str:
    """Return a letter's outline as path data, y downwards, in steps of `EM`; empty for a blank."""
    font = _font(file, SCALE, 72)
    font.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    whole = np.rint(np.asarray(vertices).reshape(-1, 2) * (EM / SCALE, -EM / SCALE)).astype(int)
    return written(whole.tolist(), np.asarray(codes).tolist())


@lru_cache(maxsize=65536)
def _kerning(first: Any, second: Any, file: str) -> float:
    """Return by how much two letters stand closer or further than their widths say, at a size of `SCALE` points."""
    return _font(file, SCALE, 72).get_kerning(first, second, Kerning.UNFITTED) / _STEPS


@lru_cache(maxsize=64)
def heights(file: str) -> tuple[float, float, float]:
    """Return a font's own ascent, descent and gap between lines, as shares of its size."""
    font = get_font(file)
    table, head = font.get_sfnt_table("OS/2"), font.get_sfnt_table("head")
    if table is None or head is None:
        return 0.9, 0.25, 0.0
    em = float(head["unitsPerEm"])
    return table["sTypoAscender"] / em, -table["sTypoDescender"] / em, table["sTypoLineGap"] / em


@lru_cache(maxsize=8192)
def printed(text: str, size: float, weight: Any, family: tuple[str, ...]) -> tuple[float, float, float]:
    """Return width, height and descent of a line where a PNG has it, in points.

    Letters are fitted to whole dots there: small ones come out up to 5% wider than their outlines.
    """
    file = font_file(family, weight)
    glyphs = [_glyph(letter, file, size, DPI, True) for letter in text]
    top, bottom = max((g.top for g in glyphs), default=0.0), min((g.bottom for g in glyphs), default=0.0)
    wide = sum(g.advance for g in glyphs)
    return wide * 72 / DPI, (top - bottom) * 72 / DPI, -bottom * 72 / DPI


@lru_cache(maxsize=8192)
def line(text: str, file: str) -> Line:
    """Return a line's outlines and size as an SVG has it.

    Parameters
    ----------
    text : str
    file : str
        From `font_file`.
    """
    placed: list[tuple[str, int]] = []
    along, top, bottom = 0.0, 0.0, 0.0
    before: Glyph | None = None
    for at, letter in enumerate(text):
        glyph = _glyph(letter, file, SCALE, 72, False)
        if before is not None:
            along += before.advance + _kerning(before.number, glyph.number, file)
        if outline := _outline(letter, file):
            placed.append((outline, round(along * EM / SCALE)))
        top, bottom = (max(top, glyph.top), min(bottom, glyph.bottom)) if at else (glyph.top, glyph.bottom)
        before = glyph
    width = along + (before.advance if before else 0.0)
    return Line(tuple(placed), width, top - bottom, -bottom)
