"""Finding a place by its code or by its name in any usual writing."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from evaluation.language import Words
from evaluation.places.official import (
    DISTRICT_KINDS,
    WARD_KINDS,
    AmbiguousPlace,
    District,
    UnknownPlace,
    Ward,
    bare,
    described,
    district_list,
    letter,
    own_name,
    shown,
    ward_list,
)

# Written signs of a kind: whole words may run into the name, short ones need a point, a space or a digit.
_KINDS_OF_SIGN = {
    "urban district": ("urban district",),
    "rural district": ("rural district",),
    "district": ("urban district", "rural district"),
    "dist": ("urban district", "rural district"),
    "d": ("urban district", "rural district"),
    "quan": ("urban district",),
    "q": ("urban district",),
    "huyen": ("rural district",),
    "h": ("rural district",),
    "township": ("township",),
    "thi tran": ("township",),
    "thitran": ("township",),
    "town": ("township",),
    "t.t": ("township",),
    "ttr": ("township",),
    "tt": ("township",),
    "commune": ("commune",),
    "xa": ("commune",),
    "x": ("commune",),
    "phuong": ("ward",),
    "ward": ("ward",),
    "p": ("ward",),
    "f": ("ward",),
    "w": ("ward",),
}
_BEFORE = re.compile(
    r"(?P<kind>(?:urban |rural )?district|quan|huyen|township|thi ?tran|town|commune|xa|phuong|ward)(?:\s*[.:]\s*|\s*)(?P<name>.+)"
    r"|(?P<sign>dist|t\.t|ttr?|[dqhxpfw])(?:\s*[.:]\s*|\s+|(?=[0-9]))(?P<rest>.+)"
)
_AFTER = re.compile(r"(?P<name>.+?)\s+(?P<kind>(?:urban |rural )?district|township|town|commune|ward)")
_CITY = re.compile(r"[\s,.-]+(?:t\.?\s?p\.?|thanh pho)?\s*(?:hcm|ho chi minh)(?: city)?$")
_CUT = re.compile(r"\s*[,;(/-]\s*|\s+(?=(?:quan|huyen|district|[qhd][.\s0-9])|[qhd]\.)")
_VOWEL_RUN = re.compile(r"[aeiouy]+|[^aeiouy]")


def _tidy(text: str) -> str:
    """Return the text in NFC and lower case, spaces single, sound to compare letter by letter."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower()).replace("_", " ").split())


@dataclass(frozen=True)
class _Spelling:
    """Letters without marks, and the marks of each run of vowels (or of a đ).

    The place of a tone mark inside its run does not count, so that "Hoà" and
    "Hòa" are one; nor do spaces, nor i for y after a consonant ("Quí", "Quý").
    """

    letters: str
    marks: tuple[Counter[str], ...]

    def allows(self, written: _Spelling) -> bool:
        """Whether what is written leaves out marks at most, and changes none."""
        return self.letters == written.letters and all(theirs <= ours for ours, theirs in zip(self.marks, written.marks, strict=True))


def _spelling(tidy: str) -> _Spelling:
    letters, marks = "", list[Counter[str]]()
    for character in tidy:
        decomposed = unicodedata.normalize("NFD", character)
        if unicodedata.combining(decomposed[0]) and marks:
            marks[-1].update(decomposed)
        elif decomposed[0].isalnum():
            letters += letter(character)
            marks.append(Counter(decomposed[1:] if character != "đ" else "đ"))
    letters = re.sub(r"(?<![0-9])0+(?=[0-9])", "", letters) if letters.isdigit() else letters
    runs = list(_VOWEL_RUN.finditer(letters))
    joined = tuple(sum(marks[r.start() : r.end()], Counter[str]()) for r in runs)
    return _Spelling(re.sub(r"(?<=[bcdghklmnprstvx])y|(?<=qu)y", "i", letters), joined)


@dataclass(frozen=True)
class _Named:
    """A place, its own name ("Phạm Ngũ Lão"), and how that is spelled."""

    place: District | Ward
    own: str
    spelling: _Spelling

    def within(self, among: type[District] | type[Ward], district_code: str | None) -> bool:
        """Whether it is of this level and in this district, where one is given."""
        return isinstance(self.place, among) and (
            district_code is None or (isinstance(self.place, Ward) and self.place.district_code == district_code)
        )


@cache
def _all_named() -> tuple[_Named, ...]:
    own: list[tuple[District | Ward, str]] = [(d, own_name(d.name.vi, DISTRICT_KINDS)[1]) for d in district_list().values()]
    own += [(w, own_name(w.name.vi, WARD_KINDS)[1]) for w in ward_list().values()]
    return tuple(_Named(place, name, _spelling(_tidy(name))) for place, name in own)


@cache
def _by_letters() -> Mapping[str, tuple[_Named, ...]]:
    groups: defaultdict[str, list[_Named]] = defaultdict(list)
    for named in _all_named():
        groups[named.spelling.letters].append(named)
    return MappingProxyType({letters: tuple(group) for letters, group in groups.items()})


def _readings(tidy: str) -> list[tuple[tuple[str, ...] | None, str]]:
    """Return the ways to read a text as (kinds it may be, own name); the first that finds a place is meant."""
    plain = bare(tidy)
    readings: list[tuple[tuple[str, ...] | None, str]] = []
    if before := _BEFORE.fullmatch(plain):
        group = "name" if before["name"] else "rest"
        readings.append((_KINDS_OF_SIGN[before["kind"] or before["sign"]], tidy[before.start(group) : before.end(group)]))
    if after := _AFTER.fullmatch(plain):
        readings.append((_KINDS_OF_SIGN[after["kind"]], tidy[after.start("name") : after.end("name")]))
    return [*readings, (None, tidy)]


def _named(tidy: str, among: type[District] | type[Ward], district_code: str | None = None) -> list[District | Ward]:
    """Return the places that a text names: those spelled exactly so, else those that it spells with fewer marks."""
    for kinds, name in _readings(tidy):
        written = _spelling(name)
        found = [
            named
            for named in _by_letters().get(written.letters, ())
            if named.within(among, district_code) and (kinds is None or named.place.kind in kinds) and named.spelling.allows(written)
        ]
        if found:
            return [n.place for n in found if n.spelling == written] or [n.place for n in found]
    return []


def _choices(places: tuple[District | Ward, ...], language: str) -> str:
    return "; ".join(described(p)[language] for p in places)


def nearest(text: str, among: type[District] | type[Ward], district_code: str | None = None) -> tuple[District | Ward, ...]:
    """Return up to five places whose names look like the text, best first."""
    within = [named for named in _all_named() if named.within(among, district_code)]
    written = bare(_readings(_tidy(text))[0][1])
    near = difflib.get_close_matches(written, sorted({bare(_tidy(n.own)) for n in within}), 3, 0.6)
    return tuple(n.place for letters in near for n in within if bare(_tidy(n.own)) == letters)[:5]


def unknown(text: str, wanted: Words, near: tuple[District | Ward, ...] = (), why: Words | None = None) -> UnknownPlace:
    """Return the error for a text that names no such place, with the reason where one is known and what is nearest."""
    vi = f"Không có {wanted.vi} {shown(text)}" + (f" {why.vi}" if why else "")
    en = f"There is no {wanted.en} {shown(text)}" + (f" {why.en}" if why else "")
    if near:
        vi, en = f"{vi}. Gần nhất: {_choices(near, 'vi')}", f"{en}. Nearest: {_choices(near, 'en')}"
    else:
        vi, en = f"{vi}. Hãy viết mã hoặc tên đầy đủ như trong data/reference", f"{en}. Write the code or full name as in data/reference"
    return UnknownPlace(f"{vi}. / {en}.", near)


def _ambiguous(text: str, candidates: tuple[District | Ward, ...]) -> AmbiguousPlace:
    return AmbiguousPlace(
        f"{shown(text)} là tên của {len(candidates)} nơi: {_choices(candidates, 'vi')}. Hãy viết mã, hoặc đủ dấu và tên quận, huyện. / "
        f"{shown(text)} names {len(candidates)} places: {_choices(candidates, 'en')}. Write the code, or all marks and the district.",
        candidates,
    )


def find_district(text: str) -> District:
    """Find a district by code or name.

    Parameters
    ----------
    text : str
        "760", "Quận 1", "Q.1", "quan 1", "District 1", "1", "Bình Tân", "H. Củ Chi", …

    Returns
    -------
    District

    Raises
    ------
    UnknownPlace
        If no district is so called; `candidates` holds the nearest.
    AmbiguousPlace
        If several are.
    """
    tidy = _tidy(text)
    if tidy in district_list():
        return district_list()[tidy]
    tidy = _without_city(tidy)
    found = tuple(_named(tidy, District))
    if len(found) == 1 and isinstance(found[0], District):
        return found[0]
    if found:
        raise _ambiguous(text, found)
    wanted, why = Words("quận, huyện", "district"), None
    if tidy in ward_list() or _named(tidy, Ward):
        why = Words("(đó là phường, xã hoặc thị trấn)", "(it is a ward, commune or township)")
    raise unknown(text, wanted, nearest(tidy, District), why)


def find_ward(text: str, district: str | None = None) -> Ward:
    """Find a ward, commune or township by code or name.

    Parameters
    ----------
    text : str
        "26749", "Phường Phạm Ngũ Lão", "P. Phạm Ngũ Lão", "pham ngu lao",
        "Phạm Ngũ Lão ward", "TT. Củ Chi", "X. Bình Chánh", "P.17", or a ward
        with its district: "phường 17, quận Bình Thạnh".
    district : str, optional
        The district's code or name, for a name that several districts have.

    Returns
    -------
    Ward

    Raises
    ------
    UnknownPlace
        If no ward (of the district) is so called, or the district is unknown.
    AmbiguousPlace
        If several are; `candidates` holds them all.
    """
    home = find_district(district) if district is not None else None
    tidy = _without_city(_tidy(text))
    tidy, written_home = _with_district(tidy)
    home = home or written_home
    wanted = Words("phường, xã, thị trấn", "ward")
    at_home = Words(f"ở {home.name.vi}", f"in {home.name.en}") if home else None
    if home is not None and written_home is not None and home != written_home:
        raise unknown(text, wanted, why=at_home)
    near_in = home.code if home else None
    if tidy in ward_list():
        ward = ward_list()[tidy]
        if near_in not in (None, ward.district_code):
            raise unknown(text, wanted, (ward,), at_home)
        return ward
    found = tuple(_named(tidy, Ward, near_in))
    if len(found) == 1 and isinstance(found[0], Ward):
        return found[0]
    if found:
        raise _ambiguous(text, found)
    if tidy in district_list() or _named(tidy, District):
        raise unknown(text, wanted, why=Words("(đó là quận, huyện)", "(it is a district)"))
    elsewhere = tuple(_named(tidy, Ward)) if home else ()
    raise unknown(text, wanted, elsewhere[:5] or nearest(tidy, Ward, near_in), at_home)


def _without_city(tidy: str) -> str:
    found = _CITY.search(bare(tidy))
    return tidy[: found.start()] if found else tidy


def _with_district(tidy: str) -> tuple[str, District | None]:
    """Split "phường 17, quận bình thạnh", or the other way round, into the ward's part and the district."""
    for cut in _CUT.finditer(bare(tidy)):
        head, tail = tidy[: cut.start()], tidy[cut.end() :].rstrip(" )")
        for ward_part, district_part in ((head, tail), (tail, head)):
            if ward_part and (found := _named(district_part, District)) and len(found) == 1 and isinstance(found[0], District):
                return ward_part, found[0]
    return tidy, None
