"""How a column of numbers that somebody typed is read: one closed rule for the whole file, and no guess about a sign."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from evaluation.cli.codes import WrongUse, wrong
from evaluation.contracts import REPORTED
from evaluation.intake.numbers import NotACount, Percentage, read_count
from evaluation.monitoring.own_periods import said_rows

NOTHING = frozenset({"na", "nan", "null", "none", "<na>", "…", "..."})
_DECIMALS = re.compile(r"(-?)([0-9]+|[1-9][0-9]{0,2}(?:([., ])[0-9]{3})(?:\3[0-9]{3})*)([.,])([0-9]+)")
_SCIENTIFIC = re.compile(r"(-?)([0-9]+)(?:([.,])([0-9]+))?[eE]([+-]?[0-9]{1,3})")
_GROUPED = re.compile(r"(-?)([1-9][0-9]{0,2})([., ])[0-9]{3}(?:\3[0-9]{3})*")
# Whole numbers are exact up to here.
MOST = 1e15
_PLAINLY = str.maketrans({0xA0: " ", 0x202F: " ", 0x2009: " ", 0x2212: "-"})

Place = tuple[str, int]  # heading and row, as a spreadsheet counts rows


@dataclass
class _Signs:
    """Which rows show that a sign parts thousands, and which that it stands before decimals."""

    thousands: dict[str, list[int]]
    decimals: dict[str, list[int]]

    def take(self, role: dict[str, list[int]], sign: str, row: int) -> None:
        if sign:
            role.setdefault(sign, []).append(row)


def numbers(cells: Mapping[Place, object], file: str, measured: Collection[str] = (), *, sure: bool = True) -> dict[Place, float]:
    """Return the number in each cell, NaN where there is none.

    Parameters
    ----------
    cells : mapping of (heading, row) to text or None
        All cells of all columns of numbers of one file.
    file : str
        Its name, for messages.
    measured : collection of str
        Headings of columns of measured values, where "1.234" may have decimals.
    sure : bool
        Whether they are known to be such; if not, and nothing tells, "1.234" is 1234.

    Raises
    ------
    WrongUse
        For a cell that holds no number, and where one file uses a sign for
        thousands and for decimals, or two signs for one of them; for measured
        values of which nothing tells whether "1.234" is 1234; for numbers
        beyond 10^15. Never with what stands there.

    Notes
    -----
    "1.234", "1,234" and "1 234" are 1234, for a group of exactly three digits
    parts thousands; "12.0", "1.234,5" and "1,234.5" have decimals behind their
    last sign. If "1.234" and "12.5" stand in one file, the point would have to
    be both, and the file is not read; among measured values "12.5" tells that
    the point of "1.234" stands before decimals. "1.2e-05" is read as other
    programs write it. Words that the district form knows for
    "none" and "not applicable", and NA, NaN and NULL of other programs, are
    read as such.
    """
    signs = _Signs({}, {})
    large: dict[str, list[int]] = {}
    unread: dict[str, list[int]] = {}
    either: dict[Place, tuple[str, str]] = {}
    shares: dict[str, list[int]] = {}
    found: dict[Place, float] = {}
    for (heading, row), cell in cells.items():
        text = "" if cell is None else unicodedata.normalize("NFC", str(cell)).translate(_PLAINLY).strip()
        if heading in measured and (grouped := _GROUPED.fullmatch(text)) and text.count(grouped[3]) == 1 and grouped[3] != " ":
            either[heading, row] = text, grouped[3]
            continue
        try:
            found[heading, row] = value = _number(text, row, signs)
            if abs(value) > MOST:
                large.setdefault(heading, []).append(row)
        except Percentage:
            shares.setdefault(heading, []).append(row)
        except NotACount:
            unread.setdefault(heading, []).append(row)
    for key, faults in (("percentage", shares), ("number", unread), ("huge", large)):
        for heading, rows in faults.items():
            raise wrong(f"own_{key}", file=file, column=heading, rows=said_rows(rows))
    found |= _either(either, signs, file, sure=sure)
    if said := _contradiction(signs, file):
        raise said
    return {place: found[place] for place in cells}


def _either(cells: Mapping[Place, tuple[str, str]], signs: _Signs, file: str, *, sure: bool) -> dict[Place, float]:
    """Return measured values of three digits behind one sign, as the rest of the file tells what the sign is."""
    found: dict[Place, float] = {}
    for (heading, row), (text, sign) in cells.items():
        other = {".": ",", ",": "."}[sign]
        if sign in signs.decimals or other in signs.thousands:
            found[heading, row] = float(text.replace(sign, "."))
        elif not sure or sign in signs.thousands or other in signs.decimals:
            found[heading, row] = float(text.replace(sign, ""))
            signs.take(signs.thousands, sign, row)
        else:
            raise wrong("own_sign_either", file=file, column=heading, rows=said_rows([r for _, r in cells]), sign=sign)
    return found


def _number(text: str, row: int, signs: _Signs) -> float:
    if not text or text.lower() in NOTHING:
        return float("nan")
    if power := _SCIENTIFIC.fullmatch(text):
        minus, whole, point, decimals, exponent = power.groups()
        signs.take(signs.decimals, point or "", row)
        return float(f"{minus}{whole}.{decimals or 0}e{exponent}")
    grouped = _GROUPED.fullmatch(text)
    if not grouped and (parts := _DECIMALS.fullmatch(text)):
        minus, whole, thousands, point, decimals = parts.groups()
        if thousands == point:
            raise NotACount
        signs.take(signs.thousands, thousands or "", row)
        signs.take(signs.decimals, point, row)
        return float(f"{minus}{re.sub('[., ]', '', whole)}.{decimals}")
    if re.fullmatch(r"-?[0-9]+", text):
        return float(text)
    if grouped:
        signs.take(signs.thousands, grouped[3], row)
        return float(re.sub("[., ]", "", text))
    count = read_count(text)
    return count.value if count.state == REPORTED else float("nan")


def _contradiction(signs: _Signs, file: str) -> WrongUse | None:
    """Return the error about a sign in two roles, or a role with two signs."""
    for sign in signs.thousands:
        if sign in signs.decimals:
            first, second = signs.thousands[sign], signs.decimals[sign]
            return wrong("own_sign_twice", file=file, sign=sign, thousands=said_rows(first), decimals=said_rows(second))
    for role in (signs.thousands, signs.decimals):
        if len(role) > 1:
            (_, first), (_, second) = sorted(role.items(), key=lambda known: len(known[1]))[-2:]
            return wrong("own_two_signs", file=file, rows=said_rows(first), others=said_rows(second))
    return None
