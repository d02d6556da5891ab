"""Text made plain before it is searched: one form of every letter and digit, nothing invisible, words with their places."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache
from typing import NamedTuple

# Letters of other scripts that look like Latin ones, and signs that stand for others.
_ALIKE = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαιν‐‑‒–—―−﹣·•∙⋅‘’“”，",
    "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXoaiv--------....''\"\",",
)
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc", "Co", "Cn", "Cs"})
_SPACES = re.compile(r"[^\S\n]+")
_O_FOR_ZERO = re.compile(r"(?<=\d)[oO]+(?=[\d\s.\-]|$)|(?<![^\W_])[oO](?=[ .\-]?\d)|(?<=\d[ .\-])[oO](?=\d)")
_L_FOR_ONE = re.compile(r"(?<=\d)[lI|](?=\d)")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

# Numbers that mean a day, a month or a moment: never part of a person's number.
_DATES = re.compile(
    r"(?<!\d)(?:"
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
    r"|(?:0?[1-9]|[12]\d|3[01]) ?[-./] ?(?:0?[1-9]|1[0-2]) ?[-./] ?(?:19|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])[-./](?:19|20)\d\d(?![-. ]?\d)"
    r"|20[0-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"
    r")(?!\d)"
)
_MACHINE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")


def key(word: str) -> str:
    """Return a word to look up: its letters and its marks, wherever the tone is written (hoà and hòa are one)."""
    return word.lower() if word.isascii() else _marked_key(word)


@lru_cache(maxsize=4096)
def _marked_key(word: str) -> str:
    parts = unicodedata.normalize("NFD", word.lower().replace("đ", "d\u0335"))
    marks = sorted(c for c in parts if unicodedata.combining(c))
    return "".join(c for c in parts if not unicodedata.combining(c)) + "".join(marks)


def bare(text: str) -> str:
    """Return lower-case letters without marks, place by place: as long as the text."""
    return text.translate(_BARE)


class _Bare(dict[int, str]):
    """Letters without marks, made as they are met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        low = letter.lower()
        first = unicodedata.normalize("NFD", low)[:1] or low
        self[code] = "d" if first == "đ" else first if len(low) == 1 else letter
        return self[code]


_BARE = _Bare()


def clean(text: str) -> str:
    """Return text as a reader sees it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        NFC; full-width and other digits as plain ones; invisible marks and
        marks of direction gone; every space a plain one, lines kept;
        look-alike letters, dashes and quotes as the usual ones.
    """
    if text.isascii():
        plain = text if text.isprintable() else "".join(c if c == "\n" or c.isprintable() else " " for c in text)
        return _SPACES.sub(" ", plain).strip()
    composed = unicodedata.normalize("NFKC", text)
    kept: list[str] = []
    for c in composed:
        if c.isascii():
            kept.append(c)
            continue
        category = unicodedata.category(c)
        if category == "Nd":
            kept.append(str(unicodedata.digit(c)))
        elif category not in _INVISIBLE:
            kept.append(" " if category.startswith("Z") else c)
    return clean("".join(kept).translate(_ALIKE)) if "".join(kept).isascii() else _SPACES.sub(" ", "".join(kept).translate(_ALIKE)).strip()


class Word(NamedTuple):
    """A word of a text and where it stands.

    Attributes
    ----------
    text : str
    start, end : int
    bare : str
        Without marks, in small letters.
    key : str
        With marks, wherever they are written.
    """

    text: str
    start: int
    end: int
    bare: str
    key: str

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()


class Writing:
    """A text that is searched.

    Parameters
    ----------
    text : str
        As stored.
    camel : bool
        Whether capitals inside a word begin a new one (names of files and
        authors: NguyenVanA), and dots, dashes and underscores are spaces.

    Attributes
    ----------
    text : str
        As a reader sees it (`clean`).
    """

    def __init__(self, text: str, camel: bool = False) -> None:
        self.text = clean(text)
        if camel:
            apart = re.sub(r"[._\-+,]+", " ", _MACHINE.sub(" ", self.text))
            self.text = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", apart)
            self.text = "".join(
                f" {c}" if c.isupper() and before.islower() else c for before, c in zip(" " + self.text, self.text, strict=False)
            )

    @cached_property
    def bare(self) -> str:
        """In small letters without marks; as long as the text."""
        return bare(self.text)

    @cached_property
    def words(self) -> list[Word]:
        """The words, without digits and signs."""
        low = self.bare
        return [Word(m[0], m.start(), m.end(), low[m.start() : m.end()], key(m[0])) for m in _WORD.finditer(self.text)]

    @cached_property
    def gaps(self) -> list[str]:
        """What stands behind each word, up to the next one or the end."""
        ends = [*(w.start for w in self.words[1:]), len(self.text)]
        return [self.text[word.end : end] for word, end in zip(self.words, ends, strict=False)]

    @cached_property
    def marked(self) -> bool:
        """Whether it is written with Vietnamese marks."""
        return not self.text.isascii() and any(ord(c) > 0xBF and c.isalpha() for c in self.text)

    @cached_property
    def unmarked_runs(self) -> frozenset[int]:
        """Where words stand that are part of three or more with capitals and no marks: a name written without them."""
        found: set[int] = set()
        run: list[Word] = []
        for place, word in enumerate(self.words):
            follows = bool(run) and self.gap(place - 1) in (" ", "-", "_", ".")
            if word.capital and word.text.isascii():
                run = [*run, word] if follows and len(run) < 8 else [word]
                if len(run) >= 3:
                    found.update(w.start for w in run)
            else:
                run = []
        return frozenset(found)

    @cached_property
    def shouted(self) -> bool:
        """Whether it is written in capitals."""
        small = sum(c.islower() for c in self.text)
        return sum(c.isupper() for c in self.text) > 4 * small

    @cached_property
    def digits(self) -> bool:
        """Whether there is a digit at all."""
        return not self.text.isalpha() and any(c.isdigit() for c in self.text)

    @cached_property
    def numbers(self) -> str:
        """The text with letters that stand for digits read as digits, and without dates and machine numbers; as long as the text."""
        if not self.digits:
            return self.text
        text = _MACHINE.sub(lambda m: "#" * len(m[0]), self.text)
        text = _O_FOR_ZERO.sub(lambda m: "0" * len(m[0]), text)
        text = _L_FOR_ONE.sub("1", text)
        return _DATES.sub(lambda m: "#" * len(m[0]), text)

    def gap(self, place: int) -> str:
        """Return what stands between a word and the next one."""
        return self.gaps[place]
