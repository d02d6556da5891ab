"""How strong something unmeasured would have to be to explain an effect away: the E-value.

References
----------
VanderWeele, Ding 2017, Annals of Internal Medicine 167:268-274 (E-value, its
limit, and approximations for other measures); Ding, VanderWeele 2016,
Epidemiology 27:368-377 (the bounding factor behind it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evaluation.effects.effect import RATIO, Effect
from evaluation.language import Words, number
from evaluation.results import Result

RISK_RATIO, ODDS_RATIO, STANDARDISED = "ratio", "odds", "standardised"
KINDS = (RISK_RATIO, ODDS_RATIO, STANDARDISED)
PER_DEVIATION = 0.91  # log risk ratio of one standard deviation, by the paper's approximation

_POINT = Words(
    "{what}: tỷ số {ratio}; yếu tố khác xuất hiện cùng lúc phải gắn với cả mô hình lẫn kết quả bằng tỷ số ít nhất {point} "
    "mới giải thích hết được tác động này",
    "{what}: ratio {ratio}; something else that came at the same time would have to go with both the pilot and the outcome by a "
    "ratio of at least {point} each to explain all of it",
)
_LIMIT = Words(
    ", và ít nhất {limit} để đưa khoảng tin cậy về mức không có tác động",
    ", and of at least {limit} to move the interval to no effect",
)
_INSIDE = Words("; khoảng tin cậy vốn đã chứa mức không có tác động", "; the interval holds no effect already")
_NO_LIMIT = Words("; chưa có khoảng tin cậy", "; there is no interval")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EValue(Result):
    """The E-value of an estimate; `estimate` is the one for the point.

    Attributes
    ----------
    ratio : float
        The estimate as a risk ratio (approximated where it is another measure).
    limit : float or None
        E-value of the end of the interval that is nearer to no effect; 1
        where the interval holds no effect, None without an interval.
    """

    ratio: float
    limit: float | None

    def summary(self, language: str | None = None) -> str:
        """Return what a rival explanation would need, in one sentence."""
        speak = language or "en"
        said = _POINT[speak].format(
            what=self.estimand[speak], ratio=number(self.ratio, speak, 2), point=number(self.estimate or 1.0, speak, 2)
        )
        if self.limit is None:
            return said + _NO_LIMIT[speak]
        if self.limit <= 1:
            return said + _INSIDE[speak]
        return said + _LIMIT[speak].format(limit=number(self.limit, speak, 2))


def e_value(
    estimate: float,
    low: float | None = None,
    high: float | None = None,
    *,
    kind: str = RISK_RATIO,
    level: float = 0.95,
    estimand: Words | None = None,
) -> EValue:
    """Return the E-value of a ratio and of the end of its interval that is nearer to no effect.

    Parameters
    ----------
    estimate : float
        A ratio above 0, or a difference in standard deviations.
    low, high : float, optional
        Its interval; neither or both.
    kind : {"ratio", "odds", "standardised"}
        A risk or rate ratio (or an odds ratio of a rare outcome); an odds
        ratio of an outcome that is not rare, taken as its square root; a
        difference in standard deviations, taken as exp(0.91 d).
    level : float
        Of the interval.
    estimand : Words, optional

    Returns
    -------
    EValue

    Raises
    ------
    ValueError
        If a ratio is not above 0, the interval does not hold the estimate, only
        one end is given, or the kind is not known.

    References
    ----------
    VanderWeele, Ding 2017, Annals of Internal Medicine 167:268-274.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: {', '.join(KINDS)}.")
    if (low is None) != (high is None):
        raise ValueError("Hãy nêu cả low= và high=, hoặc không nêu. / Give both low= and high=, or neither.")
    ends = [estimate] if low is None or high is None else [low, estimate, high]
    if not all(map(math.isfinite, ends)) or ends != sorted(ends) or (kind != STANDARDISED and ends[-1] <= 0) or _zero(estimate, kind):
        raise ValueError(
            f"{ends}: tỷ số phải lớn hơn 0 và nằm trong khoảng của nó. / {ends}: a ratio must be above 0 and lie within its interval."
        )
    ratios = [_risk_ratio(x, kind) for x in ends]
    ratio = ratios[0] if low is None else ratios[1]
    limit = None
    if low is not None:
        near = ratios[0] if ratio > 1 else ratios[2]
        limit = 1.0 if (near <= 1 < ratio) or (near >= 1 >= ratio) else _factor(near)
    return EValue(
        estimand=estimand or Words("Tác động", "The effect"),
        method=Words("Giá trị E (VanderWeele và Ding 2017).", "E-value (VanderWeele and Ding 2017)."),
        estimate=_factor(ratio),
        level=level,
        unit="ratio",
        assumptions=(
            Words(
                "Yếu tố đó gắn với mô hình và với kết quả bằng tỷ số như nhau; nếu một bên yếu hơn thì bên kia phải mạnh hơn.",
                "It goes with the pilot and with the outcome by the same ratio; where one is weaker the other must be stronger.",
            ),
        ),
        ratio=ratio,
        limit=limit,
    )


def effect_ratio(effect: Effect) -> tuple[float, float | None, float | None] | None:
    """Return an effect and its interval as ratios of what would have been.

    A difference is added to the mean counterfactual over the periods after the
    start; an end below nothing at all is 0.

    Returns
    -------
    (ratio, low, high) or None
        None where there is no estimate, or no ratio: values that have no
        zero, or a counterfactual that is not above 0.
    """
    if effect.estimate is None:
        return None
    if effect.scale == RATIO:
        return effect.estimate, effect.low, effect.high
    frame = effect.counterfactual
    expected = frame.loc[frame["after"].to_numpy(bool), "counterfactual"].to_numpy(float)
    expected = expected[np.isfinite(expected)]
    base = float(expected.mean()) if len(expected) else 0.0
    if effect.measure == "value" or base <= 0:
        return None
    ends = [None if x is None else max(0.0, (base + x) / base) for x in (effect.estimate, effect.low, effect.high)]
    return float(ends[0] or 0.0), ends[1], ends[2]


def effect_e_value(effect: Effect) -> EValue | None:
    """Return the E-value of an effect; None where it cannot be written as a ratio above 0."""
    found = effect_ratio(effect)
    if found is None or found[0] <= 0:
        return None
    ratio, low, high = found
    known = low is not None and high is not None and low <= ratio <= high
    return e_value(ratio, low if known else None, high if known else None, level=effect.level, estimand=effect.estimand)


def _zero(estimate: float, kind: str) -> bool:
    return kind != STANDARDISED and estimate <= 0


def _risk_ratio(x: float, kind: str) -> float:
    if kind == STANDARDISED:
        return math.exp(min(PER_DEVIATION * x, 700.0))
    return math.sqrt(max(x, 0.0)) if kind == ODDS_RATIO else x


def _factor(ratio: float) -> float:
    """Return the E-value of a risk ratio; infinite for 0."""
    if ratio <= 0:
        return math.inf
    above = ratio if ratio >= 1 else 1 / ratio
    return above + math.sqrt(above * (above - 1))
