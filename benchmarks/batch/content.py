"""Whether two pages say the same: their words, their tables and how many figures they show.

Ways of making a page differ in what they put around it (headings, code, a list
of contents). So what is asked of each page is that it holds all that the
notebook's cells showed, as often, and no figure more or fewer.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

INLINE = {"a", "abbr", "b", "bdi", "br", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time", "wbr"}
SILENT = {"script", "style", "svg", "title"}


@dataclass(frozen=True)
class Content:
    """What a page says.

    Attributes
    ----------
    blocks : Counter of str
        Paragraphs, list items, cells of tables, printed lines; white space normalised.
    tables : Counter of tuple
        Each table as its rows.
    figures : int
        Pictures and drawings.
    """

    blocks: Counter[str]
    tables: Counter[tuple[tuple[str, ...], ...]]
    figures: int

    def lacks(self, other: Content) -> str:
        """Return in one line what of another's content is missing here; nothing where all is there."""
        if self.figures != other.figures:
            return f"{self.figures} figures instead of {other.figures}"
        if missing := other.tables - self.tables:
            return f"{missing.total()} of {other.tables.total()} tables differ, first {next(iter(missing))[:3]}"
        if gone := other.blocks - self.blocks:
            return f"{gone.total()} of {other.blocks.total()} texts are missing, first {next(iter(gone))[:80]!r}"
        return ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: Counter[str] = Counter()
        self.tables: Counter[tuple[tuple[str, ...], ...]] = Counter()
        self.figures = 0
        self._text: list[str] = []
        self._silent: list[str] = []
        self._printed = 0
        self._rows: list[list[str]] = []

    def _close(self) -> str:
        lines = "".join(self._text).splitlines() if self._printed else ["".join(self._text)]
        self._text = []
        kept = [" ".join(unicodedata.normalize("NFC", line).split()) for line in lines]
        self.blocks.update(line for line in kept if line)
        return " ".join(kept)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._silent and (tag == "svg" or (tag == "img" and (dict(attrs).get("src") or "").startswith("data:"))):
            self.figures += 1
        if tag in SILENT:
            self._silent.append(tag)
        if tag in INLINE or self._silent:
            return
        self._close()
        if tag == "pre":
            self._printed += 1
        elif tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag in INLINE:
            return
        text = self._close()
        if tag == "pre":
            self._printed = max(0, self._printed - 1)
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(text)
        elif tag == "table":
            self.tables[tuple(tuple(row) for row in self._rows)] += 1
            self._rows = []

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)


def content(page: str) -> Content:
    """Return what a page, or a part of one, says."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader._close()
    return Content(reader.blocks, reader.tables, reader.figures)


def read(path: Path) -> Content:
    """Return what a page in a file says."""
    return content(path.read_text("utf-8"))
