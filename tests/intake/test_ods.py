"""An OpenDocument spreadsheet becomes the same cells and texts as the workbook that it was converted from."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
import unicodedata
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from evaluation.intake import xlsx
from evaluation.intake.book import MOST_COLUMNS, MOST_ROWS, MOST_SHEETS, MOST_TEXT, Book, Text
from evaluation.intake.ods import book
from evaluation.intake.refusal import Refused
from evaluation.settings import folders

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:calcext" xmlns:number="urn:number" xmlns:config="urn:config"'
)
EXAMPLE = folders().data / "example" / "submissions" / "2018-Q4" / "Quan-1_760_2018-Q4.xlsx"


def content(body: str) -> bytes:
    inside = f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
    return f"<office:document-content {NAMES}>{inside}</office:document-content>".encode()


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        for name, body in parts.items():
            archive.writestr(f"{name}.xml", body)
    return out.getvalue()


def sheet(rows: str, title: str = "Y tế") -> bytes:
    return packed(content=content(f'<table:table table:name="{title}">{rows}</table:table>'))


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def number(value: float, more: str = "", kind: str = "float") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{value}" {more}><text:p>{value}</text:p></table:table-cell>'


def words(*paragraphs: str, more: str = "") -> str:
    text = "".join(f"<text:p>{p}</text:p>" for p in paragraphs)
    return f'<table:table-cell office:value-type="string" {more}>{text}</table:table-cell>'


def blank(repeated: int = 1) -> str:
    return f'<table:table-cell table:style-name="ce1" table:number-columns-repeated="{repeated}"/>'


def refusal(body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        book(body)
    return refused.value


def test_cells_keep_what_they_hold() -> None:
    cells = [
        number(12),
        number(1.5),
        number(0.45, kind="percentage"),
        number(3, kind="currency"),
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p></table:table-cell>',
        '<table:table-cell office:value-type="date" office:date-value="2018-12-10"><text:p>10/12/18</text:p></table:table-cell>',
        '<table:table-cell office:value-type="time" office:time-value="PT08H30M00S"><text:p>8:30</text:p></table:table-cell>',
        words("một", "hai<text:s text:c='2'/>ba<text:tab/>bốn <text:span>n</text:span>ăm"),
        words("#DIV/0!", more='office:string-value="" calcext:value-type="error"'),
        words(" "),
    ]
    read = book(sheet(row(*cells)))
    when = dt.datetime(2018, 12, 10)
    assert read.sheets[0].rows == [(12, 1.5, 0.45, 3, True, when, dt.time(8, 30), "một\nhai  ba\tbốn năm", "#DIV/0!")]
    assert read.sheets[0].percents == {(0, 2)}
    assert {Text("cell", "Y tế", "A1", "12", number=True), Text("cell", "Y tế", "F1", "10/12/2018")} <= set(read.texts)


def test_formulas_say_whether_their_result_is_stored() -> None:
    formula = 'table:formula="of:=SUM([.A1:.A2])"'
    text = f'<table:table-cell {formula} office:value-type="string" office:string-value=""/>'
    read = book(sheet(row(number(5, formula), f"<table:table-cell {formula}/>", text)))
    assert read.sheets[0].formulas == {(0, 0): True, (0, 1): False, (0, 2): True}
    assert Text("formula", "Y tế", "B1", "of:=SUM([.A1:.A2])") in read.texts


def test_repeated_cells_and_rows_are_laid_out() -> None:
    more = 'table:number-columns-repeated="3"'
    read = book(sheet(row(blank(), repeated=2) + row(blank(2), number(0, more), number(4), repeated=2) + row(number(1))))
    assert read.sheets[0].rows == [(), (), (None, None, 0, 0, 0, 4), (None, None, 0, 0, 0, 4), (1,)]
    assert Text("cell", "Y tế", "E4", "0", number=True) in read.texts


def test_a_million_blank_rows_cost_nothing() -> None:
    read = book(sheet(row(number(1), blank(16_383)) + row(blank(16_384), repeated=1_048_575)))
    assert read.sheets[0].rows == [(1,)]


@pytest.mark.parametrize(
    "rows",
    [
        row(number(1, f'table:number-columns-repeated="{MOST_COLUMNS + 1}"')),
        row(number(1), repeated=MOST_ROWS + 1),
        row(blank(), repeated=MOST_ROWS) + row(number(1)),
        row(blank(MOST_COLUMNS), number(1)),
        row(blank(), repeated=1_048_575) + row(words("x")),
        row(blank(), repeated=MOST_ROWS) + row('<table:table-cell table:formula="of:=1"/>'),
    ],
)
def test_content_past_the_limits_is_refused(rows: str) -> None:
    refused = refusal(sheet(rows))
    assert (refused.code, refused.slots) == ("IN-021", {"most_rows": str(MOST_ROWS), "most_columns": str(MOST_COLUMNS)})


def test_content_at_the_limits_is_read() -> None:
    read = book(sheet(row(blank(), repeated=MOST_ROWS - 1) + row(blank(MOST_COLUMNS - 1), number(7))))
    assert read.sheets[0].at(MOST_ROWS - 1, MOST_COLUMNS - 1) == 7


@pytest.mark.parametrize("count", ["0", "-1", "x", "99999999999999999999", "1048577"])
def test_counts_that_no_sheet_has_are_damage(count: str) -> None:
    assert refusal(sheet(f'<table:table-row table:number-rows-repeated="{count}"/>')).code == "IN-001"
    assert (
        refusal(sheet(f'<table:table-row><table:table-cell table:number-columns-repeated="{count}"/></table:table-row>')).code == "IN-001"
    )


def test_too_much_is_refused() -> None:
    assert refusal(sheet(row(words("a" * (MOST_TEXT + 1))))).code == "IN-014"
    assert refusal(sheet(row(words("<text:s text:c='1000000'/>" * 50)))).code == "IN-014"
    full = row(number(1, f'table:number-columns-repeated="{MOST_COLUMNS}"'), repeated=MOST_ROWS)
    assert refusal(sheet(full)).code == "IN-014"
    assert refusal(packed(content=content("<table:table/>" * (MOST_SHEETS + 1)))).code == "IN-014"


def test_merged_cells_lead_to_the_first() -> None:
    span = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    covered = '<table:covered-table-cell office:value-type="string"><text:p>mồi che</text:p></table:covered-table-cell>'
    read = book(sheet(row(words("đầu", more=span), covered) + row(blank(2), number(1))))
    assert read.sheets[0].merged == {(0, 0): (0, 0), (0, 1): (0, 0), (1, 0): (0, 0), (1, 1): (0, 0)}
    assert Text("cell", "Y tế", "B1", "mồi che") in read.texts


def test_titles_are_composed_and_may_repeat() -> None:
    one = f'<table:table table:name="{unicodedata.normalize("NFD", "Y tế")} "/>'
    assert [s.title for s in book(packed(content=content(one + one))).sheets] == ["Y tế", "Y tế"]


NOTE = """<office:annotation><dc:creator>mồi người ghi</dc:creator><dc:date>2018-12-10</dc:date>
<text:p>mồi 0<text:span>9</text:span>03</text:p></office:annotation>"""
PLANTED = f"""<table:content-validations>
<table:content-validation table:name="val1" table:condition="of:cell-content-is-in-list(&quot;mồi chọn&quot;)"
table:base-cell-address="Khác.C9"><table:help-message table:title="mồi tựa"><text:p>mồi nhắc</text:p></table:help-message>
</table:content-validation></table:content-validations>
<table:table table:name="Y tế"><table:shapes><draw:frame draw:name="mồi tên khung"><svg:title>mồi tựa hình</svg:title>
<draw:text-box><text:p>mồi khung <text:span>chữ</text:span></text:p></draw:text-box></draw:frame></table:shapes>
<table:table-row table:number-rows-repeated="5"><table:table-cell/></table:table-row>
<table:table-row><table:table-cell/><table:table-cell office:value-type="string" table:content-validation-name="val1">{NOTE}<text:p>xem
<text:a xlink:href="https://example.org/moi">mồi chữ</text:a></text:p></table:table-cell></table:table-row></table:table>
<table:named-expressions><table:named-range table:name="moi_ten" table:cell-range-address="$A.$A$1"/></table:named-expressions>"""
STYLES = f"""<office:document-styles {NAMES}><office:automatic-styles>
<number:number-style><number:text> mồi dạng số</number:text></number:number-style></office:automatic-styles>
<office:master-styles><style:master-page style:name="PageStyle_5f_mồi_20_trang">
<style:header><text:p>mồi đầu <text:span>trang</text:span></text:p></style:header>
<style:footer><style:region-left><text:p>mồi chân</text:p></style:region-left></style:footer></style:master-page>
</office:master-styles></office:document-styles>""".encode()
META = f"""<office:document-meta {NAMES}><office:meta><meta:generator>LibreOffice</meta:generator>
<meta:initial-creator>mồi soạn</meta:initial-creator><dc:title>mồi tựa đề</dc:title><dc:date>2018-12-10T00:00:00</dc:date>
<meta:user-defined meta:name="mồi khóa">mồi trị</meta:user-defined></office:meta></office:document-meta>""".encode()
SETTINGS = f"""<office:document-settings {NAMES}>
<config:config-item config:name="PrinterName" config:type="string">mồi máy in</config:config-item>
<config:config-item config:name="PrinterSetup" config:type="base64Binary">{"QUJD" * 60}</config:config-item>
</office:document-settings>""".encode()


def test_every_part_is_seen_with_its_place() -> None:
    read = book(
        packed(content=content(PLANTED), styles=STYLES, meta=META, settings=SETTINGS, rieng="<goi b='mồi thuộc'>mồi riêng</goi>".encode())
    )
    expected = {
        Text("validation", "Y tế", "B6", 'of:cell-content-is-in-list("mồi chọn")'),
        Text("validation", "Y tế", "B6", "mồi tựa"),
        Text("validation", "Y tế", "B6", "mồi nhắc"),
        Text("drawing", "Y tế", "", "mồi tên khung"),
        Text("drawing", "Y tế", "", "mồi tựa hình"),
        Text("drawing", "Y tế", "", "mồi khung chữ"),
        Text("comment", "Y tế", "B6", "mồi người ghi"),
        Text("comment", "Y tế", "B6", "mồi 0903"),
        Text("cell", "Y tế", "B6", "xem\nmồi chữ"),
        Text("link", "Y tế", "B6", "https://example.org/moi"),
        Text("name", "", "", "moi_ten"),
        Text("style", "", "", "mồi dạng số"),
        Text("style", "", "", "PageStyle_mồi trang"),
        Text("header", "", "", "mồi đầu trang"),
        Text("header", "", "", "mồi chân"),
        Text("property", "", "", "mồi soạn"),
        Text("property", "", "", "mồi tựa đề"),
        Text("property", "", "", "mồi khóa"),
        Text("property", "", "", "mồi trị"),
        Text("other", "", "", "mồi máy in"),
        Text("other", "", "", "mồi thuộc"),
        Text("other", "", "", "mồi riêng"),
    }
    assert expected <= set(read.texts)
    assert not any("LibreOffice" in t.text or "QUJD" in t.text or t.text.startswith("2018") for t in read.texts)


@pytest.mark.parametrize("body", [b"", b"PK", packed(), packed(content=b"<a>"), packed(content=b"<a/>")[:-30]])
def test_what_is_no_spreadsheet_is_refused(body: bytes) -> None:
    assert refusal(body).code == "IN-001"


def test_entities_are_refused() -> None:
    body = content(PLANTED).replace(b"<office:document-content", b'<!DOCTYPE a [<!ENTITY b "c">]><office:document-content', 1)
    assert refusal(packed(content=body)).code == "IN-016"
    assert refusal(packed(content=content(PLANTED), rieng=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><a>&b;</a>')).code == "IN-016"


@settings(max_examples=60)
@given(st.data())
def test_damage_is_refused_and_raises_nothing_else(data: st.DataObject) -> None:
    parts = {"content": content(PLANTED), "styles": STYLES, "meta": META, "settings": SETTINGS}
    name = data.draw(st.sampled_from(sorted(parts)))
    changed = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with suppress(Refused):
        assert isinstance(book(packed(**{**parts, name: bytes(changed)})), Book)


def converted(path: Path, folder: Path) -> bytes:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    command = [
        office,
        "--headless",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to",
        "ods",
        "--outdir",
        str(folder),
    ]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=120)
    return (folder / f"{path.stem}.ods").read_bytes()


@pytest.mark.slow
def test_a_converted_form_gives_the_same_cells(tmp_path: Path) -> None:
    ours, theirs = xlsx.book(EXAMPLE.read_bytes()), book(converted(EXAMPLE, tmp_path))
    assert [(s.title, s.rows, s.merged) for s in theirs.sheets] == [(s.title, s.rows, s.merged) for s in ours.sheets]
    assert {t for t in theirs.texts if t.part == "cell"} == {t for t in ours.texts if t.part == "cell"}


@pytest.mark.slow
def test_a_converted_workbook_keeps_formulas_percentages_and_hidden_words(tmp_path: Path) -> None:
    made = Workbook()
    page = made.active
    assert page is not None
    page.title = "Y tế"
    page["A1"], page["A2"], page["A3"] = 2, 3, "=A1+A2"
    page["B1"], page["B2"], page["B3"] = 0.5, dt.datetime(2018, 12, 10), True
    page["B1"].number_format = "0%"
    page["C1"].comment = Comment("mồi chú thích", "mồi tác giả")
    page.merge_cells("D1:E2")
    page["D1"], page["F2"] = "gộp", "cuối"
    page.oddHeader.center.text = "mồi đầu trang"
    check = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", prompt="mồi nhắc")
    check.add("A1:A2")
    page.add_data_validation(check)
    hidden = made.create_sheet("Ẩn")
    hidden.sheet_state, hidden["A1"] = "hidden", "mồi trang ẩn"
    made.properties.title = "mồi tựa đề"
    made.save(tmp_path / "a.xlsx")
    read = book(converted(tmp_path / "a.xlsx", tmp_path))
    first = read.sheets[0]
    assert [s.title for s in read.sheets] == ["Y tế", "Ẩn"]
    # LibreOffice writes a truth value as the formula =TRUE().
    assert (first.at(2, 0), first.formulas, first.percents) == (5, {(2, 0): True, (2, 1): True}, {(0, 1)})
    assert (first.at(0, 1), first.at(1, 1), first.at(2, 1)) == (0.5, dt.datetime(2018, 12, 10), True)
    assert first.merged == {(r, c): (0, 3) for r in (0, 1) for c in (3, 4)}
    seen = {(t.part, t.sheet, t.cell, t.text) for t in read.texts}
    assert {
        ("comment", "Y tế", "C1", "mồi chú thích"),
        ("header", "", "", "mồi đầu trang"),
        ("validation", "Y tế", "A1", "mồi nhắc"),
        ("cell", "Ẩn", "A1", "mồi trang ẩn"),
        ("property", "", "", "mồi tựa đề"),
    } <= seen
