"""Jobs side by side, each in a process of its own, so that one that dies takes no other with it."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from evaluation.batch.ending import end_kernel
from evaluation.batch.records import Reason, Record
from evaluation.batch.worker import DISK_FULL, Order, work

PATIENCE = 5.0
PRELOADED = ["evaluation.batch.kernel", "evaluation.batch.worker"]


@dataclass(frozen=True)
class Running:
    """A job under way."""

    order: Order
    process: BaseProcess
    started: float

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.started

    @property
    def late(self) -> bool:
        """Whether its time is over."""
        return self.seconds > self.order.limits.job


def processors() -> int:
    """Return how many jobs this machine can run at once."""
    return os.cpu_count() or 2


def work_through(orders: Sequence[Order], workers: int, ended: Callable[[Record], None]) -> None:
    """Do all jobs, so many at once.

    Parameters
    ----------
    orders : sequence of Order
    workers : int
    ended : callable
        Told of each job as it ends, however it ends.

    Raises
    ------
    KeyboardInterrupt
        After all processes were ended; jobs that did not end are not told of.
    """
    context = _context()
    waiting = deque(orders)
    running: dict[Any, Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                begun = _start(context, waiting.popleft())
                running[begun.process.sentinel] = begun
            for sentinel in wait(list(running), timeout=1.0):
                ended(_outcome(running.pop(sentinel)))
            for sentinel, late in [(s, r) for s, r in running.items() if r.late]:
                del running[sentinel]
                _stop([late])
                ended(Record.read(late.order.folder) or Record.failed(late.order.job, Reason.TIMEOUT, late.seconds))
    finally:
        _stop(list(running.values()))


def _context() -> Any:
    """Return processes forked from a clean one that has loaded what all jobs need; fresh ones where there is no fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _start(context: Any, order: Order) -> Running:
    process = context.Process(target=work, args=(order,), name=order.job.name, daemon=False)
    process.start()
    return Running(order, process, time.monotonic())


def _outcome(ended: Running) -> Record:
    ended.process.join()
    written = Record.read(ended.order.folder)
    if written is not None:
        return written
    reason = Reason.DISK if ended.process.exitcode == DISK_FULL else Reason.WORKER_DIED
    return Record.failed(ended.order.job, reason, ended.seconds)


def _stop(running: Sequence[Running]) -> None:
    """End jobs and their kernels: asked first, so that files under way are not left half renamed."""
    for r in running:
        r.process.terminate()
    limit = time.monotonic() + PATIENCE
    for r in running:
        r.process.join(max(0.0, limit - time.monotonic()))
        if r.process.is_alive():
            r.process.kill()
            r.process.join()
        end_kernel(r.order.folder)
