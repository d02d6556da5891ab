"""The effect over all defensible specifications, and a joint test of them by placebos.

References
----------
Simonsohn, Simmons, Nelson 2020, Nature Human Behaviour 4:1208-1214 (specification curve and its joint tests).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from evaluation.effects.checks.basis import rank_p, said
from evaluation.effects.checks.choices import Choices, combinations
from evaluation.effects.checks.surroundings import Surroundings, pool_of
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.matrix import LOGS, Floats, NotEnough
from evaluation.effects.study import Study
from evaluation.language import Words, number, percent
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

PLACEBOS = 500
MOST = 600
FEWEST_PLACEBOS = 19
ONE_SIDED, MIXED = 0.9, 0.75


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Specifications(Result):
    """Estimates of all specifications; `estimate` is their median, `low` and `high` the smallest and the largest, on the design's scale.

    Attributes
    ----------
    frame : DataFrame
        One row a specification, by estimate: the choices (`choices.DIMENSIONS`),
        estimate, p_value (placebo, of it alone), donors, own (bool: the study's own choices).
    p_median, p_share, p_stouffer : float
        Joint placebo p-values: of the median estimate, of the share of
        specifications that are significant the more frequent way, of the mean normal score.
    share : float
        That share.
    one_side : float
        Part of the specifications on the median's side of no effect.
    placebos : int
        Donors for which the whole curve was made.
    impossible : int
        Combinations that the data did not allow.
    own_p : float
        Placebo p-value of the study's own choices.
    labels : mapping of str to Words
        Of the outcomes.
    logs : bool
    measure : str
    outcome_label, unit_label : Words
    synthetic : bool
    source : Words
    """

    frame: pd.DataFrame = field(compare=False)
    p_median: float
    p_share: float
    p_stouffer: float
    share: float
    one_side: float
    placebos: int
    impossible: int
    own_p: float
    labels: Mapping[str, Words]
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
        """Return the range of the estimates and the joint test, in one sentence."""
        speak = language or "en"
        low, middle, high = (self.said(x or 0.0, speak) for x in (self.low, self.estimate, self.high))
        return Words(
            "{n} cách phân tích hợp lý cho ước lượng từ {low} đến {high}, trung vị {middle}, {side} cùng một phía, "
            "{share} có ý nghĩa riêng lẻ; kiểm định chung so với {m} giả dược: p = {p} (trung vị)",
            "{n} defensible specifications give {low} to {high}, median {middle}, {side} on one side, {share} significant singly; "
            "jointly against {m} placebos p = {p} (median)",
        )[speak].format(
            n=number(self.n, speak),
            low=low,
            high=high,
            middle=middle,
            side=percent(self.one_side, speak, 0),
            share=percent(self.share, speak, 0),
            m=number(self.placebos, speak),
            p=number(self.p_median, speak, 3),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a specification, by estimate."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict.

        The study's own test and the joint test of the median should say the
        same: doubtful where they do not, or where under nine of ten
        specifications lie on one side of a result that is told from chance;
        failed where under three of four do.
        """
        level = round(1 - self.level, 9)
        told, jointly = self.own_p <= level, self.p_median <= level
        split = told and self.one_side < ONE_SIDED
        verdict = FAILS if told and self.one_side < MIXED else DOUBTFUL if told != jointly or split else HOLDS
        return Check("specifications", verdict, self.p_median, Words(self.summary("vi"), self.summary("en")))


def specifications(
    study: Study,
    choices: Choices | None = None,
    *,
    variants: Sequence[Study] = (),
    near: Mapping[str, Collection[str]] | None = None,
    groups: Mapping[str, str] | None = None,
    residents: Mapping[tuple[str, Any], float] | None = None,
    most: int | None = MOST,
    placebos: int = PLACEBOS,
    level: float = 0.95,
    seed: int = 0,
) -> Specifications:
    """Estimate an effect by all defensible specifications, and test them jointly.

    Parameters
    ----------
    study : Study
        With one start; several treated units are one area.
    choices : Choices, optional
    variants : sequence of Study
        The same question by other indicators of the same measure.
    near : mapping of unit to units, optional
        Neighbours; the map's where all units are wards of the city and nothing is given.
    groups : mapping of unit to str, optional
        District of each unit; as above.
    residents : mapping of (unit, period) to float, optional
        For counts per residents; the census' as above.
    most : int or None
        A random part of so many specifications where there are more; None for all.
    placebos : int
        A random part of so many donors for which the curve is made.
    level : float
    seed : int
        Of both random parts.

    Raises
    ------
    NotEnough
        If starts differ, fewer than 19 donors can be placebos, or the study's own choices give no estimate.
    ValueError
        If a variant has another measure, unit or start.

    Notes
    -----
    Under the null of no effect anywhere the treated unit is one of the
    donors. So the whole curve is made for each placebo, by its own donors
    under each rule, and the treated unit's median, share of significant
    specifications and mean normal score are ranked among theirs. Each
    specification's own p-value is the rank within it. A placebo never has
    the treated unit or its neighbours among its donors.
    """
    if len(set(study.starts.values())) != 1:
        raise NotEnough("Các đơn vị bắt đầu ở các kỳ khác nhau. / The treated units start at different times.")
    for other in variants:
        if (other.measure, other.starts) != (study.measure, study.starts):
            raise ValueError(
                f"{other.outcome}: variants phải cùng loại số liệu, đơn vị và thời điểm bắt đầu. / "
                f"variants must have the same measure, units and start."
            )
    around = Surroundings.of(study, near, groups, residents)
    studies = {s.outcome: s for s in (study, *variants)}
    wanted = combinations(
        choices or Choices(),
        list(studies),
        study.measure,
        near=around.near is not None,
        groups=around.groups is not None,
        seasonal=around.season > 1,
        residents=around.residents is not None,
        most=most,
        seed=seed,
    )
    chosen = sorted(study.donors)
    if len(chosen) > placebos:
        chosen = sorted(np.random.default_rng(seed + 1).choice(chosen, placebos, replace=False))
    if len(chosen) < FEWEST_PLACEBOS:
        raise NotEnough(
            f"Chỉ có {len(chosen)} đơn vị so sánh, cần ít nhất {FEWEST_PLACEBOS}. / "
            f"There are only {len(chosen)} donors; {FEWEST_PLACEBOS} are needed."
        )
    found = np.full((len(chosen) + 1, len(wanted)), np.nan)
    donors = np.zeros(len(wanted), dtype=np.int64)
    for name, one in studies.items():
        places = [i for i, s in enumerate(wanted) if s.outcome == name]
        found[:, places], donors[places] = pool_of(one, around, chosen).estimates([wanted[i] for i in places])
    if not np.isfinite(found[0, 0]):
        raise NotEnough("Cách phân tích của chính nghiên cứu không cho ước lượng. / The study's own specification gives no estimate.")
    return _result(study, studies, wanted, found, donors, level)


def _result(study: Study, studies: Mapping[str, Study], wanted: Sequence[Any], found: Floats, donors: Any, level: float) -> Specifications:
    import pandas as pd

    usable = np.isfinite(found[0]) & (np.isfinite(found).sum(axis=0) > FEWEST_PLACEBOS)
    kept = np.flatnonzero(usable)
    made = found[:, kept]
    whole = np.isfinite(made).mean(axis=1) >= 0.5  # a placebo with half of the curve has one
    made = made[whole]
    p = ranks(made)
    joint = joint_test(made, p, level)
    frame = pd.DataFrame([vars(wanted[int(i)]) for i in kept]).assign(estimate=made[0], p_value=p[0], donors=donors[kept], own=kept == 0)
    middle = float(np.median(made[0]))
    frame = frame.sort_values("estimate", kind="stable", ignore_index=True)
    return Specifications(
        estimand=Words(
            f"{study.label.vi}, {study.treated_label.vi}: tác động theo các cách phân tích hợp lý",
            f"{study.label.en}, {study.treated_label.en}: the effect by defensible specifications",
        ),
        method=Words(
            "Đường cong các cách phân tích và kiểm định chung (Simonsohn, Simmons và Nelson 2020), bằng giả dược.",
            "Specification curve and its joint tests (Simonsohn, Simmons and Nelson 2020), by placebos.",
        ),
        estimate=middle,
        low=float(made[0].min()),
        high=float(made[0].max()),
        level=level,
        n=len(kept),
        unit="log ratio" if study.measure in LOGS else study.measure,
        assumptions=(
            Words(
                "Nếu không có tác động ở đâu, đơn vị thí điểm là một trong các đơn vị so sánh.",
                "Without an effect anywhere the pilot's unit is one of the donors.",
            ),
        ),
        diagnostics={"placebos": int(whole.sum()) - 1, "combinations": len(wanted)},
        frame=frame,
        p_median=joint[0],
        p_share=joint[1],
        p_stouffer=joint[2],
        share=joint[3],
        one_side=float((np.sign(made[0]) == np.sign(middle)).mean()) if middle else 0.5,
        placebos=int(whole.sum()) - 1,
        impossible=len(wanted) - len(kept),
        own_p=float(p[0, 0]),
        labels={name: s.label for name, s in studies.items()},
        logs=study.measure in LOGS,
        measure=study.measure,
        outcome_label=study.label,
        unit_label=study.treated_label,
        synthetic=study.synthetic,
        source=study.source,
    )


def ranks(found: Floats) -> Floats:
    """Return two-sided placebo p-values of all estimates within their specification, rows x specifications; NaN stays NaN."""
    size = np.abs(found)
    known = np.isfinite(size)
    filled = np.where(known, size, -1.0)
    ordered = np.sort(filled, axis=0)
    # How many of all rows are at least as large: the own one counts.
    below = np.empty(size.shape)
    for j in range(size.shape[1]):
        below[:, j] = np.searchsorted(ordered[:, j], filled[:, j], side="left")
    p = (len(size) - below) / known.sum(axis=0)
    return np.where(known, p, np.nan)


def joint_test(found: Floats, p: Floats, level: float) -> tuple[float, float, float, float]:
    """Return joint p-values of the first row (median, share significant, mean normal score) and its share of significant ones.

    Parameters
    ----------
    found, p : ndarray of shape (1 + placebos, specifications)
        Estimates and their own p-values; NaN where there is none.
    level : float
    """
    middle = np.nanmedian(found, axis=1)
    significant = p <= round(1 - level, 9)
    known = np.isfinite(found).sum(axis=1)
    shares = np.maximum((significant & (found > 0)).sum(axis=1), (significant & (found < 0)).sum(axis=1)) / known
    # A rank of 1 in n is the middle of its step: else its score would be infinite.
    n = np.isfinite(found).sum(axis=0)
    scores = np.sign(found) * stats.norm.isf((p - 0.5 / n) / 2)
    mean = np.nanmean(scores, axis=1)
    return rank_p(middle[0], middle[1:]), rank_p(shares[0], shares[1:]), rank_p(mean[0], mean[1:]), float(shares[0])
