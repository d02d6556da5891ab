"""The state of the evidence as of a date in one short text: it changes where anything changes that a report may read.

Found in milliseconds and without pandas, since it is asked for before anything is made.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from evaluation.store.connection import READER_WAITS
from evaluation.store.session import reading

# Rows are summed up by the database's own hash: equal states are found again by it, and a forger is the ledger's affair.
_ROWS = "select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from ({rows}) t"
_KNOWN = "select id from submissions where received <= $as_of"
_TABLES = {
    "kind": "select * from meta where $as_of is not null",
    "submissions": "select * exclude (load) from submissions where received <= $as_of",
    "values": f'select * from "values" where submission in ({_KNOWN})',
    "findings": f"select * from findings where submission in ({_KNOWN})",
    "decisions": "select * exclude (seal) from decisions where decided <= $as_of",
    "plans": "select * exclude (seal) from plans where registered <= $as_of",
}


def state_key(path: Path, as_of: dt.date, period: str, wait: float = READER_WAITS) -> str:
    """Return a key of all that a report of a period may read in a store as of a date.

    Parameters
    ----------
    path : Path
    as_of : date
    period : str
        "2018-Q4".
    wait : float
        Seconds to wait while a load has the store.

    Returns
    -------
    str
        64 hexadecimal digits, of submissions with their narratives, values,
        findings, decisions and analysis plans; what came after the date is not in it.

    Raises
    ------
    StoreError
        If there is no store there, or it cannot be read.
    RowsLost, BrokenLedger
        If it is not what its ledger says.
    """
    lines = [period, as_of.isoformat()]
    with reading(path, wait) as connection:
        for name, rows in _TABLES.items():
            found = connection.execute(_ROWS.format(rows=rows), {"as_of": as_of}).fetchone()
            lines.append(f"{name} {found}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
