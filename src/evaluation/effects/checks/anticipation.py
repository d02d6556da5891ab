"""Whether something moved before the start: the periods just before it as if treated, and the estimate with windows left out.

References
----------
Malani, Reif 2015, J. Public Economics 124:1-17 (anticipation and pre-trends).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.basis import Basis, rank_p, said
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import Matrix, NotEnough
from evaluation.language import Words, number, percent
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

WINDOWS = (0, 1, 2, 4)
LEAST_BEFORE = 2
SOME, MUCH = 0.5, 1.0


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Anticipation(Result):
    """The estimate by window left out before the start; `low` and `high` are the smallest and the largest.

    Attributes
    ----------
    frame : DataFrame
        window (periods left out), estimate, p_value (placebo), moved (mean gap
        in the window as if it were treated; NaN at 0), moved_p (its placebo p-value).
    moved : float
        Largest change of the estimate, as a part of what chance moves it.
    before_p : float
        Smallest placebo p-value of the windows just before the start, times their number.
    logs : bool
    measure : str
    """

    frame: pd.DataFrame = field(compare=False)
    moved: float
    before_p: float
    logs: bool
    measure: str

    def summary(self, language: str | None = None) -> str:
        """Return whether the periods just before the start moved, and the estimates by window, in one sentence."""
        speak = language or "en"
        ends = [said(x or 0.0, self.logs, self.measure, speak) for x in (self.low, self.high)]
        return Words(
            "Các kỳ ngay trước khi bắt đầu: p = {p} (đã hiệu chỉnh); bỏ từ 0 đến {most} kỳ thì ước lượng từ {low} đến {high} "
            "(thay đổi nhiều nhất bằng {moved} mức dao động ngẫu nhiên)",
            "The periods just before the start: p = {p} (corrected); with 0 to {most} of them left out the estimate is {low} to {high} "
            "(at most {moved} of what chance moves it)",
        )[speak].format(
            p=number(self.before_p, speak, 3),
            most=number(int(self.frame["window"].max()), speak),
            low=ends[0],
            high=ends[1],
            moved=percent(self.moved, speak, 0),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a window."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict: failed where a window before the start moved or the estimate by more than chance, doubtful beyond half."""
        told = self.before_p <= round(1 - self.level, 9)
        verdict = FAILS if told or self.moved > MUCH else DOUBTFUL if self.moved > SOME else HOLDS
        return Check("anticipation", verdict, self.before_p, Words(self.summary("vi"), self.summary("en")))


def anticipation(of: Basis, windows: Sequence[int] = WINDOWS) -> Anticipation:
    """Return the estimate with windows before the start left out, and whether those windows moved.

    Parameters
    ----------
    of : Basis
    windows : sequence of int
        Periods; those that leave fewer than two before the start are passed over.

    Raises
    ------
    NotEnough
        If no window can be tried.
    """
    import pandas as pd

    panel = of.panel
    first = int(panel.first.min())
    usable = [w for w in sorted(set(windows)) if 0 <= w <= first - LEAST_BEFORE]
    if not usable or max(usable) == 0:
        raise NotEnough("Quá ít kỳ trước khi bắt đầu. / There are too few periods before the start.")
    rows = []
    for w in usable:
        fit, others = _tried(of, replace(panel, anticipation=w))
        moved, moved_p = (np.nan, np.nan)
        if w:
            near, far = _tried(of, as_if_started(panel, first - w, first))
            moved, moved_p = near, rank_p(near, far)
        rows.append((w, fit, rank_p(fit, others), moved, moved_p))
    frame = pd.DataFrame(rows, columns=["window", "estimate", "p_value", "moved", "moved_p"])
    estimates, tests = frame["estimate"].to_numpy(float), frame["moved_p"].dropna().to_numpy(float)
    change = float(np.nanmax(np.abs(estimates - of.fit.estimate)))
    return Anticipation(
        estimand=Words(
            f"{of.study.label.vi}, {of.study.treated_label.vi}: ước lượng khi bỏ các kỳ ngay trước khi bắt đầu",
            f"{of.study.label.en}, {of.study.treated_label.en}: the estimate with the periods just before the start left out",
        ),
        method=Words(
            "Các kỳ ngay trước khi bắt đầu được coi như đã có mô hình; hoán vị giả dược, p nhân với số lần thử (Bonferroni).",
            "The periods just before the start as if the pilot ran; placebo permutation, p times the number of tries (Bonferroni).",
        ),
        estimate=of.fit.estimate,
        low=float(np.nanmin(estimates)),
        high=float(np.nanmax(estimates)),
        level=of.level,
        n=len(frame),
        unit="log ratio" if of.logs else panel.measure,
        diagnostics={"chance": of.chance},
        frame=frame,
        moved=change / of.chance if of.chance > 0 else 0.0,
        before_p=float(min(1.0, tests.min() * len(tests))),
        logs=of.logs,
        measure=panel.measure,
    )


def as_if_started(panel: Matrix, first: int, end: int) -> Matrix:
    """Return the panel up to a period as if the treated units had started earlier, with no window left out."""
    earlier = panel.until(end)
    return replace(earlier, first=np.where(panel.treated, first, end), anticipation=0, phase_in=0)


def _tried(of: Basis, panel: Matrix) -> tuple[float, np.ndarray]:
    """Return the estimate of a panel and those of its donors."""
    return of.design.fit(panel).estimate, np.array([f.estimate for f in of.design.fits(panel, panel.singles)])
