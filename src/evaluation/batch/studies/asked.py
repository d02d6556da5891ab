"""What a table of settings asks for: rows of any notebooks, and rows that are ordinary reports; all checked, all faults told."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.batch.jobs import KINDS, Job, default_template
from evaluation.batch.journal import JOURNAL
from evaluation.batch.parameters import shown
from evaluation.batch.studies.declared import NoNotebook, Parameter, parameters, settable
from evaluation.batch.studies.reports import Reports
from evaluation.batch.studies.table import Row, Table, Wrong, WrongJobs
from evaluation.batch.studies.values import NotOfType, value
from evaluation.language import Words, words
from evaluation.recorded import TAKEN

ID, NOTEBOOK = "job", "notebook"
STUDY = "study"
_ID = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True)
class StudyJob:
    """One row: a notebook with its settings.

    Attributes
    ----------
    subject : str
        What tells it from other rows: the column "job" where there is one, else the row's place among the rows ("job-0001").
    notebook : Path
        Absolute.
    given : mapping
        What the row sets, by parameter.
    settings : mapping
        All parameters with the values that they have then, defaults of the notebook included.
    kind, language : str
        "study", and none: as of a report's job.
    """

    subject: str
    notebook: Path
    given: Mapping[str, str | int | float | bool]
    settings: Mapping[str, Any]
    kind: str = STUDY
    language: str = ""

    @property
    def name(self) -> str:
        """As messages and folders call it."""
        return self.subject


@dataclass(frozen=True)
class Asked:
    """What a table asks for.

    Attributes
    ----------
    studies : tuple of StudyJob
    reports : tuple of Job
        Rows of report notebooks: they are made and published as any report.
    """

    studies: tuple[StudyJob, ...]
    reports: tuple[Job, ...]


def asked(table: Table, notebook: Path | None = None, beside: Path | None = None) -> Asked:
    """Check a table of settings as a whole, before anything is started.

    Parameters
    ----------
    table : Table
    notebook : Path, optional
        Of rows that name none. Where left out, columns "district" or "pilot" say which report is meant.
    beside : Path, optional
        The folder of the table, where notebooks that it names are looked for first.

    Returns
    -------
    Asked

    Raises
    ------
    WrongJobs
        With all that is wrong.
    """
    reading = _Reading(table, notebook, beside)
    reading.read()
    if found := [*table.found, *reading.found]:
        raise WrongJobs(found, table.name)
    return Asked(tuple(reading.studies), tuple(reading.reports.jobs))


@dataclass
class _Reading:
    """One reading of a table."""

    table: Table
    notebook: Path | None
    beside: Path | None
    found: list[Wrong] = field(default_factory=list)
    studies: list[StudyJob] = field(default_factory=list)
    reports: Reports = field(default_factory=Reports)
    _declared: dict[Path, dict[str, Parameter] | None] = field(default_factory=dict)
    _settings: dict[object, int] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)
    _unknown: set[tuple[Path, str]] = field(default_factory=set)

    def read(self) -> None:
        for place, row in enumerate(self.table.rows, 1):
            path = self._notebook_of(row)
            if path is None or (declared := self._parameters(path, row.number)) is None:
                continue
            cells = {k: v for k, v in row.cells.items() if k not in (ID, NOTEBOOK) and k}
            given = dict(self._values(row.number, cells, path, declared))
            kind = next((k for k in KINDS if path == default_template(k).resolve()), "")
            if kind:
                self.found += self.reports.take(row.number, kind, given, set(cells) - set(given))
            else:
                self._study(place, row, path, declared, given)
        self.found += self.reports.faults_of_data()

    def _notebook_of(self, row: Row) -> Path | None:
        named = row.cells.get(NOTEBOOK)
        if named is None and self.notebook is None:
            kinds = [k for k in KINDS if k in row.cells] or [k for k in KINDS if k in self.table.columns]
            if len(kinds) == 1:
                return default_template(kinds[0]).resolve()
            self.found.append(Wrong(row.number, NOTEBOOK, words("batch.jobs.no_notebook")))
            return None
        path = self.notebook if named is None else Path(str(named))
        assert path is not None
        if named is not None and self.beside is not None and (self.beside / path).is_file():
            path = self.beside / path
        return path.resolve()

    def _parameters(self, path: Path, row: int) -> dict[str, Parameter] | None:
        """Return a notebook's parameters; what is wrong with the notebook is told once."""
        if path not in self._declared:
            try:
                self._declared[path] = parameters(path)
            except NoNotebook:
                key = "unreadable_notebook" if path.is_file() else "lacking_notebook"
                self.found.append(Wrong(row, NOTEBOOK, words(f"batch.jobs.{key}", name=shown(path.name))))
                self._declared[path] = None
        return self._declared[path]

    def _values(
        self, row: int, cells: Mapping[str, Any], path: Path, declared: Mapping[str, Parameter]
    ) -> Iterator[tuple[str, str | int | float | bool]]:
        for column, cell in cells.items():
            parameter = declared.get(unicodedata.normalize("NFC", column))
            if parameter is None or not settable(parameter):
                if (path, column) not in self._unknown:  # one heading, one finding
                    self._unknown.add((path, column))
                    self.found.append(Wrong(1, column, _unknown(column, path, declared)))
                continue
            try:
                yield parameter.name, value(cell, parameter.type, self.table.comma)
            except NotOfType as error:
                key = "either" if error.either else "type"
                example = words(f"batch.jobs.example_{parameter.type}")
                self.found.append(Wrong(row, column, words(f"batch.jobs.{key}", value=shown(cell), type=parameter.type, example=example)))

    def _study(self, place: int, row: Row, path: Path, declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> None:
        for name, parameter in declared.items():
            if name in TAKEN and (path, name) not in self._unknown:
                self._unknown.add((path, name))
                self.found.append(Wrong(1, name, words("batch.jobs.taken", notebook=path.name)))
            if parameter.needed and name not in row.cells:
                self.found.append(Wrong(row.number, name, words("batch.jobs.lacking", notebook=path.name)))
        settings = {name: given.get(name, p.default) for name, p in declared.items()}
        key = (path, tuple((name, type(v).__name__, repr(v)) for name, v in settings.items()))
        whole = set(row.cells) - {ID, NOTEBOOK} == set(given)  # a row at fault is not compared
        if whole and (first := self._settings.setdefault(key, row.number)) != row.number:
            self.found.append(Wrong(row.number, "", words("batch.jobs.twice", first=first)))
        named = unicodedata.normalize("NFC", str(row.cells.get(ID, f"job-{place:0{max(4, len(str(len(self.table.rows))))}d}")))
        if not _ID.fullmatch(named) or named.endswith(".") or named.casefold() == JOURNAL:
            self.found.append(Wrong(row.number, ID, words("batch.jobs.id", value=shown(named))))
        elif (first := self._ids.setdefault(named.casefold(), row.number)) != row.number:
            self.found.append(Wrong(row.number, ID, words("batch.jobs.id_twice", value=named, first=first)))
        self.studies.append(StudyJob(named, path, given, settings))


def _unknown(column: str, path: Path, declared: Mapping[str, Parameter]) -> Words:
    """Say that a notebook has no such parameter, or none that a table can set, and which was perhaps meant."""
    if column in declared:
        key = "taken" if column in TAKEN else "untyped"
        return words(f"batch.jobs.{key}", notebook=path.name)
    known = [name for name, p in declared.items() if settable(p)]
    if not known:
        return words("batch.jobs.no_parameters", notebook=path.name)
    near = difflib.get_close_matches(column, known, 1)
    hint = words("batch.wrong.meant", name=near[0]) if near else words("batch.wrong.known", names=", ".join(known))
    return words("batch.jobs.unknown", notebook=path.name, hint=hint)
