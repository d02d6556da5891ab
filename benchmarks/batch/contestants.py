"""Every way of making the reports that is measured: its command, what it starts with, and where its pages lie."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.batch.work import Work

from evaluation.settings import DEFAULT_PERIOD, folders

BIN = Path(sys.executable).parent
PEERS = folders().root / ".venv-peers"


@dataclass(frozen=True)
class Contestant:
    """One way of running many notebooks.

    Attributes
    ----------
    key, words : str
        Its name at the command line, and in the results.
    command : callable
        Takes the work and the file that it is written in, returns the command.
    usual : float
        Seconds a report on two quiet cores, roughly, to say before a run how long it will take.
    says : bool
        Whether its time is what it says of itself, since its start does not count.
    ours : bool
    """

    key: str
    words: str
    command: Callable[[Work, Path], Sequence[str]]
    usual: float
    says: bool = False
    ours: bool = False

    def page(self, work: Work, name: str) -> Path:
        """Return where a job's page lies."""
        if self.ours and work.kind == "district":
            return Path(work.out, DEFAULT_PERIOD, f"district-{work.jobs[name]['district']}.html")
        return work.page(name)


def _module(name: str, *more: str, python: Path = BIN / "python") -> Callable[[Work, Path], Sequence[str]]:
    return lambda _, plan: [str(python), "-m", f"benchmarks.batch.{name}", str(plan), *more]


def _shell(work: Work, plan: Path) -> Sequence[str]:
    """Return the loop over two commands that a user would write. Text goes in raw: papermill would make a number of "760"."""
    lines = []
    for name, parameters in work.jobs.items():
        given = " ".join(f"{'-r' if isinstance(v, str) else '-p'} {k} {shlex.quote(str(v))}" for k, v in parameters.items())
        notebook, out = shlex.quote(work.notebook), shlex.quote(work.executed(name))
        lines.append(f"papermill {notebook} {out} -k python3 --no-progress-bar {given}")
        lines.append(f"jupyter nbconvert --log-level=ERROR --to html {out}")
    script = plan.with_suffix(".sh")
    script.write_text("set -e\n" + "\n".join(lines) + "\n", "utf-8")
    return ["bash", str(script)]


def _command(work: Work, plan: Path) -> Sequence[str]:
    """Return our command for the real report; other notebooks go through Python till it takes them."""
    if work.kind != "district":
        return _module("ours", "cold")(work, plan)
    subjects = [word for p in work.jobs.values() for word in ("--district", str(p["district"]))]
    store = str(next(iter(work.jobs.values()))["store"])
    return [
        *(str(BIN / "evaluation"), "report", *(["--all"] if len(work.jobs) == 24 else subjects)),
        *("--period", DEFAULT_PERIOD, "--out", work.out, "--store", store, "--workers", str(work.workers), "--force"),
    ]


CONTESTANTS = (
    Contestant("shell", "shell loop: `papermill`, `jupyter nbconvert`", _shell, 9.0),
    Contestant("sequential", "`papermill.execute_notebook` one after the other, one exporter", _module("in_process", "sequential"), 5.0),
    Contestant("processes", "the same in joblib's processes", _module("in_process", "processes"), 3.5),
    Contestant("ploomber", "ploomber-engine, one process", _module("ploomber", python=PEERS / "bin" / "python"), 2.0),
    Contestant("floor-1", "floor: plain functions, one warm process", _module("floor", "1"), 1.2, says=True),
    Contestant("floor-2", "floor: plain functions, two warm processes", _module("floor", "2"), 0.7, says=True),
    Contestant("cold", "ours, cold: `evaluation report`", _command, 0.7, ours=True),
    Contestant("warm", "ours, warm: the second batch of a process", _module("ours", "warm"), 1.3, says=True, ours=True),
)
SHOWN = Contestant("shown", "what the cells show", _module("floor", "shown"), 1.2)
BY_KEY = {c.key: c for c in CONTESTANTS}
