"""Money of different years made comparable: constant dong by the consumer price index, and present value."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.language import Words
from evaluation.monitoring.given_numbers import finite, floats, single, whole
from evaluation.settings import folders

BASE_YEAR = 2018  # the year that the plan is for
SOURCE = Words(
    "Chỉ số giá tiêu dùng bình quân năm của cả nước, Tổng cục Thống kê (data/reference/price_index.csv)",
    "Yearly average consumer price index of the country, General Statistics Office (data/reference/price_index.csv)",
)

_Floats = NDArray[np.float64]


class UnknownPriceYear(ValueError):
    """A year for which the price index has no value."""


@cache
def price_index() -> dict[int, float]:
    """Return the price level by year, 100 in the year before the table's first change.

    Returns
    -------
    dict of int to float
        Chained from yearly average changes (General Statistics Office). The
        index is the country's; wages, tests and rents of the city may have
        moved otherwise.
    """
    with (folders().data / "reference" / "price_index.csv").open(encoding="utf-8", newline="") as f:
        changes = {int(r["year"]): float(r["change_percent"]) for r in csv.DictReader(f)}
    first = min(changes)
    levels = {first - 1: 100.0}
    for year in range(first, max(changes) + 1):
        levels[year] = levels[year - 1] * (1 + changes[year] / 100)
    return levels


def constant(amounts: ArrayLike, years: ArrayLike, base: int = BASE_YEAR) -> _Floats:
    """Return money of given years in dong of one year.

    Parameters
    ----------
    amounts : array_like
        Money in the dong of its own year; NaN stays NaN.
    years : array_like of int
        Year of each amount.
    base : int
        Year whose dong the answer is in.

    Returns
    -------
    ndarray

    Raises
    ------
    UnknownPriceYear
        If a year is not in the index; nothing is extrapolated.

    Examples
    --------
    100 million of 2017 are 103.54 million in the dong of 2018.
    """
    levels = price_index()
    given = floats(years, "years")
    if not (np.isfinite(given).all() and (given == np.floor(given)).all()):
        raise UnknownPriceYear("years phải là các năm, không để trống. / years must be years, none missing.")
    asked = given.astype(int)
    if absent := sorted({*np.unique(asked).tolist(), base} - set(levels)):
        raise UnknownPriceYear(
            f"Chỉ số giá không có năm {absent} (có {min(levels)} đến {max(levels)}); thêm năm đó kèm nguồn vào "
            f"data/reference/price_index.csv. / The price index has no year {absent} (it has {min(levels)} to {max(levels)}); "
            "add the year with its source to data/reference/price_index.csv."
        )
    factor = np.vectorize(lambda y: levels[base] / levels[y], otypes=[float])(asked) if asked.size else np.ones(asked.shape)
    return np.asarray(finite(amounts, "amounts") * factor, dtype=float)


def present_value(flows: ArrayLike, rate: float, first: int = 0) -> _Floats:
    """Return the value today of amounts (money or outcomes) that come year after year.

    Parameters
    ----------
    flows : array_like
        Amounts by year along the last axis.
    rate : float
        Discount rate a year: 0.03 is 3 %.
    first : int
        Years until the first amount: 0 counts it in full, 1 discounts it by one year.

    Returns
    -------
    ndarray
        The last axis summed.

    Raises
    ------
    ValueError
        If the rate is not above -1.
    """
    rate, first = single(rate, "rate"), whole(first, "first", least=0)
    if not rate > -1:
        raise ValueError(f"Tỷ lệ chiết khấu rate phải lớn hơn -1 (0,03 là 3%), đang là {rate}. / rate must be above -1, it is {rate}.")
    amounts = np.atleast_1d(finite(flows, "flows"))
    return np.asarray((amounts * np.exp(-np.log1p(rate) * (first + np.arange(amounts.shape[-1])))).sum(axis=-1))
