"""Where a district stands among the 24, without a rank: the funnel of a share against its denominator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.contracts import SHOWN
from evaluation.indicators import indicators
from evaluation.language import Words
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

INSIDE, OUTSIDE_95, OUTSIDE_998 = "inside", "outside_95", "outside_998"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Funnel(Result):
    """A share in all districts against its denominator, with limits of chance around their common value.

    Attributes
    ----------
    indicator, period : str
    frame : DataFrame
        place, n, value, state, position ("inside", "outside_95",
        "outside_998"; empty where not shown).
    limits : DataFrame
        n, low95, high95, low998, high998 over the range of denominators.
    dispersion : float
        How much wider the limits are than chance alone (variance factor).
    """

    indicator: str
    period: str
    frame: pd.DataFrame
    limits: pd.DataFrame
    dispersion: float


def funnel(values: pd.DataFrame, indicator: str, period: str) -> Funnel:
    """Return the funnel of a share over all places of the table.

    Parameters
    ----------
    values : DataFrame
        `contracts.indicator_schema`, one row a place.
    indicator : str
        A proportion of the codebook.
    period : str

    Notes
    -----
    The common value is that of the places shown, so that it gives no
    withheld place away. Limits are normal approximations widened by the
    winsorised dispersion, after Spiegelhalter (2005, Statistics in Medicine
    24:1185-1202), made consistent (`winsorised_dispersion`).

    Raises
    ------
    ValueError
        If the indicator is not a proportion.
    """
    import pandas as pd

    known = indicators()[indicator]
    if known.measure != "proportion":
        raise ValueError(f"{indicator}: biểu đồ phễu chỉ dùng cho tỷ lệ. / A funnel takes a proportion.")
    rows = values[(values["indicator"] == indicator) & (values["period"] == period)].reset_index(drop=True)
    shown = rows["state"] == SHOWN
    k, n = rows.loc[shown, "numerator"].sum(), rows.loc[shown, "denominator"].sum()
    centre = float(k / n) if n > 0 else None
    frame = rows[["place", "state"]].assign(n=rows["denominator"].where(shown), value=rows["value"], position="")
    frame.loc[shown, "position"] = INSIDE
    dispersion, limits = 1.0, pd.DataFrame(columns=["n", "low95", "high95", "low998", "high998"], dtype=float)
    if centre is not None and 0 < centre < 1:
        error = np.sqrt(centre * (1 - centre) / frame.loc[shown, "n"])
        dispersion = winsorised_dispersion(((frame.loc[shown, "value"] - centre) / error).to_numpy(float))
        smallest, largest = float(frame["n"].min()), float(frame["n"].max())
        grid = np.linspace(min(max(5.0, 0.6 * smallest), smallest), 1.1 * largest, 80)
        limits = pd.DataFrame({"n": grid})
        for name, level in (("95", 0.95), ("998", 0.998)):
            half = stats.norm.ppf(0.5 + level / 2) * np.sqrt(dispersion * centre * (1 - centre) / grid)
            limits[f"low{name}"], limits[f"high{name}"] = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
        away = ((frame["value"] - centre) / np.sqrt(dispersion * centre * (1 - centre) / frame["n"])).abs()
        z95, z998 = stats.norm.ppf(0.975), stats.norm.ppf(0.999)
        frame["position"] = np.select([~shown, away <= z95, away <= z998], ["", INSIDE, OUTSIDE_95], OUTSIDE_998)
    return Funnel(
        estimand=known.label,
        method=Words(
            "Biểu đồ phễu, giới hạn 95% và 99,8% nới theo độ phân tán quá mức (Spiegelhalter 2005).",
            "Funnel plot, 95% and 99.8% limits widened by overdispersion (Spiegelhalter 2005).",
        ),
        estimate=centre,
        n=int(shown.sum()),
        unit="share",
        indicator=indicator,
        period=period,
        frame=frame,
        limits=limits,
        dispersion=dispersion,
    )


def winsorised_dispersion(scores: NDArray[np.float64]) -> float:
    """Return the variance of standardised values around their common one, the extreme tenth at each end drawn in.

    Parameters
    ----------
    scores : ndarray of shape (places,)
        (value - common value) / standard error by chance alone.

    Returns
    -------
    float
        1 where chance alone explains them (never less).

    Notes
    -----
    Drawing in the ends lowers the variance of plain normal scores too, to
    0.68 with a tenth at each end; limits from it would be passed by one place
    in ten instead of one in twenty. It is therefore divided by what it is for
    normal scores, and by (n - 1) / n since the common value is their own.

    References
    ----------
    Spiegelhalter 2005, Statistics in Medicine 24:1185-1202 (without the division).
    """
    n = len(scores)
    if n < 2:
        return 1.0
    drawn = np.asarray(stats.mstats.winsorize(scores, limits=(0.1, 0.1)))
    tail = int(0.1 * n) / n
    end = float(stats.norm.ppf(1 - tail)) if tail else 0.0
    usual = 1 - 2 * tail - 2 * end * float(stats.norm.pdf(end)) + 2 * tail * end**2 if tail else 1.0
    return max(1.0, float(np.mean(drawn**2)) / usual * n / (n - 1))
