"""Reading one district workbook: cover, subject sheets, narrative, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl.utils import get_column_letter

from evaluation.contracts import NOT_COLLECTED, REPORTED, checked, values_schema
from evaluation.indicators import elements, indicators
from evaluation.intake.archive import Refused
from evaluation.intake.findings import ERROR, Finding, finding
from evaluation.intake.form import COVER, COVER_FIELDS, FORM_VERSIONS, MAP_MARK, NARRATIVE, SHEETS, TOTAL, columns, units
from evaluation.intake.numbers import NotACount, NotWhole, read_count
from evaluation.intake.sheets import Sheet, opened, plain
from evaluation.language import Words
from evaluation.periods import Period, PeriodError
from evaluation.places import District, districts, find_district
from evaluation.store import Submission

if TYPE_CHECKING:
    import pandas as pd

TOTALS = frozenset({TOTAL.lower(), "tổng", "tổng số", "cộng", "total"})


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
    try:
        body, sheets = opened(path)
    except Refused as refused:
        page.findings.append(refused.finding(page.file))
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


_EXAMPLES = {"district_code": "760", "district": "Quận 1", "period": "Quý IV/2018", "form_version": "2"}
_BLANK = Words("còn trống", "it is blank")
_UNKNOWN = Words("không nhận ra nội dung", "its content is not recognised")
_DISAGREES = Words("không khớp với mã quận, huyện", "it does not agree with the district code")


def _cover(sheets: dict[str, Sheet], page: _Page) -> tuple[str, Period, int, str] | None:
    sheet = sheets.get(COVER)
    if sheet is None:
        page.say("IN-002", COVER, title=COVER)
        return None
    labels = {label: name for name, label in COVER_FIELDS.items()}
    content: dict[str, str] = {}
    cells: dict[str, str] = {}
    for number, row in enumerate(sheet.rows, 1):
        if len(row) > 1 and (name := labels.get(plain(row[0]).rstrip(":"))):
            content[name], cells[name] = plain(row[1]), f"B{number}"
    findings = len(page.findings)

    def refuse(name: str) -> None:
        # Fixed words: what the cell holds is never repeated, it may be about a person.
        why = _DISAGREES if name == "district" and content.get("district_code") in districts() else _UNKNOWN
        why = why if content.get(name) else _BLANK
        slots = {"field": COVER_FIELDS[name], "example": _EXAMPLES[name], "why_vi": why.vi, "why_en": why.en}
        page.say("IN-003", COVER, cells.get(name, ""), **slots)

    district = _district(content.get("district_code", ""), content.get("district", ""))
    if isinstance(district, str):
        refuse(district)
    period = _period(content.get("period", ""))
    if period is None:
        refuse("period")
    version = content.get("form_version", "")
    if version not in {str(v) for v in FORM_VERSIONS}:
        refuse("form_version")
    if len(page.findings) > findings or isinstance(district, str) or period is None:
        return None
    return district.code, period, int(version), content.get("role", "")


def _district(code: str, name: str) -> District | str:
    """Return the cover's district, or the field that is at fault; code and name must not disagree."""
    try:
        named = find_district(name) if name else None
    except ValueError:
        return "district"
    coded = districts().get(code)
    if code and coded is None:
        return "district_code"
    if coded and named and coded != named:
        return "district"
    return coded or named or "district_code"


def _period(text: str) -> Period | None:
    try:
        period = Period.parse(text)
    except PeriodError:
        return None
    return period if period.quarter else None


def _subject(sheet: Sheet | None, title: str, subject: str, district_code: str, version: int, page: _Page) -> None:
    if sheet is None:
        page.say("IN-002", title, title=title)
        return
    head = next((n for n, row in enumerate(sheet.rows) if MAP_MARK in row), None)
    if head is None:
        page.say("IN-004", title)
        return
    marks = sheet.rows[head]
    placed = _placed(marks, subject, version, title, head + 1, page)
    known = units(subject, district_code)
    seen: set[str] = set()
    for number, row in enumerate(sheet.rows[head + 1 :], head + 2):
        at = marks.index(MAP_MARK)
        code = plain(row[at]) if at < len(row) else ""
        if any(plain(c).lower().rstrip(":") in TOTALS for c in row if isinstance(c, str)):
            continue
        if code in known and code not in seen:
            seen.add(code)
            formulas = sheet.formulas[number - 1] if number <= len(sheet.formulas) else ()
            page.rows.extend(_cells(row, formulas, number, title, code, placed, page))
        elif code in seen:
            page.say("IN-105", title, f"{get_column_letter(at + 1)}{number}")
        elif code:
            district = districts()[district_code].name
            page.say("IN-104", title, f"{get_column_letter(at + 1)}{number}", district_vi=district.vi, district_en=district.en)
        elif any(_holds_count(row[c]) for c in placed.values() if c < len(row)):
            page.say("IN-107", title, f"{get_column_letter(at + 1)}{number}")
    for code in (c for c in known if c not in seen):
        page.say("IN-202", title, ward=known[code])


def _placed(marks: tuple[Any, ...], subject: str, version: int, title: str, row: int, page: _Page) -> dict[str, int]:
    """Return the column of each element, wherever it was moved to; a missing or doubled one is a finding."""
    placed: dict[str, int] = {}
    wanted = {e.id: {"label_vi": e.label.vi, "label_en": e.label.en} for e in columns(subject, version)}
    for column, mark in enumerate(marks):
        if mark in placed:
            page.say("IN-106", title, f"{get_column_letter(column + 1)}{row}", **wanted[mark])
        elif mark in wanted:
            placed[mark] = column
    for name in (n for n in wanted if n not in placed):
        page.say("IN-203", title, **wanted[name])
    return placed


def _holds_count(content: object) -> bool:
    """Return whether a cell outside the wards' rows is a number: signatures and notes below the table are not."""
    try:
        return read_count(content).state == REPORTED
    except (NotACount, NotWhole):
        return False


def _cells(
    row: tuple[Any, ...], formulas: tuple[Any, ...], number: int, title: str, unit: str, placed: dict[str, int], page: _Page
) -> Iterator[dict[str, object]]:
    for name, column in placed.items():
        content = row[column] if column < len(row) else None
        formula = formulas[column] if column < len(formulas) else None
        cell, label = f"{get_column_letter(column + 1)}{number}", elements()[name].label
        slots = {"label_vi": label.vi, "label_en": label.en}
        if content is None and formula is not None:
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

    later = [e.id for e in elements().values() if e.form_since > version and e.level == "ward"]
    reported_units = sorted({str(r["unit_code"]) for r in page.rows if len(str(r["unit_code"])) == 5})
    absent = [
        {"unit_code": unit, "element": name, "value": float("nan"), "state": NOT_COLLECTED, "sheet": "", "cell": ""}
        for unit in reported_units
        for name in later
    ]
    frame = pd.DataFrame([*page.rows, *absent], columns=["unit_code", "element", "value", "state", "sheet", "cell"])
    return checked(frame.assign(district_code=district_code, period=period), values_schema(), page.file)


def _narrative(sheets: dict[str, Sheet]) -> str:
    sheet = sheets.get(NARRATIVE)
    lines = [str(c).strip() for row in (sheet.rows[1:] if sheet else []) for c in row if c is not None]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()
