"""What runs notebooks faster on one machine: threads of one process, or joblib's own processes (loky).

``python benchmarks/backends.py [NOTEBOOKS] [ROUNDS]``. Both are given the same small notebook, the same papermill client and the
same warm kernels; each round starts both anew, in turn, and the order changes. Told are the seconds until the first notebook is back
and until all are, and the memory (PSS) of the processes that run papermill, kernels and their server not counted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

HERE = Path(__file__).parent
BACKENDS = ("threading", "loky")
WORKERS = 2


def one(place: int, folder: str) -> tuple[int, int]:
    """Run the notebook, and return what memory this process shares with none, and its number."""
    from evaluation.batch.environment import of_all
    from evaluation.batch.jobs import Limits
    from evaluation.batch.kernel import Task, execute
    from evaluation.batch.stages import Clock
    from evaluation.settings import private

    own = private(Path(folder, str(place)))
    environment = {**of_all(Path(folder)), "IPYTHONDIR": str(private(own / "ipython"))}
    execute(Task(HERE / "batch" / "light.ipynb", {"place": place}, own, Path(folder, "j"), environment, Limits()), Clock())
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return os.getpid(), next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def measured(backend: str, count: int) -> dict[str, float]:
    """Run all notebooks in this process and tell what they took."""
    began = time.monotonic()
    from joblib import Parallel, delayed

    from evaluation import kernels
    from evaluation.batch.environment import of_all

    with tempfile.TemporaryDirectory() as folder, kernels.start(of_all(Path(folder))) or nullcontext():
        parallel = Parallel(n_jobs=WORKERS, backend=backend, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1)
        first, memory = 0.0, {}
        for pid, held in parallel(delayed(one)(place, folder) for place in range(count)):
            first = first or time.monotonic() - began
            memory[pid] = held
        return {"first": first, "all": time.monotonic() - began, "memory": sum(memory.values()) / 2**20}


def main() -> None:
    """Measure both, each in a process of its own, and print the medians."""
    count, rounds = (int(word) for word in (*sys.argv[1:], *("24", "3")[len(sys.argv) - 1 :]))
    found: dict[str, list[dict[str, float]]] = {backend: [] for backend in BACKENDS}
    for round_ in range(rounds):
        for backend in BACKENDS if round_ % 2 == 0 else reversed(BACKENDS):
            told = subprocess.run([sys.executable, __file__, "--one", backend, str(count)], stdout=subprocess.PIPE, check=True)
            found[backend].append(json.loads(told.stdout))
    print(f"{count} notebooks, {WORKERS} at once, {rounds} rounds, medians; load {os.getloadavg()[0]:.1f}")
    for backend in BACKENDS:
        first, all_, memory = (statistics.median(r[name] for r in found[backend]) for name in ("first", "all", "memory"))
        each = (all_ - first) / (count - 1)
        print(f"{backend:10} first {first:6.2f} s   all {all_:6.2f} s   each after the first {each:5.2f} s   {memory:5.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        from backends import measured as measured_here  # by its module's name, which another process can import

        print(json.dumps(measured_here(sys.argv[2], int(sys.argv[3]))))
    else:
        main()
