"""Words and numbers in the reader's language: one message catalogue, Vietnamese and English.

Messages live in ``vi/`` and ``en/`` beside this file, one gettext catalogue a
subject (read by Babel); their keys are dotted names, their slots ``{name}``. Numbers follow the
official Vietnamese habit (point for thousands, comma for decimals, "điểm phần
trăm" for a difference of percentages) and plain English.
"""

from __future__ import annotations

import datetime as dt
import locale
import math
import os
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("vi", "en")
_FIGURES, _LEAST_POWER, _MOST_POWER = 3, -6, 15
_WIDE = Context(prec=400)  # the largest number of a computer has 309 digits before the point
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SYNTHETIC = "SỐ LIỆU GIẢ LẬP / SYNTHETIC DATA"  # stands wherever made-up data do


@dataclass(frozen=True)
class Words:
    """The same words in both languages."""

    vi: str
    en: str

    def __getitem__(self, language: str) -> str:
        return str(getattr(self, language))


def halves(message: str) -> Words:
    """Return a message "Vietnamese / English" by language; a text in one language alone stands for both."""
    vi, _, en = message.partition(" / ")
    return Words(vi, en or vi)


class UnknownMessage(KeyError):
    """A message that the catalogue does not have: a fault of the program, not of its user."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return all messages of a language, key to text (NFC)."""
    found: dict[str, str] = {}
    for room in sorted((Path(__file__).parent / language).glob("*.po")):
        with room.open("rb") as f:
            found |= {str(m.id): unicodedata.normalize("NFC", str(m.string)) for m in read_po(f, locale=language) if m.id}
    return found


def say(key: str, language: str, /, **slots: object) -> str:
    """Return a message with its slots filled.

    Parameters
    ----------
    key : str
        Dotted name of the message in the catalogue.
    language : {"vi", "en"}
    **slots
        Values of the message's ``{name}`` slots, already written for the reader.

    Raises
    ------
    UnknownMessage
        If the catalogue lacks the message.
    """
    try:
        text = catalogue(language)[key]
    except KeyError:
        raise UnknownMessage(f"{key} ({language})") from None
    return text.format(**slots)


def say_count(key: str, language: str, n: int, /, **slots: object) -> str:
    """Return a message about `n` things: its form for one (the key ending in ".one") where there is one thing."""
    return say(f"{key}.one" if n == 1 else key, language, n=n, **slots)


def words(key: str, /, **slots: Words | object) -> Words:
    """Return a message in both languages; slots that are `Words` are taken in each."""

    def one(language: str) -> str:
        return say(key, language, **{k: v[language] if isinstance(v, Words) else v for k, v in slots.items()})

    return Words(one("vi"), one("en"))


def reader_language() -> str:
    """Return the language of the person at the machine: the locale's, else Vietnamese."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name, ""):
            return "en" if value.lower().startswith("en") else "vi"
    return "en" if (locale.getlocale()[0] or "").lower().startswith("en") else "vi"


def _known(x: float) -> float:
    if x is None or not math.isfinite(x):
        raise ValueError("a missing number has no writing: say why it is missing instead")
    return float(x)


def number(x: float, language: str, digits: int = 0) -> str:
    """Write a number: 1.234,5 in Vietnamese, 1,234.5 in English; the minus sign is U+2212.

    Halves are rounded away from zero, at the 15 digits that a spreadsheet
    keeps, so that a reader who checks 1/16 there finds the same 6,3%.

    Raises
    ------
    ValueError
        If the number is missing or infinite: absence is said in words.
    """
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    known = _known(x)
    exact = Decimal(known) if known.is_integer() else Decimal(f"{known:.15g}")
    with localcontext(_WIDE):
        rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # no "-0"
        return format_decimal(rounded, format=pattern, locale=language).replace("-", "\N{MINUS SIGN}")


def significant(x: float, language: str, beside: float = 0.0) -> str:
    """Write a rate or a measured value by its size: 1,235, 12.3, 5.43, 0.00192; never with more decimals than it has.

    Parameters
    ----------
    x : float
    language : {"vi", "en"}
    beside : float
        Size of the numbers that it stands among: what is less than a
        billionth of that is an error of arithmetic and written 0.

    Returns
    -------
    str
        Three significant figures, of large numbers all before the decimals;
        under a millionth, or from 10¹⁵ on, as "1.23 × 10⁻⁷".

    Raises
    ------
    ValueError
        If the number is missing or infinite: absence is said in words.
    """
    known = _known(x)
    if abs(known) <= 1e-9 * abs(beside) or known == 0:
        return number(0, language)
    power = math.floor(math.log10(abs(known)))
    if not _LEAST_POWER <= power < _MOST_POWER:
        return f"{number(float(f'{known:.2e}'.partition('e')[0]), language, 2)} × 10{str(power).translate(_RAISED)}"
    exact = max(0, -int(Decimal(f"{known:.12g}").normalize().as_tuple().exponent))
    return number(known, language, min(exact, max(0, _FIGURES - 1 - power)))


def percent(share: float, language: str, digits: int = 1) -> str:
    """Write a share (0 to 1) as a percentage, no space before the sign."""
    return number(100 * _known(share), language, digits) + "%"


def points(difference: float, language: str, digits: int = 1) -> str:
    """Write a difference of two shares (-1 to 1) in percentage points."""
    return say("number.points", language, value=number(100 * _known(difference), language, digits))


def span(low: str, high: str, language: str) -> str:
    """Write an interval from its two written ends: "từ 1,2 đến 3,4", "1.2 to 3.4"."""
    return say("number.span", language, low=low, high=high)


def number_span(low: float, high: float, language: str, digits: int = 0) -> str:
    """Write an interval of numbers, both with as many decimals."""
    return span(number(low, language, digits), number(high, language, digits), language)


def day(date: dt.date, language: str) -> str:
    """Write a date: 14/12/2018 in Vietnamese, 14 December 2018 in English."""
    if language == "vi":
        return f"{date.day:02d}/{date.month:02d}/{date.year}"
    return f"{date.day} {date:%B} {date.year}"


def sentence(text: str) -> str:
    """Return the text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def uncapitalised(text: str) -> str:
    """Return the text as it stands inside a sentence: with a small first letter, unless it opens with an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def listed(items: list[str], language: str) -> str:
    """Write a list as words: "a, b và c", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return say("list.last", language, head=", ".join(items[:-1]), last=items[-1])


def alphabetical(text: str) -> tuple[object, ...]:
    """Return a sort key in the order of the Vietnamese alphabet, digits by value.

    Base letters first (a ă â b c d đ e ê ...), then tones (none, huyền, hỏi,
    ngã, sắc, nặng), as CLDR's `vi` collation does.
    """
    letters = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    tones = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
    base: list[tuple[int, int]] = []
    tone: list[int] = []
    digits = ""
    for mark in unicodedata.normalize("NFD", text.lower()):
        if mark in tones:
            if tone:
                tone[-1] = tones[mark]
            continue
        if unicodedata.combining(mark) and base:
            if base[-1][0] <= 0:  # a mark on a digit or a space says nothing
                continue
            joined = unicodedata.normalize("NFC", chr(base[-1][1]) + mark)
            base[-1] = (1 + letters.find(joined) if joined in letters else 100, ord(joined[0]))
            continue
        if mark.isdecimal():
            digits += mark
            base_value = int(digits)
            if len(digits) > 1:
                base.pop()
                tone.pop()
            base.append((0, base_value))
        else:
            digits = ""
            place = letters.find(mark)
            base.append((1 + place if place >= 0 else -1 if mark == " " else 100, ord(mark)))
        tone.append(0)
    return (tuple(base), tuple(tone))
