"""A figure against the ward's own earlier quarters: jumps, ten-fold values, digits typed twice, rows of zeros.

Counts are small and skewed, so they are compared on Anscombe's scale
2 sqrt(x + 3/8), on which a Poisson count has a variance of about one whatever
its level (Anscombe 1948, Biometrika 35: 246-254). Centre and spread are the
median and the median absolute deviation with the small-sample factors of
Croux and Rousseeuw (1992, Computational Statistics 1: 411-428): an error of
ten-fold in the history moves neither. The spread is never taken below what
chance alone gives, and a ward's own is steadied by that of all wards of the
district for the same count. The limits are wide enough to hold the whole
history's median and the median of the same quarter of earlier years.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evaluation.contracts import REPORTED
from evaluation.periods import Period

if TYPE_CHECKING:
    import pandas as pd

Numbers = npt.NDArray[np.float64]

LEAST_QUARTERS = 4
QUARTERS = 8
SCALES = 3.5
LEAST_DIFFERENCE = 10.0
DISTRICT_WEIGHT = 8.0  # quarters' worth of the district's spread in a ward's own
MEDIAN_COST = np.pi / 2  # variance of a median of n normal values, times n
TENFOLD, TENFOLD_MARKED = 1.25, 2.5  # how far off ten the middle ratio may be: 8 to 12.5; 4 to 25 if all figures end in 0
LEAST_JUDGED = 5
LEAST_ROW = 3
_SMALL_SAMPLE = (np.nan, np.nan, 1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107)
_NORMAL = 1.4826


def anscombe(counts: Any) -> Numbers:
    """Return counts on the scale 2 sqrt(x + 3/8), where a Poisson count varies by about one."""
    return np.asarray(2 * np.sqrt(np.asarray(counts, dtype=float) + 0.375))


def count_at(scale: Any) -> Numbers:
    """Return the counts at points of Anscombe's scale; never below zero."""
    return np.asarray(np.maximum(0.0, (np.maximum(np.asarray(scale, dtype=float), 0.0) / 2) ** 2 - 0.375))


def mad_factor(n: Any) -> Numbers:
    """Return what the median absolute deviation of n normal values is multiplied by, to estimate their standard deviation."""
    size = np.asarray(n, dtype=int)
    small = np.asarray(_SMALL_SAMPLE)[np.clip(size, 0, 9)]
    return np.asarray(_NORMAL * np.where(size <= 9, small, size / np.maximum(size - 0.8, 0.2)))


def _wide(history: pd.DataFrame, period: str, quarters: int) -> pd.DataFrame:
    """Return reported figures of the last quarters, one row a unit and element, one column a quarter (NaN where there is none)."""
    now = Period.parse(period)
    before = [str(now.shift(-n)) for n in range(quarters, 0, -1)]
    kept = history[(history["state"] == REPORTED) & history["period"].isin(before)]
    wide = kept.pivot(index=["unit_code", "element"], columns="period", values="value")
    return wide.reindex(columns=before).astype(float)


def usual_range(history: pd.DataFrame, period: str, quarters: int = QUARTERS, scales: float = SCALES) -> pd.DataFrame:
    """Return the range in which each ward's next figure is usual, by its own history.

    Parameters
    ----------
    history : DataFrame
        unit_code, period, element, value, state; of one district, so that the
        spread of its wards steadies each ward's own. Figures of `period` and
        later are not looked at.
    period : str
        The quarter to be judged, e.g. "2018-Q4".
    quarters : int
        How many quarters before it are looked at; at least four of them must
        have a figure.
    scales : float
        How many predictive standard deviations are usual.

    Returns
    -------
    DataFrame
        unit_code, element, n (quarters with a figure), median, season (median
        of the same quarter in that time, NaN if there is none), low, high
        (counts, not rounded).
    """
    import pandas as pd

    wide = _wide(history, period, quarters)
    wide = wide[wide.notna().sum(axis=1) >= LEAST_QUARTERS]
    if wide.empty:
        return pd.DataFrame(columns=["unit_code", "element", "n", "median", "season", "low", "high"])
    figures = wide.to_numpy(float)
    scaled, n = anscombe(figures), np.isfinite(figures).sum(axis=1)
    centre = np.nanmedian(scaled, axis=1)
    apart = np.abs(scaled - centre[:, None])
    own = mad_factor(n) * np.nanmedian(apart, axis=1)
    # A single quarter's deviation estimates the spread as the median of all of them does, with the same small-sample factor.
    normal = pd.DataFrame(apart * mad_factor(n)[:, None], index=wide.index)
    normal = normal[(centre > anscombe(1.0))]  # wards where hardly anything happens say nothing about spread
    pooled = normal.stack().groupby(level="element").median()
    district = pooled.reindex(wide.index.get_level_values("element")).fillna(1.0).to_numpy(float)
    spread = np.sqrt(np.maximum(1.0, (n * own**2 + DISTRICT_WEIGHT * district**2) / (n + DISTRICT_WEIGHT)) * (1 + MEDIAN_COST / n))
    same = [c for c in wide.columns if c[-2:] == period[-2:]]
    season = wide[same].median(axis=1).to_numpy(float) if same else np.full(len(wide), np.nan)
    steady = np.where(np.isfinite(season), anscombe(np.nan_to_num(season)), centre)
    return pd.DataFrame(
        {
            "n": n,
            "median": wide.median(axis=1).to_numpy(float),
            "season": season,
            "low": count_at(np.minimum(centre, steady) - scales * spread),
            "high": count_at(np.maximum(centre, steady) + scales * spread),
        },
        index=wide.index,
    ).reset_index()


def judged(
    values: pd.DataFrame,
    history: pd.DataFrame,
    period: str,
    quarters: int = QUARTERS,
    scales: float = SCALES,
    least: float = LEAST_DIFFERENCE,
) -> pd.DataFrame:
    """Return a quarter's reported figures beside the ward's own usual range.

    Parameters
    ----------
    values : DataFrame
        unit_code, element, value, state of the quarter; other columns are kept.
    history : DataFrame
        As for `usual_range`.
    period : str
    quarters, scales : int, float
        As for `usual_range`.
    least : float
        A figure that is nearer to the median than this is usual: below that,
        single people make the difference.

    Returns
    -------
    DataFrame
        The figures that have a history, with n, median, season, low, high,
        ratio (to the median, NaN where that is zero) and `beyond`: outside the
        range. It says "look", never "wrong".
    """
    frame = values[values["state"] == REPORTED].merge(usual_range(history, period, quarters, scales), on=["unit_code", "element"])
    ratio = frame["value"] / frame["median"].where(frame["median"] > 0)
    outside = (frame["value"] > frame["high"]) | (frame["value"] < frame["low"])
    return frame.assign(ratio=ratio, beyond=outside & ((frame["value"] - frame["median"]).abs() >= least))


def typed_twice(frame: pd.DataFrame) -> pd.DataFrame:
    """Return figures beyond their range that are one figure written twice (12 as 1212), where once would be usual.

    Parameters
    ----------
    frame : DataFrame
        As `judged` returns.

    Returns
    -------
    DataFrame
        Its rows at fault, with `once`: the figure that was probably meant.
    """
    digits = [f"{v:.0f}" for v in frame["value"]]
    once = [float(d[: len(d) // 2]) if len(d) > 1 and d == 2 * d[: len(d) // 2] else np.nan for d in digits]
    found = frame.assign(once=np.array(once, dtype=float))
    usual = (found["once"] >= found["low"]) & (found["once"] <= found["high"])
    return found[found["beyond"] & usual]


def tenfold(frame: pd.DataFrame, by: list[str], least: float = 5.0, share: float = 0.6) -> pd.DataFrame:
    """Return groups of which most figures are about ten times the ward's own median, or a tenth of it.

    One figure of ten times the usual may be true; a whole sheet is a matter
    of separators or units. A figure counts as ten-fold if a tenth of it (ten
    times it) is usual and lies nearer to the median than the figure itself.

    Parameters
    ----------
    frame : DataFrame
        As `judged` returns, with the columns `by`.
    by : list of str
        What makes a group: a sheet, or a sheet and a ward.
    least : float
        Median below which a figure is not judged (ten times this for a tenth):
        small counts have such ratios by chance. The figure itself has no say
        in whether it is judged, which would favour the large ones.
    share : float
        Share of judged figures that must be ten-fold in the same direction.

    Returns
    -------
    DataFrame
        One row a group: the columns of `by`, k (ten-fold figures), n (judged
        figures, at least five), ratio (their middle one: in 8 to 12.5 or its
        inverse; in 4 to 25 where every figure ends in 0).
    """
    import pandas as pd

    one = _tenfold_one_way(frame[frame["median"] >= least], by, 10.0, share)
    other = _tenfold_one_way(frame[frame["median"] >= 10 * least], by, 0.1, share)
    return pd.concat([one, other], ignore_index=True).sort_values(by, ignore_index=True)


def _tenfold_one_way(seen: pd.DataFrame, by: list[str], times: float, share: float) -> pd.DataFrame:
    import pandas as pd

    mended = seen["value"] / times
    nearer = np.abs(anscombe(mended) - anscombe(seen["median"])) < np.abs(anscombe(seen["value"]) - anscombe(seen["median"]))
    hit = mended.between(seen["low"], seen["high"]) & nearer
    # A group needs so many ten-fold figures at least; without one there is nothing to count.
    if max(Counter(zip(*(seen.loc[hit, name] for name in by), strict=True)).values(), default=0) < max(1, share * LEAST_JUDGED):
        return pd.DataFrame(columns=[*by, "k", "n", "ratio"])
    # Figures multiplied by ten all end in 0, which chance gives one time in ten for each: the middle ratio may then lie further off.
    marked = seen["value"] % 10 == 0 if times > 1 else pd.Series(False, index=seen.index)
    groups = seen.assign(hit=hit, marked=marked).groupby(by, sort=True)
    table = groups.agg(k=("hit", "sum"), n=("hit", "size"), ratio=("ratio", "median"), marked=("marked", "all")).reset_index()
    off, most = table["ratio"] / times, np.where(table["marked"], TENFOLD_MARKED, TENFOLD)
    usual = (off >= 1 / most) & (off <= most)
    found = table[usual & (table["n"] >= LEAST_JUDGED) & (table["k"] >= share * table["n"])]
    groups_found: pd.DataFrame = found.drop(columns="marked")
    return groups_found


def all_zeros(
    values: pd.DataFrame,
    history: pd.DataFrame,
    period: str,
    quarters: int = QUARTERS,
    scales: float = SCALES,
    least: float = LEAST_DIFFERENCE,
) -> pd.DataFrame:
    """Return wards whose figures on a sheet are all zero where their sum's own history makes that unusual.

    A single zero is judged as a jump. A row of zeros is judged by its sum, in
    the same way: many small counts that never happen together say what none
    of them says alone.

    Parameters
    ----------
    values, history : DataFrame
        unit_code, element, value, state and `group` (the sheet); the history
        with period.
    period : str
    quarters, scales, least
        As for `judged`.

    Returns
    -------
    DataFrame
        unit_code, group, k (figures, at least three), n (quarters), median (of their sums).
    """
    import pandas as pd

    here = values[values["state"] == REPORTED].groupby(["unit_code", "group"])["value"].agg(k="size", value="sum").reset_index()
    here = here[(here["k"] >= LEAST_ROW) & (here["value"] == 0)].rename(columns={"group": "element"}).assign(state=REPORTED)
    if here.empty:
        return pd.DataFrame(columns=["unit_code", "group", "k", "n", "median"])
    earlier = history[(history["state"] == REPORTED) & (history["period"] < period)]
    sums = earlier.groupby(["unit_code", "group", "period"])["value"].sum().reset_index()
    sums = sums.rename(columns={"group": "element"}).assign(state=REPORTED)
    found = judged(here, sums, period, quarters, scales, least)
    found = found[found["beyond"]].rename(columns={"element": "group"})
    rows: pd.DataFrame = found[["unit_code", "group", "k", "n", "median"]].reset_index(drop=True)
    return rows
