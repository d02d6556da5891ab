"""A district workbook is read cell by cell; what is wrong comes back as findings, never as an exception."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from tests.intake.offices import RULES

from evaluation.intake.archive import MOST_UNPACKED
from evaluation.intake.book import MOST_ROWS
from evaluation.intake.findings import Finding
from evaluation.intake.form import COVER, FIRST_ROW, MAP_ROW, SHEETS, Cover, columns
from evaluation.intake.reading import Reading, unpacked
from evaluation.intake.template import write_workbook
from evaluation.intake.workbook import examine
from evaluation.periods import Period
from evaluation.places import districts, wards

pytestmark = pytest.mark.slow  # left to `make test`: many files, or many stores

RECEIVED = dt.date(2018, 12, 10)
DISTRICT = "760"
WARDS = tuple(wards(DISTRICT))
HEALTH, SOCIAL = SHEETS["health"].vi, SHEETS["social"].vi
Change = Callable[[Workbook], object]


def read(path: Path) -> Reading:
    return examine(path.read_bytes(), path.name)


def filled(version: int = 2) -> dict[tuple[str, str], int | float | str | None]:
    """Every cell of the form filled; 100 in all of them, so that no part is above its whole."""
    cells: dict[tuple[str, str], int | float | str | None] = {}
    for sheet in SHEETS:
        units = (DISTRICT,) if sheet == "district" else WARDS
        cells |= {(unit, e.id): 1 if e.unit == "yes_no" else 100 for unit in units for e in columns(sheet, version)}
    return cells


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forms") / "quan-1.xlsx"
    write_workbook(path, Cover(DISTRICT, Period(2018, 4), 2, note="ghi chú"), filled(), "Thiếu  nhân viên.")
    return path


@pytest.fixture
def changed(pristine: Path, tmp_path: Path) -> Callable[[Change], Reading]:
    """Change the workbook with openpyxl, save it and read it."""

    def apply(change: Change) -> Reading:
        book = load_workbook(pristine)
        change(book)
        path = tmp_path / "doi.xlsx"
        book.save(path)
        return read(path)

    return apply


def put(sheet: str, cell: str, content: object) -> Change:
    return lambda book: setattr(book[sheet][cell], "value", content)


def codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings if f.code not in RULES]


def only(reading: Reading, code: str) -> Finding:
    (found,) = (f for f in reading.findings if f.code == code)
    return found


def content(reading: Reading) -> pd.DataFrame:
    return reading.values.set_index(["unit_code", "element"])[["value", "state"]].sort_index()


def place_of(book: Workbook, sheet: str, element: str, unit: str) -> str:
    page = book[sheet]
    column = next(c for c in page[MAP_ROW] if c.value == element).column_letter
    row = next(c.row for c in page["A"] if c.value == unit)
    return f"{column}{row}"


def repacked(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Pack a workbook again, each member passed through `change`."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def refused_as_file(reading: Reading, code: str = "IN-001") -> None:
    assert not reading.accepted
    assert [f.code for f in reading.findings] == [code]
    assert (reading.rows, reading.sheets, reading.cover, reading.sha256) == ((), (), None, "")
    assert reading.values.empty


# -- the form as it should be --


def test_a_faultless_form_is_read_whole(pristine: Path) -> None:
    reading = read(pristine)
    assert codes(reading) == []
    submission = reading.submission(RECEIVED)
    assert (submission.district_code, submission.period, submission.form_version) == (DISTRICT, "2018-Q4", 2)
    assert submission.received == RECEIVED
    assert reading.narrative == "Thiếu nhân viên."
    expected = filled()
    got = content(reading)["value"].to_dict()
    assert got == {k: float(str(v)) for k, v in expected.items()}


def test_a_value_knows_its_cell(pristine: Path) -> None:
    values = read(pristine).values
    row = values[(values["unit_code"] == WARDS[2]) & (values["element"] == "sti_tested")].iloc[0]
    assert row["sheet"] == HEALTH
    assert row["cell"] == place_of(load_workbook(pristine), HEALTH, "sti_tested", WARDS[2])


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, Cover(DISTRICT, Period(2018, 4), 2), {(WARDS[0], "sti_tested"): 3})
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_totals_row_is_never_a_ward(pristine: Path) -> None:
    totals = [c.value for c in load_workbook(pristine)[HEALTH]["B"]]
    assert "Tổng cộng" in totals
    values = read(pristine).values
    assert set(values["unit_code"]) == {*WARDS, DISTRICT}
    assert values["value"].max() == 100


def test_a_totals_row_with_a_code_is_no_ward_either(changed: Callable[[Change], Reading]) -> None:
    total_row = FIRST_ROW + len(WARDS)

    def code_it(book: Workbook) -> None:
        assert book[HEALTH].cell(total_row, 2).value == "Tổng cộng"
        book[HEALTH].cell(total_row, 1, WARDS[0])

    reading = changed(code_it)
    assert reading.accepted
    assert reading.values["value"].max() == 100


def test_five_states_and_separators(changed: Callable[[Change], Reading]) -> None:
    def change(book: Workbook) -> None:
        for ward, text in zip(WARDS, (None, "không phát sinh", "không áp dụng", "1.234", "2.345", "không công bố"), strict=False):
            book[HEALTH][place_of(book, HEALTH, "outreach_contacts", ward)] = text

    reading = changed(change)
    got = content(reading).xs("outreach_contacts", level="element")
    states = ["not_reported", "reported", "not_applicable", "reported", "reported", "withheld"]
    assert list(got.loc[list(WARDS[:6]), "state"]) == states
    assert got.loc[WARDS[1], "value"] == 0
    assert list(got.loc[list(WARDS[3:5]), "value"]) == [1234, 2345]
    assert got.loc[[WARDS[0], WARDS[2], WARDS[5]], "value"].isna().all()
    said = only(reading, "IN-301")
    assert said.message.vi.startswith("2 ô")
    assert "1.234 là 1234" in said.message.vi
    assert "dấu chấm" in said.message.vi


def test_an_old_form_did_not_ask(tmp_path: Path) -> None:
    path = tmp_path / "cu.xlsx"
    write_workbook(path, Cover(DISTRICT, Period(2015, 4), 1), filled(1))
    reading = read(path)
    got = content(reading).xs("psych_counselling", level="element")
    assert reading.accepted
    assert list(got.index) == sorted(WARDS)
    assert set(got["state"]) == {"not_collected"}
    assert got["value"].isna().all()


# -- rows --


def test_a_missing_ward_has_no_row_and_is_never_zero(tmp_path: Path) -> None:
    gone = WARDS[3]
    path = tmp_path / "thieu.xlsx"
    write_workbook(path, Cover(DISTRICT, Period(2018, 4), 2), {k: v for k, v in filled().items() if k[0] != gone})
    reading = read(path)
    assert reading.accepted
    assert set(codes(reading)) == {"IN-202"}
    missing = [f for f in reading.findings if f.code == "IN-202"]
    assert [(f.sheet, f.unit) for f in missing] == [(t.vi, gone) for s, t in SHEETS.items() if s != "district"]
    assert all(wards(DISTRICT)[gone].name.vi in f.message.vi for f in missing)
    assert gone not in set(reading.values["unit_code"])
    assert len(reading.values) == len(filled()) - sum(k[0] == gone for k in filled())


def test_duplicate_ward(changed: Callable[[Change], Reading]) -> None:
    at, name = f"A{FIRST_ROW + 1}", wards(DISTRICT)[WARDS[0]].name.vi
    reading = changed(
        lambda book: [setattr(book[HEALTH][at], "value", WARDS[0]), setattr(book[HEALTH][f"B{FIRST_ROW + 1}"], "value", name)]
    )
    assert not reading.accepted
    found = only(reading, "IN-105")
    assert (found.cell, found.unit) == (at, WARDS[0])


def test_a_code_and_a_name_of_two_wards(changed: Callable[[Change], Reading]) -> None:
    reading = changed(put(HEALTH, f"A{FIRST_ROW + 1}", WARDS[0]))
    assert not reading.accepted
    assert only(reading, "IN-136").cell == f"A{FIRST_ROW + 1}"


def test_foreign_ward(changed: Callable[[Change], Reading]) -> None:
    foreign = next(w for w in wards() if w not in WARDS)
    reading = changed(put(HEALTH, f"A{FIRST_ROW}", foreign))
    found = only(reading, "IN-104")
    assert not reading.accepted
    assert (found.sheet, found.cell) == (HEALTH, f"A{FIRST_ROW}")
    assert districts()[DISTRICT].name.vi in found.message.vi
    assert districts()[DISTRICT].name.en in found.message.en


def test_counts_without_a_ward_code(changed: Callable[[Change], Reading], pristine: Path) -> None:
    by_name = changed(put(HEALTH, f"A{FIRST_ROW}", None))
    pd.testing.assert_frame_equal(content(by_name), content(read(pristine)))

    reading = changed(lambda book: [setattr(book[HEALTH][f"{c}{FIRST_ROW}"], "value", None) for c in "AB"])
    assert not reading.accepted
    assert only(reading, "IN-107").cell == f"A{FIRST_ROW}"


def test_signatures_and_notes_below_the_table_are_no_wards(changed: Callable[[Change], Reading], pristine: Path) -> None:
    def signed(book: Workbook) -> None:
        last = book[HEALTH].max_row
        book[HEALTH].cell(last + 2, 3, "Người lập biểu")
        book[HEALTH].cell(last + 2, 5, dt.datetime(2018, 12, 10))
        book[HEALTH].cell(last + 3, 2, "Ghi chú: số liệu đến 14/12")

    reading = changed(signed)
    assert codes(reading) == []
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


def test_a_submission_is_known_by_its_content_not_by_its_name(pristine: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "ban-sao.xlsx", tmp_path / pristine.name
    again.write_bytes(pristine.read_bytes())
    write_workbook(other, Cover(DISTRICT, Period(2018, 4), 2, note="đính chính"), filled())
    first, copy, revised = (read(p).submission(RECEIVED) for p in (pristine, again, other))
    assert first.id == copy.id != revised.id
    assert (first.file, copy.file) == (pristine.name, "ban-sao.xlsx")


def test_codes_kept_as_numbers_are_codes(changed: Callable[[Change], Reading], pristine: Path) -> None:
    reading = changed(put(HEALTH, f"A{FIRST_ROW}", float(WARDS[0])))
    assert reading.accepted
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


# -- columns and cells --


def test_moved_columns_are_read_by_the_hidden_map(changed: Callable[[Change], Reading], tmp_path: Path) -> None:
    mixed: dict[tuple[str, str], int | float | str | None] = {k: v if v == 1 else i % 7 for i, (k, v) in enumerate(filled().items())}
    plain = tmp_path / "goc.xlsx"
    write_workbook(plain, Cover(DISTRICT, Period(2018, 4), 2), mixed)
    book = load_workbook(plain)
    page = book[HEALTH]
    rows = [[c.value for c in row] for row in page.iter_rows()]
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(reversed(row), 1):
            page.cell(number, column).value = value
    book.save(tmp_path / "doi-cot.xlsx")
    before, after = read(plain), read(tmp_path / "doi-cot.xlsx")
    assert after.accepted
    pd.testing.assert_frame_equal(content(after), content(before))
    assert dict(before.values.set_index(["unit_code", "element"])["cell"]) != dict(after.values.set_index(["unit_code", "element"])["cell"])


def test_a_missing_column_is_not_reported(changed: Callable[[Change], Reading]) -> None:
    def change(book: Workbook) -> None:
        cell = place_of(book, HEALTH, "sti_tested", WARDS[0])
        book[HEALTH].delete_cols(book[HEALTH][cell].column)

    reading = changed(change)
    assert reading.accepted
    assert "sti_tested" not in set(reading.values["element"])
    assert only(reading, "IN-203").sheet == HEALTH


def test_a_doubled_column(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: book[HEALTH].cell(MAP_ROW, 40, "sti_tested"))
    assert not reading.accepted
    assert only(reading, "IN-106").cell == f"AN{MAP_ROW}"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("khoảng 5", "IN-101"),
        ("<5", "IN-101"),
        (True, "IN-101"),
        (dt.datetime(2018, 1, 1), "IN-122"),
        ("45%", "IN-120"),
        (1.234, "IN-123"),
        ("-3", "IN-102"),
        (-4, "IN-102"),
        (0.33333, "IN-102"),
    ],
)
def test_a_cell_that_is_no_count(changed: Callable[[Change], Reading], pristine: Path, content: object, code: str) -> None:
    cell = place_of(load_workbook(pristine), HEALTH, "sti_tested", WARDS[0])
    reading = changed(put(HEALTH, cell, content))
    found = only(reading, code)
    assert not reading.accepted
    assert (found.sheet, found.cell) == (HEALTH, cell)
    if code == "IN-101":
        assert str(content) not in found.message.vi + found.message.en


def test_a_formula_without_a_stored_result(changed: Callable[[Change], Reading], pristine: Path) -> None:
    cell = place_of(load_workbook(pristine), HEALTH, "sti_tested", WARDS[0])
    reading = changed(put(HEALTH, cell, "=40+60"))
    assert not reading.accepted
    assert codes(reading) == ["IN-103"]
    assert only(reading, "IN-103").cell == cell


def test_a_formula_with_a_stored_result_is_its_result(pristine: Path, tmp_path: Path) -> None:
    book = load_workbook(pristine)
    cell = place_of(book, HEALTH, "sti_tested", WARDS[0])
    number = book.sheetnames.index(HEALTH) + 1

    def store_result(name: str, body: bytes) -> bytes:
        if name != f"xl/worksheets/sheet{number}.xml":
            return body
        patched, n = re.subn(rb'(<c r="' + cell.encode() + rb'"[^>]*?)(?: t="n")?><v>100</v>', rb"\1><f>50+41</f><v>91</v>", body)
        assert n == 1
        return patched

    reading = read(repacked(pristine, tmp_path / "cong-thuc.xlsx", store_result))
    assert reading.accepted
    assert content(reading).loc[(WARDS[0], "sti_tested"), "value"] == 91
    said = only(reading, "IN-302")
    assert (said.severity, said.sheet, said.cell) == ("note", HEALTH, cell)


def test_a_part_above_its_whole_is_loaded_with_a_warning(changed: Callable[[Change], Reading], pristine: Path) -> None:
    cell = place_of(load_workbook(pristine), HEALTH, "sti_treated", WARDS[0])
    reading = changed(put(HEALTH, cell, 150))
    assert reading.accepted
    assert content(reading).loc[(WARDS[0], "sti_treated"), "value"] == 150
    found = only(reading, "IN-201")
    assert (found.severity, found.sheet, found.cell) == ("warning", HEALTH, cell)


# -- cover and sheets --


@pytest.mark.parametrize("sheet", [HEALTH, SHEETS["district"].vi])
def test_a_missing_sheet(changed: Callable[[Change], Reading], sheet: str) -> None:
    reading = changed(lambda book: book.remove(book[sheet]))
    assert not reading.accepted
    found = only(reading, "IN-002")
    assert sheet in found.message.vi
    assert sheet in found.message.en


def test_a_missing_cover(changed: Callable[[Change], Reading], pristine: Path) -> None:
    def without(book: Workbook) -> None:
        book.remove(book[COVER])
        for title in SHEETS.values():
            book[title.vi]["A1"] = title.vi

    titled = changed(lambda book: book.remove(book[COVER]))
    pd.testing.assert_frame_equal(content(titled), content(read(pristine)))
    reading = changed(without)
    assert not reading.accepted
    assert only(reading, "IN-002").sheet == COVER
    assert {"IN-003", "IN-140"} <= set(codes(reading))


def test_a_sheet_without_its_map_is_read_by_its_headings(changed: Callable[[Change], Reading], pristine: Path) -> None:
    reading = changed(lambda book: book[SOCIAL].delete_rows(MAP_ROW))
    assert codes(reading) == []
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


def test_a_sheet_without_headings(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: book[SOCIAL].delete_rows(1, MAP_ROW))
    assert not reading.accepted
    assert only(reading, "IN-004").sheet == SOCIAL


@pytest.mark.parametrize("row", [3, 4, 5, 6])
def test_the_cover_is_never_echoed(changed: Callable[[Change], Reading], row: int) -> None:
    for planted, code in (("Nguoi-X 0903999111", "IN-032"), ("zzqx 7", "IN-003")):
        reading = changed(put(COVER, f"B{row}", planted))
        assert not reading.accepted
        assert set(codes(reading)) == {code}
        assert any(f.cell == f"B{row}" for f in reading.findings)
        for found in reading.findings:
            text = found.message.vi + found.message.en + found.line("vi")
            assert planted.lower() not in text.lower()
            assert "0903999111" not in text
            assert "{" not in text


def test_a_year_is_no_quarter(changed: Callable[[Change], Reading]) -> None:
    reading = changed(put(COVER, "B5", "2018"))
    assert codes(reading) == ["IN-003"]
    assert "Quý IV/2018" in reading.findings[0].message.vi


def test_district_name_and_code_must_agree(changed: Callable[[Change], Reading]) -> None:
    reading = changed(put(COVER, "B4", "Quận 3"))
    assert codes(reading) == ["IN-003"]


def test_the_cover_is_read_beside_other_lines(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: [book[COVER].insert_rows(3), setattr(book[COVER]["A3"], "value", "Kính gửi")])
    assert reading.accepted


def test_two_covers_that_differ(changed: Callable[[Change], Reading]) -> None:
    def copied(book: Workbook) -> None:
        page = book.copy_worksheet(book[COVER])
        page.title, page["B5"] = "Cover", "Quý III/2018"

    reading = changed(copied)
    assert not reading.accepted
    assert [(f.code, f.sheet, f.cell) for f in reading.findings] == [("IN-003", COVER, "B5")]


def test_a_formatted_cell_at_the_far_corner_costs_nothing(changed: Callable[[Change], Reading], pristine: Path) -> None:
    reading = changed(lambda book: setattr(book[HEALTH].cell(1_048_576, 16_384), "number_format", "0.00"))
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


def test_content_past_the_limits_is_never_dropped(changed: Callable[[Change], Reading]) -> None:
    refused_as_file(changed(lambda book: book[HEALTH].cell(MOST_ROWS + 1, 3, 5)), "IN-021")


def test_sheets_that_the_form_does_not_have_are_no_tables(changed: Callable[[Change], Reading], pristine: Path) -> None:
    def added(book: Workbook) -> None:
        page = book.create_sheet("Theo dõi nội bộ")
        page["A1"], page["B2"] = "Chỉ tiêu phấn đấu", 12

    reading = changed(added)
    assert codes(reading) == []
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


def test_titles_in_the_other_unicode_form_are_found(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: setattr(book[HEALTH], "title", unicodedata.normalize("NFD", HEALTH)))
    assert reading.accepted


def test_a_sheet_that_stands_twice(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: setattr(book.copy_worksheet(book[HEALTH]), "title", HEALTH + " (2)"))
    assert not reading.accepted
    found = only(reading, "IN-138")
    assert (found.sheet, found.cell) == (HEALTH + " (2)", f"C{FIRST_ROW}")
    assert f"“{HEALTH}”" in found.message.vi


def test_an_array_formula_without_a_result_is_no_blank(changed: Callable[[Change], Reading]) -> None:
    reading = changed(lambda book: setattr(book[HEALTH]["C6"], "value", ArrayFormula("C6", "=SUM(D6:E6)")))
    assert [(f.code, f.cell) for f in reading.findings if f.severity == "error"] == [("IN-103", "C6")]


def test_a_number_of_four_hundred_digits(pristine: Path, tmp_path: Path) -> None:
    def change(name: str, body: bytes) -> bytes:
        return body.replace(b"<v>100</v>", b"<v>" + b"9" * 400 + b"</v>", 1) if "worksheets/sheet2" in name else body

    reading = read(repacked(pristine, tmp_path / "huge.xlsx", change))
    assert {f.code for f in reading.findings if f.severity == "error"} == {"IN-101"}


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_raises(pristine: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Bytes of one member changed, packed again with right checksums: what the parser meets is damaged, the archive is not."""
    with zipfile.ZipFile(pristine) as old:
        bodies = {name: old.read(name) for name in old.namelist()}
    name = data.draw(st.sampled_from(sorted(bodies)))
    body = bytearray(bodies[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    target = repacked(pristine, tmp_path / "damaged.xlsx", lambda n, old: bytes(body) if n == name else old)
    reading = read(target)
    assert reading.accepted or any(f.severity == "error" for f in reading.findings)


# -- files --


def test_broken_files(pristine: Path, tmp_path: Path) -> None:
    body = pristine.read_bytes()
    cases = {
        "cut.xlsx": body[: len(body) // 2],
        "empty.xlsx": b"",
        "zip.xlsx": b"PK\x03\x04" + b"\0" * 99,
    }
    for name, raw in cases.items():
        (tmp_path / name).write_bytes(raw)
        refused_as_file(read(tmp_path / name))


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.xlsx", "w") as archive:
        archive.writestr("a.txt", "b")
    refused_as_file(read(tmp_path / "z.xlsx"), "IN-020")


@pytest.mark.parametrize("dimension", [b"A1:XFD1048576", b"A1:B2", b"A1"])
def test_the_declared_dimension_is_never_believed(pristine: Path, tmp_path: Path, dimension: bytes) -> None:
    patched = 0

    def change(name: str, body: bytes) -> bytes:
        nonlocal patched
        new, n = re.subn(rb'<dimension ref="[^"]*"', b'<dimension ref="' + dimension + b'"', body)
        patched += n
        return new

    start = time.monotonic()
    reading = read(repacked(pristine, tmp_path / "d.xlsx", change))
    assert patched >= len(SHEETS)
    assert time.monotonic() - start < 10
    pd.testing.assert_frame_equal(content(reading), content(read(pristine)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("upper", [False, True])
def test_duplicate_members_are_refused(pristine: Path, tmp_path: Path, upper: bool) -> None:
    path = tmp_path / "dup.xlsx"
    path.write_bytes(pristine.read_bytes())
    name = "xl/worksheets/sheet2.xml"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name.upper() if upper else name, archive.read(name))
    refused_as_file(read(path), "IN-015")


def test_a_bomb_is_refused_quickly(pristine: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(pristine.read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/image1.bin", "w") as member:
        for _ in range(MOST_UNPACKED // 2**20 + 1):
            member.write(b"\0" * 2**20)
    assert path.stat().st_size < 2**20
    start = time.monotonic()
    reading = read(path)
    assert time.monotonic() - start < 1
    refused_as_file(reading, "IN-017")


def test_a_bomb_that_lies_about_its_size_is_refused(pristine: Path, tmp_path: Path) -> None:
    raw = io.BytesIO()
    size = MOST_UNPACKED + 2**20
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("[Content_Types].xml", "w") as member:
        for _ in range(size // 2**20):
            member.write(b" " * 2**20)
    body = raw.getvalue()
    honest = size.to_bytes(4, "little")
    assert body.count(honest) >= 1
    path = tmp_path / "lie.xlsx"
    path.write_bytes(body.replace(honest, (100).to_bytes(4, "little")))
    start = time.monotonic()
    reading = read(path)
    assert time.monotonic() - start < 3
    refused_as_file(reading, "IN-020")


def test_a_reading_crosses_as_plain_data(pristine: Path) -> None:
    reading = read(pristine)
    again = unpacked(json.loads(json.dumps(reading.packed())))
    assert again.rows == reading.rows
    assert again.findings == reading.findings
    assert again.cover == reading.cover
