"""Who reports, for where and when: from the cover, from lines above a table, from the codes of the wards, from the file's name."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath

from evaluation.intake.book import Book, Sheet, address, folded, plain
from evaluation.intake.findings import ERROR, Finding, finding
from evaluation.intake.form import COVER, COVER_FIELDS, FORM_VERSIONS, GUIDE, NARRATIVE, Cover
from evaluation.intake.layout import Table
from evaluation.language import Words
from evaluation.periods import ROMAN, Period, PeriodError
from evaluation.places import District, districts, find_district, wards

SYNTHETIC_MARKS = ("giả lập", "synthetic")
OTHER_LABELS = {
    "district_code": ("ma quan", "ma huyen", "district code"),
    "district": ("quan", "huyen", "quan huyen", "district", "don vi bao cao quan huyen", "dia ban"),
    "period": ("ky", "ky bao cao", "quy", "quy bao cao", "reporting period", "period", "quarter"),
    "form_version": ("phien ban", "form version", "version"),
    "role": ("don vi chuc danh bao cao", "don vi bao cao", "chuc danh", "reporting office and position"),
    "note": ("note", "remarks"),
    "year": ("nam", "nam bao cao", "year"),
}
LONGEST_LABEL, LONGEST_LINE, MOST_LINES = 80, 300, 15
_EXAMPLES = {"district_code": "760", "district": "Quận 1", "period": "Quý IV/2018", "form_version": "2"}
_BLANK = Words("còn trống", "it is blank")
_UNKNOWN = Words("không nhận ra nội dung", "its content is not recognised")
_DISAGREES = Words("không khớp với mã quận, huyện", "it does not agree with the district code")
_CLASHES = Words("ghi khác nhau ở nhiều chỗ trong tệp", "it is given differently in several places of the file")
_NOT_SAID = Words("không có trong tệp cũng như trong tên tệp", "neither the file nor its name says it")
_FIELDS = {"district": Words("quận, huyện", "district"), "period": Words("kỳ báo cáo", "period")}
_SOURCES = {
    "title": Words("dòng tiêu đề", "a title line"),
    "codes": Words("mã phường, xã, thị trấn", "the ward codes"),
    "file": Words("tên tệp", "the file's name"),
}
_PERIOD = re.compile(
    r"(?<![a-z0-9])(?:(?:quy|q)[\s._-]*(?P<a>iv|i{1,3}|[1-4])(?:\s*[/._,-]?\s*(?:nam\s*)?)(?P<b>20[0-9]{2})"
    r"|(?P<c>20[0-9]{2})[\s._/-]*(?:quy|q)[\s._-]*(?P<d>iv|i{1,3}|[1-4]))(?![a-z0-9])"
)


_COVERS, _NARRATIVES, _GUIDES = {folded(COVER), "cover"}, {folded(NARRATIVE), "narrative"}, {folded(GUIDE), "guide"}


@dataclass
class _Found:
    """What a file says of itself."""

    file: str
    content: dict[str, str] = field(default_factory=dict)
    cells: dict[str, tuple[str, str]] = field(default_factory=dict)  # field to sheet and cell
    lines: list[tuple[str, str, str]] = field(default_factory=list)  # sheet, cell, text
    findings: list[Finding] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)  # fields that are said twice and differently

    def say(self, code: str, place: tuple[str, str] = ("", ""), **slots: str) -> None:
        self.findings.append(finding(code, self.file, *place, **slots))

    def refuse(self, name: str, why: Words) -> None:
        """Fixed words: what the cell holds is never repeated, it may be about a person."""
        slots = {"field": COVER_FIELDS[name], "example": _EXAMPLES[name], "why_vi": why.vi, "why_en": why.en}
        self.say("IN-003", self.cells.get(name, (COVER if self.content else "", "")), **slots)


def read(book: Book, tables: tuple[Table, ...], file: str) -> tuple[Cover | None, tuple[Finding, ...]]:
    """Return who reports for where and when, and what is wrong with it.

    Parameters
    ----------
    book : Book
    tables : tuple of Table
        As `layout.tables` found.
    file : str
        Name of the file: the last place where a district or period is looked for.

    Returns
    -------
    Cover or None
        None where the district or the period is not known, or contradicted.
    tuple of Finding
    """
    found = _Found(file)
    for sheet in book.sheets:
        for row in _rows_above(sheet, tables):
            _line(sheet, row, found)
    for name in found.clashes:
        found.refuse(name, _CLASHES)
    district = _district(found, tables)
    period = _period(found)
    version = _version(found)
    if district is None or period is None or version is None:
        if not found.content and not any(folded(s.title) in _COVERS for s in book.sheets) and len(book.sheets) > 1:
            found.say("IN-002", (COVER, ""), title=COVER)
        return None, tuple(found.findings)
    _against_content(found, tables, district, period)
    if found.clashes or any(f.severity == ERROR for f in found.findings):
        return None, tuple(found.findings)
    _against_name(found, district, period)
    role, note = found.content.get("role", ""), found.content.get("note", "")
    return Cover(district.code, period, version, role, note), tuple(found.findings)


def synthetic(book: Book, tables: tuple[Table, ...]) -> bool:
    """Return whether a file says that its data are made up: on its cover, above its tables, in its narrative."""
    for sheet in book.sheets:
        rows = range(len(sheet.rows)) if folded(sheet.title) in _NARRATIVES else _rows_above(sheet, tables)
        for row in rows:
            for content in sheet.rows[row]:
                if isinstance(content, str):
                    said = unicodedata.normalize("NFC", content).lower()
                    if any(mark in said for mark in SYNTHETIC_MARKS):
                        return True
    return False


def _rows_above(sheet: Sheet, tables: tuple[Table, ...]) -> range:
    """Return the rows in which a sheet may say what it is: a cover's all, the lines above a table, the first of any other."""
    title = folded(sheet.title)
    if title in _GUIDES | _NARRATIVES:
        return range(0)
    if title in _COVERS:
        return range(len(sheet.rows))
    own = [t.top for t in tables if t.sheet is sheet]
    return range(min(own) if own else min(MOST_LINES, len(sheet.rows)))


def _line(sheet: Sheet, row: int, found: _Found) -> None:
    """Take what one row says: labels with their values, and titles."""
    value_at = -1
    for column, content in enumerate(sheet.rows[row]):
        text = plain(content) if isinstance(content, str) else ""
        if not text or column == value_at:
            continue
        label, _, rest = text.partition(":")
        name = _label(label)
        if not name:
            if len(text) <= LONGEST_LINE:
                found.lines.append((sheet.title, address(row, column), text))
            continue
        value, value_at = rest.strip(), column
        if not value:
            value, value_at = plain(sheet.at(row, column + 1)), column + 1
            if _label(value.rstrip(":")):
                value, value_at = "", column
        if name in _EXAMPLES and value and folded(found.content.get(name, value)) not in ("", folded(value)) and name not in found.clashes:
            found.clashes.append(name)
        if (value or name not in found.content) and not found.content.get(name):
            found.content[name] = value
            found.cells[name] = (sheet.title, address(row, column if rest.strip() else column + 1))


@cache
def _labels() -> Mapping[str, str]:
    own = {form: name for name, forms in OTHER_LABELS.items() for form in forms}
    return own | {folded(label): name for name, label in COVER_FIELDS.items()}


def _label(text: str) -> str:
    """Return the cover's field that a label is of: in Vietnamese, English or both, with other spacing and marks."""
    bare = folded(text)
    if bare in _labels():
        return _labels()[bare]
    longer = [folded(label) for label in COVER_FIELDS.values() if bare.startswith(folded(label) + " ")]
    return _labels()[max(longer, key=len)] if longer and len(bare) <= LONGEST_LABEL else ""


def _district(found: _Found, tables: tuple[Table, ...]) -> District | None:
    """Return the reporting district; code and name must not disagree."""
    code, name = found.content.get("district_code", ""), found.content.get("district", "")
    if code or name:
        coded = districts().get(code)
        try:
            named = find_district(name) if name else None
        except ValueError:
            named = district_in(name)  # "UBND Quận 1"
        if name and named is None:
            found.refuse("district", _UNKNOWN)
            return None
        if code and coded is None:
            found.refuse("district_code", _UNKNOWN)
            return None
        if coded and named and coded != named:
            found.refuse("district", _DISAGREES)
            return None
        return coded or named
    titled = {d for _, _, text in found.lines if (d := district_in(text))}
    if len(titled) == 1:
        return titled.pop()
    sources = (("codes", _of_codes(tables)), ("file", district_in(PurePath(found.file).stem)))
    for source, district in sources:
        if district is not None:
            found.say(
                "IN-140",
                field_vi=_FIELDS["district"].vi,
                field_en=_FIELDS["district"].en,
                source_vi=_SOURCES[source].vi,
                source_en=_SOURCES[source].en,
                read_vi=district.name.vi,
                read_en=district.name.en,
            )
            return district
    found.refuse("district_code", _BLANK if found.content else _NOT_SAID)
    return None


def _period(found: _Found) -> Period | None:
    text = found.content.get("period", "")
    if text:
        period = _quarter(text, found.content.get("year", ""))
        if period is None:
            found.refuse("period", _UNKNOWN)
        return period
    if "period" in found.content and found.cells["period"][0] == COVER:
        found.refuse("period", _BLANK)
        return None
    titled = {p for _, _, line in found.lines if (p := period_in(line))}
    if len(titled) == 1:
        return titled.pop()
    named = period_in(PurePath(found.file).stem) if not titled else None
    if named is None:
        found.refuse("period", _NOT_SAID)
        return None
    found.say(
        "IN-140",
        field_vi=_FIELDS["period"].vi,
        field_en=_FIELDS["period"].en,
        source_vi=_SOURCES["file"].vi,
        source_en=_SOURCES["file"].en,
        read_vi=named.label("vi"),
        read_en=named.label("en"),
    )
    return named


def _quarter(text: str, year: str) -> Period | None:
    """Return the quarter that a label's value names: "Quý IV/2018", "IV/2018", or "IV" beside a year."""
    for written in (text, f"Quý {text}", f"Quý {text}/{year}"):
        try:
            period = Period.parse(written)
        except PeriodError:
            continue
        return period if period.quarter else None
    return period_in(text)


def _version(found: _Found) -> int | None:
    text = found.content.get("form_version", "")
    if not text:
        found.say("IN-144", found.cells.get("form_version", ("", "")), version=str(FORM_VERSIONS[-1]))
        return FORM_VERSIONS[-1]
    if text not in {str(v) for v in FORM_VERSIONS}:
        found.refuse("form_version", _UNKNOWN)
        return None
    return int(text)


def _against_content(found: _Found, tables: tuple[Table, ...], district: District, period: Period) -> None:
    """The cover against the ward codes, and against the periods that other lines name."""
    of_codes = _of_codes(tables)
    if of_codes is not None and of_codes != district:
        place = found.cells.get("district_code") or found.cells.get("district") or ("", "")
        slots = {"cover_vi": district.name.vi, "cover_en": district.name.en}
        found.say("IN-141", place, **slots, content_vi=of_codes.name.vi, content_en=of_codes.name.en)
    for sheet, cell, text in found.lines:
        said = period_in(text) if folded(sheet) not in _COVERS else None
        if said is not None and said != period:
            slots = {"cover_vi": period.label("vi"), "cover_en": period.label("en")}
            found.say("IN-145", (sheet, cell), **slots, content_vi=said.label("vi"), content_en=said.label("en"))


def _against_name(found: _Found, district: District, period: Period) -> None:
    stem = PurePath(found.file).stem
    said = period_in(stem)
    if said is not None and said != period:
        inside = {"content_vi": period.label("vi"), "content_en": period.label("en")}
        found.say("IN-142", ("", ""), name_vi=said.label("vi"), name_en=said.label("en"), **inside)
    other = district_in(stem)
    if other is not None and other != district:
        inside = {"content_vi": district.name.vi, "content_en": district.name.en}
        found.say("IN-143", ("", ""), name_vi=other.name.vi, name_en=other.name.en, **inside)


def _of_codes(tables: tuple[Table, ...]) -> District | None:
    """Return the district that most of the ward codes are of; None where that is not plain."""
    seen = Counter(wards()[c].district_code if len(c) == 5 else c for t in tables for c in t.codes)
    ranked = seen.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] < 2 * ranked[1][1]):
        return None
    return districts()[ranked[0][0]]


def period_in(text: str) -> Period | None:
    """Return the one quarter that a text names; None where it names none or several."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    bare = "".join(c for c in letters if not unicodedata.combining(c)).replace("_", " ")
    found = set()
    for match in _PERIOD.finditer(bare):
        numeral = (match["a"] or match["d"]).upper()
        found.add(Period(int(match["b"] or match["c"]), ROMAN.index(numeral) + 1 if numeral in ROMAN else int(numeral)))
    return found.pop() if len(found) == 1 else None


@cache
def _district_names() -> Mapping[str, str]:
    """Return the words by which a line names a district: its code, its full names, its own name where that is no number."""
    names: dict[str, str] = {}
    for code, district in districts().items():
        full = folded(district.name.vi)
        own = full.removeprefix("quan ").removeprefix("huyen ")
        names |= {code: code, full: code, folded(district.name.en): code}
        if not own.isdigit():
            names[own] = code
        else:
            names[f"q {own}"] = names[f"q{own}"] = names[f"quan{own}"] = code
    return names


def district_in(text: str) -> District | None:
    """Return the one district that a text names in whole words; None where it names none or several."""
    words = f" {folded(text.replace('_', ' '))} "
    period = _PERIOD.search(words)
    if period:  # "q4 2018" is a quarter and no district
        words = f"{words[: period.start()]} {words[period.end() :]}"
    found = {code for name, code in _district_names().items() if f" {name} " in words}
    return districts()[found.pop()] if len(found) == 1 else None
