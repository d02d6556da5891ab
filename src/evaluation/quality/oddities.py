"""Oddities in a place's own figures: what to check, never what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.contracts import SHOWN

if TYPE_CHECKING:
    import pandas as pd

ODD_FACTOR = 5.0
LEAST_HISTORY = 4
LEAST_LEVEL = 20.0


def oddities(counts: pd.DataFrame, place: str, factor: float = ODD_FACTOR) -> pd.DataFrame:
    """Return figures that lie far off the place's own earlier quarters.

    Parameters
    ----------
    counts : DataFrame
        `contracts.counts_schema`; only shown counts are looked at.
    place : str
    factor : float
        A figure is odd if it is more than this many times the median of all
        earlier quarters, or less than one part in this many.

    Returns
    -------
    DataFrame
        element, period, value, median, ratio, n_before; newest first. A
        median needs four quarters, and the larger of the two must reach 20:
        below that, chance alone gives such factors. A median of zero has no
        ratio and is not judged.
    """
    here = counts[(counts["place"] == place) & (counts["state"] == SHOWN)].sort_values(["element", "period"])
    earlier = here.groupby("element")["value"].transform(lambda v: v.expanding().median().shift())
    n_before = here.groupby("element").cumcount()
    frame = here.assign(median=earlier, n_before=n_before, ratio=here["value"] / earlier.where(earlier > 0))
    larger = frame[["value", "median"]].max(axis=1)
    odd = (frame["n_before"] >= LEAST_HISTORY) & (larger >= LEAST_LEVEL) & ((frame["ratio"] > factor) | (frame["ratio"] < 1 / factor))
    found: pd.DataFrame = frame.loc[odd, ["element", "period", "value", "median", "ratio", "n_before"]]
    return found.sort_values(["period", "element"], ascending=[False, True], ignore_index=True)
