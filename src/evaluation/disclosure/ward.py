"""The gate for one named ward beside its district: a ward's counts are shown only where neither it nor the rest of the district is small.

The plan names the pilot wards, so that a report on a pilot cannot hide which
ward it is about. Its sensitive counts leave by whole year alone: quarters and
sums of quarters together, or sums to date in one report and the next, would
give single quarters away by subtraction. What counts services and points at
nobody (contacts, condoms, sessions) leaves by quarter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluation.contracts import MISSING, NOT_APPLICABLE, NOT_COLLECTED, NOT_COMPARABLE, SHOWN, WITHHELD
from evaluation.disclosure.interim import Flags, Numbers, Protection, parts_of_wholes
from evaluation.indicators import elements
from evaluation.monitoring.series import FORM_PERIODS, QUARTERS_A_YEAR

if TYPE_CHECKING:
    import pandas as pd

# However many: what tests found is people's health, and of places and enforcement nothing is shown by ward.
NEVER_BY_WARD = frozenset({"sti_positive", "sti_treated", "venues_listed", "pledges_signed", "inspections", "violations"})


def protected_ward(ward: pd.DataFrame, protection: Protection, district: str) -> pd.DataFrame:
    """Return what of a ward's counts may be shown beside all that is shown of its district.

    Parameters
    ----------
    ward : DataFrame
        place (one ward), period, element, value, state, as
        `monitoring.values.ward_counts` gives them.
    protection : Protection
        The release's counts of districts.
    district : str
        Of the ward.

    Returns
    -------
    DataFrame
        element, span ("2018-Q1" of a count that points at nobody, "2018" of a
        sensitive one), value (NaN unless shown), state. A year is the sum of
        its four quarters, of a stock the figure of its last quarter; the years
        are those that the release covers whole.

    Notes
    -----
    A count is withheld where it is sensitive and 1 to ``smallest_shown - 1``;
    where that many are left of the district's shown count; where a part leaves
    that few of its whole, in the ward or in the rest of the district; where
    the district's own count is withheld; and where it is the small whole of a
    withheld part.
    """
    import pandas as pd

    own, whole = ward, protection.counts[protection.counts["place"] == district]
    quarters = _gated(own, whole, protection.smallest_shown)
    years = _gated(_years(own), _years(whole), protection.smallest_shown)
    sensitive = {e for e, known in elements().items() if known.sensitive}
    made = pd.concat([quarters[~quarters["element"].isin(sensitive)], years[years["element"].isin(sensitive)]], ignore_index=True)
    return made.loc[~made["element"].isin(NEVER_BY_WARD), ["element", "span", "value", "state"]].reset_index(drop=True)


def _years(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts by whole year under the name of the year: sums of flows, the last quarter of stocks."""
    import pandas as pd

    quarters = counts.assign(year=counts["period"].str[:4])
    whole = quarters.groupby("year")["period"].nunique()
    quarters = quarters[quarters["year"].isin(whole[whole == QUARTERS_A_YEAR].index)]
    rows = []
    for (element, year), part in quarters.groupby(["element", "year"], sort=True):
        known = elements()[str(element)]
        of_year = part if known.accumulates == "flow" else part[part["period"] == part["period"].max()]
        states = set(of_year["state"])
        since = FORM_PERIODS.get(known.comparable_since, "0000-Q1")
        state = next((s for s in (WITHHELD, MISSING, NOT_COLLECTED, NOT_APPLICABLE) if s in states), SHOWN)
        if state == SHOWN and f"{year}-Q4" < since:
            state = NOT_COMPARABLE
        value = float(of_year["value"].sum()) if state == SHOWN else float("nan")
        rows.append({"element": element, "period": year, "value": value, "state": state})
    return pd.DataFrame(rows, columns=["element", "period", "value", "state"])


def _gated(own: pd.DataFrame, whole: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Return a ward's counts with those withheld that point at few people in it or in the rest of its district."""
    key = ["element", "period"]
    both = own[[*key, "value", "state"]].merge(whole[[*key, "value", "state"]], on=key, how="left", suffixes=("", "_all"))
    hidden = np.zeros(len(both), dtype=bool)
    for _, page in both.groupby("period", sort=True):
        names = list(page["element"])
        ward = page["value"].to_numpy(float)
        rest = page["value_all"].to_numpy(float) - ward
        sensitive = np.array([elements()[n].sensitive for n in names])
        marked = (page["state_all"] == WITHHELD).to_numpy() & ~np.isnan(ward)
        for counts in (ward, rest):
            marked |= sensitive & _small(counts, smallest)
            marked |= _few_left(counts, names, sensitive, smallest)
        marked |= _small_wholes(ward, names, marked, smallest)
        hidden[page.index] = marked & ~np.isnan(ward)
    state = np.where(hidden, WITHHELD, both["state"])
    return both.assign(span=both["period"], state=state, value=both["value"].where(state == SHOWN))


def _small(counts: Numbers, smallest: int) -> Flags:
    return np.asarray((counts >= 1) & (counts < smallest))


def _few_left(counts: Numbers, names: list[str], sensitive: Flags, smallest: int) -> Flags:
    """Return sensitive parts that leave few of their whole, and wholes of which a part of nobody leaves few."""
    marked = np.zeros(len(names), dtype=bool)
    at = {name: i for i, name in enumerate(names)}
    for part, all_of_it in ((at[p], at[w]) for p, w in parts_of_wholes() if p in at and w in at):
        if sensitive[part] and 1 <= counts[all_of_it] - counts[part] < smallest:
            marked[part if counts[part] > 0 else all_of_it] = True
    return marked


def _small_wholes(counts: Numbers, names: list[str], marked: Flags, smallest: int) -> Flags:
    """Return small wholes of withheld parts: a whole of one says that its part is one."""
    found = np.zeros(len(names), dtype=bool)
    at = {name: i for i, name in enumerate(names)}
    for part, all_of_it in ((at[p], at[w]) for p, w in parts_of_wholes() if p in at and w in at):
        found[all_of_it] |= marked[part] and counts[part] > 0 and 1 <= counts[all_of_it] < smallest
    return found
