"""Where a kernel cannot be forked, an ordinary one is started, and it is said."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluation import kernels
from evaluation.kernels import client, provisioner
from evaluation.kernels.client import NoServer

COMMAND = [sys.executable, "-m", "ipykernel_launcher", "-f", "connection.json"]


def test_the_warm_kernel_is_chosen_where_it_can_be_had(monkeypatch: pytest.MonkeyPatch):
    assert kernels.kernel_name() == (("evaluation", "") if kernels.available() else ("python3", kernels.unavailable()))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not kernels.available()
    name, reason = kernels.kernel_name()
    assert name == "python3"
    assert "không tạo được" in reason
    assert "cannot fork" in reason
    assert kernels.start() is None


def test_a_missing_specification_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "run make" in kernels.kernel_name().reason


@pytest.mark.parametrize(
    ("command", "options", "word"),
    [
        (COMMAND, {"env": {}, "cwd": "/", "stdin": None}, None),
        (["/usr/bin/python3", *COMMAND[1:]], {}, "another command"),
        ([sys.executable, "-X", "dev", *COMMAND[1:]], {}, "another command"),
        ([sys.executable, "-m", "other"], {}, "another command"),
        (COMMAND, {"independent": True}, "outlive"),
        (COMMAND, {"preexec_fn": print}, "preexec_fn"),
        (COMMAND, {"env": {"PYTHONPATH": "src"}}, "relative PYTHONPATH"),
        (COMMAND, {"env": {"PYTHONPATH": "/src"}}, None),
    ],
)
def test_what_a_forked_kernel_cannot_be_is_an_ordinary_one(command: list[str], options: dict[str, Any], word: str | None):
    reason = provisioner._unsuited(command, options)
    assert (reason is None) if word is None else (reason is not None and word in reason)


def test_the_provisioner_can_be_loaded_where_the_system_has_none_of_what_forking_needs():
    blocked = "import sys\nfor name in ('fcntl', 'resource'):\n    sys.modules[name] = None\n"
    subprocess.run([sys.executable, "-c", f"{blocked}import evaluation.kernels.provisioner"], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("why", ["no fork", "no server"])
def test_an_ordinary_kernel_stands_in_and_it_is_said(
    why: str, talk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def refuse(*_: Any) -> None:
        raise NoServer("hết chỗ / no room")

    if why == "no fork":
        monkeypatch.setattr(provisioner, "unavailable", lambda: "không có / none here")
    else:
        monkeypatch.setattr(client, "ask", refuse)
    with caplog.at_level(logging.WARNING):
        kernel = talk()
    assert kernel.value("'-m' in open('/proc/self/cmdline').read()") is True
    assert isinstance(kernel.manager.provisioner.process, subprocess.Popen)
    (said,) = [record.getMessage() for record in caplog.records if "ordinary kernel" in record.getMessage()]
    assert said.startswith("Dùng nhân thông thường")
    assert ("none here" if why == "no fork" else "no room") in said


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_an_error_as_with_an_ordinary_kernel(talk: Callable[..., Any], tmp_path: Path):
    for name in ("python3", "evaluation"):
        with pytest.raises(FileNotFoundError):
            talk(name, cwd=str(tmp_path / "absent"))
