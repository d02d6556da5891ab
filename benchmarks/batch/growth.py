"""Whether a report of many costs more than one of few, and what a run costs in which little or nothing has changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.batch.contestants import BIN, Contestant
from benchmarks.batch.measure import Run, measured, settled
from benchmarks.batch.rounds import Ground
from benchmarks.batch.work import Work, fresh

from evaluation.settings import DEFAULT_PERIOD, folders

FLAT = 1.15  # the last block beside the second: the first holds the start
REVISED = "769"
ELEMENT, SHEET, ADDED = "condoms_distributed", "Y tế", 100  # a count that no other adds up to
UNCHANGED_SECONDS = 1.0


@dataclass(frozen=True)
class Block:
    """Reports that came one after the other.

    Attributes
    ----------
    upto : int
        How many reports there were at its end.
    seconds : float
        A report.
    family, pair : int
        The most memory in it: all processes; a worker with its kernel.
    """

    upto: int
    seconds: float
    family: int
    pair: int


def blocks(run: Run, count: int, size: int) -> list[Block]:
    """Cut a watched run into blocks of so many reports."""
    found, began, before = [], 0.0, 0
    for upto in range(size, count + 1, size):
        ended = next((s.at for s in run.seen if s.made >= upto), run.seconds)
        within = [s for s in run.seen if began <= s.at <= ended]
        pair = max((s.client + s.kernel for s in within), default=0)
        found.append(Block(upto, (ended - began) / (upto - before), max((s.family for s in within), default=0), pair))
        began, before = ended, upto
    return found


def flat(found: Sequence[Block]) -> bool | None:
    """Tell whether time and memory a report stay as they were; None where there is nothing to compare."""
    if len(found) < 3:
        return None
    first, last = found[1], found[-1]
    return last.seconds <= FLAT * first.seconds and last.family <= FLAT * first.family


def grown(ground: Ground, ours: Contestant, work: Work, size: int, tell: Callable[[str], None]) -> list[Block]:
    """Run a work with memory watched and return its blocks."""
    found = blocks(ground.run(ours, work, ready=True, watched=True), len(work.jobs), size)
    for block in found:
        told = f"{block.seconds:5.2f} s a report, all processes {block.family / 2**20:5.0f} MB"
        tell(f"  {work.kind:<8} {len(work.jobs):>4} reports: to {block.upto:>4}  {told}")
    return found


@dataclass(frozen=True)
class Again:
    """A run after a first one.

    Attributes
    ----------
    words : str
    seconds : float
    made : int
        Reports whose page was written again.
    """

    words: str
    seconds: float
    made: int


def again(ground: Ground, work: Work, tell: Callable[[str], None]) -> list[Again]:
    """Return what a run costs when nothing has changed, and when one district sent a revision."""
    ground.clear(ready=True)
    fresh(Path(work.out))
    store = _copied(Path(str(next(iter(work.jobs.values()))["store"])), ground.folder / "store")
    subjects = ["--all"] if len(work.jobs) == 24 else [w for p in work.jobs.values() for w in ("--district", str(p["district"]))]
    command = [str(BIN / "evaluation"), "report", *subjects, "--period", DEFAULT_PERIOD, "--out", work.out, "--store", str(store)]
    pages = Path(work.out, DEFAULT_PERIOD)
    log = ground.folder / "again.log"

    def once(words: str) -> Again:
        settled(str(ground.root))
        before = {p.name: p.stat().st_mtime_ns for p in pages.glob("district-*.html")}
        run = measured(command, ground.environment(), log)
        made = sum(before.get(p.name) != p.stat().st_mtime_ns for p in pages.glob("district-*.html"))
        tell(f"  {words}: {run.seconds:.2f} s, {made} reports made")
        return Again(words, run.seconds, made)

    found = [once("first run"), *(once("nothing changed") for _ in range(3))]
    revision = _revision(ground.folder)
    taken = [str(BIN / "evaluation"), "import", str(revision), "--received", "2018-12-18", "--store", str(store), "--json"]
    measured(taken, ground.environment(), log)
    return [*found, once("one district revised"), once("nothing changed since")]


def _copied(store: Path, folder: Path) -> Path:
    """Return a copy of a store with its kept files and its ledger."""
    fresh(folder)
    for part in sorted(store.parent.glob(f"{store.name}*")):
        if part.suffix == ".wal":
            continue
        (shutil.copytree if part.is_dir() else shutil.copy2)(part, folder / part.name)
    return folder / store.name


def _revision(folder: Path) -> Path:
    """Return a workbook of the example with one count raised, as a district sends it a second time."""
    from openpyxl import load_workbook

    sent = folders().data / "example" / "submissions" / DEFAULT_PERIOD
    path = next(p for p in sent.glob(f"*_{REVISED}_*.xlsx") if "lan" not in p.name)
    book = load_workbook(path)
    sheet = book[SHEET]
    row, column = next((c.row, c.column) for line in sheet.iter_rows() for c in line if c.value == ELEMENT)
    cell = next(c for (c,) in sheet.iter_rows(row + 1, sheet.max_row, column, column) if isinstance(c.value, int))
    cell.value += ADDED
    target = folder / f"{path.stem}_lan-2.xlsx"
    book.save(target)
    return target


def account(ground: Ground) -> dict[str, object]:
    """Return the newest account that a run of ours wrote of itself; empty where there is none."""
    accounts = sorted((ground.root / "work" / "runs").glob("*.json"))
    return json.loads(accounts[-1].read_text("utf-8")) if accounts else {}
