"""The account of a run: what was asked for, how each job ended, and where the seconds went; one file a run."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation import kernels
from evaluation.batch.journal import Told, read
from evaluation.batch.manifest import package_versions
from evaluation.batch.publish import publish
from evaluation.batch.records import Record
from evaluation.batch.stages import Clock
from evaluation.reporting.provenance import code_version

SCHEMA = 1
KEPT = 100  # a run of the 24 takes some 60 KB: three years of the city's quarters, each made eight times, in 6 MB


def path(folder: Path) -> Path:
    """Return the file of the run whose private folder this is."""
    return folder.with_name(f"{folder.name}.json")


def write(folder: Path, clock: Clock, records: Mapping[str, Record], shared: Mapping[str, Any] | None = None) -> None:
    """Write the account of a run that comes to its end.

    Parameters
    ----------
    folder : Path
        The run's private folder, with its journal.
    clock : Clock
        Of the run itself.
    records : mapping of Record
        How the jobs ended, those included that were there before.
    shared : mapping, optional
        What is told of the work that all reports share: seconds, stages, cells; none where it was there already.
    """
    kernel, why = kernels.kernel_name()
    content = {
        **_begun(read(folder)),
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "killed": False,
        "machine": {"processors": os.cpu_count(), "system": platform.system()},
        "code": code_version(),
        "packages": package_versions(),
        "kernel": {"kind": "warm" if kernel == kernels.WARM else "ordinary", "why": why},
        "memory": {"kernel": max((r.peak for r in records.values()), default=0), "run": _own_peak()},
        "seconds": round(clock.seconds, 3),
        "stages": clock.rounded(),
        "shared": dict(shared or {}),
        "jobs": {name: record.raw() for name, record in sorted(records.items())},
    }
    _publish(folder, content)


def write_killed(told: Told) -> None:
    """Write the account of a run that was killed, from its journal: what it had made until then.

    Parameters
    ----------
    told : Told
    """
    jobs = {record.name: record.raw() for record, _ in told.ends}
    _publish(told.folder, {**_begun(told), "ended": None, "killed": True, "jobs": dict(sorted(jobs.items()))})


def _begun(told: Told | None) -> dict[str, Any]:
    return {"schema": SCHEMA, "asked": dict(told.begun) if told else {}}


def _publish(folder: Path, content: Mapping[str, Any]) -> None:
    publish({path(folder): (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()}, folder.name)
    for old in sorted(folder.parent.glob("*.json"))[:-KEPT]:  # their names begin with the time
        shutil.rmtree(old.with_suffix(""), ignore_errors=True)
        old.unlink(missing_ok=True)


def _own_peak() -> int:
    """Return the bytes of memory that this process held at most; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
