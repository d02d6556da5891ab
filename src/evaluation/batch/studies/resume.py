"""Taking up a sweep that was killed: the same rows, of which those that were done are known."""

from __future__ import annotations

from pathlib import Path

from evaluation.batch.journal import Told, unfinished
from evaluation.batch.studies.asked import ID, NOTEBOOK, STUDY, asked
from evaluation.batch.studies.sweep import Sweep
from evaluation.batch.studies.table import from_rows
from evaluation.settings import folders


def last_unfinished(work: Path | None = None) -> Sweep | None:
    """Return the run that never came to its end, if the last such run is a sweep; None where it is one of reports, or all did.

    Parameters
    ----------
    work : Path, optional
        The private folder of all runs; the project's own where left out.

    Raises
    ------
    WrongJobs
        If its notebook is gone or takes other parameters now.
    """
    place = (work or folders().work).resolve()
    found = unfinished(place)
    return _again(found[-1], place) if found and found[-1].begun.get("kind") == STUDY else None


def _again(told: Told, work: Path) -> Sweep:
    begun = told.begun
    rows = [{ID: job["subject"], NOTEBOOK: job["notebook"], **job["given"]} for job in begun["jobs"]]
    done = {record.name for record, _ in told.ends if record.done}
    results = Path(begun["results"]) if begun["results"] else None
    return Sweep(asked(from_rows(rows)).studies, results, work, frozenset(begun["force"]) - done, begun["keep"])
