"""What one run of the report notebook is asked for, and what it may cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from evaluation.settings import folders

KIND = "district"
PUBLISHED_PARAMETERS = ("district", "period", "language", "as_of", "seed")


def default_template() -> Path:
    """Return the notebook that makes district reports."""
    return folders().notebooks / "reports" / "district_report.ipynb"


@dataclass(frozen=True)
class Job:
    """One report: a district, a quarter, a language.

    Attributes
    ----------
    district : str
        Code of the statistics office.
    period : str
        "2018-Q4".
    language : {"vi", "en"}
    store : Path
        The evidence store, absolute.
    as_of : date
        What came later counts as not reported.
    seed : int
    """

    district: str
    period: str
    language: str
    store: Path
    as_of: dt.date
    seed: int

    @property
    def parameters(self) -> dict[str, str | int]:
        """The notebook's parameters: plain text and whole numbers, which papermill passes on unchanged."""
        return {
            "district": self.district,
            "period": self.period,
            "language": self.language,
            "store": str(self.store),
            "as_of": self.as_of.isoformat(),
            "seed": self.seed,
        }

    @property
    def name(self) -> str:
        """What tells it from the other jobs of a run: "760-vi"."""
        return f"{self.district}-{self.language}"

    @property
    def files(self) -> dict[str, str]:
        """Names of the files that it publishes, by kind; Vietnamese carries no mark of language."""
        mark = "" if self.language == "vi" else f".{self.language}"
        return {kind: f"{KIND}-{self.district}{mark}.{kind}" for kind in ("html", "json", "ipynb")}


@dataclass(frozen=True)
class Limits:
    """What one job may take before it is ended.

    Attributes
    ----------
    start : int
        Seconds for a kernel to answer.
    cell : int
        Seconds for one cell.
    job : float
        Seconds for the whole job; then its processes are ended.
    memory : int
        Bytes of address space of a job's processes (where the system can limit it); 0 for no limit.
    """

    start: int = 60
    cell: int = 300
    job: float = 900.0
    memory: int = 12 * 2**30
