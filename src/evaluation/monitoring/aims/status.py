"""Whether a target is reached, and how likely it is that it will be by the end of the year.

Enforcement and context are told beside what the plan names and never judged. Quarters that were not reported are
uncertain, never zero. A probability is given only from a predictive distribution whose calibration the tests check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.language import Words, number, percent, sentence, uncapitalised
from evaluation.language.likelihood import sentence_of
from evaluation.monitoring.aims.year import YearDraws, year_draws
from evaluation.monitoring.reports.completeness import ABSENT, LATE, ON_TIME, Timeliness
from evaluation.monitoring.series import COUNT, PROPORTION, CountSeries
from evaluation.periods import Period
from evaluation.plan.measurable import AT_LEAST, LEVEL_AT_END, SUM_OF_YEAR, IndicatorTarget
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

REACHED, TRACK, BEHIND, CANNOT_TELL, NO_TARGET, CONTEXT = "reached", "on_track", "behind", "cannot_tell", "no_target", "context"
# The rule: from 80 % on ("very likely") it is on track, below 20 % ("very unlikely") behind, between them nobody can tell.
ON_TRACK_FROM, BEHIND_BELOW = 0.80, 0.20

STATUS = {
    REACHED: Words("đạt", "reached"),
    TRACK: Words("đúng tiến độ", "on track"),
    BEHIND: Words("chưa đạt tiến độ", "behind"),
    CANNOT_TELL: Words("chưa thể kết luận", "cannot tell"),
    NO_TARGET: Words("không có mức phải đạt", "no target"),
    CONTEXT: Words("bối cảnh, không đánh giá", "context, not judged"),
}
NOT_REACHED = Words("không đạt", "not reached")
METHOD = Words(
    "Phân phối dự báo từ các quý trước: nhị thức âm (số đếm) hoặc bê-ta nhị thức (tỷ lệ) theo mùa, kể cả độ bất định của "
    "tham số; số tồn cuối kỳ theo bước ngẫu nhiên. Từ 80% trở lên: đúng tiến độ; dưới 20%: chưa đạt tiến độ.",
    "Predictive distribution from earlier quarters: negative binomial (counts) or beta-binomial (shares) with a season and "
    "the parameters' uncertainty; stocks as a random walk. From 80% on: on track; below 20%: behind.",
)
COUNTED = Words("Đếm số đã báo cáo, không dự báo.", "Counted from what was reported; nothing is predicted.")
ASSUMPTIONS = (
    Words(
        "Các quý còn lại theo mức và mùa của những quý đã có; không đổi mức đột ngột.",
        "The remaining quarters follow the level and season of those known; the level does not jump.",
    ),
    Words("Cách đếm không đổi trong những quý được dùng.", "Counting did not change over the quarters used."),
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TargetStatus(Result):
    """Whether a target is reached, or will be.

    `estimate`, `low` and `high` are the median and the predictive interval of the year's figure; exact where all is known.

    Attributes
    ----------
    target : IndicatorTarget or None
    status : {"reached", "on_track", "behind", "cannot_tell", "no_target", "context"}
    probability : float or None
        Of reaching the target by the end of the year; None where it was counted or cannot be told.
    reason : Words
        What the status stands on.
    period : str
        Last quarter looked at.
    so_far : float or None
        The year's figure from what was reported by then.
    known, expected : int
        Quarters of the year with all their reports, of four (deadlines: reports on time, of those due).
    course : DataFrame
        The year's figure as it builds up: period, value (NaN where it is not known), median, low80, high80, low95,
        high95, state ("known", "predicted"); empty where there is nothing to draw.
    synthetic : bool
    """

    target: IndicatorTarget | None
    status: str
    probability: float | None
    reason: Words
    period: str
    so_far: float | None
    known: int
    expected: int
    course: pd.DataFrame
    synthetic: bool = False

    @property
    def word(self) -> Words:
        """The status in words; behind is "not reached" where nothing is left to come that could mend it."""
        return NOT_REACHED if self.status == BEHIND and self.probability is None else STATUS[self.status]

    def summary(self, language: str | None = None) -> str:
        """Return the status as one sentence, in English unless told."""
        return sentence(self.reason[language or "en"]) + "."

    def to_frame(self) -> pd.DataFrame:
        """Return one row: target, aim, status, probability, so far, the year's figure with its interval, quarters known."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "target": self.target.id if self.target else None,
                    "aim": self.target.aim.en if self.target else None,
                    "status": self.status,
                    "probability": np.nan if self.probability is None else self.probability,
                    "so_far": np.nan if self.so_far is None else self.so_far,
                    "value": np.nan if self.estimate is None else self.estimate,
                    "low": np.nan if self.low is None else self.low,
                    "high": np.nan if self.high is None else self.high,
                    "known": self.known,
                    "expected": self.expected,
                    "period": self.period,
                }
            ]
        )


def target_status(
    series: CountSeries,
    unit: str,
    target: IndicatorTarget | None,
    as_of: str,
    *,
    coverage: ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> TargetStatus:
    """Return whether a target is reached by a quarter, or will be by the year's end.

    Parameters
    ----------
    series : CountSeries
        By quarter; what comes after `as_of` is not looked at.
    unit : str
    target : IndicatorTarget or None
        None where neither plan nor office set one (`plan.targets_for`).
    as_of : str
        Last quarter looked at, such as "2018-Q3".
    coverage : array_like, optional
        For each period of `series`, the share (of wards or residents) whose reports are in its count, 0 to 1; all of
        them where left out. The rest of such a quarter is predicted.
    level : float
        Of the predictive interval.
    seed : int
        Of the draws; the same seed gives the same answer.

    Returns
    -------
    TargetStatus
        Reached: what was reported already does, or the complete year does. Behind: the complete year does not, or the
        probability is below 20 %. On track: from 80 % on. Cannot tell: between, where fewer than six quarters are
        known, and where this year's quarters are so far from the earlier ones that these predict nothing.

    Raises
    ------
    ValueError
        If there is no such unit or period, the target is one of dates (use `deadline_status`), or coverage does not fit.
    """
    own = series.of(unit).until(as_of)
    question = _Question(own, unit, target, as_of, level)
    if target is None:
        return question.answer(NO_TARGET, None)
    if not target.ends:
        raise ValueError(
            f"{target.id}: thời hạn được đếm theo ngày nhận, dùng deadline_status. / {target.id}: dates are counted, use deadline_status."
        )
    year = year_draws(own, target.statistic, as_of, _shares(coverage, series, len(own.periods)), seed)
    return question.answer_from(year)


def _shares(coverage: ArrayLike | None, series: CountSeries, kept: int) -> NDArray[np.float64]:
    if coverage is None:
        return np.ones(kept)
    shares = np.asarray(coverage, dtype=float)
    if shares.shape != (len(series.periods),) or not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(
            f"coverage phải có {len(series.periods)} số từ 0 đến 1, mỗi kỳ một số. / "
            f"coverage must have {len(series.periods)} numbers from 0 to 1, one a period."
        )
    return shares[:kept]


@dataclass(frozen=True, eq=False)
class _Question:
    """What is asked, and the sentences that answer it."""

    series: CountSeries
    unit: str
    target: IndicatorTarget | None
    as_of: str
    level: float

    def answer_from(self, year: YearDraws) -> TargetStatus:
        """Apply the rules to what is known and predicted."""
        assert self.target is not None  # for the type checker: without a target nothing is drawn
        if self.series.direction == "context":
            return self.answer(CONTEXT, year)
        certain = self._by_counting(year)
        if certain is not None:
            return self.answer(REACHED if certain else BEHIND, year, counted=True)
        if year.total is None:
            return self.answer(CANNOT_TELL, year)
        probability = float(np.mean(_within(year.total, self.target)))
        status = TRACK if probability >= ON_TRACK_FROM else BEHIND if probability < BEHIND_BELOW else CANNOT_TELL
        return self.answer(status, year, probability)

    def _by_counting(self, year: YearDraws) -> bool | None:
        """Return whether what is known already decides, else None."""
        target = self.target
        assert target is not None
        if year.so_far is not None and year.complete:
            return bool(_within(np.array([year.so_far]), target)[0])
        if year.so_far is not None and target.statistic == SUM_OF_YEAR and self.series.measure == COUNT:
            # Counts only grow: enough is enough, and above the upper end there is no way back.
            if target.kind == AT_LEAST and target.low is not None and year.so_far >= target.low:
                return True
            if target.high is not None and year.so_far > target.high:
                return False
        return None

    def answer(self, status: str, year: YearDraws | None, probability: float | None = None, *, counted: bool = False) -> TargetStatus:
        import pandas as pd

        total = None if year is None or status == CONTEXT or year.total is None else year.total
        ends: tuple[float | None, ...] = (None, None, None)
        if total is not None:
            low, mid, high = np.quantile(total, [(1 - self.level) / 2, 0.5, (1 + self.level) / 2], method="inverted_cdf")
            ends = (float(mid), float(low), float(high))
        elif year is not None and year.complete:
            ends = (year.so_far, None, None)
        label, name = self.series.label, self.series.name(self.unit)
        year_words = str(Period.parse(self.as_of).year)
        return TargetStatus(
            estimand=Words(f"{label.vi}, {name.vi}, năm {year_words}", f"{label.en}, {name.en}, {year_words}"),
            method=METHOD if probability is not None else COUNTED,
            estimate=ends[0],
            low=ends[1],
            high=ends[2],
            level=self.level,
            n=0 if year is None else year.quarters_used,
            unit=self.series.said_unit,
            assumptions=ASSUMPTIONS if probability is not None else (),
            diagnostics={} if year is None else {"p_this_year": year.surprise},
            target=self.target,
            status=status,
            probability=probability,
            reason=self._sentence(status, year, probability, counted),
            period=self.as_of,
            so_far=None if year is None else year.so_far,
            known=0 if year is None else year.known,
            expected=4,
            course=pd.DataFrame() if year is None else year.course(predicted=status != CONTEXT),
            synthetic=self.series.synthetic,
        )

    def _sentence(self, status: str, year: YearDraws | None, probability: float | None, counted: bool) -> Words:
        label = Words(uncapitalised(self.series.label.vi), uncapitalised(self.series.label.en))
        name, at = self.series.name(self.unit), str(Period.parse(self.as_of).year)
        subject = Words(f"{label.vi}, {name.vi}, năm {at}", f"{label.en}, {name.en}, {at}")
        if self.target is None or year is None:
            return Words(
                f"{subject.vi}: kế hoạch không đặt mức phải đạt và cơ quan chưa bổ sung mức nào",
                f"{subject.en}: the plan sets no target and the office has added none",
            )
        aim, so_far = self.target.aim, self._so_far(year)
        if status == CONTEXT:
            named = Words("kế hoạch nêu", "the plan names") if self.target.provision else Words("cơ quan nêu", "the office names")
            return Words(
                f"{subject.vi}: {so_far.vi}; {named.vi} {aim.vi}; đây là bối cảnh, không dùng để đánh giá",
                f"{subject.en}: {so_far.en}; {named.en} {aim.en}; this is context and is not judged",
            )
        if counted:
            verb = Words("đã đạt", "is reached") if status == REACHED else Words("không đạt", "is not reached")
            return Words(
                f"{subject.vi}: mức phải đạt ({aim.vi}) {verb.vi}, {so_far.vi}",
                f"{subject.en}: the target of {aim.en} {verb.en}, {so_far.en}",
            )
        if probability is None:
            why = year.why_not or Words("chưa thể kết luận", "nobody can tell")
            return Words(
                f"{subject.vi}: chưa thể kết luận về mức phải đạt ({aim.vi}), {so_far.vi}; {why.vi}",
                f"{subject.en}: whether the target of {aim.en} will be reached cannot be told, {so_far.en}; {why.en}",
            )
        claim = Words(
            f"{label.vi} của {name.vi} sẽ đạt mức phải đạt ({aim.vi}) trong năm {at}",
            f"the target of {aim.en} for {label.en} in {name.en} will be reached in {at}",
        )
        said = sentence_of(probability, claim)
        return Words(f"{said.vi}; {so_far.vi}", f"{said.en}; {so_far.en}")

    def _so_far(self, year: YearDraws) -> Words:
        if year.so_far is None:
            return Words("trong năm chưa có quý nào được báo cáo", "no quarter of the year is reported so far")
        written = (self._written(year.so_far, language) for language in ("vi", "en"))
        vi, en = written
        stands = self.target is not None and self.target.statistic == LEVEL_AT_END
        when = Words("gần nhất", "latest") if stands else Words("đến nay", "so far")
        if year.complete:
            return Words(f"cả năm {vi}", f"{en} over the year") if not stands else Words(f"cuối năm {vi}", f"{en} at the end of the year")
        return Words(f"{when.vi} {vi}, {year.known}/4 quý có đủ báo cáo", f"{en} {when.en}, {year.known} of 4 quarters fully reported")

    def _written(self, x: float, language: str) -> str:
        if self.series.measure == PROPORTION:
            return percent(x, language)
        return number(x, language, 0 if float(x).is_integer() else 1)


def _within(values: NDArray[np.float64], target: IndicatorTarget) -> NDArray[np.bool_]:
    """Return which values reach the target; rounding in the last digit of a float does not decide."""
    slack = 1e-9
    enough = values >= (-np.inf if target.low is None else target.low * (1 - slack))
    return np.asarray(enough & (values <= (np.inf if target.high is None else target.high * (1 + slack))))


def deadline_status(timing: Timeliness | None, target: IndicatorTarget, place: str, as_of: str, name: Words | None = None) -> TargetStatus:
    """Return whether reports came by the plan's dates, by counting: no probability.

    Parameters
    ----------
    timing : Timeliness or None
        `completeness.timeliness` of the place's reports; None where their dates are not on record.
    target : IndicatorTarget
        Of kind "by_day".
    place : str
        District code, or the city's.
    as_of : str
        Last quarter that was due.
    name : Words, optional
        Of the place.

    Returns
    -------
    TargetStatus
        Reached: all four reports of the year on time. On track: all that were due so far. Behind: one came late or not
        at all. Cannot tell: no dates on record.

    Raises
    ------
    ValueError
        If the target has no dates.
    """
    import pandas as pd

    if target.ends:
        raise ValueError(f"{target.id}: không phải mức về thời hạn, dùng target_status. / {target.id}: not about dates, use target_status.")
    year, called = Period.parse(as_of).year, name or Words(place, place)
    due = pd.DataFrame(columns=["period", "timing"])
    if timing is not None:
        rows = timing.frame[timing.frame["district_code"] == place]
        asked = [str(q) for q in Period(year).quarters if str(q) <= as_of]
        due = rows[rows["period"].isin(asked)]
    on_time, late, absent = (int((due["timing"] == state).sum()) for state in (ON_TIME, LATE, ABSENT))
    status = CANNOT_TELL if due.empty else BEHIND if late or absent else REACHED if len(due) == 4 else TRACK
    subject = Words(f"báo cáo đúng hạn, {called.vi}, năm {year}", f"reports on time, {called.en}, {year}")
    if due.empty:
        told = Words(
            f"{subject.vi}: chưa thể kết luận ({target.aim.vi}); {uncapitalised(target.note.vi.rstrip('.'))}",
            f"{subject.en}: cannot be told ({target.aim.en}); {uncapitalised(target.note.en.rstrip('.'))}",
        )
    else:
        told = Words(
            f"{subject.vi}: {on_time}/{len(due)} báo cáo đúng hạn, {late} muộn, {absent} không nhận được ({target.aim.vi})",
            f"{subject.en}: {on_time} of {len(due)} on time, {late} late, {absent} not received ({target.aim.en})",
        )
    share = on_time / len(due) if len(due) else None
    return TargetStatus(
        estimand=sentence_words(subject),
        method=COUNTED,
        estimate=share,
        n=len(due),
        unit="share",
        target=target,
        status=status,
        probability=None,
        reason=told,
        period=as_of,
        so_far=share,
        known=on_time,
        expected=len(due),
        course=pd.DataFrame(),
    )


def sentence_words(said: Words) -> Words:
    """Return words with a capital first letter in both languages."""
    return Words(sentence(said.vi), sentence(said.en))
