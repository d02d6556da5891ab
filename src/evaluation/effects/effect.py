"""What every design returns: the effect, its course, what it is compared with, and how it was judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evaluation.language import Words, number, points, significant, span
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.effects.calibration.claims import Calibration

DIFFERENCE, RATIO = "difference", "ratio"
VERDICTS = {
    "clear": Words("Phân biệt được với ngẫu nhiên.", "It can be told from chance."),
    "unclear": Words("Không phân biệt được với ngẫu nhiên.", "It cannot be told from chance."),
    "out_of_reach": Words(
        "Không thể kết luận: giá trị p nhỏ nhất mà kiểm định này có thể cho lớn hơn mức ý nghĩa.",
        "Nothing can be claimed: the smallest p-value that this test can give is above the level.",
    ),
    "no_interval": Words(
        "Không kết luận: không có khoảng tin cậy ở mức này.",
        "Nothing is claimed: there is no interval at this level.",
    ),
    "unreliable": Words(
        "Không kết luận: quy trình này không đáng tin cậy, báo động nhầm quá nhiều ở nơi không có gì xảy ra.",
        "Nothing is claimed: this procedure is not reliable, it raises too many false alarms where nothing happened.",
    ),
    "uncalibrated": Words(
        "Không kết luận: chưa biết quy trình này báo động nhầm bao nhiêu lần.",
        "Nothing is claimed: how often this procedure raises false alarms is not known.",
    ),
    "warned": Words(
        "Không kết luận: cách kiểm định này sai khi có ít đơn vị can thiệp.",
        "Nothing is claimed: this way to judge is wrong where few units are treated.",
    ),
    "untested": Words("Chưa kiểm định được.", "It could not be tested."),
}


def said_p(p: float, language: str) -> str:
    """Write a p-value: "p = 0.021", or "p < 0.001" where three decimals show nothing."""
    return f"p < {number(0.001, language, 3)}" if p < 0.0005 else f"p = {number(p, language, 3)}"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Effect(Result):
    """The effect of a pilot in addition to what the plan asks everywhere, by one design.

    Attributes
    ----------
    design : str
        Id of the design: "did", "event", "cs", "sc", "asc", "sdid", "mc", ...
    outcome : str
    outcome_label, unit_label : Words
    measure : {"count", "share", "rate", "value"}
        Of observed and counterfactual.
    scale : {"difference", "ratio"}
        Of `estimate`, `low`, `high` and of `effects`.
    p_value : float or None
        Of no effect, by `inference`; None where nothing was tested.
    smallest_p : float or None
        The smallest p-value that the test could have given.
    judged_by : str
        Id of the inference.
    inference : Words
        How interval and p-value were found.
    warning : Words or None
        Why that inference must not be relied on, where it is known.
    effects : DataFrame
        period, effect, low, high, after (bool): by period, before the start too.
    counterfactual : DataFrame
        period, observed, counterfactual, after.
    weights : DataFrame
        unit, weight of the donors that have one, largest first by the order of units where equal; empty without weights.
    pre_rmspe : float
        Root mean square of the gap before the start.
    placebo : DataFrame
        unit, effect, pre_rmspe, post_rmspe: the same estimate for donors; empty where none was made.
    placebo_gaps : DataFrame
        unit, period, gap: the course of the placebos; empty where none was made.
    start : Any
        First treated period.
    n_before, n_after, n_donors : int
        Periods before the start and its anticipation, and treated in full; donors.
    calibration : Calibration or None
        How often the whole procedure cries wolf where nothing happened.
    planned : str
        "planned", "exploratory", or empty where no plan was at hand.
    synthetic : bool
    source : Words
    """

    design: str
    outcome: str
    outcome_label: Words
    unit_label: Words
    measure: str
    scale: str
    p_value: float | None = None
    smallest_p: float | None = None
    judged_by: str = ""
    inference: Words = field(default_factory=lambda: Words("", ""))
    warning: Words | None = None
    effects: pd.DataFrame
    counterfactual: pd.DataFrame
    weights: pd.DataFrame
    pre_rmspe: float
    placebo: pd.DataFrame
    placebo_gaps: pd.DataFrame
    start: Any
    n_before: int
    n_after: int
    n_donors: int
    calibration: Calibration | None = None
    planned: str = ""
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    @property
    def none(self) -> float:
        """The value of no effect on this scale."""
        return 1.0 if self.scale == RATIO else 0.0

    @property
    def verdict(self) -> str:
        """What may be said of it, by rule: a key of `VERDICTS`."""
        allowed = round(1 - self.level, 9)
        if self.estimate is None or self.p_value is None or self.p_value != self.p_value:
            return "untested"
        if self.smallest_p is not None and self.smallest_p > allowed:
            return "out_of_reach"
        if self.low is None or self.high is None:
            return "unclear" if self.p_value > allowed else "no_interval"
        if self.p_value > allowed or self.low <= self.none <= self.high:
            return "unclear"
        if self.warning is not None:
            return "warned"
        if self.calibration is None:
            return "uncalibrated"
        return "clear" if self.calibration.reliable else "unreliable"

    @property
    def clear(self) -> bool:
        """Whether an effect may be claimed.

        Its test and its interval reject no effect by a way that can be relied
        on, and the whole procedure was seen not to cry wolf.
        """
        return self.verdict == "clear"

    def written(self, x: float, language: str) -> str:
        """Write a value on the effect's scale."""
        if self.scale == DIFFERENCE and self.unit == "share":
            return points(x, language)
        size = abs(x)
        if 0 < size < 0.01 and self.scale == DIFFERENCE:
            return significant(x, language)
        return number(x, language, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4)

    def written_interval(self, low: float, high: float, language: str) -> str:
        """Write an interval on the effect's scale, its unit once."""
        if self.scale == DIFFERENCE and self.unit == "share":
            return span(number(100 * low, language, 1), points(high, language), language)
        return span(self.written(low, language), self.written(high, language), language)

    def summary(self, language: str | None = None) -> str:
        """Return the estimate with its interval, its test and its calibration, in one sentence."""
        speak = language or "en"
        if self.estimate is None:
            return f"{self.estimand[speak]}: —"
        tests = []
        if self.low is not None and self.high is not None:
            ends = self.written_interval(self.low, self.high, speak)
            tests.append(f"{number(100 * self.level, speak)}%: {ends}")
        if self.p_value is not None:
            tests.append(said_p(self.p_value, speak))
        ratio = Words("tỷ số ", "ratio ")[speak] if self.scale == RATIO else ""
        said = f"{self.estimand[speak]}: {ratio}{self.written(self.estimate, speak)}" + (f" ({'; '.join(tests)})" if tests else "")
        known = "" if self.calibration is None else f"; {self.calibration.summary(speak)}"
        return said + known

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the estimate, its test and its design."""
        return super().to_frame().assign(design=self.design, outcome=self.outcome, p_value=self.p_value, donors=self.n_donors)
