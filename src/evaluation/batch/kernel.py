"""One notebook, run by papermill in its own kernel; how it failed, if it did, told from the exception and never from metadata."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill import PapermillExecutionError, execute_notebook

from evaluation.batch.ending import PROCESS, end_kernel
from evaluation.batch.jobs import Job, Limits
from evaluation.batch.records import JobFailure, Reason

KERNEL = "python3"
NOTEBOOK = "notebook.ipynb"
ATTEMPTS = 2


class WatchedKernel(AsyncKernelManager):
    """A kernel whose process number lies in the job's folder, so that whoever ends the job ends it too."""

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **kw)
        process = getattr(self.provisioner, "pid", None)
        if process:
            (Path(os.environ["EVALUATION_JOB"]) / PROCESS).write_text(str(process), "utf-8")


def execute(template: Path, job: Job, folder: Path, limits: Limits) -> dict[str, Any]:
    """Run the notebook with the job's parameters.

    Parameters
    ----------
    template : Path
    job : Job
    folder : Path
        The job's private folder; the working notebook stays there.
    limits : Limits

    Returns
    -------
    dict
        The executed notebook.

    Raises
    ------
    JobFailure
        A kernel that does not start is tried once more; nothing else is.
    """
    for attempt in range(1, ATTEMPTS + 1):
        began: list[int] = []
        try:
            return _once(template, job, folder, limits, began)
        except (RuntimeError, NoSuchKernel, zmq.ZMQError) as error:
            if began:
                raise JobFailure(_runtime(error), **_where(began)) from error
            if attempt == ATTEMPTS:
                raise JobFailure(Reason.KERNEL_START) from error
        except CellTimeoutError as error:
            raise JobFailure(Reason.TIMEOUT, **_where(began)) from error
        except PapermillExecutionError as error:
            reason, details = _cell(error)
            raise JobFailure(reason, **details) from error
        except CellExecutionError as error:
            raise JobFailure(Reason.CELL_ERROR, **_where(began)) from error
        finally:
            end_kernel(folder)
    raise AssertionError("unreachable")


def _once(template: Path, job: Job, folder: Path, limits: Limits, began: list[int]) -> dict[str, Any]:
    notebook: dict[str, Any] = execute_notebook(
        _unformatted(template),
        _unformatted(folder / NOTEBOOK),
        parameters=job.parameters,
        kernel_name=KERNEL,
        progress_bar=False,
        log_output=False,
        start_timeout=limits.start,
        execution_timeout=limits.cell,
        kernel_manager_class=WatchedKernel,
        shutdown_kernel="immediate",
        on_cell_start=lambda cell, cell_index: began.append(cell_index),
    )
    return notebook


def _unformatted(path: Path) -> str:
    """Return a path that papermill, which takes it for a format, leaves as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _runtime(error: Exception) -> Reason:
    if isinstance(error, DeadKernelError | zmq.ZMQError):
        return Reason.KERNEL_DIED
    return Reason.TIMEOUT if "Timeout waiting" in str(error) else Reason.CELL_ERROR  # output that did not come in time


def _where(began: list[int]) -> dict[str, str]:
    """Name the cell by its place among all cells, from 1."""
    return {"cell": str(began[-1] + 1)} if began else {}


def _cell(error: PapermillExecutionError) -> tuple[Reason, dict[str, str]]:
    reason = Reason.MEMORY if error.ename == "MemoryError" else Reason.CELL_ERROR
    return reason, {"cell": str(error.cell_index + 1), "error": str(error.ename)}
