"""How Jupyter's clients get a warm kernel by name: a provisioner that has it forked, or starts an ordinary one and says so."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from evaluation.kernels import LAUNCHER, unavailable

# What a forked process can be given; with anything else asked for, an ordinary kernel is started.
_GIVEN = frozenset({"env", "cwd", "stdin", "stdout", "stderr", "independent", "extra_arguments", "kernel_id"})


class ForkedProvisioner(LocalProvisioner):
    """Kernels forked from a server that has loaded the packages once.

    Everything but the start is the local provisioner's: the forked kernel
    leads a process group of its own, and `process` answers as a
    `subprocess.Popen` does.

    Attributes
    ----------
    ordinary : str
        Why an ordinary kernel was started, in both languages; empty where it was forked.
    """

    ordinary = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel: forked, or where that cannot be, as its command says.

        Parameters
        ----------
        cmd : list of str
        **kwargs
            As for `subprocess.Popen`.

        Returns
        -------
        dict
            How to connect to it.
        """
        reason = unavailable() or _unsuited(cmd, kwargs)
        if reason is None:
            from evaluation.kernels.client import NoServer  # where there are no warm kernels, not even this can be loaded

            try:
                await self._fork(cmd, **kwargs)
            except NoServer as error:
                reason = str(error)
            else:
                return self.connection_info
        self.ordinary = reason
        self.log.warning("Dùng nhân thông thường thay cho nhân tạo sẵn / An ordinary kernel is used, not a warm one: %s", reason)
        return await super().launch_kernel(cmd, **kwargs)

    async def _fork(self, cmd: list[str], **kwargs: Any) -> None:
        from evaluation.kernels.client import ask

        environment = dict(kwargs["env"])
        environment["JPY_PARENT_PID"] = str(os.getpid())
        with contextlib.ExitStack() as opened:
            kept, files = _files(kwargs, opened)
            kernel = await ask(cmd, environment, tuple(cmd[: cmd.index("-m")]), files)
        kernel.stdin, kernel.stdout, kernel.stderr = kept
        self.process = cast("subprocess.Popen[bytes]", kernel)
        self.pid = self.pgid = kernel.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()

    async def send_signal(self, signum: int) -> None:
        if self.process is not None and self.process.poll() is None:
            await super().send_signal(signum)


def _unsuited(cmd: Sequence[str], kwargs: Mapping[str, Any]) -> str | None:
    """Return why a command cannot be forked, in both languages."""
    if [*cmd[1:2], *cmd[2:3]] != ["-m", LAUNCHER] or cmd[0] != sys.executable:
        return f"lệnh khác / another command ({' '.join(cmd[:3])})"
    if kwargs.get("independent"):
        return "nhân phải sống lâu hơn chương trình gọi / the kernel is to outlive its client"
    if unknown := sorted(set(kwargs) - _GIVEN):
        return f"tùy chọn khác / other options ({', '.join(unknown)})"
    folders = kwargs.get("env", {}).get("PYTHONPATH", "").split(os.pathsep)
    if any(folder and not os.path.isabs(folder) for folder in folders):  # noqa: PTH117
        return "PYTHONPATH tương đối / a relative PYTHONPATH"
    return None


def _files(kwargs: Mapping[str, Any], opened: contextlib.ExitStack) -> tuple[list[Any], list[int]]:
    """Open the kernel's files as `subprocess.Popen` would; return the client's ends of pipes, and the kernel's files."""

    def own(descriptor: int) -> int:
        opened.callback(os.close, descriptor)
        return descriptor

    kept: list[Any] = [None, None, None]
    files: list[int] = []
    reading, writing = os.pipe()  # as Jupyter's launcher does: a kernel finds its standard input at its end
    os.close(writing)
    own(reading)
    asked = [kwargs.get("stdin"), kwargs.get("stdout"), kwargs.get("stderr")]
    for number, wanted in enumerate(asked):
        if wanted is None:
            files.append(reading if number == 0 else own(_inherited(number)))
        elif wanted == subprocess.DEVNULL:
            files.append(own(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)))
        elif wanted == subprocess.STDOUT:
            files.append(files[1])
        elif wanted == subprocess.PIPE:
            ends = os.pipe()
            mine, its = (ends[1], ends[0]) if number == 0 else ends
            kept[number] = os.fdopen(mine, "wb" if number == 0 else "rb", 0)
            files.append(own(its))
        else:
            files.append(wanted if isinstance(wanted, int) else wanted.fileno())
    files.append(own(os.open(kwargs.get("cwd") or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)))
    return kept, files


def _inherited(number: int) -> int:
    """Return this process's standard output or error, or nowhere where that is closed."""
    try:
        return os.dup(number)
    except OSError:
        return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
