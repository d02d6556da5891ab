"""How much of an estimated population a programme reached, with the estimate's own uncertainty: the city only.

The size of a hidden population is itself an estimate. Coverage is given for the
city as a whole; for a part of it, only as a rounded range; for a ward or a
district never. Residents and registers of people are no such population.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.language import Words, number, percent, span
from evaluation.monitoring.given_numbers import between_0_and_1, single
from evaluation.monitoring.reported_figures import citations, numbers
from evaluation.places import districts, wards
from evaluation.results import Result

_Floats = NDArray[np.float64]

CITY, PART = "city", "part"
COMPLETE, POISSON = "complete", "poisson"
# A range for a part of the city is rounded outwards to whole steps of the share.
STEP_SHARE = 0.05
REPEATS = Words(
    "số người đã tiếp cận lớn hơn ước tính số người: số đếm có người tính lặp, hoặc hai con số nói về hai nhóm khác nhau",
    "more people were counted than are estimated: some were counted twice, or the two numbers speak of different people",
)


@dataclass(frozen=True)
class PopulationSize:
    """An estimated size of a population, with its interval and what it is of.

    Attributes
    ----------
    value, low, high : float
        Persons.
    level : float
        Of the interval.
    population, method, period : Words
        Of whom, how, and when.
    extent : {"city", "part"}
        Whether it is of the whole city or of several districts together.
    source : str
    """

    value: float
    low: float
    high: float
    population: Words
    method: Words
    period: Words
    extent: str
    source: str
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.extent in districts() or self.extent in wards():
            raise ValueError(
                "Không tính số người ước tính cho một quận, huyện hay phường, xã: chỉ nêu cho toàn thành phố (extent=city), "
                "hoặc khoảng làm tròn cho nhiều quận gộp lại (extent=part). / "
                "A size estimate is not given for a district or a ward: only for the whole city (extent=city), or as a rounded range "
                "for several districts together (extent=part)."
            )
        if self.extent not in (CITY, PART):
            raise ValueError(f"extent phải là city hoặc part, đang là {self.extent!r}. / extent is city or part, it is {self.extent!r}.")
        if not (0 < self.low <= self.value <= self.high < np.inf and self.low < self.high and 0 < self.level < 1):
            raise ValueError(
                "Cần 0 < low <= value <= high, low < high: số ước tính không có khoảng thì không dùng làm mẫu số. / "
                "0 < low <= value <= high and low < high are needed: an estimate without an interval is no denominator."
            )

    def quantile(self, p: _Floats | float) -> _Floats:
        """Return quantiles of the size: lognormal, with a scale of its own on each side of the estimate.

        The estimate is the median and the interval's ends are its quantiles at `level`.
        """
        z, edge = np.asarray(stats.norm.ppf(p)), float(stats.norm.ppf((1 + self.level) / 2))
        below, above = np.log(self.value / self.low) / edge, np.log(self.high / self.value) / edge
        return np.asarray(self.value * np.exp(z * np.where(z < 0, below, above)))


def published_size() -> PopulationSize:
    """Return the published size estimate of women selling sex in venues of six districts together (2016-2017)."""
    table, row = numbers(), "hcmc_vfsw_6districts"
    value, low, high = (float(np.asarray(table.at[row, c], dtype=float)) for c in ("value", "low", "high"))
    return PopulationSize(
        value=value,
        low=low,
        high=high,
        population=Words("phụ nữ bán dâm tại cơ sở ở sáu quận, huyện gộp lại", "women selling sex in venues of six districts together"),
        method=Words("bắt-bắt lại", "capture-recapture"),
        period=Words("12/2016-01/2017", "Dec 2016-Jan 2017"),
        extent=PART,
        source=citations([row])[0],
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PopulationCoverage(Result):
    """Share of an estimated population that was reached.

    For a part of the city `estimate` is None and `low`, `high` are rounded
    outwards. All three are None where more people were counted than are estimated.

    Attributes
    ----------
    reached : int
        People counted.
    size : PopulationSize
    capped : bool
        Whether the upper end was above 100 % and is given as 100 %.
    """

    reached: int
    size: PopulationSize
    capped: bool

    def summary(self, language: str | None = None) -> str:
        """Return the coverage in one sentence, with method and date of the size."""
        speak = language or "en"
        known = {"population": self.size.population[speak], "method": self.size.method[speak], "period": self.size.period[speak]}
        if self.low is None or self.high is None:
            template = Words("Không tính được mức bao phủ {population}: {why}.", "No coverage of {population} can be given: {why}.")
            return template[speak].format(why=REPEATS[speak], **known)
        digits = 1 if self.estimate is not None else 0
        ends = span(percent(self.low, speak, digits), percent(self.high, speak, digits), speak)
        if self.estimate is None:
            template = Words(
                "Mức bao phủ {population}: {ends} (khoảng làm tròn; số người ước tính bằng {method}, {period}).",
                "Coverage of {population}: {ends} (rounded range; size estimated by {method}, {period}).",
            )
        else:
            template = Words(
                "Mức bao phủ {population}: {share} ({ends}; số người ước tính {size} bằng {method}, {period}).",
                "Coverage of {population}: {share} ({ends}; size estimated at {size} by {method}, {period}).",
            )
            known |= {"share": percent(self.estimate, speak), "size": number(self.size.value, speak)}
        return template[speak].format(ends=ends, **known)


def population_coverage(
    reached: int, size: PopulationSize, *, counted: str = COMPLETE, level: float = 0.95, draws: int = 20_000, seed: int = 0
) -> PopulationCoverage:
    """Return the share of an estimated population that was reached.

    Parameters
    ----------
    reached : int
        People reached, each counted once, of the same population, places and time as `size`.
    size : PopulationSize
        Of the whole city, or of several districts together (then only a rounded range is given).
    counted : {"complete", "poisson"}
        "complete": the count of people is what happened, only the size is uncertain. "poisson": the count stands for a rate
        of which another year would show another count.
    level : float
    draws, seed : int
        Of the simulation for "poisson".

    Raises
    ------
    ValueError
        If `reached` is missing or negative, or an option is unknown.

    Notes
    -----
    A share of a positive size falls as the size rises, so that for a complete count the ends of the size's interval carry
    over exactly. The size enters as lognormal with a scale of its own on each side, which keeps a skewed interval.
    """
    between_0_and_1(level)
    if counted not in (COMPLETE, POISSON) or single(reached, "reached") < 0:
        raise ValueError(
            "reached phải là số người không âm, counted là complete hoặc poisson. / "
            "reached is a number of people from 0, counted complete or poisson."
        )
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if counted == COMPLETE:
        low, high = (float(reached / size.quantile(1 - p)) for p in tails)
    else:
        rng = np.random.default_rng(seed)
        drawn = rng.gamma(reached + 0.5, size=draws) / size.quantile(rng.uniform(size=draws))
        low, high = (float(x) for x in np.quantile(drawn, tails))
        low = 0.0 if reached == 0 else low
    share: float | None = reached / size.value
    ends: tuple[float | None, float | None] = (low, min(high, 1.0))
    if reached > size.value:
        share, ends = None, (None, None)
    elif size.extent == PART:
        share, ends = None, (float(np.floor(low / STEP_SHARE) * STEP_SHARE), float(min(1.0, np.ceil(high / STEP_SHARE) * STEP_SHARE)))
    return PopulationCoverage(
        estimand=Words(f"Mức bao phủ {size.population.vi}", f"Coverage of {size.population.en}"),
        method=Words(
            f"Số người đã tiếp cận trên số người ước tính ({size.method.vi}, {size.period.vi}), lô-ga-rít chuẩn hai vế.",
            f"People reached over the estimated size ({size.method.en}, {size.period.en}), split lognormal.",
        ),
        estimate=share,
        low=ends[0],
        high=ends[1],
        level=level,
        n=int(reached),
        unit="share",
        assumptions=(
            Words("Mỗi người chỉ được đếm một lần.", "Each person was counted once."),
            Words(
                "Số đếm và ước tính nói về cùng nhóm người, cùng nơi, cùng thời gian.",
                "Count and size are of the same people, places and time.",
            ),
            Words("Khoảng của ước tính phản ánh đủ sai số của nó.", "The size's interval holds all of its error."),
        ),
        diagnostics={"counted": counted, "extent": size.extent, "source": size.source},
        reached=int(reached),
        size=size,
        capped=ends[0] is not None and high > 1,
    )
