"""How a cell becomes a count: a closed list of accepted forms, everything else is a finding."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, NOT_REPORTED, REPORTED, WITHHELD
from evaluation.intake.form import NOT_APPLICABLE_WORDS, WITHHELD_WORDS, ZERO_WORDS, CellValue

ZERO_FORMS = frozenset({ZERO_WORDS, "khong phat sinh", "không có", "khong co"})
NOT_APPLICABLE_FORMS = frozenset({NOT_APPLICABLE_WORDS, "khong ap dung", "n/a", "kad", "not applicable"})
WITHHELD_FORMS = frozenset(
    {
        WITHHELD_WORDS,
        "khong cong bo",
        "không được công bố",
        "khong duoc cong bo",
        "bảo mật",
        "bao mat",
        "withheld",
        "not published",
        "redacted",
        "[redacted]",
    }
)
MOST_COUNT = 1e9
POINT, COMMA, SPACE = ".", ",", " "
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([., ])[0-9]{3}(?:\1[0-9]{3})*")
_NOT_WHOLE = re.compile(r"-[0-9]+|-?[0-9]+[.,][0-9]+")
_PERCENT = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)?) ?%")
_ERROR_VALUE = re.compile(r"#(?:REF!|DIV/0!|VALUE!|NAME\?|N/A|NUM!|NULL!|SPILL!|CALC!)|Err:[0-9]{3}", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{1,4}[-/][0-9]{1,2}(?:[-/][0-9]{1,4})?(?:[ T][0-9:.]+)?")
# Wide digits of East Asian keyboards, hard spaces and the minus sign. No wider folding: "12²" is not 122.
_PLAINLY = str.maketrans(
    {0xFF10 + n: str(n) for n in range(10)} | {0xFF05: "%", 0xFF0C: ",", 0xFF0E: ".", 0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-"}
)


@dataclass(frozen=True)
class Count:
    """A cell read as a count.

    Attributes
    ----------
    state : str
        "reported", "not_reported", "not_applicable" or "withheld".
    value : float
        The count; NaN unless reported.
    sign : str
        What parts the thousands of a number typed as text: a point, a comma
        or a space; empty where nothing does.
    """

    state: str
    value: float = float("nan")
    sign: str = ""


class NotACount(ValueError):
    """A cell that is in none of the accepted forms; `code` is the finding that says so."""

    code = "IN-101"


class NotWhole(NotACount):
    """A number that cannot count anything: negative or with decimals."""

    code = "IN-102"


class Percentage(NotACount):
    """A share where a count is asked."""

    code = "IN-120"


class OddPercentage(Percentage):
    """A share outside 0-100 %."""

    code = "IN-121"


class Day(NotACount):
    """A date, which office programs make out of "1/2"."""

    code = "IN-122"


class ThousandsLost(NotWhole):
    """A number with up to three decimals, which office programs make out of "1.234"."""

    code = "IN-123"


class ErrorValue(NotACount):
    """The error of a formula, such as #REF!."""

    code = "IN-125"


def read_count(content: object, percent: bool = False) -> Count:
    """Return the count that a cell holds.

    Parameters
    ----------
    content : object
        What is stored in the cell: number, text, date, None.
    percent : bool
        Whether the cell is shown as a percentage.

    Raises
    ------
    NotACount
        For text in no accepted form, truth values, dates, errors, shares, and
        numbers above `MOST_COUNT`; for negative or fractional numbers as
        `NotWhole`. The error's `code` is that of the finding.

    Notes
    -----
    Counts are whole, so a group of exactly three digits behind a point, a
    comma or a space can only be thousands: "1.234", "1,234" and "1 234" are
    all 1234. "1.23" and "0.500" are refused. That one file uses one sign is
    checked by `Separators`.
    """
    if content is None:
        return Count(NOT_REPORTED)
    if isinstance(content, bool):
        raise NotACount
    if isinstance(content, int | float):
        return _number(content, percent)
    if isinstance(content, dt.date | dt.time | dt.timedelta):
        raise Day
    if not isinstance(content, str):
        raise NotACount
    return _text(unicodedata.normalize("NFC", content).translate(_PLAINLY).strip())


def _number(content: int | float, percent: bool) -> Count:
    if content > MOST_COUNT or (isinstance(content, float) and not math.isfinite(content)):
        raise NotACount
    if percent:
        raise Percentage if 0 <= content <= 1 else OddPercentage
    if content < 0:
        raise NotWhole
    if content != int(content):
        raise ThousandsLost if abs(content * 1000 - round(content * 1000)) < 1e-6 else NotWhole
    return Count(REPORTED, float(content))


def _text(text: str) -> Count:
    words = " ".join(text.lower().split())
    if not words:
        return Count(NOT_REPORTED)
    if words in ZERO_FORMS:
        return Count(REPORTED, 0.0)
    if words in NOT_APPLICABLE_FORMS:
        return Count(NOT_APPLICABLE)
    if words in WITHHELD_FORMS:
        return Count(WITHHELD)
    grouped = _GROUPED.fullmatch(text)
    if grouped or _PLAIN.fullmatch(text):
        value = float("".join(c for c in text if c.isdigit()))
        if value > MOST_COUNT:
            raise NotACount
        return Count(REPORTED, value, grouped[1] if grouped else "")
    if share := _PERCENT.fullmatch(text):
        raise Percentage if 0 <= float(share[1].replace(",", ".")) <= 100 else OddPercentage
    if _NOT_WHOLE.fullmatch(text):
        raise NotWhole
    if _DAY.fullmatch(text):
        raise Day
    if _ERROR_VALUE.fullmatch(text):
        raise ErrorValue
    raise NotACount


def written(value: float, state: str) -> CellValue:
    """Return what an office types for a state: the inverse of `read_count`.

    Parameters
    ----------
    value : float
        The count; not looked at unless the state is "reported".
    state : str
        One of `contracts.STATES`. A blank stands for "not_collected" too: a
        form that never asked has no such cell.

    Raises
    ------
    ValueError
        If there is no such state.
    """
    if state == REPORTED:
        return int(value) if float(value).is_integer() else value
    if state == NOT_APPLICABLE:
        return NOT_APPLICABLE_WORDS
    if state == WITHHELD:
        return WITHHELD_WORDS
    if state in (NOT_REPORTED, NOT_COLLECTED):
        return None
    raise ValueError(f"no such state: {state}")


@dataclass(frozen=True)
class Separators:
    """Which sign parts the thousands in one file.

    Attributes
    ----------
    sign : str
        The file's sign; empty where no text number has one, or where two are
        used equally often.
    counts : mapping of str to int
        How many cells use each.
    """

    sign: str
    counts: dict[str, int]

    @classmethod
    def of(cls, signs: Iterable[str]) -> Separators:
        """Decide from the signs of all text numbers in the file; never between two that are equally frequent."""
        ranked = Counter(s for s in signs if s).most_common()
        tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
        return cls("" if tied or not ranked else ranked[0][0], dict(ranked))

    def against(self, sign: str) -> bool:
        """Whether a cell's sign is not the file's."""
        return sign != "" and sign != self.sign

    def other(self, sign: str) -> str:
        """Return the sign that the file uses beside this one."""
        return self.sign if self.against(sign) and self.sign else next((s for s in sorted(self.counts) if s != sign), "")
