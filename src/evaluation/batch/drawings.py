"""What a drawing inside a page may hold: a short list of shapes and attributes, and nothing that runs, loads or is read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

PREFIX: Final = "data:image/svg+xml,"
_NAME = r"#?[a-z]{1,4}"
_COLOUR = r"none|#[0-9a-f]{6}|url\(#[a-z]{1,4}\)"
_NUMBERS = r"x|y|width|height|viewBox|x1|y1|x2|y2|cx|cy|r|points|(?:stroke|fill)-(?:width|opacity|dasharray|dashoffset)"
_ATTRIBUTE = (
    rf' (?:d="[-0-9. MmLlHhVvQqCcZz]*+"|(?:{_NUMBERS})="[-0-9. ,]*+"|(?:fill|stroke)="(?:{_COLOUR})"|(?:id|href)="{_NAME}"'
    r'|transform="(?:(?:translate|scale|rotate)\([-0-9. ]++\))++"|clip-path="url\(#[a-z]{1,4}\)"'
    r'|stroke-line(?:join|cap)="(?:miter|bevel|round|square|butt)"|patternUnits="userSpaceOnUse"|xmlns="http://www\.w3\.org/2000/svg")'
)
_ELEMENT = r"(?:svg|defs|g|path|use|pattern|clipPath|line|polyline|circle)"
# Possessive: each sign is looked at once, whatever the text.
_DRAWING = re.compile(rf"<svg(?:{_ATTRIBUTE})*+>(?:<{_ELEMENT}(?:{_ATTRIBUTE})*+/?+>|</{_ELEMENT}>)*+")


def drawing_of(address: str) -> str | None:
    """Return the SVG that an address of ours holds; None for any other address.

    Ours have single quotes alone, so that quotes are of one kind and cannot hide in each other.
    """
    svg = unquote(address[len(PREFIX) :]) if address.startswith(PREFIX) else '"'
    return None if '"' in svg else svg.replace("'", '"')


@lru_cache(maxsize=64)
def harmless(svg: str) -> bool:
    """Return whether a drawing is well-formed and holds shapes alone.

    Refused are all elements and attributes that are not on the list: scripts,
    events, foreign content, pictures, texts, styles, animation, comments,
    declarations, entities, and references to anything outside the drawing.

    Parameters
    ----------
    svg : str
    """
    if not _DRAWING.fullmatch(svg):
        return False
    try:
        fromstring(svg)
    except (ParseError, DefusedXmlException):
        return False
    return True
