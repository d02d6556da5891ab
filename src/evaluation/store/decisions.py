"""A person's decision on a warning: written down with its reason, never taken back, only followed by a later one."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

from evaluation.store import ledger
from evaluation.store.connection import WRITER_WAITS, Tell
from evaluation.store.entries import record_decision, start_of
from evaluation.store.session import writing
from evaluation.store.trouble import StoreError

WARNING, ERROR = "warning", "error"


def decide(
    path: Path,
    finding: str,
    accepted: bool,
    reason: str,
    role: str,
    on: dt.date,
    *,
    wait: float = WRITER_WAITS,
    tell: Tell | None = None,
) -> None:
    """Write down a decision on a warning.

    Parameters
    ----------
    path : Path
        The store.
    finding : str
        The warning's id.
    accepted : bool
        True: the figure is right as it was reported. False: the value that
        the warning points at is taken out of the evidence from `on`; where
        it points at no value, the whole submission is held back.
    reason, role : str
        Why, and which office and position decided. The caller has looked at
        both for anything about a person.
    on : date
        Day of the decision. Of several decisions the one of the latest day
        counts, of two on one day the one written last.
    wait, tell
        As `load`.

    Raises
    ------
    StoreError
        If there is no such warning, it is not one that can be decided on,
        reason or role is missing, or the store cannot be written.
    """
    import duckdb

    if not reason.strip() or not role.strip():
        raise StoreError(
            "Quyết định phải ghi lý do và đơn vị, chức danh người quyết định. / "
            "A decision needs its reason, and the office and position that decided."
        )
    with writing(path, None, wait=wait, tell=tell) as session:
        connection = session.connection
        found = connection.execute(
            "select f.severity, s.received from findings f join submissions s on s.id = f.submission where f.id = ?", [finding]
        ).fetchone()
        _refuse(finding, found, on)
        fields = {"finding": finding, "accepted": accepted, "reason": reason, "role": role, "decided": on.isoformat()}
        connection.execute("begin")
        try:
            entry = record_decision(connection, session.page, fields)
            connection.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has rolled back already
                connection.execute("rollback")
            raise
        connection.execute("checkpoint")
        ledger.append(path, session.page, entry, start_of(connection))


def _refuse(finding: str, found: tuple[str, dt.date] | None, on: dt.date) -> None:
    """Refuse a decision on what is no warning, or on a day before the file came."""
    shown = finding if len(finding) == 16 and finding.isalnum() else "?"
    if found is None:
        raise StoreError(
            f"Không có cảnh báo nào mang mã {shown}. Xem mã bằng: evaluation status. / "
            f"There is no warning with the id {shown}. See the ids with: evaluation status."
        )
    severity, received = found
    if severity == ERROR:
        raise StoreError(
            f"{shown} là lỗi, không phải cảnh báo: chỉ quận, huyện sửa và gửi lại tệp mới hết. / "
            f"{shown} is an error, not a warning: only a corrected file from the district mends it."
        )
    if severity != WARNING:
        raise StoreError(f"{shown} là ghi chú, không cần quyết định. / {shown} is a note: there is nothing to decide.")
    if on < received:
        raise StoreError(
            f"Ngày quyết định không thể trước ngày nhận tệp ({received:%d/%m/%Y}). / "
            f"A decision cannot be older than the file it is about ({received.isoformat()})."
        )
