"""Building the store anew: the kept files are read again as they were read when they came."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.intake import rules
from evaluation.intake.findings import frame
from evaluation.intake.sandbox import Reader
from evaluation.store import Rebuilt
from evaluation.store import rebuild as rebuild_store

if TYPE_CHECKING:
    import pandas as pd


def rebuild(store: Path, target: Path | None = None) -> Rebuilt:
    """Make an evidence store anew from its ledger and the files that it keeps.

    Parameters
    ----------
    store : Path
        The store; its database may be damaged or gone.
    target : Path, optional
        Where to; in place of the old one where left out, which is then kept
        beside it.

    Returns
    -------
    store.Rebuilt
        With what differs from the ledger, if anything does: a later version
        of the suite may read a file in another way than the one that loaded it.

    Raises
    ------
    store.StoreError
        If the ledger is missing or damaged, or the new store cannot be written.
    """
    with Reader() as reader:

        def read(body: bytes, file: str, kept: str, received: dt.date) -> tuple[pd.DataFrame, pd.DataFrame, str]:
            reading = reader.read(body, file)
            if reading.cover is not None:
                reading = reading.also(rules.timing(reading, received))
            return reading.values, frame(reading.findings), reading.narrative

        return rebuild_store(store, target, read)
