"""The store made anew from its ledger and the kept files, in the ledger's order, and held against what the ledger says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.contracts import BrokenContract
from evaluation.language import Words
from evaluation.store import kept, ledger, schema
from evaluation.store.connection import WRITER_WAITS, Tell, writer
from evaluation.store.disk import beside, refuse_network, sync_folder, told
from evaluation.store.entries import record_decision, start_of
from evaluation.store.ledger import DECISION, LOAD, Entry
from evaluation.store.loading import Batch, Prepared, Submission, finding_rows, insert, prepare
from evaluation.store.plans import written
from evaluation.store.session import reading, writing
from evaluation.store.trouble import StoreError, broken_ledger

if TYPE_CHECKING:
    import pandas as pd

Read = Callable[[bytes, str, str, dt.date], "tuple[pd.DataFrame, pd.DataFrame, str]"]


@dataclass(frozen=True)
class Rebuilt:
    """A store that was made anew.

    Attributes
    ----------
    path : Path
        Where it is.
    differences : tuple of Words
        Where it is not what the ledger says; none where it is identical.
    aside : Path or None
        Where the store that it replaces was put.
    """

    path: Path
    differences: tuple[Words, ...]
    aside: Path | None = None


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of all rows of all tables, in no order.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    parts = []
    with reading(path) as connection:
        for name in ("meta", *schema.COUNTED, schema.LATER):
            columns = [str(r[0]) for r in connection.execute(f'describe "{name}"').fetchall()]
            fields = ", ".join("coalesce(format('{:.17g}', \"value\"), '')" if c == "value" else f'"{c}"' for c in columns)
            row = connection.execute(
                f"select coalesce(string_agg(line, '' order by line), '') from (select sha256(concat_ws(chr(31), {fields})) as line "
                f'from "{name}")'
            ).fetchall()
            parts.append(f"{name}\n{hashlib.sha256(str(row[0][0]).encode()).hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def rebuild(path: Path, target: Path | None, read: Read, *, wait: float = WRITER_WAITS, tell: Tell | None = None) -> Rebuilt:
    """Make a store anew from a store's ledger and kept files.

    Parameters
    ----------
    path : Path
        The store; its database may be damaged or gone.
    target : Path or None
        Where to; nothing may be there yet. None to put it in the place of the
        old one, whose database (and ledger, where it differs) is then kept
        beside it under a name that ends in ".before-1", "-2", ...
    read : callable
        ``read(body, file, kept, received)`` returns values, findings and
        narrative of a kept workbook. Tables are read here. The findings count
        only where the list that was kept at the load is lost.
    wait, tell
        As `load`.

    Returns
    -------
    Rebuilt

    Raises
    ------
    StoreError
        If there is no ledger, it is damaged, or the new store cannot be
        written; what was there is then as it was.
    """
    refuse_network(target or path)
    if target is not None and any(beside(target, e).exists() for e in ("", ".ledger", ".files", ".wal")):
        raise StoreError(
            f"Đã có {target.name} hoặc sổ ghi, tệp lưu của nó; không ghi đè. Hãy chọn tên khác. / "
            f"{target.name}, or a ledger or files of that name, is there already; nothing is overwritten. Choose another name."
        )
    if not ledger.place(path).exists():
        raise broken_ledger(path)
    # A load that was killed before its line was written is still in the database, if that can be read.
    with suppress(StoreError), writing(path, None, wait=wait, tell=tell):
        pass
    with writer(path, wait, tell):
        place = target or beside(path, f".new-{os.getpid()}")
        try:
            differences = _replay(path, place, read)
            return Rebuilt(place, differences) if target else _swap(path, place, differences)
        except OSError as error:
            raise told(place, error) from None
        finally:
            if target is None:
                _remove(place)


def _replay(path: Path, place: Path, read: Read) -> tuple[Words, ...]:
    """Write the ledger's loads, decisions and plans again, into a new store; return the differences."""
    page = ledger.read(path, every=True)
    if page.start is None:
        raise broken_ledger(path)
    made_up = bool(page.start["synthetic"])
    found: list[Words] = []
    if page.torn:
        found.append(
            Words(
                "Dòng cuối của sổ ghi bị ghi dở: lần nạp, quyết định hoặc kế hoạch phân tích cuối cùng phải làm lại.",
                "The ledger's last line is unfinished: the last load, decision or plan has to be done again.",
            )
        )
    with writing(place, made_up):
        pass
    for entry in page.entries:
        if entry["kind"] == LOAD:
            found += _load_again(path, place, entry, made_up, read)
        elif entry["kind"] == DECISION:
            _decide_again(place, entry)
        else:
            found += _plan_again(path, place, entry)
    return tuple(found)


def _load_again(path: Path, place: Path, entry: Entry, made_up: bool, read: Read) -> list[Words]:
    found: list[Words] = []
    body = kept.kept(path, str(entry["findings"])) if entry["findings"] else None
    remarks = kept.records_read(body) if body else []
    lost = bool(entry["findings"]) and body is None
    prepared = []
    for form in entry["submissions"]:
        own = [r for r in remarks if r["submission"] == form["id"]]
        try:
            prepared.append(_again(path, form, own, lost, read))
        except (BrokenContract, ValueError):
            found.append(
                Words(
                    f"{form['file']}: không đọc lại được tệp đã lưu; báo cáo này không có trong kho mới. Hãy lấy lại tệp từ bản sao lưu.",
                    f"{form['file']}: the kept file cannot be read again; it is missing from the new store. Restore it from a backup.",
                )
            )
    with writing(place, made_up, sum(len(p.body) for p in prepared)) as session:
        received = dt.date.fromisoformat(str(entry["received"]))
        if prepared:
            insert(session, prepared, received, (str(entry["moment"]), str(entry["program"])))
    written = {str(s["id"]): s for s in ledger.read(place).entries[-1]["submissions"]} if prepared else {}
    for form in entry["submissions"]:
        if form["id"] in written and written[form["id"]]["content"] != form["content"]:
            found.append(
                Words(
                    f"{form['file']}: nội dung đọc lại khác lần nạp trước (mã băm không khớp). Hãy xem lại trước khi dùng kho mới.",
                    f"{form['file']}: what is read now is not what was loaded then (the hash differs). Look at it before using it.",
                )
            )
    return found


def _again(path: Path, form: dict[str, Any], findings: list[dict[str, str]], lost: bool, read: Read) -> Prepared:
    import pandas as pd

    names = ("id", "district_code", "period", "form_version", "file", "sha256", "role", "note")
    received = dt.date.fromisoformat(str(form["received"]))
    submission = Submission(**{n: form[n] for n in names}, received=received)
    listed = pd.DataFrame(findings, columns=list(schema.FINDING_COLUMNS), dtype=str)
    if not form["accepted"]:
        return dataclasses.replace(prepare(Batch(submission, None, listed)), sequence=int(form["sequence"]))
    body = kept.kept(path, str(form["source"]))
    if body is None:
        raise ValueError("the kept file is missing")
    if form["kept"] == kept.TABLE:
        values, narrative = kept.table_read(body), str(form["narrative"])
    else:
        values, own, narrative = read(body, str(form["file"]), str(form["kept"]), received)
        listed = own[own["severity"] != "error"] if lost else listed
    made = prepare(Batch(dataclasses.replace(submission, narrative=narrative), values, listed))
    # A table is kept byte for byte as it was, whatever the library would write today.
    batch = Batch(made.batch.submission, made.batch.values, listed, body, str(form["kept"]))
    return Prepared(batch, str(form["source"]), body, finding_rows(submission.id, listed), int(form["sequence"]))


def _decide_again(place: Path, entry: Entry) -> None:
    with writing(place, None) as session:
        connection = session.connection
        fields = {k: entry[k] for k in ("finding", "accepted", "reason", "role", "decided")}
        connection.execute("begin")
        line = record_decision(connection, session.page, fields)
        connection.execute("commit")
        connection.execute("checkpoint")
        ledger.append(place, session.page, line, start_of(connection))


def _plan_again(path: Path, place: Path, entry: Entry) -> list[Words]:
    body = kept.kept(path, str(entry["source"]))
    with writing(place, None) as session:
        fields = {k: v for k, v in entry.items() if k not in ("kind", "sequence", "totals", "seal")}
        if body is not None:
            kept.keep(place, {str(entry["source"]): body})
        written(place, session.connection, session.page, fields)
    if body is not None:
        return []
    file = entry["file"]
    return [
        Words(
            f"{file}: tệp kế hoạch phân tích đã lưu bị thiếu hoặc đã bị sửa; chỉ còn mã băm và ngày. Hãy lấy lại tệp từ bản sao lưu.",
            f"{file}: the kept file of the analysis plan is missing or was changed; only its hash and date are left. "
            f"Restore it from a backup.",
        )
    ]


def _swap(path: Path, place: Path, differences: tuple[Words, ...]) -> Rebuilt:
    """Put the new store where the old one was; the old one stays beside it."""
    number = next(n for n in range(1, 10_000) if not any(beside(path, f"{e}.before-{n}").exists() for e in ("", ".wal", ".ledger")))
    aside = beside(path, f".before-{number}")
    for ending in ("", ".wal"):
        if beside(path, ending).exists():
            beside(path, ending).replace(beside(path, f"{ending}.before-{number}"))
    new, old = ledger.place(place).read_bytes() if ledger.place(place).exists() else b"", ledger.place(path).read_bytes()
    if new != old:
        os.link(ledger.place(path), beside(path, f".ledger.before-{number}"))
        ledger.place(place).replace(ledger.place(path))
    for file in kept.folder(place).glob("[0-9a-f]*"):
        if kept.kept(path, file.name) is None:
            file.replace(kept.folder(path) / file.name)
    place.replace(path)
    sync_folder(path.parent)
    return Rebuilt(path, differences, aside if aside.exists() else None)


def _remove(place: Path) -> None:
    """Remove what a rebuild made on the way; the kept files are in the old store's folder too."""
    shutil.rmtree(kept.folder(place), ignore_errors=True)
    for ending in ("", ".wal", ".ledger", ".lock"):
        beside(place, ending).unlink(missing_ok=True)
