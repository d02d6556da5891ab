"""The report as a typed tree: what a notebook lays out, and what every form of the report is rendered from."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

SCHEMA_VERSION = 3


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `role` is "plain", "answer", "note" or "warning"; text between backticks is an identifier."""

    text: str
    role: str = "plain"
    lang: str | None = None
    type: str = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    lang: str | None = None
    type: str = "bullets"


@dataclass(frozen=True)
class Fact:
    """One of the numbers in front: what it is, its value, and interval with n/N."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True)
class Facts:
    """The numbers in front."""

    items: tuple[Fact, ...]
    type: str = "facts"


@dataclass(frozen=True)
class Column:
    """A column of a table; a `row_header` column holds the rows' names; `width` is in percent of the table, 0 as it comes."""

    label: str
    numeric: bool = False
    row_header: bool = False
    width: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell; `state` other than "shown" gives it its own look.

    Attributes
    ----------
    course : tuple of float or None
        Values over the periods, None where there is none: drawn as a small
        line from zero up. `text` then says it in words, where lines cannot be
        seen or drawn.
    """

    text: str
    state: str = "shown"
    course: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table with a caption, its unit or note below.

    Attributes
    ----------
    said : tuple of str
        One sentence for each row, read under it; empty where rows have none.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    said: tuple[str, ...] = ()
    type: str = "table"


@dataclass(frozen=True)
class Figure:
    """A picture with its caption and the alternative made from its numbers.

    Attributes
    ----------
    picture : str
        An SVG as it is, a PNG in base64.
    kind : str
        "svg" where every coordinate may be read back, since all that was
        drawn had passed the gate; else "png".
    """

    id: str
    caption: str
    alt: str
    picture: str = field(repr=False)
    kind: str = "png"
    type: str = "figure"

    @property
    def content(self) -> bytes:
        """The picture's bytes."""
        return self.picture.encode() if self.kind == "svg" else base64.b64decode(self.picture)


Block: TypeAlias = Paragraph | Bullets | Facts | Table | Figure


@dataclass(frozen=True)
class Section:
    """A titled part of a report; subsections one level down."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    parts: tuple[Section, ...] = ()

    def all_blocks(self) -> Iterator[Block]:
        """Yield every block of the section and its parts, in reading order."""
        yield from self.blocks
        for part in self.parts:
            yield from part.all_blocks()

    def _repr_html_(self) -> str:
        from evaluation.reporting.html import fragment

        return fragment(self)


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes
    ----------
    kind : str
        "district".
    subject, period, language : str
        District code, period, "vi" or "en".
    title : str
        Carries place, period and, in English, the language.
    head : tuple of (str, str)
        The title block's lines: label, value.
    synthetic : bool
        Whether every page and figure must say that its data are made up.
    status : str
        "reported" or "not_reported".
    sections : tuple of Section
    key_figures : tuple of mapping
        Typed figures behind sentences and tables.
    manifest : mapping
        What the numbers can be made again from.
    """

    kind: str
    subject: str
    period: str
    language: str
    title: str
    head: tuple[tuple[str, str], ...]
    synthetic: bool
    status: str
    sections: tuple[Section, ...]
    key_figures: tuple[Mapping[str, Any], ...]
    manifest: Mapping[str, Any]

    def all_blocks(self) -> Iterator[Block]:
        """Yield every block of the report, in reading order."""
        for section in self.sections:
            yield from section.all_blocks()


_BLOCKS: dict[str, type] = {"paragraph": Paragraph, "bullets": Bullets, "facts": Facts, "table": Table, "figure": Figure}


def to_json(report: Report) -> str:
    """Return the tree as JSON (UTF-8, sorted keys): what the kernel hands to the worker."""
    return json.dumps({"schema": SCHEMA_VERSION, **asdict(report)}, ensure_ascii=False, sort_keys=True, indent=1)


def from_json(text: str) -> Report:
    """Return the tree that `to_json` wrote.

    Raises
    ------
    ValueError
        For another version of the schema.
    """
    raw = json.loads(text)
    if raw.pop("schema", None) != SCHEMA_VERSION:
        raise ValueError("the report tree is of another schema version: build the report again")
    raw["head"] = tuple((a, b) for a, b in raw["head"])
    raw["sections"] = tuple(_section(s) for s in raw["sections"])
    raw["key_figures"] = tuple(raw["key_figures"])
    return Report(**raw)


def _section(raw: dict[str, Any]) -> Section:
    return Section(raw["id"], raw["title"], tuple(_block(b) for b in raw["blocks"]), tuple(_section(p) for p in raw["parts"]))


def _block(raw: dict[str, Any]) -> Block:
    made = dict(raw)
    if raw["type"] == "facts":
        made["items"] = tuple(Fact(**i) for i in raw["items"])
    elif raw["type"] == "bullets":
        made["items"] = tuple(raw["items"])
    elif raw["type"] == "table":
        made["columns"] = tuple(Column(**c) for c in raw["columns"])
        made["rows"] = tuple(tuple(Cell(**c | {"course": tuple(c["course"])}) for c in row) for row in raw["rows"])
        made["said"] = tuple(raw["said"])
    block: Block = _BLOCKS[raw["type"]](**made)
    return block
