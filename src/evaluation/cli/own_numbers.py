"""How a column of numbers that somebody typed is read: one closed rule for the whole file, and no guess about a sign."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.cli.codes import WrongUse, wrong
from evaluation.contracts import REPORTED
from evaluation.intake.numbers import NotACount, Percentage, read_count
from evaluation.monitoring.own_periods import said_rows

NOTHING = frozenset({"na", "nan", "null", "none", "<na>", "…", "..."})
_DECIMALS = re.compile(r"(-?)([0-9]+|[1-9][0-9]{0,2}(?:([., ])[0-9]{3})(?:\3[0-9]{3})*)([.,])([0-9]+)")
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


def numbers(cells: Mapping[Place, object], file: str) -> dict[Place, float]:
    """Return the number in each cell, NaN where there is none.

    Parameters
    ----------
    cells : mapping of (heading, row) to text or None
        All cells of all columns of numbers of one file.
    file : str
        Its name, for messages.

    Raises
    ------
    WrongUse
        For a cell that holds no number, and where one file uses a sign for
        thousands and for decimals, or two signs for one of them; never with
        what stands there.

    Notes
    -----
    "1.234", "1,234" and "1 234" are 1234, for a group of exactly three digits
    parts thousands; "12.0", "1.234,5" and "1,234.5" have decimals behind their
    last sign. If "1.234" and "12.5" stand in one file, the point would have to
    be both, and the file is not read. Words that the district form knows for
    "none" and "not applicable", and NA, NaN and NULL of other programs, are
    read as such.
    """
    signs = _Signs({}, {})
    unread: dict[str, list[int]] = {}
    shares: dict[str, list[int]] = {}
    found: dict[Place, float] = {}
    for (heading, row), cell in cells.items():
        text = "" if cell is None else unicodedata.normalize("NFC", str(cell)).translate(_PLAINLY).strip()
        try:
            found[heading, row] = _number(text, row, signs)
        except Percentage:
            shares.setdefault(heading, []).append(row)
        except NotACount:
            unread.setdefault(heading, []).append(row)
    for key, faults in (("percentage", shares), ("number", unread)):
        for heading, rows in faults.items():
            raise wrong(f"own_{key}", file=file, column=heading, rows=said_rows(rows))
    if said := _contradiction(signs, file):
        raise said
    return found


def _number(text: str, row: int, signs: _Signs) -> float:
    if not text or text.lower() in NOTHING:
        return float("nan")
    grouped = re.fullmatch(r"[1-9][0-9]{0,2}([., ])[0-9]{3}(?:\1[0-9]{3})*", text)
    if not grouped and (parts := _DECIMALS.fullmatch(text)):
        minus, whole, thousands, point, decimals = parts.groups()
        if thousands == point:
            raise NotACount
        signs.take(signs.thousands, thousands or "", row)
        signs.take(signs.decimals, point, row)
        return float(f"{minus}{re.sub('[., ]', '', whole)}.{decimals}")
    if re.fullmatch(r"-[0-9]+", text):
        return float(text)
    count = read_count(text)
    signs.take(signs.thousands, count.sign, row)
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
