"""The measured parts that the simulation of more workers starts from."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.batch.measure import Run
from benchmarks.batch.scale_out import Parts

TASKS, SLICE = 500, 200_000  # bytes that travel with each order


def measured_parts(alone: Run, jobs: int, account: Mapping[str, Any], shared: float, start: float) -> Parts:
    """Measure what is not known yet and return all parts.

    Parameters
    ----------
    alone : Run
        Our own batch with one worker, warm.
    jobs : int
        Reports that it made.
    account : mapping
        That it wrote.
    shared, start : float
        Seconds: what comes once a run, and once a worker.
    """
    client = alone.client / jobs
    published = [job["stages"].get("publishing", 0.0) for job in account.get("jobs", {}).values()]
    publisher = statistics.median(published) if published else 0.0
    kernel = alone.seconds / jobs - client - publisher
    return Parts(max(shared, 0.0), max(start, 0.0), scheduler(), client, kernel, publisher)


def scheduler() -> float:
    """Return the seconds that a Dask scheduler takes to hand out an order with its slice and bring as much back from an idle worker."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(_answer, [bytes(10)] * 20, pure=False))
        orders = [bytes(SLICE) for _ in range(TASKS)]
        began = time.perf_counter()
        for future in [client.submit(_answer, order, pure=False) for order in orders]:
            future.result()
        return (time.perf_counter() - began) / TASKS


def _answer(order: bytes) -> bytes:
    return order
