"""How often chance makes counts equal: exact probabilities without libraries, for the process that reads files.

The tests compare each with scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def same_count(level: float) -> float:
    """Return the largest probability that a new count equals a given one.

    A count that varies at least as a Poisson count takes the value v with a
    probability of at most max over m of Poisson(v; m), which is at m = v.
    Over-dispersion lowers it: the bound is on the safe side.

    Parameters
    ----------
    level : float
        The count; 1 for zero and below, where equality says nothing.
    """
    return math.exp(level * math.log(level) - level - math.lgamma(level + 1)) if level > 0 else 1.0


def at_least(k: int, n: int, share: float) -> float:
    """Return the binomial probability of k or more of n, exactly."""
    if k <= 0:
        return 1.0
    if share <= 0 or k > n:
        return 0.0
    if share >= 1:
        return 1.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) + j * math.log(share) + (n - j) * math.log1p(-share)
        for j in range(k, n + 1)
    ]
    return min(1.0, math.fsum(math.exp(v) for v in logs))


def at_least_of(k: int, shares: Sequence[float]) -> float:
    """Return a bound on the probability of k or more successes in trials of unequal probability.

    The binomial law of the mean probability has the larger upper tail from
    one above its mean on (Hoeffding 1956, Annals of Mathematical Statistics
    27: 713-721); below that the bound is 1.
    """
    if not shares:
        return 1.0
    mean = math.fsum(shares) / len(shares)
    return at_least(k, len(shares), mean) if k >= len(shares) * mean + 1 else 1.0
