"""Where services reached people: along an order of places, and against residents.

What is compared is where services were recorded. Residents are a scale here
("per 10,000 residents"), never a denominator of coverage: how many people
would need a service in a ward nobody knows.

References
----------
Kakwani, Wagstaff, van Doorslaer 1997 (J. Econometrics 77:87); O'Donnell, van Doorslaer, Wagstaff, Lindelow 2008 (Analyzing
Health Equity Using Household Survey Data, World Bank, ch. 7-8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.language import Words, number, number_span
from evaluation.monitoring.reach.concentration import ERREYGERS, STANDARD, ConcentrationIndex, concentration_index
from evaluation.monitoring.reach.reached import Reached, districts_of
from evaluation.monitoring.series import PROPORTION, CountSeries
from evaluation.places import district_ages, positions, ward_residents, wards
from evaluation.places.ground import CENSUSES
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

ORDERS: Mapping[str, Words] = {
    "residents": Words("số dân (điều tra 2019)", "residents (census 2019)"),
    "density": Words("mật độ dân số (điều tra 2019)", "population density (census 2019)"),
    "growth": Words("mức tăng dân số 2009-2019", "population growth 2009-2019"),
    "young": Words("tỷ lệ dân 15-29 tuổi của quận, huyện (điều tra 2019)", "share of the district's residents aged 15-29 (census 2019)"),
}
_YOUNG = ("15-19", "20-24", "25-29")


def standing(by: str, units: Sequence[str]) -> dict[str, float]:
    """Return what places are ordered by, from the censuses.

    Parameters
    ----------
    by : {"residents", "density", "growth", "young"}
        Residents of 2019; per km2 (water included); 2019 over 2009; share aged 15 to 29 of the district that a place is in.
    units : sequence of str
        Codes of wards or districts.

    Returns
    -------
    dict of str to float
        NaN where it cannot be known (growth of a place without residents in 2009).

    Raises
    ------
    ValueError
        If the order or a code is unknown.
    """
    if by not in ORDERS:
        raise ValueError(f"by phải là một trong {', '.join(ORDERS)}. / by is one of {', '.join(ORDERS)}.")
    homes = districts_of(units)
    if by == "young":
        ages = district_ages()
        all_ages, young = ages.groupby("district_code")["population_2019"].sum(), ages[ages["age_group"].isin(_YOUNG)]
        share = young.groupby("district_code")["population_2019"].sum() / all_ages
        return {u: float(share[home]) for u, home in zip(units, homes, strict=True)}
    area = positions().set_index("ward_code")["area_km2"]
    found = {}
    for unit, home in zip(units, homes, strict=True):
        parts = list(wards(unit)) if unit == home else [unit]
        now, then = (sum(ward_residents(p, census) for p in parts) for census in (CENSUSES[1], CENSUSES[0]))
        size = {"residents": 1.0, "density": sum(float(area[p]) for p in parts), "growth": then}[by]
        found[unit] = now / size if size > 0 else np.nan
    return found


def concentration(
    series: CountSeries,
    by: str | Mapping[str, float],
    *,
    since: str | None = None,
    until: str | None = None,
    kind: str | None = None,
    order_label: Words | None = None,
    level: float = 0.95,
    permutations: int = 0,
    seed: int = 0,
) -> ConcentrationIndex:
    """Return how far services lean to one end of an order of places.

    Parameters
    ----------
    series : CountSeries
        Of wards or districts. Counts and rates are taken per resident and weighted by residents, shares by their denominator.
    by : str or mapping of str to float
        An order of `standing`, or a value a unit.
    since, until : str, optional
        First and last period; all where left out.
    kind : {"standard", "erreygers", "wagstaff"}, optional
        Erreygers' for shares and the standard index for counts and rates where left out.
    order_label : Words, optional
        Name of an order of one's own.
    level, permutations, seed
        As in `concentration_index`.

    Returns
    -------
    ConcentrationIndex
        `diagnostics` have "chance_error": what the error would be if only the counts were a matter of chance (Poisson) and
        the places fixed; None for corrected indices. Units without any report are left out and counted.

    Raises
    ------
    ValueError
        As in `concentration_index` and `standing`.
    """
    where = Reached.of(series, since, until)
    ladder = standing(by, series.units) if isinstance(by, str) else dict(by)
    order = np.array([ladder.get(u, np.nan) for u in series.units], dtype=float)
    chosen = kind or (ERREYGERS if series.measure == PROPORTION else STANDARD)
    found = concentration_index(
        where.value,
        order,
        where.weight,
        kind=chosen,
        level=level,
        permutations=permutations,
        seed=seed,
        label=series.label,
        order_label=order_label or (ORDERS[by] if isinstance(by, str) else None),
        units=list(series.units),
        diagnostics={"period_first": where.first, "period_last": where.last, "chance_error": where.chance_error(order, chosen)},
        synthetic=series.synthetic,
    )
    return found


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Gini(Result):
    """How unequally services are spread over residents, beside what chance alone would give.

    Attributes
    ----------
    label : Words
    by_chance, by_chance_high : float
        Mean and upper 2.5 % of the index where every resident is equally likely to be the place of a count.
    index : ConcentrationIndex
        With the Lorenz curve and the places.
    synthetic : bool
    """

    label: Words
    by_chance: float
    by_chance_high: float
    index: ConcentrationIndex = field(compare=False)
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return the index beside its value by chance in one sentence."""
        speak = language or "en"
        if self.estimate is None or self.low is None or self.high is None:
            return f"{self.estimand[speak]}: —"
        beyond = self.estimate > self.by_chance_high
        said = Words(
            "không đều hơn mức do ngẫu nhiên" if beyond else "không khác mức do ngẫu nhiên",
            "more unequal than chance alone" if beyond else "no more unequal than chance alone",
        )
        template = Words(
            "{label}: hệ số Gini so với số dân {gini} ({ends}), riêng ngẫu nhiên đã cho {chance}; {said}.",
            "{label}: Gini coefficient against residents {gini} ({ends}), where chance alone gives {chance}; {said}.",
        )
        return template[speak].format(
            label=self.label[speak],
            gini=number(self.estimate, speak, 2),
            ends=number_span(self.low, self.high, speak, 2),
            chance=number(self.by_chance, speak, 2),
            said=said[speak],
        )

    def short(self, language: str) -> str:
        """Return the index and its value by chance in a few words."""
        template = Words("Gini {gini}; riêng ngẫu nhiên {chance}", "Gini {gini}; by chance alone {chance}")
        return template[language].format(
            gini="—" if self.estimate is None else number(self.estimate, language, 2), chance=number(self.by_chance, language, 2)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the Lorenz curve: people, outcome (cumulative shares). Places in order of their rate would be a league table."""
        return self.index.curve.copy()


def gini(series: CountSeries, *, since: str | None = None, until: str | None = None, level: float = 0.95, seed: int = 0) -> Gini:
    """Return the Gini coefficient of counted services against residents.

    Parameters
    ----------
    series : CountSeries
        Counts or rates of wards or districts.
    since, until : str, optional
    level : float
    seed : int

    Returns
    -------
    Gini

    Notes
    -----
    Small counts are unequal by chance alone, so that the coefficient says nothing without its value under chance: the
    counts' total thrown again over the places in proportion to their residents and reported periods.

    Raises
    ------
    ValueError
        For shares, and as in `concentration_index`.
    """
    if series.measure == PROPORTION:
        raise ValueError("Hệ số Gini dùng cho số đếm; với tỷ lệ hãy dùng concentration. / Gini takes counts; for shares use concentration.")
    where = Reached.of(series, since, until)
    index = concentration_index(
        where.value,
        where.value,
        where.weight,
        level=level,
        label=series.label,
        order_label=Words("chính mức tính trên số dân", "the rate itself"),
        units=list(series.units),
        synthetic=series.synthetic,
    )
    chance = where.chance_gini(seed)
    return Gini(
        estimand=Words(f"Hệ số Gini của {series.label.vi} so với số dân", f"Gini coefficient of {series.label.en} against residents"),
        method=Words(
            "Đường Lorenz theo số dân, sai số tuyến tính hóa; mức do ngẫu nhiên bằng mô phỏng.",
            "Lorenz curve over residents, linearised error; level by chance from simulation.",
        ),
        estimate=index.estimate,
        low=index.low,
        high=index.high,
        level=level,
        n=index.n,
        unit="index",
        assumptions=index.assumptions,
        diagnostics=index.diagnostics,
        label=series.label,
        by_chance=float(chance.mean()),
        by_chance_high=float(np.quantile(chance, 0.975)),
        index=index,
        synthetic=series.synthetic,
    )
