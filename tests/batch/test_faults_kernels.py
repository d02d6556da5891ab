"""All 24 districts with everything at once that a notebook can do to a batch: each fails for its own reason, the others are made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from evaluation.batch import Reason
from evaluation.kernels import available
from evaluation.kernels.bounds import CUT
from evaluation.places import districts

# What a cell does after it saved a good report, or instead; and the reason that its report then fails for.
FAULTS: dict[str, tuple[str, Reason | None]] = {
    "hangs": ("save(); time.sleep(600)", Reason.TIMEOUT),
    "stops itself": ("save(); os.kill(os.getpid(), signal.SIGSTOP)", Reason.TIMEOUT),
    "segfaults": ("save(); ctypes.string_at(0)", Reason.KERNEL_DIED),
    "takes all memory": ("save(); bytearray(64 * 2**30)", Reason.MEMORY),
    "prints 500 MB at once": ("save(); print('x' * 500_000_000)", Reason.OUTPUT),
    "prints for ever": ("save(); [print('x' * 50) for _ in range(10_000_000)]", Reason.OUTPUT),
    "prints 500 MB of errors": ("save(); [sys.stderr.write('x' * 100_000) for _ in range(5_000)]", Reason.OUTPUT),
    "prints past Python": ("save(); [os.write(1, b'x' * 100_000) for _ in range(5_000)]", Reason.OUTPUT),
    "has a program print": ("save(); subprocess.run(['sh', '-c', 'yes ' + 'x' * 50 + ' | head -c 500000000'])", Reason.OUTPUT),
    "shows 200 MB": ("save(); display(HTML('<p>' + 'x' * 200_000_000))", Reason.OUTPUT),
    "fails with 200 MB": ("save(); raise ValueError('x' * 200_000_000)", Reason.CELL_ERROR),
    "makes a tree of 50 MB": ("save(title='x' * 50_000_000)", Reason.WRONG_TREE),
    "makes a pipe of the tree": ("os.mkfifo(folder / 'report.json')", Reason.WRONG_TREE),
    "forks": ("save(); child()", None),
    "starts a session": ("save(); note(subprocess.Popen(['sleep', '601'], start_new_session=True).pid)", None),
    "starts a daemon": ("save(); daemon()", None),
    "exits well": ("save(); sys.exit(0)", Reason.CELL_ERROR),
    "exits badly": ("save(); sys.exit(3)", Reason.CELL_ERROR),
    "leaves": ("save(); os._exit(0)", Reason.KERNEL_DIED),
    "is no Python": ("exec('save(')", Reason.CELL_ERROR),
    "removes its folder": ("save(); shutil.rmtree(folder)", Reason.NO_TREE),
}
CHEAP = ("segfaults", "starts a session", "starts a daemon", "exits badly", "has a program print")
GOOD = list(districts())[len(FAULTS) :]
# What an ordinary report does within the limit of memory: a connection of DuckDB alone takes more than 1 GB of addresses.
WELL = "import duckdb, matplotlib.pyplot as plt; duckdb.connect().execute('select 1'); plt.figure().savefig('x.png'); plt.close(); save()"
BEGIN = """import ctypes, os, shutil, signal, subprocess, sys, time
from pathlib import Path
from IPython.display import HTML, display
def note(*numbers):
    with open(Path(os.environ["EVALUATION_JOB"]).parents[3] / "processes", "a") as file:
        file.writelines(f"{{number}}\\n" for number in numbers)
def child():
    if (number := os.fork()) == 0:
        time.sleep(601)
    note(number)
def daemon():
    if os.fork() == 0:
        os.setsid()
        if (number := os.fork()) == 0:
            time.sleep(601)
        note(number)
        os._exit(0)
    os.wait()
note(os.getpid(), *([os.getppid()] if {warm!r} else []))
"""
PROGRAM = """import datetime as dt, json, os, resource, sys, threading
from pathlib import Path
from evaluation.batch import Job, Limits, kernel, run, shared
from evaluation.kernels import Choice
def peak():
    return int(next(l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("VmHWM")).split()[1]) * 1024
def main(store, template, base, names, warm):
    shared._work_out = lambda *_: None  # what is shared is no matter here
    if not warm:
        kernel.kernel_name = lambda: Choice("python3", "")
    jobs = [Job(code, "2018-Q4", "vi", Path(store), dt.date(2018, 12, 19), 1) for code in names]
    def go(some, name, **limits):
        batch = run(some, Path(base, name), template=Path(template), work=Path(base, "work"), workers=2, limits=Limits(start=120, **limits))
        return batch, peak(), len(os.listdir("/proc/self/fd")), threading.active_count()
    _, *quiet = go(jobs[-1:], "quiet")
    batch, *after = go(jobs, "out", cell=20, job=120)
    told = [dict(r.raw(), reason=r.reason, sentence=[r.sentence("vi"), r.sentence("en")]) for r in batch.records]
    print(json.dumps({"records": told, "quiet": quiet, "after": after, "work": str(batch.work), "folder": str(batch.folder)}))
if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
"""


def _ended(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return True
    return status.rsplit(")", 1)[1].split()[0] == "Z"


def _wait_until_ended(processes: Iterable[int]) -> list[int]:
    """Return the processes that still run after half a minute."""
    limit, left = time.monotonic() + 30, list(processes)
    while left and time.monotonic() < limit:
        left = [process for process in left if not _ended(process)]
        time.sleep(0.05)
    return left


def _run(base: Path, notebook: Callable[[str], Path], store: Path, names: Iterable[str], warm: bool) -> dict[str, Any]:
    bad = dict(zip(districts(), names, strict=False))
    lines = [BEGIN.format(warm=warm)]
    for code, name in bad.items():
        lines.append(f"{'el' if len(lines) > 1 else ''}if district == {code!r}:\n    {FAULTS[name][0]}")
    template = notebook("\n".join([*lines, f"else:\n    {WELL}"]))
    (base / "program.py").write_text(PROGRAM, "utf-8")
    codes = [*GOOD[:1], *bad, *GOOD[1:]]
    asked = json.dumps([str(store), str(template), str(base), codes, warm])
    # Under this variable kernels do not catch what programs print.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    done = subprocess.run(
        [sys.executable, str(base / "program.py"), asked], capture_output=True, text=True, check=False, timeout=400, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    told["stderr"] = done.stderr
    told["by name"] = {bad.get(r["subject"], r["subject"]): r for r in told["records"]}
    told["processes"] = [int(line) for line in (base / "processes").read_text("ascii").splitlines()]
    return told


@pytest.fixture(scope="module")
def all_24(tmp_path_factory: pytest.TempPathFactory, notebook: Callable[[str], Path], store: Path) -> dict[str, Any]:
    return _run(tmp_path_factory.mktemp("warm"), notebook, store, FAULTS, available())


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory, notebook: Callable[[str], Path], store: Path) -> dict[str, Any]:
    return _run(tmp_path_factory.mktemp("ordinary"), notebook, store, CHEAP, False)


def _check(told: dict[str, Any], name: str) -> None:
    record, reason = told["by name"][name], FAULTS[name][1]
    assert (record["outcome"], record["reason"]) == (("failed", str(reason)) if reason else ("done", None))
    folder, work = Path(told["folder"]), Path(told["work"], f"{record['subject']}-vi")
    if not reason:
        assert len(list(folder.glob(f"district-{record['subject']}.*"))) == 3
        return
    assert not list(folder.glob(f"*{record['subject']}*"))
    assert all("\n" not in sentence for sentence in record["sentence"])
    if name != "removes its folder":
        text = (work / "notebook.ipynb").read_text("utf-8")
        assert len(text) < 25_000_000
        json.loads(text)
        assert (json.dumps(CUT, ensure_ascii=False).strip('"') in text) == (reason is Reason.OUTPUT)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FAULTS))
def test_each_of_24_ends_for_its_own_reason(all_24: dict[str, Any], name: str):
    _check(all_24, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_an_ordinary_kernel_ends_for_the_same_reason(ordinary: dict[str, Any], name: str):
    _check(ordinary, name)


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["all_24", "ordinary"])
def test_the_good_ones_are_there_and_the_folder_holds_nothing_else(kernels: str, request: pytest.FixtureRequest):
    told = request.getfixturevalue(kernels)
    done = {r["subject"] for r in told["records"] if r["outcome"] == "done"}
    assert set(GOOD) <= done
    names = {path.name for path in Path(told["folder"]).iterdir()}
    assert names == {"index.html", "manifest.json", *(f"district-{code}.{form}" for code in done for form in ("html", "json", "ipynb"))}
    manifest = json.loads((Path(told["folder"]) / "manifest.json").read_text("utf-8"))
    assert {job["district"] for job in manifest["jobs"] if job["outcome"] == "done"} == done
    assert len(manifest["jobs"]) == len(told["records"])


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["all_24", "ordinary"])
def test_no_process_is_left(kernels: str, request: pytest.FixtureRequest):
    told = request.getfixturevalue(kernels)
    assert len(told["processes"]) > len(told["records"])
    assert _wait_until_ended(told["processes"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["all_24", "ordinary"])
def test_nothing_of_the_notebooks_or_the_event_loops_comes_to_the_screen(kernels: str, request: pytest.FixtureRequest):
    assert request.getfixturevalue(kernels)["stderr"] == ""


@pytest.mark.slow
def test_the_batch_stays_small_whatever_is_printed_at_it(all_24: dict[str, Any]):
    (quiet, files, threads), (after, files_after, threads_after) = all_24["quiet"], all_24["after"]
    assert after - quiet < 150_000_000  # two jobs at once, each with all that a cell may print
    assert files_after <= files + 2
    assert threads_after <= threads + 2
