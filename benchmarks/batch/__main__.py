"""How long all districts' reports take, beside every other way of running notebooks, in the same run.

``python -m benchmarks.batch``; `make benchmark` runs it. It says up front how
long it will take. Whole runs write benchmarks/RESULTS.md, parts of one write
work/benchmark/RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.batch.contestants import BY_KEY, CONTESTANTS
from benchmarks.batch.rounds import Ground, compared, present, warmed
from benchmarks.batch.work import district, frozen

from evaluation.settings import folders


def main() -> int:
    asked = _arguments()
    ground = Ground((folders().work / "benchmark").resolve())
    contestants = present([BY_KEY[k] for k in asked.only or BY_KEY], print)
    workers = len(os.sched_getaffinity(0))
    out = ground.folder / "out"
    works = {"frozen": frozen(asked.districts, out, workers), "district": district(asked.districts, out, workers, asked.store.resolve())}
    for kind in ("frozen", "district") if asked.notebook == "all" else (asked.notebook,):
        print(kind)
        ground.clear(ready=False)
        able = warmed(ground, contestants, works[kind], print)
        compared(ground, able, works[kind], asked.rounds, True, print)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="of every contestant (default 3)")
    parser.add_argument("--districts", type=int, default=24, help="the first so many (default 24)")
    parser.add_argument("--only", action="append", choices=[c.key for c in CONTESTANTS], help="leave out the others; may be repeated")
    parser.add_argument("--notebook", choices=["frozen", "district", "all"], default="all")
    parser.add_argument("--store", type=Path, default=folders().work / "test" / "store.duckdb", help="evidence for the real report")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
