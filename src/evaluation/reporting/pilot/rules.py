"""What may be said of a pilot and what is recommended, by rules that stand here alone: preset, the same for every pilot, each tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.effect import Effect
from evaluation.effects.synthesis.certainty import HIGH, MODERATE

BLOCKED, CLEAR, UNTESTED = "blocked", "clear", "untested"
FEW_CLUSTERS = 2
ENOUGH_DELIVERED, ENOUGH_SPENT = 0.75, 0.80
CONTINUE, CHANGE, STOP, EXTEND = "continue", "change", "stop", "extend"
OPTIONS = (CONTINUE, CHANGE, STOP, EXTEND)
MET, NOT_MET, UNDECIDABLE = "met", "not_met", "undecidable"
MOST_RECOMMENDATIONS = 5


def standing(effect: Effect | None, treated: int) -> str:
    """Return what may be said of an effect: "blocked", or one of the verdicts of `Effect`.

    Parameters
    ----------
    effect : Effect or None
        None where no estimate could be made.
    treated : int
        Treated clusters.

    Returns
    -------
    str
        "blocked" while the treated clusters are two or fewer and there is no
        placebo distribution: then no sentence on an effect may be written,
        whatever the estimate and its error are.
    """
    if effect is None:
        return UNTESTED
    if treated <= FEW_CLUSTERS and not placebos(effect):
        return BLOCKED
    return effect.verdict


def placebos(effect: Effect) -> int:
    """Return how many placebo estimates stand behind an effect."""
    return int(np.isfinite(effect.placebo["effect"].to_numpy(float)).sum()) if len(effect.placebo) else 0


@dataclass(frozen=True, kw_only=True)
class Known:
    """What rules on options and recommendations look at.

    Attributes
    ----------
    placed, start_known : bool
        Whether the plan names the ward, and whether the start is known.
    primary : str
        `standing` of the first outcome.
    told : bool
        Whether the first outcome's effect may be claimed, all outcomes counted in.
    good_way : bool or None
        Whether it points the good way; None where it points nowhere.
    certainty : str
        Overall grade; empty where nothing could be graded.
    signals : tuple of str
        Harms that can be told from chance.
    ambiguous : tuple of str
        Signs that can mean harm or trust.
    not_looked_for : tuple of str
        Harms that nobody recorded.
    delivered : float or None
        Part of the quarters since the start in which services were reported.
    reported : float or None
        Part of the quarters since the start with a report.
    spent : float or None
        Spent over planned.
    money_known : bool
    not_recorded : int
        Items of the intervention's description that nobody recorded.
    """

    placed: bool
    start_known: bool
    primary: str = UNTESTED
    told: bool = False
    good_way: bool | None = None
    certainty: str = ""
    signals: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    not_looked_for: tuple[str, ...] = ()
    delivered: float | None = None
    reported: float | None = None
    spent: float | None = None
    money_known: bool = False
    not_recorded: int = 0

    @property
    def sure_enough(self) -> bool:
        """Whether the certainty is at least moderate."""
        return self.certainty in (MODERATE, HIGH)


def option(known: Known, which: str) -> str:
    """Return whether the preset rule of an option is met, not met, or cannot be decided.

    Notes
    -----
    Continue: services were reported in three quarters of the time, and no
    harm can be told from chance. Change: services were reported less often,
    or less than 80 % of the money was spent. Stop: a harm can be told from
    chance; undecidable while a harm is not looked for or a sign can mean
    either. Extend: the first outcome's effect may be claimed and points the
    good way, the certainty is at least moderate, and no sign of harm stands.
    """
    if which == STOP:
        if known.signals:
            return MET
        return UNDECIDABLE if known.not_looked_for or known.ambiguous else NOT_MET
    if which == EXTEND:
        if known.told and known.good_way:
            return MET if known.sure_enough and not (known.signals or known.ambiguous) else NOT_MET
        return UNDECIDABLE if known.primary in (BLOCKED, UNTESTED) else NOT_MET
    if known.delivered is None:
        return UNDECIDABLE
    if which == CHANGE:
        little = known.delivered < ENOUGH_DELIVERED or (known.spent is not None and known.spent < ENOUGH_SPENT)
        return MET if little else NOT_MET
    return MET if known.delivered >= ENOUGH_DELIVERED and not known.signals else NOT_MET


def recommendations(known: Known) -> tuple[str, ...]:
    """Return at most five recommendations in order of urgency, as keys of messages.

    Harm comes first; then what the effect allows: "extend" only where the rule
    of that option is met, "confirm" where an effect may be claimed and the
    certainty is low, else "not_extend" (the effect could not be told) or
    "measure" (none could be estimated); then what nobody recorded.
    """
    wanted = []
    if known.signals:
        wanted.append("harm")
    elif known.ambiguous:
        wanted.append("look")
    if not known.placed:
        wanted.append("place")
    elif not known.start_known:
        wanted.append("start")
    elif option(known, EXTEND) == MET:
        wanted.append("extend")
    elif known.told and known.good_way:
        wanted.append("confirm")
    elif known.told and known.good_way is False:
        wanted.append("worse")
    else:
        wanted.append("measure" if known.primary in (BLOCKED, UNTESTED) else "not_extend")
    if known.not_looked_for:
        wanted.append("complaints")
    if known.not_recorded:
        wanted.append("record")
    if known.reported is not None and known.reported < 1:
        wanted.append("reports")
    if not known.money_known:
        wanted.append("money")
    return tuple(wanted[:MOST_RECOMMENDATIONS])
