"""Length of stay in 54 hospitals of Arizona, 1991: the example of the documentation of FunnelPlotR (version 0.4)."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evaluation.monitoring.funnel_limits import between_variance, chance_limits

# Days by hospital (data set medpar of the R package COUNT; Hilbe 2014, Modeling Count Data), and days expected by the
# documentation's model: Poisson, los ~ hmo + died + age80 + type, whose dispersion is given there as 6.240519.
# fmt: off
SEEN = np.array(
    [
        406, 642, 46, 764, 82, 201, 193, 569, 404, 134, 614, 491, 501, 131, 274, 124, 456, 48, 429, 14, 369, 8, 37, 128,
        145, 493, 104, 6, 308, 34, 7, 935, 134, 339, 458, 22, 2, 160, 87, 55, 252, 174, 43, 228, 210, 321, 631, 543,
        105, 389, 92, 1012, 283, 95,
    ]
)
EXPECTED = np.array(
    [
        523.696, 612.979, 53.791, 763.718, 120.937, 250.186, 155.492, 484.715, 362.222, 188.927, 554.385, 616.738,
        360.147, 245.613, 263.565, 154.662, 475.016, 38.934, 445.097, 28.797, 347.536, 7.561, 73.206, 118.114, 273.338,
        449.793, 172.379, 19.196, 321.858, 36.563, 19.964, 851.716, 198.941, 302.393, 410.163, 45.865, 9.667, 212.345,
        38.922, 31.738, 285.636, 186.656, 33.982, 255.655, 242.026, 279.476, 619.264, 626.13, 145.675, 413.862, 111.263,
        685.586, 181.108, 24.806,
    ]
)
# fmt: on
OUTER = 3.090232


def test_25_hospitals_outside_limits_that_are_confidence_intervals_and_23_outside_exact_ones() -> None:
    """The documentation's unadjusted plot has 54 points, 25 of them outside 99.8% limits, which are Garwood's interval around 1.

    Limits of what chance leaves are wider below and narrower above (Seaton and Manktelow 2012): two hospitals fewer.
    """
    ratio = SEEN / EXPECTED
    low, high = stats.chi2.ppf(0.001, 2 * EXPECTED) / 2 / EXPECTED, stats.chi2.ppf(0.999, 2 * (EXPECTED + 1)) / 2 / EXPECTED
    assert len(ratio) == 54
    assert ((ratio < low) | (ratio > high)).sum() == 25
    low, high = chance_limits(1.0, EXPECTED, "rate", 0.998)
    assert ((ratio < low) | (ratio > high)).sum() == 23


def test_9_hospitals_outside_when_the_variance_between_hospitals_is_added() -> None:
    """The documentation's adjusted plot: 9 outside. Its variant is on the log scale, with a tenth at each end left out."""
    score = np.log(SEEN / EXPECTED) * np.sqrt(EXPECTED)
    kept = (score >= np.quantile(score, 0.1)) & (score <= np.quantile(score, 0.9))
    n = int(kept.sum())
    between = between_variance(n / (n - 1) * float(np.mean(score[kept] ** 2)), 1 / EXPECTED[kept])
    assert (np.abs(np.log(SEEN / EXPECTED)) > OUTER * np.sqrt(1 / EXPECTED + between)).sum() == 9
