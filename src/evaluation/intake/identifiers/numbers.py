"""Numbers that lead to a person: identity, phone, bank account, licence plate, date of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.intake.identifiers.writing import Writing

IDENTITY, PHONE, BIRTH, BANK, PLATE = "IN-031", "IN-032", "IN-035", "IN-036", "IN-037"

_RUN = re.compile(r"[+(]{0,2}\d(?:\d|[ .\-()_/]{1,3}(?=\d))*\)?")
_GROUP = re.compile(r"\d+")
# A share that a spreadsheet worked out: 0.857142857 is nobody's phone.
_FRACTION = re.compile(r"(?<![\d.,])0[.,]\d{5,}(?![\d.,])")
_MOBILE = re.compile(r"0[35789]\d{8}|01[2689]\d{8}")
_LANDLINE = re.compile(r"02\d{9}|02\d{8}|0[4-8]\d{8}|0[2-7][0-9]{9}")
_IDENTITY_12 = re.compile(r"0(?!00)(?:0[1-9]|[1-8]\d|9[0-6])[0-3]\d{8}")
_PASSPORT = re.compile(r"(?<![\w/.$-])[A-Z]{1,2} ?\d{7,8}(?![\w/])")
_HEALTH_CARD = re.compile(r"(?<!\w)[A-Z]{2}[ -]?[1-5][ -]?\d{2}(?:[ .-]?\d){10}(?!\d)")
_PLATE = re.compile(
    r"(?<![\w./$-])(?:[1-9]\d(?:[A-Z]{1,2}|[A-Za-z]\d)[- ]{0,3}\d{3}[. ]?\d{2}"
    r"|[1-9]\d[- ]{1,3}(?:[A-Z]|[A-Za-z]\d)[- ]{1,3}\d{3}[. ]?\d{2}|[1-9]\d[- ]?[A-Za-z]\d/\d{3}[. ]?\d{2}"
    r"|[1-9]\d-?(?:[A-Z]{1,2}|[A-Za-z]\d)[- ]{0,3}\d{4}|[1-9]\d[- ]{1,3}(?:[A-Z]|[A-Za-z]\d)[- ]{1,3}\d{4}"
    r"|[A-Z]{2}[- ]\d{2}[- ]\d{2}|80[- ]?(?:NG|NN|QT)[- ]?\d{3}[- .]?\d{2}|[1-9]\d[- ](?:NG|NN|QT)[- ]\d{3}[- .]\d{2})(?![\w/])"
)
_PERIOD = re.compile(r"[1-9]\d[- ]{0,3}[QTqt]\d?[- ]{0,3}(?:19|20)\d\d")
_PLATE_LABEL = re.compile(
    r"(?:bien (?:kiem soat|so|xe)(?: xe)?|bien so xe|\bbks|\bbsx?|plate)\s?(?:so)?\s?[:.-]?\s?[a-z0-9][a-z0-9.\- ]{4,14}"
)
_PHONE_LABEL = re.compile(
    r"(?<![a-z])(?:s?d[dt]+|so d[dt]|dien thoai|di dong|tel|phone|mobile|cell|zalo|viber|whatsapp|hotline|fax|call|"
    r"lien he|lien lac|alo|goi|duong day nong)(?![a-z])[^\d\n]{0,14}\+?\(?\d"
)
_IDENTITY_LABEL = re.compile(
    r"(?<![a-z])(?:cmnd|cmtnd|cmt|cccd|can cuoc(?: cong dan)?|dinh danh(?: ca nhan)?|chung minh(?: nhan dan| thu)?|ho chieu|passport|"
    r"gks|giay khai sinh|id (?:no|number|card)|identity card|the bhyt|ma so bhxh|so bhxh|so the bhyt|ma so thue|mst|ho khau)"
    r"(?![a-z])[^\d\n]{0,14}[a-z]{0,2}\d"
)
_BANK_LABEL = re.compile(
    r"(?<![a-z])(?:stk|so tk|tk|so tai khoan|tai khoan|account(?: no| number)?|acc|a/c|iban|so the|the atm|"
    r"vietcombank|vcb|agribank|bidv|vietinbank|techcombank|tcb|acb|sacombank|mb ?bank|vpbank|tpbank|scb|hdbank|ocb|vib|shb|eximbank|"
    r"dong a(?: bank)?|dongabank|nam a bank|lienvietpostbank|msb|maritime bank|seabank|abbank|momo|zalopay|viettelpay|ngan hang [a-z]+)"
    r"(?![a-z])[^\d\n]{0,24}\d"
)
_BIRTH_LABEL = re.compile(
    r"(?<![a-z])(?:ngay sinh|nam sinh|sinh ngay|sinh nam|sinh thang|ngay,? thang,? nam sinh|ntns|dob|d\.o\.b"
    r"|date of birth|birth ?date|birthday|"
    r"born(?: on| in)?(?: \d{1,2} [a-z]{3,9}(?= 19| 20))?|sinh nhat|year of birth)(?![a-z])[^\d\n]{0,10}\d{1,4}"
)
_BIRTH_SHORT = re.compile(
    r"(?<![a-z.])(?:ns|n/s|n\.s\.?|sn|s/n|s\.n\.?|sinh) ?[:.]? ?"
    r"(?:\d{1,2}[-./ ]\d{1,2}[-./ ]|\d{1,2} thang \d{1,2},? nam )?(?:19[3-9]\d|200\d|'?\d\d(?=\)))(?!\d)"
)
_BIRTH_BEHIND = re.compile(r"\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}) ?[(,:-]? ?(?:ngay sinh|nam sinh|sinh nhat|date of birth|dob)")
_CITY_LINES = frozenset({"35", "36", "37", "38", "39", "54", "62", "66"})
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONEY_AFTER = re.compile(r"\s?(?:dong|vnd|vnđ|d\b|đ\b|trieu|ty\b|nghin|usd|nguoi|luot|cai|chiec|%|ho\b|co so|bao)")
_MONEY_BEFORE = re.compile(r"(?:kinh phi|tien|so tien|von|ngan sach|tri gia|budget|vnd|usd|\$)[^\d\n]{0,20}$")
_SPELT = re.compile(
    r"(?:(?:khong|mot|hai|ba|bon|tu|nam|lam|sau|bay|tam|chin|zero)[ ,.-]{1,3}){8,}(?:khong|mot|hai|ba|bon|tu|nam|lam|sau|bay|tam|chin)\b"
)


@dataclass(frozen=True)
class Number:
    """A number as it is written.

    Attributes
    ----------
    groups : tuple of str
        Its digits, as the writing parts them.
    plus : bool
        Whether it begins with a plus sign or a bracket.
    separators : str
        All signs between groups.
    start, end : int
        Where it stands.
    """

    groups: tuple[str, ...]
    plus: bool
    separators: str
    start: int
    end: int

    @property
    def digits(self) -> str:
        """All digits."""
        return "".join(self.groups)

    @property
    def thousands(self) -> bool:
        """Whether it is written as a number with thousand separators."""
        first, *others = self.groups
        if self.plus and first == "84":
            return False
        signs = set(self.separators)
        return (
            bool(others)
            and len(first) <= 3
            and first[0] != "0"
            and all(len(g) == 3 for g in others)
            and len(signs) == 1
            and signs <= set(". ")
        )


def written(text: str) -> Iterator[Number]:
    """Yield the numbers of a text, each with the groups that it is written in."""
    for run in _RUN.finditer(text):
        groups = [g[0] for g in _GROUP.finditer(run[0])]
        between = "".join(c for c in run[0] if not c.isdigit()).strip("+()")
        yield Number(tuple(groups), run[0][0] in "+(", between, run.start(), run.end())


def phone_number(digits: str) -> bool:
    """Return whether digits are a phone number as dialled in the country."""
    return bool(_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)) and len(set(digits)) > 2


def home_form(digits: str, plus: bool = False) -> str:
    """Return digits as dialled in the country: 84 903… and 0084 903… become 0903…; others stay."""
    for prefix in ("0084", "84"):
        if digits.startswith(prefix) and (plus or len(digits) - len(prefix) in (9, 10)):
            rest = digits.removeprefix(prefix)
            return rest if rest.startswith("0") else f"0{rest}"
    return digits


def identity_number(digits: str) -> bool:
    """Return whether 12 digits have the structure of an identity number, or 11 of one that lost its leading zero."""
    return bool(_IDENTITY_12.fullmatch(digits.zfill(12))) and len(digits) in (11, 12)


def kinds(writing: Writing, number: bool, counted: bool, formula: bool = False) -> set[str]:
    """Return the kinds of numbers that lead to a person in a text.

    Parameters
    ----------
    writing : Writing
    number : bool
        Whether the cell holds a number and not text.
    counted : bool
        Whether the cell lies in a column of counts.
    formula : bool
        Whether it is a formula: names of cells are no passports.
    """
    found: set[str] = set()
    text = _FRACTION.sub(lambda share: " " * len(share[0]), writing.numbers)
    if writing.digits:
        for one in written(text) if not number or text.strip().isdigit() else ():
            found |= _counted(one, number) if counted and _alone(one, text) else _free(one, text, number)
        found |= _labelled(writing)
        if not formula:
            if _PASSPORT.search(text) or _HEALTH_CARD.search(text):
                found.add(IDENTITY)
            if any(not _PERIOD.fullmatch(m[0]) for m in _PLATE.finditer(text)):
                found.add(PLATE)
    if _SPELT.search(writing.bare):
        found.add(PHONE)
    return found


def _alone(one: Number, text: str) -> bool:
    """Return whether a number is the whole content of a cell."""
    return not any(c.isalnum() for c in text[: one.start] + text[one.end :])


def _counted(one: Number, number: bool) -> set[str]:
    """Return what a number is that fills a cell of a count column."""
    digits = one.digits
    if number:
        # No count of the form goes into the billions: eleven digits with this structure are an identity number without its zero.
        return {IDENTITY} if len(digits) == 11 and identity_number(digits) else set()
    found = set()
    if not one.thousands:
        home = home_form(digits, one.plus)
        if (len(one.groups) > 1 or one.plus or digits[0] == "0") and phone_number(home):
            found.add(PHONE)
        if identity_number(digits) or (digits[0] == "0" and len(digits) in (9, 12)):
            found.add(IDENTITY)
        if not found and digits[0] == "0" and 9 <= len(digits) <= 12 and int(digits):
            found.add(PHONE)
    return found


def _free(one: Number, text: str, number: bool) -> set[str]:
    """Return what a number is outside the columns of counts."""
    digits = one.digits
    if len(digits) < 8 or len(set(digits)) == 1:
        return set()
    if one.thousands:
        return _like_thousands(one, text)
    found = set()
    if len(one.groups) == 1:
        found |= _bare(digits, one.plus)
    else:
        for start in range(len(one.groups)):
            found |= _windows(one, start)
        if _city_line(one):
            found.add(PHONE)
        if len(digits) in (9, 12) and digits[0] == "0" and all(len(g) >= 2 for g in one.groups):
            found.add(IDENTITY)
        if len(digits) >= 13 and len(one.groups) >= 3 and all(len(g) == 4 for g in one.groups[:3]) and not _years(one.groups):
            found.add(BANK)
    return found


def _city_line(one: Number) -> bool:
    """Return whether a number is a land line of the city as it is dialled inside it: "3822 1234"."""
    fours = len(one.groups) == 2 and all(len(g) == 4 for g in one.groups) and set(one.separators) <= set(" .")
    return fours and one.groups[0][:2] in _CITY_LINES and not all(g.endswith("00") for g in one.groups)


def _years(groups: tuple[str, ...]) -> bool:
    return all(len(g) == 4 and g[:2] in ("19", "20") for g in groups)


def _bare(digits: str, plus: bool) -> set[str]:
    """Return what a number written in one piece is."""
    found = set()
    if phone_number(home_form(digits, plus)):
        found.add(PHONE)
    elif (len(digits) == 9 and digits[0] in "35789") or (len(digits) == 10 and digits[:2] in ("12", "16", "18", "19", "28")):
        found.add(PHONE)  # stored as a number, the leading zero is lost
    if len(digits) in (9, 12) or (len(digits) == 11 and identity_number(digits)):
        found.add(IDENTITY)
    if len(digits) == 10 and not found:
        found.add(IDENTITY)  # tax and insurance numbers
    if not found and 11 <= len(digits) <= 19:
        found.add(BANK)
    return found


def _windows(one: Number, start: int) -> set[str]:
    """Return what groups that follow each other make, beginning with one of them."""
    first, length = one.groups[start], 0
    plus = one.plus and start == 0
    if not (first[0] == "0" or first.startswith("84") or plus or len(one.groups) == 2):
        return set()
    single = all(len(g) == 1 for g in one.groups)
    for end in range(start, min(start + 12, len(one.groups))):
        length += len(one.groups[end])
        if length > 15:
            break
        if length < 9 or end == start:
            continue
        parts = one.groups[start : end + 1]
        whole = start == 0 and end == len(one.groups) - 1
        if sum(len(g) == 1 for g in parts) > 1 and not (single and whole):
            continue
        digits = "".join(parts)
        if identity_number(digits) and length == 12 and digits[0] == "0":
            return {IDENTITY}
        if (digits[0] == "0" or digits.startswith("84")) and phone_number(home_form(digits, plus)):
            return {PHONE}
        if whole and len(parts) == 2 and length == 9 and digits[0] in "35789" and len(first) in (2, 3):
            return {PHONE}
    if first[0] == "0" and len(first) >= 9:
        return _bare(first, False)
    return set()


def _like_thousands(one: Number, text: str) -> set[str]:
    """Return what a number that could be an amount is: nine digits without a unit, alone in a cell, that do not end in zeros."""
    digits = one.digits
    if (
        len(digits) == 11
        and _alone(one, text)
        and digits.startswith("84")
        and not digits.endswith("00")
        and phone_number(home_form(digits))
    ):
        return {PHONE}
    if len(digits) != 9 or not _alone(one, text) or digits.endswith("00"):
        return set()
    return {IDENTITY, PHONE} if digits[0] in "35789" else {IDENTITY}


def _labelled(writing: Writing) -> set[str]:
    """Return what labels announce: the words decide where a number alone would not."""
    found = set()
    low, text = writing.bare, writing.numbers
    for pattern, code, least in ((_PHONE_LABEL, PHONE, 7), (_IDENTITY_LABEL, IDENTITY, 6), (_BANK_LABEL, BANK, 6)):
        for m in pattern.finditer(low):
            run = next(written(text[m.end() - 1 : m.end() + 40]), None)
            if run and run.start == 0 and least <= len(run.digits) <= 24 and not (run.thousands and _amount(low, m.end() - 1, run.end)):
                found.add(code)
                break
    if any(sum(c.isdigit() for c in m[0]) >= 4 for m in _PLATE_LABEL.finditer(low)):
        found.add(PLATE)
    if (
        any(_is_birth(m[0], low[m.end() : m.end() + 8]) for m in _BIRTH_LABEL.finditer(low))
        or _BIRTH_SHORT.search(low)
        or _BIRTH_BEHIND.search(low)
    ):
        found.add(BIRTH)
    return found


def _amount(low: str, start: int, length: int) -> bool:
    """Return whether a number with thousand separators is an amount by the words around it."""
    after = low[start + length : start + length + 12]
    return bool(_MONEY_AFTER.match(after) or _MONEY_BEFORE.search(low[max(0, start - 40) : start])) or low[start : start + length].endswith(
        "000"
    )


def _is_birth(matched: str, after: str) -> bool:
    """Return whether a date or a year of birth stands after its label, and not a number of people or a calendar year to come."""
    digits = matched[matched.rindex(re.findall(r"\d+", matched)[-1]) :]
    if len(digits) == 4:
        return 1920 <= int(digits) <= 2030
    return bool(re.match(rf"\s?[-./ ]\s?(?:\d|thang|{_MONTHS})", after)) or (
        len(digits) == 2 and not after[:1].isdigit() and int(digits) > 30 and not _MONEY_AFTER.match(after)
    )
