"""Interval of a ratio whose bottom may be near zero: Fieller's set, which may be no interval, and the wedge of draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.monitoring.given_numbers import between_0_and_1, floats, single

INTERVAL, OUTSIDE, EVERYTHING = "interval", "outside", "everything"

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RatioSet:
    """The values of a ratio that the data do not rule out.

    Attributes
    ----------
    kind : {"interval", "outside", "everything"}
        Between `low` and `high`; below `low` or above `high`; or nothing is ruled out.
    low, high : float or None
        None where nothing is ruled out.
    """

    kind: str
    low: float | None = None
    high: float | None = None

    def holds(self, ratio: float) -> bool:
        """Tell whether a value is in the set."""
        if self.low is None or self.high is None:
            return True
        return self.low <= ratio <= self.high if self.kind == INTERVAL else ratio <= self.low or ratio >= self.high


def fieller(
    top: float,
    bottom: float,
    top_se: float,
    bottom_se: float,
    correlation: float = 0.0,
    level: float = 0.95,
    degrees: float | None = None,
) -> RatioSet:
    """Return Fieller's confidence set of top / bottom.

    Parameters
    ----------
    top, bottom : float
        Estimates, such as the additional cost and the additional effect.
    top_se, bottom_se : float
        Their standard errors; 0 where one is known.
    correlation : float
        Between the two estimates.
    level : float
    degrees : float, optional
        Degrees of freedom of the standard errors; normal where left out.

    Returns
    -------
    RatioSet
        An interval exactly where the bottom can be told from zero at this level.

    Raises
    ------
    ValueError
        If a number is not finite, a standard error negative, or the correlation or level out of range.

    References
    ----------
    Fieller 1954, Journal of the Royal Statistical Society B 16:175-185.
    Willan, O'Brien 1996, Health Economics 5:297-305. Chaudhary, Stearns 1996,
    Statistics in Medicine 15:1447-1458 (for cost-effectiveness ratios).
    """
    top, bottom, top_se, bottom_se = (single(x, "top, bottom, top_se, bottom_se") for x in (top, bottom, top_se, bottom_se))
    if min(top_se, bottom_se) < 0:
        raise ValueError("Ước lượng phải hữu hạn và sai số chuẩn không âm. / Estimates must be finite and standard errors not negative.")
    between_0_and_1(level)
    if not -1 <= single(correlation, "correlation") <= 1:
        raise ValueError("correlation phải từ -1 đến 1. / correlation must be from -1 to 1.")
    if degrees is not None and not single(degrees, "degrees") > 0:
        raise ValueError("degrees phải lớn hơn 0. / degrees must be above 0.")
    q = float(stats.norm.ppf(0.5 + level / 2) if degrees is None else stats.t.ppf(0.5 + level / 2, degrees)) ** 2
    # The ratio r is kept where (top - r bottom)^2 <= q var(top - r bottom): a r^2 - 2 b r + c <= 0.
    a = bottom**2 - q * bottom_se**2
    b = top * bottom - q * correlation * top_se * bottom_se
    c = top**2 - q * top_se**2
    if a == 0:
        return RatioSet(EVERYTHING)
    inside = b**2 - a * c
    if inside < 0:
        return RatioSet(EVERYTHING)
    root = float(np.sqrt(inside))
    ends = sorted(((b - root) / a, (b + root) / a))
    return RatioSet(INTERVAL if a > 0 else OUTSIDE, *ends)


def wedge(top: ArrayLike, bottom: ArrayLike, centre: tuple[float, float], level: float = 0.95) -> RatioSet:
    """Return the interval of a ratio from draws of its top and bottom, by their angle around the estimate.

    Draws are ordered by direction in the plane, not by ratio, so that equal
    ratios of opposite quadrants stay apart. The answer does not depend on the
    units of either axis.

    Parameters
    ----------
    top, bottom : array_like of shape (n,)
    centre : (float, float)
        Estimates of top and bottom.
    level : float

    Returns
    -------
    RatioSet
        An interval where the wedge stays on the estimate's side of bottom = 0, else "everything".

    Raises
    ------
    ValueError
        Without draws, where one is not finite, or the estimate is the origin.

    References
    ----------
    Cook, Heyse 2000, Statistics in Medicine 19:2989-3003 (angles). Obenchain
    1999, Drug Information Journal 33:93-108 (wedge-shaped confidence regions).
    """
    tops, bottoms = np.atleast_1d(floats(top, "top")), np.atleast_1d(floats(bottom, "bottom"))
    if not len(tops) or not (np.isfinite(tops).all() and np.isfinite(bottoms).all()) or centre == (0.0, 0.0):
        raise ValueError(
            "Cần các lần rút hữu hạn và ước lượng khác gốc tọa độ. / Draws must be finite and the estimate away from the origin."
        )
    if centre[1] == 0:
        return RatioSet(EVERYTHING)
    scale = float(np.abs(tops).max()) or 1.0, float(np.abs(bottoms).max()) or 1.0
    middle = np.arctan2(centre[0] / scale[0], centre[1] / scale[1])
    turned = np.angle(np.exp(1j * (np.arctan2(tops / scale[0], bottoms / scale[1]) - middle)))
    low, high = (float(np.quantile(turned, q, method="inverted_cdf")) + middle for q in ((1 - level) / 2, (1 + level) / 2))
    side = 0.0 if centre[1] > 0 else np.pi if middle > 0 else -np.pi
    if not (side - np.pi / 2 < low and high < side + np.pi / 2):
        return RatioSet(EVERYTHING)
    return RatioSet(INTERVAL, *(float(np.tan(x)) * scale[0] / scale[1] for x in (low, high)))
