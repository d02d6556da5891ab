"""A study for many settings from a notebook or a program: rows in, one frame out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.batch.jobs import Limits
from evaluation.batch.studies.asked import asked as read
from evaluation.batch.studies.place import refused, results_place
from evaluation.batch.studies.sweep import Sweep, run_sweep
from evaluation.batch.studies.table import from_file, from_rows
from evaluation.settings import folders

if TYPE_CHECKING:
    import pandas as pd


def sweep(
    notebook: str | Path | None,
    jobs: pd.DataFrame | Sequence[Mapping[str, Any]] | str | Path,
    *,
    results: str | Path | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    force: bool | Collection[str] = False,
    work: Path | None = None,
) -> pd.DataFrame:
    """Run a notebook once for each row of settings and return what the rows recorded as one frame.

    Parameters
    ----------
    notebook : path or None
        Any notebook with a cell tagged ``parameters``; None where each row names its own.
    jobs : DataFrame, sequence of mappings, or path
        One row a job, one column a parameter; a path is that of a CSV. What
        is left out or missing keeps the notebook's default. A column "job"
        names rows, a column "notebook" the notebook of each.
    results : path, optional
        A CSV of the frame.
    workers : int, optional
        Rows at once; as many as the machine has processors where left out.
    limits : Limits, optional
        Of time, memory and printing, for each row.
    force : bool or collection of str
        Run all rows, or those named, though what they record is known.
    work : Path, optional
        Private folder for working files; the project's own where left out.

    Returns
    -------
    DataFrame
        job, parameters, run_outcome, run_reason, run_seconds, recorded values; a
        row that failed is there with its reason.

    Raises
    ------
    WrongJobs
        With all that is wrong in the rows, before anything is started.
    Refused
        If `results` must not lie where it is asked for, or rows ask for published reports.
    """
    path = Path(jobs) if isinstance(jobs, str | Path) else None
    rows: Any = jobs.to_dict("records") if hasattr(jobs, "to_dict") else jobs
    table = from_rows(rows) if path is None else from_file(path)
    found = read(table, Path(notebook) if notebook is not None else None, path.parent if path else None)
    if found.reports:
        raise refused("reports_swept")
    place = None if results is None else results_place(Path(results), found.studies, path)
    names = {job.name for job in found.studies}
    again = names if force is True else set(force or ()) & names
    asked = Sweep(found.studies, place, (work or folders().work).resolve(), frozenset(again))
    return run_sweep(asked, workers=workers, limits=limits).frame
