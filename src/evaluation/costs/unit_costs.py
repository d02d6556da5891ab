"""Cost per person reached and per outcome: money that is known over a count that varies, each place against its own past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.contracts import MISSING, SHOWN
from evaluation.costs.budget import DISTRICT
from evaluation.costs.counts import yearly_dispersion
from evaluation.costs.prices import BASE_YEAR, SOURCE, constant
from evaluation.language import Words, number, number_span, percent
from evaluation.monitoring.given_numbers import broadcast, floats, not_negative, single
from evaluation.monitoring.rates.intervals import garwood, rate_ratio_exact
from evaluation.places import districts
from evaluation.plan import pilots
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

MILLION = Words("triệu đồng", "million VND")
METHOD = Words(
    "Tiền (theo giá cố định) chia cho số đếm; khoảng tin cậy chính xác Garwood của số đếm, mở rộng theo mức phân tán; tiền coi là đã biết. "
    f"Giá: {SOURCE.vi}.",
    "Money at constant prices over the count; Garwood's exact interval of the count, widened by overdispersion; money is taken as known. "
    f"Prices: {SOURCE.en}.",
)
ASSUMPTIONS = (
    Words(
        "Số đếm cộng qua các quý: người được gặp ở nhiều quý được tính nhiều lần, nên đây không phải chi phí một người cả năm.",
        "Counts are added over quarters: a person met in several quarters counts in each, so this is no cost per different person a year.",
    ),
    Words(
        "Phường, xã không báo cáo làm số đếm thấp hơn và chi phí đơn vị cao hơn thực tế.",
        "Wards that did not report make the count too low and the unit cost too high.",
    ),
    Words(
        "Toàn bộ tiền của các dòng được chọn được chia cho một loại kết quả, dù tiền còn phục vụ việc khác.",
        "All money of the chosen lines is laid on one kind of result, though it served others too.",
    ),
    Words(
        "Chi phí đơn vị thấp không có nghĩa là làm tốt hơn: nơi khó tiếp cận tốn kém hơn.",
        "A low unit cost does not mean better work: people who are hard to reach cost more to reach.",
    ),
)

_Floats = NDArray[np.float64]


def decimals(amount: float) -> int:
    """Return the decimals that give an amount about three figures; the ends of its interval take the same."""
    size = abs(amount)
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4


def cost_interval(money: ArrayLike, count: ArrayLike, dispersion: float = 1.0, level: float = 0.95) -> tuple[_Floats, _Floats, _Floats]:
    """Return cost per unit of a count with its interval, for arrays.

    Parameters
    ----------
    money : array_like
        Known without error; NaN where not known.
    count : array_like
        What was counted; NaN where missing.
    dispersion : float
        Variance of the count over its mean, at least 1.
    level : float

    Returns
    -------
    value, low, high : ndarray
        NaN where money or count is missing; a count of zero has no value, a
        lower bound, and no upper one (infinite).

    Raises
    ------
    ValueError
        If money is negative or infinite, `dispersion` below 1, or as `intervals.garwood`.
    """
    spent, done = broadcast(not_negative(money, "money"), not_negative(count, "count"))
    if not single(dispersion, "dispersion") >= 1:
        raise ValueError(f"dispersion phải từ 1 trở lên, đang là {dispersion}. / dispersion must be 1 or more, it is {dispersion}.")
    few, many = (np.asarray(x) * dispersion for x in garwood(done / dispersion, 1.0, level))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(done > 0, spent / done, np.nan)
        low, high = spent / many, np.where(few > 0, spent / few, np.where(np.isnan(few), np.nan, np.inf))
    absent = np.isnan(spent) | np.isnan(done)
    return value, np.where(absent, np.nan, low), np.where(absent, np.nan, high)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class UnitCost(Result):
    """Cost per unit of one count, in million VND at constant prices.

    Attributes
    ----------
    money : float
        Million VND at the prices of `base`.
    count : float
    base : int
    reported : float or None
        Share of ward reports behind the count, where known.
    """

    money: float
    count: float
    base: int
    reported: float | None = None

    def summary(self, language: str | None = None) -> str:
        """Return value, interval, and what it was made from."""
        speak = language or "en"
        told = {"money": f"{number(self.money, speak, 1)} {MILLION[speak]}", "count": number(self.count, speak)}
        if self.estimate is None:
            none = Words(
                "không tính được, vì đã chi {money} mà số đếm bằng 0", "cannot be given, since {money} were spent and the count is 0"
            )
            return f"{self.estimand[speak]}: {none[speak].format(**told)}"
        digits = decimals(self.estimate)
        ends = number_span(self.low or 0.0, self.high or 0.0, speak, digits)
        made = Words("giá {base}; {money} cho {count}", "at {base} prices; {money} for {count}")[speak].format(base=self.base, **told)
        covered = Words("; có {share} báo cáo của phường, xã", "; {share} of ward reports are in")[speak]
        made += "" if self.reported is None else covered.format(share=percent(self.reported, speak, 0))
        level = f"{number(100 * self.level, speak)}%"
        return f"{self.estimand[speak]}: {number(self.estimate, speak, digits)} {MILLION[speak]} ({level}: {ends}; {made})"


def unit_cost(
    money: float,
    count: float,
    *,
    estimand: Words,
    dispersion: float = 1.0,
    level: float = 0.95,
    base: int = BASE_YEAR,
    reported: float | None = None,
) -> UnitCost:
    """Return the cost per unit of one count.

    Parameters
    ----------
    money : float
        Million VND at the prices of `base`.
    count : float
    estimand : Words
        What cost, of what, where, when.
    dispersion : float
        Of the count (`counts.yearly_dispersion`).
    level : float
    base : int
        Year of the prices.
    reported : float, optional
        Share of ward reports behind the count.

    Raises
    ------
    ValueError
        If money or count is missing or negative.
    """
    if np.isnan(floats(money, "money")).any() or np.isnan(floats(count, "count")).any():
        raise ValueError("Thiếu tiền hoặc số đếm: thiếu không phải là 0. / Money or count is missing: missing is not zero.")
    money, count = single(money, "money"), single(count, "count")
    value, low, high = (float(x) for x in cost_interval(money, count, dispersion, level))
    return UnitCost(
        estimand=estimand,
        method=METHOD,
        estimate=value if count > 0 else None,
        low=low,
        high=high if np.isfinite(high) else None,
        level=level,
        n=int(count),
        unit="million VND",
        assumptions=ASSUMPTIONS,
        diagnostics={"dispersion": dispersion},
        money=money,
        count=count,
        base=base,
        reported=reported,
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class UnitCosts(Result):
    """Unit costs of all places and years, each beside its own past; never ranked.

    Attributes
    ----------
    frame : DataFrame
        code, year, money (million VND, constant), count, reported, value, low,
        high, past (ratio to the own earlier comparable years together),
        past_low, past_high, clear (the interval of `past` leaves out 1), state.
        In the official order of places.
    what : Words
        What is counted.
    base : int
    dispersion : float
    year : int
        The year that the estimate is of.
    """

    frame: pd.DataFrame
    what: Words
    base: int
    dispersion: float
    year: int

    def of(self, code: str, year: int) -> UnitCost:
        """Return one place and year as its own result.

        Raises
        ------
        ValueError
            If there is no such row, or its state says why there is no number.
        """
        row = self.frame[(self.frame["code"] == code) & (self.frame["year"] == year)]
        if row.empty or row["state"].iloc[0] != SHOWN:
            state = "missing" if row.empty else str(row["state"].iloc[0])
            raise ValueError(f"{code}, {year}: không có số ({state}). / There is no number ({state}).")
        one = row.iloc[0]
        return unit_cost(
            float(one["money"]),
            float(one["count"]),
            estimand=_estimand(self.what, place_name(code), year),
            dispersion=self.dispersion,
            level=self.level,
            base=self.base,
            reported=float(one["reported"]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return all places and years."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return the level of all places together, and how many differ from their own past beyond chance."""
        speak = language or "en"
        if self.estimate is None:
            return f"{self.estimand[speak]}: —"
        digits = decimals(self.estimate)
        ends = number_span(self.low or 0.0, self.high or 0.0, speak, digits)
        compared, clear = self.diagnostics["compared"], self.diagnostics["clear"]
        chance = number((1 - self.level) * compared, speak, 1)
        words = Words(
            "{e}: {v} triệu đồng ({l}%: {ends}; giá {base}); {k} trên {n} nơi khác với chính các năm trước của mình, "
            "chỉ do ngẫu nhiên sẽ có khoảng {c}",
            "{e}: {v} million VND ({l}%: {ends}; at {base} prices); {k} of {n} places differ from their own earlier years, "
            "about {c} would by chance alone",
        )
        return words[speak].format(
            e=self.estimand[speak],
            v=number(self.estimate, speak, digits),
            l=number(100 * self.level, speak),
            ends=ends,
            base=self.base,
            k=number(clear, speak),
            n=number(compared, speak),
            c=chance,
        )


def unit_costs(
    budget: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    what: Words,
    scope: str = DISTRICT,
    lines: Sequence[str] | None = None,
    base: int = BASE_YEAR,
    level: float = 0.95,
) -> UnitCosts:
    """Return the cost per unit of a count, by place and year.

    Parameters
    ----------
    budget : DataFrame
        `budget.checked_budget`: money spent is taken.
    counts : DataFrame
        code, year, count, and where known reported, state (`counts.yearly_counts`).
    what : Words
        What is counted, singular: "person reached by outreach".
    scope : {"district", "pilot"}
    lines : sequence of str, optional
        Budget lines whose money is taken; all where left out.
    base : int
        Year of the prices.
    level : float

    Raises
    ------
    ValueError
        If the two tables share no place and year, or a line is not in the budget.
    prices.UnknownPriceYear
    """
    frame = _joined(budget, counts, scope, lines, base)
    shown = frame["state"] == SHOWN
    complete = frame[shown].pivot(index="code", columns="year", values="count")
    dispersion = yearly_dispersion(complete.to_numpy(float)) if len(complete) else 1.0
    money, count = frame["money"].where(shown).to_numpy(float), frame["count"].where(shown).to_numpy(float)
    value, low, high = cost_interval(money, count, dispersion, level)
    frame = frame.assign(value=value, low=low, high=high)
    frame = frame.join(_own_past(frame[shown], dispersion, level))
    frame["clear"] = (frame["past_low"] > 1) | (frame["past_high"] < 1)
    year = int(frame.loc[shown, "year"].max()) if shown.any() else int(frame["year"].max())
    now = frame[shown & (frame["year"] == year)]
    every = (
        Words("các quận, huyện cộng lại", "all districts together")
        if scope == DISTRICT
        else Words("các mô hình cộng lại", "all pilots together")
    )
    total = cost_interval(now["money"].sum(), now["count"].sum(), dispersion, level) if len(now) else (np.nan,) * 3
    all_value, all_low, all_high = (float(x) if np.isfinite(x) else None for x in total)
    return UnitCosts(
        estimand=_estimand(what, every, year),
        method=METHOD,
        estimate=all_value,
        low=all_low,
        high=all_high,
        level=level,
        n=len(now),
        unit="million VND",
        assumptions=ASSUMPTIONS,
        diagnostics={"dispersion": dispersion, "compared": int(now["past"].notna().sum()), "clear": int(now["clear"].sum())},
        frame=frame.reset_index(drop=True),
        what=what,
        base=base,
        dispersion=dispersion,
        year=year,
    )


def _joined(budget: pd.DataFrame, counts: pd.DataFrame, scope: str, lines: Sequence[str] | None, base: int) -> pd.DataFrame:
    """Return money and count side by side, by place in official order and year; money with a missing line is missing."""
    own = budget[budget["scope"] == scope]
    if lines is not None:
        if absent := sorted(set(lines) - set(own["line"])):
            raise ValueError(f"Ngân sách không có dòng {absent}. / The budget has no line {absent}.")
        own = own[own["line"].isin(lines)]
    own = own.assign(money=constant(own["spent_million_vnd"], own["year"], base))
    money = own.groupby(["code", "year"])["money"].agg(lambda x: x.sum(skipna=False)).reset_index()
    frame = money.merge(counts, on=["code", "year"], how="inner")
    if frame.empty:
        raise ValueError(
            f"Ngân sách ({scope}) và bảng số đếm không có nơi và năm nào chung. / "
            f"The budget ({scope}) and the counts share no place and year."
        )
    frame = frame.assign(**{c: default for c, default in (("reported", np.nan), ("state", SHOWN)) if c not in frame})
    known = frame["money"].notna() & frame["count"].notna()
    frame["state"] = frame["state"].where(known | (frame["state"] != SHOWN), MISSING)
    order = {code: i for i, code in enumerate([*districts(), *pilots()])}
    columns = ["code", "year", "money", "count", "reported", "state"]
    return frame.assign(at=frame["code"].map(order)).sort_values(["at", "year"])[columns].reset_index(drop=True)


def _own_past(shown: pd.DataFrame, dispersion: float, level: float) -> pd.DataFrame:
    """Return the ratio of each unit cost to that of the place's own earlier years together, with its exact interval."""
    by = shown.groupby("code")[["money", "count"]]
    before = by.cumsum() - shown[["money", "count"]]
    spent, done = shown["money"].to_numpy(float), shown["count"].to_numpy(float)
    past_spent = before["money"].where(before["money"] > 0).to_numpy(float)
    past_done = before["count"].where(before["money"] > 0).to_numpy(float)
    now_spent = np.where(spent > 0, spent, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (past_done / past_spent) / (done / now_spent)
    low, high = rate_ratio_exact(past_done / dispersion, past_spent, done / dispersion, now_spent, level)
    made = shown[[]].assign(past=np.where(np.isfinite(ratio), ratio, np.nan), past_low=low, past_high=high)
    return made.where(made["past"].notna())


def _estimand(what: Words, place: Words, year: int) -> Words:
    return Words(f"Chi phí cho mỗi {what.vi}, {place.vi}, năm {year}", f"Cost per {what.en}, {place.en}, {year}")


def place_name(code: str) -> Words:
    """Return the name of a district or pilot."""
    return districts()[code].name if code in districts() else pilots()[code].name
