"""Analysis plans: registered with hash, date and what was known then, never changed, only followed by a further version."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.language import Words, day
from evaluation.store import kept, ledger, schema
from evaluation.store.connection import WRITER_WAITS, Tell
from evaluation.store.disk import told
from evaluation.store.entries import clock, record_plan, rows, start_of
from evaluation.store.session import writing
from evaluation.store.trouble import StoreError

if TYPE_CHECKING:
    import duckdb

LARGEST = 64_000  # bytes


@dataclass(frozen=True)
class KeptPlan:
    """An analysis plan as it was registered.

    Attributes
    ----------
    pilot : str
    version : int
        1 for a pilot's first.
    registered : date
    moment : str
        When it was written into the ledger, in UTC.
    file, sha256 : str
        Name of the file and hash of its bytes.
    last_period, last_received : str
        Last period with data in the store at that moment, and the day on
        which the last of them had come; empty where there were none.
    body : bytes
        The file itself.
    """

    pilot: str
    version: int
    registered: dt.date
    moment: str
    file: str
    sha256: str
    last_period: str
    last_received: str
    body: bytes


@dataclass(frozen=True)
class Registered:
    """What a registration did.

    Attributes
    ----------
    version : int
    sha256 : str
    registered : date
    new : bool
        False where the pilot's latest version was these very bytes already.
    last_period : str
        Last period with data at that moment; empty for none.
    """

    version: int
    sha256: str
    registered: dt.date
    new: bool
    last_period: str


def register(
    path: Path,
    pilot: str,
    body: bytes,
    file: str,
    synthetic: bool | None = None,
    *,
    on: dt.date | None = None,
    wait: float = WRITER_WAITS,
    tell: Tell | None = None,
) -> Registered:
    """Register an analysis plan: its file is kept by hash, its date and what was known then go into the ledger.

    Parameters
    ----------
    path : Path
        The store; made where there is none and the kind of data is said.
    pilot : str
        Id of the pilot that the plan is of; the caller has read the plan.
    body : bytes
        The plan's file.
    file : str
        Its name, for people.
    synthetic : bool, optional
        Kind of data that the store holds or will hold; as it is where left out.
    on : date, optional
        Day of registration, for made-up data alone: a real plan bears the day of its entry.
    wait, tell
        As `load`.

    Returns
    -------
    Registered

    Raises
    ------
    StoreError
        If a real plan is to bear another day, a version of a later day is
        there, the file is empty or too large, the store holds data of the
        other kind or cannot be written.
    """
    if not 0 < len(body) <= LARGEST:
        raise StoreError(
            f"{file}: kế hoạch phân tích phải có từ 1 đến {LARGEST} byte. / {file}: an analysis plan has 1 to {LARGEST} bytes."
        )
    with writing(path, synthetic, len(body), wait, tell) as session:
        connection = session.connection
        if on is not None and not schema.synthetic(connection):
            raise StoreError(
                "Ngày đăng ký kế hoạch phân tích thật là ngày ghi vào kho, không chọn ngày khác được. / "
                "A real analysis plan is registered on the day of its entry; no other day can be given."
            )
        when, program = clock()
        today = on or dt.datetime.now(dt.UTC).astimezone().date()
        latest = _latest(connection, pilot)
        if latest is not None and latest.sha256 == kept.digest(body):
            return latest
        if latest is not None and today < latest.registered:
            shown = Words(day(latest.registered, "vi"), day(latest.registered, "en"))
            raise StoreError(
                f"{pilot}: đã có phiên bản {latest.version} đăng ký ngày {shown.vi}; phiên bản sau không thể có ngày trước đó. / "
                f"{pilot}: version {latest.version} was registered on {shown.en}; a later version cannot bear an earlier day."
            )
        period, received = _known(connection, on)
        fields = {
            "pilot": pilot,
            "version": 1 if latest is None else latest.version + 1,
            "registered": today.isoformat(),
            "moment": when,
            "file": file,
            "source": kept.digest(body),
            "last_period": period,
            "last_received": received,
            "program": program,
        }
        try:
            kept.keep(session.path, {kept.digest(body): body})
        except OSError as error:
            raise told(session.path, error) from None
        written(session.path, connection, session.page, fields)
    return Registered(int(str(fields["version"])), str(fields["source"]), today, True, period)


def written(path: Path, connection: duckdb.DuckDBPyConnection, page: ledger.Page, fields: dict[str, object]) -> None:
    """Write a plan's row in a transaction of its own, and its line in the ledger once that is safe."""
    import duckdb

    connection.execute("begin")
    try:
        entry = record_plan(connection, page, fields)
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back already
            connection.execute("rollback")
        raise
    connection.execute("checkpoint")
    ledger.append(path, page, entry, start_of(connection))


def _latest(connection: duckdb.DuckDBPyConnection, pilot: str) -> Registered | None:
    found = rows(connection, "select * from plans where pilot = $pilot order by version desc limit 1", {"pilot": pilot})
    if not found:
        return None
    row = found[0]
    day_ = dt.date.fromisoformat(str(row["registered"]))
    return Registered(int(row["version"]), str(row["source"]), day_, False, str(row["last_period"]))


def _known(connection: duckdb.DuckDBPyConnection, on: dt.date | None) -> tuple[str, str]:
    """Return the last period with data, and the day on which the last data came; of made-up data, those that had come by a day."""
    query = "select coalesce(max(period), '') as period, coalesce(max(received)::varchar, '') as received from submissions where accepted"
    slots: dict[str, object] = {}
    if on is not None:
        query += " and received <= $day"
        slots["day"] = on
    row = rows(connection, query, slots)[0]
    return str(row["period"]), str(row["received"])
