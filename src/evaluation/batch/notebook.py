"""The executed notebook as it is published: code folded, nothing of the machine that ran it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from evaluation.batch.check import fragment_faults, text_faults
from evaluation.batch.jobs import PUBLISHED_PARAMETERS, Job

_ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}")
_INJECTED = "injected-parameters"


def cleaned(executed: dict[str, Any], job: Job, title: str) -> str:
    """Return an executed notebook ready to be published, the same bytes for the same results.

    Parameters
    ----------
    executed : dict
        The notebook as papermill returned it (nbformat 4); not changed.
    job : Job
        Its public parameters replace the injected ones.
    title : str

    Returns
    -------
    str
        JSON. Gone are timings, versions, random cell ids, standard error,
        the path of the store; code cells are folded.
    """
    notebook = copy.deepcopy(executed)
    cells = [_cell(cell, number, job) for number, cell in enumerate(notebook["cells"])]
    made = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "title": title,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(made, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _cell(cell: dict[str, Any], number: int, job: Job) -> dict[str, Any]:
    tags = list(cell["metadata"].get("tags", []))
    made: dict[str, Any] = {
        "cell_type": cell["cell_type"],
        "id": f"cell-{number:02d}",
        "metadata": {"tags": tags} if tags else {},
        "source": cell["source"],
    }
    if cell["cell_type"] == "code":
        made["metadata"]["jupyter"] = {"source_hidden": True}
        made["execution_count"] = cell["execution_count"]
        made["outputs"] = [_output(o) for o in cell["outputs"] if o.get("name") != "stderr"]
    if _INJECTED in tags:
        public = {k: v for k, v in job.parameters.items() if k in PUBLISHED_PARAMETERS}
        made["source"] = "\n".join(["# Parameters", *(f"{name} = {json.dumps(value)}" for name, value in public.items())])
    return made


def _output(output: dict[str, Any]) -> dict[str, Any]:
    made = {k: v for k, v in output.items() if k != "transient"}
    if "metadata" in made:
        made["metadata"] = {}
    if isinstance(plain := made.get("data", {}).get("text/plain"), str):
        made["data"] = {**made["data"], "text/plain": _ADDRESS.sub("", plain)}
    return made


def notebook_faults(text: str) -> tuple[str, ...]:
    """Return what keeps a cleaned notebook from being published.

    Parameters
    ----------
    text : str
        What `cleaned` returned.

    Returns
    -------
    tuple of str
        Names of faults, as of a page.
    """
    return tuple(sorted(set(_faults(json.loads(text)))))


def _faults(notebook: dict[str, Any]) -> Iterator[str]:
    yield from text_faults(notebook["metadata"]["title"])
    for cell in notebook["cells"]:
        # Code may say None; what is shown may not.
        yield from (fault for fault in text_faults(cell["source"]) if fault == "path" or cell["cell_type"] != "code")
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                yield "error"
            yield from (fault for fault in text_faults(str(output.get("text", ""))) if fault == "path")
            for kind, content in output.get("data", {}).items():
                if kind == "text/html":
                    yield from fragment_faults(content)
                elif kind in ("application/javascript", "image/svg+xml"):
                    yield "active"
                elif not kind.startswith("image/"):
                    # The plain writing of an object may say None: it is Python's, for a researcher.
                    yield from (fault for fault in text_faults(str(content)) if fault == "path")
