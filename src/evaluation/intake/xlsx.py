"""A received Excel workbook (.xlsx) becomes sheets of cells and all the texts in it."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from typing import Any
from zipfile import ZipExtFile

import openpyxl.xml
from openpyxl import load_workbook

from evaluation.intake.book import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SHEETS,
    MOST_SLOTS,
    Book,
    Place,
    Sheet,
    address,
    covered,
    plain,
    trimmed,
    written,
)
from evaluation.intake.ooxml import OoxmlPart, Package, Page, unescaped
from evaluation.intake.refusal import damaged, refuse
from evaluation.intake.texts import Texts, answered, is_xml, loose, members, runs, walk
from evaluation.language import Words

if not openpyxl.xml.DEFUSEDXML:
    raise RuntimeError(
        "Thiếu defusedxml: không đọc tệp nhận được. Hãy cài lại môi trường. / defusedxml is missing: no received file is read."
    )

BROKEN = Words("tệp bị cắt, hỏng hoặc không phải .xlsx", "it is cut off, damaged, or not an .xlsx file")


def book(body: bytes) -> Book:
    """Read an .xlsx workbook.

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
        If it is damaged, goes past the limits, or contradicts itself. Nothing
        else is raised, whatever the bytes are.

    Notes
    -----
    Values come from openpyxl; everything else from the parts' own XML. The two
    are compared: a cell that only one of them sees would be a cell that is
    loaded without having been checked, or the other way round.
    """
    with answered(BROKEN):
        texts, package = Texts(), Package()
        _walk(body, texts, package)
        sheets = _sheets(body, texts, package)
        for number, text in enumerate(package.strings):
            if number not in package.used:
                texts.add("other", text)
        return Book(sheets, texts.found(), "xlsx")


def _walk(body: bytes, texts: Texts, package: Package) -> None:
    """Walk all parts: relationships first, then the workbook, then the rest, whether or not anything leads to them."""
    for name, stream in members(body):
        if name.lower().endswith(".rels"):
            _walk_one(body, name, stream, texts, package)
    for name, stream in members(body):
        if name == package.main:
            _walk_one(body, name, stream, texts, package)
    if len(package.titles) > MOST_SHEETS:
        refuse("IN-014", f"hơn {MOST_SHEETS} trang tính", f"more than {MOST_SHEETS} sheets")
    package.settle()
    for name, stream in members(body):
        texts.add("other", name)
        if name != package.main and not name.lower().endswith(".rels"):
            _walk_one(body, name, stream, texts, package)
    for source, rel, target in package.links:
        texts.add("link", target, package.owners.get(source, ""), package.linked.get((source, rel), ""))


def _walk_one(body: bytes, name: str, stream: ZipExtFile, texts: Texts, package: Package) -> None:
    part = OoxmlPart(texts, package, name)
    if not is_xml(stream.peek(64)[:64]):
        runs(texts, stream.read())
    elif not walk(part, stream):
        if name in package.pages or name == package.main or not part.root:
            damaged(BROKEN)
        loose(texts, body, name, package.owners.get(name, ""))


def _sheets(body: bytes, texts: Texts, package: Package) -> tuple[Sheet, ...]:
    with warnings.catch_warnings(action="ignore"):
        opened = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        if Counter(map(plain, opened.sheetnames)) != Counter(title for title, _ in package.titles):
            refuse("IN-015", "danh sách trang tính không khớp", "the list of sheets does not agree with the sheets")
        sheets: list[Sheet] = []
        for page in opened.worksheets:
            part = getattr(page, "_worksheet_path")  # noqa: B009  # openpyxl has no public name for it
            if package.owners.get(part) != plain(page.title):
                refuse("IN-015", "danh sách trang tính không khớp", "the list of sheets does not agree with the sheets")
            sheets.append(_sheet(page, package.pages[part], texts))
            if sum(len(row) for s in sheets for row in s.rows) > MOST_SLOTS:
                refuse("IN-014", "quá nhiều ô", "too many cells")
        opened.close()
    return tuple(sheets)


def _sheet(page: Any, own: Page, texts: Texts) -> Sheet:
    """Return one sheet; its declared dimension is never looked at."""
    title = plain(page.title)
    page.reset_dimensions()
    rows: list[tuple[object, ...]] = []
    percents: set[Place] = set()
    seen: set[Place] = set()
    for r, cells in enumerate(page.iter_rows(max_row=MOST_ROWS, max_col=_width(own))):
        row: list[object] = []
        for c, cell in enumerate(cells):
            content = cell.value
            if isinstance(content, str):
                content = unescaped(content)
            row.append(content)
            if content is None:
                continue
            seen.add((r, c))
            number = isinstance(content, int | float) and not isinstance(content, bool)
            if number and "%" in (cell.number_format or ""):
                percents.add((r, c))
            texts.add("cell", written(content), title, address(r, c), number=number)
        rows.append(trimmed(row))
    while rows and not rows[-1]:
        rows.pop()
    if own.filled - seen - set(own.formulas) or any(rows[r][c] != "" for r, c in seen - own.filled):
        refuse("IN-015", "các ô không theo thứ tự", "its cells are out of order")
    width = max(map(len, rows), default=0)
    for place in covered(own.arrays, MOST_ROWS, MOST_COLUMNS):
        own.formulas.setdefault(place, place in seen)
    return Sheet(title, rows, own.formulas, frozenset(percents), covered(own.merged, len(rows), width))


def _width(own: Page) -> int:
    """Return how many columns hold something: rows are not made wider than that."""
    return max((c for _, c in own.filled | own.formulas.keys()), default=0) + 1
