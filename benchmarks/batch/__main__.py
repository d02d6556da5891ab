"""How long all districts' reports take, beside every other way of running notebooks, in the same run.

``python -m benchmarks.batch``, or `make benchmark-batch`. It says up front how
long it will take. A whole run writes benchmarks/RESULTS.md and the figures in
docs/pictures; a run of parts writes them into work/benchmark.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.batch import pictures, results
from benchmarks.batch.contestants import BY_KEY, CONTESTANTS, Contestant
from benchmarks.batch.growth import account, again, grown
from benchmarks.batch.measure import Ended
from benchmarks.batch.parts import measured_parts
from benchmarks.batch.rounds import Ground, Standing, compared, prepare, present, warmed
from benchmarks.batch.work import Work, district, frozen, light

from evaluation.settings import folders

FEW = 6  # reports in which each peer shows its memory
GROWTH = ((frozen, 24, 6), (frozen, 96, 24), (light, 700, 100))  # notebook, reports, reports a block
LIGHT_SECONDS = 0.4


def main() -> int:
    """Run what is asked for and write it down; 0 if all pages said the same and every way that can run came through."""
    asked = _arguments()
    benchmark = Benchmark(asked)
    try:
        fcntl.flock(benchmark.alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Another benchmark runs in {benchmark.ground.folder}.", file=sys.stderr)
        return 2
    print(f"This takes about {benchmark.minutes():.0f} minutes on two quiet cores.", flush=True)
    benchmark.run()
    return benchmark.written()


class Benchmark:
    """One benchmark from its arguments to its page."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.ground = Ground((folders().work / "benchmark").resolve())
        self.ground.folder.mkdir(parents=True, exist_ok=True)
        self.alone = (self.ground.folder / "lock").open("w")
        self.workers = len(os.sched_getaffinity(0))
        self.found = results.Found(asked.districts, self.workers)
        self.contestants = present([BY_KEY[k] for k in BY_KEY if k in (asked.only or BY_KEY)], self.tell_absent)
        out = self.ground.folder / "out"
        self.works = {
            "frozen": frozen(asked.districts, out, self.workers),
            "district": district(asked.districts, out, self.workers, asked.store.resolve()),
        }
        self.kinds = ("frozen", "district") if asked.notebook == "all" else (asked.notebook,)

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        asked = self.asked
        return not asked.only and asked.notebook == "all" and asked.districts == 24 and asked.rounds >= 3 and asked.growth

    def minutes(self) -> float:
        """Return roughly how long it will take."""
        a_report = sum(c.usual for c in self.contestants)
        turns = self.asked.rounds * len(self.kinds) + ("district" in self.kinds)
        seconds = a_report * self.asked.districts * turns + 8 * len(self.contestants) * len(self.kinds) * 2 + a_report * FEW
        if self.asked.growth:
            seconds += sum(count * (LIGHT_SECONDS if make is light else BY_KEY["cold"].usual) for make, count, _ in GROWTH) + 120
        return seconds / 60

    def tell(self, line: str) -> None:
        """Say what happens."""
        print(line, flush=True)

    def tell_absent(self, line: str) -> None:
        """Say what cannot be measured, here and in the results."""
        self.found.absent.append(line.strip())
        self.tell(line)

    def run(self) -> None:
        """Measure everything that was asked for."""
        for kind in self.kinds:
            self.tell(results.TITLES[kind, True])
            work = self.works[kind]
            shared = kind == "district" and prepare(self.ground, work, self.tell)
            able = warmed(self.ground, self.contestants, work, self.tell_absent)
            self.found.standings[kind, True] = compared(self.ground, able, work, self.asked.rounds, True, self.tell)
            if shared:
                self.tell(results.TITLES[kind, False])
                counted = [c for c in able if not c.says]  # the others' first report, uncounted, would make what is shared
                self.found.standings[kind, False] = compared(self.ground, counted, work, 1, False, self.tell)
        if self.asked.growth:
            self.more()

    def more(self) -> None:
        """Measure memory, growth, runs again, stages and parts."""
        cold, work = BY_KEY["cold"], self.works["district"]
        self.tell("Memory")
        few = frozen(min(FEW, self.asked.districts), self.ground.folder / "out", self.workers)
        for contestant in self.contestants:
            self.try_to(contestant, few)
        self.tell("Growth")
        for make, count, size in GROWTH:
            many = make(count, self.ground.folder / "out", self.workers)
            blocks = grown(self.ground, cold, many, size, self.tell)
            self.found.growth.append((f"{count} reports of the {many.kind} notebook", blocks))
        self.tell("Run again")
        self.found.again = again(self.ground, work, self.tell)
        self.tell("Where the seconds go")
        run = self.ground.run(cold, work, ready=True)
        self.found.account, self.found.account_seconds = account(self.ground), run.seconds
        standings = self.found.standings
        ready, empty = standings.get(("district", True), {}), standings.get(("district", False), {})
        shared = _seconds(empty, "cold") - _seconds(ready, "cold")
        start = _seconds(ready, "cold") - _seconds(ready, "warm")
        self.tell("One worker, warm")
        jobs = dict(list(work.jobs.items())[:FEW])
        alone = self.ground.run(BY_KEY["warm"], replace(work, workers=1, jobs=jobs), ready=True)
        self.found.alone = account(self.ground)
        self.found.parts = measured_parts(alone, len(jobs), self.found.alone, shared, start)

    def try_to(self, contestant: Contestant, work: Work) -> None:
        """Measure the memory of a way, if it can run."""
        try:
            run = self.ground.run(contestant, work, ready=True, watched=True)
        except (Ended, OSError) as error:
            self.tell(f"  {contestant.key}: {error}")
            return
        self.found.memory[contestant.key] = run
        told = f"all {run.family / results.MEGABYTE:.0f} MB, worker with kernel {run.pair / results.MEGABYTE:.0f} MB"
        self.tell(f"  {contestant.key:<11} {told}")

    def written(self) -> int:
        """Write the page and its figures; return the exit code."""
        root = folders().root
        target = root / "benchmarks" / "RESULTS.md" if self.whole else self.ground.folder / "RESULTS.md"
        shown = root / "docs" / "pictures" if self.whole else self.ground.folder
        made: dict[str, str] = {}
        if self.found.parts is not None:
            pictures.scale_out(self.found.parts, shown / "scale-out.png")
            made["scale-out"] = os.path.relpath(shown / "scale-out.png", target.parent)
        if self.found.account:
            pictures.stages(self.found.account, self.found.account_seconds, shown / "batch-stages.png")
            made["stages"] = os.path.relpath(shown / "batch-stages.png", target.parent)
        target.write_text(results.page(self.found, made), "utf-8")
        for row in results.targets(self.found):
            if row.met is not None:
                self.tell(f"{'met    ' if row.met else 'NOT MET'}  {row.words}: {row.bound}; {row.measured}")
        self.tell(f"written: {target}")
        return 1 if any(s.faults for standings in self.found.standings.values() for s in standings.values()) else 0


def _seconds(standings: dict[str, Standing], key: str) -> float:
    return standings[key].seconds if key in standings and standings[key].runs else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="of every way (default 3)")
    parser.add_argument("--districts", type=int, default=24, help="the first so many (default 24)")
    parser.add_argument("--only", action="append", choices=[c.key for c in CONTESTANTS], help="leave out the others; may be repeated")
    parser.add_argument("--notebook", choices=["frozen", "district", "all"], default="all")
    parser.add_argument(
        "--growth", action=argparse.BooleanOptionalAction, default=True, help="memory, 24 to 700 reports, runs again, stages, scale-out"
    )
    parser.add_argument("--store", type=Path, default=folders().work / "test" / "store.duckdb", help="evidence for the real report")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
