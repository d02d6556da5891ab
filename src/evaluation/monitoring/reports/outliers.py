"""Figures outside the ward's own usual range: how many in a quarter, and one ward's series beside its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.contracts import AS_SHOWN, MISSING, SHOWN
from evaluation.indicators import elements
from evaluation.language import Words
from evaluation.places import wards
from evaluation.quality.history import QUARTERS, judged, usual_range
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["district_code", "unit_code", "period", "element", "value", "n", "median", "low", "high", "ratio"]
_METHOD = Words(
    "Khoảng thường gặp của chính phường, xã, thị trấn, tính từ tối đa tám quý trước (trung vị và độ lệch tuyệt đối trung vị).",
    "The ward's own usual range, from up to eight quarters before (median and median absolute deviation).",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Outliers(Result):
    """Share of a quarter's figures that lie outside the ward's own usual range.

    Attributes
    ----------
    period : str
    n_outside : int
        Of `n` figures that have a history of at least four quarters.
    frame : DataFrame
        The figures outside, one row each: district_code, unit_code, period,
        element, value, n (quarters looked at), median, low, high (the range),
        ratio (to the median). For use inside the office: nothing is protected.
    """

    period: str
    n_outside: int
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the figures outside their range."""
        return self.frame.copy()

    def by_element(self) -> pd.DataFrame:
        """Return how many figures of each count lie outside: element, outside."""
        counted = self.frame.groupby("element").size()
        order = [e for e in elements() if e in counted.index]
        return counted.reindex(order).rename("outside").reset_index()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class WardHistory(Result):
    """One ward's figures of one count, each beside the range that the quarters before it make usual.

    Attributes
    ----------
    ward, element : str
    frame : DataFrame
        One row a period, in order: period, value, state ("shown", or why
        there is no value), low, high (missing without four earlier quarters),
        beyond. For use inside the office: nothing is protected.
    """

    ward: str
    element: str
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period."""
        return self.frame.copy()


def outliers(values: pd.DataFrame, period: str) -> Outliers:
    """Return the ward figures of a quarter that lie outside the ward's own usual range.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()`: the quarter and those before it.
    period : str

    Notes
    -----
    A range of four standard deviations leaves out few figures by chance, yet
    of ten thousand some lie outside without any fault; and what was wrong all
    along lies inside.
    """
    import pandas as pd

    ward_level = values[values["unit_code"].str.len() == 5]
    seen = []
    for _, own in ward_level.groupby("district_code"):
        now = own[own["period"] == period]
        seen.append(judged(now, own, period))
    frame = pd.concat(seen, ignore_index=True) if seen else pd.DataFrame(columns=[*_COLUMNS, "beyond"])
    outside = frame[frame["beyond"].astype(bool)]
    return Outliers(
        estimand=Words("Tỷ lệ con số nằm ngoài khoảng thường gặp của chính phường", "Share of figures outside the ward's own usual range"),
        method=_METHOD,
        estimate=len(outside) / len(frame) if len(frame) else None,
        n=len(frame),
        unit="share",
        period=period,
        n_outside=len(outside),
        frame=outside[_COLUMNS].sort_values(["element", "unit_code"], ignore_index=True),
    )


def ward_history(values: pd.DataFrame, ward: str, element: str, periods: Sequence[str], quarters: int = QUARTERS) -> WardHistory:
    """Return one ward's series of one count with the range that was usual before each quarter.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()` of the ward's district: its other wards
        steady the spread.
    ward : str
        Ward code.
    element : str
    periods : sequence of str
        In order; a period without a row is not reported.
    quarters : int
        How many quarters before each are looked at.

    Raises
    ------
    ValueError
        If the values hold nothing of this ward.
    """
    import pandas as pd

    own = values[(values["element"] == element) & (values["unit_code"].str.len() == 5)]
    series = own[own["unit_code"] == ward].set_index("period")
    if series.empty:
        raise ValueError(f"{ward}: không có số liệu của {element}. / There are no values of {element}.")
    rows = []
    for period in periods:
        usual = usual_range(own, period, quarters)
        limits = usual[usual["unit_code"] == ward]
        low, high = (float(limits[c].iloc[0]) if len(limits) else float("nan") for c in ("low", "high"))
        state = AS_SHOWN[str(series["state"][period])] if period in series.index else MISSING
        value = float(series["value"][period]) if state == SHOWN else float("nan")
        looked = judged(series.loc[series.index == period].reset_index(), own, period, quarters)
        rows.append({"period": period, "value": value, "state": state, "low": low, "high": high, "beyond": bool(looked["beyond"].any())})
    frame = pd.DataFrame(rows)
    name, label = wards()[ward].name, elements()[element].label
    last = frame[frame["state"] == SHOWN].tail(1)
    return WardHistory(
        estimand=Words(f"{label.vi}, {name.vi}", f"{label.en}, {name.en}"),
        method=_METHOD,
        estimate=float(last["value"].iloc[0]) if len(last) else None,
        n=int((frame["state"] == SHOWN).sum()),
        unit="count",
        ward=ward,
        element=element,
        frame=frame,
    )
