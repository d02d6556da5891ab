"""One run at a time in a folder of reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(RuntimeError):
    """Another run publishes into the folder."""


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Hold a folder for this run alone; whatever ends the run lets go of it.

    The folder itself is locked: nothing is left in it, and it need not be
    writable. Where the system knows no such lock, nothing is held.

    Parameters
    ----------
    folder : Path
        There already.

    Raises
    ------
    Busy
        If another run holds it.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(folder.name) from None
        yield
    finally:
        os.close(handle)
