"""Our own batch, called from Python: once from a standing start, or a second time with all that the first left warm."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.batch.work import Work, fresh

from evaluation.settings import DEFAULT_PERIOD


def main() -> None:
    """Run the jobs of a file; with ``warm``, twice, and tell the seconds of the second."""
    work, how = Work.read(sys.argv[1]), sys.argv[2]
    if how == "warm":
        make(replace(work, out=str(fresh(Path(work.out).with_name("first")))))
    began = time.perf_counter()
    make(work)
    print(json.dumps({"seconds": time.perf_counter() - began}))


def make(work: Work) -> None:
    """Make all pages."""
    if work.kind == "district":
        _reports(work)
    else:
        _notebooks(work)


def _reports(work: Work) -> None:
    from evaluation.batch import prepared, run

    first = next(iter(work.jobs.values()))
    jobs = prepared([str(p["district"]) for p in work.jobs.values()], DEFAULT_PERIOD, "vi", Path(str(first["store"])))
    if failed := run(jobs, Path(work.out), workers=work.workers, force=True).failed:
        raise SystemExit(f"{len(failed)} reports failed, first {failed[0].name}: {failed[0].sentence('en')}")


def _notebooks(work: Work) -> None:
    import os

    import nbformat
    from nbconvert import HTMLExporter

    from evaluation.batch.jobs import Limits
    from evaluation.batch.kernel import Task, execute
    from evaluation.batch.pool import worked_through
    from evaluation.batch.stages import Clock

    exporter = HTMLExporter()
    folder = fresh(Path(work.out) / "work")

    def one(name: str) -> None:
        (folder / name).mkdir()
        made = execute(Task(Path(work.notebook), work.jobs[name], folder / name, dict(os.environ), Limits()), Clock())
        page, _ = exporter.from_notebook_node(nbformat.from_dict(made))
        work.page(name).write_text(page, "utf-8")

    for _ in worked_through(list(work.jobs), one, work.workers):
        pass


if __name__ == "__main__":
    main()
