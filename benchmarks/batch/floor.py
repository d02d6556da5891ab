"""The floor: plain functions in one or two warm processes. Imports and a first report are not counted.

With ``shown`` for a number of processes it writes what the cells show and no
more: what all pages are compared with.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.batch.work import Work

if TYPE_CHECKING:
    from multiprocessing.queues import Queue


def main() -> None:
    """Run the jobs of a file in as many processes as the second argument says; print the seconds as JSON."""
    work = Work.read(sys.argv[1])
    if sys.argv[2] == "shown":
        from benchmarks.batch.plain import Plain

        plain = Plain(work.notebook)
        for name, parameters in work.jobs.items():
            work.page(name).write_text(plain(parameters), "utf-8")
        return
    workers = int(sys.argv[2])
    context = mp.get_context("spawn")
    orders: Queue[str | None] = context.Queue()
    ended: Queue[str] = context.Queue()
    processes = [context.Process(target=_worker, args=(work, orders, ended)) for _ in range(workers)]
    for process in processes:
        process.start()
    for _ in processes:
        ended.get(timeout=300)  # each is warm
    began = time.perf_counter()
    for name in work.jobs:
        orders.put(name)
    for _ in work.jobs:
        ended.get(timeout=300)
    seconds = time.perf_counter() - began
    for _ in processes:
        orders.put(None)
    for process in processes:
        process.join()
    print(json.dumps({"seconds": seconds}))


def maker(work: Work) -> Any:
    """Return the function that makes a job's page."""
    from benchmarks.batch.plain import Plain, page

    plain = Plain(work.notebook)
    if work.kind != "district":
        return lambda name: page(plain(work.jobs[name]), name)

    from evaluation.reporting.html import page as report_page

    def made(name: str) -> str:
        space: dict[str, Any] = {}
        plain(work.jobs[name], space)
        return report_page(space["report"].tree())

    return made


def _worker(work: Work, orders: Queue[str | None], ended: Queue[str]) -> None:
    make = maker(work)
    make(next(iter(work.jobs)))
    ended.put("")
    while (name := orders.get()) is not None:
        Path(work.page(name)).write_text(make(name), "utf-8")
        ended.put(name)


if __name__ == "__main__":
    main()
