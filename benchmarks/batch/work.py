"""What is to be made: a notebook and its jobs, told to every contestant by one file."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation import places
from evaluation.settings import DEFAULT_PERIOD, DEFAULT_SEED

HERE = Path(__file__).parent
FROZEN, LIGHT = HERE.parent / "report15.ipynb", HERE / "light.ipynb"


@dataclass(frozen=True)
class Work:
    """A notebook and what it is run with.

    Attributes
    ----------
    notebook : str
        Path of the notebook.
    jobs : dict of dict
        Parameters by name of job.
    out : str
        Where the pages go.
    workers : int
        Reports at once.
    kind : str
        "frozen", "light" or "district".
    """

    notebook: str
    jobs: Mapping[str, Mapping[str, Any]]
    out: str
    workers: int
    kind: str

    def write(self, path: Path) -> Path:
        """Write it down for a contestant and return the path."""
        path.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        return path

    @classmethod
    def read(cls, path: str) -> Work:
        """Return what was written down."""
        return cls(**json.loads(Path(path).read_text("utf-8")))

    def executed(self, name: str) -> str:
        """Return where a job's executed notebook goes."""
        return str(Path(self.out, f"{name}.ipynb"))

    def page(self, name: str) -> Path:
        """Return where a job's page goes."""
        return Path(self.out, f"{name}.html")


def districts(count: int) -> list[str]:
    """Return the codes of the first districts."""
    return list(places.districts())[:count]


def frozen(count: int, out: Path, workers: int) -> Work:
    """Return the frozen notebook for districts; beyond 24, the same districts with other seeds."""
    codes = districts(24)
    jobs = {
        f"{codes[k % 24]}-{k // 24}": {"district": codes[k % 24], "period": DEFAULT_PERIOD, "seed": DEFAULT_SEED + k // 24}
        for k in range(count)
    }
    return Work(str(FROZEN), jobs, str(out), workers, "frozen")


def light(count: int, out: Path, workers: int) -> Work:
    """Return many small notebooks, as for 700 districts."""
    return Work(str(LIGHT), {f"{k:03d}": {"place": k} for k in range(count)}, str(out), workers, "light")


def district(count: int, out: Path, workers: int, store: Path) -> Work:
    """Return the real report of districts."""
    from evaluation.batch import prepared
    from evaluation.batch.jobs import default_template

    jobs = prepared(districts(count), DEFAULT_PERIOD, "vi", store)
    return Work(str(default_template()), {job.name: job.parameters for job in jobs}, str(out), workers, "district")


def fresh(folder: Path) -> Path:
    """Return an empty folder; waits a little for what still writes into the old one."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.1)
    folder.mkdir(parents=True)
    return folder
