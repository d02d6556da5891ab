"""Incremental cost-effectiveness from units, from an estimate with its standard error, or from draws made elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.costs.effectiveness import CostEffectiveness
from evaluation.costs.ratio import EVERYTHING, INTERVAL, RatioSet, fieller, wedge
from evaluation.costs.statement import Statement
from evaluation.language import Words
from evaluation.monitoring.given_numbers import between_0_and_1, broadcast, floats, single, whole
from evaluation.settings import DEFAULT_SEED

DRAWS = 5_000
BOOTSTRAP = Words(
    "Chi phí và kết quả của từng đơn vị được rút lại theo cặp trong mỗi nhóm (bootstrap); khoảng của tỷ số theo góc trên mặt phẳng "
    "(Cook, Heyse 2000).",
    "Cost and effect of each unit are drawn again as a pair within each group (bootstrap); interval of the ratio by angle in the plane "
    "(Cook, Heyse 2000).",
)
PARAMETRIC = Words(
    "Chi phí và kết quả tăng thêm phân phối chuẩn cùng nhau theo ước lượng, sai số chuẩn và tương quan; khoảng của tỷ số theo Fieller "
    "(Willan, O'Brien 1996).",
    "Additional cost and effect are jointly normal by estimate, standard error and correlation; Fieller's interval of the ratio "
    "(Willan, O'Brien 1996).",
)
GIVEN = Words(
    "Các lần rút được đưa vào; khoảng của tỷ số theo góc trên mặt phẳng (Cook, Heyse 2000).",
    "Draws as given; interval of the ratio by angle in the plane (Cook, Heyse 2000).",
)
ASSUMPTIONS = (
    Words(
        "Kết quả tăng thêm là do mô hình, không phải do khác biệt có sẵn.",
        "The additional effect is due to the pilot, not to earlier differences.",
    ),
    Words("Mọi chi phí tăng thêm đã được tính theo góc nhìn đã nêu.", "All additional costs are counted, from the perspective stated."),
    Words(
        "Không đặt ngưỡng giá trị: không ai đã định một kết quả đáng giá bao nhiêu tiền.",
        "No threshold is set: nobody has decided what a result is worth in money.",
    ),
)

_Floats = NDArray[np.float64]


def cost_effectiveness_bootstrap(
    treated: ArrayLike,
    comparison: ArrayLike,
    *,
    estimand: Words,
    gained: Words,
    statement: Statement,
    effect_told: bool | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
) -> CostEffectiveness:
    """Compare two groups of units (people, wards) with a cost and an effect each.

    Parameters
    ----------
    treated, comparison : array_like of shape (n, 2)
        Cost (million VND at constant prices) and effect of each unit.
    estimand : Words
    gained : Words
        Unit of effect, singular: "additional person tested".
    statement : Statement
    effect_told : bool, optional
        Whether the effect can be told from chance, where a better test than
        these units give says so; where left out, whether the interval of the
        effect leaves out zero.
    level : float
    draws : int
    seed : int

    Raises
    ------
    ValueError
        If a group has fewer than two units or a number is not finite.
    """
    groups = [_pairs(treated, "treated"), _pairs(comparison, "comparison")]
    rng, draws = np.random.default_rng(seed), whole(draws, "draws")
    means = []
    for group in groups:
        again = rng.integers(0, len(group), (draws, len(group)))
        means.append(np.stack([group[:, column][again].mean(axis=1) for column in (0, 1)], axis=1))
    cost, effect = (float(x) for x in groups[0].mean(axis=0) - groups[1].mean(axis=0))
    together = means[0] - means[1]
    region = wedge(together[:, 0], together[:, 1], (cost, effect), level) if (cost, effect) != (0.0, 0.0) else RatioSet(EVERYTHING)
    words = (estimand, BOOTSTRAP, gained)
    return _made(words, (cost, effect), together, region, effect_told, statement, level, sum(len(g) for g in groups))


def cost_effectiveness(
    cost: float,
    effect: float,
    *,
    effect_se: float,
    estimand: Words,
    gained: Words,
    statement: Statement,
    cost_se: float = 0.0,
    correlation: float = 0.0,
    effect_told: bool | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = DEFAULT_SEED,
) -> CostEffectiveness:
    """Return the cost-effectiveness from an additional cost and an estimate of the effect with its standard error.

    Parameters
    ----------
    cost, effect : float
        Additional cost (million VND at constant prices) and effect.
    effect_se, cost_se : float
        Standard errors; 0 for money that is known.
    correlation : float
        Between the two estimates.
    estimand, gained, statement, effect_told, level, draws, seed
        As in `cost_effectiveness_bootstrap`.

    Raises
    ------
    ValueError
        As in `ratio.fieller`.
    """
    cost, effect, draws = single(cost, "cost"), single(effect, "effect"), whole(draws, "draws")
    region = fieller(cost, effect, cost_se, effect_se, correlation, level)
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((2, draws))
    mixed = correlation * first + np.sqrt(1 - correlation**2) * second
    together = np.stack([cost + cost_se * first, effect + effect_se * mixed], axis=1)
    return _made((estimand, PARAMETRIC, gained), (cost, effect), together, region, effect_told, statement, level, draws)


def cost_effectiveness_draws(
    cost: ArrayLike,
    effect: ArrayLike,
    *,
    centre: tuple[float, float] | None = None,
    estimand: Words,
    gained: Words,
    statement: Statement,
    effect_told: bool | None = None,
    level: float = 0.95,
) -> CostEffectiveness:
    """Return the cost-effectiveness from draws made elsewhere (a model's, or `gained_from_ratio`).

    Parameters
    ----------
    cost, effect : array_like of shape (n,)
        Drawn together; a number for cost is money that is known.
    centre : (float, float), optional
        Estimates of cost and effect; the means of the draws where left out.
    estimand, gained, statement, effect_told, level
        As in `cost_effectiveness_bootstrap`.

    Raises
    ------
    ValueError
        If a draw is not finite or there are fewer than two.
    """
    spent, gains = broadcast(np.atleast_1d(floats(cost, "cost")), np.atleast_1d(floats(effect, "effect")))
    together = _pairs(np.stack((spent, gains), axis=1), "cost, effect")
    middle = (float(together[:, 0].mean()), float(together[:, 1].mean())) if centre is None else centre
    region = wedge(together[:, 0], together[:, 1], middle, level) if middle != (0.0, 0.0) else RatioSet(EVERYTHING)
    return _made((estimand, GIVEN, gained), middle, together, region, effect_told, statement, level, len(together))


def gained_from_ratio(
    observed: float, ratio: float, low: float, high: float, level: float = 0.95, draws: int = DRAWS, seed: int = DEFAULT_SEED
) -> tuple[float, _Floats]:
    """Return how many outcomes a pilot added, from what was observed and its effect as a ratio.

    Parameters
    ----------
    observed : float
        Outcomes counted where and while the pilot ran.
    ratio, low, high : float
        Observed over expected without the pilot, with its interval.
    level : float
        Of that interval.
    draws, seed : int

    Returns
    -------
    estimate : float
        observed x (1 - 1 / ratio).
    draws : ndarray of shape (draws,)
        With the ratio log-normal by its interval: an approximation where the
        interval is a permutation test's.

    Raises
    ------
    ValueError
        If a number is not finite and positive, or the interval does not hold the ratio.
    """
    observed, ratio, low, high = (single(x, "observed, ratio, low, high") for x in (observed, ratio, low, high))
    between_0_and_1(level)
    if not (min(ratio, low) > 0 and observed >= 0 and low <= ratio <= high):
        raise ValueError(
            "Cần số đếm không âm và tỷ số dương nằm trong khoảng của nó. / "
            "A count that is not negative and a positive ratio inside its interval are needed."
        )
    error = np.log(high / low) / (2 * float(stats.norm.ppf(0.5 + level / 2)))
    drawn = ratio * np.exp(error * np.random.default_rng(seed).standard_normal(draws))
    return float(observed * (1 - 1 / ratio)), observed * (1 - 1 / drawn)


def _made(
    words: tuple[Words, Words, Words],
    centre: tuple[float, float],
    draws: _Floats,
    region: RatioSet,
    told: bool | None,
    statement: Statement,
    level: float,
    n: int,
) -> CostEffectiveness:
    """Return the result; the ratio stands only where the effect is told and one side is not both cheaper and better."""
    (cost, effect), tail = centre, (1 - level) / 2
    (cost_low, cost_high), (effect_low, effect_high) = (np.quantile(draws[:, i], [tail, 1 - tail]).tolist() for i in (0, 1))
    clear = (effect_low > 0 or effect_high < 0) if told is None else told
    meant = clear and region.kind == INTERVAL and (cost >= 0) == (effect >= 0) and effect != 0
    return CostEffectiveness(
        estimand=words[0],
        method=words[1],
        estimate=cost / effect if meant else None,
        low=region.low if meant else None,
        high=region.high if meant else None,
        level=level,
        n=n,
        unit="million VND",
        assumptions=ASSUMPTIONS,
        diagnostics={"draws": len(draws), "region": region.kind},
        cost=cost,
        effect=effect,
        cost_low=cost_low,
        cost_high=cost_high,
        effect_low=effect_low,
        effect_high=effect_high,
        effect_told=clear,
        region=region,
        draws=draws,
        gained=words[2],
        statement=statement,
    )


def _pairs(values: ArrayLike, name: str) -> _Floats:
    pairs = floats(values, name)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) < 2 or not np.isfinite(pairs).all():
        raise ValueError(
            f"{name}: cần bảng hai cột (chi phí, kết quả), ít nhất hai dòng, không có ô trống. / "
            "A table of two columns (cost, effect) is needed, at least two rows, nothing missing."
        )
    return pairs
