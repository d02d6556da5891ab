"""The accepted files themselves, kept under the hash of their bytes: what the store can be rebuilt from."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.settings import private
from evaluation.store.disk import beside, sync_folder, write_whole

if TYPE_CHECKING:
    import pandas as pd

TABLE = "table"  # values that came without a workbook, as a table of their own rows
KINDS = ("xlsx", "ods", "csv", TABLE)
VALUE_COLUMNS = ("district_code", "unit_code", "period", "element", "value", "state", "sheet", "cell")


def folder(path: Path) -> Path:
    """Return where a store's files are kept."""
    return beside(path, ".files")


def digest(body: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(body).hexdigest()


def keep(path: Path, bodies: Mapping[str, bytes]) -> None:
    """Write files by their hash; one that is there already, whole, is left alone.

    Parameters
    ----------
    path : Path
        The store.
    bodies : mapping of str to bytes
        By hash.

    Raises
    ------
    OSError
        As the disk gave it.
    """
    if not bodies:
        return
    own = private(folder(path))
    for leftover in own.glob(".*.part"):  # of a writer that was killed; there is only one writer at a time
        leftover.unlink(missing_ok=True)
    for name, body in bodies.items():
        if kept(path, name) is None:
            write_whole(own / name, body)
    sync_folder(own)


def kept(path: Path, name: str) -> bytes | None:
    """Return a kept file; None where it is missing or not the bytes of its name."""
    try:
        body = (folder(path) / name).read_bytes()
    except OSError:
        return None
    return body if digest(body) == name else None


def table(values: pd.DataFrame) -> bytes:
    """Return values as a compressed table: the same rows give the same bytes."""
    own = values[list(VALUE_COLUMNS)].sort_values(["unit_code", "period", "element"])
    return packed(own.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL).encode())


def table_read(body: bytes) -> pd.DataFrame:
    """Return the values that `table` wrote.

    Raises
    ------
    ValueError
        If it is no such table.
    """
    import pandas as pd

    frame = pd.read_csv(io.BytesIO(unpacked(body)), dtype=str, keep_default_na=False)
    if tuple(frame.columns) != VALUE_COLUMNS:
        raise ValueError("not a table of values")
    frame["value"] = pd.to_numeric(frame["value"])
    return frame


def records(findings: list[dict[str, str]]) -> bytes:
    """Return findings as a compressed list."""
    return packed(json.dumps(findings, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def records_read(body: bytes) -> list[dict[str, str]]:
    """Return the findings that `records` wrote."""
    found: list[dict[str, str]] = json.loads(unpacked(body))
    return found


def packed(body: bytes) -> bytes:
    """Return bytes compressed, without the time of day."""
    return gzip.compress(body, 6, mtime=0)


def unpacked(body: bytes) -> bytes:
    """Return what `packed` compressed.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise ValueError("damaged") from None
