"""How a cell becomes a count: a closed list of accepted forms, everything else is a finding."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from evaluation.contracts import NOT_APPLICABLE, NOT_REPORTED, REPORTED

ZERO_FORMS = frozenset({"không phát sinh", "khong phat sinh", "không có", "khong co"})
NOT_APPLICABLE_FORMS = frozenset({"không áp dụng", "khong ap dung", "n/a", "kad"})
_PLAIN = re.compile(r"\d+")
_GROUPED = re.compile(r"\d{1,3}(?:([.,\u00a0\u202f ])\d{3})(?:\1\d{3})*")


@dataclass(frozen=True)
class Count:
    """A cell read as a count.

    Attributes
    ----------
    state : str
        "reported", "not_reported" or "not_applicable".
    value : float
        The count; NaN unless reported.
    as_text : bool
        Whether a number with separators was typed as text.
    """

    state: str
    value: float = float("nan")
    as_text: bool = False


class NotACount(ValueError):
    """A cell that is in none of the accepted forms."""


class NotWhole(ValueError):
    """A number that cannot count anything: negative or with decimals."""


def read_count(content: object) -> Count:
    """Return the count that a cell holds.

    Parameters
    ----------
    content : object
        What openpyxl gives for the cell: number, text, None.

    Raises
    ------
    NotACount
        For text in no accepted form, truth values, dates and errors.
    NotWhole
        For negative or fractional numbers.

    Notes
    -----
    Counts are whole, so a group of exactly three digits behind a point, a
    comma or a space can only be thousands: "1.234", "1,234" and "1 234" are
    all 1234. "1.23" is refused.
    """
    if content is None:
        return Count(NOT_REPORTED)
    if isinstance(content, bool):
        raise NotACount
    if isinstance(content, int | float):
        if not float(content).is_integer() or content < 0:
            raise NotWhole
        return Count(REPORTED, float(content))
    if not isinstance(content, str):
        raise NotACount
    text = unicodedata.normalize("NFKC", content).strip()
    folded = unicodedata.normalize("NFC", text).lower()
    if not folded:
        return Count(NOT_REPORTED)
    if folded in ZERO_FORMS:
        return Count(REPORTED, 0.0)
    if folded in NOT_APPLICABLE_FORMS:
        return Count(NOT_APPLICABLE)
    if not text.isascii():
        raise NotACount
    if _PLAIN.fullmatch(text):
        return Count(REPORTED, float(text))
    if _GROUPED.fullmatch(text):
        return Count(REPORTED, float(re.sub(r"\D", "", text)), as_text=True)
    if re.fullmatch(r"[-\u2212]\d+|-?\d+[.,]\d+", text):
        raise NotWhole
    raise NotACount
