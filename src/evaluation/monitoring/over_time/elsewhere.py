"""Whether the other districts moved too: the common change of all places but one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from evaluation.contracts import SHOWN
from evaluation.monitoring.over_time.yearly import DIFFERENCE, FEWEST_PLACES

if TYPE_CHECKING:
    import pandas as pd


def moved_elsewhere(changes: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return for each place and indicator the mean change of all other places.

    Parameters
    ----------
    changes : DataFrame
        `contracts.changes_schema`, made by `monitoring.over_time.yearly.yearly_change`
        with this `level`: its intervals hold the places' scatter already.
    level : float

    Returns
    -------
    DataFrame
        place, indicator, scale ("difference", "ratio"), n_others (places with
        an interval), change, low, high, clear. With fewer than five others
        the last four are missing and False: a mean of a handful of districts
        is not the city.

    Notes
    -----
    Inverse-variance mean of the others' changes (of their logarithms where
    they are ratios). As each variance holds the scatter between places, the
    weights are those of a random-effects mean.

    References
    ----------
    DerSimonian, Laird 1986 (Controlled Clinical Trials 7:177).
    """
    import pandas as pd

    z = float(stats.norm.ppf((1 + level) / 2))
    made = [_one(own, z) for _, own in changes.groupby("indicator", sort=False)]
    columns = ["place", "indicator", "scale", "n_others", "change", "low", "high", "clear"]
    return pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)


def _one(own: pd.DataFrame, z: float) -> pd.DataFrame:
    difference = own["scale"].iloc[0] == DIFFERENCE
    with np.errstate(divide="ignore", invalid="ignore"):
        low, centre, high = (x if difference else np.log(x) for x in (own[c].to_numpy(float) for c in ("low", "change", "high")))
        weight = (2 * z / (high - low)) ** 2
    usable = (own["state"] == SHOWN).to_numpy() & np.isfinite(weight) & np.isfinite(centre)
    weight, centre = np.where(usable, weight, 0.0), np.where(usable, centre, 0.0)
    others, n_others = weight.sum() - weight, usable.sum() - usable
    known = n_others >= FEWEST_PLACES
    others = np.where(known, others, np.nan)
    mean, half = ((weight * centre).sum() - weight * centre) / others, z / np.sqrt(others)
    clear = known & (np.abs(mean) > half)
    change, lowest, highest = (x if difference else np.exp(x) for x in (mean, mean - half, mean + half))
    return own[["place", "indicator", "scale"]].assign(n_others=n_others, change=change, low=lowest, high=highest, clear=clear)
