"""Effects of a pilot by outcome with all that bears on them: other designs, checks, certainty, neighbours, and the analysis plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from evaluation.disclosure.effect import usable_until
from evaluation.effects.analysis_plan.departures import Departures, departures, marked
from evaluation.effects.analysis_plan.plan import AnalysisPlan, Method
from evaluation.effects.analysis_plan.registered import RegisteredPlan, plan_study, registered_plans, standing_plan
from evaluation.effects.checks.gathered import checks
from evaluation.effects.checks.negative_controls import control_outcomes
from evaluation.effects.checks.verdicts import FAILS, UNTRIED, Checks
from evaluation.effects.effect import Effect
from evaluation.effects.estimate import estimate_effect
from evaluation.effects.matrix import NotEnough
from evaluation.effects.pilots import pilot_study, placed_pilots, ward_of
from evaluation.effects.study import Study
from evaluation.effects.synthesis.certainty import Certainty, certainty
from evaluation.effects.synthesis.evidence import EvidenceTable, evidence_table
from evaluation.effects.synthesis.grounds import APPRECIABLE, Grounds, grounds
from evaluation.language import Words, halves
from evaluation.monitoring.around.displacement import Displacement, displacement
from evaluation.monitoring.around.rings import rings
from evaluation.monitoring.around.spillover import Spillover, spillover
from evaluation.monitoring.series import ward_series
from evaluation.places import neighbours
from evaluation.plan import Pilot
from evaluation.reporting.calibrations import calibrated_effect
from evaluation.store import EvidenceStore

REACHED = "outreach_reached"
LEVEL = 0.95
MAIN = Method("did", "placebo")
OTHERS = (Method("sdid", "placebo"), Method("sc", "placebo_ratio"))  # rest on other assumptions than the main design


@dataclass(frozen=True, eq=False)
class Estimated:
    """One outcome of a pilot: its study and effect with all that bears on it, or why there is none.

    Attributes
    ----------
    outcome : str
    study : Study
    effect : Effect or None
        By the main design, calibrated.
    problem : Words or None
    others : tuple of Effect
        The same by other designs, not calibrated.
    checks : Checks or None
    certainty : Certainty or None
    """

    outcome: str
    study: Study
    effect: Effect | None
    problem: Words | None = None
    others: tuple[Effect, ...] = ()
    checks: Checks | None = None
    certainty: Certainty | None = None


@dataclass(frozen=True, eq=False)
class Estimates:
    """Effects of one pilot model up to a quarter.

    Attributes
    ----------
    model : Pilot
    store : EvidenceStore
    until : str
        Last quarter.
    start : str or None
        First treated period, where it is known.
    seed : int
    """

    model: Pilot
    store: EvidenceStore
    until: str
    start: str | None
    seed: int

    @property
    def can_be_had(self) -> bool:
        """Whether the plan names a ward and the start is known."""
        return bool(self.model.ward_code and self.start)

    @cached_property
    def plans(self) -> tuple[RegisteredPlan, ...]:
        """All versions of the model's analysis plan that were registered by the date of the question, oldest first."""
        return registered_plans(self.store, self.model.id)

    @cached_property
    def plan(self) -> AnalysisPlan | None:
        """The version that results are held against; None where none was registered."""
        standing = standing_plan(self.plans)
        return None if standing is None else standing.plan

    @property
    def main(self) -> Method:
        """The main design and its inference: the plan's, else the default."""
        return MAIN if self.plan is None else self.plan.methods[0]

    @property
    def others(self) -> tuple[Method, ...]:
        """Further designs: the plan's, else those that rest on other assumptions than the default."""
        return OTHERS if self.plan is None else self.plan.methods[1:]

    def designs_of(self, outcome: str) -> tuple[Method, ...]:
        """Further designs for an outcome: an analysis plan asks for them on its primary outcomes alone."""
        return self.others if self.plan is None or outcome in self.plan.primary else ()

    @property
    def level(self) -> float:
        """Confidence level of intervals and tests: the analysis plan's, else the default."""
        return LEVEL if self.plan is None else self.plan.level

    @property
    def asked(self) -> tuple[str, ...]:
        """Outcomes to estimate: the analysis plan's in its order, then those that the city's plan expects and it leaves out."""
        wanted = () if self.plan is None else (*self.plan.primary, *self.plan.secondary)
        return tuple(dict.fromkeys((*wanted, *self.model.outcome_indicators)))

    @cached_property
    def outcomes(self) -> tuple[Estimated, ...]:
        """Effects by outcome, the first first; empty without a ward or a start, or before anything may be used since then."""
        if not self.can_be_had:
            return ()
        return tuple(self._estimated(name, first=name == self.asked[0]) for name in self.asked if self._begun(name))

    @cached_property
    def table(self) -> EvidenceTable | None:
        """All outcomes together, corrected for their number by family; None where nothing could be estimated."""
        known = [e for e in self.outcomes if e.effect is not None]
        if not known:
            return None
        effects = [effect for e in known for effect in (e.effect, *e.others) if effect is not None]
        graded = [e.certainty for e in known if e.certainty is not None]
        if self.plan is None:
            return evidence_table(effects, graded)
        return evidence_table(effects, graded, roles=self.plan.roles, correction=self.plan.correction)

    @cached_property
    def departures(self) -> Departures:
        """What was done otherwise than planned."""
        done = [effect for e in self.outcomes for effect in (e.effect, *e.others) if effect is not None]
        return departures(self.plans, [*done, *self.controls[1]], [e.study for e in self.outcomes])

    def claim(self, outcome: str) -> Mapping[str, Any]:
        """Return an outcome's row of the evidence table; empty where it has none."""
        rows = {} if self.table is None else self.table.rows.set_index("outcome").to_dict("index")
        return {str(k): v for k, v in rows.get(outcome, {}).items()}

    def family(self, outcome: str) -> int:
        """Return over how many tests an outcome's p-value is corrected: those of its role in the analysis plan."""
        if self.table is None:
            return 0
        rows, role = self.table.rows, self.claim(outcome).get("role")
        return int((rows["p_value"].notna() & (rows["role"] == role)).sum())

    def _begun(self, name: str) -> bool:
        """Whether anything of an outcome since the start may be used."""
        return bool(self.start) and usable_until(self.until, name) >= str(self.start)

    @property
    def interim(self) -> bool:
        """Whether the report's period comes before the last one of the analysis plan."""
        return self.plan is not None and self.until < self.plan.windows.until

    def study(self, name: str) -> Study:
        """Describe the study of an outcome: as the analysis plan has it where there is one, up to what the gate lets a report use."""
        until = usable_until(self.until, name)
        if self.plan is None:
            return pilot_study(self.store, self.model.id, name, until)
        windows = replace(self.plan.windows, until=min(until, usable_until(self.plan.windows.until, name)))
        return plan_study(self.store, replace(self.plan, windows=windows), name)

    @cached_property
    def controls(self) -> tuple[tuple[Study, ...], tuple[Effect, ...]]:
        """Studies of outcomes that the model does not aim at, and their effects by the main design."""
        if not self.can_be_had:
            return (), ()
        names = control_outcomes(self.model.id) if self.plan is None else self.plan.negative_controls
        studies, effects = [], []
        for name in filter(self._begun, names):
            try:
                study = self.study(name)
                effects.append(self._estimate(study, self.main))
                studies.append(study)
            except NotEnough:
                continue
        return tuple(studies), tuple(effects)

    def _estimate(self, study: Study, method: Method, calibrated: bool = False) -> Effect:
        found = estimate_effect(study, method.design, method.judged_by, level=self.level, seed=self.seed)
        if calibrated:
            found = calibrated_effect(found, study, method.design, method.judged_by, self.seed)
        return marked(standing_plan(self.plans), study, found)

    def _estimated(self, name: str, first: bool) -> Estimated:
        """Return an outcome's estimate; tried by all checks where it is the first, or can be told from chance by itself."""
        study = self.study(name)
        try:
            effect = self._estimate(study, self.main, calibrated=True)
        except NotEnough as error:
            return Estimated(name, study, None, halves(str(error)))
        others = tuple(e for m in self.designs_of(name) if (e := self._other(study, m)) is not None)
        tried = self._checked(study) if first or effect.clear else None
        return Estimated(name, study, effect, None, others, tried, certainty(effect, self._grounds(study, others, tried)))

    def _other(self, study: Study, method: Method) -> Effect | None:
        try:
            return self._estimate(study, method)
        except NotEnough:
            return None

    def _checked(self, study: Study) -> Checks:
        return checks(study, self.main.design, self.main.judged_by, controls=self.controls[0], level=self.level, seed=self.seed)

    def _grounds(self, study: Study, others: tuple[Effect, ...], tried: Checks | None) -> Grounds:
        """Return what the evidence on an outcome stands on: what was looked at, and nothing else."""
        found = {} if tried is None else {c.id: c for c in tried.found if c.verdict != UNTRIED}
        failed = {name: c.verdict == FAILS for name, c in found.items()}
        standing = standing_plan(self.plans)
        return grounds(
            study,
            others=others,
            negative_controls=self.controls[1] or None,
            pre_trend=failed.get("pre_trends"),
            breakdown=found["violations"].value if "violations" in found else None,
            missing_decides=failed.get("missing_reports"),
            reporting_changed=failed.get("regime_changes"),
            spill_over=self.spill_over.p_value <= 1 - self.spill_over.level if self.spill_over else None,
            registered_before=None if standing is None else not standing.after_data,
            unreported=None if standing is None else 0,
            appreciable=APPRECIABLE if self.plan is None else self.plan.appreciable,
        )

    @cached_property
    def displacement(self) -> Displacement | None:
        """What was seen around the ward of the people reached, or nothing where the quarters do not allow it."""
        if not self.can_be_had or self.start is None:
            return None
        series = ward_series(self.store, REACHED).until(usable_until(self.until, REACHED))
        others = self._other_wards
        try:
            return displacement(series, rings(self._ward, exclude=others), self.start, seed=self.seed)
        except ValueError:  # too few quarters on a side, or none reported: said in words instead
            return None

    @cached_property
    def spill_over(self) -> Spillover | None:
        """The change of the first outcome in neighbouring wards against wards far away, or nothing where it cannot be had."""
        if not self.can_be_had or self.start is None:
            return None
        others = self._other_wards
        left_out = others | {n for code in others for n in neighbours(code)}
        series = ward_series(self.store, self.asked[0]).until(usable_until(self.until, self.asked[0]))
        try:
            return spillover(series, self._ward, self.start, exclude=sorted(left_out))
        except ValueError:
            return None

    @property
    def _ward(self) -> str:
        return self.model.ward_code or ""

    @property
    def _other_wards(self) -> set[str]:
        return {ward_of(p).code for p in placed_pilots().values()} - {self._ward}
