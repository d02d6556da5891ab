"""Jobs side by side: threads of this process, each with a kernel that is a process of its own."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, delayed

from evaluation.batch.watchdog import end_all

Order = TypeVar("Order")
Product = TypeVar("Product")
PATIENCE = 10.0  # seconds for jobs whose kernels were ended


def processors() -> int:
    """Return how many jobs this machine can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 2


class _UnderWay:
    """How many jobs are being done; threads cannot be ended, but they can be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs = 0

    def __enter__(self) -> None:
        with self._changed:
            self._jobs += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._jobs -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until no job is being done any more, or so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs, seconds)


def worked_through(
    orders: Sequence[Order], do: Callable[[Order], Product], workers: int, under: Path | None = None
) -> Generator[Product, None, None]:
    """Do all jobs, so many at once, and yield what came of each as it ends.

    Each is done in a thread, also where it is one at a time: a request to end is heard in the main thread meanwhile.

    Parameters
    ----------
    orders : sequence
        The longest first.
    do : callable
        Takes an order; raises nothing.
    workers : int
    under : Path, optional
        Folder of the jobs, where others may be done in this process: kernels of jobs below it are ended where this is left early.

    Yields
    ------
    object
        What `do` returned.
    """
    under_way = _UnderWay()

    def one(order: Order) -> Product:
        with under_way:
            return do(order)

    # With one worker joblib would do the work in this thread.
    parallel = Parallel(n_jobs=max(2, workers), backend="threading", return_as="generator_unordered", pre_dispatch=workers, batch_size=1)
    with closing(parallel(delayed(one)(order) for order in orders)) as ended:
        try:
            for product in ended:  # noqa: UP028 - jobs are to be called off before their kernels are ended, not after
                yield product
        except BaseException:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that jobs under way are not waited for
                ended.close()
            end_all(under)  # threads cannot be ended, kernels can: their jobs then fail at once
            under_way.wait(PATIENCE)
            raise
