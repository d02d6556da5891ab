"""What a folder of reports was made from, when, and how each report's last run ended: the one file with a time in it."""

from __future__ import annotations

import datetime as dt
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from evaluation.batch.jobs import KINDS, Job
from evaluation.batch.publish import digest
from evaluation.batch.records import Record
from evaluation.reporting.provenance import code_version
from evaluation.settings import folders

MANIFEST = "manifest.json"
INDEX = "index.html"
SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """One run, as the manifest tells of it.

    Attributes
    ----------
    jobs : tuple of Job
    template : Path
    content : str
        Hash of the store's values in force when the run began.
    began : datetime
        With its time zone.
    """

    jobs: tuple[Job, ...]
    template: Path
    content: str
    began: dt.datetime


def commit() -> str:
    """Return the commit of the project's own repository ("+changes" where files differ from it), or "none"."""
    root = folders().root

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    # An archive unpacked inside somebody's repository is not that repository's version.
    top, commit = git("rev-parse", "--show-toplevel"), git("rev-parse", "--verify", "HEAD")
    if not top or not commit or Path(top).resolve() != root:
        return "none"
    return commit + ("+changes" if git("status", "--porcelain") else "")


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that the project stands on."""
    try:
        stated = metadata.requires("evaluation") or []
    except metadata.PackageNotFoundError:
        return {"python": platform.python_version()}
    names = sorted({re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0] for requirement in stated})
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder of reports; empty where there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("schema") == SCHEMA else {}


def last_ends(folder: Path) -> dict[str, dict[str, Any]]:
    """Return how each report's last run ended, by "760-vi", as the manifest has it."""
    return {f"{_subject(entry)}-{entry['language']}": entry for entry in read(folder).get("jobs", [])}


def _subject(entry: Mapping[str, Any]) -> str:
    return next(str(entry[kind]) for kind in KINDS if kind in entry)


def entry(record: Record, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest's entry on how a job ended; a failure by its kind alone.

    Parameters
    ----------
    record : Record
    inputs : mapping of str
        What its report was made from.
    """
    told: dict[str, Any] = {record.kind: record.subject, "language": record.language, "outcome": record.outcome, "seconds": record.seconds}
    if record.done:
        return told | {"status": record.status, "files": dict(record.files), "inputs": dict(inputs)}
    return told | {"reason": str(record.reason)}


def written(folder: Path, run: Run, ends: Mapping[str, Mapping[str, Any]], index: bytes) -> bytes:
    """Return the manifest of a folder of reports after a run.

    Parameters
    ----------
    folder : Path
    run : Run
    ends : mapping
        Entries of all reports of the folder, those of earlier runs included.
    index : bytes
        The index that is published with it.
    """
    first = run.jobs[0]
    files = {path.name: digest(path.read_bytes()) for kind in KINDS for path in sorted(folder.glob(f"{kind}-*.*"))}
    content = {
        "schema": SCHEMA,
        "run": {
            "began": run.began.astimezone(dt.UTC).isoformat(timespec="seconds"),
            "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        },
        "code": {"version": code_version(), "commit": commit()},
        "packages": package_versions(),
        "template": {"name": run.template.name, "sha256": digest(run.template.read_bytes())},
        "parameters": {
            f"{first.kind}s": [j.subject for j in run.jobs],
            "languages": sorted({j.language for j in run.jobs}),
            "period": first.period,
            "as_of": first.as_of.isoformat(),
            "seed": first.seed,
        },
        "store": {"content_sha256": run.content},
        "jobs": [dict(ends[name]) for name in sorted(ends)],
        "outputs": {INDEX: digest(index)} | files,
    }
    return (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
