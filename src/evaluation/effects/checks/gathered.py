"""All checks of one effect, each tried by its own rule, in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluation.effects.checks.anticipation import anticipation
from evaluation.effects.checks.basis import Basis, basis
from evaluation.effects.checks.event_course import EventCourse, event_course
from evaluation.effects.checks.influence import influence, pre_fit
from evaluation.effects.checks.missing_reports import missing_reports
from evaluation.effects.checks.negative_controls import NegativeControls, negative_controls
from evaluation.effects.checks.pre_trends import pre_trends
from evaluation.effects.checks.regime_changes import regime_changes
from evaluation.effects.checks.specifications import specifications
from evaluation.effects.checks.spill_over import spill_over
from evaluation.effects.checks.verdicts import HOLDS, UNTRIED, Check, Checks
from evaluation.effects.checks.violations import violations
from evaluation.effects.design import Design
from evaluation.effects.matrix import NotEnough
from evaluation.effects.study import Study
from evaluation.language import Words, halves
from evaluation.monitoring.series import DocumentedChange
from evaluation.results import Result


def checks(
    study: Study,
    design: str | Design = "did",
    judged_by: str = "placebo",
    *,
    controls: Sequence[Study] = (),
    changes: Sequence[DocumentedChange] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Checks:
    """Try what an effect stands on: trends, fit, donors, controls, windows, reporting, spill-over and specifications.

    Parameters
    ----------
    study : Study
        With one start.
    design : str or Design
        The design whose estimate is checked.
    judged_by : str
        The inference that the report uses; the checks themselves compare with placebos.
    controls : sequence of Study
        The same study on outcomes that the pilot cannot move (`control_studies`).
    changes : sequence of DocumentedChange, optional
        Of reporting; those of the form where left out.
    level : float
    seed : int

    Returns
    -------
    Checks
        A check that could not be tried says why; none is left out.
    """
    asked = _Asked(study, design, tuple(controls), changes, level, seed)
    found: list[Check] = []
    results: dict[str, Result] = {}
    for name in _TRIES:
        try:
            result = _TRIES[name](asked)
        except NotEnough as why:
            found.append(Check(name, UNTRIED, None, halves(str(why))))
            continue
        found.append(result.check())
        results[name] = result
    tried = [c for c in found if c.verdict != UNTRIED]
    return Checks(
        estimand=Words(
            f"{study.label.vi}, {study.treated_label.vi}: các phép kiểm tra tác động",
            f"{study.label.en}, {study.treated_label.en}: checks of the effect",
        ),
        method=Words(
            "Mỗi phép kiểm tra theo một quy tắc định trước; kết luận không gộp lại thành điểm.",
            "Each check by a rule set beforehand; the verdicts are not added up to a score.",
        ),
        estimate=sum(c.verdict == HOLDS for c in tried) / len(tried) if tried else None,
        level=level,
        n=len(tried),
        unit="share",
        found=tuple(found),
        outcome_label=study.label,
        unit_label=study.treated_label,
        design=design if isinstance(design, str) else design.id,
        judged_by=judged_by,
        results=results,
        synthetic=study.synthetic,
        source=study.source,
    )


@dataclass(frozen=True, eq=False)
class _Asked:
    """What was asked, with what several checks share."""

    study: Study
    design: str | Design
    controls: tuple[Study, ...]
    changes: Sequence[DocumentedChange] | None
    level: float
    seed: int

    @cached_property
    def basis(self) -> Basis:
        return basis(self.study, self.design, level=self.level)

    @cached_property
    def course(self) -> EventCourse:
        return event_course(self.basis.design, self.basis.panel, self.basis.fit, list(self.basis.placebos))


def _controls(a: _Asked) -> NegativeControls:
    if not a.controls:
        raise NotEnough("Chưa nêu chỉ tiêu đối chứng (controls=). / No control outcomes are given (controls=).")
    return negative_controls(a.controls, a.design, level=a.level)


_TRIES: dict[str, Callable[[_Asked], Any]] = {
    "pre_trends": lambda a: pre_trends(a.course, level=a.level, **a.basis.shared()),
    "violations": lambda a: violations(a.course, level=a.level, seed=a.seed, **a.basis.shared()),
    "fit": lambda a: pre_fit(a.basis),
    "influence": lambda a: influence(a.basis),
    "negative_controls": _controls,
    "anticipation": lambda a: anticipation(a.basis),
    "regime_changes": lambda a: regime_changes(a.basis, a.changes),
    "missing_reports": lambda a: missing_reports(a.basis, seed=a.seed),
    "spill_over": lambda a: spill_over(a.basis),
    "specifications": lambda a: specifications(a.study, level=a.level, seed=a.seed),
}
