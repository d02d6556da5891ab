"""What the kernels of a run find around them: their tools write where they may, and a user's own settings change no figure."""

from __future__ import annotations

import os
from pathlib import Path

from evaluation.batch.jobs import Limits
from evaluation.kernels.bounds import MEMORY, OUTPUT
from evaluation.settings import private

JOB = "EVALUATION_JOB"
# One thread a process: reports run side by side, and sums come out in the same order.
STEADY = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
}


# What a user set for work of their own: programs at the start, another look of figures, another strictness.
DROPPED = frozenset({"PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE", "MATPLOTLIBRC", "MPLBACKEND"})
CUSTOMIZING = ("sitecustomize", "usercustomize")


def of_all(work: Path) -> dict[str, str]:
    """Return what the kernels of all jobs find alike.

    Parameters
    ----------
    work : Path
        The private folder of all runs.
    """
    found = {name: value for name, value in os.environ.items() if name not in DROPPED}
    if given := found.pop("PYTHONPATH", ""):
        found["PYTHONPATH"] = os.pathsep.join(place for place in given.split(os.pathsep) if not _customizes(Path(place)))
    return {**found, **STEADY, "MPLCONFIGDIR": str(private(work / "matplotlib"))}


def _customizes(folder: Path) -> bool:
    """Tell whether Python would run something of a folder at its start."""
    return any((folder / name).is_dir() or (folder / f"{name}.py").exists() for name in CUSTOMIZING)


def of_job(work: Path, folder: Path, limits: Limits, slice_file: Path | None) -> dict[str, str]:
    """Return the whole environment of one job's kernel.

    Parameters
    ----------
    work, folder : Path
        The private folders of all runs and of the job.
    limits : Limits
    slice_file : Path or None
        What the report is made from, where it was worked out for all before.
    """
    own = {
        JOB: str(folder),
        "IPYTHONDIR": str(private(folder / "ipython")),
        MEMORY: str(limits.memory),
        OUTPUT: str(limits.output),
    }
    return {**of_all(work), **own} | ({"EVALUATION_SLICE": str(slice_file)} if slice_file else {})
