"""Rows of a table that ask for ordinary reports: each checked as a report's parameters are, told by row and column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.batch.jobs import Job
from evaluation.batch.parameters import LARGEST_SEED, WrongParameter, check_data, date_of, quarter_of, shown, subject_of
from evaluation.batch.studies.table import Wrong
from evaluation.language import LANGUAGES, halves, words
from evaluation.settings import DEFAULT_PERIOD, DEFAULT_SEED, folders

Group = tuple[str, str, Path, dt.date, int]


def groups(jobs: Collection[Job]) -> dict[Group, list[Job]]:
    """Return jobs by what a run has one of: kind, period, store, date and seed."""
    found: dict[Group, list[Job]] = {}
    for job in jobs:
        found.setdefault((job.kind, job.period, job.store, job.as_of, job.seed), []).append(job)
    return found


@dataclass
class Reports:
    """The reports that rows ask for, as they are read.

    Attributes
    ----------
    jobs : list of Job
    """

    jobs: list[Job] = field(default_factory=list)
    _rows: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    _data: dict[tuple[Path, dt.date, str], int] = field(default_factory=dict)

    def take(self, row: int, kind: str, given: Mapping[str, Any], at_fault: Collection[str]) -> list[Wrong]:
        """Take a row, or return what is wrong with it.

        Parameters
        ----------
        row : int
        kind : {"district", "pilot"}
        given : mapping
            The row's settings, of the right type.
        at_fault : collection of str
            Columns that were found wrong before.
        """
        found: list[Wrong] = []

        def read(name: str, default: Any, reader: Callable[[Any], Any]) -> Any:
            try:
                return reader(given.get(name, default))
            except WrongParameter as error:
                found.append(Wrong(row, name, halves(str(error))))
                return None

        if kind not in given:
            found += [] if kind in at_fault else [Wrong(row, kind, words("batch.jobs.lacking", notebook=f"{kind}_report.ipynb"))]
            subject = None
        else:
            subject = read(kind, None, lambda text: subject_of(text, kind))
        quarter = read("period", DEFAULT_PERIOD, quarter_of)
        language = read("language", "vi", _language)
        day = read("as_of", "", lambda text: date_of(text) if text else quarter and quarter.department_due)
        seed = read("seed", DEFAULT_SEED, _seed)
        if found or at_fault or subject is None:
            return found
        store = Path(given["store"]) if given.get("store") else folders().evidence
        job = Job(subject, str(quarter), language, store.resolve(), day, seed, kind)
        first = self._rows.setdefault((kind, subject, job.period, language), row)
        if first != row:
            return [Wrong(row, "", words("batch.jobs.report_twice", first=first))]
        self._data.setdefault((job.store, day, job.period), row)
        self.jobs.append(job)
        return []

    def faults_of_data(self) -> Iterator[Wrong]:
        """Yield for which stores, dates and periods there are no data, at the first row that asks for them."""
        for (store, day, period), row in self._data.items():
            try:
                check_data(store, day, period)
            except WrongParameter as error:
                yield Wrong(row, "period" if store.exists() else "store", halves(str(error)))


def _language(text: str) -> str:
    if text not in LANGUAGES:
        said = words("batch.wrong.language", value=shown(text))
        raise WrongParameter(f"{said.vi} / {said.en}")
    return text


def _seed(seed: int) -> int:
    if not 0 <= seed <= LARGEST_SEED:
        said = words("batch.wrong.seed", value=shown(seed))
        raise WrongParameter(f"{said.vi} / {said.en}")
    return seed
