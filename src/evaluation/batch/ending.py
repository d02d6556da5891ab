"""Ending a kernel whose job is over, whoever started it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

PROCESS = "kernel.pid"


def end_kernel(folder: Path) -> None:
    """End the kernel of a job at once, and what it started.

    Parameters
    ----------
    folder : Path
        The job's.
    """
    note = folder / PROCESS
    try:
        process = int(note.read_text("utf-8"))
    except (OSError, ValueError):
        return
    if process > 1:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)  # a kernel leads its own session
    note.unlink(missing_ok=True)
