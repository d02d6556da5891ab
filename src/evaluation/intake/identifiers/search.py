"""The search for identifiers in all that a received file holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from evaluation.intake.book import Text, folded
from evaluation.intake.identifiers import columns, names, numbers, places
from evaluation.intake.identifiers.columns import Cell
from evaluation.intake.identifiers.hits import FILE_NAME, Hit
from evaluation.intake.identifiers.words import wards_alone
from evaluation.intake.identifiers.writing import Writing

_SHORT = 7
_CAMEL = frozenset({"property", "file_name", "name"})
# Parts that name cells: A1048576 is no passport there.
_OF_PROGRAMS = frozenset({"style", "formula", "name"})
# Codes of Excel for the left, middle and right of a header, with fonts and sizes.
_HEADER_CODES = re.compile(r'&(?:"[^"]*"|\d{1,2}|[A-Z])')


def look(texts: Iterable[Text], counts: AbstractSet[tuple[str, str]] = frozenset(), file: str = "") -> list[Hit]:
    """Return the identifiers in a file, by kind and place.

    Parameters
    ----------
    texts : iterable of Text
        All that somebody who opens the file could find (`book.Book.texts`).
    counts : set of (sheet, cell)
        Cells that lie in columns of counts: there a plain number is a count.
    file : str
        The file's own name; left out where it was checked before.

    Returns
    -------
    list of Hit
        In the order of the texts, each kind and place once; never the text.
    """
    found: dict[Hit, None] = {}
    cells: dict[str, list[Cell]] = {}
    order: dict[str, int] = {}
    seen: dict[tuple[str, bool, bool, bool], tuple[Writing, frozenset[str]]] = {}
    if file and safe_name(file) is None:
        found[Hit(FILE_NAME, "file_name")] = None
    for text in texts:
        if text.sheet:
            order.setdefault(text.sheet, len(order) + 1)
        if not text.text.strip():
            continue
        counted = text.part == "cell" and (text.sheet, text.cell) in counts
        asked = (text.text, text.number, counted, text.part in _OF_PROGRAMS)
        if text.part in _CAMEL or text.part == "header":
            writing, codes = _judged(text, counted)
        else:
            if asked not in seen:
                seen[asked] = _judged(text, counted)
            writing, codes = seen[asked]
        for code in sorted(codes):
            found[Hit(code, text.part, text.sheet, text.cell)] = None
        if text.part == "cell" and (one := columns.cell(text.cell, writing, text.number, counted)):
            cells.setdefault(text.sheet, []).append(one)
    for sheet, own in cells.items():
        for code, place in columns.hits(own):
            found[Hit(code, "cell", sheet, place)] = None
    hidden = {title for title in order if _codes(Writing(title), "sheet_name", False, False)}
    return list(dict.fromkeys(_unnamed(hit, order) if hit.sheet in hidden else hit for hit in found))


def holds_identifier(text: str) -> bool:
    """Return whether a free text (a reason, a note, a narrative) holds an identifier."""
    return bool(look([Text("other", "", "", text)]) or look([Text("comment", "", "", text)]))


def safe_name(name: str) -> str | None:
    """Return a file's name if it may be shown, None where it may hold an identifier.

    Parameters
    ----------
    name : str
        Without its folder.
    """
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    return None if _codes(Writing(stem), "file_name", False, False) | _codes(Writing(stem, camel=True), "file_name", False, False) else name


def _unnamed(hit: Hit, order: dict[str, int]) -> Hit:
    """Return a hit in a sheet whose own name is an identifier: the sheet's number stands in its place."""
    return Hit(hit.code, hit.part, "", hit.cell, order[hit.sheet])


def _judged(text: Text, counted: bool) -> tuple[Writing, frozenset[str]]:
    writing = Writing(_HEADER_CODES.sub(" ", text.text) if text.part == "header" else text.text)
    codes = _codes(writing, text.part, text.number, counted)
    if text.part in _CAMEL:
        codes |= _codes(Writing(text.text, camel=True), text.part, text.number, counted)
    return writing, frozenset(codes)


def _codes(writing: Writing, part: str, number: bool, counted: bool) -> set[str]:
    """Return the kinds of identifiers in one text, for itself."""
    # A plain number of up to seven digits is too short for any of them: most cells of a form are such numbers.
    if number and len(writing.text) <= _SHORT and writing.text.isascii() and writing.text.isdecimal():
        return set()
    if folded(writing.text) in wards_alone():
        return set()
    formula = part in _OF_PROGRAMS or writing.text.startswith("=")
    found = numbers.kinds(writing, number, counted, formula)
    if writing.digits and number:
        return found | ({places.COORDINATES} & places.kinds(writing, counted))
    found |= places.kinds(writing, counted)
    if names.holds_name(writing) or (part == "comment" and names.signed(writing)):
        found.add(names.PERSON)
    return found
