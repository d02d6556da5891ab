"""Jobs side by side: threads of this process, each with a kernel that is a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

from joblib import Parallel, delayed

from evaluation.batch.watchdog import end_all

Order = TypeVar("Order")
Product = TypeVar("Product")


def processors() -> int:
    """Return how many jobs this machine can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 2


def worked_through(orders: Sequence[Order], do: Callable[[Order], Product], workers: int) -> Iterator[Product]:
    """Do all jobs, so many at once, and yield what came of each as it ends.

    Parameters
    ----------
    orders : sequence
        The longest first.
    do : callable
        Takes an order; raises nothing.
    workers : int

    Yields
    ------
    object
        What `do` returned.
    """
    parallel = Parallel(n_jobs=workers, backend="threading", return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1)
    with closing(parallel(delayed(do)(order) for order in orders)) as ended:
        try:
            yield from ended
        except BaseException:
            end_all()  # threads cannot be ended, kernels can: their jobs then fail at once
            raise
