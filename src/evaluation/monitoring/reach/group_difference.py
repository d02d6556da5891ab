"""Groups of places against each other: what urban and rural districts counted, with the scatter of places within a group.

References
----------
Cochran 1977 (Sampling Techniques, ch. 6): the ratio estimator and its error from the scatter of its units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.language import Words, number, number_span, points
from evaluation.monitoring.reach.reached import Reached, districts_of
from evaluation.monitoring.series import PROPORTION, CountSeries
from evaluation.places import districts
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

KINDS: Mapping[str, Words] = {
    "urban district": Words("các quận", "urban districts"),
    "rural district": Words("các huyện", "rural districts"),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GroupDifference(Result):
    """One group of places against all others; the estimate is a ratio of rates or a difference of shares.

    Attributes
    ----------
    label, group : Words
    scale : {"ratio", "points"}
    frame : DataFrame
        group, label_vi, label_en, n_units, n_reported, count, exposure, value (a share, or per 10,000 residents and
        period), low, high; groups in the order given.
    synthetic : bool
    """

    label: Words
    group: Words
    scale: str
    frame: pd.DataFrame = field(compare=False)
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return the comparison in one sentence, without a judgement."""
        speak = language or "en"
        if self.estimate is None or self.low is None or self.high is None:
            return f"{self.estimand[speak]}: —"
        if self.scale == "ratio":
            value, ends = number(self.estimate, speak, 2), number_span(self.low, self.high, speak, 2)
            template = Words(
                "{label}, {group} so với các nơi còn lại, tính trên số dân: bằng {value} lần ({ends}).",
                "{label}, {group} against all others, per resident: {value} times ({ends}).",
            )
        else:
            value, ends = points(self.estimate, speak), number_span(100 * self.low, 100 * self.high, speak, 1)
            template = Words(
                "{label}, {group} so với các nơi còn lại: chênh lệch {value} ({ends}).",
                "{label}, {group} against all others: a difference of {value} ({ends}).",
            )
        return template[speak].format(label=self.label[speak], group=self.group[speak], value=value, ends=ends)

    def to_frame(self) -> pd.DataFrame:
        """Return all groups."""
        return self.frame.copy()


def kinds_of_district(units: Sequence[str]) -> dict[str, str]:
    """Return for each ward or district whether it lies in an urban (quận) or a rural district (huyện)."""
    known = districts()
    return {u: known[home].kind for u, home in zip(units, districts_of(units), strict=True)}


def group_difference(
    series: CountSeries,
    groups: Mapping[str, str],
    *,
    of: str | None = None,
    labels: Mapping[str, Words] = KINDS,
    since: str | None = None,
    until: str | None = None,
    level: float = 0.95,
) -> GroupDifference:
    """Compare groups of places, with intervals from the scatter of places within a group.

    Parameters
    ----------
    series : CountSeries
        Of wards or districts.
    groups : mapping of str to str
        Unit to group, as of `kinds_of_district`; a unit without a group is left out.
    of : str, optional
        Group that is compared with all others; the first where left out.
    labels : mapping of str to Words
        Names of the groups for the reader; a group without a name is called by its key.
    since, until : str, optional
    level : float

    Returns
    -------
    GroupDifference
        No interval for a group of one reporting unit: its scatter cannot be known. A group that counted none keeps the
        exact upper bound.

    Raises
    ------
    ValueError
        If there are fewer than two groups with a report, `of` is not one of them, or a ratio has a zero on either side.
    """
    where = Reached.of(series, since, until)
    own = np.array([groups.get(u, "") for u in series.units])
    names = list(dict.fromkeys(g for g in groups.values()))
    with_report = [g for g in names if (where.known & (own == g)).any()]
    chosen = of or (with_report[0] if with_report else "")
    if len(with_report) < 2 or chosen not in with_report:
        raise ValueError(
            f"Cần ít nhất hai nhóm có báo cáo và of là một trong số đó: {', '.join(with_report) or 'không có'}. / "
            f"At least two groups with a report are needed and `of` must be one of them: {', '.join(with_report) or 'none'}."
        )
    label = {g: labels.get(g, Words(g, g)) for g in names}
    scale = "points" if series.measure == PROPORTION else "ratio"
    estimate, low, high = where.contrast(own == chosen, (own != chosen) & (own != ""), scale, level)
    return GroupDifference(
        estimand=Words(
            f"{series.label.vi}: {label[chosen].vi} so với các nơi còn lại", f"{series.label.en}: {label[chosen].en} against all others"
        ),
        method=Words(
            "Ước lượng tỷ số, sai số theo độ phân tán giữa các nơi trong nhóm (Cochran 1977).",
            "Ratio estimator, error from the scatter of places within a group (Cochran 1977).",
        ),
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        n=int((where.known & (own != "")).sum()),
        unit="ratio" if scale == "ratio" else "share",
        assumptions=(
            Words(
                "Các nơi trong nhóm là những lần rút độc lập; nơi giáp nhau giống nhau thì khoảng quá hẹp.",
                "Places within a group are independent draws; where neighbours are alike the interval is too narrow.",
            ),
        ),
        diagnostics={"period_first": where.first, "period_last": where.last},
        label=series.label,
        group=label[chosen],
        scale=scale,
        frame=where.frame(own, label, level),
        synthetic=series.synthetic,
    )
