"""A quarter as it comes in: 24 districts' files in one folder, eight of them spoilt, each in its own way."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from evaluation.indicators import elements
from evaluation.intake.answers import Answer
from evaluation.intake.form import COVER, FIRST_ROW, MAP_ROW, NARRATIVE, SHEETS, file_name
from evaluation.intake.inbox import check, findings_frame, import_, received_files, shown_name
from evaluation.intake.standing import decide, status
from evaluation.intake.template import template
from evaluation.language import SYNTHETIC
from evaluation.periods import Period
from evaluation.places import districts, wards
from evaluation.store import StoreError, open_store

PERIOD = Period(2018, 4)
RECEIVED = dt.date(2018, 12, 12)
HEALTH = SHEETS["health"].vi
Spoil = Callable[[Path], object]


def fill(body: bytes, shift: int = 0) -> Workbook:
    """Fill a blank form as a district's script would: every input cell, wholes larger than their parts."""
    book = load_workbook(io.BytesIO(body))
    for title in (s.vi for s in SHEETS.values()):
        if title not in book.sheetnames:
            continue
        page = book[title]
        marks = {c.column: c.value for c in page[MAP_ROW] if c.value in elements()}
        for row in range(FIRST_ROW, page.max_row + 1):
            code = str(page.cell(row, 1).value or "")
            if code in districts() or len(code) == 5:
                for column, name in marks.items():
                    page.cell(row, column, value(str(name), int(code), shift))
    book[NARRATIVE]["A2"] = "Cộng tác viên còn thiếu. Đề nghị tập huấn thêm."
    return book


def value(name: str, code: int, shift: int = 0) -> int:
    """Return a plausible figure: wholes from 60 up, their parts from 20 up, yes or no where it is asked."""
    if elements()[name].unit == "yes_no":
        return 1
    wholes = ("outreach_contacts", "outreach_reached", "venue_workers", "inspections", "venues_listed", "knowledge_asked")
    chain = {"outreach_contacts": 400, "outreach_reached": 150, "outreach_repeat": 60, "sti_positive": 9, "sti_treated": 7}
    level = chain.get(name, 120 if name in wholes or name.endswith(("_due", "_made", "_reported", "_enrolled", "_listed")) else 20)
    if "_due_" in name:
        level = 60
    spread = max(2, level // 6)
    return level + (code * 7 + sum(map(ord, name)) + 3 * shift) % spread


def changed(path: Path, change: Callable[[Workbook], object]) -> None:
    book = load_workbook(path)
    change(book)
    book.save(path)


def names(path: Path) -> None:
    def add(book: Workbook) -> None:
        page = book.create_sheet("Danh sách")
        page.append(["STT", "Họ và tên", "Số CCCD"])
        family, middle, given = ("Nguyễn", "Trần", "Lê"), ("Thị", "Văn", "Thị"), ("Hoa", "Minh", "Lan")
        for n, parts in enumerate(zip(family, middle, given, strict=True), 1):
            page.append([n, " ".join(parts), f"0791{80 + n}00{1234 + n}"])

    changed(path, add)


def macros(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" * 64)


def formulas(path: Path) -> None:
    changed(path, lambda book: setattr(book[HEALTH].cell(FIRST_ROW, 3), "value", "=60+70"))


def about_five(path: Path) -> None:
    changed(path, lambda book: setattr(book[HEALTH].cell(FIRST_ROW + 1, 4), "value", "khoảng 5"))


def no_sheet(path: Path) -> None:
    changed(path, lambda book: book.remove(book[SHEETS["rights"].vi]))


def other_district(path: Path) -> None:
    def swap(book: Workbook) -> None:
        for row in book[COVER].iter_rows(max_col=2):
            if row[0].value == "Mã quận, huyện":
                row[1].value = "761"

    changed(path, swap)


SPOILT: dict[str, tuple[Spoil, str, str]] = {
    "760": (names, "refused", "IN-03"),
    "761": (macros, "refused", "IN-012"),
    "762": (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2040) + "Workbook".encode("utf-16-le")), "held", "IN-010"),
    "763": (formulas, "held", "IN-103"),
    "764": (about_five, "held", "IN-101"),
    "765": (lambda p: p.write_bytes(p.read_bytes()[:5000]), "held", "IN-001"),
    "766": (no_sheet, "held", "IN-002"),
    "767": (other_district, "held", "IN-"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("received")
    for code in districts():
        path = folder / file_name(code, PERIOD)
        fill(template(code, PERIOD)).save(path)
        if code in SPOILT:
            SPOILT[code][0](path)
    return folder


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Answer, ...], Path]:
    store = tmp_path_factory.mktemp("store") / "store.duckdb"
    return import_([folder], received=RECEIVED, store=store), store


def by_district(answers: tuple[Answer, ...]) -> dict[str, Answer]:
    return {a.file.split("_")[1]: a for a in answers}


@pytest.mark.slow
def test_sixteen_are_loaded_and_eight_are_answered(loaded: tuple[tuple[Answer, ...], Path]) -> None:
    answers = by_district(loaded[0])
    assert set(answers) == set(districts())
    for code, answer in answers.items():
        if code in SPOILT:
            _, outcome, finding = SPOILT[code]
            assert answer.outcome == outcome, (code, answer.findings)
            assert any(f.code.startswith(finding) and f.severity == "error" for f in answer.findings), (code, answer.findings)
        else:
            assert answer.outcome in ("loaded", "waiting"), (code, answer.findings)
            assert [f for f in answer.findings if f.severity == "error"] == []


@pytest.mark.slow
def test_what_was_filled_in_is_what_is_known(loaded: tuple[tuple[Answer, ...], Path]) -> None:
    values = open_store(loaded[1]).values()
    good = set(districts()) - set(SPOILT)
    assert set(values["district_code"]) == good
    for row in values.itertuples():
        assert row.value == value(row.element, int(row.unit_code)), row
    assert len(values) == sum(
        len(wards(code)) * sum(e.level == "ward" for e in elements().values()) + sum(e.level == "district" for e in elements().values())
        for code in good
    )


@pytest.mark.slow
def test_nothing_of_a_refused_file_is_kept(loaded: tuple[tuple[Answer, ...], Path]) -> None:
    answers, store = loaded
    refused = [a for a in answers if a.outcome == "refused"]
    assert len(refused) == 2
    for answer in refused:
        assert answer.reading.sheets == ()
        assert answer.reading.sha256 == ""
        assert answer.reading.rows == ()
    seen = open_store(store).submissions(held=True)
    assert not set(seen["district_code"]) & {"760", "761"}
    for path in store.parent.rglob("*"):
        if path.is_file():
            assert "Danh sách".encode() not in path.read_bytes(), path.name


@pytest.mark.slow
def test_status_knows_who_reported_and_who_has_to_mend(loaded: tuple[tuple[Answer, ...], Path]) -> None:
    standing = status(PERIOD, store=loaded[1], on=dt.date(2018, 12, 15))
    states = standing.districts.set_index("district_code")["state"].to_dict()
    assert {code for code, s in states.items() if s == "reported"} == set(districts()) - set(SPOILT)
    assert {code for code, s in states.items() if s == "sent_back"} == {"763", "764", "766"}
    assert {code for code, s in states.items() if s == "overdue"} >= {"760", "761", "762", "765"}
    before = status(PERIOD, store=loaded[1], on=dt.date(2018, 12, 11))
    assert set(before.districts["state"]) == {"awaited"}


@pytest.mark.slow
def test_the_same_folder_twice_changes_nothing(loaded: tuple[tuple[Answer, ...], Path], folder: Path) -> None:
    answers, store = loaded
    before = open_store(store).content_hash(), len(open_store(store).submissions(held=True))
    again = by_district(import_([folder], received=RECEIVED, store=store))
    assert (open_store(store).content_hash(), len(open_store(store).submissions(held=True))) == before
    for code, answer in by_district(answers).items():
        assert again[code].outcome == answer.outcome
        if code not in SPOILT:
            assert "IN-510" in [f.code for f in again[code].findings]


@pytest.mark.slow
def test_a_corrected_file_stands_and_the_old_one_stays(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    first, second = tmp_path / "a" / file_name("770", PERIOD), tmp_path / "b" / file_name("770", PERIOD)
    for path, shift in ((first, 0), (second, 1)):
        path.parent.mkdir()
        fill(template("770", PERIOD), shift).save(path)
    import_([first], received=RECEIVED, store=store)
    (answer,) = import_([second], received=dt.date(2018, 12, 18), store=store)
    assert "IN-512" in [f.code for f in answer.findings]
    ward = next(iter(wards("770")))
    for day, shift in (("2018-12-13", 0), ("2018-12-18", 1)):
        values = open_store(store, day).values(elements=["sti_tested"])
        assert values.set_index("unit_code").at[ward, "value"] == value("sti_tested", int(ward), shift)


@pytest.mark.slow
def test_two_files_for_one_district_in_one_folder(tmp_path: Path) -> None:
    store, names = tmp_path / "store.duckdb", ("a.xlsx", "b.xlsx")
    for shift, name in enumerate(names):
        fill(template("787", PERIOD), shift).save(tmp_path / name)
    answers = import_([tmp_path / n for n in names], received=RECEIVED, store=store)
    for answer in answers:
        (told,) = (f for f in answer.findings if f.code == "IN-511")
        assert "b.xlsx" in told.message.vi
    ward = next(iter(wards("787")))
    known = open_store(store).values(elements=["sti_tested"]).set_index("unit_code").at[ward, "value"]
    assert known == value("sti_tested", int(ward), 1)
    (again,) = import_([tmp_path / "a.xlsx"], received=RECEIVED, store=store)
    assert [f.code for f in again.findings if f.code.startswith("IN-51")] == ["IN-510"]


@pytest.mark.slow
def test_a_warning_waits_until_a_person_decides(tmp_path: Path) -> None:
    store, path = tmp_path / "store.duckdb", tmp_path / file_name("770", PERIOD)
    book = fill(template("770", PERIOD))
    page = book[HEALTH]
    column = next(c.column for c in page[MAP_ROW] if c.value == "sti_tested")
    page.cell(FIRST_ROW, column, 900)  # more than were reached
    ward = str(page.cell(FIRST_ROW, 1).value)
    book.save(path)
    (answer,) = import_([path], received=RECEIVED, store=store)
    assert answer.outcome == "waiting"
    waiting = status(PERIOD, store=store, on=RECEIVED).waiting
    about = waiting[(waiting["code"] == "IN-201") & (waiting["unit"] == ward)]
    assert len(about) >= 1
    for n, finding in enumerate(waiting["finding"]):
        decide(finding, accept=finding not in set(about["finding"]), reason="Quận đã trả lời", role="Chuyên viên", store=store, on=RECEIVED)
        assert len(status(PERIOD, store=store, on=RECEIVED).waiting) == len(waiting) - n - 1
    known = open_store(store, RECEIVED).values(elements=["sti_tested"]).set_index("unit_code").loc[ward]
    assert known["state"] == "not_reported"
    with pytest.raises(StoreError, match="position"):
        decide(waiting["finding"].iloc[0], accept=True, reason="gọi 0903 000 111", role="Chuyên viên", store=store)


@pytest.mark.slow
def test_made_up_and_real_files_never_meet(tmp_path: Path) -> None:
    store, real = tmp_path / "store.duckdb", tmp_path / "real" / file_name("770", PERIOD)
    made_up = tmp_path / "made-up" / file_name("771", PERIOD)
    for path, code in ((real, "770"), (made_up, "771")):
        path.parent.mkdir()
        book = fill(template(code, PERIOD))
        if path is made_up:
            book[NARRATIVE]["A3"] = SYNTHETIC
        book.save(path)
    assert import_([real], received=RECEIVED, store=store)[0].reading.accepted
    (answer,) = import_([made_up], received=RECEIVED, store=store)
    assert [f.code for f in answer.findings if f.severity == "error"] == ["IN-513"]
    assert set(open_store(store).submissions(held=True)["district_code"]) == {"770"}


@pytest.mark.slow
def test_real_figures_are_never_held_against_made_up_ones(tmp_path: Path) -> None:
    """An officer checks real files where only the example's store is: nothing of the example may show in the answer."""
    store = tmp_path / "example.duckdb"
    made_up, real = tmp_path / "made-up.xlsx", tmp_path / "real.xlsx"
    for path, shift in ((made_up, 0), (real, 1)):
        book = fill(template("787", PERIOD), shift)
        if path is made_up:
            book[NARRATIVE]["A3"] = SYNTHETIC
        book.save(path)
    import_([made_up], received=RECEIVED, store=store)
    alone = check([real], received=RECEIVED, store=tmp_path / "none.duckdb")
    beside = check([real], received=RECEIVED, store=store)
    assert findings_frame(beside).equals(findings_frame(alone))
    assert "IN-512" not in set(findings_frame(beside)["code"])
    (other,) = check([made_up], received=RECEIVED, store=store)
    assert "IN-510" in [f.code for f in other.findings]


def test_folders_are_looked_through_and_lock_files_left_alone(tmp_path: Path) -> None:
    (tmp_path / "quan").mkdir()
    for name in ("b.xlsx", "~$b.xlsx", ".an.xlsx", "README.md", "quan/a.csv"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in received_files([tmp_path])] == ["b.xlsx", "a.csv"]
    assert [p.name for p in received_files([tmp_path / "b.xlsx", tmp_path])] == ["b.xlsx", "a.csv"]
    with pytest.raises(FileNotFoundError) as error:
        received_files([tmp_path / "khong-co.xlsx"])
    assert error.value.filename == "khong-co.xlsx"


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.xlsx").symlink_to(tmp_path / "real.csv")
    (tmp_path / "in" / "folder").symlink_to(tmp_path)
    answers = check([tmp_path / "in"], received=RECEIVED, store=tmp_path / "none.duckdb")
    assert [[f.code for f in a.findings] for a in answers] == [["IN-019"], ["IN-019"]]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.xlsx", "a.xlsx"), ("dòng\nmới.xlsx", "dòng\ufffdmới.xlsx"), ("a\u202exslx.exe", "a\ufffdxslx.exe")],
)
def test_names_are_shown_on_one_line(name: str, shown: str) -> None:
    assert shown_name(Path(name), 1) == shown


@pytest.mark.slow
def test_the_example_says_that_it_is_made_up() -> None:
    from evaluation.settings import folders

    example = folders().data / "example"
    with (example / "submissions.csv").open(encoding="utf-8", newline="") as f:
        first = next(r["file"] for r in csv.DictReader(f) if r["file"].endswith(".xlsx"))
    (answer,) = check([example / first], received=RECEIVED, store=Path("none.duckdb"))
    assert answer.reading.synthetic
