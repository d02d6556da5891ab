"""What a control chart is once made: its points, limits, phases, signals and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.language import Words
from evaluation.monitoring.charts.phases import FIRM, MEDIAN, NONE, TRIAL, Design
from evaluation.monitoring.charts.wording import sentence
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

NO_WORDS = Words("", "")
BASES = {NONE: "none", MEDIAN: "run", TRIAL: "trial", FIRM: "limits"}


@dataclass(frozen=True)
class Phase:
    """A span of a chart with limits of its own.

    Attributes
    ----------
    first, last, baseline_end : str
        Periods.
    n : int
        Reported points of its baseline.
    basis : {"limits", "trial", "run", "none"}
        Limits from 12 points or more, trial limits from 8 to 11, a run chart,
        or too few points for any rule.
    sigma_z : float
        Laney's factor; 1 for charts without it.
    reason : Words or None
        Why limits start anew here; None for the first.
    """

    first: str
    last: str
    baseline_end: str
    n: int
    basis: str
    sigma_z: float
    reason: Words | None = None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ControlChart(Result):
    """A control chart of one unit.

    Attributes
    ----------
    kind : str
        "p", "u", "c", "p'", "u'", "c'", "g", "t", "xmr", "run", "ewma" or "cusum".
    rules : str
        Name of the set of rules.
    frame : DataFrame
        One row a point, in order: period, count, exposure, value, state,
        centre, low, high, sigma, phase (from 0), baseline (bool), signal (1
        part of a signal upwards, -1 downwards, 2 without a direction, 0 none),
        rules (names of those the point is part of, joined by commas). Points
        of g and t charts are events and their values periods between them.
    fired : mapping of str to tuple of str
        Rule name to the periods that are part of its pattern.
    phases : tuple of Phase
    verdict : {"improving", "worsening", "no_change", "changed", "too_few"}
        By the latest reported point. "changed" where no direction is good or
        the signal has none.
    direction : {"up", "down", "context"}
        Which way is good on the scale of the chart.
    measure : {"count", "proportion", "rate", "value"}
    said_unit : str
    season : int
        Periods in a year.
    synthetic : bool
    source : Words
    design : Design
        How it was made; `run_length` makes it anew from simulated data.
    places : tuple of (int, int, int)
        First, end and end of baseline of each phase, as places.
    """

    kind: str
    rules: str
    frame: pd.DataFrame
    fired: Mapping[str, tuple[str, ...]]
    phases: tuple[Phase, ...]
    verdict: str
    direction: str
    measure: str
    said_unit: str = ""
    season: int = 1
    synthetic: bool = False
    source: Words = NO_WORDS
    design: Design
    places: tuple[tuple[int, int, int], ...]

    def summary(self, language: str | None = None) -> str:
        """Return what the chart says of the latest point, as one sentence."""
        return sentence(self, language or "en")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a point."""
        return self.frame.copy()

    @property
    def trial(self) -> bool:
        """Whether the limits that hold now stand on fewer points than firm ones need."""
        return self.phases[-1].basis == BASES[TRIAL]
