"""The server: loads everything once, then forks a keeper for each client that comes, until none is left."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from evaluation.kernels.keeper import keep
from evaluation.kernels.preload import preload
from evaluation.kernels.wire import Request, mine, tell

# Shorter than the five seconds in which nothing of a client is to be left, longer than the papermill command takes
# between two notebooks.
GRACE = 4.0
LOCK = "lock"


def main(arguments: list[str]) -> None:
    """Serve, and in each forked kernel be that kernel.

    Parameters
    ----------
    arguments : list of str
        Number of the listening socket, inherited open, and its path.
    """
    listener, path = socket.socket(fileno=int(arguments[0])), Path(arguments[1])
    listener.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    made = preload()
    gc.collect()
    gc.freeze()  # the collector of a kernel leaves the shared pages alone
    request = serve(listener, path)
    if request is not None:
        from evaluation.kernels.fresh import become

        become(request, made)


def serve(listener: socket.socket, path: Path) -> Request | None:
    """Fork a keeper for each client.

    Parameters
    ----------
    listener : socket
    path : Path
        Where it is bound.

    Returns
    -------
    Request or None
        In a kernel: what it is to be. In the server: None, when it is to end.
    """
    bound = path.stat().st_ino
    keepers: dict[int, int] = {}
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    while True:
        events = waiting.poll(None if keepers else GRACE * 1000)
        if not events and not keepers and _withdrawn(listener, path, bound):
            return None
        for descriptor, _ in events:
            if descriptor in keepers:
                waiting.unregister(descriptor)
                os.close(descriptor)
                os.waitpid(keepers.pop(descriptor), 0)
                continue
            connection, _ = listener.accept()
            keeper = _fork(connection)
            if keeper == 0:
                listener.close()
                for other in keepers:
                    os.close(other)
                return keep(connection)
            connection.close()
            if keeper is not None:
                pidfd = os.pidfd_open(keeper)
                keepers[pidfd] = keeper
                waiting.register(pidfd, select.POLLIN)


def _fork(connection: socket.socket) -> int | None:
    """Fork for a client of this user; None where that must not be."""
    if not mine(connection):
        return None
    if (threads := len(os.listdir("/proc/self/task"))) != 1:  # noqa: PTH208
        tell(connection, failed=f"{threads} threads")
        return None
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        return os.fork()
    except OSError as error:
        tell(connection, failed=str(error))
        return None


def _withdrawn(listener: socket.socket, path: Path, bound: int) -> bool:
    """Stop to listen, unless a client is about to come: it looks for a server under the same lock."""
    with locked(path.parent, wait=False) as held:
        if not held or select.select([listener], [], [], 0)[0]:
            return False
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == bound:
                path.unlink()
                log(path).unlink()
        listener.close()
        return True


def log(path: Path) -> Path:
    """Return where the server at a socket writes what goes wrong."""
    return path.with_suffix(".log")


@contextlib.contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Be the only one to look for, start or end servers.

    Parameters
    ----------
    folder : Path
    wait : bool
        Whether to wait for another that does; else False is given where there is one.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)
