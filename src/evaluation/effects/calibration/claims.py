"""What calibration returns: false alarms, coverage and the detectable effect of one whole procedure."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.language import Words, number, percent
from evaluation.monitoring.rates.intervals import clopper_pearson
from evaluation.results import Result

# The rule by which a procedure is "not reliable": its rate is above this, or the whole interval above what the level allows.
MOST_FALSE = 0.10


@dataclass(frozen=True)
class Rate:
    """k of m, with its exact (Clopper-Pearson) interval; m counts units, not overlapping unit-periods.

    Attributes
    ----------
    k, m : int
    """

    k: int
    m: int

    @property
    def value(self) -> float:
        """Part of m, NaN where m is 0."""
        return self.k / self.m if self.m else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval; (0, 1) where m is 0."""
        if not self.m:
            return 0.0, 1.0
        low, high = clopper_pearson(self.k, self.m)
        return float(low), float(high)

    def written(self, language: str) -> str:
        """Write "2 of 40 (1 % to 17 %)"."""
        low, high = self.interval
        return Words("{k} trên {m} ({low} đến {high})", "{k} of {m} ({low} to {high})")[language].format(
            k=number(self.k, language), m=number(self.m, language), low=percent(low, language, 0), high=percent(high, language, 0)
        )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Calibration(Result):
    """False alarms of the whole procedure; `estimate` is the rate in the real past, `low` and `high` its interval.

    Attributes
    ----------
    windows : Rate
        Claims at pseudo-starts before any real start, on units picked by the
        rule that picked the pilots; a unit counts once, as a claim if any of its starts gave one.
    generated : Rate
        Claims on panels drawn from a generator fitted to the real series.
    coverage : Rate
        How often the interval held zero on the generated panels.
    detectable : float or None
        Effect on the effect's own scale that would be claimed with a power of 80 %; None where none was found in reach.
    allowed : float
        1 - level: the rate that was asked for.
    """

    windows: Rate
    generated: Rate
    coverage: Rate
    detectable: float | None
    allowed: float = 0.05

    @property
    def reliable(self) -> bool:
        """Whether the procedure was tried and cried wolf no more often than it may, by the rule printed beside it."""
        tried = [r for r in (self.windows, self.generated) if r.m]
        return bool(tried) and not any(r.interval[0] > self.allowed or r.value > MOST_FALSE for r in tried)
