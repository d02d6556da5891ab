"""Reading one district workbook: cover, subject sheets, narrative, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl.xml
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from evaluation.contracts import NOT_COLLECTED, checked, values_schema
from evaluation.indicators import elements, indicators
from evaluation.intake.findings import ERROR, Finding, finding
from evaluation.intake.form import COVER, COVER_FIELDS, FORM_VERSIONS, MAP_MARK, NARRATIVE, SHEETS, columns, units
from evaluation.intake.numbers import NotACount, NotWhole, read_count
from evaluation.periods import Period, PeriodError
from evaluation.places import UnknownPlace, districts, find_district
from evaluation.store import Submission

if TYPE_CHECKING:
    import pandas as pd

if not openpyxl.xml.DEFUSEDXML:
    raise RuntimeError(
        "Thiếu defusedxml: không đọc tệp nhận được. Hãy cài lại môi trường. / defusedxml is missing: no received file is read."
    )

MOST_MEMBERS, MOST_BYTES = 1_000, 200 * 2**20
MOST_ROWS, MOST_COLUMNS = 2_000, 200


@dataclass(frozen=True)
class Reading:
    """What one file holds.

    Attributes
    ----------
    submission : Submission or None
        None where an error keeps the file out.
    values : DataFrame
        As `contracts.values_schema`; empty where the file is kept out.
    findings : tuple of Finding
    narrative : str
    """

    submission: Submission | None
    values: pd.DataFrame
    findings: tuple[Finding, ...]
    narrative: str = ""

    @property
    def accepted(self) -> bool:
        """Whether no finding of kind error keeps the file out."""
        return self.submission is not None


@dataclass
class _Sheet:
    """A sheet's cells, both ways: stored results and formulas."""

    title: str
    rows: list[tuple[Any, ...]]
    formulas: list[tuple[Any, ...]]


@dataclass
class _Page:
    """What is collected while a file is read."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)

    def say(self, code: str, sheet: str = "", cell: str = "", **slots: str) -> None:
        self.findings.append(finding(code, self.file, sheet, cell, **slots))


def read(path: Path, received: dt.date) -> Reading:
    """Read a district workbook.

    Parameters
    ----------
    path : Path
        An .xlsx file in the district form.
    received : date
        The day on which the file came.

    Returns
    -------
    Reading
        Bad input never raises: it comes back as findings.
    """
    page = _Page(path.name)
    body = b""
    try:
        body = path.read_bytes()
        _refuse_bombs(path)
        sheets = _open(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        page.say("IN-001", why=_reason(error))
        return _kept_out(page)
    cover = _cover(sheets, page)
    if cover is None:
        return _kept_out(page)
    district_code, period, version, role = cover
    for sheet, title in SHEETS.items():
        if columns(sheet, version):
            _subject(sheets.get(title.vi), title.vi, sheet, district_code, version, page)
    _parts_and_wholes(page)
    if any(f.severity == ERROR for f in page.findings):
        return _kept_out(page)
    digest = hashlib.sha256(body).hexdigest()
    submission = Submission(
        id=digest[:16],
        district_code=district_code,
        period=str(period),
        form_version=version,
        received=received,
        file=path.name,
        sha256=digest,
        role=role,
    )
    return Reading(submission, _frame(page, district_code, str(period), version), tuple(page.findings), _narrative(sheets))


def _kept_out(page: _Page) -> Reading:
    import pandas as pd

    return Reading(None, pd.DataFrame(columns=list(values_schema().columns)), tuple(page.findings))


def _reason(error: Exception) -> str:
    """Return why a file cannot be opened, without its path or content."""
    if isinstance(error, FileNotFoundError):
        return "không có tệp / no such file"
    if isinstance(error, zipfile.BadZipFile | EOFError):
        return "tệp bị cắt hoặc không phải .xlsx / cut off, or not an .xlsx file"
    return type(error).__name__ if not isinstance(error, _TooLarge) else str(error)


class _TooLarge(ValueError):
    """A workbook that unpacks to more than any form can hold."""


def _refuse_bombs(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [m.filename for m in members]
        if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_BYTES:
            raise _TooLarge("quá lớn khi giải nén / too large when unpacked")
        if len(names) != len(set(names)) or any(n.startswith("/") or ".." in n.split("/") for n in names):
            raise _TooLarge("thành phần trùng hoặc sai đường dẫn / duplicate or misplaced members")


def _open(path: Path) -> dict[str, _Sheet]:
    """Return the form's sheets by title, never trusting the declared dimension."""
    found: dict[str, list[list[tuple[Any, ...]]]] = {}
    for data_only in (True, False):
        book = load_workbook(path, read_only=True, data_only=data_only)
        try:
            for page in book.worksheets:
                page.reset_dimensions()
                rows = page.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
                found.setdefault(page.title.strip(), []).append(list(rows))
        finally:
            book.close()
    return {title: _Sheet(title, *both) for title, both in found.items()}


def _cover(sheets: dict[str, _Sheet], page: _Page) -> tuple[str, Period, int, str] | None:
    sheet = sheets.get(COVER)
    if sheet is None:
        page.say("IN-002", sheet=COVER)
        return None
    labels = {label: name for name, label in COVER_FIELDS.items()}
    content = {labels[row[0]]: row[1] for row in sheet.rows if len(row) > 1 and row[0] in labels}
    try:
        code = str(content.get("district_code") or "").strip()
        district = districts()[code] if code in districts() else find_district(str(content.get("district") or code))
        period = Period.parse(str(content.get("period") or ""))
        version = int(str(content.get("form_version") or FORM_VERSIONS[-1]))
    except (UnknownPlace, PeriodError, ValueError) as error:
        page.say("IN-003", COVER, why=str(error))
        return None
    if version not in FORM_VERSIONS or period.quarter is None:
        page.say("IN-003", COVER, why=f"{COVER_FIELDS['form_version']}: {version}; {COVER_FIELDS['period']}: {period}")
        return None
    return district.code, period, version, str(content.get("role") or "")


def _subject(sheet: _Sheet | None, title: str, subject: str, district_code: str, version: int, page: _Page) -> None:
    if sheet is None:
        page.say("IN-002", sheet=title)
        return
    head = next((n for n, row in enumerate(sheet.rows) if row and row[0] == MAP_MARK), None)
    if head is None:
        page.say("IN-004", title)
        return
    wanted = {e.id for e in columns(subject, version)}
    placed = {name: column for column, name in enumerate(sheet.rows[head]) if name in wanted}
    known = units(subject, district_code)
    seen: set[str] = set()
    for number, row in enumerate(sheet.rows[head + 1 :], head + 2):
        code = str(row[0]).strip() if row and row[0] is not None else ""
        if not code:
            continue
        if code not in known:
            district = districts()[district_code].name
            page.say("IN-104", title, f"A{number}", district_vi=district.vi, district_en=district.en)
        elif code in seen:
            page.say("IN-105", title, f"A{number}")
        else:
            seen.add(code)
            formulas = sheet.formulas[number - 1] if number <= len(sheet.formulas) else ()
            page.rows.extend(_cells(row, formulas, number, title, code, placed, page))
    for code in (c for c in known if c not in seen):
        page.say("IN-202", title, ward=known[code])


def _cells(
    row: tuple[Any, ...], formulas: tuple[Any, ...], number: int, title: str, unit: str, placed: dict[Any, int], page: _Page
) -> Iterator[dict[str, object]]:
    for name, column in placed.items():
        content = row[column] if column < len(row) else None
        formula = formulas[column] if column < len(formulas) else None
        cell, label = f"{get_column_letter(column + 1)}{number}", elements()[name].label
        slots = {"label_vi": label.vi, "label_en": label.en}
        if content is None and isinstance(formula, str) and formula.startswith("="):
            page.say("IN-103", title, cell, **slots)
            continue
        try:
            count = read_count(content)
        except NotACount:
            page.say("IN-101", title, cell, **slots)
            continue
        except NotWhole:
            page.say("IN-102", title, cell, **slots)
            continue
        if count.as_text:
            page.say("IN-301", title, cell, read=f"{count.value:.0f}")
        yield {"unit_code": unit, "element": name, "value": count.value, "state": count.state, "sheet": title, "cell": cell}


def _parts_and_wholes(page: _Page) -> None:
    """A part above its whole is loaded and pointed at, never mended."""
    value = {(r["unit_code"], r["element"]): r for r in page.rows}
    for indicator in indicators().values():
        if indicator.measure != "proportion" or not indicator.reported:
            continue
        for (unit, name), part in list(value.items()):
            whole = value.get((unit, indicator.denominator))
            if name == indicator.numerator and whole and float(str(part["value"])) > float(str(whole["value"])):
                page.say(
                    "IN-201",
                    str(part["sheet"]),
                    str(part["cell"]),
                    label_vi=indicator.label.vi,
                    label_en=indicator.label.en,
                    numerator_vi=elements()[indicator.numerator].label.vi,
                    numerator_en=elements()[indicator.numerator].label.en,
                    denominator_vi=elements()[indicator.denominator].label.vi,
                    denominator_en=elements()[indicator.denominator].label.en,
                )


def _frame(page: _Page, district_code: str, period: str, version: int) -> pd.DataFrame:
    """Return the values, with what this form version never asked marked "not collected"."""
    import pandas as pd

    later = [e.id for e in elements().values() if e.form_since > version]
    reported_units = sorted({str(r["unit_code"]) for r in page.rows if len(str(r["unit_code"])) == 5})
    absent = [
        {"unit_code": unit, "element": name, "value": float("nan"), "state": NOT_COLLECTED, "sheet": "", "cell": ""}
        for unit in reported_units
        for name in later
    ]
    frame = pd.DataFrame([*page.rows, *absent], columns=["unit_code", "element", "value", "state", "sheet", "cell"])
    return checked(frame.assign(district_code=district_code, period=period), values_schema(), page.file)


def _narrative(sheets: dict[str, _Sheet]) -> str:
    sheet = sheets.get(NARRATIVE)
    lines = [str(c).strip() for row in (sheet.rows[1:] if sheet else []) for c in row if c is not None]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()
