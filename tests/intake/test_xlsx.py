"""An Excel workbook becomes cells and texts: nothing is dropped in silence, nothing that somebody could find is overlooked."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import unicodedata
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from evaluation.intake import xlsx
from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS, MOST_SHEETS, MOST_TEXT, Book, Text, opened
from evaluation.intake.refusal import Refused
from evaluation.intake.texts import MOST_TEXTS
from evaluation.intake.xlsx import book
from evaluation.settings import folders

TITLE = "Y tế"
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
EXAMPLES = sorted((folders().data / "example" / "submissions" / "2018-Q4").glob("*.xlsx"))


def form(title: str = TITLE) -> Workbook:
    made = Workbook()
    page = made.active
    assert page is not None
    page.title = title
    page.append(["Mã", "Phường", "Số lượt"])
    page.append(["26734", "Bến Nghé", 12])
    return made


def saved(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(body: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """Return the package with members replaced, added, or left out (None)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changed:
                new.writestr(name, old.read(name))
        for name, content in changed.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def edited(body: bytes, member: str, old: str, new: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        text = archive.read(member).decode().replace(" />", "/>")
    assert old in text
    return packed(body, {member: text.replace(old, new, 1).encode()})


def found(read: Book, text: str) -> set[Text]:
    return {t for t in read.texts if text in t.text}


def refusal(body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        book(body)
    return refused.value


def grid(read: Book) -> list[list[tuple[object, ...]]]:
    return [s.rows for s in read.sheets]


def test_cells_keep_what_they_hold() -> None:
    made = form()
    page = made[TITLE]
    for column, content in enumerate((0, -3, 1.5, True, "không áp dụng", dt.datetime(2018, 12, 10), "#DIV/0!", None, " 5 "), 1):
        page.cell(4, column, content)
    page["G4"].data_type = "e"
    read = book(saved(made))
    assert read.written_as == "xlsx"
    assert read.sheets[0].rows[3] == (0, -3, 1.5, True, "không áp dụng", dt.datetime(2018, 12, 10), "#DIV/0!", None, " 5 ")
    assert read.sheets[0].rows[2] == ()
    assert read.sheets[0].at(1, 2) == 12
    assert Text("cell", TITLE, "F4", "10/12/2018") in read.texts
    assert Text("cell", TITLE, "A4", "0", number=True) in read.texts
    assert Text("cell", TITLE, "C2", "12", number=True) in read.texts
    assert Text("cell", TITLE, "B2", "Bến Nghé") in read.texts


def test_the_dispatcher_knows_the_kinds() -> None:
    assert opened("xlsx", saved(form())) == book(saved(form()))
    assert opened("csv", b"a;b\n1;2\n").written_as == "csv"
    with pytest.raises(ValueError, match="docx"):
        opened("docx", b"")


def test_percentages_are_pointed_at() -> None:
    made = form()
    made[TITLE]["C2"].number_format = "0.0%"
    made[TITLE]["C3"] = "12%"
    made[TITLE]["C3"].number_format = "0%"
    assert book(saved(made)).sheets[0].percents == {(1, 2)}


def test_formulas_say_whether_their_result_is_stored() -> None:
    made = form()
    page = made[TITLE]
    page["C3"] = "=SUM(C2:C2)"
    page["C5"] = ArrayFormula("C5:C6", "=C2:C3*2")
    body = saved(made)
    read = book(body)
    assert read.sheets[0].formulas == {(2, 2): False, (4, 2): False, (5, 2): False}
    assert read.sheets[0].at(2, 2) is None
    assert Text("formula", TITLE, "C3", "SUM(C2:C2)") in read.texts
    stored = edited(body, SHEET, "<f>SUM(C2:C2)</f><v></v>", "<f>SUM(C2:C2)</f><v>12</v>")
    assert book(stored).sheets[0].formulas[2, 2] is True
    assert book(stored).sheets[0].at(2, 2) == 12
    empty = edited(body, SHEET, '<c r="C3"><f>SUM(C2:C2)</f><v></v>', '<c r="C3" t="str"><f>SUM(C2:C2)</f><v></v>')
    assert book(empty).sheets[0].formulas[2, 2] is True


def test_shared_formulas_are_formulas_in_every_cell() -> None:
    shared = '<c r="C2"><f t="shared" ref="C2:C3" si="0">A2+1</f><v>5</v></c></row><row r="3"><c r="C3"><f t="shared" si="0"/></c>'
    body = edited(saved(form()), SHEET, '<c r="C2" t="n"><v>12</v></c>', shared)
    assert book(body).sheets[0].formulas == {(1, 2): True, (2, 2): False}


def test_merged_cells_lead_to_the_first() -> None:
    made = form()
    made[TITLE]["C3"] = 5
    made[TITLE].merge_cells("B1:C2")
    made[TITLE].merge_cells("A2:A3")
    merged = book(saved(made)).sheets[0].merged
    assert merged == {(0, 1): (0, 1), (0, 2): (0, 1), (1, 1): (0, 1), (1, 2): (0, 1), (1, 0): (1, 0), (2, 0): (1, 0)}


def test_a_merge_of_the_whole_sheet_costs_nothing() -> None:
    merge = '</sheetData><mergeCells><mergeCell ref="C2:XFD1048576"/></mergeCells>'
    assert book(edited(saved(form()), SHEET, "</sheetData>", merge)).sheets[0].merged == {(1, 2): (1, 2)}


@pytest.mark.parametrize("declared", ["A1", "A1:A2", "A1:XFD1048576", "C7:D9", ""])
def test_a_declared_dimension_changes_nothing(declared: str) -> None:
    body = saved(form())
    new = f'<dimension ref="{declared}"/>' if declared else ""
    assert grid(book(edited(body, SHEET, '<dimension ref="A1:C2"/>', new))) == grid(book(body))


@pytest.mark.parametrize("place", [(MOST_ROWS + 1, 1), (1, MOST_COLUMNS + 1), (1_048_576, 16_384)])
def test_content_past_the_limits_is_refused(place: tuple[int, int]) -> None:
    made = form()
    made[TITLE].cell(*place, 7)
    refused = refusal(saved(made))
    assert refused.code == "IN-021"
    assert refused.slots == {"most_rows": str(MOST_ROWS), "most_columns": str(MOST_COLUMNS)}
    assert str(MOST_ROWS) in refused.finding("a.xlsx").message.vi


def test_content_at_the_limits_is_read() -> None:
    made = form()
    made[TITLE].cell(MOST_ROWS, MOST_COLUMNS, 7)
    assert book(saved(made)).sheets[0].at(MOST_ROWS - 1, MOST_COLUMNS - 1) == 7


def test_a_far_cell_that_is_only_formatted_is_no_content() -> None:
    made = form()
    made[TITLE].cell(1_048_576, 16_384).number_format = "0.00"
    assert grid(book(saved(made))) == grid(book(saved(form())))


def test_a_cell_holds_what_excel_lets_it_hold() -> None:
    made = form()
    made[TITLE]["D1"] = "a" * MOST_TEXT
    body = saved(made)
    assert book(body).sheets[0].at(0, 3) == "a" * MOST_TEXT
    longer = edited(body, SHEET, "a" * MOST_TEXT, "a" * (MOST_TEXT + 1))
    assert refusal(longer).code == "IN-014"


def test_hidden_sheets_are_read_and_titles_may_repeat() -> None:
    made = form()
    for title, state in ((TITLE + " ", "hidden"), ("Ẩn sâu", "veryHidden")):
        page = made.create_sheet("tạm")
        page.title, page.sheet_state = title, state
        page["A1"] = f"trong {state}"
    read = book(saved(made))
    assert [s.title for s in read.sheets] == [TITLE, TITLE, "Ẩn sâu"]
    assert Text("cell", "Ẩn sâu", "A1", "trong veryHidden") in read.texts
    assert Text("sheet_name", "Ẩn sâu", "", "Ẩn sâu") in read.texts


def test_titles_are_composed() -> None:
    assert [s.title for s in book(saved(form(unicodedata.normalize("NFD", TITLE)))).sheets] == [TITLE]


def test_chart_sheets_are_no_tables_but_their_words_are_seen() -> None:
    made = form()
    chart = BarChart()
    chart.title = "Mồi trên biểu đồ"
    chart.add_data(Reference(made[TITLE], min_col=3, min_row=1, max_row=2), titles_from_data=True)
    made.create_chartsheet("Hình").add_chart(chart)
    read = book(saved(made))
    assert [s.title for s in read.sheets] == [TITLE]
    assert found(read, "Mồi trên biểu đồ") == {Text("drawing", "Hình", "", "Mồi trên biểu đồ")}
    assert Text("sheet_name", "Hình", "", "Hình") in read.texts


def test_too_many_sheets_are_refused() -> None:
    made = form()
    for n in range(MOST_SHEETS):
        made.create_sheet(f"t{n}")
    assert refusal(saved(made)).code == "IN-014"


def _planted() -> Workbook:
    made = form()
    page = made[TITLE]
    page["B2"].comment = Comment("mồi chú thích", "mồi tác giả")
    page.oddHeader.center.text = "mồi đầu trang &P trên &N"
    page.oddHeader.center.font, page.oddHeader.center.size = "Arial,Bold", 12
    page.evenFooter.right.text = "mồi chân trang"
    check = DataValidation("list", formula1='"mồi một,mồi hai"', prompt="mồi nhắc", promptTitle="mồi tựa nhắc", error="mồi báo lỗi")
    check.add("C2:C9")
    page.add_data_validation(check)
    page["A5"].hyperlink = "https://example.org/moi-lien-ket"
    page["A5"].hyperlink.tooltip = "mồi gợi ý"
    page["A5"] = "xem"
    page["C2"].number_format = '0 "mồi định dạng"'
    made.defined_names["moi_ten"] = DefinedName("moi_ten", attr_text='"mồi trong tên"')
    made.properties.creator, made.properties.title = "mồi người soạn", "mồi tựa đề"
    made.properties.lastModifiedBy = "mồi người sửa"
    made.custom_doc_props.append(StringProperty(name="mồi thuộc tính", value="mồi giá trị"))
    other = made.create_sheet("Bảng")
    other.append(["mồi cột", "số"])
    other.append(["x", 1])
    other.add_table(Table(displayName="MoiBang", ref="A1:B2"))
    return made


def test_every_part_of_a_workbook_is_seen_with_its_place() -> None:
    texts = set(book(saved(_planted())).texts)
    expected = {
        Text("comment", TITLE, "B2", "mồi chú thích"),
        Text("comment", TITLE, "", "mồi tác giả"),
        Text("header", TITLE, "", "mồi đầu trang   trên"),
        Text("header", TITLE, "", "mồi chân trang"),
        Text("validation", TITLE, "C2", '"mồi một,mồi hai"'),
        Text("validation", TITLE, "C2", "mồi nhắc"),
        Text("validation", TITLE, "C2", "mồi tựa nhắc"),
        Text("validation", TITLE, "C2", "mồi báo lỗi"),
        Text("link", TITLE, "A5", "https://example.org/moi-lien-ket"),
        Text("link", TITLE, "A5", "mồi gợi ý"),
        Text("style", "", "", "mồi định dạng"),
        Text("name", "", "", "moi_ten"),
        Text("name", "", "", '"mồi trong tên"'),
        Text("property", "", "", "mồi người soạn"),
        Text("property", "", "", "mồi tựa đề"),
        Text("property", "", "", "mồi người sửa"),
        Text("property", "", "", "mồi thuộc tính"),
        Text("property", "", "", "mồi giá trị"),
        Text("name", "Bảng", "", "MoiBang"),
        Text("name", "Bảng", "", "mồi cột"),
        Text("cell", "Bảng", "A1", "mồi cột"),
    }
    assert expected <= texts


def test_the_programs_own_words_are_left_out() -> None:
    assert not found(book(saved(form())), "Microsoft Excel")
    assert not any(t.part == "property" and t.text[:2] == "20" for t in book(saved(form())).texts)


DRAWING = (
    '<xdr:wsDr xmlns:xdr="urn:d" xmlns:a="urn:a"><xdr:twoCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:colOff>123456789</xdr:colOff>'
    "<xdr:row>4</xdr:row></xdr:from><xdr:sp><xdr:nvSpPr><xdr:cNvPr id='2' name='Hộp' descr='mồi thay hình'/></xdr:nvSpPr><xdr:txBody>"
    "<a:p><a:r><a:t>090</a:t></a:r><a:r><a:t>31 mồi</a:t></a:r></a:p><a:p><a:r><a:t>đoạn hai</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
    "</xdr:twoCellAnchor></xdr:wsDr>"
)
VML = (
    '<xml xmlns:v="urn:v" xmlns:x="urn:x"><v:shape alt="mồi vml thay" style="width:123456789pt; x y"><v:textbox><div>mồi <b>tro</b>ng vml'
    "</div></v:textbox><x:ClientData><x:Anchor>1, 15, 0, 2, 3, 31, 4, 1</x:Anchor></x:ClientData></v:shape></xml>"
)
THREADS = (
    '<ThreadedComments xmlns="urn:t"><threadedComment ref="B7" id="{00000000-0000-0000-0000-123456789012}"><text>mồi luồng</text>'
    "</threadedComment></ThreadedComments>"
)
ORPHAN = (
    f'<worksheet xmlns="{MAIN}"><sheetData><row r="3"><c r="B3" t="inlineStr"><is><r><t>mồi mồ</t></r><r><t> côi</t></r></is></c>'
    '<c r="C3"><v>79123456</v></c></row></sheetData></worksheet>'
)
PIVOT = (
    f'<pivotCacheDefinition xmlns="{MAIN}" refreshedBy="mồi người làm mới"><cacheFields><cacheField name="mồi trường"><sharedItems>'
    '<s v="mồi đệm"/><n v="42"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>'
)
STRINGS = (
    f'<sst xmlns="{MAIN}"><si><t>Mã</t></si><si><r><t>mồi </t></r><r><t>thừa</t></r><rPh sb="0" eb="1"><t>mồi đọc</t></rPh></si></sst>'
)


ORPHANS = [
    ("xl/drawings/d9.xml", DRAWING, {("drawing", "D5", t) for t in ("09031 mồi", "đoạn hai", "mồi thay hình")}),
    ("xl/drawings/vml9.vml", VML, {("drawing", "", "mồi trong vml"), ("drawing", "", "mồi vml thay")}),
    ("xl/threadedComments/tc9.xml", THREADS, {("comment", "B7", "mồi luồng")}),
    ("xl/persons/person.xml", '<personList xmlns="urn:t"><person displayName="mồi nick"/></personList>', {("comment", "", "mồi nick")}),
    ("xl/worksheets/sheet99.xml", ORPHAN, {("cell", "B3", "mồi mồ côi"), ("cell", "C3", "79123456")}),
    ("xl/pivotCache/p.xml", PIVOT, {("other", "", t) for t in ("mồi đệm", "mồi trường", "mồi người làm mới", "42")}),
    (
        "customXml/item1.xml",
        "<a b='mồi thuộc'><c>mồi riêng</c><!-- mồi ghi --></a>",
        {("other", "", f"mồi {t}") for t in ("thuộc", "riêng", "ghi")},
    ),
    ("customXml/mồi tên phần.xml", "<a/>", {("other", "", "customXml/mồi tên phần.xml")}),
    ("xl/drawings/old.vml", "<xml><div>mồi<br>không đóng</div></xml>", {("other", "", "mồi"), ("other", "", "không đóng")}),
    ("xl/printerSettings/p.bin", "máy in mồi".encode("utf-16-le").decode("latin-1"), {("other", "", "máy in mồi")}),
]


@pytest.mark.parametrize(("member", "content", "expected"), ORPHANS, ids=[o[0] for o in ORPHANS])
def test_parts_that_nothing_leads_to_are_seen(member: str, content: str, expected: set[tuple[str, str, str]]) -> None:
    body = content.encode("latin-1" if member.endswith(".bin") else "utf-8")
    read = book(packed(saved(form()), {member: body}))
    assert expected <= {(t.part, t.cell, t.text) for t in read.texts if not t.sheet}
    assert not found(read, "123456789")


def test_strings_that_no_cell_shows_are_seen_whole() -> None:
    made = Workbook()
    made.active["A1"] = "Mã"  # type: ignore[index]
    read = book(packed(saved(made), {"xl/sharedStrings.xml": STRINGS.encode()}))
    assert Text("cell", "Sheet", "A1", "Mã") in read.texts
    assert found(read, "mồi") == {Text("other", "", "", "mồi thừa"), Text("other", "", "", "mồi đọc")}


def test_escaped_characters_are_read_as_excel_shows_them() -> None:
    made = form()
    made[TITLE]["B2"] = "_x0030_9_x0030_3"
    read = book(saved(made))
    assert read.sheets[0].at(1, 1) == "0903"
    assert Text("cell", TITLE, "B2", "0903") in read.texts


def test_a_number_behind_a_font_size_in_a_footer_keeps_its_digits() -> None:
    made = form()
    made[TITLE].oddFooter.left.text = "x"
    body = edited(saved(made), SHEET, "&amp;Lx", "&amp;L&amp;12090312345")
    assert Text("header", TITLE, "", "090312345") in book(body).texts


ROW = '<row r="2"><c r="A2" t="n"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        ROW + '<row r="1"><c r="A1" t="n"><v>2</v></c></row>',  # a row that a reader of rows in order leaves out
        ROW + '<row r="3"><c r="A2" t="n"><v>2</v></c></row>',  # a second content for a cell
        '<row r="2"><c r="A5" t="n"><v>2</v></c></row>',  # a cell in the wrong row
    ],
)
def test_cells_that_two_readers_would_see_differently_are_refused(rows: str) -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    assert refusal(packed(saved(form()), {SHEET: sheet.encode()})).code == "IN-015"


def test_a_sheet_that_is_listed_but_not_there_is_refused() -> None:
    made = form()
    made.create_sheet("Hai")
    assert refusal(packed(saved(made), {"xl/worksheets/sheet2.xml": None})).code == "IN-015"


def test_entities_are_refused_wherever_they_are_declared() -> None:
    body = packed(saved(form()), {"customXml/item1.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
    assert refusal(body).code == "IN-016"


@pytest.mark.slow
def test_what_only_costs_time_and_memory_is_refused() -> None:
    body = saved(form())
    deep = b"<a>" * 201 + b"</a>" * 201
    assert refusal(packed(body, {"customXml/item1.xml": deep})).code == "IN-015"
    strings = f'<sst xmlns="{MAIN}">{"<si><t>a</t></si>" * (2 * MOST_TEXTS + 1)}</sst>'.encode()
    assert refusal(packed(body, {"xl/sharedStrings.xml": strings})).code == "IN-014"
    merges = "</sheetData><mergeCells>" + '<mergeCell ref="A1:C2"/>' * 17_000 + "</mergeCells>"
    assert refusal(edited(body, SHEET, "</sheetData>", merges)).code == "IN-014"
    much = b"<a>" + b"<b>" + b"x" * 8_000_001 + b"</b>" + b"</a>"
    assert refusal(packed(body, {"customXml/item1.xml": much})).code == "IN-014"


def test_no_file_is_read_without_the_safe_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openpyxl.xml.DEFUSEDXML", False)
    with pytest.raises(RuntimeError, match="defusedxml"):
        importlib.reload(xlsx)


def test_strict_workbooks_are_told_what_to_do() -> None:
    strict = f'<worksheet xmlns="{"http://purl.oclc.org/ooxml/spreadsheetml/main"}"/>'
    refused = refusal(packed(saved(form()), {SHEET: strict.encode()}))
    assert (refused.code, "Strict" in refused.slots["why_vi"]) == ("IN-001", True)


def test_a_number_of_four_hundred_digits_is_kept_for_the_reading_of_counts() -> None:
    body = edited(saved(form()), SHEET, "<v>12</v>", f"<v>{'9' * 400}</v>")
    assert book(body).sheets[0].at(1, 2) == int("9" * 400)


@cache
def _planted_once() -> bytes:
    return saved(_planted())


@settings(max_examples=40)
@given(st.data())
def test_damage_is_refused_and_raises_nothing_else(data: st.DataObject) -> None:
    """Bytes of one member changed, packed again with right checksums."""
    body = _planted_once()
    with zipfile.ZipFile(io.BytesIO(body)) as old:
        bodies = {name: old.read(name) for name in old.namelist()}
    name = data.draw(st.sampled_from(sorted(bodies)))
    changed = bytearray(bodies[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with suppress(Refused):
        assert isinstance(book(packed(body, {name: bytes(changed)})), Book)


@pytest.mark.parametrize("body", [b"", b"PK", b"a;b\n1;2", saved(form())[:-40], packed(saved(form()), {"[Content_Types].xml": None})])
def test_what_is_no_workbook_is_refused(body: bytes) -> None:
    assert refusal(body).code == "IN-001"


@pytest.mark.parametrize("path", EXAMPLES[::6], ids=lambda p: p.stem)
def test_the_examples_show_every_cell_in_both_readings(path: Path) -> None:
    read = book(path.read_bytes())
    cells = {(t.sheet, t.cell) for t in read.texts if t.part == "cell"}
    assert len(cells) == sum(c is not None for s in read.sheets for row in s.rows for c in row)
    assert not any(t.part in ("comment", "header", "drawing", "validation") for t in read.texts if "mồi" in t.text)
