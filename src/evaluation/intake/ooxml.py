"""The parts of an .xlsx package: what each holds in words, and what a sheet's own XML says about its cells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Place, address, plain
from evaluation.intake.refusal import Refused, refuse
from evaluation.intake.texts import MOST_TEXTS, Part, Texts, bare_footer, format_words, is_code, speaks, too_long

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"

# Which part of `book.Text` an element's words belong to, by the first element of its file.
_PARTS = {
    "comments": "comment",
    "ThreadedComments": "comment",
    "personList": "comment",
    "coreProperties": "property",
    "Properties": "property",
    "styleSheet": "style",
    "wsDr": "drawing",
    "chartSpace": "drawing",
    "xml": "drawing",
    "Relationships": "link",
}
# Files whose structure is known: only the attributes that hold words are taken. Of any other file everything is.
_KNOWN = frozenset(
    {*_PARTS, "worksheet", "chartsheet", "dialogsheet", "macrosheet", "sst", "workbook", "table", "theme", "calcChain", "Types"}
    | {"pivotCacheDefinition", "pivotCacheRecords", "pivotTableDefinition", "slicers", "slicerCacheDefinition", "metadata"}
    | {"colorStyle", "chartStyle", "rvTypesInfo", "rvData", "rvStructures", "tableSingleCells", "MapInfo"}
)
_WORDS = frozenset(
    {"name", "descr", "title", "alt", "tooltip", "screenTip", "display", "location", "prompt", "promptTitle", "error", "errorTitle"}
    | {"displayName", "author", "userId", "userName", "user", "comment", "description", "help", "statusBar", "customMenu", "caption"}
    | {"uniqueName", "text", "string", "totalsRowLabel", "sourceFile", "destinationFile", "url", "command", "connection", "headerText"}
    | {"dataCaption", "grandTotalCaption", "errorCaption", "missingCaption", "rowHeaderCaption", "colHeaderCaption", "altText"}
    | {"altTextSummary", "codeName", "progId", "Target", "href", "src", "initials", "label", "refreshedBy", "lastModifiedBy"}
)
_STRUCTURE = frozenset(
    {"sqref", "style", "typeface", "spans", "path", "points", "panose", "Ignorable", "Requires", "schemaLocation", "ref", "id", "Id"}
    | {"formatCode", "coordsize", "coordorigin", "adj", "gradientshapeok", "Type", "ContentType", "PartName", "Extension", "vert"}
)
_VALUES = frozenset({"filter", "customFilter", "inputCells", "cfvo"})
# Texts that are measures, places or the program's own words.
_MEASURES = frozenset(
    {"col", "colOff", "row", "rowOff", "idx", "Application", "AppVersion", "created", "modified", "lastPrinted", "revision"}
    | {"TotalTime", "DocSecurity", "Pages", "Words", "Characters", "CharactersWithSpaces", "Lines", "Paragraphs", "i4", "bool"}
    | {"ScaleCrop", "LinksUpToDate", "SharedDoc", "HyperlinksChanged", "filetime", "sqref", "pageNumber"}
)
_FOOTERS = frozenset(f"{which}{where}" for which in ("odd", "even", "first") for where in ("Header", "Footer"))


def unescaped(text: str) -> str:
    """Return a text with Excel's ``_x0041_`` turned into the characters that it stands for."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda m: m[0] if 0xD800 <= (n := int(m[1], 16)) < 0xE000 or n == 0 else chr(n), text)


def _range(text: str) -> tuple[int, int, int, int]:
    """Return first and last row and column of a range, from 0."""
    left, top, right, bottom = range_boundaries(text)
    return (int(top or 1) - 1, int(left or 1) - 1, int(bottom or MOST_ROWS) - 1, int(right or MOST_COLUMNS) - 1)


@dataclass
class Page:
    """What a sheet's own XML says about its cells.

    Attributes
    ----------
    filled : set of place
        Cells with a stored value.
    formulas : dict of place to bool
        Cells with a formula, and whether its result is stored.
    merged : list of (row, column, row, column)
        First and last cell of each merged range, from 0.
    arrays : list of (row, column, row, column)
        The ranges that one formula fills.
    """

    filled: set[Place] = field(default_factory=set)
    formulas: dict[Place, bool] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    arrays: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass
class Package:
    """What the parts of one package say together.

    Attributes
    ----------
    targets : dict of str to list of (id, target)
        Relationships of each part to other parts.
    owners : dict of str to str
        The sheet that a part belongs to.
    titles : list of (title, relationship)
        The workbook's sheets.
    pages : dict of str to Page
        By the sheet's part.
    strings : list of str
        The shared strings.
    used : set of int
        Those that a cell of the workbook's sheets shows.
    links : list of (part, id, target)
        Relationships that lead outside.
    linked : dict of (part, id) to str
        The cells of a sheet that follow them.
    main : str
        The workbook's part.
    cells : int
        Cells and shared strings met so far.
    """

    targets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    titles: list[tuple[str, str]] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    linked: dict[tuple[str, str], str] = field(default_factory=dict)
    main: str = "xl/workbook.xml"
    cells: int = 0

    def count(self) -> None:
        """Count a cell or a shared string, under the limit for all texts together."""
        self.cells += 1
        if self.cells > 2 * MOST_TEXTS:
            refuse("IN-014", "quá nhiều ô", "too many cells")

    def settle(self) -> None:
        """Say which sheet each part belongs to, once the workbook and all relationships were walked."""
        ids = dict(self.targets.get(self.main, ()))
        self.pages = {ids[rel]: Page() for _, rel in self.titles if rel in ids}
        for title, rel in self.titles:
            todo = [ids[rel]] if rel in ids else []
            while todo:
                part = todo.pop()
                if part not in self.owners:
                    self.owners[part] = title
                    todo += [target for _, target in self.targets.get(part, ()) if target != self.main]


class OoxmlPart(Part):
    """Walks one part of an .xlsx package.

    Parameters
    ----------
    texts : Texts
    package : Package
    name : str
        The part's path in the package.
    """

    joined = frozenset({"si", "is", "text", "p", "textbox", "rPh"})
    breaks: Mapping[str, str] = {"br": "\n", "div": "\n"}

    def __init__(self, texts: Texts, package: Package, name: str) -> None:
        super().__init__(texts)
        self._package = package
        self._name = name
        self._sheet = package.owners.get(name, "")
        self._page = package.pages.get(name)
        self._cell = ""
        self._row = self._column = 0  # from 1, as in the XML
        self._type = self._value = ""
        self._formula = self._result = False
        self._anchor = [0, 0]

    def _add(self, part: str, text: str, *, number: bool = False) -> None:
        self.texts.add(part, unescaped(text), self._sheet, self._cell, number=number)

    def remark(self, text: str) -> None:
        self._add("other", text)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        root = self.path[0]
        if len(self.path) == 1 and root in ("workbook", "worksheet") and _STRICT in attributes.values():
            vi, en = "tệp lưu theo kiểu Strict Open XML", "it is saved as Strict Open XML"
            raise Refused("IN-001", why_vi=vi, why_en=en)
        if root == "worksheet":
            if name == "c":
                self._begin_cell(attributes)
                return
            if name == "row":
                self._row, self._column = int(attributes.get("r", self._row + 1)), 0
                return
            if name == "f":
                self._begin_formula(attributes)
                return
            if name == "mergeCell" and self._page:
                self._page.merged.append(_range(attributes.get("ref", "")))
                return
        if name in ("dataValidation", "hyperlink", "comment", "threadedComment"):
            self._cell = (attributes.get("ref") or attributes.get("sqref") or "").partition(" ")[0].partition(":")[0]
            if name == "hyperlink":
                self._package.linked |= {(self._name, v): self._cell for k, v in attributes.items() if k.endswith(":id")}
        if root == "Relationships":
            if name == "Relationship":
                self._relationship(attributes)
            return
        if root == "workbook" and name == "sheet":
            self._sheet_name(attributes)
            return
        if attributes and root not in ("Types", "calcChain"):
            self._attributes(name, attributes)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place:
            letters, self._row = coordinate_from_string(place)
            self._column = column_index_from_string(letters)
        else:
            self._column += 1
        self._cell = address(self._row - 1, self._column - 1)
        self._type, self._value = attributes.get("t", "n"), ""
        self._formula = self._result = False

    def _begin_formula(self, attributes: dict[str, str]) -> None:
        self._formula = "c" in self.path
        if self._formula and self._page and attributes.get("t") in ("array", "dataTable") and attributes.get("ref"):
            self._page.arrays.append(_range(attributes["ref"]))

    def _relationship(self, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        folder, file = posixpath.split(self._name)
        folder = posixpath.dirname(folder)
        source = posixpath.join(folder, file.removesuffix(".rels"))
        if attributes.get("TargetMode", "").lower() == "external":
            self._package.links.append((source, attributes.get("Id", ""), target))
            return
        whole = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        self._package.targets.setdefault(source, []).append((attributes.get("Id", ""), whole))
        if not file.removesuffix(".rels") and attributes.get("Type", "").endswith("/officeDocument"):
            self._package.main = whole

    def _sheet_name(self, attributes: dict[str, str]) -> None:
        title = plain(attributes.get("name", ""))
        self.texts.add("sheet_name", title, title)
        if self._name == self._package.main:
            rel = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            self._package.titles.append((title, rel))

    def _attributes(self, name: str, attributes: dict[str, str]) -> None:
        root = self.root
        part = _PARTS.get(root, "other")
        if name in ("dataValidation", "hyperlink", "definedName"):
            part = {"dataValidation": "validation", "hyperlink": "link", "definedName": "name"}[name]
        elif name in ("tableColumn", "table") and root == "table":
            part = "name"
        elif name in ("cNvPr", "docPr"):
            part = "drawing"
        for key, content in attributes.items():
            key = key.rpartition(":")[2] if not key.startswith("xmlns") else "id"
            if key == "formatCode":
                self._add("style", format_words(content))
            elif key == "v" and root.startswith("pivotCache"):
                if name != "x":
                    self._add("other", content, number=name == "n")
            elif key in _STRUCTURE and root in _KNOWN:
                continue
            elif (
                key in _WORDS
                or (root not in _KNOWN and key != "id" and not is_code(content))
                or (key == "val" and name in _VALUES)
                or speaks(content)
            ):
                self._add(part, content)

    def finish(self, name: str, text: str) -> None:
        root = self.path[0]
        if root == "worksheet":
            if name == "c":
                self._finish_cell()
                return
            if name in ("v", "is") and "c" in self.path:
                self._value = text
                self._result = bool(text) or self._type == "str"
                return
            if name == "f" and len(self.path) > 1 and self.path[-2] == "c":
                self._add("formula", text)
                return
        if root == "sst" and name == "si":
            if len(text) > MOST_TEXT:
                too_long()
            self._package.strings.append(unescaped(text))
            self._package.count()
        elif name in ("col", "row") and self.path[-2:-1] == ["from"]:
            self._anchor[name == "row"] = int(text)
        elif name == "from":
            self._cell = address(self._anchor[1], self._anchor[0])
        elif text and not (name in _MEASURES and root in _KNOWN):
            self._words(name, text)
        if name in ("dataValidation", "hyperlink", "comment", "threadedComment", "twoCellAnchor", "oneCellAnchor"):
            self._cell = ""

    def _words(self, name: str, text: str) -> None:
        path = self.path
        if name in _FOOTERS:
            self._add("header", bare_footer(text))
        elif name == "definedName":
            self._add("name", text)
        elif "dataValidation" in path:
            self._add("validation", text)
        elif name == "formatCode":
            self._add("style", format_words(text))
        elif "ClientData" in path:
            if any(c.isalpha() for c in text):
                self._add("drawing", text)
        elif name in ("f", "formula", "calculatedColumnFormula", "totalsRowFormula"):
            self._add("formula", text)
        elif path[0] == "chartSpace" and name == "v":
            self._add("drawing", text, number="numCache" in path or "numLit" in path)
        else:
            self._add(_PARTS.get(path[0], "other"), text)

    def _finish_cell(self) -> None:
        if len(self._value) > MOST_TEXT:
            too_long()
        place, filled = (self._row - 1, self._column - 1), self._value != ""
        page = self._page
        if page is None:
            # A sheet that the workbook does not list: its texts and numbers are still in the file.
            if filled and self._type != "s":
                self._add("cell", self._value, number=self._type == "n")
        elif filled or self._formula:
            if place[0] >= MOST_ROWS or place[1] >= MOST_COLUMNS:
                raise Refused("IN-021", most_rows=str(MOST_ROWS), most_columns=str(MOST_COLUMNS))
            self._package.count()
            if place in page.filled or place in page.formulas:
                refuse("IN-015", "hai nội dung cho một ô", "two contents for one cell")
            if filled:
                page.filled.add(place)
                if self._type == "s":
                    self._package.used.add(int(self._value))
            if self._formula:
                page.formulas[place] = self._result
        self._cell = ""
