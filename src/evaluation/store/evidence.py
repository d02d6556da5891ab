"""The evidence as of a date: which submissions stand, which values are in force, what was found and decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.indicators import related
from evaluation.settings import folders
from evaluation.store import kept
from evaluation.store.connection import READER_WAITS, connected
from evaluation.store.plans import KeptPlan
from evaluation.store.session import reading
from evaluation.store.trouble import StoreError, file_gone

if TYPE_CHECKING:
    import pandas as pd

# A rejected warning takes out the value in its cell. Where no value was read from that cell (a heading, a sum), it takes out
# those of its ward and count; where it names no cell, or nothing that has a value, the whole submission is held back.
STANDING = """
with ruled as (
    select finding, accepted, row_number() over (partition by finding order by decided desc, sequence desc) as latest
    from decisions where decided <= $as_of
),
refused as (select f.* from findings f join ruled r on r.finding = f.id and r.latest = 1 where not r.accepted),
by_cell as (
    select f.id as finding, v.submission, v.unit_code, v.element
    from refused f join "values" v on v.submission = f.submission and v.sheet = f.sheet and v.cell = f.cell where f.cell <> ''
),
by_name as (
    select f.id as finding, v.submission, v.unit_code, v.element
    from refused f join "values" v on v.submission = f.submission
        and (f.element = '' or f.element = v.element) and (f.unit = '' or f.unit = v.unit_code)
    where f.cell <> '' and (f.element <> '' or f.unit <> '') and f.id not in (select finding from by_cell)
),
pointed as (select * from by_cell union all select * from by_name),
taken as (select distinct submission, unit_code, element from pointed),
held_back as (select distinct submission from refused where id not in (select finding from pointed)),
ranked as (
    select *, row_number() over (partition by district_code, period order by received desc, sequence desc) as place
    from submissions where received <= $as_of and accepted and id not in (select submission from held_back)
),
in_force as (
    select v.submission, v.district_code, v.unit_code, v.period, v.element, v.sheet, v.cell, r.received, r.form_version,
        case when t.submission is null then v.value end as value,
        case when t.submission is null then v.state else 'not_reported' end as state
    from "values" v join ranked r on v.submission = r.id and r.place = 1
    left join taken t on t.submission = v.submission and t.unit_code = v.unit_code and t.element = v.element
)
"""
VALUES = "district_code, unit_code, period, element, value, state, submission, received, form_version, sheet, cell"


@dataclass(frozen=True)
class EvidenceStore:
    """The evidence as of a date; made by `open_store`.

    Attributes
    ----------
    path : Path
    as_of : date
        Submissions received and decisions made after this day are not seen.
    wait : float
        Seconds to wait while a load has the store.
    """

    path: Path
    as_of: dt.date
    wait: float = READER_WAITS

    def _frame(self, query: str, **slots: object) -> pd.DataFrame:
        with connected(self.path, True, self.wait) as connection:
            # The queries share their beginning, and a slot that a query does not use is refused.
            return connection.execute(query, {"as_of": self.as_of, **slots}).df()

    def _one(self, query: str) -> object:
        """Return the one value of a query, without a frame: it costs no import of pandas."""
        with connected(self.path, True, self.wait) as connection:
            row = connection.execute(query, {"as_of": self.as_of}).fetchone()
        return row[0] if row else None

    @property
    def synthetic(self) -> bool:
        """Whether the store holds made-up data: every page and figure then says so."""
        return bool(self._one("select synthetic from meta where $as_of is not null"))

    def submissions(self, held: bool = False) -> pd.DataFrame:
        """Return the submissions received by `as_of`, oldest first.

        Parameters
        ----------
        held : bool
            Those with errors too, which never stand.

        Returns
        -------
        DataFrame
            sequence, id, load, district_code, period, form_version, received,
            file, sha256, role, kept, source, accepted, note, held_back (by a
            rejected warning), stands (its values are in force).
        """
        frame = self._frame(
            STANDING + "select s.* exclude (narrative), s.id in (select submission from held_back) as held_back, "
            "coalesce(r.place = 1, false) as stands from submissions s left join ranked r on r.id = s.id "
            "where s.received <= $as_of and (s.accepted or $held) order by s.sequence",
            held=held,
        )
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
                where += f" and {column} in (select unnest(${column}))"
        frame = self._frame(STANDING + f"select {VALUES} from in_force where true{where} order by unit_code, period, element", **slots)
        return frame.assign(received=frame["received"].dt.date)

    def district_totals(self) -> pd.DataFrame:
        """Return sums over the wards of each district, one row a district, period and element.

        A ward that left a cell blank, or withholds it, is left out of that
        count and of all counts that a share relates to it: both sides of a
        share are then the same wards.

        Returns
        -------
        DataFrame
            district_code, period, element, value (NaN where no ward counts),
            n_reported (wards in the sum), not_collected, not_applicable,
            withheld (whether all rows say so).
        """
        family = related()
        return self._frame(
            STANDING + ", families as (select unnest($elements) as element, unnest($families) as family), "
            "known as (select v.*, f.family from in_force v join families f using (element)), "
            "blank as (select distinct unit_code, period, family from known where state in ('not_reported', 'withheld')) "
            "select k.district_code, k.period, k.element, sum(k.value) filter (b.unit_code is null) as value, "
            "(count(k.value) filter (b.unit_code is null))::integer as n_reported, "
            "bool_and(k.state = 'not_collected') as not_collected, bool_and(k.state = 'not_applicable') as not_applicable, "
            "bool_and(k.state = 'withheld') as withheld "
            "from known k left join blank b using (unit_code, period, family) group by all order by all",
            elements=list(family),
            families=list(family.values()),
        )

    def ward_reports(self) -> pd.DataFrame:
        """Return which wards reported anything, one row a ward and period that stands in a form.

        Returns
        -------
        DataFrame
            district_code, ward_code, period, reported (any number given: such
            a ward's residents may stand under a rate), answered (a number, or
            that it is withheld: the ward did send its report), received (of
            the submission in force).
        """
        frame = self._frame(
            STANDING + "select district_code, unit_code as ward_code, period, bool_or(state = 'reported') as reported, "
            "bool_or(state in ('reported', 'withheld')) as answered, any_value(received) as received "
            "from in_force where length(unit_code) = 5 group by all order by all"
        )
        return frame.assign(received=frame["received"].dt.date)

    def periods(self) -> list[str]:
        """Return the periods for which any district has data, oldest first."""
        query = STANDING + "select distinct period from ranked order by period"
        with connected(self.path, True, self.wait) as connection:  # no frame: it is asked for before pandas is needed
            return [str(period) for (period,) in connection.execute(query, {"as_of": self.as_of}).fetchall()]

    def findings(self, open_only: bool = False) -> pd.DataFrame:
        """Return what was found in the files received by `as_of`, held ones too.

        Parameters
        ----------
        open_only : bool
            Only errors, and warnings that nobody has decided on.

        Returns
        -------
        DataFrame
            id, submission, code, severity, file, sheet, cell, element, unit,
            message_vi, message_en, decision ("accepted", "rejected" or empty).
        """
        where = " and f.severity <> 'note' and r.finding is null" if open_only else ""
        return self._frame(
            STANDING + "select f.*, case when r.finding is null then '' when r.accepted then 'accepted' else 'rejected' end as decision "
            "from findings f join submissions s on s.id = f.submission left join ruled r on r.finding = f.id and r.latest = 1 "
            f"where s.received <= $as_of{where} order by s.sequence, f.rowid"
        )

    def decisions(self) -> pd.DataFrame:
        """Return the decisions made by `as_of`, in the order in which they were written.

        Returns
        -------
        DataFrame
            finding, accepted, reason, role, decided (date), sequence (in the ledger).
        """
        frame = self._frame(
            "select finding, accepted, reason, role, decided, sequence from decisions where decided <= $as_of order by sequence"
        )
        return frame.assign(decided=frame["decided"].dt.date)

    def loads(self) -> pd.DataFrame:
        """Return the loads received by `as_of`, in order.

        Returns
        -------
        DataFrame
            sequence (in the ledger), id, moment (UTC), received, submissions,
            value_rows, finding_rows, content (hash), program (version).
        """
        frame = self._frame("select * exclude (findings, seal) from loads where received <= $as_of order by sequence")
        return frame.assign(received=frame["received"].dt.date)

    def analysis_plans(self, pilot: str | None = None) -> tuple[KeptPlan, ...]:
        """Return the analysis plans registered by `as_of`, oldest first: all versions, none replaced.

        Parameters
        ----------
        pilot : str, optional
            Of one pilot; of all where left out.

        Raises
        ------
        StoreError
            If the kept file of one is missing or was changed.
        """
        frame = self._frame(
            "select * from plans where registered <= $as_of and ($pilot is null or pilot = $pilot) order by sequence", pilot=pilot
        )
        found = []
        for row in frame.to_dict("records"):
            body = kept.kept(self.path, str(row["source"]))
            if body is None:
                raise file_gone(str(row["file"]))
            names = ("pilot", "version", "moment", "file", "last_period", "last_received")
            found.append(KeptPlan(**{n: row[n] for n in names}, registered=row["registered"].date(), sha256=str(row["source"]), body=body))
        return tuple(found)

    def known_by(self, day: dt.date) -> str:
        """Return the last period of which any district's figures had come by a day; empty for none."""
        frame = self._frame(
            "select coalesce(max(period), '') as period from submissions where accepted and received <= $day and received <= $as_of",
            day=day,
        )
        return str(frame["period"].iloc[0])

    def narratives(self) -> pd.DataFrame:
        """Return the difficulties and proposals of the submissions in force: submission, district_code, period, narrative."""
        return self._frame(
            STANDING + "select id as submission, district_code, period, narrative from ranked "
            "where place = 1 and narrative <> '' order by period, district_code"
        )

    def content_hash(self) -> str:
        """Return the SHA-256 of the values in force as sorted rows: it says what was known, not how the file is laid out."""
        found = self._one(
            STANDING + "select sha256(coalesce(string_agg(line, '' order by line), '')) as digest from ("
            "select sha256(concat_ws('|', unit_code, period, element, state, coalesce(value::varchar, ''))) as line from in_force)"
        )
        return str(found)


def open_store(path: Path | str | None = None, as_of: dt.date | str | None = None, wait: float = READER_WAITS) -> EvidenceStore:
    """Open the evidence store for reading, and compare it with its ledger.

    Parameters
    ----------
    path : Path or str, optional
        The project's evidence where left out.
    as_of : date or str, optional
        "2018-12-19"; everything received so far where left out.
    wait : float
        Seconds to wait while a load has the store.

    Raises
    ------
    StoreError
        If there is no store there, it cannot be read, or `as_of` is no date.
    RowsLost, BrokenLedger
        If it is not what its ledger says.
    """
    if isinstance(as_of, str):
        try:
            as_of = dt.date.fromisoformat(as_of)
        except ValueError:
            raise StoreError("Ngày chốt số liệu phải viết như 2018-12-19. / The date of the question is written like 2018-12-19.") from None
    place = Path(path) if path else folders().evidence
    with reading(place, wait):
        pass
    return EvidenceStore(place, as_of or dt.date.max, wait)
