"""A study for many settings: any notebook, a table of parameters, recorded values collected to one frame."""

from evaluation.batch.studies.ask import sweep
from evaluation.batch.studies.sweep import Sweep, Swept, run_sweep
from evaluation.batch.studies.table import WrongJobs

__all__ = ["Sweep", "Swept", "WrongJobs", "run_sweep", "sweep"]
