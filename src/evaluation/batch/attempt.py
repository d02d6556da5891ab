"""One job's work, kept from taking others with it: whatever goes wrong comes out as a reason of the closed list."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from evaluation.batch.records import JobFailure, Reason
from evaluation.settings import private

LOG = "log.txt"
Made = TypeVar("Made")


def attempted(folder: Path, do: Callable[[], Made]) -> Made:
    """Do a job's work in its private folder.

    Parameters
    ----------
    folder : Path
        Made where it is not there; a fault of ours is written down in it.
    do : callable

    Returns
    -------
    object
        What `do` returned.

    Raises
    ------
    JobFailure
        Whatever happened.
    """
    try:
        private(folder)
        return do()
    except JobFailure:
        raise
    except MemoryError as error:
        raise JobFailure(Reason.MEMORY) from error
    except OSError as error:
        _log(folder)
        raise JobFailure(Reason.DISK, error=type(error).__name__) from error
    except Exception as error:
        _log(folder)
        raise JobFailure(Reason.WORKER_DIED) from error


def _log(folder: Path) -> None:
    """Write down a fault with all that Python tells of it, for whoever looks into it."""
    told = traceback.format_exc()
    try:
        (folder / LOG).write_text(told, "utf-8")
    except OSError:
        sys.stderr.write(told)
