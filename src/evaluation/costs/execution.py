"""Money planned beside money spent, and where it came from: stated, not judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.costs.budget import FUND_NAMES, FUNDS, FUNDS_UNKNOWN
from evaluation.language import Words, listed, number, percent
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

METHOD = Words(
    "Tiền đã chi chia cho tiền dự toán, của các dòng có đủ hai số; đồng của năm đó. Đếm toàn bộ, không lấy mẫu, nên không có khoảng.",
    "Money spent over money planned, of lines that have both; dong of the year. All are counted, none sampled: there is no interval.",
)
ASSUMPTIONS = (
    Words(
        "Chi ít hơn dự toán có thể là tiết kiệm, chậm, hoặc việc không làm; con số này không cho biết là điều nào.",
        "Less spent than planned may be thrift, delay, or work not done; this number does not tell which.",
    ),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Execution(Result):
    """Spent over planned.

    Attributes
    ----------
    planned, spent : float
        Million VND of the lines that have both.
    incomplete : int
        Rows without one of the two.
    frame : DataFrame
        line, planned, spent, rate (NaN where nothing was planned).
    """

    planned: float
    spent: float
    incomplete: int
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return planned, spent and rate by line."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return both sums and their ratio."""
        speak = language or "en"
        slots = {"e": self.estimand[speak], "s": number(self.spent, speak, 1), "p": number(self.planned, speak, 1)}
        missing = Words("; số dòng thiếu một trong hai số: {n}", "; rows that lack one of the two: {n}")[speak]
        more = missing.format(n=number(self.incomplete, speak)) if self.incomplete else ""
        if self.estimate is None:
            words = Words("{e}: chi {s} triệu đồng, không có dự toán", "{e}: {s} million VND spent, nothing planned")
            return words[speak].format(**slots) + more
        words = Words("{e}: chi {s} trên {p} triệu đồng dự toán ({r})", "{e}: {s} of {p} million VND planned were spent ({r})")
        return words[speak].format(r=percent(self.estimate, speak), **slots) + more


def budget_execution(budget: pd.DataFrame, *, estimand: Words) -> Execution:
    """Return spent over planned.

    Parameters
    ----------
    budget : DataFrame
        `budget.checked_budget`, the rows that are meant.
    estimand : Words

    Raises
    ------
    ValueError
        If no row has both numbers.
    """
    both = budget.dropna(subset=["planned_million_vnd", "spent_million_vnd"])
    if both.empty:
        raise ValueError("Không có dòng nào đủ dự toán và số đã chi. / No row has both planned and spent.")
    frame = both.groupby("line", sort=False, as_index=False)[["planned_million_vnd", "spent_million_vnd"]].sum()
    frame.columns = ["line", "planned", "spent"]
    frame["rate"] = frame["spent"] / frame["planned"].where(frame["planned"] > 0)
    planned, spent = float(frame["planned"].sum()), float(frame["spent"].sum())
    return Execution(
        estimand=estimand,
        method=METHOD,
        estimate=spent / planned if planned > 0 else None,
        n=len(both),
        unit="share",
        assumptions=ASSUMPTIONS,
        planned=planned,
        spent=spent,
        incomplete=len(budget) - len(both),
        frame=frame,
    )


def sources_of_funds(budget: pd.DataFrame) -> Words:
    """Return one sentence on the sources that section IV of the plan names, and how much of the money has none stated.

    Parameters
    ----------
    budget : DataFrame
        `budget.checked_budget`: money spent, dong of the year.
    """
    by = budget.groupby(FUNDS)["spent_million_vnd"].sum()
    total = float(by.sum())
    if not (by.drop(FUNDS_UNKNOWN, errors="ignore") > 0).any():
        return Words(
            "Bảng ngân sách không ghi nguồn kinh phí, nên không biết phần nào từ kinh phí cấp cho Sở (IV.a), phần nào từ "
            "kinh phí được giao của cơ quan, quận, huyện (IV.b).",
            "The budget does not state the source of funds, so it is not known which part is the Department's allotted fund (IV.a) "
            "and which the agencies' and districts' own (IV.b).",
        )

    def told(language: str) -> str:
        parts = [f"{name[language]} {percent(float(by[key]) / total, language)}" for key, name in FUND_NAMES.items() if by.get(key, 0) > 0]
        return Words("Số tiền đã chi theo nguồn: {s}.", "Money spent by source: {s}.")[language].format(s=listed(parts, language))

    return Words(told("vi"), told("en"))
