"""Figures that are equal too often: a report that repeats last quarter's, wards that all report the same.

Equality is judged against a bound on what chance gives (`chance.same_count`),
on figures of five and more: small counts are equal all the time. Stocks
(establishments, workers) may stay as they are and are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from evaluation.contracts import REPORTED
from evaluation.quality.chance import at_least, at_least_of, same_count

if TYPE_CHECKING:
    import pandas as pd

LEAST_FIGURE = 5.0
LEAST_EQUAL = 4


def repeated(
    now: pd.DataFrame, last: pd.DataFrame, by: Sequence[str] = (), least: float = LEAST_FIGURE, share: float = 0.5, chance: float = 1e-6
) -> pd.DataFrame:
    """Return groups of figures that repeat those of an earlier quarter.

    Parameters
    ----------
    now, last : DataFrame
        unit_code, element, value, state of two quarters; `now` with the
        columns `by`.
    by : sequence of str
        What makes a group; all figures together where empty.
    least : float
        Figures below it are not compared.
    share : float
        Share of compared figures that must be equal.
    chance : float
        Largest probability that chance makes so many equal.

    Returns
    -------
    DataFrame
        One row a group: `by`, k (equal figures), n (compared), chance (an
        upper bound, see `chance.at_least_of`).
    """
    import pandas as pd

    old = last[last["state"] == REPORTED][["unit_code", "element", "value"]].rename(columns={"value": "before"})
    both = now[now["state"] == REPORTED].merge(old, on=["unit_code", "element"])
    both = both[both["before"] >= least]
    same = (both["value"] == both["before"]).tolist()
    keys = list(zip(*(both[name] for name in by), strict=True)) if by else [()] * len(both)
    size, equal = Counter(keys), Counter(key for key, alike in zip(keys, same, strict=True) if alike)
    rows = []
    for key in sorted(equal):
        k, n = equal[key], size[key]
        if k < LEAST_EQUAL or k < share * n:
            continue
        probability = at_least_of(k, [same_count(v) for v, own in zip(both["before"], keys, strict=True) if own == key])
        if probability <= chance:
            rows.append((*key, k, n, probability))
    return pd.DataFrame(rows, columns=[*by, "k", "n", "chance"])


def equal_across(
    figures: Mapping[str, float], least: float = LEAST_FIGURE, share: float = 0.5, chance: float = 1e-5
) -> tuple[float, int, int, float] | None:
    """Return the figure that implausibly many wards share in one column, or None.

    Parameters
    ----------
    figures : mapping of ward to reported figure
    least, share, chance
        As for `repeated`.

    Returns
    -------
    tuple or None
        The figure, how many wards have it, how many have a figure of `least`
        or more, and a bound on the probability: even if every ward expected
        just this figure, so many would have it no more often; times the number
        of different figures that it could have been.
    """
    large = [v for v in figures.values() if v >= least]
    if not large:
        return None
    value, k = max(Counter(large).items(), key=lambda item: (item[1], item[0]))
    n = len(large)
    probability = min(1.0, at_least(k, n, same_count(value)) * len(set(large)))
    return (value, k, n, probability) if k >= LEAST_EQUAL and k >= share * n and probability <= chance else None


def equal_rows(
    rows: Mapping[str, Mapping[str, float]], least: float = LEAST_FIGURE, chance: float = 1e-3
) -> list[tuple[str, str, int, float]]:
    """Return pairs of wards whose figures on a sheet are all the same.

    Parameters
    ----------
    rows : mapping of ward to mapping of element to reported figure
    least : float
        At least four equal figures must reach it.
    chance : float
        Largest probability that chance makes them so, for any pair of the sheet.

    Returns
    -------
    list of tuple
        The earlier and the later ward, the number of equal figures of `least`
        and more, the bound.
    """
    pairs = list(combinations(rows, 2))
    found = []
    for one, other in pairs:
        common = rows[one].keys() & rows[other].keys()
        if any(rows[one][e] != rows[other][e] for e in common):
            continue
        large = [rows[one][e] for e in sorted(common) if rows[one][e] >= least]
        probability = prod(same_count(v) for v in large) if len(large) >= LEAST_EQUAL else 1.0
        if probability * len(pairs) <= chance:
            found.append((one, other, len(large), min(1.0, probability * len(pairs))))
    return found
