"""A received OpenDocument spreadsheet (.ods) becomes sheets of cells and all the texts in it: our own reader (decision 0015)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.intake.book import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SHEETS,
    MOST_SLOTS,
    MOST_TEXT,
    Book,
    Place,
    Sheet,
    address,
    covered,
    plain,
    trimmed,
    written,
)
from evaluation.intake.refusal import Refused, damaged, refuse
from evaluation.intake.texts import Part, Texts, answered, is_code, is_xml, loose, members, runs, speaks, too_long, walk
from evaluation.language import Words

BROKEN = Words("tệp bị cắt, hỏng hoặc không phải .ods", "it is cut off, damaged, or not an .ods file")
MOST_REPEATED = 2**20  # rows or columns that one element may stand for: the height of a sheet

_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+(?:\.\d+)?)S")
_AUTOMATIC = re.compile(r"[A-Za-z]{1,3}\d{1,4}(?:P\d)?")  # the program's own names for styles
_CELLS = frozenset({"table-cell", "covered-table-cell"})
_SHAPES = frozenset({"frame", "custom-shape", "rect", "ellipse", "line", "connector", "caption", "text-box", "control", "path", "polygon"})
# Attributes that hold words, or may; their neighbours hold measures and names of styles.
_WORDS = frozenset(
    {"name", "display-name", "title", "href", "string-value", "condition", "author", "description", "label", "comment", "user-name"}
    | {"cell-range-address", "base-cell-address", "target-range-address", "target-frame-name", "expression", "printer-name", "caption"}
    | {"value", "data", "full-name", "email", "placeholder", "current-value", "help-message", "alt"}
)
_STRUCTURE = frozenset({"font-name", "font-family", "d", "viewBox", "points", "transform", "type"})
_PROGRAM = frozenset({"generator", "creation-date", "date", "editing-cycles", "editing-duration", "print-date"})
_HEADERS = frozenset({"header", "footer", "header-left", "footer-left", "header-first", "footer-first"})
_ROOTS = frozenset({"document-content", "document-styles", "document-meta", "document-settings", "document", "manifest"})
_PLACED = {"content-validation": "validation", "named-range": "name", "named-expression": "name", "database-range": "name", "a": "link"}


@dataclass
class _Cell:
    repeat: int
    spans: tuple[int, int]
    kind: str
    stored: str | None
    formula: bool
    shown: list[str] = field(default_factory=list)

    def content(self) -> object:
        """Return the stored value; None for blank."""
        if self.kind in ("float", "percentage", "currency") and self.stored is not None:
            number = float(self.stored)
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
        if self.kind == "boolean" and self.stored is not None:
            return self.stored == "true"
        if self.kind == "date" and self.stored is not None:
            return dt.datetime.fromisoformat(self.stored[:26]).replace(tzinfo=None)
        if self.kind == "time" and self.stored is not None and (parts := _DURATION.fullmatch(self.stored)):
            since = dt.timedelta(hours=int(parts[1]), minutes=int(parts[2]), seconds=float(parts[3]))
            return since if since.days else (dt.datetime.min + since).time()
        text = "\n".join(self.shown) or self.stored or ""
        if len(text) > MOST_TEXT:
            too_long()
        return text if text.strip() else None


@dataclass
class _Page:
    """A sheet while it is read."""

    title: str
    rows: list[tuple[object, ...]] = field(default_factory=list)
    formulas: dict[Place, bool] = field(default_factory=dict)
    percents: set[Place] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    row: int = 0  # of the row that is being read, from 0
    row_repeat: int = 1
    column: int = 0  # of the next cell
    cells: list[tuple[int, _Cell]] = field(default_factory=list)


def book(body: bytes) -> Book:
    """Read an .ods spreadsheet.

    Parameters
    ----------
    body : bytes
        A package that `archive.admit` let through.

    Returns
    -------
    Book
        All its sheets, hidden ones too, and every text in the package.

    Raises
    ------
    Refused
        If it is damaged or goes past the limits. Nothing else is raised,
        whatever the bytes are.
    """
    with answered(BROKEN):
        texts = Texts()
        sheets: tuple[Sheet, ...] | None = None
        for name, stream in members(body):
            texts.add("other", name)
            if not is_xml(stream.peek(64)[:64]):
                # The picture of the first page shows what the cells hold; there is no text in it.
                if name != "mimetype" and not name.startswith("Thumbnails/"):
                    runs(texts, stream.read())
                continue
            part = OdsPart(texts, name == "content.xml")
            if not walk(part, stream):
                if name == "content.xml":
                    damaged(BROKEN)
                loose(texts, body, name)
            if name == "content.xml":
                sheets = part.sheets()
        if sheets is None:
            damaged(BROKEN)
        return Book(sheets, texts.found(), "ods")


class OdsPart(Part):
    """Walks one part of an .ods package.

    Parameters
    ----------
    texts : Texts
    content : bool
        Whether it is the part with the sheets.
    """

    joined = frozenset({"p", "h"})
    breaks: Mapping[str, str] = {"tab": "\t", "line-break": "\n"}

    def __init__(self, texts: Texts, content: bool) -> None:
        super().__init__(texts)
        self._content = content
        self._pages: list[_Page] = []
        self._page: _Page | None = None
        self._cell: _Cell | None = None
        # Validations by name: their words come before the sheets, the cells that they are for only later.
        self._validation = ""
        self._said: list[tuple[str, str]] = []
        self._validated: dict[str, tuple[str, str]] = {}
        self._note: list[str] | None = None
        self._slots = 0

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the sheets, once the whole part was walked."""
        for validation, text in self._said:
            self.texts.add("validation", text, *self._validated.get(validation, ("", "")))
        made = []
        for page in self._pages:
            rows = page.rows
            while rows and not rows[-1]:
                rows.pop()
            merged = covered(page.merged, len(rows), max(map(len, rows), default=0))
            made.append(Sheet(page.title, rows, page.formulas, frozenset(page.percents), merged))
        return tuple(made)

    def _at(self) -> tuple[str, str]:
        if self._page is None:
            return "", ""
        at = address(min(self._page.row, MOST_REPEATED - 1), min(self._page.column, 16_383)) if self._cell else ""
        return self._page.title, at

    def _add(self, part: str, text: str) -> None:
        if part == "validation":
            self._said.append((self._validation, text))
            return
        self.texts.add(part, text, *self._at())

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        path = self.path
        if name == "table" and path[-2:-1] == ["spreadsheet"] and self._content:
            self._begin_table(attributes)
        elif self._page is not None and name == "table-row" and "table" not in path[path.index("table") + 1 :]:
            self._page.row_repeat, self._page.column, self._page.cells = _repeat(attributes, "number-rows-repeated"), 0, []
        elif self._page is not None and name in _CELLS and self._cell is None and path[-2] == "table-row":
            self._begin_cell(attributes)
        elif name == "annotation":
            self._note = []
        elif name == "s" and self.together:
            count = _repeat(attributes, "c")
            self.characters(" " * count) if count <= MOST_TEXT else too_long()
        elif path[0] != "manifest":
            self._attributes(name, attributes)

    def _begin_table(self, attributes: dict[str, str]) -> None:
        title = plain(attributes.get("table:name", ""))
        if len(self._pages) >= MOST_SHEETS:
            refuse("IN-014", f"hơn {MOST_SHEETS} trang tính", f"more than {MOST_SHEETS} sheets")
        self._page = _Page(title)
        self._pages.append(self._page)
        self.texts.add("sheet_name", title, title)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        own = {k.partition(":")[2]: v for k, v in attributes.items() if k.startswith(("office:", "table:"))}
        kind = own.get("value-type", "")
        key = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}.get(kind, "value")
        spans = (_repeat(own, "number-rows-spanned"), _repeat(own, "number-columns-spanned"))
        self._cell = _Cell(_repeat(own, "number-columns-repeated"), spans, kind, own.get(key), "formula" in own)
        self._add("formula", own.get("formula", ""))
        if "content-validation-name" in own:
            self._validated.setdefault(own["content-validation-name"], self._at())

    def _attributes(self, name: str, attributes: dict[str, str]) -> None:
        part = _PLACED.get(name, "style" if name in ("style", "master-page") else "other")
        if name in _SHAPES:
            part = "drawing"
        elif name in ("help-message", "error-message"):
            part = "validation"
        elif self.root == "document-meta":
            part = "property"
        if name in ("document-statistic", "config-item", "config-item-set", "config-item-map-entry", "font-face"):
            return
        if name == "content-validation":
            self._validation = attributes.get("table:name", "")
        known = self.root in _ROOTS
        for qualified, content in attributes.items():
            prefix, _, key = qualified.rpartition(":")
            if prefix == "xmlns" or key == "xmlns" or is_code(content):
                continue
            if known and (key in _STRUCTURE or key.endswith(("style-name", "page-name"))):
                continue
            if known and key == "name" and _AUTOMATIC.fullmatch(content):
                continue
            if key in _WORDS or not known or speaks(content):
                # A style's name keeps its blanks and signs as _20_.
                shown = re.sub(r"_([0-9a-f]{2})_", lambda m: chr(int(m[1], 16)), content) if part == "style" else content
                self._add(part, shown)

    def finish(self, name: str, text: str) -> None:
        path, page = self.path, self._page
        if name == "table" and path[-2:-1] == ["spreadsheet"]:
            self._page = None
        elif page is not None and name == "table-row" and "table" not in path[path.index("table") + 1 :]:
            self._finish_row(page)
        elif page is not None and name in _CELLS and self._cell is not None and path[-2] == "table-row" and not _nested(path):
            page.cells.append((page.column, self._cell))
            page.column += self._cell.repeat
            if page.column > MOST_REPEATED:
                damaged(BROKEN)
            self._cell = None
        elif name == "annotation":
            self._add("comment", "\n".join(self._note or ()))
            self._note = None
        elif name == "content-validation":
            self._validation = ""
        elif text:
            self._words(name, text)

    def _words(self, name: str, text: str) -> None:
        path = self.path
        if self._note is not None:
            if name in ("p", "h"):
                self._note.append(text)
            elif name not in ("date", "meta-date-string", "date-string"):
                self._add("comment", text)
        elif name in ("p", "h") and self._cell is not None and path[-2] in _CELLS:
            self._cell.shown.append(text)
        elif not _HEADERS.isdisjoint(path):
            self._add("header", text)
        elif not _SHAPES.isdisjoint(path):
            self._add("drawing", text)
        elif "content-validation" in path:
            self._add("validation", text)
        elif path[0] == "document-meta":
            if name not in _PROGRAM:
                self._add("property", text)
        elif name == "config-item":
            if text not in ("true", "false") and any(c.isalpha() for c in text) and not _looks_packed(text):
                self._add("other", text)
        elif path[0] == "document-styles" or "automatic-styles" in path:
            self._add("style", text)
        else:
            self._add("other", text)

    def _finish_row(self, page: _Page) -> None:
        """Lay the row down as often as it is repeated; blank rows and cells cost nothing, however many."""
        laid: list[object] = []
        formulas: dict[int, bool] = {}
        percents: list[int] = []
        for column, cell in page.cells:
            content = cell.content()
            if cell.spans != (1, 1):
                page.merged.append((page.row, column, page.row + cell.spans[0] - 1, column + cell.spans[1] - 1))
            if content is None and not cell.formula:
                continue
            if column + cell.repeat > MOST_COLUMNS:
                _beyond()
            laid += [None] * (column - len(laid)) + [content] * cell.repeat
            for c in range(column, column + cell.repeat):
                if cell.formula:
                    formulas[c] = content is not None or (cell.kind == "string" and cell.stored is not None)
                if cell.kind == "percentage":
                    percents.append(c)
        row = trimmed(laid)
        last = page.row + page.row_repeat
        if row or formulas:
            if last > MOST_ROWS:
                _beyond()
            self._slots += max(len(row), 1) * page.row_repeat
            page.rows += [()] * (page.row - len(page.rows))
            for r in range(page.row, last):
                page.rows.append(row)
                page.formulas.update({(r, c): stored for c, stored in formulas.items()})
                page.percents.update((r, c) for c in percents)
                self._see(page.title, r, row)
            if self._slots > MOST_SLOTS:
                refuse("IN-014", "quá nhiều ô", "too many cells")
        page.row = last
        if page.row > 2 * MOST_REPEATED:
            damaged(BROKEN)

    def _see(self, title: str, r: int, row: tuple[object, ...]) -> None:
        for c, content in enumerate(row):
            if content is not None:
                number = isinstance(content, int | float) and not isinstance(content, bool)
                self.texts.add("cell", written(content), title, address(r, c), number=number)


def _repeat(attributes: dict[str, str], key: str) -> int:
    """Return how often an element is repeated; more than a sheet can hold is damage."""
    number = int(next((v for k, v in attributes.items() if k.rpartition(":")[2] == key), "1"))
    if not 1 <= number <= MOST_REPEATED:
        damaged(BROKEN)
    return number


def _nested(path: list[str]) -> bool:
    return path.count("table") > 1


def _beyond() -> None:
    raise Refused("IN-021", most_rows=str(MOST_ROWS), most_columns=str(MOST_COLUMNS))


def _looks_packed(text: str) -> bool:
    """Return whether a setting is binary data written as letters."""
    return len(text) > 100 and re.fullmatch(r"[A-Za-z0-9+/=\s]+", text) is not None
