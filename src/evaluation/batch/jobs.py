"""What one run of a report notebook is asked for, and what it may cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from evaluation.settings import folders

DISTRICT, PILOT = "district", "pilot"
KINDS = (DISTRICT, PILOT)
PUBLISHED_PARAMETERS = (*KINDS, "period", "language", "as_of", "seed")


def default_template(kind: str = DISTRICT) -> Path:
    """Return the notebook that makes reports of a kind."""
    return folders().notebooks / "reports" / f"{kind}_report.ipynb"


def mark_of(language: str) -> str:
    """Return what a report's files carry in their names for its language: nothing for Vietnamese."""
    return "" if language == "vi" else f".{language}"


@dataclass(frozen=True)
class Job:
    """One report: a district or a pilot model, a quarter, a language.

    Attributes
    ----------
    subject : str
        Code of the statistics office, or the plan's id of a pilot model.
    period : str
        "2018-Q4".
    language : {"vi", "en"}
    store : Path
        The evidence store, absolute.
    as_of : date
        What came later counts as not reported.
    seed : int
    kind : {"district", "pilot"}
        Also the name of the notebook's parameter for the subject.
    """

    subject: str
    period: str
    language: str
    store: Path
    as_of: dt.date
    seed: int
    kind: str = DISTRICT

    @property
    def parameters(self) -> dict[str, str | int]:
        """The notebook's parameters: plain text and whole numbers, which papermill passes on unchanged."""
        return {
            self.kind: self.subject,
            "period": self.period,
            "language": self.language,
            "store": str(self.store),
            "as_of": self.as_of.isoformat(),
            "seed": self.seed,
        }

    @property
    def name(self) -> str:
        """What tells it from the other jobs of a run: "760-vi"."""
        return f"{self.subject}-{self.language}"

    @property
    def files(self) -> dict[str, str]:
        """Names of the files that it publishes, by their form; Vietnamese carries no mark of language."""
        return {form: f"{self.kind}-{self.subject}{mark_of(self.language)}.{form}" for form in ("html", "json", "ipynb")}


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
        Bytes of address space that a kernel may take beyond what it starts with (where the system can limit it); 0 for no limit.
    output : int
        Letters that a cell may print.
    """

    start: int = 60
    cell: int = 300
    job: float = 900.0
    memory: int = 4 * 2**30
    output: int = 10_000_000
