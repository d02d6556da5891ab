"""A Dask worker's side of a run: what it holds of the run in a private folder, and how it does a job that was sent to it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker
from tornado.ioloop import PeriodicCallback

from evaluation import kernels
from evaluation.batch.attempt import LOG
from evaluation.batch.environment import of_all
from evaluation.batch.events import Event
from evaluation.batch.jobs import Job
from evaluation.batch.kernel import NOTEBOOK
from evaluation.batch.parcel import GONE, STORE, Answer, Parcel, Sealed, differing, surroundings
from evaluation.batch.publish import digest
from evaluation.batch.watchdog import end_all
from evaluation.batch.worker import Order, fulfil
from evaluation.reporting.slices.shared import state
from evaluation.settings import private
from evaluation.store import StoreError

TEMPLATE = "template.ipynb"
LOOKS = 5.0  # seconds between two looks whether the batch is still there
PATIENCE = 30.0  # for jobs whose kernels were ended
LARGEST_LEFT = 20_000_000


class Supplies(WorkerPlugin):
    """What a worker holds of a run, from the run's beginning, or the worker's, to its end.

    Parameters
    ----------
    run : str
        The run's mark.
    made_by : mapping of str
        `parcel.surroundings` of the batch's machine.
    files : mapping of Sealed
        By name: the notebook; the store with its ledger, where they are sent.
    first : Job or None
        A job that reads the store; None where none does.
    evidence : str
        The store's state.
    life : str
        Key of a task that Dask forgets when the batch is gone.
    """

    def __init__(
        self, run: str, made_by: Mapping[str, str], files: Mapping[str, Sealed], first: Job | None, evidence: str, life: str
    ) -> None:
        self.name, self.made_by, self.files, self.first, self.evidence, self.life = run, made_by, files, first, evidence, life
        self.unfit = GONE

    async def setup(self, worker: Any) -> None:
        """Unpack, compare, and start the server of warm kernels."""
        self.worker = worker
        self.folder = private(Path(worker.local_directory) / f"run-{digest(self.name.encode())[:8]}")
        self.under_way = 0
        self.counting = threading.Lock()
        for name, sealed in self.files.items():
            sealed.unpacked(private((self.folder / name).parent) / Path(name).name)
        self.store = self.folder / STORE if STORE in self.files else None
        self.files = {}
        self.unfit = differing(self.made_by, surroundings()) or self._other_evidence()
        self.claim = None if self.unfit else kernels.start(of_all(self.folder))
        self.look = PeriodicCallback(self._look, LOOKS * 1000)
        self.look.start()

    def _other_evidence(self) -> str:
        """Return "store" where jobs read the store and the one here is none, or another."""
        if self.first is None:
            return ""
        try:
            found = state(self.store or self.first.store, self.first.as_of, self.first.period)
        except (StoreError, OSError):
            return STORE
        return "" if found == self.evidence else STORE

    async def _look(self) -> None:
        """End the run here where the batch has gone without a word."""
        with contextlib.suppress(OSError):
            found = await self.worker.scheduler.get_task_status(keys=[self.life])
            if found.get(self.life) is None:
                with contextlib.suppress(OSError, ValueError):  # another worker may have been first
                    await self.worker.scheduler.unregister_worker_plugin(name=self.name)

    async def teardown(self, worker: Any) -> None:
        """End the run's kernels on this worker, and leave nothing of it behind."""
        self.unfit = GONE
        self.look.stop()
        end_all(self.folder)
        waited = asyncio.get_running_loop().time() + PATIENCE
        while self.under_way and asyncio.get_running_loop().time() < waited:
            await asyncio.sleep(0.02)
        if self.claim:
            self.claim.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def do(self, parcel: Parcel) -> Answer:
        """Do a job.

        Parameters
        ----------
        parcel : Parcel
        """
        with self.counting:
            self.under_way += 1
        try:
            if self.unfit:
                return Answer(self.worker.address, unfit=self.unfit)
            order = self._order(parcel)
            product = fulfil(order)
            left = {} if product.record.done else dict(_left(order.folder))
            shutil.rmtree(order.folder, ignore_errors=True)
            return Answer(self.worker.address, product, left)
        finally:
            with self.counting:
                self.under_way -= 1

    def _order(self, parcel: Parcel) -> Order:
        job = replace(parcel.job, store=self.store) if self.store else parcel.job
        slices = private(self.folder / "slices")
        return Order(
            job,
            self.folder / TEMPLATE,
            self.folder / job.name,
            self.folder,
            parcel.limits,
            parcel.synthetic,
            parcel.slice.unpacked(slices / f"{parcel.slice.sha256}.npz") if parcel.slice else None,
            self._watch,
        )

    def _watch(self, event: Event) -> None:
        if self.unfit:
            end_all(self.folder)  # a kernel that started while the others were ended
        told = {name: value for name, value in event.told.items() if name != "process"}  # a number of this machine alone
        self.worker.log_event(self.name, {"name": event.name, "job": event.job, "told": told})


def _left(folder: Path) -> list[tuple[str, bytes]]:
    """Return what a job that failed left, for whoever looks into it."""
    there = [folder / name for name in (NOTEBOOK, LOG) if (folder / name).is_file()]
    return [(path.name, path.read_bytes()) for path in there if path.stat().st_size <= LARGEST_LEFT]


def done_here(parcel: Parcel) -> Answer:
    """Do a job in the Dask worker that this runs in.

    Parameters
    ----------
    parcel : Parcel
    """
    worker = get_worker()
    supplies = worker.plugins.get(parcel.run)
    return supplies.do(parcel) if isinstance(supplies, Supplies) else Answer(worker.address, unfit=GONE)


def fitness(run: str, dask_worker: Any) -> str:
    """Return why a worker does no job of a run; empty where it does.

    Parameters
    ----------
    run : str
    dask_worker : distributed.Worker
        Given by Dask.
    """
    supplies = dask_worker.plugins.get(run)
    return str(supplies.unfit) if isinstance(supplies, Supplies) else GONE


def alive() -> bool:
    """Be there: Dask keeps the result of this as long as the batch that asked for it lives."""
    return True
