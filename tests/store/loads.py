"""Ten generated submissions, and a process that loads them as often as it is told: so that it can be killed."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from tests.store.forms import findings

from evaluation.indicators import elements
from evaluation.places import districts, wards
from evaluation.store import Batch, Submission, load


def many(received: dt.date, count: int = 10) -> list[Batch]:
    """Workbooks of several districts, all wards and counts, with a warning each."""
    rng = np.random.default_rng(2234)
    names = [e.id for e in elements().values() if e.level == "ward"]
    made = []
    for code in list(districts())[:count]:
        units = list(wards(code))
        frame = pd.MultiIndex.from_product([units, names], names=["unit_code", "element"]).to_frame(index=False)
        frame = frame.assign(district_code=code, period="2018-Q4", state="reported", value=rng.integers(0, 500, len(frame)).astype(float))
        frame = frame.assign(sheet="Y tế", cell=[f"C{n + 6}" for n in range(len(frame))])
        body = rng.bytes(60_000)
        digest = hashlib.sha256(body).hexdigest()
        form = Submission(digest[:16], code, "2018-Q4", 2, received, f"{code}.xlsx", digest, "Phòng Lao động", "Thiếu người.")
        made.append(Batch(form, frame, findings({"file": f"{code}.xlsx", "cell": "C6", "sheet": "Y tế"}), body, "xlsx"))
    return made


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve() -> None:
    """Load into each store named on a line, and kill the loader after the seconds given there; answer with how long it lived."""
    batches = many(dt.date(2019, 1, 20))
    with tempfile.TemporaryDirectory() as folder:  # a first time here, so that the loaders only load and are not killed in their imports
        load(Path(folder) / "warm.duckdb", batches, False, dt.date(2019, 1, 20))
    _say("ready")
    for line in sys.stdin:
        store, seconds = line.split("\t")
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            load(Path(store), batches, False, dt.date(2019, 1, 20))
            os._exit(0)
        if float(seconds) > 0:
            time.sleep(float(seconds))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        _say(f"{time.monotonic() - begun:.4f}\t{status}")


if __name__ == "__main__":
    serve()
