"""What a heading of a received table stands for: a count of the form, the place, the order of rows, or nothing known."""

from __future__ import annotations

import csv
import difflib
import itertools
import re
from functools import cache, lru_cache

from evaluation.indicators import elements
from evaluation.intake.book import folded, plain
from evaluation.settings import folders

LONGEST = 200  # characters; longer texts are prose
NEAR, APART, ALIKE = 0.9, 0.04, 0.8
FEWEST_WORDS = 4
LAST_START = 5  # the first count is the fifth column at most: order, code, name, type

ORDER = frozenset({"stt", "tt", "so tt", "so thu tu", "thu tu", "no", "order"})
CODES = frozenset({"ma", "code", "ward code", "ma phuong", "ma xa", "ma phuong xa", "ma phuong xa thi tran", "ma don vi", "ma dvhc"}) | {
    "ma don vi hanh chinh",
    "ma so",
    "ma quan huyen",
    "district code",
}
NAMES = frozenset({"phuong xa thi tran", "phuong xa", "phuong", "xa", "ten phuong", "ten phuong xa", "ten phuong xa thi tran"}) | {
    "don vi",
    "ten don vi",
    "dia ban",
    "dia phuong",
    "quan huyen",
    "place",
    "ward",
    "ward name",
    "name",
    "district",
    "don vi hanh chinh",
}
TOTALS = frozenset({"tong", "tong so", "tong cong", "cong", "cong chung", "tong chung", "toan quan", "toan huyen", "toan dia ban"}) | {
    "total",
    "totals",
    "grand total",
    "sum",
    "cong toan quan",
    "cong toan huyen",
    "tong cong toan quan",
    "tong cong toan huyen",
    "whole district",
}
UNITS = frozenset({"nguoi", "luot", "luot nguoi", "co so", "buoi", "cai", "chiec", "bao", "tu diem", "lan", "so luong", "so nguoi"}) | {
    "people",
    "persons",
    "number",
    "count",
    "visits",
    "sessions",
    "items",
    "places",
    "contacts",
    "reports",
    "referrals",
    "so luot",
    "so co so",
    "co 1 khong 0",
    "1 co 0 khong",
    "1 co khong 0",
    "co khong",
    "yes no",
}
_MARK = r"(?:\d{1,3}|[ivxIVX]{1,4}|[a-zA-Z])"
_NUMBERED = re.compile(rf"\s*(?:[(\[]\s*{_MARK}\s*[)\]]\s*[.:-]?|{_MARK}(?:\.\d{{1,2}})*\s*[.):]|{_MARK}\s+-|\d{{1,3}}(?=\s+[^\d\W]))\s*")
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")
_UNIT_SAID = re.compile(r"\s*[,;:-]?\s*(?:đvt|đơn vị tính|unit)\s*:?\s*[^:]*$", re.IGNORECASE)
_COUNTING = re.compile(r"^(?:tong so|so luong|tong so luong)\s+(?=nguoi|luot|co so|buoi|bao|tu diem|lao dong)")
_NUMBER_OF = re.compile(r"^(?:total )?(?:number|no) of ")
_COLUMN_NUMBER = re.compile(r"[(\[]?\s*(?:\d{1,3}|[a-zA-Z])\s*[)\]]?\s*(?:=[\d\s+\-:/().]*)?[)\]]?")
# Left out before words are paired: they come and go without changing what is counted.
_SMALL = frozenset({"duoc", "da", "cac", "ve", "cua", "trong", "the", "of", "a", "an", "to", "by", "in"})


def key(text: object) -> str:
    """Return a heading as it is compared: without numbering before, units behind, case, marks and punctuation."""
    said = plain(text)
    bare = _UNIT_SAID.sub("", _NUMBERED.sub("", said, count=1) if _NUMBERED.match(said) else said)
    while (found := _BRACKETS.search(bare)) and (folded(found[1]) in UNITS or _COLUMN_NUMBER.fullmatch(found[1].strip())):
        bare = bare[: found.start()]
    counted = _COUNTING.sub("so ", folded(bare))
    return _NUMBER_OF.sub("", counted)


@cache
def _forms() -> dict[str, str]:
    """Return the element of every known heading; a form that two elements share belongs to none."""
    forms: dict[str, str] = {}
    shared: set[str] = set()

    def add(form: str, name: str) -> None:
        if forms.setdefault(form, name) != name:
            shared.add(form)

    for e in elements().values():
        vi, en = key(e.label.vi), key(e.label.en)
        for form in (folded(e.id), vi, en, f"{vi} {en}", f"{en} {vi}", f"{vi} {folded(e.label.en)}"):
            add(form, e.id)
    with (folders().data / "codebook" / "synonyms.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            add(key(row["heading"]), row["element"])
    return {form: name for form, name in forms.items() if form not in shared}


@lru_cache(maxsize=4096)
def meaning(text: str) -> str:
    """Return the element that a heading stands for, by any known wording; empty where it is none."""
    if not text or len(text) > LONGEST:
        return ""
    forms = _forms()
    # "Tổng số lượt tiếp cận" may be a wording of its own, and also stand for "Số lượt tiếp cận".
    return forms.get(folded(text)) or forms.get(key(text), "")


@lru_cache(maxsize=4096)
def role(text: str) -> str:
    """Return what a heading that is no count stands for: "code", "name", "order", "total", "unit" or nothing."""
    bare, heading = folded(text), key(text)
    for what, known in (("code", CODES | {"ward code"}), ("name", NAMES), ("order", ORDER), ("total", TOTALS), ("unit", UNITS)):
        if bare in known or heading in known:
            return what
    return "unit" if text and _COLUMN_NUMBER.fullmatch(text.strip()) else ""


def _words(form: str) -> list[str]:
    return [w for w in form.split() if w not in _SMALL]


def _misspelt(written: list[str], known: list[str]) -> bool:
    """Whether two headings differ by slips of the keyboard only: same words, same numbers, at most two of them miswritten."""
    other = [(a, b) for a, b in zip(written, known, strict=True) if a != b]
    return len(other) <= 2 and all(
        not any(c.isdigit() for c in a + b) and (sorted(a) == sorted(b) or difflib.SequenceMatcher(None, a, b).ratio() >= ALIKE)
        for a, b in other
    )


@cache
def _by_length() -> dict[int, list[tuple[list[str], str, str]]]:
    """Return all forms with their words, by how many words that count they have."""
    found: dict[int, list[tuple[list[str], str, str]]] = {}
    for form, name in _forms().items():
        words = _words(form)
        found.setdefault(len(words), []).append((words, form, name))
    return found


@lru_cache(maxsize=1024)
def near(text: str) -> tuple[str, ...]:
    """Return the elements that a heading may mean although it is miswritten, likeliest first.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of str
        One element: it is plainly meant. Several: they are too close to
        choose from. None: nothing is near.

    Notes
    -----
    A word more or less can make another count ("nữ", "dưới 18 tuổi"), so only
    slips inside words are forgiven, and never in numbers.
    """
    written = key(text)
    words = _words(written)
    if len(words) < FEWEST_WORDS or len(text) > LONGEST:
        return ()
    best: dict[str, float] = {}
    for known, form, name in _by_length().get(len(words), ()):
        if _misspelt(words, known):
            ratio = difflib.SequenceMatcher(None, written, form).ratio()
            if ratio >= NEAR:
                best[name] = max(ratio, best.get(name, 0.0))
    ranked = sorted(best, key=lambda n: (-best[n], n))
    return tuple(n for n in ranked if best[n] > best[ranked[0]] - APART)


def column_numbers(texts: list[str]) -> bool:
    """Whether the cells under headings only number the columns: 1, 2, 3 or (1), (2), (3)."""
    numbers = []
    for text in texts:
        if text:
            found = re.fullmatch(r"[(\[]?\s*(\d{1,3})\s*[)\]]?\s*(?:=[\d\s+\-:/().]*)?[)\]]?", text)
            if not found:
                return False
            numbers.append(int(found[1]))
    return len(numbers) >= 3 and numbers[0] <= LAST_START and all(b - a == 1 for a, b in itertools.pairwise(numbers))
