"""Warm kernels: forked from a process that has loaded the packages once, got by any Jupyter client by the name "evaluation".

A kernel is a process of its own, with nothing of another notebook in it; it
ends with its client, whatever way that ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from evaluation.kernels.client import Claim

WARM, ORDINARY = "evaluation", "python3"
LAUNCHER = "ipykernel_launcher"  # the module that an ordinary kernel is started with


class Choice(NamedTuple):
    """The kernel to ask for, and why not the warm one ("" where it is)."""

    name: str
    reason: str


def unavailable() -> str | None:
    """Return why there are no warm kernels here, in Vietnamese and English; None where there are."""
    if sys.platform != "linux" or not hasattr(os, "fork") or not hasattr(os, "pidfd_open"):
        return "hệ điều hành này không tạo được nhân từ tiến trình có sẵn / this system cannot fork kernels"
    if not Path(sys.prefix, "share", "jupyter", "kernels", WARM, "kernel.json").is_file():
        return "chưa cài nhân: chạy make / its kernel is not installed: run make"
    return None


def available() -> bool:
    """Tell whether warm kernels can be had here."""
    return unavailable() is None


def kernel_name() -> Choice:
    """Return the kernel to run notebooks with.

    Returns
    -------
    Choice
        "evaluation", or "python3" with the reason in both languages.
    """
    reason = unavailable()
    return Choice(WARM, "") if reason is None else Choice(ORDINARY, reason)


def start(environment: Mapping[str, str] | None = None) -> Claim | None:
    """Start the server of warm kernels early, without waiting for it, and keep it until the claim is closed.

    Parameters
    ----------
    environment : mapping of str, optional
        That of the kernels to come; this process's own where none is given. A
        kernel whose environment differs in what is read at the start (Python's
        own variables, locale, home, matplotlib's folder, ``$EVALUATION_ROOT``)
        comes from another server.

    Returns
    -------
    Claim or None
        A context manager; None where there are no warm kernels.
    """
    if not available():
        return None
    from evaluation.kernels.client import NoServer, claim

    try:
        return claim(os.environ if environment is None else environment)
    except NoServer:
        return None
