"""What was gained for the money spent on top: incremental cost-effectiveness with cost and effect uncertain together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.costs.ratio import RatioSet
from evaluation.costs.statement import Statement
from evaluation.costs.unit_costs import MILLION, decimals
from evaluation.language import Words, number, number_span, span
from evaluation.monitoring.given_numbers import floats
from evaluation.results import Result

if TYPE_CHECKING:
    import pandas as pd

MORE_MORE, MORE_LESS, LESS_MORE, LESS_LESS = "more_more", "more_less", "less_more", "less_less"
# First word cost, second effect.
QUADRANTS: Mapping[str, Words] = {
    MORE_MORE: Words("tốn hơn, đạt nhiều hơn", "costs more, gains more"),
    MORE_LESS: Words("tốn hơn, đạt ít hơn", "costs more, gains less"),
    LESS_MORE: Words("tốn ít hơn, đạt nhiều hơn", "costs less, gains more"),
    LESS_LESS: Words("tốn ít hơn, đạt ít hơn", "costs less, gains less"),
}
PRICES = Words("giá {base}", "at {base} prices")

_Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CostEffectiveness(Result):
    """Additional cost, additional effect, and their ratio where it means something.

    The estimate is the additional cost per additional unit of effect. It is
    None where the effect cannot be told from chance, and where one side is
    both cheaper and better: a ratio then says nothing.

    Attributes
    ----------
    cost, effect : float
        Additional, of the pilot against its comparator.
    cost_low, cost_high, effect_low, effect_high : float
    effect_told : bool
        Whether the effect can be told from chance.
    region : RatioSet
        Values of the ratio that the data do not rule out.
    draws : ndarray of shape (n, 2)
        Cost and effect, drawn together.
    gained : Words
        The unit of effect, singular: "additional person tested".
    statement : Statement
        Perspective, horizon, discounting, prices, and what cannot be valued.
    """

    cost: float
    effect: float
    cost_low: float
    cost_high: float
    effect_low: float
    effect_high: float
    effect_told: bool
    region: RatioSet
    draws: _Floats
    gained: Words
    statement: Statement

    @property
    def not_valued(self) -> tuple[Words, ...]:
        """What cannot be valued and is in no number here."""
        return self.statement.not_valued

    @property
    def position(self) -> str:
        """Quadrant of the estimate; on an axis, the side of more cost and of more effect."""
        return {
            (True, True): MORE_MORE,
            (True, False): MORE_LESS,
            (False, True): LESS_MORE,
            (False, False): LESS_LESS,
        }[self.cost >= 0, self.effect >= 0]

    @property
    def quadrants(self) -> dict[str, float]:
        """Share of the draws in each quadrant; the shares sum to 1."""
        more, gain = self.draws[:, 0] >= 0, self.draws[:, 1] >= 0
        sides = {MORE_MORE: more & gain, MORE_LESS: more & ~gain, LESS_MORE: ~more & gain, LESS_LESS: ~more & ~gain}
        return {name: float(inside.mean()) for name, inside in sides.items()}

    def values(self, points: int = 101) -> _Floats:
        """Return a range of values of one unit of effect, from 0 on, wide enough to show where the curve turns.

        It is a range to look at, no threshold.
        """
        cost, effect = self.draws[:, 0], self.draws[:, 1]
        both = (cost > 0) & (effect > 0)
        reach = 2 * float(np.quantile(cost[both] / effect[both], 0.9)) if both.sum() >= 20 else 2 * float(np.abs(cost).max() or 1.0)
        size = 10.0 ** np.floor(np.log10(reach))
        return np.linspace(0.0, float(np.ceil(reach / size) * size), points)

    def net_benefit(self, values: ArrayLike) -> pd.DataFrame:
        """Return net monetary benefit: value times effect less cost.

        Parameters
        ----------
        values : array_like
            Million VND for one unit of effect.

        Returns
        -------
        DataFrame
            value, estimate, low, high (percentiles of the draws at `level`).

        References
        ----------
        Stinnett, Mullahy 1998, Medical Decision Making 18:S68-S80.
        """
        import pandas as pd

        worth = _worth(values)
        ends = np.quantile(np.outer(worth, self.draws[:, 1]) - self.draws[:, 0], [(1 - self.level) / 2, (1 + self.level) / 2], axis=1)
        return pd.DataFrame({"value": worth, "estimate": worth * self.effect - self.cost, "low": ends[0], "high": ends[1]})

    def acceptability(self, values: ArrayLike | None = None) -> pd.DataFrame:
        """Return the acceptability curve: the share of draws with a positive net benefit, by value of one unit of effect.

        Parameters
        ----------
        values : array_like, optional
            Million VND for one unit of effect; the range of `values()` where left out.

        Returns
        -------
        DataFrame
            value, share. A share of draws, not the probability that the pilot works.

        References
        ----------
        Fenwick, O'Brien, Briggs 2004, Health Economics 13:405-415.
        """
        import pandas as pd

        worth = self.values() if values is None else _worth(values)
        return pd.DataFrame({"value": worth, "share": (np.outer(worth, self.draws[:, 1]) > self.draws[:, 0]).mean(axis=1)})

    def to_frame(self) -> pd.DataFrame:
        """Return one row: additional cost and effect, ratio, and shares of the quadrants."""
        row = {n: getattr(self, n) for n in ("cost", "cost_low", "cost_high", "effect", "effect_low", "effect_high", "effect_told")}
        return super().to_frame().assign(**row, position=self.position, region=self.region.kind, **self.quadrants)

    def summary(self, language: str | None = None) -> str:
        """Return the ratio with its interval, or why none is given."""
        speak = language or "en"
        level, base = f"{number(100 * self.level, speak)}%", self.statement.price_year
        cost = f"{_signed(self.cost, speak)} {MILLION[speak]}"
        effect = (
            f"{_signed(self.effect, speak)} ({level}: {span(_signed(self.effect_low, speak), _signed(self.effect_high, speak), speak)})"
        )
        slots = {"e": self.estimand[speak], "gain": self.gained[speak], "cost": cost, "effect": effect, "base": base}
        if not self.effect_told:
            words = Words(
                "{e}: không tính chi phí cho mỗi {gain}, vì kết quả tăng thêm {effect} chưa phân biệt được với ngẫu nhiên; "
                "chi phí tăng thêm {cost} (giá {base})",
                "{e}: the cost per {gain} is not given, since the additional effect of {effect} cannot be told from chance; "
                "additional cost {cost} (at {base} prices)",
            )
            return words[speak].format(**slots)
        if self.estimate is None or self.low is None or self.high is None:
            unbounded = Words("khoảng của tỷ số không có giới hạn", "the interval of the ratio has no bounds")
            ratio = self.position in (MORE_MORE, LESS_LESS)
            words = Words(
                "{e}: {why}, nên không có tỷ số; chi phí tăng thêm {cost} (giá {base}), kết quả tăng thêm {effect}",
                "{e}: {why}, so there is no ratio; additional cost {cost} (at {base} prices), additional effect {effect}",
            )
            return words[speak].format(why=(unbounded if ratio else QUADRANTS[self.position])[speak], **slots)
        digits = decimals(self.estimate)
        ends = number_span(self.low, self.high, speak, digits)
        made = f"{number(self.estimate, speak, digits)} {MILLION[speak]} ({level}: {ends}; {PRICES[speak].format(base=base)})"
        if self.position == LESS_LESS:
            words = Words(
                "{e}: tốn ít hơn, đạt ít hơn; tiết kiệm {made} cho mỗi đơn vị mất đi",
                "{e}: costs less, gains less; saves {made} per unit lost",
            )
            return words[speak].format(made=made, **slots)
        saving = (
            Words("; số âm nghĩa là tốn ít hơn mà đạt nhiều hơn", "; a negative number means cheaper and better")[speak]
            if self.low < 0
            else ""
        )
        return Words("{e}, cho mỗi {gain}: {made}", "{e}, per {gain}: {made}")[speak].format(made=made, **slots) + saving


def _worth(values: ArrayLike) -> _Floats:
    worth = np.atleast_1d(floats(values, "values"))
    if not np.isfinite(worth).all() or (worth < 0).any():
        raise ValueError("values phải hữu hạn, không âm. / values must be finite and not negative.")
    return worth


def _signed(x: float, language: str) -> str:
    return number(x, language, 0 if abs(x) >= 10 or float(x).is_integer() else 2)
