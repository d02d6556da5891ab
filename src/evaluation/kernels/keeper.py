"""The keeper of one kernel: its parent, which ends it with all that it started once the client has gone."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import time
from pathlib import Path

from evaluation.kernels.wire import Request, peer, receive, tell

_DEATH_SIGNAL, _SUBREAPER = 1, 36  # of prctl(2)
_TURN = 5.0  # seconds between two looks for orphans of a kernel that have ended
_PATIENCE = 10.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def keep(connection: socket.socket) -> Request:
    """Fork the kernel that a client asks for and keep it; returns in the kernel alone.

    Parameters
    ----------
    connection : socket
        To the client: the kernel's life line.

    Returns
    -------
    Request
        In the kernel: what it is to be. The keeper ends here.
    """
    try:
        request = receive(connection)
        client = _client(connection)
        if request is None:
            _gone(connection, client)
            os._exit(0)
        if _LIBC.prctl(_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        keeper = os.getpid()
        kernel = os.fork()
    except BaseException as error:  # noqa: BLE001 - nothing of the server may run on in this process
        tell(connection, failed=f"{type(error).__name__}: {error}")
        os._exit(1)
    if kernel == 0:
        connection.close()
        if client is not None:
            os.close(client)
        _end_with(keeper)
        return request
    try:
        for descriptor in request.files:
            os.close(descriptor)
        _watch(connection, client, kernel)
    finally:
        _end_all(kernel)
        os._exit(0)


def _end_with(keeper: int) -> None:
    """Let the system end this kernel when its keeper ends, by whatever death."""
    os.setsid()
    _LIBC.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        os._exit(1)


def _client(connection: socket.socket) -> int | None:
    """Return a handle on the client's process: where it has forked, its connection outlives it."""
    pid, _ = peer(connection)
    return os.pidfd_open(pid) if pid else None


def _watch(connection: socket.socket, client: int | None, kernel: int) -> None:
    """Tell the client of its kernel's start and end; return when it needs neither any more."""
    tell(connection, pid=kernel)
    pidfd = os.pidfd_open(kernel)
    while not (ready := _ready([connection.fileno(), client, pidfd], _TURN)):
        _reap(kernel)
    if ready == {pidfd}:
        ended = os.waitid(os.P_PID, kernel, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        _end_all(kernel, reap=False)
        tell(connection, status=ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        _gone(connection, client)  # until then the kernel's number is nobody else's


def _gone(connection: socket.socket, client: int | None) -> None:
    _ready([connection.fileno(), client], None)


def _ready(descriptors: list[int | None], seconds: float | None) -> set[int]:
    waiting = select.poll()
    for descriptor in descriptors:
        if descriptor is not None:
            waiting.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in waiting.poll(None if seconds is None else seconds * 1000)}


def _end_all(kernel: int, reap: bool = True) -> None:
    """Kill the kernel's group and what it started elsewhere: orphans have become this process's children.

    Parameters
    ----------
    kernel : int
    reap : bool
        Whether the kernel itself is to vanish, or only what it started.
    """
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        _kill_group(kernel)
        left = _descendants(os.getpid())
        for pid in left:
            _kill(pid)
        _reap(None if reap else kernel)
        if not left - ({kernel} if not reap else set()):
            return
        time.sleep(0.002)


def _kill_group(kernel: int) -> None:
    try:
        os.killpg(kernel, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap(spared: int | None) -> None:
    """Let children that have ended vanish, but for one."""
    for pid in _children().get(os.getpid(), ()):
        if pid != spared:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _descendants(ancestor: int) -> set[int]:
    children, found, new = _children(), set[int](), [ancestor]
    while new:
        new = [child for parent in new for child in children.get(parent, ()) if child not in found]
        found.update(new)
    return found


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdecimal():
            try:
                known = Path("/proc", name, "stat").read_bytes()
            except OSError:
                continue  # gone meanwhile
            parent = int(known.rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    return children
