"""The folder of results that were worked out before: an entry a key, whole or not at all, the oldest let go."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from evaluation.cache.parts import Damaged, Parts, from_parts, to_parts
from evaluation.settings import folders, private

FOLDER = "cache"
MOST_ENTRIES = 4_000
MOST_BYTES = 512 * 1024 * 1024
_TREE, _ENDING = "tree.json", ".npz"


def key_of(**stated: Any) -> str:
    """Return the key of all that a result depends on: data, parameters, code, packages.

    Parameters
    ----------
    **stated : JSON
        By name.
    """
    return hashlib.sha256(json.dumps(stated, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def place(key: str) -> Path:
    """Return where the entry of a key lies, whether it is there or not."""
    return folders().work / FOLDER / f"{key}{_ENDING}"


def find(key: str) -> Any:
    """Return what was kept under a key; None where nothing was, or where it cannot be read.

    An entry that is found counts as new, so that what is in use stays.
    """
    path = place(key)
    try:
        found = read(path)
    except (OSError, Damaged):
        return None
    with suppress(OSError):
        os.utime(path)
    return found


def whole(path: Path) -> bool:
    """Return whether an entry is there and undamaged, by the check sums of its members; one that is counts as new."""
    try:
        with zipfile.ZipFile(path) as archive:
            sound = archive.testzip() is None
        os.utime(path)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return False
    return sound


def read(path: Path) -> Any:
    """Return what an entry holds.

    Raises
    ------
    OSError
        If the file cannot be opened.
    parts.Damaged
        If it is no entry, or not the whole of one.
    """
    try:
        # Read at once: another process may let go of the entry meanwhile.
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            names = archive.namelist()
            tree = json.loads(archive.read(_TREE))
            arrays = {n.removesuffix(".npy"): _array(archive.read(n)) for n in names if n != _TREE}
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Damaged(f"{path.name}: {error}") from None
    return from_parts(Parts(tree, arrays))


def keep(things: Mapping[str, Any]) -> None:
    """Keep things under their keys, then let go of the oldest; a folder that cannot be written to costs time alone.

    Parameters
    ----------
    things : mapping
        Key to thing, as `parts.to_parts` takes them.

    Raises
    ------
    parts.Unkept
        If one cannot be taken apart.
    """
    written = {place(key): packed(to_parts(thing)) for key, thing in things.items()}
    with suppress(OSError):
        for path, content in written.items():
            _write(path, content)
        _let_go(folders().work / FOLDER, written)


def packed(parts: Parts) -> bytes:
    """Return an entry's bytes: the same for the same parts."""
    import numpy as np

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        members = [(_TREE, json.dumps(parts.tree, ensure_ascii=False, separators=(",", ":")).encode())]
        for name in sorted(parts.arrays):
            raw = io.BytesIO()
            np.lib.format.write_array(raw, parts.arrays[name], allow_pickle=False)
            members.append((f"{name}.npy", raw.getvalue()))
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 3)  # ZipInfo's own date: no time in it
    return buffer.getvalue()


def _array(content: bytes) -> Any:
    import numpy as np

    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that other processes see it whole or not at all."""
    private(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _let_go(folder: Path, written: Iterable[Path]) -> None:
    """Remove the oldest entries beyond the limits, never those just written, and what writers that died left behind."""
    found = []
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            found.append((entry.stat().st_mtime, entry.stat().st_size, Path(entry.path)))
    found.sort(key=lambda f: f[0], reverse=True)
    mine, total = set(written), 0
    newest = found[0][0] if found else 0.0
    for n, (moment, size, path) in enumerate(found):
        total += size
        left = path.suffix == ".tmp" and moment < newest - 3600
        if left or (path not in mine and (n >= MOST_ENTRIES or total > MOST_BYTES)):
            path.unlink(missing_ok=True)
