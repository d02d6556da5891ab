"""The evidence store: one DuckDB file that keeps every submission and never overwrites one.

Values are kept in long form (ward, quarter, element) with the file, sheet and
cell that they came from. A corrected workbook is a new submission; a question
is always asked as of a date, and is answered from the last submission that
each district had sent for each period by the end of that day (of two that
came on one day, the one loaded last).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.contracts import BrokenContract, checked, values_schema
from evaluation.indicators import related
from evaluation.settings import folders, private

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_TABLES = """
create table submissions (
    sequence integer not null, id varchar primary key, district_code varchar not null, period varchar not null,
    form_version integer not null, received date not null, file varchar not null, sha256 varchar not null, role varchar not null
);
create table marks (synthetic boolean not null);
create table cells (
    submission varchar not null, district_code varchar not null, unit_code varchar not null, period varchar not null,
    element varchar not null, value double, state varchar not null, sheet varchar not null, cell varchar not null
);
"""
_STANDING = """
with ranked as (
    select *, row_number() over (partition by district_code, period order by received desc, sequence desc) as place
    from submissions where received <= $as_of
)
"""


class StoreError(RuntimeError):
    """The store cannot be opened or read; the message says what to do."""


@dataclass(frozen=True)
class Submission:
    """One workbook (or one archived district quarter) as it was accepted.

    Attributes
    ----------
    id : str
        Identifies the content: the same file sent twice is one submission.
    district_code, period : str
    form_version : int
    received : date
    file, sha256, role : str
        File name, hash of its bytes, and the office that sent it.
    """

    id: str
    district_code: str
    period: str
    form_version: int
    received: dt.date
    file: str
    sha256: str
    role: str


@contextmanager
def _connected(path: Path, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the store: the one place that does."""
    import duckdb

    try:
        connection = duckdb.connect(str(path), read_only=read_only, config={"threads": 1})
    except duckdb.Error as error:
        raise _store_error(path, error) from None
    try:
        yield connection
    except duckdb.Error as error:
        raise _store_error(path, error) from None
    finally:
        connection.close()


def _store_error(path: Path, error: duckdb.Error) -> StoreError:
    """Return what an office is told: the database's own words stay out, they may hold paths and values."""
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.ConnectionException) or "Conflicting lock" in text or "Could not set lock" in text:
        why_vi, why_en = "một tiến trình khác đang dùng; hãy đợi rồi chạy lại", "another process is using it; wait and run again"
    elif "No space left" in text:
        why_vi, why_en = "đĩa đã đầy; hãy giải phóng chỗ rồi chạy lại", "the disk is full; free some space and run again"
    elif "Permission denied" in text:
        why_vi, why_en = "không có quyền đọc hoặc ghi tệp", "you may not read or write the file"
    else:
        why_vi, why_en = "tệp hỏng hoặc không phải kho số liệu; hãy dựng lại kho", "damaged, or not a store; build it again"
    return StoreError(f"Không mở được kho số liệu {path.name}: {why_vi}. / Cannot open the store {path.name}: {why_en}.")


def load_many(path: Path, batches: Iterable[tuple[Submission, pd.DataFrame]], synthetic: bool = False) -> int:
    """Add submissions with their values; one transaction each.

    Parameters
    ----------
    path : Path
        The store; made for its owner's eyes only where there is none, in a
        private folder where that is made too.
    batches : iterable of (Submission, DataFrame)
        Values as `contracts.values_schema`.
    synthetic : bool
        Whether the data are made up. A store holds one kind, for good.

    Returns
    -------
    int
        How many were new; a submission that is already there changes nothing.

    Raises
    ------
    contracts.BrokenContract
        If values break their contract, or are of another district or period
        than their submission; earlier submissions stay.
    StoreError
        If the store cannot be opened, or holds data of the other kind.
    """
    import duckdb

    added = 0
    if not path.parent.exists():
        private(path.parent)
    with _connected(path, read_only=False) as connection:
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        if not tables:
            path.chmod(0o600)
            # In one go: a store without its mark could later be taken for one of the other kind.
            connection.execute("begin")
            connection.execute(_TABLES)
            connection.execute("insert into marks values (?)", [synthetic])
            connection.execute("commit")
        if connection.execute("select synthetic from marks").fetchone() != (synthetic,):
            raise StoreError(
                f"{path.name}: số liệu giả lập và số liệu thật không được trộn. Hãy dùng kho khác. / "
                f"{path.name}: synthetic and real data are never mixed. Use another store."
            )
        for submission, values in batches:
            known = connection.execute("select 1 from submissions where id = ?", [submission.id]).fetchone()
            if known:
                continue
            frame = checked(values, values_schema(), submission.file)
            if not ((frame["district_code"] == submission.district_code) & (frame["period"] == submission.period)).all():
                raise BrokenContract(
                    f"{submission.file}: có số liệu của quận, huyện hoặc kỳ khác. / {submission.file}: holds another district or period."
                )
            connection.execute("begin")
            try:
                connection.execute(
                    "insert into submissions select coalesce(max(sequence), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? from submissions",
                    list(astuple(submission)),
                )
                connection.execute(
                    "insert into cells select ?, district_code, unit_code, period, element, "
                    "case when isnan(value) then null else value end, state, sheet, cell from frame",
                    [submission.id],
                )
                connection.execute("commit")
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has rolled back already
                    connection.execute("rollback")
                raise
            added += 1
        connection.execute("checkpoint")
    return added


@dataclass(frozen=True)
class EvidenceStore:
    """The evidence as of a date; made by `open_store`.

    Attributes
    ----------
    path : Path
    as_of : date
        Submissions received after this day are not seen.
    """

    path: Path
    as_of: dt.date

    def _frame(self, query: str, **slots: object) -> pd.DataFrame:
        with _connected(self.path, read_only=True) as connection:
            return connection.execute(query, {"as_of": self.as_of, **slots}).df()

    @property
    def synthetic(self) -> bool:
        """Whether the store holds made-up data: every page and figure then says so."""
        return bool(self._frame("select synthetic from marks where $as_of is not null")["synthetic"].iloc[0])

    def submissions(self) -> pd.DataFrame:
        """Return all submissions received by `as_of`, oldest first; `stands` marks the one in force."""
        frame = self._frame(_STANDING + "select * exclude (place), place = 1 as stands from ranked order by sequence")
        return frame.assign(received=frame["received"].dt.date)

    def values(
        self, periods: Iterable[str] | None = None, elements: Iterable[str] | None = None, districts: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Return the values in force, one row a unit, period and element.

        Parameters
        ----------
        periods, elements, districts : iterables of str, optional
            Limit the answer; all where None.

        Returns
        -------
        DataFrame
            district_code, unit_code, period, element, value (NaN unless
            reported), state, submission, received, form_version, sheet, cell.
        """
        slots: dict[str, object] = {}
        where = ""
        for column, wanted in (("period", periods), ("element", elements), ("district_code", districts)):
            if wanted is not None:
                slots[column] = list(wanted)
                where += f" and c.{column} in (select unnest(${column}))"
        frame = self._frame(
            _STANDING
            + "select c.district_code, c.unit_code, c.period, c.element, c.value, c.state, c.submission, r.received, r.form_version, "
            "c.sheet, c.cell "
            "from cells c join ranked r on c.submission = r.id and r.place = 1 "
            f"where true{where} order by c.unit_code, c.period, c.element",
            **slots,
        )
        return frame.assign(received=frame["received"].dt.date)

    def district_totals(self) -> pd.DataFrame:
        """Return sums over the wards of each district, one row a district, period and element.

        A ward that left a cell blank is left out of that count and of all
        counts that a share relates to it: both sides of a share are then the
        same wards.

        Returns
        -------
        DataFrame
            district_code, period, element, value (NaN where no ward counts),
            n_reported (wards in the sum), not_collected, not_applicable
            (whether all rows say so).
        """
        family = related()
        return self._frame(
            _STANDING + ", families as (select unnest($elements) as element, unnest($families) as family), "
            "known as (select c.*, f.family from cells c join ranked r on c.submission = r.id and r.place = 1 "
            "join families f using (element)), "
            "blank as (select distinct unit_code, period, family from known where state = 'not_reported') "
            "select k.district_code, k.period, k.element, sum(k.value) filter (b.unit_code is null) as value, "
            "(count(k.value) filter (b.unit_code is null))::integer as n_reported, "
            "bool_and(k.state = 'not_collected') as not_collected, bool_and(k.state = 'not_applicable') as not_applicable "
            "from known k left join blank b using (unit_code, period, family) group by all order by all",
            elements=list(family),
            families=list(family.values()),
        )

    def ward_reports(self) -> pd.DataFrame:
        """Return which wards reported anything, one row a ward and period that stands in a form.

        Returns
        -------
        DataFrame
            district_code, ward_code, period, reported (any number given),
            received (of the submission in force).
        """
        frame = self._frame(
            _STANDING + "select c.district_code, c.unit_code as ward_code, c.period, bool_or(c.state = 'reported') as reported, "
            "any_value(r.received) as received from cells c join ranked r on c.submission = r.id and r.place = 1 "
            "where length(c.unit_code) = 5 group by all order by all"
        )
        return frame.assign(received=frame["received"].dt.date)

    def periods(self) -> list[str]:
        """Return the periods for which any district has data, oldest first."""
        return [str(p) for p in self._frame(_STANDING + "select distinct period from ranked order by period")["period"]]

    def content_hash(self) -> str:
        """Return the SHA-256 of the values in force as sorted rows: it says what was known, not how the file is laid out."""
        frame = self._frame(
            _STANDING + "select sha256(coalesce(string_agg(line, '' order by line), '')) as digest from ("
            "select sha256(concat_ws('|', c.unit_code, "
            "c.period, c.element, c.state, coalesce(c.value::varchar, ''))) as line from cells c "
            "join ranked r on c.submission = r.id and r.place = 1)"
        )
        return str(frame["digest"].iloc[0])


def open_store(path: Path | str | None = None, as_of: dt.date | str | None = None) -> EvidenceStore:
    """Open the evidence store for reading.

    Parameters
    ----------
    path : Path or str, optional
        The project's own store where left out.
    as_of : date or str, optional
        "2018-12-19"; everything received so far where left out.

    Raises
    ------
    StoreError
        If there is no store there, it cannot be read, or `as_of` is no date.
    """
    place = Path(path) if path else folders().store
    if not place.exists():
        raise StoreError(
            f"Không có kho số liệu {place.name}. Chạy: evaluation example (số liệu giả lập). / "
            f"There is no store {place.name}. Run: evaluation example (synthetic data)."
        )
    if isinstance(as_of, str):
        try:
            as_of = dt.date.fromisoformat(as_of)
        except ValueError:
            raise StoreError("Ngày chốt số liệu phải viết như 2018-12-19. / The date of the question is written like 2018-12-19.") from None
    store = EvidenceStore(place, as_of or dt.date.max)
    store.periods()
    return store
