"""Looking after the store: whether everything in it is as it was committed, and a copy of all of it."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.settings import folders, private
from evaluation.store import kept, ledger, schema
from evaluation.store.connection import READER_WAITS, WRITER_WAITS, Tell, connected, writer
from evaluation.store.disk import beside, sync_folder, told
from evaluation.store.entries import content_of, decision_entry, load_entry, plan_entry, rows, start_of, submissions_of
from evaluation.store.ledger import Page
from evaluation.store.session import reading, within
from evaluation.store.trouble import StoreError, file_gone

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Check:
    """What is wrong with a store.

    Attributes
    ----------
    problems : tuple of Words
        Each says what was seen and what to do; none where all is well.
    """

    problems: tuple[Words, ...]

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return not self.problems


def check(path: Path, wait: float = READER_WAITS) -> Check:
    """Verify a store: tables, counts, the hash of each load, the kept files, the ledger, and what must always hold.

    Parameters
    ----------
    path : Path
    wait : float
        Seconds to wait while a load has the store.

    Returns
    -------
    Check
        Damage never raises: it is a problem of the list.
    """
    problems: list[Words] = []
    try:
        with reading(path, wait) as connection:
            problems += _invariants(connection)
            problems += _hashes(connection, path, ledger.read(path, every=True))
    except StoreError as error:
        problems.append(error.words)
    return Check((*problems, *_files(path, wait)))


_RULES: tuple[tuple[str, Words], ...] = (
    (
        'select count(*) from "values" where submission not in (select id from submissions)',
        Words("{n} dòng số liệu không thuộc báo cáo nào", "{n} values belong to no submission"),
    ),
    (
        'select count(*) from "values" v join submissions s on s.id = v.submission '
        "where not s.accepted or v.district_code <> s.district_code or v.period <> s.period",
        Words(
            "{n} dòng số liệu thuộc báo cáo chưa được nhận, hoặc của quận, huyện, kỳ khác",
            "{n} values belong to a submission that was not accepted, or to another district or period",
        ),
    ),
    (
        "select count(*) from findings where submission not in (select id from submissions)",
        Words("{n} kết quả kiểm tra không thuộc báo cáo nào", "{n} findings belong to no submission"),
    ),
    (
        "select count(distinct s.id) from submissions s join findings f on f.submission = s.id where s.accepted and f.severity = 'error'",
        Words("{n} báo cáo đã được nhận tuy còn lỗi", "{n} submissions were accepted although they have errors"),
    ),
    (
        "select count(*) from decisions d left join findings f on f.id = d.finding where f.id is null or f.severity <> 'warning'",
        Words("{n} quyết định không thuộc cảnh báo nào", "{n} decisions are about no warning"),
    ),
    (
        "select count(*) - count(distinct (pilot, version)) from plans",
        Words("{n} kế hoạch phân tích bị lặp phiên bản", "{n} analysis plans have the version of another"),
    ),
    (
        "select count(*) from submissions where load not in (select id from loads)",
        Words("{n} báo cáo không thuộc lần nạp nào", "{n} submissions belong to no load"),
    ),
    (
        "select (select count(*) - count(distinct sequence) from submissions) + (select count(*) - count(distinct id) from findings) + "
        '(select count(*) - count(distinct (submission, unit_code, element)) from "values")',
        Words("{n} dòng bị lặp", "{n} rows are there twice"),
    ),
    (
        "select count(*) from \"values\" where (state = 'reported') <> (value is not null) or value < 0",
        Words("{n} dòng có giá trị không khớp trạng thái", "{n} rows have a value that does not fit their state"),
    ),
)


def _invariants(connection: duckdb.DuckDBPyConnection) -> list[Words]:
    found = []
    for query, said in _RULES:
        n = int(connection.execute(query).fetchall()[0][0])
        if n:
            found.append(_rebuild(Words(said.vi.format(n=n), said.en.format(n=n))))
    return found


def _rebuild(said: Words) -> Words:
    return Words(f"{said.vi}. Hãy chạy: evaluation store rebuild.", f"{said.en}. Run: evaluation store rebuild.")


_KINDS = {
    "load": Words("Lần nạp", "Load"),
    "decision": Words("Quyết định", "Decision"),
    "plan": Words("Kế hoạch phân tích", "Analysis plan"),
}


def _hashes(connection: duckdb.DuckDBPyConnection, path: Path, page: Page) -> list[Words]:
    """Make every line of the ledger anew from the rows and compare: hash of each load, each decision, each count."""
    found: list[Words] = []
    before = str((page.start or start_of(connection))["seal"])
    totals = dict.fromkeys(schema.COUNTED, 0)
    loads = {int(r["sequence"]): r for r in rows(connection, "select * from loads")}
    decisions = {int(r["sequence"]): r for r in rows(connection, "select * from decisions")}
    plans = {int(r["sequence"]): r for r in rows(connection, "select * from plans")}
    lines = {int(e["sequence"]): e for e in page.entries}
    for number in sorted(loads | decisions | plans):
        if number in loads:
            row = loads[number]
            own = submissions_of(connection, str(row["id"]))
            for key, n in (("loads", 1), ("submissions", len(own)), ("values", row["value_rows"]), ("findings", row["finding_rows"])):
                totals[key] += int(n)
            entry = load_entry({**row, "content": content_of(own), "submissions": len(own)}, own, dict(totals), before)
        elif number in decisions:
            row = decisions[number]
            totals["decisions"] += 1
            entry = decision_entry(row, dict(totals), before)
        else:
            row = plans[number]
            totals[schema.LATER] = totals.get(schema.LATER, 0) + 1
            entry = plan_entry(row, dict(totals), before)
        if entry["seal"] != row["seal"] or (number in lines and entry["seal"] != lines[number]["seal"]):
            kind = _KINDS["load" if number in loads else "decision" if number in decisions else "plan"]
            said = f"{kind.vi} số {number} không còn như lúc ghi", f"{kind.en} {number} is not what was written down"
            found.append(_rebuild(Words(*said)))
        before = str(row["seal"])
    return found


def _files(path: Path, wait: float) -> list[Words]:
    """Return which kept files are missing or changed."""
    try:
        with connected(path, True, wait) as connection:
            if schema.version(connection) != schema.VERSION:
                return []
            wanted = rows(connection, "select file, source from submissions where accepted order by sequence")
            wanted += rows(connection, "select id as file, findings as source from loads where findings <> '' order by sequence")
            wanted += rows(connection, "select file, source from plans order by sequence")
    except StoreError:
        return []
    return [file_gone(str(w["file"])).words for w in wanted if kept.kept(path, str(w["source"])) is None]


def backup(path: Path, target: Path, *, wait: float = WRITER_WAITS, tell: Tell | None = None) -> None:
    """Write a consistent copy of a store: its database, its ledger and its kept files in one .zip.

    To restore it, unpack it into an empty folder (``python -m zipfile -e
    FILE FOLDER``) and run ``evaluation store check --store`` on the database
    in it.

    Parameters
    ----------
    path : Path
    target : Path
        A file that is not there yet; it will be for its owner's eyes only.
    wait, tell
        As `load`.

    Raises
    ------
    StoreError
        If something is there already, if it would lie in ``outputs/``, or if
        the store cannot be read or the copy not be written.
    """
    refuse_outputs(target)
    if target.exists() or target.is_symlink():
        raise StoreError(
            f"Đã có {target.name}; bản sao lưu không ghi đè. Hãy chọn tên khác. / {target.name} is there already; a backup "
            f"overwrites nothing. Choose another name."
        )
    with writer(path, wait, tell):
        with within(path, None, wait=wait) as session:
            session.connection.execute("checkpoint")
            wanted = [str(r["source"]) for r in rows(session.connection, "select source from submissions where source <> ''")]
            wanted += [str(r["findings"]) for r in rows(session.connection, "select findings from loads where findings <> ''")]
            wanted += [str(r["source"]) for r in rows(session.connection, "select source from plans")]
        # Copied after it was closed: a process that opens the file a second time lets go of the database's own locks.
        whole = [p for p in (path, beside(path, ".wal"), ledger.place(path)) if p.exists()]
        _pack(path, [*whole, *(kept.folder(path) / name for name in dict.fromkeys(wanted))], target)


def _pack(path: Path, members: list[Path], target: Path) -> None:
    if not target.parent.exists():
        private(target.parent)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb+") as f:
            with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as packed:
                for member in members:
                    packed.write(member, member.relative_to(path.parent))
            f.flush()
            os.fsync(f.fileno())
        os.link(part, target)  # fails where something has appeared there meanwhile
        sync_folder(target.parent)
    except OSError as error:
        raise told(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def refuse_outputs(place: Path) -> None:
    """Refuse to write ward figures where only what passed the disclosure gate may be.

    Raises
    ------
    StoreError
        If the place is in ``outputs/``.
    """
    inside = Path(os.path.realpath(place))
    if inside.is_relative_to(os.path.realpath(folders().outputs)):
        raise StoreError(
            f"{place.name}: số liệu phường, xã, thị trấn không được ghi vào outputs/. Hãy chọn nơi khác. / "
            f"{place.name}: ward figures are never written into outputs/. Choose another place."
        )
