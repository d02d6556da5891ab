"""What may be opened at all; every hostile archive is made here, in the test."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest

from evaluation.intake.archive import MOST_FILE, MOST_MEMBERS, MOST_UNPACKED, NOT_A_WORKBOOK, TAMPERED, TOO_LARGE, Refused, admit
from evaluation.language import Words

MIB = 2**20


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


def reason(body: bytes) -> Words:
    with pytest.raises(Refused) as refused:
        admit(body)
    return refused.value.why


def test_an_ordinary_archive_is_admitted() -> None:
    admit(packed({"a.xml": b"<a/>", "b/c.xml": b"<c/>" * 1000}))
    admit(packed({"a.xml": b"<a/>"}, zipfile.ZIP_STORED))


def test_a_part_that_shrinks_a_hundredfold_is_honest() -> None:
    body = packed({"xl/styles.xml": b'<xf numFmtId="0"/>' * 60_000})
    assert len(body) * 100 < 60_000 * 18
    admit(body)


@pytest.mark.parametrize(
    "body", [b"", b"PK", b"no archive" * 100, packed({"a": b"b" * 5000})[:-40], packed({"a": bytes(range(256)) * 9})[:200]]
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
    body = packed({"a.xml": b"\0" * (MOST_UNPACKED // 2 + 1), "b.xml": b"\0" * (MOST_UNPACKED // 2 + 1)})
    assert peak(lambda: reason(body) == TOO_LARGE) < MIB


@pytest.mark.parametrize("right_sum", [False, True])
def test_a_bomb_that_declares_little_costs_little(right_sum: bool) -> None:
    bomb = b"\0" * (MOST_UNPACKED + 5 * MIB)
    # With the checksum of what it declares, zipfile itself would find nothing wrong.
    body = lying(bomb, 1000, zlib.crc32(bomb[:1000]) if right_sum else None)
    assert peak(lambda: reason(body) == TOO_LARGE) < 4 * MIB


@pytest.mark.parametrize("declared", [100, 4999, 5001, 6000])
def test_a_member_of_another_size_than_declared(declared: int) -> None:
    assert reason(lying(b"x" * 5000, declared)) == TAMPERED


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.xml", "xl/../../up.xml", "..\\up.xml", "\\root.xml"])
def test_members_outside_the_archive(name: str) -> None:
    assert reason(packed({name: b"<a/>"})) == TAMPERED


def test_two_members_that_differ_in_case_alone() -> None:
    assert reason(packed({"xl/Sheet1.xml": b"5", "xl/sheet1.xml": b"500"})) == TAMPERED


def test_a_locked_member() -> None:
    body = bytearray(packed({"a.xml": b"<a/>"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + offset] |= 1
    assert reason(bytes(body)) == TAMPERED


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_no_office_program_uses(method: int) -> None:
    assert reason(packed({"a.xml": b"<a/>" * 100}, method)) == TAMPERED


def test_more_members_than_any_form() -> None:
    assert reason(packed({f"{n}.xml": b"" for n in range(MOST_MEMBERS + 1)})) == TOO_LARGE


def peak(job: Callable[[], bool]) -> int:
    """Return the memory that a job took at most; the job has to say that it went as it should."""
    tracemalloc.start()
    try:
        assert job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
