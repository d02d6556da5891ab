"""How a run of reports is told: a line as each ends, what failed with where to look, the end; what a run would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.batch import DISTRICT, Batch, Job, Record
from evaluation.cli.screen import near, table
from evaluation.language import number, say
from evaluation.places import districts
from evaluation.plan import pilots

if TYPE_CHECKING:
    from evaluation.batch.planned import Planned

NOTEBOOK = "notebook.ipynb"


def place(kind: str, subject: str, language: str) -> str:
    """Return what a report's subject is called; what is neither district nor pilot model as it is written."""
    known = districts() if kind == DISTRICT else pilots()
    return known[subject].name[language] if subject in known else subject


def line(record: Record, language: str) -> str:
    """Return the line on a report that has ended."""
    told = {"place": place(record.kind, record.subject, language), "sentence": record.sentence(language)}
    if record.there:
        return say("cli.report.line", language, **told, seconds=number(record.seconds, language, 1))
    return say("cli.report.failed", language, **told)


def end(batch: Batch, jobs: Sequence[Job], again: Callable[[Job], str], language: str) -> str:
    """Return what is told at the end: each failure with its reason, where its notebook lies and how to make it again; the counts.

    Parameters
    ----------
    batch : Batch
    jobs : sequence of Job
    again : callable
        Returns the command that makes a job's report again.
    language : {"vi", "en"}
    """
    by_name = {job.name: job for job in jobs}
    lines = []
    for record in batch.failed:
        told = {"place": place(record.kind, record.subject, language), "sentence": record.sentence(language)}
        where = _left(batch.work / record.name)
        told["where"] = " " + say("cli.report.left", language, where=near(where)) if where else ""
        lines.append(say("cli.report.reason", language, **told, again=again(by_name[record.name])))
    made = sum(1 for r in batch.records if r.done)
    counts = {"made": made, "current": len(batch.records) - made - len(batch.failed), "failed": len(batch.failed)}
    lines += [] if batch.written else [say("cli.report.unwritten", language)]
    return "\n".join([*lines, say("cli.report.end", language, **counts, where=near(batch.index))])


def _left(folder: Path) -> Path | None:
    """Return what a job that failed has left: its notebook as far as it came, else its folder."""
    notebook = folder / NOTEBOOK
    return notebook if notebook.exists() else folder if folder.exists() else None


def left(batch: Batch, record: Record) -> str:
    """Return where the notebook of a job that failed lies, as seen from here; empty where it left nothing."""
    where = None if record.there else _left(batch.work / record.name)
    return near(where) if where else ""


def would(plan: Sequence[Planned], language: str) -> None:
    """Print which reports a run would make, and why: a row a reason, in the order in which reports have them.

    Parameters
    ----------
    plan : sequence of Planned
    language : {"vi", "en"}
    """
    reasons: dict[str, list[str]] = defaultdict(list)
    for p in plan:
        if p.reason:
            reasons[p.reason].append(place(p.job.kind, p.job.subject, language))
    if reasons:
        everything = say("cli.would.all", language)
        rows = [
            (str(len(places)), say(f"batch.why.{reason}", language), everything if 1 < len(places) == len(plan) else ", ".join(places))
            for reason, places in reasons.items()
        ]
        table([say(f"cli.would.{head}", language) for head in ("reports", "why", "places")], rows, right=(0,))
    print(say("cli.report.would_end", language, making=sum(map(len, reasons.values())), all=len(plan)))
