"""Where the collected table of a sweep may lie: it has passed no gate, so nowhere where things are shared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from evaluation.batch.run import Refused
from evaluation.batch.studies.asked import StudyJob
from evaluation.batch.studies.kept import SWEEPS
from evaluation.language import words
from evaluation.settings import folders, private


def refused(key: str, **slots: object) -> Refused:
    """Return the error for a sweep that must not be run so."""
    said = words(f"batch.refused.{key}", **slots)
    return Refused(f"{said.vi} / {said.en}")


def results_place(results: Path, jobs: Collection[StudyJob], table: Path | None = None) -> Path:
    """Return where the collected table goes, checked.

    Parameters
    ----------
    results : Path
        As asked for.
    jobs : collection of StudyJob
    table : Path, optional
        The table of settings.

    Raises
    ------
    Refused
        If it lies in ``outputs``, where what passed the gate lies and nothing
        else, or among other files of the project outside the work folder; if
        it is a folder, the table of settings or a notebook; if it cannot be written.
    """
    place, known = results.resolve(), folders()
    outputs, root, work = known.outputs.resolve(), known.root.resolve(), known.work.resolve()
    if place.is_relative_to(outputs):
        raise refused("results_outputs", name=results.name)
    if place.is_relative_to(root) and not place.is_relative_to(work):
        raise refused("results_project", name=results.name)
    if place.is_dir() or place in {job.notebook for job in jobs} or (table is not None and place == table.resolve()):
        raise refused("results_taken", name=results.name)
    there = next(folder for folder in place.parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise refused("results_unwritable", name=there.name)
    return place


def usual_place(table: Path, work: Path) -> Path:
    """Return where the collected table of a file of settings goes where nothing else is asked for: private, a place for each file."""
    mark = hashlib.sha256(str(table.resolve()).encode()).hexdigest()[:8]
    return private(work / SWEEPS) / f"{table.stem[:60]}-{mark}.csv"
