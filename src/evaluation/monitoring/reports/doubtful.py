"""What doubtful figures do to the results: the main indicators as reported, and without the figures in doubt.

A doubtful figure is left as reported everywhere else. Here it is set aside, as if the ward had left the cell blank: both
sides of a share then lose that ward. Only doubts about an indicator's own counts touch it. A count that loses a ward falls
for that reason alone, so a count is also given with each doubtful figure replaced by the median of the ward's other
quarters. Neither is the truth; the distance between them says how much hangs on figures that somebody should check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.contracts import NOT_APPLICABLE, NOT_COLLECTED, NOT_REPORTED, REPORTED, SHOWN, WITHHELD
from evaluation.indicators import indicators, related
from evaluation.language import Words
from evaluation.monitoring.asked import CITY, city_values
from evaluation.monitoring.values import district_counts, indicator_values
from evaluation.periods import Period
from evaluation.places import districts, residents
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

AS_REPORTED, SET_ASIDE, REPLACED = "as_reported", "set_aside", "replaced"
_CELL = ["unit_code", "period", "element"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Doubtful(Result):
    """Share of the figures behind some indicators that is in doubt, and the indicators with and without them.

    Attributes
    ----------
    period : str
    n_doubtful : int
        Reported figures in doubt, of `n` that were reported.
    frame : DataFrame
        One row an indicator and way ("as_reported", "set_aside", "replaced"):
        indicator, way, place (the city), numerator, denominator, value, low,
        high, state, n_doubtful (of the figures that the indicator is made
        of), outside (whether the value as reported lies outside this way's
        interval; False in the first), relative (value as reported over this
        way's, less one). "replaced" is made for counts and rates only. The
        interval of a large count knows only the chance of single events: it
        is narrow, so read `relative` beside `outside`.
    """

    period: str
    n_doubtful: int
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row an indicator and way."""
        return self.frame.copy()


def district_sums(values: pd.DataFrame) -> pd.DataFrame:
    """Return sums over wards as `EvidenceStore.district_totals` makes them, from a frame of values that may have been changed.

    Parameters
    ----------
    values : DataFrame
        district_code, unit_code, period, element, value, state.

    Returns
    -------
    DataFrame
        district_code, period, element, value, n_reported, not_collected,
        not_applicable, withheld.
    """
    rows = values.assign(family=values["element"].map(related()))
    blank = rows.loc[rows["state"].isin([NOT_REPORTED, WITHHELD]), ["unit_code", "period", "family"]].drop_duplicates()
    marked = rows.merge(blank, how="left", on=["unit_code", "period", "family"], indicator="blank")
    marked["counted"] = marked["value"].where(marked["blank"] == "left_only")
    for state in (NOT_COLLECTED, NOT_APPLICABLE, WITHHELD):
        marked[state] = marked["state"] == state
    return marked.groupby(["district_code", "period", "element"], as_index=False).agg(
        value=("counted", lambda v: v.sum(min_count=1)),
        n_reported=("counted", "count"),
        not_collected=(NOT_COLLECTED, "all"),
        not_applicable=(NOT_APPLICABLE, "all"),
        withheld=(WITHHELD, "all"),
    )


def with_and_without(values: pd.DataFrame, doubtful: pd.DataFrame, period: str, only: Sequence[str]) -> Doubtful:
    """Return the city's indicators of a period as reported, and without the figures in doubt.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()` of all periods and elements: other quarters
        give the ward's own level, other elements say who reported. Nothing here is protected: for use inside
        the office.
    doubtful : DataFrame
        unit_code, period, element, one row a figure in doubt; rows of other
        periods keep those figures out of the ward's own level. A figure that
        is not there, or was not reported, is no figure in doubt.
    period : str
    only : sequence of str
        Indicators that the district form carries.

    Returns
    -------
    Doubtful

    Raises
    ------
    indicators.UnknownIndicator
        For a name that is not in the codebook.
    """
    import pandas as pd

    # Whole families: a blank in one count keeps the ward out of all counts that shares relate to it.
    elements = {e for name in only for e in indicators()[name].elements}
    families = {related()[e] for e in elements}
    known = values.loc[values["element"].map(related()).isin(families), ["district_code", *_CELL, "value", "state"]]
    marks = doubtful[_CELL].drop_duplicates().assign(doubtful=True)
    known = known.merge(marks, how="left", on=_CELL)
    known["doubtful"] = known["doubtful"].eq(True) & (known["state"] == REPORTED)
    level = known["value"].where(~known["doubtful"] & (known["period"] != period))
    usual = level.groupby([known["unit_code"], known["element"]]).transform("median")
    now = known[known["period"] == period].assign(usual=usual)
    came = set(values.loc[(values["period"] == period) & (values["state"] == REPORTED) & (values["unit_code"].str.len() == 5), "unit_code"])
    frames = []
    for name in only:
        indicator = indicators()[name]
        own = now.assign(doubtful=now["doubtful"] & now["element"].isin(indicator.elements))
        ways = {AS_REPORTED: now, SET_ASIDE: _instead(own, float("nan"))}
        if indicator.measure in ("count", "rate"):
            ways[REPLACED] = _instead(own, own["usual"].round())
        for way, cells in ways.items():
            # Who left a cell blank keeps the residents in a rate, as everywhere; who is set aside is not in it at all.
            gone = own["doubtful"] & cells["value"].isna() & (cells["element"] == indicator.numerator)
            frames.append(_city(cells, period, name, came - set(cells.loc[gone, "unit_code"])).assign(way=way))
    frame = pd.concat(frames, ignore_index=True)
    counted = now[now["doubtful"]].groupby("element").size()
    frame["n_doubtful"] = [sum(int(counted.get(e, 0)) for e in indicators()[name].elements) for name in frame["indicator"]]
    first = frame[frame["way"] == AS_REPORTED].set_index("indicator")["value"]
    there = frame["indicator"].map(first)
    frame["outside"] = (frame["way"] != AS_REPORTED) & ((there < frame["low"]) | (there > frame["high"]))
    frame["relative"] = there / frame["value"].where(frame["value"] > 0) - 1
    own = now[now["element"].isin(elements)]
    reported, n_doubtful = int((own["state"] == REPORTED).sum()), int(own["doubtful"].sum())
    return Doubtful(
        estimand=Words("Tỷ lệ con số cần kiểm tra trong các con số đã báo cáo", "Share of the reported figures that is in doubt"),
        method=Words(
            "Con số cần kiểm tra được để riêng như ô trống; với số đếm, thay bằng trung vị các quý khác của chính phường đó.",
            "Figures in doubt are set aside like blank cells; in counts also replaced by the median of the ward's other quarters.",
        ),
        estimate=n_doubtful / reported if reported else None,
        n=reported,
        unit="share",
        assumptions=(
            Words(
                "Con số cần kiểm tra chưa chắc là sai; con số không bị đánh dấu chưa chắc là đúng.",
                "A figure in doubt need not be wrong, and one that nobody doubts need not be right.",
            ),
        ),
        period=period,
        n_doubtful=n_doubtful,
        frame=frame[
            ["indicator", "way", "place", "numerator", "denominator", "value", "low", "high", "state", "n_doubtful", "outside", "relative"]
        ],
    )


def _instead(now: pd.DataFrame, other: pd.Series | float) -> pd.DataFrame:
    """Return the cells with another value where one is in doubt; without any, the cell is blank."""
    made = now.assign(value=now["value"].mask(now["doubtful"], other))
    return made.assign(state=made["state"].where(~made["doubtful"] | made["value"].notna(), NOT_REPORTED))


def _city(cells: pd.DataFrame, period: str, name: str, came: set[str]) -> pd.DataFrame:
    """Return the city's row of one indicator, a rate over the residents of the wards `came`."""
    known = indicators()[name]
    counts = district_counts(district_sums(cells), [period], list(districts()))
    counts = counts[counts["element"].isin(known.elements)]
    everybody = residents(Period.parse(period))
    here = everybody[everybody["ward_code"].isin(came)].rename(columns={"district_code": "place"})
    people = here.groupby("place")["residents"].sum().reset_index().assign(period=period)
    made = city_values(name, counts, people, indicator_values(counts, people, only=[name]))
    return made[made["place"] == CITY]


def doubtful_quarters(series: pd.DataFrame, odd: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a district's share over several quarters together, with all of them and without those that hold an odd count.

    Parameters
    ----------
    series : DataFrame
        A place's rows of a share (`contracts.indicator_schema`) over the
        quarters to join. Made from protected counts: only quarters that are
        shown are taken, so that the sums hold nothing that is not printed.
    odd : DataFrame
        element, period: as `quality.oddities` gives them for the place.
    name : str
        A proportion of the codebook.

    Returns
    -------
    DataFrame
        way ("as_reported", "set_aside"), quarters, numerator, denominator,
        value, low, high; the second row is there only if one of the quarters
        taken holds an odd count of this share and another does not.

    Raises
    ------
    ValueError
        If the indicator is not a proportion.
    """
    import pandas as pd

    from evaluation.monitoring.rates.intervals import clopper_pearson

    known = indicators()[name]
    if known.measure != "proportion":
        raise ValueError(f"{name}: chỉ gộp các quý của một tỷ lệ. / Only a share is joined over quarters.")
    taken = series[series["state"] == SHOWN]
    doubted = set(odd.loc[odd["element"].isin(known.elements), "period"])
    ways = [(AS_REPORTED, taken)]
    if doubted & set(taken["period"]):
        ways.append((SET_ASIDE, taken[~taken["period"].isin(doubted)]))
    rows = []
    for way, part in ways:
        k, n = float(part["numerator"].sum()), float(part["denominator"].sum())
        if len(part) and n > 0:
            low, high = clopper_pearson(k, n)
            rows.append((way, len(part), k, n, k / n, float(low), float(high)))
    return pd.DataFrame(rows, columns=["way", "quarters", "numerator", "denominator", "value", "low", "high"])
