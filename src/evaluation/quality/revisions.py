"""What a correction changed: the first report beside the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.contracts import REPORTED

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["unit_code", "period", "element"]


def revisions(first: pd.DataFrame, revised: pd.DataFrame) -> pd.DataFrame:
    """Return every cell that a correction changed.

    Parameters
    ----------
    first, revised : DataFrame
        district_code, unit_code, period, element, value, state: the values
        first reported and those in force now. Districts' quarters that only
        one of them has are left out.

    Returns
    -------
    DataFrame
        district_code, unit_code, period, element, first, revised (NaN unless
        reported), first_state, revised_state (empty where there is no row), difference (NaN unless both are), ratio
        (NaN where the first is zero too); sorted by these keys.
    """
    sides = []
    for frame, other, name in ((first, revised, "first"), (revised, first, "revised")):
        quarters = other[["district_code", "period"]].drop_duplicates()
        kept = frame[["district_code", *KEYS, "value", "state"]].merge(quarters, on=["district_code", "period"])
        sides.append(kept.rename(columns={"value": name, "state": f"{name}_state"}))
    both = sides[0].merge(sides[1], on=["district_code", *KEYS], how="outer")
    for side in ("first_state", "revised_state"):
        both[side] = both[side].fillna("")
    same = (both["first"] == both["revised"]) | (
        both["first"].isna() & both["revised"].isna() & (both["first_state"] == both["revised_state"])
    )
    changed = both[~same]
    return changed.assign(
        difference=changed["revised"] - changed["first"], ratio=changed["revised"] / changed["first"].where(changed["first"] > 0)
    ).sort_values(KEYS, ignore_index=True)


def revision_sizes(first: pd.DataFrame, revised: pd.DataFrame) -> pd.DataFrame:
    """Return how large corrections were, one row an element.

    Parameters
    ----------
    first, revised : DataFrame
        As for `revisions`, of the same quarters.

    Returns
    -------
    DataFrame
        element, n (cells reported both times), changed (of these), first and
        revised (sums over them), relative (revised / first - 1; NaN where the
        first sum is zero).
    """
    old, new = (frame[frame["state"] == REPORTED][[*KEYS, "value"]] for frame in (first, revised))
    both = old.merge(new, on=KEYS, suffixes=("_first", "_revised"))
    both = both.assign(changed=both["value_first"] != both["value_revised"])
    table = both.groupby("element").agg(
        n=("changed", "size"), changed=("changed", "sum"), first=("value_first", "sum"), revised=("value_revised", "sum")
    )
    return table.assign(relative=table["revised"] / table["first"].where(table["first"] > 0) - 1).reset_index()
