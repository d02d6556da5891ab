"""Requests to end, killed runs and killed servers: what was published stays, nothing is left running, the next run does the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from evaluation import kernels
from evaluation.batch import Job, Limits, Reason, Refused, interrupts, journal, kernel, last_unfinished, manifest, run, shared
from evaluation.batch.environment import of_all
from evaluation.batch.interrupts import Interrupts
from evaluation.batch.pool import worked_through
from evaluation.batch.watchdog import Watchdog, end_all

running = sys.modules["evaluation.batch.run"]  # the package gives the function of this name
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
CODES = ("760", "769", "770")
PATIENCE = 120.0
PROGRAM = """import datetime as dt, json, sys, time
from pathlib import Path
from evaluation.batch import Cancelled, Job, run, shared
running = sys.modules["evaluation.batch.run"]
def main(store, template, base, how):
    if how == "planning":
        shared.folders = lambda: type("Folders", (), {"notebooks": Path(base)})
        shared.slices.ready = lambda _: None
    else:
        shared._work_out = lambda *_: None
    if how == "finishing":
        def finish(*_):
            Path(base, "finishing").touch()
            time.sleep(600)
        running._Run._finish = finish
    jobs = [Job(code, "2018-Q4", "vi", Path(store), dt.date(2018, 12, 19), 1) for code in ("760", "769", "770")]
    try:
        run(jobs, Path(base, "out"), template=Path(template), work=Path(base, "work"), workers=2)
    except Cancelled:
        sys.exit(130)
if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
"""
HANGS = """import time
if district == "769" and not (folder.parents[3] / "well").exists():
    (folder.parents[3] / "kernel").write_text(f"{os.getpid()} {os.getppid()}")
    save()
    time.sleep(600)
save()"""


def _until(there: Callable[[], Any]) -> Any:
    limit = time.monotonic() + PATIENCE
    while not (found := there()):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return found


def _ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Started:
    """A batch of three in a process of its own, the second of which hangs."""

    def __init__(self, base: Path, template: Path, store: Path, how: str = "") -> None:
        self.base, self.folder = base, base / "out" / "2018-Q4"
        (base / "program.py").write_text(PROGRAM, "utf-8")
        asked = json.dumps([str(store), str(template), str(base), how])
        command = [sys.executable, str(base / "program.py"), asked]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def kernel(self) -> list[int]:
        """Wait for the kernel that hangs and return it, with its parent."""
        path = self.base / "kernel"
        found = _until(lambda: path.read_text("ascii").split() if path.exists() else [])
        return [int(number) for number in found[: 2 if kernels.available() else 1]]

    def both_published(self) -> None:
        """Wait until the two good reports are in the journal."""
        _until(lambda: sum(len(told.ends) for told in journal.unfinished(self.base / "work")) == 2)

    def end(self) -> tuple[int, str]:
        """Wait for the end and return the exit code with what came to the screen."""
        _, told = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, told


@pytest.fixture
def start(notebook: Callable[[str], Path], store: Path, tmp_path: Path) -> Iterator[Callable[..., Started]]:
    begun: list[Started] = []

    def go(how: str = "") -> Started:
        begun.append(Started(tmp_path, notebook(HANGS), store, how))
        return begun[-1]

    yield go
    for one in begun:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def jobs(job: Job) -> list[Job]:
    return [replace(job, subject=code, seed=1) for code in CODES]


@pytest.mark.slow
def test_an_interrupt_ends_what_runs_keeps_what_is_there_and_another_run_has_to_wait(
    start: Callable[..., Started], notebook: Callable[[str], Path], jobs: list[Job], tmp_path: Path
):
    batch = start()
    processes = batch.kernel()
    batch.both_published()
    before = {path.name: path.read_bytes() for path in batch.folder.glob("district-*")}
    with pytest.raises(Refused, match="2018-Q4"):
        run(jobs, tmp_path / "out", template=notebook("save()"), work=tmp_path / "other")
    batch.process.send_signal(signal.SIGINT)
    assert batch.end() == (130, "")
    _until(lambda: all(_ended(process) for process in processes))
    assert len(before) == 6
    assert {path.name: path.read_bytes() for path in batch.folder.glob("district-*")} == before
    ends = manifest.last_ends(batch.folder)
    assert {name: end["outcome"] for name, end in ends.items()} == {"760-vi": "done", "769-vi": "failed", "770-vi": "done"}
    assert ends["769-vi"]["reason"] == str(Reason.INTERRUPTED)
    assert not list(batch.folder.glob(".*"))
    assert last_unfinished(tmp_path / "work") is None


@pytest.mark.slow
def test_a_second_interrupt_ends_the_run_at_once(start: Callable[..., Started], tmp_path: Path):
    batch = start("finishing")
    processes = batch.kernel()
    batch.process.send_signal(signal.SIGINT)
    _until((tmp_path / "finishing").exists)
    batch.process.send_signal(signal.SIGINT)
    assert batch.end()[0] == 130
    _until(lambda: all(_ended(process) for process in processes))


@pytest.mark.slow
def test_an_interrupt_is_heard_while_the_shared_results_are_worked_out(start: Callable[..., Started], tmp_path: Path):
    declared = nbformat.v4.new_code_cell('period: str = ""\nstore: str = ""\nas_of: str = ""', metadata={"tags": ["parameters"]})
    hangs = f"import os, time\nwith open({str(tmp_path / 'kernel')!r}, 'w') as f:\n    f.write(str(os.getpid()))\ntime.sleep(600)"
    python = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    (tmp_path / "reports").mkdir()
    nbformat.write(
        nbformat.v4.new_notebook(cells=[declared, nbformat.v4.new_code_cell(hangs)], metadata=python),
        tmp_path / "reports" / "shared_results.ipynb",
    )
    batch = start("planning")
    processes = batch.kernel()
    batch.process.send_signal(signal.SIGINT)
    assert batch.end() == (130, "")
    _until(lambda: all(_ended(process) for process in processes))
    assert not list(batch.folder.glob("*"))


@pytest.mark.slow
def test_a_killed_run_is_taken_up_with_what_it_lacks_alone(start: Callable[..., Started], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared, "_work_out", lambda *_: None)
    batch = start()
    processes = batch.kernel()
    batch.both_published()
    batch.process.kill()
    batch.end()
    _until(lambda: all(_ended(process) for process in processes))
    (batch.folder / ".district-769.html.x.part").write_text("half", "utf-8")
    before = {path.name: path.stat().st_mtime_ns for path in batch.folder.glob("district-*")}
    (tmp_path / "well").touch()
    left = last_unfinished(tmp_path / "work")
    assert left is not None
    assert left.left == {"769-vi"}
    again = run(left.jobs, left.out, template=left.template, work=tmp_path / "work", force=left.left)
    assert {r.subject: r.outcome for r in again.records} == {"760": "current", "769": "done", "770": "current"}
    assert len(before) == 6
    assert {name: (batch.folder / name).stat().st_mtime_ns for name in before} == before
    assert not list(batch.folder.glob(".*"))
    assert last_unfinished(tmp_path / "work") is None


@pytest.mark.slow
@pytest.mark.skipif(not kernels.available(), reason="no warm kernels here")
def test_kernels_outlive_their_server_and_the_next_ones_get_another(
    notebook: Callable[[str], Path], jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared, "_work_out", lambda *_: None)
    kill = """if district == "760":
    import signal
    server = int(open(f"/proc/{os.getppid()}/stat").read().rsplit(")", 1)[1].split()[1])
    os.kill(server, signal.SIGKILL)
save()"""
    batch = run(jobs, tmp_path / "out", template=notebook(kill), work=tmp_path / "work", workers=1)
    assert {r.outcome for r in batch.records} == {"done"}


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["there is none", "it ends at once"])
def test_a_kernel_that_never_starts_fails_its_report_alone(
    notebook: Callable[[str], Path], jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str
):
    monkeypatch.setattr(shared, "_work_out", lambda *_: None)
    place = tmp_path / "jupyter" / "kernels" / "broken"
    if spec == "it ends at once":
        place.mkdir(parents=True)
        content = {"argv": [sys.executable, "-c", "raise SystemExit(1)", "{connection_file}"], "display_name": "x", "language": "python"}
        (place / "kernel.json").write_text(json.dumps(content), "utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    good, asked = kernels.kernel_name(), iter(["broken", "broken"])
    monkeypatch.setattr(kernel, "kernel_name", lambda: kernels.Choice(next(asked, good.name), ""))
    batch = run(jobs, tmp_path / "out", template=notebook("save()"), work=tmp_path / "work", workers=1, limits=Limits(start=60))
    assert [(r.outcome, r.reason) for r in batch.records] == [("failed", Reason.KERNEL_START), ("done", None), ("done", None)]
    assert {e["outcome"] for e in manifest.read(batch.folder)["jobs"]} == {"done", "failed"}


@pytest.mark.slow
def test_a_users_own_settings_change_nothing_in_a_report(
    notebook: Callable[[str], Path], job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared, "_work_out", lambda *_: None)
    shows = 'print("spoilt" in globals() or hasattr(sys, "spoilt"), matplotlib.rcParams["lines.linewidth"], __debug__)'
    template = notebook(f"save()\nimport matplotlib, sys\n{shows}")
    before = run([job], tmp_path / "one", template=template, work=tmp_path / "work")
    own = tmp_path / "own"
    (own / "ipython" / "profile_default" / "startup").mkdir(parents=True)
    (own / "sitecustomize.py").write_text("import sys\nsys.spoilt = True\n", "utf-8")
    for path in (own / "startup.py", own / "ipython" / "profile_default" / "startup" / "0.py"):
        path.write_text("spoilt = True\n", "utf-8")
    (own / "matplotlibrc").write_text("lines.linewidth: 17\n", "utf-8")
    set_by_user = {
        "PYTHONSTARTUP": own / "startup.py",
        "IPYTHONDIR": own / "ipython",
        "MATPLOTLIBRC": own / "matplotlibrc",
        "MPLCONFIGDIR": own,
        "MPLBACKEND": "svg",
        "PYTHONPATH": own,
        "PYTHONOPTIMIZE": "1",
    }
    for name, value in set_by_user.items():
        monkeypatch.setenv(name, str(value))
    after = run([job], tmp_path / "two", template=template, work=tmp_path / "work")
    assert "False 1.5 True" in (before.folder / "district-760.ipynb").read_text("utf-8")
    assert before.records[0].files == after.records[0].files


def test_a_path_of_the_users_own_modules_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "usercustomize.py").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    assert of_all(tmp_path)["PYTHONPATH"] == str(tmp_path / "a")


def test_a_request_waits_for_files_under_way_and_a_second_does_not(monkeypatch: pytest.MonkeyPatch):
    did: list[object] = []

    def leave(code: int) -> None:
        raise SystemExit(code)

    def under_way() -> None:
        with heard.held():
            signal.raise_signal(signal.SIGTERM)
            did.append("written")
        did.append("never")

    monkeypatch.setattr(interrupts.os, "_exit", leave)
    heard = Interrupts()
    with heard.heard():
        with pytest.raises(KeyboardInterrupt):
            under_way()
        assert did == ["written"]
        with pytest.raises(SystemExit, match="130"):
            signal.raise_signal(signal.SIGINT)


def test_jobs_are_done_beside_the_thread_that_hears_signals():
    assert threading.main_thread().ident not in set(worked_through(range(3), lambda _: threading.get_ident(), 1))


def test_a_run_that_is_left_early_begins_no_job_and_waits_for_those_under_way(tmp_path: Path):
    began: list[int] = []
    left: list[int] = []

    def do(order: int) -> int:
        began.append(order)
        if order:
            watchdog = Watchdog(tmp_path / "run" / str(order))
            _until(lambda: watchdog.reason)
            left.append(order)
        return order

    working = worked_through(range(9), do, 2, tmp_path / "run")
    assert next(working) == 0
    _until(lambda: len(began) == 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        working.close()
    assert began == [0, 1, 2]
    assert sorted(left) == [1, 2]


def test_a_job_that_begins_after_its_run_was_ended_starts_no_kernel(tmp_path: Path):
    end_all(tmp_path / "one")
    assert Watchdog(tmp_path / "one" / "760-vi").reason is Reason.INTERRUPTED
    assert Watchdog(tmp_path / "two" / "760-vi").reason is None
