"""Loading: submissions with their values and findings go into the store together, or nothing does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.contracts import BrokenContract, checked, values_schema
from evaluation.store import kept, ledger
from evaluation.store.connection import WRITER_WAITS, Tell
from evaluation.store.disk import told
from evaluation.store.entries import Clock, clock, load_id, record_load, start_of
from evaluation.store.schema import FINDING_COLUMNS
from evaluation.store.session import Session, writing

if TYPE_CHECKING:
    import pandas as pd

ERROR = "error"


@dataclass(frozen=True)
class Submission:
    """One workbook (or one archived district quarter) as it came.

    Attributes
    ----------
    id : str
        Identifies the content: the same file sent twice is one submission.
    district_code, period : str
    form_version : int
    received : date
    file, sha256, role : str
        File name, hash of its bytes, and the office that sent it.
    narrative : str
        Difficulties and proposals, as text.
    note : str
        A remark on the submission as a whole.
    """

    id: str
    district_code: str
    period: str
    form_version: int
    received: dt.date
    file: str
    sha256: str
    role: str
    narrative: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Batch:
    """One submission with all that is to be kept of it.

    Attributes
    ----------
    submission : Submission
    values : DataFrame or None
        As `contracts.values_schema`; None for a file that is held: its
        findings are kept, and no value, no narrative and no source.
    findings : DataFrame or None
        Columns of `intake.findings.COLUMNS`, one row a finding.
    source : bytes or None
        The file itself. Values that came without one are kept as a table of
        their own rows.
    kept : str
        What the source is: "xlsx", "ods", "csv"; "table" for values without one.
    """

    submission: Submission
    values: pd.DataFrame | None
    findings: pd.DataFrame | None = None
    source: bytes | None = None
    kept: str = kept.TABLE

    @property
    def accepted(self) -> bool:
        """Whether its values become evidence."""
        return self.values is not None


@dataclass(frozen=True)
class Loaded:
    """What a load did.

    Attributes
    ----------
    new, known : tuple of str
        Ids of submissions that came in, and of those that were there already.
    load : str
        Id of the load; empty where nothing was new.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    load: str = ""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A batch that keeps its contract, with what is to be written.

    Attributes
    ----------
    batch : Batch
    source : str
        Hash under which its file is kept; empty for one that is held.
    body : bytes
        That file.
    findings : list of dict
        Rows of the store.
    sequence : int
        Its number where it had one before; 0 for the next.
    """

    batch: Batch
    source: str
    body: bytes
    findings: list[dict[str, str]]
    sequence: int = 0


def load(
    path: Path,
    batches: Iterable[Batch],
    synthetic: bool,
    received: dt.date,
    *,
    wait: float = WRITER_WAITS,
    tell: Tell | None = None,
) -> Loaded:
    """Add submissions, all in one transaction: after a kill or a full disk the store is as before or as after.

    Parameters
    ----------
    path : Path
        The store; made for its owner's eyes only where there is none, in a
        private folder where that is made too.
    batches : iterable of Batch
    synthetic : bool
        Whether the data are made up. A store holds one kind, for good.
    received : date
        Day of the load; each submission has its own as well.
    wait : float
        Seconds to wait for another writer, or for readers.
    tell : callable, optional
        Hears once, in words, whom it is waiting for.

    Returns
    -------
    Loaded
        A submission that is there already changes nothing, held or accepted.

    Raises
    ------
    contracts.BrokenContract
        If a batch is not what it should be: values of another district or
        period, an accepted one with errors, a source of another hash.
    StoreError
        If the store cannot be opened or written, is not what its ledger
        says, holds data of the other kind, or the disk is full. In every
        case nothing of this load is in the store.
    """
    prepared: dict[str, Prepared] = {}
    for batch in batches:
        if batch.submission.id not in prepared:
            prepared[batch.submission.id] = prepare(batch)
    return write(path, list(prepared.values()), synthetic, received, clock(), wait=wait, tell=tell)


def load_many(path: Path, batches: Iterable[tuple[Submission, pd.DataFrame]], synthetic: bool = False) -> int:
    """Add submissions that have values and no workbook; see `load`.

    Returns
    -------
    int
        How many were new.
    """
    own = [Batch(submission, values) for submission, values in batches]
    if not own:
        return 0
    return len(load(path, own, synthetic, max(b.submission.received for b in own)).new)


def prepare(batch: Batch) -> Prepared:
    """Return a batch made ready to be written.

    Raises
    ------
    contracts.BrokenContract
        As `load`.
    """
    submission, listed = batch.submission, finding_rows(batch.submission.id, batch.findings)
    if batch.values is None:
        bare = dataclasses.replace(submission, narrative="")
        return Prepared(dataclasses.replace(batch, submission=bare, source=None, kept=""), "", b"", listed)
    frame = checked(batch.values, values_schema(), submission.file)
    if not ((frame["district_code"] == submission.district_code) & (frame["period"] == submission.period)).all():
        raise BrokenContract(
            f"{submission.file}: có số liệu của quận, huyện hoặc kỳ khác. / {submission.file}: holds another district or period."
        )
    if any(f["severity"] == ERROR for f in listed):
        raise BrokenContract(
            f"{submission.file}: còn lỗi nên không được nhận số liệu. / {submission.file}: has errors, its values are not accepted."
        )
    # Without a source, the values are kept as a table of their own rows.
    body, kind = (kept.table(frame), kept.TABLE) if batch.source is None else (batch.source, batch.kept)
    name = kept.digest(body)
    if kind not in kept.KINDS or (batch.source is not None and name != submission.sha256):
        raise BrokenContract(
            f"{submission.file}: tệp gốc không khớp mã băm hoặc loại tệp. / {submission.file}: the source does not fit its hash or kind."
        )
    return Prepared(dataclasses.replace(batch, values=frame, kept=kind), name, body, listed)


def finding_rows(submission: str, findings: pd.DataFrame | None) -> list[dict[str, str]]:
    """Return findings as rows of the store, each with an id that the same finding always gets.

    Parameters
    ----------
    submission : str
    findings : DataFrame or None
    """
    if findings is None:
        return []
    seen: Counter[tuple[str, ...]] = Counter()
    listed = []
    for record in findings[list(FINDING_COLUMNS)].fillna("").astype(str).to_dict("records"):
        row = {str(k): str(v) for k, v in record.items()}
        place = (submission, *(row[k] for k in ("code", "sheet", "cell", "element", "unit")))
        seen[place] += 1
        name = hashlib.sha256("\x1f".join((*place, str(seen[place]))).encode()).hexdigest()[:16]
        listed.append({"id": name, "submission": submission, **row})
    return listed


def write(
    path: Path,
    prepared: Sequence[Prepared],
    synthetic: bool,
    received: dt.date,
    when: Clock,
    *,
    wait: float = WRITER_WAITS,
    tell: Tell | None = None,
) -> Loaded:
    """Write prepared batches as one load; the rest is as in `load`."""
    with writing(path, synthetic, sum(len(p.body) for p in prepared), wait, tell) as session:
        there = {str(r[0]) for r in session.connection.execute("select id from submissions").fetchall()}
        new = [p for p in prepared if p.batch.submission.id not in there]
        known = tuple(p.batch.submission.id for p in prepared if p.batch.submission.id in there)
        if not new:
            return Loaded((), known)
        name = insert(session, new, received, when)
    return Loaded(tuple(p.batch.submission.id for p in new), known, name)


def insert(session: Session, new: Sequence[Prepared], received: dt.date, when: Clock) -> str:
    """Write a load: its files, then its rows in one transaction, then, when those are safe, its line in the ledger.

    Parameters
    ----------
    session : Session
    new : sequence of Prepared
        At least one; none of them is in the store.
    received : date
    when : tuple of str
        `entries.clock`.

    Returns
    -------
    str
        The load's id.

    Raises
    ------
    StoreError
        If the disk refuses; the store is as before then, or holds the whole
        load and says so at the next start.
    """
    listed = [row for p in new for row in p.findings]
    remarks = kept.records(listed) if listed else b""
    files = {p.source: p.body for p in new if p.source}
    if remarks:
        files[kept.digest(remarks)] = remarks
    try:
        kept.keep(session.path, files)
    except OSError as error:
        raise told(session.path, error) from None
    start = start_of(session.connection)
    name = load_id(session.page.seal or str(start["seal"]), [p.batch.submission.id for p in new])
    entry = _rows(session, new, listed, name, received, kept.digest(remarks) if remarks else "", when)
    session.connection.execute("checkpoint")
    ledger.append(session.path, session.page, entry, start)
    return name


def _rows(
    session: Session, new: Sequence[Prepared], listed: list[dict[str, str]], name: str, received: dt.date, remarks: str, when: Clock
) -> ledger.Entry:
    """Write the rows of a load in one transaction; return the line that the ledger gets."""
    import duckdb
    import pandas as pd

    connection = session.connection
    first = connection.execute("select coalesce(max(sequence), 0) + 1 from submissions").fetchall()[0][0]
    forms = pd.DataFrame(
        [
            {
                **dataclasses.asdict(p.batch.submission),
                "sequence": p.sequence or first + n,
                "load": name,
                "kept": p.batch.kept,
                "source": p.source,
                "accepted": p.batch.accepted,
            }
            for n, p in enumerate(new)
        ]
    )
    numbers = [p.batch.values.assign(submission=p.batch.submission.id) for p in new if p.batch.values is not None]
    connection.execute("begin")
    try:
        connection.register("forms", forms)
        connection.execute("insert into submissions by name select * from forms")
        if numbers:
            connection.register("numbers", pd.concat(numbers, ignore_index=True))
            connection.execute(
                'insert into "values" select submission, district_code, unit_code, period, element, '
                "case when isnan(value) then null else value end, state, sheet, cell from numbers"
            )
        if listed:
            connection.register("remarks", pd.DataFrame(listed, dtype=str))
            connection.execute("insert into findings by name select * from remarks")
        entry = record_load(connection, name, session.page, received, remarks, when)
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back already
            connection.execute("rollback")
        raise
    return entry
