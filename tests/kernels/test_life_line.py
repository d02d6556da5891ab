"""A kernel ends with its client, by whatever death, and takes along what it started; the server ends with its last client."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from evaluation import kernels
from evaluation.kernels import client

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not kernels.available(), reason="no warm kernels here")]
SOON = 5.0  # seconds after which nothing may be left
BIN = Path(sys.executable).parent
# A child in the kernel's group, one in a session of its own, and an orphan in another.
STARTS = """import os, subprocess, sys
group = subprocess.Popen(["sleep", "600"])
session = subprocess.Popen(["sleep", "600"], start_new_session=True)
orphan = int(subprocess.run([sys.executable, "-c",
    "import subprocess as s; print(s.Popen(['sleep', '600'], start_new_session=True, stdout=-3, stderr=-3).pid)"],
    capture_output=True, text=True, start_new_session=True, check=True).stdout)
ids = [os.getpid(), group.pid, session.pid, orphan]
"""
TELLS = "import json, os\nopen('ids.part', 'w').write(json.dumps(ids)); os.rename('ids.part', 'ids.json')"
WAITS = "import time; time.sleep(600)"


def _notebook(folder: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate((STARTS, TELLS, WAITS))]
    for cell in cells:
        cell["execution_count"] = 1
    path = folder / "waits.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x"}}), path)
    return path


def _gone(ids: list[int], until: Callable[..., bool], lives: Callable[[int], bool]) -> list[int]:
    until(lambda: not any(map(lives, ids)), SOON)
    return [pid for pid in ids if lives(pid)]


@pytest.fixture
def running(tmp_path: Path, surroundings: dict[str, str], server: None) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    begun: list[subprocess.Popen[bytes]] = []

    def run(*command: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / "log.txt").open("wb")
        begun.append(subprocess.Popen(command, cwd=tmp_path, env=surroundings, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        log.close()
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.wait()


@pytest.mark.parametrize("client_of", ["papermill", "nbval"])
def test_no_kernel_is_left_by_a_killed(client_of: str, running: Any, tmp_path: Path, wait_for_file: Any, until: Any, lives: Any):
    notebook = _notebook(tmp_path)
    commands = {
        "papermill": (str(BIN / "papermill"), "-k", "evaluation", str(notebook), "out.ipynb"),
        "nbval": (
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--nbval",
            "--nbval-kernel-name=evaluation",
            "-p",
            "no:cacheprovider",
            str(notebook),
        ),
    }
    process = running(*commands[client_of])
    ids = json.loads(wait_for_file(tmp_path / "ids.json"))
    assert all(map(lives, ids))
    process.kill()
    assert _gone(ids, until, lives) == []


def test_no_kernel_is_left_by_a_killed_jupyterlab(
    running: Any, tmp_path: Path, wait_for_file: Any, until: Any, lives: Any, surroundings: Any
):
    runtime = tmp_path / "runtime"
    surroundings_before = dict(surroundings)
    surroundings |= {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_TOKEN": "t"}
    try:
        process = running(
            str(BIN / "jupyter"), "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--ServerApp.open_browser=False",
            f"--ServerApp.root_dir={tmp_path}",
        )  # fmt: skip
    finally:
        surroundings.clear()
        surroundings |= surroundings_before

    def address() -> str | None:
        found = list(runtime.glob("jpserver-*.json")) if runtime.is_dir() else []
        return str(json.loads(found[0].read_text("utf-8"))["url"]) if found and found[0].stat().st_size else None

    assert until(lambda: address() is not None), (tmp_path / "log.txt").read_text("utf-8")

    def ask(path: str, data: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{address()}{path}", data, {"Authorization": "token t", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def answers() -> bool:
        try:
            return bool(ask("api/status"))
        except OSError:
            return False

    assert until(answers)
    assert ask("api/kernelspecs")["kernelspecs"]["evaluation"]["spec"]["display_name"] == "Đánh giá / Evaluation"
    begun = ask("api/kernels", json.dumps({"name": "evaluation", "path": ""}).encode())
    kernel = BlockingKernelClient(connection_file=str(runtime / f"kernel-{begun['id']}.json"))
    kernel.load_connection_file()
    kernel.start_channels()
    try:
        kernel.wait_for_ready(timeout=60)
        kernel.execute(f"import os; os.chdir({str(tmp_path)!r})\n{STARTS}\n{TELLS}")
        ids = json.loads(wait_for_file(tmp_path / "ids.json"))
        assert all(map(lives, ids))
        process.kill()
        assert _gone(ids, until, lives) == []
    finally:
        kernel.stop_channels()


def test_a_forgotten_fork_of_the_client_keeps_no_kernel_alive(running: Any, tmp_path: Path, wait_for_file: Any, until: Any, lives: Any):
    (tmp_path / "forks.py").write_text(
        "import json, os, time\nfrom jupyter_client.manager import start_new_kernel\n"
        "manager, client = start_new_kernel(kernel_name='evaluation')\n"
        "forked = os.fork()\n"
        "if forked:\n"
        "    open('ids.part', 'w').write(json.dumps([manager.provisioner.pid, forked])); os.rename('ids.part', 'ids.json')\n"
        "time.sleep(600)\n",
        "utf-8",
    )
    process = running(sys.executable, "forks.py")
    kernel, forked = json.loads(wait_for_file(tmp_path / "ids.json"))
    try:
        process.kill()
        assert _gone([kernel], until, lives) == []
        assert lives(forked)
    finally:
        os.kill(forked, signal.SIGKILL)


@pytest.mark.parametrize("how", ["ends", "is shut down"])
def test_what_a_kernel_started_ends_with_it(how: str, talk: Callable[..., Any], until: Any, lives: Any):
    kernel = talk()
    kernel.run(STARTS)
    ids = kernel.value("ids")
    assert all(map(lives, ids))
    if how == "ends":
        kernel.client.execute("os._exit(1)")
    else:
        kernel.manager.shutdown_kernel(now=True)
    assert _gone(ids, until, lives) == []


def test_a_kernel_without_its_keeper_is_dead_to_its_client(talk: Callable[..., Any], until: Any, lives: Any):
    kernel = talk()
    os.kill(psutil.Process(kernel.pid).ppid(), signal.SIGKILL)
    assert until(lambda: not kernel.manager.is_alive())
    assert _gone([kernel.pid], until, lives) == []


def test_a_kernel_lives_on_without_the_server(talk: Callable[..., Any], surroundings: dict[str, str], until: Any, lives: Any):
    surroundings = {**surroundings, "PYTHONOPTIMIZE": ""}
    kernel = talk(env=surroundings)
    server = psutil.Process(kernel.pid).parent().parent()
    assert "evaluation.kernels" in server.cmdline()
    server.kill()
    assert until(lambda: not lives(server.pid))
    assert kernel.value("6 * 7") == 42
    assert talk(env=surroundings).value("6 * 7") == 42  # from another


@pytest.fixture
def alone(surroundings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An environment whose server listens in a folder of its own; the path of pytest's would be too long for a socket."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield {**surroundings, "MADE_FOR": str(folder)}
    shutil.rmtree(folder)


def _folder(environment: dict[str, str]) -> Path:
    return Path(environment["MADE_FOR"], f"evaluation-{os.geteuid()}")


def test_one_server_for_clients_that_come_at_once_and_none_after_the_last(alone: dict[str, str], until: Any, talk: Callable[..., Any]):
    starts = (
        f"from evaluation import kernels\nimport time\nclaim = kernels.start({alone!r})\n"
        "print(claim is not None, flush=True)\ntime.sleep(600)"
    )
    others = [subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        with ThreadPoolExecutor(6) as threads:
            claims = list(threads.map(lambda _: kernels.start(alone), range(6)))
        for other in others:
            assert other.stdout is not None
            assert other.stdout.readline() == "True\n"
        kernel = talk(env=alone)
        server = psutil.Process(kernel.pid).parent().ppid()
        sockets = list(_folder(alone).glob("*.sock"))
        assert len(sockets) == 1
        assert until(lambda: len(psutil.Process(server).children()) == 9)  # six claims, two others, a kernel
        threads_of = re.search(r"^Threads:\s+(\d+)$", Path(f"/proc/{server}/status").read_text("ascii"), re.M)
        assert threads_of is not None
        assert threads_of[1] == "1"
        log = sockets[0].with_suffix(".log").read_text("utf-8")
        assert "Traceback" not in log, log  # everything that is named could be loaded
        assert stat_of(_folder(alone)) == "700"
        assert stat_of(sockets[0]) == "600"
        assert stat_of(sockets[0].with_suffix(".log")) == "600"
        stores = [path for path in (os.path.realpath(p) for p in Path(f"/proc/{server}/fd").iterdir()) if "duckdb" in path]
        assert stores == []
        assert psutil.Process(server).terminal() is None
    finally:
        for other in others:
            other.kill()
            other.communicate()
    kernel.close()
    for claim in claims:
        assert claim is not None
        claim.close()
    assert until(lambda: not psutil.pid_exists(server))
    assert list(_folder(alone).glob("*.sock")) == []


def stat_of(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


def test_a_server_that_nobody_comes_to_ends(alone: dict[str, str], until: Any):
    claim = kernels.start(alone)
    assert claim is not None
    claim.close()
    assert until(lambda: not list(_folder(alone).glob("*.sock")))


def test_a_folder_that_others_may_open_is_not_used(alone: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    _folder(alone).mkdir(mode=0o755)
    _folder(alone).chmod(0o755)
    assert client._folder() != _folder(alone)
    assert client._folder().stat().st_mode & 0o077 == 0


def test_another_user_is_not_served(monkeypatch: pytest.MonkeyPatch):
    from evaluation.kernels import server, wire

    here, there = socket.socketpair()
    with here, there:
        assert wire.mine(here)
        monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
        assert not wire.mine(here)
        monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked for another user"))
        assert server._fork(here) is None


def test_nothing_is_forked_from_a_process_with_threads(monkeypatch: pytest.MonkeyPatch):
    from evaluation.kernels import server

    here, there = socket.socketpair()
    with here, there, ThreadPoolExecutor(2) as threads:
        threads.submit(time.sleep, 0.1)
        monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
        assert server._fork(here) is None
        assert b"threads" in there.recv(100)
