"""Papermill's own function for one notebook after the other, as public users call it, with one exporter for all.

`sequential` is the way of the closest public peer, which renders one notebook
a district: `papermill.execute_notebook` in a loop, an ordinary kernel each, and
pages made at the end of each. `processes` gives the same function to joblib's
processes.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.batch.work import Work


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    return HTMLExporter()


def export(work: Work, name: str) -> None:
    """Write a job's page from its executed notebook."""
    page, _ = _exporter().from_filename(work.executed(name))
    Path(work.page(name)).write_text(page, "utf-8")


def one(work: Work, name: str, kernel: str = "python3") -> None:
    """Run a job's notebook and write its page."""
    import papermill

    papermill.execute_notebook(
        work.notebook, work.executed(name), parameters=dict(work.jobs[name]), kernel_name=kernel, progress_bar=False, log_output=False
    )
    export(work, name)


def sequential(work: Work) -> None:
    """One after the other in this process."""
    for name in work.jobs:
        one(work, name)


def processes(work: Work) -> None:
    """As many at once as there are workers, in joblib's own processes."""
    from benchmarks.batch.in_process import one  # by its module's name, which another process can import
    from joblib import Parallel, delayed

    Parallel(n_jobs=work.workers, backend="loky")(delayed(one)(work, name) for name in work.jobs)


if __name__ == "__main__":
    {"sequential": sequential, "processes": processes}[sys.argv[2]](Work.read(sys.argv[1]))
