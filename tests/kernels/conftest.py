"""Kernels to talk to, ordinary and warm, and what they say to each cell."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

from evaluation import kernels

LIMIT = 120.0
_OWN = (
    (re.compile(r"ipykernel_\d+"), "ipykernel_N"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xN"),
    (re.compile(r'"engine_uuid": "[-0-9a-f]+"'), '"engine_uuid": "N"'),
    (re.compile(r"<dc:date>[^<]*</dc:date>"), ""),
)


class Talk:
    """A kernel, started by name, and its client.

    Parameters
    ----------
    kernel : str
    **options
        Of the kernel's start.
    """

    def __init__(self, kernel: str, **options: Any) -> None:
        self.kernel = kernel
        self.manager = KernelManager(kernel_name=kernel)
        self.manager.start_kernel(**options)
        self.connect()

    def connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)  # type: ignore[union-attr]

    def run(self, cell: str, answers: tuple[str, ...] = ()) -> list[Any]:
        """Return what the kernel says to a cell, without what no two processes have in common."""
        heard: list[Any] = []
        asked: list[Any] = []  # by another channel, so that its place among the others is a matter of time
        left = list(answers)

        def hear(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and heard and heard[-1][0] == kind and heard[-1][1]["name"] == content["name"]:
                heard[-1][1]["text"] += content["text"]  # where a stream is cut is a matter of time
            else:
                heard.append((kind, content))

        def answer(message: dict[str, Any]) -> None:
            asked.append(("asked", message["content"]))
            self.client.input(left.pop(0))

        reply = self.client.execute_interactive(
            cell, allow_stdin=bool(answers), stdin_hook=answer, output_hook=hear, timeout=LIMIT, stop_on_error=False
        )
        said = json.dumps([*heard, *asked, ("reply", reply["content"])], default=repr)
        for own, common in _OWN:
            said = own.sub(common, said)
        return list(json.loads(said))

    def text(self, cell: str) -> str:
        """Return what a cell prints; its error, where it has one."""
        said = self.run(cell)
        return "".join(c["text"] if k == "stream" else c["evalue"] for k, c in said if k in ("stream", "error"))

    def value(self, expression: str) -> Any:
        """Return the value of an expression, by way of JSON."""
        said = self.run(f"import json; print(json.dumps({expression}))")
        return json.loads("".join(c["text"] for k, c in said if k == "stream" and c["name"] == "stdout"))

    def close(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture(scope="session")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the tests' kernels: nothing of theirs is kept."""
    own = tmp_path_factory.mktemp("kernels")
    return {**os.environ, "IPYTHONDIR": str(own / "ipython"), "MPLCONFIGDIR": str(own / "matplotlib")}


@pytest.fixture(scope="session")
def server(surroundings: dict[str, str]) -> Iterator[None]:
    """A server for these tests, started once."""
    claim = kernels.start(surroundings)
    if claim is None:
        pytest.skip(str(kernels.unavailable()))
    with claim:
        yield


@pytest.fixture
def talk(surroundings: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Callable[..., Talk]]:
    """Start a kernel by name ("evaluation" where none is given); it ends with the test."""
    request.getfixturevalue("server")
    begun: list[Talk] = []

    def start(kernel: str = kernels.WARM, **options: Any) -> Talk:
        options = {"env": surroundings, **options}
        begun.append(Talk(kernel, **options))
        return begun[-1]

    yield start
    for one in begun:
        one.close()


def until(condition: Callable[[], bool], seconds: float = LIMIT) -> bool:
    """Wait for a condition; False where it does not come in time."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    """Tell whether a process runs: one that has ended, though nobody has asked for its end, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(name="until")
def _until() -> Callable[..., bool]:
    return until


@pytest.fixture(name="lives")
def _lives() -> Callable[[int], bool]:
    return lives


@pytest.fixture(scope="session")
def both(surroundings: dict[str, str], server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Talk, Talk]]:
    """An ordinary and a warm kernel in the same folder, for cells that leave nothing behind."""
    folder = str(tmp_path_factory.mktemp("both"))
    pair = Talk(kernels.ORDINARY, env=surroundings, cwd=folder), Talk(kernels.WARM, env=surroundings, cwd=folder)
    yield pair
    for one in pair:
        one.close()


def wait_for_file(path: Path) -> str:
    """Return what a file holds once it is written."""
    assert until(lambda: path.is_file() and path.stat().st_size > 0), path
    return path.read_text("utf-8")


@pytest.fixture(name="wait_for_file")
def _wait_for_file() -> Callable[[Path], str]:
    return wait_for_file
