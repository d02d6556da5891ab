"""All rows of a sweep as one tidy frame, and as a text table that a spreadsheet may open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.batch.records import Record
from evaluation.batch.studies.asked import ID, NOTEBOOK, StudyJob
from evaluation.recorded import Value

if TYPE_CHECKING:
    import pandas as pd

AGAIN = "recorded_"  # before a value that is recorded under the name of a parameter
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def frame(jobs: Sequence[StudyJob], records: Mapping[str, Record], values: Mapping[str, Mapping[str, Value]]) -> pd.DataFrame:
    """Return one row a job, one column a variable.

    Parameters
    ----------
    jobs : sequence of StudyJob
    records : mapping of Record
        How each ended, by the job's name.
    values : mapping
        What each recorded.

    Returns
    -------
    DataFrame
        job, notebook (where there are several), every parameter, run_outcome,
        run_reason, run_seconds, then every recorded value, in the order of the
        jobs and of their recording. What a job did not record is missing.
    """
    import pandas as pd

    settings = list(dict.fromkeys(name for job in jobs for name in job.settings))
    names = list(dict.fromkeys(name for job in jobs for name in values.get(job.name, {})))
    columns: dict[str, Any] = {ID: [job.name for job in jobs]}
    if len({job.notebook for job in jobs}) > 1:
        columns[NOTEBOOK] = [job.notebook.name for job in jobs]
    columns |= {name: _typed([job.settings.get(name) for job in jobs]) for name in settings}
    columns["run_outcome"] = [records[job.name].outcome for job in jobs]
    columns["run_reason"] = [_reason(records[job.name]) for job in jobs]
    columns["run_seconds"] = [records[job.name].seconds for job in jobs]
    for name in names:
        columns[AGAIN + name if name in settings else name] = _typed([values.get(job.name, {}).get(name) for job in jobs])
    return pd.DataFrame(columns)


def _reason(record: Record) -> str:
    if record.reason is None:
        return ""
    told = "; ".join(f"{name} {value}" for name, value in sorted(record.details.items()))
    return f"{record.reason}: {told}" if told else str(record.reason)


def _typed(column: Sequence[Any]) -> Any:
    """Return a column of one type where its values are of one; missing stays missing."""
    import pandas as pd

    kinds = {type(value) for value in column if value is not None}
    if kinds <= {bool} and kinds:
        return pd.array(column, dtype="boolean")
    if kinds and kinds <= {int} and all(abs(v) < 2**63 for v in column if v is not None):
        return pd.array(column, dtype="Int64" if None in column else "int64")
    if kinds and kinds <= {int, float}:
        return pd.array([float("nan") if v is None else float(v) for v in column], dtype="float64")
    if kinds and kinds in ({dt.date}, {dt.datetime}) and len({getattr(v, "tzinfo", None) for v in column if v is not None}) == 1:
        return pd.to_datetime(pd.Series(column, dtype="object")).array
    if kinds <= {str}:
        return pd.array(column, dtype="str")
    return pd.Series([v if v is None or isinstance(v, bool | int | float | str | dt.date) else repr(v) for v in column], dtype="object")


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a frame as a text table in UTF-8 with its mark, as spreadsheets want it.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    bytes
        Numbers in full; a missing value is blank. Text that a spreadsheet
        would run begins with an apostrophe.
    """
    safe = table.copy()
    for name in safe.columns:
        if safe[name].dtype.kind in "OUT" or str(safe[name].dtype) in ("str", "string"):
            safe[name] = safe[name].map(harmless, na_action="ignore")
    safe.columns = [harmless(name) for name in safe.columns]
    text: str = safe.to_csv(index=False, lineterminator="\n", date_format=_days(safe))
    return text.encode("utf-8-sig")


def _days(table: pd.DataFrame) -> str | None:
    """Return how dates are written: without a time of day where none has one."""
    times = table.select_dtypes("datetime")
    return "%Y-%m-%d" if all((times[c].dropna() == times[c].dropna().dt.normalize()).all() for c in times) else None


def harmless(value: Any) -> Any:
    """Return text that a spreadsheet shows and does not run; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS) else value
