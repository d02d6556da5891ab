"""What the cells of a sheet say together: headings over columns, labels beside cells, things written over several cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from openpyxl.utils import column_index_from_string

from evaluation.intake.book import folded
from evaluation.intake.identifiers import names, numbers, places
from evaluation.intake.identifiers.words import bares, labels, long_labels, wards_alone
from evaluation.intake.identifiers.writing import Writing

CODES = {
    "name": names.PERSON,
    "name_weak": names.PERSON,
    "identity": numbers.IDENTITY,
    "phone": numbers.PHONE,
    "email": places.EMAIL,
    "address": places.ADDRESS,
    "birth": numbers.BIRTH,
    "bank": numbers.BANK,
    "plate": numbers.PLATE,
    "venue": places.VENUE,
    "place": places.COORDINATES,
}
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_LONGEST_LABEL = 60
_FEWEST_NAMES = 3
_FEWEST_GIVEN = 2
_ABBREVIATIONS = frozenset({"sdt", "cmnd", "cccd", "cmt", "stk", "bks", "email", "zalo", "dtdd", "passport", "hotline"})
_COUNT_WORDS = frozenset({"so nguoi", "so luot", "so co", "so tre", "so truong", "so ho", "so ca", "so lan", "so buoi", "so vu", "tong so"})


@dataclass(frozen=True)
class Cell:
    """A cell of a sheet with what it says."""

    row: int
    column: int
    name: str
    writing: Writing
    number: bool
    counted: bool
    label: str


def cell(name: str, writing: Writing, number: bool, counted: bool) -> Cell | None:
    """Return a cell by its name in A1 form; None where the name is not one."""
    m = _PLACE.fullmatch(name)
    if m is None:
        return None
    return Cell(int(m[2]), column_index_from_string(m[1]), name, writing, number, counted, "" if number else announced(writing.text))


def announced(text: str) -> str:
    """Return what kind of thing a heading or label announces; empty for any other text."""
    return _announced(text) if len(text) <= _LONGEST_LABEL and any(c.isalpha() for c in text) else ""


@lru_cache(maxsize=2048)
def _announced(text: str) -> str:
    # What stands in brackets explains: "Họ tên (người vay)"; a heading in two languages is known by its first one.
    for form in dict.fromkeys((text, re.sub(r"\([^)]*\)?", " ", text), re.split(r"[/\n(:]", text, maxsplit=1)[0])):
        said = re.sub(r"^(?:stt|\d+) | \d+$", "", folded(form))
        if said in labels():
            return labels()[said]
    said = folded(text)
    if said[:8].strip() in _COUNT_WORDS or any(said.startswith(w + " ") for w in _COUNT_WORDS) or "khong ghi" in said:
        return ""
    first, _, others = said.partition(" ")
    if first in _ABBREVIATIONS and len(others.split()) <= 3:
        return labels()[first]
    for label, kind in long_labels().get(first, ()):
        if said.startswith(label + " ") and len(said.split()) <= len(label.split()) + 3:
            return kind
    return ""


def hits(cells: Iterable[Cell]) -> Iterator[tuple[str, str]]:
    """Yield code and cell of what is known only by headings and neighbours.

    Parameters
    ----------
    cells : iterable of Cell
        All cells with content of one sheet.
    """
    ordered = sorted(cells, key=lambda c: (c.column, c.row))
    by_place = {(c.row, c.column): c for c in ordered}
    heading: Cell | None = None
    column = 0
    shaped: list[Cell] = []
    single: list[Cell] = []
    for one in ordered:
        if one.column != column:
            yield from _column_of_names(shaped)
            yield from _given_alone(single)
            column, heading, shaped, single = one.column, None, [], []
        if one.label:
            heading = one if not (heading and heading.label in _same(one.label) and one.row == heading.row + 1) else heading
        elif heading and not one.counted and _under(heading.label, one):
            yield CODES[heading.label], one.name
        elif heading and heading.label == "name_weak" and names.given_alone(one.writing):
            single.append(one)
        if not one.number and not one.counted and names.looks_like_name(one.writing) and folded(one.writing.text) not in wards_alone():
            shaped.append(one)
        yield from _beside(one, by_place)
    yield from _column_of_names(shaped)
    yield from _given_alone(single)


def _same(label: str) -> tuple[str, ...]:
    return ("name", "name_weak") if label.startswith("name") else (label,)


def _column_of_names(shaped: list[Cell]) -> Iterator[tuple[str, str]]:
    if len(shaped) >= _FEWEST_NAMES:
        for one in shaped:
            yield names.PERSON, one.name


def _given_alone(single: list[Cell]) -> Iterator[tuple[str, str]]:
    """Yield cells under a heading that may mean names, if two of them are different given names; one may be any word."""
    if len({one.writing.bare for one in single}) >= _FEWEST_GIVEN:
        for one in single:
            yield names.PERSON, one.name


def _under(label: str, one: Cell) -> bool:
    """Return whether a cell under a heading holds what the heading announces."""
    text, low = one.writing.text, folded(one.writing.text)
    if not low or low in _harmless():
        return False
    digits = sum(c.isdigit() for c in text)
    letters = sum(c.isalpha() for c in text)
    if label in ("name", "venue", "address"):
        if low in wards_alone() or len(text) > 200:
            return False
        return letters >= 2 and not one.number if label != "address" else letters >= 2 or (digits >= 1 and "/" in text)
    if label == "name_weak":
        return not one.number and low not in wards_alone() and (names.looks_like_name(one.writing) or names.family_alone(one.writing))
    if label == "birth":
        return _date_or_year(text, digits)
    if label == "place":
        return bool(re.search(r"(?<!\d)(?:[89]|1\d|2[0-4]|10[2-9]|110)[.,]\d{2,}", text)) or (digits >= 6 and "." in text)
    if label == "email":
        return letters >= 3 and ("@" in text or "." in text)
    least = {"phone": 7, "identity": 6, "bank": 6, "plate": 4}[label]
    return digits >= least


def _date_or_year(text: str, digits: int) -> bool:
    year = re.fullmatch(r"\D*(\d{4})\D*", text)
    if year:
        return 1920 <= int(year[1]) <= 2030
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return True  # a day as a spreadsheet stores it
    return digits >= 3 or (digits == 2 and text.isdigit() and 30 <= int(text) <= 99)


def _harmless() -> frozenset[str]:
    return bares("harmless_entry")


def _beside(one: Cell, by_place: dict[tuple[int, int], Cell]) -> Iterator[tuple[str, str]]:
    """Yield what a cell and its right neighbours make together."""
    right = by_place.get((one.row, one.column + 1))
    if right is None or (one.counted and right.counted):
        return
    if one.label and not right.label:
        if _beside_label(one, right):
            yield CODES[one.label], right.name
        return
    if one.counted or right.counted:
        return
    if not one.number and not right.number and names.family_part(one.writing) and names.given_part(right.writing):
        yield names.PERSON, one.name
    elif (found := _split_number(one, right, by_place)) is not None:
        yield found, one.name
    if (_latitude(one.writing.text) and _longitude(right.writing.text)) or (_longitude(one.writing.text) and _latitude(right.writing.text)):
        yield places.COORDINATES, one.name


def _beside_label(label: Cell, right: Cell) -> bool:
    """Return whether the cell beside a label holds what it announces; the label of a column has headings beside it."""
    if not _under(label.label, right):
        return False
    if label.label in ("name", "venue", "address"):
        shaped = names.looks_like_name(right.writing) or names.holds_name(right.writing) or names.given_part(right.writing)
        return label.writing.text.endswith(":") or shaped or (label.label == "address" and right.writing.digits)
    return True


def _split_number(one: Cell, right: Cell, by_place: dict[tuple[int, int], Cell]) -> str | None:
    """Return what digits in neighbouring cells make, the first of which begins with zero."""
    pieces: list[str] = []
    column = one.column
    first = one.writing.numbers
    if not re.fullmatch(r"\(?(?:0\d{1,6}|\+?84\d{0,5})\)?", first):
        return None
    if first.startswith("84") and one.number:
        return None
    here: Cell | None = one
    while here and not here.counted and len(pieces) < 5 and re.fullmatch(r"[+(]?\d{1,8}[)]?", here.writing.numbers):
        pieces.append(re.sub(r"\D", "", here.writing.numbers))
        digits = "".join(pieces)
        if len(pieces) > 1:
            if numbers.phone_number(numbers.home_form(digits, first.startswith("+"))):
                return numbers.PHONE
            if (len(digits) == 12 and numbers.identity_number(digits)) or (len(digits) == 9 and digits[0] == "0"):
                return numbers.IDENTITY
        column += 1
        here = by_place.get((one.row, column))
    return None


def _latitude(text: str) -> bool:
    return re.fullmatch(r"(?:[89]|1\d|2[0-4])[.,]\d{3,}", text) is not None


def _longitude(text: str) -> bool:
    return re.fullmatch(r"(?:10[2-9]|110)[.,]\d{3,}", text) is not None
