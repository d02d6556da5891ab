"""What a report is made from: where none of it changed, the report that is there is the one that would be made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.batch.jobs import PUBLISHED_PARAMETERS, Job
from evaluation.batch.manifest import package_versions
from evaluation.batch.publish import digest
from evaluation.reporting.provenance import code_version

# In the order in which they are told: the first that changed is the reason.
PARTS = ("code", "packages", "template", "parameters", "data")
FORCED, NEW, FAILED, FILES = "forced", "new", "failed", "files"


def inputs(job: Job, template: Path, data: str) -> dict[str, str]:
    """Return what a job's report is made from, each part as a short text that changes where the part does.

    Parameters
    ----------
    job : Job
    template : Path
        Its notebook.
    data : str
        Hash of what is read of the evidence.

    Returns
    -------
    dict
        code, packages, template, parameters, data.
    """
    public = {name: value for name, value in job.parameters.items() if name in PUBLISHED_PARAMETERS}
    return {
        "code": code_version(),
        "packages": _packages(),
        "template": digest(template.read_bytes()),
        "parameters": _hash(public),
        "data": data,
    }


@cache
def _packages() -> str:
    return _hash(package_versions())


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def why(end: Mapping[str, Any] | None, now: Mapping[str, str], folder: Path) -> str:
    """Return why a report has to be made; empty where the one that is there is the same.

    Parameters
    ----------
    end : mapping or None
        How its last run ended, as the manifest has it.
    now : mapping of str
        `inputs` of today.
    folder : Path
        Where its files lie.

    Returns
    -------
    str
        "new", "failed", "code", "packages", "template", "parameters", "data", "files" (one is missing or was changed), or "".
    """
    if end is None:
        return NEW
    if end["outcome"] == "failed":
        return FAILED
    before = end.get("inputs", {})
    if changed := next((part for part in PARTS if before.get(part) != now[part]), None):
        return changed
    return "" if all(_is(folder / name, sha256) for name, sha256 in end["files"].items()) else FILES


def _is(path: Path, sha256: str) -> bool:
    try:
        return digest(path.read_bytes()) == sha256
    except OSError:
        return False
