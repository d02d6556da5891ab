"""Totals and shares where some reports are missing: coverage, bounds, imputation. A missing report is never a zero.

References
----------
Manski 2003, Partial Identification of Probability Distributions (ch. 1: bounds without assumptions). Rubin 1987,
Multiple Imputation for Nonresponse in Surveys. Barnard, Rubin 1999, Biometrika 86:948.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.language import Words, number, percent, significant, span
from evaluation.monitoring.missing.completion import ANY, OWN, Imputer, Reports, figure_of, reports_of
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]

IMPUTATIONS = 50
ALL_UNITS = Words("mọi đơn vị", "all units")
METHOD = Words(
    "Điền bội {m} lần theo đơn vị và kỳ (nhị thức âm, bê-ta nhị thức), gộp theo quy tắc Rubin; giới hạn Manski không cần giả thiết "
    "về lý do thiếu.",
    "Multiple imputation, {m} times, by unit and period (negative binomial, beta-binomial), combined by Rubin's rules; Manski "
    "bounds without an assumption on why reports are missing.",
)
ASSUMPTIONS = (
    Words(
        "Số đã điền: đơn vị thiếu báo cáo giống chính nó ở kỳ khác và giống các đơn vị khác trong kỳ đó (thiếu ngẫu nhiên).",
        "Imputed figure: a unit without report is like itself in other periods and like the others in that period (missing at random).",
    ),
)
CEILINGS = {
    OWN: Words(
        "Giới hạn: không đơn vị nào vượt số cao nhất của chính nó; đơn vị chưa từng báo cáo thì không vượt mức của đơn vị cao nhất.",
        "Bounds: no unit is above the highest that it ever reported; one that never did, not above the highest of any unit.",
    ),
    ANY: Words(
        "Giới hạn: không đơn vị nào vượt mức cao nhất mà một đơn vị bất kỳ từng báo cáo, tính theo quy mô.",
        "Bounds: no unit is above the highest that any unit ever reported, by its size.",
    ),
}
EXTREMES = {
    OWN: Words(
        "mỗi đơn vị thiếu có từ 0 đến mức cao nhất từng báo cáo", "each missing one had nothing up to the highest that it ever reported"
    ),
    ANY: Words(
        "mỗi đơn vị thiếu có từ 0 đến mức cao nhất của mọi đơn vị",
        "each missing one had nothing up to the highest that any unit ever reported",
    ),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MissingReports(Result):
    """A total, rate or share of a place in a period, with what the missing reports leave open.

    For use inside the office: where one unit is missing, the bounds tell what it reported at most. Nothing is protected.
    `estimate`, `low`, `high` are those after imputation.

    Attributes
    ----------
    period : str
    name : Words
        Of the place.
    reported, expected : int
        Units.
    coverage, coverage_by_size : float
        Reported of expected, by units and by residents (NaN without sizes).
    as_reported : float or None
        From the reported figures alone.
    bound_low, bound_high : float or None
        Whatever the missing units had.
    ceiling : {"own", "any"}
        Up to which a missing count is taken to go.
    of : {"total", "level"}
        What the interval is of: the figure that complete reports would give, or the level that it scatters around.
    m : int
        Imputations.
    df, fraction_missing : float
        Degrees of freedom; share of the variance that comes from what is missing.
    frame : DataFrame
        One row a period: period, reported, expected, coverage, coverage_by_size, as_reported, bound_low, bound_high,
        imputed, low, high, df, fraction_missing.
    units : DataFrame
        One row a unit that is missing in the period: unit, expected (mean of the imputations), highest.
    measure : str
    synthetic : bool
    """

    period: str
    name: Words
    reported: int
    expected: int
    coverage: float
    coverage_by_size: float
    as_reported: float | None
    bound_low: float | None
    bound_high: float | None
    ceiling: str
    of: str
    m: int
    df: float
    fraction_missing: float
    frame: pd.DataFrame
    units: pd.DataFrame
    measure: str
    synthetic: bool = False

    def written(self, x: float, language: str) -> str:
        """Write one value of the figure."""
        if self.measure == PROPORTION:
            return percent(x, language)
        return number(x, language) if self.measure == COUNT else significant(x, language)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return coverage, figure as reported, after imputation, and bounds, as one sentence, in English unless told."""
        speak = language or "en"
        told = Words(
            f"{self.estimand.vi}, {self.name.vi}, {said_period(self.period, 'vi')}",
            f"{self.estimand.en}, {self.name.en}, {said_period(self.period, 'en')}",
        )[speak]
        share = Words("", "")
        if np.isfinite(self.coverage_by_size) and self.reported < self.expected:
            of = [percent(self.coverage_by_size, language) for language in ("vi", "en")]
            share = Words(f" ({of[0]} dân số)", f" ({of[1]} of residents)")
        came = Words(
            f"{self.reported}/{self.expected} đơn vị có báo cáo{share.vi}",
            f"{self.reported} of {self.expected} units reported{share.en}",
        )[speak]
        if self.as_reported is None or self.estimate is None:
            nothing = Words("không có số liệu để nêu", "there is no figure to give")[speak]
            return f"{told}: {came}; {nothing}."
        if self.reported == self.expected:
            return f"{told}: {came}; {self.written(self.as_reported, speak)}."
        written = [self.written(x or 0.0, speak) for x in (self.low, self.high, self.bound_low, self.bound_high)]
        inside, outside = span(written[0], written[1], speak), span(written[2], written[3], speak)
        level = percent(self.level, speak, 0)
        reported, filled, extremes = self.written(self.as_reported, speak), self.written(self.estimate, speak), self._extremes[speak]
        if speak == "vi":
            filled = f"theo báo cáo {reported}, sau khi điền phần thiếu {filled} ({level}: {inside})"
            return f"{told}: {came}; {filled}; {outside} nếu {extremes}."
        return (
            f"{told}: {came}; {reported} as reported, {filled} with the missing ones imputed ({level}: {inside}); {outside} if {extremes}."
        )

    @property
    def _extremes(self) -> Words:
        if self.measure == PROPORTION:
            return Words("ở các đơn vị thiếu từ không ai đến tất cả", "in the missing ones nobody to everybody did")
        return EXTREMES[self.ceiling]


def missing_reports(
    series: CountSeries,
    period: str | None = None,
    *,
    name: Words = ALL_UNITS,
    sizes: Mapping[str, float] | None = None,
    of: str = "total",
    ceiling: str = OWN,
    m: int = IMPUTATIONS,
    level: float = 0.95,
    seed: int = 0,
) -> MissingReports:
    """Return the figure of a place from the reports of its units, with what the missing ones leave open.

    Parameters
    ----------
    series : CountSeries
        All units of the place (`ward_series(store, indicator, [district])`), those that never reported too.
    period : str, optional
        The last where left out; the table has all of them.
    name : Words
        Of the place.
    sizes : mapping of str to float, optional
        Residents of each unit.
    of : {"total", "level"}
        "total": the figure that complete reports would give, whose only uncertainty is what is missing. "level": what the
        figure scatters around by chance, for comparisons over time.
    ceiling : {"own", "any"}
        Up to which a missing count is taken to go: the highest that the unit itself ever reported, or that any unit did,
        by its size. The first is passed once in a while: by the latest of n alike quarters with chance 1 in n.
    m : int
        Imputations, at least 2.
    level : float
    seed : int

    Returns
    -------
    MissingReports
        A period of which no form asked, or without any report, has no figure.

    Raises
    ------
    ValueError
        If there is no such period, `of` or `m` is none of these, sizes do not fit, or fewer than four figures are known.
    """
    import pandas as pd

    if ceiling not in CEILINGS:
        raise ValueError("ceiling phải là 'own' hoặc 'any'. / ceiling must be 'own' or 'any'.")
    if of not in ("total", "level") or m < 2:
        raise ValueError("of phải là 'total' hoặc 'level', m từ 2 trở lên. / of must be 'total' or 'level', and m at least 2.")
    at = len(series.periods) - 1 if period is None else series.place_of(period)
    reports = reports_of(series, sizes)
    whole = Imputer.of(reports).complete(m, seed)
    pooled = whole.pooled(of, level)
    low, high = bounds(reports, ceiling)
    as_reported = figure_of(
        np.where(reports.reported, reports.counts, 0.0), np.where(reports.reported, reports.wholes, 0.0), series.measure
    )
    any_report = reports.reported.any(axis=0)
    weighed = (reports.weights[:, None] * reports.expected).sum(axis=0)
    came = (reports.weights[:, None] * reports.reported).sum(axis=0)
    by_size = np.divide(came, weighed, out=np.full(len(came), np.nan), where=weighed > 0)
    expected, reported = reports.expected.sum(axis=0), reports.reported.sum(axis=0)
    frame = pd.DataFrame(
        {
            "period": series.periods,
            "reported": reported,
            "expected": expected,
            "coverage": np.divide(reported, expected, out=np.full(len(expected), np.nan), where=expected > 0),
            "coverage_by_size": by_size if sizes is not None else np.nan,
            "as_reported": as_reported,
            "bound_low": low,
            "bound_high": high,
            "imputed": pooled.estimate,
            "low": np.maximum(pooled.low, low) if of == "total" else np.maximum(pooled.low, 0.0),
            "high": np.minimum(pooled.high, 1.0) if series.measure == PROPORTION else pooled.high,
            "df": pooled.df,
            "fraction_missing": pooled.fraction,
        }
    )
    figures = [c for c in frame.columns if c not in ("period", "reported", "expected", "coverage", "coverage_by_size")]
    frame.loc[~any_report, figures] = np.nan
    row, gone = frame.iloc[at], np.flatnonzero(reports.missing[:, at])
    units = pd.DataFrame(
        {
            "unit": [series.units[i] for i in gone],
            "expected": whole.counts[:, gone, at].mean(axis=0),
            "highest": reports.highest(np.nan_to_num(reports.counts), ceiling)[gone],
        }
    )
    return MissingReports(
        estimand=series.label,
        method=Words(METHOD.vi.format(m=m), METHOD.en.format(m=m)),
        estimate=_number(row["imputed"]),
        low=_number(row["low"]),
        high=_number(row["high"]),
        level=level,
        n=int(row["reported"]),
        unit=series.said_unit,
        assumptions=(*ASSUMPTIONS, CEILINGS[ceiling]),
        diagnostics={"scatter": whole.model.scatter, "residual_df": whole.model.residual_df, "unit_variance": whole.model.unit_variance},
        period=series.periods[at],
        name=name,
        reported=int(row["reported"]),
        expected=int(row["expected"]),
        coverage=float(row["coverage"]),
        coverage_by_size=float(row["coverage_by_size"]),
        as_reported=_number(row["as_reported"]),
        bound_low=_number(row["bound_low"]),
        bound_high=_number(row["bound_high"]),
        ceiling=ceiling,
        of=of,
        m=m,
        df=float(row["df"]),
        fraction_missing=float(row["fraction_missing"]),
        frame=frame,
        units=units,
        measure=series.measure,
        synthetic=series.synthetic,
    )


def _number(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def bounds(reports: Reports, ceiling: str = OWN) -> tuple[_Floats, _Floats]:
    """Return the lowest and the highest that the figure of each period can be, whatever the missing units had.

    Parameters
    ----------
    reports : Reports
    ceiling : {"own", "any"}
        As in `missing_reports`; of the wholes, for shares.

    Returns
    -------
    (low, high)
        Counts and rates: missing units at zero, and at their ceiling. Shares: nobody, and everybody, in wholes at their
        ceiling. NaN where a share has no whole at all.

    Notes
    -----
    For shares this is Manski's bound, given the size of the missing wholes. Counts have no upper bound without an
    assumption: the highest ever reported stands in for it.
    """
    gone = reports.missing
    counts, wholes = (np.where(reports.reported, x, 0.0) for x in (reports.counts, reports.wholes))
    if reports.shares:
        most = np.where(gone, reports.highest(np.nan_to_num(reports.wholes), ceiling)[:, None], 0.0).sum(axis=0)
        over = wholes.sum(axis=0) + most
        low, high = (
            np.divide(x, over, out=np.full(len(over), np.nan), where=over > 0) for x in (counts.sum(axis=0), counts.sum(axis=0) + most)
        )
        return low, high
    most = np.where(gone, reports.highest(np.nan_to_num(reports.counts), ceiling)[:, None], 0.0).sum(axis=0)
    over = np.where(reports.expected, reports.wholes, 0.0).sum(axis=0) if not reports.plain else np.ones(len(most))
    over = np.where(over > 0, over, np.nan)
    return counts.sum(axis=0) / over, (counts.sum(axis=0) + most) / over
