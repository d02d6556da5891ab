"""What calibration returns: false alarms, coverage and the detectable effect of one whole procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluation.language import Words, number, percent, points, significant
from evaluation.monitoring.rates.intervals import clopper_pearson
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

# The rule by which a procedure is "not reliable": its rate is above this, or the whole interval above what the level allows.
MOST_FALSE = 0.10
# The rate counts from so many tries on. With fewer, one claim more is a step of over 5 points: an exact test at 5 % would be
# called not reliable in 34 % of cases at m = 8 (one claim is enough); at m = 20 (three claims) it is in 7.5 %.
LEAST_TRIED = 20

ALARMS = Words(
    "{verdict}báo động nhầm của cả quy trình khi không có gì xảy ra: {tried}",
    "{verdict}false alarms of the whole procedure where nothing happened: {tried}",
)
NOT_RELIABLE = Words("không đáng tin cậy theo quy tắc: ", "not reliable by rule: ")
IN_THE_PAST = Words("{rate} đơn vị trước mọi thời điểm bắt đầu", "{rate} units before any start")
ON_DRAWN = Words("{rate} chuỗi số mô phỏng theo số liệu thật", "{rate} series drawn after the real ones")
AND = Words(" và ", " and ")
UNTRIED = Words(
    "chưa thử được quy trình trên những nơi không có gì xảy ra, nên chưa thể kết luận",
    "the procedure could not be tried where nothing happened, so nothing may be claimed",
)
DETECTABLE = Words("; {size} sẽ được nhận ra trong 80% trường hợp", "; {size} would be found in 80% of cases")
OUT_OF_REACH = Words(
    "; không tác động nào trong phạm vi đã thử được nhận ra trong 80% trường hợp",
    "; no effect that was tried would be found in 80% of cases",
)
RATIO = Words("tỷ số {x}", "a ratio of {x}")
DIFFERENCE = Words("chênh lệch {x}", "a difference of {x}")
RULE = Words(
    "Không đáng tin cậy nếu cận dưới của khoảng tin cậy 95% của tỷ lệ báo động nhầm vượt {allowed}, "
    "hoặc tỷ lệ đó vượt {most} với ít nhất {least} lần thử.",
    "Not reliable where the lower bound of the 95% interval of false alarms lies above {allowed}, "
    "or their rate above {most} with at least {least} tries.",
)


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

    def too_high(self, allowed: float) -> bool:
        """Return whether the interval lies above what is allowed, or the rate above `MOST_FALSE` with `LEAST_TRIED` tries or more."""
        return self.interval[0] > allowed or (self.m >= LEAST_TRIED and self.value > MOST_FALSE)

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
        rule that picked the pilots; each unit is taken once.
    generated : Rate
        Claims on panels drawn from a generator fitted to the real series.
    coverage : Rate
        How often the interval held zero on the generated panels.
    detectable : float or None
        Effect on the effect's own scale that would be claimed with a power of 80 %; None where none was found in reach.
    allowed : float
        1 - level: the rate that was asked for.
    scale : {"ratio", "difference"}
        Of `detectable`.
    """

    windows: Rate
    generated: Rate
    coverage: Rate
    detectable: float | None
    allowed: float = 0.05
    scale: str = "ratio"

    @property
    def reliable(self) -> bool:
        """Whether the procedure was tried and cried wolf no more often than it may, by the rule printed beside it."""
        tried = [r for r in (self.windows, self.generated) if r.m]
        return bool(tried) and not any(r.too_high(self.allowed) for r in tried)

    def rule(self, language: str) -> str:
        """Return the rule by which a procedure is not reliable, as it is printed beside every claim."""
        return RULE[language].format(
            allowed=percent(self.allowed, language, 0), most=percent(MOST_FALSE, language, 0), least=number(LEAST_TRIED, language)
        )

    def summary(self, language: str | None = None) -> str:
        """Return false alarms in the past and on drawn panels, and the detectable effect, in one sentence."""
        speak = language or "en"
        tried = [
            said[speak].format(rate=rate.written(speak))
            for said, rate in ((IN_THE_PAST, self.windows), (ON_DRAWN, self.generated))
            if rate.m
        ]
        if not tried:
            return UNTRIED[speak]
        verdict = "" if self.reliable else NOT_RELIABLE[speak]
        return ALARMS[speak].format(verdict=verdict, tried=AND[speak].join(tried)) + self._power(speak)

    def _power(self, language: str) -> str:
        if self.detectable is None:
            return OUT_OF_REACH[language] if self.generated.m else ""
        if self.scale == "ratio":
            size = RATIO[language].format(x=number(self.detectable, language, 2))
        elif self.unit == "share":
            size = DIFFERENCE[language].format(x=points(self.detectable, language))
        else:
            size = DIFFERENCE[language].format(x=significant(self.detectable, language))
        return DETECTABLE[language].format(size=size)

    def to_frame(self) -> pd.DataFrame:
        """Return a row each for the past, drawn panels and coverage: what, k, m, rate, low, high, too_high."""
        import pandas as pd

        parts = (("windows", self.windows), ("generated", self.generated), ("coverage", self.coverage))
        rows = [(name, r.k, r.m, r.value, *r.interval, name != "coverage" and r.too_high(self.allowed)) for name, r in parts]
        frame = pd.DataFrame(rows, columns=["what", "k", "m", "rate", "low", "high", "too_high"])
        return frame.assign(detectable=self.detectable, scale=self.scale, reliable=self.reliable)
