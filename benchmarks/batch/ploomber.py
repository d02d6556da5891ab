"""ploomber-engine, which runs a notebook inside the calling process: imports are paid once, nothing is kept apart."""

from __future__ import annotations

import os
import sys

os.environ["PLOOMBER_STATS_ENABLED"] = "false"  # it would tell its makers of each run

from benchmarks.batch.in_process import export
from benchmarks.batch.work import Work
from ploomber_engine import execute_notebook


def main() -> None:
    """Run the jobs of a file one after the other."""
    work = Work.read(sys.argv[1])
    for name, parameters in work.jobs.items():
        execute_notebook(work.notebook, work.executed(name), parameters=dict(parameters), progress_bar=False, verbose=False)
        export(work, name)


if __name__ == "__main__":
    main()
