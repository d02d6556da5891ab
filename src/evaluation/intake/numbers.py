"""How a cell becomes a count: a closed list of accepted forms, everything else is a finding."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from evaluation.contracts import NOT_APPLICABLE, NOT_REPORTED, REPORTED

ZERO_FORMS = frozenset({"không phát sinh", "khong phat sinh", "không có", "khong co"})
NOT_APPLICABLE_FORMS = frozenset({"không áp dụng", "khong ap dung", "n/a", "kad"})
MOST_COUNT = 1e9
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([., ])[0-9]{3}(?:\1[0-9]{3})*")
_NOT_WHOLE = re.compile(r"-[0-9]+|-?[0-9]+[.,][0-9]+")
# Wide digits of East Asian keyboards, hard spaces and the minus sign. No wider folding: "12²" is not 122.
_PLAINLY = str.maketrans({0xFF10 + n: str(n) for n in range(10)} | {0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-"})


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
        For text in no accepted form, truth values, dates, errors, and
        numbers above `MOST_COUNT`.
    NotWhole
        For negative or fractional numbers.

    Notes
    -----
    Counts are whole, so a group of exactly three digits behind a point, a
    comma or a space can only be thousands: "1.234", "1,234" and "1 234" are
    all 1234. "1.23" and "0.500" are refused.
    """
    if content is None:
        return Count(NOT_REPORTED)
    if isinstance(content, bool):
        raise NotACount
    if isinstance(content, int | float):
        if content > MOST_COUNT or (isinstance(content, float) and not math.isfinite(content)):
            raise NotACount
        if content < 0 or content != int(content):
            raise NotWhole
        return Count(REPORTED, float(content))
    if not isinstance(content, str):
        raise NotACount
    text = unicodedata.normalize("NFC", content).translate(_PLAINLY).strip()
    folded = " ".join(text.lower().split())
    if not folded:
        return Count(NOT_REPORTED)
    if folded in ZERO_FORMS:
        return Count(REPORTED, 0.0)
    if folded in NOT_APPLICABLE_FORMS:
        return Count(NOT_APPLICABLE)
    grouped = _GROUPED.fullmatch(text) is not None
    if grouped or _PLAIN.fullmatch(text):
        value = float("".join(c for c in text if c.isdigit()))
        if value > MOST_COUNT:
            raise NotACount
        return Count(REPORTED, value, as_text=grouped)
    if _NOT_WHOLE.fullmatch(text):
        raise NotWhole
    raise NotACount
