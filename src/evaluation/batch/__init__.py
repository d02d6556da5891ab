"""Many reports from one notebook: parameters checked first, a kernel each, published whole or not at all."""

from evaluation.batch.jobs import DISTRICT, PILOT, Job, Limits
from evaluation.batch.parameters import WrongParameter, prepared
from evaluation.batch.place import NoCluster
from evaluation.batch.records import Reason, Record
from evaluation.batch.resume import Unfinished, last_unfinished
from evaluation.batch.run import Batch, Cancelled, Refused, run, wanted

__all__ = [
    "DISTRICT",
    "PILOT",
    "Batch",
    "Cancelled",
    "Job",
    "Limits",
    "NoCluster",
    "Reason",
    "Record",
    "Refused",
    "Unfinished",
    "WrongParameter",
    "last_unfinished",
    "prepared",
    "run",
    "wanted",
]
