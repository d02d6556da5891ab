"""Where received files are read: processes apart, with limits, so that no file can take the programme down or see another."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Any, Self

from evaluation.intake.child import HEAD, MEMORY, NO_DEFUSEDXML, READ, READY
from evaluation.intake.findings import finding
from evaluation.intake.reading import Reading, unpacked
from evaluation.language import Words

_COMMAND = (sys.executable, "-I", "-B", "-X", "utf8", "-m", "evaluation.intake.child")
# All that a child sees of the environment: where the project is, and what the platform itself needs to start Python.
_PASSED_ON = ("EVALUATION_ROOT", "SYSTEMROOT", "LD_LIBRARY_PATH")
_START_SECONDS = 120.0
_MOST_ANSWER = 64 * 2**20

TIME = Words("quá thời gian đọc", "it took too long to read")
SPACE = Words("quá nhiều bộ nhớ", "it took too much memory")
DIED = Words("chương trình đọc dừng đột ngột", "the reading program stopped abruptly")
FAULT = Words("nội dung làm chương trình đọc gặp lỗi", "its content made the reading program fail")


class NoSandbox(RuntimeError):
    """The reading process cannot be started as it has to be: no received file is read."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may take.

    Attributes
    ----------
    seconds : float
        From handing a file over to its answer; as many seconds of computing.
    memory : int
        Bytes of address space above a reading process that has read nothing.
    files : int
        Files that one process reads before another takes its place.
    fresh : bool
        Whether another process takes over after a file that was refused, so
        that nothing of it stays in memory.
    """

    seconds: float = 10.0
    memory: int = 300 * 2**20
    files: int = 50
    fresh: bool = True


@dataclass
class Tried:
    """How the reading of one file went in its process.

    Attributes
    ----------
    outcome : str
        "read", or how it failed: "uncaught", "memory", "time", "died".
    error : str
        Kind and line of the program of an exception that nobody caught.
    peak_bytes : int
        Largest resident size of the process so far; 0 where unknown.
    """

    outcome: str
    error: str = ""
    peak_bytes: int = 0


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    files: int = 0


@dataclass
class Reader:
    """Reads received files in processes apart.

    Parameters
    ----------
    limits : Limits
    command : sequence of str
        How a reading process is started.

    Attributes
    ----------
    start : dict
        What the process that was started last said of itself, before any file:
        ``resident_bytes``, ``address_bytes`` and whether it has a ``network``.

    Examples
    --------
    >>> with Reader() as reader:  # doctest: +SKIP
    ...     reading = reader.read(body, "Quan-1.xlsx")
    """

    limits: Limits = field(default_factory=Limits)
    command: Sequence[str] = _COMMAND
    start: dict[str, Any] = field(default_factory=dict, init=False)
    _idle: SimpleQueue[_Child] = field(default_factory=SimpleQueue, init=False)

    def __enter__(self) -> Self:
        self._idle.put(self._started())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while not self._idle.empty():
            _end(self._idle.get())

    def read(self, body: bytes, file: str) -> Reading:
        """Return what a file holds.

        Parameters
        ----------
        body : bytes
            The whole file.
        file : str
            Its name as it may be shown.

        Returns
        -------
        Reading
            Whatever the file does to the process that reads it, the answer is
            a reading with findings (IN-018 where the process had to be ended).

        Raises
        ------
        NoSandbox
            If a reading process cannot be started.
        """
        return self.attempt(body, file)[0]

    def read_many(self, items: Iterable[tuple[bytes, str]], workers: int = 2) -> Iterator[Reading]:
        """Read files at the same time and yield what they hold, in order.

        Parameters
        ----------
        items : iterable of (bytes, str)
            Bodies and names, as `read` takes them; taken as they are needed.
        workers : int
            Reading processes at work at once.
        """
        waiting: deque[Future[tuple[Reading, Tried]]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            try:
                for body, file in items:
                    waiting.append(pool.submit(self.attempt, body, file))
                    if len(waiting) > workers:
                        yield waiting.popleft().result()[0]
                while waiting:
                    yield waiting.popleft().result()[0]
            finally:
                for future in waiting:
                    future.cancel()

    def attempt(self, body: bytes, file: str) -> tuple[Reading, Tried]:
        """Return what a file holds (`read`) and how its reading went."""
        child = self._taken()
        try:
            found, outcome = self._asked(child, body, file)
        except BaseException:
            _end(child)
            raise
        reading, tried = _understood(found, outcome, file)
        child.files += 1
        worn = child.files >= self.limits.files or (self.limits.fresh and (reading.refused or tried.outcome != READ))
        if worn or child.process.poll() is not None:
            _end(child)
        else:
            self._idle.put(child)
        return reading, tried

    def _taken(self) -> _Child:
        with contextlib.suppress(Empty):  # all are at work, or the last one was ended
            return self._idle.get_nowait()
        return self._started()

    def _asked(self, child: _Child, body: bytes, file: str) -> tuple[dict[str, Any] | None, str]:
        """Return the process's answer, or None and how it ended."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(child.process)

        clock = threading.Timer(self.limits.seconds, stop)
        clock.daemon = True
        clock.start()
        try:
            for piece in (file.encode("utf-8", "replace"), body):
                _pipe(child.process.stdin).write(HEAD.pack(len(piece)) + piece)
            _pipe(child.process.stdin).flush()
            found = _answer(_pipe(child.process.stdout))
        except OSError:
            found = None
        finally:
            clock.cancel()
        if found is not None:
            return found, ""
        _kill(child.process)
        code = child.process.wait()
        return None, "time" if late.is_set() or code == -getattr(signal, "SIGXCPU", 0) else "died"

    def _started(self) -> _Child:
        limits = (str(self.limits.memory), str(max(1, round(self.limits.seconds))))
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        process = subprocess.Popen(
            [*self.command, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root folder: nothing of the project lies beside the process
            env=environment | {"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        clock = threading.Timer(_START_SECONDS, _kill, [process])
        clock.daemon = True
        clock.start()
        try:
            found = _answer(_pipe(process.stdout))
        finally:
            clock.cancel()
        if found is None or found.get("outcome") != READY:
            _kill(process)
            raise NoSandbox(_why_not(process.wait()))
        self.start = found
        return _Child(process)


def _understood(found: dict[str, Any] | None, ended: str, file: str) -> tuple[Reading, Tried]:
    """Return the reading that an answer stands for; nothing in it is believed more than its form."""
    outcome = ended if found is None else str(found.get("outcome"))
    peak = found.get("peak_bytes", 0) if found else 0
    tried = Tried(
        outcome, f"{found.get('error', '')} {found.get('line', '')}".strip() if found else "", peak if isinstance(peak, int) else 0
    )
    if found is not None and outcome == READ:
        try:
            return unpacked(found["reading"]), tried
        except Exception as error:  # noqa: BLE001 - an answer of another form comes from a process that was taken over
            tried = Tried("died", type(error).__name__, tried.peak_bytes)
    what = {"time": TIME, MEMORY: SPACE, "died": DIED}.get(tried.outcome, FAULT)
    return Reading(file, findings=(finding("IN-018", file, what_vi=what.vi, what_en=what.en),)), tried


def _answer(stream: IO[bytes]) -> dict[str, Any] | None:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size or HEAD.unpack(head)[0] > _MOST_ANSWER:
        return None
    piece = stream.read(HEAD.unpack(head)[0])
    try:
        found = json.loads(piece)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise NoSandbox("no pipe")
    return stream


def _why_not(code: int) -> str:
    if code == NO_DEFUSEDXML:
        return (
            "Thiếu defusedxml: không đọc tệp nhận được. Hãy cài lại môi trường (make clean, make check). / "
            "defusedxml is missing: no received file is read. Install the environment again (make clean, make check)."
        )
    return (
        f"Không khởi động được chương trình đọc tệp (mã {code}). Hãy cài lại môi trường. / "
        f"The reading program does not start (code {code}). Install the environment again."
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _end(child: _Child) -> None:
    _kill(child.process)
    for stream in (child.process.stdin, child.process.stdout):
        with contextlib.suppress(OSError):
            _pipe(stream).close()
    child.process.wait()
