"""What was done in a year, as the bottom of a unit cost: counts of four quarters, with what is missing from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from evaluation.contracts import MISSING, NOT_COMPARABLE, SHOWN
from evaluation.indicators import elements
from evaluation.monitoring.given_numbers import not_negative
from evaluation.monitoring.series import FORM_PERIODS, QUARTERS_A_YEAR
from evaluation.places import wards

if TYPE_CHECKING:
    import pandas as pd


def yearly_counts(totals: pd.DataFrame, element: str) -> pd.DataFrame:
    """Return a count by district and year.

    Parameters
    ----------
    totals : DataFrame
        `EvidenceStore.district_totals()`.
    element : str
        Element of the codebook that adds up over quarters.

    Returns
    -------
    DataFrame
        code, year, count (NaN unless shown), reported (share of the
        district's wards and quarters that are in the count), state: "shown";
        "missing" where a quarter has no report; "not_comparable" where a form
        counted it otherwise. A person met in several quarters is counted in
        each of them.

    Raises
    ------
    ValueError
        For an element that the codebook does not have, or a stock: stocks do not add up.
    """
    known = elements().get(element)
    if known is None or known.accumulates != "flow" or known.unit == "yes_no":
        raise ValueError(
            f"{element!r}: không phải số đếm cộng dồn được qua các quý trong data/codebook/elements.csv. / "
            "Not a count of the codebook that adds up over quarters."
        )
    own = totals[totals["element"] == element].assign(year=totals["period"].str[:4].astype(int))
    own = own.assign(known=own["value"].notna())
    wide = own.groupby(["district_code", "year"], as_index=False).agg(
        count=("value", "sum"), quarters=("known", "sum"), reports=("n_reported", "sum")
    )
    due = wide["district_code"].map({code: QUARTERS_A_YEAR * len(wards(code)) for code in wide["district_code"].unique()})
    since = int(FORM_PERIODS.get(known.comparable_since, "0000")[:4])
    whole = wide["quarters"] == QUARTERS_A_YEAR
    state = np.where(wide["year"] < since, NOT_COMPARABLE, np.where(whole, SHOWN, MISSING))
    made = wide.assign(state=state, reported=wide["reports"] / due, count=wide["count"].where(state == SHOWN))
    return made.rename(columns={"district_code": "code"})[["code", "year", "count", "reported", "state"]]


def yearly_dispersion(counts: ArrayLike) -> float:
    """Return how much yearly counts scatter around each unit's level and each year's, against chance alone.

    Parameters
    ----------
    counts : array_like of shape (units, years)
        Units with a missing year (NaN) are left out.

    Returns
    -------
    float
        Pearson's chi-squared over its degrees of freedom in the two-way table,
        at least 1; 1 where fewer than two units or years are complete.

    References
    ----------
    McCullagh, Nelder 1989, Generalized Linear Models, 2nd ed., section 6.2.3.
    """
    table = not_negative(counts, "counts")
    if table.ndim != 2:
        raise ValueError("counts phải là bảng đơn vị x năm. / counts must be a table of units x years.")
    table = table[~np.isnan(table).any(axis=1)]
    table = table[table.sum(axis=1) > 0]
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    if degrees < 1:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    used = expected > 0
    return float(max(1.0, ((table[used] - expected[used]) ** 2 / expected[used]).sum() / degrees))
