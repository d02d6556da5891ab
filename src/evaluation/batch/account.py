"""The account of a run: what was asked for, how each job ended, and where the seconds went; one file a run."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from evaluation.batch.journal import read
from evaluation.batch.publish import publish
from evaluation.batch.records import Record
from evaluation.batch.stages import Clock

SCHEMA = 1


def path(folder: Path) -> Path:
    """Return the file of the run whose private folder this is."""
    return folder.with_name(f"{folder.name}.json")


def write(folder: Path, clock: Clock, records: Mapping[str, Record]) -> None:
    """Write the account of a run that comes to its end.

    Parameters
    ----------
    folder : Path
        The run's private folder, with its journal.
    clock : Clock
        Of the run itself.
    records : mapping of Record
        How the jobs ended, those included that were there before.
    """
    told = read(folder)
    content = {
        "schema": SCHEMA,
        "asked": dict(told.begun) if told else {},
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": {"processors": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "seconds": round(clock.seconds, 3),
        "stages": clock.rounded(),
        "jobs": {name: record.raw() for name, record in sorted(records.items())},
    }
    publish({path(folder): (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()}, folder.name)
