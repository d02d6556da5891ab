"""What offices make of the form before they send it: one district's figures in many disguises, built without our own writer."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from openpyxl import Workbook

from evaluation.indicators import Element, elements
from evaluation.intake.form import SHEETS, columns
from evaluation.places import wards

DISTRICT, DISTRICT_NAME, FILE = "770", "Quận 3", "bao-cao.xlsx"
WARDS = tuple(wards(DISTRICT))
NAMES = {code: ward.name.vi for code, ward in wards(DISTRICT).items()}
WARD_ELEMENTS = tuple(e for e in elements().values() if e.level == "ward")
DISTRICT_ELEMENTS = tuple(e for e in elements().values() if e.level == "district")
COVER = (("Mã quận, huyện", DISTRICT), ("Kỳ báo cáo", "Quý IV/2018"), ("Phiên bản biểu mẫu", 2))

# Rules look at the figures, which in these tests are no district's: they have their own tests.
RULES = frozenset({"IN-201", "IN-204", "IN-205", "IN-206", "IN-210", "IN-211", "IN-213", "IN-214"})

Rows = list[list[object]]
Figures = dict[tuple[str, str], int]


def figures() -> Figures:
    """The district's figures: all different in a column, some above a thousand."""
    found = {(w, e.id): 1000 * (j % 3) + 37 * i + j + 5 for i, w in enumerate(WARDS) for j, e in enumerate(WARD_ELEMENTS)}
    return found | {(DISTRICT, e.id): 1 if e.unit == "yes_no" else 12 + j for j, e in enumerate(DISTRICT_ELEMENTS)}


def table(
    shown: Sequence[Element],
    *,
    heading: Callable[[Element], object] = lambda e: e.label.vi,
    place: Sequence[tuple[str, Callable[[int, str], object]]] = (("Mã", lambda i, w: w), ("Phường, xã, thị trấn", lambda i, w: NAMES[w])),
    number: Callable[[int], object] = lambda n: n,
    total: str | None = "Tổng cộng",
    between: Iterable[list[object]] = (),
    cells: Mapping[tuple[str, str], object] | None = None,
) -> Rows:
    """One table of counts by ward: a row of headings, rows between, the wards, a total."""
    given = figures() | dict(cells or {})
    rows: Rows = [[h for h, _ in place] + [heading(e) for e in shown], *between]
    for i, w in enumerate(WARDS):
        rows.append([say(i, w) for _, say in place] + [_written(given[w, e.id], number) for e in shown])
    if total is not None:
        sums = [sum(figures()[w, e.id] for w in WARDS) for e in shown]
        rows.append([None] * (len(place) - 1) + [total or None] + [number(s) for s in sums])
    return rows


def _written(content: object, number: Callable[[int], object]) -> object:
    return number(content) if isinstance(content, int) else content


def district_table(heading: Callable[[Element], object] = lambda e: e.label.vi) -> Rows:
    """The table of the whole district."""
    return [
        ["Mã", "Quận, huyện", *(heading(e) for e in DISTRICT_ELEMENTS)],
        [DISTRICT, DISTRICT_NAME, *(figures()[DISTRICT, e.id] for e in DISTRICT_ELEMENTS)],
    ]


def by_sheets(**how: object) -> dict[str, Rows]:
    """The form's sheets with plain tables, and a cover."""
    heading = how.get("heading", lambda e: e.label.vi)
    found: dict[str, Rows] = {"Bìa": [list(row) for row in COVER]}
    for subject, title in SHEETS.items():
        found[title.vi] = district_table(heading) if subject == "district" else table(columns(subject, 2), **how)  # type: ignore[arg-type]
    return found


def wide(**how: object) -> Rows:
    """All subjects in one table; the district's own counts in the last row."""
    rows = table((*WARD_ELEMENTS, *DISTRICT_ELEMENTS), total=None, cells=dict.fromkeys(_district_cells()), **how)  # type: ignore[arg-type]
    sums = [sum(figures()[w, e.id] for w in WARDS) for e in WARD_ELEMENTS]
    own = [figures()[DISTRICT, e.id] for e in DISTRICT_ELEMENTS]
    number = how.get("number", lambda n: n)
    width = len(rows[0]) - len(sums) - len(own)
    rows.append([None] * (width - 1) + ["Toàn quận"] + [number(n) for n in (*sums, *own)])  # type: ignore[operator]
    return rows


def _district_cells() -> list[tuple[str, str]]:
    return [(w, e.id) for w in WARDS for e in DISTRICT_ELEMENTS]


def with_cover(rows: Rows) -> Rows:
    """Label and value lines above a table, and a blank line between."""
    return [["BÁO CÁO SỐ LIỆU"], *[list(row) for row in COVER], [], *rows]


def xlsx(sheets: Mapping[str, Rows], merged: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """Write sheets as an .xlsx workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for r, row in enumerate(rows, 1):
            for c, content in enumerate(row, 1):
                if content is not None:
                    page.cell(r, c, content)  # type: ignore[arg-type]
        for span in (merged or {}).get(title, ()):
            page.merge_cells(span)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def delimited(rows: Rows, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Write one table as text."""
    raw = io.StringIO(newline="")
    csv.writer(raw, delimiter=separator).writerows([["" if c is None else c for c in row] for row in rows])
    return windows_1258(raw.getvalue()) if encoding == "cp1258" else raw.getvalue().encode(encoding)


def windows_1258(text: str) -> bytes:
    """Encode as old Vietnamese Windows programs did: tones as marks of their own behind the vowel."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    out = b""
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(c for c in parts if c not in tones))
        out += base.encode("cp1258") + "".join(c for c in parts if c in tones).encode("cp1258")
    return out


def ods(sheets: Mapping[str, Rows]) -> bytes:
    """Write sheets as LibreOffice does, as plainly as the format allows."""
    body = "".join(
        f'<table:table table:name="{escape(title)}">{"".join(map(_ods_row, rows))}</table:table>' for title, rows in sheets.items()
    )
    spaces = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text", "style", "meta", "manifest")
    )
    page = f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
    content = f"<office:document-content{spaces}>{page}</office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{p}" manifest:media-type="{t}"/>' for p, t in (("/", kind), ("content.xml", "text/xml"))
    )
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}')
        archive.writestr(
            "META-INF/manifest.xml", f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest{spaces}>{entries}</manifest:manifest>'
        )
    return raw.getvalue()


def _ods_row(row: list[object]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, row)) or '<table:table-cell/>'}</table:table-row>"


def _ods_cell(content: object) -> str:
    if content is None:
        return "<table:table-cell/>"
    if isinstance(content, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{content}"><text:p>{content}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(content))}</text:p></table:table-cell>'
