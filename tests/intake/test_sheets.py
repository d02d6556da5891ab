"""A file becomes sheets of cells, or is refused with a reason; it never raises anything else."""

from __future__ import annotations

import datetime as dt
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from evaluation.intake.archive import MOST_FILE, NOT_A_WORKBOOK, TOO_LARGE, Refused
from evaluation.intake.form import COVER, SHEETS, Cover, columns, write_workbook
from evaluation.intake.sheets import MOST_COLUMNS, MOST_ROWS, opened, plain
from evaluation.intake.workbook import read
from evaluation.periods import Period
from evaluation.places import wards

RECEIVED = dt.date(2018, 12, 10)
HEALTH = SHEETS["health"].vi
WARD = next(iter(wards("760")))


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forms") / "760.xlsx"
    cells = {(WARD, e.id): 20 for s in SHEETS if s != "district" for e in columns(s, 2)}
    write_workbook(path, Cover("760", Period(2018, 4), 2), cells)
    return path


@pytest.fixture
def edited(form: Path, tmp_path: Path) -> Callable[[Callable[[Workbook], object]], Path]:
    def edit(change: Callable[[Workbook], object]) -> Path:
        book = load_workbook(form)
        change(book)
        book.save(tmp_path / "edited.xlsx")
        return tmp_path / "edited.xlsx"

    return edit


def reason(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        opened(path)
    return refused.value.why.en


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        (760, "760"),
        (26734.0, "26734"),
        (1.5, "1.5"),
        (" 760\n", "760"),
        (unicodedata.normalize("NFD", "Bìa"), "Bìa"),
        (True, "True"),
    ],
)
def test_codes_and_labels_as_text(content: object, text: str) -> None:
    assert plain(content) == text


def test_a_cell_at_the_far_corner_costs_nothing(edited: Callable[..., Path], form: Path) -> None:
    path = edited(lambda book: book[HEALTH].cell(1_048_576, 16_384, 7))
    rows = opened(path)[1][HEALTH].rows
    assert len(rows) <= MOST_ROWS
    assert max(map(len, rows)) <= MOST_COLUMNS
    assert read(path, RECEIVED).values.equals(read(form, RECEIVED).values)


def test_a_ward_below_the_limit_is_said_to_be_missing(edited: Callable[..., Path]) -> None:
    ward = list(wards("760"))[1]
    path = edited(lambda book: [book[HEALTH].cell(MOST_ROWS + 1, c, v) for c, v in ((1, ward), (3, 5))])
    assert any(
        f.code == "IN-202" and f.sheet == HEALTH and wards("760")[ward].name.vi in f.message.vi for f in read(path, RECEIVED).findings
    )


def test_sheets_that_the_form_does_not_have_are_left_closed(edited: Callable[..., Path]) -> None:
    path = edited(lambda book: book.create_sheet("Danh sách"))
    assert "Danh sách" not in opened(path)[1]
    assert read(path, RECEIVED).accepted


def test_titles_in_the_other_unicode_form_are_found(edited: Callable[..., Path]) -> None:
    path = edited(lambda book: setattr(book[HEALTH], "title", unicodedata.normalize("NFD", HEALTH)))
    assert read(path, RECEIVED).accepted


def test_two_sheets_of_one_name_are_refused(edited: Callable[..., Path]) -> None:
    path = edited(lambda book: setattr(book.copy_worksheet(book[HEALTH]), "title", HEALTH + " "))
    assert HEALTH in reason(path)
    assert not read(path, RECEIVED).accepted


def test_an_array_formula_without_a_result_is_no_blank(edited: Callable[..., Path]) -> None:
    path = edited(lambda book: setattr(book[HEALTH]["C6"], "value", ArrayFormula("C6", "=SUM(D6:E6)")))
    found = [(f.code, f.cell) for f in read(path, RECEIVED).findings if f.severity == "error"]
    assert found == [("IN-103", "C6")]


def test_a_number_of_four_hundred_digits(form: Path, tmp_path: Path) -> None:
    target = tmp_path / "huge.xlsx"
    with zipfile.ZipFile(form) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>20</v>", b"<v>" + b"9" * 400 + b"</v>", 1))
    assert {f.code for f in read(target, RECEIVED).findings if f.severity == "error"} == {"IN-101"}


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.xlsx"
    with path.open("wb") as f:
        f.truncate(MOST_FILE + 1)
    assert reason(path) == TOO_LARGE.en


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "does not let it be read" in reason(tmp_path)


def test_a_workbook_without_its_manifest(form: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(form) as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            if name != "[Content_Types].xml":
                new.writestr(name, old.read(name))
    assert reason(tmp_path / "a.xlsx") == NOT_A_WORKBOOK.en


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("head", [ENTITY, OUTSIDE])
def test_entities_are_refused(form: Path, tmp_path: Path, head: bytes) -> None:
    target = tmp_path / "entity.xlsx"
    with zipfile.ZipFile(form) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "xl/worksheets/sheet2.xml":
                body = head + body[body.index(b"<worksheet") :].replace(b"</t>", b"&a;</t>", 1)
            new.writestr(name, body)
    assert reason(target) == NOT_A_WORKBOOK.en


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_raises(form: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Bytes of one member changed, packed again with right checksums: what the parser meets is damaged, the archive is not."""
    with zipfile.ZipFile(form) as old:
        bodies = {name: old.read(name) for name in old.namelist()}
    name = data.draw(st.sampled_from(sorted(bodies)))
    body = bytearray(bodies[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    target = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(target, "w") as new:
        for member, content in bodies.items():
            new.writestr(member, bytes(body) if member == name else content)
    reading = read(target, RECEIVED)
    assert reading.accepted or any(f.severity == "error" for f in reading.findings)


def test_the_cover_is_read_beside_other_lines(edited: Callable[..., Path]) -> None:
    path = edited(lambda book: [book[COVER].insert_rows(3), setattr(book[COVER]["A3"], "value", "Kính gửi")])
    assert read(path, RECEIVED).accepted
