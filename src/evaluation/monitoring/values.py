"""Indicator values with exact intervals, made from counts that may be shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import (
    AS_SHOWN,
    INCONSISTENT,
    MISSING,
    NOT_APPLICABLE,
    NOT_COLLECTED,
    SHOWN,
    WITHHELD,
    checked,
    indicator_schema,
)
from evaluation.indicators import PER_RESIDENTS, RESIDENTS, Indicator, indicators
from evaluation.monitoring.rates.intervals import clopper_pearson, garwood

if TYPE_CHECKING:
    import pandas as pd

# Where an indicator has two counts, the first of these states that either has is the indicator's.
_PRECEDENCE = (WITHHELD, MISSING, NOT_COLLECTED, NOT_APPLICABLE)


def district_counts(totals: pd.DataFrame, periods: list[str], places: list[str]) -> pd.DataFrame:
    """Return district totals with every absent cell written out as absent.

    Parameters
    ----------
    totals : DataFrame
        `EvidenceStore.district_totals()`.
    periods, places : list of str
        All that a reader may ask for.

    Returns
    -------
    DataFrame
        place, period, element, value, state: "shown" (0 included),
        "missing", "not_collected", "not_applicable", "withheld" (at source, by
        all wards). Nothing is protected yet.
    """
    import pandas as pd

    from evaluation.indicators import elements

    full = pd.MultiIndex.from_product([places, periods, list(elements())], names=["place", "period", "element"])
    known = totals.rename(columns={"district_code": "place"}).set_index(["place", "period", "element"])
    frame = known.reindex(full).reset_index()
    state = np.select(
        [frame["value"].notna(), *(frame[word].eq(True) for word in (WITHHELD, NOT_COLLECTED, NOT_APPLICABLE))],
        [SHOWN, WITHHELD, NOT_COLLECTED, NOT_APPLICABLE],
        MISSING,
    )
    return frame[["place", "period", "element", "value"]].assign(state=state)


def ward_counts(values: pd.DataFrame, periods: list[str], wards: list[str], only: Iterable[str]) -> pd.DataFrame:
    """Return ward counts with every absent cell written out as absent; as reported, nothing is protected.

    Parameters
    ----------
    values : DataFrame
        `EvidenceStore.values()`.
    periods, wards : list of str
        All that a reader may ask for.
    only : iterable of str
        Elements.

    Returns
    -------
    DataFrame
        place (ward), period, element, value, state, as `district_counts` has them.
    """
    import pandas as pd

    full = pd.MultiIndex.from_product([wards, periods, list(only)], names=["unit_code", "period", "element"])
    frame = values.set_index(["unit_code", "period", "element"])[["value", "state"]].reindex(full).reset_index()
    return frame.assign(state=frame["state"].map(AS_SHOWN).fillna(MISSING)).rename(columns={"unit_code": "place"})


def indicator_values(counts: pd.DataFrame, residents: pd.DataFrame, level: float = 0.95, only: Iterable[str] | None = None) -> pd.DataFrame:
    """Return indicator values with exact intervals.

    Parameters
    ----------
    counts : DataFrame
        Protected counts (`contracts.counts_schema`).
    residents : DataFrame
        place, period, residents: of the wards that reported, so that a ward
        without a report lowers both sides of a rate.
    level : float
    only : iterable of str, optional
        Indicators to make; all that the form carries where left out.

    Returns
    -------
    DataFrame
        `contracts.indicator_schema`: shares with Clopper-Pearson, counts and
        rates with Garwood intervals. A share without anybody in its
        denominator is "not_applicable"; a part above its whole is
        "inconsistent" and has no value.

    Notes
    -----
    The counts are complete, not sampled: the interval says how far the value
    of a process with the same level would scatter by chance alone.
    """
    import pandas as pd

    wide = counts.pivot(index=["place", "period"], columns="element", values=["value", "state"])
    people = residents.set_index(["place", "period"])["residents"].reindex(wide.index)
    wanted = set(indicators() if only is None else only)
    made = [_one(i, wide, people, level) for i in indicators().values() if i.reported and i.id in wanted]
    return checked(pd.concat(made, ignore_index=True), indicator_schema(), "indicator values")


def _one(indicator: Indicator, wide: pd.DataFrame, people: pd.Series, level: float) -> pd.DataFrame:
    import pandas as pd

    numerator = wide["value"][indicator.numerator].astype(float)
    states = [wide["state"][e] for e in indicator.elements]
    state = np.select([np.logical_or.reduce([s == word for s in states]) for word in _PRECEDENCE], _PRECEDENCE, SHOWN)
    ones = pd.Series(1.0, index=wide.index)
    if indicator.measure == "proportion":
        denominator = wide["value"][indicator.denominator].astype(float)
    elif indicator.denominator == RESIDENTS:
        denominator = people.astype(float) / PER_RESIDENTS
        state = np.where((state == SHOWN) & ~(denominator > 0), MISSING, state)
    else:
        denominator = ones
    if indicator.measure == "proportion":
        state = np.where((state == SHOWN) & (denominator == 0), NOT_APPLICABLE, state)
        state = np.where((state == SHOWN) & (numerator > denominator), INCONSISTENT, state)
    usable = state == SHOWN
    k, n = numerator.where(usable), denominator.where(usable)
    if indicator.measure == "proportion":
        low, high = clopper_pearson(k, n, level)
    elif indicator.measure == "yes_no":
        low = high = np.full(len(k), np.nan)
    else:
        low, high = garwood(k, n, level)
    shown_n = wide["value"][indicator.denominator] if indicator.measure == "proportion" else people if indicator.denominator else np.nan
    frame = pd.DataFrame({"numerator": numerator, "denominator": shown_n, "value": k / n, "low": low, "high": high, "state": state})
    return frame.reset_index().assign(indicator=indicator.id)
