"""What rows recorded before, kept by what they were made from: a row that is the same again is not run again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from evaluation.batch.manifest import package_versions
from evaluation.batch.publish import digest, publish
from evaluation.batch.studies.asked import StudyJob
from evaluation.recorded import Value, read_back, written
from evaluation.reporting.provenance import code_version
from evaluation.settings import folders, private
from evaluation.store import StoreError, open_store

SWEEPS, FILE = "sweeps", "recorded.jsonl"
MOST = 100_000  # rows of a notebook that are remembered


def key(job: StudyJob) -> str:
    """Return a short text that changes where anything changes that a row is made from.

    That is: the notebook, its settings, the library, the packages, the
    evidence store, and files that settings name. Other files that a notebook
    reads are not known; for them there is ``force``.

    Parameters
    ----------
    job : StudyJob
    """
    files = {name: _file(job.notebook.parent / text) for name, text in job.given.items() if isinstance(text, str) and len(text) < 1024}
    made_from = {
        "notebook": digest(job.notebook.read_bytes()),
        "settings": {name: [type(value).__name__, repr(value)] for name, value in job.settings.items()},
        "files": {name: sha256 for name, sha256 in files.items() if sha256},
        "code": code_version(),
        "packages": _packages(),
        "evidence": _evidence(),
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


@cache
def _packages() -> str:
    return hashlib.sha256(json.dumps(package_versions(), sort_keys=True).encode()).hexdigest()


def _evidence() -> str:
    store = folders().evidence
    try:
        seen = store.stat()
        return _content(store, seen.st_size, seen.st_mtime_ns)
    except (OSError, StoreError):
        return ""


@cache
def _content(store: Path, size: int, changed: int) -> str:
    return open_store(store).content_hash()


def _file(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        seen = path.stat()
        return _digest(path.resolve(), seen.st_size, seen.st_mtime_ns)
    except (OSError, ValueError):
        return ""


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class Kept:
    """What the rows of one notebook recorded.

    Parameters
    ----------
    work : Path
        The private folder of all runs.
    notebook : Path
        Absolute.
    """

    def __init__(self, work: Path, notebook: Path) -> None:
        mark = hashlib.sha256(str(notebook).encode()).hexdigest()[:8]
        stem = "".join(letter if letter.isalnum() else "-" for letter in notebook.stem)[:40]
        self.folder = private(private(work / SWEEPS) / f"{stem}-{mark}")
        self._file = self.folder / FILE
        self._known = self._read()

    def get(self, row: str) -> tuple[Mapping[str, Value], float] | None:
        """Return what a row recorded, by its key, and how many seconds it took; None where it is not known."""
        if row not in self._known:
            return None
        line = json.loads(self._known[row])
        try:
            return read_back(line["values"]), float(line["seconds"])
        except (ValueError, KeyError, TypeError):
            return None

    def add(self, row: str, values: Mapping[str, Value], seconds: float) -> None:
        """Write down what a row recorded; it is on the disk when this returns.

        Raises
        ------
        OSError
        """
        line = json.dumps({"row": row, "seconds": seconds, "values": written(values)}, ensure_ascii=False)
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A line that was cut off by a kill does not spoil the next.
            os.write(handle, f"\n{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        self._known[row] = line

    def tidy(self) -> None:
        """Forget the oldest where there are more than are remembered."""
        if len(self._known) > MOST:
            kept = list(self._known.values())[-MOST // 2 :]
            body = "".join(f"{line}\n" for line in kept)
            publish({self._file: body.encode()}, str(os.getpid()))

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            lines = self._file.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return found
        for text in lines:
            try:
                found[str(json.loads(text)["row"])] = text
            except (ValueError, KeyError, TypeError):
                continue
        return found
