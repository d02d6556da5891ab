"""Every text inside a packed file (.xlsx, .ods): what the identifier check looks at, and how the parts are walked to find it."""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn, cast
from xml.parsers import expat

from evaluation.intake.book import MOST_TEXT, Text
from evaluation.intake.refusal import Refused, damaged, refuse
from evaluation.language import Words

MOST_TEXTS = 100_000  # pieces; a form has some two thousand
MOST_LETTERS = 4_000_000  # of all pieces together
MOST_DEPTH = 200  # of XML elements within one another
_OVERLAP = 200  # a text that is cut must not be cut through a number
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_LETTERS_APART = re.compile(r"[^\W\d_][^\W_]*\s+[^\W_]")
_TAG = re.compile(r"<[^<>]*>")
_RUN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]{3,}")


class Texts:
    """Collects texts, each once, under a limit for all of them together."""

    def __init__(self) -> None:
        self._found: list[Text] = []
        self._seen: set[Text] = set()
        self._letters = 0

    def add(self, part: str, text: str, sheet: str = "", cell: str = "", *, number: bool = False) -> None:
        """Take a text.

        Parameters
        ----------
        part, text, sheet, cell, number
            As in `book.Text`; a text longer than a cell can hold is cut into
            pieces that overlap.

        Raises
        ------
        Refused
            If there is far more text than in any form.
        """
        text = text.strip()
        if not text:
            return
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        for start in range(0, len(text), MOST_TEXT - _OVERLAP):
            piece = Text(part, sheet, cell, text[start : start + MOST_TEXT], number)
            if piece in self._seen:
                continue
            self._seen.add(piece)
            self._found.append(piece)
            self._letters += len(piece.text)
        if len(self._found) > MOST_TEXTS or self._letters > MOST_LETTERS:
            refuse("IN-014", "quá nhiều chữ và số", "too much text and too many numbers")

    def found(self) -> tuple[Text, ...]:
        """Return what was taken, in the order in which it was met."""
        return tuple(self._found)


@contextmanager
def answered(broken: Words) -> Iterator[None]:
    """Turn whatever a parser raises on a damaged or foreign file into a refusal.

    Parameters
    ----------
    broken : Words
        Why, for a file that is not a whole one of its kind.

    Raises
    ------
    Refused
    """
    try:
        yield
    except Refused:
        raise
    except MemoryError:
        refuse("IN-018", "bộ nhớ", "memory")
    # Parsers answer damage with whatever their parts raise.
    except Exception:  # noqa: BLE001
        damaged(broken)


def too_long() -> NoReturn:
    """Refuse a file for a cell that holds more than a cell can."""
    shown = f"{MOST_TEXT:,}"
    refuse("IN-014", f"một ô dài hơn {shown.replace(',', '.')} ký tự", f"a cell of more than {shown} characters")


class Part:
    """Walks one XML part: elements by their names without prefix, texts joined where a reader sees one text.

    Parameters
    ----------
    texts : Texts
        Where the texts go.

    Attributes
    ----------
    joined : frozenset of str
        Elements that are one text to a reader, however many runs it is cut into.
    breaks : mapping of str to str
        Elements that stand for white space inside such a text.
    path : list of str
        The open elements, from the root.
    """

    joined: frozenset[str] = frozenset()
    breaks: Mapping[str, str] = {}

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.path: list[str] = []
        self.together = False  # whether the open element is inside a joined one
        self._buffers: list[list[str]] = [[]]
        self._length = 0

    @property
    def root(self) -> str:
        """Name of the part's first element."""
        return self.path[0] if self.path else ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element; attributes still carry their prefixes."""

    def finish(self, name: str, text: str) -> None:
        """Take the end of an element that has a text of its own; it is still the last of `path`."""

    def remark(self, text: str) -> None:
        """Take a remark in the XML, which no office program shows."""
        self.texts.add("other", text)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the parser's start of an element."""
        name = tag.rpartition(":")[2] if ":" in tag else tag
        path, buffers = self.path, self._buffers
        path.append(name)
        if len(path) > MOST_DEPTH:
            refuse("IN-015", "XML lồng quá sâu", "XML nested too deep")
        if name in self.joined:
            buffers.append([])
            self.together = True
        elif self.together:
            buffers.append(buffers[-1])
            if name in self.breaks:
                self.characters(self.breaks[name])
        else:
            buffers.append([])
        self.begin(name, attributes)

    def end(self, _: str) -> None:
        """Take the parser's end of an element."""
        buffers = self._buffers
        own = buffers.pop()
        name = self.path[-1]
        if own is not buffers[-1]:
            if self.together:
                self.together = not self.joined.isdisjoint(self.path[:-1])
            self.finish(name, "".join(own) if own else "")
        self.path.pop()

    def characters(self, text: str) -> None:
        """Take a piece of text."""
        self._length += len(text)
        if self._length > 2 * MOST_LETTERS:
            refuse("IN-014", "quá nhiều chữ và số", "too much text and too many numbers")
        self._buffers[-1].append(text)

    def instruction(self, target: str, data: str) -> None:
        """Take an instruction to some program, all but the one that names Office."""
        if target != "mso-application":
            self.remark(data)


def members(body: bytes) -> Iterator[tuple[str, zipfile.ZipExtFile]]:
    """Give the members of a package that was admitted, open for reading, in their order."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as stream:
                    yield member.filename, cast(zipfile.ZipExtFile, stream)


def is_xml(head: bytes) -> bool:
    """Return whether a member's first bytes begin an XML text, in UTF-8 or UTF-16."""
    return head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def walk(part: Part, stream: zipfile.ZipExtFile) -> bool:
    """Walk one XML part.

    Parameters
    ----------
    part : Part
    stream : binary file

    Returns
    -------
    bool
        False where the XML is damaged; what came before was walked.

    Raises
    ------
    Refused
        If it declares a document type or entities, or holds too much.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    # What defusedxml forbids, without its detour over an object per element: no document type, so no entities of any kind.
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _declared
    parser.StartElementHandler, parser.EndElementHandler = part.start, part.end
    parser.CharacterDataHandler, parser.CommentHandler = part.characters, part.remark
    parser.ProcessingInstructionHandler = part.instruction
    try:
        while piece := stream.read(2**16):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        return False
    return True


def _declared(*_: object) -> None:
    refuse("IN-016")


def loose(texts: Texts, body: bytes, name: str, sheet: str = "") -> None:
    """Take the texts between the tags of a part that is no sound XML, such as the drawings of some old Excel versions.

    Parameters
    ----------
    texts : Texts
    body : bytes
        The whole package.
    name : str
        The part's path in it.
    sheet : str
        The sheet that it belongs to.
    """
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        body = archive.read(name)
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    for piece in _TAG.split(body.decode(encoding, errors="replace")):
        texts.add("other", html.unescape(piece), sheet)


def runs(texts: Texts, body: bytes) -> None:
    """Take the readable runs of characters of a part that is not XML: a printer's settings can name its owner."""
    head = body[:2_048]  # a printer's name and form; what follows is the driver's own
    for start in (0, 1):
        for run in _RUN.findall(head[start:].decode("utf-16-le", errors="replace")):
            if sum(c.isascii() or (c.isalpha() and unicodedata.name(c, "").startswith("LATIN")) for c in run) == len(run):
                texts.add("other", run)
    for run in _RUN.findall(head.decode("utf-8", errors="replace")):
        texts.add("other", run)


def is_code(content: str) -> bool:
    """Return whether an attribute is one of the long codes that office programs give to parts and versions."""
    return _GUID.fullmatch(content) is not None


def speaks(content: str) -> bool:
    """Return whether an attribute that usually holds a code or a measure holds words."""
    if is_code(content):
        return False
    return "@" in content or not content.isascii() or _LETTERS_APART.search(content) is not None


def bare_footer(text: str) -> str:
    """Return a header or footer without its codes: fields, fonts, sizes, colours.

    Of a size at most two digits are taken away: a number that follows must not
    lose its own.
    """
    text = re.sub(r'&"[^"]*"|&K(?:[0-9A-Fa-f]{6}|\d\d[+-]\d{3})', "", text)
    text = re.sub(r"&[LCR]", "\n", text)
    text = re.sub(r"&[BIUSXYEOH]|&\d{1,2}", "", text)
    return re.sub(r"&[A-Z]", " ", text).replace("&&", "&")


def format_words(code: str) -> str:
    """Return the literal words of a number format: what stands in quotes or behind a backslash."""
    return " ".join(w or s for w, s in re.findall(r'"([^"]*)"|((?:\\.)+)', code)).replace("\\", "")
