"""The same study on outcomes that the pilot cannot move: an effect there is a fault of the study.

References
----------
Lipsitch, Tchetgen Tchetgen, Cohen 2010, Epidemiology 21:383-388. Holm 1979, Scandinavian J. Statistics 6:65-70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.checks.basis import Basis, basis, said
from evaluation.effects.checks.verdicts import DOUBTFUL, FAILS, HOLDS, Check
from evaluation.effects.design import Design
from evaluation.effects.matrix import NotEnough
from evaluation.effects.pilots import pilot_study
from evaluation.effects.study import Study
from evaluation.indicators import indicators
from evaluation.language import Words, number
from evaluation.monitoring.looks.multiple_testing import holm
from evaluation.plan import pilot as pilot_named
from evaluation.plan import pilots
from evaluation.results import Result
from evaluation.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NegativeControls(Result):
    """Effects on outcomes that the pilot cannot move; `estimate` is how many were told from chance after correction.

    Attributes
    ----------
    frame : DataFrame
        outcome, label_vi, label_en, measure, estimate (on the design's scale),
        written_vi, written_en, p_value, corrected (Holm), donors; NaN where
        the study could not be made.
    p_joint : float
        Placebo p-value of all controls together: the mean squared estimate,
        each over its own chance, among the same of the donors that have all.
    smallest_joint : float
    refused : tuple of (str, Words)
        Outcomes that could not be studied, and why.
    """

    frame: pd.DataFrame = field(compare=False)
    p_joint: float
    smallest_joint: float
    refused: tuple[tuple[str, Words], ...]

    @property
    def moved(self) -> int:
        """Controls told from chance after correction."""
        return int((self.frame["corrected"] <= round(1 - self.level, 9)).sum())

    def summary(self, language: str | None = None) -> str:
        """Return how many controls moved and the joint test, in one sentence."""
        speak = language or "en"
        return Words(
            "Trong {n} chỉ tiêu mà mô hình không thể tác động, {alone} có p dưới mức riêng lẻ, {moved} sau hiệu chỉnh; "
            "kiểm định chung p = {p} (nhỏ nhất có thể: {least})",
            "Of {n} outcomes that the pilot cannot move, {alone} are told from chance singly and {moved} after correction; "
            "jointly p = {p} (smallest possible: {least})",
        )[speak].format(
            n=number(self.n, speak),
            alone=number(int((self.frame["p_value"] <= round(1 - self.level, 9)).sum()), speak),
            moved=number(self.moved, speak),
            p=number(self.p_joint, speak, 3),
            least=number(self.smallest_joint, speak, 3),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a control."""
        return self.frame.copy()

    def check(self) -> Check:
        """Return the verdict: failed where controls moved jointly or one does after correction; doubtful at twice that level."""
        level = round(1 - self.level, 9)
        verdict = FAILS if self.p_joint <= level or self.moved else DOUBTFUL if self.p_joint <= 2 * level else HOLDS
        return Check("negative_controls", verdict, self.p_joint, Words(self.summary("vi"), self.summary("en")))


def control_outcomes(pilot: str) -> tuple[str, ...]:
    """Return outcomes that wards report, that other pilots of the plan aim at and this one does not.

    Parameters
    ----------
    pilot : str

    Notes
    -----
    That a pilot does not aim at an outcome does not prove that it cannot move
    it: outcomes counted from the same people or the same places as its own
    (a shared numerator or denominator) are left out here, others need
    judgement, and the choice belongs into the plan of analysis.
    """
    own = set(pilot_named(pilot).outcome_indicators)
    known = indicators()
    touched = {e for name in own if name in known for e in known[name].elements}
    others = [name for p in pilots().values() if p.id != pilot for name in p.outcome_indicators]
    return tuple(
        name
        for name in dict.fromkeys(others)
        if name not in own
        and known[name].kind == "outcome"
        and known[name].level == "ward"
        and known[name].reported
        and not touched & set(known[name].elements)
    )


def control_studies(store: EvidenceStore, pilot: str, outcomes: Sequence[str] | None = None, **options: Any) -> tuple[Study, ...]:
    """Return a pilot's study on outcomes that it cannot move.

    Parameters
    ----------
    store : EvidenceStore
    pilot : str
        Id of a pilot that the plan places in a ward.
    outcomes : sequence of str, optional
        `control_outcomes(pilot)` where left out.
    **options
        As `effects.pilots.pilot_study`.
    """
    return tuple(pilot_study(store, pilot, name, **options) for name in (control_outcomes(pilot) if outcomes is None else outcomes))


def negative_controls(studies: Sequence[Study], design: str | Design = "did", *, level: float = 0.95) -> NegativeControls:
    """Return the effects of a study on outcomes that its pilot cannot move, with a joint test.

    Parameters
    ----------
    studies : sequence of Study
        One for each control, of the same treated units and start.
    design : str or Design
    level : float

    Raises
    ------
    NotEnough
        If none of them can be studied.
    ValueError
        If they differ in treated units or start.

    Notes
    -----
    With as many controls as there are, a correction for each alone can put
    the level below what a placebo test can reach; the joint test does not.
    """
    import pandas as pd

    if len({(tuple(sorted(s.treated)), s.start) for s in studies}) > 1:
        raise ValueError(
            "Các chỉ tiêu đối chứng phải cùng đơn vị và thời điểm bắt đầu. / Controls must have the same treated units and start."
        )
    made: list[Basis] = []
    refused: list[tuple[str, Words]] = []
    for study in studies:
        try:
            made.append(basis(study, design, level=level))
        except NotEnough as why:
            vi, _, en = str(why).partition(" / ")
            refused.append((study.outcome, Words(vi, en or vi)))
    if not made:
        raise NotEnough("Không chỉ tiêu đối chứng nào nghiên cứu được. / None of the control outcomes could be studied.")
    ps = [b.p_value for b in made]
    rows = [
        (
            b.study.outcome,
            b.study.label.vi,
            b.study.label.en,
            b.panel.measure,
            b.fit.estimate,
            said(b.fit.estimate, b.logs, b.panel.measure, "vi"),
            said(b.fit.estimate, b.logs, b.panel.measure, "en"),
            p,
            c,
            len(b.sizes),
        )
        for b, p, c in zip(made, ps, holm(ps), strict=True)
    ]
    joint, smallest = _joint(made)
    columns = ["outcome", "label_vi", "label_en", "measure", "estimate", "written_vi", "written_en", "p_value", "corrected", "donors"]
    frame = pd.DataFrame(rows, columns=columns)
    first = made[0].study
    return NegativeControls(
        estimand=Words(
            f"{first.treated_label.vi}: tác động lên các chỉ tiêu mà mô hình không thể làm thay đổi",
            f"{first.treated_label.en}: effects on outcomes that the pilot cannot move",
        ),
        method=Words(
            "Cùng nghiên cứu trên các chỉ tiêu đối chứng âm tính (Lipsitch và cộng sự 2010); hiệu chỉnh Holm; kiểm định chung.",
            "The same study on negative-control outcomes (Lipsitch et al. 2010); Holm's correction; jointly by placebos.",
        ),
        estimate=float((frame["corrected"] <= round(1 - level, 9)).sum()),
        level=level,
        n=len(frame),
        unit="count",
        assumptions=(Words("Mô hình không thể làm thay đổi các chỉ tiêu này.", "The pilot cannot move these outcomes."),),
        frame=frame,
        p_joint=joint,
        smallest_joint=smallest,
        refused=tuple(refused),
    )


def _joint(made: Sequence[Basis]) -> tuple[float, float]:
    """Return the rank of the pilot's mean squared estimate among donors', and the smallest that it could be.

    Donors that lack a control take their mean over those that they have; they need half of them.
    """
    parts: dict[str, list[float]] = {}
    own = []
    for b in made:
        scale = b.chance or 1.0
        own.append((b.fit.estimate / scale) ** 2)
        names = [b.panel.units[i] for i in np.flatnonzero(~b.panel.treated)]
        for name, f in zip(names, b.placebos, strict=True):
            if np.isfinite(f.estimate):
                parts.setdefault(name, []).append((f.estimate / scale) ** 2)
    enough = [np.mean(v) for v in parts.values() if len(v) >= len(made) / 2]
    value = float(np.mean(own))
    return (1 + sum(x >= value for x in enough)) / (len(enough) + 1), 1 / (len(enough) + 1)
