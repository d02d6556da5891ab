"""Files appear whole and together, or what was there before stays."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

_BEFORE = "before"
_PART = "part"


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def publish(files: Mapping[Path, bytes], mark: str) -> None:
    """Write files so that either all of them are there, or none and the earlier ones untouched.

    Each is written to a temporary name in its own folder and synced; only
    then are they renamed, in the order given. If a rename fails, those done
    before it are taken back.

    Parameters
    ----------
    files : mapping of Path to bytes
        Put last what says that all is well.
    mark : str
        Tells the temporary names of this writer from those of others.

    Raises
    ------
    OSError
        As the disk gave it, after everything was put back.
    """
    parts = {path: _aside(path, mark, _PART) for path in files}
    kept = {path: _aside(path, mark, _BEFORE) for path in files}
    renamed: list[Path] = []
    try:
        for path, content in files.items():
            _write(parts[path], content)
            _keep(path, kept[path])
        for path, part in parts.items():
            part.replace(path)
            renamed.append(path)
        for folder in {path.parent for path in files}:
            _sync_folder(folder)
    except BaseException:
        for path in renamed:
            _put_back(kept[path], path)
        raise
    finally:
        for leftover in (*parts.values(), *kept.values()):
            leftover.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left in a folder that nobody else writes to now."""
    for kind in (_PART, _BEFORE):
        for leftover in folder.glob(f".*.{kind}"):
            leftover.unlink(missing_ok=True)


def _aside(path: Path, mark: str, kind: str) -> Path:
    return path.with_name(f".{path.name}.{mark}.{kind}")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())


def _keep(path: Path, aside: Path) -> None:
    """Keep a second name of the earlier file: the rename to come leaves its bytes alone."""
    aside.unlink(missing_ok=True)
    if not path.exists():
        return
    try:
        os.link(path, aside)
    except OSError:
        shutil.copy2(path, aside)  # a file system without hard links


def _put_back(aside: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    if aside.exists():
        aside.rename(path)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
