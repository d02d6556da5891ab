"""What client and server say to each other over a socket of this machine: lines of JSON, and open files with the first."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LENGTH = struct.Struct("!I")
_PEER = struct.Struct("3i")
FILES = 4  # standard input, output and error, and the folder to work in
FORK, HOLD = "fork", "hold"


@dataclass(frozen=True)
class Request:
    """A kernel asked for.

    Attributes
    ----------
    command : tuple of str
        As an ordinary kernel would be started.
    environment : mapping of str
        The kernel's, all of it.
    umask : int
    files : tuple of int
        Standard input, output and error, and the folder to work in, open.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    umask: int
    files: tuple[int, ...]

    def send(self, connection: socket.socket) -> None:
        """Send it, open files included."""
        _send(connection, {"do": FORK, "command": self.command, "environment": self.environment, "umask": self.umask}, self.files)


def hold(connection: socket.socket) -> None:
    """Ask for nothing but that the server lives as long as this connection."""
    _send(connection, {"do": HOLD})


def _send(connection: socket.socket, message: dict[str, Any], files: Sequence[int] = ()) -> None:
    body = json.dumps(message).encode()
    socket.send_fds(connection, [_LENGTH.pack(len(body))], list(files))
    connection.sendall(body)


def receive(connection: socket.socket) -> Request | None:
    """Return the kernel that the other side asks for; None where it only wants the server to live.

    Raises
    ------
    ConnectionError
        If the other side has gone.
    """
    head, files, _, _ = socket.recv_fds(connection, _LENGTH.size, FILES)
    if len(head) < _LENGTH.size:
        raise ConnectionError("no request")
    body = bytearray()
    wanted = _LENGTH.unpack(head)[0]
    while len(body) < wanted:
        part = connection.recv(wanted - len(body))
        if not part:
            raise ConnectionError("half a request")
        body += part
    told = json.loads(body)
    if told["do"] == HOLD:
        return None
    return Request(tuple(told["command"]), told["environment"], told["umask"], tuple(files))


def tell(connection: socket.socket, **message: Any) -> None:
    """Say a line to the client; one that has gone hears nothing."""
    try:
        connection.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        return


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process and the user at the other end, as the system knows them."""
    pid, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return pid, uid


def mine(connection: socket.socket) -> bool:
    """Tell whether the other end belongs to this user."""
    return peer(connection)[1] == os.geteuid()
