"""How far trends may depart from parallel before an effect can no longer be told: intervals by size of departure, and where they break.

References
----------
Rambachan, Roth 2023, Review of Economic Studies 90:2555-2591.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.basis import said
from evaluation.effects.checks.event_course import EventCourse
from evaluation.effects.checks.relative_magnitudes import relative_holds, relative_interval
from evaluation.effects.checks.smoothness import AffineEstimates
from evaluation.effects.checks.verdicts import DOUBTFUL, HOLDS, UNTRIED, Check
from evaluation.effects.matrix import Floats
from evaluation.language import Words, number, span
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

RELATIVE, SMOOTH = "relative", "smooth"
RELATIVE_SIZES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
MOST_RELATIVE = 4.0
_BISECTIONS = 12
WORKS_BY = {
    RELATIVE: Words(
        "vi phạm sau khi bắt đầu không quá M lần vi phạm lớn nhất trước đó",
        "violations after the start are at most M times the largest before it",
    ),
    SMOOTH: Words(
        "độ dốc của sai lệch xu thế thay đổi không quá M mỗi kỳ",
        "the slope of the departure changes by at most M a period",
    ),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Violations(Result):
    """Intervals of the mean effect by size of violation; `estimate`, `low`, `high` are with none, on the design's own scale.

    Attributes
    ----------
    frame : DataFrame
        restriction ("relative", "smooth"), m, low, high.
    breakdown : float or None
        Smallest relative size with which the interval holds no effect; 0
        where it does without any violation; None where it does not up to
        `MOST_RELATIVE`.
    breakdown_smooth : float or None
        The same for the change of slope a period; None where none was found in reach.
    logs : bool
    measure : str
    outcome_label, unit_label : Words
    synthetic : bool
    source : Words
    """

    frame: pd.DataFrame = field(compare=False)
    breakdown: float | None
    breakdown_smooth: float | None
    logs: bool
    measure: str
    outcome_label: Words
    unit_label: Words
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    def said(self, x: float, language: str) -> str:
        """Write a value of the design's scale: a ratio where it is a log."""
        return said(x, self.logs, self.measure, language)

    def summary(self, language: str | None = None) -> str:
        """Return how large a violation the effect withstands, in one sentence."""
        speak = language or "en"
        ends = span(self.said(self.low or 0.0, speak), self.said(self.high or 0.0, speak), speak)
        level = number(100 * self.level, speak)
        if self.breakdown == 0:
            text = Words(
                "Ngay cả khi không có vi phạm nào, khoảng {level}% ({ends}) vẫn chứa giá trị không tác động: không có gì để bác bỏ",
                "Even without any violation the {level}% interval ({ends}) includes the value of no effect: there is nothing to break",
            )[speak]
            return text.format(level=level, ends=ends)
        if self.breakdown is None:
            text = Words(
                "Khoảng {level}% không chứa giá trị không tác động ngay cả khi vi phạm sau bắt đầu gấp {most} lần mức lớn nhất trước đó",
                "The {level}% interval excludes the value of no effect even where violations after the start are {most} times the largest "
                "before it",
            )[speak]
            return text.format(level=level, most=number(MOST_RELATIVE, speak))
        text = Words(
            "Tác động không còn phân biệt được khi vi phạm sau bắt đầu đạt {m} lần vi phạm lớn nhất trước đó "
            "(khi không có vi phạm, khoảng {level}%: {ends})",
            "The effect can no longer be told once violations after the start reach {m} times the largest before it "
            "(without any, {level}%: {ends})",
        )[speak]
        return text.format(m=number(self.breakdown, speak, 2), level=level, ends=ends)

    def to_frame(self) -> pd.DataFrame:
        """Return the intervals by restriction and size."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        Doubtful where violations smaller than those seen before the start
        break the effect. Where the interval holds no effect without any
        violation there is nothing to try.
        """
        broken = self.breakdown
        verdict = UNTRIED if broken == 0 else HOLDS if broken is None or broken >= 1 else DOUBTFUL
        return Check("violations", verdict, broken, Words(self.summary("vi"), self.summary("en")))


def violations(
    course: EventCourse,
    *,
    outcome_label: Words,
    unit_label: Words,
    weights: Floats | None = None,
    sizes: Sequence[float] = RELATIVE_SIZES,
    level: float = 0.95,
    seed: int = 0,
    synthetic: bool = False,
    source: Words | None = None,
) -> Violations:
    """Return intervals of the effect under larger and larger violations of parallel trends.

    Parameters
    ----------
    course : EventCourse
    outcome_label, unit_label : Words
    weights : ndarray of shape (times after,), optional
        Of the effect; the mean over the periods after the start where left out.
    sizes : sequence of float
        Relative sizes to show.
    level : float
    seed : int
    synthetic : bool
    source : Words, optional

    Notes
    -----
    The effect here is against the last period before the start, as in an
    event study, and so noisier than one against the mean of all periods
    before it. The intervals take the coefficients as normal with the
    covariance of the course. Where that is the donors' (one treated unit),
    they hold if the treated unit's chance movement is like theirs; nothing in
    the treated unit's own figures can show that it is.
    """
    import pandas as pd

    given = course.average if weights is None else np.asarray(weights, dtype=float)
    error = float(np.sqrt(given @ course.sigma[np.ix_(course.after, course.after)] @ given))

    def relative(m: float) -> tuple[float, float]:
        return relative_interval(course, m, given, level, seed)

    affine = AffineEstimates.of(course, given)

    def smooth(m: float) -> tuple[float, float]:
        return affine.shortest(m, level)

    step = error / float(given @ course.since[course.after].astype(float))
    rows = [(RELATIVE, float(m), *relative(m)) for m in sizes]
    rows += [(SMOOTH, float(k * step), *smooth(k * step)) for k in ((0.0, 0.25, 0.5, 1.0, 2.0) if course.before.sum() > 1 else ())]
    plain = relative(0.0)
    return Violations(
        estimand=Words(
            f"{outcome_label.vi}, {unit_label.vi}: tác động trung bình sau khi bắt đầu nếu xu thế song song bị vi phạm",
            f"{outcome_label.en}, {unit_label.en}: mean effect after the start if parallel trends are violated",
        ),
        method=Words(
            f"Độ nhạy với vi phạm xu thế song song (Rambachan và Roth 2023); {course.said.vi}.",
            f"Sensitivity to violations of parallel trends (Rambachan and Roth 2023); {course.said.en}.",
        ),
        estimate=float(given @ course.beta[course.after]),
        low=plain[0],
        high=plain[1],
        level=level,
        n=len(course.times),
        unit="log ratio" if course.logs else "difference",
        assumptions=(
            Words(
                "Các hệ số dao động theo phân phối chuẩn với hiệp phương sai đã nêu; với một đơn vị can thiệp, dao động ngẫu nhiên "
                "của nó như của các đơn vị so sánh.",
                "The coefficients scatter normally with the covariance named; the chance movement of one treated unit is like the donors'.",
            ),
            *WORKS_BY.values(),
        ),
        diagnostics={"standard_error": error, "donors": len(course.placebos)},
        frame=pd.DataFrame(rows, columns=["restriction", "m", "low", "high"]),
        breakdown=_break(lambda m: relative_holds(course, m, 0.0, given, level, seed), MOST_RELATIVE),
        breakdown_smooth=_break(lambda m: _inside(smooth(m)), 50 * step) if course.before.sum() > 1 else None,
        logs=course.logs,
        measure=course.measure,
        outcome_label=outcome_label,
        unit_label=unit_label,
        synthetic=synthetic,
        source=source or Words("", ""),
    )


def _inside(ends: tuple[float, float]) -> bool:
    return ends[0] <= 0 <= ends[1]


def _break(holds: Callable[[float], bool], most: float) -> float | None:
    """Return the smallest size with which zero is not rejected, to 1/4096 of the most; None beyond that."""
    if holds(0.0):
        return 0.0
    if not holds(most):
        return None
    low, high = 0.0, most
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
