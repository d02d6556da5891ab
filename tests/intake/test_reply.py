"""The reply: a workbook and a note that an office can act on, made new, with nothing in them that was not meant to go out."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell

from evaluation.intake.answers import HELD, LOADED, REFUSED, WAITING, Answer
from evaluation.intake.book import Sheet
from evaluation.intake.findings import Finding, kinds
from evaluation.intake.form import FIRST_ROW, CellValue, Cover
from evaluation.intake.reading import Reading
from evaluation.intake.reply import note, reply_workbook, write_reply
from evaluation.intake.reply.workbook import HEAD_ROW, TO_DO
from evaluation.intake.template import workbook
from evaluation.intake.workbook import examine
from evaluation.language import Words
from evaluation.periods import Period
from evaluation.places import wards

FILE = "Quan-Binh-Thanh_765_2018-Q4.xlsx"
RECEIVED = dt.date(2018, 12, 10)
COVER = Cover("765", Period(2018, 4), 2)
GRID = [
    ("Y tế / Health", None, None),
    ("Mã", "Phường", "Số người được tiếp cận"),
    ("26905", "Phường 13", "=cmd|' /C calc'!A0"),
    ("26908", "+84 dấu cộng", -4),
    ("26911", "@SUM(A1)", "-12"),
    ("26914", "\t-thụt vào", 0.05),
    ("26917", "#REF!", True),
]
SHEETS = (Sheet("Y tế", GRID, percents=frozenset({(5, 2)})), Sheet("Xã hội", [("Mã",), ("26905",)]))


def found(severity: str, cell: str, sheet: str = "Y tế", vi: str = "ô này chưa đúng. Hãy sửa.", code: str = "") -> Finding:
    code = code or {"error": "IN-101", "warning": "IN-202", "note": "IN-301"}[severity]
    return Finding(code, severity, FILE, sheet, cell, Words(vi, "this cell is wrong. Mend it."))


FINDINGS = (found("note", "A3"), found("warning", "C4"), found("error", "C5"), found("error", "C3"), found("warning", "C3"))


def answer(
    findings: tuple[Finding, ...] = FINDINGS, outcome: str = HELD, received: dt.date = RECEIVED, cover: Cover | None = COVER
) -> Answer:
    sheets = () if outcome == REFUSED else SHEETS
    return Answer(FILE, Reading(FILE, "ab" * 32, cover, findings=findings, sheets=sheets), findings, received, outcome)


def text_of(body: bytes) -> str:
    """All text of a file's parts, tags taken out."""
    with zipfile.ZipFile(io.BytesIO(body)) as members:
        return " ".join(re.sub(r"<[^>]+>", " ", members.read(n).decode("utf-8", "replace")) for n in members.namelist())


def paragraphs(body: bytes) -> str:
    document = docx.Document(io.BytesIO(body))
    cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_values_stand_at_their_addresses_as_they_were_sent() -> None:
    page = load_workbook(io.BytesIO(reply_workbook(answer())))["Y tế"]
    assert page["C4"].value == -4
    assert page["C4"].data_type == "n"
    assert page["C6"].value == 0.05
    assert page["C6"].number_format == "0%"
    assert page["C7"].value is True
    for cell, content in {
        "C3": "=cmd|' /C calc'!A0",
        "B4": "+84 dấu cộng",
        "B5": "@SUM(A1)",
        "C5": "-12",
        "B6": "\t-thụt vào",
        "A3": "26905",
    }.items():
        assert (page[cell].value, page[cell].data_type) == (content, "s"), cell
    assert [page[c].quotePrefix for c in ("C3", "B4", "B5", "C5", "B6")] == [True] * 5
    assert not page["A3"].quotePrefix


def test_no_cell_is_a_formula_even_where_names_and_messages_are_hostile() -> None:
    hostile = tuple(replace(f, message=Words("=1+1", "@x"), file="=a.xlsx", unit="=u", element="+e") for f in FINDINGS)
    sheets = (Sheet("=S'!:[x]", GRID), Sheet("Việc cần làm", GRID), Sheet("việc cần LÀM", GRID), *SHEETS)
    at = tuple(replace(f, sheet=s.title) for f in hostile for s in sheets)
    reading = Reading("=a.xlsx", "", None, findings=at, sheets=sheets)
    body = reply_workbook(Answer("=a.xlsx", reading, at, RECEIVED, HELD))
    book = load_workbook(io.BytesIO(body))
    assert len(set(book.sheetnames)) == 6  # all of the received titles are kept apart from the list's own
    assert [c.coordinate for p in book.worksheets for row in p.iter_rows() for c in row if c.data_type == "f"] == []
    with zipfile.ZipFile(io.BytesIO(body)) as members:
        assert not [n for n in members.namelist() if n.startswith("xl/worksheets/s") and b"<f>" in members.read(n)]


def test_marked_cells_carry_fill_frame_and_comment() -> None:
    book = load_workbook(io.BytesIO(reply_workbook(answer())))
    assert book.sheetnames == [TO_DO, "Y tế"]  # a sheet that nothing is wrong with is not sent back
    page = book["Y tế"]
    marked = {c.coordinate for row in page.iter_rows() for c in row if c.comment}
    assert marked == {"A3", "C3", "C4", "C5"}
    both = page["C3"].comment
    assert both is not None
    assert both.text.index("IN-101") < both.text.index("IN-202")
    assert "ô này chưa đúng" in both.text
    assert page["C3"].fill.patternType == "solid"
    assert page["C4"].fill.patternType == "lightUp"  # hatched: told from an error without colour
    assert page["C3"].border.left.style == "thick"
    assert page["C4"].border.left.style == "mediumDashed"
    assert page["B3"].fill.patternType is None


def test_what_to_do_comes_in_order_with_links_to_the_cells() -> None:
    page = load_workbook(io.BytesIO(reply_workbook(answer())))[TO_DO]
    rows = list(page.iter_rows(min_row=HEAD_ROW + 1))
    assert [(r[0].value, r[2].value, r[3].value) for r in rows] == [
        (1, "Y tế", "C3"),
        (2, "Y tế", "C5"),
        (3, "Y tế", "C3"),
        (4, "Y tế", "C4"),
        (5, "Y tế", "A3"),
    ]
    link = rows[0][3].hyperlink
    assert link is not None
    assert (link.location, link.target) == ("'Y tế'!C3", None)
    assert rows[0][5].value == "Ô này chưa đúng. Hãy sửa."
    assert rows[0][6].value == "This cell is wrong. Mend it."
    assert "Phải sửa" in str(rows[0][1].value)
    top = " ".join(str(c.value) for row in page.iter_rows(max_row=HEAD_ROW - 1) for c in row if c.value)
    assert FILE in top
    assert "10/12/2018" in top
    assert "CHƯA được tiếp nhận" in top
    assert "14/12/2018" in top


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        # 14 December 2018 is a Friday, the 19th a Wednesday.
        (dt.date(2018, 12, 3), dt.date(2018, 12, 14)),
        (dt.date(2018, 12, 13), dt.date(2018, 12, 17)),
        (dt.date(2018, 12, 14), dt.date(2018, 12, 18)),
        (dt.date(2018, 12, 18), dt.date(2018, 12, 19)),
        (dt.date(2018, 12, 19), None),
        (dt.date(2018, 12, 27), None),
    ],
)
def test_the_deadline_keeps_the_departments_own_date(received: dt.date, expected: dt.date | None) -> None:
    given = answer(received=received)
    assert given.deadline == expected
    said = paragraphs(note(given, "a.xlsx"))
    assert (f"trước hết ngày {expected:%d/%m/%Y}" if expected else "trong 02 ngày làm việc") in said


def test_a_deadline_is_a_working_day() -> None:
    # 14 September 2019 is a Saturday.
    given = answer(received=dt.date(2019, 9, 2), cover=Cover("765", Period(2019, 3), 2))
    assert given.due == dt.date(2019, 9, 14)
    assert given.deadline == dt.date(2019, 9, 13)
    assert answer(cover=None).deadline is None


def test_the_note_is_an_official_letter_signed_by_office() -> None:
    body = note(answer(), "tra-loi_x.xlsx")
    said = paragraphs(body)
    for line in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Thành phố Hồ Chí Minh, ngày 10 tháng 12 năm 2018",
        "Kính gửi: Ủy ban nhân dân quận Bình Thạnh",
        "V/v hoàn chỉnh số liệu báo cáo Quý IV/2018 của quận Bình Thạnh",
        "còn 02 lỗi phải sửa; ngoài ra có 02 điểm cần kiểm tra",
        "Trang Y tế, ô C3",
        "tra-loi_x.xlsx kèm theo",
        "Nơi nhận:",
        "GIÁM ĐỐC",
        "./.",
    ):
        assert line in said, line
    document = docx.Document(io.BytesIO(body))
    page = document.sections[0]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)  # type: ignore[union-attr]
    with zipfile.ZipFile(io.BytesIO(body)) as members:
        styles = members.read("word/styles.xml").decode()
    assert re.search(r'<w:lang [^>]*w:val="vi-VN"', styles)
    assert set(re.findall(r'<w:rFonts[^>]*w:cs="([^"]+)"', styles)) >= {"Times New Roman"}
    assert re.search(r'w:eastAsia="Times New Roman"', styles)


@pytest.mark.parametrize(
    ("outcome", "findings", "said", "unsaid"),
    [
        (LOADED, (), "đã được tiếp nhận, không phát hiện lỗi", "Đề nghị"),
        (WAITING, (found("warning", "C4"),), "có 01 điểm cần kiểm tra, xác nhận", "chưa được tiếp nhận"),
        (REFUSED, (found("error", "A2", code="IN-030"),), "từ chối vì lý do an toàn", "chưa được tiếp nhận"),
    ],
)
def test_each_outcome_is_said_in_its_own_words(outcome: str, findings: tuple[Finding, ...], said: str, unsaid: str) -> None:
    text = paragraphs(note(answer(findings, outcome), "a.xlsx"))
    assert said in text
    assert unsaid not in text


def test_nothing_of_a_refused_file_is_shown() -> None:
    canary = "vet-chim-" + "hoang-yen"
    refuses = next(k for k, kind in kinds().items() if kind.refuses)
    findings = (found("error", "A1", code=refuses), found("error", "B2"))
    sheets = (Sheet("Y tế", [(canary, canary), (canary, canary)]),)
    # Even where the content had come through by mistake.
    reading = Reading(FILE, "", COVER, findings=findings, sheets=sheets, narrative=canary)
    for outcome in (REFUSED, HELD):
        given = Answer(FILE, reading, findings, RECEIVED, outcome)
        body = reply_workbook(given)
        assert load_workbook(io.BytesIO(body)).sheetnames == [TO_DO]
        assert canary not in text_of(body) + text_of(note(given, "a.xlsx"))


@pytest.mark.slow
def test_the_reply_to_a_real_form_marks_the_cells_that_are_wrong(tmp_path: Path) -> None:
    given: dict[tuple[str, str], CellValue] = {(w, "comm_sessions"): n for n, w in enumerate(wards("765"), 3)}
    given[next(iter(wards("765"))), "comm_sessions"] = "mười hai buổi"
    reading = examine(workbook(COVER, given), FILE)
    assert reading.cover == COVER
    body = reply_workbook(Answer(FILE, reading, reading.findings, RECEIVED, HELD))
    page = load_workbook(io.BytesIO(body))["Truyền thông"]
    assert page[f"C{FIRST_ROW}"].value == "mười hai buổi"
    comment = page[f"C{FIRST_ROW}"].comment
    assert comment is not None
    assert "IN-101" in comment.text
    assert page[f"C{FIRST_ROW + 1}"].value == 4


def test_files_carry_nothing_along(tmp_path: Path) -> None:
    for path in write_reply(tmp_path, answer()):
        with zipfile.ZipFile(path) as members:
            names = members.namelist()
            assert not [n for n in names if re.search(r"pivot|thumbnail|customxml|embed|vba|external|media|custom\.xml", n, re.I)], (
                path.name
            )
            core = members.read("docProps/core.xml").decode()
            assert "python-docx" not in core
            assert "openpyxl" not in core
            assert re.findall(r"<dc:creator[^>]*>([^<]*)", core) == ["Sở Lao động - Thương binh và Xã hội"]
            assert {i.date_time[:3] for i in members.infolist()} == {(2018, 12, 10)}
            assert f"{dt.date.today():%Y-%m-%d}" not in core
            listed = members.read("[Content_Types].xml").decode()
            assert "jpeg" not in listed or ".jpeg" not in " ".join(names)
    book = load_workbook(tmp_path / "tra-loi_Quan-Binh-Thanh_765_2018-Q4.xlsx")
    assert {p.sheet_state for p in book.worksheets} == {"visible"}
    assert list(book.defined_names) == []
    assert [c.author for p in book.worksheets for row in p.iter_rows() for x in row if (c := x.comment)] == [
        "Sở Lao động - Thương binh và Xã hội"
    ] * 4


def test_the_same_answer_gives_the_same_files_and_another_its_own(tmp_path: Path) -> None:
    first = write_reply(tmp_path, answer())
    assert [p.name for p in first] == [f"tra-loi_Quan-Binh-Thanh_765_2018-Q4.{kind}" for kind in ("xlsx", "docx")]
    before = [p.read_bytes() for p in first]
    assert write_reply(tmp_path, answer()) == first
    second = write_reply(tmp_path, answer(received=dt.date(2018, 12, 12)))
    assert [p.name for p in second] == [f"tra-loi_Quan-Binh-Thanh_765_2018-Q4-2.{kind}" for kind in ("xlsx", "docx")]
    assert [p.read_bytes() for p in first] == before
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "name", ["../../ngoài\n.xlsx", "báo cáo \u202excod.xlsx", "=cmd.xlsx", "   .xlsx", "a/b\\c:d*.xlsx", "đ" * 300 + ".xlsx"]
)
def test_names_are_safe_whatever_the_file_was_called(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    given = Answer(name, Reading(name), (found("error", "", ""),), RECEIVED, HELD)
    for path in write_reply(folder, given):
        assert path.parent == folder
        assert re.fullmatch(r"tra-loi_[A-Za-z0-9_-]{1,60}\.(xlsx|docx)", path.name)
        assert path.is_file()
    assert "\u202e" not in text_of(path.with_suffix(".xlsx").read_bytes())


def test_a_link_in_the_folder_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "tra-loi_Quan-Binh-Thanh_765_2018-Q4.xlsx").symlink_to(outside)
    assert all(p.name.endswith(("-2.xlsx", "-2.docx")) for p in write_reply(folder, answer()))
    assert not outside.exists()


def test_what_a_sheet_cannot_hold_does_not_stop_a_reply() -> None:
    odd = [("\x00\x0b", "\ud800x", "x" * 40_000), (float("nan"), float("inf"), dt.date(2018, 12, 1)), (10**18, {"a": 1}, b"\xff")]
    sheets = (Sheet("x" * 60, odd),)
    findings = (found("error", "A1", "x" * 60), found("error", "ZZZ9999999", "x" * 60), found("error", "A4000", "x" * 60))
    body = reply_workbook(Answer(FILE, Reading(FILE, findings=findings, sheets=sheets), findings, RECEIVED, HELD))
    page = load_workbook(io.BytesIO(body)).worksheets[1]
    assert len(page.title) <= 31
    assert page["B1"].value == "x"
    assert page["A2"].value == "nan"


def test_a_long_list_is_never_cut_without_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.intake.reply.workbook.MOST_LISTED", 20)
    many = tuple(found("error", f"C{n}") for n in range(1, 122))
    page = load_workbook(io.BytesIO(reply_workbook(answer(many))))[TO_DO]
    last = page.cell(page.max_row, 2)
    assert isinstance(last, Cell)
    assert "101" in str(last.value)


def _pages(path: Path, folder: Path) -> int:
    office = shutil.which("soffice")
    if office is None or shutil.which("pdfinfo") is None:
        pytest.skip("LibreOffice or pdfinfo is not installed")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [office, "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder), str(path)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    told = subprocess.run(["pdfinfo", str(folder / f"{path.stem}.pdf")], check=True, capture_output=True, text=True).stdout
    return int(re.findall(r"Pages:\s+(\d+)", told)[0])


@pytest.mark.slow
@pytest.mark.parametrize("sentences", [1, 12])
def test_the_note_stays_on_one_page(sentences: int, tmp_path: Path) -> None:
    long = "Số liệu ở ô này không phải là số đếm nên phải được sửa lại theo hướng dẫn của biểu mẫu. " * sentences
    codes = [k for k, kind in kinds().items() if not kind.refuses and kind.severity == "error"]
    many = tuple(found("error", f"C{n}", sheet, long, codes[n % len(codes)]) for sheet in ("Y tế", "Xã hội", "") for n in range(3, 12))
    path = tmp_path / "thu.docx"
    body = note(answer(many, received=dt.date(2018, 12, 28)), "tra-loi_Huyen-Binh-Chanh_785_2018-Q4.xlsx")
    path.write_bytes(body)
    assert _pages(path, tmp_path) == 1
    shown = sum(
        1 + int((re.findall(r"và (\d+) ô khác", p.text) or ["0"])[0])
        for p in docx.Document(io.BytesIO(body)).paragraphs
        if "Trang" in p.text or "Toàn" in p.text
    )
    left = int((re.findall(r"Còn (\d+) nội dung khác", paragraphs(body)) or ["0"])[0])
    assert shown + left == len(many)


@pytest.mark.slow
def test_libreoffice_opens_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "tra-loi.xlsx"
    path.write_bytes(reply_workbook(answer()))
    assert _pages(path, tmp_path) == 2  # the list and one sheet
