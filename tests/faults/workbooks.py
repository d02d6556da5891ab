"""Good workbooks, and how to change a part of one: what the tests of harmful files start from."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache

from evaluation.settings import folders

PATIENCE = 60.0  # seconds for a file: a busy machine is no fault; what an office's run allows is less
Members = dict[str, bytes]


@cache
def good() -> bytes:
    """Return a district's workbook of the example: small, whole, accepted."""
    return (folders().data / "example" / "submissions" / "2018-Q1" / "Huyen-Can-Gio_787_2018-Q1.xlsx").read_bytes()


def members(body: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {m.filename: archive.read(m) for m in archive.infolist()}


def packed(parts: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name), body, method)  # no time of day: the same parts make the same bytes
    return out.getvalue()


def changed(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the good workbook with one part changed; the change has to change something."""
    parts = members(good())
    after = change(parts[name])
    assert after != parts[name]
    return packed(parts | {name: after})


def added(name: str, body: bytes) -> bytes:
    return packed(members(good()) | {name: body})


SHEET, STRINGS = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"


def in_sheet(rows: bytes) -> bytes:
    """Return the good workbook with further rows at the end of its second sheet."""
    return changed(SHEET, lambda b: b.replace(b"</sheetData>", rows + b"</sheetData>"))


def after_rows(xml: bytes) -> bytes:
    """Return the good workbook with further elements behind the rows of its second sheet."""
    return changed(SHEET, lambda b: b.replace(b"</sheetData>", b"</sheetData>" + xml))


def with_formula(formula: str) -> bytes:
    return in_sheet(f'<row r="400"><c r="A400"><f>{formula}</f><v>1</v></c></row>'.encode())
