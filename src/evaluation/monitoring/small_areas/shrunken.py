"""All units of a series in one period: what they reported, what of it is noise, and what is left after that."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.language import Words, number, percent, significant, span
from evaluation.monitoring.given_numbers import single
from evaluation.monitoring.rates.midp import RATE, SHARE
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries
from evaluation.monitoring.small_areas.shrinkage import FEWEST_UNITS, LIKELIHOOD, shrink
from evaluation.periods import Period, said_period
from evaluation.places.ground import CENSUSES
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

RESIDENT_RATE = "per 10,000 residents"
METHOD = Words(
    "Ước lượng Bayes thực nghiệm, khoảng hậu nghiệm tính cả độ bất định của siêu tham số (Clayton và Kaldor 1987; Morris và Tang 2011).",
    "Empirical Bayes, posterior intervals with the uncertainty of the hyper-parameters (Clayton and Kaldor 1987; Morris and Tang 2011).",
)
ASSUMPTIONS = (
    Words(
        "Giá trị thật của các đơn vị phân bố quanh một mức chung (phân phối gamma hoặc beta); đơn vị có lý do riêng để khác hẳn "
        "sẽ bị kéo về mức chung quá nhiều.",
        "True values of the units lie around one common value (gamma or beta); a unit that differs for a reason of its own is drawn in "
        "too much.",
    ),
    Words(
        "Trong mỗi đơn vị, số đếm dao động ngẫu nhiên theo Poisson hoặc nhị thức, nhân với độ phân tán nêu trong kết quả.",
        "Within a unit counts vary by chance as Poisson or binomial counts do, times the dispersion that is stated.",
    ),
    Words(
        "Khoảng tin cậy đúng mức tính bình quân trên các đơn vị, không phải cho từng đơn vị.",
        "Intervals hold their level on average over units, not for each.",
    ),
)
NOISE = Words(
    "{label}, {period}: {noise} khác biệt giữa {n} đơn vị (tính theo phương sai) là dao động ngẫu nhiên; mức chung {value} ({span})",
    "{label}, {period}: {noise} of the variance between {n} units is noise; common value {value} ({span})",
)
OF_UNIT = Words(
    "{name}: báo cáo {reported}, sau khi trừ phần ngẫu nhiên {estimate} ({span}); số liệu riêng của đơn vị chiếm {weight} trọng số",
    "{name}: {reported} reported, {estimate} once noise is allowed for ({span}); the unit's own figure has {weight} of the weight",
)
UNKNOWN = Words(
    "{label}, {period}: mọi đơn vị ({n}) đều như nhau ở mức {value}, chưa biết được chênh lệch thật giữa các đơn vị",
    "{label}, {period}: all {n} units are alike at {value}, so that nothing is known of how they truly differ",
)
NOT_REPORTED = Words("{name}: không có số liệu", "{name}: no data")
INTERPOLATED = Words(
    "Mẫu số là dân số nội suy giữa hai cuộc tổng điều tra 1/4/2009 và 1/4/2019: {before} năm sau cuộc trước, {after} năm trước cuộc sau.",
    "The denominator is residents interpolated between the censuses of 1 April 2009 and 1 April 2019: {before} years after the one, "
    "{after} years before the other.",
)
EXTRAPOLATED = Words(
    "Mẫu số là dân số ước cho thời điểm cách cuộc tổng điều tra dân số gần nhất ({census}) {years} năm, theo mức tăng 2009-2019.",
    "The denominator is residents carried {years} years from the nearest census ({census}) at the growth of 2009-2019.",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Shrunken(Result):
    """Reported and shrunken values of all units in one period; no order among them.

    Attributes
    ----------
    estimate, low, high : float
        The common value and its interval.
    period : str
    label : Words
    frame : DataFrame
        One row a unit, in the order of the series: unit, count, denominator,
        value (reported), estimate, low, high (of the true value), reliability
        (weight of the own value, 0 to 1), state. Numbers are NaN where the
        unit has none.
    signal : float or None
        Share of the variance of the reported values that is not noise; None
        where all are zero or all complete, which tells nothing of it.
    dispersion : float
        Variance of counts within units over that of chance alone.
    denominators : Words or None
        How old the residents are that the rates are out of.
    names : mapping of str to Words
    synthetic : bool
    """

    period: str
    label: Words
    frame: pd.DataFrame
    signal: float | None
    dispersion: float
    denominators: Words | None
    names: dict[str, Words]
    synthetic: bool
    source: Words

    def summary(self, language: str | None = None) -> str:
        """Return one sentence: how much of the differences between units is noise."""
        speak = language or "en"
        assert self.estimate is not None
        assert self.low is not None
        assert self.high is not None
        said = UNKNOWN if self.signal is None else NOISE
        return said[speak].format(
            label=self.label[speak],
            period=said_period(self.period, speak),
            noise=percent(1 - (self.signal or 0.0), speak, 0),
            n=number(self.n, speak),
            value=self.written(self.estimate, speak),
            span=span(self.written(self.low, speak), self.written(self.high, speak), speak),
        )

    def of_unit(self, unit: str, language: str | None = None) -> str:
        """Return one sentence on a unit: reported, shrunken with its interval, and the weight of its own figure.

        Raises
        ------
        ValueError
            If there is no such unit.
        """
        speak = language or "en"
        rows = self.frame[self.frame["unit"] == unit]
        if rows.empty:
            raise ValueError(f"Không có đơn vị {unit!r} trong số liệu. / There is no unit {unit!r} in the data.")
        row, name = rows.iloc[0], self.names.get(unit, Words(unit, unit))[speak]
        if np.isnan(row["value"]):
            return NOT_REPORTED[speak].format(name=name)
        return OF_UNIT[speak].format(
            name=name,
            reported=self.written(row["value"], speak),
            estimate=self.written(row["estimate"], speak),
            span=span(self.written(row["low"], speak), self.written(row["high"], speak), speak),
            weight=percent(row["reliability"], speak, 0),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the frame of units."""
        return self.frame.copy()

    def written(self, value: float, language: str) -> str:
        """Write a value of the series without its unit, a share as a percentage."""
        if self.unit == "percent":
            return percent(value, language)
        return significant(value, language)


def shrink_series(series: CountSeries, period: str, method: str = LIKELIHOOD, level: float = 0.95, dispersion: float = 1.0) -> Shrunken:
    """Return what a series' units reported in a period, drawn towards their common value by as much as it is noise.

    Parameters
    ----------
    series : CountSeries
        Shares or rates.
    period : str
    method : {"likelihood", "moments"}
        As in `shrinkage.shrink`.
    level : float
    dispersion : float
        Variance of counts within units over that of chance alone, such as the units' median of `rates.dispersion` over
        earlier periods; counts and denominators are divided by it. 1 is chance alone.

    Raises
    ------
    ValueError
        For plain counts, which have no denominator; with fewer than four units that reported; if the period is unknown,
        or the dispersion is below 1.
    """
    if series.measure == COUNT:
        raise ValueError(
            f"{series.label.vi}: số đếm không có mẫu số thì không tách được phần ngẫu nhiên khỏi quy mô đơn vị. / "
            f"{series.label.en}: a count without a denominator cannot be told from the size of the unit; take a share or a rate."
        )
    if not single(dispersion, "dispersion") >= 1:
        raise ValueError(f"dispersion phải từ 1 trở lên, đang là {dispersion}. / dispersion must be 1 or more, it is {dispersion}.")
    at = series.place_of(period)
    counts, exposure = series.counts[:, at], series.exposure[:, at]
    found = shrink(counts / dispersion, exposure / dispersion, SHARE if series.measure == PROPORTION else RATE, method, level)
    if found.n < FEWEST_UNITS:
        raise ValueError(
            f"{period}: chỉ có {found.n} đơn vị có số liệu, cần ít nhất {FEWEST_UNITS}. / "
            f"Only {found.n} units have data, at least {FEWEST_UNITS} are needed."
        )
    rows = series.frame[series.frame["period"] == period].reset_index(drop=True)
    frame = rows[["unit", "count", "denominator"]].assign(
        value=found.value,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        reliability=found.reliability,
        state=rows["state"],
    )
    signal, spread = (None if np.isnan(x) else float(x) for x in (found.signal, np.sqrt(found.variance)))
    return Shrunken(
        estimand=series.label,
        method=METHOD,
        estimate=float(found.mean),
        low=float(found.mean_low),
        high=float(found.mean_high),
        level=level,
        n=int(found.n),
        unit=series.said_unit,
        assumptions=ASSUMPTIONS,
        diagnostics={"signal": signal, "standard_deviation": spread, "dispersion": dispersion},
        period=period,
        label=series.label,
        frame=frame,
        signal=signal,
        dispersion=dispersion,
        denominators=age_of_residents(period) if series.said_unit == RESIDENT_RATE else None,
        names={u: series.name(u) for u in series.units},
        synthetic=series.synthetic,
        source=series.source,
    )


def age_of_residents(period: str) -> Words:
    """Return how far the residents of a period are from the counts of the censuses.

    Raises
    ------
    ValueError
        If the period is none of ours.
    """
    when = Period.parse(period).middle
    first, last = CENSUSES
    if first < when < last:
        return Words(*(INTERPOLATED[x].format(before=_years(first, when, x), after=_years(when, last, x)) for x in ("vi", "en")))
    census = min(CENSUSES, key=lambda c: abs((when - c).days))
    return Words(*(EXTRAPOLATED[x].format(census=census.year, years=_years(census, when, x)) for x in ("vi", "en")))


def _years(one: dt.date, other: dt.date, language: str) -> str:
    return number(abs((other - one).days) / 365.25, language, 1)
