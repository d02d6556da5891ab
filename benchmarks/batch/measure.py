"""Running a contestant and taking its time and memory; what the machine did for others meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "EVALUATION_ROOT"  # the one variable of a contestant that a server of warm kernels keeps
BUSY = 0.1  # of the machine: what others took in the moment before a round that makes it doubtful
MOMENT = 1.0  # seconds
LONGEST = 3600.0  # seconds, then a run is given up
EVERY = 0.2  # seconds between two looks at memory
FORKED = "evaluation.kernels"


@dataclass(frozen=True)
class Seen:
    """Memory at one moment, in bytes of proportional set size.

    Attributes
    ----------
    at : float
        Seconds since the start.
    family : int
        All processes together.
    client : int
        The largest process that is neither of the two that follow.
    server : int
        What forks kernels, with the keepers of kernels.
    kernel : int
        The largest kernel.
    made : int
        Pages that lay in the folder by then.
    """

    at: float
    family: int
    client: int
    server: int
    kernel: int
    made: int


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes
    ----------
    seconds : float
        Wall clock, or what the contestant says of itself where its start does not count.
    load : float
        The system's load average of a minute, just before.
    others : float
        Share of the machine that was busy in the moment before it.
    seen : tuple of Seen
        Where memory was watched.
    client : float
        Processor seconds of the contestant's first process, where it says so.
    """

    seconds: float
    load: float
    others: float
    seen: tuple[Seen, ...] = field(default=(), repr=False)
    client: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether others used the machine."""
        return self.others > BUSY

    @property
    def family(self) -> int:
        """The most that all processes held together, in bytes."""
        return max((s.family for s in self.seen), default=0)

    @property
    def pair(self) -> int:
        """The most that a worker and its largest kernel held together, in bytes; what forks kernels is shared by all and apart."""
        return max((s.client + s.kernel for s in self.seen), default=0)

    @property
    def server(self) -> int:
        """The most that what forks kernels held, in bytes."""
        return max((s.server for s in self.seen), default=0)


class Ended(RuntimeError):
    """A contestant that did not come through; the message ends with what it said last."""


def environment(tools: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return what every contestant starts with: one thread a process, tools that write in one place, the user's core type unset."""
    own = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    own.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    own.update({"PYTHONNOUSERSITE": "1", "JUPYTER_PREFER_ENV_PATH": "1", "LC_ALL": "C.UTF-8", "PLOOMBER_STATS_ENABLED": "false"})
    for name, folder in (("IPYTHONDIR", "ipython"), ("MPLCONFIGDIR", "matplotlib"), ("JUPYTER_RUNTIME_DIR", "jupyter")):
        (tools / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        own[name] = str(tools / folder)
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    return {**own, **more}


def measured(
    command: Sequence[str],
    env: Mapping[str, str],
    log: Path,
    made: Callable[[], int] | None = None,
    says: bool = False,
    allowed: Sequence[int] = (0,),
) -> Run:
    """Run a command and return what it took.

    Parameters
    ----------
    command : sequence of str
    env : mapping of str
    log : Path
        Where its standard error goes.
    made : callable, optional
        Counts the pages that are ready; where given, memory is watched too, which costs some per cent of a core.
    says : bool
        Whether its last line is JSON with its own ``seconds``.
    allowed : sequence of int
        Exit codes of success.

    Raises
    ------
    Ended
    """
    others, load = psutil.cpu_percent(MOMENT) / 100, os.getloadavg()[0]
    seen: list[Seen] = []
    began = time.perf_counter()
    with (
        log.open("w") as errors,
        subprocess.Popen(
            list(command), env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as running,
    ):
        over = threading.Event()

        def watch(count: Callable[[], int]) -> None:
            while not over.wait(EVERY):
                seen.append(_look(env[MARK], time.perf_counter() - began, count()))

        watcher = threading.Thread(target=watch, args=(made,)) if made else None
        if watcher:
            watcher.start()
        said = _said(running)
        seconds = time.perf_counter() - began
        over.set()
        if watcher:
            watcher.join()
    if running.returncode not in allowed:
        told = (log.read_text("utf-8", "replace") + said).strip().splitlines()
        raise Ended(f"{Path(command[0]).name} ended with {running.returncode}: {' | '.join(told[-3:])[:400]}")
    own = json.loads(said.strip().splitlines()[-1]) if says else {}
    return Run(own.get("seconds", seconds), load, others, tuple(seen), own.get("client", 0.0))


def _said(running: subprocess.Popen[str]) -> str:
    try:
        return running.communicate(timeout=LONGEST)[0]
    except subprocess.TimeoutExpired:
        running.kill()
        return ""


def _look(root: str, at: float, made: int) -> Seen:
    """Add up the memory of all processes of a contestant, by what they do."""
    sizes: dict[str, list[int]] = {"kernel": [], "server": [], "client": []}
    for entry in bearing(root):
        try:
            rollup = (entry / "smaps_rollup").read_text("ascii")
            sizes[_kind(entry)].append(int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]) * 1024)
        except (OSError, StopIteration):
            continue  # it has just ended
    family = sum(map(sum, sizes.values()))
    client, kernel = (max(sizes[kind], default=0) for kind in ("client", "kernel"))
    return Seen(at, family, client, sum(sizes["server"]), kernel, made)


def bearing(root: str) -> Iterator[Path]:
    """Yield the folders in /proc of all processes that take a folder for the project's root, orphans among them."""
    wanted = f"{MARK}={root}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    yield entry
            except OSError:
                continue


def _kind(entry: Path) -> str:
    """Return what a process does. The server's child is a kernel's keeper, counted with the server, and the keeper's the kernel."""
    if "ipykernel" in _line(entry):
        return "kernel"
    if FORKED not in _line(entry):
        return "client"
    over = entry
    for _ in range(2):
        over = Path("/proc", (over / "stat").read_text("ascii").rpartition(")")[2].split()[1])
        if FORKED not in _line(over):
            return "server"
    return "kernel"


def _line(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
    except OSError:
        return ""


def settled(root: str, limit: float = 60.0) -> None:
    """Wait until nothing of an earlier run lives, a server of warm kernels above all: it would make a cold start a warm one.

    Raises
    ------
    Ended
        If something does after so many seconds.
    """
    last = time.perf_counter() + limit
    while any(bearing(root)):
        if time.perf_counter() > last:
            raise Ended(f"processes of an earlier run live on: {', '.join(entry.name for entry in bearing(root))}")
        time.sleep(0.2)
