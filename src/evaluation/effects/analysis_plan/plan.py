"""A pre-analysis plan: question, outcomes, estimand, donors rule, windows, methods, level and correction, decided before looking."""

from __future__ import annotations

from dataclasses import dataclass, field

from evaluation.effects.checks.negative_controls import control_outcomes
from evaluation.effects.pilots import placed_pilots, ward_of
from evaluation.effects.study import LEAST_REPORTED, LEVEL_FACTOR, Study
from evaluation.effects.synthesis.multiplicity import HOLM
from evaluation.indicators import indicators
from evaluation.language import Words, uncapitalised
from evaluation.settings import DEFAULT_PERIOD

PRIMARY, SECONDARY, NEGATIVE_CONTROL = "primary", "secondary", "negative_control"
MOST_CONTROLS = 3


@dataclass(frozen=True)
class DonorsRule:
    """Which units may be compared with.

    Attributes
    ----------
    level_factor : float or None
        Level and peak before the start lie within this factor; None leaves the rule out.
    least_reported : float
        Least part of periods with a figure, before and after the start.
    neighbours : {"exclude"}
        Units that border a pilot's are left out: what reaches them is studied as spill-over.
    exclude : tuple of str
        Further units that are left out.
    """

    level_factor: float | None = LEVEL_FACTOR
    least_reported: float = LEAST_REPORTED
    neighbours: str = "exclude"
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Windows:
    """Which periods are used.

    Attributes
    ----------
    start : str
        First treated period.
    anticipation, phase_in : int
        Periods before the start, and from it on, that are left out.
    until : str
        Last period.
    """

    start: str
    anticipation: int = 0
    phase_in: int = 0
    until: str = DEFAULT_PERIOD


@dataclass(frozen=True)
class Method:
    """A design and the way in which its estimate is judged, by their ids."""

    design: str
    judged_by: str


@dataclass(frozen=True)
class AnalysisPlan:
    """A pre-analysis plan of one pilot.

    Attributes
    ----------
    pilot : str
    question, estimand : Words
    primary, secondary, negative_controls : tuple of str
        Outcomes of the codebook.
    donors : DonorsRule
    windows : Windows
    methods : tuple of Method
        The main one first.
    alpha : float
    correction : {"holm", "bh", "none"}
        Within the primary outcomes, and within the secondary ones.
    appreciable : float
        Smallest effect that would matter, as a part of what would have been.
    notes : str
    """

    pilot: str
    question: Words
    estimand: Words
    primary: tuple[str, ...]
    secondary: tuple[str, ...]
    negative_controls: tuple[str, ...]
    windows: Windows
    donors: DonorsRule = field(default_factory=DonorsRule)
    methods: tuple[Method, ...] = (Method("did", "placebo"), Method("sdid", "placebo"), Method("sc", "placebo"))
    alpha: float = 0.05
    correction: str = HOLM
    appreciable: float = 0.25
    notes: str = ""

    @property
    def level(self) -> float:
        """Confidence level of its intervals."""
        return round(1 - self.alpha, 9)

    @property
    def roles(self) -> dict[str, str]:
        """The role of each outcome, in the order of the plan: primary, secondary or negative_control."""
        return {
            **dict.fromkeys(self.primary, PRIMARY),
            **dict.fromkeys(self.secondary, SECONDARY),
            **dict.fromkeys(self.negative_controls, NEGATIVE_CONTROL),
        }

    @property
    def analyses(self) -> tuple[tuple[str, Method], ...]:
        """Every outcome with the main method, and each primary outcome with the others too."""
        return tuple((o, m) for o, role in self.roles.items() for m in (self.methods if role == PRIMARY else self.methods[:1]))

    def donors_of(self, study: Study) -> frozenset[str]:
        """Return the units of a study that this plan's rule would compare with."""
        rule, table = self.donors, study.eligibility
        own = table.loc[table["reason"] == "treated", ["level", "peak"]].mean()
        kept = ~table["reason"].isin(["treated", "programme", "neighbour"]) & ~table["unit"].isin(rule.exclude)
        kept &= table["reported"].fillna(0.0) >= rule.least_reported
        if rule.level_factor is not None and study.measure != "value":
            for name in ("level", "peak"):
                kept &= table[name].between(own[name] / rule.level_factor, own[name] * rule.level_factor)
        return frozenset(table.loc[kept, "unit"])


def default_plan(pilot: str, start: str, until: str = DEFAULT_PERIOD) -> AnalysisPlan:
    """Return a sensible plan for a pilot, from the plan and the codebook, to be changed by hand.

    The outcomes that the model is expected to move are taken as they stand
    there, the first as primary. Negative controls are what only the other placed pilots are
    expected to move.

    Raises
    ------
    KeyError
        If the plan places no such pilot in a ward.
    """
    placed = placed_pilots()
    if pilot not in placed:
        known = ", ".join(placed)
        raise KeyError(f"{pilot}: kế hoạch không nêu phường; có {known}. / the plan names no ward for it; it does for {known}.")
    found = placed[pilot]
    own = [o for o in found.outcome_indicators if indicators()[o].level == "ward" and indicators()[o].reported]
    apart = set(control_outcomes(pilot))  # not counted from the same people or places as its own
    others = dict.fromkeys(o for p in placed.values() for o in p.outcome_indicators if o in apart)
    ward, first = ward_of(found).name, indicators()[own[0]].label
    return AnalysisPlan(
        pilot=pilot,
        question=Words(
            f"Mô hình thí điểm tại {ward.vi} có làm thay đổi {uncapitalised(first.vi)} không?",
            f"Did the pilot in {ward.en} change this outcome: {uncapitalised(first.en)}?",
        ),
        estimand=Words(
            f"Tác động trung bình của mô hình tại {ward.vi} từ khi bắt đầu, ngoài những gì kế hoạch yêu cầu ở mọi quận, huyện",
            f"Average effect of the pilot in {ward.en} since its start, in addition to what the plan asks of every district",
        ),
        primary=tuple(own[:1]),
        secondary=tuple(own[1:]),
        negative_controls=tuple(others)[:MOST_CONTROLS],
        windows=Windows(start=start, until=until),
    )
