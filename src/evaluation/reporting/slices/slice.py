"""A district's slice: everything that its report reads, protected, in no language or in both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.disclosure.prose import Prose
from evaluation.effects.effect import Effect
from evaluation.language import Words
from evaluation.monitoring.charts.result import ControlChart
from evaluation.monitoring.funnel import Funnel
from evaluation.monitoring.reading import Reading
from evaluation.monitoring.reports.completeness import Completeness, Timeliness
from evaluation.monitoring.reports.corrections import Corrections
from evaluation.periods import Period
from evaluation.quality.digits import DigitPreference

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.costs.unit_costs import UnitCosts


@dataclass(frozen=True)
class Aim:
    """Where the district stands against one target or deadline.

    Attributes
    ----------
    indicator : str
        Empty for a deadline.
    status : str
        As `monitoring.aims.status.TargetStatus`.
    likely : bool
        Whether a probability is said.
    said : Words
    """

    indicator: str
    status: str
    likely: bool
    said: Words


@dataclass(frozen=True)
class Aims:
    """The district's deadlines and targets, and the city's context beside them.

    Attributes
    ----------
    own : tuple of Aim
        Deadlines first.
    context : tuple of Words
        The city's targets for what is never judged.
    beside : Words or None
        What was seen around the district; None where the quarters do not allow it.
    """

    own: tuple[Aim, ...] = ()
    context: tuple[Words, ...] = ()
    beside: Words | None = None


@dataclass(frozen=True)
class UnitFigure:
    """How many were counted in a year, and what one cost with its interval (thousand VND).

    Rounded as they are written: their interval hangs on how far all districts
    scatter, and a correction elsewhere mostly changes nothing that is read.

    Attributes
    ----------
    count, value, low, high : float
    digits : int
        Decimals of the costs.
    """

    count: float
    value: float
    low: float
    high: float
    digits: int


@dataclass(frozen=True)
class MoneyLine:
    """A budget line of the district's year.

    Attributes
    ----------
    line, step : str
        Ids of the line and of the element that it pays for; no step is empty.
    state : {"shown", "missing", "withheld"}
        Of the year's count of that element; money is withheld with it.
    planned, spent : float
        Million VND; NaN where unknown or withheld.
    unit : UnitFigure or None
    """

    line: str
    step: str
    state: str
    planned: float
    spent: float
    unit: UnitFigure | None


@dataclass(frozen=True, eq=False)
class Money:
    """The district's money in the last year whose quarters are over.

    Attributes
    ----------
    year : int
    problem : str
        What is wrong with the budget file, in both languages.
    lines : tuple of MoneyLine
        Empty where there is no budget of the district and year.
    drawn : UnitCosts or None
        Of the line that is drawn, the district's own years alone.
    """

    year: int
    problem: str = ""
    lines: tuple[MoneyLine, ...] = ()
    drawn: UnitCosts | None = None


@dataclass(frozen=True, eq=False)
class PilotEstimate:
    """One outcome of a pilot, without a figure of any ward.

    Attributes
    ----------
    label, treated_label : Words
        Outcome and ward.
    start : str
        First treated period.
    donors : int
        Wards compared with.
    dropped : mapping of str to int
        Wards that are not, by reason, the most frequent first.
    effect : Effect or None
        With its calibration, without courses and weights; its placebos stand
        unnamed, smallest first. None where too little was reported.
    """

    label: Words
    treated_label: Words
    start: str
    donors: int
    dropped: Mapping[str, int]
    effect: Effect | None


@dataclass(frozen=True, eq=False)
class OwnPilot:
    """A pilot that the plan places in the district.

    Attributes
    ----------
    pilot : str
    said : Words
        The sentence on its first outcome, or why there is none.
    estimates : tuple of PilotEstimate
        Empty where its start is unknown or ahead.
    """

    pilot: str
    said: Words
    estimates: tuple[PilotEstimate, ...] = ()


@dataclass(frozen=True, eq=False)
class Pilots:
    """What is said of pilots.

    Attributes
    ----------
    own : tuple of OwnPilot
    known, rules : tuple of Words
        For a district without any: what is known of the others, and the rules
        by which their procedures may not be relied on.
    """

    own: tuple[OwnPilot, ...] = ()
    known: tuple[Words, ...] = ()
    rules: tuple[Words, ...] = ()


@dataclass(frozen=True, eq=False)
class Slice:
    """Everything that one district's report reads of the evidence.

    Attributes
    ----------
    code : str
        Of the district.
    period : Period
    periods : tuple of str
        Quarters from the first in the store to the report's.
    as_of : date
    synthetic, reported : bool
        Whether the data are made up, and whether the district sent anything
        for the period by the date of the question.
    facts, budget : str
        Hashes of the plan, codebook and reference data, and of the budget file.
    smallest_shown, withheld : int
        The gate's threshold, and how many of the period's counts it withholds.
    values, changes : DataFrame
        The district's rows of `contracts.indicator_schema` and `changes_schema`.
    readings : tuple of Reading
        What the evidence says of each reported indicator, by rule.
    remaining : tuple of str
        Outcomes whose change remains a signal beside all changes of the city.
    looks : Words or None
        What is said of those, and the level of each.
    level : float
    chart : ControlChart or None
        Of the headline outcome.
    funnel : Funnel
        Of the headline outcome in all districts, from values that may be shown.
    aims : Aims
    sent : tuple of str
        Periods for which anything came.
    completeness : Completeness
    timeliness : Timeliness
    matrix : DataFrame
        row (ward code), period, state: `monitoring.reports.completeness.reporting_matrix`.
    corrections : Corrections
        Without its cells: they are for use inside the office.
    last_digits : DigitPreference
    odd_figures : DataFrame
        `quality.oddities` of the last four quarters.
    checks : mapping of str to int, or None
        Findings by severity; None where no result of a check is kept.
    services : DataFrame
        Wards with the services offered there, for the map.
    prose : Prose
        What the district wrote, after its gate.
    money : Money
    pilots : Pilots
    """

    code: str
    period: Period
    periods: tuple[str, ...]
    as_of: dt.date
    synthetic: bool
    reported: bool
    facts: str
    budget: str
    smallest_shown: int
    withheld: int
    values: pd.DataFrame
    changes: pd.DataFrame
    readings: tuple[Reading, ...]
    remaining: tuple[str, ...]
    looks: Words | None
    level: float
    chart: ControlChart | None
    funnel: Funnel
    aims: Aims
    sent: tuple[str, ...]
    completeness: Completeness
    timeliness: Timeliness
    matrix: pd.DataFrame
    corrections: Corrections
    last_digits: DigitPreference
    odd_figures: pd.DataFrame
    checks: Mapping[str, int] | None
    services: pd.DataFrame
    prose: Prose
    money: Money
    pilots: Pilots


@dataclass(frozen=True, eq=False)
class KeptSlice:
    """A slice with its hash and what it was made by.

    Attributes
    ----------
    slice : Slice
    sha256 : str
        Of the slice's content.
    code : str
        `reporting.provenance.code_version`.
    packages : mapping of str to str
    """

    slice: Slice
    sha256: str
    code: str
    packages: Mapping[str, str]
