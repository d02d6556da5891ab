"""The ledger beside the store: a line for each load, decision and analysis plan that was committed, each sealed with the one before it.

It is written after the database has put the same rows into its file, and is
what the rows are compared with ever after: a database that lost rows cannot
say so itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.store.disk import beside, sync_folder
from evaluation.store.trouble import broken_ledger, of_system

Entry = dict[str, Any]
LOAD, DECISION, PLAN = "load", "decision", "plan"
FORMAT = 1


@dataclass(frozen=True)
class Page:
    """What a ledger holds.

    Attributes
    ----------
    start : dict or None
        The first line: schema version, kind of data; None for no ledger yet.
    entries : tuple of dict
        Whole lines, in order: all of them, or the last one only.
    torn : bool
        Whether a further line was begun and not finished: a writer was
        killed after its rows were safe.
    whole : int
        Bytes of the whole lines.
    """

    start: Entry | None
    entries: tuple[Entry, ...]
    torn: bool
    whole: int

    @property
    def sequence(self) -> int:
        """Number of the last whole line; 0 for none."""
        return int(self.entries[-1]["sequence"]) if self.entries else 0

    @property
    def seal(self) -> str:
        """Seal of the last whole line, of the first line where there is no other, empty for no ledger."""
        last = self.entries[-1] if self.entries else self.start
        return str(last["seal"]) if last else ""


def place(path: Path) -> Path:
    """Return where a store's ledger is."""
    return beside(path, ".ledger")


def first(schema: int, synthetic: bool) -> Entry:
    """Return the first line of a ledger."""
    return sealed({"ledger": FORMAT, "schema": schema, "synthetic": synthetic}, "")


def sealed(entry: Mapping[str, Any], before: str) -> Entry:
    """Return a line with its seal: the hash of what it says and of the line before it."""
    own = {k: v for k, v in entry.items() if k != "seal"}
    return {**own, "seal": hashlib.sha256(f"{before}\n{_line(own)}".encode()).hexdigest()}


def read(path: Path, every: bool = False) -> Page:
    """Read a store's ledger.

    Parameters
    ----------
    path : Path
        The store.
    every : bool
        All lines, each checked against its seal; else the first and the last.

    Raises
    ------
    BrokenLedger
        If a line that was finished is damaged.
    """
    try:
        body = place(path).read_bytes()
    except FileNotFoundError:
        return Page(None, (), False, 0)
    except OSError as error:
        raise of_system(place(path), error) from None
    whole = body.rfind(b"\n") + 1
    lines, torn = body[:whole].splitlines(), whole < len(body)
    if not lines:
        return Page(None, (), torn, 0)
    try:
        # The last line's seal hangs on the line before it.
        wanted = lines if every or len(lines) < 3 else [lines[0], *lines[-2:]]
        read_lines = [_entry(line) for line in wanted]
    except ValueError:
        raise broken_ledger(path) from None
    chained = not every and len(lines) > 3
    for n, entry in enumerate(read_lines):
        if chained and n == 1:
            continue
        if sealed(entry, str(read_lines[n - 1]["seal"]) if n else "")["seal"] != entry["seal"]:
            raise broken_ledger(path)
    start, entries = read_lines[0], tuple(read_lines[1:])
    numbers = [e.get("sequence") for e in entries]
    if start.get("ledger") != FORMAT or numbers != list(range(len(lines) - len(entries), len(lines))):
        raise broken_ledger(path)
    return Page(start, entries, torn, whole)


def append(path: Path, page: Page, entry: Entry, start: Entry) -> None:
    """Add a line and make it last; a line that a killed writer left unfinished gives way to it.

    Parameters
    ----------
    path : Path
        The store.
    page : Page
        The ledger as it was read under the writer's lock.
    entry, start : dict
        The line; the first line, for a ledger that has none.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    text = _line(entry) + "\n"
    if page.start is None:
        text = _line(start) + "\n" + text
    body = text.encode()
    try:
        number = os.open(place(path), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(number, page.whole)
            os.lseek(number, page.whole, os.SEEK_SET)
            while body:
                body = body[os.write(number, body) :]
            os.fsync(number)
        finally:
            os.close(number)
        if page.start is None:
            sync_folder(place(path).parent)
    except OSError as error:
        raise of_system(place(path), error) from None


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _entry(line: bytes) -> Entry:
    entry = json.loads(line)
    if not isinstance(entry, dict) or "seal" not in entry:
        raise ValueError("no line of a ledger")
    return entry
