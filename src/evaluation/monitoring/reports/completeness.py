"""Who reported, and when: completeness and timeliness against the plan's dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.indicators import indicators
from evaluation.language import Words
from evaluation.periods import Period
from evaluation.places import districts, residents, wards
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

ON_TIME, LATE, ABSENT = "on_time", "late", "missing"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Completeness(Result):
    """Share of a district's wards whose report came, for one period.

    Attributes
    ----------
    district_code, period : str
    frame : DataFrame
        One row a ward: ward_code, name_vi, reported.
    timing : {"on_time", "late", "missing"}
        Of the district's first submission against the plan's date.
    first_received : date or None
    revisions : int
        Later submissions received by the date of the question.
    """

    district_code: str
    period: str
    frame: pd.DataFrame
    timing: str
    first_received: object
    revisions: int


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Timeliness(Result):
    """Share of the districts' reports that came by the plan's date, over some quarters.

    Attributes
    ----------
    frame : DataFrame
        One row a district and period, in official order: district_code,
        period, due (last day on time), first_received, days_late (0 where on
        time; missing where nothing came), timing, revisions, wards, expected
        (wards that reported, wards that there are).
    """

    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row a district and period."""
        return self.frame.copy()

    def by_period(self) -> pd.DataFrame:
        """Return one row a period.

        Returns
        -------
        DataFrame
            period, due, on_time, late, missing (districts), median_days_late
            (of those late), revisions, wards, expected.
        """
        rows = self.frame.assign(late_by=self.frame["days_late"].where(self.frame["timing"] == LATE))
        for state in (ON_TIME, LATE, ABSENT):
            rows[state] = rows["timing"] == state
        return rows.groupby("period", as_index=False).agg(
            due=("due", "first"),
            on_time=(ON_TIME, "sum"),
            late=(LATE, "sum"),
            missing=(ABSENT, "sum"),
            median_days_late=("late_by", "median"),
            revisions=("revisions", "sum"),
            wards=("wards", "sum"),
            expected=("expected", "sum"),
        )


def timeliness(periods: Sequence[str], reports: pd.DataFrame, submissions: pd.DataFrame, places: Sequence[str] | None = None) -> Timeliness:
    """Return when each district's report of each period came, against the plan's date, and how many wards are in it.

    Parameters
    ----------
    periods : sequence of str
    reports, submissions : DataFrame
        As in `completeness`; what is not in them had not come by the date of
        the question.
    places : sequence of str, optional
        District codes; all 24 where left out.

    Returns
    -------
    Timeliness
        Reports that never came count against the share: they are not on time.
    """
    import pandas as pd

    codes = list(districts()) if places is None else list(places)
    # Received on one day, the first loaded came first.
    sent = submissions.sort_values(["received", "sequence"]).groupby(["district_code", "period"])["received"].agg(["first", "size"])
    came = reported_wards(reports).set_index(["district_code", "period"])["n_wards"]
    rows = []
    for code in codes:
        expected = len(wards(code))
        for period in periods:
            due = Period.parse(period).district_due
            first = sent["first"].get((code, period))
            rows.append(
                {
                    "district_code": code,
                    "period": period,
                    "due": due,
                    "first_received": first,
                    "days_late": float("nan") if first is None else float(max(0, (first - due).days)),
                    "timing": _timing(first, due),
                    "revisions": max(0, int(sent["size"].get((code, period), 0)) - 1),
                    "wards": int(came.get((code, period), 0)),
                    "expected": expected,
                }
            )
    frame = pd.DataFrame(rows)
    return Timeliness(
        estimand=Words("Tỷ lệ báo cáo của quận, huyện nhận đúng hạn", "Share of districts' reports received on time"),
        method=Words(
            "Ngày nhận lần gửi đầu so với hạn của kế hoạch (trước ngày 15); báo cáo không nhận được không tính là đúng hạn.",
            "Day of the first submission against the plan's date (before the 15th); a report that never came is not on time.",
        ),
        estimate=float((frame["timing"] == ON_TIME).mean()) if len(frame) else None,
        n=len(frame),
        unit="share",
        frame=frame,
    )


def _timing(first: dt.date | None, due: dt.date) -> str:
    return ABSENT if first is None else ON_TIME if first <= due else LATE


def completeness(district_code: str, period: str, reports: pd.DataFrame, submissions: pd.DataFrame) -> Completeness:
    """Return how complete and timely a district's report for a period is.

    Parameters
    ----------
    district_code, period : str
    reports : DataFrame
        `EvidenceStore.ward_reports()`.
    submissions : DataFrame
        `EvidenceStore.submissions()`.

    Returns
    -------
    Completeness
        The interval is empty: the wards are all counted, not sampled.
    """
    import pandas as pd

    expected = wards(district_code)
    here = reports[(reports["district_code"] == district_code) & (reports["period"] == period) & reports["reported"]]
    came = set(here["ward_code"])
    frame = pd.DataFrame([{"ward_code": c, "name_vi": w.name.vi, "reported": c in came} for c, w in expected.items()])
    sent = submissions[(submissions["district_code"] == district_code) & (submissions["period"] == period)].sort_values(
        ["received", "sequence"]
    )
    first = sent["received"].iloc[0] if len(sent) else None
    due = Period.parse(period).district_due
    return Completeness(
        estimand=Words("Tỷ lệ phường, xã, thị trấn có báo cáo", "Share of wards whose report came"),
        method=Words("Đếm toàn bộ, tại ngày chốt số liệu.", "All wards counted, as of the cut-off."),
        estimate=len(came & expected.keys()) / len(expected),
        n=len(expected),
        unit="share",
        district_code=district_code,
        period=period,
        frame=frame,
        timing=_timing(first, due),
        first_received=first,
        revisions=max(0, len(sent) - 1),
    )


def reported_wards(reports: pd.DataFrame) -> pd.DataFrame:
    """Return the number of wards that reported: district_code, period, n_wards."""
    known = reports[reports["reported"]]
    return known.groupby(["district_code", "period"], as_index=False).agg(n_wards=("ward_code", "nunique"))


def wards_counted(totals: pd.DataFrame) -> pd.DataFrame:
    """Return from how many wards each indicator's figures come.

    Parameters
    ----------
    totals : DataFrame
        `EvidenceStore.district_totals()`.

    Returns
    -------
    DataFrame
        place (district), period, indicator, counted (wards in the figure; of
        a share those that gave both its sides), expected (wards that there
        are). Indicators of district level have no row.
    """
    import pandas as pd

    known = [i for i in indicators().values() if i.reported and i.level == "ward"]
    sides = pd.DataFrame([{"indicator": i.id, "element": e} for i in known for e in i.elements])
    joined = totals.rename(columns={"district_code": "place"}).merge(sides, on="element")
    found = joined.groupby(["place", "period", "indicator"], as_index=False).agg(counted=("n_reported", "min"))
    expected = {code: len(wards(code)) for code in districts()}
    return found.assign(expected=found["place"].map(expected))


def residents_reported(reports: pd.DataFrame, periods: Sequence[str]) -> pd.DataFrame:
    """Return the residents of the wards that reported: place (district), period, residents."""
    import pandas as pd

    people = pd.concat([residents(Period.parse(p)).assign(period=p) for p in periods])
    known = reports.loc[reports["reported"], ["ward_code", "period"]].merge(people, on=["ward_code", "period"])
    summed = known.rename(columns={"district_code": "place"}).groupby(["place", "period"])["residents"].sum()
    return summed.reset_index()


def reporting_matrix(
    district_code: str, periods: Sequence[str], reports: pd.DataFrame, submissions: pd.DataFrame, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Return one row a ward and period with its reporting state, for a completeness figure.

    Parameters
    ----------
    district_code : str
    periods : sequence of str
    reports, submissions : DataFrame
        As in `completeness`.
    labels : mapping
        Ward code to the name to show.

    Returns
    -------
    DataFrame
        row, period, state ("on_time", "late", "missing"); a ward is late
        where the submission that first reported the district was.
    """
    import pandas as pd

    found = timeliness(periods, reports, submissions, [district_code]).frame
    timing = dict(zip(found["period"], found["timing"], strict=True))
    here = reports[(reports["district_code"] == district_code) & reports["reported"]]
    came = set(zip(here["ward_code"], here["period"], strict=True))
    rows = [
        {"row": labels[ward], "period": period, "state": timing[period] if (ward, period) in came else ABSENT}
        for period in periods
        for ward in wards(district_code)
    ]
    return pd.DataFrame(rows)


def district_matrix(found: Timeliness, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a district and period for a completeness figure.

    Parameters
    ----------
    found : Timeliness
    labels : mapping
        District code to the name to show.

    Returns
    -------
    DataFrame
        row, period, state ("on_time", "late", "missing"), written ("9/10":
        wards that reported of all; empty where nothing came).
    """
    frame = found.frame
    counts = frame["wards"].astype(str) + "/" + frame["expected"].astype(str)
    return frame.assign(row=frame["district_code"].map(labels), state=frame["timing"], written=counts.where(frame["timing"] != ABSENT, ""))[
        ["row", "period", "state", "written"]
    ]
