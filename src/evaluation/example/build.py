"""The example as evidence: its workbooks go through the intake like any other, its archive and its plans straight into the store."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.example.files import ARCHIVE
from evaluation.intake import rules
from evaluation.intake.archive import body
from evaluation.intake.findings import ERROR, Finding, frame
from evaluation.intake.form import Cover
from evaluation.intake.reading import Reading
from evaluation.intake.refusal import Refused
from evaluation.intake.workbook import examine
from evaluation.settings import folders
from evaluation.store import Batch, Submission, load, register

if TYPE_CHECKING:
    import pandas as pd


PLANS = "analysis_plans.csv"


class ExampleError(RuntimeError):
    """The example's list or archive cannot be read; the message names the file."""


def build(store_path: Path, folder: Path | None = None, tell: Callable[[Finding], object] | None = None) -> int:
    """Load the whole example into an evidence store, and register its analysis plans with their days.

    Parameters
    ----------
    store_path : Path
        The store; made where there is none. Loading twice adds nothing.
    folder : Path, optional
        Where the example's files are; the project's own where left out.
    tell : callable, optional
        Hears the errors of each workbook that the intake keeps out; the
        others are loaded all the same.

    Returns
    -------
    int
        How many submissions were new.

    Raises
    ------
    ExampleError
        If the list of submissions or the archive is missing or damaged.
    """
    place = folder or folders().data / "example"
    batches = list(submissions(place, tell))
    if not batches:
        return 0
    new = load(store_path, batches, synthetic=True, received=max(b.submission.received for b in batches)).new
    _register_plans(store_path, place)
    return len(new)


def _register_plans(store_path: Path, folder: Path) -> None:
    """Register the plans that the example lists; an example without that list has none."""
    listed = folder / PLANS
    if not listed.exists():
        return
    with listed.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            body = (folder / row["file"]).read_bytes()
            register(store_path, row["pilot"], body, row["file"], True, on=dt.date.fromisoformat(row["registered"]))


def submissions(folder: Path, tell: Callable[[Finding], object] | None = None) -> Iterator[Batch]:
    """Give every submission of the example with its values and its workbook, in the order in which they came.

    Parameters
    ----------
    folder : Path
    tell : callable, optional
        As in `build`.

    Yields
    ------
    Batch
        Quarters from the archive have no workbook.
    """
    import pandas as pd

    try:
        ledger = pd.read_csv(folder / "submissions.csv", dtype=str)
        archive = pd.read_csv(folder / ARCHIVE, dtype=str, keep_default_na=False)
        digest = hashlib.sha256((folder / ARCHIVE).read_bytes()).hexdigest()
    except (OSError, EOFError) as error:
        name = Path(getattr(error, "filename", None) or ARCHIVE).name
        raise ExampleError(
            f"Thiếu hoặc hỏng tệp ví dụ {name}. Hãy lấy lại data/example từ kho mã. / "
            f"The example's file {name} is missing or damaged. Restore data/example from the repository."
        ) from None
    archive["value"] = pd.to_numeric(archive["value"], errors="coerce")
    archive["sheet"] = "archive"
    archive["cell"] = [f"row {n}" for n in range(2, len(archive) + 2)]
    held = dict(iter(archive.groupby(["district_code", "period", "submission"], sort=False)))
    known: dict[str, dict[str, pd.DataFrame]] = defaultdict(dict)  # what each district reported so far, by period
    for row in ledger.itertuples():
        past = known[str(row.district_code)]
        received = dt.date.fromisoformat(str(row.received))
        if row.file == ARCHIVE:
            key = (str(row.district_code), str(row.period), str(row.revision))
            version = int(str(row.form_version))
            past[key[1]] = held[key].assign(form_version=version)
            yield Batch(*_archived(key, held[key], received, version, digest))
        else:
            reading, content = _read(folder / str(row.file))
            if reading.accepted:
                reading = _compared(reading, past, received)
                form = dataclasses.replace(reading.submission(received), narrative=reading.narrative)
                yield Batch(form, reading.values, frame(reading.findings), content, reading.written_as)
            elif tell:
                for found in reading.findings:
                    if found.severity == ERROR:
                        tell(found)


def _read(path: Path) -> tuple[Reading, bytes]:
    """Read one of the example's own workbooks, in this process: nobody else has written it."""
    try:
        content = body(path)
    except Refused as refused:
        return Reading(path.name, findings=(refused.finding(path.name),)), b""
    return examine(content, path.name), content


def _compared(reading: Reading, past: dict[str, pd.DataFrame], received: dt.date) -> Reading:
    """Return a reading with what its dates and its district's earlier quarters say, and add it to these."""
    import pandas as pd

    assert reading.cover is not None
    period = str(reading.cover.period)
    earlier = [values for known, values in past.items() if known < period]
    past[period] = reading.values.assign(form_version=reading.cover.form_version)
    return reading.also(rules.timing(reading, received)).also(rules.against(reading, pd.concat(earlier, ignore_index=True), received))


def _archived(
    key: tuple[str, str, str], values: pd.DataFrame, received: dt.date, version: int, digest: str
) -> tuple[Submission, pd.DataFrame]:
    name = hashlib.sha256("|".join((*key, digest)).encode()).hexdigest()[:16]
    role = Cover.role
    return Submission(name, key[0], key[1], version, received, ARCHIVE, digest, role), values.drop(columns=["submission", "received"])
