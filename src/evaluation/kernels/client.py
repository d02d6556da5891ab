"""The client's side: find the server or start it, ask for a kernel, hold its life line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from evaluation.kernels.identity import fingerprint, server_environment
from evaluation.kernels.server import locked, log
from evaluation.kernels.wire import Request, hold, mine

_LONGEST = 100  # letters of a socket's path that every Linux takes
_LINE = 65536


class NoServer(Exception):
    """No kernel can be had from a server; the reason is for the log, in Vietnamese and English."""


class Kernel:
    """A forked kernel, with what `subprocess.Popen` offers of a process.

    Parameters
    ----------
    connection : socket
        The life line.

    Attributes
    ----------
    pid : int
    returncode : int or None
        Exit code, or the number of the signal that ended it, negative; None while it runs.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.pid = 0
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        self._heard = b""
        self._lock = threading.Lock()

    async def begun(self) -> None:
        """Wait until the server has forked it.

        Raises
        ------
        NoServer
            If it has not.
        """
        self.connection.setblocking(False)
        loop = asyncio.get_running_loop()
        while not self.pid:
            try:
                heard = await loop.sock_recv(self.connection, _LINE)
            except OSError:
                heard = b""
            self._hear(heard)
            if self.returncode is not None:
                raise NoServer("Tiến trình chủ đã dừng khi khởi động. / The server ended as it started.")
        _held.add(self)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with self._lock:
            while self.returncode is None:
                try:
                    self._hear(self.connection.recv(_LINE))
                except BlockingIOError:
                    return None
                except OSError:
                    self._hear(b"")
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code.

        Raises
        ------
        subprocess.TimeoutExpired
        """
        while (code := self.poll()) is None:
            with contextlib.suppress(ValueError):  # closed meanwhile by another thread: it has ended
                if not select.select([self.connection], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("evaluation", timeout or 0.0)
        return code

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel alone; one that has ended gets none."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def let_go(self) -> None:
        """Cut the life line: whatever is left of the kernel ends."""
        _held.discard(self)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)  # heard even where a fork of this process has the socket too
        self.connection.close()

    def _hear(self, heard: bytes) -> None:
        if not heard:  # the keeper was killed, and its kernel with it
            self.returncode = -signal.SIGKILL
            self.let_go()
            return
        *lines, self._heard = (self._heard + heard).split(b"\n")
        for line in lines:
            told: dict[str, Any] = json.loads(line)
            if "failed" in told:
                self.let_go()
                raise NoServer(f"Tiến trình chủ không tạo được nhân. / The server forked no kernel. ({told['failed']})")
            self.pid = told.get("pid", self.pid)
            if "status" in told:
                self.returncode = told["status"]
                self.let_go()


# A kernel lives as long as its client's process, also where the object that started it was forgotten.
_held: set[Kernel] = set()


class Claim:
    """A server kept alive, though no kernel of it may run.

    Parameters
    ----------
    connection : socket
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the server end when its last kernel has."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def claim(environment: Mapping[str, str]) -> Claim:
    """Start the server for kernels with this environment, or find it, and keep it; does not wait until it is ready.

    Raises
    ------
    NoServer
    """
    connection = connect(environment, (sys.executable,))
    hold(connection)
    return Claim(connection)


async def ask(command: Sequence[str], environment: Mapping[str, str], interpreter: tuple[str, ...], files: Sequence[int]) -> Kernel:
    """Return a kernel forked by the server for it, which is started where there is none.

    Parameters
    ----------
    command : sequence of str
        As an ordinary kernel would be started.
    environment : mapping of str
        The kernel's, all of it.
    interpreter : tuple of str
        The part of the command before the module.
    files : sequence of int
        Standard input, output and error, and the folder to work in, open.

    Raises
    ------
    NoServer
    """
    kernel = Kernel(connect(environment, interpreter))
    try:
        Request(tuple(command), dict(environment), _umask(), tuple(files)).send(kernel.connection)
        await kernel.begun()
    except (OSError, NoServer) as error:
        kernel.let_go()
        raise error if isinstance(error, NoServer) else NoServer(_unreachable(error)) from error
    return kernel


def connect(environment: Mapping[str, str], interpreter: tuple[str, ...]) -> socket.socket:
    """Return a connection to the server for such a kernel; the server may still be loading.

    Raises
    ------
    NoServer
    """
    try:
        path = _folder() / f"{fingerprint(environment, interpreter)}.sock"
        with locked(path.parent):
            return _connected(path) or _started(path, environment, interpreter)
    except OSError as error:
        raise NoServer(_unreachable(error)) from error


def _unreachable(error: OSError) -> str:
    return f"Không kết nối được với tiến trình chủ. / The server cannot be reached. ({error})"


def _connected(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        path.unlink(missing_ok=True)
        return None
    if not mine(connection):
        connection.close()
        raise PermissionError(f"{path}: not this user's")
    return connection


def _started(path: Path, environment: Mapping[str, str], interpreter: tuple[str, ...]) -> socket.socket:
    """Start the server with a socket that listens already, so that nobody has to wait to connect."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(128)
        log(path).touch(0o600)
        with log(path).open("wb") as errors:
            server = subprocess.Popen(
                [*interpreter, "-m", "evaluation.kernels", str(listener.fileno()), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                cwd="/",
                env=server_environment(environment),
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )
        threading.Thread(target=server.wait, name="kernel server", daemon=True).start()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(path))
    return connection


def _folder() -> Path:
    """Return the folder of the sockets, which only this user can open."""
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        folder = Path(base or "", f"evaluation-{os.geteuid()}")
        if not base or len(os.fsencode(folder)) + 30 > _LONGEST:
            continue
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            known = folder.lstat()
            if stat.S_ISDIR(known.st_mode) and known.st_uid == os.geteuid() and not known.st_mode & 0o077:
                return folder
    raise NoServer(
        "Không có thư mục riêng cho tiến trình chủ: hãy đặt XDG_RUNTIME_DIR. / "
        "There is no private folder for the server: set XDG_RUNTIME_DIR."
    )


def _umask() -> int:
    """Return this process's, without changing it for other threads."""
    for line in Path("/proc/self/status").read_text("utf-8", "replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o022
