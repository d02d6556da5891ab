"""What it cost until a person had completed each step: reached, tested, treated, and what each step added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.costs.prices import BASE_YEAR
from evaluation.costs.unit_costs import cost_interval, decimals
from evaluation.language import Words, number, number_span
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

METHOD = Words(
    "Tiền của mọi bước cho đến bước đó chia cho số người hoàn thành bước đó; khoảng Garwood của số người, tiền coi là đã biết. "
    "Chi phí thêm của một bước chia cho cùng số người ấy.",
    "Money of all steps up to a step over the people who completed it; Garwood's interval of the people, money taken as known. "
    "What the step itself added is over the same people.",
)
ASSUMPTIONS = (
    Words("Người của một bước là một phần của bước trước.", "The people of a step are part of those of the step before."),
    Words(
        "Bước không có dòng ngân sách riêng không có chi phí thêm ở đây; chi phí đó có thể nằm ở ngân sách khác.",
        "A step without a budget line of its own adds no cost here; its cost may stand in another budget.",
    ),
    Words(
        "Không phải ai cũng cần bước sau: người có kết quả âm tính không cần điều trị.",
        "Not everybody needs the next step: people with a negative result need no treatment.",
    ),
)


@dataclass(frozen=True)
class Step:
    """One step of a cascade.

    Attributes
    ----------
    label : Words
        Who completed it, plural: "people tested".
    count : float
        People who completed it.
    money : float or None
        Million VND at constant prices that the step itself took; None where no budget line is its own.
    """

    label: Words
    count: float
    money: float | None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CostCascade(Result):
    """Cost per person who completed each step. The estimate is that of the last step.

    Attributes
    ----------
    frame : DataFrame
        step, count, kept (share of the step before), money (of the step; NaN
        without a line of its own), cumulated, value, low, high (cumulated per
        person; high infinite where nobody completed), added (the step's own
        money per person).
    steps : tuple of Step
    base : int
    """

    frame: pd.DataFrame
    steps: tuple[Step, ...]
    base: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row a step, labelled in English."""
        return self.frame.assign(step=[s.label.en for s in self.steps])

    def summary(self, language: str | None = None) -> str:
        """Return the cost per person at the first step and at the last."""
        speak = language or "en"
        first, last = self.frame.iloc[0], self.frame.iloc[-1]
        if self.estimate is None:
            words = Words(
                "{e}: chi {m} triệu đồng (giá {b}), chưa ai hoàn thành bước cuối ({l})",
                "{e}: {m} million VND were spent (at {b} prices), nobody completed the last step ({l})",
            )
            return words[speak].format(
                e=self.estimand[speak], m=number(float(last["cumulated"]), speak, 1), b=self.base, l=self.steps[-1].label[speak]
            )
        digits = decimals(self.estimate)
        ends = number_span(self.low or 0.0, self.high or 0.0, speak, digits)
        words = Words(
            "{e}: {f} triệu đồng cho mỗi {first}, {v} triệu đồng ({l}%: {ends}; giá {b}) tính đến mỗi {last}",
            "{e}: {f} million VND for each of the {first}, {v} million VND ({l}%: {ends}; at {b} prices) up to each of the {last}",
        )
        return words[speak].format(
            e=self.estimand[speak],
            f=number(float(first["value"]), speak, decimals(float(first["value"]))),
            first=self.steps[0].label[speak],
            v=number(self.estimate, speak, digits),
            l=number(100 * self.level, speak),
            ends=ends,
            b=self.base,
            last=self.steps[-1].label[speak],
        )


def cost_cascade(
    steps: Sequence[Step], *, estimand: Words, dispersion: float = 1.0, level: float = 0.95, base: int = BASE_YEAR
) -> CostCascade:
    """Return the cumulated cost per person who completed each step.

    Parameters
    ----------
    steps : sequence of Step
        In order, at least two.
    estimand : Words
    dispersion : float
        Of the counts.
    level : float
    base : int
        Year of the prices.

    Raises
    ------
    ValueError
        With fewer than two steps, a missing or negative number, nobody at the
        first step, or more people at a step than at the one before.
    """
    import pandas as pd

    counts = np.array([s.count for s in steps], dtype=float)
    own = np.array([np.nan if s.money is None else s.money for s in steps], dtype=float)
    given = own[[s.money is not None for s in steps]] if len(steps) else own
    if len(steps) < 2 or not np.isfinite(counts).all() or (counts < 0).any() or counts[0] == 0:
        raise ValueError(
            "Cần ít nhất hai bước, số người không âm, bước đầu có người. / "
            "At least two steps are needed, counts not negative, people at the first."
        )
    if (np.diff(counts) > 0).any():
        at = int(np.argmax(np.diff(counts) > 0)) + 1
        raise ValueError(
            f"Bước {at + 1} ({steps[at].label.vi}) có nhiều người hơn bước trước. / Step {at + 1} ({steps[at].label.en}) has more people "
            "than the one before."
        )
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(
            "Tiền phải hữu hạn, không âm; None nếu không có dòng riêng. / Money must be finite, not negative; None without a line."
        )
    cumulated = np.cumsum(np.nan_to_num(own))
    value, low, high = cost_interval(cumulated, counts, dispersion, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.concatenate([[np.nan], counts[1:] / np.where(counts[:-1] > 0, counts[:-1], np.nan)])
        added = np.where(counts > 0, own / counts, np.nan)
    columns = {
        "count": counts,
        "kept": kept,
        "money": own,
        "cumulated": cumulated,
        "value": value,
        "low": low,
        "high": high,
        "added": added,
    }
    frame = pd.DataFrame({"step": range(1, len(steps) + 1), **columns})
    done = counts[-1] > 0
    return CostCascade(
        estimand=estimand,
        method=METHOD,
        estimate=float(value[-1]) if done else None,
        low=float(low[-1]) if done else None,
        high=float(high[-1]) if done else None,
        level=level,
        n=int(counts[0]),
        unit="million VND",
        assumptions=ASSUMPTIONS,
        diagnostics={"dispersion": dispersion, "steps_without_line": int(sum(s.money is None for s in steps))},
        frame=frame,
        steps=tuple(steps),
        base=base,
    )
