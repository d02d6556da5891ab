"""What a district wrote in its own words, sentence by sentence: one that could point at a small group stays inside."""

from __future__ import annotations

import re
from dataclasses import dataclass

# "một số" and "một phần" say some, not one; "năm" is also a year: it counts only before people or cases.
_SOME = re.compile(r"\bmột\s+(?:số|phần|vài|cách|lần nữa)\b", re.IGNORECASE)
_PEOPLE = r"(?:người|chị|anh|bà|ông|em|cháu|trẻ|bé|nạn nhân|trường hợp|ca|vụ|phụ nữ|nữ|nam|hộ|gia đình)"
_FEW = r"(?:một|hai|ba|bốn|tư|năm|sáu|bảy|bẩy|tám|chín|mười|vài|mấy|dăm|đôi|duy nhất)"
_COUNTED = re.compile(rf"\b{_FEW}\b(?:\s+\w+){{0,2}}?\s+{_PEOPLE}\b|\b{_PEOPLE}\s+(?:\w+\s+)?duy nhất\b", re.IGNORECASE)
_COUNTED_EN = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|a few|single)\s+(?:\w+\s+){0,2}?"
    r"(?:person|people|women|woman|men|man|girl|boy|child|children|case|cases|victim|victims)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_END = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True)
class Prose:
    """What may be shown of a text.

    Attributes
    ----------
    sentences : tuple of str
        In their order.
    withheld : int
        Sentences that stay inside.
    """

    sentences: tuple[str, ...]
    withheld: int


def releasable(text: str) -> Prose:
    """Return the sentences of a text that name no number and no handful of people.

    Parameters
    ----------
    text : str
        Already free of identifiers: the intake refuses a file that holds any.

    Returns
    -------
    Prose
        A sentence with a digit, or with a small number in words before
        people or cases, is withheld: counts leave through the gate or not
        at all.
    """
    said = [s.strip() for s in _END.split(text) if s.strip()]
    kept = tuple(s for s in said if not _counts(s))
    return Prose(kept, len(said) - len(kept))


def _counts(sentence: str) -> bool:
    plain = _SOME.sub(" ", sentence)
    return bool(_DIGIT.search(plain) or _COUNTED.search(plain) or _COUNTED_EN.search(plain))
