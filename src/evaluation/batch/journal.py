"""The journal of a run: one line as each report is there or failed, on the disk before the next; a run that was killed is told by it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.batch.records import Record
from evaluation.settings import private

RUNS, JOURNAL = "runs", "journal.jsonl"
BEGUN, ENDED, RUN_ENDED = "begun", "job", "ended"
STAMP = "%Y%m%dT%H%M%S"
NAME = re.compile(r"\d{8}T\d{6}")


class Journal:
    """Written line by line while a run goes on.

    A line that the disk did not take is written with the next, so that the
    file holds whole lines in their order; where the file was removed, it begins
    again with what was asked for.

    Parameters
    ----------
    folder : Path
        The run's private folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = private(folder) / JOURNAL
        self._begun = b""
        self._waiting: list[bytes] = []

    def begin(self, told: Mapping[str, Any]) -> None:
        """Write what was asked for.

        Raises
        ------
        OSError
            As the disk gave it, from this and the following.
        """
        self._begun = _told({"event": BEGUN, **told})
        self._line(self._begun)

    def job(self, record: Record, inputs: Mapping[str, str]) -> None:
        """Write how a job ended, and what its report was made from."""
        self._line(_told({"event": ENDED, "record": record.raw(), "inputs": dict(inputs)}))

    def end(self) -> None:
        """Write that the folder's manifest now says all of it."""
        self._line(_told({"event": RUN_ENDED}))

    def _line(self, line: bytes) -> None:
        self._waiting.append(line)
        handle = os.open(private(self.path.parent) / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size:
                torn = os.pread(handle, 1, size - 1) != b"\n"  # a killed run was writing
                before = b"\n" if torn else b""
            else:
                before = self._begun if self._waiting[0] != self._begun else b""
            self._append(handle, size, before + b"".join(self._waiting))
            self._waiting.clear()
        finally:
            os.close(handle)

    def _append(self, handle: int, size: int, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(handle, content) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise


def _told(content: Mapping[str, Any]) -> bytes:
    line = json.dumps({"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), **content}, ensure_ascii=False)
    return (line + "\n").encode()


def mark(work: Path, began: dt.datetime) -> str:
    """Return a new run's name, after the names of all runs before it, also where the clock was set back.

    Parameters
    ----------
    work : Path
        The private folder of all runs.
    began : datetime
    """
    stamp = f"{began:{STAMP}}"
    known = [found[0] for path in (work / RUNS).glob("2*T*-*") if (found := NAME.match(path.name))]
    if known and (last := max(known)) >= stamp:
        stamp = f"{dt.datetime.strptime(last, STAMP).replace(tzinfo=dt.UTC) + dt.timedelta(seconds=1):{STAMP}}"
    return f"{stamp}-{os.getpid()}"


@dataclass(frozen=True)
class Told:
    """A run as its journal tells of it.

    Attributes
    ----------
    folder : Path
        The run's.
    begun : mapping
        What was asked for.
    ends : tuple of (Record, mapping)
        How jobs ended, and what their reports were made from, in that order.
    ended : bool
        Whether the run came to its end.
    """

    folder: Path
    begun: Mapping[str, Any]
    ends: tuple[tuple[Record, Mapping[str, str]], ...]
    ended: bool


def read(folder: Path) -> Told | None:
    """Return what the journal of a run tells; None where there is none.

    A last line that was cut off, as a killed run leaves it, is not read.

    Parameters
    ----------
    folder : Path
    """
    lines = list(_lines(folder / JOURNAL))
    if not lines or lines[0].get("event") != BEGUN:
        return None
    ends = []
    for line in lines:
        if line.get("event") == ENDED:
            try:
                ends.append((Record.read(line["record"]), dict(line["inputs"])))
            except (ValueError, TypeError, KeyError):
                continue
    return Told(folder, lines[0], tuple(ends), lines[-1].get("event") == RUN_ENDED)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def unfinished(work: Path, out: Path | None = None) -> list[Told]:
    """Return the runs that never came to their end, the oldest first.

    Parameters
    ----------
    work : Path
        The private folder of all runs.
    out : Path, optional
        Only those that published into this folder.
    """
    found = [told for folder in sorted((work / RUNS).glob("*/")) if (told := read(folder)) and not told.ended]
    return [told for told in found if out is None or told.begun.get("out") == str(out)]
