"""What may be opened at all: a received file is looked at as bytes before any parser sees it."""

from __future__ import annotations

import copy
import io
import zipfile

from evaluation.language import Words

MOST_FILE = 20 * 2**20
MOST_UNPACKED = 50 * 2**20
MOST_MEMBERS = 1_000
_CHUNK = 2**16
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

TOO_LARGE = Words("tệp quá lớn so với biểu mẫu", "it is far larger than any form")
NOT_A_WORKBOOK = Words("tệp bị cắt, hỏng hoặc không phải .xlsx", "it is cut off, damaged, or not an .xlsx file")
TAMPERED = Words(
    "cấu trúc tệp không nhất quán: thành phần trùng, khai sai kích thước hoặc bị khóa",
    "its structure contradicts itself: duplicate, mis-sized or locked parts",
)


class Refused(ValueError):
    """A file that no parser should open.

    Attributes
    ----------
    why : Words
        The reason, without path or content.
    """

    def __init__(self, why: Words) -> None:
        super().__init__(why.en)
        self.why = why


def admit(body: bytes) -> None:
    """Refuse a file that is no ZIP archive, or one made to harm the parser.

    Parameters
    ----------
    body : bytes
        The whole file.

    Raises
    ------
    Refused
        If it is damaged, far too large when unpacked, or if a member stands
        twice, lies outside the archive, is locked, or unpacks to another size
        than it declares.

    Notes
    -----
    Absolute limits, no ratio: an honest style sheet can shrink a hundredfold.
    Declared sizes are not believed: every member is unpacked in small pieces
    under a running limit, whose cost is known before it is paid.
    """
    if len(body) > MOST_FILE:
        raise Refused(TOO_LARGE)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check_directory(archive)
            left = MOST_UNPACKED
            for member in archive.infolist():
                left -= _unpacked(archive, member, left)
    except Refused:
        raise
    # zipfile answers damage with whatever its parts raise: BadZipFile, zlib.error, struct.error, RuntimeError, ...
    except Exception:  # noqa: BLE001
        raise Refused(NOT_A_WORKBOOK) from None


def _check_directory(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise Refused(TOO_LARGE)
    # Office programs take names without regard to case.
    names = [m.filename.lower().replace("\\", "/") for m in members]
    if len(names) != len(set(names)) or any(n.startswith("/") or ".." in n.split("/") for n in names):
        raise Refused(TAMPERED)
    if any(m.flag_bits & 1 or m.compress_type not in _METHODS for m in members):
        raise Refused(TAMPERED)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    """Return how many bytes a member really unpacks to; never more than `most` and a piece are unpacked."""
    unlimited = copy.copy(member)
    unlimited.file_size = most + 2 * _CHUNK  # zipfile stops in silence at the size that a member declares
    size = 0
    with archive.open(unlimited) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > most:
                raise Refused(TOO_LARGE)
    if size != member.file_size:
        raise Refused(TAMPERED)
    return size
