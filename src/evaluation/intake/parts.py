"""The XML inside a received file, looked through as it is unpacked and before a reader builds anything from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from evaluation.intake import outside
from evaluation.intake.book import MOST_SHEETS, MOST_TEXT
from evaluation.intake.refusal import damaged, refuse
from evaluation.language import Words

MOST_ELEMENTS = 2_000_000  # of all parts together; a form has some thousands
MOST_MERGED = 5_000
MOST_DEPTH = 200
MOST_TOKEN = 2**20  # bytes of one tag with its attributes
BAD_XML = Words("nội dung XML bên trong bị hỏng", "the XML inside is damaged")

# Elements that are one text to a reader, however many runs it is cut into, and how that text is looked at.
_FORMULAS = frozenset(
    {"f", "formula", "formula1", "formula2", "definedName", "calculatedColumnFormula", "totalsRowFormula", "FmlaLink", "FmlaRange"}
)
_TEXTS = frozenset({"si", "is", "v", "comment", "annotation", "table-cell", "covered-table-cell"})
# The many small elements of a sheet: nothing in their attributes can reach out.
_PLAIN = frozenset({"c", "row", "t", "r", "rPr", "xf", "col", "font", "fill", "border"})
_LINKS = frozenset(
    {"externalBook", "externalReference", "ddeLink", "oleLink", "ddeItem", "connections", "queryTable", "DataMashup", "webPr", "dbPr"}
    | {"table-source", "cell-range-source", "dde-link", "dde-source", "dde-connection-decl", "template"}
    | {"database-source-sql", "database-source-table", "database-source-query"}
)
_OBJECTS = frozenset({"oleObject", "object", "object-ole", "plugin", "applet", "floating-frame", "imagedata", "ocx", "image"})
_MACROS = frozenset({"event-listener", "macrosheet", "dialogsheet", "library-embedded", "customUI", "FmlaMacro"})
_CONTENT_TYPES = (
    ("IN-012", ("macroenabled", "vbaproject", "macrosheet", "dialogsheet")),
    ("IN-013", ("externallink", "connections", "querytable", "webextension")),
    ("IN-017", ("activex", "oleobject")),
)


@dataclass
class Tally:
    """What has been counted in all parts of one file so far."""

    elements: int = 0
    merged: int = 0
    sheets: int = 0


class Scan:
    """One XML part, fed in pieces.

    Parameters
    ----------
    tally : Tally
        Shared by all parts of a file.

    Notes
    -----
    The parser is the one that the readers use as well (expat), so both see the
    same text whatever its encoding. It stops at the first declaration of a
    document type; entities, external or not, cannot be declared without one.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._depth = 0
        self._held: int | None = None  # the depth of the element whose text is being collected
        self._look: Callable[[str], Words | None] = outside.formula
        self._text: list[str] = []
        self._length = 0
        self._fed = 0
        self._root = ""
        parser = expat.ParserCreate()
        parser.buffer_text = False
        parser.StartDoctypeDeclHandler = self._declared
        parser.EntityDeclHandler = self._declared
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Look at the next piece of the part.

        Raises
        ------
        Refused
            If it holds what a report does not need and a parser or an office
            program could be harmed by.
        """
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError:
            damaged(BAD_XML)
        if not last and self._fed - self._parser.CurrentByteIndex > MOST_TOKEN + len(piece):
            refuse("IN-014", "một thẻ XML quá dài", "one XML tag is too long")

    def _declared(self, *_: object) -> None:
        refuse("IN-016")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._tally.elements += 1
        if self._tally.elements > MOST_ELEMENTS:
            refuse("IN-014", f"hơn {MOST_ELEMENTS:,} thành phần XML".replace(",", "."), f"more than {MOST_ELEMENTS:,} XML elements")
        if self._depth > MOST_DEPTH:
            refuse("IN-015", "XML lồng quá sâu", "XML nested too deep")
        name = tag.rpartition(":")[2]
        if name in _PLAIN:
            return
        if self._held is None and (name in _FORMULAS or name in _TEXTS):
            self._held, self._length, self._text = self._depth, 0, []
            self._look = outside.formula if name in _FORMULAS else outside.typed
        if self._depth == 1:
            self._root = name
        self._element(tag, name, attributes)
        for key, content in attributes.items():
            self._attribute(key.rpartition(":")[2], content)

    def _end(self, _: str) -> None:
        if self._held == self._depth:
            self._held = None
            if found := self._look("".join(self._text)):
                refuse("IN-013", found.vi, found.en)
        self._depth -= 1

    def _characters(self, text: str) -> None:
        if self._held is not None:
            self._length += len(text)
            if self._length > MOST_TEXT:
                refuse("IN-014", "một ô dài hơn 32.767 ký tự", "a cell of more than 32,767 characters")
            self._text.append(text)

    def _element(self, tag: str, name: str, attributes: dict[str, str]) -> None:
        if name == "mergeCell":
            self._tally.merged += 1
            if self._tally.merged > MOST_MERGED:
                refuse("IN-014", f"hơn {MOST_MERGED:,} vùng gộp ô".replace(",", "."), f"more than {MOST_MERGED:,} merged ranges")
        elif (name == "sheet" and self._root == "workbook") or tag == "table:table":
            self._tally.sheets += 1
            if self._tally.sheets > MOST_SHEETS:
                refuse("IN-014", f"hơn {MOST_SHEETS} trang tính", f"more than {MOST_SHEETS} sheets")
        elif name == "Relationship":
            external = attributes.get("TargetMode", "").strip().lower() == "external"
            kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2]
            if found := outside.relationship(kind, attributes.get("Target", ""), external):
                refuse(found[0], found[1].vi, found[1].en)
        elif name in ("Override", "Default"):
            self._content_type(attributes.get("ContentType", "").lower())
        elif name in _LINKS:
            refuse("IN-013", outside.LINKED_PART.vi, outside.LINKED_PART.en)
        elif name in _OBJECTS:
            refuse("IN-017", "đối tượng hoặc hình ảnh", "an object or a picture")
        elif name in _MACROS:
            refuse("IN-012")
        elif name == "encryption-data":
            refuse("IN-011")

    def _content_type(self, content_type: str) -> None:
        for code, words in _CONTENT_TYPES:
            if any(word in content_type for word in words):
                refuse(code, "đối tượng hoặc liên kết", "an object or a link")

    def _attribute(self, key: str, content: str) -> None:
        found = None
        if key in ("macro", "fmlaMacro", "onAction", "onLoad") and content.strip():
            refuse("IN-012")
        if key == "href":
            found = None if outside.WEB.match(content.strip()) else outside.ODD_LINK
        elif key in ("formula", "condition", "expression", "fmlaLink", "fmlaRange", "fmlaTxbx", "fmlaGroup"):
            found = outside.formula(content)
        if found:
            refuse("IN-013", found.vi, found.en)
