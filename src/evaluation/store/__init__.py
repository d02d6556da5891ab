"""The evidence store: one DuckDB file that keeps every submission and never overwrites one.

Values are kept in long form (ward, quarter, element) with the file, sheet and
cell that they came from. A corrected workbook is a new submission; a question
is always asked as of a date, and is answered from the last submission that
each district had sent for each period by the end of that day (of two that
came on one day, the one loaded last).

Beside the file ``store.duckdb`` stand ``store.duckdb.files`` (the accepted
files by hash), ``store.duckdb.ledger`` (what was committed, line by line) and
``store.duckdb.lock``. Files and ledger are the truth: the database can be made
again from them.
"""

from evaluation.store.decisions import decide
from evaluation.store.evidence import EvidenceStore, open_store
from evaluation.store.loading import Batch, Loaded, Submission, load, load_many
from evaluation.store.parquet import export
from evaluation.store.plans import KeptPlan, Registered, register
from evaluation.store.rebuilding import Rebuilt, fingerprint, rebuild
from evaluation.store.trouble import BrokenLedger, RowsLost, StoreError
from evaluation.store.upkeep import Check, backup, check

__all__ = [
    "Batch",
    "BrokenLedger",
    "Check",
    "EvidenceStore",
    "KeptPlan",
    "Loaded",
    "Rebuilt",
    "Registered",
    "RowsLost",
    "StoreError",
    "Submission",
    "backup",
    "check",
    "decide",
    "export",
    "fingerprint",
    "load",
    "load_many",
    "open_store",
    "rebuild",
    "register",
]
