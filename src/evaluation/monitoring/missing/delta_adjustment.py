"""How far the missing units would have to differ from the others before a conclusion on a change turns.

References
----------
Rubin 1987, Multiple Imputation for Nonresponse in Surveys (ch. 6). van Buuren 2018, Flexible Imputation of Missing
Data, 2nd ed. (section 3.8: delta adjustment). Yan, Lee, Li 2009, J. Biopharmaceutical Statistics 19:1085 (tipping point).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evaluation.language import Words, number
from evaluation.monitoring.missing.completion import Imputer, Reports, reports_of
from evaluation.monitoring.missing.imputation import combined
from evaluation.monitoring.missing.missing_reports import ALL_UNITS, IMPUTATIONS
from evaluation.monitoring.series import CountSeries
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

FACTORS = (0.0, 0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0)
ODDS = "odds ratio"
ROSE, FELL, CHANCE = "rose", "fell", "chance"
_SAID = {
    ROSE: Words("tăng", "a rise"),
    FELL: Words("giảm", "a fall"),
    CHANCE: Words("chưa phân biệt được với ngẫu nhiên", "no change that can be told from chance"),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DeltaAdjustment(Result):
    """A change between two periods under assumptions on the missing units of the later one.

    `estimate`, `low`, `high` are the ratio (of odds, for shares) with the missing units like the others (factor 1).

    Attributes
    ----------
    period, before : str
    name : Words
    conclusion : {"rose", "fell", "chance"}
        At factor 1.
    frame : DataFrame
        One row a factor: factor, ratio, low, high, conclusion.
    tipping_below, tipping_above : float or None
        Nearest factors below and above 1 at which the conclusion is another; None where none is.
    missing : int
        Units without report in the later period.
    synthetic : bool
    """

    period: str
    before: str
    name: Words
    conclusion: str
    frame: pd.DataFrame
    tipping_below: float | None
    tipping_above: float | None
    missing: int
    synthetic: bool = False

    def to_frame(self) -> pd.DataFrame:
        """Return one row a factor."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return the conclusion and what would turn it, as one sentence, in English unless told."""
        speak = language or "en"
        head = Words(
            f"{self.estimand.vi}, {self.name.vi}, {said_period(self.period, 'vi')} so với {said_period(self.before, 'vi')}: "
            f"{_SAID[self.conclusion].vi}",
            f"{self.estimand.en}, {self.name.en}, {said_period(self.period, 'en')} against {said_period(self.before, 'en')}: "
            f"{_SAID[self.conclusion].en}",
        )[speak]
        if not self.missing:
            return head + Words("; không đơn vị nào thiếu báo cáo.", "; no unit is missing.")[speak]
        turns = [number(x, speak, 2) for x in (self.tipping_below, self.tipping_above) if x is not None]
        most = number(float(self.frame["factor"].max()), speak)
        had = Words("các đơn vị thiếu có", "the missing units had")
        if self.unit == ODDS:
            had = Words("tỷ lệ chênh (odds) ở các đơn vị thiếu bằng", "the odds in the missing units were")
        if not turns:
            return (
                f"{head}; "
                + Words(
                    f"kết luận không đổi dù {had.vi} từ 0 đến {most} lần mức dự kiến.",
                    f"this holds if {had.en} anything from 0 to {most} times what is expected.",
                )[speak]
            )
        either = Words(" hoặc ", " or ")[speak].join(turns)
        return (
            f"{head}; "
            + Words(f"kết luận đổi nếu {had.vi} {either} lần mức dự kiến.", f"this turns if {had.en} {either} times what is expected.")[
                speak
            ]
        )


def delta_adjustment(
    series: CountSeries,
    period: str,
    before: str,
    *,
    name: Words = ALL_UNITS,
    sizes: Mapping[str, float] | None = None,
    factors: Sequence[float] = FACTORS,
    m: int = IMPUTATIONS,
    level: float = 0.95,
    seed: int = 0,
) -> DeltaAdjustment:
    """Return whether a change stands if the missing units had less or more than units like them.

    Parameters
    ----------
    series : CountSeries
        All units of the place.
    period, before : str
        Later and earlier period. The earlier one's missing units are taken as missing at random.
    name, sizes, m, level, seed
        As in `missing_reports`.
    factors : sequence of float
        Of the missing counts (of the odds, for shares), from 0 on.

    Returns
    -------
    DeltaAdjustment

    Raises
    ------
    ValueError
        If a period is not there, without any report or with a total of 0 (a share of 100 %), a factor is negative, or as
        in `missing_reports`.
    """
    import pandas as pd

    chosen = sorted({*map(float, factors), 1.0})
    if not np.all(np.isfinite(chosen)) or chosen[0] < 0:
        raise ValueError("Các hệ số factors phải là số hữu hạn từ 0 trở lên. / factors must be finite numbers from 0 on.")
    reports, at = reports_of(series, sizes), (series.place_of(period), series.place_of(before))
    for place in at:
        _some(reports, place, series.periods[place])
    ask = _Change(reports, Imputer.of(reports), at, m, level, seed)
    rows = [ask.at_factor(f) for f in chosen]
    middle = rows[chosen.index(1.0)]
    missing = int(reports.missing[:, at[0]].sum())
    below, above = (ask.tips(middle[3], side, chosen[-1]) if missing else None for side in (-1, 1))
    frame = pd.DataFrame([(f, *row) for f, row in zip(chosen, rows, strict=True)], columns=["factor", "ratio", "low", "high", "conclusion"])
    return DeltaAdjustment(
        estimand=series.label,
        method=Words(
            "Điền bội với hệ số delta cho các đơn vị thiếu; tỷ số của hai kỳ theo quy tắc Rubin.",
            "Multiple imputation with a delta for the missing units; ratio of the two periods by Rubin's rules.",
        ),
        estimate=middle[0],
        low=middle[1],
        high=middle[2],
        level=level,
        n=int(reports.reported[:, at[0]].sum()),
        unit=ODDS if reports.shares else "ratio",
        period=period,
        before=before,
        name=name,
        conclusion=middle[3],
        frame=frame,
        tipping_below=below,
        tipping_above=above,
        missing=missing,
        synthetic=series.synthetic,
    )


def _some(reports: Reports, place: int, period: str) -> None:
    """Refuse a period of which no ratio can be made."""
    came = reports.reported[:, place]
    if not came.any():
        raise ValueError(f"Không đơn vị nào có báo cáo kỳ {period}; hãy chọn kỳ khác. / No unit reported {period}; choose another period.")
    total, whole = reports.counts[came, place].sum(), reports.wholes[came, place].sum()
    if total == 0 or (reports.shares and total == whole):
        raise ValueError(
            f"Kỳ {period} có tổng bằng 0 hoặc tỷ lệ 100% nên không có tỷ số; hãy chọn kỳ khác. / "
            f"In {period} the total is 0 or the share 100%, so there is no ratio; choose another period."
        )


@dataclass(frozen=True, eq=False)
class _Change:
    """The ratio of two periods for any factor, always with the same random numbers."""

    reports: Reports
    imputer: Imputer
    at: tuple[int, int]
    m: int
    level: float
    seed: int

    def at_factor(self, factor: float) -> tuple[float, float, float, str]:
        """Return the ratio with its interval and the conclusion."""
        factors = np.ones(self.reports.counts.shape[1])
        factors[self.at[0]] = factor
        whole = self.imputer.complete(self.m, self.seed, factors)
        now, then = (self._logged(whole.figures[:, t], whole.chance[:, t]) for t in self.at)
        found = combined(now[0] - then[0], now[1] + then[1], whole.model.residual_df, self.level)
        low, high = float(np.exp(found.low)), float(np.exp(found.high))
        return float(np.exp(found.estimate)), low, high, ROSE if low > 1 else FELL if high < 1 else CHANCE

    def _logged(self, figure: NDArray[np.float64], variance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return figures and variances on the log scale (logit, for shares)."""
        if self.reports.shares:
            return special.logit(figure), variance / (figure * (1 - figure)) ** 2
        return np.log(figure), variance / figure**2

    def tips(self, conclusion: str, side: int, most: float) -> float | None:
        """Return the factor nearest to 1 on a side at which the conclusion is another, to two digits; None up to the end."""
        end = 0.0 if side < 0 else max(most, 1.0)
        steps = np.linspace(1.0, end, 21)[1:]
        turned = next((i for i, f in enumerate(steps) if self.at_factor(float(f))[3] != conclusion), None)
        if turned is None or end == 1.0:
            return None
        near, far = (1.0 if turned == 0 else float(steps[turned - 1])), float(steps[turned])
        while abs(far - near) > 0.005:
            middle = (near + far) / 2
            near, far = (middle, far) if self.at_factor(middle)[3] == conclusion else (near, middle)
        return round(far, 2)
