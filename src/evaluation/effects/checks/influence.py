"""Whether an effect hangs on single donors, and whether its fit before the start is as good as a placebo's.

References
----------
Abadie, Diamond, Hainmueller 2015, American J. Political Science 59:495-510 (leave-one-out).
Abadie, Diamond, Hainmueller 2010, JASA 105:493-505 (cut-offs of the pre-period MSPE).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.checks.basis import Basis, said
from evaluation.effects.checks.event_course import unit_scales
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import NotEnough, one_start
from evaluation.language import Words, number, percent
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

LEAST_WEIGHT = 1e-6
# Of what chance moves an estimate: under half of it no donor matters, beyond all of it one alone carries the result.
SOME, MUCH = 0.5, 1.0
# MSPE before the start over the median placebo's. Abadie, Diamond and Hainmueller (2010) leave out placebos whose MSPE is
# over twice, five times and twenty times the treated unit's, as no longer comparable: here the same cut-offs the other way.
POOR, VERY_POOR = 2.0, 5.0


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Influence(Result):
    """The estimate without each donor; `low` and `high` are the smallest and the largest of them, on the design's scale.

    Attributes
    ----------
    frame : DataFrame
        unit, weight, estimate (without it), change; largest change first.
    moved : float
        Largest change as a part of what chance moves an estimate (root mean square of placebo estimates).
    logs : bool
    measure : str
    outcome_label, unit_label : Words
    synthetic : bool
    source : Words
    """

    frame: pd.DataFrame = field(compare=False)
    moved: float
    logs: bool
    measure: str
    outcome_label: Words
    unit_label: Words
    synthetic: bool = False
    source: Words = field(default_factory=lambda: Words("", ""))

    def said(self, x: float, language: str) -> str:
        """Write an estimate for a reader."""
        return said(x, self.logs, self.measure, language)

    def summary(self, language: str | None = None) -> str:
        """Return in one sentence how far leaving out one donor moves the estimate."""
        speak = language or "en"
        estimate, low, high = (self.said(x or 0.0, speak) for x in (self.estimate, self.low, self.high))
        return Words(
            "Bỏ từng đơn vị so sánh ({n} đơn vị có trọng số), ước lượng {estimate} thành từ {low} đến {high}: "
            "thay đổi nhiều nhất bằng {moved} mức dao động ngẫu nhiên",
            "Leaving out one donor at a time ({n} with a weight), the estimate of {estimate} becomes {low} to {high}: "
            "at most {moved} of what chance moves it",
        )[speak].format(n=number(self.n, speak), estimate=estimate, low=low, high=high, moved=percent(self.moved, speak, 0))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a donor."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict: doubtful beyond half of what chance moves an estimate, failed beyond all of it."""
        verdict = HOLDS if self.moved <= SOME else DOUBTFUL if self.moved <= MUCH else FAILS
        return Check("influence", verdict, self.moved, Words(self.summary("vi"), self.summary("en")))


def influence(of: Basis) -> Influence:
    """Return the estimate without each donor that has a weight.

    Raises
    ------
    NotEnough
        If the design has no weights to leave out, or only one donor has one.
    """
    import pandas as pd

    panel, weights = of.panel, of.fit.weights
    places = [int(i) for i in np.flatnonzero(~panel.treated & (np.abs(weights) > LEAST_WEIGHT))]
    if len(places) < 2 or len(panel.units) - int(panel.treated.sum()) < 3:
        raise NotEnough("Cần ít nhất hai đơn vị so sánh có trọng số. / At least two donors with a weight are needed.")
    found = np.array([of.design.estimate(panel.without([i])) for i in places])
    change = found - of.fit.estimate
    frame = pd.DataFrame({"unit": [panel.units[i] for i in places], "weight": weights[places], "estimate": found, "change": change})
    frame = frame.iloc[np.argsort(-np.abs(change), kind="stable")].reset_index(drop=True)
    return Influence(
        estimand=Words(
            f"{of.study.label.vi}, {of.study.treated_label.vi}: ước lượng khi bỏ từng đơn vị so sánh",
            f"{of.study.label.en}, {of.study.treated_label.en}: the estimate without each donor",
        ),
        method=Words(
            "Bỏ từng đơn vị so sánh có trọng số và ước lượng lại (Abadie, Diamond và Hainmueller 2015).",
            "Each donor with a weight left out and the estimate made again (Abadie, Diamond and Hainmueller 2015).",
        ),
        estimate=of.fit.estimate,
        low=float(np.nanmin(found)),
        high=float(np.nanmax(found)),
        level=of.level,
        n=len(places),
        unit="log ratio" if of.logs else panel.measure,
        diagnostics={"chance": of.chance},
        frame=frame,
        moved=float(np.nanmax(np.abs(change)) / of.chance) if of.chance > 0 else 0.0,
        logs=of.logs,
        measure=panel.measure,
        **of.shared(),
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PreFit(Result):
    """The error before the start among those of placebos; `estimate` is the RMSPE.

    Attributes
    ----------
    ratio : float
        MSPE over the median of the placebos', each brought to the treated unit's size.
    rank : int
        Place among the placebos and the treated unit, the best fit being 1.
    of : int
        How many are ranked.
    """

    ratio: float
    rank: int
    of: int

    def summary(self, language: str | None = None) -> str:
        """Return how well the design fits before the start among placebos, in one sentence."""
        speak = language or "en"
        return Words(
            "Sai số bình phương trước khi bắt đầu bằng {ratio} lần mức trung vị của giả dược (thứ {rank} trên {of}, tốt nhất là 1)",
            "The squared error before the start is {ratio} times the median placebo's (place {rank} of {of}, the best being 1)",
        )[speak].format(ratio=number(self.ratio, speak, 2), rank=number(self.rank, speak), of=number(self.of, speak))

    def check(self) -> Check:
        """Return the verdict: doubtful from twice the median placebo's squared error on, failed from five times on."""
        verdict = HOLDS if self.ratio < POOR else DOUBTFUL if self.ratio < VERY_POOR else FAILS
        return Check("fit", verdict, self.ratio, Words(self.summary("vi"), self.summary("en")))


def pre_fit(of: Basis) -> PreFit:
    """Return the error before the start among the errors of placebos.

    Raises
    ------
    NotEnough
        If nothing is known before the start.

    Notes
    -----
    A small unit's rates scatter more: placebos' gaps are brought to the
    treated unit's size as for the covariance of its course.
    """
    before, _ = one_start(of.panel)
    own = of.fit.rmspe(before)
    gaps = np.array([f.gap for f in of.placebos])
    known = np.isfinite(gaps[:, before]).any(axis=1)
    if not np.isfinite(own) or not known.any():
        raise NotEnough("Không có sai số trước khi bắt đầu để so sánh. / There is no error before the start to compare.")
    donors = np.flatnonzero(~of.panel.treated)[known]
    scaled = gaps[known][:, before] * unit_scales(of.panel, gaps[known], donors)[:, None]
    errors = np.sqrt(np.nanmean(scaled**2, axis=1))
    middle = float(np.median(errors))
    return PreFit(
        estimand=Words(
            f"{of.study.label.vi}, {of.study.treated_label.vi}: độ khớp trước khi bắt đầu",
            f"{of.study.label.en}, {of.study.treated_label.en}: fit before the start",
        ),
        method=Words(
            "Sai số (RMSPE) trước khi bắt đầu so với giả dược (Abadie, Diamond và Hainmueller 2010).",
            "Error (RMSPE) before the start against placebos (Abadie, Diamond and Hainmueller 2010).",
        ),
        estimate=own,
        n=len(errors),
        unit="log ratio" if of.logs else of.panel.measure,
        diagnostics={"median_placebo": middle},
        ratio=(own / middle) ** 2 if middle > 0 else (1.0 if own == 0 else float("inf")),
        rank=int(1 + (errors < own).sum()),
        of=len(errors) + 1,
    )
