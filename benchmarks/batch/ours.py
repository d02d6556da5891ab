"""Our own batch, called from Python: once from a standing start, or a second time with all that the first left warm."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from benchmarks.batch.work import Work, fresh

from evaluation.settings import DEFAULT_PERIOD


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
    from benchmarks.batch.in_process import one
    from joblib import Parallel, delayed

    from evaluation.kernels import kernel_name, start

    with start() or nullcontext():
        Parallel(n_jobs=work.workers, backend="threading")(delayed(one)(work, name, kernel_name().name) for name in work.jobs)


if __name__ == "__main__":
    main()
