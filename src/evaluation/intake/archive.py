"""What may be opened at all: a received file is looked at as bytes before any parser sees it."""

from __future__ import annotations

import copy
import io
import os
import re
import stat
import struct
import zipfile
from pathlib import Path
from typing import NoReturn

from evaluation.intake import outside
from evaluation.intake.parts import Scan, Tally
from evaluation.intake.refusal import Refused, damaged, refuse
from evaluation.language import Words

__all__ = ["Refused", "admit", "body", "kind"]

MOST_FILE = 20 * 2**20
MOST_UNPACKED = 50 * 2**20
MOST_SHARED = 16 * 2**20  # the table of a workbook's texts is held in memory whole
MOST_MEMBERS = 1_000
MOST_THUMBNAIL, MOST_THUMBNAIL_SIDE = 2**16, 512  # bytes, pixels: LibreOffice puts a picture of the first page into each .ods
_CHUNK = 2**16
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_XML = (".xml", ".rels", ".vml", ".rdf")
_UNREAD = re.compile(r"xl/printersettings/[^/]+\.bin|mimetype")  # common in honest files, never parsed by a reader
_MACROS = re.compile(
    r"vbaproject|vbadata|xl/(?:macrosheets|dialogsheets|intlmacrosheets)/|customui/|(?:^|/)basic/|(?:^|/)scripts/", re.IGNORECASE
)
_LINKS = re.compile(r"xl/(?:externallinks|querytables|webextensions|model)/|xl/connections\.xml", re.IGNORECASE)
_OBJECTS = re.compile(r"(?:embeddings|activex|media|objectreplacements|pictures|fonts)/|_xmlsignatures/", re.IGNORECASE)

ABSENT = Words("không có tệp", "there is no such file")
UNREADABLE = Words("hệ thống không cho đọc tệp", "the system does not let it be read")
EMPTY = Words("tệp rỗng", "the file is empty")
CUT = Words("tệp bị cắt hoặc hỏng", "it is cut off or damaged")


def body(path: Path) -> bytes:
    """Return a received file's bytes; nothing is parsed.

    Parameters
    ----------
    path : Path
        An ordinary file. A link is not followed, and a pipe or a device never
        makes the reader wait.

    Raises
    ------
    Refused
        IN-001 if it is absent or may not be read, IN-014 if it is too large,
        IN-019 if it is no ordinary file.
    """
    quiet = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    try:
        # Even to open a device can do something: it is looked at first, and again once it is held.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Refused("IN-019")
        handle = os.open(path, os.O_RDONLY | quiet)
        with os.fdopen(handle, "rb") as file:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode):
                raise Refused("IN-019")
            content = file.read(MOST_FILE + 1) if seen.st_size <= MOST_FILE else None
    except FileNotFoundError:
        damaged(ABSENT)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, Refused):
            raise
        damaged(UNREADABLE)
    if content is None or len(content) > MOST_FILE:
        _too_large()
    return content


def kind(body: bytes) -> str:
    """Return what a file is, by its content and never by its name.

    Parameters
    ----------
    body : bytes
        The whole file.

    Returns
    -------
    {"xlsx", "ods", "csv"}

    Raises
    ------
    Refused
        IN-001 empty or cut off, IN-010 an old .xls, IN-011 with a password,
        IN-012 with macros, IN-014 too large, IN-020 anything else.
    """
    if len(body) > MOST_FILE:
        _too_large()
    if not body:
        damaged(EMPTY)
    if body.startswith(b"PK"):
        return _kind_of_archive(body)
    if body.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        _refuse_compound(body)
    if body.startswith((b"\t\0\4\0", b"\t\2\6\0", b"\t\4\6\0", b"\t\x08\x10\0", b"\t\x08\x08\0")):  # sheets without a compound file
        raise Refused("IN-010")
    text = _text(body)
    if text is None or _FOREIGN.match(text):
        raise Refused("IN-020")
    return "csv"


# Pages, XML, RTF, PDF, SYLK, DIF, mail: all of them texts, some of which Excel opens under the name of .xls or .csv.
_FOREIGN = re.compile(
    r"\ufeff?\s*(?:<(?:[!?]|html|head|body|table|meta|style|script|div|workbook|ss:)|%PDF|\{\\rtf|ID;P|MIME-Version:|TABLE\s+0,1|%!PS)",
    re.IGNORECASE,
)


def _kind_of_archive(body: bytes) -> str:
    try:
        with _opened(body) as archive:
            names = {m.filename.lower() for m in archive.infolist()}
            declared = _beginning(archive, "mimetype")
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - zipfile answers damage with whatever its parts raise
        damaged(CUT)
    if any("vbaproject" in n for n in names):
        raise Refused("IN-012")
    if declared:
        if declared.strip() == b"application/vnd.oasis.opendocument.spreadsheet":
            return "ods"
        raise Refused("IN-020")
    workbook = any(n.startswith("xl/") for n in names) and "xl/workbook.bin" not in names
    if "[content_types].xml" in names and workbook and not any(n.startswith(("word/", "ppt/")) for n in names):
        return "xlsx"
    raise Refused("IN-020")


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        return b""
    with archive.open(name) as stream:
        return stream.read(200)


def _refuse_compound(body: bytes) -> NoReturn:
    """Refuse a compound file of Office 97: names in it are UTF-16."""

    def holds(*names: str) -> bool:
        return any(n.encode("utf-16-le") in body for n in names)

    if holds("EncryptedPackage", "EncryptionInfo"):
        raise Refused("IN-011")
    if holds("_VBA_PROJECT"):
        raise Refused("IN-012")
    # A damaged one names nothing; who sends it meant a workbook, and what helps is the same.
    raise Refused("IN-020" if holds("WordDocument", "PowerPoint Document") else "IN-010")


def _text(body: bytes) -> str | None:
    """Return a text table's text, or None where the bytes are no text."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in body[:200]:  # UTF-16 without its mark: every second byte of plain letters is zero
        encodings = ["utf-16-le" if body[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1258", "cp1252"]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if re.search("[\0-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]", text) else text
    return None


def admit(body: bytes, kind: str) -> None:
    """Refuse a file that could harm who reads it, or that holds what a report never needs.

    Parameters
    ----------
    body : bytes
        The whole file.
    kind : {"xlsx", "ods", "csv"}
        As `kind` found.

    Raises
    ------
    Refused
        If it is damaged, far too large when unpacked, contradicts itself,
        declares XML entities, reaches outside itself, or holds macros,
        pictures or objects.

    Notes
    -----
    Absolute limits, no ratio: an honest style sheet can shrink a hundredfold.
    Declared sizes are not believed: every member is unpacked in small pieces
    under a running limit, whose cost is known before it is paid.
    """
    if len(body) > MOST_FILE:
        _too_large()
    if kind == "csv":
        if found := outside.typed_in_lines(_text(body) or ""):
            refuse("IN-013", found.vi, found.en)
        return
    try:
        with _opened(body) as archive:
            members = archive.infolist()
            _check_directory(members)
            _check_layout(body, archive)
            left, tally = MOST_UNPACKED, Tally()
            for member in members:
                left -= _unpacked(archive, member, left, tally)
    except Refused:
        raise
    except MemoryError:
        raise
    # zipfile answers damage with whatever its parts raise: BadZipFile, zlib.error, struct.error, RuntimeError, ...
    except Exception:  # noqa: BLE001
        damaged(CUT)


def _opened(body: bytes) -> zipfile.ZipFile:
    """Return the archive, its directory read; one with far too many entries is not even read."""
    if body.count(b"PK\1\2") > 2 * MOST_MEMBERS:
        refuse("IN-014", f"hơn {MOST_MEMBERS:,} thành phần".replace(",", "."), f"more than {MOST_MEMBERS:,} parts")
    return zipfile.ZipFile(io.BytesIO(body))


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        refuse("IN-014", f"hơn {MOST_MEMBERS:,} thành phần".replace(",", "."), f"more than {MOST_MEMBERS:,} parts")
    # Office programs take names without regard to case.
    names = [m.filename.lower() for m in members]
    if len(names) != len(set(names)):
        refuse("IN-015", "hai thành phần cùng tên", "two parts with one name")
    for member, name in zip(members, names, strict=True):
        steps = name.split("/")
        if name.startswith("/") or ".." in steps or "\\" in member.orig_filename or ":" in name or not member.orig_filename.isprintable():
            refuse("IN-015", "tên thành phần không hợp lệ", "a part with a name that is not allowed")
        if member.flag_bits & 0x2041:
            raise Refused("IN-011")
        linked = stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
        if member.compress_type not in _METHODS or member.comment or linked:
            refuse("IN-015", "thành phần được nén hoặc ghi khác thường", "a part that is packed or written in an unusual way")
        _check_name(name)


def _check_name(name: str) -> None:
    """Refuse a part that a report never needs, by its name (lower case)."""
    if _MACROS.search(name):
        raise Refused("IN-012")
    if _LINKS.search(name):
        refuse("IN-013", outside.LINKED_PART.vi, outside.LINKED_PART.en)
    known = name.endswith(("/", *_XML)) or _UNREAD.fullmatch(name) or name == "thumbnails/thumbnail.png"
    if _OBJECTS.search(name) or not known:
        refuse("IN-017", "hình ảnh, đối tượng hoặc thành phần lạ", "a picture, an object or an unknown part")


def _check_layout(body: bytes, archive: zipfile.ZipFile) -> None:
    """Refuse what lies before, between or after the members: another reader might find another file there."""
    end = 0
    for member in sorted(archive.infolist(), key=lambda m: m.header_offset):
        # Between two members stands at most a descriptor of the first one's sizes.
        if not 0 <= member.header_offset - end <= (24 if end else 0):
            refuse("IN-015", "dữ liệu chồng lên nhau hoặc nằm ngoài các thành phần", "data that overlap or lie between the parts")
        name, extra = struct.unpack("<HH", body[member.header_offset + 26 : member.header_offset + 30])
        end = member.header_offset + 30 + name + extra + member.compress_size
    if archive.comment or not 0 <= archive.start_dir - end <= 24:
        refuse("IN-015", "dữ liệu nằm ngoài các thành phần", "data outside the parts")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, tally: Tally) -> int:
    """Return how many bytes a member really unpacks to; never more than `left` and a piece are unpacked."""
    name = member.filename.lower()
    most = min(left, MOST_SHARED) if name.endswith("sharedstrings.xml") else left
    unlimited = copy.copy(member)
    unlimited.file_size = most + 2 * _CHUNK  # zipfile stops in silence at the size that a member declares
    scan = Scan(tally) if name.endswith(_XML) else None
    size, first = 0, b""
    with archive.open(unlimited) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > most:
                _too_large()
            first = first or piece
            if scan:
                scan.feed(piece)
    if size != member.file_size:
        refuse("IN-015", "khai sai kích thước", "sizes that are not true")
    if scan and size:
        scan.feed(b"", last=True)
    if name.endswith("/") and size:
        refuse("IN-015", "thư mục có nội dung", "a folder with content")
    if name.endswith(".png") and not _small_picture(first, size):
        refuse("IN-017", "hình ảnh", "a picture")
    return size


def _small_picture(first: bytes, size: int) -> bool:
    """Return whether this is a thumbnail as LibreOffice makes it: of the first page, whose cells are looked at themselves."""
    sides = struct.unpack(">II", first[16:24]) if first.startswith(b"\x89PNG\r\n\x1a\n") and len(first) > 24 else (2**31,)
    return size <= MOST_THUMBNAIL and max(sides) <= MOST_THUMBNAIL_SIDE


def _too_large() -> NoReturn:
    refuse("IN-014", f"trên {MOST_FILE // 2**20} MB", f"above {MOST_FILE // 2**20} MB")
