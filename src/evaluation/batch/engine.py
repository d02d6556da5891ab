"""The papermill engine of the batch: an ordinary client that stops listening where a cell prints without end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop, run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from evaluation.batch.events import CELL_BEGUN, CELL_ENDED, KERNEL, Event, Watch
from evaluation.batch.jobs import Limits
from evaluation.batch.records import Reason
from evaluation.batch.stages import Cell, Clock
from evaluation.batch.watchdog import Watchdog
from evaluation.kernels.bounds import CUT, EACH, EXTENSION, SHOWN, measure
from evaluation.settings import private

ENGINE = "evaluation"
# The system takes names of sockets of up to 107 letters; a kernel's own is 19 of them.
LONGEST = 85
PRINTED = SHOWN | {"stream"}
# A report's kernel keeps no history: nothing of one run is there for the next.
ARGUMENTS = ["--HistoryManager.enabled=False", f"--IPKernelApp.extensions={EXTENSION}"]


@dataclass(frozen=True)
class Surroundings:
    """What a kernel is started with and watched by.

    Attributes
    ----------
    folder : Path
        Its working directory.
    meeting : Path
        Where its sockets and its key lie; absolute.
    environment : mapping of str
        All of it, not an addition.
    limits : Limits
    watchdog : Watchdog
    clock : Clock
    watch : callable
        Told of the kernel once it has started, and of each cell as it begins and ends.
    keep : callable
        Given the notebook before it is run: outputs come into it as they are made.
    began : float
        When papermill was given the notebook, by the monotonic clock.
    log : Path
        Where the kernel's own complaints go; what its cells print goes into the notebook alone.
    """

    folder: Path
    meeting: Path
    environment: Mapping[str, str]
    limits: Limits
    watchdog: Watchdog
    clock: Clock
    watch: Watch
    keep: Callable[[Any], None]
    began: float
    log: Path


class Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
    """Papermill's client with bounds on what a cell may print, and the times of cells."""

    def __init__(self, notebook: Any, around: Surroundings, **named: Any) -> None:
        super().__init__(notebook, **named)
        self.around = around
        self._printed: dict[int, int] = {}

    def start(self) -> Any:
        """Run the notebook."""
        try:
            with self.around.log.open("ab") as log:
                return self.execute(cwd=str(self.around.folder), env=dict(self.around.environment), stdout=log, stderr=log)
        finally:
            ensure_event_loop().close()  # this thread's; the next notebook gets one of its own

    def start_new_kernel(self, **named: Any) -> None:
        self._meet()
        with self.around.clock.stage("start"):
            super().start_new_kernel(**named)
        provisioner, clock = self.km.provisioner, self.around.clock
        # A forked kernel is nobody's child: its process only answers like one.
        warm = not isinstance(getattr(provisioner, "process", None), subprocess.Popen)
        clock.kernel, clock.ordinary = ("warm", "") if warm else ("ordinary", getattr(provisioner, "ordinary", ""))
        if process := getattr(provisioner, "pid", None):
            self.around.watchdog.watch(process)
            self.around.watch(Event(KERNEL, told={"process": process, "kernel": clock.kernel}))

    async def async_start_new_kernel_client(self) -> Any:
        """Open the channels and wait for the kernel: until it answers, and until its outputs are heard.

        jupyter_client waits a further 0.2 s for messages that do not come;
        here the first one heard is enough, since the kernel answers nothing before it was asked.
        """
        with self.around.clock.stage("start"):
            self.kc = self.km.client()
            try:
                self.kc.start_channels()
                await self._heard(monotonic() + self.startup_timeout)
            except BaseException:
                await self._async_cleanup_kernel()
                raise
            self.kc.allow_stdin = False
            return self.kc

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    async def _heard(self, end: float) -> None:
        """Ask who the kernel is until the answer has come on both channels."""
        while monotonic() < end:
            if not await self.km.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            asked = self.kc.kernel_info()
            try:
                while (await self.kc.get_shell_msg(timeout=1))["parent_header"].get("msg_id") != asked:
                    pass
                # What was said before the channel was joined is not heard: ask again soon.
                while not _idle(await self.kc.get_iopub_msg(timeout=0.05), asked):
                    pass
                return
            except Empty:
                continue
        raise RuntimeError(f"Kernel didn't respond in {self.startup_timeout} seconds")

    def _meet(self) -> None:
        """Talk to the kernel through sockets in a private folder, where the system has them and their names are short enough."""
        folder = private(self.around.meeting)
        self.km.connection_file = str(folder / f"{uuid4().hex[:12]}.json")
        if sys.platform != "win32" and len(str(folder)) <= LONGEST:
            self.km.transport = "ipc"

    async def _async_cleanup_kernel(self) -> None:
        """End what still waits for the kernel, and only then its channels and the kernel."""
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self.km is not None and self.km.has_kernel:
            await self._killed()
        await super()._async_cleanup_kernel()

    async def _killed(self) -> None:
        """Kill the kernel and look often whether it has ended: its manager looks ten times a second."""
        provisioner = self.km.provisioner
        await provisioner.kill()
        for _ in range(50):
            if await provisioner.poll() is not None:
                return
            await asyncio.sleep(0.002)

    _cleanup_kernel = run_sync(_async_cleanup_kernel)

    def papermill_execute_cells(self) -> None:
        super().papermill_execute_cells()
        self.around.clock.peak = _peak(self.km.provisioner.pid)

    def execute_cell(self, cell: Any, cell_index: int, *more: Any, **named: Any) -> Any:
        if cell.cell_type != "code":
            return super().execute_cell(cell, cell_index, *more, **named)
        where = {"cell": cell_index + 1, "cells": len(self.nb.cells)}
        self.around.watch(Event(CELL_BEGUN, told=where))
        began = monotonic()
        try:
            return super().execute_cell(cell, cell_index, *more, **named)
        finally:
            took = Cell.of(cell_index + 1, monotonic() - began, cell.source)
            self.around.clock.cells.append(took)
            self.around.clock.add("cells", took.seconds)
            self.around.watch(Event(CELL_ENDED, told={**where, "seconds": took.seconds}))

    def process_message(self, message: Any, cell: Any, cell_index: int) -> Any:
        kind, content, limit = message["msg_type"], message["content"], self.around.limits.output
        if kind not in PRINTED:
            return super().process_message(message, cell, cell_index)
        before = self._printed.get(cell_index, 0)
        printed = self._printed[cell_index] = before + (len(content["text"]) if kind == "stream" else EACH + measure(content))
        if printed <= limit and not (kind == "stream" and content["text"].endswith(CUT)):
            return super().process_message(message, cell, cell_index)
        if before > limit:
            return None
        self._printed[cell_index] = limit + 1
        self.around.watchdog.end(Reason.OUTPUT)
        if kind != "stream":
            message["msg_type"], message["content"] = "stream", {"name": "stdout", "text": CUT}
        elif printed > limit + len(CUT) or not content["text"].endswith(CUT):
            content["text"] = content["text"][: limit - before] + CUT
        return super().process_message(message, cell, cell_index)


def _idle(message: Any, asked: str) -> bool:
    """Tell whether a message says that the kernel has done what it was asked."""
    return bool(message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle")


def _peak(process: int) -> int:
    """Return the bytes of memory that a process held at most; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    except (OSError, StopIteration):
        return 0


class Engine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook for the batch: the engine named ``evaluation`` of papermill."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, around: Surroundings, start_timeout: int, execution_timeout: int, **_: Any
    ) -> Any:
        """Run a notebook whose parameters papermill has put in.

        Parameters
        ----------
        nb_man : papermill.engines.NotebookExecutionManager
        kernel_name : str
        around : Surroundings
        start_timeout, execution_timeout : int
            Seconds for the kernel to answer, and for a cell.
        """
        around.keep(nb_man.nb)
        around.clock.add("parameters", monotonic() - around.began)
        client = Client(
            nb_man,
            around,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            kernel_manager_class=AsyncKernelManager,
            shutdown_kernel="immediate",
            extra_arguments=list(ARGUMENTS),
            record_timing=False,
        )
        return client.start()


papermill_engines.register(ENGINE, Engine)
