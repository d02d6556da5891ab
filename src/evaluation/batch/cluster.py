"""Jobs on a Dask cluster: what the batch asks of it, what it sends, and what it makes of a worker or a scheduler that is lost."""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.events import Event
from evaluation.batch.parcel import GONE, LIBRARY, STORE, Answer, Parcel, Sealed, differing, surroundings
from evaluation.batch.place import Place, no_cluster
from evaluation.batch.pool import processors
from evaluation.batch.records import Reason, Record
from evaluation.settings import private
from evaluation.store import open_store
from evaluation.store.disk import beside

if TYPE_CHECKING:
    from evaluation.batch.jobs import Job
    from evaluation.batch.worker import Order, Product

SCHEDULER_WAIT = 10.0  # seconds for a scheduler to answer
WORKERS_WAIT = 60.0  # for a first worker, and for another where all were lost
TURN = 1.0
AHEAD = 2  # jobs handed out for each thread of the cluster: the next one is there when one ends
DEATHS = 3  # how many workers may die under a job on a cluster of this machine; elsewhere the scheduler's own setting


@dataclass(frozen=True)
class Shared:
    """What all jobs of a run share.

    Attributes
    ----------
    mark : str
        The run's.
    work : Path
        The private folder of all runs.
    state : str
        Of the store.
    """

    mark: str
    work: Path
    state: str


@contextmanager
def reached(where: Place, orders: Sequence[Order], shared: Shared, workers: int | None) -> Iterator[Hands]:
    """Reach a cluster, or start one, and supply its workers; afterwards nothing of the run is left there.

    Parameters
    ----------
    where : Place
    orders : sequence of Order
        At least one; all of one template and store.
    shared : Shared
    workers : int, optional
        Processes of a cluster of this machine; as many as it has processors where left out.

    Yields
    ------
    Hands

    Raises
    ------
    NoCluster
        If no scheduler or worker answers in time, or a worker's library, packages, facts or store are others.
    """
    import dask
    from distributed import Client

    with ExitStack() as opened:
        opened.enter_context(dask.config.set({"distributed.comm.timeouts.connect": SCHEDULER_WAIT}))
        address = where.scheduler or opened.enter_context(_of_this_machine(shared.work, min(workers or processors(), len(orders))))
        with _quiet():
            try:
                client = opened.enter_context(
                    Client(address, timeout=SCHEDULER_WAIT, set_as_default=False)  # type: ignore[no-untyped-call]
                )
            except (OSError, ValueError, ImportError) as error:
                raise no_cluster("scheduler", address=str(where.scheduler), error=type(error).__name__) from error
            _wait_for_workers(client)
            yield opened.enter_context(_supplied(client, where, orders, shared))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own lines off the screen: what goes wrong is told by the run."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _of_this_machine(work: Path, workers: int) -> Iterator[Any]:
    """Start a scheduler and workers that nobody else can reach: keys of their own, folders that only this user can open."""
    import dask
    from distributed import LocalCluster

    folder = Path(tempfile.mkdtemp(prefix="dask-", dir=private(work)))
    settings = {"distributed.scheduler.allowed-failures": DEATHS, "temporary-directory": str(folder)}
    try:
        with (
            dask.config.set(settings),
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                security=True,
                memory_limit=0,  # kernels have a limit of their own
                dashboard_address=None,
                worker_dashboard_address=None,
                local_directory=str(folder),
                silence_logs=logging.CRITICAL,
            ) as cluster,
        ):
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_workers(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_WAIT)
    except TimeoutError as error:
        raise no_cluster("workers", seconds=int(WORKERS_WAIT)) from error


@contextmanager
def _supplied(client: Any, where: Place, orders: Sequence[Order], shared: Shared) -> Iterator[Hands]:
    """Let every worker, and every one that comes later, hold what all jobs share."""
    from evaluation.batch.remote import TEMPLATE, Supplies, alive, fitness

    here = surroundings()
    for worker, there in client.run(surroundings, on_error="return").items():
        if other := differing(here, there) if isinstance(there, Mapping) else LIBRARY:
            raise no_cluster("other", worker=worker, what=other)
    read = next((order.job for order in orders if order.slice is None), None)
    files = {TEMPLATE: Sealed.of(orders[0].template)}
    if read is not None and where.ship:
        files |= _packed(read)
    life = client.submit(alive, key=f"{shared.mark}-alive", pure=False)
    try:
        client.register_plugin(Supplies(shared.mark, here, files, read, shared.state, life.key), name=shared.mark)
        for worker, unfit in client.run(fitness, shared.mark).items():
            if unfit:
                raise no_cluster(
                    "unseen" if unfit == STORE and not where.ship else "other", worker=worker, what=unfit, path=orders[0].job.store
                )
        yield Hands(client, shared.mark)
    finally:
        if client.status == "running":  # workers end with a scheduler that is lost
            with contextlib.suppress(Exception):
                client.unregister_worker_plugin(shared.mark)


def _packed(job: Job) -> dict[str, Sealed]:
    """Return a store with its ledger, as no load changes them meanwhile, and the analysis plans among its kept files."""
    from evaluation.store.session import reading

    plans = open_store(job.store, job.as_of).analysis_plans()
    files = {f"{STORE}.files/{plan.sha256}": Sealed(plan.sha256, plan.body) for plan in plans}
    with reading(job.store):
        files[STORE] = Sealed.of(job.store)
        if (ledger := beside(job.store, ".ledger")).exists():
            files[f"{STORE}.ledger"] = Sealed.of(ledger)
    return files


class Hands:
    """The workers of a cluster, supplied for a run.

    Parameters
    ----------
    client : distributed.Client
    mark : str
        The run's.
    """

    def __init__(self, client: Any, mark: str) -> None:
        self.client, self.mark = client, mark
        self.ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.unfit: dict[str, str] = {}
        self.room = 0
        self.alone: float | None = None
        self.lost = False

    def worked_through(self, orders: Sequence[Order], workers: int | None = None) -> Generator[Product, None, None]:
        """Do all jobs, and yield what came of each as it ends.

        Parameters
        ----------
        orders : sequence of Order
            The longest first.
        workers : int, optional
            Jobs at once at most; as many as the cluster has threads where left out.

        Yields
        ------
        Product
            Of every order one, whatever happens to workers or the scheduler.
        """
        waiting = deque(range(len(orders)))
        under_way: dict[Any, int] = {}
        by_name = {order.job.name: order for order in orders}
        self.client.subscribe_topic(self.mark, lambda event: _told(event[1], by_name))
        try:
            while waiting or under_way:
                lost = not self._there()
                while waiting and len(under_way) < min(workers or self.room, self.room) and not lost:
                    place = waiting.popleft()
                    under_way[self._sent(orders[place], place)] = place
                if lost:
                    yield from (_failed(orders[place], Reason.CLUSTER_LOST) for place in [*under_way.values(), *waiting])
                    return
                future = self._next()
                if future is None or future.cancelled():
                    self.lost = self.lost or future is not None  # Dask gives all of them up with its scheduler
                    continue
                place = under_way.pop(future)
                if (product := self._product(future, orders[place])) is None:
                    waiting.appendleft(place)
                else:
                    yield product
        finally:
            if self.client.status == "running":
                self.client.cancel(list(under_way))
                self.client.unsubscribe_topic(self.mark)

    def _there(self) -> bool:
        """Return whether there is a scheduler, and were workers not long ago; look how many there are."""
        if self.lost or self.client.status != "running":
            return False
        try:
            self.room = AHEAD * sum(self.client.nthreads().values())
        except (OSError, TimeoutError, RuntimeError):
            return False
        now = time.monotonic()
        self.alone = None if self.room else self.alone or now
        return self.alone is None or now - self.alone < WORKERS_WAIT

    def _sent(self, order: Order, place: int) -> Any:
        from evaluation.batch.remote import done_here

        parcel = Parcel(self.mark, order.job, order.limits, order.synthetic, Sealed.of(order.slice) if order.slice else None)
        fit = [worker for worker in self.client.nthreads() if worker not in self.unfit] if self.unfit else None
        future = self.client.submit(done_here, parcel, pure=False, priority=-place, workers=fit)
        future.add_done_callback(self.ended.put)
        return future

    def _next(self) -> Any:
        try:
            return self.ended.get(timeout=TURN)
        except queue.Empty:
            return None

    def _product(self, future: Any, order: Order) -> Product | None:
        """Return what came of a job; None where it has to be done elsewhere."""
        try:
            answer: Answer = future.result()
        except Exception as error:  # noqa: BLE001 - whatever a worker raises is this job's failure alone
            if self.client.status != "running":
                return _failed(order, Reason.CLUSTER_LOST)
            return _failed(order, Reason.WORKER_DIED, {"error": type(error).__name__})
        if answer.product is not None:
            _kept(order.folder, answer.left)
            return answer.product
        self.unfit[answer.worker] = answer.unfit
        if set(self.client.nthreads()) <= set(self.unfit):
            return _failed(order, Reason.CLUSTER_LOST if answer.unfit == GONE else Reason.OTHER_WORKER)
        return None


def _told(event: Mapping[str, Any], orders: Mapping[str, Order]) -> None:
    """Tell of what happened on a worker."""
    orders[event["job"]].watch(Event(event["name"], event["job"], event["told"]))


def _kept(folder: Path, left: Mapping[str, bytes]) -> None:
    """Keep a failed job's working files where a job of this machine would have left them."""
    with contextlib.suppress(OSError):
        for name, content in left.items():
            (private(folder) / Path(name).name).write_bytes(content)


def _failed(order: Order, reason: Reason, details: Mapping[str, str] | None = None) -> Product:
    from evaluation.batch.worker import Product

    return Product(replace(Record.failed(order.job, reason), details=dict(details or {})), {})
