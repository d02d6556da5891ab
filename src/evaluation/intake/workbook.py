"""Reading one received file whole: what it is, whether it may be read, its cover, its values, and what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from openpyxl.utils.cell import coordinate_to_tuple

from evaluation.contracts import NOT_COLLECTED
from evaluation.indicators import elements
from evaluation.intake import archive, cells, cover, identifiers, layout, rows, rules, totals
from evaluation.intake.book import Book, address, folded, opened
from evaluation.intake.findings import Finding, finding
from evaluation.intake.form import NARRATIVE, SHEETS, Cover, columns, units
from evaluation.intake.layout import Column, Table, element_label
from evaluation.intake.reading import Reading
from evaluation.intake.refusal import Refused
from evaluation.intake.rows import Row
from evaluation.language import Words
from evaluation.places import districts

MOST_NAMED, LONGEST_HEADING = 10, 60

Placed = list[tuple[Table, tuple[Row, ...]]]


SEPARATORS = {
    ",": Words("dấu phẩy", "a comma"),
    ";": Words("dấu chấm phẩy", "a semicolon"),
    "\t": Words("dấu tab", "a tab"),
}


def examine(body: bytes, file: str) -> Reading:
    """Read a received file.

    Parameters
    ----------
    body : bytes
        The whole file.
    file : str
        Its name, as it may be shown.

    Returns
    -------
    Reading
        Bad input never raises: it comes back as findings, in the order of
        sheets, rows and columns. Of a file that may hold information about a
        person, or that could do harm, there are the findings and nothing else.
    """
    try:
        kind = archive.kind(body)
        archive.admit(body, kind)
        book = opened(kind, body)
        tables = layout.tables(book)
    except Refused as refused:
        return Reading(file, findings=(refused.finding(file),))
    if hits := identifiers.look(book.texts, layout.counts(tables), file):
        return Reading(file, findings=tuple(identifiers.findings(hits, file)))
    said, found = cover.read(book, tables, file)
    if book.separator:
        sign = SEPARATORS.get(book.separator, Words(book.separator, book.separator))
        found = (*found, finding("IN-303", file, encoding=book.encoding, separator_vi=sign.vi, separator_en=sign.en))
    reading = Reading(
        file,
        sha256=hashlib.sha256(body).hexdigest(),
        cover=said,
        findings=_ordered(found, book),
        narrative=_narrative(book),
        sheets=book.sheets,
        synthetic=cover.synthetic(book, tables),
        written_as=book.written_as,
    )
    return reading if said is None else _with_values(reading, book, tables, said, found)


def _with_values(reading: Reading, book: Book, tables: tuple[Table, ...], said: Cover, found: tuple[Finding, ...]) -> Reading:
    """Return the reading with what its tables hold."""
    file, district = reading.file, said.district_code
    findings = [*found, *_absent_subjects(book, tables, said.form_version, file)]
    placed: Placed = []
    for table in tables:
        findings += _headings(table, file)
        own, wrong = rows.placed(table, district, file)
        placed.append((table, own))
        findings += wrong
    values, wrong = cells.read(placed, file)
    findings += wrong
    findings += totals.compared(placed, values, district, file)
    findings += _missing(placed, said, file)
    reading = Reading(
        file,
        reading.sha256,
        said,
        (*values, *_not_collected(values, tables, said.form_version)),
        (),
        reading.narrative,
        reading.sheets,
        reading.synthetic,
        reading.written_as,
    )
    return reading.also(_ordered([*findings, *rules.within(reading)], book))


def _ordered(findings: Sequence[Finding], book: Book) -> tuple[Finding, ...]:
    """Return findings in the order of sheets, rows and columns; what is about the whole file comes first."""
    order = {sheet.title: n for n, sheet in enumerate(book.sheets, 1)}

    def place(f: Finding) -> tuple[int, int, int, str]:
        row, column = coordinate_to_tuple(f.cell) if re.fullmatch(r"[A-Z]{1,3}[0-9]+", f.cell) else (0, 0)
        return order.get(f.sheet, 0), row, column, f.code

    return tuple(sorted(findings, key=place))


def _headings(table: Table, file: str) -> list[Finding]:
    """Say which headings were guessed, refused, doubled or not known."""
    title = table.sheet.title
    found = []

    def say(code: str, column: Column, element: str = "", **slots: str) -> None:
        found.append(finding(code, file, title, address(column.row, column.column), element=element, **slots))

    for column in table.taken:
        say("IN-130", column, column.elements[0], seen=_heading(column.heading), **element_label(column.elements[0]))
    for column in table.unclear:
        labels = [elements()[e].label for e in column.elements]
        both = {"candidates_vi": "; ".join(w.vi for w in labels), "candidates_en": "; ".join(w.en for w in labels)}
        say("IN-137", column, seen=_heading(column.heading), **both)
    for column in table.doubled:
        say("IN-106", column, column.elements[0], **element_label(column.elements[0]))
    for column in table.crossed:
        marked, headed = (elements()[e].label for e in column.elements)
        slots = {"label_vi": headed.vi, "label_en": headed.en, "marked_vi": marked.vi, "marked_en": marked.en}
        say("IN-139", column, column.elements[0], **slots)
    if table.extra:
        named = [f"“{_heading(c.heading)}” ({address(c.row, c.column)})" for c in table.extra]
        more = f" … (+{len(named) - MOST_NAMED})" if len(named) > MOST_NAMED else ""
        say("IN-131", table.extra[0], names=", ".join(named[:MOST_NAMED]) + more)
    return found


def _heading(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_HEADING else line[: LONGEST_HEADING - 1] + "…"


def _known(table: Table) -> set[str]:
    """Return the elements that a table has, be it in a column that cannot be read."""
    odd = {e for c in (*table.unclear, *table.doubled, *table.crossed) for e in c.elements}
    return set(table.columns) | odd


def _absent_subjects(book: Book, tables: tuple[Table, ...], version: int, file: str) -> list[Finding]:
    """A subject without any column: its sheet is missing, has no headings, or the file is only a part of the report."""
    known = {e for t in tables for e in _known(t)}
    titles = {folded(sheet.title): sheet.title for sheet in book.sheets}
    own = {s: next((titles[f] for f in (folded(t.vi), folded(t.en)) if f in titles), "") for s, t in SHEETS.items()}
    found, lacking = [], []
    for subject, title in SHEETS.items():
        wanted = {e.id for e in columns(subject, version)}
        if not wanted or wanted & known:
            continue
        if own[subject]:
            found.append(finding("IN-004", file, own[subject]))
        elif any(own.values()):
            found.append(finding("IN-002", file, title.vi, title=title.vi))
        else:
            lacking.append(title)
    if not tables and not found:
        return [finding("IN-004", file)]
    if lacking:
        both = {"subjects_vi": "; ".join(t.vi for t in lacking), "subjects_en": "; ".join(t.en for t in lacking)}
        found.append(finding("IN-134", file, **both))
    return found


def _missing(placed: Placed, said: Cover, file: str) -> list[Finding]:
    """Say which wards have no row and which counts no column; a subject that is missing whole was named before."""
    found: dict[tuple[str, str, str], Finding] = {}
    for subject in SHEETS:
        wanted = [e.id for e in columns(subject, said.form_version)]
        having = [(t, own) for t, own in placed if _known(t).intersection(wanted)]
        if not having:
            continue
        title = having[0][0].sheet.title
        seen = {r.unit for _, own in having for r in own if not r.total or subject == "district"}
        for code, name in units(subject, said.district_code).items():
            if code not in seen:
                found.setdefault((title, code, ""), finding("IN-202", file, title, unit=code, ward=name))
        known = {e for t, _ in having for e in _known(t)}
        for name in (e for e in wanted if e not in known):
            found[title, "", name] = finding("IN-203", file, title, element=name, **element_label(name))
    return list(found.values())


def _not_collected(values: Sequence[cells.Value], tables: tuple[Table, ...], version: int) -> list[cells.Value]:
    """Return what this form version never asked, for the wards that report."""
    asked = {e for t in tables for e in _known(t)}
    later = [e.id for e in elements().values() if e.form_since > version and e.level == "ward" and e.id not in asked]
    reporting = sorted({v[0] for v in values if v[0] not in districts()})
    return [(unit, name, None, NOT_COLLECTED, "", "") for unit in reporting for name in later]


def _narrative(book: Book) -> str:
    """Return difficulties and proposals as one line of text; the sheet's first row is the form's own."""
    sheet = next((s for s in book.sheets if folded(s.title) in (folded(NARRATIVE), "narrative")), None)
    lines = [str(c).strip() for row in (sheet.rows[1:] if sheet else []) for c in row if c is not None]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()
