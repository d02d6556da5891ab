"""A received file as sheets of cells: what lies between the bytes and the district form."""

from __future__ import annotations

import io
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl.xml
from openpyxl import load_workbook

from evaluation.intake.archive import CUT, Refused, admit, kind
from evaluation.intake.archive import body as bytes_of
from evaluation.intake.form import COVER, NARRATIVE, SHEETS

if not openpyxl.xml.DEFUSEDXML:
    raise RuntimeError(
        "Thiếu defusedxml: không đọc tệp nhận được. Hãy cài lại môi trường. / defusedxml is missing: no received file is read."
    )

MOST_ROWS, MOST_COLUMNS = 2_000, 200


@dataclass(frozen=True)
class Sheet:
    """A sheet's cells, both ways.

    Attributes
    ----------
    title : str
    rows : list of tuple
        Stored values, at most `MOST_ROWS` by `MOST_COLUMNS`.
    formulas : list of tuple
        The same cells with formulas in place of their stored results.
    """

    title: str
    rows: list[tuple[Any, ...]]
    formulas: list[tuple[Any, ...]]


def opened(path: Path) -> tuple[bytes, dict[str, Sheet]]:
    """Return a file's bytes and the form's sheets in it, by title.

    Parameters
    ----------
    path : Path

    Raises
    ------
    archive.Refused
        If the file cannot or should not be opened.
    """
    body = bytes_of(path)
    admit(body, kind(body))
    return body, _sheets(body)


def _sheets(body: bytes) -> dict[str, Sheet]:
    """Return the form's sheets by title, never trusting the declared dimension."""
    wanted = {COVER, NARRATIVE, *(title.vi for title in SHEETS.values())}
    found: dict[str, list[list[tuple[Any, ...]]]] = {}
    for data_only in (True, False):
        try:
            with warnings.catch_warnings(action="ignore"):
                book = load_workbook(io.BytesIO(body), read_only=True, data_only=data_only)
                for page in book.worksheets:
                    title = plain(page.title)
                    if title in wanted:
                        page.reset_dimensions()
                        rows = page.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
                        found.setdefault(title, []).append(list(rows))
        # openpyxl answers a damaged or foreign file with whatever its parts raise.
        except Exception:  # noqa: BLE001
            raise Refused("IN-001", why_vi=CUT.vi, why_en=CUT.en) from None
    if twice := sorted(title for title, both in found.items() if len(both) != 2):
        raise Refused("IN-001", why_vi=f"có nhiều trang tên {twice[0]}", why_en=f"several sheets are called {twice[0]}")
    return {title: Sheet(title, *both) for title, both in found.items()}


def plain(content: object) -> str:
    """Return a code, label or title as text; a whole number without its decimal point."""
    if isinstance(content, float) and content.is_integer():
        content = int(content)
    return "" if content is None else unicodedata.normalize("NFC", str(content)).strip()
