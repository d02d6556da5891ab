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
from evaluation.language import Words
from evaluation.monitoring.intervals import clopper_pearson
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
POWER = 0.8
PICKED = 20
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
        donor.
    start : str
    n_before, n_after : int
        Periods.
    detectable : float or None
        Smallest effect on `scale` (above no change) that would have been told
        from chance with a probability of 80 %.
    false_alarms, false_alarm_runs : int
        How often the procedure claimed an effect where nothing happened:
        starts before any real one, wards picked at their peak.
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
        """Whether the estimate can be told from chance: by the permutation and by its interval."""
        outside = self.low is not None and self.high is not None and not self.low <= self.none <= self.high
        return self.p_value <= 1 - self.level and outside

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the estimate, its test and its calibration."""
        return (
            super()
            .to_frame()
            .assign(
                outcome=self.outcome,
                p_value=self.p_value,
                donors=len(self.placebo),
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
    course over the very quarters that the unit reported. Shares: change of
    the unit's share less change of the donors' pooled share. The interval
    inverts the permutation test: every effect that it would not reject.
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
        estimand=Words(
            f"Tác động của mô hình thí điểm tại {study.treated_label.vi} đối với {_lower(study.label.vi)}, ngoài những gì kế hoạch yêu cầu ở mọi quận, huyện",
            f"Effect of the pilot in {study.treated_label.en} on {_lower(study.label.en)}, in addition to what the plan asks of every district",
        ),
        method=Words(
            "Sai biệt kép theo phường và quý; hoán vị giả dược trên các phường so sánh đủ điều kiện.",
            "Difference-in-differences on ward quarters; placebo permutation over eligible comparison wards.",
        ),
        estimate=back(own) if np.isfinite(own) else None,
        low=back(low),
        high=back(high),
        level=level,
        n=int(donors.sum()),
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


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _effects(
    top: np.ndarray, bottom: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray, share: bool
) -> tuple[float, np.ndarray]:
    """Return the treated units' effect against all donors, and each donor's against the others (log ratio, or difference)."""
    estimate = _share_effects if share else _count_effects
    return estimate(top, bottom, after, treated, donors)


def _count_effects(top: np.ndarray, _: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray) -> tuple[float, np.ndarray]:
    y = top[donors]
    seen = np.isfinite(y)
    mean = np.nanmean(y, axis=1, keepdims=True)
    part, scale = np.where(seen, y, 0.0), np.where(seen, mean, 0.0)
    total, size = part.sum(axis=0), scale.sum(axis=0)

    def against(series: np.ndarray, course: np.ndarray) -> float:
        """Log of observed over expected after the start; half an event is added to either side."""
        known = np.isfinite(series) & np.isfinite(course)
        pre, post = known & ~after, known & after
        if not pre.any() or not post.any():
            return np.nan
        expected = (series[pre].sum() + 0.5) * course[post].sum() / course[pre].sum()
        return float(np.log((series[post].sum() + 0.5) / expected))

    with np.errstate(divide="ignore", invalid="ignore"):
        pilot = top[treated]
        whole = np.where(np.isfinite(pilot).all(axis=0), pilot.sum(axis=0), np.nan)
        own = against(whole, total / size)
        others = np.array([against(y[j], (total - part[j]) / (size - scale[j])) for j in range(len(y))])
    return own, others


def _share_effects(
    top: np.ndarray, bottom: np.ndarray, after: np.ndarray, treated: np.ndarray, donors: np.ndarray
) -> tuple[float, np.ndarray]:
    def sums(which: np.ndarray) -> np.ndarray:
        """Numerator and denominator before and after, by unit: (units, 4)."""
        parts = [np.nansum(a[which][:, when], axis=1) for when in (~after, after) for a in (top, bottom)]
        return np.stack(parts, axis=1)

    def change(s: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(s[..., 2] / s[..., 3] - s[..., 0] / s[..., 1])

    each, pilot = sums(donors), sums(treated).sum(axis=0)
    total = each.sum(axis=0)
    return float(change(pilot) - change(total)), change(each) - change(total - each)


def _invert(own: float, others: np.ndarray, level: float) -> tuple[float | None, float | None, float, float | None]:
    """Return interval, p value and detectable effect from the donors' own effects (all on the additive scale)."""
    known = np.abs(others[np.isfinite(others)])
    n = len(known)
    if not np.isfinite(own) or n == 0:
        return None, None, 1.0, None
    p = float((1 + (known >= abs(own)).sum()) / (n + 1))
    place = int(np.ceil(level * (n + 1)))
    if place > n:
        return None, None, p, None
    reach = float(np.sort(known)[place - 1])
    spread = np.sort(others[np.isfinite(others)])
    detectable = reach - float(np.quantile(spread, 1 - POWER))
    return own - reach, own + reach, p, detectable


def _false_alarms(top: np.ndarray, bottom: np.ndarray, after: np.ndarray, donors: np.ndarray, share: bool, level: float) -> tuple[int, int]:
    """Return claims and runs on starts before any real one, for donors picked as pilots are: where numbers had just peaked."""
    first = int(np.argmax(after))
    before, below = top[:, :first], bottom[:, :first]
    alarms = runs = 0
    places = np.flatnonzero(donors)
    for start in range(LEAST_BEFORE, first - LEAST_AFTER + 1):
        late = np.arange(first) >= start
        recent = _recent(before, below if share else np.isfinite(before).astype(float), places, start)
        picked = places[np.argsort(-np.nan_to_num(recent, nan=-np.inf), kind="stable")[:PICKED]]
        for one in picked:
            others_mask = donors.copy()
            others_mask[one] = False
            own, others = _effects(before, below, late, np.arange(len(top)) == one, others_mask, share)
            if np.isfinite(own):
                low, high, p, _ = _invert(own, others, level)
                runs += 1
                alarms += bool(p <= 1 - level and low is not None and high is not None and not low <= 0 <= high)
    return alarms, runs


def _recent(top: np.ndarray, bottom: np.ndarray, places: np.ndarray, start: int) -> np.ndarray:
    """Return the level over the two periods before a start: mean count, or share."""
    window = slice(start - 2, start)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(top[places, window], axis=1) / np.nansum(bottom[places, window], axis=1))
