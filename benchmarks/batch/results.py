"""What a benchmark found, as a page of text: the machine, medians, ratios, targets met or not, and where the seconds go."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from benchmarks.batch.contestants import BY_KEY
from benchmarks.batch.growth import UNCHANGED_SECONDS, Again, Block, flat
from benchmarks.batch.machine import described
from benchmarks.batch.measure import Run
from benchmarks.batch.pictures import cells_together, spent
from benchmarks.batch.rounds import Standing
from benchmarks.batch.scale_out import JOBS, WORKERS, Parts, course, sentence

MEGABYTE = 2**20
AGAINST_SHELL, COLD_FLOOR, WARM_FLOOR, CELLS, PAIR = 12.0, 1.7, 1.4, 0.6, 350 * MEGABYTE
TITLES = {
    ("frozen", True): "The frozen notebook: 15 cells, 8 figures",
    ("district", True): "The real district report, shared results ready for all",
    ("district", False): "The real district report, shared results not ready: each begins with an empty cache, one round",
}
NOTES = {
    ("frozen", True): "Ours runs each notebook as a row of `evaluation report --jobs` is run, and publishes a page of each by nbconvert.",
    ("district", True): "Every other way runs the same template and opens the same store; each finds in its cache what all reports share.",
    ("district", False): "Ways that make a first report before their time is taken are left out: it would make what is shared.",
}


@dataclass
class Found:
    """All that a benchmark found; what was not asked for is empty."""

    districts: int
    workers: int
    standings: dict[tuple[str, bool], dict[str, Standing]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    memory: dict[str, Run] = field(default_factory=dict)
    growth: list[tuple[str, list[Block]]] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    account: Mapping[str, Any] = field(default_factory=dict)
    account_seconds: float = 0.0
    alone: Mapping[str, Any] = field(default_factory=dict)
    parts: Parts | None = None


@dataclass(frozen=True)
class Target:
    """A bound and what was measured.

    Attributes
    ----------
    words : str
    bound, measured : str
    met : bool or None
        None where it was not measured.
    """

    words: str
    bound: str
    measured: str
    met: bool | None


def targets(found: Found) -> list[Target]:
    """Return every target beside what was measured."""
    rows: list[Target] = []
    for kind, words in (("frozen", "the frozen notebook"), ("district", "the real report, shared results ready")):
        standings = found.standings.get((kind, True), {})
        rows.append(_times(f"ours cold beside the shell loop, {words}", standings, "shell", "cold", AGAINST_SHELL, least=True))
        rows.append(_times(f"ours cold beside the floor in two processes, {words}", standings, "cold", "floor-2", COLD_FLOOR))
        rows.append(_times(f"ours warm beside the floor in two processes, {words}", standings, "warm", "floor-2", WARM_FLOOR))
    cells = [cells_together(job) for job in found.alone.get("jobs", {}).values() if job["outcome"] == "done"]
    value = statistics.median(cells) if cells else None
    rows.append(_target("cells of a real report on one core, shared results ready", value, CELLS, "s"))
    pair = found.memory["cold"].pair / MEGABYTE if "cold" in found.memory else None
    rows.append(_target("worker and kernel together (PSS)", pair, PAIR / MEGABYTE, "MB"))
    nothing = [a.seconds for a in found.again if a.words == "nothing changed"]
    rows.append(_target("nothing changed, start included", statistics.median(nothing) if nothing else None, UNCHANGED_SECONDS, "s"))
    for words, blocks in found.growth:
        if (same := flat(blocks)) is not None:
            last = blocks[-1].seconds / blocks[1].seconds
            rows.append(Target(f"time and memory a report flat, {words}", "within 15%", f"last block {last:.2f} of the second", same))
    return rows


def _times(words: str, standings: Mapping[str, Standing], above: str, below: str, bound: float, least: bool = False) -> Target:
    told = f"{'at least' if least else 'at most'} {bound:g} times"
    if above not in standings or below not in standings:
        return Target(words, told, "", None)
    ratio = standings[above].seconds / standings[below].seconds
    if isnan(ratio):
        return Target(words, told, "", None)
    return Target(words, told, f"{ratio:.2f} times", ratio >= bound if least else ratio <= bound)


def _target(words: str, value: float | None, bound: float, unit: str) -> Target:
    if value is None:
        return Target(words, f"under {bound:g} {unit}", "", None)
    return Target(words, f"under {bound:g} {unit}", f"{value:.2f} {unit}" if value < 10 else f"{value:.0f} {unit}", value < bound)


def page(found: Found, pictures: Mapping[str, str]) -> str:
    """Return the results as Markdown; pictures by name, their paths beside the page."""
    return "\n".join(_lines(found, pictures)) + "\n"


def _lines(found: Found, pictures: Mapping[str, str]) -> Iterator[str]:
    yield "# What all districts' reports cost, beside other ways of running notebooks\n"
    yield "Written by `make benchmark-batch`; the data are synthetic. Every way makes the same reports in the same run, in"
    yield "alternating order; each page is compared with what the notebook's cells show: texts, tables, number of figures.\n"
    yield from _table(("the machine", ""), [list(row) for row in described()])
    yield from _asked(targets(found))
    for key, standings in found.standings.items():
        yield f"\n## {TITLES[key]}\n"
        yield f"{NOTES[key]}\n"
        yield from _rounds(found, standings)
    if found.absent:
        yield "\nCannot run here:\n"
        yield from (f"- {line}" for line in found.absent)
    yield from _memory(found)
    yield from _growth(found)
    yield from _again(found.again)
    yield from _seconds(found, pictures)
    yield from _scale(found.parts, pictures)


def _asked(rows: Sequence[Target]) -> Iterator[str]:
    yield "\n## Targets\n"
    said = {True: "met", False: "not met", None: "not measured"}
    yield from _table(("target", "asked", "measured", ""), [[t.words, t.bound, t.measured, said[t.met]] for t in rows])


def _rounds(found: Found, standings: Mapping[str, Standing]) -> Iterator[str]:
    base, floor = standings.get("shell"), standings.get("floor-2")
    rows = []
    for key, standing in standings.items():
        median = standing.seconds
        rows.append(
            [
                BY_KEY[key].words,
                ", ".join(f"{r.seconds:.1f}{' *' if r.doubtful else ''}" for r in standing.runs),
                f"{median:.1f}",
                f"{median / found.districts:.2f}",
                f"{base.seconds / median:.1f}" if base else "",
                f"{median / floor.seconds:.2f}" if floor else "",
                "the same" if not standing.faults else f"{len(standing.faults)} faults: {standing.faults[0]}",
            ]
        )
    heads = ("way", "seconds by round", "median", "a report", "times faster than the loop", "of the floor", "pages")
    yield from _table(heads, rows)
    runs = [r for s in standings.values() for r in s.runs]
    yield f"\n{found.districts} districts, {found.workers} reports at once where a way can. Load average before the rounds: " + (
        f"{min(r.load for r in runs):.1f} to {max(r.load for r in runs):.1f}." if runs else "none ran."
    )
    if any(r.doubtful for r in runs):
        yield "\n\\* Others used more than a tenth of the machine in the second before this round: do not quote it."


def _memory(found: Found) -> Iterator[str]:
    if not found.memory:
        return
    yield "\n## Memory\n"
    yield "Proportional set size, looked at every 0.2 s in runs of their own; a page that processes share is counted once.\n"
    rows = [
        [BY_KEY[key].words, f"{run.family / MEGABYTE:.0f}", f"{run.pair / MEGABYTE:.0f}", f"{run.server / MEGABYTE:.0f}"]
        for key, run in found.memory.items()
    ]
    yield from _table(("way", "all processes, MB", "a worker with its kernel, MB", "what forks kernels, once for all, MB"), rows)


def _growth(found: Found) -> Iterator[str]:
    if not found.growth:
        return
    yield "\n## Growth\n"
    rows = [
        [words, str(b.upto), f"{b.seconds:.2f}", f"{b.family / MEGABYTE:.0f}", f"{b.pair / MEGABYTE:.0f}"]
        for words, blocks in found.growth
        for b in blocks
    ]
    yield from _table(("run", "up to report", "seconds a report", "all processes, MB", "worker with kernel, MB"), rows)


def _again(rows: Sequence[Again]) -> Iterator[str]:
    if rows:
        yield "\n## Run again\n"
        yield from _table(("run", "seconds", "reports made"), [[a.words, f"{a.seconds:.2f}", str(a.made)] for a in rows])


def _seconds(found: Found, pictures: Mapping[str, str]) -> Iterator[str]:
    if not found.account:
        return
    yield "\n## Where the seconds go\n"
    yield "A cold run of ours, real report, from the account that it writes of itself (`work/runs/<id>.json`).\n"
    if "stages" in pictures:
        yield f"![Seconds of a run by stage, of a report by stage, of each cell]({pictures['stages']})\n"
    yield from _table(("what", "seconds"), [[words, f"{value:.3f}"] for words, value, _ in spent(found.account, found.account_seconds)])


def _scale(parts: Parts | None, pictures: Mapping[str, str]) -> Iterator[str]:
    if parts is None:
        return
    yield "\n## More workers, simulated from the measured parts\n"
    if "scale-out" in pictures:
        yield f"![Reports a minute against workers, on one machine and on a cluster]({pictures['scale-out']})\n"
    told = (
        ("shared results and plan, once", parts.shared),
        ("start of a server, once a worker", parts.start),
        ("scheduler, a report", parts.scheduler),
        ("client, a report", parts.client),
        ("kernel, a report", parts.kernel),
        ("publishing, a report", parts.publisher),
    )
    yield from _table(("part", "seconds"), [[words, f"{value:.4f}"] for words, value in told])
    rows = []
    for cluster in (False, True):
        for jobs in JOBS:
            outcomes = course(parts, jobs, cluster)
            where = "a cluster" if cluster else "one machine"
            rows.append([f"{jobs:,} reports on {where}", *(f"{o.seconds:,.0f}" for o in outcomes)])
    yield ""
    yield from _table(("seconds with so many workers", *map(str, WORKERS)), rows)
    yield ""
    for cluster in (False, True):
        yield from (f"- {sentence(course(parts, jobs, cluster), cluster)}" for jobs in JOBS)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
