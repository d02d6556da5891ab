"""What the certainty of evidence is graded on: what was looked at, and what was seen; None where nobody looked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.effects.checks.verdicts import FAILS, HOLDS, UNTRIED
from evaluation.effects.effect import Effect
from evaluation.effects.study import LEVEL_FACTOR, Study
from evaluation.language import Words
from evaluation.monitoring.looks.multiple_testing import holm

if TYPE_CHECKING:
    from evaluation.effects.checks.verdicts import Checks

APPRECIABLE = 0.25
# What a check that failed, or that held, says of a ground; a doubtful one leaves it open.
_FROM_CHECKS = {
    "pre_trends": "pre_trend",
    "missing_reports": "missing_decides",
    "spill_over": "spill_over",
    "regime_changes": "reporting_changed",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Grounds:
    """What is known about one outcome's evidence beside its estimate.

    Attributes
    ----------
    randomised : bool
        Whether chance chose the treated units.
    others : tuple of Effect
        The same outcome of the same pilot by other designs.
    negative_controls : tuple of Effect or None
        Effects on outcomes that the pilot cannot move.
    controls_moved : tuple of int or None
        k of m such outcomes that moved, where their effects are not at hand.
    pre_trend : bool or None
        Whether treated and comparison units were seen to part before the start.
    breakdown : float or None
        How many times the largest violation before the start one after it may
        be before the effect can no longer be told from none.
    peaks_matched : bool or None
        Whether the comparison units had peaks like the treated ones.
    start_recorded : bool or None
        Whether the start comes from a record made apart from the outcomes.
    spill_over : bool or None
        Whether the pilot was seen to reach comparison units.
    other_change : bool or None
        Whether another programme, or a change of enforcement effort, began in
        the treated units near the start.
    missing : float or None
        Part of unit-periods without a report, 0 to 1.
    missing_decides : bool or None
        Whether plausible values of missing reports could turn the finding.
    reporting_changed : bool or None
        Whether the form or the office that counts changed near the start in the treated units.
    measured_apart : bool or None
        Whether those who count are others than those who run the pilot.
    registered_before : bool or None
        Whether the analysis plan was registered before outcomes after the start had come in.
    unreported : int or None
        Planned results that were not reported.
    indirect : Words or None
        Why what was measured is not quite what was asked; None where it is.
    dose_response : bool or None
        Whether more of the pilot went with more of the effect.
    opposing : Words or None
        Why what could not be adjusted for would rather hide the effect.
    appreciable : float
        Smallest effect that would matter, as a part of what would have been.
    """

    randomised: bool = False
    others: tuple[Effect, ...] = ()
    negative_controls: tuple[Effect, ...] | None = None
    controls_moved: tuple[int, int] | None = None
    pre_trend: bool | None = None
    breakdown: float | None = None
    peaks_matched: bool | None = None
    start_recorded: bool | None = None
    spill_over: bool | None = None
    other_change: bool | None = None
    missing: float | None = None
    missing_decides: bool | None = None
    reporting_changed: bool | None = None
    measured_apart: bool | None = None
    registered_before: bool | None = None
    unreported: int | None = None
    indirect: Words | None = None
    dose_response: bool | None = None
    opposing: Words | None = None
    appreciable: float = field(default=APPRECIABLE)

    def __post_init__(self) -> None:
        if not 0 < self.appreciable < 1:
            raise ValueError(
                f"appreciable={self.appreciable} phải lớn hơn 0 và nhỏ hơn 1. / appreciable={self.appreciable} must be above 0 and below 1."
            )
        if self.missing is not None and not 0 <= self.missing <= 1:
            raise ValueError(f"missing={self.missing} phải từ 0 đến 1. / missing={self.missing} must be from 0 to 1.")


def grounds(study: Study, checks: Checks | None = None, **known: Any) -> Grounds:
    """Return the grounds of a study's evidence: what the study itself and its checks tell, and what else is known.

    Parameters
    ----------
    study : Study
        Tells the part of unit-periods without a report, and whether the
        comparison units' peaks are like the treated ones'.
    checks : Checks, optional
        `effects.checks.gathered.checks`. Failed and held checks of trends
        before the start, missing reports, spill-over, reporting changes and negative
        controls say so; doubtful and untried ones leave the ground open.
    **known
        Further fields of `Grounds`; they go before what study and checks tell.
    """
    _, _, top, bottom = study.arrays()
    units = sorted(study.panel["unit"].unique())
    taking_part = np.isin(units, [*study.treated, *study.donors])
    seen = np.isfinite(top[taking_part]) & np.isfinite(bottom[taking_part])
    own = study.eligibility[study.eligibility["reason"] == "treated"]["peak"].mean()
    peaks = study.eligibility.loc[study.eligibility["unit"].isin(study.donors), "peak"]
    matched = bool(len(peaks) and math.isfinite(own) and peaks.between(own / LEVEL_FACTOR, own * LEVEL_FACTOR).all()) if own > 0 else None
    told: dict[str, Any] = {"missing": float(1 - seen.mean()) if seen.size else None, "peaks_matched": matched}
    return Grounds(**(told | _checked(checks) | known))


def _checked(checks: Checks | None) -> dict[str, Any]:
    """Return what the checks say of the grounds."""
    if checks is None:
        return {}
    verdicts = {c.id: c.verdict for c in checks.found}
    told: dict[str, Any] = {
        ground: verdicts[name] == FAILS for name, ground in _FROM_CHECKS.items() if verdicts.get(name) in (FAILS, HOLDS)
    }
    if verdicts.get("anticipation") == FAILS:
        told["pre_trend"] = True
    violations = next((c for c in checks.found if c.id == "violations" and c.verdict != UNTRIED), None)
    if violations is not None and violations.value is not None:
        told["breakdown"] = violations.value
    controls = checks.results.get("negative_controls")
    if controls is not None and verdicts.get("negative_controls") in (FAILS, HOLDS):
        failed = verdicts["negative_controls"] == FAILS
        # Together they can move by more than chance though none does alone.
        told["controls_moved"] = (max(1, int(controls.estimate or 0)) if failed else 0, controls.n)
    return told


def failed_controls(controls: Sequence[Effect], level: float) -> tuple[int, int]:
    """Return how many negative controls moved, by Holm over all of them, and how many could be tested."""
    p = np.array([np.nan if c.p_value is None else c.p_value for c in controls])
    tested = int(np.isfinite(p).sum())
    return (int((holm(p) <= round(1 - level, 9)).sum()), tested) if tested else (0, 0)
