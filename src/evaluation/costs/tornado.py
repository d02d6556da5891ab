"""One-way sensitivity: how far a result moves when one input at a time takes the ends of its stated range."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.language import Words, number, span
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

METHOD = Words(
    "Phân tích độ nhạy một chiều: mỗi lần một đầu vào nhận hai đầu của phạm vi đã nêu, các đầu vào khác giữ nguyên. "
    "Phạm vi là của đầu vào, không phải khoảng tin cậy của kết quả.",
    "One-way sensitivity analysis: one input at a time takes the two ends of its stated range, the others stay. "
    "The ranges are those of the inputs; the bars are no confidence intervals of the result.",
)
ASSUMPTIONS = (
    Words(
        "Các đầu vào không cùng thay đổi; nếu chúng cùng thay đổi, kết quả có thể ra ngoài mọi thanh.",
        "Inputs do not move together; where they do, the result can lie outside every bar.",
    ),
)


@dataclass(frozen=True)
class Input:
    """An input of a calculation with its stated range.

    Attributes
    ----------
    name : str
        As the calculation calls it.
    label : Words
    value, low, high : float
    source : Words
        Where the range is from; a range without a source is an opinion and says so here.
    """

    name: str
    label: Words
    value: float
    low: float
    high: float
    source: Words


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Tornado(Result):
    """How far each input moves a result, the widest first.

    Attributes
    ----------
    frame : DataFrame
        name, value, input_low, input_high, at_low, at_high (the result there),
        swing (distance between the two). Inputs are ordered by swing.
    inputs : tuple of Input
        In the same order.
    """

    frame: pd.DataFrame
    inputs: tuple[Input, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row an input."""
        return self.frame.copy()

    def summary(self, language: str | None = None) -> str:
        """Return the result and the input that moves it most."""
        speak = language or "en"
        top, widest = self.frame.iloc[0], self.inputs[0]
        ends = sorted((float(top["at_low"]), float(top["at_high"])))
        words = Words(
            "{e}: {v}; thay đổi nhiều nhất theo {what} ({ends} khi đầu vào này đi {range})",
            "{e}: {v}; it moves most with {what} ({ends} as that input goes {range})",
        )
        return words[speak].format(
            e=self.estimand[speak],
            v=_few(float(self.estimate or 0.0), speak),
            what=widest.label[speak],
            ends=span(_few(ends[0], speak), _few(ends[1], speak), speak),
            range=span(_few(widest.low, speak), _few(widest.high, speak), speak),
        )


def one_way(
    calculation: Callable[[Mapping[str, float]], float], inputs: Sequence[Input], *, estimand: Words, unit: str = "million VND"
) -> Tornado:
    """Return the one-way sensitivity of a calculation.

    Parameters
    ----------
    calculation : callable
        Takes the inputs by name, gives one number.
    inputs : sequence of Input
    estimand : Words
        What the number is.
    unit : str

    Raises
    ------
    ValueError
        Without inputs, where two have one name, a value is outside its range,
        or the calculation gives no finite number somewhere.

    References
    ----------
    Briggs, Sculpher, Buxton 1994, Health Economics 3:95-104 (handling
    uncertainty by sensitivity analysis).
    """
    import pandas as pd

    names = [i.name for i in inputs]
    if not inputs or len(set(names)) != len(names):
        raise ValueError("inputs phải có ít nhất một đầu vào, tên không trùng. / inputs must hold at least one input, each name once.")
    for i in inputs:
        if not (np.isfinite([i.low, i.value, i.high]).all() and i.low <= i.value <= i.high):
            raise ValueError(f"{i.name}: giá trị phải hữu hạn và nằm trong phạm vi. / The value must be finite and inside its range.")
    base = {i.name: i.value for i in inputs}

    def result(changed: Mapping[str, float], what: str) -> float:
        made = float(calculation(base | dict(changed)))
        if not np.isfinite(made):
            raise ValueError(f"{what}: phép tính không cho số hữu hạn; thu hẹp phạm vi. / No finite result there; narrow the range.")
        return made

    middle = result({}, "value")
    rows = []
    for i in inputs:
        low, high = (result({i.name: x}, f"{i.name} = {x}") for x in (i.low, i.high))
        rows.append((i.name, i.value, i.low, i.high, low, high, abs(high - low)))
    columns = ["name", "value", "input_low", "input_high", "at_low", "at_high", "swing"]
    frame = pd.DataFrame(rows, columns=columns).sort_values("swing", ascending=False, kind="stable").reset_index(drop=True)
    by_name = {i.name: i for i in inputs}
    return Tornado(
        estimand=estimand,
        method=METHOD,
        estimate=middle,
        n=len(inputs),
        unit=unit,
        assumptions=ASSUMPTIONS,
        frame=frame,
        inputs=tuple(by_name[str(n)] for n in frame["name"]),
    )


def _few(x: float, language: str) -> str:
    """Write a number with about three figures."""
    size = abs(x)
    return number(x, language, 0 if size >= 100 or float(x).is_integer() else 1 if size >= 10 else 2)
