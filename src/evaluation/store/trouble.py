"""What an office is told when the store cannot be used: what was seen and what to do, never a path or a value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.language import Words, halves

if TYPE_CHECKING:
    import duckdb

_HOLDER = re.compile(r"\(PID (\d+)\)")
_LOCKED = ("Conflicting lock", "Could not set lock")
_NO_ROOM = ("No space left", "File too large", "Disk quota exceeded")


class StoreError(RuntimeError):
    """The store cannot be opened, read or written; the message says what to do.

    Parameters
    ----------
    message : Words or str
        Both languages, or a text of the form "Vietnamese / English".
    """

    def __init__(self, message: Words | str) -> None:
        super().__init__(message if isinstance(message, str) else f"{message.vi} / {message.en}")

    @property
    def words(self) -> Words:
        """The message by language."""
        return halves(str(self))


class RowsLost(StoreError):
    """The store holds less, or something else, than its ledger says was committed."""


class BrokenLedger(StoreError):
    """The ledger beside the store is damaged, cut, or of another store."""


def busy(path: Path, holder: int | None, own: bool = False) -> StoreError:
    """Return that somebody else has the store, with the number of the process where it is known."""
    number = f" {holder}" if holder else ""
    if own:
        return StoreError(
            f"Không mở được kho số liệu {path.name}: chính tiến trình này{number} đang mở kho theo cách khác; "
            f"hãy đóng rồi chạy lại. / "
            f"Cannot open the store {path.name}: this very process{number} has it open in another way; close that and run again."
        )
    return StoreError(
        f"Không mở được kho số liệu {path.name}: một tiến trình khác{f' (số{number})' if number else ''} đang dùng; "
        f"hãy đợi rồi chạy lại. / "
        f"Cannot open the store {path.name}: another process{f' (number{number})' if number else ''} is using it; wait and run again."
    )


def waiting(path: Path, holder: int | None) -> Words:
    """Return what is told once while a second writer waits."""
    return Words(
        f"Kho số liệu {path.name} đang được tiến trình số {holder or '?'} ghi; đang đợi đến lượt.",
        f"Process {holder or '?'} is writing to the store {path.name}; waiting for its turn.",
    )


def lost(path: Path) -> RowsLost:
    """Return that committed rows are missing."""
    return RowsLost(
        f"Kho số liệu {path.name} thiếu dòng so với sổ ghi {path.name}.ledger: có số liệu đã nạp bị mất. Không dùng kho này; "
        f"hãy chạy: evaluation store rebuild. / "
        f"The store {path.name} lacks rows that its ledger {path.name}.ledger says were loaded: data were lost. "
        f"Do not use it; run: evaluation store rebuild."
    )


def gone(path: Path) -> RowsLost:
    """Return that the store's file is missing while its ledger is there."""
    return RowsLost(
        f"Không có tệp kho {path.name} nhưng còn sổ ghi {path.name}.ledger. Hãy chạy: evaluation store rebuild; muốn lập kho mới "
        f"thì chuyển {path.name}.ledger và {path.name}.files đi nơi khác trước. / "
        f"The store {path.name} is gone but its ledger {path.name}.ledger is there. Run: evaluation store rebuild; to begin a new "
        f"store, move {path.name}.ledger and {path.name}.files away first."
    )


def broken_ledger(path: Path) -> BrokenLedger:
    """Return that the ledger cannot be trusted."""
    return BrokenLedger(
        f"Sổ ghi {path.name}.ledger hỏng, thiếu dòng hoặc thuộc kho khác. Hãy lấy lại kho và sổ ghi từ bản sao lưu. / "
        f"The ledger {path.name}.ledger is damaged, lacks lines or belongs to another store. Restore store and ledger from a backup."
    )


def file_gone(file: str) -> StoreError:
    """Return that a kept file is missing or is not what it was."""
    return StoreError(
        f"Tệp lưu của {file} bị thiếu hoặc đã bị sửa. Hãy lấy lại từ bản sao lưu, hoặc nạp lại đúng tệp đã nhận. / "
        f"The kept file of {file} is missing or was changed. Restore it from a backup."
    )


def mixed(path: Path) -> StoreError:
    """Return that made-up and real data do not mix."""
    return StoreError(
        f"{path.name}: số liệu giả lập và số liệu thật không được trộn. Hãy dùng kho khác. / "
        f"{path.name}: synthetic and real data are never mixed. Use another store."
    )


def newer(path: Path, found: int, known: int) -> StoreError:
    """Return that a later version of the program made the store."""
    return StoreError(
        f"Kho số liệu {path.name} theo cấu trúc phiên bản {found}, chương trình này chỉ biết đến {known}. Hãy cập nhật chương trình. / "
        f"The store {path.name} has structure version {found}, this program knows up to {known}. Update the program."
    )


def no_store(path: Path) -> StoreError:
    """Return that there is no store."""
    return StoreError(
        f"Không có kho số liệu {path.name}. Chạy: evaluation example (số liệu giả lập). / "
        f"There is no store {path.name}. Run: evaluation example (synthetic data)."
    )


def on_network(path: Path, kind: str) -> StoreError:
    """Return that a network file system does not keep locks well enough."""
    return StoreError(
        f"Không đặt kho số liệu {path.name} trên ổ mạng ({kind}): khóa tệp ở đó không tin cậy, hai máy ghi cùng lúc có thể làm hỏng kho. "
        f"Hãy đặt kho trên đĩa của máy này. / "
        f"The store {path.name} may not stand on a network file system ({kind}): file locks are not reliable there and two machines "
        f"could damage it. Put it on a disk of this machine."
    )


def disk_full(path: Path, need: int | None = None, free: int | None = None) -> StoreError:
    """Return that the disk has too little room, in MiB where it was measured beforehand."""
    if need is None or free is None:
        # The rows may be in already, in the write-ahead log: the next start finishes what was begun.
        return StoreError(
            f"Đĩa đã đầy trong khi ghi kho số liệu {path.name}; hãy giải phóng chỗ rồi chạy lại đúng lệnh này: phần đã nạp không bị nạp "
            f"hai lần. / The disk is full while writing the store {path.name}; free some space and run the same command again: nothing "
            f"is loaded twice."
        )
    return StoreError(
        f"Đĩa đã đầy (cần {need / 2**20:.0f} MiB, còn {free / 2**20:.0f} MiB), chưa ghi gì vào kho số liệu {path.name}; "
        f"hãy giải phóng chỗ rồi chạy lại. / "
        f"The disk is full (needs {need / 2**20:.0f} MiB, {free / 2**20:.0f} MiB are free), nothing was written to the store {path.name}; "
        f"free some space and run again."
    )


def of_system(path: Path, error: OSError) -> StoreError:
    """Return what the operating system's refusal means for the store."""
    if any(t in (error.strerror or "") for t in _NO_ROOM):
        return disk_full(path)
    return _cannot(path, *_FORBIDDEN) if isinstance(error, PermissionError) else _cannot(path, *_UNREADABLE)


def of_database(path: Path, error: duckdb.Error, own: bool = False) -> StoreError:
    """Return what an office is told: the database's own words stay out, they may hold paths and values."""
    import duckdb

    text = str(error)
    if locked(error):
        return busy(path, holder(error), own or isinstance(error, duckdb.ConnectionException))
    if any(t in text for t in _NO_ROOM):
        return disk_full(path)
    if "Permission denied" in text:
        return _cannot(path, *_FORBIDDEN)
    if "WAL" in text or ".wal" in text:
        return _cannot(
            path,
            "nhật ký ghi trước (.wal) bên cạnh tệp hỏng; hãy chạy: evaluation store rebuild",
            "the write-ahead log (.wal) beside it is damaged; run: evaluation store rebuild",
        )
    return _cannot(path, *_UNREADABLE)


def damaged(path: Path) -> StoreError:
    """Return that the file is damaged, or something else than a store."""
    return _cannot(path, *_UNREADABLE)


def locked(error: duckdb.Error) -> bool:
    """Return whether somebody else's connection is in the way."""
    import duckdb

    return isinstance(error, duckdb.ConnectionException) or any(t in str(error) for t in _LOCKED)


def holder(error: duckdb.Error) -> int | None:
    """Return the number of the process that is in the way, where the database names it."""
    found = _HOLDER.search(str(error))
    return int(found[1]) if found else None


_FORBIDDEN = ("không có quyền đọc hoặc ghi tệp", "you may not read or write the file")
_UNREADABLE = (
    "tệp hỏng hoặc không phải kho số liệu; nếu là kho số liệu, hãy chạy: evaluation store rebuild",
    "damaged, or not a store; if it is one, run: evaluation store rebuild",
)


def _cannot(path: Path, vi: str, en: str) -> StoreError:
    return StoreError(f"Không mở được kho số liệu {path.name}: {vi}. / Cannot open the store {path.name}: {en}.")
