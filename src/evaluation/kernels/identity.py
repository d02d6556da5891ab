"""Which server a kernel may come from: the one that has loaded the same sources, in the same surroundings."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
FACTS = ("plan", "codebook", "reference")
# What an interpreter and the preloaded packages read as they start. A server gets these variables and no others, so
# that nothing it has read can differ between kernels; each kernel gets its own environment, whole.
READ = frozenset({"HOME", "LANG", "LANGUAGE", "TZ", "EVALUATION_ROOT", "MPLCONFIGDIR", "MATPLOTLIBRC", "OPENBLAS_CORETYPE"})
READ_TOO = ("PYTHON", "LC_", "LD_", "XDG_CONFIG_", "XDG_CACHE_", "XDG_DATA_", "NPY_")
# A process with several threads is not to be forked, and reports run side by side.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the server that a kernel with this one may come from.

    Parameters
    ----------
    environment : mapping of str
        The kernel's.

    Returns
    -------
    dict of str
        What is read at the start, with one thread for arithmetic and the system's own search path.
    """
    read = {name: value for name, value in environment.items() if name in READ or name.startswith(READ_TOO)}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.defpath))
    return {**read, **ONE_THREAD, "PATH": path}


def fingerprint(environment: Mapping[str, str], interpreter: tuple[str, ...]) -> str:
    """Return what tells a server from others: 20 letters that change when a kernel would have to be another.

    Parameters
    ----------
    environment : mapping of str
        The kernel's.
    interpreter : tuple of str
        Its path and options.

    Returns
    -------
    str
        Hash of the state of sources and facts (path, time, size), of the installed packages, of the interpreter, of
        the variables read at the start, and of what a process inherits from its parent: user, limits, control group.
    """
    root = Path(environment.get("EVALUATION_ROOT") or PACKAGE.parents[1])
    state = [*_files(PACKAGE)]
    for facts in FACTS:
        state += _files(root / "data" / facts)
    told = [list(interpreter), sys.version, sorted(server_environment(environment).items()), _packages(), _inherited(), state]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:20]


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            path = os.path.join(place, name)  # noqa: PTH118 - some hundred files before each kernel
            try:
                known = os.stat(path)  # noqa: PTH116
            except FileNotFoundError:
                continue  # an editor's, gone meanwhile
            yield path, known.st_mtime_ns, known.st_size


def _packages() -> list[int]:
    """Return when packages were last installed or removed."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return [Path(place).stat().st_mtime_ns for place in sorted(places) if Path(place).is_dir()]


def _inherited() -> list[Any]:
    """Return what a kernel has from the process that starts it and cannot be given later."""
    import resource

    limits = [resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]
    spaces = Path("/proc/self/ns")
    return [
        (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), sorted(os.getgroups())),
        limits,
        os.getpriority(os.PRIO_PROCESS, 0),
        sorted(os.sched_getaffinity(0)),
        Path("/proc/self/cgroup").read_text("utf-8", "replace"),
        sorted((space.name, str(space.readlink())) for space in spaces.iterdir()),
        [Path("/").stat().st_dev, Path("/").stat().st_ino],
    ]
