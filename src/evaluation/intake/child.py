"""The reading process: it takes files one by one over a pipe, with hard limits on itself, and answers with plain data."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.intake.reading import Reading

READY, READ, UNCAUGHT, MEMORY = "ready", "read", "uncaught", "memory"
NO_DEFUSEDXML = 3  # exit code
HEAD = struct.Struct(">I")  # length of a piece that follows
_MOST_OPEN = 16  # files at once: the pipes, and what an import needs for a moment
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

Examine = Callable[[bytes, str], "Reading"]


def serve(examine: Examine) -> None:
    """Answer files until the pipe closes.

    Parameters
    ----------
    examine : callable
        Takes a file's bytes and its name, and returns what it holds.

    Notes
    -----
    Command line: bytes of memory above what the process has at its start, and
    seconds of computing a file. What an exception says is never passed on, it
    may hold what a cell holds; only its kind and the line of the program are.
    """
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    source, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _close_standard_streams()
    start = limit(memory)
    send(answers, {"outcome": READY, "resident_bytes": resident(), "address_bytes": start, "network": not _without_network()})
    while (name := _piece(source)) is not None and (body := _piece(source)) is not None:
        _renew_time(seconds)
        send(answers, answer(examine, body, name.decode("utf-8", "replace")))
        del body


def answer(examine: Examine, body: bytes, file: str) -> dict[str, Any]:
    """Return the answer to one file: the reading, or how reading failed.

    Returns
    -------
    dict
        ``outcome`` is "read" (with ``reading``), "uncaught" (with ``error``,
        the exception's kind, and ``line``) or "memory"; ``peak_bytes`` is the
        process's largest resident size so far.
    """
    from evaluation.intake.reading import Reading
    from evaluation.intake.refusal import Refused

    try:
        try:
            reading = examine(body, file)
        except Refused as refused:
            reading = Reading(file, findings=(refused.finding(file),))
        if reading.refused:
            # Whatever was read by then stays here: only what was seen and where leaves the process.
            reading = Reading(file, findings=tuple(f for f in reading.findings if f.refuses))
        found: dict[str, Any] = {"outcome": READ, "reading": reading.packed()}
    except MemoryError:
        found = {"outcome": MEMORY}
    except Exception as error:  # noqa: BLE001 - a fault of ours or of a parser: this file fails, the others go on
        found = {"outcome": UNCAUGHT, "error": type(error).__name__, "line": _line(error)}
    return found | {"peak_bytes": peak()}


def limit(memory: int) -> int:
    """Bound this process's memory, files, processes and core dumps; return its address space in bytes before.

    Parameters
    ----------
    memory : int
        Bytes of address space that may be added.
    """
    start = _address_space()
    with contextlib.suppress(ImportError):  # Windows has no such limits; the time limit of the parent holds there too
        import resource

        def bound(what: int, most: int) -> None:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(what, (most, most))

        if start:
            bound(resource.RLIMIT_AS, start + memory)
        bound(resource.RLIMIT_FSIZE, 0)
        bound(resource.RLIMIT_CORE, 0)
        bound(resource.RLIMIT_NPROC, 0)
        bound(resource.RLIMIT_NOFILE, _MOST_OPEN)
    return start


def send(stream: IO[bytes], content: dict[str, Any]) -> None:
    """Write one answer; halves of characters, which no text file can hold, become question marks."""
    piece = json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace")
    stream.write(HEAD.pack(len(piece)) + piece)
    stream.flush()


def resident() -> int:
    """Return the process's resident size in bytes; 0 where the platform does not say."""
    return _status("VmRSS:")


def peak() -> int:
    """Return the process's largest resident size so far in bytes; 0 where the platform does not say."""
    return _status("VmHWM:")


def _address_space() -> int:
    return _status("VmSize:")


def _status(field: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def _piece(stream: IO[bytes]) -> bytes | None:
    """Return the next piece, or None where the parent has closed the pipe."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (length,) = HEAD.unpack(head)
    piece = stream.read(length)
    return piece if len(piece) == length else None


def _close_standard_streams() -> None:
    """Point the standard streams nowhere: nothing that a library prints gets among the answers or into a log."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _renew_time(seconds: int) -> None:
    """Allow so many further seconds of computing; past them the system ends the process."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _without_network() -> bool:
    """Leave the machine's network where the system lets a process do so; return whether it did."""
    try:
        library = ctypes.CDLL(None)
        return any(library.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET))
    except (OSError, AttributeError):
        return False


def _line(error: BaseException) -> str:
    """Return the last line of the program that an exception passed: file name and number."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def prepare() -> None:
    """Load what reading needs, once, before any file comes; end the process where files could not be read safely.

    numpy, PIL and lxml are kept out: openpyxl uses them where they are
    installed, reading does not need them, and each is a parser or an address
    space more.
    """
    os.environ["OPENPYXL_LXML"] = "False"
    for unneeded in ("numpy", "PIL", "lxml"):
        sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type] # importing it then fails as if it were not there
    import openpyxl.xml

    if not openpyxl.xml.DEFUSEDXML:
        sys.exit(NO_DEFUSEDXML)
    from evaluation.intake.findings import kinds

    kinds()


if __name__ == "__main__":
    prepare()
    from evaluation.intake.workbook import examine

    serve(examine)
