"""Interrupt, restart, shutdown, time-out and death look the same with a forked kernel as with an ordinary one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

pytestmark = pytest.mark.slow
NAMES = ("python3", "evaluation")


def _code(kernel: Any) -> int | None:
    return asyncio.run(kernel.manager.provisioner.poll())


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("import os; os._exit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_a_kernel_that_dies_is_seen_to_be_dead(cell: str, code: int, talk: Callable[..., Any], until: Callable[..., bool]):
    kernel = talk()
    assert kernel.manager.is_alive()
    kernel.client.execute(cell)
    assert until(lambda: not kernel.manager.is_alive())
    assert _code(kernel) == code


def test_an_interrupt_stops_the_cell_and_what_it_waits_for(both: Any):
    said = []
    for kernel in both:
        for cell in ("import time; print('begun', flush=True); time.sleep(60)", "print('begun', flush=True)\nwhile True: pass",
                     "print('begun', flush=True); import subprocess; subprocess.run(['sleep', '60'])"):  # fmt: skip
            heard: list[str] = []

            def hear(message: dict[str, Any], kernel: Any = kernel, heard: list[str] = heard) -> None:
                heard.append(message["content"].get("ename", message["msg_type"]))
                if message["msg_type"] == "stream":
                    kernel.manager.interrupt_kernel()

            reply = kernel.client.execute_interactive(cell, output_hook=hear, timeout=60)
            said.append((kernel.kernel, reply["content"]["ename"], heard))
        assert kernel.value("1 + 1") == 2
    assert [s[1:] for s in said if s[0] == "python3"] == [s[1:] for s in said if s[0] == "evaluation"]
    assert {name for _, name, _ in said} == {"KeyboardInterrupt"}


@pytest.mark.parametrize("now", [True, False])
def test_a_restarted_kernel_is_a_new_process_without_the_old_one_s_names(now: bool, talk: Callable[..., Any], lives: Callable[[int], bool]):
    kernel = talk()
    kernel.run("x = 1")
    old = kernel.value("__import__('os').getpid()")
    assert kernel.pid == old
    kernel.client.stop_channels()
    kernel.manager.restart_kernel(now=now)
    kernel.connect()
    assert not lives(old)
    assert kernel.run("0")[-1][1]["execution_count"] == 1
    assert kernel.value("[__import__('os').getpid(), 'x' in globals()]") == [kernel.pid, False]
    assert kernel.pid != old


@pytest.mark.parametrize("now", [True, False])
def test_a_kernel_shut_down_is_gone(now: bool, talk: Callable[..., Any], until: Callable[..., bool]):
    kernel = talk()
    pid = kernel.pid
    kernel.manager.shutdown_kernel(now=now)
    assert not kernel.manager.is_alive()
    assert until(lambda: not Path(f"/proc/{pid}").exists())


def _executed(name: str, cells: list[str], folder: Path, **options: Any) -> tuple[str, Any]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name=name, resources={"metadata": {"path": str(folder)}}, record_timing=False, **options)
    try:
        client.execute()
    except (CellTimeoutError, DeadKernelError) as error:
        return type(error).__name__, [cell.get("outputs") for cell in notebook.cells]
    return "", [cell.get("outputs") for cell in notebook.cells]


@pytest.mark.usefixtures("server")
def test_a_time_out_ends_a_cell_alike(tmp_path: Path):
    cells = ["print(1)", "import time; time.sleep(600)"]
    ordinary, warm = (_executed(name, cells, tmp_path, timeout=2) for name in NAMES)
    assert ordinary[0] == "CellTimeoutError"
    assert warm == ordinary


@pytest.mark.usefixtures("server")
def test_a_death_ends_a_notebook_alike(tmp_path: Path):
    cells = ["print(1)", "import os; os._exit(1)", "print(2)"]
    ordinary, warm = (_executed(name, cells, tmp_path, timeout=60) for name in NAMES)
    assert ordinary[0] == "DeadKernelError"
    assert warm == ordinary


def test_a_signal_that_the_notebook_handles_reaches_it(talk: Callable[..., Any], until: Callable[..., bool]):
    kernel = talk()
    kernel.run("import signal; got = []; signal.signal(signal.SIGUSR1, lambda *a: got.append(1))")
    asyncio.run(kernel.manager.provisioner.send_signal(signal.SIGUSR1))
    assert until(lambda: kernel.value("got") == [1])


def test_no_signal_is_sent_to_a_kernel_that_has_ended(
    talk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, until: Callable[..., bool]
):
    kernel = talk()
    kernel.client.execute("import os; os._exit(0)")
    assert until(lambda: not kernel.manager.is_alive())
    sent: list[Any] = []
    monkeypatch.setattr(os, "killpg", lambda *a: sent.append(a))
    monkeypatch.setattr(os, "kill", lambda *a: sent.append(a))
    asyncio.run(kernel.manager.provisioner.send_signal(signal.SIGINT))
    kernel.manager.provisioner.process.kill()
    assert sent == []
