"""Difference-in-differences for a pilot of one or few units, judged by placebo permutation over eligible donors.

With one or two treated wards, cluster-robust standard errors claim effects
that are not there in a third to three quarters of draws. Here the same
estimate is made for every eligible donor as if it had been treated, and the
pilot's is compared with those. How often the whole procedure claims something
where nothing happened is measured beside it, on starts before any real one.

References
----------
Abadie, Diamond, Hainmueller 2010, JASA 105:493-505 (placebo in space).
Conley, Taber 2011, Review of Economics and Statistics 93:113-125 (few treated
units). Ferman, Pinto 2019, Review of Economics and Statistics 101:452-467.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evaluation.effects.study import Study
from evaluation.language import Words, number, points, span, uncapitalised
from evaluation.monitoring.rates.intervals import clopper_pearson
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

POWER = 0.8
RATIO = Words("tỷ số", "ratio")
# The two wards with most at a pseudo-start, as a pilot's ward is the one of many. The more are picked, the more the donors
# are ranked among themselves, which claims an effect in 5 % whatever the data: with 20 of 59 the reported rate was 3 to
# 4 % where a ward picked at its peak gave 7 to 24 %; with 2 it is 5 to 12 %, with few runs and a wide interval.
PICKED = 2
LEAST_BEFORE, LEAST_AFTER = 2, 2


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PilotEffect(Result):
    """Effect of a named pilot in addition to what the plan asks of every district.

    Attributes
    ----------
    outcome : str
    outcome_label, unit_label : Words
    scale : {"ratio", "difference"}
        Ratio of counts, or difference of shares.
    p_value : float
        Placebo permutation, two-sided; its smallest possible value is
        1 / (donors + 1).
    placebo : DataFrame
        unit, ratio (or difference, by `scale`): the same estimate for every
        donor, missing where it has none; `n` counts those that have one.
    start : str
    n_before, n_after : int
        Periods.
    detectable : float or None
        Smallest effect on `scale` (above no change) that would have been told
        from chance with a probability of 80 %.
    false_alarms, false_alarm_runs : int
        How often the procedure claimed an effect where nothing happened:
        at each possible start before any real one, the two donors with the
        highest numbers in the two periods before it. Few runs, on windows
        shorter than the study's: a rate for orders of magnitude.
    false_alarm_low, false_alarm_high : float
        Interval of that rate, as if the runs were independent.
    """

    outcome: str
    outcome_label: Words
    unit_label: Words
    scale: str
    p_value: float
    placebo: pd.DataFrame
    start: str
    n_before: int
    n_after: int
    detectable: float | None
    false_alarms: int
    false_alarm_runs: int
    false_alarm_low: float
    false_alarm_high: float

    @property
    def none(self) -> float:
        """The value of no effect on this scale."""
        return 1.0 if self.scale == "ratio" else 0.0

    @property
    def clear(self) -> bool:
        """Whether the estimate can be told from chance, and the procedure was seen not to cry wolf.

        The permutation test rejects no effect (its interval says the same),
        and the rate of false alarms is known and not clearly above the rate
        that the level allows.
        """
        if not self.false_alarm_runs or self.false_alarm_low > 1 - self.level:
            return False
        return _told(self.p_value, self.low, self.high, self.none, self.level)

    def summary(self, language: str | None = None) -> str:
        """Return the estimate with its interval and permutation p value; what may be claimed of it is said by `clear`."""
        speak = language or "en"
        if self.estimate is None:
            return f"{self.estimand[speak]}: —"

        def write(x: float) -> str:
            return number(x, speak, 2) if self.scale == "ratio" else points(x, speak)

        said = write(self.estimate) if self.scale == "difference" else f"{RATIO[speak]} {write(self.estimate)}"
        test = f"p = {number(self.p_value, speak, 3)}"
        if self.low is not None and self.high is not None:
            test = f"{number(100 * self.level, speak)}%: {span(write(self.low), write(self.high), speak)}; {test}"
        return f"{self.estimand[speak]}: {said} ({test})"

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the estimate, its test and its calibration."""
        return (
            super()
            .to_frame()
            .assign(
                outcome=self.outcome,
                p_value=self.p_value,
                donors=self.n,
                detectable=self.detectable,
                false_alarms=self.false_alarms,
                false_alarm_runs=self.false_alarm_runs,
            )
        )


def placebo_test(study: Study, level: float = 0.95) -> PilotEffect:
    """Estimate a pilot's effect and judge it by placebo permutation.

    Parameters
    ----------
    study : Study
    level : float

    Returns
    -------
    PilotEffect
        Estimate and interval are None where there are no donors or nothing
        was reported before or after.

    Notes
    -----
    Counts: observed over expected after the start, where expected is the
    unit's own level before the start carried forward by the donors' common
    course. Shares: change of the unit's share less change of the donors'
    pooled share. Both over the very quarters that the unit reported. The
    interval inverts the permutation test: every effect that it would not
    reject. Donors that never saw an event, or had nobody to have a share of,
    have no placebo estimate. Several treated units are one area, larger and
    steadier than the single donors it is compared with: the test is then
    conservative.
    """
    import pandas as pd

    units, periods, top, bottom = study.arrays()
    after = np.array([p >= study.start for p in periods])
    treated = np.array([u in study.treated for u in units])
    donors = np.array([u in study.donors for u in units])
    own, others = _effects(top, bottom, after, treated, donors, study.share)
    log = not study.share
    low, high, p, detectable = _invert(own, others, level)
    alarms, runs = _false_alarms(top, bottom, after, donors, study.share, level)
    rate_low, rate_high = clopper_pearson(alarms, runs) if runs else (0.0, 1.0)

    def back(x: float | None) -> float | None:
        return None if x is None else float(np.exp(x)) if log else float(x)

    scale = "difference" if study.share else "ratio"
    ids = np.array(units)[donors]
    return PilotEffect(
        estimand=_estimand(study),
        method=Words(
            "Sai biệt kép theo phường và quý; hoán vị giả dược trên các phường so sánh đủ điều kiện.",
            "Difference-in-differences on ward quarters; placebo permutation over eligible comparison wards.",
        ),
        estimate=back(own) if np.isfinite(own) else None,
        low=back(low),
        high=back(high),
        level=level,
        n=int(np.isfinite(others).sum()),
        unit=scale,
        assumptions=(
            Words(
                "Nếu không có mô hình, phường thí điểm sẽ thay đổi như các phường so sánh (xu hướng song song). "
                "Các phường so sánh cũng nhận những gì kế hoạch yêu cầu ở mọi nơi.",
                "Without the pilot, its ward would have moved as the comparison wards did (parallel trends). "
                "The comparison wards also get what the plan asks everywhere.",
            ),
        ),
        outcome=study.outcome,
        outcome_label=study.label,
        unit_label=study.treated_label,
        scale=scale,
        p_value=p,
        placebo=pd.DataFrame({"unit": ids, scale: np.exp(others) if log else others}),
        start=study.start,
        n_before=int((~after).sum()),
        n_after=int(after.sum()),
        detectable=back(detectable),
        false_alarms=alarms,
        false_alarm_runs=runs,
        false_alarm_low=float(rate_low),
        false_alarm_high=float(rate_high),
    )


def _estimand(study: Study) -> Words:
    ward, label = study.treated_label, study.label
    return Words(
        f"Tác động của mô hình thí điểm tại {ward.vi} đối với {uncapitalised(label.vi)}, ngoài những gì kế hoạch yêu cầu ở mọi quận, huyện",
        f"Effect of the pilot in {ward.en} on {uncapitalised(label.en)}, in addition to what the plan asks of every district",
    )


def _effects(
    top: np.ndarray, bottom: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray, share: bool
) -> tuple[float, np.ndarray]:
    """Return the treated units' effect against all donors, and each donor's against the others (log ratio, or difference)."""
    estimate = _share_effects if share else _count_effects
    return estimate(top, bottom, after, treated, donors)


def _count_effects(top: np.ndarray, _: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray) -> tuple[float, np.ndarray]:
    y = top[donors]
    seen = np.isfinite(y)
    part = np.where(seen, y, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(seen, part.sum(axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True), 0.0)
        total, size = part.sum(axis=0), scale.sum(axis=0)
        own = _log_ratios(_area(top[treated])[None], (total / size)[None], after)
        return float(own[0]), _log_ratios(y, (total - part) / (size - scale), after)


def _log_ratios(series: np.ndarray, course: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Log of observed over expected after the start, by row; half an event is added to either side.

    A unit that never saw an event says nothing of how chance moves one, and has no ratio.
    """
    known = np.isfinite(series) & np.isfinite(course)
    seen, way = np.where(known, series, 0.0), np.where(known, course, 0.0)
    expected = (seen[:, ~after].sum(axis=1) + 0.5) * way[:, after].sum(axis=1) / way[:, ~after].sum(axis=1)
    ratio = np.log((seen[:, after].sum(axis=1) + 0.5) / expected)
    both = known[:, ~after].any(axis=1) & known[:, after].any(axis=1) & (seen.sum(axis=1) > 0)
    return np.where(both & np.isfinite(ratio), ratio, np.nan)


def _share_effects(
    top: np.ndarray, bottom: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray
) -> tuple[float, np.ndarray]:
    part, whole = top[donors], bottom[donors]
    all_part, all_whole = np.nansum(part, axis=0), np.nansum(whole, axis=0)
    area = _area(top[treated])[None], _area(bottom[treated])[None]
    own = _share_differences(*area, all_part[None], all_whole[None], after)
    rest = all_part - np.nan_to_num(part), all_whole - np.nan_to_num(whole)
    return float(own[0]), _share_differences(part, whole, *rest, after)


def _share_differences(part: np.ndarray, whole: np.ndarray, rest_part: np.ndarray, rest_whole: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Change of a unit's pooled share less that of the others, over the quarters that the unit reported, by row."""
    known = np.isfinite(part) & np.isfinite(whole)

    def change(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        before, later = (
            np.where(known, top, 0.0)[:, w].sum(axis=1) / np.where(known, bottom, 0.0)[:, w].sum(axis=1) for w in (~after, after)
        )
        return np.asarray(later - before)

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(change(part, whole) - change(np.broadcast_to(rest_part, part.shape), np.broadcast_to(rest_whole, part.shape)))


def _area(rows: np.ndarray) -> np.ndarray:
    """Return the sum of units by period, missing where any of them did not report."""
    return np.where(np.isfinite(rows).all(axis=0), rows.sum(axis=0), np.nan)


def _invert(own: float, others: np.ndarray, level: float) -> tuple[float | None, float | None, float, float | None]:
    """Return interval, p value and detectable effect from the donors' own effects (all on the additive scale)."""
    known = np.abs(others[np.isfinite(others)])
    n = len(known)
    if not np.isfinite(own) or n == 0:
        return None, None, 1.0, None
    p = float((1 + (known >= abs(own)).sum()) / (n + 1))
    place = int(np.ceil(round(level * (n + 1), 9)))  # 0.95 * 60 is a little above 57 in binary
    if place > n:
        return None, None, p, None
    reach = float(np.sort(known)[place - 1])
    spread = np.sort(others[np.isfinite(others)])
    detectable = reach - float(np.quantile(spread, 1 - POWER))
    return own - reach, own + reach, p, detectable


def _told(p: float, low: float | None, high: float | None, none: float, level: float) -> bool:
    """Return whether an effect can be told from chance: the rule of the pilot and of its false alarms alike."""
    return low is not None and high is not None and not low <= none <= high and p <= round(1 - level, 9)


def _false_alarms(top: np.ndarray, bottom: np.ndarray, after: np.ndarray, donors: np.ndarray, share: bool, level: float) -> tuple[int, int]:
    """Return claims and runs on starts before any real one, for donors picked as pilots are: where numbers had just peaked."""
    first = int(np.argmax(after))
    before, below = top[:, :first], bottom[:, :first]
    alarms = runs = 0
    places = np.flatnonzero(donors)
    for start in range(LEAST_BEFORE, first - LEAST_AFTER + 1):
        late = np.arange(first) >= start
        recent = _recent(before[places, start - 2 : start])
        picked = places[np.argsort(-np.nan_to_num(recent, nan=-np.inf), kind="stable")[:PICKED]]
        for one in picked:
            others_mask = donors.copy()
            others_mask[one] = False
            own, others = _effects(before, below, late, np.arange(len(top)) == one, others_mask, share)
            low, high, p, _ = _invert(own, others, level)
            if low is not None:  # with too few donors nothing can be claimed, and nothing is learned from not claiming
                runs += 1
                alarms += _told(p, low, high, 0.0, level)
    return alarms, runs


def _recent(counts: np.ndarray) -> np.ndarray:
    """Return the mean count of each row over what it reported, NaN where nothing.

    Pilots are put where there was much to do: for a share too the people or
    establishments in it are counted, since the highest shares are those of
    the smallest wards.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(counts, axis=1) / np.isfinite(counts).sum(axis=1))
