"""What more workers would bring, simulated from parts measured here: what each report costs, and what all have to wait for.

A simulation by events. A job waits for the scheduler to hand it out, then for
its worker: the client's share (papermill, export) and the kernel's time; then
for the one process that publishes. On one machine the clients are threads of
one process and share its interpreter lock, so their shares come one after the
other; on a cluster each worker has a client of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
JOBS = (24, 700, 11_000)
WORTH = 1.5  # what doubling the workers has to bring to be called scaling
WORDS = {
    "scheduler": "the scheduler that hands out reports and slices",
    "publisher": "the one process that publishes",
    "client": "the client's share of the interpreter lock",
    "start": "what comes once: shared results and the start of servers",
}


@dataclass(frozen=True)
class Parts:
    """Measured parts, in seconds.

    Attributes
    ----------
    shared : float
        Once a run, before the first report: plan and shared results.
    start : float
        Once a worker, all at the same time: the server of warm kernels.
    scheduler : float
        A report: handing it out, its slice with it.
    client : float
        A report: processor time of the process that runs papermill and exports.
    kernel : float
        A report: what its kernel takes, alone on a core.
    publisher : float
        A report: writing, syncing and renaming its files.
    """

    shared: float
    start: float
    scheduler: float
    client: float
    kernel: float
    publisher: float


@dataclass(frozen=True)
class Outcome:
    """What a simulated run took.

    Attributes
    ----------
    workers, jobs : int
    seconds : float
    busy : mapping of float
        Share of the time in which each serial part had something to do, and the workers on average.
    """

    workers: int
    jobs: int
    seconds: float
    busy: Mapping[str, float]

    @property
    def binding(self) -> str:
        """What holds more workers up: of all that they wait for, the part that is busy longest."""
        return max(self.busy.keys() - {"worker"}, key=lambda name: self.busy[name])


def simulated(parts: Parts, jobs: int, workers: int, cluster: bool) -> Outcome:
    """Simulate one run.

    Parameters
    ----------
    parts : Parts
    jobs, workers : int
    cluster : bool
        Whether each worker has a client of its own; else all clients share one process.
    """
    begin = parts.shared + parts.start
    free = [(begin, k) for k in range(min(workers, jobs))]
    heapq.heapify(free)
    handed = lock = begin
    ready: list[float] = []
    for _ in range(jobs):
        at, worker = heapq.heappop(free)
        handed = max(handed, at) + (parts.scheduler if cluster else 0.0)
        if cluster:
            ended = handed + parts.client + parts.kernel
        else:
            lock = max(lock, handed) + parts.client
            ended = lock + parts.kernel
        heapq.heappush(free, (ended, worker))
        ready.append(ended)
    published = 0.0
    for ended in sorted(ready):
        published = max(published, ended) + parts.publisher
    own = parts.kernel + (parts.client if cluster else 0.0)
    busy = {
        "start": begin / published,
        "publisher": jobs * parts.publisher / published,
        "worker": jobs * own / min(workers, jobs) / published,
        **({"scheduler": jobs * parts.scheduler / published} if cluster else {"client": jobs * parts.client / published}),
    }
    return Outcome(workers, jobs, published, busy)


def course(parts: Parts, jobs: int, cluster: bool, workers: Sequence[int] = WORKERS) -> list[Outcome]:
    """Simulate a run with each number of workers."""
    return [simulated(parts, jobs, n, cluster) for n in workers]


def knee(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Return the first run whose doubling of workers brought too little; None where all were worth it."""
    return next((more for less, more in pairwise(outcomes) if less.seconds / more.seconds < WORTH), None)


def sentence(outcomes: Sequence[Outcome], cluster: bool) -> str:
    """Say which part stops scaling, and where."""
    first, where = outcomes[0], "On a cluster" if cluster else "On one machine"
    jobs = f"{first.jobs:,} reports"
    if (stop := knee(outcomes)) is None:
        last = outcomes[-1]
        return f"{where}, {jobs} go on scaling to {last.workers} workers ({first.seconds / last.seconds:.0f} times one worker)."
    gain = first.seconds / stop.seconds
    why = "the number of reports" if stop.workers * 2 > stop.jobs else WORDS[stop.binding]
    return f"{where}, {jobs} stop scaling at {stop.workers} workers ({gain:.0f} times one worker): what binds is {why}."
