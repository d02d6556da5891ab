"""How long 24 received workbooks take from the folder into the store, beside plain pandas on the same files.

`make benchmark` runs it. The peer reads the same cells and checks nothing: it
is the floor that a script of an office's own would reach.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from evaluation.settings import folders

PERIOD = "2018-Q4"
MOST_SECONDS, MOST_MEMORY = 20.0, 600 * 2**20
PEER = """
import sys, pandas
for path in sys.argv[1:]:
    pandas.read_excel(path, sheet_name=None, header=None)
"""


def main() -> int:
    """Run both and print what they took; 0 if the import keeps within its bounds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "received"
        folder.mkdir()
        for path in _first_reports():
            shutil.copy(path, folder)
        files = sorted(map(str, folder.iterdir()))
        command = [str(Path(sys.executable).with_name("evaluation")), "import", str(folder), "--store", f"{name}/store.duckdb"]
        rows = [
            ("evaluation import", *_measured([*command, "--received", "2018-12-14"])),
            ("evaluation check", *_measured([command[0], "check", str(folder), "--received", "2018-12-14"])),
            ("pandas.read_excel", *_measured([sys.executable, "-c", PEER, *files])),
        ]
    print(f"{len(files)} workbooks of {PERIOD}, {psutil.cpu_count()} cores")
    for what, seconds, memory in rows:
        print(f"{what:<20} {seconds:6.1f} s   {memory / 2**20:6.0f} MB at the most")
    _, seconds, memory = rows[0]
    kept = seconds < MOST_SECONDS and memory < MOST_MEMORY
    print(f"bounds of the import: {MOST_SECONDS:.0f} s, {MOST_MEMORY / 2**20:.0f} MB: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


def _first_reports() -> list[Path]:
    """Return the first workbook of each district for the period: 24 files, 322 wards."""
    example = folders().data / "example"
    with (example / "submissions.csv").open(encoding="utf-8", newline="") as f:
        return [example / r["file"] for r in csv.DictReader(f) if r["period"] == PERIOD and r["revision"] == "1"]


def _measured(command: list[str]) -> tuple[float, int]:
    """Return the seconds that a command takes and the most memory of it and its children together, in bytes.

    Memory that processes share is counted once (proportional set size).
    """
    most = 0
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        over = threading.Event()

        def watch() -> None:
            nonlocal most
            while not over.wait(0.05):
                most = max(most, _memory(running.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = running.wait()
        seconds = time.perf_counter() - begun
        over.set()
        watcher.join()
    if code:
        raise SystemExit(f"{Path(command[0]).name} ended with {code}")
    return seconds, most


def _memory(process: int) -> int:
    total = 0
    try:
        family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue  # it has just ended
    return total


if __name__ == "__main__":
    sys.exit(main())
