"""What a report's numbers can be made again from: data, code, packages, parameters, seed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.settings import folders

FACTS = ("plan", "codebook", "reference")
PACKAGES = ("pandas", "numpy", "scipy", "statsmodels", "duckdb", "matplotlib", "papermill")


@cache
def code_version() -> str:
    """Return the version of the library and a hash of its sources, the same on every machine."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".py", ".po", ".j2"}):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{importlib.metadata.version('evaluation')}+{digest.hexdigest()[:12]}"


def facts_version() -> str:
    """Return a hash of the plan, the codebook and the reference data, and of the example's starts of pilots: what reports take as given."""
    data = folders().data
    files = [p for name in FACTS for p in (data / name).rglob("*") if p.is_file()] + [data / "example" / "pilots_example.csv"]
    digest = hashlib.sha256()
    for path in sorted(p for p in files if p.exists()):
        digest.update(path.relative_to(data).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers depend on."""
    python = ".".join(str(n) for n in sys.version_info[:3])
    return {"python": python, **{name: importlib.metadata.version(name) for name in PACKAGES}}


def manifest(
    data_hash: str,
    parameters: Mapping[str, Any],
    synthetic: bool,
    budget_hash: str = "",
    made_by: tuple[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return a report's manifest: no time stamp, no path.

    Parameters
    ----------
    data_hash : str
        `EvidenceStore.content_hash()`, or the hash of a slice.
    parameters : mapping
        What the run chose.
    synthetic : bool
    budget_hash : str
        Of the budget file; empty where none was at hand.
    made_by : (str, mapping), optional
        Version of the code and of the packages, where they are known already.
    """
    code, packages = made_by or (code_version(), package_versions())
    return {
        "data_sha256": data_hash,
        "budget_sha256": budget_hash,
        "code": code,
        "packages": dict(packages),
        "parameters": dict(parameters),
        "synthetic": synthetic,
    }
