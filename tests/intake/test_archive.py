"""What may be opened at all; every hostile archive is made here, in the test."""

from __future__ import annotations

import io
import os
import socket
import struct
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.intake.archive import MOST_FILE, MOST_MEMBERS, MOST_SHARED, MOST_UNPACKED, Refused, admit, body, kind
from evaluation.intake.findings import kinds

MIB = 2**20
NOT_A_WORKBOOK, TOO_LARGE, TAMPERED, LOCKED = "IN-001", "IN-014", "IN-015", "IN-011"


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def lying(body: bytes, declared: int, crc: int | None = None) -> bytes:
    """Return an archive of one member that declares another size than it has, in both of its headers."""
    raw = packed({"xl/workbook.xml": body})
    true_size, true_crc = struct.pack("<L", len(body)), struct.pack("<L", zlib.crc32(body))
    assert raw.count(true_size) >= 2
    assert raw.count(true_crc) == 2
    raw = raw.replace(true_size, struct.pack("<L", declared))
    return raw if crc is None else raw.replace(true_crc, struct.pack("<L", crc))


def reason(body: bytes, kind: str = "xlsx") -> str:
    """Return the code with which a file is refused; its words have to be complete and without slots."""
    with pytest.raises(Refused) as refused:
        admit(body, kind)
    message = refused.value.finding("a.xlsx").message
    assert "{" not in message.vi + message.en
    return refused.value.code


def test_an_ordinary_archive_is_admitted() -> None:
    several = packed({"a.xml": b"<a/>", "b/c.xml": b"<b>" + b"<c/>" * 1000 + b"</b>"})
    for archive in (several, packed({"a.xml": b"<a/>"}, zipfile.ZIP_STORED)):
        assert admit(archive, "xlsx") is None


def test_a_part_that_shrinks_a_hundredfold_is_honest() -> None:
    body = packed({"xl/styles.xml": b"<s>" + b'<xf numFmtId="0"/>' * 60_000 + b"</s>"})
    assert len(body) * 100 < 60_000 * 18
    admit(body, "xlsx")


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", b"no archive" * 100, packed({"a": b"b" * 5000})[:-40], packed({"a": bytes(range(256)) * 9})[:200]],
    ids=["empty", "two letters", "text", "cut at the end", "cut early"],  # archives carry the time of day, names of tests must not
)
def test_what_is_no_archive(body: bytes) -> None:
    assert reason(body) == NOT_A_WORKBOOK


def test_a_damaged_member() -> None:
    body = bytearray(packed({"a.xml": bytes(range(256)) * 20}))
    body[60] ^= 0xFF
    assert reason(bytes(body)) == NOT_A_WORKBOOK


def test_a_file_larger_than_any_form() -> None:
    assert reason(b"\0" * (MOST_FILE + 1)) == TOO_LARGE


def test_a_declared_bomb_costs_little() -> None:
    half = b"<a>" + b" " * (MOST_UNPACKED // 2) + b"</a>"
    body = packed({"a.xml": half, "b.xml": half})
    assert peak(lambda: reason(body) == TOO_LARGE) < MIB


@pytest.mark.parametrize("right_sum", [False, True])
def test_a_bomb_that_declares_little_costs_little(right_sum: bool) -> None:
    bomb = b"<a>" + b" " * (MOST_UNPACKED + 5 * MIB)
    # With the checksum of what it declares, zipfile itself would find nothing wrong.
    body = lying(bomb, 1000, zlib.crc32(bomb[:1000]) if right_sum else None)
    assert peak(lambda: reason(body) == TOO_LARGE) < 4 * MIB


@pytest.mark.parametrize("declared", [100, 4999, 5001, 6000])
def test_a_member_of_another_size_than_declared(declared: int) -> None:
    assert reason(lying(b"<a>" + b"x" * 4993 + b"</a>", declared)) == TAMPERED


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.xml", "xl/../../up.xml", "..\\up.xml", "\\root.xml"])
def test_members_outside_the_archive(name: str) -> None:
    assert reason(packed({name: b"<a/>"})) == TAMPERED


def test_two_members_that_differ_in_case_alone() -> None:
    assert reason(packed({"xl/Sheet1.xml": b"5", "xl/sheet1.xml": b"500"})) == TAMPERED


def test_a_locked_member() -> None:
    body = bytearray(packed({"a.xml": b"<a/>"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + offset] |= 1
    assert reason(bytes(body)) == LOCKED


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_no_office_program_uses(method: int) -> None:
    assert reason(packed({"a.xml": b"<a>" + b" " * 400 + b"</a>"}, method)) == TAMPERED


def test_more_members_than_any_form() -> None:
    assert reason(packed({f"{n}.xml": b"" for n in range(MOST_MEMBERS + 1)})) == TOO_LARGE


def test_two_members_of_one_name() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.xml", "<a>5</a>")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.xml", "<a>500</a>")
    assert reason(out.getvalue()) == TAMPERED


@pytest.mark.parametrize("name", ["a\nb.xml", "a\u202ebm.xml", "a\u200f.xml", "C:/a.xml", "a\x07.xml"])
def test_member_names_with_signs_that_no_program_writes(name: str) -> None:
    assert reason(packed({name: b"<a/>"})) == TAMPERED


def test_a_member_that_is_a_link() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("xl/a.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert reason(out.getvalue()) == TAMPERED


def test_data_that_no_member_holds() -> None:
    whole = packed({"a.xml": b"<a/>", "b.xml": b"<b/>"})
    assert reason(b"PK hidden" + whole) == TAMPERED
    assert reason(whole + whole) == TAMPERED
    assert reason(whole[:-2] + b"\x05\0" + b"canal") == TAMPERED


def test_members_that_share_their_data() -> None:
    """One stretch of data under many names unpacks to far more than the file holds."""
    whole = bytearray(packed({"a.xml": b"<a/>", "b.xml": b"<a/>"}))
    second = whole.index(b"PK\x01\x02", whole.index(b"PK\x01\x02") + 1)
    whole[second + 42 : second + 46] = struct.pack("<L", 0)
    assert reason(bytes(whole)) == TAMPERED


def test_a_table_of_texts_larger_than_any_form() -> None:
    assert reason(packed({"xl/sharedStrings.xml": b"<a>" + b" " * MOST_SHARED + b"</a>"})) == TOO_LARGE


@pytest.mark.parametrize(
    "name, code",
    [
        ("xl/vbaProject.bin", "IN-012"),
        ("xl/macrosheets/sheet1.xml", "IN-012"),
        ("customUI/customUI.xml", "IN-012"),
        ("Basic/Standard/Module1.xml", "IN-012"),
        ("xl/externalLinks/externalLink1.xml", "IN-013"),
        ("xl/connections.xml", "IN-013"),
        ("xl/queryTables/queryTable1.xml", "IN-013"),
        ("xl/embeddings/oleObject1.bin", "IN-017"),
        ("xl/embeddings/Workbook1.xlsx", "IN-017"),
        ("xl/activeX/activeX1.xml", "IN-017"),
        ("xl/media/image1.png", "IN-017"),
        ("xl/media/image1.emf", "IN-017"),
        ("docProps/thumbnail.emf", "IN-017"),
        ("Pictures/1.png", "IN-017"),
        ("ObjectReplacements/Object 1", "IN-017"),
        ("_xmlsignatures/sig1.xml", "IN-017"),
        ("notes.txt", "IN-017"),
        ("list.xlsx", "IN-017"),
    ],
)
def test_parts_that_a_report_never_needs(name: str, code: str) -> None:
    assert reason(packed({"xl/workbook.xml": b"<workbook/>", name: b"<a/>"})) == code


def test_what_office_programs_put_in_by_themselves_is_admitted() -> None:
    thumbnail = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 411, 460) + b"\x08\x02\0\0\0" + b"\0" * 900
    printed = packed({"xl/printerSettings/printerSettings1.bin": b"\0\xff" * 500, "xl/worksheets/": b""})
    pictured = packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "Thumbnails/thumbnail.png": thumbnail})
    configured = packed({"Configurations2/accelerator/current.xml": b""})
    for archive, written in ((printed, "xlsx"), (pictured, "ods"), (configured, "ods")):
        assert admit(archive, written) is None


@pytest.mark.parametrize("sides, size", [((2000, 1400), 900), ((411, 460), 100_000)])
def test_a_thumbnail_that_could_show_a_document_is_a_picture(sides: tuple[int, int], size: int) -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", *sides) + b"\0" * size
    assert reason(packed({"Thumbnails/thumbnail.png": picture}), "ods") == "IN-017"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000


def utf_16(name: str) -> bytes:
    return name.encode("utf-16-le")


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "IN-001"),
        (b"PK\x03\x04 cut", "IN-001"),
        (packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>"})[:-30], "IN-001"),
        (OLE + utf_16("Workbook"), "IN-010"),
        (OLE + utf_16("Book"), "IN-010"),
        (b"\t\x08\x10\0\0\x06\x05\0" + b"\0" * 100, "IN-010"),
        (OLE + utf_16("EncryptedPackage"), "IN-011"),
        (OLE + utf_16("Workbook") + utf_16("_VBA_PROJECT_CUR"), "IN-012"),
        (OLE + utf_16("WordDocument"), "IN-020"),
        (OLE + bytes(2048), "IN-010"),
        (packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"}), "IN-020"),
        (packed({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<a/>"}), "IN-020"),
        (packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"a"}), "IN-020"),
        (packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>", "xl/vbaProject.bin": b"a"}), "IN-012"),
        (packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "IN-020"),
        (packed({"readme.txt": b"a"}), "IN-020"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "IN-020"),
        (b"\xef\xbb\xbf<!DOCTYPE html><table>", "IN-020"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "IN-020"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "IN-020"),
        (b"%PDF-1.7\n", "IN-020"),
        (b"{\\rtf1 a}", "IN-020"),
        (b"ID;PWXL;N;E\r\nP;PGeneral", "IN-020"),
        (bytes(range(256)) * 20, "IN-020"),
        (b"\x7fELF" + b"\0" * 100, "IN-020"),
        (b"\xff\xfea\0b", "IN-020"),
        (b"a,b\r\n1,\x07", "IN-020"),
    ],
)
def test_what_is_no_file_of_an_accepted_kind(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        kind(content)
    assert refused.value.code == code
    message = refused.value.finding("a.xls").message
    assert "{" not in message.vi + message.en


TABLE = "Mã,Phường,Số lượt\r\n26734,Tân Định,5\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_a_text_table(encoding: str) -> None:
    assert kind(TABLE.encode(encoding)) == "csv"


def test_windows_1258_is_a_text_table() -> None:
    assert kind("Ma\u0303;Phươ\u0300ng\r\n1;2".encode("cp1258")) == "csv"


def test_workbooks_are_known_by_their_content() -> None:
    assert kind(packed({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>"})) == "xlsx"
    assert kind(packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"})) == "ods"


def test_a_directory_of_half_a_million_entries_is_not_even_read() -> None:
    entries = b"PK\x03\x04" + b"PK\1\2" * 500_000
    assert peak(lambda: _refused(entries)) < MIB


def _refused(content: bytes) -> bool:
    with pytest.raises(Refused) as refused:
        kind(content)
    return refused.value.code == TOO_LARGE


def opened(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        body(path)
    message = refused.value.finding("a.xlsx").message
    assert str(path.parent) not in message.en
    return refused.value.code


def test_an_ordinary_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b")
    assert body(tmp_path / "a.csv") == b"a,b"


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path) -> None:
    assert opened(tmp_path / "a.xlsx") == "IN-001"
    assert opened(tmp_path / "a\0.xlsx") == "IN-001"
    with (tmp_path / "b.xlsx").open("wb") as large:
        large.truncate(MOST_FILE + 1)
    assert opened(tmp_path / "b.xlsx") == "IN-014"
    with (tmp_path / "c.xlsx").open("wb") as huge:
        huge.truncate(2**40)
    assert opened(tmp_path / "c.xlsx") == "IN-014"


@pytest.mark.skipif(os.name != "posix", reason="such files exist on POSIX systems only")
def test_what_is_no_ordinary_file_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "real.xlsx").write_bytes(b"a")
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "real.xlsx")
    (tmp_path / "nowhere.xlsx").symlink_to(tmp_path / "absent.xlsx")
    (tmp_path / "circle.xlsx").symlink_to(tmp_path / "circle.xlsx")
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    for name in ("link", "nowhere", "circle", "pipe", "folder"):
        assert opened(tmp_path / f"{name}.xlsx") == "IN-019", name
    assert opened(Path(os.devnull)) == "IN-019"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s")) if len(str(tmp_path)) < 90 else pytest.fail("the temporary folder's path is too long")
        assert opened(tmp_path / "s") == "IN-019"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_file_that_does_not_end_is_cut_off() -> None:
    """Files of the kernel say that they are empty and hold something all the same; none is read past the limit."""
    assert len(body(Path("/proc/self/status"))) <= MOST_FILE


def test_every_refusal_has_a_kind() -> None:
    assert {"IN-001", "IN-010", "IN-011", "IN-012", "IN-013", "IN-014", "IN-015", "IN-016", "IN-017", "IN-019", "IN-020"} <= set(kinds())


def peak(job: Callable[[], bool]) -> int:
    """Return the memory that a job took at most; the job has to say that it went as it should."""
    tracemalloc.start()
    try:
        assert job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
