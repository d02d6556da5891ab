"""The machine and the versions that the numbers belong to."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("papermill", "nbclient", "nbconvert", "ipykernel", "jupyter-client", "joblib", "pandas", "statsmodels", "matplotlib", "seaborn")


def described() -> list[tuple[str, str]]:
    """Return what the machine is, line by line."""
    return [
        ("processor", _processor()),
        ("cores", f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} may be used"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        ("code", _code()),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES)),
        ("threads", "OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and MKL_NUM_THREADS 1; OPENBLAS_CORETYPE unset"),
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _code() -> str:
    git = ["git", "-C", str(Path(__file__).parents[2])]
    told = subprocess.run([*git, "log", "-1", "--format=%h of %cs"], capture_output=True, text=True)
    changed = subprocess.run([*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True)
    return (told.stdout.strip() or "unknown") + (", with changes that are not committed" if changed.stdout.strip() else "")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
