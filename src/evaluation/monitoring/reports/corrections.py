"""What corrected workbooks changed: the first report of a quarter beside the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.monitoring.rates.intervals import wilson
from evaluation.quality.revisions import revision_sizes, revisions
from evaluation.results import Result
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Corrections(Result):
    """Share of cells that a corrected workbook changed, among workbooks that were corrected.

    Attributes
    ----------
    quarters : DataFrame
        One row a corrected quarter of a district: district_code, period,
        first_received, last_received, changed (cells).
    cells : DataFrame
        One row a changed cell, as `quality.revisions` gives them. For use
        inside the office: nothing is protected.
    sizes : DataFrame
        One row an element: n, changed, first, revised, relative.
    median_size : float or None
        Middle relative size of a change, up or down, of the cells reported
        both times and first above zero.
    """

    quarters: pd.DataFrame
    cells: pd.DataFrame
    sizes: pd.DataFrame
    median_size: float | None

    def to_frame(self) -> pd.DataFrame:
        """Return one row a corrected quarter of a district."""
        return self.quarters.copy()


def corrections(store: EvidenceStore, periods: Sequence[str] | None = None, places: Sequence[str] | None = None) -> Corrections:
    """Return what the corrections received by the date of the question changed.

    Parameters
    ----------
    store : EvidenceStore
    periods, places : sequence of str, optional
        Quarters and district codes; all where left out.

    Notes
    -----
    The first report is what was in force at the end of the day on which the
    quarter's first workbook came: two of one day count as one.
    """
    spans = _corrected(store, periods, places)
    return _result(spans, *_sides(store, spans))


def corrections_by_place(store: EvidenceStore, periods: Sequence[str], places: Sequence[str]) -> dict[str, Corrections]:
    """Return what the corrections of each of many districts changed, by code: the store is asked once for all.

    Parameters
    ----------
    store, periods, places
        As in `corrections`.
    """
    spans = _corrected(store, periods, places)
    sides = _sides(store, spans)
    none = _result(spans.iloc[:0], *(side.iloc[:0] for side in sides))
    found = dict.fromkeys(places, none)
    for code, own in spans.groupby("district_code"):
        found[str(code)] = _result(own, *(side[side["district_code"] == code].reset_index(drop=True) for side in sides))
    return found


def _corrected(store: EvidenceStore, periods: Sequence[str] | None, places: Sequence[str] | None) -> pd.DataFrame:
    """Return the districts' quarters that came again on a later day: district_code, period, first_received, last_received."""
    sent = store.submissions()
    if periods is not None:
        sent = sent[sent["period"].isin(list(periods))]
    if places is not None:
        sent = sent[sent["district_code"].isin(list(places))]
    spans = sent.groupby(["district_code", "period"])["received"].agg(["min", "max"]).reset_index()
    return spans[spans["min"] < spans["max"]].rename(columns={"min": "first_received", "max": "last_received"})


def _sides(store: EvidenceStore, spans: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the values first reported in some districts' quarters, and those in force."""
    import pandas as pd

    def values(known: EvidenceStore, part: pd.DataFrame) -> pd.DataFrame:
        found = known.values(periods=sorted(set(part["period"])), districts=sorted(set(part["district_code"])))
        return found.merge(part[["district_code", "period"]])

    before = [values(replace(store, as_of=day), part) for day, part in spans.groupby("first_received")]  # type: ignore[arg-type]
    revised = values(store, spans)
    return pd.concat(before, ignore_index=True) if before else revised, revised


def _result(spans: pd.DataFrame, first: pd.DataFrame, revised: pd.DataFrame) -> Corrections:
    cells, sizes = revisions(first, revised), revision_sizes(first, revised)
    counted = cells.groupby(["district_code", "period"]).size()
    quarters = spans.reset_index(drop=True)
    quarters["changed"] = [int(counted.get((d, p), 0)) for d, p in zip(quarters["district_code"], quarters["period"], strict=True)]
    n, changed = int(sizes["n"].sum()), int(sizes["changed"].sum())
    low, high = wilson(changed, n) if n else (None, None)
    moved = (cells["ratio"] - 1).abs().dropna()
    return Corrections(
        estimand=Words("Tỷ lệ con số thay đổi trong các báo cáo gửi lại", "Share of figures that changed in corrected reports"),
        method=Words(
            "So sánh từng ô của lần gửi đầu với lần gửi đang có hiệu lực; khoảng Wilson.",
            "Each cell of the first report against the one in force; Wilson interval.",
        ),
        estimate=changed / n if n else None,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        n=n,
        unit="share",
        assumptions=(
            Words(
                "Chỉ thấy lỗi mà quận, huyện tự sửa; lỗi không ai phát hiện thì không thấy.",
                "Only what a district put right itself is seen; an error that nobody found is not.",
            ),
        ),
        quarters=quarters,
        cells=cells,
        sizes=sizes,
        median_size=float(moved.median()) if len(moved) else None,
    )
