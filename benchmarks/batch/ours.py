"""Our own batch, called from Python: once from a standing start, or a second time with all that the first left warm."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from benchmarks.batch.work import Work, fresh

from evaluation.settings import DEFAULT_PERIOD, folders, private


def main() -> None:
    """Run the jobs of a file; with ``warm``, twice, and tell the seconds of the second."""
    work, how = Work.read(sys.argv[1]), sys.argv[2]
    if how == "warm":
        make(replace(work, out=str(fresh(Path(work.out).with_name("first")))))
    began, used = time.perf_counter(), time.process_time()
    make(work)
    print(json.dumps({"seconds": time.perf_counter() - began, "client": time.process_time() - used}))


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
    """Run any notebook as a row of `evaluation report --jobs` is run, and publish a page of each as a report is."""
    from evaluation import kernels
    from evaluation.batch.environment import of_all, of_job

    private_folder = private(folders().work)
    with kernels.start(of_all(private_folder)) or nullcontext():
        # While the server loads what the kernels need, this process loads what papermill and the pages need.
        import nbformat
        from nbconvert import HTMLExporter

        from evaluation.batch.jobs import Limits
        from evaluation.batch.kernel import Task, execute
        from evaluation.batch.pool import worked_through
        from evaluation.batch.publish import publish
        from evaluation.batch.stages import Clock

        exporter, limits = HTMLExporter(), Limits()

        def one(name: str) -> tuple[str, str]:
            folder = private(private_folder / "runs" / f"benchmark-{os.getpid()}" / name)
            surroundings = of_job(private_folder, folder, limits, None)
            task = Task(Path(work.notebook), work.jobs[name], folder, private_folder / "jupyter", surroundings, limits)
            page, _ = exporter.from_notebook_node(nbformat.from_dict(execute(task, Clock())))
            return name, page

        for name, page in worked_through(list(work.jobs), one, work.workers):
            publish({work.page(name): page.encode()}, "benchmark")


if __name__ == "__main__":
    main()
