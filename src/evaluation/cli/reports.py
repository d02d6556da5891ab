"""The commands that make something: reports, and the store of example data."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.batch import DISTRICT, PILOT, Batch, Job, Record, Refused, prepared, run
from evaluation.cli.codes import DONE, FAILED, wrong
from evaluation.cli.screen import bar, near
from evaluation.language import say, words
from evaluation.periods import Period
from evaluation.places import districts
from evaluation.plan import pilots
from evaluation.settings import DEFAULT_SEED, folders, private

if TYPE_CHECKING:
    from evaluation.intake.findings import Finding


@dataclass(frozen=True)
class Wanted:
    """What was asked for at the command line.

    Attributes
    ----------
    kind : {"district", "pilot"}
    subjects : tuple of str or None
        As typed; None for all of the kind.
    period, language : str
    out, store : Path or None
    as_of : str or None
    seed : int
    workers : int or None
    """

    kind: str
    subjects: tuple[str, ...] | None
    period: str
    language: str
    out: Path | None
    store: Path | None
    as_of: str | None
    seed: int
    workers: int | None

    def again(self, job: Job) -> str:
        """Return the command that makes one report of it again."""
        words = ["evaluation", "report", f"--{job.kind}", job.subject, "--period", job.period]
        words += ["--language", job.language] if job.language != "vi" else []
        words += ["--out", str(self.out)] if self.out else []
        words += ["--store", str(self.store)] if self.store else []
        words += ["--as-of", self.as_of] if self.as_of else []
        words += ["--seed", str(self.seed)] if self.seed != DEFAULT_SEED else []
        return shlex.join(words)


def chosen(
    district: Sequence[str] | None, all_districts: bool, pilot: Sequence[str] | None, all_pilots: bool
) -> tuple[str, tuple[str, ...] | None]:
    """Return which kind of report was asked for, and of what: None for all of the kind.

    Raises
    ------
    WrongUse
        Unless exactly one of the four was given: a run makes reports of one kind.
    """
    given = (bool(district), all_districts, bool(pilot), all_pilots)
    if sum(given) != 1:
        raise wrong("choose")
    named = tuple(district or pilot or ()) or None
    return (DISTRICT if district or all_districts else PILOT), named


def make(wanted: Wanted, as_json: bool, language: str) -> int:
    """Make the reports and tell how each ended.

    Parameters
    ----------
    wanted : Wanted
    as_json : bool
        One JSON object at the end instead of lines.
    language : {"vi", "en"}
        Of what is told.

    Returns
    -------
    int
        0, or 1 if a report failed.

    Raises
    ------
    WrongUse, WrongParameter, Refused
        Before anything is started.
    Cancelled
    """
    if wanted.workers is not None and wanted.workers < 1:
        raise wrong("workers")
    jobs = prepared(wanted.subjects, wanted.period, wanted.language, wanted.store, wanted.as_of, wanted.seed, kind=wanted.kind)
    if as_json:
        batch = run(jobs, wanted.out, workers=wanted.workers)
        print(json.dumps(_summary(batch), ensure_ascii=False, indent=1))
        return FAILED if batch.failed else DONE
    by_name = {job.name: job for job in jobs}
    heading = say("cli.report.begin", language, count=len(jobs), period=Period.parse(jobs[0].period).label(language))
    with bar(heading, len(jobs), sys.stdout) as tell:

        def ended(record: Record) -> None:
            tell(_line(record, by_name[record.name], wanted, language), record.there)

        batch = run(jobs, wanted.out, workers=wanted.workers, tell=ended)
    done = len(batch.records) - len(batch.failed)
    print(say("cli.report.end", language, done=done, all=len(batch.records), where=near(batch.index)))
    return FAILED if batch.failed else DONE


def _line(record: Record, job: Job, wanted: Wanted, language: str) -> str:
    place = (districts()[job.subject] if job.kind == DISTRICT else pilots()[job.subject]).name[language]
    if record.there:
        return say("cli.report.line", language, place=place, sentence=record.sentence(language), seconds=round(record.seconds))
    where = folders().work / "runs"
    return say(
        "cli.report.failed",
        language,
        place=place,
        sentence=record.sentence(language),
        where=near(where) + f"/*/{job.name}",
        again=wanted.again(job),
    )


def _summary(batch: Batch) -> dict[str, object]:
    reports = [
        {
            r.kind: r.subject,
            "language": r.language,
            "outcome": r.outcome,
            "status": r.status,
            "reason": str(r.reason) if r.reason else "",
            "files": sorted(r.files),
        }
        for r in batch.records
    ]
    return {"folder": near(batch.folder), "index": near(batch.index), "failed": len(batch.failed), "reports": reports}


def build_example(store: Path | None, if_missing: bool, language: str) -> int:
    """Build the store of example data.

    Parameters
    ----------
    store : Path or None
        The project's own where None.
    if_missing : bool
        Whether one that is there already is left alone.
    language : {"vi", "en"}

    Returns
    -------
    int
        0, or 1 if a file was kept out; the store then holds the others.

    Raises
    ------
    Refused
        If a store of real data is there: the two are never mixed.
    """
    from evaluation.store import open_store

    place = (store or folders().example_store).resolve()
    there = place.exists()
    if there and if_missing:
        print(say("cli.example.there", language, where=near(place)))
        return DONE
    try:
        if there and not open_store(place).synthetic:
            said = words("cli.example.real", name=place.name)
            raise Refused(f"{said.vi} / {said.en}")
        kept_out = _build(place, there, language)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stderr.writelines(f"{found.line(language)}\n" for found in kept_out)
    print(say("cli.example.done", language, where=near(place)))
    return FAILED if kept_out else DONE


def _build(place: Path, there: bool, language: str) -> list[Finding]:
    """Build beside the place and move at the end: a store that is there is a whole one; return what was kept out."""
    from evaluation.example import build
    from evaluation.store.disk import beside

    print(say("cli.example.building", language), flush=True)
    kept_out: list[Finding] = []
    if there or any(beside(place, e).exists() for e in (".ledger", ".files")):  # a ledger without its store is refused there
        build(place, tell=kept_out.append)
        return kept_out
    if not place.parent.exists():
        private(place.parent)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=place.parent) as folder:
        made = Path(folder) / place.name
        build(made, tell=kept_out.append)
        for ending in (".files", ".ledger", ""):  # the database last: with it the store is there
            if beside(made, ending).exists():
                beside(made, ending).replace(beside(place, ending))
    return kept_out
