"""The official list of places: 24 districts and 322 wards with their codes and names."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from evaluation.language import Words, alphabetical
from evaluation.settings import folders

DISTRICT_KINDS = MappingProxyType({"Quận": "urban district", "Huyện": "rural district"})
WARD_KINDS = MappingProxyType({"Phường": "ward", "Xã": "commune", "Thị trấn": "township"})
TONES = frozenset("\u0300\u0309\u0303\u0301\u0323")


@dataclass(frozen=True)
class District:
    """A district of the city.

    Attributes
    ----------
    code : str
        Three digits, of the statistics office.
    name : Words
        "Quận 1" and "District 1".
    kind : {"urban district", "rural district"}
        Quận or huyện.
    """

    code: str
    name: Words
    kind: str


@dataclass(frozen=True)
class Ward:
    """A ward, commune or township.

    Attributes
    ----------
    code : str
        Five digits, of the statistics office.
    district_code : str
    name : Words
        "Phường Bến Nghé" and "Bến Nghé ward".
    kind : {"ward", "commune", "township"}
        Phường, xã or thị trấn.
    """

    code: str
    district_code: str
    name: Words
    kind: str


def shown(text: str) -> str:
    """Return the beginning of a text in quotes, for a message."""
    return repr(text if len(text) <= 60 else text[:60] + "…")


class UnknownPlace(ValueError):
    """A code or name that no place has.

    Attributes
    ----------
    candidates : tuple of District or Ward
        The nearest places, for a reader to choose from.
    """

    def __init__(self, message: str, candidates: tuple[District | Ward, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class AmbiguousPlace(ValueError):
    """A name that several places have.

    Attributes
    ----------
    candidates : tuple of District or Ward
        All of them.
    """

    def __init__(self, message: str, candidates: tuple[District | Ward, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of ``data/reference`` as text."""
    with (folders().data / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def letter(character: str) -> str:
    """Return a letter without its marks, always one character long."""
    return "d" if character in "đĐ" else unicodedata.normalize("NFD", character)[0].lower()[:1]


def bare(text: str) -> str:
    """Return an NFC text letter by letter without marks, as long as it was."""
    return "".join(map(letter, text))


def clean(name: str) -> str:
    """Return an official name in one spelling: single spaces, "Hòa" for "Hoà", no zero before a number."""
    words = []
    for word in unicodedata.normalize("NFC", name).split():
        plain, tones = bare(word), [c for c in unicodedata.normalize("NFD", word) if c in TONES]
        if plain.endswith(("oa", "oe", "uy")) and not plain.startswith("q") and tones:
            head = unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", word) if c not in TONES))
            word = unicodedata.normalize("NFC", head[:-1] + tones[0] + head[-1])
        words.append(str(int(word)) if word.isdecimal() else word)
    return " ".join(words)


def own_name(name_vi: str, kinds: Mapping[str, str]) -> tuple[str, str]:
    """Split "Thị trấn Củ Chi" into its kind's Vietnamese word and its own name."""
    word = next(k for k in kinds if name_vi.startswith(k + " "))
    return word, name_vi.removeprefix(word).strip()


@cache
def district_list() -> Mapping[str, District]:
    """Return all districts by code, in official order; not to be changed."""
    found = []
    for r in rows("districts_2018"):
        word, own = own_name(clean(r["name_vi"]), DISTRICT_KINDS)
        english = f"District {own}" if own.isdecimal() else f"{own} district"
        found.append((word, own, District(r["district_code"], Words(f"{word} {own}", english), DISTRICT_KINDS[word])))
    found.sort(key=lambda f: (f[0] != "Quận", not f[1].isdecimal(), alphabetical(f[1])))
    return MappingProxyType({d.code: d for _, _, d in found})


@cache
def ward_list() -> Mapping[str, Ward]:
    """Return all wards by code, in official order; not to be changed."""
    found = []
    place = {code: i for i, code in enumerate(district_list())}
    for r in rows("wards_2018"):
        word, own = own_name(clean(r["name_vi"]), WARD_KINDS)
        kind = WARD_KINDS[word]
        english = f"{kind.capitalize()} {own}" if own.isdecimal() else f"{own} {kind}"
        found.append((own, Ward(r["ward_code"], r["district_code"], Words(f"{word} {own}", english), kind)))
    found.sort(key=lambda f: (place[f[1].district_code], f[1].kind != "township", not f[0].isdecimal(), alphabetical(f[0])))
    return MappingProxyType({w.code: w for _, w in found})


def districts() -> dict[str, District]:
    """Return all 24 districts by code, in official order.

    Quận 1 to 12, then the quận with names in the order of the Vietnamese
    alphabet, then the huyện.
    """
    return dict(district_list())


def wards(district_code: str | None = None) -> dict[str, Ward]:
    """Return wards by code: districts in official order, in each the township, then numbers, then names.

    Parameters
    ----------
    district_code : str, optional
        Only this district's; all 322 without it.

    Raises
    ------
    UnknownPlace
        If there is no such district.
    """
    if district_code is None:
        return dict(ward_list())
    if district_code not in district_list():
        raise UnknownPlace(
            f"Không có quận, huyện mã {shown(district_code)}; nếu chỉ biết tên, hãy dùng find_district. / "
            f"There is no district with the code {shown(district_code)}; where only the name is known, use find_district."
        )
    return {code: w for code, w in ward_list().items() if w.district_code == district_code}


def within_sentence(name: Words) -> Words:
    """Return a place's name as it stands inside a sentence: "quận Bình Tân", but "Quận 1" (official usage for numbers)."""
    vi = name.vi if name.vi[-1:].isdigit() else name.vi[:1].lower() + name.vi[1:]
    return Words(vi, name.en)


def described(place: District | Ward) -> Words:
    """Return a place's name with its district and code, so that it cannot be mistaken.

    Parameters
    ----------
    place : District or Ward

    Returns
    -------
    Words
        "Phường 17, Quận Bình Thạnh (26932)".
    """
    if isinstance(place, District):
        return Words(f"{place.name.vi} ({place.code})", f"{place.name.en} ({place.code})")
    home = district_list()[place.district_code].name
    return Words(f"{place.name.vi}, {home.vi} ({place.code})", f"{place.name.en}, {home.en} ({place.code})")
