"""What may be drawn and estimated of a pilot's ward: courses by whole year, and up to the last whole year, where people are counted.

Gaps by quarter, laid beside the ward's totals of whole years and the city's
quarters, give single quarters back to within one person; so do two estimates
of which one holds a quarter more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.effect import RATIO, Effect
from evaluation.indicators import elements, indicators
from evaluation.monitoring.series import QUARTERS_A_YEAR

if TYPE_CHECKING:
    import pandas as pd


def counts_people(names: Iterable[str]) -> bool:
    """Return whether any of these indicators or elements is made of counts that can point at a person; what is not known may be."""
    made_of = [e for n in names for e in (indicators()[n].elements if n in indicators() else (n,))]
    return any(e not in elements() or elements()[e].sensitive for e in made_of)


def usable_until(period: str, name: str) -> str:
    """Return the last quarter whose figures of single wards may stand behind what is published in a quarter.

    Parameters
    ----------
    period : str
        Of the report, such as "2018-Q3".
    name : str
        Indicator or element.

    Returns
    -------
    str
        The report's own quarter; of what counts people the last one of the last whole year.
    """
    if not counts_people([name]) or period.endswith(f"-Q{QUARTERS_A_YEAR}"):
        return period
    return f"{int(period[:4]) - 1}-Q{QUARTERS_A_YEAR}"


def protected_effect(effect: Effect) -> Effect:
    """Return an effect on ward quarters whose courses may be drawn.

    Returns
    -------
    Effect
        The same, if its outcome counts nobody. Else the gaps of the ward and
        of placebos are means over whole years in which all quarters were
        reported (of logs, where they are ratios), without intervals by
        period, and what was observed is left out. A year that the start
        divides has none.
    """
    if not counts_people([effect.outcome]):
        return effect
    start, ratio = str(effect.start), effect.scale == RATIO
    gaps = _by_year(effect.effects.rename(columns={"effect": "gap"}), ratio, start)
    parts = [_by_year(part, ratio, start).assign(unit=unit) for unit, part in effect.placebo_gaps.groupby("unit", sort=True)]
    import pandas as pd

    after = [f"{y}-Q1" >= start and bool(effect.effects.loc[_year(effect.effects) == y, "after"].all()) for y in gaps["period"]]
    nothing = np.full(len(gaps), np.nan)
    return replace(
        effect,
        effects=pd.DataFrame({"period": gaps["period"], "effect": gaps["gap"], "low": nothing, "high": nothing, "after": after}),
        counterfactual=pd.DataFrame({"period": gaps["period"], "observed": nothing, "counterfactual": nothing, "after": after}),
        placebo_gaps=pd.concat(parts, ignore_index=True)[["unit", "period", "gap"]] if parts else effect.placebo_gaps,
        start=start[:4],
        n_before=int(sum(f"{y}-Q{QUARTERS_A_YEAR}" < start for y in gaps["period"])),
    )


def _year(frame: pd.DataFrame) -> pd.Series:
    return frame["period"].astype(str).str[:4]


def _by_year(frame: pd.DataFrame, ratio: bool, start: str) -> pd.DataFrame:
    """Return period (a year) and gap of whole years; NaN where a quarter is missing or the start lies inside."""
    import pandas as pd

    rows = []
    for year, part in frame.groupby(_year(frame), sort=True):
        if len(part) < QUARTERS_A_YEAR:
            continue
        gap = part["gap"].to_numpy(float)
        known = bool(np.isfinite(gap).all() and (not ratio or (gap > 0).all())) and not f"{year}-Q1" < start <= f"{year}-Q{QUARTERS_A_YEAR}"
        mean = float("nan") if not known else float(np.exp(np.log(gap).mean())) if ratio else float(gap.mean())
        rows.append((str(year), mean))
    return pd.DataFrame(rows, columns=["period", "gap"])
