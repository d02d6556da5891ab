"""The concentration index: whether something is found more at one end of an order than at the other, with its error.

References
----------
Kakwani, Wagstaff, van Doorslaer 1997 (J. Econometrics 77:87): the index as a regression and its variance. O'Donnell, van
Doorslaer, Wagstaff, Lindelow 2008 (Analyzing Health Equity Using Household Survey Data, World Bank, ch. 7-8). Wagstaff
2005 (Health Economics 14:429), Erreygers 2009 (J. Health Economics 28:504): bounded variables. Binder, Kovacevic 1995
(Survey Methodology 21:137): linearised variance of measures of inequality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.language import Words, number, number_span
from evaluation.monitoring.given_numbers import between_0_and_1, finite, floats, not_negative
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

_Floats = NDArray[np.float64]

STANDARD, WAGSTAFF, ERREYGERS = "standard", "wagstaff", "erreygers"
LINEARISED, REGRESSION, GROUPED = "linearised", "regression", "grouped"
FEWEST_UNITS = 5
_METHODS = {
    STANDARD: Words("Chỉ số tập trung", "Concentration index"),
    WAGSTAFF: Words(
        "Chỉ số tập trung, hiệu chỉnh Wagstaff cho biến có giới hạn", "Concentration index, Wagstaff's correction for bounded variables"
    ),
    ERREYGERS: Words(
        "Chỉ số tập trung, hiệu chỉnh Erreygers cho biến có giới hạn", "Concentration index, Erreygers' correction for bounded variables"
    ),
}
_ERRORS = {
    LINEARISED: Words("sai số tuyến tính hóa", "linearised error"),
    REGRESSION: Words("sai số của hồi quy thuận tiện", "error of the convenient regression"),
    GROUPED: Words("sai số cho số liệu nhóm", "error for grouped data"),
}
_ASSUMPTIONS = (
    Words(
        "Chỉ số nói về nơi ghi nhận dịch vụ, không nói người đến từ đâu hay ai giàu, nghèo.",
        "The index speaks of where services were recorded, not of where people came from or who is poor.",
    ),
    Words(
        "Sai số coi các nơi là những lần rút độc lập; nơi giáp nhau giống nhau thì khoảng quá hẹp.",
        "The error takes the places as independent draws; where neighbours are alike the interval is too narrow.",
    ),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ConcentrationIndex(Result):
    """A concentration index with its curve: above 0, more is found at the upper end of the order; below 0, at the lower.

    Attributes
    ----------
    label, order : Words
        What is distributed, and by what the places are ordered, from low to high.
    kind : {"standard", "wagstaff", "erreygers"}
    error : float
    p_value : float or None
        Of no association, by permutation of the order; None where none was asked for.
    mean : float
    curve : DataFrame
        people, outcome: cumulative shares from 0 to 1, places in order (ties together).
    frame : DataFrame
        unit, rank (0 to 1), outcome, weight: one row a place in order.
    synthetic : bool
    """

    label: Words
    order: Words
    kind: str
    error: float
    p_value: float | None
    mean: float
    curve: pd.DataFrame = field(compare=False)
    frame: pd.DataFrame = field(compare=False)
    synthetic: bool = False

    def summary(self, language: str | None = None) -> str:
        """Return the index with its interval and what it says in words."""
        speak = language or "en"
        if self.estimate is None or self.low is None or self.high is None:
            return f"{self.estimand[speak]}: —"
        if self.low <= 0 <= self.high:
            said = Words("chưa thấy nghiêng về phía nào ngoài mức ngẫu nhiên", "no leaning to either side that could be told from chance")
        elif self.estimate > 0:
            said = Words("nghiêng về các nơi ở đầu cao", "leaning to the places at the upper end")
        else:
            said = Words("nghiêng về các nơi ở đầu thấp", "leaning to the places at the lower end")
        template = Words(
            "{label}, xếp theo {order} từ thấp đến cao: chỉ số tập trung {index} ({ends}), {said}.",
            "{label}, ordered by {order} from low to high: concentration index {index} ({ends}), {said}.",
        )
        return template[speak].format(
            label=self.label[speak],
            order=self.order[speak],
            index=number(self.estimate, speak, 3),
            ends=number_span(self.low, self.high, speak, 3),
            said=said[speak],
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the places in order."""
        return self.frame.copy()


def fractional_rank(order: ArrayLike, weights: ArrayLike | None = None) -> _Floats:
    """Return the weighted fractional rank of each unit: the share of weight below it and half of its own; ties share one.

    Parameters
    ----------
    order : array_like
        What the units are ordered by, low to high.
    weights : array_like, optional
        Residents or persons behind each unit; alike where left out.

    Raises
    ------
    ValueError
        If something is missing or infinite, the lengths differ, or nothing has a weight.
    """
    by = finite(order, "order")
    w = np.ones(by.shape) if weights is None else not_negative(weights, "weights")
    _complete(by, w)
    _, group = np.unique(by, return_inverse=True)
    mass = np.bincount(group, weights=w) / w.sum()
    return np.asarray((np.cumsum(mass) - mass / 2)[group])


def concentration_index(
    outcome: ArrayLike,
    order: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    kind: str = STANDARD,
    bounds: tuple[float, float] = (0.0, 1.0),
    error: str = LINEARISED,
    sigma: ArrayLike | None = None,
    level: float = 0.95,
    permutations: int = 0,
    seed: int = 0,
    label: Words | None = None,
    order_label: Words | None = None,
    units: ArrayLike | None = None,
    diagnostics: Mapping[str, Any] | None = None,
    synthetic: bool = False,
) -> ConcentrationIndex:
    """Return the concentration index of an outcome over units in an order.

    Parameters
    ----------
    outcome : array_like
        Mean of each unit or group, not negative; a unit with a missing value is left out and counted in `diagnostics`.
    order : array_like
        Socio-economic standing, size or any variable, low to high.
    weights : array_like, optional
        Persons (residents) behind each unit; alike where left out.
    kind : {"standard", "wagstaff", "erreygers"}
        The last two for outcomes with two bounds, such as shares: the standard index depends on the mean there, and on
        whether those reached or those not reached are counted.
    bounds : pair of float
        Lowest and highest possible outcome, used by the last two.
    error : {"linearised", "regression", "grouped"}
        "linearised": the units are a draw from many such places (weights too). "regression": ranks are fixed and the
        outcome scatters around a straight line (standard index only). "grouped": of Kakwani, Wagstaff and van Doorslaer,
        groups of a sample of persons whose standard deviations are `sigma` (standard index only; weights are persons).
    sigma : array_like, optional
        Standard deviation of the outcome within each group, for "grouped".
    level : float
    permutations : int
        Orders drawn for `p_value`; 0 draws none.
    seed : int
    label, order_label : Words, optional
    units : array_like, optional
        Names or codes of the units, for the frame.
    diagnostics : mapping, optional
        Taken over into the result's.
    synthetic : bool

    Returns
    -------
    ConcentrationIndex
        `estimate` between -1 and 1.

    Raises
    ------
    ValueError
        If fewer than five units are known ("grouped": two), lengths differ, an outcome or a weight is negative or out of
        its bounds, all outcomes are zero, all units tie, or the options do not go together.
    """
    y, by, w, kept = _checked(outcome, order, weights, kind, bounds, error, level, sigma)
    rank, f, mean = fractional_rank(by, w), w / w.sum(), float(np.average(y, weights=w))
    plain = float(2 * (f * y * rank).sum() / mean - 1)
    value, scale, slope = _scaled(plain, mean, kind, bounds)
    if error == LINEARISED:
        influence = scale * _influence(y, by, f, rank, plain, mean) + slope * (y - mean)
        se = float(np.sqrt(len(y) / (len(y) - 1) * (f**2 * influence**2).sum()))
    elif error == REGRESSION:
        se = _regression_error(y, f, rank, mean)
    else:
        s = not_negative(sigma, "sigma")[kept]
        se = _grouped_error(y, by, f, rank, plain, mean, s, float(w.sum()))
    half = float(stats.norm.ppf((1 + level) / 2)) * se
    what, by_what = label or Words("kết quả", "outcome"), order_label or Words("thứ tự đã cho", "the given order")
    known = np.asarray(units if units is not None else np.arange(1, len(kept) + 1))[kept]
    return ConcentrationIndex(
        estimand=Words(f"Mức tập trung của {what.vi} theo {by_what.vi}", f"Concentration of {what.en} by {by_what.en}"),
        method=Words(
            f"{_METHODS[kind].vi}, {_ERRORS[error].vi} (Kakwani, Wagstaff và van Doorslaer 1997).",
            f"{_METHODS[kind].en}, {_ERRORS[error].en} (Kakwani, Wagstaff and van Doorslaer 1997).",
        ),
        estimate=value,
        low=value - half,
        high=value + half,
        level=level,
        n=len(y),
        unit="index",
        assumptions=_ASSUMPTIONS,
        diagnostics={**(diagnostics or {}), "left_out": int((~kept).sum()), "standard_index": plain, "error": error},
        label=what,
        order=by_what,
        kind=kind,
        error=se,
        p_value=_permuted(y, by, w, plain, permutations, seed) if permutations else None,
        mean=mean,
        curve=concentration_curve(y, by, w),
        frame=_frame(known, rank, y, w),
        synthetic=synthetic,
    )


def concentration_curve(outcome: ArrayLike, order: ArrayLike, weights: ArrayLike | None = None) -> pd.DataFrame:
    """Return the concentration curve: cumulative shares of persons and of the outcome, units in order, ties together.

    Returns
    -------
    DataFrame
        people, outcome: from (0, 0) to (1, 1).

    Raises
    ------
    ValueError
        As `fractional_rank`, or if the outcome is negative or 0 everywhere.
    """
    import pandas as pd

    y, by = not_negative(outcome, "outcome"), finite(order, "order")
    w = np.ones(y.shape) if weights is None else not_negative(weights, "weights")
    _complete(y, by, w)
    if not (w * y).any():
        raise ValueError("outcome phải có giá trị khác 0. / outcome needs a value above 0: nothing has no distribution.")
    _, group = np.unique(by, return_inverse=True)
    people, had = np.bincount(group, weights=w), np.bincount(group, weights=w * y)
    ends = [np.concatenate([[0.0], np.cumsum(part) / part.sum()]) for part in (people, had)]
    return pd.DataFrame({"people": ends[0], "outcome": ends[1]})


def _complete(*columns: _Floats) -> None:
    """Refuse columns of several lengths, with gaps, or without any weight (the last of them)."""
    if any(c.shape != columns[0].shape or c.ndim != 1 or np.isnan(c).any() for c in columns) or not columns[-1].sum() > 0:
        raise ValueError(
            "outcome, order và weights phải cùng độ dài, không để trống, tổng weights lớn hơn 0. / "
            "outcome, order and weights must have one length, nothing missing, and weights above 0 in all."
        )


def _scaled(plain: float, mean: float, kind: str, bounds: tuple[float, float]) -> tuple[float, float, float]:
    """Return the index of a kind and its derivatives by the standard index and by the mean."""
    low, high = bounds
    if kind == ERREYGERS:
        factor = 4 * mean / (high - low)
        return factor * plain, factor, 4 * plain / (high - low)
    if kind == WAGSTAFF:
        factor = mean * (high - low) / ((high - mean) * (mean - low))
        return factor * plain, factor, plain * factor * (1 / mean + 1 / (high - mean) - 1 / (mean - low))
    return plain, 1.0, 0.0


def _bounds_of_group(by: _Floats, part: _Floats) -> _Floats:
    """Return for each unit the curve's height below its group of ties plus that at its top."""
    _, group = np.unique(by, return_inverse=True)
    mass = np.bincount(group, weights=part)
    top = np.cumsum(mass)
    return np.asarray((2 * top - mass)[group])


def _influence(y: _Floats, by: _Floats, f: _Floats, rank: _Floats, plain: float, mean: float) -> _Floats:
    """Return the influence of each unit on the standard index."""
    heights = _bounds_of_group(by, f * y / mean)
    return np.asarray(y / mean * (2 * rank - 1 - plain) + 2 - heights - (1 + plain))


def _regression_error(y: _Floats, f: _Floats, rank: _Floats, mean: float) -> float:
    """Return the error of the slope of 2 x variance of rank x outcome / mean on the rank, by weighted least squares."""
    away = rank - (f * rank).sum()
    spread = (f * away**2).sum()
    left = 2 * spread * y / mean
    slope = (f * away * left).sum() / spread
    residual = left - (f * left).sum() - slope * away
    return float(np.sqrt((f * residual**2).sum() / (len(y) - 2) / spread))


def _grouped_error(y: _Floats, by: _Floats, f: _Floats, rank: _Floats, plain: float, mean: float, sigma: _Floats, persons: float) -> float:
    """Return the error for groups of a sample of persons (Kakwani, Wagstaff, van Doorslaer 1997, eq. 22)."""
    between = (f * _influence(y, by, f, rank, plain, mean) ** 2).sum()
    within = (f * sigma**2 * (2 * rank - 1 - plain) ** 2).sum() / mean**2
    return float(np.sqrt((between + within) / persons))


def _permuted(y: _Floats, by: _Floats, w: _Floats, plain: float, permutations: int, seed: int) -> float:
    """Return the share of shuffled orders whose index is as far from 0, the own counted among them."""
    rng, far, total = np.random.default_rng(seed), 1, (w * y).sum()
    for _ in range(permutations):
        rank = fractional_rank(rng.permutation(by), w)
        far += abs(2 * (w * y * rank).sum() / total - 1) >= abs(plain) - 1e-12
    return float(far / (permutations + 1))


def _frame(units: NDArray[Any], rank: _Floats, y: _Floats, w: _Floats) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({"unit": units, "rank": rank, "outcome": y, "weight": w})
    return frame.sort_values("rank", kind="stable").reset_index(drop=True)


def _checked(
    outcome: ArrayLike,
    order: ArrayLike,
    weights: ArrayLike | None,
    kind: str,
    bounds: tuple[float, float],
    error: str,
    level: float,
    sigma: ArrayLike | None,
) -> tuple[_Floats, _Floats, _Floats, NDArray[np.bool_]]:
    y, by = floats(outcome, "outcome"), floats(order, "order")
    w = np.ones(y.shape) if weights is None else floats(weights, "weights")
    if not (y.shape == by.shape == w.shape and y.ndim == 1):
        raise ValueError("outcome, order, weights phải cùng độ dài. / outcome, order and weights must have one length.")
    between_0_and_1(level)
    if kind not in _METHODS or error not in _ERRORS or (kind != STANDARD and error != LINEARISED):
        raise ValueError(
            f"kind là {', '.join(_METHODS)}; error là {', '.join(_ERRORS)} (hai cách sau chỉ cho kind=standard). / "
            f"kind is one of {', '.join(_METHODS)}; error of {', '.join(_ERRORS)} (the last two for kind=standard only)."
        )
    if (error == GROUPED) != (sigma is not None) or (sigma is not None and np.shape(sigma) != y.shape):
        raise ValueError("sigma đi cùng error=grouped, mỗi nhóm một giá trị. / sigma goes with error=grouped, one value a group.")
    kept = np.isfinite(y) & np.isfinite(by) & np.isfinite(w) & (w > 0)
    y, by, w = y[kept], by[kept], w[kept]
    least = FEWEST_UNITS if error == LINEARISED else 2 if error == GROUPED else 3
    if len(y) < least:
        raise ValueError(f"Chỉ có {len(y)} nơi có số liệu, cần ít nhất {least}. / Only {len(y)} units are known; {least} are needed.")
    if (y < 0).any() or not y.any():
        raise ValueError(
            "outcome không được âm và phải có giá trị khác 0. / outcome must not be negative and needs a value above 0: "
            "nothing has no distribution."
        )
    if np.ptp(by) == 0:
        raise ValueError("Mọi nơi có cùng thứ bậc; hãy chọn biến xếp thứ tự khác. / All units tie; choose another order.")
    low, high = bounds
    if kind != STANDARD and not (low < high and (y >= low).all() and (y <= high).all() and low < np.average(y, weights=w) < high):
        raise ValueError(
            f"outcome phải nằm trong bounds={bounds}, không toàn ở một đầu. / outcome must lie in bounds={bounds}, not all at one."
        )
    return y, by, w, kept
