"""What was done otherwise than planned: every departure named, planned analyses that were not reported among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.analysis_plan.plan import AnalysisPlan, Method
from evaluation.effects.analysis_plan.registered import RegisteredPlan, standing_plan
from evaluation.effects.designs import design as design_named
from evaluation.effects.effect import Effect
from evaluation.effects.inference import LABELS
from evaluation.effects.study import Study
from evaluation.indicators import indicators
from evaluation.language import Words, listed, number, percent, uncapitalised, words
from evaluation.periods import said_period
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

PLANNED, EXPLORATORY = "planned", "exploratory"
KINDS = ("no_plan", "after_data", "changed", "pilot", "outcome", "method", "start", "windows", "until", "donors", "level", "unreported")
_FIELDS = {
    "question": Words("câu hỏi", "question"),
    "estimand": Words("đại lượng cần ước lượng", "estimand"),
    "primary": Words("kết quả chính", "primary outcomes"),
    "secondary": Words("kết quả phụ", "secondary outcomes"),
    "negative_controls": Words("đối chứng âm", "negative controls"),
    "donors": Words("quy tắc chọn đơn vị so sánh", "donors rule"),
    "windows": Words("khoảng thời gian", "windows"),
    "methods": Words("phương pháp", "methods"),
    "alpha": Words("mức ý nghĩa", "level"),
    "correction": Words("hiệu chỉnh nhiều phép kiểm định", "correction"),
    "appreciable": Words("tác động đáng kể", "appreciable effect"),
    "notes": Words("ghi chú", "notes"),
}


@dataclass(frozen=True)
class Departure:
    """One departure from the plan.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    outcome, design : str
        What it concerns; empty for the whole.
    said : Words
        A sentence.
    """

    kind: str
    outcome: str
    design: str
    said: Words


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Departures(Result):
    """All departures from a plan; `estimate` is their number, `n` the number of results held against it.

    Attributes
    ----------
    departures : tuple of Departure
    plans : tuple of RegisteredPlan
        All versions, oldest first.
    standing : RegisteredPlan or None
        The version that the results are held against.
    frame : DataFrame
        kind, outcome, design, said_vi, said_en.
    unreported : int
        Planned analyses without a result.
    """

    departures: tuple[Departure, ...]
    plans: tuple[RegisteredPlan, ...]
    standing: RegisteredPlan | None
    frame: pd.DataFrame = field(compare=False)
    unreported: int

    def summary(self, language: str | None = None) -> str:
        """Return which plan stands and how many departures from it there are, in one sentence."""
        speak = language or "en"
        if self.standing is None:
            return words("departures.none_registered")[speak]
        key = "departures.summary.none" if not self.departures else "departures.summary"
        plan = Words(self.standing.summary("vi"), self.standing.summary("en"))
        return words(key, plan=plan, n=Words(number(len(self.departures), "vi"), number(len(self.departures), "en")))[speak]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a departure."""
        return self.frame.copy()


def departures(
    plan: AnalysisPlan | RegisteredPlan | Sequence[RegisteredPlan] | None, effects: Sequence[Effect], studies: Iterable[Study] = ()
) -> Departures:
    """Return every departure of what was done from what was planned.

    Parameters
    ----------
    plan : AnalysisPlan, RegisteredPlan, sequence of RegisteredPlan, or None
        All versions where there are several: results are held against the
        last registered before the data, and what changed between versions is a departure too.
    effects : sequence of Effect
        All results that are reported.
    studies : iterable of Study, optional
        Their studies, matched by outcome: windows and donors are held against the plan where they are given.
    """
    import pandas as pd

    versions: tuple[RegisteredPlan, ...] = (
        () if plan is None or isinstance(plan, AnalysisPlan) else (plan,) if isinstance(plan, RegisteredPlan) else tuple(plan)
    )
    standing = standing_plan(versions)
    own = plan if isinstance(plan, AnalysisPlan) else None if standing is None else standing.plan
    found = _of_versions(versions, standing)
    if isinstance(plan, AnalysisPlan):
        found.append(Departure("no_plan", "", "", words("departures.not_registered")))
    unreported: list[Departure] = []
    if own is None:
        found.append(Departure("no_plan", "", "", words("departures.no_plan")))
    else:
        by_outcome = {s.outcome: s for s in studies}
        for effect in effects:
            found += _of_effect(own, effect, by_outcome.get(effect.outcome))
        unreported = _unreported(own, effects)
    everything = (*dict.fromkeys(found), *unreported)
    return Departures(
        estimand=Words("Khác biệt so với kế hoạch phân tích", "Departures from the analysis plan"),
        method=Words(
            "So từng kết quả với bản kế hoạch cuối cùng đăng ký trước khi có số liệu sau can thiệp.",
            "Each result is held against the last version registered before outcomes after the start had come in.",
        ),
        estimate=float(len(everything)),
        n=len(effects),
        unit="count",
        departures=everything,
        plans=versions,
        standing=standing,
        frame=pd.DataFrame(
            [(d.kind, d.outcome, d.design, d.said.vi, d.said.en) for d in everything],
            columns=["kind", "outcome", "design", "said_vi", "said_en"],
        ),
        unreported=len(unreported),
    )


def planned(plan: RegisteredPlan | AnalysisPlan | None, study: Study, design: str, judged_by: str, level: float = 0.95) -> str:
    """Return whether an analysis was planned.

    Parameters
    ----------
    plan : RegisteredPlan, AnalysisPlan or None
        `standing_plan`; None where nothing was registered.
    study : Study
    design, judged_by : str
        Ids.
    level : float

    Returns
    -------
    {"planned", "exploratory"}
        Planned where pilot, outcome, design with inference, windows, donors
        and level are the plan's, and that was registered before the data.
    """
    if plan is None or (isinstance(plan, RegisteredPlan) and plan.after_data):
        return EXPLORATORY
    own = plan.plan if isinstance(plan, RegisteredPlan) else plan
    return EXPLORATORY if of_study(own, study, design, judged_by, level) else PLANNED


def marked(plan: RegisteredPlan | AnalysisPlan | None, study: Study, effect: Effect) -> Effect:
    """Return an effect that says whether it was planned."""
    return replace(effect, planned=planned(plan, study, effect.design, effect.judged_by, effect.level))


def of_study(plan: AnalysisPlan, study: Study, design: str, judged_by: str, level: float) -> list[Departure]:
    """Return the departures of one analysis of one study."""
    found = []
    if study.pilot != plan.pilot:
        found.append(Departure("pilot", study.outcome, design, words("departures.pilot", pilot=plan.pilot)))
    found += _outcome(plan, study.outcome, study.label, design)
    found += _method(plan, study.outcome, study.label, design, judged_by)
    slots = {"outcome": _named(study.label)}
    if str(study.start) != plan.windows.start:
        found.append(_windowed("start", study.outcome, study.start, plan.windows.start, slots))
    own = (study.anticipation, study.phase_in)
    if own != (plan.windows.anticipation, plan.windows.phase_in):
        found.append(
            Departure(
                "windows",
                study.outcome,
                "",
                words(
                    "departures.windows",
                    **slots,
                    before=own[0],
                    after=own[1],
                    planned_before=plan.windows.anticipation,
                    planned_after=plan.windows.phase_in,
                ),
            )
        )
    last = max(study.panel["period"])
    if str(last) != plan.windows.until:
        found.append(_windowed("until", study.outcome, last, plan.windows.until, slots))
    wanted, compared = plan.donors_of(study), frozenset(study.donors)
    if wanted != compared:
        more, fewer = len(compared - wanted), len(wanted - compared)
        found.append(Departure("donors", study.outcome, "", words("departures.donors", **slots, more=more, fewer=fewer)))
    return found + _level(plan, study.outcome, level)


def _of_effect(plan: AnalysisPlan, effect: Effect, study: Study | None) -> list[Departure]:
    if study is not None:
        return of_study(plan, study, effect.design, effect.judged_by, effect.level)
    found = _outcome(plan, effect.outcome, effect.outcome_label, effect.design)
    found += _method(plan, effect.outcome, effect.outcome_label, effect.design, effect.judged_by)
    slots = {"outcome": _named(effect.outcome_label)}
    if str(effect.start) != plan.windows.start:
        found.append(_windowed("start", effect.outcome, effect.start, plan.windows.start, slots))
    last = effect.counterfactual["period"].max() if len(effect.counterfactual) else None
    if last is not None and str(last) != plan.windows.until:
        found.append(_windowed("until", effect.outcome, last, plan.windows.until, slots))
    return found + _level(plan, effect.outcome, effect.level)


def _outcome(plan: AnalysisPlan, outcome: str, label: Words, design: str) -> list[Departure]:
    return [] if outcome in plan.roles else [Departure("outcome", outcome, design, words("departures.outcome", outcome=_named(label)))]


def _method(plan: AnalysisPlan, outcome: str, label: Words, design: str, judged_by: str) -> list[Departure]:
    wanted = [m for o, m in plan.analyses if o == outcome] or list(plan.methods)
    if Method(design, judged_by) in wanted:
        return []
    known = (listed([_method_named(m)[v] for m in wanted], v) for v in ("vi", "en"))
    said = words("departures.method", outcome=_named(label), method=_method_named(Method(design, judged_by)), planned=Words(*known))
    return [Departure("method", outcome, design, said)]


def _level(plan: AnalysisPlan, outcome: str, level: float) -> list[Departure]:
    if np.isclose(level, plan.level, rtol=0, atol=1e-9):
        return []
    own = Words(percent(level, "vi"), percent(level, "en"))
    return [
        Departure(
            "level", outcome, "", words("departures.level", level=own, planned=Words(percent(plan.level, "vi"), percent(plan.level, "en")))
        )
    ]


def _windowed(kind: str, outcome: str, own: object, wanted: str, slots: dict[str, Words]) -> Departure:
    own_said, planned_said = (Words(*[said_period(str(p), v, inside=True) for v in ("vi", "en")]) for p in (own, wanted))
    return Departure(kind, outcome, "", words(f"departures.{kind}", **slots, own=own_said, planned=planned_said))


def _method_named(method: Method) -> Words:
    """Return a design and its inference as a reader knows them; an id of the user's own as it is."""
    try:
        design = design_named(method.design).name
    except ValueError:
        design = Words(method.design, method.design)
    judge = LABELS.get(method.judged_by, Words(method.judged_by, method.judged_by))
    return Words(*[f"{uncapitalised(design[v])} ({judge[v]})" for v in ("vi", "en")])


def _named(label: Words) -> Words:
    return Words(uncapitalised(label.vi), uncapitalised(label.en))


def _unreported(plan: AnalysisPlan, effects: Sequence[Effect]) -> list[Departure]:
    done = {(e.outcome, e.design, e.judged_by) for e in effects}
    return [
        Departure(
            "unreported",
            name,
            m.design,
            words("departures.unreported", outcome=_named(indicators()[name].label), method=_method_named(m)),
        )
        for name, m in plan.analyses
        if (name, m.design, m.judged_by) not in done
    ]


def _of_versions(versions: Sequence[RegisteredPlan], standing: RegisteredPlan | None) -> list[Departure]:
    """Return that a plan came after the data, and what each version changed."""
    found = []
    if standing is not None and standing.after_data:
        said = words("departures.after_data", plan=Words(standing.summary("vi"), standing.summary("en")))
        found.append(Departure("after_data", "", "", said))
    for before, after in pairwise(versions):
        changed = [n for n in _FIELDS if getattr(before.plan, n) != getattr(after.plan, n)]
        fields = (
            Words(*[listed([_FIELDS[n][v] for n in changed], v) for v in ("vi", "en")]) if changed else words("departures.remarks_only")
        )
        plan = Words(after.summary("vi"), after.summary("en"))
        found.append(Departure("changed", "", "", words("departures.changed", fields=fields, plan=plan)))
    return found
