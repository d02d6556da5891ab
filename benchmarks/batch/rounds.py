"""Rounds: every contestant in turn on the same work, in alternating order, each page compared with what the cells showed."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.batch.content import Content, read
from benchmarks.batch.contestants import BY_KEY, PEERS, SHOWN, Contestant
from benchmarks.batch.measure import Ended, Run, environment, measured, settled
from benchmarks.batch.work import Work, fresh

from evaluation.settings import folders

SHARED = ("data", "notebooks")
HANDED = {"'reported'", "'not_reported'"}


@dataclass
class Ground:
    """Where contestants run: a root of their own, so that no cache, store or report of the user is read or changed.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def root(self) -> Path:
        """The project's root as the contestants see it."""
        return self.folder / "root"

    @property
    def kept(self) -> Path:
        """The cache with all shared results, once they are there."""
        return self.folder / "kept-cache"

    def clear(self, ready: bool) -> None:
        """Make the root anew, with shared results in its cache or without; matplotlib's list of fonts stays, as it does for all."""
        fonts = self.folder / "kept-fonts"
        if (found := self.root / "work" / "matplotlib").exists():
            shutil.rmtree(fonts, ignore_errors=True)
            shutil.move(found, fonts)
        fresh(self.root)
        (self.root / "work").mkdir(mode=0o700)
        (self.root / "outputs").mkdir()
        if fonts.exists():
            shutil.copytree(fonts, self.root / "work" / "matplotlib")
        for name in SHARED:
            (self.root / name).symlink_to(folders().root / name)
        if ready and self.kept.exists():
            shutil.copytree(self.kept, self.root / "work" / "cache")

    def keep(self) -> bool:
        """Keep the cache that a run has filled; tell whether there was any."""
        cache = self.root / "work" / "cache"
        if not cache.exists():
            return False
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(cache, self.kept)
        return True

    def environment(self) -> dict[str, str]:
        """Return what contestants start with."""
        more = {"EVALUATION_ROOT": str(self.root), "JUPYTER_PATH": str(folders().root / ".venv" / "share" / "jupyter")}
        return environment(self.folder / "tools", more)

    def run(self, contestant: Contestant, work: Work, ready: bool, watched: bool = False) -> Run:
        """Run a contestant once and return what it took."""
        settled(str(self.root))
        self.clear(ready)
        fresh(Path(work.out))
        plan = work.write(self.folder / f"{work.kind}-{contestant.key}.json")
        counted = (lambda: sum(1 for name in work.jobs if contestant.page(work, name).exists())) if watched else None
        log = self.folder / f"{work.kind}-{contestant.key}.log"
        return measured(contestant.command(work, plan), self.environment(), log, counted, contestant.says)


@dataclass
class Standing:
    """How a contestant did on one notebook.

    Attributes
    ----------
    runs : list of Run
    faults : list of str
        Pages that differ, and runs that did not come through, in one line each.
    """

    runs: list[Run] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median; no number where no run came through."""
        return statistics.median(r.seconds for r in self.runs) if self.runs else float("nan")


def shown(ground: Ground, work: Work) -> dict[str, Content]:
    """Return what the notebook's cells show for each job: what every page is compared with."""
    ground.run(SHOWN, work, ready=True)
    found = {name: read(SHOWN.page(work, name)) for name in work.jobs}
    if work.kind == "district":
        for page in found.values():
            page.blocks.subtract(page.blocks.keys() & HANDED)  # the last cell hands the report over and shows nothing of it
    return found


def differences(contestant: Contestant, work: Work, reference: Mapping[str, Content]) -> Iterable[str]:
    """Yield in a line each what is missing in a page."""
    for name in work.jobs:
        path = contestant.page(work, name)
        if not path.exists():
            yield f"{name}: no page"
        elif fault := read(path).lacks(reference[name]):
            yield f"{name}: {fault}"


def prepare(ground: Ground, work: Work, tell: Callable[[str], None]) -> bool:
    """Fill the cache with all that reports share and keep it; tell whether reports share anything."""
    run = ground.run(BY_KEY["cold"], work, ready=False)
    kept = ground.keep()
    tell(f"  shared results from nothing: {run.seconds:.1f} s with {len(work.jobs)} reports; {'kept for all' if kept else 'none are kept'}")
    return kept


def warmed(ground: Ground, contestants: Sequence[Contestant], work: Work, tell: Callable[[str], None]) -> list[Contestant]:
    """Run each contestant on the first district, uncounted, and return those that can run: files are then read and compiled for all."""
    first = next(iter(work.jobs))
    small = replace(work, jobs={first: work.jobs[first]})
    able = []
    for contestant in contestants:
        try:
            ground.run(contestant, small, ready=True)
            able.append(contestant)
        except (Ended, OSError) as error:
            tell(f"  {contestant.key} cannot run: {error}")
    return able


def compared(
    ground: Ground, contestants: Sequence[Contestant], work: Work, rounds: int, ready: bool, tell: Callable[[str], None]
) -> dict[str, Standing]:
    """Run all rounds and return how each contestant stands."""
    reference = shown(ground, work)
    standings = {c.key: Standing() for c in contestants}
    for turn in range(rounds):
        for contestant in contestants if turn % 2 == 0 else reversed(contestants):
            standing = standings[contestant.key]
            try:
                run = ground.run(contestant, work, ready)
            except (Ended, OSError) as error:
                standing.faults.append(str(error))
                tell(f"  round {turn + 1}  {contestant.key:<11} {error}")
                continue
            standing.runs.append(run)
            faults = [*differences(contestant, work, reference)]
            standing.faults += faults
            said = f"{len(faults)} pages differ: {faults[0]}" if faults else "pages the same"
            doubt = f"  (others took {run.others:.0%} of the machine)" if run.doubtful else ""
            tell(f"  round {turn + 1}  {contestant.key:<11} {run.seconds:7.1f} s   load {run.load:4.1f}   {said}{doubt}")
    return standings


def present(contestants: Sequence[Contestant], tell: Callable[[str], None]) -> list[Contestant]:
    """Return the contestants that are installed."""
    if not (PEERS / "bin" / "python").exists():
        tell(f"{PEERS.name} is absent (make {PEERS.name}/.ready): ploomber-engine is left out")
        return [c for c in contestants if c.key != "ploomber"]
    return list(contestants)
